"""Ranks drawn among others, all equally likely to 2**-32, by counter."""

from __future__ import annotations

import numpy as np

from ..._kernel.counts import ones
from ..._kernel.jit import helper, inline
from ..._kernel.lanes import Lanes8, local, put
from ..._kernel.random import network_words
from .wiring import BATCH, CONNECT


@inline
def any_ranks(seed, number, second, third, size, skipped, found, count, out):
    """`count` ranks below `size`, each on its own, none of them `skipped` (-1: all may be), into out[found:].

    Where there are 2**k of them, 16 random bits make one.
    """
    others = size - (skipped >= 0)
    mask = others - 1
    halves = others & mask == 0 and others <= 1 << 16
    rank = local((0, 0, 0, 0, 0, 0, 0, 0), 1, Lanes8(), 0)
    at, end, counter = np.uint64(found), np.uint64(found + count), 0
    while at < end:
        for lane in range(BATCH):
            w0, w1, w2, w3 = network_words(seed, CONNECT, number, counter + lane, second, third)
            if halves:
                bits = w0 & mask, w1 & mask, w2 & mask, w3 & mask
                put(rank, lane, (*bits, (w0 >> 16) & mask, (w1 >> 16) & mask, (w2 >> 16) & mask, (w3 >> 16) & mask))
            else:
                put(rank, lane, ((w0 * others) >> 32, (w1 * others) >> 32, (w2 * others) >> 32, (w3 * others) >> 32))
        for k in range(8 if halves else 4):
            for lane in range(BATCH):
                out[at + np.uint64(k * BATCH + lane)] = rank[k, lane]
        at += np.uint64(8 * BATCH if halves else 4 * BATCH)
        counter += BATCH
    if skipped >= 0:
        for i in range(found, found + count):
            out[i] += out[i] >= skipped


@helper
def different_ranks(seed, number, second, third, size, skipped, found, count, out, marks):
    """`count` different ranks below `size` in ascending order, none of them `skipped`; all sets are equally likely.

    `marks` is (rows, 64) int64 of one bit for each rank at least.
    """
    others = size - (skipped >= 0)
    places = (others + 63) // 64
    inverse = 2 * count > others
    for place in range(places):
        marks[place >> 6, place & 63] = 0
    wanted, counter = others - count if inverse else count, 0
    while wanted > 0:  # those that were drawn before are drawn again
        words = network_words(seed, CONNECT, number, counter, second, third)
        counter += 1
        for k in range(4):
            rank = (words[k] * others) >> 32
            place, bit = rank >> 6, 1 << (rank & 63)
            if wanted > 0 and not marks[place >> 6, place & 63] & bit:
                marks[place >> 6, place & 63] |= bit
                wanted -= 1
    for place in range(places):
        here = marks[place >> 6, place & 63]
        if inverse:
            last = others - 64 * place
            here = ~here & (-1 if last >= 64 else (1 << last) - 1)
        while here != 0:
            lowest = here & -here
            rank = 64 * place + ones(lowest - 1)
            out[found] = rank + (0 <= skipped <= rank)
            found += 1
            here ^= lowest
