"""Figures fit for a paper (needs matplotlib): rasters, f-I curves, traces, the phase plane.

Each function draws into the Axes it is given, or into a new figure, and returns the Axes, so that everything can still
be changed.  Colours are Okabe and Ito's, which the colour-blind can tell apart.  Where a population is too large to be
shown, evenly spaced neurons stand for it, and the figure says how many.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _check, _figures
from ._engine.network_run import NetworkRun
from ._engine.run import Run
from ._figures import BLUE, COLOURS, GREY, axes, draw_spikes, evenly, labelled, pyplot, say_how_many, tidy
from ._units import plain
from .dynamics.arguments import some_of
from .dynamics.figure import bifurcation_curves as bifurcation_curves
from .dynamics.figure import bifurcations as bifurcations
from .dynamics.plane import panels, plane
from .dynamics.plane import portrait as portrait_of
from .inputs.current import Constant, Current
from .models import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NICE_LENGTHS = np.outer(10.0 ** np.arange(-12, 13), [1, 2, 5]).ravel()  # for scale bars


def raster(run: Run | NetworkRun, ax: Axes | None = None, neurons: int = 100) -> Axes:
    """Spike times, one row per neuron, each state that spikes in a colour; of a network, by population as `network`.

    Parameters
    ----------
    run : Run or NetworkRun
        What `simulate` returned.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    neurons : int, default 100
        The most rows to draw; of a larger population, as many evenly spaced neurons, and the figure says so.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=np.linspace(80, 130, 400))
    >>> ax = plot.raster(run)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Time (ms)', 'Neuron')
    """
    ax = axes(ax, (5.0, 3.2))
    most = _check.whole("neurons", neurons, 1)
    if isinstance(run, NetworkRun):
        return _raster_by_population(run, ax, most)
    shown = evenly(run.n, most)
    _figures.draw_spikes_by_state(ax, run.spikes, shown)
    ax.yaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)  # type: ignore[call-arg]
    ax.yaxis.set_major_formatter("{x:,.0f}")
    margin = 0.7 * run.n / shown.size
    ax.set_ylim(-margin, run.n - 1 + margin)
    _show_all_of(ax, run)
    ax.set(xlabel=_named(run, "Time", "time", "ms"), ylabel="Neuron")
    say_how_many(ax, shown.size, run.n)
    return ax


def network(run: NetworkRun, bin_width: float | None = None, neurons: int = 200) -> Figure:
    """The raster of a network by population, sources too, and below it their mean rates in time.

    Parameters
    ----------
    run : NetworkRun
        What `simulate` returned.
    bin_width : float, optional
        In which spikes are counted, ms; about a hundredth of the run by default.
    neurons : int, default 200
        The most rows to draw; of a larger network, as many evenly spaced neurons, and the figure says so.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> cells = fn.Population(fn.MorrisLecar.hopf(), 40, current=np.linspace(80, 130, 40))
    >>> figure = plot.network(fn.simulate(fn.Network({"cells": cells}), duration=500.0))
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['', 'Rate (Hz)']
    """
    if not isinstance(run, NetworkRun):
        raise TypeError(f"run must be a NetworkRun; got {_check.shown(run)}; of a population, see raster")
    wanted = "a positive number of ms"
    width = _bin_width(run) if bin_width is None else _check.number("bin_width", bin_width, wanted, lambda x: x > 0)
    figure, (top, bottom) = pyplot().subplots(
        2, 1, figsize=(4.0, 3.0), height_ratios=[2.4, 1], layout="constrained", dpi=200, sharex=True
    )
    for ax in (top, bottom):
        tidy(ax)
    figure.draw_without_rendering()  # only then are the axes as high as they will be
    raster(run, top, neurons)
    top.set_xlabel("")
    edges = np.append(np.arange(run.begin, run.end, width), run.end)
    for colour, part in zip(itertools.cycle(COLOURS), run.values(), strict=False):
        count, _ = np.histogram(part.spikes.time, edges)
        bottom.stairs(1000.0 * count / (part.n * np.diff(edges)), edges, baseline=None, color=colour, linewidth=0.9)
    bottom.set(xlabel="Time (ms)", ylabel="Rate (Hz)", ylim=(0, None))
    bottom.set_title(f"in bins of {width:g} ms", fontsize="small", color=GREY, loc="right", pad=2)
    return figure


def fi_curve(
    run: Run,
    current: npt.ArrayLike | None = None,
    ax: Axes | None = None,
    after: float | None = None,
    neurons: int = 4000,
) -> Axes:
    """Firing rate against injected current, one dot per neuron.

    Parameters
    ----------
    run : Run
        What `simulate` returned.
    current : float or (n,) array_like, optional
        What to draw it against, uA/cm^2; by default the current that was injected, if it was constant.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    after : float, optional
        Leave out what happened before, ms; half of the run by default.
    neurons : int, default 4000
        The most dots to draw; of a larger population, as many evenly spaced neurons, and the figure says so.

    See Also
    --------
    Run.steady_rate : the rate that is drawn

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> current = np.linspace(80, 130, 400)
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=1000.0, current=current)
    >>> plot.fi_curve(run).get_ylabel()
    'Firing rate (Hz)'
    """
    amplitude = _amplitude(run, current)
    if amplitude is None:
        got = _check.shown(run.current if current is None else current)
        raise ValueError(f"current must be one value per neuron where what was injected is no constant; got {got}")
    rate = run.steady_rate(after)
    ax = axes(ax, (3.2, 3.2))
    shown = evenly(run.n, _check.whole("neurons", neurons, 1))
    ax.plot(
        np.broadcast_to(amplitude.ravel(), run.n)[shown],
        rate[shown],
        linestyle="none",
        marker=".",
        markersize=2.5 if shown.size > 200 else 7,
        markeredgewidth=0,
        color=BLUE,
        rasterized=shown.size > 20_000,
    )
    top = max(1.05 * rate.max(), 1.0)
    ax.set_ylim(-0.03 * top, top)  # a dot at 0 is seen whole
    ax.set(xlabel=_named(run, "Injected current", "current", "µA/cm$^2$"), ylabel=_rate_label(run))
    say_how_many(ax, shown.size, run.n)
    return ax


def steady_rate(run: Run, after: float | None = None) -> np.ndarray:
    """The rate at which each neuron fires once it has settled, (n,), Hz: see `Run.steady_rate`."""
    return run.steady_rate(after)


def _amplitude(run: Run, current: Any) -> np.ndarray | None:
    """One current for all neurons or one for each, uA/cm^2; None where it is a function of time."""
    found = run.current if current is None else current
    if isinstance(found, Current):
        if not isinstance(found, Constant):
            return None
        found = found.amplitude
    amplitude = _check.numbers("current", 0.0 if found is None else found)
    if amplitude.size not in (1, run.n):
        raise ValueError(f"current must be a number or one value per neuron, ({run.n},); got {amplitude.size} values")
    return amplitude


def rate_histogram(run: Run, ax: Axes | None = None, after: float | None = None) -> Axes:
    """How many neurons fire at which rate, once they have settled.

    Parameters
    ----------
    run : Run
        What `simulate` returned.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    after : float, optional
        Leave out what happened before, ms; half of the run by default.

    See Also
    --------
    Run.steady_rate : the rate that is drawn
    """
    rate = run.steady_rate(after)
    ax = axes(ax, (3.2, 3.2))
    ax.hist(rate, bins=min(50, max(10, run.n // 20)), color=BLUE)
    ax.set(xlabel=_rate_label(run), ylabel="Neurons")
    return ax


def traces(
    run: Run, state: str = "V", neurons: Sequence[int] | None = None, ax: Axes | None = None, most: int = 8
) -> Axes:
    """Recorded samples of one state, one neuron above the other, with a scale bar; of one alone, with an axis.

    Parameters
    ----------
    run : Run
        What ``simulate(..., record=state)`` returned.
    state : str, default "V"
        Which state.
    neurons : sequence of int, optional
        Which of the recorded neurons, by their index in the population; by default all of them, or `most` evenly spaced
        ones.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    most : int, default 8
        How many to draw where `neurons` are not named.

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=[80.0, 100.0, 120.0], record="V")
    >>> [label.get_text() for label in plot.traces(run).get_yticklabels()]
    ['0', '1', '2']
    """
    rows = _rows(run, state, neurons, most)
    samples = run[state][rows]
    if rows.size == 1:
        ax = axes(ax, (5.0, 2.4))
        ax.plot(run.time, samples[0], color="black", linewidth=0.9)
        _show_all_of(ax, run)
        ax.set(xlabel=_named(run, "Time", "time", "ms"), ylabel=_labelled(run, state))
        return ax
    spread = np.ptp(samples) or 1.0
    spacing = 1.15 * spread
    ax = axes(ax, (5.0, 0.6 + 0.6 * max(rows.size, 3)))
    for place, row in enumerate(samples):
        ax.plot(run.time, row - samples.min() + place * spacing, color="black", linewidth=0.9)
    middle = (samples.mean(axis=1) - samples.min()) + np.arange(rows.size) * spacing
    ax.set_yticks(middle, [f"{run.neurons[row]:,}" for row in rows])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    _show_all_of(ax, run)
    ax.set_ylim(-0.08 * spread, (rows.size - 1) * spacing + 1.08 * spread)
    ax.set(xlabel=_named(run, "Time", "time", "ms"), ylabel=f"{state}, by neuron")
    length = NICE_LENGTHS[np.searchsorted(NICE_LENGTHS, spread, side="right") - 2]
    right = ax.get_yaxis_transform()
    ax.plot([1.02, 1.02], [0, length], transform=right, clip_on=False, color="black", linewidth=1.5)
    ax.text(1.035, length / 2, f"{length:g} {_unit(run, state)}".rstrip(), transform=right, va="center")
    return ax


def phase_plane(
    run: Run | Model,
    neuron: int = 0,
    current: npt.ArrayLike | Current | None = None,
    ax: Axes | None = None,
    window: tuple[tuple[float, float], tuple[float, float]] | None = None,
    portrait: bool | None = None,
) -> Axes | Figure:
    """The phase plane of one neuron of a model with two states: nullclines, directions, and what the flow leads to.

    Of a model: its fixed points by kind, stable ones filled, saddles half; the separatrices of saddles and their
    unstable manifolds; cycles, unstable ones dashed.  Of a run: the path of the neuron.

    Parameters
    ----------
    run : Run or Model
        What ``simulate(..., record=("V", "N"))`` returned, or a model.
    neuron : int, default 0
        Which of the recorded neurons, or of the model's, by its index in the population.
    current : float or (n,) array_like, optional
        The current of the nullclines, uA/cm^2; by default what was injected, at the end of the run if it was a function
        of time.  Of a model 0; several are panels of a Figure, which is returned.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    window : ((float, float), (float, float)), optional
        The ends of both axes.
    portrait : bool, optional
        Whether to find fixed points, separatrices and cycles: by default of a model, not of a run.

    Examples
    --------
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=100.0, record=("V", "N"))
    >>> ax = plot.phase_plane(run)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('V (mV)', 'N')
    >>> figure = plot.phase_plane(fn.MorrisLecar.snic(), current=[30.0, 60.0])
    >>> [ax.get_title() for ax in figure.axes]
    ['30 uA/cm^2', '60 uA/cm^2']
    """
    if not isinstance(run, Run | Model):
        raise TypeError(f"run must be a Run or a Model; got {_check.shown(run)}")
    model = run.model if isinstance(run, Run) else run
    names = list(model.states)
    if len(names) != 2:
        raise ValueError(f"a phase plane has two states; {type(model).__name__} has {', '.join(names)}")
    neuron = _check.whole("neuron", neuron, 0, model.size - 1 if model.size > 1 else None)
    amplitude, alone = _currents_of(run, neuron, current), some_of(model, neuron)
    if amplitude.size > 1:
        if ax is not None:
            raise ValueError(f"ax must not be given with several currents, which are panels; got {amplitude.size}")
        return panels(alone, amplitude, window, model.units.get("current", "uA/cm^2"))
    path = None
    if isinstance(run, Run):
        row = _rows(run, names[0], [neuron], 1)[0]
        path = np.array([run[name][row] for name in names])
    found = portrait_of(alone, amplitude[0]) if (path is None if portrait is None else portrait) else None
    ax = axes(ax, (3.6, 3.2) if found is None else (4.0, 3.0))
    return plane(ax, alone, amplitude[0], window, found, path, f"neuron {neuron:,}")


def _currents_of(run: Any, neuron: int, current: Any) -> np.ndarray:
    """The current of the neuron of a run, at its end, or those at which a model is to be drawn, (k,)."""
    if not isinstance(run, Run):
        given = plain("current", 0.0 if current is None else current, run.units.get("current", "uA/cm^2"))
        return _check.numbers("current", given).ravel()
    amplitude, waveform = _amplitude(run, current), run.current if current is None else current
    if amplitude is None and isinstance(waveform, Current):
        amplitude = np.ravel(waveform(run.end))
    amplitude = np.ravel(np.asarray(amplitude))
    return amplitude[[neuron if amplitude.size > 1 else 0]]


def summary(run: Run, current: npt.ArrayLike | Current | None = None) -> Figure:
    """The raster beside the f-I curve, or beside a histogram of rates where the current is one for all.

    Parameters
    ----------
    run : Run
        What `simulate` returned.
    current : float or (n,) array_like, optional
        What to draw the rate against, uA/cm^2; by default the current that was injected.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> from fastneuron import plot
    >>> current = np.linspace(80, 130, 1000)
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=500.0, current=current)
    >>> figure = plot.summary(run)
    >>> len(figure.axes)
    2
    """
    figure, (left, right) = pyplot().subplots(
        1, 2, figsize=(7.2, 3.2), width_ratios=[1.6, 1], layout="constrained", dpi=200
    )
    for ax in (left, right):
        tidy(ax)
    raster(run, left)
    amplitude = _amplitude(run, current)
    if amplitude is None or amplitude.size == 1:
        rate_histogram(run, right)
    else:
        fi_curve(run, amplitude, right)
    return figure


def _raster_by_population(run: NetworkRun, ax: Any, most: int) -> Any:
    """Populations above each other, the first below; the small ones have room for their names."""
    sizes = np.array([part.n for part in run.values()])
    heights = np.maximum(sizes / sizes.sum(), min(0.12, 0.7 / sizes.size))
    tops = np.cumsum(heights / heights.sum())
    rows = 0
    for colour, part, low, top in zip(itertools.cycle(COLOURS), run.values(), [0.0, *tops], tops, strict=False):
        shown = evenly(part.n, max(int(most * (top - low)), 1))
        rank = np.searchsorted(shown, part.spikes.neuron)
        kept = shown[np.minimum(rank, shown.size - 1)] == part.spikes.neuron
        row = (top - low) / shown.size
        draw_spikes(ax, part.spikes.time[kept], low + (rank[kept] + 0.5) * row, row, colour)
        rows += shown.size
        if low:
            ax.axhline(low, color=GREY, linewidth=0.4)
    ax.set_yticks((tops + np.append(0.0, tops[:-1])) / 2, list(run))
    ax.tick_params(axis="y", length=0)
    for colour, label in zip(itertools.cycle(COLOURS), ax.get_yticklabels(), strict=False):
        label.set_color(colour)
    ax.set_ylim(0, 1)
    _show_all_of(ax, run)
    ax.set_xlabel("Time (ms)")
    say_how_many(ax, rows, int(sizes.sum()))
    return ax


def _show_all_of(ax: Axes, run: Run | NetworkRun) -> None:
    """Let an axis of time be as long as a run."""
    ax.set_xlim(run.begin, run.end if run.duration else run.begin + 1)


def _bin_width(run: NetworkRun) -> float:
    return float(NICE_LENGTHS[np.searchsorted(NICE_LENGTHS, run.duration / 100, side="right") - 1])


def _rows(run: Run, state: str, neurons: Sequence[int] | None, most: int) -> np.ndarray:
    """The rows of the recorded samples that hold these neurons."""
    recorded = run[state].shape[0]
    if neurons is None:
        return evenly(recorded, most)
    place = {int(neuron): row for row, neuron in enumerate(run.neurons)}
    missing = [neuron for neuron in neurons if int(neuron) not in place]
    if missing or not len(neurons):
        raise ValueError(
            f"neurons must be among the {recorded} recorded ones; got {missing[0] if missing else neurons}"
        )
    return np.array([place[int(neuron)] for neuron in neurons])


def _unit(run: Run, state: str) -> str:
    unit = run.units.get(state, "")
    return "" if unit == "1" else unit  # without dimensions


def _labelled(run: Run, state: str) -> str:
    return labelled(state, run.units.get(state, ""))


def _named(run: Run, what: str, name: str, unit: str) -> str:
    """An axis with the unit that the model has for it: some models are without dimensions."""
    unit = run.model.units.get(name, unit)
    return labelled(what, unit)


def _rate_label(run: Run) -> str:
    return "Firing rate (1/1000)" if run.model.units.get("time") == "1" else "Firing rate (Hz)"
