"""exp and its kin for the inside of a kernel: branch-free, so that a loop over lanes stays packed.

x = k ln 2 + r with |r| <= ln 2 / 2: k found by adding and subtracting 1.5 * 2**52 (which rounds, and leaves k in the
low bits of the sum), r by two pieces of ln 2 (Cody & Waite 1980), a minimax polynomial in Estrin's order, and 2**k
added to the exponent bits.  Each result is within 1 ulp of the correctly rounded one wherever that is a normal number.
"""

import math

from ._jit import inline
from ._lanes import bits, fma, from_bits

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471803691238  # 21 trailing zero bits: k * LN2_HIGH is exact
LN2_LOW = 1.9082149292705877e-10
ROUNDER = 6755399441055744.0  # 1.5 * 2**52

SMALLEST_NORMAL = -708.3964185322641  # exp of it is 2**-1022
LARGEST = 709.782712893384
INFINITY = float("inf")


@inline
def _reduce(x):
    """k ln 2 + r = x: (k shifted into the exponent's place, r)."""
    shifted = fma(x, LOG2_E, ROUNDER)
    k = shifted - ROUNDER
    return bits(shifted) << 52, fma(k, -LN2_LOW, fma(k, -LN2_HIGH, x))


@inline
def _exp_normal(x):
    """exp(x) where the result is a normal number."""
    k, r = _reduce(x)
    r2 = r * r
    r4 = r2 * r2
    # (exp(r) - 1 - r) / r**2, Remez in 200-bit arithmetic, error of exp(r) 3.7e-18
    q01 = fma(0.1666666666666641, r, 0.5000000000000011)
    q23 = fma(0.008333333333494976, r, 0.041666666666529725)
    q45 = fma(0.00019841269505773806, r, 0.0013888888943759984)
    q67 = fma(2.755758680384707e-06, r, 2.480149294961707e-05)
    q89 = fma(2.500001885308334e-08, r, 2.7630306255647857e-07)
    q = fma(r4, fma(r4, q89, fma(r2, q67, q45)), fma(r2, q23, q01))
    return from_bits(bits(1.0 + fma(r2, q, r)) + k)


@inline
def exp(x):
    """exp(x); 0 below the smallest normal number, inf above the largest, NaN for NaN."""
    y = _exp_normal(x)
    y = 0.0 if x < SMALLEST_NORMAL else y
    return y if x <= LARGEST else x + INFINITY


@inline
def exp_bounded(x, bound):
    """exp of x clamped to +-bound (at most 708): for gates, that are flat long before; saves the special cases."""
    return _exp_normal(min(max(x, -bound), bound))


@inline
def exp_pair(x, bound):
    """exp(x) and exp(-x), x clamped to +-bound (at most 708): one reduction, one even and one odd polynomial."""
    k, r = _reduce(min(max(x, -bound), bound))
    r2 = r * r
    r4 = r2 * r2
    # (cosh(r) - 1) / r**2 and (sinh(r) - r) / r**3, Remez in r**2, errors 3.4e-18 and 5.4e-20
    even = fma(r2, 0.0416666666665138, 0.5000000000000013)
    even = fma(r4, fma(r4, 2.763140913567983e-07, fma(r2, 2.480148956636083e-05, 0.0013888888947401706)), even)
    odd = fma(r2, 0.008333333333316683, 0.16666666666666685)
    odd = fma(r4, fma(r4, 2.5112288864516974e-08, fma(r2, 2.7557234097977545e-06, 0.0001984126989719594)), odd)
    sinh = fma(r * r2, odd, r)
    return from_bits(bits(1.0 + fma(r2, even, sinh)) + k), from_bits(bits(1.0 + fma(r2, even, -sinh)) - k)


@inline
def sin_turns(x):
    """PLACEHOLDER."""
    return math.sin(6.283185307179586 * (x - math.floor(x)))
