"""What is to arrive at neurons that have steps of their own: a list for each of them, in order of time."""

from typing import Any, NamedTuple

from .._kernel.jit import helper

NOTHING = -1


class Agenda(NamedTuple):
    """Arrivals, each at a place of its own; a list is that of one receptor of one neuron."""

    first: Any  # (lists,) int64: the place of the next arrival, or NOTHING
    last: Any  # (lists,) int64
    following: Any  # (places,) int64: the place of the one behind it in its list, or NOTHING
    time: Any  # (places,) ms
    weight: Any  # (places,)


@helper
def insert(agenda, which, place, time, weight):
    """Put an arrival into a list, behind those that are not later.  They come nearly in order, hence mostly last."""
    agenda.time[place], agenda.weight[place] = time, weight
    before, after = agenda.last[which], NOTHING
    if agenda.first[which] == NOTHING:
        before = NOTHING
    elif agenda.time[before] > time:
        before, after = NOTHING, agenda.first[which]
        while agenda.time[after] <= time:
            before, after = after, agenda.following[after]
    agenda.following[place] = after
    if before == NOTHING:
        agenda.first[which] = place
    else:
        agenda.following[before] = place
    if after == NOTHING:
        agenda.last[which] = place
