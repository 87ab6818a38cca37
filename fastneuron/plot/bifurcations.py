"""Bifurcation diagrams in one parameter, as papers draw them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._figures import BLUE, VERMILION, axes, check_axes, entry, labelled, legend_below, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS = {"equilibrium": ("black", 1.0), "cycle": (BLUE, 2.0)}  # colour and width: for print, too
MARKS = {"fold": "s", "Hopf": "o", "fold of cycles": "D", "SNIC": "^", "homoclinic": "v"}
ENDS = ("SNIC", "homoclinic")


def bifurcations(
    found: Any,
    neuron: int = 0,
    state: str = "V",
    ax: Axes | None = None,
    *,
    color: Any = None,
    label: str | None = None,
    **style: Any,
) -> Axes:
    """Equilibria and cycles of one neuron against the parameter: stable solid, unstable dashed, points by their names.

    Cycles are drawn by the least and the largest value of the state, in lines of twice the width.

    Parameters
    ----------
    found : xarray.Dataset
        What `bifurcations` of the package returned.
    neuron : int, default 0
        Which neuron.
    state : str, default "V"
        Which state.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    color : matplotlib color, optional
        Of equilibria and cycles.
    label : str, optional
        What the legend says behind the names of these.
    **style
        Of these lines: any property of a matplotlib ``Line2D``, such as `alpha`.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> found = fn.bifurcations(fn.MorrisLecar.snic(), "current", (0.0, 150.0))
    >>> ax = plot.bifurcations(found, alpha=0.8)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('current (µA/cm²)', 'V (mV)')
    """
    if "equilibrium_value" not in getattr(found, "variables", {}):
        raise TypeError(f"found must be what fn.bifurcations returned; got {_check.shown(found)}")
    names = [str(name).removeprefix("cycle_")[:-4] for name in found.variables if str(name).endswith("_max")]
    _check.known("state", state, names)
    neuron = _check.whole("neuron", neuron, 0, int(found.equilibrium_neuron.max()))
    check_axes(ax)
    drawn = {
        kind: styled("line", style, {"color": colour, "linewidth": width}, color)
        for kind, (colour, width) in LOOKS.items()
    }
    ax = axes(ax)
    for kind, columns in (("equilibrium", [state]), ("cycle", [f"{state}_min", f"{state}_max"])):
        mine = found[f"{kind}_neuron"].values == neuron
        branch, value, stable = (found[f"{kind}_{name}"].values[mine] for name in ("branch", "value", "stable"))
        for number, column in itertools.product(np.unique(branch), columns):
            y, which = found[f"{kind}_{column}"].values[mine], branch == number
            draw_branch(ax, value[which], y[which], stable[which], drawn[kind])
        for said, dashes, there in (("stable", "-", stable.any()), ("unstable", "--", not stable.all())):
            if there:
                ax.plot([], [], **{"linestyle": dashes} | drawn[kind] | {"label": entry(f"{said} {kind}", label)})
    _draw_points(ax, found, neuron, state)
    ax.set(
        xlabel=labelled(found.attrs["parameter"], found.attrs["units"]),
        ylabel=labelled(state, found[f"equilibrium_{state}"].attrs["units"]),
    )
    legend_below(ax, 3)
    return ax


def draw_branch(ax: Any, x: np.ndarray, y: np.ndarray, stable: np.ndarray, drawn: Mapping[str, Any]) -> None:
    """A branch, in stretches of one stability; a stretch goes to the first point of the next."""
    cuts = [0, *(np.flatnonzero(np.diff(stable.astype(int))) + 1), x.size]
    for low, high in itertools.pairwise(cuts):
        shown = slice(low, high + 1)
        ax.plot(x[shown], y[shown], **{"linestyle": "-" if stable[low] else "--"} | dict(drawn))


def _draw_points(ax: Any, found: Any, neuron: int, state: str) -> None:
    """Bifurcations, each kind by a mark."""
    mine = found.point_neuron.values == neuron
    for kind, mark in MARKS.items():
        which = mine & (found.point_kind.values == kind)
        x, y = found.point_value.values[which], found[f"point_{state}"].values[which]
        if kind in ENDS:  # around the fold that may be there too
            y = np.array([_nearest(found, neuron, state, one) for one in x])
        if which.any():
            end: dict[str, Any] = {"markersize": 8.5, "markerfacecolor": "none"}
            size = end if kind in ENDS else {"markersize": 4.5}
            ax.plot(x, y, mark, color=VERMILION, label=kind, zorder=3, linestyle="none", **size)


def _nearest(found: Any, neuron: int, state: str, value: float) -> float:
    """The state of the unstable equilibrium, or the fold, at which a branch of cycles ends."""
    mine = (found.equilibrium_neuron.values == neuron) & ~found.equilibrium_stable.values
    y, apart = found[f"equilibrium_{state}"].values[mine], abs(found.equilibrium_value.values[mine] - value)
    close = apart <= np.sort(apart)[: min(apart.size, 4)].max(initial=0.0)
    return float(y[close].min()) if close.any() else np.nan
