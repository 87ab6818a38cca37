"""Draws with and without replacement, by counter: ranks among others, and how many of them fall into a part."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..._kernel.counts import binomial, hypergeometric, ones
from ..._kernel.jit import generic, inline
from ..._kernel.lanes import Lanes8, local, put
from ..._kernel.random import LOW, ahead, network_words, words_of
from .wiring import BATCH

BITS = 64  # blocks of 128 random bits, more than a split of so many wants; the last is for other splits
FAIR = 1024  # up to so many are split in two equal parts by counting bits


@generic
def ranks(choice, counter, size, skipped, found, count, out, bits):
    """Put `count` ranks below `size`, all equally likely to 2**-32, into out[found:], drawn with `counter` and on.

    `skipped` is not among them, unless it is -1; up to 8 BATCH more places are written.  `bits` is int64 room for a
    bit for each rank.
    """


@generic
def part(choice, count, left, right, counter):
    """How many of `count` fall left, where `left` and `right` are the sizes of the two parts.

    The BITS counters from `counter` on are for this part alone.
    """


def _any_ranks(choice, counter, size, skipped, found, count, out, bits):
    # where there are 2**k of them, 16 random bits make one
    others = size - (skipped >= 0)
    mask = others - 1
    halves = others & mask == 0 and others <= 1 << 16
    rank = local((0, 0, 0, 0, 0, 0, 0, 0), 1, Lanes8(), 0)
    seed, kind, number, first, second, third = counter  # by name: out of the tuple in the loop they take a fifth longer
    at, end = np.uint64(found), np.uint64(found + count)
    while at < end:
        for lane in range(BATCH):
            w0, w1, w2, w3 = network_words(seed, kind, number, first + lane, second, third)
            if halves:
                low = w0 & mask, w1 & mask, w2 & mask, w3 & mask
                put(rank, lane, (*low, (w0 >> 16) & mask, (w1 >> 16) & mask, (w2 >> 16) & mask, (w3 >> 16) & mask))
            else:
                put(rank, lane, ((w0 * others) >> 32, (w1 * others) >> 32, (w2 * others) >> 32, (w3 * others) >> 32))
        for k in range(8 if halves else 4):
            for lane in range(BATCH):
                out[at + np.uint64(k * BATCH + lane)] = rank[k, lane]
        at += np.uint64(8 * BATCH if halves else 4 * BATCH)
        first += BATCH
    if skipped >= 0:
        for i in range(found, found + count):
            out[i] += out[i] >= skipped


@inline
def _half(count, counter):
    """How many of `count` fall into the first of two equal parts: the bits that are 1."""
    seed, kind, number, first, second, third = counter
    found = 0
    for block in range((count + 127) // 128):  # no more of them than are wanted, in scalars: half the time of vectors
        words = network_words(seed, kind, number, first + block, second, third)
        for k in range(4):
            wanted = min(max(count - 128 * block - 32 * k, 0), 32)
            found += ones(words[k] & (LOW >> (32 - wanted)))
    return found


def _any_part(choice, count, left, right, counter):
    if left == right and count <= FAIR:
        return _half(count, counter)
    return binomial(count, left, right, ahead(counter, BITS - 1))


class WithReplacement(NamedTuple):
    """Each on its own."""

    nothing: int = 0
    ranks = _any_ranks
    part = _any_part


def _different_ranks(choice, counter, size, skipped, found, count, out, bits):
    others = size - (skipped >= 0)
    places = (others + 63) // 64
    inverse = 2 * count > others
    for place in range(places):
        bits[place] = 0
    wanted, drawn = others - count if inverse else count, 0
    while wanted > 0:  # those that were drawn before are drawn again
        words = words_of(ahead(counter, drawn), 0)
        drawn += 1
        for k in range(4):
            rank = (words[k] * others) >> 32
            place, bit = rank >> 6, 1 << (rank & 63)
            if wanted > 0 and not bits[place] & bit:
                bits[place] |= bit
                wanted -= 1
    for place in range(places):
        here = bits[place]
        if inverse:
            last = others - 64 * place
            here = ~here & (-1 if last >= 64 else (1 << last) - 1)
        while here != 0:
            lowest = here & -here
            rank = 64 * place + ones(lowest - 1)
            out[found] = rank + (0 <= skipped <= rank)
            found += 1
            here ^= lowest


def _different_part(choice, count, left, right, counter):
    return hypergeometric(count, left, right, ahead(counter, BITS - 1))


class WithoutReplacement(NamedTuple):
    """All different, in ascending order; all sets are equally likely."""

    nothing: int = 0
    ranks = _different_ranks
    part = _different_part


def choice_of(projection: Any) -> WithReplacement | WithoutReplacement:
    """How those on the other side are drawn."""
    return WithReplacement() if projection.multapses else WithoutReplacement()
