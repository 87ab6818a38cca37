"""The one kernel of the fixed-step methods: blocks outside, steps inside, lanes innermost."""

from typing import Any, NamedTuple

import numpy as np

from .._jit import kernel, specialises
from .._lanes import put, take, width
from ..models import prepare
from .block import Block, slope
from .spikes import crossing


class Columns(NamedTuple):
    """Scalars and arrays in one vector: entry k of neuron i is ``values[first[k] + stride[k] * i]``, stride 0 or 1."""

    values: Any
    first: Any
    stride: Any


class Span(NamedTuple):
    """Neurons low to high, steps first to last; `traced` is where the first of these neurons stands in Traces."""

    low: int
    high: int
    first: int
    last: int
    traced: int


class SpikeBuffer(NamedTuple):
    """Where spikes go: counts for the whole population, and a list long enough for the span."""

    count: Any  # (n,) int64
    neuron: Any  # (room,) int64
    time: Any  # (room,) float64


class Traces(NamedTuple):
    """Where samples go: states `which` of the (sorted) neurons, every so many steps, into rows of `out`."""

    which: Any  # (states,) int64
    neuron: Any  # (m,) int64, ascending
    row: Any  # (m,) int64
    every: int
    out: Any  # (states, m, samples)


def step(method, block, t, dt):
    """Generic: one step of every lane, from ``block.start`` to ``block.state``, resolved by the type of `method`."""


def scratch_arrays(method):
    """Generic: how many arrays of the state's shape the method wants beside ``start`` and ``state``."""


@specialises(scratch_arrays)
def _scratch_arrays(method):
    constant = method.instance_class.scratch
    return lambda method: constant


@kernel
def integrate(method, lanes, model, waveform, state_like, columns, state, span, dt, threshold, spikes, traces):
    """Advance a span of the population; ``state`` (D, n) is changed in place.

    Returns the first neuron that is no longer finite (its block is left as it was) or -1, and the number of spikes.
    """
    L = width(lanes)
    D, P, W = len(state_like), len(model), len(waveform)
    prepared_like = prepare(model)
    K = len(prepared_like)
    S = scratch_arrays(method) * D
    # one array, so that the optimiser knows that its parts do not overlap
    work = np.empty((P + K + W + 2 * D + S, L))
    given = work[:P]
    prepared = work[P : P + K]
    drive = work[P + K : P + K + W]
    start = work[P + K + W : P + K + W + D]
    end = work[P + K + W + D : P + K + W + 2 * D]
    scratch = work[P + K + W + 2 * D :]
    block = Block(lanes, model, prepared_like, waveform, state_like, prepared, drive, start, end, scratch)
    spiked = 0
    traced_end = span.traced
    for low in range(span.low, span.high, L):
        for lane in range(L):
            # lanes past the end repeat the last neuron, so that every neuron takes the vector path
            i = min(low + lane, span.high - 1)
            for k in range(P):
                given[k, lane] = columns.values[columns.first[k] + columns.stride[k] * i]
            for k in range(W):
                drive[k, lane] = columns.values[columns.first[P + k] + columns.stride[P + k] * i]
            put(prepared, lane, prepare(take(model, given, lane)))
            for k in range(D):
                end[k, lane] = state[k, i]
        here = min(L, span.high - low)
        traced = traced_end  # np.searchsorted here cost a fifth of the speed, far from the hot loop
        while traced_end < traces.neuron.size and traces.neuron[traced_end] < low + here:
            traced_end += 1
        for number in range(span.first, span.last):
            t = number * dt
            for lane in range(L):
                put(start, lane, take(state_like, end, lane))
            step(method, block, t, dt)
            crossed = 0
            for lane in range(L):
                crossed |= (start[0, lane] < threshold) & (end[0, lane] >= threshold)
            if crossed:
                for lane in range(here):
                    if start[0, lane] < threshold and end[0, lane] >= threshold:
                        before = slope(block, lane, take(state_like, start, lane), t)[0] * dt
                        after = slope(block, lane, take(state_like, end, lane), t + dt)[0] * dt
                        part = crossing(start[0, lane] - threshold, end[0, lane] - threshold, before, after)
                        spikes.count[low + lane] += 1
                        spikes.neuron[spiked] = low + lane
                        spikes.time[spiked] = (number + part) * dt
                        spiked += 1
            if traced < traced_end and (number + 1) % traces.every == 0:
                sample = (number + 1) // traces.every
                for m in range(traced, traced_end):
                    for k in range(traces.which.size):
                        traces.out[k, traces.row[m], sample] = end[traces.which[k], traces.neuron[m] - low]
        for lane in range(here):
            for k in range(D):
                if end[k, lane] - end[k, lane] != 0.0:  # inf or NaN
                    return low + lane, spiked
        for lane in range(here):
            for k in range(D):
                state[k, low + lane] = end[k, lane]
    return -1, spiked
