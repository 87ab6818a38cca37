"""A circuit solved by SciPy: its cells, in textbook form, and what passes between them are one system of equations."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from math import tanh
from types import SimpleNamespace
from typing import Any

import numpy as np

from . import currents
from .simulate import TOLERANCE, Run, Spikes, _equations, _sample_times, threshold_of


def gap_junction(p: Any, V: float, x: float) -> float:
    """The current through a resistance between two voltages."""
    return x - V


def graded(p: Any, V: float, x: float) -> float:
    """Skinner, Kopell & Marder (1994), J Comput Neurosci 1:69."""
    return (1 + tanh((x - p.half) / p.slope)) / 2 * (p.E - V)


def state_coupled(p: Any, V: float, x: float) -> float:
    """Wang & Rinzel (1992), Neural Comput 4:84: the state is the part that is open."""
    return x * (p.E - V)


KINDS = {"GapJunction": gap_junction, "Graded": graded, "StateCoupled": state_coupled}  # by the name of the class


def simulate(model: Any, duration: float, current: Any, initial: Any, times: Any, threshold: Any) -> Run:
    """`reference.simulate` of circuits: `times` is (what to sample, which circuits, the step, every how many)."""
    record, neurons, step, every = times
    names, wanted = list(model.states), dict(initial or {})
    if unknown := set(wanted) - set(names):
        raise ValueError(f"initial must be of {', '.join(names)}; got {', '.join(sorted(unknown))}")
    recorded = [] if record is None else [record] if isinstance(record, str) else list(record)
    time = _sample_times(duration, step, every) if recorded else np.empty(0)
    given = _by_cell(model, current)
    n = max(np.size(value) for value in [*model.parameters.values(), *wanted.values(), *map(_width, given.values())])
    end, samples = np.empty((len(names), n)), np.empty((len(names), n, time.size))
    spikes: dict[str, list[np.ndarray]] = {f"{cell}.{_voltage(one)}": [] for cell, one in model.cells.items()}
    for i in range(n):
        system = _System(model, i, given, wanted, duration)
        levels = [_level(threshold, name, cell) for name, cell in zip(spikes, system.cells, strict=True)]
        end[:, i], crossings, samples[:, i] = _solve(system, duration, levels, time)
        for name, found in zip(spikes, crossings, strict=True):
            spikes[name].append(found)
    counts = {name: np.array([times.size for times in each]) for name, each in spikes.items()}
    chosen = np.arange(n) if neurons is None else np.atleast_1d(np.arange(n)[neurons])
    return Run(
        duration=float(duration),
        dt=float(step),
        spike_count=np.sum(list(counts.values()), axis=0),
        spikes={  # type: ignore[arg-type]
            name: Spikes(np.repeat(np.arange(n), counts[name]), np.concatenate(each)) for name, each in spikes.items()
        },
        state=dict(zip(names, end, strict=True)),
        time=time,
        neurons=chosen,
        traces={name: samples[names.index(name), chosen] for name in recorded},
    )


def _by_cell(model: Any, current: Any) -> dict[str, Any]:
    """What is injected into each cell: the same into all, unless it is by cell."""
    if not isinstance(current, Mapping):
        return dict.fromkeys(model.cells, current)
    return {name: current.get(name, 0.0) for name in model.cells}


def _width(current: Any) -> np.ndarray:
    """As many values as there are circuits with currents of their own."""
    return (
        np.empty(current.size)
        if hasattr(current, "parameters") or hasattr(current, "parts")
        else np.atleast_1d(current)
    )


def _voltage(cell: Any) -> str:
    return next(iter(cell.states))


def _level(threshold: Any, name: str, cell: Any) -> float:
    if isinstance(threshold, Mapping):
        return float(threshold.get(name, np.inf))
    return float(threshold_of(cell.equations, cell.p) if threshold is None else threshold)


def _number(values: Any, i: int) -> float:
    """The value of circuit i."""
    flat = np.ravel(values)
    return float(flat[i if flat.size > 1 else 0])


class _System:
    """Circuit i: its cells with their parameters and currents, and the links between them."""

    def __init__(
        self, model: Any, i: int, given: Mapping[str, Any], wanted: Mapping[str, Any], duration: float
    ) -> None:
        self.cells, first, self.start = [], 0, []
        self.edges: set[float] = set()
        for name, cell in model.cells.items():
            equations = _equations(cell)
            p = SimpleNamespace(**{one: _number(value, i) for one, value in cell.parameters.items()})
            value, edges = _current(given[name], i, duration)
            self.edges |= {float(edge) for edge in edges}
            self.cells.append(
                SimpleNamespace(equations=equations, p=p, first=first, size=len(cell.states), current=value)
            )
            own = {state: _number(wanted[f"{name}.{state}"], i) for state in cell.states if f"{name}.{state}" in wanted}
            V = own.get(_voltage(cell), equations.INITIAL_V)
            start = {_voltage(cell): V, **equations.initial(V, p), **own}
            self.start += [start[state] for state in cell.states]
            first += len(cell.states)
        self.links = [link for coupling in model.couplings for link in self._links(model, coupling, i)]

    def _links(self, model: Any, coupling: Any, i: int) -> Any:
        """From which state, into which cell, how strong, by which formula: of a coupling, in each of its directions."""
        cells, kind = list(model.cells), coupling.kind
        p = SimpleNamespace(**{one: _number(value, i) for one, value in kind.parameters.items()})
        package = __name__.partition(".")[0]
        own = type(kind).__module__.partition(".")[0] == package and KINDS.get(type(kind).__name__)
        formula = own or _of_kind(kind)
        for pre, post in [(coupling.pre, coupling.post), (coupling.post, coupling.pre)][: 1 + coupling.symmetric]:
            states = list(model.cells[pre].states)
            place = states.index(kind.reads) if kind.reads else 0
            source = self.cells[cells.index(pre)].first + place
            yield source, cells.index(post), _number(coupling.weight, i), lambda V, x: formula(p, V, x)

    def derivative(self, t: float, state: Any) -> list[float]:
        """The derivative of all states."""
        total = [cell.current(t) for cell in self.cells]
        for source, post, weight, formula in self.links:
            total[post] += weight * formula(state[self.cells[post].first], state[source])
        slopes: list[float] = []
        for cell, I in zip(self.cells, total, strict=True):
            slopes += cell.equations.derivative(cell.p, I, *state[cell.first : cell.first + cell.size])
        return slopes


def _of_kind(kind: Any) -> Any:
    """A user's own kind of coupling: its own formulas, in plain Python."""
    prepare, sent, current = (
        getattr(formula, "py_func", formula) for formula in (kind.prepare, kind.sent, kind.current)
    )

    def formula(p: Any, V: float, x: float) -> float:
        prepared = prepare(p)
        return current(V, sent(x, prepared), prepared)

    return formula


def _current(given: Any, i: int, duration: float) -> Any:
    """What is injected into circuit i, a function of time, and when it is not smooth."""
    if hasattr(given, "parameters") or hasattr(given, "parts"):
        return currents.of_neuron(given, i, duration)
    return currents.constant(_number(given, i))


def _solve(system: _System, duration: float, levels: list[float], times: np.ndarray) -> Any:
    """One circuit: its final state, when each cell's voltage rises through its level, its states at `times`."""
    from scipy.integrate import solve_ivp  # here: it takes longer to import than the rest of the package

    def event(cell: Any, level: float) -> Any:
        def crossing(t: float, state: Any) -> float:
            return state[cell.first] - level

        crossing.direction = 1  # type: ignore[attr-defined]
        return crossing

    events = [event(cell, min(level, 1e9)) for cell, level in zip(system.cells, levels, strict=True)]
    stops = [0.0, *sorted(edge for edge in system.edges if 0 < edge < duration), float(duration)]
    state, samples = np.array(system.start), np.outer(system.start, np.ones(times.size))
    crossings: list[list[np.ndarray]] = [[np.empty(0)] for _ in levels]
    for begin, end in itertools.pairwise(stops):  # the integrator never sees a jump or a kink
        just_before = np.nextafter(end, begin)
        solution = solve_ivp(
            lambda t, y, last=just_before: system.derivative(min(t, last), y),
            (begin, end), state, "DOP853", events=events, dense_output=True, rtol=TOLERANCE, atol=TOLERANCE,
        )  # fmt: skip
        if not solution.success:
            raise FloatingPointError(f"SciPy gave up at t = {solution.t[-1]} ms: {solution.message}")
        inside = (times > begin) & (times <= end)
        if inside.any():
            samples[:, inside] = solution.sol(times[inside])
        for each, found in zip(crossings, solution.t_events, strict=True):
            each.append(found)
        state = solution.y[:, -1]
    unique = [np.unique(np.concatenate(each)) for each in crossings]
    return state, [found[found > 0] for found in unique], samples
