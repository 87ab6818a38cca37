"""How many spikes has a burst, and when is it chaos?  A model of one's own.

Hindmarsh & Rose (1984, Proc R Soc Lond B 221:87) added a slow current to a neuron of two polynomials: spikes come in
bursts, of one spike more at certain currents; at 3.25 the bursts are irregular, and beyond it the neuron fires evenly.
Hundreds of currents, a neuron each, in one call.

The figure shows four neurons, and for every current all intervals between spikes that occur once it has settled: one
is even firing, several are a burst that repeats, many are chaos.  Some seconds; extra `plot`.
"""

from typing import ClassVar

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

SETTLED, DURATION, DT = 2000.0, 6000.0, 0.05  # in the model's units of time
PAUSE = 40.0  # a longer interval is one between bursts
SHOWN = (1.6, 2.6, 3.25, 3.6)


class HindmarshRose(fn.Model):
    """Voltage x, recovery y and the slow z, all without dimensions."""

    a: float = 1.0
    b: float = 3.0
    c: float = 1.0
    d: float = 5.0
    r: float = 0.005
    s: float = 4.0
    x_rest: float = -1.6

    states: ClassVar = {"x": -1.6, "y": -12.0, "z": 1.0}
    units: ClassVar = dict.fromkeys(("x", "y", "z", "a", "b", "c", "d", "r", "s", "x_rest", "time", "current"), "1")

    @staticmethod
    def derivative(x, y, z, I, p):
        """As it stands in the paper."""
        dx = y - p.a * x**3 + p.b * x**2 - z + I
        return dx, p.c - p.d * x**2 - y, p.r * (p.s * (x - p.x_rest) - z)


def study(size=1.0):
    """Simulate and draw; `size` is in proportion to the number of currents."""
    current = np.unique(np.append(np.linspace(1.2, 4.0, max(20, round(700 * size))), SHOWN))
    run = fn.simulate(HindmarshRose(), DURATION, DT, current)
    late = [train[train > SETTLED] for train in run.spike_trains]
    intervals = [np.diff(train) for train in late]
    for shown in SHOWN:
        mine = intervals[np.flatnonzero(current == shown)[0]]
        pauses = np.flatnonzero(mine > PAUSE)
        counts = np.unique(np.diff(pauses))
        what = f"bursts of {', '.join(map(str, counts))} spikes" if counts.size else f"intervals of {mine.mean():.1f}"
        print(f"current {shown:g}: {what}")

    traces = fn.simulate(HindmarshRose(), 3000.0, DT, SHOWN, record="x", every=10)
    figure = pyplot.figure(figsize=(8.6, 4.0), layout="constrained")
    axes = figure.subplot_mosaic([[k, "all"] for k in range(len(SHOWN))], width_ratios=[1, 1.2])
    for k, shown in enumerate(SHOWN):
        axes[k].plot(traces.time, traces["x"][k], color="0.2", linewidth=0.6)
        axes[k].set(xlim=(2000, 3000), ylim=(-2, 2.4), ylabel="x")
        axes[k].set_title(f"current {shown:g}", fontsize=8, loc="left", pad=2)
        axes[k].tick_params(labelbottom=k == len(SHOWN) - 1)
        axes["all"].axvline(shown, color="0.8", linewidth=0.8, zorder=0)
    axes[len(SHOWN) - 1].set_xlabel("Time")
    drawn = [np.column_stack([np.full(some.size, at), some]) for at, some in zip(current, intervals, strict=True)]
    axes["all"].plot(*np.concatenate(drawn).T, ".", color="C0", markersize=1.0, rasterized=True)
    axes["all"].set(xlabel="Current", ylabel="Interval between spikes", yscale="log")
    for ax in axes.values():
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "burster")
