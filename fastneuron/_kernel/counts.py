"""How many of the things drawn fall into a part: binomial and hypergeometric numbers, by counter.

Binomial numbers come by transformed rejection (Hormann W (1993), The generation of binomial random variates, J Stat
Comput Simul 46:101, algorithm BTRS), small ones by inversion; hypergeometric ones by inversion from the most probable
outwards, in about as many steps as the standard deviation.  Probabilities are right to about 1e-14 relative (Loader C
(2000), Fast and accurate computation of binomial probabilities: the deviance and Stirling's error, each without
cancellation), so that is how exact the numbers are.
"""

import math

from numba import types
from numba.extending import intrinsic

from .elementary import exp, log, log1p
from .jit import helper, inline
from .random import uniform_of, words_of

HALF_LOG_TWO_PI = 0.9189385332046727
REJECTION = 10.0  # expected number from which on rejection is faster
ATTEMPTS = 4096  # of which 7 of 8 succeed
NEGLIGIBLE = 1e-20  # outcomes less probable than this end the search: rounding left more of u than there was
# log(n!) - log(sqrt(2 pi n) (n / e)^n), n = 1..15, from exact factorials
STIRLING = (
    *(0.0, 0.08106146679532726, 0.0413406959554093, 0.02767792568499834),
    *(0.020790672103765093, 0.016644691189821193, 0.013876128823070748, 0.01189670994589177),
    *(0.010411265261972096, 0.009255462182712733, 0.00833056343336287, 0.007573675487951841),
    *(0.00694284010720953, 0.006408994188004207, 0.0059513701127588475, 0.005554733551962801),
)


@inline
def _stirling_error(n):
    if n <= 15.0:
        return STIRLING[int(n)]
    square = n * n
    series = 1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square
    return (1 / 12 - (1 / 360 - series / square) / square) / n


@helper
def _deviance(x, mean):
    """x log(x / mean) + mean - x."""
    if abs(x - mean) < 0.1 * (x + mean):
        v = (x - mean) / (x + mean)
        total, term, j = (x - mean) * v, 2.0 * x * v, 1
        while True:
            term *= v * v
            more = total + term / (2 * j + 1)
            if more == total:
                return total
            total, j = more, j + 1
    return x * log(x / mean) + mean - x


@helper
def binomial_probability(x, n, p, q):
    """Of x among n, each with probability p = 1 - q."""
    if x == 0.0:
        return exp(n * (log(q) if p > 0.5 else log1p(-p)))
    if x == n:
        return exp(n * (log(p) if q > 0.5 else log1p(-q)))
    exponent = _stirling_error(n) - _stirling_error(x) - _stirling_error(n - x)
    exponent -= _deviance(x, n * p) + _deviance(n - x, n * q)
    return exp(exponent) * math.sqrt(n / (x * (n - x))) * exp(-HALF_LOG_TWO_PI)


@helper
def binomial(n, left, right, counter):
    """How many of n fall left, where `left` and `right` are the sizes of the two parts."""
    if n == 0 or left == 0:
        return 0
    if right == 0:
        return n
    p, q = min(left, right) / (left + right), max(left, right) / (left + right)
    if n * p < REJECTION:
        k = _inverted(uniform_of(words_of(counter, 0)), n, p, q)
    else:
        k = _rejected(n, p, q, counter)
    return k if left <= right else n - k


@inline
def _inverted(u, n, p, q):
    """By inversion from 0 on."""
    k, odds = 0, p / q
    probability = exp(n * log1p(-p))
    while u >= probability and k < n and probability > NEGLIGIBLE:
        u -= probability
        probability *= (n - k) / (k + 1) * odds
        k += 1
    return k


@inline
def _rejected(n, p, q, counter):
    """By transformed rejection; p is 1/2 at most, n p at least REJECTION."""
    deviation = math.sqrt(n * p * q)
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    sure = 0.92 - 4.2 / b
    mode = int((n + 1) * p)
    for attempt in range(ATTEMPTS):
        w0, w1, w2, w3 = words_of(counter, attempt)
        u, v = uniform_of((w0, w1)) - 0.5, 1.0 - uniform_of((w2, w3))
        inside = 0.5 - abs(u)
        if inside == 0.0:
            continue
        k = (2.0 * a / inside + b) * u + n * p + 0.5
        if k < 0.0 or k >= n + 1.0:
            continue
        k = int(k)
        if inside >= 0.07 and v <= sure:
            return k
        v *= (2.83 + 5.1 / b) * deviation / (a / (inside * inside) + b)
        most = binomial_probability(float(mode), float(n), p, q)
        if v * most <= binomial_probability(float(k), float(n), p, q):
            return k
    return mode


@helper
def hypergeometric(drawn, left, right, counter):
    """How many of `drawn` different things are left, where `left` and `right` are the sizes of the two parts."""
    least, most = max(0, drawn - right), min(drawn, left)
    if least == most:
        return least
    total = float(left + right)
    p, q = drawn / total, (total - drawn) / total
    mode = min(max(int((drawn + 1.0) * (left + 1.0) / (total + 2.0)), least), most)
    most_probable = binomial_probability(float(mode), float(left), p, q)
    most_probable *= binomial_probability(float(drawn - mode), float(right), p, q)
    below = above = most_probable / binomial_probability(float(drawn), total, p, q)
    u = uniform_of(words_of(counter, 0)) - below
    low = high = mode
    while u >= 0.0 and below + above > NEGLIGIBLE:
        if high < most:
            above *= float(left - high) * (drawn - high) / (float(high + 1) * (right - drawn + high + 1))
            high += 1
            u -= above
            if u < 0.0:
                return high
        else:
            above = 0.0
        if low > least:
            below *= float(low) * (right - drawn + low) / (float(left - low + 1) * (drawn - low + 1))
            low -= 1
            u -= below
            if u < 0.0:
                return low
        else:
            below = 0.0
    return mode


@intrinsic
def ones(typingctx, x):
    """The number of bits of an int64 that are 1."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.int64), codegen
