"""Which bifurcations does a neuron go through as the current grows?

The four published parameter sets: the three of Ermentrout & Terman (2010), Mathematical Foundations of Neuroscience,
table 3.1, and the barnacle's of Morris & Lecar (1981, Biophys J 35:193).  Equilibria and cycles are continued, stable
or not; Hopf points, folds, SNICs and homoclinic orbits are found to many digits.

The figure shows the voltage of equilibria, and the least and the largest voltage of cycles.  Some seconds; extras
`plot` and `zarr` (for xarray).
"""

from matplotlib import pyplot

import fastneuron as fn
from fastneuron import plot

WINDOWS = {  # uA/cm^2
    "hopf": (60.0, 250.0),
    "snic": (-20.0, 150.0),
    "homoclinic": (0.0, 80.0),
    "barnacle": (200.0, 500.0),
}


def study(size=1.0):
    """Find and draw the diagrams, as many of the four as are in proportion to `size`, one at least."""
    shown = list(WINDOWS)[: max(1, round(4 * size))]
    figure, axes = pyplot.subplots(2, 2, figsize=(8.0, 5.6), layout="constrained")
    entries = {}
    for ax, name in zip(axes.flat, shown, strict=False):
        found = fn.bifurcations(getattr(fn.MorrisLecar, name)(), "current", WINDOWS[name])
        points = zip(found.point_kind.values, found.point_value.values, strict=True)
        print(f"{name}: {', '.join(f'{kind} at {value:.4f}' for kind, value in points)} uA/cm^2")
        plot.bifurcations(found, ax=ax)
        entries |= dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
        ax.get_legend().remove()
        ax.spines[["top", "right"]].set_visible(False)
        ax.set(xlabel="Current (µA/cm²)")
        ax.set_title(name, fontsize=9, loc="left")
    for ax in axes.flat[len(shown) :]:
        ax.remove()
    figure.legend(entries.values(), entries, loc="outside upper center", ncols=5, frameon=False, fontsize="small")
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "bifurcation_diagrams")
