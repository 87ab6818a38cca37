"""Parameter studies: every combination of some values is a neuron, and all of them are one population."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _check
from ._engine import resources
from ._engine.run import Run
from ._engine.summary import names
from ._parameters import Parametrised
from ._units import plain
from .models import Model
from .simulate import simulate

INITIAL = "initial."
RESULTS = ("rate", "steady_rate", "spike_count")


def sweep(
    model: Model,
    duration: float,
    grid: Mapping[str, npt.ArrayLike],
    reduce: str | Sequence[str] | Callable[[Run], Mapping[str, Any]] = "rate",
    after: float | None = None,
    **options: Any,
) -> Any:
    """Simulate a model at every combination of values; needs xarray.

    Parameters
    ----------
    model : Model
        What stays the same in all of them.
    duration : float
        ms.
    grid : dict of (k,) array_like
        Values by name: ``"current"``, a parameter of the model, or a state's initial value, ``"initial.V"``.
    reduce : str, sequence of str or callable, default "rate"
        What to keep: ``"rate"``, the spikes by the duration (Hz), ``"steady_rate"`` (see `Run.steady_rate`),
        ``"spike_count"``, or a summary of each neuron as in `simulate`, such as ``"isi.cv"`` or ``"V.max"``; or a
        function of the run that returns arrays (n,) by name.
    after : float, optional
        What happens before is not in ``"steady_rate"``, ms, half of the run by default; nor, if it is given, in
        summaries.
    **options
        More arguments of `simulate`: `method`, `dt`, `executor`, `out` and so on.

    Returns
    -------
    xarray.Dataset
        What was to be kept, with the names in `grid` as dimensions; a parameter that is named as a result is has the
        dimension ``"parameter.NAME"``.

    Raises
    ------
    TypeError, ValueError
        If a name is neither a parameter nor ``"current"``, or its values are not numbers in one dimension; if what is
        no axis differs from neuron to neuron.

    Examples
    --------
    >>> import fastneuron as fn
    >>> found = fn.sweep(fn.MorrisLecar.hopf(), 1000.0, {"current": [80.0, 100.0, 120.0], "phi": [0.03, 0.04]})
    >>> found.rate.values
    array([[ 1.,  1.],
           [10., 12.],
           [12., 14.]])
    """
    try:
        import xarray
    except ImportError:
        raise ImportError("sweep needs xarray: pip install xarray") from None
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, for example MorrisLecar.hopf(); got {_check.shown(model)}")
    axes = _axes(model, grid, options)
    wanted = _wanted(reduce, list(model.states), options)
    points = dict(zip(axes, map(np.ravel, np.meshgrid(*axes.values(), indexing="ij")), strict=True))
    if "current" in points:
        options["current"] = points.pop("current")
    if start := {name: points.pop(name) for name in list(points) if name.startswith(INITIAL)}:
        given = {name.removeprefix(INITIAL): values for name, values in start.items()}
        options["initial"] = {**(options.get("initial") or {}), **given}
    if not callable(reduce):
        kept = [name for name in wanted if name not in RESULTS]
        options |= {"spike_times": "steady_rate" in wanted, "summary": kept or None}
        options |= {"after": after} if kept and after is not None else {}
    run = simulate(model.replace(**points), duration, **options)
    found = _reduced(reduce, run) if callable(reduce) else {name: _result(run, name, after) for name in wanted}
    shape = tuple(axis.size for axis in axes.values())
    units = {"current": "uA/cm^2", "rate": "Hz", "steady_rate": "Hz"}
    units |= {name: unit for name, _, _, unit in run.columns()} | dict(model.units)
    units |= {name: units.get(name.removeprefix(INITIAL), "") for name in axes}
    dims = {name: f"parameter.{name}" if name in found else name for name in axes}
    return xarray.Dataset(
        {name: (tuple(dims.values()), np.reshape(value, shape), _units(units, name)) for name, value in found.items()},
        {dims[name]: (dims[name], values, _units(units, name)) for name, values in axes.items()},
        {"model": repr(model), "duration": duration},
    )


def fi_curve(
    model: Model, currents: npt.ArrayLike, duration: float = 1000.0, after: float | None = None, **options: Any
) -> Any:
    """The rate at which a neuron fires, once it has settled, at each of some currents; needs xarray.

    Parameters
    ----------
    model : Model
        What is stimulated.
    currents : (k,) array_like
        uA/cm^2.
    duration : float, default 1000
        ms, the beginning included.
    after : float, optional
        Leave out what happens before, ms; half of the duration by default: a spike at the onset is no rate.
    **options
        More arguments of `simulate`.

    Returns
    -------
    xarray.DataArray
        The steady rate (Hz; see `Run.steady_rate`) by current; ``.plot()`` draws it.

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.fi_curve(fn.MorrisLecar.hopf(), [80.0, 100.0, 120.0]).values.round(2)
    array([ 0.  , 11.72, 13.61])
    """
    if "reduce" in options:
        raise TypeError("reduce is an argument of sweep; fi_curve is of the steady rate")
    return sweep(model, duration, {"current": currents}, "steady_rate", after, **options).steady_rate


def _axes(model: Model, grid: Mapping[str, npt.ArrayLike], options: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The values along each axis; all that is no axis is the same at every point."""
    if not isinstance(grid, Mapping) or not grid:
        raise TypeError(
            f"grid must map names to values, for example {{'current': [80.0, 90.0]}}; got {_check.shown(grid)}"
        )
    axes = {}
    for name, values in grid.items():
        _check.known("an axis of grid", name, ("current", *model.names, *(INITIAL + state for state in model.states)))
        if (name == "current" and name in options) or name.removeprefix(INITIAL) in (options.get("initial") or {}):
            raise ValueError(f"{name} is an axis of grid and an argument: give one of them")
        unit = model.units.get(name.removeprefix(INITIAL), "uA/cm^2" if name == "current" else None)
        values = plain(f"grid[{name!r}]", values, unit)
        axes[name] = np.atleast_1d(_check.numbers(f"grid[{name!r}]", values, of="index"))
    sizes = {name: np.size(value) for name, value in model.parameters.items() if name not in axes}
    given = {name: options[name] for name in ("current", "noise") if name in options}
    sizes |= {name: x.size if isinstance(x, Parametrised) else np.size(x) for name, x in given.items()}
    for name, size in sizes.items():
        if size != 1:
            raise ValueError(f"{name} must be the same at every point of a grid, or an axis of it; got {size} values")
    points, left = math.prod(axis.size for axis in axes.values()), resources.memory_left()
    if 8 * points * len(axes) > left:
        shape = " x ".join(str(axis.size) for axis in axes.values())
        raise MemoryError(f"grid has {points:.3g} points, {shape}, too many for {resources.readable(left)} of memory")
    return axes


def _wanted(reduce: Any, states: list[str], options: Mapping[str, Any]) -> tuple[str, ...]:
    if callable(reduce):
        return ()
    for name in ("summary", "spike_times", "record"):
        if name in options:
            raise ValueError(f"{name} goes with a reduce that is a function; got {name} with reduce={reduce!r}")
    allowed = [*RESULTS, *(name for name in names(states) if not name.startswith("population"))]
    chosen = _check.names("reduce", reduce, "something to keep, such as 'rate',", allowed)
    if not chosen:
        raise ValueError(f"reduce must name something to keep, such as 'rate'; got {reduce!r}")
    return chosen


def _reduced(reduce: Callable[[Run], Any], run: Run) -> Mapping[str, Any]:
    found = reduce(run)
    if not isinstance(found, Mapping) or any(np.shape(value) != (run.n,) for value in found.values()):
        raise TypeError(f"reduce must return arrays of shape ({run.n},) by name; got {_check.shown(found)}")
    return found


def _result(run: Run, name: str, after: float | None) -> np.ndarray:
    if name == "steady_rate":
        return run.steady_rate(after)
    return run.rate if name == "rate" else run.spike_count if name == "spike_count" else run.summary[name]


def _units(units: Mapping[str, str], name: str) -> dict[str, str]:
    return {"units": units[name]} if units.get(name) else {}
