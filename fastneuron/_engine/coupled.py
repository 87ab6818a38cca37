"""A population at work in a network: its arrays, with those of its receptors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._integrators import Problem
from .._kernel.cache_lines import zeros_on_lines
from .._kernel.lanes import choose_lanes
from ..models.watched import Watched
from ..network.coupling_sources import InStep
from ..network.epochs import Cells, CoupledNeurons, Outbox, prepare_cells
from ..network.in_step import CellsInStep, count_kept
from ..network.network import Network
from ..receptors.kinetics import kinetics
from ..receptors.synapses import source
from .recipe import Recipe
from .scheduler import PopulationAtWork

WHOLE = 64  # neurons in the largest block
SEVERAL = 2  # neurons, whose block has lanes by the eight, as inboxes are read


def whole_of(network: Network, name: str) -> int:
    """Of how many neurons the parts should be whole multiples into which a population is cut.

    Blocks are such, and the targets that a rule makes together, where synapses are made anew at every spike.
    """
    chunks = [
        network.plan(number).chunk
        for number, projection in enumerate(network.projections)
        if not projection.stored and network.name_of(projection.post) == name
    ]
    return max([WHOLE, *chunks])


class Coupled:
    """A population at work in a network: its arrays, its receptors', and its outbox."""

    def __init__(self, recipe: Recipe, slots: int, room: int, coupled: InStep | None = None) -> None:
        self.recipe, self.population, self.in_step = recipe, PopulationAtWork(recipe), coupled
        problem = self.population.problem
        n, blocks = recipe.n, -(-recipe.n // WHOLE) * WHOLE
        self.kinetics = {name: kinetics(receptor, recipe.dt) for name, receptor in recipe.receptors.items()}
        self.conductance = {name: zeros_on_lines((len(k.gain), n)) for name, k in self.kinetics.items()}
        for name in self.conductance:
            self.open(name, recipe.initial[name])
        self.inbox = {name: zeros_on_lines((slots, blocks, k.table.shape[2])) for name, k in self.kinetics.items()}
        self.synapses = tuple(
            source(receptor, self.kinetics[name], n, self.inbox[name], self.conductance[name])
            for name, receptor in recipe.receptors.items()
        )
        self.lanes = choose_lanes(max(n, SEVERAL))
        last = problem.spike_count.shape if any(one.refractory > 0 for one in recipe.watched) else 0
        self.last = np.full(last, -(2**62)), np.zeros(last)  # spikes of each neuron: the step, and the part of it
        self.outbox = self._outbox(problem, room)
        self.renew()
        self.kept = np.empty((0, 0))
        if coupled is not None:
            numbers = count_kept(recipe.chosen.tag, self.lanes, self.neurons)
            self.kept = zeros_on_lines((-(-n // self.lanes.lanes), numbers))

    def cells(self, traces: Any, statistics: Any) -> Cells | CellsInStep:
        """The population as its kernel wants it."""
        own = self.recipe.chosen.tag, self.lanes, self.neurons, self.outbox, traces, statistics
        if self.in_step is None:
            return Cells(*own)  # type: ignore[call-arg]
        return CellsInStep(*own, self.in_step.senders, self.kept)  # type: ignore[call-arg]

    def _outbox(self, problem: Problem, room: int) -> Any:
        """Where its spikes go, of which there is room for so many in an epoch."""
        step, fraction, neuron = np.empty(room, np.int64), np.empty(room), np.empty(room, np.int64)

        def listed(one: Watched, number: int, count: np.ndarray, counted: np.ndarray, armed: np.ndarray) -> Outbox:
            last_step, last_part = (array[number] if array.ndim > 1 else array for array in self.last)
            return Outbox(  # type: ignore[call-arg]
                threshold=one.threshold,
                refractory=one.refractory,
                rearm=one.arming,
                armed=armed,
                last_step=last_step,
                last_part=last_part,
                count=count,
                step=step,
                fraction=fraction,
                neuron=neuron,
                begin=0,
            )

        return problem.watching(listed, neuron, fraction)

    def renew(self) -> None:
        """Work out the constants of its neurons, at the begin and where inputs or parameters have changed."""
        self.neurons = self._with_constants()

    def _with_constants(self) -> CoupledNeurons:
        problem, recipe = self.population.problem, self.recipe
        alone = problem.neurons._replace(
            state_type=(0.0,) * len(recipe.states),
            variables_type=(0.0,) * len(recipe.variables),
            sources=problem.behind(self.synapses + (self.in_step.sources if self.in_step else ())),
        )
        columns = [alone.columns, *(part.columns for part in alone.sources if hasattr(part, "columns"))]
        differ = any(column.stride.any() for column in columns) and self.recipe.n > 1
        lanes = self.lanes.lanes
        blocks = -(-self.recipe.n // lanes) if differ else 1

        def coupled(rows: int) -> CoupledNeurons:
            saved = zeros_on_lines((blocks, rows, lanes))
            types = alone.model_type, alone.state_type, alone.variables_type
            return CoupledNeurons(*types, alone.sources, alone.state, saved)  # type: ignore[call-arg]

        rows = prepare_cells(self.lanes, alone, coupled(0), self.recipe.n, self.recipe.dt)
        made = coupled(rows)
        prepare_cells(self.lanes, alone, made, self.recipe.n, self.recipe.dt)
        return made

    def open(self, name: str, value: np.ndarray) -> None:
        """Let the conductance of a receptor be a value, as after a rise that is over."""
        parts = self.conductance[name]
        parts[...] = 0.0
        if len(parts):
            parts[0] = value / self.kinetics[name].gain[0]

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array that changes, by name; the last axis is the neurons, but for what is summed over them."""
        arrays = self.population.arrays()
        arrays |= {f"conductance.{name}": parts for name, parts in self.conductance.items()}
        if self.last[0].size:
            arrays |= dict(zip(("last_step", "last_part"), self.last, strict=True))
        return arrays
