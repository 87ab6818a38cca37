"""Which frequency does a neuron prefer, and which noise makes it regular?

A class II neuron at rest is a damped oscillator.  A current of slowly growing frequency (the ZAP of Puil et al. 1986,
J Neurophysiol 55:995) shows its resonance; beside it stands the impedance that the linearised equations have.  Noise
makes the same neuron fire, and there is a strength of noise at which it does so most regularly: coherence resonance
(Pikovsky & Kurths 1997, Phys Rev Lett 78:775).

The figure shows the impedance, measured and from the Jacobian; the coefficient of variation of the intervals between
spikes, and their rate, over the strength of white noise; and the voltage at three strengths.  The Morris-Lecar neuron
with the Hopf set of Ermentrout & Terman (2010), table 3.1.  Some ten seconds; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

MODEL, CURRENT = fn.MorrisLecar.hopf(), 85.0  # uA/cm^2; it goes on firing from 88.3 on, and cannot rest above 93.9
AMPLITUDE, LOW, HIGH, SWEEP = 0.1, 1.0, 40.0, 20_000.0  # of the ZAP: uA/cm^2, Hz, Hz, ms
STRENGTHS = np.geomspace(5.0, 500.0, 21)  # of the noise, uA/cm^2 sqrt(ms)
SHOWN = (3, 7, 13)  # of them
TRIALS, DURATION, DT = 100, 10_000.0, 0.1  # ms


def measured(rest):
    """Frequencies (Hz) and the size of the impedance there (kOhm cm^2), from one run."""
    zap = CURRENT + fn.Chirp(AMPLITUDE, LOW, HIGH, 0.0, SWEEP)
    run = fn.simulate(MODEL, SWEEP, DT, zap, rest, record=("V", "I"), every=5)
    V, I = (np.fft.rfft((trace - trace[0])[:-1]) for trace in (run["V"][0], run["I"][0]))
    frequency = np.fft.rfftfreq(run.time.size - 1, 0.001 * run.time[1])
    band = (frequency > 1.5 * LOW) & (frequency < 0.95 * HIGH)
    return frequency[band], np.abs(V[band] / I[band])


def linear(rest, frequency):
    """The same from the linearised equations: i omega x = J x + (1/C, 0)."""
    J, drive = fn.jacobian(MODEL, rest, CURRENT)[0], np.array([1.0 / MODEL.C, 0.0])
    omega = 0.002 * np.pi * frequency  # 1/ms
    return np.abs([np.linalg.solve(1j * w * np.eye(2) - J, drive)[0] for w in omega])


def regularity(run):
    """The coefficient of variation of all intervals between spikes, and the rate, Hz, of each strength of noise."""
    same = np.diff(run.spikes.neuron) == 0
    interval, strength = np.diff(run.spikes.time)[same], run.spikes.neuron[1:][same] % STRENGTHS.size
    several = [interval[strength == k] for k in range(STRENGTHS.size)]
    cv = np.array([x.std() / x.mean() if x.size >= 20 else np.nan for x in several])
    return cv, run.rate.reshape(-1, STRENGTHS.size).mean(axis=0)


def study(size=1.0):
    """Measure and draw; `size` is in proportion to the number of trials under noise."""
    points = fn.fixed_points(MODEL, CURRENT)
    rest = {name: values[0] for name, values in points.state.items()}
    frequency, impedance = measured(rest)
    smooth = np.convolve(impedance, np.full(9, 1 / 9), "same")[4:-4]
    exact = linear(rest, frequency)
    found = frequency[4:-4][smooth.argmax()]
    print(f"it prefers {found:.1f} Hz in a run, {frequency[exact.argmax()]:.1f} Hz by its Jacobian")

    trials = max(4, round(TRIALS * size))
    noise = fn.WhiteNoise(np.tile(STRENGTHS, trials))
    run = fn.simulate(MODEL, DURATION, DT, CURRENT, rest, method="heun", noise=noise, seed=1, rearm=-20.0)
    cv, rate = regularity(run)
    best = np.nanargmin(cv)
    print(f"most regular with noise of {STRENGTHS[best]:.0f} uA/cm^2 sqrt(ms): CV {cv[best]:.2f}, {rate[best]:.1f} Hz")
    few = fn.WhiteNoise(STRENGTHS[list(SHOWN)])
    traces = fn.simulate(MODEL, 2000.0, DT, CURRENT, rest, method="heun", noise=few, record="V", every=10)

    figure = pyplot.figure(figsize=(9.6, 3.2), layout="constrained")
    axes = figure.subplot_mosaic([["Z", "CV", 0], ["Z", "CV", 1], ["Z", "CV", 2]])
    axes["Z"].plot(frequency[4:-4], smooth, color="C0", label="a run")
    axes["Z"].plot(frequency, exact, "--", color="black", linewidth=1.0, label="the Jacobian")
    axes["Z"].set(xlabel="Frequency (Hz)", ylabel="|Z| (kΩ cm²)", ylim=(0, None))
    axes["Z"].legend(frameon=False)
    axes["CV"].semilogx(STRENGTHS, cv, "o-", color="C0", markersize=3)
    axes["CV"].set(xlabel="Noise (µA/cm² √ms)", ylim=(0, None))
    axes["CV"].set_ylabel("CV of intervals (dots)", color="C0")
    other = axes["CV"].twinx()
    other.semilogx(STRENGTHS, rate, "s--", color="C1", markersize=3, mfc="none")
    other.set_ylabel("Rate (Hz; squares)", color="C1")
    for row, k in enumerate(SHOWN):
        axes[row].plot(traces.time / 1000.0, traces["V"][row], color="0.2", linewidth=0.7)
        axes[row].set(ylabel="V (mV)" if row == 1 else "", ylim=(-80, 60))
        axes[row].set_title(f"{STRENGTHS[k]:.0f} µA/cm² √ms", fontsize=8, loc="left", pad=2)
        axes[row].tick_params(labelbottom=row == 2)
    axes[2].set_xlabel("Time (s)")
    for ax in axes.values():
        ax.spines[["top", "right"]].set_visible(False)
    other.spines["top"].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "noise_and_resonance")
