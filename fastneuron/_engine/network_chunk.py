"""A chunk of a network's run: under way on a team of threads, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._integrators import Chunk, take_sample_of_all
from .._kernel.team import Team
from ..network.delivery import Receivers
from ..network.epochs import LOST, Net, Stage, run_epochs
from ..network.exchange import Ranges
from ..network.in_step import InStep
from .labels import in_order, label_of, neuron_of
from .scheduler import ChunkResult, is_sampled_at_begin

if TYPE_CHECKING:
    from .network_scheduler import NetworkAtWork

CALL = 0.03  # seconds of a kernel call, so that Ctrl-C and progress are prompt
NOBODY = 2**62  # in place of the neuron that is no longer finite


class NetworkResult(NamedTuple):
    """What comes of a chunk: the result of each population, and where the whole network stands."""

    parts: dict[str, ChunkResult]  # of a source, its spikes and how many each train has had
    snapshot: dict[str, np.ndarray]
    release: Callable[[], None]


class NetworkChunkRun:
    """A chunk under way, and what has come of it so far."""

    def __init__(self, work: NetworkAtWork, chunk: Chunk, team: Team) -> None:
        self.work, self.chunk, self.team = work, chunk, team
        self.worth_starting = (chunk.last - chunk.first) * work.recipe.n >= work.worth_starting
        self.traces = {name: cell.population.room(chunk, []) for name, cell in work.cells.items()}
        self.take_first_samples()
        self.sums = [
            {name: cell.population.summary.sums(chunk.begin, chunk.end) for name, cell in work.cells.items()}
            for _ in range(team.threads)
        ]
        self.spikes: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in work.names}
        self.events = np.zeros(team.threads, np.int64)
        self.ranges = self._ranges()
        self.nets = [self._net(member) for member in range(team.threads)]

    def take_first_samples(self) -> None:
        """Take those of the chunk's begin."""
        for name, traces in self.traces.items():
            if not is_sampled_at_begin(self.work.recipe.parts[name], self.chunk):
                continue
            state = self.work.cells[name].population.problem.state
            take_sample_of_all(traces, state, 0, state.shape[1], 0)

    def limits(self) -> Iterator[tuple[int, int, int, int]]:
        """Of each range: its population, counted among those of neurons and among all, and its neurons."""
        work, cells = self.work, list(self.work.cells)
        for name, *limits in work.places:
            low, high = (limit - work.recipe.low_of(name) for limit in limits)
            yield cells.index(name), work.names.index(name), low, high

    def _ranges(self) -> Any:
        work = self.work
        rows = []
        for place, limits in zip(work.places, self.limits(), strict=True):
            low, traced = limits[2], self.traces[place.population].neuron
            rows.append((*limits, low * work.spikes_of_a_neuron, np.searchsorted(traced, low), 0))
        return Ranges(*np.array(rows, np.int64).T.copy())

    def _cells(self, member: int) -> tuple[Any, ...]:
        """The populations as the kernel of a member wants them."""
        work = self.work
        return tuple(
            cell.cells(self.traces[name], self.sums[member][name].statistics) for name, cell in work.cells.items()
        )

    def _net(self, member: int) -> Net:
        work = self.work
        senders = np.array([work.names.index(name) for name in work.trains], np.int64)
        return Net(
            cells=self._cells(member),
            trains=tuple(work.trains.values()),
            senders=senders,
            ranges=self.ranges,
            routes=work.wired.routes,
            anew=tuple(work.anew()),
            receivers=self._receivers(),
            flight=work.flight,
            in_step=InStep(stages=work.recipe.chosen.stages)  # type: ignore[call-arg]
            if work.recipe.network.couplings
            else (),
        )

    def _receivers(self) -> Any:
        rows = [
            (box.ctypes.data, box.shape[1], box.shape[2], table.ctypes.data, table.shape[0], table.shape[1])
            for cell in self.work.cells.values()
            for box, table in ((cell.inbox[name], cell.kinetics[name].table) for name in cell.inbox)
        ]
        columns = np.array(rows, np.int64).reshape(len(rows), 6).T.copy()
        return Receivers(*columns, self.work.epoch)  # type: ignore[call-arg]

    def advance(self, on_progress: Callable[[float], None]) -> NetworkResult:
        """Take the network through the chunk."""
        work, chunk, dt = self.work, self.chunk, self.work.recipe.dt
        step = chunk.first
        while step < chunk.last:
            room = work.flight.step.shape[1] - work.margin
            stage = Stage(step, min(step + work.stride, chunk.last), work.epoch, dt, room)
            begin = time.perf_counter()
            reached = self._run(stage) if work.ranks is None else self._run_apart(stage)
            took = time.perf_counter() - begin
            self._collect()
            work.prune(reached)
            self._make_room(room)
            on_progress((reached - step) * dt * work.recipe.n)
            done, ratio = reached - step, min(max(CALL / max(took, 1e-6), 0.5), 2.0)
            if ratio < 1 or done >= work.stride:  # the rest of a chunk does not say what takes as long as it may
                work.stride = max(int(done * ratio) // work.epoch, 1) * work.epoch
            step = reached
        return self._result()

    def _run(self, stage: Stage) -> int:
        """Some epochs in a call of the kernel; the step that they have come to."""
        reached = self.team.run(
            lambda member, words, members: run_epochs(words, members, member, self.nets[member], stage, self.events),
            self.worth_starting,
        )[0]
        if self.ranges.spiked[0] == LOST:
            raise RuntimeError("a source had more spikes than there was room for: please report this")
        if self.work.ranks is None:
            self._check(self._lost(), reached, stage)
        return reached

    def _run_apart(self, stage: Stage) -> int:
        """The same with other processes: a call for each epoch, and behind each all spikes go to all."""
        for first in range(stage.first, stage.last, stage.epoch):
            part = stage._replace(first=first, last=min(first + stage.epoch, stage.last))
            before = self.work.flight.count.copy()
            self._run(part)
            self._check(self.work.exchange(before, part, self._lost()), first, part)
            self._renew_flight()
        return stage.last

    def _make_room(self, room: int) -> None:
        if self.work.flight.count.max(initial=0) > room // 2:
            self.work._flight(2 * self.work.flight.step.shape[1])
        self._renew_flight()

    def _renew_flight(self) -> None:
        if self.nets[0].flight is not self.work.flight:
            self.nets = [net._replace(flight=self.work.flight) for net in self.nets]

    def _lost(self) -> int:
        """The first neuron that is no longer finite, its sender's number above 32 bits of its own; or `NOBODY`."""
        ranges = self.ranges
        if ranges.spiked.min() >= 0:
            return NOBODY
        r = int(np.flatnonzero(ranges.spiked < 0)[0])
        neuron = self.work.recipe.low_of(self.work.places[r].population) - 1 - int(ranges.spiked[r])
        return int(ranges.sender[r]) << 32 | neuron

    def _check(self, lost: int, reached: int, stage: Stage) -> None:
        if lost != NOBODY:
            name, last = self.work.names[lost >> 32], min(reached + stage.epoch, stage.last)
            raise FloatingPointError(
                f"neuron {lost % 2**32} of {name!r} blew up: its state is no longer finite between "
                f"t = {reached * stage.dt:.12g} and {last * stage.dt:.12g} ms; dt = {stage.dt:g} ms is probably too "
                "large for its parameters, or its synapses are too strong"
            )

    def _collect(self) -> None:
        """Take the spikes that have come into flight, to their populations' summaries too."""
        work = self.work
        for number, name in enumerate(work.names):
            new = slice(int(work.taken[number]), int(work.flight.count[number]))
            label, watched = work.flight.source[number, new].copy(), int(work.watched[number])
            moment = (work.flight.step[number, new] + work.flight.fraction[number, new]) * work.recipe.dt
            work.taken[number] = new.stop
            cell = work.cells.get(name)
            if work.ranks is not None and name not in work.trains:
                low = work.recipe.low_of(name)
                neuron = neuron_of(label, watched)
                mine = (low <= neuron) & (neuron < low + (0 if cell is None else cell.recipe.n))
                label, moment = label[mine] - label_of(low, 0, watched), moment[mine]
            if name in work.trains:
                work.sent[name] += np.bincount(label, minlength=work.sent[name].size)
            elif cell is not None:
                cell.population.summary.take_spikes(self.sums[0][name], label, moment)
            if work.recipe.spike_times:
                self.spikes[name].append((label, moment))

    def _result(self) -> NetworkResult:
        work = self.work
        for name, cell in work.cells.items():
            cell.population.take_current(self.traces[name], 0, cell.recipe.n)
            for sums in self.sums:
                cell.population.summary.add(sums[name])
        snapshot = work.snapshot(self.chunk.limit == np.inf)
        parts = {}
        for name in (*work.cells, *work.trains):
            mine = {key: array for key, array in _behind(f"{name}/", snapshot) if not key.startswith("flight.")}
            samples = self.traces[name].out if name in self.traces else np.empty((0, 0, 0))
            watched = int(work.watched[work.names.index(name)])
            parts[name] = ChunkResult(samples, *_in_order(self.spikes[name], watched), mine, _nothing)
        return NetworkResult(parts, snapshot, _nothing)


def _behind(prefix: str, arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays whose names begin so, by the rest of their names."""
    return ((name.removeprefix(prefix), array) for name, array in arrays.items() if name.startswith(prefix))


def _in_order(pieces: list[tuple[np.ndarray, np.ndarray]], watched: int) -> tuple[np.ndarray, np.ndarray]:
    """Spikes by neuron, then time, where so many states are watched.  The pieces are gone then."""
    label = np.concatenate([np.empty(0, np.int64), *(piece[0] for piece in pieces)])
    moment = np.concatenate([np.empty(0), *(piece[1] for piece in pieces)])
    pieces.clear()
    return in_order(label, moment, watched)


def _nothing() -> None:
    """What there is to release of samples that are not filled again."""
