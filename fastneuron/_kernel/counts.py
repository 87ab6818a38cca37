"""How many of the things drawn fall into a part: binomial and hypergeometric numbers from one uniform number each.

By inversion: outcomes are taken from the most probable one outwards, so the number of steps is of the order of the
standard deviation.  Probabilities are right to about 1e-14 relative (Loader C (2000), Fast and accurate computation of
binomial probabilities: the deviance and Stirling's error, each without cancellation).
"""

import math

from numba import types
from numba.extending import intrinsic

from .elementary import exp, log, log1p
from .jit import helper, inline

HALF_LOG_TWO_PI = 0.9189385332046727
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
def binomial(u, n, left, right):
    """How many of n fall left, where `left` and `right` are the sizes of the two parts."""
    if n == 0 or left == 0:
        return 0
    if right == 0:
        return n
    p, q = left / (left + right), right / (left + right)
    odds = left / right
    mode = min(int((n + 1) * p), n)
    below = above = binomial_probability(float(mode), float(n), p, q)
    u -= below
    low = high = mode
    while u >= 0.0 and below + above > NEGLIGIBLE:
        above *= (n - high) / (high + 1) * odds
        if high < n:
            high += 1
            u -= above
            if u < 0.0:
                return high
        below *= low / ((n - low + 1) * odds)
        if low > 0:
            low -= 1
            u -= below
            if u < 0.0:
                return low
    return mode


@helper
def hypergeometric(u, drawn, left, right):
    """How many of `drawn` different things are left, where `left` and `right` are the sizes of the two parts."""
    least, most = max(0, drawn - right), min(drawn, left)
    if least == most:
        return least
    total = float(left + right)
    p, q = drawn / total, (total - drawn) / total
    mode = min(max(int((drawn + 1.0) * (left + 1.0) / (total + 2.0)), least), most)
    first = binomial_probability(float(mode), float(left), p, q)
    first *= binomial_probability(float(drawn - mode), float(right), p, q)
    below = above = first / binomial_probability(float(drawn), total, p, q)
    u -= below
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
