"""What `fit` is given, checked: what is sought, between what, and by what it is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _check
from .._engine import summary as summaries
from .._engine.checked import checked
from .._engine.sensitivity import INITIAL
from .._engine.spikes import Spikes
from .._units import plain
from ..inputs.current import as_current
from ..models import Model
from .fit_targets import Experiment, Own, SpikeTimes, Summaries, Traces

DT = 0.05  # ms, that of `simulate`
REFUSED = ("record", "neurons", "summary", "every", "after", "sensitivity", "spike_times", "out", "n", "comm", "noise")
OF_FUNCTIONS = REFUSED[:5]  # are theirs


def checked_fit(model: Any, data: Any, free: Any, current: Any, options: Mapping[str, Any]) -> tuple[Any, np.ndarray]:
    """The target, and the box (2, k) of what is allowed; TypeError or ValueError where something makes no sense."""
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, for example MorrisLecar.hopf(); got {_check.shown(model)}")
    if model.size != 1:
        raise ValueError(f"model must be one neuron, each parameter a number; got one of {model.size} neurons")
    box = _box(model, free)
    for name in options:
        if name in REFUSED and not (callable(data) and name in OF_FUNCTIONS):
            raise ValueError(f"{name} is no argument of a fit, which has no use for it or decides it itself")
    given = as_current("current", plain("current", current, model.units.get("current", "uA/cm^2")))
    kind, values, count = _data(model, data)
    if count is None:
        count = given.size
    if given.size not in (1, count):
        raise ValueError(f"current has {given.size} values, but data has {count} recordings: it must be one for each")
    currents = tuple(given.part(k, k + 1) if given.size > 1 else given for k in range(count))
    options = dict(options)
    interval = options.pop("sample_interval", None) if kind is Traces else None
    duration = _duration(values, interval, options) if kind is Traces else options.pop("duration", None)
    if duration is None:
        raise TypeError("data that are no samples need a duration: give duration=, ms")
    duration = _check.number("duration", duration, "a positive number of ms", lambda x: x > 0)
    experiment = Experiment(model, tuple(free), currents, duration, options)
    target = _target(kind, experiment, values, interval)
    for recording in range(count):
        checked(experiment.asked(box[:1], recording, sensitivity=tuple(free) if kind in (Traces, SpikeTimes) else None))
    return target, box


def _box(model: Model, free: Any) -> np.ndarray:
    """The bounds of what is sought, (2, k)."""
    example = "{'g_Ca': (3.0, 6.0)}"
    if not isinstance(free, Mapping) or not free:
        raise TypeError(f"free must map names to bounds, for example {example}; got {_check.shown(free)}")
    allowed = ["current", *model.names, *(INITIAL + state for state in model.states)]
    box = np.empty((2, len(free)))
    for k, (name, bounds) in enumerate(free.items()):
        _check.known("a name in free", name, allowed)
        what = f"free[{name!r}]"
        values = _check.numbers(what, plain(what, bounds, model.units.get(name.removeprefix(INITIAL))), of="index")
        if values.shape != (2,) or not values[0] < values[1]:
            raise ValueError(f"{what} must be two numbers, the lower first, for example (3.0, 6.0); got {bounds!r}")
        box[:, k] = values
        if name in model.names:
            for value in values:
                model.replace(**{name: value})  # raises where it is not allowed
    return box


def _data(model: Model, data: Any) -> tuple[Any, Any, int | None]:
    """The kind of target, its values, and how many recordings they are of, if that can be told from them."""
    if callable(data):
        return Own, data, None
    if isinstance(data, Spikes):
        data = {"spikes": list(data)}
    if not isinstance(data, Mapping):
        values = np.atleast_2d(_check.numbers("data", plain("data", data, "mV"), dimensions=2, of="index"))
        if values.shape[1] < 2:
            raise ValueError(f"data must be two samples at least of each recording; got shape {np.shape(data)}")
        return Traces, values, len(values)
    if list(data) == ["spikes"]:
        trains = data["spikes"]
        one = np.ndim(trains) == 1 and all(np.ndim(time) == 0 for time in trains)
        found = [_train(k, times) for k, times in enumerate([trains] if one else trains)]
        return SpikeTimes, tuple(found), len(found)
    if not data:
        raise ValueError("data must have at least one summary, such as {'isi.mean': 90.0}; got an empty mapping")
    states = list(model.states)
    every = summaries.names(states, model.spiking or states[:1])
    allowed = [name for name in every if not name.startswith("population")]
    given = {}
    for name, value in data.items():
        _check.known("a name in data", name, ["spikes", *allowed])
        if name == "spikes":
            raise ValueError("data must be spikes or summaries; got spikes with others")
        given[name] = _check.numbers(f"data[{name!r}]", value, of="index")
    count = _check.population_size({f"data[{name!r}]": np.size(value) for name, value in given.items()})
    return Summaries, given, count if count > 1 else None


def _train(number: int, times: Any) -> np.ndarray:
    """The spike times of a recording."""
    name = f"data['spikes'][{number}]"
    found = _check.numbers(name, plain(name, times, "ms"), of="index") if np.size(times) else np.empty(0)
    _check.satisfies(name, found, lambda t: t >= 0, "times from 0 on, ms", "index")
    late = np.flatnonzero(np.diff(found) <= 0)
    if late.size:
        k = int(late[0])
        raise ValueError(f"{name} must be in order; got {found[k + 1]:g} after {found[k]:g} at index {k + 1}")
    return found


def _duration(values: np.ndarray, interval: Any, options: dict[str, Any]) -> float:
    """How long the recordings are, ms."""
    every = options.get("dt", DT) if interval is None else interval
    every = _check.number("sample_interval", every, "a positive number of ms", lambda x: x > 0)
    duration = (values.shape[1] - 1) * every
    given = options.pop("duration", duration)
    if abs(_check.number("duration", given) - duration) > 1e-9 * duration:
        raise ValueError(
            f"data has {values.shape[1]} samples, one every {every:g} ms, which is {duration:.12g} ms; got "
            f"duration={given!r}"
        )
    return duration


def _target(kind: Any, experiment: Experiment, values: Any, interval: Any) -> Any:
    duration = experiment.duration
    if kind is Traces:
        every = experiment.options.get("dt", DT) if interval is None else interval
        return Traces(experiment, values, float(every))
    if kind is SpikeTimes:
        late = [k for k, times in enumerate(values) if times.size and times[-1] > duration]
        if late:
            raise ValueError(
                f"data['spikes'][{late[0]}] must be before the end, duration = {duration:g} ms; "
                f"got {values[late[0]][-1]:g}"
            )
    if kind is Summaries:
        count = len(experiment.currents)
        values = {name: np.broadcast_to(value, count) for name, value in values.items()}
    return kind(experiment, values)
