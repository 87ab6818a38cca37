"""The exchange of spikes between two epochs: from the outboxes of all ranges to the one list of spikes in flight.

Where other processes have neurons of the network too, what an epoch has put into flight here is packed, sent to all,
and replaced by what has come from all.  A spike is then two numbers: a code, which says whose and in which step, in the
order of the list, and the fraction of the step.
"""

from typing import Any, NamedTuple

import numpy as np

from .._integrators.watch import innermost
from .._kernel.jit import allocating_kernel, for_tuples, generic, helper, kernel

A_STEP, A_SENDER = 32, 40  # bits: in a code, below them is the neuron, and the step of the epoch


class Ranges(NamedTuple):
    """The neurons of all populations cut into ranges of whole blocks; those of a population stand together."""

    cells: Any  # (ranges,) int64: the population, counted among those of neurons
    sender: Any  # (ranges,) int64: and among all
    low: Any  # (ranges,) int64
    high: Any  # (ranges,) int64
    room: Any  # (ranges,) int64: where its room in the outbox of its population begins
    traced: Any  # (ranges,) int64: where its first neuron stands among those that are recorded
    spiked: Any  # (ranges,) int64: spikes of the last epoch


@generic
def exchange(cells, flight, ranges, first, last):
    """Put the spikes of the steps `first` to `last` into flight, in order of (step, neuron)."""


@for_tuples(exchange)
def _exchange_each(cells, flight, ranges, first, last):
    exchange(cells[:-1], flight, ranges, first, last)
    _collect(innermost(cells[-1].outbox), len(cells) - 1, flight, ranges, first, last)


@helper
def _collect(outbox, which, flight, ranges, first, last):
    for step in range(first, last):
        for r in range(len(ranges.low)):
            if ranges.cells[r] != which:
                continue
            sender = ranges.sender[r]
            count = flight.count[sender]
            for s in range(ranges.room[r], ranges.room[r] + ranges.spiked[r]):
                if outbox.step[s] == step:
                    flight.step[sender, count] = step
                    flight.fraction[sender, count] = outbox.fraction[s]
                    flight.source[sender, count] = outbox.neuron[s]
                    count += 1
            flight.count[sender] = count


class Parcels(NamedTuple):
    """Spikes of an epoch on their way between processes: a row from each, in order of (sender, step, neuron)."""

    code: Any  # (processes, room) int64
    fraction: Any  # (processes, room)
    count: Any  # (processes,) int64


class Outgoing(NamedTuple):
    """The spikes of an epoch that a process sends, and whose they are."""

    sender: Any  # (senders,) int64: ascending
    low: Any  # (senders,) int64: the label of the first neuron of each that the process has
    code: Any  # (room,) int64
    fraction: Any  # (room,)


@kernel
def pack(flight, out, begin, first):
    """Pack what its senders have in flight behind their first `begin` spikes; how many there are."""
    packed = 0
    for k in range(out.sender.size):
        sender = out.sender[k]
        for s in range(begin[sender], flight.count[sender]):
            step = flight.step[sender, s] - first
            out.code[packed] = sender << A_SENDER | step << A_STEP | (flight.source[sender, s] + out.low[k])
            out.fraction[packed] = flight.fraction[sender, s]
            packed += 1
    return packed


@allocating_kernel
def unpack(parcels, flight, senders, begin, first, last):
    """Put parcels into flight behind the first `begin` spikes of each sender, in order of (step, neuron).

    The neurons of a process come before those of the next.
    """
    place = np.zeros(parcels.count.size, np.int64)
    for sender in senders:
        count = begin[sender]
        for step in range(first, last):
            wanted = sender << (A_SENDER - A_STEP) | (step - first)
            for r in range(place.size):
                while place[r] < parcels.count[r] and parcels.code[r, place[r]] >> A_STEP == wanted:
                    flight.step[sender, count] = step
                    flight.fraction[sender, count] = parcels.fraction[r, place[r]]
                    flight.source[sender, count] = parcels.code[r, place[r]] & (2**A_STEP - 1)
                    place[r] += 1
                    count += 1
        flight.count[sender] = count
