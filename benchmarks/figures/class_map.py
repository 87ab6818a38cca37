"""Draws class_map.png: how firing begins in 10,000 Morris-Lecar neurons, over V3 and g_Ca, in one call.

The SNIC set; 32 s of CPU time.  Needs the extra `plot`.
"""

from pathlib import Path

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

V3, g_Ca = np.linspace(-5.0, 20.0, 100), np.linspace(3.0, 6.0, 100)
across, up = np.meshgrid(V3, g_Ca)
found = fn.excitability(fn.MorrisLecar.snic(V3=across.ravel(), g_Ca=up.ravel()))
number = np.array([list(ONSETS).index(onset) for onset in found.onset])

figure, ax = pyplot.subplots(figsize=(4.6, 3.4), layout="constrained", dpi=200)
colours = ListedColormap([colour for _, colour in ONSETS.values()])
ax.pcolormesh(V3, g_Ca, number.reshape(across.shape), cmap=colours, vmin=-0.5, vmax=len(ONSETS) - 0.5, rasterized=True)
width = np.where(found.coexist, found.rheobase - found.firing, 0.0).reshape(across.shape)
lines = ax.contour(V3, g_Ca, width, levels=[0.1, 0.5, 1.0, 2.0, 5.0], colors="black", linewidths=0.5)
ax.clabel(lines, fontsize="x-small")
entries = [Patch(color=colour, label=label) for k, (label, colour) in enumerate(ONSETS.values()) if (number == k).any()]
figure.legend(handles=entries, loc="outside upper center", ncols=2, frameon=False, fontsize="small")
ax.set(xlabel=r"$V_3$ (mV)", ylabel=r"$g_{Ca}$ (mS/cm$^2$)")
figure.savefig(Path(__file__).with_suffix(".png"))
