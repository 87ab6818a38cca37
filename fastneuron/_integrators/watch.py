"""Spikes of another state than the voltage, or of several: each is watched by itself, by the code that watches one.

A list of spikes of one state (`SpikeBuffer` and its like) is wrapped into a `Watch`, whose type says which state it is;
two of these, or more, are `Watches`.  What is listed as the neuron of a spike is then a label (`_engine/labels.py`).
"""

from typing import Any, NamedTuple

from .._kernel.jit import generic
from .dense_output import find_spike, list_jump, may_spike
from .spike_lists import arm, arm_at, arm_fallen, list_at, list_spike, most_in_step, row_of
from .spikes import crosses, has_crossed, list_crossing


@generic
def write_label(spikes, place, label):
    """Put a label in the place of the neuron of a listed spike."""
    spikes.neuron[place] = label


@generic
def beginning_at(spikes, begin):
    """The same list, where the room of a range begins elsewhere."""
    return spikes


@generic
def listing_in(spikes, neuron, time):
    """The same list in other arrays."""
    return spikes


@generic
def innermost(spikes):
    """What lists the spikes of one state, in the arrays of all."""
    return spikes


def _row_of(spikes):
    return spikes.row


def _list_spike(spikes, spiked, neuron, number, part, dt):
    after = list_spike(spikes.spikes, spiked, neuron, number, part, dt)
    if after > spiked:
        write_label(spikes.spikes, spiked, neuron * spikes.watched + spikes.which)
    return after


def _list_at(spikes, spiked, neuron, time):
    after = list_at(spikes.spikes, spiked, neuron, time)
    if after > spiked:
        write_label(spikes.spikes, spiked, neuron * spikes.watched + spikes.which)
    return after


def _arm(spikes, neuron, V):
    arm(spikes.spikes, neuron, V)


def _arm_at(spikes, neuron, states, lane):
    arm(spikes.spikes, neuron, states[len(spikes.row), lane])


def _arm_fallen(spikes, row, start, end, members):
    arm_fallen(spikes.spikes, row, start, end, members)


def _watch_beginning_at(spikes, begin):
    inner = beginning_at(spikes.spikes, begin)
    return Watch(spikes.row, spikes.which, spikes.watched, spikes.threshold, inner, spikes.neuron, spikes.time)


def _watch_listing_in(spikes, neuron, time):
    inner = listing_in(spikes.spikes, neuron, time)
    return Watch(spikes.row, spikes.which, spikes.watched, spikes.threshold, inner, neuron, time)


def _innermost_of_watch(spikes):
    return spikes.spikes


class Watch(NamedTuple):
    """The spikes of one state."""

    row: Any  # as many zeros as there are states before it
    which: int  # its number among the states that are watched
    watched: int  # how many these are
    threshold: float  # in the state's unit
    spikes: Any  # where they are listed
    neuron: Any  # its lists, in which the neurons are labels
    time: Any

    row_of = _row_of
    list_spike = _list_spike
    list_at = _list_at
    arm = _arm
    arm_at = _arm_at
    arm_fallen = _arm_fallen
    beginning_at = _watch_beginning_at
    listing_in = _watch_listing_in
    innermost = _innermost_of_watch


def _either_crosses(spikes, start, end, lane):
    return crosses(spikes.first, start, end, lane) | crosses(spikes.others, start, end, lane)


def _either_has_crossed(spikes, start, end, lane):
    return has_crossed(spikes.first, start, end, lane) or has_crossed(spikes.others, start, end, lane)


@generic  # not inline: to Numba it would call itself where three are watched
def _list_if_crossed(spikes, space, lane, slopes, neuron, at, spiked):
    if has_crossed(spikes, space.start, space.end, lane):
        spiked = list_crossing(spikes, space, lane, slopes, neuron, at, spiked)
    return spiked


def _list_crossings(spikes, space, lane, slopes, neuron, at, spiked):
    spiked = _list_if_crossed(spikes.first, space, lane, slopes, neuron, at, spiked)
    return _list_if_crossed(spikes.others, space, lane, slopes, neuron, at, spiked)


def _arm_both(spikes, neuron, states, lane):
    arm_at(spikes.first, neuron, states, lane)
    arm_at(spikes.others, neuron, states, lane)


def _arm_both_fallen(spikes, row, start, end, members):
    arm_fallen(spikes.first, row_of(spikes.first), start, end, members)
    arm_fallen(spikes.others, row_of(spikes.others), start, end, members)


def _either_may_spike(spikes, tableau, block, work, lane):
    return may_spike(spikes.first, tableau, block, work, lane) | may_spike(spikes.others, tableau, block, work, lane)


def _find_both(spikes, tableau, work, lane, neuron, spiked):
    spiked = find_spike(spikes.first, tableau, work, lane, neuron, spiked)
    return find_spike(spikes.others, tableau, work, lane, neuron, spiked)


def _list_jumps(spikes, before, work, lane, t, spiked):
    spiked = list_jump(spikes.first, before, work, lane, t, spiked)
    return list_jump(spikes.others, before, work, lane, t, spiked)


def _most_of_both(spikes):
    return most_in_step(spikes.first) + most_in_step(spikes.others)


def _watches_beginning_at(spikes, begin):
    first, others = beginning_at(spikes.first, begin), beginning_at(spikes.others, begin)
    return Watches(first, others, spikes.threshold, spikes.neuron, spikes.time)


def _watches_listing_in(spikes, neuron, time):
    first, others = listing_in(spikes.first, neuron, time), listing_in(spikes.others, neuron, time)
    return Watches(first, others, spikes.threshold, neuron, time)


def _innermost_of_watches(spikes):
    return innermost(spikes.first)


class Watches(NamedTuple):
    """The spikes of several states."""

    first: Watch
    others: Any  # a `Watch`, or `Watches`
    threshold: float  # of none: it is there for models that reset, which spike by their voltage alone
    neuron: Any  # the lists of all
    time: Any

    crosses = _either_crosses
    has_crossed = _either_has_crossed
    list_crossing = _list_crossings
    arm_at = _arm_both
    arm_fallen = _arm_both_fallen
    may_spike = _either_may_spike
    find_spike = _find_both
    list_jump = _list_jumps
    most_in_step = _most_of_both
    beginning_at = _watches_beginning_at
    listing_in = _watches_listing_in
    innermost = _innermost_of_watches


def watches(each: list[Watch]) -> Watch | Watches:
    """One list of some states' spikes."""
    first, *others = each
    return Watches(first, watches(others), first.threshold, first.neuron, first.time) if others else first
