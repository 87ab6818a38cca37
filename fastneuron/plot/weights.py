"""Weights: of the synapses of a projection, of a layer, of any matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _check
from .._figures import BLUE, SIZE, axes, check_axes, labelled, whole_ticks
from ..couplings import Coupling
from ..network.network import Network
from ..network.projection import Projection
from ..simulation import Simulation
from .rate_histogram import histogram_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 1_000_000  # entries of a matrix that is drawn as an image
SIGNED = "cividis"  # its lightness rises all the way: signs are told apart in print, too
GAP = 1  # pixels between images


class Found(NamedTuple):
    """Weights, and what stands at the axes."""

    shape: tuple[int, int]
    values: np.ndarray  # of those that are connected
    at: tuple[np.ndarray, np.ndarray] | None  # their rows and columns; None: all, in order
    rows: str
    columns: str
    unit: str
    counted: str  # what a histogram counts

    def matrix(self) -> np.ndarray:
        """The sum of the weights between any two, NaN between those that are not connected."""
        if self.at is None:
            return self.values.reshape(self.shape).astype(float)
        place = np.ravel_multi_index(self.at, self.shape)
        total = np.bincount(place, self.values, self.shape[0] * self.shape[1])
        there = np.bincount(place, minlength=total.size) > 0
        return np.where(there, total, np.nan).reshape(self.shape)


def weights(
    of: Any,
    which: Any = 0,
    ax: Axes | None = None,
    *,
    images: tuple[int, int] | None = None,
    histogram: bool | None = None,
    color: Any = None,
    label: str | None = None,
    **style: Any,
) -> Axes:
    """Weights as an image with a colour bar, sources down and targets across, blank where there is no synapse.

    Of several synapses between the same two neurons the image has the sum.  What would have more than a million entries
    is shown as a histogram.

    Parameters
    ----------
    of : Network, Simulation, Perceptron, MLP or (rows, columns) array_like
        Whose weights: of a `Simulation`, as they are now.
    which : Projection, Coupling or int, default 0
        Of a network, which projection, itself or its number; of an MLP, which layer.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.  An image that is there is replaced.
    images : (int, int), optional
        Show the weights of each row (each neuron of a layer) as an image of so many rows and columns.
    histogram : bool, optional
        Whether to draw how many weights there are of each size instead; of large ones by default.
    color : matplotlib color, optional
        Of the histogram; or that of which the colours of the image are shades.
    label : str, optional
        What stands at the colour bar; or what a legend calls the histogram.
    **style
        Any argument of matplotlib's ``imshow``, such as `cmap`, `vmax`; or property of a ``Polygon`` for a histogram.

    Returns
    -------
    matplotlib Axes
        The colour bar is ``ax.images[0].colorbar``.

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> cells = fn.Population(fn.TraubMiles.cobahh(), 50, {"exc": fn.Exponential(E=0.0, tau=5.0)})
    >>> weight = fn.Normal(0.03, 0.01, low=0.0)
    >>> net = fn.Network({"cells": cells}, [fn.Projection(cells, cells, "exc", fn.FixedProbability(0.2), weight)])
    >>> ax = plot.weights(net)
    >>> ax.get_ylabel(), ax.get_xlabel(), ax.images[0].colorbar.ax.get_ylabel()
    ('From (cells)', 'To (cells)', 'Weight (mS/cm²)')
    >>> plot.weights(net, histogram=True).get_ylabel()
    'Synapses'
    >>> ax = plot.weights(fn.Perceptron(64, 10), images=(8, 8))  # a layer of 10 neurons with 64 inputs
    """
    found = _found(of, which)
    check_axes(ax)
    if histogram is not None:
        _check.flag("histogram", histogram)
    if images is not None:
        return _draw_image(
            _mosaic(found.matrix(), images), found._replace(rows="", columns=""), ax, color, label, style
        )
    if histogram or (histogram is None and found.shape[0] * found.shape[1] > MOST):
        return _draw_histogram(found, ax, color, label, style)
    return _draw_image(found.matrix(), found, ax, color, label, style)


# what is drawn --------------------------------------------------------------------------------------------------------


def _found(of: Any, which: Any) -> Found:
    """The weights of anything that has some."""
    from ..mlp import MLP  # here, as they take time to import
    from ..perceptron import Perceptron

    if isinstance(of, Network):
        return _of_network(of, which)
    if isinstance(of, Simulation):
        return _of_network(of.weights.network, which, of)
    if isinstance(of, Perceptron):
        return _of_matrix(of.weights, "Neuron", "Input")
    if isinstance(of, MLP):
        layer = _check.whole("which", which, 0, len(of.weights) - 1)
        return _of_matrix(of.weights[layer], "Unit", f"Unit of layer {layer}" if layer else "Input")
    if isinstance(of, str | bytes) or np.ndim(of) != 2:
        wanted = "a Network, a Simulation, a Perceptron, an MLP or a matrix"
        raise TypeError(f"of must be {wanted}; got {_check.shown(of)}")
    return _of_matrix(_check.array("of", of), "Row", "Column")


def _of_matrix(matrix: np.ndarray, rows: str, columns: str) -> Found:
    return Found(matrix.shape, matrix.ravel(), None, rows, columns, "", "Weights")


def _of_network(network: Network, which: Any, simulation: Simulation | None = None) -> Found:
    """Those of a projection or a coupling, as they are now where a simulation is given."""
    if not isinstance(which, Projection | Coupling):
        if not network.projections:
            raise ValueError(f"which must be a Coupling of a network without projections; got {_check.shown(which)}")
        which = network.projections[_check.whole("which", which, 0, len(network.projections) - 1)]
    synapses = network.connections(which)
    values: Any = synapses.weight
    if simulation is not None and isinstance(which, Projection) and which.stored:
        values = simulation.weights[which]
    pre, post = which.pre, which.post
    kind = post.population.receptors[which.receptor] if isinstance(which, Projection) else which.kind
    return Found(
        (len(pre), len(post)),
        np.broadcast_to(values, synapses.pre.shape),
        (synapses.pre, synapses.post),
        f"From ({network.name_of(pre)})",
        f"To ({network.name_of(post)})",
        getattr(kind, "weight_units", ""),
        "Synapses",
    )


def _mosaic(matrix: np.ndarray, images: Any) -> np.ndarray:
    """The rows of a matrix, as images side by side."""
    wanted = "the rows and columns of an image, whose product is the number of inputs"
    shape = [_check.whole("images", one, 1) for one in (images if np.ndim(images) == 1 else [images])]
    if len(shape) != 2 or shape[0] * shape[1] != matrix.shape[1]:
        raise ValueError(f"images must be {wanted}, {matrix.shape[1]}; got {_check.shown(images)}")
    height, width = shape[0] + GAP, shape[1] + GAP
    across = int(np.ceil(np.sqrt(len(matrix) * 4 / 3 * height / width)))
    down = -(-len(matrix) // across)
    found = np.full((down * height - GAP, across * width - GAP), np.nan)
    for k, row in enumerate(matrix):
        top, left = k // across * height, k % across * width
        found[top : top + shape[0], left : left + shape[1]] = row.reshape(shape)
    return found


# drawing --------------------------------------------------------------------------------------------------------------


def _draw_histogram(found: Found, ax: Any, color: Any, label: str | None, style: dict[str, Any]) -> Any:
    drawn = histogram_style(style, color, label, 0 if ax is None else len(ax.patches))
    ax = axes(ax)
    ax.hist(found.values, bins=min(60, max(10, found.values.size // 20)), histtype="stepfilled", **drawn)
    ax.set(xlabel=labelled("Weight", found.unit), ylabel=found.counted)
    return ax


def _draw_image(matrix: np.ndarray, found: Found, ax: Any, color: Any, label: str | None, style: dict[str, Any]) -> Any:
    low, high = (float(end(found.values, initial=0.0)) for end in (np.min, np.max))
    far = max(-low, high) or 1.0
    usual: dict[str, Any] = {"aspect": "auto" if found.rows else "equal", "interpolation": "nearest"}
    if "norm" not in style:
        usual |= {"vmin": -far if low < 0 else 0.0, "vmax": far if high > 0 or low == 0 else 0.0}
    if low < 0 < high and color is None:
        usual["cmap"] = SIGNED
    else:
        usual["cmap"] = _shades(BLUE if color is None else color, falling=low < 0)
    _refuse(usual | style)
    ax = axes(ax, SIZE)
    for image in list(ax.images):
        if image.colorbar is not None:
            image.colorbar.remove()
        image.remove()
    image = ax.imshow(matrix, **usual | style)
    bar = ax.figure.colorbar(image, ax=ax)
    bar.set_label(labelled("Weight", found.unit) if label is None else label)
    bar.outline.set_linewidth(0.5)
    ax.set(xlabel=found.columns, ylabel=found.rows)
    if found.rows:
        ax.spines[:].set_visible(True)
        for axis in (ax.xaxis, ax.yaxis):
            whole_ticks(axis, min_n_ticks=1)
    else:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return ax


def _refuse(style: dict[str, Any]) -> None:
    """Let matplotlib refuse what it does not know, before there is a figure."""
    from matplotlib.figure import Figure

    Figure().add_subplot().imshow([[0.0]], **style)


def _shades(color: Any, falling: bool) -> Any:
    """Colours from light to dark, of which none is white: that is for no synapse."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    pure = np.array(to_rgb(color))
    shades = [0.8 + 0.2 * pure, pure, 0.3 * pure]
    return LinearSegmentedColormap.from_list("shades", shades[::-1] if falling else shades)
