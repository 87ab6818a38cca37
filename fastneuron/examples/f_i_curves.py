"""How does firing begin with the current: from a rate of 0, or with a jump?

Hodgkin (1948, J Physiol 107:165) told two classes of axons apart by it.  In class I the rate rises from 0: firing
begins in a saddle-node on an invariant circle.  In class II it begins with a rate of its own, in a Hopf bifurcation,
and over a range of currents a neuron at rest stays at rest while one that fires goes on (Rinzel & Ermentrout 1998, in
Methods in Neuronal Modeling, chapter 7).  So each current is approached twice, slowly from below and slowly from
above.

The figure shows the rates of neurons that have been led to each current from below and from above, the range where the
two differ in grey, and the voltage of a neuron above it.  Some seconds; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

LED, STAY, COUNTED = 3000.0, 6000.0, 2000.0  # ms: the way to the current, the time there, and the end of it
MODELS = {  # and currents, uA/cm^2; a step, ms
    "Morris-Lecar, class I": (fn.MorrisLecar.snic(), (36.0, 46.0), 0.1),
    "Morris-Lecar, class II": (fn.MorrisLecar.hopf(), (84.0, 104.0), 0.1),
    "Hodgkin-Huxley, class II": (fn.HodgkinHuxley.squid(), (4.0, 14.0), 0.025),
}


def rates(model, begin, current, dt):
    """How often neurons fire that are led from one current to each of others, Hz."""
    led = fn.Ramp(np.full(current.size, begin), current, 0.0, LED)
    return fn.simulate(model, LED + STAY, dt, led).steady_rate(after=LED + STAY - COUNTED)


def study(size=1.0):
    """Find and draw the rates; `size` is in proportion to the number of currents."""
    figure, axes = pyplot.subplots(2, 3, figsize=(9.0, 4.6), height_ratios=[1, 1.4], layout="constrained")
    for (trace, curve), (name, (model, (low, high), dt)) in zip(axes.T, MODELS.items(), strict=True):
        current = np.linspace(low, high, max(10, round(200 * size)))
        up, down = rates(model, low, current, dt), rates(model, high, current, dt)
        begins, ends = current[up > 0][0], current[down > 0][0]
        slowest = down[down > 0].min()
        print(f"{name}: firing begins at {begins:.1f} uA/cm^2, and ends at {ends:.1f}, at {slowest:.1f} Hz")

        curve.plot(current, up, color="C0", label="from below")
        curve.plot(current, down, "--", color="C1", label="from above")
        curve.axvspan(ends, begins, color="0.9")
        curve.set(xlabel="Current (µA/cm²)", ylim=(0, None))

        shown = 4.5 * 1000.0 / slowest  # ms, a few spikes
        shown -= shown % dt
        run = fn.simulate(model, shown, dt, begins, record="V", every=4)
        trace.plot(run.time, run["V"][0], color="0.2", linewidth=0.9)
        trace.set(xlabel="Time (ms)", ylim=(-85, 60))
        trace.set_title(f"{name}; {begins:.1f} µA/cm²", fontsize=9, loc="left")
    axes[0, 0].set_ylabel("V (mV)")
    axes[1, 0].set_ylabel("Firing rate (Hz)")
    axes[1, 0].legend(frameon=False, loc="upper left")
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "f_i_curves")
