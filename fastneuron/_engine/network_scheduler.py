"""A network at work: its arrays, and how a team of threads takes it through chunks of its run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numba.core.errors import NumbaError

from .._integrators import Chunk
from .._kernel.team import Team
from ..models.validation import explain
from ..network.anew import Anew
from ..network.delivery import LATEST, Flight, Receivers
from ..network.epochs import LOST, Cells, CoupledNeurons, Net, Outbox, Stage, prepare_cells, run_epochs
from ..network.exchange import Ranges
from ..network.routes import Range, wire
from ..network.sources import PoissonSource, SpikeSource
from ..receptors.kinetics import kinetics
from ..receptors.synapses import source
from .network_recipe import NetworkRecipe
from .recipe import Recipe
from .scheduler import ChunkResult, PopulationAtWork, put_back

EPOCH = 16  # steps at most: the inbox of an epoch stays in the L2 cache
RANGE = 4096  # neurons: as their inboxes do
WHOLE = 64  # neurons in the largest block
CALL = 0.03  # seconds of a kernel call, so that Ctrl-C and progress are prompt
WORTH_A_MEMBER = 4_000  # neuron-steps of an epoch: below, meeting costs more than another thread saves
FLIGHT = ("step", "fraction", "source")  # what is known of a spike on its way
IN_FLIGHT = 1_000_000  # spikes of a population that there is room for, beside those of an epoch


class NetworkResult(NamedTuple):
    """What comes of a chunk: the result of each population, and where the whole network stands."""

    parts: dict[str, ChunkResult]  # of a source, its spikes and how many each train has had
    snapshot: dict[str, np.ndarray]
    release: Callable[[], None]


class Coupled:
    """A population at work in a network: its arrays, its receptors', and its outbox."""

    def __init__(self, recipe: Recipe, slots: int, room: int) -> None:
        self.recipe, self.population = recipe, PopulationAtWork(recipe)
        problem = self.population.problem
        n, blocks = recipe.n, -(-recipe.n // WHOLE) * WHOLE
        self.kinetics = {name: kinetics(receptor, recipe.dt) for name, receptor in recipe.receptors.items()}
        self.conductance = {name: np.zeros((len(k.gain), n)) for name, k in self.kinetics.items()}
        for name, parts in self.conductance.items():
            if len(parts):  # as after a rise that is over
                parts[0] = recipe.initial[name] / self.kinetics[name].gain[0]
        self.inbox = {name: np.zeros((slots, blocks, k.table.shape[2])) for name, k in self.kinetics.items()}
        synapses = tuple(
            source(receptor, self.kinetics[name], n, self.inbox[name], self.conductance[name])
            for name, receptor in recipe.receptors.items()
        )
        state_type = (0.0,) * len(recipe.states)
        alone = problem.neurons._replace(
            state_type=state_type,
            variables_type=(0.0,) * len(recipe.variables),
            sources=(*problem.neurons.sources, *synapses),
        )
        self.lanes = problem.lanes
        last = n if recipe.refractory > 0 else 0
        self.outbox = Outbox(  # type: ignore[call-arg]
            threshold=recipe.threshold,
            refractory=recipe.refractory,
            last_step=np.full(last, -(2**62)),
            last_part=np.zeros(last),
            count=problem.spike_count,
            step=np.empty(room, np.int64),
            fraction=np.empty(room),
            neuron=np.empty(room, np.int64),
            begin=0,
        )
        self.neurons = self._with_constants(alone, synapses)

    def _with_constants(self, alone: Any, synapses: tuple[Any, ...]) -> CoupledNeurons:
        columns = [alone.columns, *(part.columns for part in alone.sources if hasattr(part, "columns"))]
        differ = any(column.stride.any() for column in columns) and self.recipe.n > 1
        lanes = self.lanes.lanes
        blocks = -(-self.recipe.n // lanes) if differ else 1

        def coupled(rows: int) -> CoupledNeurons:
            saved = np.empty((blocks, rows, lanes))
            types = alone.model_type, alone.state_type, alone.variables_type
            return CoupledNeurons(*types, alone.sources, alone.state, saved)  # type: ignore[call-arg]

        rows = prepare_cells(self.lanes, alone, coupled(0), self.recipe.n, self.recipe.dt)
        made = coupled(rows)
        prepare_cells(self.lanes, alone, made, self.recipe.n, self.recipe.dt)
        return made

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array that changes, by name; the last axis is the neurons, but for what is summed over them."""
        arrays = self.population.arrays()
        arrays |= {f"conductance.{name}": parts for name, parts in self.conductance.items()}
        if self.outbox.last_step.size:
            arrays |= {"last_step": self.outbox.last_step, "last_part": self.outbox.last_part}
        return arrays


class NetworkAtWork:
    """The arrays of a network, which change as it goes on; the recipe does not."""

    def __init__(self, recipe: NetworkRecipe, threads: int) -> None:
        self.recipe = recipe
        network, self.names = recipe.network, list(recipe.network.populations)
        self.members = self._members(threads)
        self.places = list(self._cut())
        receptors = [(name, receptor) for name, part in recipe.parts.items() for receptor in part.receptors]
        self.wired = wire(network, self.places, receptors, recipe.dt, threads, recipe.delivery == "grid")
        self.epoch = min(self.wired.soonest, EPOCH)
        per_neuron = self.epoch // 2 + 1  # a crossing takes two steps
        self.cells = {name: Coupled(part, self.epoch, part.n * per_neuron) for name, part in recipe.parts.items()}
        sources = {
            name: group for name, group in network.populations.items() if isinstance(group, PoissonSource | SpikeSource)
        }
        self.trains = {
            name: group.trains(recipe.dt, network.seed, self.names.index(name)) for name, group in sources.items()
        }
        self.sent = {name: np.zeros(group.n, np.int64) for name, group in sources.items()}
        rooms = [group.room(self.epoch, recipe.dt) for group in sources.values()]
        self.margin = max([part.n * per_neuron for part in recipe.parts.values()] + rooms)
        self._flight(IN_FLIGHT + self.margin)
        self.taken = np.zeros(len(self.names), np.int64)

    def _members(self, threads: int) -> int:
        steps = min(int(delay / self.recipe.dt) for delay in [*self._delays(), EPOCH * self.recipe.dt])
        return max(1, min(threads, self.recipe.n * max(steps, 1) // WORTH_A_MEMBER))

    def _delays(self) -> list[float]:
        return [projection.delays[0] for projection in self.recipe.network.projections]

    def _cut(self) -> Iterable[Range]:
        """Each population in ranges of whole blocks, as many as the team has use for."""
        for name, part in self.recipe.parts.items():
            count = -(-max(self.members, -(-part.n // RANGE)) // self.members) * self.members
            whole = max([WHOLE, *self._chunks_of(name)])  # rows that are made anew begin at their rule's chunks
            size = -(-part.n // (count * whole)) * whole
            for low in range(0, part.n, size):
                yield Range(name, low, min(low + size, part.n))

    def _chunks_of(self, name: str) -> list[int]:
        """In how many targets the rules of projections that are not stored make them."""
        network = self.recipe.network
        return [
            network.plan(number).chunk
            for number, projection in enumerate(network.projections)
            if not projection.stored and network.name_of(projection.post) == name
        ]

    def anew(self) -> Iterable[Anew]:
        """The projections whose synapses are not stored, each with room for a row."""
        network, cells = self.recipe.network, list(self.cells)
        for number, projection in enumerate(network.projections):
            if not projection.stored:
                name, plan = network.name_of(projection.post), network.plan(number)
                places = [place for place in self.places if place.population == name]
                rooms = [plan.scratch(place.low, place.high) for place in places]
                largest = max(rooms, key=lambda room: room.target.size)
                yield Anew(number, cells.index(name), plan.wiring, largest)

    def _flight(self, room: int) -> None:
        shape = len(self.names), room
        old = getattr(self, "flight", None)
        self.flight = Flight(
            np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape, np.int64), np.zeros(shape[0], np.int64)
        )
        if old is not None:
            for mine, theirs in zip(self.flight[:3], old[:3], strict=True):
                mine[:, : theirs.shape[1]] = theirs
            self.flight.count[:] = old.count

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array of fixed size that changes, by name: those of a population behind its name and a slash."""
        arrays = {f"{name}/{key}": array for name, cell in self.cells.items() for key, array in cell.arrays().items()}
        for name, train in self.trains.items():
            arrays |= {f"{name}/{key}": array for key, array in train.arrays().items()}
            arrays[f"{name}/spike_count"] = self.sent[name]
        return arrays

    def snapshot(self, last: bool) -> dict[str, np.ndarray]:
        """All that the network needs to go on: copies, unless it does not."""
        arrays = self.arrays()
        if last:
            return arrays
        found = {name: array.copy() for name, array in arrays.items()}
        for number, name in enumerate(self.names):
            count = self.flight.count[number]
            for key, array in zip(FLIGHT, self.flight[:3], strict=True):
                found[f"{name}/flight.{key}"] = array[number, :count].copy()
        return found

    def go_back_to(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Stand where a snapshot was taken; ValueError if it is of another network."""
        arrays = self.arrays()
        put_back(arrays, {name: array for name, array in snapshot.items() if "/flight." not in name})
        if any(train.arrays().get("done", self.taken)[0] < 0 for train in self.trains.values()):
            raise ValueError("a source has sent less than nothing")
        for number, (name, group) in enumerate(self.recipe.network.populations.items()):
            flight = [snapshot.get(f"{name}/flight.{key}", np.empty(0)) for key in FLIGHT]
            count = flight[0].size
            if [(part.dtype, part.shape) for part in flight] != [(part.dtype, (count,)) for part in self.flight[:3]]:
                raise ValueError(f"the spikes of {name!r} in flight are not whole")
            if count and not 0 <= flight[2].min() <= flight[2].max() < group.n:
                raise ValueError(f"there are spikes of {name!r} in flight of none of its {group.n}")
            while count + self.margin > self.flight.step.shape[1]:
                self._flight(2 * self.flight.step.shape[1])
            for array, values in zip(self.flight[:3], flight, strict=True):
                array[number, :count] = values
            self.flight.count[number] = self.taken[number] = count

    def advance(
        self,
        chunks: Iterable[Chunk],
        on_progress: Callable[[float], None],
        on_result: Callable[[NetworkResult], None],
    ) -> None:
        """Take the network through chunks of its run; `on_result` gets the result of each, in order."""
        try:
            with Team(self.members) as team:
                for chunk in chunks:
                    on_result(_NetworkChunkRun(self, chunk, team).advance(on_progress))
        except NumbaError as error:
            raise explain(next(iter(self.recipe.parts.values())).model, error) from None

    def prune(self, step: int) -> None:
        """Forget the spikes that have arrived everywhere before a step."""
        latest = np.zeros(len(self.names))
        for numbers in self.wired.routes.numbers:
            latest[int(numbers[0])] = max(latest[int(numbers[0])], numbers[LATEST])
        for number, behind in enumerate(latest):
            count = int(self.flight.count[number])
            gone = int(np.searchsorted(self.flight.step[number, :count], step - behind))
            for array in self.flight[:3]:
                array[number, : count - gone] = array[number, gone:count].copy()
            self.flight.count[number] = self.taken[number] = count - gone
        self.wired.routes.cursor[:] = 0


class _NetworkChunkRun:
    """A chunk under way, and what has come of it so far."""

    def __init__(self, work: NetworkAtWork, chunk: Chunk, team: Team) -> None:
        self.work, self.chunk, self.team = work, chunk, team
        self.traces = {name: cell.population.room(chunk, []) for name, cell in work.cells.items()}
        for name, traces in self.traces.items():
            state = work.cells[name].population.problem.state
            traces.out[:, traces.row, 0] = state[np.ix_(traces.which, traces.neuron)]
        self.sums = [
            {name: cell.population.summary.sums(chunk.begin, chunk.end) for name, cell in work.cells.items()}
            for _ in range(team.members)
        ]
        self.spikes: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in work.names}
        self.events = np.zeros(team.members, np.int64)
        self.ranges = self._ranges()
        self.nets = [self._net(member) for member in range(team.members)]

    def _ranges(self) -> Ranges:
        work = self.work
        cells = list(work.cells)
        per_neuron = work.epoch // 2 + 1
        rows = [
            (
                cells.index(place.population), work.names.index(place.population), place.low, place.high,
                place.low * per_neuron, np.searchsorted(self.traces[place.population].neuron, place.low), 0,
            )
            for place in work.places
        ]  # fmt: skip
        return Ranges(*np.array(rows, np.int64).T.copy())

    def _net(self, member: int) -> Net:
        work = self.work
        cells = tuple(
            Cells(work.recipe.chosen.tag, cell.lanes, cell.neurons, cell.outbox, self.traces[name],
                  self.sums[member][name].statistics)
            for name, cell in work.cells.items()
        )  # fmt: skip
        senders = np.array([work.names.index(name) for name in work.trains], np.int64)
        return Net(
            cells=cells,
            trains=tuple(work.trains.values()),
            senders=senders,
            ranges=self.ranges,
            routes=work.wired.routes,
            anew=tuple(work.anew()),
            receivers=self._receivers(),
            flight=work.flight,
        )

    def _receivers(self) -> Receivers:
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
        step, stride = chunk.first, work.epoch
        while step < chunk.last:
            room = work.flight.step.shape[1] - work.margin
            stage = Stage(step, min(step + stride, chunk.last), work.epoch, dt, room)
            begin = time.perf_counter()
            reached = self.team.run(
                lambda member, words, stage=stage: run_epochs(  # type: ignore[misc]
                    words, self.team.members, member, self.nets[member], stage, self.events
                )
            )[0]
            took = time.perf_counter() - begin
            self._check(reached, stage)
            self._collect()
            work.prune(reached)
            self._make_room(room)
            on_progress((reached - step) * dt * work.recipe.n)
            stride = max(int(stride * min(max(CALL / max(took, 1e-6), 0.5), 2.0)) // work.epoch, 1) * work.epoch
            step = reached
        return self._result()

    def _make_room(self, room: int) -> None:
        if self.work.flight.count.max(initial=0) > room // 2:
            self.work._flight(2 * self.work.flight.step.shape[1])
            self.nets = [net._replace(flight=self.work.flight) for net in self.nets]

    def _check(self, reached: int, stage: Stage) -> None:
        work, ranges = self.work, self.ranges
        if ranges.spiked[0] == LOST:
            raise RuntimeError("a source had more spikes than there was room for: please report this")
        if (ranges.spiked < 0).any():
            r = int(np.flatnonzero(ranges.spiked < 0)[0])
            name, last = work.places[r].population, min(reached + work.epoch, stage.last)
            raise FloatingPointError(
                f"neuron {-1 - ranges.spiked[r]} of {name!r} blew up: its state is no longer finite between "
                f"t = {reached * stage.dt:.12g} and {last * stage.dt:.12g} ms; dt = {stage.dt:g} ms is probably too "
                "large for its parameters, or its synapses are too strong"
            )

    def _collect(self) -> None:
        """Take the spikes that have come into flight, to their populations' summaries too."""
        work = self.work
        for number, name in enumerate(work.names):
            new = slice(int(work.taken[number]), int(work.flight.count[number]))
            neuron = work.flight.source[number, new].copy()
            moment = (work.flight.step[number, new] + work.flight.fraction[number, new]) * work.recipe.dt
            work.taken[number] = new.stop
            cell = work.cells.get(name)
            if cell is None:
                work.sent[name] += np.bincount(neuron, minlength=work.sent[name].size)
            else:
                cell.population.summary.take_spikes(self.sums[0][name], neuron, moment, cell.recipe.bin_width)
            if work.recipe.spike_times:
                self.spikes[name].append((neuron, moment))

    def _result(self) -> NetworkResult:
        work = self.work
        for name, cell in work.cells.items():
            for sums in self.sums:
                cell.population.summary.add(sums[name])
        snapshot = work.snapshot(self.chunk.limit == np.inf)
        parts = {}
        for name in work.names:
            mine = {key: array for key, array in _behind(f"{name}/", snapshot) if not key.startswith("flight.")}
            samples = self.traces[name].out if name in self.traces else np.empty((0, 0, 0))
            parts[name] = ChunkResult(samples, *_in_order(self.spikes[name]), mine, _nothing)
        return NetworkResult(parts, snapshot, _nothing)


def _behind(prefix: str, arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays whose names begin so, by the rest of their names."""
    return ((name.removeprefix(prefix), array) for name, array in arrays.items() if name.startswith(prefix))


def _in_order(pieces: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Spikes by neuron; the sort is stable, and they come in order of time.  The pieces are gone then."""
    neuron = np.concatenate([np.empty(0, np.int64), *(piece[0] for piece in pieces)])
    moment = np.concatenate([np.empty(0), *(piece[1] for piece in pieces)])
    pieces.clear()
    order = np.argsort(neuron, kind="stable")
    neuron = neuron[order]
    return neuron, moment[order]


def _nothing() -> None:
    """What there is to release of samples that are not filled again."""
