"""What a model is fitted to: residuals of many candidates at once, and their derivatives.

A target has

    width                     how many numbers a candidate takes
    residuals(point)          of all recordings, (n, m), of candidates (n, k); or, of a user's, a loss (n,)
    linear(point, box, part)  those over the first part of each recording, and their derivatives (n, k, m)

which are exact for voltages and spike times, and differences for what is summed up of a run, or a function of it.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .._engine.run import Run
from .._engine.sensitivity import INITIAL, of
from .._simulate import simulate, simulate_population
from ..inputs.current import Current
from ..models import Model

NUDGE = 1e-4  # of the box, for differences
SPARE = 3  # spikes of a candidate beyond those of the data that count


class Experiment(NamedTuple):
    """How the recordings were made, and what of the model is sought."""

    model: Model
    names: tuple[str, ...]
    currents: tuple[Current, ...]  # one for each recording
    duration: float
    options: Mapping[str, Any]  # of `simulate`

    def asked(self, point: np.ndarray, recording: int, part: float = 1.0, **more: Any) -> dict[str, Any]:
        """The arguments of `simulate` for candidates (n, k), as in the first part of a recording."""
        given = dict(zip(self.names, np.ascontiguousarray(point.T), strict=True))
        current = self.currents[recording]
        if "current" in given:
            current = current + given.pop("current")
        started = {name.removeprefix(INITIAL): given.pop(name) for name in self.names if name.startswith(INITIAL)}
        options = {**self.options, "initial": {**(self.options.get("initial") or {}), **started}, "current": current}
        model = self.model.replace(**given)
        call = inspect.signature(simulate).bind(model, part * self.duration, **{**options, **more})
        call.apply_defaults()
        return call.arguments

    def run(self, point: np.ndarray, recording: int, part: float = 1.0, **more: Any) -> Run:
        """Their run; one that fails ends with NaN."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a candidate stays above its threshold
            return simulate_population(self.asked(point, recording, part, **more), tolerant=True)


def _residuals(target: Any, point: np.ndarray) -> np.ndarray:
    recordings = range(len(target.experiment.currents))
    return np.concatenate([target.of_recording(point, k, 1.0, False)[0] for k in recordings], axis=1)


def _exactly(target: Any, point: np.ndarray, box: np.ndarray, part: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    found = [target.of_recording(point, k, part, True) for k in range(len(target.experiment.currents))]
    values, slopes = zip(*found, strict=True)
    return np.concatenate(values, axis=1), np.concatenate(slopes, axis=2)


def _by_differences(
    target: Any, point: np.ndarray, box: np.ndarray, part: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    n, k = point.shape
    step = np.diag(NUDGE * (box[1] - box[0]))
    moved = np.clip(np.stack([point, *(point + row for row in step), *(point - row for row in step)]), *box)
    at = target.residuals(moved.reshape(-1, k)).reshape(2 * k + 1, n, -1)
    width = np.einsum("knk->kn", moved[1 : k + 1] - moved[k + 1 :])
    return at[0], np.moveaxis((at[1 : k + 1] - at[k + 1 :]) / width[:, :, np.newaxis], 0, 1)


class Traces(NamedTuple):
    """Samples of the voltage from the begin on, mV."""

    experiment: Experiment
    values: np.ndarray  # (recordings, samples)
    interval: float  # ms

    residuals, linear = _residuals, _exactly

    @property
    def width(self) -> int:
        return self.values.size

    def of_recording(self, point: np.ndarray, recording: int, part: float, slopes: bool) -> Any:
        """By how much V is above the data."""
        experiment = self.experiment
        last = round(part * (self.values.shape[1] - 1))
        V = next(iter(experiment.model.states))
        moved = [of(V, name) for name in experiment.names]
        asked = {"sensitivity": experiment.names, "record": (V, *moved)} if slopes else {"record": V}
        short = last / (self.values.shape[1] - 1)
        run = experiment.run(point, recording, short, sample_interval=self.interval, spike_times=False, **asked)
        above = run[V][:, : last + 1] - self.values[recording, : last + 1]
        return above, np.stack([run[name][:, : last + 1] for name in moved], axis=1) if slopes else None


class SpikeTimes(NamedTuple):
    """The times of all spikes, ms.  One that is missing in a candidate, or in the data, is to come at the end."""

    experiment: Experiment
    times: tuple[np.ndarray, ...]  # one for each recording

    residuals, linear = _residuals, _exactly

    @property
    def width(self) -> int:
        return sum(times.size + SPARE for times in self.times)

    def of_recording(self, point: np.ndarray, recording: int, part: float, slopes: bool) -> Any:
        """By how much later the spikes come, the first, the second and so on."""
        experiment, wanted = self.experiment, self.times[recording]
        run = experiment.run(point, recording, sensitivity=experiment.names if slopes else None)
        place = np.arange(run.spikes.size) - np.searchsorted(run.spikes.neuron, run.spikes.neuron)
        kept = place < wanted.size + SPARE
        neuron, place = run.spikes.neuron[kept], place[kept]
        later = np.full((run.n, wanted.size + SPARE), experiment.duration)
        later[neuron, place] = run.spikes.time[kept]
        later -= np.concatenate([wanted, np.full(SPARE, experiment.duration)])
        later[~np.isfinite(next(iter(run.state.values())))] = np.nan
        if not slopes:
            return later, None
        moved = np.zeros((run.n, len(experiment.names), later.shape[1]))
        for k, name in enumerate(experiment.names):
            moved[neuron, k, place] = run.sensitivities[name][kept]
        return later, moved


class Summaries(NamedTuple):
    """What `simulate` sums up of each neuron, relative to the data."""

    experiment: Experiment
    values: Mapping[str, np.ndarray]  # by name, (recordings,)

    residuals, linear = _residuals, _by_differences

    @property
    def width(self) -> int:
        return len(self.values) * len(self.experiment.currents)

    def of_recording(self, point: np.ndarray, recording: int, part: float, slopes: bool) -> Any:
        """By which part of the data they are above it; absolute where that is 0."""
        run = self.experiment.run(point, recording, spike_times=False, summary=tuple(self.values))
        wanted = {name: values[recording] for name, values in self.values.items()}
        above = [(run.summary[name] - value) / (abs(value) or 1.0) for name, value in wanted.items()]
        return np.stack(above, axis=1), None


class Own(NamedTuple):
    """A user's function of the runs of all candidates, one for each recording: residuals (n, m), or a loss (n,)."""

    experiment: Experiment
    function: Callable[..., Any]

    linear = _by_differences

    @property
    def width(self) -> int:
        return 1

    def residuals(self, point: np.ndarray) -> np.ndarray:
        """What the function returns, checked."""
        runs = [self.experiment.run(point, k) for k in range(len(self.experiment.currents))]
        found = np.asarray(self.function(*runs), float)
        if found.ndim not in (1, 2) or len(found) != len(point) or not found.size:
            wanted = f"a loss ({len(point)},) or residuals ({len(point)}, m), a row for each neuron of a run"
            raise ValueError(f"data as a function must return {wanted}; got an array of shape {found.shape}")
        return found
