"""Random numbers without a state: each is a function of (seed, stream, neuron, step), so nothing depends on order.

Philox4x32-10: Salmon JK, Moraes MA, Dror RO, Shaw DE (2011). Parallel random numbers: as easy as 1, 2, 3. Proceedings
of SC11. doi:10.1145/2063384.2063405
"""

import math
from typing import Any, NamedTuple

from .elementary import log, sin_cos_turn
from .jit import inline
from .lanes import from_bits

LOW = 0xFFFFFFFF
ONE = 0x3FF0000000000000  # the bits of 1.0


@inline
def philox(c0, c1, c2, c3, k0, k1):
    """Ten rounds on a counter of four 32-bit words with a key of two; words are held in int64, which packs."""
    for _ in range(10):
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57  # wraps around, as it should: only bits are looked at
        c0, c1, c2, c3 = ((p1 >> 32) & LOW) ^ c1 ^ k0, p1 & LOW, ((p0 >> 32) & LOW) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + 0x9E3779B9) & LOW, (k1 + 0xBB67AE85) & LOW
    return c0, c1, c2, c3


@inline
def uniform_of(words):
    """A number in [0, 1) of 52 bits, from two of the four words."""
    return from_bits((words[0] << 20) | (words[1] >> 12) | ONE) - 1.0


@inline
def normal_of(words):
    """A standard normal number, by the method of Box & Muller (1958) on two numbers of 52 bits; at most 8.5 in size."""
    w0, w1, w2, w3 = words
    radius = 2.0 - from_bits((w0 << 20) | (w1 >> 12) | ONE)  # above 0, up to 1
    turn = from_bits((w2 << 20) | (w3 >> 12) | ONE) - 1.0
    return math.sqrt(-2.0 * log(radius)) * sin_cos_turn(turn)[1]


@inline
def stream_words(seed, stream, neuron, step):
    """Four words of 32 bits of a neuron and a step; the `stream` has 16 bits."""
    counter = step & LOW, (step >> 32) & LOW, neuron & LOW, ((neuron >> 32) & 0xFFFF) | (stream << 16)
    return philox(*counter, seed & LOW, (seed >> 32) & LOW)


@inline
def normal(seed, stream, neuron, step):
    """The standard normal number of a neuron and a step."""
    return normal_of(stream_words(seed, stream, neuron, step))


@inline
def network_words(seed, kind, number, first, second, third):
    """Four words of 32 bits that belong to a kind of draw, a projection or a source by its number, and three numbers.

    The `kind` is 2 to 15, plus 16 times the number of an attempt: streams of noise are 0, 1 and other multiples of 16.
    """
    counter = first & LOW, second & LOW, third & LOW, (kind << 16) | number
    return philox(*counter, seed & LOW, (seed >> 32) & LOW)


class Counter(NamedTuple):
    """Which random words: the arguments of `network_words`, the number of the attempt apart."""

    seed: Any
    kind: Any
    number: Any
    first: Any
    second: Any
    third: Any


@inline
def words_of(counter, attempt):
    """The four words of a counter, at the attempt of this number, from 0 on."""
    seed, kind, number, first, second, third = counter
    return network_words(seed, kind | attempt << 4, number, first, second, third)


@inline
def ahead(counter, steps):
    """The counter whose `first` is `steps` larger."""
    seed, kind, number, first, second, third = counter
    return Counter(seed, kind, number, first + steps, second, third)
