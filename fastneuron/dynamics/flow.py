"""Where neurons are after a time of their own, and the derivatives of that."""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from typing import Any, NamedTuple

import numpy as np

from .._engine.run import Run
from .._engine.spikes import Spikes
from .._simulate import simulate, simulate_population
from ..models import Model
from ..models.variational import DIRECTION, SCALE
from .arguments import some_of
from .tangent import smooth, tangent_class

EXACT = {"method": "dop853", "rtol": 1e-13, "atol": 1e-13}


class Flow(NamedTuple):
    """Neurons, each with a current; `parameter` is what tangents may be taken along."""

    model: Model
    current: np.ndarray  # (n,)
    parameter: str = "current"

    def of(self, neurons: np.ndarray) -> Flow:
        """The flow of some of them, by index."""
        return Flow(some_of(self.model, neurons), self.current[neurons], self.parameter)

    def run(self, state: np.ndarray, time: Any, tangents: np.ndarray, forced: Any = 0.0, **options: Any) -> Run:
        """The run of lanes (D, m), a whole number of times the neurons, through the time of each, ms; its own is 1.

        A neuron that fails ends with NaN.
        """
        m = state.shape[1]
        if m == 1:  # the kernel of several lanes, which derivatives want: that of one takes 4 s to compile
            two = Flow(self.model, np.repeat(self.current, 2), self.parameter)
            both = (np.repeat(values, 2, axis=-1) for values in (state, np.atleast_1d(time), tangents))
            return _first(two.run(*both, forced, **options))
        times = m // self.current.size
        made = tangent_class(smooth(self.model), self.parameter, True)
        parameters = {
            name: np.tile(value, times) if np.size(value) > 1 else value
            for name, value in self.model.parameters.items()
        }
        model = made(**parameters, **{SCALE: time, DIRECTION: forced})
        asked = {
            **EXACT,
            "current": np.tile(self.current, times),
            "initial": dict(zip(model.states, [*state, *tangents], strict=True)),
            **options,
        }
        call = inspect.signature(simulate).bind(model, 1.0, dt=0.01, **asked)
        call.apply_defaults()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a neuron stays above its threshold
            return simulate_population(call.arguments, tolerant=True)

    def end(self, state: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Where the states (D, n) are after `time`, (D, n)."""
        return _states(self.run(state, time, np.zeros_like(state)))[: len(state)]

    def carry(self, state: np.ndarray, time: np.ndarray, forced: bool = False) -> Carried:
        """Where the states (D, n) are after `time`, with derivatives; along the parameter too if `forced`."""
        D, n = state.shape
        lanes = D + forced
        tangents = np.zeros((D, lanes, n))
        tangents[range(D), range(D)] = 1.0
        along = np.repeat([0.0] * D + [1.0] * forced, n)
        run = self.run(np.tile(state, lanes), np.tile(time, lanes), tangents.reshape(D, -1), along, spike_times=False)
        found = _states(run).reshape(2, D, lanes, n)
        by_state = np.moveaxis(found[1, :, :D], 2, 0)
        return Carried(found[0, :, 0], by_state, found[1, :, D].T if forced else np.zeros((n, D)))

    def orbit(self, start: np.ndarray, period: np.ndarray, phases: int) -> np.ndarray:
        """The states (D, n, phases) at even parts of a period from `start`, (D, n), on."""
        options = {"record": tuple(self.model.states), "sample_interval": 1.0 / phases, "spike_times": False}
        run = self.run(start, period, np.zeros_like(start), **options)
        return np.array([run[name][:, :phases] for name in self.model.states])

    def between(self, path: np.ndarray, period: np.ndarray, forced: bool = False) -> Carried:
        """Where the flow takes each of the points (D, n, phases) of an orbit, as long as to the next, and derivatives.

        The ends are (D, n, phases), derivatives by states (n, phases, D, D), and along the parameter (n, phases, D).
        All are worked out at once, and none grows as those over a whole period may: their product is exact where these
        lose digits (a determinant of a Morris-Lecar neuron near its homoclinic orbit is wrong by 6e-13, not 3e-9).
        """
        D, n, phases = path.shape
        many = self.of(np.repeat(np.arange(n), phases))
        found = many.carry(path.reshape(D, -1), np.repeat(period / phases, phases), forced)
        ends, by_state = found.state.reshape(path.shape), found.by_state.reshape(n, phases, D, D)
        return Carried(ends, by_state, found.by_parameter.reshape(n, phases, D))


class Carried(NamedTuple):
    """The end of a flow."""

    state: np.ndarray  # (D, n)
    by_state: np.ndarray  # (n, D, D): ``[k, i, j]``, of state i by the initial state j
    by_parameter: np.ndarray  # (n, D)


def _first(run: Run) -> Run:
    """The run of the first of its neurons."""
    spikes = run.spikes
    if run.spike_times:
        spikes = Spikes(spikes.neuron[: run.spike_count[0]], spikes.time[: run.spike_count[0]], 1)
    state, traces = ({name: values[:1] for name, values in found.items()} for found in (run.state, run.traces))
    return dataclasses.replace(run, spike_count=run.spike_count[:1], spikes=spikes, state=state, traces=traces)


def _states(run: Run) -> np.ndarray:
    return np.array([*run.state.values()])
