"""A block: some lanes of a population, in a few small arrays that stay in the L1 cache for many steps."""

from typing import Any, NamedTuple

from .. import models
from .._kernel.addresses import copy_rows
from .._kernel.columns import read
from .._kernel.jit import for_tuples, generic, inline, inline_ast
from .._kernel.lanes import local, put, put_at, take, width
from .._kernel.scalars import narrowed
from ..inputs import port


class Block(NamedTuple):
    """The neurons in the lanes.  What is called a type is a tuple that is never read: its type says what a lane is."""

    lanes: Any
    model_type: Any  # its parameters
    state_type: Any
    constants_type: Any
    gates_type: Any
    constants: Any  # (constant, lane): what the model has worked out from its parameters
    gates: Any  # (gate, lane)
    sources: Any  # what drives the whole population
    rooms: Any  # what the block has of each source


@inline_ast
def make_block(lanes, neurons, times):
    """Room for some neurons of a population; nothing in it is set.  `times`: how inputs are asked (`port.room`)."""
    zero = neurons.state_type[0]  # its type is the precision of the arithmetic
    constants_type = models.prepare(neurons.model_type)
    gates_type = models.gates(
        neurons.model_type, models.voltage(neurons.model_type, neurons.state_type), constants_type
    )
    return Block(
        lanes,
        neurons.model_type,
        neurons.state_type,
        constants_type,
        gates_type,
        local(constants_type, 1, lanes, zero),
        local(gates_type, 1, lanes, zero),
        neurons.sources,
        port.room(neurons.sources, lanes, port.precision(neurons.sources, zero), times),
    )


@inline
def prepare(block, neurons, lane, neuron, dt):
    """Work out the constants of a neuron into a lane; `dt` is the step of a fixed-step method, ms, or 0."""
    parameters = local(block.model_type, 1, block.lanes, 0.0)
    read(neurons.columns, parameters, lane, neuron)
    put(block.constants, lane, models.prepare(take(block.model_type, parameters, lane)))
    port.prepare(block.sources, block.rooms, lane, neuron, dt)


@inline
def save_constants(block, saved, number):
    """Keep the constants of a block, its inputs' too, in ``saved[number]``, (constant, lane)."""
    _copy_out((block.constants, *port.constants(block.rooms)), saved, number, 0)


@inline
def restore_constants(block, saved, number):
    """Put back what `save_constants` has kept: for a block that a kernel comes back to every few steps."""
    _copy_in((block.constants, *port.constants(block.rooms)), saved, number, 0)


@inline
def count_constants(block):
    """The number of rows that `save_constants` needs."""
    return _rows((block.constants, *port.constants(block.rooms)))


@generic
def _rows(arrays):
    return 0


@for_tuples(_rows)
def _rows_of_each(arrays):
    return arrays[0].shape[0] + _rows(arrays[1:])


@generic
def _copy_out(arrays, saved, number, row):
    return None


@for_tuples(_copy_out)
def _copy_each_out(arrays, saved, number, row):
    constants = arrays[0]
    for k in range(constants.shape[0]):
        for lane in range(constants.shape[1]):
            saved[number, row + k, lane] = constants[k, lane]
    _copy_out(arrays[1:], saved, number, row + constants.shape[0])


@generic
def _copy_in(arrays, saved, number, row):
    return None


@for_tuples(_copy_in)
def _copy_each_in(arrays, saved, number, row):
    constants = arrays[0]
    copy_rows(saved[number], row, constants)  # a loop over lanes of three indices does not pack
    _copy_in(arrays[1:], saved, number, row + constants.shape[0])


@inline
def evaluate_gates(block, state):
    """Work out, for every lane, what the voltages in `state` alone decide."""
    _evaluate(models.pieces(block.model_type), block, state)


@generic
def _evaluate(pieces, block, state):
    return None


@for_tuples(_evaluate)
def _evaluate_each(pieces, block, state):
    for lane in range(width(block.lanes)):
        constants = take(block.constants_type, block.constants, lane)
        V = models.voltage(block.model_type, take(block.state_type, state, lane))
        row, values = models.gates_piece(block.model_type, V, constants, pieces)
        put_at(block.gates, row, lane, values)
    _evaluate(
        pieces[1:], block, state
    )  # a loop for each: in one, two Morris-Lecar cells have 0.62, not 0.73 of the speed


@inline
def derivative(block, lane, state, t, stage):
    """The derivative of `state`, a tuple, in a lane, at a stage of a step, which is at time t."""
    constants, V = take(block.constants_type, block.constants, lane), models.voltage(block.model_type, state)
    return _derivative(block, lane, state, t, stage, models.gates(block.model_type, V, constants))


@inline
def gated_derivative(block, lane, state, t, stage):
    """The same, the gates of this state being in the block."""
    return _derivative(block, lane, state, t, stage, take(block.gates_type, block.gates, lane))


@inline
def _derivative(block, lane, state, t, stage, gates):
    nothing = port.nothing(block.sources)  # -0.0, to which the compiler drops an addition; it could not drop one to 0.0
    current = port.add_current(block.sources, block.rooms, lane, state[0], t, stage, nothing)
    constants = take(block.constants_type, block.constants, lane)
    alone = models.derivative(block.model_type, state, narrowed(state[0], current), constants, gates)
    return port.add_to_derivative(block.sources, block.rooms, lane, state[0], t, stage, alone)
