"""A block: some lanes of a population, in a few small arrays that stay in the L1 cache for many steps."""

from typing import Any, NamedTuple

from .._kernel.jit import inline
from .._kernel.lanes import put, take, width
from .._kernel.scalars import narrowed
from ..inputs.port import disturbed
from ..inputs.waveforms import on_grid, value
from ..models import derivative, gates, prepare


class Block(NamedTuple):
    """The neurons in the lanes.  The `like` tuples are never read: their types say what a column is."""

    lanes: Any
    model: Any  # like: the parameters
    prepared_like: Any
    waveform_like: Any
    state_like: Any
    given: Any  # (parameter, lane)
    prepared: Any  # (constant, lane)
    waveform: Any  # (field, lane)
    table: Any  # samples of currents
    gates_like: Any
    gates: Any  # (gate, lane)
    noise: Any  # a Disturbance or None


@inline
def load(block, columns, lane, neuron, grid):
    """Put the parameters and the current of a neuron into a lane; the current's edges go to multiples of `grid` ms."""
    parameters = block.given.shape[0]
    for k in range(parameters):
        block.given[k, lane] = columns.values[columns.first[k] + columns.stride[k] * neuron]
    for k in range(block.waveform.shape[0]):
        entry = parameters + k
        block.waveform[k, lane] = columns.values[columns.first[entry] + columns.stride[entry] * neuron]
    put(block.prepared, lane, prepare(take(block.model, block.given, lane)))
    if grid > 0.0:
        put(block.waveform, lane, on_grid(take(block.waveform_like, block.waveform, lane), grid))


@inline
def open_gates(block, state):
    """Work out, for every lane, what the voltage in `state` alone decides."""
    for lane in range(width(block.lanes)):
        prepared = take(block.prepared_like, block.prepared, lane)
        put(block.gates, lane, gates(block.model, state[0, lane], prepared))


@inline
def slope(block, lane, state, t, before):
    """The derivative of `state`, a tuple, with the parameters and the current of `lane` at time t, or before it."""
    prepared = take(block.prepared_like, block.prepared, lane)
    return _slope(block, lane, state, t, before, gates(block.model, state[0], prepared))


@inline
def gated_slope(block, lane, state, t, before):
    """The same, the gates being open for this state."""
    return _slope(block, lane, state, t, before, take(block.gates_like, block.gates, lane))


@inline
def _slope(block, lane, state, t, before, opened):
    current = value(take(block.waveform_like, block.waveform, lane), t, before, block.table)
    current = narrowed(state[0], disturbed(current, block.noise, lane, before))
    return derivative(block.model, state, current, take(block.prepared_like, block.prepared, lane), opened)
