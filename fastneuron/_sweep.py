"""Parameter studies: every combination of some values is a neuron, and all of them are one population."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _check
from ._engine import resources
from ._engine.run import Run
from ._engine.summary import names
from ._parameters import Parametrised
from ._simulate import simulate, simulate_population
from ._units import plain
from .inputs.noise import Noise
from .models import Model
from .models.watched import checked_threshold, names_of

INITIAL = "initial."
NOISE = "noise."
SEED = "seed"
RESULTS = ("rate", "steady_rate", "spike_count")


def sweep(
    model: Model,
    duration: float,
    grid: Mapping[str, npt.ArrayLike],
    reduce: str | Sequence[str] | Callable[[Run], Mapping[str, Any]] = "rate",
    after: float | None = None,
    errors: str = "nan",
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
        Values by name: ``"current"``, a parameter of the model, a state's initial value, ``"initial.V"``, a parameter
        of the argument `noise`, ``"noise.sigma"``, or ``"seed"``, of which each value is a run of the whole grid.
    reduce : str, sequence of str or callable, default "rate"
        What to keep: ``"rate"``, the spikes by the duration (Hz), ``"steady_rate"`` (see `Run.steady_rate`),
        ``"spike_count"``, or a summary of each neuron as in `simulate`, such as ``"isi.cv"`` or ``"V.max"``; where
        several states spike, the first three are of all of them, and ``"B.V.rate"`` and so on of one; or a function of
        the run that returns arrays (n,) by name.
    after : float, optional
        What happens before is not in ``"steady_rate"``, ms, half of the run by default; nor, if it is given, in
        summaries.
    errors : {"nan", "raise"}
        What a point is at which the state is no longer finite, or an adaptive step shrinks to nothing: NaN, which is
        warned of, or the end of the sweep.
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
    FloatingPointError
        If ``errors="raise"`` and a point fails.

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
    time = model.units.get("time", "ms")
    duration, after = plain("duration", duration, time), plain("after", after, time)
    spiking = names_of(checked_threshold(model, options.get("threshold")), list(model.states))
    wanted = _wanted(reduce, list(model.states), spiking, options)
    tolerant = _check.known("errors", errors, ("nan", "raise")) == "nan"
    if not callable(reduce):
        kept = [name for name in wanted if not _is_result(name)]
        timed = any(name.endswith("steady_rate") for name in wanted)
        if timed and after is not None:
            end = _check.number("duration", duration, "a number of ms, 0 or more", lambda x: x >= 0)
            _check.number("after", after, f"a number of ms, from 0 to duration = {end:g}", lambda x: 0 <= x <= end)
        options |= {"spike_times": timed, "summary": kept or None}
        options |= {"after": after} if kept and after is not None else {}
    seeds = [int(seed) for seed in axes[SEED]] if _is_seed(model, SEED) and SEED in axes else [options.get("seed", 0)]
    runs = [_run_of(model, duration, axes, options | {"seed": seed}, tolerant) for seed in seeds]
    run, found = runs[0], _values(runs, axes, lambda run: _reduced(reduce, run, wanted, after))
    if tolerant:
        found = _without_failures(found, runs, axes)
    units = {"current": "uA/cm^2", "rate": "Hz", "steady_rate": "Hz"}
    units |= {name: unit for name, _, _, unit in run.columns()} | dict(model.units)
    units |= {name: units.get(name.removeprefix(INITIAL), "") for name in axes}
    units |= {name: units.get(name.rpartition(".")[2], "") for name in found if _is_result(name)}
    units |= {f"{NOISE}{name}": unit for name, unit in (run.noise.units if run.noise else {}).items()}
    dims = {name: f"parameter.{name}" if name in found else name for name in axes}
    return xarray.Dataset(
        {name: (tuple(dims.values()), value, _units(units, name)) for name, value in found.items()},
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
    noise = options.get("noise")
    of_noise = [NOISE + name for name in noise.names] if isinstance(noise, Noise) else []
    known = ("current", *model.names, *(INITIAL + state for state in model.states), *of_noise, SEED)
    axes = {}
    for name, values in grid.items():
        if not of_noise and str(name).startswith(NOISE):
            raise ValueError(f"{name} is an axis of grid, but there is no noise: give it as noise=")
        _check.known("an axis of grid", name, known)
        if (name in ("current", SEED) and name in options) or name.removeprefix(INITIAL) in (
            options.get("initial") or {}
        ):
            raise ValueError(f"{name} is an axis of grid and an argument: give one of them")
        if _is_seed(model, name):
            axes[name] = _seeds(values, options)
            continue
        unit = model.units.get(name.removeprefix(INITIAL), "uA/cm^2" if name == "current" else None)
        unit = noise.units.get(name.removeprefix(NOISE)) if noise and name in of_noise else unit
        values = plain(f"grid[{name!r}]", values, unit)
        axes[name] = np.atleast_1d(_check.numbers(f"grid[{name!r}]", values, of="index"))
    sizes = {name: np.size(value) for name, value in model.parameters.items() if name not in axes}
    if (current := options.get("current")) is not None:
        sizes |= _sizes("current", current)
    sizes |= _sizes("initial", options.get("initial") or {})
    if isinstance(noise, Noise):
        sizes |= {NOISE + name: np.size(value) for name, value in noise.parameters.items() if NOISE + name not in axes}
    for name, size in sizes.items():
        if size != 1:
            raise ValueError(f"{name} must be the same at every point of a grid, or an axis of it; got {size} values")
    points, left = math.prod(axis.size for axis in axes.values()), resources.memory_left()
    if 8 * points * len(axes) > left:
        shape = " x ".join(str(axis.size) for axis in axes.values())
        raise MemoryError(f"grid has {points:.3g} points, {shape}, too many for {resources.readable(left)} of memory")
    neurons = points // (axes[SEED].size if _is_seed(model, SEED) and SEED in axes else 1)
    if (n := options.get("n")) not in (None, neurons):
        raise ValueError(
            f"n is the number of points of a grid, {neurons}, and can be left out; got n={_check.shown(n)}"
        )
    return axes


def _sizes(name: str, value: Any) -> dict[str, int]:
    """How many values there are of each, of what may be a mapping, by name."""
    if isinstance(value, Mapping):
        return {f"{name}[{key!r}]": size for key, one in value.items() for size in _sizes(name, one).values()}
    return {name: value.size if isinstance(value, Parametrised) else np.size(value)}


def _seeds(values: Any, options: Mapping[str, Any]) -> np.ndarray:
    """Seeds as whole numbers; ValueError where a run for each has no place."""
    if options.get("out") is not None:
        raise ValueError(f"each seed of a grid is a run of its own, for which out has no room; got {options['out']!r}")
    given = np.atleast_1d(np.asarray(values)).tolist()
    return np.array([_check.whole("grid['seed']", seed, 0, 2**63 - 1) for seed in given], np.int64)


def _is_result(name: str) -> bool:
    """Whether a name is of what a run has, of all its spikes or of those of a state."""
    return name.rpartition(".")[2] in RESULTS


def _wanted(reduce: Any, states: list[str], spiking: Sequence[str], options: Mapping[str, Any]) -> tuple[str, ...]:
    if callable(reduce):
        return ()
    for name in ("summary", "spike_times", "record"):
        if name in options:
            raise ValueError(f"{name} goes with a reduce that is a function; got {name} with reduce={reduce!r}")
    allowed = [*RESULTS, *(name for name in names(states, spiking) if not name.startswith("population"))]
    if len(spiking) > 1:
        allowed += [f"{state}.{name}" for state in spiking for name in RESULTS]
    chosen = _check.names("reduce", reduce, "something to keep, such as 'rate',", allowed)
    if not chosen:
        raise ValueError(f"reduce must name something to keep, such as 'rate'; got {reduce!r}")
    return chosen


def _run_of(
    model: Model, duration: float, axes: Mapping[str, np.ndarray], options: Mapping[str, Any], tolerant: bool
) -> Run:
    """The run of all points of one seed."""
    arrays = {name: axis for name, axis in axes.items() if not _is_seed(model, name)}
    points = dict(zip(arrays, map(np.ravel, np.meshgrid(*arrays.values(), indexing="ij")), strict=True))
    options = dict(options)
    if "current" in points:
        options["current"] = points.pop("current")
    for prefix, argument in ((INITIAL, "initial"), (NOISE, "noise")):
        if mine := [name for name in points if name.startswith(prefix)]:
            given = {name.removeprefix(prefix): points.pop(name) for name in mine}
            before = options.get(argument) or {}
            options[argument] = before.replace(**given) if isinstance(before, Noise) else {**before, **given}
    asked = inspect.signature(simulate).bind(model.replace(**points), duration, **options)
    asked.apply_defaults()
    if asked.arguments["comm"] is not None:
        return simulate(*asked.args, **asked.kwargs)  # which refuses it
    return simulate_population(asked.arguments, tolerant)


def _is_seed(model: Model, name: str) -> bool:
    return name == SEED and SEED not in model.names


def _values(
    runs: Sequence[Run], axes: Mapping[str, np.ndarray], value: Callable[[Run], Mapping[str, Any]]
) -> dict[str, np.ndarray]:
    """What comes of the runs by name, each in the shape of the grid, of which a run is all points of one seed."""
    each = [value(run) for run in runs]
    rest = tuple(axis.size for name, axis in axes.items() if len(runs) == 1 or name != SEED)
    found = {name: np.stack([np.reshape(one[name], rest) for one in each]) for name in each[0]}
    place = list(axes).index(SEED) if len(runs) > 1 else 0
    shape = tuple(axis.size for axis in axes.values())
    return {name: np.moveaxis(stacked, 0, place).reshape(shape) for name, stacked in found.items()}


def _without_failures(
    found: dict[str, np.ndarray], runs: Sequence[Run], axes: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """NaN where a point has failed; a warning that counts them."""

    def failed(run: Run) -> dict[str, np.ndarray]:
        return {"": ~np.all([np.isfinite(state) for state in run.state.values()], axis=0)}

    bad = _values(runs, axes, failed)[""]
    if not bad.any():
        return found
    first = ", ".join(
        f"{name} = {axis[place[0]]:g}" for (name, axis), place in zip(axes.items(), np.nonzero(bad), strict=True)
    )
    warnings.warn(
        f"{bad.sum()} of {bad.size} points have blown up and are NaN, the first of them at {first}; "
        "errors='raise' ends a sweep there",
        RuntimeWarning,
        stacklevel=3,
    )
    return {name: np.where(bad, np.nan, values) for name, values in found.items()}


def _reduced(reduce: Any, run: Run, wanted: Sequence[str], after: float | None) -> Mapping[str, Any]:
    if not callable(reduce):
        return {name: _result(run, name, after) for name in wanted}
    found = reduce(run)
    if not isinstance(found, Mapping) or any(np.shape(value) != (run.n,) for value in found.values()):
        raise TypeError(f"reduce must return arrays of shape ({run.n},) by name; got {_check.shown(found)}")
    return found


def _result(run: Run, name: str, after: float | None) -> np.ndarray:
    if not _is_result(name):
        return run.summary[name]
    state, _, what = name.rpartition(".")
    mine = run.of(state) if state else run
    return mine.steady_rate(after) if what == "steady_rate" else mine.rate if what == "rate" else mine.spike_count


def _units(units: Mapping[str, str], name: str) -> dict[str, str]:
    return {"units": units[name]} if units.get(name) else {}
