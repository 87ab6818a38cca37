"""The one kernel of the adaptive methods: every lane has a time and a step of its own.

The lanes of a block take their steps together, each of its own length, and a lane whose neuron is done takes the next
neuron, so that none waits for the stiffest.  What a neuron needs to go on (its time, its next step, its last error) is
kept beside its state, so that a run cut into pieces anywhere takes the very same steps.

A method is a table (`Tableau`), not code: an explicit Runge-Kutta pair whose last stage is the first of the next step,
with a continuous extension.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np

from .._kernel.jit import helper, inline, kernel
from .._kernel.lanes import Lanes16, Lanes32, bits, fma, from_bits, local, put, take, width
from .._kernel.scalars import scale
from ..inputs import port
from .block import derivative, evaluate_gates, gated_derivative, make_block, prepare
from .problem import Chunk, Problem, Traces
from .spikes import crossing, polynomial
from .statistics import observe_all, observe_one, observes
from .tableau import keep_stage, sum_errors, sum_stage

SAFETY, SLOWEST, FASTEST = 0.9, 1 / 3, 6.0  # as in Hairer's DOP853
HELD = -1.0
POWERS = 8
SHORTEST = 1e-7  # ms: nothing in a neuron is that fast, so what needs such steps is running away
BUDGET = 20_000  # steps of a block per kernel call
MANY = 512  # neurons: from there on the wider block is full most of the time


class Tolerance(NamedTuple):
    """The error of a step is measured against absolute + relative * size."""

    relative: float
    absolute: Any  # (D,)


# the rows of a field's clock
TIME, TAKEN, ARRIVAL, STEP, STOP, SAMPLE, MEMORY, GROWTH, GOOD, DENSE = range(10)


class Field(NamedTuple):
    """The arrays of a block that takes adaptive steps."""

    y: Any  # (D, lane): where the step begins
    z: Any  # (D, lane): a stage, then where the step ends
    error: Any  # (2 D, lane)
    slope: Any  # (D, lane): of a stage; a row known at run time only would cost the loop its SIMD form
    k: Any  # (16 D, lane): the stages
    clock: Any  # (10, lane)


@inline
def evaluate(tableau, block, field, stage, first, last):
    """Stages `first` to `last`; `stage` is left at the state of the last."""
    like, lanes = block.state_type, block.lanes
    for s in range(first, last):
        sum_stage(tableau.weights, s, like, lanes, field.k, field.y, field.clock, TAKEN, stage)
        node = tableau.node[s]
        evaluate_gates(block, stage)
        for lane in range(width(lanes)):
            h = field.clock[TAKEN, lane]
            # the nodes at the end of the step look at the current from the left
            t = fma(node, h, field.clock[TIME, lane]) if node < 1.0 else field.clock[ARRIVAL, lane]
            put(field.slope, lane, gated_derivative(block, lane, take(like, stage, lane), t, port.END))
        keep_stage(s, like, lanes, field.slope, field.k)


@inline
def log2_rough(x):
    """log2 of a positive x to 2e-4: for step sizes."""
    exponent = from_bits((bits(x) >> 52) | 0x4330000000000000) - 4503599627371519.0  # 2**52 + 1023
    m = from_bits((bits(x) & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000)
    p = fma(fma(-0.07915036575315018, m, 0.6288157291848091), m, -2.081060203459175)
    return exponent + fma(fma(p, m, 4.028372766846634), m, -2.4967737679054736)


@inline
def exp2_rough(x):
    """2**x to 3e-6."""
    rounded = x + 6755399441055744.0  # 1.5 * 2**52
    r = x - (rounded - 6755399441055744.0)
    p = fma(fma(0.00957009651306674, r, 0.055917859895730365), r, 0.24024744961168065)
    return scale(fma(fma(p, r, 0.6931218148156965), r, 0.9999992614055839), rounded)


@helper
def position(ascending, wanted):
    """Where `wanted` stands, or would."""
    low, high = 0, ascending.size - 1
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@helper
def seat(block, field, neurons, clock, traces, statistics, lane, neuron, end):
    """Seat a neuron in a lane."""
    prepare(block, neurons, lane, neuron, 0.0)
    port.load(block.sources, block.rooms, lane, neuron, 0)
    for d in range(len(block.state_type)):
        field.y[d, lane] = neurons.state[d, neuron]
    field.clock[TIME, lane] = clock.time[neuron]
    field.clock[STEP, lane] = max(clock.step[neuron], SHORTEST)
    field.clock[MEMORY, lane] = clock.memory[neuron]
    field.clock[GROWTH, lane] = clock.growth[neuron]
    sampled = statistics is not None
    if traces.neuron.size:
        sampled |= traces.neuron[position(traces.neuron, neuron)] == neuron
    field.clock[SAMPLE, lane] = clock.sample[neuron] if sampled else np.inf
    restart(block, field, lane, end)


@helper
def restart(block, field, lane, end):
    """At an edge of the current: the slope after it, and the next one to stop at."""
    t = field.clock[TIME, lane]
    put(field.k, lane, derivative(block, lane, take(block.state_type, field.y, lane), t, port.BEGIN))
    field.clock[STOP, lane] = min(end, port.next_discontinuity(block.sources, block.rooms, lane, t))


@helper
def unseat(field, state, clock, lane, neuron):
    """Write a lane back to its neuron."""
    for d in range(state.shape[0]):
        state[d, neuron] = field.y[d, lane]
    clock.time[neuron] = field.clock[TIME, lane]
    clock.step[neuron] = field.clock[STEP, lane]
    clock.memory[neuron] = field.clock[MEMORY, lane]
    clock.growth[neuron] = field.clock[GROWTH, lane]
    if field.clock[SAMPLE, lane] < np.inf:
        clock.sample[neuron] = field.clock[SAMPLE, lane]


@helper
def extension(tableau, field, d, lane, out):
    """The coefficients of the continuous extension of one state, in powers of the fraction of the step."""
    out[:] = 0.0
    for j in range(tableau.node.size):
        k = field.clock[TAKEN, lane] * field.k[j * field.y.shape[0] + d, lane]
        for p in range(POWERS):  # eight: packs
            out[p] = fma(tableau.dense[j, p], k, out[p])


@helper
def turning_point(power, bend, sign):
    """Where in the step a continuous extension has its lowest point, or its highest if `sign` is -1."""
    for p in range(1, POWERS):
        bend[p - 1] = sign * (p + 1) * power[p]
    return crossing(sign * power[0], bend, 0.0, 1.0)


@kernel
def integrate_adaptively(
    tableau,
    lanes,
    neurons,
    clock,
    low,
    high,
    limit,
    end,
    tolerance,
    spikes,
    traces,
    statistics,
):
    """Advance the neurons `low` to `high` to the time `end`, or to the last of their steps before `limit`.

    `state` (D, n) and `clock` are changed in place.  A step that reaches the limit gives its samples before the limit,
    but is not accepted: the next chunk takes it again, so that the chunks change nothing.

    Returns the first neuron whose step shrank to nothing or -1, the number of spikes, and whether all are done.
    """
    L = width(lanes)
    state_type, state, threshold = neurons.state_type, neurons.state, spikes.threshold
    D = len(state_type)
    S = tableau.stages
    block = make_block(lanes, neurons)
    field = Field(
        local(state_type, 1, lanes, 0.0),
        local(state_type, 1, lanes, 0.0),
        local(state_type, 2, lanes, 0.0),
        local(state_type, 1, lanes, 0.0),
        local(state_type, 16, lanes, 0.0),
        local((0.0,), 10, lanes, 0.0),
    )
    field.k[:] = 0.0
    power, bend = np.empty(POWERS), np.empty(POWERS - 1)
    seats = np.full(L, -1)
    upcoming = low
    active = 0
    for lane in range(L):
        while upcoming < high and clock.reached[upcoming] >= limit:
            upcoming += 1
        seat(block, field, neurons, clock, traces, statistics, lane, min(upcoming, high - 1), end)
        if upcoming < high:
            seats[lane] = upcoming
            upcoming += 1
            active += 1
        else:  # an empty seat takes steps of length 0
            field.clock[STOP, lane] = field.clock[TIME, lane]
    fineness = np.log2(tolerance.relative)
    power_1, offset_1 = 0.5 * tableau.power[0], fma(tableau.power[0] - 1.0, fineness, tableau.offset[0])
    power_2, offset_2 = 0.5 * tableau.power[1], fma(tableau.power[1] - 1.0, fineness, tableau.offset[1])
    spiked = 0
    bad = -1
    room = spikes.time.size
    last_sample = traces.begin + traces.out.shape[2]
    for _ in range(BUDGET):
        if active == 0 or bad >= 0 or spiked + L > room:
            break
        for lane in range(L):
            t, h, stop = field.clock[TIME, lane], field.clock[STEP, lane], field.clock[STOP, lane]
            arrival = stop if 1.01 * h >= stop - t else t + h
            field.clock[TAKEN, lane] = arrival - t  # not h: after 1,000 turns of a circle this is 50 times as near
            field.clock[ARRIVAL, lane] = arrival
        evaluate(tableau, block, field, field.z, 1, S)
        sum_errors(tableau.weights, state_type, lanes, field.k, field.error)
        dense, attention = 0, 0
        for lane in range(L):
            first, second = 0.0, 0.0
            for d in range(D):
                size = max(abs(field.y[d, lane]), abs(field.z[d, lane]))
                weight = 1.0 / fma(tolerance.relative, size, tolerance.absolute[d])
                e1, e2 = field.error[d, lane] * weight, field.error[D + d, lane] * weight
                first, second = fma(e1, e1, first), fma(e2, e2, second)
            taken, planned = field.clock[TAKEN, lane], field.clock[STEP, lane]
            now, stop = field.clock[ARRIVAL, lane], field.clock[STOP, lane]
            squared = taken * taken / D
            finite = squared * (first + second) < 1e300  # not NaN, either
            size = max(fma(power_1, log2_rough(max(squared * first, 1e-290)), offset_1), -33.0)
            size = max(fma(power_2, log2_rough(max(squared * second, 1e-290)), offset_2), size)
            good = finite & (size <= 0.0)
            power_of_2 = fma(-tableau.exponent, size, fma(tableau.memory, field.clock[MEMORY, lane], -0.152))
            factor = min(exp2_rough(min(max(power_of_2, -100.0), 100.0)), field.clock[GROWTH, lane])
            factor = factor if finite else SLOWEST
            factor = factor if good else min(factor, SAFETY)
            factor = max(factor, SLOWEST)
            step = taken * factor
            step = max(step, planned) if good & (now >= stop) & (taken < planned) else step
            held = good & (now >= limit)
            field.clock[STEP, lane] = planned if held else step
            field.clock[GOOD, lane] = HELD if held else 1.0 if good else 0.0
            field.clock[MEMORY, lane] = size if good & (not held) else field.clock[MEMORY, lane]
            field.clock[GROWTH, lane] = field.clock[GROWTH, lane] if held else FASTEST if good else 1.0
            V0, V1 = field.y[0, lane], field.z[0, lane]
            slope0, slope1 = field.k[0, lane], field.k[(S - 1) * D, lane]
            below, above = threshold > V0, threshold <= V1
            peak, trough = (slope0 > 0.0) & (slope1 < 0.0), (slope0 < 0.0) & (slope1 > 0.0)
            spike = (below & (above | peak)) | (above & trough)  # a long step may pass the threshold twice
            wanted = good & (taken > 0.0) & (spike | (now >= field.clock[SAMPLE, lane] * traces.interval))
            field.clock[DENSE, lane] = 1.0 if wanted else 0.0
            dense |= wanted
            attention |= held | (now >= stop) | (step < max(SHORTEST, 1e-13 * now))
        if dense:
            evaluate(tableau, block, field, field.error, S, tableau.node.size)
            for lane in range(L):
                if field.clock[DENSE, lane] == 0.0 or seats[lane] < 0:
                    continue
                t, h, now = field.clock[TIME, lane], field.clock[TAKEN, lane], field.clock[ARRIVAL, lane]
                V0, V1 = field.y[0, lane], field.z[0, lane]
                if field.clock[GOOD, lane] != HELD and (threshold > V0 or threshold <= V1):
                    extension(tableau, field, 0, lane, power)
                    rise_from, rise_to = 0.0, 1.0
                    if threshold > V1:
                        rise_to = turning_point(power, bend, -1.0)
                    elif threshold <= V0:
                        rise_from = turning_point(power, bend, 1.0)
                    before, after = polynomial(V0, power, rise_from), polynomial(V0, power, rise_to)
                    if before < threshold and (threshold <= after or threshold <= V1):
                        neuron = seats[lane]
                        spikes.count[neuron] += 1
                        spikes.neuron[spiked] = neuron
                        spikes.time[spiked] = fma(crossing(V0 - threshold, power, rise_from, rise_to), h, t)
                        spiked += 1
                number = upto = field.clock[SAMPLE, lane]
                while upto * traces.interval <= now and upto < last_sample:
                    upto += 1.0
                if upto > number:
                    m = position(traces.neuron, seats[lane]) if traces.neuron.size else 0
                    traced = traces.neuron.size > 0 and traces.neuron[m] == seats[lane]
                    for which in range(traces.which.size if traced else 0):
                        d = traces.which[which]
                        extension(tableau, field, d, lane, power)
                        for sample in range(int(number), int(upto)):
                            x = polynomial(field.y[d, lane], power, (sample * traces.interval - t) / h)
                            traces.out[which, traces.row[m], sample - traces.begin] = x
                    for d in range(D):
                        if observes(statistics, d):
                            extension(tableau, field, d, lane, power)
                            for sample in range(int(number), int(upto)):
                                x = polynomial(field.y[d, lane], power, (sample * traces.interval - t) / h)
                                observe_one(statistics, d, seats[lane], x, sample)
                    field.clock[SAMPLE, lane] = upto
        for lane in range(L):
            good = field.clock[GOOD, lane] == 1.0
            field.clock[TIME, lane] = field.clock[ARRIVAL, lane] if good else field.clock[TIME, lane]
            for d in range(D):
                field.y[d, lane] = field.z[d, lane] if good else field.y[d, lane]
                field.k[d, lane] = field.k[(S - 1) * D + d, lane] if good else field.k[d, lane]
        if attention:
            for lane in range(L):
                neuron = seats[lane]
                t = field.clock[TIME, lane]
                if neuron < 0:
                    continue
                if t < end and field.clock[STEP, lane] < max(SHORTEST, 1e-13 * t):
                    bad = neuron if bad < 0 else min(bad, neuron)
                elif field.clock[GOOD, lane] == 0.0:
                    continue
                elif t >= end or field.clock[GOOD, lane] == HELD:
                    unseat(field, state, clock, lane, neuron)
                    clock.reached[neuron] = limit
                    while upcoming < high and clock.reached[upcoming] >= limit:
                        upcoming += 1
                    if upcoming < high:
                        seats[lane] = upcoming
                        seat(block, field, neurons, clock, traces, statistics, lane, upcoming, end)
                        upcoming += 1
                    else:
                        seats[lane] = -1
                        active -= 1
                elif t >= field.clock[STOP, lane]:
                    restart(block, field, lane, end)
    for lane in range(L):
        if seats[lane] >= 0:
            unseat(field, state, clock, lane, seats[lane])
    return bad, spiked, active == 0


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
    p = problem
    time = p.clock.time[low:high]
    buffer = p.buffer(max(4 * (high - low), 4096))
    # four vectors of AVX-512 hide more waiting than two: 24.7 instead of 32.8 ms for DOP853 at 1e-13, 4,096 neurons
    lanes = Lanes32() if p.n >= MANY else Lanes16()
    failure = None
    done = False
    before = float(time.sum())
    while not done:
        bad, count, done = integrate_adaptively(
            method, lanes, p.neurons, p.clock, low, high, chunk.limit, p.duration,
            Tolerance(p.rtol, p.atol), buffer, traces, statistics,
        )  # fmt: skip
        if bad >= 0:  # go on with those before it: which fails first must not depend on the order of work
            failure = FloatingPointError(
                f"neuron {p.first_neuron + bad} needs steps too small to go on at t = {p.clock.time[bad]:.12g} ms: its "
                f"state blows up, or the tolerances (rtol = {p.rtol:g}) ask for more than float64 holds"
            )
            high = bad
            done = high == low
        take_spikes(buffer.neuron[:count].copy(), buffer.time[:count].copy())
        now = float(time.sum())
        yield now - before
        before = now
    if failure:
        raise failure
    last = traces.begin + traces.out.shape[2] - 1
    if chunk.limit == np.inf and last > 0 and last * traces.interval > p.duration:  # by rounding: 3 * 0.1 > 0.3
        mine = (low <= traces.neuron) & (traces.neuron < high)
        traces.out[:, traces.row[mine], -1] = p.state[np.ix_(traces.which, traces.neuron[mine])]
        if statistics is not None:
            observe_all(statistics, p.state, low, high, last)
