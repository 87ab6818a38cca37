"""Bifurcation diagrams in two parameters, as papers draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._figures import BLUE, VERMILION, axes, check_axes, entry, labelled, legend_below, styled
from .bifurcations import draw_branch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS = {"fold": ("black", 1.0), "Hopf": (BLUE, 2.0)}  # colour and width: for print, too
MEETINGS = {"Bogdanov-Takens": "o", "cusp": "^", "fold-Hopf": "s"}


def bifurcation_curves(
    found: Any, neuron: int = 0, ax: Axes | None = None, *, color: Any = None, label: str | None = None, **style: Any
) -> Axes:
    """Curves of folds and Hopf points of one neuron: supercritical solid, subcritical dashed, points by their names.

    Parameters
    ----------
    found : xarray.Dataset
        What `bifurcation_curves` of the package returned.
    neuron : int, default 0
        Which neuron.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    color : matplotlib color, optional
        Of all curves; those of Hopf points have twice the width of folds.
    label : str, optional
        What the legend says behind the names of the curves.
    **style
        Of the curves: any property of a matplotlib ``Line2D``, such as `alpha`.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> found = fn.bifurcation_curves(fn.MorrisLecar.snic(), ("current", 0, 150), ("V3", 0, 20))
    >>> ax = plot.bifurcation_curves(found)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('current (µA/cm²)', 'V3 (mV)')
    """
    if "curve_kind" not in getattr(found, "variables", {}):
        raise TypeError(f"found must be what fn.bifurcation_curves returned; got {_check.shown(found)}")
    neuron = _check.whole("neuron", neuron, 0, int(found.curve_neuron.max()) if found.sizes["curve"] else 0)
    check_axes(ax)
    drawn = {
        kind: styled("line", style, {"color": colour, "linewidth": width}, color)
        for kind, (colour, width) in LOOKS.items()
    }
    ax = axes(ax)
    names = found.attrs["parameters"]
    mine = found.curve_neuron.values == neuron
    for number in np.unique(found.curve_branch.values[mine]):
        which = mine & (found.curve_branch.values == number)
        x, y = (found[f"curve_{name}"].values[which] for name in names)
        above = ~(_everywhere(found.curve_l1.values[which]) > 0)
        draw_branch(ax, x, y, above, drawn[found.curve_kind.values[which][0]])
    for kind, dashes, shown in (
        ("fold", "-", "fold"),
        ("Hopf", "-", "Hopf, supercritical"),
        ("Hopf", "--", "Hopf, subcritical"),
    ):
        l1 = found.curve_l1.values[mine & (found.curve_kind.values == kind)]
        if (l1 > 0 if dashes == "--" else l1 < 0).any() or (kind == "fold" and l1.size):
            ax.plot([], [], **{"linestyle": dashes} | drawn[kind] | {"label": entry(shown, label)})
    at = found.point_neuron.values == neuron
    for kind, mark in MEETINGS.items():
        which = at & (found.point_kind.values == kind)
        if which.any():
            x, y = (found[f"point_{name}"].values[which] for name in names)
            ax.plot(x, y, mark, color=VERMILION, markersize=4.5, linestyle="none", label=kind, zorder=3)
    x_label, y_label = (labelled(name, found[f"curve_{name}"].attrs["units"]) for name in names)
    ax.set(xlabel=x_label, ylabel=y_label)
    legend_below(ax, 3)
    return ax


def _everywhere(l1: np.ndarray) -> np.ndarray:
    """The first Lyapunov coefficients of a curve; at an end on a fold, which has none, that of the nearest point."""
    known = np.flatnonzero(np.isfinite(l1))
    return l1[known[np.argmin(abs(np.arange(l1.size)[:, np.newaxis] - known), axis=1)]] if known.size else l1
