"""The one kernel of the fixed-step methods: blocks outside, steps inside, lanes innermost."""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np

from .._kernel.jit import helper, inline, kernel, specialises
from .._kernel.lanes import local, put, put_at, take, width
from .._kernel.scalars import narrowed
from ..inputs import port
from .block import derivative, make_block, prepare
from .problem import Chunk, Problem, Traces
from .spikes import crossing, hermite
from .statistics import observe

CALL = 2_000_000  # neuron-steps per kernel call: 20 to 40 ms, so that Ctrl-C and progress are prompt
TILE = 8  # samples of a block kept until they make a cache line of each row: 1.7 instead of 14 ns a sample


class Span(NamedTuple):
    """Neurons low to high, steps first to last; `traced` is where the first of these neurons stands in Traces."""

    low: int
    high: int
    first: int
    last: int
    traced: int


def step(method, block, start, end, scratch, t, t_end, dt):
    """Generic: one step of every lane, from `start` at t to `end`, resolved by the type of `method`."""


def scratch_space(method, like, lanes):
    """Generic: the rows that the method wants beside them."""


@specialises(scratch_space)
def _scratch_space(method, like, lanes):
    arrays = method.instance_class.scratch
    return lambda method, like, lanes: local(like, arrays, lanes, like[0])


@inline
def copy_samples(tile, first, stride, lane, rows, row, begin, count):
    """`count` samples of a lane, `stride` rows of the tile apart, into a row."""
    for s in range(count):
        rows[row, begin + s] = tile[first + s * stride, lane]


@helper
def lay_down(tile, filled, traces, traced, traced_end, low, end):
    """Write the samples of a block, the last of them being number `end` - 1 of the chunk, to their rows."""
    states, begin = tile.shape[0] // TILE, end - filled
    for k in range(traces.which.size):
        d, rows = traces.which[k], traces.out[k]
        for m in range(traced, traced_end):
            row, lane = traces.row[m], traces.neuron[m] - low
            if filled == TILE:  # a constant, hence no loop: 1.7 instead of 3.8 ns a sample
                copy_samples(tile, d, states, lane, rows, row, begin, TILE)
            else:
                copy_samples(tile, d, states, lane, rows, row, begin, filled)


@kernel
def integrate(
    method, lanes, model_type, state_type, columns, sources, state, span, dt, threshold, spikes, traces, statistics
):
    """Advance a span of the population; ``state`` (D, n) is changed in place.

    Returns the first neuron that is no longer finite (its block is left as it was) or -1, and the number of spikes.
    """
    L = width(lanes)
    D = len(state_type)
    zero = state_type[0]  # its type is the precision of all that follows
    start, end = local(state_type, 1, lanes, zero), local(state_type, 1, lanes, zero)
    scratch = scratch_space(method, state_type, lanes)
    tile = local(state_type, TILE, lanes, zero)
    block = make_block(lanes, model_type, state_type, sources)
    level = narrowed(zero, threshold)
    spiked = 0
    traced_end = span.traced
    for low in range(span.low, span.high, L):
        for lane in range(L):
            i = min(low + lane, span.high - 1)  # lanes past the end repeat the last neuron: all take the vector path
            prepare(block, columns, lane, i, dt)
            port.load(block.sources, block.rooms, lane, i, span.first)
            for k in range(D):
                end[k, lane] = state[k, i]
        here = min(L, span.high - low)
        traced = traced_end  # np.searchsorted here cost a fifth of the speed, far from the hot loop
        while traced_end < traces.neuron.size and traces.neuron[traced_end] < low + here:
            traced_end += 1
        filled, sampled = 0, 0
        for number in range(span.first, span.last):
            t, t_end = number * dt, (number + 1) * dt
            for lane in range(L):
                put(start, lane, take(state_type, end, lane))
            port.begin_step(block.sources, block.rooms, low, number)
            step(method, block, start, end, scratch, t, t_end, dt)
            crossed = 0
            for lane in range(L):
                crossed |= (start[0, lane] < level) & (end[0, lane] >= level)
            if crossed:
                for lane in range(here):
                    if start[0, lane] < level and end[0, lane] >= level:
                        before = derivative(block, lane, take(state_type, start, lane), t, port.BEGIN)[0] * dt
                        after = derivative(block, lane, take(state_type, end, lane), t_end, port.END)[0] * dt
                        below, above = start[0, lane] - np.float64(level), end[0, lane] - np.float64(level)
                        part = crossing(below, hermite(below, above, before, after), 0.0, 1.0)
                        spikes.count[low + lane] += 1
                        spikes.neuron[spiked] = low + lane
                        spikes.time[spiked] = (number + part) * dt
                        spiked += 1
            if (number + 1) % traces.every == 0:
                observe(statistics, end, low, here, (number + 1) // traces.every)
            sample = (number + 1) // traces.every - traces.begin  # the last of a chunk is the first of the next
            if traced < traced_end and (number + 1) % traces.every == 0 and sample < traces.out.shape[2]:
                for lane in range(L):
                    put_at(tile, filled * D, lane, take(state_type, end, lane))
                filled, sampled = filled + 1, sample + 1
                if filled == TILE:
                    lay_down(tile, filled, traces, traced, traced_end, low, sampled)
                    filled = 0
        lay_down(tile, filled, traces, traced, traced_end, low, sampled)
        for lane in range(here):
            for k in range(D):
                if end[k, lane] - end[k, lane] != 0.0:  # inf or NaN
                    return low + lane, spiked
        for lane in range(here):
            for k in range(D):
                state[k, low + lane] = end[k, lane]
            port.store(block.sources, block.rooms, lane, low + lane)
    return -1, spiked


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
    buffer = problem.buffer((high - low) * (min(stride, steps) // 2 + 1))  # a crossing takes two steps
    traced = int(np.searchsorted(traces.neuron, low))
    failure = None
    for first in range(chunk.first, chunk.last, stride):
        span = Span(low, high, first, min(first + stride, chunk.last), traced)
        bad, count = _integrate(method, problem, traces, span, buffer, statistics)
        if bad >= 0:  # go on with those before it: the error must not depend on the division into calls
            failure = _failure(method, problem, traces, bad, span)
            high = bad
            if high == low:
                break
            its_block = bad - (bad - low) % problem.lanes.lanes
            rest = Span(its_block, high, span.first, span.last, traces.neuron.size)
            _integrate(method, problem, traces, rest, buffer, None)
        take_spikes(buffer.neuron[:count].copy(), buffer.time[:count].copy())
        yield (high - low) * (span.last - first) * problem.dt
    if failure:
        raise failure


def _integrate(method, problem, traces, span, buffer, statistics):
    p = problem
    return integrate(
        method, p.lanes, *p.types, p.columns, p.sources, p.state, span, p.dt, p.threshold, buffer, traces,
        statistics,
    )  # fmt: skip


def _failure(method: Any, problem: Problem, traces: Traces, neuron: int, span: Span) -> FloatingPointError:
    """Find the step at which `neuron` ceased to be finite, by bisection; an error to raise."""
    buffer = problem.buffer((span.last - span.first) // 2 + 1)
    nobody = traces.neuron.size
    good, bad = span.first, span.last
    while bad - good > 1:
        middle = (good + bad) // 2
        failed, _ = _integrate(method, problem, traces, Span(neuron, neuron + 1, good, middle, nobody), buffer, None)
        good, bad = (good, middle) if failed >= 0 else (middle, bad)
    return FloatingPointError(
        f"neuron {problem.first_neuron + neuron} blew up: its state is no longer finite at "
        f"t = {bad * problem.dt:.12g} ms; dt = {problem.dt:g} ms is probably too large for its parameters"
    )
