"""How does firing begin, class I or II, over two parameters of a neuron?

Thousands of neurons, whose potassium activation and calcium conductance differ, in one call: for each the current at
which rest ends and that at which firing can begin are found by continuation, as in Rinzel & Ermentrout (1998, in
Methods in Neuronal Modeling, chapter 7) they are for one.  All else is the SNIC set of Ermentrout & Terman (2010),
table 3.1.

The figure shows by which bifurcation firing begins; contours say over how many uA/cm^2 rest and firing are both
stable.  Some ten seconds on two cores; extra `plot`.
"""

import numpy as np
from matplotlib import pyplot
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

import fastneuron as fn

ONSETS = {  # and their colours, Okabe and Ito's
    "SNIC": ("class I, SNIC", "#0072B2"),
    "homoclinic": ("class II, homoclinic", "#CC79A7"),
    "fold of cycles": ("class II, fold of cycles", "#009E73"),
    "subcritical Hopf": ("class II, subcritical Hopf", "#E69F00"),
    "supercritical Hopf": ("class II, supercritical Hopf", "#D55E00"),
    "": ("does not begin to fire", "#E6E6E6"),
}


def study(size=1.0):
    """Find and draw the map; `size` is in proportion to the number of neurons."""
    side = max(8, round(64 * size**0.5))
    V3, g_Ca = np.linspace(-5.0, 20.0, side), np.linspace(3.0, 6.0, side)
    across, up = np.meshgrid(V3, g_Ca)
    found = fn.excitability(fn.MorrisLecar.snic(V3=across.ravel(), g_Ca=up.ravel()))
    width = np.where(found.coexist, found.rheobase - found.firing, 0.0)
    occur = {onset: (found.onset == onset).sum() for onset in ONSETS}
    for onset, count in occur.items():
        print(f"{ONSETS[onset][0]}: {count:,} of {side * side:,}")
    print(f"rest and firing are both stable over up to {width.max():.1f} uA/cm^2")

    figure, ax = pyplot.subplots(figsize=(4.8, 3.8), layout="constrained")
    number = np.array([list(ONSETS).index(onset) for onset in found.onset]).reshape(side, side)
    colours = ListedColormap([colour for _, colour in ONSETS.values()])
    ax.pcolormesh(V3, g_Ca, number, cmap=colours, vmin=-0.5, vmax=len(ONSETS) - 0.5, rasterized=True)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
    for k, (onset, (label, _)) in enumerate(ONSETS.items()):
        here = number == k
        if onset and here.mean() > 0.05:
            ax.text(across[here].mean(), up[here].mean(), label.partition(",")[0], fontsize=8, ha="center", bbox=box)
    levels = [level for level in (0.1, 0.5, 1.0, 2.0, 5.0) if level < width.max()]
    lines = ax.contour(V3, g_Ca, width.reshape(side, side), levels=levels, colors="black", linewidths=0.5)
    ax.clabel(lines, fontsize="x-small")
    entries = [Patch(color=colour, label=label) for onset, (label, colour) in ONSETS.items() if occur[onset]]
    figure.legend(handles=entries, loc="outside upper center", ncols=2, frameon=False, fontsize="small")
    ax.set(xlabel="$V_3$ (mV)", ylabel="$g_{Ca}$ (mS/cm²)")
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "class_map")
