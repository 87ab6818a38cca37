"""The exchange of spikes between two epochs: from the outboxes of all ranges to the one list of spikes in flight."""

from typing import Any, NamedTuple

from .._kernel.jit import for_tuples, generic, helper


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
    _collect(cells[-1].outbox, len(cells) - 1, flight, ranges, first, last)


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
