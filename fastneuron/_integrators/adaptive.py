"""The adaptive methods: every lane has a time and a step of its own.

The lanes of a block take their steps together, each of its own length, and a lane whose neuron is done takes the next
neuron, so that none waits for the stiffest.  What a neuron needs to go on (its time, its next step, its last error) is
kept beside its state, so that a run cut into pieces anywhere takes the very same steps.

A method is a table (`Tableau`), not code: an explicit Runge-Kutta pair whose last stage is the first of the next step,
with a continuous extension.  One round of a block is:

    take_steps          adaptive_step.py: the stages, the error, the next step; what asks for the continuous extension
    interpolate         spikes and samples: dense_output.py
    accept_steps        lanes whose step was good move on
    service             lanes that are at a stop, at the end, or run away

A stop is where something happens to a neuron: a current jumps, a spike arrives.  `restart` lets it happen, whatever it
does to the state, and has the neuron go on from there.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np

from .._kernel.jit import helper, inline, inline_ast, kernel
from .._kernel.lanes import Lanes1, Lanes8, Lanes16, Lanes32, local, put, take, width
from ..inputs import port
from .adaptive_step import take_steps
from .block import derivative, make_block, prepare
from .controller import (
    ACCEPTED,
    DEFERRED,
    FASTEST,
    REFUSED,
    SHORTEST,
    Tolerance,
    error_scale,
    make_pace,
)  # fmt: skip
from .dense_output import is_sampled, take_samples
from .problem import Chunk, Clock, Problem, Traces, take_sample_of_all
from .spike_lists import arm_at, most_in_step
from .spike_stops import (
    NOT_RISEN,
    REACH,
    RISEN,
    TOO_FAR,
    cut_at_spike,
    fire_in_step,
    jump,
    rise,
    step_anew,
)
from .statistics import observe_all
from .tableau import MOST_STAGES, POWERS

BUDGET = 20_000  # steps of a block per kernel call
MANY = 512  # neurons: from there on the wider block is full most of the time
NOBODY = -1
OF_POWERS = Lanes8()  # an array of POWERS numbers


class OfBend(NamedTuple):
    """An array of one less."""

    lanes = POWERS - 1


class Span(NamedTuple):
    """The neurons low to high, up to the time `end`, or to the last of their steps before `limit` (ms).

    Those that are done are told by ``clock.reached``, which is then at `mark`.
    """

    low: int
    high: int
    limit: float
    end: float
    tolerant: bool  # whether a neuron that fails is left with NaN
    mark: float


class Sampled(NamedTuple):
    """Where samples go."""

    traces: Any
    statistics: Any


class Workspace(NamedTuple):
    """The arrays of an adaptive method, for a block."""

    start: Any  # (D, lane): the state at the begin of the step
    end: Any  # (D, lane): at a stage, then at the end of the step
    stage: Any  # (D, lane): at a stage of the continuous extension; of the type of `end`, for which its code is made
    error: Any  # (2 D, lane)
    shown: Any  # (variables, lane): what inputs show at a sample
    derivative: Any  # (D, lane): of a stage; a row known at run time only would cost the loop its SIMD form
    k: Any  # (stages D, lane): the derivatives of all stages
    pace: Any
    neuron_in: Any  # (lane,) the neuron in a lane, or NOBODY
    power: Any  # (POWERS,) coefficients of the continuous extension of a state
    bend: Any  # (POWERS - 1,) and of its derivative


@inline_ast
def make_workspace(neurons, lanes):
    """The arrays of a method for a block without neurons; only the stages, which some methods skip, are set.

    None is NumPy's, whose references are counted wherever the tuple is looked at: 9 % of a run sampled every 0.5 ms.
    """
    work = Workspace(
        local(neurons.state_type, 1, lanes, 0.0),
        local(neurons.state_type, 1, lanes, 0.0),
        local(neurons.state_type, 1, lanes, 0.0),
        local(neurons.state_type, 2, lanes, 0.0),
        local(neurons.variables_type, 1, lanes, 0.0),
        local(neurons.state_type, 1, lanes, 0.0),
        local(neurons.state_type, MOST_STAGES, lanes, 0.0),
        make_pace(lanes),
        local((0,), 1, lanes, 0)[0],
        local((0.0,), 1, OF_POWERS, 0.0)[0],
        local((0.0,), 1, OfBend(), 0.0)[0],
    )
    work.k[:] = 0.0
    work.neuron_in[:] = NOBODY
    return work


@helper
def load_lane(block, work, neurons, lane, neuron, sampled):
    """Put a neuron into a lane."""
    pace, clock = work.pace, neurons.clock
    prepare(block, neurons, lane, neuron, 0.0)
    port.load(block.sources, block.rooms, lane, neuron, 0)
    for d in range(len(block.state_type)):
        work.start[d, lane] = neurons.state[d, neuron]
    pace.time[lane] = clock.time[neuron]
    pace.step[lane] = max(clock.step[neuron], SHORTEST)
    pace.previous_error[lane] = clock.previous_error[neuron]
    pace.largest_factor[lane] = clock.largest_factor[neuron]
    pace.sample[lane] = clock.sample[neuron] if sampled else np.inf


@helper
def restart(block, work, lane, end, spikes, spiked):
    """At a stop: what happens there, a spike if that makes the voltage jump through the threshold, and the next stop.

    Returns how many spikes are then listed.
    """
    neuron, t, before = work.neuron_in[lane], work.pace.time[lane], take(block.state_type, work.start, lane)
    state = port.arrive(block.sources, block.rooms, lane, t, before)
    put(work.start, lane, state)
    if neuron != NOBODY:
        spiked = jump(block.model_type, block, work, lane, before, t, spikes, spiked)
        state = take(block.state_type, work.start, lane)
    put(work.k, lane, derivative(block, lane, state, t, port.BEGIN))
    work.pace.stop[lane] = min(end, port.next_discontinuity(block.sources, block.rooms, lane, t))
    step_anew(block.model_type, block, work, lane, spikes)
    if neuron != NOBODY:
        arm_at(spikes, neuron, work.start, lane)
    return spiked


@helper
def store_lane(block, work, neurons, lane, neuron):
    """Write a lane back to its neuron."""
    pace, clock = work.pace, neurons.clock
    for d in range(len(block.state_type)):
        neurons.state[d, neuron] = work.start[d, lane]
    port.show_at(block.sources, block.rooms, lane, pace.time[lane], neurons.state, len(block.state_type), neuron)
    port.store(block.sources, block.rooms, lane, neuron)
    clock.time[neuron] = pace.time[lane]
    clock.step[neuron] = pace.step[lane]
    clock.previous_error[neuron] = pace.previous_error[lane]
    clock.largest_factor[neuron] = pace.largest_factor[lane]
    if pace.sample[lane] < np.inf:
        clock.sample[neuron] = pace.sample[lane]


@inline
def next_neuron(neurons, span, upcoming):
    """The first neuron from `upcoming` on that is not done, or the end of the span."""
    while upcoming < span.high and neurons.clock.reached[upcoming] >= span.mark:
        upcoming += 1
    return upcoming


@inline
def fill_lanes(block, work, neurons, span, spikes, spiked, samples):
    """Put the first neurons of a span into the lanes; how many there are, from where on the others are, and spikes."""
    upcoming, active = span.low, 0
    for lane in range(width(block.lanes)):
        upcoming = next_neuron(neurons, span, upcoming)
        neuron = min(upcoming, span.high - 1)
        load_lane(block, work, neurons, lane, neuron, is_sampled(samples.traces, samples.statistics, neuron))
        if upcoming < span.high:
            work.neuron_in[lane] = upcoming
            upcoming += 1
            active += 1
        spiked = restart(block, work, lane, span.end, spikes, spiked)
        if work.neuron_in[lane] == NOBODY:  # a lane without a neuron takes steps of length 0
            work.pace.stop[lane] = work.pace.time[lane]
    return active, upcoming, spiked


@inline
def interpolate(tableau, block, work, neurons, span, spikes, spiked, samples):
    """Find the spikes and samples inside the steps; how many spikes are then listed, and whether any is a stop."""
    model_type, stopped = block.model_type, 0
    for lane in range(work.neuron_in.size):
        neuron = work.neuron_in[lane]
        if work.pace.dense[lane] and neuron != NOBODY:
            to_the_end = work.pace.arrival[lane] >= span.end
            part, spiked = cut_at_spike(model_type, tableau, block, work, lane, span.limit, spikes, spiked)
            if part >= 0.0 and to_the_end:
                neurons.clock.cut[neuron] = 1.0
            take_samples(tableau, block, work, lane, neuron, samples.traces, samples.statistics)
            if part >= 0.0 and work.pace.outcome[lane] == ACCEPTED:
                spiked = fire_in_step(model_type, tableau, block, work, lane, part, spikes, spiked)
                stopped = 1
    return spiked, stopped


@inline
def arm_accepted(work, spikes):
    """Let neurons that their steps have taken low enough spike again."""
    for lane in range(work.neuron_in.size):
        if work.pace.outcome[lane] == ACCEPTED and work.neuron_in[lane] != NOBODY:
            arm_at(spikes, work.neuron_in[lane], work.end, lane)


@inline
def accept_steps(tableau, block, work):
    """Move the lanes on whose step is accepted."""
    D, pace = len(block.state_type), work.pace
    last = (tableau.stages - 1) * D
    for lane in range(width(block.lanes)):
        accepted = pace.outcome[lane] == ACCEPTED
        pace.time[lane] = pace.arrival[lane] if accepted else pace.time[lane]
        for d in range(D):
            work.start[d, lane] = work.end[d, lane] if accepted else work.start[d, lane]
            work.k[d, lane] = work.k[last + d, lane] if accepted else work.k[d, lane]


@inline
def service(block, work, neurons, span, upcoming, spikes, spiked, samples):
    """Look after lanes that are at a stop, at the limit or the end, or whose steps shrink to nothing.

    Returns the first neuron of the last kind or NOBODY, how many lanes have lost their neuron, from where on the
    neurons are that have not been in a lane, and how many spikes are listed.
    """
    bad, left = NOBODY, 0
    for lane in range(width(block.lanes)):
        neuron = work.neuron_in[lane]
        if neuron == NOBODY:
            continue
        if work.pace.arrival[lane] >= span.end:
            neurons.clock.cut[neuron] = 1.0
        risen, spiked = rise(block.model_type, block, work, lane, span, spikes, spiked, samples)
        if risen != NOT_RISEN and span.end - work.pace.time[lane] <= REACH:
            neurons.clock.cut[neuron] = 1.0
        if risen == TOO_FAR:
            work.pace.outcome[lane] = DEFERRED
        elif risen == RISEN:
            work.pace.outcome[lane], work.pace.stop[lane] = ACCEPTED, work.pace.time[lane]
        t, outcome = work.pace.time[lane], work.pace.outcome[lane]
        stuck = t < span.end and work.pace.step[lane] < max(SHORTEST, 1e-13 * t)
        if stuck and not span.tolerant:
            bad = neuron if bad == NOBODY else min(bad, neuron)
        elif outcome == REFUSED and not stuck:
            continue
        elif stuck or t >= span.end or outcome == DEFERRED:
            if stuck:
                for d in range(len(block.state_type)):
                    work.start[d, lane] = np.nan
            store_lane(block, work, neurons, lane, neuron)
            neurons.clock.reached[neuron] = np.inf if stuck else span.mark
            upcoming = next_neuron(neurons, span, upcoming)
            if upcoming < span.high:
                work.neuron_in[lane] = upcoming
                sampled = is_sampled(samples.traces, samples.statistics, upcoming)
                load_lane(block, work, neurons, lane, upcoming, sampled)
                spiked = restart(block, work, lane, span.end, spikes, spiked)
                upcoming += 1
            else:
                work.neuron_in[lane] = NOBODY
                left += 1
        elif t >= work.pace.stop[lane]:
            spiked = restart(block, work, lane, span.end, spikes, spiked)
    return bad, left, upcoming, spiked


@kernel
def integrate_adaptively(tableau, lanes, neurons, span, tolerance, spikes, traces, statistics):
    """`integrate_in_own_steps` as a kernel, whose spikes are the first of their list."""
    samples = Sampled(traces, statistics)
    return integrate_in_own_steps(tableau, lanes, neurons, span, tolerance, spikes, 0, samples)


@inline_ast
def integrate_in_own_steps(tableau, lanes, neurons, span, tolerance, spikes, spiked, samples):
    """Advance a span of the population; its state and clock are changed in place.

    A step that reaches the limit gives its samples before the limit, but is not accepted: the next chunk takes it
    again, so that the chunks change nothing.

    Returns the first neuron whose step shrank to nothing or -1, the number of spikes, and whether all are done: they
    may not be where much is to be done, or the list, in which a step has room for all spikes of a lane, is full.
    """
    block = make_block(lanes, neurons, port.ANY_TIME)
    work = make_workspace(neurons, lanes)
    rule = error_scale(tableau, tolerance), tolerance
    traces = samples.traces
    active, upcoming, spiked = fill_lanes(block, work, neurons, span, spikes, spiked, samples)
    bad = NOBODY
    for _ in range(BUDGET):
        if active == 0 or bad != NOBODY or spiked + most_in_step(spikes) * width(lanes) > spikes.neuron.size:
            break
        dense, attention = take_steps(lanes, tableau, rule, block, work, span.limit, spikes, traces.interval)
        if dense:
            spiked, stopped = interpolate(tableau, block, work, neurons, span, spikes, spiked, samples)
            attention |= stopped
        arm_accepted(work, spikes)
        accept_steps(tableau, block, work)
        if attention:
            bad, left, upcoming, spiked = service(block, work, neurons, span, upcoming, spikes, spiked, samples)
            active -= left
    for lane in range(width(lanes)):
        if work.neuron_in[lane] != NOBODY:
            store_lane(block, work, neurons, lane, work.neuron_in[lane])
    return bad, spiked, active == 0


def choose_block(n: int) -> Any:
    """The lanes of a block for n neurons.

    Four vectors of AVX-512 hide more waiting than two: 24.7 instead of 32.8 ms for DOP853 at 1e-13, 4,096 neurons.  One
    neuron alone has a lane of its own: 0.55 instead of 0.77 ms for a second at 1e-9, the call included.
    """
    if n == 1:
        return Lanes1()
    return Lanes32() if n >= MANY else Lanes16()


def new_clock(n: int, step: float) -> Clock:
    """The clock of n neurons at the start of a run, whose first step is to be tried with that length (ms)."""
    clock = Clock(*(np.zeros(n) for _ in Clock._fields))
    clock.step[:], clock.largest_factor[:], clock.sample[:], clock.reached[:] = step, FASTEST, 1, -np.inf
    return clock


def _sum(time: np.ndarray) -> float:
    """The sum of times; of one neuron, without the 3 us that NumPy takes to begin."""
    return float(time.sum()) if time.size > 1 else time.item()


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
    clock: Any = p.clock  # every adaptive method has given it one
    time = clock.time[low:high]
    buffer = p.buffer(max(4 * (high - low), 4096) * len(p.watched))
    lanes, tolerance = choose_block(p.n), Tolerance(p.rtol, p.atol)
    failure = None
    done = False
    before = _sum(time)
    while not done:
        span = Span(low, high, chunk.limit, p.duration, p.tolerant, chunk.limit)
        arguments = method, lanes, p.neurons, span, tolerance, buffer, traces, statistics
        bad, count, done = p.call(integrate_adaptively, arguments)
        if bad >= 0:  # go on with those before it: which fails first must not depend on the order of work
            reason = p.undefined_term(bad, clock.time[bad]) or (
                f"its state blows up, or the tolerances (rtol = {p.rtol:g}) ask for more than float64 holds"
            )
            failure = FloatingPointError(
                f"neuron {p.first_neuron + bad} needs steps too small to go on at t = {clock.time[bad]:.12g} ms: "
                f"{reason}"
            )
            high = bad
            done = high == low
        if count:
            take_spikes(buffer.neuron[:count].copy(), buffer.time[:count].copy())
        now = _sum(time)
        yield now - before
        before = now
    if failure:
        raise failure
    if chunk.limit == np.inf:
        take_last_sample(traces, traces.out.shape[2], p.state, p.duration, low, high, statistics)


def take_last_sample(
    traces: Traces, samples: int, state: np.ndarray, duration: float, low: int, high: int, statistics: Any
) -> None:
    """Take that of the neurons `low` to `high` that is the end of the run, but for rounding: 3 * 0.1 > 0.3."""
    last = traces.begin + samples - 1
    if last > 0 and last * traces.interval > duration:
        take_sample_of_all(traces, state, low, high, samples - 1)
        if statistics is not None:
            observe_all(statistics, state, low, high, last)
