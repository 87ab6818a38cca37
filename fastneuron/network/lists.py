"""Spikes on their way to neurons that have steps of their own: each arrival by itself, into the lists of an agenda."""

from typing import Any, NamedTuple

import numpy as np

from .._kernel.addresses import number_at
from .._kernel.jit import helper, inline
from ..receptors.agenda import NOTHING, Agenda, insert
from .delivery import DELAY, SHARED_DELAY, SHARED_WEIGHT, TARGET, WEIGHT, number_of, steps_of, weight_of

BEFORE = 1.0 - 2.0**-52  # times a moment: one just before it


@inline
def _note(row, j, due, step, after, weight):
    """Note an arrival at neuron j, `after` steps behind a step; where there is no place for it, it is counted only."""
    whole = np.int64(after)
    moment = min((step + whole + (after - whole)) * due.dt, due.last * due.dt * BEFORE)
    place = row.used[row.range]
    if place < row.places:
        insert(row.agenda, row.first + j, row.range * row.places + place, moment, weight)
    row.used[row.range] = place + 1


@helper
def _note_each(row, begin, end, due, step, fraction):
    for k in range(begin, end):
        j = due.low + number_at(row.target, k, np.uint16(0))
        weight = number_of(row.weight, k, row.weights, row.shared_weight)
        _note(row, j, due, step, fraction + steps_of(row, k, due.dt), weight)


def _deliver_due(row, begin, end, due, step, fraction):
    _note_each(row, begin, end, due, step, fraction)


def _deliver_made(row, made, count, due, step, fraction):
    for k in range(count):
        weight = weight_of(made.weight, k, row.shared_weight)
        _note(row, due.low + made.target[k], due, step, fraction + row.shared_delay, weight)


class ListRow(NamedTuple):
    """The synapses of a spike's source in a range of targets, and where its receptor's lists are."""

    target: int  # address of uint16
    weight: int  # address, of numbers of a kind
    weights: int  # the kind
    shared_weight: float
    delay: int  # address, of numbers of a kind
    delays: int  # the kind
    shared_delay: float  # steps
    agenda: Agenda
    first: int  # the list of the first neuron of the population
    used: Any  # (ranges,) int64
    places: int
    range: int

    deliver_due = _deliver_due
    deliver_made = _deliver_made


def _row_of_lists(receivers, receptor, target_range, rows, kinds, numbers):
    return ListRow(
        rows[TARGET], rows[WEIGHT], kinds[0], numbers[SHARED_WEIGHT], rows[DELAY], kinds[1], numbers[SHARED_DELAY],
        receivers.agenda, receivers.first[receptor], receivers.used, receivers.places, target_range,
    )  # fmt: skip


class Lists(NamedTuple):
    """The receivers of neurons that have steps of their own: an agenda, in which each range has places of its own."""

    agenda: Agenda
    first: Any  # (receptors,) int64: the list of the first neuron
    cells: Any  # (receptors,) int64: the population, counted among those of neurons
    used: Any  # (ranges,) int64: places, or as many as there should be
    places: int  # of each range

    row_of = _row_of_lists


@helper
def clear(lists, cells, target_range, low, high):
    """Forget what was to arrive at a range of a population."""
    lists.used[target_range] = 0
    for receptor in range(len(lists.first)):
        if lists.cells[receptor] == cells:
            for i in range(low, high):
                lists.agenda.first[lists.first[receptor] + i] = NOTHING
