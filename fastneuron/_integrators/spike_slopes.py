"""The derivatives of spike times: what moves the voltage at a spike moves its time by -(dV/dp) / (dV/dt).

Both are those of the polynomial on which the spike's time lies, so that with a fixed step they are the derivatives of
the very time that is listed.
"""

from typing import Any, NamedTuple

from .._kernel.lanes import Lanes8, fma, local, put
from .dense_output import extension, spike_part
from .spike_lists import list_at, list_spike
from .spikes import crossing, hermite, polynomial

ONE = Lanes8()


def _list_at(spikes, spiked, neuron, time):
    spikes.count[neuron] += 1
    spikes.neuron[spiked] = neuron
    spikes.time[spiked, 0] = time
    return spiked + 1


def _list_crossing(spikes, space, lane, slopes, neuron, at, spiked):
    number, dt = at
    start, end = space.start, space.end
    rise, rise_at_end = local(slopes[0], 1, ONE, 0.0), local(slopes[1], 1, ONE, 0.0)
    put(rise, 0, slopes[0])
    put(rise_at_end, 0, slopes[1])
    below, above = start[0, lane] - spikes.threshold, end[0, lane] - spikes.threshold
    c = hermite(below, above, rise[0, 0] * dt, rise_at_end[0, 0] * dt)
    part = crossing(below, c, 0.0, 1.0)
    speed = (c[0] + part * (2.0 * c[1] + 3.0 * c[2] * part)) / dt
    directions = spikes.time.shape[1] - 1
    states = start.shape[0] // (1 + directions)
    for j in range(1, 1 + directions):
        V = j * states  # its derivative
        c = hermite(start[V, lane], end[V, lane], rise[V, 0] * dt, rise_at_end[V, 0] * dt)
        spikes.time[spiked, j] = -polynomial(start[V, lane], c, part) / speed
    return list_spike(spikes, spiked, neuron, number, part, dt)


def _find_spike(spikes, tableau, work, lane, neuron, spiked):
    part = spike_part(0, tableau, work, lane, spikes.threshold)[0]
    if part >= 0.0:
        power, rows, length = work.power, work.start.shape[0], work.pace.length[lane]
        speed = 0.0
        for p in range(power.size - 1, -1, -1):  # what `spike_part` has left is that of V
            speed = speed * part + (p + 1) * power[p]
        directions = spikes.time.shape[1] - 1
        states = rows // (1 + directions)
        for j in range(1, 1 + directions):
            extension(tableau, work.k, j * states, rows, lane, length, power)
            spikes.time[spiked, j] = -polynomial(work.start[j * states, lane], power, part) * length / speed
        spiked = list_at(spikes, spiked, neuron, fma(part, length, work.pace.time[lane]))
    return spiked


def _list_jump(spikes, before, work, lane, t, spiked):
    if before[0] < spikes.threshold and work.start[0, lane] >= spikes.threshold:
        for j in range(1, spikes.time.shape[1]):
            spikes.time[spiked, j] = 0.0  # it is when the jump is
        spiked = list_at(spikes, spiked, work.neuron_in[lane], t)
    return spiked


class SensitiveBuffer(NamedTuple):
    """A `SpikeBuffer` of the variational equations of a model: each time stands before its derivatives."""

    threshold: float  # mV
    count: Any  # (n,) int64
    neuron: Any  # (room,) int64
    time: Any  # (room, 1 + directions) float64

    list_at = _list_at
    list_crossing = _list_crossing
    find_spike = _find_spike
    list_jump = _list_jump
