"""What happens inside a step of an adaptive method: spikes and samples, by the continuous extension of the method."""

from .. import models
from .._kernel.jit import generic, helper, inline
from .._kernel.lanes import fma, take
from ..inputs import port
from .spike_lists import arm, element, list_at, row_of
from .spikes import crossing, polynomial
from .statistics import observe_one, observes
from .tableau import POWERS


@generic
def may_spike(spikes, tableau, block, work, lane):
    """Whether V may rise through the threshold in the step of a lane; a long step may pass it twice."""
    d, last = len(row_of(spikes)), (tableau.stages - 1) * len(block.state_type)
    threshold = models.threshold(block.model_type, take(block.constants_type, block.constants, lane), spikes.threshold)
    V0, V1 = work.start[d, lane], work.end[d, lane]
    dV0, dV1 = work.k[d, lane], work.k[last + d, lane]
    below, above = threshold > V0, threshold <= V1
    peak, trough = (dV0 > 0.0) & (dV1 < 0.0), (dV0 < 0.0) & (dV1 > 0.0)
    return (below & (above | peak)) | (above & trough)


@helper
def extension(tableau, k, row, states, lane, length, out):
    """The coefficients of the continuous extension of state `row`, in powers of the fraction of a lane's step."""
    out[:] = 0.0
    for j in range(tableau.node.size):
        change = length * k[j * states + row, lane]
        for p in range(POWERS):  # eight: packs
            out[p] = fma(tableau.dense[j, p], change, out[p])


@helper
def turning_point(power, bend, sign):
    """Where in the step a continuous extension has its lowest point, or its highest if `sign` is -1."""
    for p in range(1, POWERS):
        bend[p - 1] = sign * (p + 1) * power[p]
    return crossing(sign * power[0], bend, 0.0, 1.0)


@inline
def spike_part(d, tableau, work, lane, threshold):
    """The fraction of a lane's step at which state d rises through the threshold, or -1; and how low it is before."""
    power = work.power
    states, length = work.start.shape[0], work.pace.length[lane]
    V0, V1 = work.start[d, lane], work.end[d, lane]
    if threshold > V0 or threshold <= V1:
        extension(tableau, work.k, d, states, lane, length, power)
        rise_from, rise_to = 0.0, 1.0
        if threshold > V1:
            rise_to = turning_point(power, work.bend, -1.0)
        elif threshold <= V0:
            rise_from = turning_point(power, work.bend, 1.0)
        before, after = polynomial(V0, power, rise_from), polynomial(V0, power, rise_to)
        if before < threshold and (threshold <= after or threshold <= V1):
            return crossing(V0 - threshold, power, rise_from, rise_to), before
    return -1.0, V0


@generic
def find_spike(spikes, tableau, work, lane, neuron, spiked):
    """List the spike in the step of a lane, if there is one, after the `spiked` that are listed; how many are then."""
    part, before = spike_part(len(row_of(spikes)), tableau, work, lane, spikes.threshold)
    if part >= 0.0:
        arm(spikes, neuron, before)
        spiked = list_at(spikes, spiked, neuron, fma(part, work.pace.length[lane], work.pace.time[lane]))
    return spiked


@generic
def list_jump(spikes, before, work, lane, t, spiked):
    """List the spike of a lane whose states have jumped at t from a tuple to those in ``work.start``, if it is one."""
    row = row_of(spikes)
    if element(row, before) < spikes.threshold and work.start[len(row), lane] >= spikes.threshold:
        spiked = list_at(spikes, spiked, work.neuron_in[lane], t)
    return spiked


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


@inline
def is_traced(traces, neuron):
    """Whether a neuron is among those whose samples are kept."""
    return traces.neuron.size > 0 and traces.neuron[position(traces.neuron, neuron)] == neuron


@inline
def is_sampled(traces, statistics, neuron):
    """Whether anybody asks for samples of a neuron."""
    return statistics is not None or is_traced(traces, neuron)


@inline
def sampled_value(block, work, d, lane, t):
    """The variable d of a lane at time t in its step, the extension of which is in ``work.power`` if it is a state."""
    states = len(block.state_type)
    if d < states:
        return polynomial(work.start[d, lane], work.power, (t - work.pace.time[lane]) / work.pace.length[lane])
    port.show_at(block.sources, block.rooms, lane, t, work.shown, states, lane)
    return work.shown[d, lane]


@inline
def take_samples(tableau, block, work, lane, neuron, traces, statistics):
    """Take the samples of a neuron that are due in the step of its lane."""
    interval, h = traces.interval, work.pace.length[lane]
    number = upto = work.pace.sample[lane]
    while upto * interval <= work.pace.arrival[lane] and upto < traces.begin + traces.out.shape[2]:
        upto += 1.0
    if upto > number:
        first, end, states = int(number), int(upto), len(block.state_type)
        m = position(traces.neuron, neuron) if traces.neuron.size else 0
        traced = traces.neuron.size > 0 and traces.neuron[m] == neuron
        for which in range(traces.which.size if traced else 0):
            d = traces.which[which]
            if d < states:
                extension(tableau, work.k, d, states, lane, h, work.power)
            for sample in range(first, end):
                x = sampled_value(block, work, d, lane, sample * interval)
                traces.out[which, traces.row[m], sample - traces.begin] = x
        for d in range(work.shown.shape[0]):
            if observes(statistics, d):
                if d < states:
                    extension(tableau, work.k, d, states, lane, h, work.power)
                for sample in range(first, end):
                    observe_one(statistics, d, neuron, sampled_value(block, work, d, lane, sample * interval), sample)
        work.pace.sample[lane] = upto


@helper
def keep_sample(block, work, lane, neuron, t, sample, traces, statistics):
    """Keep the sample of a neuron at a time, whose states are in ``work.shown``."""
    port.show_at(block.sources, block.rooms, lane, t, work.shown, len(block.state_type), lane)
    if is_traced(traces, neuron):
        for which in range(traces.which.size):
            value = work.shown[traces.which[which], lane]
            traces.out[which, traces.row[position(traces.neuron, neuron)], sample - traces.begin] = value
    for d in range(work.shown.shape[0]):
        observe_one(statistics, d, neuron, work.shown[d, lane], sample)
