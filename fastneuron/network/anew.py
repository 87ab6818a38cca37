"""Synapses that are in no memory: the row of a spike's source is made anew, by its rule, as the spike arrives."""

from typing import NamedTuple

import numpy as np

from .._kernel.jit import for_tuples, generic, inline
from .connections.wiring import Scratch, Wiring, make_row
from .delivery import LATEST, LEAVES, RECEPTOR, SENDER, SOONEST, deliver_made, row_of, source_of


class Anew(NamedTuple):
    """A projection without lists, and room for a row."""

    number: int  # of the projection
    cells: int  # its targets' population, counted among those of neurons
    low: int  # the first neuron of that population that this process has
    wiring: Wiring
    scratch: Scratch


@inline  # to count references to arrays took an eighth of the time
def _deliver_one(one, routes, receivers, flight, target_range, due):
    numbers = routes.numbers[one.number]
    sender, receptor = int(numbers[SENDER]), int(numbers[RECEPTOR])
    row = row_of(
        receivers, receptor, target_range, routes.rows[target_range, one.number], routes.kinds[one.number], numbers
    )
    events, count = 0, flight.count[sender]
    s = routes.cursor[target_range, one.number]
    while s < count and flight.step[sender, s] + int(numbers[LATEST]) < due.first:
        s += 1
    routes.cursor[target_range, one.number] = s
    while s < count and flight.step[sender, s] + int(numbers[SOONEST]) < due.last:
        step, fraction = flight.step[sender, s], max(flight.fraction[sender, s], numbers[LEAVES])
        if due.first <= step + np.int64(fraction + row.shared_delay) < due.last:
            one.scratch.turn[0] = s
            source, low = source_of(flight, sender, s), one.low
            made = make_row(one.wiring, source, low + due.low, low + due.high, one.scratch)
            deliver_made(row, one.scratch, made, due, step, fraction)
            events += made
        s += 1
    return events


@generic
def deliver_anew(anew, cells, net, target_range, due):
    """Deliver what is due from projections without lists to a range of a population; the number of synaptic events."""
    return 0


@for_tuples(deliver_anew)
def _deliver_each(anew, cells, net, target_range, due):
    events = 0
    if anew[0].cells == cells:
        events += _deliver_one(anew[0], net.routes, net.receivers, net.flight, target_range, due)
    return events + deliver_anew(anew[1:], cells, net, target_range, due)
