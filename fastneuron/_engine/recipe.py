"""What is to be simulated: every argument checked, before any work starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from .. import _check
from .._integrators import METHODS, Clock, Method, Problem, Stretch, Traces
from ..inputs.noise import Noise
from ..inputs.waveforms import Current, as_current
from ..models import Model
from . import summary as summaries


@dataclass(frozen=True)
class Recipe:
    """All that decides the bits of a run.

    Attributes
    ----------
    state : (D, n) ndarray
        Where it starts.
    record : tuple of str
        States to sample.
    neurons : (m,) ndarray
        Which neurons to sample, in the order of the rows.
    every : int
        Steps between samples, 0 with an adaptive method; `interval` is the same in ms.
    first_neuron : int
        Where this population stands in a larger one, of which it is a part.
    """

    model: Model
    current: Current
    state: np.ndarray
    duration: float
    dt: float
    method: str
    record: tuple[str, ...]
    neurons: np.ndarray
    every: int
    interval: float
    threshold: float
    rtol: float
    atol: np.ndarray
    noise: Noise | None
    seed: int
    summary: tuple[str, ...]
    bin_width: float
    spike_times: bool
    first_neuron: int = 0

    @property
    def n(self) -> int:
        """The number of neurons."""
        return self.state.shape[1]

    @property
    def chosen(self) -> Method:
        """The method."""
        return METHODS[self.method]

    @property
    def samples(self) -> int:
        """The number of multiples of the interval in the run, 0 and the end included."""
        return int(self.duration / self.interval * (1 + 1e-12)) + 1

    @property
    def bins(self) -> int:
        """The number of bins in which spikes are counted."""
        return max(int(np.ceil(self.duration / self.bin_width * (1 - 1e-12))), 1)

    @property
    def time(self) -> np.ndarray:
        """The times of the samples, ms, as the kernel has them."""
        if not self.record:
            return np.empty(0)
        numbers = np.arange(self.samples)
        return numbers * self.interval if self.chosen.is_adaptive else numbers * self.every * self.dt

    def stretches(self, size: int) -> list[Stretch]:
        """The run in stretches of `size` samples."""
        steps = round(self.duration / self.dt)
        every = self.every or max(round(self.interval / self.dt), 1)
        found = []
        for begin in range(0, self.samples, size):
            end = begin + size
            last = end >= self.samples
            found.append(
                Stretch(
                    first=min(begin * every, steps),
                    last=steps if last else min(end * every, steps),
                    limit=np.inf if last else end * self.interval,
                    begin=begin,
                    end=min(end, self.samples),
                )
            )
        return found

    def problem(self) -> Problem:
        """The population as the kernels want it, at its start; `state` moves on with it."""
        clock = None
        if self.chosen.is_adaptive:
            zeros = [np.zeros(self.n) for _ in Clock._fields]
            clock = Clock(*zeros)
            clock.step[:], clock.growth[:], clock.sample[:], clock.reached[:] = self.dt, self.chosen.growth, 1, -np.inf
        return Problem(
            model=self.model,
            current=self.current,
            state=self.state,
            duration=self.duration,
            dt=self.dt,
            threshold=self.threshold,
            rtol=self.rtol,
            atol=self.atol,
            noise=self.noise,
            seed=self.seed if self.seed < 2**63 else self.seed - 2**64,  # the same bits as an int64
            first_neuron=self.first_neuron,
            clock=clock,
        )

    def traces(self, stretch: Stretch, room: np.ndarray | None = None) -> Traces:
        """Where the samples of a stretch go, in `room` if there is some, of any shape but as large at least."""
        order = np.argsort(self.neurons, kind="stable")
        ascending = bool(np.all(order[1:] > order[:-1]))
        neurons = (self.neurons if ascending else self.neurons[order]).astype(np.int64, copy=False)
        which = np.array([list(self.model.states).index(name) for name in self.record], np.int64)
        shape = which.size, self.neurons.size, stretch.end - stretch.begin
        kept = np.empty(np.prod(shape), self.state.dtype) if room is None else room.ravel()[: np.prod(shape)]
        return Traces(which, neurons, order, self.every, self.interval, stretch.begin, kept.reshape(shape))

    def part(self, low: int, high: int) -> Self:
        """The neurons `low` to `high` alone; their rows by neuron."""
        mine = np.sort(self.neurons[(low <= self.neurons) & (self.neurons < high)])
        return dataclasses.replace(
            self,
            model=self.model.part(low, high),
            current=self.current.part(low, high),
            noise=self.noise and self.noise.part(low, high),
            state=self.state[:, low:high].copy(),
            neurons=mine - low,
            first_neuron=self.first_neuron + low,
        )


def checked(
    model: Model,
    duration: float,
    dt: float = 0.05,
    current: npt.ArrayLike | Current = 0.0,
    initial: Mapping[str, npt.ArrayLike] | None = None,
    method: str = "rk4",
    record: str | Sequence[str] | None = None,
    every: int = 1,
    neurons: npt.ArrayLike | slice | None = None,
    threshold: float | None = None,
    *,
    sample_interval: float | None = None,
    rtol: float | None = None,
    atol: float | Mapping[str, float] | None = None,
    noise: Noise | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float64,
    summary: str | Sequence[str] | None = None,
    bin_width: float = 1.0,
    spike_times: bool = True,
) -> Recipe:
    """The recipe that the arguments of `simulate` describe; TypeError or ValueError if one is not allowed."""
    if not isinstance(model, Model):
        hint = "; a model is an instance: write MorrisLecar() with its parentheses" if isinstance(model, type) else ""
        raise TypeError(f"model must be a Model, for example MorrisLecar.hopf(); got {_check.shown(model)}{hint}")
    chosen = METHODS[_check.known("method", method, METHODS)]
    if chosen.is_adaptive:
        dt = _check.number("dt", dt, "a positive number of ms", lambda x: x > 0)
        duration = _check.number("duration", duration, "a number of ms, 0 or more", lambda x: x >= 0)
    else:
        _check.steps(duration, dt)
        dt, duration = float(dt), float(duration)
        _check.only("rtol", rtol, "adaptive methods", method)
        _check.only("atol", atol, "adaptive methods", method)
    if not isinstance(noise, Noise | None):
        hint = "; write it with its values: WhiteNoise(20.0)" if isinstance(noise, type) else ""
        raise TypeError(f"noise must be a WhiteNoise or an OrnsteinUhlenbeck; got {_check.shown(noise)}{hint}")
    if noise is not None and method != "heun":
        raise ValueError(f"noise needs method='heun'; got method={method!r}")
    precision = _precision(dtype)
    if precision == np.float32 and (chosen.is_adaptive or noise is not None):
        but = f"method={method!r}" if chosen.is_adaptive else f"noise={noise!r}"
        raise ValueError(f"dtype float32 is for the methods 'rk4' and 'heun', without noise; got it with {but}")
    seed = _check.whole("seed", seed, 0, 2**64 - 1)
    drive = as_current("current", current)
    given = _initial(initial, model)
    values = model.parameters | {f"initial[{name!r}]": value for name, value in given.items()}
    sizes = {name: np.size(value) for name, value in values.items()}
    n = _check.population_size(sizes | {"current": drive.size, "noise": noise.size if noise else 1})
    recorded = _check.names("record", record, "a state", model.states)
    wanted = summaries.checked(summary, list(model.states))
    bin_width = _bin_width(bin_width, wanted, duration)
    if neurons is not None and not recorded:
        raise ValueError(f"neurons selects what record keeps, but record is {record!r}: name a state, such as 'V'")
    asked = every
    every, interval = _sampling(every, sample_interval, duration, dt, chosen.is_adaptive)
    if not recorded and not summaries.of_samples(wanted) and (asked != 1 or sample_interval is not None):
        name = "every" if sample_interval is None else "sample_interval"
        raise ValueError(
            f"{name} is for runs that sample states: name one, as in record='V' or summary='V.mean'; "
            f"got record={record!r}, summary={summary!r}"
        )
    rows = np.arange(n if recorded else 0) if neurons is None else _check.indices("neurons", neurons, n)
    if (recorded or wanted) and duration / interval > 2**53:
        raise ValueError(f"a sample every {interval:g} ms for {duration:g} ms is more than can be counted")
    return Recipe(
        model=model,
        current=drive,
        state=_start(model, given, n, precision),
        duration=duration,
        dt=dt,
        method=method,
        record=recorded,
        neurons=rows,
        every=every,
        interval=interval if duration / interval < 2**53 else max(duration, dt),  # where nothing is sampled
        threshold=model.threshold
        if threshold is None
        else _check.number("threshold", threshold, "a finite number of mV"),
        rtol=_check.number("rtol", 1e-6 if rtol is None else rtol, "a positive number", lambda x: x > 0),
        atol=_absolute(atol, model),
        noise=noise,
        seed=seed,
        summary=wanted,
        bin_width=bin_width,
        spike_times=_check.flag("spike_times", spike_times),
    )


def _initial(initial: Mapping[str, npt.ArrayLike] | None, model: Model) -> dict[str, np.ndarray]:
    if not isinstance(initial, Mapping | None):
        raise TypeError(
            f"initial must map names of states to values, for example {{'V': -60.0}}; got {_check.shown(initial)}"
        )
    for name in initial or {}:
        _check.known(f"a state in initial for {type(model).__name__}", name, model.states)
    return {name: _check.numbers(f"initial[{name!r}]", value) for name, value in (initial or {}).items()}


def _start(model: Model, given: Mapping[str, np.ndarray], n: int, precision: np.dtype) -> np.ndarray:
    """The state to start from; what is not finite, or cannot be held in single precision, is refused."""
    with np.errstate(over="ignore"):
        state = model.initial_state(given, n).astype(precision)
    for name, row in zip(model.states, state, strict=True):
        what = f"initial[{name!r}]" if name in given else f"the initial {name} of {type(model).__name__}"
        _check.satisfies(what, row, np.isfinite, f"finite in {precision}")
    return state


def _precision(dtype: npt.DTypeLike) -> np.dtype:
    try:
        name: object = np.dtype(dtype).name
    except (TypeError, ValueError):  # none of NumPy's types
        name = dtype
    return np.dtype(_check.known("dtype", name, ["float64", "float32"]))


def _bin_width(bin_width: float, wanted: Sequence[str], duration: float) -> float:
    width = _check.number("bin_width", bin_width, "a positive number of ms", lambda x: x > 0)
    if summaries.RATE not in wanted and width != 1.0:
        raise ValueError(f"bin_width is for summary={summaries.RATE!r}; got {bin_width!r} without it")
    if duration / width > 2**53:
        raise ValueError(f"bin_width must be at least duration / 2**53; got {bin_width!r} for {duration:g} ms")
    return width


def _sampling(
    every: int, sample_interval: float | None, duration: float, dt: float, adaptive: bool
) -> tuple[int, float]:
    """Steps between samples, 0 where they are not steps, and ms."""
    every = _check.whole("every", every, 1)
    if sample_interval is None:
        every = min(every, int(min(duration / dt, 2.0**53)) + 2)  # within the range of the kernel's numbers
        return (0 if adaptive else every), every * dt
    if every != 1:
        raise ValueError(f"give every or sample_interval, not both; got {every} and {sample_interval}")
    interval = _check.number("sample_interval", sample_interval, "a positive number of ms", lambda x: x > 0)
    if adaptive:
        return 0, interval
    if interval / dt > 2**53:
        raise ValueError(f"sample_interval must be at most 2**53 steps of dt; got {sample_interval!r}")
    every = round(interval / dt)
    if every < 1 or abs(every * dt - interval) > 1e-9 * interval:
        raise ValueError(f"sample_interval must be a multiple of dt = {dt:g} ms; got {sample_interval!r}")
    return every, interval


def _absolute(atol: float | Mapping[str, float] | None, model: Model) -> np.ndarray:
    """The absolute tolerance of each state."""
    values = dict.fromkeys(model.states, 1e-6)
    if isinstance(atol, Mapping):
        for name, value in atol.items():
            values[_check.known("a state in atol", name, model.states)] = value
    elif atol is not None:
        values = dict.fromkeys(model.states, atol)
    wanted = "a number, 0 or more"
    return np.array([_check.number("atol", value, wanted, lambda x: x >= 0) for value in values.values()])
