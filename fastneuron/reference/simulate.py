"""The same question as `fastneuron.simulate`, answered one neuron at a time by SciPy's DOP853."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from . import (
    adaptive_exponential,
    currents,
    exponential_integrate_and_fire,
    fitzhugh_nagumo,
    hodgkin_huxley,
    izhikevich,
    leaky_integrate_and_fire,
    morris_lecar,
    morris_lecar_full,
    quadratic_integrate_and_fire,
    traub_miles,
)

MODELS: dict[str, Any] = {  # by the name of the model's class
    "AdaptiveExponential": adaptive_exponential,
    "ExponentialIntegrateAndFire": exponential_integrate_and_fire,
    "FitzHughNagumo": fitzhugh_nagumo,
    "HodgkinHuxley": hodgkin_huxley,
    "Izhikevich": izhikevich,
    "LeakyIntegrateAndFire": leaky_integrate_and_fire,
    "QuadraticIntegrateAndFire": quadratic_integrate_and_fire,
    "MorrisLecar": morris_lecar,
    "MorrisLecarFull": morris_lecar_full,
    "TraubMiles": traub_miles,
}
TOLERANCE = 1e-13  # relative and absolute; spike times and samples then hold to about 1e-10


@dataclass(frozen=True, eq=False)
class Spikes:
    """Which neuron spiked when (ms), ordered by neuron, then time; and which of the states that spike it was."""

    neuron: np.ndarray
    time: np.ndarray
    state: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    states: tuple[str, ...] = ()

    def __getitem__(self, state: str) -> Spikes:
        """Those of one state."""
        mine = self.state == self.states.index(state)
        return Spikes(self.neuron[mine], self.time[mine], np.zeros(mine.sum(), np.int64), (state,))


@dataclass(frozen=True)
class Watched:
    """A state that spikes: its number, and what a spike of it is."""

    row: int
    threshold: float | None  # None: the model's own
    refractory: float
    rearm: float | None


@dataclass(frozen=True, eq=False)
class Run:
    """The result, with the attributes of `fastneuron.Run`."""

    duration: float
    dt: float
    spike_count: np.ndarray
    spikes: Spikes
    state: Mapping[str, np.ndarray]
    time: np.ndarray
    neurons: np.ndarray
    traces: Mapping[str, np.ndarray] = field(repr=False)

    @property
    def n(self) -> int:
        """The number of neurons."""
        return self.spike_count.size

    @property
    def rate(self) -> np.ndarray:
        """Mean firing rate of each neuron, Hz."""
        return 1000 * self.spike_count / self.duration if self.duration else np.zeros(self.n)

    def __getitem__(self, state: str) -> np.ndarray:
        """The recorded samples of one state, (m, samples)."""
        return self.traces[state]


def simulate(
    model: Any,
    duration: float,
    dt: float = 0.05,
    current: Any = 0.0,
    initial: Mapping[str, npt.ArrayLike] | None = None,
    method: str = "dop853",
    record: str | Sequence[str] | None = None,
    every: int = 1,
    neurons: Any = None,
    threshold: float | Mapping[str, float] | None = None,
    threads: int | None = None,
    progress: bool = False,
    *,
    sample_interval: float | None = None,
    rtol: float | None = None,
    atol: float | Mapping[str, float] | None = None,
    noise: None = None,
    seed: int = 0,
    dtype: Any = np.float64,
    refractory: float | Mapping[str, float] = 0.0,
    rearm: float | Mapping[str, float] | None = None,
) -> Any:
    """Integrate a population of neurons, or a small network, with SciPy, to near machine precision.

    The arguments are those of `fastneuron.simulate` and mean the same, but for these: `dt` only sets the times of the
    samples (every * dt), `method`, `threads`, `progress`, `rtol`, `atol`, `seed`, `dtype` have no effect; there is no
    `noise`.  The textbook equations are solved one neuron at a time by ``scipy.integrate.solve_ivp`` with the method
    DOP853 at relative and absolute tolerances of 1e-13, anew from each jump or kink of the current, and spikes are
    located as its events.  Thousands of times slower than `fastneuron.simulate`.

    Parameters
    ----------
    model : Model or Network
        One of the package's own, whose equations are written here once more, or a user's, whose own derivative is
        called in plain Python.
        Or a network of them, whose neurons are then one system, solved anew from each spike and from each arrival of
        one: `initial` maps the populations' names to such dicts, and what is not said with the network (`current`,
        `neurons`, `threshold`, `sample_interval`) has no effect.  Where several states spike, all spikes are sent.
        Or a circuit: its cells are one system, and `spikes` maps the names of voltages to spikes.
    duration, dt : float
        ms.
    current : float, (n,) array_like or Current, default 0
        Injected current, uA/cm^2; its edges are where they are, on no grid.
    initial : dict of float or (n,) array_like, optional
        Initial value by name of state.
    method : str
        No effect.
    record : str or sequence of str, optional
        States to sample.
    every : int, default 1
        Sample every so many `dt`.
    neurons : (m,) array_like of int, slice or (n,) mask, optional
        Which neurons to sample.
    threshold : float or dict of float, optional
        A spike is an upward crossing of it by the voltage, mV; or of each by the state of its name.
    sample_interval : float, optional
        Time between samples, ms, in place of `every`.
    threads, progress, rtol, atol, seed, dtype
        No effect.
    refractory : float or dict of float, default 0
        After a spike no crossing counts for this long, ms.
    rearm : float or dict of float, optional
        Nor does one until the voltage, or the state, has fallen below this, mV.
    noise : None
        There is no reference for it.

    Returns
    -------
    Run or dict of str to Run
        With the attributes of `fastneuron.Run`; of a network, that of each population by its name.

    Raises
    ------
    NotImplementedError
        If there is no reference for this current, or for noise.
    ValueError
        If sizes do not broadcast, or a state's name is unknown.
    FloatingPointError
        If SciPy gives up.

    Examples
    --------
    >>> import fastneuron as fn
    >>> exact = fn.reference.simulate(fn.MorrisLecar.hopf(), duration=100, current=100, record="V", every=500)
    >>> exact.spikes.time.round(6)
    array([15.905388])
    >>> fast = fn.simulate(fn.MorrisLecar.hopf(), duration=100, current=100, record="V", every=500)
    >>> bool(abs(fast["V"] - exact["V"]).max() < 1e-6)
    True
    """
    if hasattr(model, "populations"):
        from . import network  # it stands on what is here

        return network.simulate(model, duration, dt, initial, record, every)
    if noise is not None:
        raise NotImplementedError("there is no reference for noise")
    step = dt if sample_interval is None else sample_interval
    if hasattr(model, "couplings"):
        from . import circuit  # the same

        return circuit.simulate(model, duration, current, initial, (record, neurons, step, every), threshold)
    equations = _equations(model)
    names = list(model.states)
    wanted = dict(initial or {})
    if unknown := set(wanted) - set(names):
        raise ValueError(f"initial must be of {', '.join(names)}; got {', '.join(sorted(unknown))}")

    formula = hasattr(current, "parameters") or hasattr(current, "parts")
    values = {**model.parameters, "current": np.zeros(current.size) if formula else current, **wanted}
    values = dict(zip(values, np.broadcast_arrays(*map(np.atleast_1d, values.values())), strict=True))
    n = values["current"].size
    recorded = [] if record is None else [record] if isinstance(record, str) else list(record)
    time = _sample_times(duration, step, every) if recorded else np.empty(0)
    everybody = np.arange(n if recorded else 0)
    chosen = everybody if neurons is None else np.atleast_1d(everybody[neurons])

    watched = _watched(model, threshold, refractory, rearm)
    end = np.empty((len(names), n))
    spikes: list[list[tuple[float, int]]] = []
    samples = np.empty((len(names), n, time.size))
    for i in range(n):
        p, start = _neuron(equations, model, values, wanted, i)
        given = currents.of_neuron(current, i, duration) if formula else currents.constant(float(values["current"][i]))
        mine = [replace(one, threshold=_level(one, equations, p)) for one in watched]
        end[:, i], found, samples[:, i] = _solve(equations, p, given, start, duration, mine, time)
        spikes.append(_merged(mine, found))

    return Run(
        duration=float(duration),
        dt=float(dt),
        spike_count=np.array(list(map(len, spikes))),
        spikes=_spikes(spikes, tuple(names[one.row] for one in watched)),
        state=dict(zip(names, end, strict=True)),
        time=time,
        neurons=chosen,
        traces={name: samples[names.index(name), chosen] for name in recorded},
    )


def _watched(model: Any, threshold: Any, refractory: Any, rearm: Any) -> list[Watched]:
    """The states that spike, in their order."""
    names = list(model.states)
    levels = threshold if isinstance(threshold, Mapping) else dict.fromkeys(model.spiking or names[:1], threshold)

    def of(value: Any, name: str, default: Any) -> Any:
        return value.get(name, default) if isinstance(value, Mapping) else value

    return [
        Watched(row, levels[name], of(refractory, name, 0.0), of(rearm, name, None))
        for row, name in enumerate(names)
        if name in levels
    ]


def _merged(watched: list[Watched], passed: Any) -> list[tuple[float, int]]:
    """The spikes of a neuron in order: when, and of which of the states; of each, its rises and falls are given."""
    each = zip(watched, passed, strict=True)
    return sorted(
        (t, k) for k, (one, (rises, falls)) in enumerate(each) for t in counted(rises, falls, one.refractory, one.rearm)
    )


def _spikes(of_each: list[list[tuple[float, int]]], states: tuple[str, ...]) -> Spikes:
    """Those of all neurons."""
    time, state = np.array([spike for each in of_each for spike in each]).reshape(-1, 2).T
    return Spikes(np.repeat(np.arange(len(of_each)), list(map(len, of_each))), time, state.astype(np.int64), states)


def _level(one: Watched, equations: Any, p: Any) -> float:
    return threshold_of(equations, p) if one.threshold is None else float(one.threshold)


def _sample_times(duration: float, step: float, every: int) -> np.ndarray:
    """When samples are taken, ms."""
    steps = int(duration / step * (1 + 1e-12))
    return np.arange(0, steps + 1, min(every, steps + 1)) * step


def _neuron(
    equations: Any, model: Any, values: Mapping[str, np.ndarray], wanted: Mapping[str, Any], i: int
) -> tuple[SimpleNamespace, list[float]]:
    """The parameters of neuron i, and where its states start."""
    p = SimpleNamespace(**{name: float(values[name][i]) for name in model.parameters})
    given = {name: float(values[name][i]) for name in wanted}
    voltage = next(iter(model.states))
    V = given.get(voltage, equations.INITIAL_V)
    start = {voltage: V, **equations.initial(V, p), **given}
    return p, [start[name] for name in model.states]


def _equations(model: Any) -> Any:
    """The package's model written once more, if nothing of it has been changed; else the model's own formulas."""
    own, package = type(model), __name__.partition(".")[0]
    for kind in own.__mro__:
        if kind.__name__ in MODELS and kind.__module__.partition(".")[0] == package:
            said = ("prepare", "gates", "derivative", "states", "threshold", "reset")
            if all(getattr(kind, name) is getattr(own, name) for name in said):
                return MODELS[kind.__name__]
    return _Own(model)


class _Own:
    """The equations of a user's model: its own formulas, in plain Python."""

    def __init__(self, model: Any) -> None:
        self.kind, self.INITIAL_V = type(model), next(iter(model.states.values()))
        if self.kind.resets():
            self.reset = self._reset

    def threshold(self, p: Any) -> float:
        """Where a neuron spikes."""
        own = self.kind.threshold
        return float(getattr(p, own) if isinstance(own, str) else own)

    def initial(self, V: float, p: Any) -> dict[str, float]:
        """Where the other states start."""
        others = list(self.kind.states.items())[1:]
        return {name: float(value(V, p)) if callable(value) else float(value) for name, value in others}

    def _reset(self, p: Any, *state: float) -> Any:
        """The states after a spike."""
        prepare, reset = (getattr(formula, "py_func", formula) for formula in (self.kind.prepare, self.kind.reset))
        return reset(*state, prepare(p))

    def derivative(self, p: Any, I: float, *state: float) -> Any:
        """The derivative of each state."""
        prepare, gates, derivative = (
            getattr(formula, "py_func", formula)  # what Numba would compile
            for formula in (self.kind.prepare, self.kind.gates, self.kind.derivative)
        )
        with np.errstate(all="ignore"):
            prepared = prepare(p)
            found = gates(state[0], prepared)
            opened = () if isinstance(found, tuple) and not found else (found,)
            return derivative(*state, I, prepared, *opened)


def threshold_of(equations, p):
    """Where a neuron spikes, mV."""
    return equations.threshold(p) if hasattr(equations, "threshold") else equations.THRESHOLD


def counted(crossings, falls, refractory, rearm):
    """Which crossings of the threshold are spikes, given when V fell below `rearm`."""
    spikes: list[float] = []
    for t in crossings:
        armed = rearm is None or not spikes or any(spikes[-1] < fall <= t for fall in falls)
        if armed and (not spikes or t - spikes[-1] >= refractory):
            spikes.append(float(t))
    return spikes


def _solve(equations, p, current, start, duration, watched, times):
    """One neuron: its final state, when each state that is watched rises through its threshold and falls through
    `rearm`, its states at `times`.
    """
    value, edges = current
    stops = [0.0, *sorted({float(edge) for edge in edges if 0 < edge < duration}), float(duration)]
    state = np.array(start, float)
    samples = np.outer(state, np.ones(times.size))
    passed: list[list[np.ndarray]] = [[np.empty(0)] for _ in range(2 * len(watched))]
    held = 0.0  # until when the voltage is where a reset has put it
    for begin, end in itertools.pairwise(stops):  # the integrator never sees a jump or a kink
        while begin < end:
            is_held = held > begin
            piece = begin, min(held, end) if is_held else end
            solution = _smooth(equations, p, value, state, piece, watched, is_held)
            begin = solution.t[-1]
            inside = (times > piece[0]) & (times <= begin)
            if inside.any():
                samples[:, inside] = solution.sol(times[inside])
            for times_of, found in zip(passed, solution.t_events, strict=True):
                times_of.append(found)
            state = solution.y[:, -1]
            if solution.status:  # a spike that resets
                state = np.array(equations.reset(p, *state), float)
                held = begin + getattr(p, "refractory", 0.0)
    found = [np.unique(np.concatenate(each)) for each in passed]  # one at the very end of a piece is found twice
    rises = [rise[rise > 0] for rise in found[::2]]  # a start on the threshold is no crossing
    return state, list(zip(rises, found[1::2], strict=True)), samples


def _smooth(equations, p, current, start, piece, watched, is_held):
    """A piece of time, in which the current is smooth; at its end, what counts is the current before.

    A spike that resets ends it.  Where the voltage is held, the other states go on.
    """
    from scipy.integrate import solve_ivp  # here: it takes longer to import than the rest of the package

    just_before = np.nextafter(piece[1], piece[0])

    def derivative(t, state):
        slopes = equations.derivative(p, current(min(t, just_before)), *state)
        return (0.0, *slopes[1:]) if is_held else slopes

    def event(row, level, direction):
        def crossing(t, state):
            return state[row] - level

        crossing.direction, crossing.terminal = direction, direction > 0 and hasattr(equations, "reset")
        return crossing

    events = []
    for one in watched:
        events += [event(one.row, one.threshold, 1), event(one.row, -np.inf if one.rearm is None else one.rearm, -1)]
    try:
        solution = solve_ivp(
            derivative, piece, start, "DOP853", events=events, dense_output=True, rtol=TOLERANCE, atol=TOLERANCE
        )
    except OverflowError:
        raise FloatingPointError("the model's formulas overflow: the state has run away") from None
    if not solution.success:
        raise FloatingPointError(f"SciPy gave up at t = {solution.t[-1]} ms: {solution.message}")
    return solution
