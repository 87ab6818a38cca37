"""The input port: what drives a neuron, waveforms and noise alike, in one shape for every kernel.

An input of a population is a *source*: a NamedTuple of what the kernels need of it, whose class holds some of the
functions of this file under their names; the others do what they say here.  A tuple of sources is a source.  A block of
neurons has a *room* for each: a NamedTuple of local arrays, of which ``constants`` (constant, lane) holds what does not
change from step to step.  A kernel calls, in this order:

    room                                    once: of steps, or to be asked at any time
    prepare, load                           for each neuron that takes a lane
    begin_step                              for each step
    nothing, add_current, add_to_derivative for each stage of it and each lane
    arrive, next_discontinuity              where an adaptive method has stopped, and looks for its next stop
    place, held_until, hold, take_spike     where a neuron with a reset spikes, in its lane
    take_spike_at                           the same with an adaptive method
    show, show_at                           where a sample is taken, by a fixed step or inside an adaptive one
    store                                   for each neuron that leaves its lane

Between calls of a kernel a source keeps what goes on in arrays of its own, which its method ``arrays()`` names.
"""

import math
from typing import NamedTuple

from .._kernel.jit import for_members, for_tuples, generic, specialises

# The stage of a step.  At its end counts the limit from the left: what jumps there has not yet done so.  An adaptive
# method, whose steps end where something jumps, takes that limit throughout, and BEGIN for the derivative after a jump.
BEGIN, MIDDLE, END = 0, 1, 2
WITHIN = 3  # at the fraction of the step that `place` was told


class FixedSteps(NamedTuple):
    """How a room is asked: at the stages of steps, each of which `begin_step` has announced."""


class AnyTime(NamedTuple):
    """How a room is asked: at any time."""


FIXED_STEPS, ANY_TIME = FixedSteps(), AnyTime()


def arrays_of(sources):
    """All arrays, by name, that the sources change as they go on; the last axis is their neurons."""
    return {name: array for source in sources for name, array in source.arrays().items()}


@generic
def room(source, lanes, zero, times):
    """Room for an input in a block, its numbers of the type of `zero` if that is precise enough; here, none.

    `times` is FIXED_STEPS or ANY_TIME.
    """
    return ()


@generic
def prepare(source, room, lane, neuron, dt):
    """Work out the constants of a neuron into a lane; `dt` is the step of a fixed-step method, ms, or 0."""


@generic
def load(source, room, lane, neuron, first):
    """Put into a lane what the neuron goes on from; its constants are there, `first` is the step to come."""


@generic
def begin_step(source, room, low, number, dt):
    """Get ready for the step `number`, of dt ms, in all lanes, the first being that of neuron `low`."""


@generic
def add_current(source, room, lane, V, t, stage, total):
    """A current, uA/cm^2, with what the input of a lane adds to it at the voltage V, time t (ms); here, nothing."""
    return total


@generic
def nothing(sources):
    """What the currents of all inputs are added to: -0.0, or of a circuit's cells a tuple; the compiler drops it."""
    return -0.0


@for_members(nothing)
def _nothing_of_first(sources):
    return nothing(sources[0])


@generic
def add_to_derivative(source, room, lane, V, t, stage, derivative):
    """The derivative of the state, a tuple, with what the input adds to it beside its current; here, nothing."""
    return derivative


@generic
def next_discontinuity(source, room, lane, t):
    """The first time after t (ms) at which the input of a lane is not smooth; here, never."""
    return math.inf


@generic
def arrive(source, room, lane, t, state):
    """The state of a lane, a tuple, after all that happens to it at the time t (ms) and has not yet; here, nothing."""
    return state


@generic
def place(source, room, lane, part):
    """Get ready for the stage WITHIN, at the fraction `part` of the step, in one lane."""


@generic
def is_let_go(source, room, lane, number):
    """Whether the input holds the voltage of a lane to some time in step `number`; here, never."""
    return False


@generic
def held_until(source, room, lane, number):
    """The fraction of step `number` up to which the input holds the voltage of a lane; here, none of it."""
    return 0.0


@generic
def hold(source, room, lane, held):
    """Let the input hold the voltage of a lane, or no longer, whatever the time is."""


@generic
def take_spike(source, room, lane, number, part):
    """Take notice of a spike of a lane at the fraction `part` of step `number`."""


@generic
def take_spike_at(source, room, lane, t, V):
    """Take notice of a spike of a lane at the time t (ms), after which its voltage is V, in an adaptive method."""


@generic
def show(source, room, out, row):
    """Put what the input has to show of all lanes into rows of `out` from `row` on; the row behind them."""
    return row


@generic
def show_at(source, room, lane, t, out, row, column):
    """Put what the input has to show of a lane at time t into a column of `out` from `row` on; the row behind it."""
    return row


@generic
def store(source, room, lane, neuron):
    """Write back what a neuron goes on from."""


@for_members(room)
def _rooms(sources, lanes, zero, times):
    return (room(sources[0], lanes, zero, times), *room(sources[1:], lanes, zero, times))


@for_members(prepare)
def _prepare_each(sources, rooms, lane, neuron, dt):
    prepare(sources[0], rooms[0], lane, neuron, dt)
    prepare(sources[1:], rooms[1:], lane, neuron, dt)


@for_members(load)
def _load_each(sources, rooms, lane, neuron, first):
    load(sources[0], rooms[0], lane, neuron, first)
    load(sources[1:], rooms[1:], lane, neuron, first)


@for_members(begin_step)
def _begin_step_of_each(sources, rooms, low, number, dt):
    begin_step(sources[0], rooms[0], low, number, dt)
    begin_step(sources[1:], rooms[1:], low, number, dt)


@for_members(add_current)
def _add_currents(sources, rooms, lane, V, t, stage, total):
    total = add_current(sources[0], rooms[0], lane, V, t, stage, total)
    return add_current(sources[1:], rooms[1:], lane, V, t, stage, total)


@for_members(add_to_derivative)
def _add_to_derivatives(sources, rooms, lane, V, t, stage, derivative):
    derivative = add_to_derivative(sources[0], rooms[0], lane, V, t, stage, derivative)
    return add_to_derivative(sources[1:], rooms[1:], lane, V, t, stage, derivative)


@for_members(next_discontinuity)
def _next_discontinuity_of_any(sources, rooms, lane, t):
    return min(next_discontinuity(sources[0], rooms[0], lane, t), next_discontinuity(sources[1:], rooms[1:], lane, t))


@for_members(arrive)
def _arrive_each(sources, rooms, lane, t, state):
    state = arrive(sources[0], rooms[0], lane, t, state)
    return arrive(sources[1:], rooms[1:], lane, t, state)


@for_members(place)
def _place_each(sources, rooms, lane, part):
    place(sources[0], rooms[0], lane, part)
    place(sources[1:], rooms[1:], lane, part)


@for_members(is_let_go)
def _is_let_go_by_any(sources, rooms, lane, number):
    return is_let_go(sources[0], rooms[0], lane, number) | is_let_go(sources[1:], rooms[1:], lane, number)


@for_members(held_until)
def _held_until_last(sources, rooms, lane, number):
    return max(held_until(sources[0], rooms[0], lane, number), held_until(sources[1:], rooms[1:], lane, number))


@for_members(hold)
def _hold_each(sources, rooms, lane, held):
    hold(sources[0], rooms[0], lane, held)
    hold(sources[1:], rooms[1:], lane, held)


@for_members(take_spike)
def _take_spike_each(sources, rooms, lane, number, part):
    take_spike(sources[0], rooms[0], lane, number, part)
    take_spike(sources[1:], rooms[1:], lane, number, part)


@for_members(take_spike_at)
def _take_spike_at_each(sources, rooms, lane, t, V):
    take_spike_at(sources[0], rooms[0], lane, t, V)
    take_spike_at(sources[1:], rooms[1:], lane, t, V)


@for_members(show)
def _show_each(sources, rooms, out, row):
    return show(sources[1:], rooms[1:], out, show(sources[0], rooms[0], out, row))


@for_members(show_at)
def _show_each_at(sources, rooms, lane, t, out, row, column):
    row = show_at(sources[0], rooms[0], lane, t, out, row, column)
    return show_at(sources[1:], rooms[1:], lane, t, out, row, column)


@for_members(store)
def _store_each(sources, rooms, lane, neuron):
    store(sources[0], rooms[0], lane, neuron)
    store(sources[1:], rooms[1:], lane, neuron)


@generic
def constants(rooms):
    """The arrays of constants in a tuple of rooms, one after the other."""
    return ()


@for_tuples(constants)
def _constants_of_each(rooms):
    return (rooms[0].constants, *constants(rooms[1:]))


@generic
def precision(sources, zero):
    """Return a zero of the type in which inputs add up: that given for one alone, float64 for several."""


@specialises(precision)
def _precision(sources, zero):
    return (lambda sources, zero: zero) if len(sources) == 1 else (lambda sources, zero: 0.0)
