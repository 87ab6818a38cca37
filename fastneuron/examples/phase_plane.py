"""What separates rest from firing where a neuron can do both?

The Morris-Lecar neuron with the three parameter sets of Ermentrout & Terman (2010), Mathematical Foundations of
Neuroscience, table 3.1, each at a current at which rest is stable.  Where rest and firing are both stable, an unstable
cycle (Hopf set) or the stable manifold of a saddle (homoclinic set) lies between them; where only rest is (SNIC set),
the saddle's manifold is the threshold of a single spike.

The figure shows the nullclines, the fixed points by kind, cycles (unstable ones dashed), manifolds of saddles, and two
runs whose voltages begin on either side of the boundary.  Some seconds; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot

import fastneuron as fn
from fastneuron import plot

CASES = {  # a set, and a current in uA/cm^2
    "hopf": (fn.MorrisLecar.hopf(), 90.0),
    "snic": (fn.MorrisLecar.snic(), 30.0),
    "homoclinic": (fn.MorrisLecar.homoclinic(), 36.0),
}
DURATION = 1000.0  # ms


def study(size=1.0):
    """Find the boundary by many pushes and draw the planes; `size` is in proportion to the number of pushes."""
    figure, axes = pyplot.subplots(1, 3, figsize=(9.6, 3.8), layout="constrained")
    entries = {}
    for ax, (name, (model, current)) in zip(axes, CASES.items(), strict=True):
        points = fn.fixed_points(model, current)
        rest = points.state["V"].argmin()
        V0, N0 = points.state["V"][rest], points.state["N"][rest]
        pushed = np.linspace(V0, V0 + 40.0, max(100, round(2000 * size)))
        run = fn.simulate(model, DURATION, current=current, initial={"V": pushed, "N": N0}, record=("V", "N"), every=4)
        first = np.flatnonzero(run.spike_count)[0]
        spikes = run.spike_count[first]
        print(f"{name}, {current:g} uA/cm^2: {', '.join(points.kind)}; ", end="")
        print(f"pushed by {pushed[first] - V0:.2f} mV it fires {spikes} spike{'s' * int(spikes > 1)} in a second")

        plot.phase_plane(model, current=current, ax=ax)
        for row, style, label in ((first - 1, "C0", "pushed, and back"), (first, "C3", "pushed, and fires")):
            ax.plot(run["V"][row], run["N"][row], style, linewidth=0.8, label=label)
        ax.set_title(f"{name}, {current:g} µA/cm²", fontsize=9, loc="left")
        ax.spines[["top", "right"]].set_visible(False)
        entries |= dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
        ax.get_legend().remove()
    figure.legend(entries.values(), entries, loc="outside upper center", ncols=5, frameon=False, fontsize="small")
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "phase_plane")
