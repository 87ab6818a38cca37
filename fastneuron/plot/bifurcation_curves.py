"""Bifurcation diagrams in two parameters, as papers draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._figures import BLUE, VERMILION, axes, labelled
from .bifurcations import draw_branch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEETINGS = {"Bogdanov-Takens": "o", "cusp": "^", "fold-Hopf": "s"}


def bifurcation_curves(found: Any, neuron: int = 0, ax: Axes | None = None) -> Axes:
    """Curves of folds and Hopf points of one neuron: supercritical solid, subcritical dashed, points by their names.

    Parameters
    ----------
    found : xarray.Dataset
        What `bifurcation_curves` of the package returned.
    neuron : int, default 0
        Which neuron.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> found = fn.bifurcation_curves(fn.MorrisLecar.snic(), ("current", 0, 150), ("V3", 0, 20))
    >>> axes = plot.bifurcation_curves(found)
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('current (uA/cm^2)', 'V3 (mV)')
    """
    if "curve_kind" not in getattr(found, "variables", {}):
        raise TypeError(f"found must be what fn.bifurcation_curves returned; got {_check.shown(found)}")
    neuron = _check.whole("neuron", neuron, 0, int(found.curve_neuron.max()) if found.sizes["curve"] else 0)
    ax = axes(ax, (4.2, 3.2))
    names = found.attrs["parameters"]
    mine = found.curve_neuron.values == neuron
    for number in np.unique(found.curve_branch.values[mine]):
        which = mine & (found.curve_branch.values == number)
        kind = found.curve_kind.values[which][0]
        x, y = (found[f"curve_{name}"].values[which] for name in names)
        l1 = found.curve_l1.values[which]
        known = np.flatnonzero(np.isfinite(l1))
        if known.size:  # at an end on a fold it has none
            l1 = l1[known[np.argmin(abs(np.arange(l1.size)[:, np.newaxis] - known), axis=1)]]
        draw_branch(ax, x, y, ~(l1 > 0), "black" if kind == "fold" else BLUE)
    for kind, colour, style, shown in (
        ("fold", "black", "-", "fold"),
        ("Hopf", BLUE, "-", "Hopf, supercritical"),
        ("Hopf", BLUE, "--", "Hopf, subcritical"),
    ):
        l1 = found.curve_l1.values[mine & (found.curve_kind.values == kind)]
        if (l1 > 0 if style == "--" else l1 < 0).any() or (kind == "fold" and l1.size):
            ax.plot([], [], color=colour, linestyle=style, linewidth=1.2, label=shown)
    at = found.point_neuron.values == neuron
    for kind, mark in MEETINGS.items():
        which = at & (found.point_kind.values == kind)
        if which.any():
            x, y = (found[f"point_{name}"].values[which] for name in names)
            ax.plot(x, y, mark, color=VERMILION, markersize=4.5, linestyle="none", label=kind, zorder=3)
    x_label, y_label = (labelled(name, found[f"curve_{name}"].attrs["units"]) for name in names)
    ax.set(xlabel=x_label, ylabel=y_label)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize="small")
    return ax
