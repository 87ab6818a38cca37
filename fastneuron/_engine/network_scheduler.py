"""A network at work: its arrays, which go through its run chunk by chunk."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numba.core.errors import NumbaError

from .._integrators import Chunk
from .._integrators.problem import most_spikes
from .._kernel.team import Company, Team
from ..models.validation import explain
from ..network.anew import Anew
from ..network.coupling_sources import coupling_sources
from ..network.delivery import LATEST, SENDER, Flight, LabelledFlight
from ..network.epochs import Stage
from ..network.exchange import Outgoing, pack, unpack
from ..network.routes import Range, wire
from ..network.sources import PoissonSource, SpikeSource
from . import cuts
from .coupled import WHOLE, Coupled, whole_of
from .labels import label_of
from .network_chunk import NetworkChunkRun, NetworkResult
from .network_recipe import NetworkRecipe
from .ranks import Ranks
from .scheduler import put_back

ALONE = 64  # steps where there are no synapses: coming back to a block every 16 took 6 % of the time
OUTBOX = 2**21  # neuron-steps of these, so that there is memory for their spikes
WORTH_A_MEMBER = 4_000  # neuron-steps of an epoch: below, meeting costs more than another thread saves
WORTH_A_MEMBER_IN_STEP = 400  # neurons: coupled without delay, threads meet at every stage
SPLITS = 2**19  # numbers that keep how rows made anew are split among chunks: for all spikes of an epoch
FLIGHT = ("step", "fraction", "source")  # what is known of a spike on its way
IN_FLIGHT = 1_000_000  # spikes of a population that there is room for, beside those of an epoch


class NetworkAtWork:
    """The arrays of a network, which change as it goes on; the recipe does not.

    With `ranks`, the recipe is this process's share of a network.
    """

    worth_starting = 100_000  # neuron-steps of a chunk; for fewer, threads that are not there yet take too long

    def __init__(self, recipe: NetworkRecipe, threads: int, ranks: Ranks | None = None) -> None:
        self.recipe, self.ranks = recipe, ranks
        network, self.names = recipe.network, list(recipe.network.populations)
        self.members, self.company = self._members(threads), Company()
        self.places = list(self._cut())
        receptors = [(name, receptor) for name, part in recipe.parts.items() for receptor in part.receptors]
        self.wired = wire(network, self.places, receptors, recipe.dt, threads, recipe.delivery == "grid")
        self.epoch = min(self.wired.soonest, self.longest_epoch)
        self.latest = self._latest()
        if ranks is not None:
            self.epoch = ranks.least(self.epoch)
            self.latest = [-ranks.least(-latest) for latest in self.latest]
        self.stride = self.epoch  # steps of a kernel call; pieces of 40 begin at 80, for 0.4 ms each and not 2
        self.cells = self.couple()
        sources = {
            name: group for name, group in network.populations.items() if isinstance(group, PoissonSource | SpikeSource)
        }
        self.trains = {
            name: group.trains(recipe.dt, network.seed, self.names.index(name)) for name, group in sources.items()
        }
        self.sent = {name: np.zeros(group.n, np.int64) for name, group in sources.items()}
        rooms = [group.room(self.epoch, recipe.dt) for group in sources.values()]
        self.margin = max([part.n * self.spikes_of_a_neuron for part in recipe.parts.values()] + rooms)
        self._flight(IN_FLIGHT + self.margin)
        self.taken = np.zeros(len(self.names), np.int64)

    @property
    def longest_epoch(self) -> int:
        """Steps that an epoch has at most."""
        recipe = self.recipe
        return (
            cuts.longest_epoch(recipe, self.members, cuts.INBOX if self.ranks is None else cuts.FAR_INBOX)
            if recipe.network.projections
            else max(cuts.EPOCH, min(ALONE, OUTBOX // recipe.n))
        )

    @property
    def spikes_of_a_neuron(self) -> int:
        """How many there are in an epoch, at most."""
        return max(most_spikes(part.model, self.epoch, len(part.watched)) for part in self.recipe.parts.values())

    @functools.cached_property
    def watched(self) -> np.ndarray:
        """How many states of each population spike; of a source, one."""
        parts = self.recipe.parts
        return np.array([len(parts[name].watched) if name in parts else 1 for name in self.names], np.int64)

    def couple(self) -> dict[str, Any]:
        """The populations at work, by name."""
        in_step = coupling_sources(self.recipe.network, self.members, WHOLE)
        return {
            name: Coupled(part, min(self.epoch, cuts.EPOCH), part.n * self.spikes_of_a_neuron, in_step.get(name))
            for name, part in self.recipe.parts.items()
        }

    def chunk_run(self, chunk: Chunk, team: Team) -> NetworkChunkRun:
        """A chunk of its run, to be carried out."""
        return NetworkChunkRun(self, chunk, team)

    def _members(self, threads: int) -> int:
        longest = cuts.longest_epoch(self.recipe, threads)
        steps = min([longest, *(int(delay / self.recipe.dt) for delay in self._delays())])
        worth = self.recipe.n * max(steps, 1) // WORTH_A_MEMBER
        if self.recipe.network.couplings:
            worth = self.recipe.n // WORTH_A_MEMBER_IN_STEP
        return max(1, min(threads, worth))

    def _delays(self) -> list[float]:
        return [projection.delays[0] for projection in self.recipe.network.projections]

    def _cut(self) -> Iterable[Range]:
        """Each population in ranges of whole blocks, as many as the team has use for."""
        recipe = self.recipe
        for name, part in recipe.parts.items():
            count = -(-max(self.members, -(-part.n // cuts.longest_range(part))) // self.members) * self.members
            whole = whole_of(recipe.network, name)
            size = -(-part.n // (count * whole)) * whole
            begin, end = recipe.low_of(name), recipe.low_of(name) + part.n
            for low in range(begin, end, size):
                yield Range(name, low, min(low + size, end))

    def anew(self) -> Iterable[Anew]:
        """The projections whose synapses are not stored, each with room for a row."""
        network, cells = self.recipe.network, list(self.cells)
        for number, projection in enumerate(network.projections):
            name, plan = network.name_of(projection.post), network.plan(number)
            if not projection.stored and name in cells:
                rooms = [plan.scratch(place.low, place.high) for place in self.places if place.population == name]
                largest = max(rooms, key=lambda room: room.target.size)
                if len(rooms) > 1:  # 100,000 x 1,000 synapses in 25 ranges took twice as long without
                    columns = largest.splits.shape[1]
                    largest = largest._replace(splits=np.zeros((max(SPLITS // columns, 2), columns), np.int32))
                yield Anew(number, cells.index(name), self.recipe.low_of(name), plan.wiring, largest)

    def _flight(self, room: int) -> None:
        shape = len(self.names), room
        old = getattr(self, "flight", None)
        arrays = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape, np.int64), np.zeros(shape[0], np.int64)
        several = self.watched.max() > 1
        self.flight: Any = LabelledFlight(*arrays, self.watched) if several else Flight(*arrays)  # type: ignore[call-arg]
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
        """All that the network needs to go on: copies, unless it does not go on."""
        arrays = self.arrays()
        for number, name in enumerate(self.names):
            count = self.flight.count[number]
            for key, array in zip(FLIGHT, self.flight[:3], strict=True):
                arrays[f"{name}/flight.{key}"] = array[number, :count]
        return arrays if last else {name: array.copy() for name, array in arrays.items()}

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
            if count and not 0 <= flight[2].min() <= flight[2].max() < group.n * self.watched[number]:
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
            with Team(self.members, self.company) as team:
                for chunk in chunks:
                    on_result(self.chunk_run(chunk, team).advance(on_progress))
        except NumbaError as error:
            raise explain(next(iter(self.recipe.parts.values())).model, error) from None

    def exchange(self, before: np.ndarray, stage: Stage, lost: int) -> int:
        """Send all processes the neurons' spikes of an epoch, in flight behind those `before`, and take theirs.

        Returns the least of the numbers `lost` of all.
        """
        assert self.ranks is not None
        outgoing, everybody = self._outgoing
        count = pack(self.flight, outgoing, before, stage.first)
        parcels, least = self.ranks.exchange(outgoing.code[:count], outgoing.fraction[:count], lost)
        while before.max() + parcels.code.size + self.margin > self.flight.step.shape[1]:
            self._flight(2 * self.flight.step.shape[1])
        unpack(parcels, self.flight, everybody, before, stage.first, stage.last)
        return least

    @functools.cached_property
    def _outgoing(self) -> tuple[Outgoing, np.ndarray]:
        """Room for the spikes that leave in an epoch, and the numbers of all populations of neurons."""
        here = [self.names.index(name) for name in self.cells]
        low = [label_of(self.recipe.low_of(name), 0, len(self.recipe.parts[name].watched)) for name in self.cells]
        room = sum(part.n * self.spikes_of_a_neuron for part in self.recipe.parts.values())
        outgoing = Outgoing(np.array(here, np.int64), np.array(low, np.int64), np.empty(room, np.int64), np.empty(room))
        return outgoing, np.array([k for k, name in enumerate(self.names) if name not in self.trains], np.int64)

    def _latest(self) -> list[int]:
        """How many steps after it has left a spike of each population can arrive."""
        latest = [0] * len(self.names)
        for numbers in self.wired.routes.numbers:
            sender = int(numbers[SENDER])
            latest[sender] = max(latest[sender], int(numbers[LATEST]))
        return latest

    def prune(self, step: int) -> None:
        """Forget the spikes that have arrived everywhere before a step."""
        for number, latest in enumerate(self.latest):
            count = int(self.flight.count[number])
            gone = int(np.searchsorted(self.flight.step[number, :count], step - latest))
            for array in self.flight[:3]:
                array[number, : count - gone] = array[number, gone:count].copy()
            self.flight.count[number] = self.taken[number] = count - gone
        self.wired.routes.cursor[:] = 0
