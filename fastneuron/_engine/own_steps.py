"""A network at work whose neurons have steps of their own: as `NetworkAtWork`, but for what its kernel wants.

Chunks end at a sample, epochs do not: a chunk goes on to the end of its last epoch, and hands the samples behind its
end to the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._integrators import Chunk
from .._integrators.adaptive import choose_block, take_last_sample
from .._integrators.controller import Tolerance
from .._kernel.team import Team
from ..models.watched import Watched
from ..network.lists import Lists
from ..network.own_steps import LOST, CellsInOwnSteps, Outbox, Ranges, Stage, run_in_own_steps
from ..receptors.agenda import NOTHING, Agenda
from ..receptors.arrivals import Inbox, begin, source
from .coupled import SEVERAL
from .network_chunk import NOBODY, NetworkChunkRun, NetworkResult
from .network_recipe import NetworkRecipe
from .network_scheduler import NetworkAtWork
from .ranks import Ranks
from .recipe import Recipe
from .scheduler import PopulationAtWork

LONGEST = 200  # steps dt of an epoch at most, where all delays are long: what other processes are sent counts to 255
PLACES = 1_024  # arrivals of an epoch that a range has room for at first
ROOM = 1_024  # spikes of an epoch that a range has room for at first
SPARE = 256  # of these, at least, for a call: some blocks' full


NO_LISTS = np.empty(0, np.int64), np.empty(0)  # each range has some of its own


def _outbox(one: Watched, number: int, count: np.ndarray, counted: np.ndarray, armed: np.ndarray) -> Outbox:
    return Outbox(  # type: ignore[call-arg]
        one.threshold, one.refractory, one.arming, counted, armed, count, *NO_LISTS
    )  # fmt: skip


class CoupledInOwnSteps:
    """A population at work in a network, whose neurons have steps of their own."""

    def __init__(self, recipe: Recipe, samples: int) -> None:
        self.recipe, self.population = recipe, PopulationAtWork(recipe)
        self.lanes = choose_block(max(recipe.n, SEVERAL))
        self.conductance = {
            name: begin(receptor, recipe.n, recipe.initial[name]) for name, receptor in recipe.receptors.items()
        }
        self.inboxes: list[Inbox] = []
        self.ahead = np.zeros((len(recipe.sampled), samples, recipe.neurons.size))

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array that changes, by name; the last axis is the neurons, but for what is summed over them."""
        arrays = self.population.arrays()
        arrays |= {f"conductance.{name}": state for name, state in self.conductance.items() if len(state)}
        return arrays | ({"ahead": self.ahead} if self.ahead.size else {})

    def neurons(self) -> Any:
        """The population as a kernel wants it."""
        recipe, alone = self.recipe, self.population.problem.neurons
        synapses = tuple(
            source(receptor, recipe.n, inbox, self.conductance[name])
            for inbox, (name, receptor) in zip(self.inboxes, recipe.receptors.items(), strict=True)
        )
        return alone._replace(
            state_type=(0.0,) * len(recipe.states),
            variables_type=(0.0,) * len(recipe.variables),
            sources=self.population.problem.behind(synapses),
        )

    def cells(self, steps: int, traces: Any, statistics: Any) -> CellsInOwnSteps:
        """The population in a run of so many steps dt, and what its kernel needs beside it."""
        recipe, problem = self.recipe, self.population.problem
        return CellsInOwnSteps(  # type: ignore[call-arg]
            method=recipe.chosen.tag,
            lanes=self.lanes,
            neurons=self.neurons(),
            tolerance=Tolerance(recipe.rtol, recipe.atol),
            steps=steps,
            duration=recipe.duration,
            outbox=problem.watching(_outbox, *NO_LISTS),
            traces=traces,
            statistics=statistics,
        )


class NetworkInOwnSteps(NetworkAtWork):
    """The arrays of a network whose neurons have steps of their own, which change as it goes on."""

    worth_starting = 5_000

    @property
    def longest_epoch(self) -> int:
        """Steps dt that an epoch has at most."""
        return LONGEST

    @property
    def spikes_of_a_neuron(self) -> int:
        """Nobody knows how many there are in an epoch: room is made as they come."""
        return 0

    @property
    def steps(self) -> int:
        """Steps dt of the run."""
        return round(self.recipe.duration / self.recipe.dt)

    def couple(self) -> dict[str, Any]:
        """The populations at work, by name."""
        ahead = int(self.epoch * self.recipe.dt / self.recipe.interval) + 2
        cells = {name: CoupledInOwnSteps(part, ahead) for name, part in self.recipe.parts.items()}
        self.make_places(cells, PLACES)
        return cells

    def make_places(self, cells: dict[str, Any], places: int) -> None:
        """Make lists for all receptors, with so many places for each range; they are empty."""
        owners = [(k, cell) for k, cell in enumerate(cells.values()) for _ in cell.recipe.receptors]
        first = np.cumsum([0, *(cell.recipe.n for _, cell in owners)])
        total, lists = places * len(self.places), int(first[-1])
        agenda = Agenda(
            np.full(lists, NOTHING, np.int64), np.full(lists, NOTHING, np.int64), np.empty(total, np.int64),
            np.empty(total), np.empty(total),
        )  # fmt: skip
        self.lists = Lists(  # type: ignore[call-arg]
            agenda=agenda,
            first=first[:-1],
            cells=np.array([k for k, _ in owners], np.int64),
            used=np.zeros(len(self.places), np.int64),
            places=places,
        )
        for k, cell in enumerate(cells.values()):
            cell.inboxes = [Inbox(agenda, int(first[j])) for j, (owner, _) in enumerate(owners) if owner == k]

    def chunk_run(self, chunk: Chunk, team: Team) -> NetworkChunkRun:
        """A chunk of its run, to be carried out."""
        return ChunkInOwnSteps(self, chunk, team)

    def exchange(self, before: np.ndarray, stage: Any, lost: int) -> int:
        """As for fixed steps, once there is room for the spikes that leave."""
        outgoing, everybody = self._outgoing
        count = int((self.flight.count - before).sum())
        if count > outgoing.code.size:
            outgoing = outgoing._replace(code=np.empty(2 * count, np.int64), fraction=np.empty(2 * count))
            self._outgoing = outgoing, everybody
        return super().exchange(before, stage, lost)

    def end_of(self, step: int) -> float:
        """When the step before a step ends, ms."""
        return self.recipe.duration if step >= self.steps else step * self.recipe.dt

    def reached(self, moment: float) -> int:
        """The step at which the first epoch ends that reaches a moment (ms), or with which the run does."""
        number = max(int(min(moment / self.recipe.dt, self.steps) / self.epoch) - 1, 0)
        while number * self.epoch < self.steps and self.end_of(number * self.epoch) < moment:
            number += 1
        return min(number * self.epoch, self.steps)

    def samples(self, step: int) -> int:
        """How many samples have been taken at a step; the first is the begin of the run."""
        number = int(self.end_of(step) / self.recipe.interval) + 2
        while number > 1 and (number - 1) * self.recipe.interval > self.end_of(step):
            number -= 1
        return min(number, self.recipe.samples)


class ChunkInOwnSteps(NetworkChunkRun):
    """A chunk under way, and what has come of it so far."""

    work: NetworkInOwnSteps

    def __init__(self, work: NetworkInOwnSteps, chunk: Chunk, team: Team) -> None:
        first, last = work.reached(chunk.begin * work.recipe.interval), work.reached(chunk.limit)
        taken = chunk.end if chunk.limit == np.inf else max(work.samples(last), chunk.end)
        self.end = chunk.end
        self.progress = np.zeros(1, np.int64)
        super().__init__(work, chunk._replace(first=first, last=last, end=taken), team)

    def take_first_samples(self) -> None:
        """Take those of the run's begin, or those that the chunk before has taken already."""
        if self.chunk.begin == 0:
            super().take_first_samples()
            return
        count = min(self.work.samples(self.chunk.first), self.chunk.end) - self.chunk.begin
        for name, traces in self.traces.items():
            ahead = self.work.cells[name].ahead
            traces.out[: len(ahead), :, :count] = ahead[:, :count].transpose(0, 2, 1)

    def _ranges(self) -> Ranges:
        rows = np.array([(*limits, 0, -1, 0) for limits in self.limits()], np.int64)
        room = len(rows), ROOM * int(self.work.watched.max())
        return Ranges(*rows.T.copy(), np.empty(room, np.int64), np.empty(room))  # type: ignore[call-arg]

    def _cells(self, member: int) -> tuple[Any, ...]:
        return tuple(
            cell.cells(self.work.steps, self.traces[name], self.sums[member][name].statistics)
            for name, cell in self.work.cells.items()
        )

    def _receivers(self) -> Lists:
        return self.work.lists

    def _run(self, stage: Any) -> int:
        """Some epochs, or a part of one, in a call of the kernel; the step that they have come to."""
        own = Stage(*stage[:4], bool(self.progress[0]), self.work.margin)  # type: ignore[call-arg]
        reached = self.team.run(
            lambda member, words, members: run_in_own_steps(
                words, members, member, self.nets[member], own, self.progress
            ),
            self.worth_starting,
        )[0]
        if self.progress[0] == LOST:
            raise RuntimeError("a source had more spikes than there was room for: please report this")
        if self.work.ranks is None:
            self._check(self._lost(), reached, stage)
        return reached

    def _run_apart(self, stage: Any) -> int:
        """The same with other processes: epoch by epoch, and behind each all spikes go to all."""
        for first in range(stage.first, stage.last, stage.epoch):
            part = stage._replace(first=first, last=min(first + stage.epoch, stage.last))
            before = self.work.flight.count.copy()
            while self._run(part) < part.last and self._lost() == NOBODY:
                self._make_room(0)
            self._check(self.work.exchange(before, part, self._lost()), first, part)
            self._renew_flight()
        return stage.last

    def _lost(self) -> int:
        """The first neuron that cannot go on, once all have come as far as they can; or `NOBODY`."""
        ranges = self.ranges
        for r in np.flatnonzero(ranges.failed >= 0) if self.progress[0] and not ranges.unfinished.any() else ():
            neuron = self.work.recipe.low_of(self.work.places[r].population) + int(ranges.failed[r])
            return int(ranges.sender[r]) << 32 | neuron
        return NOBODY

    def _check(self, lost: int, reached: int, stage: Any) -> None:
        if lost != NOBODY:
            name, last = self.work.names[lost >> 32], min(reached + stage.epoch, stage.last)
            rtol = next(iter(self.work.recipe.parts.values())).rtol
            raise FloatingPointError(
                f"neuron {lost % 2**32} of {name!r} needs steps too small to go on between "
                f"t = {reached * stage.dt:.12g} and {last * stage.dt:.12g} ms: its state blows up, its synapses are "
                f"too strong, or the tolerances (rtol = {rtol:g}) ask for more than float64 holds"
            )

    def _make_room(self, room: int) -> None:
        """For arrivals, spikes and spikes in flight, each where it is short."""
        work, ranges, lists = self.work, self.ranges, self.work.lists
        needed = work.flight.count.max(initial=0) + ranges.spiked.sum() + work.margin
        changed = False
        if lists.used.max(initial=0) > lists.places:
            work.make_places(work.cells, 2 * int(lists.used.max()))
            changed = True
        if ranges.spiked.max(initial=0) + SPARE * int(work.watched.max()) > ranges.time.shape[1]:
            more = [np.concatenate([array, np.empty_like(array)], axis=1) for array in (ranges.neuron, ranges.time)]
            self.ranges = ranges._replace(neuron=more[0], time=more[1])
            changed = True
        while needed > work.flight.step.shape[1]:
            work._flight(2 * work.flight.step.shape[1])
            changed = True
        if changed:
            self.nets = [self._net(member) for member in range(self.team.threads)]

    def _result(self) -> NetworkResult:
        work, chunk = self.work, self.chunk
        for name, traces in self.traces.items():
            cell, count = work.cells[name], self.end - chunk.begin
            if chunk.limit == np.inf:
                state, n = cell.population.problem.state, cell.recipe.n
                take_last_sample(traces, count, state, cell.recipe.duration, 0, n, self.sums[0][name].statistics)
            ahead = traces.out[: traces.which.size, :, count:]
            cell.ahead[...] = 0.0
            cell.ahead[:, : ahead.shape[2]] = ahead.transpose(0, 2, 1)
            self.traces[name] = traces._replace(out=np.ascontiguousarray(traces.out[:, :, :count]))
        return super()._result()


def at_work(recipe: NetworkRecipe, threads: int, ranks: Ranks | None = None) -> NetworkAtWork:
    """A network at its begin, by the method of its recipe; with `ranks`, this process's share of one."""
    kind = NetworkInOwnSteps if recipe.chosen.is_adaptive else NetworkAtWork
    return kind(recipe, threads, ranks)
