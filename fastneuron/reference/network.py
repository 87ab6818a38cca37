"""Networks by SciPy's DOP853: all neurons in one system, anew from each spike and from each of its arrivals."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from . import couplings, currents, receptors
from .simulate import TOLERANCE, Run, _equations, _level, _spikes, _watched

APART = 1e-9  # ms and mV: nearer than this, two crossings of a state are one, and neurons cross together


@dataclass
class Watch:
    """A state of a neuron that spikes, what a spike of it is, and what it has done."""

    row: int
    threshold: float
    refractory: float
    rearm: float | None
    crossed: float = -np.inf  # when it last did
    armed: bool = True  # whether it has been below `rearm` since the last spike
    spikes: list[float] = field(default_factory=list)

    def counts(self, t):
        """Whether a crossing at t is a spike."""
        return self.armed and (not self.spikes or t - self.spikes[-1] >= self.refractory)


@dataclass
class Neuron:
    """One neuron: its equations, what drives it, and what it has done."""

    equations: Any
    p: SimpleNamespace
    drive: Any  # a function of time
    names: list[str]
    start: list[float]
    watched: list[Watch]
    receptors: dict[str, Any]
    held: float = -np.inf  # until when the voltage is where a reset has put it
    is_held: bool = False
    coupled: list[tuple[Any, float, int]] = field(default_factory=list)  # current(V, state), weight, and the sender

    def slope(self, t, state, everybody):
        """The derivative of its state, `everybody` being the states of all."""
        total = self.drive(t)
        for current, weight, sender in self.coupled:
            total += weight * current(state[0], everybody[sender])
        for receptor in self.receptors.values():
            total += receptor.current(state[0], receptor.at(t))
        slopes = self.equations.derivative(self.p, total, *state)
        return (0.0, *slopes[1:]) if self.is_held else slopes


class System:
    """All neurons of a network, one after the other in one vector."""

    def __init__(self, neurons: list[Neuron]) -> None:
        self.neurons = neurons
        ends = np.cumsum([0] + [len(neuron.start) for neuron in neurons])
        self.slices = [slice(*pair) for pair in itertools.pairwise(ends)]
        self.watched = [(k, one, ends[k] + one.row) for k, neuron in enumerate(neurons) for one in neuron.watched]
        self.choosy = [one for _, one, _ in self.watched if one.rearm is not None]

    def derivative(self, t, state):
        """Of all."""
        everybody = [state[part].tolist() for part in self.slices]
        return np.concatenate(
            [neuron.slope(t, mine, everybody) for neuron, mine in zip(self.neurons, everybody, strict=True)]
        )

    def events(self):
        """An upward crossing of each threshold ends a piece; falls below `rearm` come behind them."""

        def event(one, place):
            def crossing(t, state):
                return state[place] - one.threshold if t > one.crossed + APART else 1.0

            crossing.direction, crossing.terminal = 1, True
            return crossing

        def fall(one, place):
            def falling(t, state):
                return state[place] - one.rearm

            falling.direction = -1
            return falling

        falls = [fall(one, place) for _, one, place in self.watched if one.rearm is not None]
        return [event(one, place) for _, one, place in self.watched] + falls

    def crossing(self, solution):
        """Which states have crossed where a piece ends, and of whom: SciPy names one of those that do so together."""
        before, after = solution.y[:, 0], solution.y[:, -1]
        found = []
        for (k, one, place), times in zip(self.watched, solution.t_events, strict=False):
            below, away = before[place] < one.threshold - APART, abs(after[place] - one.threshold)
            if times.size or (below and away <= APART):
                found.append((k, one))
        return found


def simulate(
    net: Any,
    duration: float,
    dt: float = 0.05,
    initial: Mapping[str, Any] | None = None,
    record: Any = None,
    every: int = 1,
) -> dict[str, Run]:
    """The runs of a network's populations, by name; the arguments are those of `fastneuron.reference.simulate`."""
    neurons, places = {}, []
    for name, group in net.populations.items():
        if hasattr(group, "model"):
            neurons[name] = _neurons(name, group, (initial or {}).get(name, {}), duration)
            places += [(name, i) for i in range(len(group))]
    system = System([one for members in neurons.values() for one in members])
    number = {place: k for k, place in enumerate(places)}
    _couple(net, number, system)
    outgoing, arrivals = _synapses(net, number, duration, dt)
    edges = sorted({float(t) for one in system.neurons for t in one.drive.edges if 0 < t < duration})
    names = [] if record is None else [record] if isinstance(record, str) else list(record)
    time = np.arange(0, round(duration / dt) + 1, every) * dt if names else np.empty(0)
    end, samples = _solve(system, outgoing, arrivals, edges, duration, time, names)
    return {
        name: _run(members, number[name, 0], system, duration, dt, end, samples, time)
        for name, members in neurons.items()
    }


def _neurons(name, group, given, duration):
    """A population's neurons."""
    if group.noise is not None:
        raise NotImplementedError("there is no reference for noise")
    equations = _equations(group.model)
    states = list(group.model.states)
    level = None if not isinstance(group.threshold, Mapping) and np.isnan(group.threshold) else group.threshold
    watched = _watched(group.model, level, group.refractory, group.rearm)
    if unknown := set(given) - set(states) - set(group.receptors):
        raise ValueError(f"initial[{name!r}] must be of {', '.join(states)}; got {', '.join(sorted(unknown))}")
    found = []
    for i in range(len(group)):
        one = SimpleNamespace(**{key: _of(value, i) for key, value in group.model.parameters.items()})
        V = _of(given.get("V", equations.INITIAL_V), i)
        start = {"V": V, **equations.initial(V, one)} | {key: _of(given[key], i) for key in given if key in states}
        kinds = {}
        for key, receptor in group.receptors.items():
            p = SimpleNamespace(**{word: _of(value, i) for word, value in receptor.parameters.items()})
            kinds[key] = receptors.KINDS[type(receptor).__name__](p)
            if key in given:
                if type(kinds[key]).__base__ is not object and "tau" not in vars(p):
                    raise NotImplementedError("there is no reference for the begin of a conductance that rises")
                kinds[key].g = _of(given[key], i)
        found.append(
            Neuron(
                equations=equations,
                p=one,
                drive=_Drive(*currents.of_neuron(group.current, i, duration)),
                names=list(states),
                start=[start[key] for key in states],
                watched=[
                    Watch(each.row, _level(each, equations, one), each.refractory, each.rearm) for each in watched
                ],
                receptors=kinds,
            )
        )
    return found


class _Drive:
    """A current as a function of time, and its jumps and kinks."""

    def __init__(self, value, edges):
        self.value, self.edges, self.last = value, edges, np.inf

    def __call__(self, t):
        return self.value(min(t, self.last))  # at the end of a piece, what counts is the current before


def _of(value, i):
    """What one neuron has of a value for all or one each."""
    value = np.asarray(value, float)
    return float(value if value.ndim == 0 or value.size == 1 else value[i])


def _synapses(net, number, duration, dt):
    """Synapses by source, and the arrivals of the spikes of what is no neuron, in order of time."""
    outgoing: dict[Any, list[tuple[float, int, str, float]]] = {}
    for k, projection in enumerate(net.projections):
        found = net.connections(k)
        weight, delay = (np.broadcast_to(value, found.pre.shape) for value in (found.weight, found.delay))
        pre, post = (net.name_of(end.population) for end in (projection.pre, projection.post))
        for i, j, w, d in zip(found.pre, found.post, weight, delay, strict=True):
            source = pre, int(projection.pre.indices[i])
            target = number[post, int(projection.post.indices[j])]
            outgoing.setdefault(number.get(source, source), []).append(
                (float(d), target, projection.receptor, float(w))
            )
    arrivals: list[tuple[float, int, str, float]] = []
    for name, group in net.populations.items():
        if not hasattr(group, "model"):
            for i, t in zip(*net.source_spikes(name, duration, dt), strict=True):
                arrivals += [(float(t) + d, *rest) for d, *rest in outgoing.get((name, int(i)), [])]
    heapq.heapify(arrivals)
    return outgoing, arrivals


def _couple(net, number, system):
    """Let neurons feel each other without delay."""
    for coupling in net.couplings:
        found = net.connections(coupling.declared)
        weight = np.broadcast_to(found.weight, found.pre.shape)
        ends = [(net.name_of(end.population), end) for end in (coupling.pre, coupling.post)]
        for i, j, w in zip(found.pre, found.post, weight, strict=True):
            places = [number[name, int(end.indices[k])] for k, (name, end) in zip((i, j), ends, strict=True)]
            for sender, receiver in (places, places[::-1])[: 1 + coupling.both_ways]:
                current = couplings.current(coupling.kind, system.neurons[sender].names)
                system.neurons[receiver].coupled.append((current, float(w), sender))


def _solve(system, outgoing, arrivals, edges, duration, time, names):
    """Piece by piece: the final state, and the samples of each neuron by name."""
    state = np.concatenate([neuron.start for neuron in system.neurons]).astype(float)
    samples = {name: np.full((len(system.neurons), time.size), np.nan) for name in names}
    _sample(system, samples, time, lambda t: np.outer(state, np.ones(np.size(t))), time == 0)
    t, events = 0.0, system.events()
    while t < duration:
        ends = [neuron.held for neuron in system.neurons if neuron.held > t]
        stop = min([duration, *ends, *(edge for edge in edges if edge > t), *(one[0] for one in arrivals[:1])])
        if stop > t:
            for neuron in system.neurons:
                neuron.drive.last, neuron.is_held = np.nextafter(stop, t), neuron.held > t
            solution = _smooth(system, state, t, stop, events)
            reached = float(solution.t[-1])
            _sample(system, samples, time, solution.sol, (time > t) & (time <= reached))
            state, t = solution.y[:, -1].copy(), reached
            for one, falls in zip(system.choosy, solution.t_events[len(system.watched) :], strict=True):
                one.armed |= falls.size > 0
            for k, one in system.crossing(solution) if solution.status == 1 else []:
                _spike(system, k, one, state, t, outgoing, arrivals)
        while arrivals and arrivals[0][0] <= t:
            _arrive(system, heapq.heappop(arrivals), state, t, outgoing, arrivals)
    return state, samples


def _smooth(system, state, begin, end, events):
    """One piece of time, in which nothing arrives and no current jumps; it ends early where a neuron crosses."""
    from scipy.integrate import solve_ivp  # here: it takes longer to import than the rest of the package

    solution = solve_ivp(
        system.derivative,
        (begin, end),
        state,
        "DOP853",
        events=events,
        dense_output=True,
        rtol=TOLERANCE,
        atol=TOLERANCE,
    )
    if solution.status < 0:
        raise FloatingPointError(f"SciPy gave up at t = {solution.t[-1]} ms: {solution.message}")
    return solution


def _spike(system, k, one, state, t, outgoing, arrivals):
    """A state of a neuron that is watched crosses its threshold."""
    neuron, mine = system.neurons[k], system.slices[k]
    one.crossed = t
    if hasattr(neuron.equations, "reset"):
        state[mine] = neuron.equations.reset(neuron.p, *state[mine])
        neuron.held = t + getattr(neuron.p, "refractory", 0.0)
    if one.counts(t):
        one.spikes.append(t)
        one.armed = one.rearm is None
        for delay, *rest in outgoing.get(k, []):
            heapq.heappush(arrivals, (t + delay, *rest))


def _arrive(system, arrival, state, t, outgoing, arrivals):
    """A spike reaches its target."""
    _, k, name, weight = arrival
    neuron, first = system.neurons[k], system.slices[k].start
    receptor = neuron.receptors[name]
    if isinstance(receptor, receptors.Delta) and t < neuron.held:
        return  # the voltage is held
    if isinstance(receptor, receptors.Delta):
        before = state[first]
        state[first] += weight
        for one in [one for one in neuron.watched if one.row == 0]:
            one.armed |= one.rearm is not None and state[first] < one.rearm
            if before < one.threshold <= state[first]:
                _spike(system, k, one, state, t, outgoing, arrivals)
    else:
        receptor.spike(t, weight)


def _sample(system, samples, time, solution, chosen):
    """What is recorded at the chosen times."""
    if not samples or not chosen.any():
        return
    states = solution(time[chosen])
    for k, (neuron, part) in enumerate(zip(system.neurons, system.slices, strict=True)):
        for name, rows in samples.items():
            if name in neuron.names:
                rows[k, chosen] = states[part][neuron.names.index(name)]
            elif name in neuron.receptors:
                rows[k, chosen] = [neuron.receptors[name].at(t) for t in time[chosen]]


def _run(members, number, system, duration, dt, end, samples, time):
    """The run of one population, whose first neuron has that number."""
    watched = [one.row for one in members[0].watched]
    spikes = [sorted((t, k) for k, each in enumerate(one.watched) for t in each.spikes) for one in members]
    places = range(number, number + len(members))
    state = np.array([end[system.slices[k]] for k in places])
    conductances = {
        name: np.array([one.receptors[name].at(duration) for one in members]) for name in members[0].receptors
    }
    return Run(
        duration=float(duration),
        dt=float(dt),
        spike_count=np.array(list(map(len, spikes))),
        spikes=_spikes(spikes, tuple(members[0].names[row] for row in watched)),
        state=dict(zip(members[0].names, state.T, strict=True)) | conductances,
        time=time,
        neurons=np.arange(len(members)),
        traces={
            name: rows[places] for name, rows in samples.items() if name in (*members[0].names, *members[0].receptors)
        },
    )
