"""Synapses that are in no memory: the row of a spike's source is made anew, by its rule, as the spike arrives."""

from typing import NamedTuple

import numpy as np

from .._kernel.addresses import add_at
from .._kernel.jit import for_tuples, generic, helper, specialises
from .connections.wiring import Scratch, Wiring, make_row
from .delivery import LATEST, LEAVES, RECEPTOR, SENDER, SHARED_DELAY, SHARED_WEIGHT, SOONEST, VECTOR, Row, evaluate


class Anew(NamedTuple):
    """A projection without lists, and room for a row."""

    number: int  # of the projection
    cells: int  # its targets' population, counted among those of neurons
    low: int  # the first neuron of that population that this process has
    wiring: Wiring
    scratch: Scratch


@generic
def weight_of(weights, k, shared):
    """Return weight k, or where there are no weights, None, the shared one."""


@specialises(weight_of)
def _weight_of(weights, k, shared):
    if hasattr(weights, "dtype"):
        return lambda weights, k, shared: np.float64(weights[k])
    return lambda weights, k, shared: shared


@helper
def _deliver_row(one, count, row, low, arrival, x):
    """Deliver `count` synapses whose targets and weights are in the room."""
    base = row.inbox + 8 * (((arrival % row.slots) * row.n + low) * row.columns)
    for part in range(row.columns // VECTOR):
        four = evaluate(row, 0, part, x)
        for k in range(count):
            j = one.scratch.target[k]
            if row.tables > 1:
                four = evaluate(row, low + j, part, x)
            add_at(
                base + 8 * (row.columns * j + VECTOR * part), weight_of(one.scratch.weight, k, row.shared_weight), four
            )


@helper
def _deliver_one(one, routes, receivers, flight, target_range, due):
    numbers = routes.numbers[one.number]
    sender, receptor = int(numbers[SENDER]), int(numbers[RECEPTOR])
    row = Row(
        0, 0, 0, numbers[SHARED_WEIGHT], 0, 0, numbers[SHARED_DELAY], receivers.inbox[receptor], receivers.n[receptor],
        receivers.columns[receptor], receivers.slots, receivers.table[receptor], receivers.tables[receptor],
        receivers.powers[receptor],
    )  # fmt: skip
    events, count = 0, flight.count[sender]
    s = routes.cursor[target_range, one.number]
    while s < count and flight.step[sender, s] + int(numbers[LATEST]) < due.first:
        s += 1
    routes.cursor[target_range, one.number] = s
    while s < count and flight.step[sender, s] + int(numbers[SOONEST]) < due.last:
        after = max(flight.fraction[sender, s], numbers[LEAVES]) + row.shared_delay
        whole = np.int64(after)
        arrival = flight.step[sender, s] + whole
        if due.first <= arrival < due.last:
            made = make_row(one.wiring, flight.source[sender, s], one.low + due.low, one.low + due.high, one.scratch)
            _deliver_row(one, made, row, due.low, arrival, 1.0 - (after - whole))
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
