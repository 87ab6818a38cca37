"""The fixed-step methods: blocks of neurons outside, steps inside, lanes innermost.

A kernel is put together from these pieces, all of which melt into it:

    make_block, make_workspace          room for the neurons of a block, and for a method; once
    prepare or restore_constants        the constants of a block: worked out, or as `save_constants` has kept them
    load_state                          where its neurons stand
    integrate_block                     from step to step: `step` of the method, then `find_spikes`
    take_sample, flush_samples          what is recorded
    store_state                         where its neurons have come to

`integrate`, the kernel of neurons that do not see each other, works out the constants of a block and stays with it for
many steps.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np

from .. import models
from .._kernel.jit import generic, inline, inline_ast, kernel, specialises
from .._kernel.lanes import local, put, take, width
from ..inputs import port
from .block import derivative, make_block
from .problem import Chunk, Problem, Traces, are_alike, most_spikes, set_constants
from .reset import reset_spikes
from .samples import TILE, Tile, flush_samples, take_sample
from .spike_lists import arm_fallen, row_of
from .spikes import crosses, has_crossed, list_crossing
from .statistics import observe

CALL = 2_000_000  # neuron-steps per kernel call: 20 to 40 ms, so that Ctrl-C and progress are prompt


class Span(NamedTuple):
    """Neurons low to high, steps first to last; `traced` is where the first of these neurons stands in Traces."""

    low: int
    high: int
    first: int
    last: int
    traced: int
    tolerant: bool  # whether a neuron that is no longer finite is left so
    shows: bool  # whether what inputs show is wanted at the end


class Members(NamedTuple):
    """The neurons of a block: `count` of them from `low` on; the lanes past them repeat the last."""

    low: int
    count: int  # type: ignore[assignment]  # tuples have a method of this name


class Steps(NamedTuple):
    """The steps first to last, each of dt ms: step k begins at k dt."""

    first: int
    last: int
    dt: float


class Workspace(NamedTuple):
    """The arrays of a method, for a block."""

    start: Any  # (D, lane): the state at the begin of a step
    end: Any  # (variables, lane): at its end, and what inputs show
    scratch: Any  # (rows that the method asks for, lane)


@generic
def step(method, block, start, end, scratch, t, t_end, dt):
    """One step of every lane, from `start` at t to `end`.

    The class of a method holds it, and says its ``name``, of how many states it needs ``scratch``, and whether it takes
    ``noise`` and ``single`` precision; it may have ``refuse(model, state)``, which raises where a model is not for it,
    and ``stages``, as `stages.stages_of` says, where neurons can be taken through a step stage by stage.
    """


@generic
def make_workspace(method, neurons, lanes):
    """The arrays of a method; nothing in them is set."""


@specialises(make_workspace)
def _make_workspace(method, neurons, lanes):
    scratch = method.instance_class.scratch

    def workspace(method, neurons, lanes):
        state_type, zero = neurons.state_type, neurons.state_type[0]  # its type is the precision of the arithmetic
        start, end = local(state_type, 1, lanes, zero), local(neurons.variables_type, 1, lanes, zero)
        return Workspace(start, end, local(state_type, scratch, lanes, zero))

    return workspace


@inline
def load_state(block, space, members, neurons, first):
    """Put into a block what its neurons go on from at the begin of step `first`; their constants are there."""
    if members.count == width(block.lanes):  # neighbours: the loop packs
        for lane in range(width(block.lanes)):
            port.load(block.sources, block.rooms, lane, members.low + lane, first)
            put(space.end, lane, take(neurons.state_type, neurons.state, members.low + lane))
    else:
        for lane in range(width(block.lanes)):
            neuron = members.low + min(lane, members.count - 1)
            port.load(block.sources, block.rooms, lane, neuron, first)
            put(space.end, lane, take(neurons.state_type, neurons.state, neuron))


@inline
def show_inputs(block, space):
    """Put what inputs show beside the states."""
    port.show(block.sources, block.rooms, space.end, len(block.state_type))


@inline
def store_state(block, space, members, neurons, shows):
    """Write back what the neurons of a block go on from, and, if that is wanted, what inputs show beside it."""
    for lane in range(members.count):
        put(neurons.state, members.low + lane, take(neurons.state_type, space.end, lane))
        port.store(block.sources, block.rooms, lane, members.low + lane)
    if shows:  # to do so in every epoch of two steps took a twentieth of the time
        show_inputs(block, space)
        for row in range(len(neurons.state_type), len(neurons.variables_type)):
            for lane in range(members.count):
                neurons.state[row, members.low + lane] = space.end[row, lane]


@inline
def integrate_block(method, block, space, members, steps, spikes, spiked):
    """Take a block through some steps from `space.end` to `space.end`; how many spikes are then listed."""
    for number in range(steps.first, steps.last):
        spiked = take_step(method, block, space, members, number, steps.dt, spikes, spiked)
    return spiked


@inline
def take_step(method, block, space, members, number, dt, spikes, spiked):
    """One of these steps."""
    for lane in range(width(block.lanes)):
        put(space.start, lane, take(block.state_type, space.end, lane))
    port.begin_step(block.sources, block.rooms, members.low, number, dt)
    step(method, block, space.start, space.end, space.scratch, number * dt, (number + 1) * dt, dt)
    return end_step(block.model_type, block, space, members, (number, dt), spikes, spiked)


@generic
def end_step(model_type, block, space, members, at, spikes, spiked):
    """List the spikes of the step `at`, (number, dt), after the `spiked` that are listed; return how many are then."""


@specialises(end_step)
def _end_step(model_type, block, space, members, at, spikes, spiked):
    chosen = reset_spikes if models.resets(model_type) else find_spikes
    return lambda model_type, block, space, members, at, spikes, spiked: chosen(
        block, space, members, at[0], at[1], spikes, spiked
    )


@inline
def find_spikes(block, space, members, number, dt, spikes, spiked):
    """List the spikes of step `number` after the `spiked` that are listed; how many are then."""
    start, end = space.start, space.end
    crossed = 0
    for lane in range(width(block.lanes)):
        crossed |= crosses(spikes, start, end, lane)
    if crossed:
        t, t_end = number * dt, (number + 1) * dt
        for lane in range(members.count):
            if has_crossed(spikes, start, end, lane):
                slope = derivative(block, lane, take(block.state_type, start, lane), t, port.BEGIN)
                slope_at_end = derivative(block, lane, take(block.state_type, end, lane), t_end, port.END)
                slopes, neuron = (slope, slope_at_end), members.low + lane
                spiked = list_crossing(spikes, space, lane, slopes, neuron, (number, dt), spiked)
    arm_fallen(spikes, row_of(spikes), start, end, members)
    return spiked


@inline
def first_not_finite(state_type, state, count):
    """The first of `count` lanes whose state is infinite or NaN, or -1."""
    lost = 0
    for d in range(len(state_type)):
        for lane in range(state.shape[1]):
            lost |= state[d, lane] - state[d, lane] != 0.0
    if not lost:
        return -1
    for lane in range(count):
        for d in range(len(state_type)):
            if state[d, lane] - state[d, lane] != 0.0:
                return lane
    return -1


@kernel
def integrate(method, lanes, neurons, span, dt, spikes, traces, statistics):
    """Advance a span of the population; its state is changed in place.

    Returns the first neuron that is no longer finite (its block is left as it was) or -1, and the number of spikes.
    """
    block = make_block(lanes, neurons, port.FIXED_STEPS)
    space = make_workspace(method, neurons, lanes)
    values = local(neurons.variables_type, TILE, lanes, neurons.state_type[0])
    spiked = 0
    traced_end, next_sample = span.traced, span.first // traces.every + 1
    for low in range(span.low, span.high, width(lanes)):
        members = Members(low, min(width(lanes), span.high - low))
        if low == span.low or not are_alike(neurons):
            set_constants(neurons, block, members, dt)
        load_state(block, space, members, neurons, span.first)
        traced = traced_end  # np.searchsorted here cost a fifth of the speed, far from the hot loop
        while traced_end < traces.neuron.size and traces.neuron[traced_end] < low + members.count:
            traced_end += 1
        tile = Tile(values, low, traced, traced_end)
        filled, sampled, sample = 0, 0, next_sample
        for number in range(span.first, span.last):
            spiked = take_step(method, block, space, members, number, dt, spikes, spiked)
            if number + 1 == sample * traces.every:
                show_inputs(block, space)
                observe(statistics, space.end, low, members.count, sample)
                place = sample - traces.begin
                if traced < traced_end and place < traces.out.shape[2]:  # the last of a chunk is the first of the next
                    sampled = place + 1
                    filled = take_sample(tile, filled, neurons.variables_type, space.end, traces, sampled)
                sample += 1
        flush_samples(tile, filled, traces, sampled)
        bad = -1 if span.tolerant else first_not_finite(block.state_type, space.end, members.count)
        if bad >= 0:
            return low + bad, spiked
        store_state(block, space, members, neurons, span.shows)
    return -1, spiked


integrate_span = inline_ast(integrate.py_func)  # the same in another kernel


def advance(
    method: Any,
    problem: Problem,
    traces: Traces,
    chunk: Chunk,
    low: int,
    high: int,
    statistics: Any,
    take_spikes: Callable,
) -> Generator[float, None, None]:
    """Take the neurons `low` to `high` through a chunk; yields the neuron-ms done, hands spikes over as they come."""
    stride = max(1, CALL // (high - low))
    steps = chunk.last - chunk.first
    most = most_spikes(problem.model, min(stride, steps), len(problem.watched))
    buffer = problem.buffer((high - low) * most)
    traced = int(np.searchsorted(traces.neuron, low)) if low else 0
    failure = None
    for first in range(chunk.first, chunk.last, stride):
        span = Span(low, high, first, min(first + stride, chunk.last), traced, problem.tolerant, True)
        bad, count = _integrate(method, problem, traces, span, buffer, statistics)
        if bad >= 0:  # go on with those before it: the error must not depend on the division into calls
            failure = _failure(method, problem, traces, bad, span)
            high = bad
            if high == low:
                break
            its_block = bad - (bad - low) % problem.lanes.lanes
            rest = Span(its_block, high, span.first, span.last, traces.neuron.size, False, True)
            _integrate(method, problem, traces, rest, buffer, None)
        if count:
            take_spikes(buffer.neuron[:count].copy(), buffer.time[:count].copy())
        yield (high - low) * (span.last - first) * problem.dt
    if failure:
        raise failure


def _integrate(method, problem, traces, span, buffer, statistics):
    arguments = method, problem.lanes, problem.neurons, span, problem.dt, buffer, traces, statistics
    return problem.call(integrate, arguments)


def _failure(method: Any, problem: Problem, traces: Traces, neuron: int, span: Span) -> FloatingPointError:
    """Find the step at which `neuron` ceased to be finite, by bisection; an error to raise."""
    buffer = problem.buffer(most_spikes(problem.model, span.last - span.first, len(problem.watched)))
    nobody = traces.neuron.size
    good, bad = span.first, span.last
    while bad - good > 1:
        middle = (good + bad) // 2
        failed, _ = _integrate(
            method, problem, traces, Span(neuron, neuron + 1, good, middle, nobody, False, True), buffer, None
        )
        good, bad = (good, middle) if failed >= 0 else (middle, bad)
    term = problem.undefined_term(neuron, good * problem.dt)
    return FloatingPointError(
        f"neuron {problem.first_neuron + neuron} blew up: its state is no longer finite at "
        f"t = {bad * problem.dt:.12g} ms; "
        + (term or f"dt = {problem.dt:g} ms is probably too large for its parameters")
    )
