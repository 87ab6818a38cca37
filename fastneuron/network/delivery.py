"""Spikes on their way: from the list of spikes in flight to the inboxes of those that they reach.

A spike leaves in some step, at a fraction of it, and arrives a delay later, inside another step.  An inbox has a row of
numbers for each receptor, step of the epoch and neuron: the sums over all arrivals of weight times moments (see
`fastneuron.receptors.kinetics`).  Every range of targets has rows of its own in every projection and delivers to itself
alone, by projection, then (step, source) of the spike, then place in the row.  So what is added to a number, and in
which order, is decided by the network alone, not by threads, ranges, epochs or processes; and nothing is locked.

There is no queue: spikes stay in one list, in order of (step, source), until the epoch in which they arrive.
"""

from typing import Any, NamedTuple

import numpy as np

from .._kernel.addresses import add_at, four_zeros, next_power, number_at, prefetch_at
from .._kernel.jit import generic, helper, inline, specialises
from .._kernel.lanes import Lanes32, local, width
from ..receptors.kinetics import VECTOR

BATCH = Lanes32()  # synapses whose arrivals are worked out together
FAR = 4  # spikes
A_LINE, AHEAD = 32, 512  # targets in a cache line; of the next row, those that are fetched while one is delivered


@generic
def source_of(flight, sender, s):
    """Which neuron of a sender, or which of its trains, spike s in flight is of."""
    return flight.source[sender, s]


class Flight(NamedTuple):
    """Spikes by sending population, in order of (step, source); what has arrived is in front, until it is removed."""

    step: Any  # (senders, room) int64
    fraction: Any  # (senders, room) of that step, above 0, up to 1
    source: Any  # (senders, room) int64
    count: Any  # (senders,) int64


def _source_by_label(flight, sender, s):
    return flight.source[sender, s] // flight.watched[sender]


class LabelledFlight(NamedTuple):
    """The same where several states of some neurons spike: their labels stand in the place of sources."""

    step: Any  # (senders, room) int64
    fraction: Any  # (senders, room)
    source: Any  # (senders, room) int64: the source times how many states of it spike, and which it was
    count: Any  # (senders,) int64
    watched: Any  # (senders,) int64: how many states spike

    source_of = _source_by_label


# columns of `Routes.numbers`
SENDER, RECEPTOR, SHARED_WEIGHT, SHARED_DELAY, SOONEST, LATEST, LEAVES = range(7)
# columns of `Routes.rows`: addresses of arrays, 0 where a number is shared
BEGIN, TARGET, WEIGHT, DELAY = range(4)
# columns of `Routes.kinds`: what kind of numbers an array has
NONE, SINGLE, DOUBLE = range(3)


class Routes(NamedTuple):
    """The synapses of all projections."""

    numbers: Any  # (projections, 7) float64: delays in steps; LEAVES is 1 where spikes leave at the end of a step
    kinds: Any  # (projections, 2) int64: of weights, of delays
    rows: Any  # (ranges, projections, 4) int64; BEGIN 0 where a projection has no synapses in a range
    cursor: Any  # (ranges, projections) int64: where the first spike stands that has not all arrived


class Due(NamedTuple):
    """What is delivered: arrivals in the steps `first` to `last`, to the neurons `low` to `high`."""

    first: int
    last: int
    low: int
    high: int
    dt: float


@generic
def deliver_due(row, begin, end, due, step, fraction):
    """Deliver the synapses `begin` to `end` of a row, on which a spike arrives that left in a step at a fraction."""


def _deliver_moments(row, begin, end, due, step, fraction):
    if row.delays == NONE and row.tables == 1:
        after = fraction + row.shared_delay
        whole = np.int64(after)
        deliver_together(row, begin, end, due, step + whole, 1.0 - (after - whole))
    else:
        deliver_each(row, begin, end, due, step, fraction)


@generic
def deliver_made(row, made, count, due, step, fraction):
    """Deliver the first `count` of the synapses that have just been made of one spike, all with one delay."""


def _deliver_made_moments(row, made, count, due, step, fraction):
    after = fraction + row.shared_delay
    whole = np.int64(after)
    add_made(row, made, count, due.low, step + whole, 1.0 - (after - whole))


class Row(NamedTuple):
    """The synapses of a spike's source in a range of targets, and where its receptor's numbers are."""

    target: int  # address of uint16
    weight: int  # address, of numbers of a kind
    weights: int  # the kind
    shared_weight: float
    delay: int  # address, of numbers of a kind
    delays: int  # the kind
    shared_delay: float  # steps
    inbox: int
    n: int
    columns: int
    slots: int
    table: int
    tables: int
    powers: int

    deliver_due = _deliver_moments
    deliver_made = _deliver_made_moments


@generic
def row_of(receivers, receptor, target_range, rows, kinds, numbers):
    """The synapses of a projection in a range of targets, with the receivers' numbers of their receptor."""


def _row_of_moments(receivers, receptor, target_range, rows, kinds, numbers):
    return Row(
        rows[TARGET], rows[WEIGHT], kinds[0], numbers[SHARED_WEIGHT], rows[DELAY], kinds[1], numbers[SHARED_DELAY],
        receivers.inbox[receptor], receivers.n[receptor], receivers.columns[receptor], receivers.slots,
        receivers.table[receptor], receivers.tables[receptor], receivers.powers[receptor],
    )  # fmt: skip


class Receivers(NamedTuple):
    """The inboxes of all receptors, and their tables."""

    inbox: Any  # (receptors,) int64: address of (slots, n, columns) float64
    n: Any  # (receptors,) int64
    columns: Any  # (receptors,) int64
    table: Any  # (receptors,) int64: address of (tables, powers, columns) float64
    tables: Any  # (receptors,) int64: 1, or n
    powers: Any  # (receptors,) int64
    slots: int

    row_of = _row_of_moments


@inline
def number_of(address, k, kind, shared):
    """Number k of an array of that kind, or the one that is shared."""
    if kind == NONE:
        return shared
    return number_at(address, k, np.float32(0)) if kind == SINGLE else number_at(address, k, 0.0)


@inline
def steps_of(row, k, dt):
    """The delay of synapse k in steps: 0.3 ms are 3 steps of 0.1 ms, whatever floats say."""
    if row.delays == NONE:
        return row.shared_delay
    return snapped(number_of(row.delay, k, row.delays, 0.0) / dt, 1e-6 if row.delays == SINGLE else 1e-9)


@inline
def snapped(steps, slack):
    """A number of steps, the whole one if it is that but for rounding."""
    near = np.floor(steps + 0.5)
    return near if abs(steps - near) <= slack * near else steps


@inline
def evaluate(row, table, part, x):
    """Four columns from 4 `part` on of a table, at x = 1 - theta."""
    four = four_zeros()
    address = row.table + 8 * (table * row.powers * row.columns + 4 * part)
    for power in range(row.powers - 1, -1, -1):
        four = next_power(four, x, address + 8 * power * row.columns)
    return four


@helper
def deliver_together(row, begin, end, due, arrival, x):
    """Synapses whose spike arrives at one moment, at targets with one table: a multiply-add of a vector each."""
    for part in range(row.columns // VECTOR):
        four = evaluate(row, 0, part, x)
        base = row.inbox + 8 * (((arrival % row.slots) * row.n + due.low) * row.columns + VECTOR * part)
        for k in range(begin, end):
            j = number_at(row.target, k, np.uint16(0))
            weight = number_of(row.weight, k, row.weights, row.shared_weight)
            add_at(base + 8 * row.columns * j, weight, four)


@helper
def deliver_each(row, begin, end, due, step, fraction):
    """Synapses each with a delay or a table of its own; all arrive in the steps that are due."""
    slots, parts = local((0,), 1, BATCH, 0)[0], local((0.0,), 1, BATCH, 0.0)[0]
    slot = due.first % row.slots - due.first + step
    for first in range(begin, end, width(BATCH)):
        count = min(width(BATCH), end - first)
        for i in range(count):  # a loop of its own, so that divisions pack
            after = fraction + steps_of(row, first + i, due.dt)
            whole = np.int64(after)
            later = slot + whole
            slots[i], parts[i] = later - row.slots if later >= row.slots else later, 1.0 - (after - whole)
        for i in range(count):
            j = due.low + number_at(row.target, first + i, np.uint16(0))
            weight = number_of(row.weight, first + i, row.weights, row.shared_weight)
            place = row.inbox + 8 * ((slots[i] * row.n + j) * row.columns)
            for part in range(row.columns // VECTOR):
                four = evaluate(row, j if row.tables > 1 else 0, part, parts[i])
                add_at(place + 8 * VECTOR * part, weight, four)


@generic
def weight_of(weights, k, shared):
    """Return weight k, or where there are no weights, None, the shared one."""


@specialises(weight_of)
def _weight_of(weights, k, shared):
    if hasattr(weights, "dtype"):
        return lambda weights, k, shared: np.float64(weights[k])
    return lambda weights, k, shared: shared


@helper
def add_made(row, made, count, low, arrival, x):
    """Synapses that have just been made, whose spike arrives at one moment."""
    base = row.inbox + 8 * (((arrival % row.slots) * row.n + low) * row.columns)
    for part in range(row.columns // VECTOR):
        four = evaluate(row, 0, part, x)
        for k in range(count):
            j = made.target[k]
            if row.tables > 1:
                four = evaluate(row, low + j, part, x)
            add_at(base + 8 * (row.columns * j + VECTOR * part), weight_of(made.weight, k, row.shared_weight), four)


@helper
def first_due(row, begin, end, dt, fraction, wanted):
    """The first synapse of a row, sorted by delay, whose spike arrives `wanted` steps after it left, or later."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if np.int64(fraction + steps_of(row, middle, dt)) < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def deliver_row(row, begin, end, due, step, fraction):
    """What is due of one spike; the number of synaptic events."""
    if row.delays == NONE:
        if not due.first <= step + np.int64(fraction + row.shared_delay) < due.last:
            return 0
    else:
        begin = first_due(row, begin, end, due.dt, fraction, due.first - step)
        end = first_due(row, begin, end, due.dt, fraction, due.last - step)
    deliver_due(row, begin, end, due, step, fraction)
    return end - begin


@inline
def fetch_row(rows, source):
    """Fetch the targets of a source's row: rows are nowhere near each other, and 300 targets took 500 ns more."""
    begin, end = number_at(rows[BEGIN], source, np.int64(0)), number_at(rows[BEGIN], source + 1, np.int64(0))
    for k in range(begin, min(end, begin + AHEAD), A_LINE):
        prefetch_at(rows[TARGET] + 2 * k)


@helper
def deliver(routes, receivers, flight, target_range, due):
    """Deliver to a range of targets all that arrives in the steps that are due; the number of synaptic events."""
    events = 0
    for p in range(len(routes.numbers)):
        rows, numbers = routes.rows[target_range, p], routes.numbers[p]
        if rows[BEGIN] == 0:
            continue
        sender, receptor = int(numbers[SENDER]), int(numbers[RECEPTOR])
        row = row_of(receivers, receptor, target_range, rows, routes.kinds[p], numbers)
        count = flight.count[sender]
        s = routes.cursor[target_range, p]
        while s < count and flight.step[sender, s] + int(numbers[LATEST]) < due.first:
            s += 1
        routes.cursor[target_range, p] = s
        while s < count and flight.step[sender, s] + int(numbers[SOONEST]) < due.last:
            source = source_of(flight, sender, s)
            if s + FAR < count:  # where a row begins has to be there before it is fetched
                prefetch_at(rows[BEGIN] + 8 * source_of(flight, sender, s + FAR))
            if s + 1 < count:
                fetch_row(rows, source_of(flight, sender, s + 1))
            begin = number_at(rows[BEGIN], source, np.int64(0))
            end = number_at(rows[BEGIN], source + 1, np.int64(0))
            if begin < end:
                fraction = max(flight.fraction[sender, s], numbers[LEAVES])
                events += deliver_row(row, begin, end, due, flight.step[sender, s], fraction)
            s += 1
    return events
