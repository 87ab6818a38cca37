"""A run is killed: is what goes on from the disk the run it would have been?

Noisy Morris-Lecar neurons, driven by a sinusoid, are simulated twice: in this process, and in another one, which
writes a checkpoint every 100 ms and is killed (by SIGKILL, which no program can answer) when it is half-way.
`fn.resume` goes on from the last checkpoint, and every bit of the result is compared: spikes, samples, final states.

The figure shows the mean rate and the voltage of one neuron in both runs, where the process was killed, and from where
the other one was resumed.  Some seconds; extras `plot` and `zarr`.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

NEURONS, DURATION, INTERVAL = 2000, 3000.0, 100.0  # ms, between checkpoints


def simulate(n, **where):
    """The run, in memory or wherever it is told to go."""
    current, noise = 80.0 + fn.Sine(25.0, 2.0), fn.OrnsteinUhlenbeck(15.0, 5.0)
    also = {"method": "heun", "seed": 1, "record": "V", "every": 20, "neurons": [0], "rearm": -20.0, "n": n}
    return fn.simulate(fn.MorrisLecar.hopf(), DURATION, current=current, noise=noise, **also, **where)


def begin_and_kill(n, path):
    """Begin the run in another process, and kill it half-way; how far the disk knows of it, ms."""
    begin = "import runpy, sys; runpy.run_path(sys.argv[1])['simulate'](int(sys.argv[2]), out=sys.argv[3], "
    begin += f"checkpoint_interval={INTERVAL}, threads=1)"
    process = subprocess.Popen([sys.executable, "-c", begin, __file__, str(n), path])
    while process.poll() is None and reached(path) < DURATION / 2:
        time.sleep(0.005)
    process.kill()
    process.wait()
    return reached(path)


def reached(path):
    """How far a run on disk came, ms."""
    try:
        return fn.open(path).duration
    except FileNotFoundError:  # it has not begun
        return 0.0


def same(one, other):
    """Whether two runs have the same bits."""
    pairs = [(one.spikes.neuron, other.spikes.neuron), (one.spikes.time, other.spikes.time), (one["V"], other["V"][:])]
    pairs += [(one.state[name], other.state[name]) for name in one.state]
    return all(np.array_equal(a, b) for a, b in pairs)


def study(size=1.0):
    """Simulate, kill, resume, compare and draw; `size` is in proportion to the number of neurons."""
    n = max(50, round(NEURONS * size))
    unbroken = simulate(n)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.zarr"
        checkpoint = begin_and_kill(n, path)
        resumed = fn.resume(path)
        identical, V = same(unbroken, resumed), resumed["V"][0]
    print(f"killed, resumed from {checkpoint:g} of {DURATION:g} ms: {unbroken.spikes.time.size:,} spikes, ", end="")
    print("the same bits" if identical else "OTHER BITS")

    figure, (rate, trace) = pyplot.subplots(2, 1, figsize=(6.4, 4.0), sharex=True, layout="constrained")
    bins = np.arange(0.0, DURATION + 1.0, 20.0)
    for run, style, label in ((unbroken, {"color": "0.7", "linewidth": 3.0}, "unbroken"), (resumed, {}, "resumed")):
        count, _ = np.histogram(run.spikes.time, bins)
        rate.stairs(1000.0 * count / (n * np.diff(bins)), bins, baseline=None, label=label, **style)
    trace.plot(unbroken.time, unbroken["V"][0], color="0.7", linewidth=3.0)
    trace.plot(resumed.time, V, color="C0", linewidth=1.0)
    for ax, label in ((rate, "Rate (Hz)"), (trace, "V of a neuron (mV)")):
        ax.axvspan(checkpoint, DURATION, color="C1", alpha=0.15, linewidth=0)
        ax.axvline(checkpoint, color="C3", linestyle="--", linewidth=1.2)
        ax.set(ylabel=label, xlim=(0, DURATION))
        ax.spines[["top", "right"]].set_visible(False)
    place = {"transform": rate.get_xaxis_transform(), "ha": "right", "va": "top"}
    rate.text(checkpoint - 20.0, 0.97, "last checkpoint before the kill", fontsize=8, color="C3", **place)
    trace.set_xlabel("Time (ms)")
    rate.legend(frameon=False, fontsize=8, loc="upper right")
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "killed_and_resumed")
