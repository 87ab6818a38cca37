"""Elementary functions for the inside of a kernel: branch-free, so that a loop over an array or lanes stays packed.

Each takes a float64 or a float32 and computes in that precision; constants come as (float64, float32) pairs.  Results
are within 1 ulp of the correctly rounded one wherever that is a normal number (`erf`, `sigmoid` and `softplus`: 2 ulp),
infinities and NaN are what the limit says, and the sign of a zero is kept; what holds below the smallest normal number
is said at each function.  Polynomials are minimax (Remez in 200-bit arithmetic).

exp: x = k ln 2 + r with |r| <= ln 2 / 2: k found by adding and subtracting 1.5 * 2**52 (which rounds, and leaves k in
the low bits of the sum), r by two pieces of ln 2 (Cody & Waite 1980), a polynomial in Estrin's order, and 2**k added to
the exponent bits.  Where subtraction would lose digits (expm1, sinh, tanh, log1p), the leading terms are summed exactly
in two parts (Dekker 1971).
"""

from numba import types

from .jit import generic, inline, specialises
from .lanes import fma
from .scalars import ROUNDER, copysign, is_odd, like, polynomial, scale, scale_fourfold, select, split, unscale

LOG2_E = 1.4426950408889634
LN2_HIGH = (0.6931471803691238, 0.693145751953125)  # 21 and 9 trailing zero bits: k * LN2_HIGH is exact
LN2_LOW = (1.9082149292705877e-10, 1.4286068203094172e-06)
INFINITY = float("inf")

SMALLEST_NORMAL = (2.0**-1022, 2.0**-126)
SMALLEST_EXP = (-708.3964185322641, -87.33654022216797)  # exp of it is the smallest normal number
LARGEST_EXP = (709.782712893384, 88.72283172607422)
BEYOND = (745.0, 96.0)  # where exprelr is 0
SHRINK = (2.0**-64, 2.0**-16)
TINY = (2.0**-54, 2.0**-25)
NEAR = (0.02, 0.2)  # where the next term of exprelr's series, x**6 / 30240, is lost in rounding

# (exp(r) - 1 - r) / r**2, error of exp(r) 3.7e-18, 3.1e-9
EXP = (
    (
        *(0.5000000000000011, 0.1666666666666641, 0.041666666666529725, 0.008333333333494976, 0.0013888888943759984),
        *(0.00019841269505773806, 2.480149294961707e-05, 2.755758680384707e-06, 2.7630306255647857e-07),
        2.500001885308334e-08,
    ),
    (0.5, 0.166665181517601, 0.04166620597243309, 0.008368917740881443, 0.0013950547436252236),
)
# (cosh(r) - 1) / r**2 and (sinh(r) - r) / r**3 in r**2, errors 3.4e-18 and 5.4e-20; 4.7e-11 and 5.3e-12
COSH = (
    (0.5000000000000013, 0.0416666666665138, 0.0013888888947401706, 2.480148956636083e-05, 2.763140913567983e-07),
    (0.5, 0.041666265577077866, 0.0013946274993941188),
)
SINH = (
    (
        *(0.16666666666666685, 0.008333333333316683, 0.0001984126989719594, 2.7557234097977545e-06),
        2.5112288864516974e-08,
    ),
    (0.1666666716337204, 0.008333289064466953, 0.00019905010412912816),
)
# (2 atanh(s) - 2 s) / s**3 in s**2, |s| <= 0.1716, error over 2 s 1.2e-18, 4.8e-12
LOG = (
    (
        *(0.6666666666666734, 0.3999999999941442, 0.28571428742451294, 0.22222198566051418, 0.18183564726826854),
        *(0.15314039563014076, 0.1479606673869653),
    ),
    (0.6666666269302368, 0.4000033438205719, 0.2853730618953705, 0.2358221411705017),
)
# (sin(pi r / 2) - pi r / 2) / r**3 and (cos(pi r / 2) - 1) / r**2 in r**2, |r| <= 1/2, errors 3.0e-21 and 3.3e-20;
# 5.6e-9 and 5.4e-11
SIN = (
    (
        *(-0.6459640975062463, 0.07969262624616695, -0.004681754135315219, 0.0001604411847305471),
        *(-3.5988427376007095e-06, 5.691933338322763e-08, -6.628213027717955e-10),
    ),
    (-0.6459636688232422, 0.07968158274888992, -0.004605311434715986),
)
COS = (
    (
        *(-1.2337005501361697, 0.2536695079010469, -0.020863480763315446, 0.0009192602742250744),
        *(-2.5202036991771195e-05, 4.710615664336017e-07, -6.321893183057911e-09),
    ),
    (-1.2337005138397217, 0.25366923213005066, -0.02086028829216957, 0.0009040219010785222),
)
HALF_PI_HIGH = (1.5707963267948966, 1.5707963705062866)
HALF_PI_LOW = (6.123233995736766e-17, -4.371139000186241e-08)
# erf(x) / x - 1 in x**2, |x| <= 1, relative error of erf 1.3e-19, 1.2e-9
ERF = (
    (
        *(0.1283791670955126, -0.3761263890318375, 0.11283791670954857, -0.0268661706450729, 0.0052239776247808975),
        *(-0.000854832697874388, 0.00012055331036957826, -1.492559350823523e-05, 1.646097283794019e-06),
        *(-1.6350025439041802e-07, 1.465788127030694e-08, -1.1365671400927919e-09, 5.945270843812522e-11),
    ),
    (
        *(0.12837916612625122, -0.3761262595653534, 0.1128358542919159, -0.026853812858462334, 0.005188329145312309),
        *(-0.0008010208257474005, 7.853910210542381e-05),
    ),
)
# log(erfc(x)) in x - 2, 1 <= x <= 5.95 and 3.95, error of erfc 6.6e-18, 2.1e-11
LOG_ERFC = (
    (
        *(-5.364941264616636, -4.418160805994413, -0.9237508418239427, -0.016465118137389965, 0.003570756347812547),
        *(-0.0007323993779928073, 0.00013530933080060781, -2.0706470480538803e-05, 1.9521868844555796e-06),
        *(2.037269660384666e-07, -1.7317174535957696e-07, 5.7696414743177545e-08, -1.3989956292894332e-08),
        *(2.609491172485458e-09, -2.5688836599824387e-10, -7.153093978581046e-11, 3.662206767759692e-11),
        -4.8653830622839315e-12,
    ),
    (
        *(-5.364941120147705, -4.418160915374756, -0.9237509965896606, -0.016465814784169197, 0.0035705023910850286),
        *(-0.0007302207523025572, 0.00013772069360129535, -2.168671926483512e-05),
    ),
)


@inline
def _reduce(x):
    """k ln 2 + r = x: (k in the low bits, r)."""
    rounded = fma(x, like(x, LOG2_E), like(x, ROUNDER))
    k = rounded - like(x, ROUNDER)
    return rounded, fma(k, -like(x, LN2_LOW), fma(k, -like(x, LN2_HIGH), x))


@inline
def _reduce_exactly(x):
    """k ln 2 + r + low = x: (k in the low bits, r, low)."""
    rounded = fma(x, like(x, LOG2_E), like(x, ROUNDER))
    k = rounded - like(x, ROUNDER)
    near = fma(k, -like(x, LN2_HIGH), x)
    r = fma(k, -like(x, LN2_LOW), near)
    return rounded, r, fma(k, -like(x, LN2_LOW), near - r)


@inline
def _power_of_two(k):
    """2**k for a whole k."""
    return scale(like(k, 1.0), k + like(k, ROUNDER))


@inline
def _exp_normal(x):
    """exp(x) where the result is a normal number."""
    k, r = _reduce(x)
    return scale(like(x, 1.0) + fma(r * r, polynomial(r, EXP), r), k)


@inline
def exp(x):
    """exp(x); 0 below the smallest normal number."""
    y = select(x < like(x, SMALLEST_EXP), like(x, 0.0), _exp_normal(x))
    return select(x <= like(x, LARGEST_EXP), y, x + like(x, INFINITY))


@inline
def exp_bounded(x, bound):
    """exp of x clamped to +-bound (at most 708, 87): for gates, that are flat long before; saves the special cases."""
    most = like(x, bound)
    return _exp_normal(min(max(x, -most), most))


@inline
def exp_and_fourth_power(x, divisor, most):
    """exp(y) and exp(4 y) to 3 ulp, y being x / divisor clamped to -170 (-20) and `most`.

    Rounding the quotient, and exp(y) before it is squared, would make the fourth power wrong by 8 ulp.
    """
    one, by, inverse = like(x, 1.0), like(x, divisor), like(x, 1.0 / divisor)
    rest = fma(-inverse, by, one) * inverse  # 1 / divisor is inverse + rest
    one_end, other_end = by * like(x, most), by * like(x, (-170.0, -20.0))
    x = min(max(x, min(one_end, other_end)), max(one_end, other_end))
    rounded = fma(x, inverse * like(x, LOG2_E), like(x, ROUNDER))
    k = rounded - like(x, ROUNDER)
    r = fma(x, rest, fma(k, -like(x, LN2_LOW), fma(x, inverse, k * -like(x, LN2_HIGH))))
    q = fma(r * r, polynomial(r, EXP), r)  # exp(r) - 1
    square = fma(q, q, q + q)  # (1 + q)^2 - 1
    fourth = fma(square, square, square + square)
    return scale(one + q, rounded), scale_fourfold(one + fourth, rounded)


@inline
def exp_pair(x, bound):
    """exp(x) and exp(-x), x clamped to +-bound (at most 708, 87): one reduction, one even and one odd polynomial."""
    most, one = like(x, bound), like(x, 1.0)
    k, r = _reduce(min(max(x, -most), most))
    r2 = r * r
    even, odd = _even_and_odd(r2)
    sinh = fma(r * r2, odd, r)
    return scale(one + fma(r2, even, sinh), k), unscale(one + fma(r2, even, -sinh), k)


@generic
def _even_and_odd(r2):
    """Return the polynomials COSH and SINH at r2; in float64, RK4's, in the order with one multiplication less."""
    return polynomial(r2, COSH), polynomial(r2, SINH)


@specialises(_even_and_odd)
def _polynomials(r2):
    if r2 is types.float32:
        return lambda r2: (polynomial(r2, COSH), polynomial(r2, SINH))

    def polynomials(r2):
        r4 = r2 * r2
        even = fma(r4, COSH[0][4], fma(r2, COSH[0][3], COSH[0][2]))
        odd = fma(r4, SINH[0][4], fma(r2, SINH[0][3], SINH[0][2]))
        return fma(r4, even, fma(r2, COSH[0][1], COSH[0][0])), fma(r4, odd, fma(r2, SINH[0][1], SINH[0][0]))

    return polynomials


@inline
def _two_parts(big, small):
    """big + small as its rounded value and what that loses, |big| >= |small| or big = 0 (Dekker 1971)."""
    total = big + small
    return total, small - (total - big)


@inline
def _expm1_shrunk(x, shrink):
    """(exp(x) - 1) `shrink` in two parts; `shrink`, a power of two, leaves room beyond the largest number."""
    return _expm1_parts(min(max(x, -like(x, (50.0, 20.0))), like(x, BEYOND)), shrink)


@inline
def _expm1_parts(x, shrink):
    """The same for |x| below 708 (87), or what `shrink` makes of that."""
    rounded, r, low = _reduce_exactly(x)
    power = scale(shrink, rounded)
    total, lost = _two_parts(power - shrink, power * r)
    return _two_parts(total, fma(power, fma(r * r, polynomial(r, EXP), low), lost))


@inline
def _quotient(a, a_low, b, b_low):
    """(a + a_low) / (b + b_low), hardly more than rounded once, at the price of one division."""
    inverse = like(a, 1.0) / b
    q = a * inverse
    return fma(fma(-q, b_low, fma(-q, b, a) + a_low), inverse, q)


@inline
def expm1(x):
    """exp(x) - 1; x itself where |x| is tiny, so right below the smallest normal number too."""
    shrink = like(x, SHRINK)
    y = _expm1_shrunk(x, shrink)[0] * (like(x, 1.0) / shrink)
    y = select(abs(x) < like(x, TINY), x, y)
    return select(x == x, y, x)


@inline
def exprelr(x):
    """x / (exp(x) - 1), 1 at 0: the rate function of Hodgkin & Huxley.  Less exact below the smallest normal number."""
    shrink = like(x, SHRINK)
    y = _quotient(x * shrink, like(x, 0.0), *_expm1_shrunk(x, shrink))
    y = select(abs(x) < like(x, TINY), like(x, 1.0), y)
    y = select(x > like(x, BEYOND), like(x, 0.0), y)
    return select(x >= -like(x, INFINITY), select(x == -like(x, INFINITY), -x, y), x)


@inline
def near_zero(x):
    """Whether x / (exp(x) - 1) needs `exprelr_series`: elsewhere an error of exp(x) counts at most 50 (5.5) times."""
    return abs(x) < like(x, NEAR)


@inline
def exprelr_series(x):
    """exprelr(x) where x is `near_zero`."""
    x2 = x * x
    even = fma(x2, like(x, -1.0 / 720.0), like(x, 1.0 / 12.0))
    return fma(x2, even, fma(x, like(x, -0.5), like(x, 1.0)))


@inline
def _hyperbolic(x):
    """Of |x| = k ln 2 + r: (2**k +- 2**-k) / 4 and what they lose, r, cosh(r) - 1, sinh(r) - r."""
    rounded, r, low = _reduce_exactly(min(abs(x), like(x, (710.5, 89.5))))
    k = rounded - like(x, ROUNDER)
    rise = _power_of_two(k - like(x, 2.0))
    fall = _power_of_two(-like(x, 2.0) - min(k, like(x, 60.0)))
    even, even_low = _two_parts(rise, fall)
    odd, odd_low = _two_parts(rise, -fall)
    r2 = r * r
    return even, even_low, odd, odd_low, r, r2 * polynomial(r2, COSH), fma(r * r2, polynomial(r2, SINH), low)


@inline
def _exact_first(a, a_low, b, r, cosh_tail, sinh_tail):
    """2 ((a + a_low) + a cosh_tail + b (r + sinh_tail)), a + b r summed in two parts."""
    part = b * r
    total, lost = _two_parts(a, part)
    rest = fma(a, cosh_tail, fma(b, sinh_tail, fma(b, r, -part) + (lost + a_low)))
    return (total + rest) + (total + rest)


@inline
def sinh(x):
    """Hyperbolic sine; x itself where |x| is tiny."""
    even, _, odd, odd_low, r, cosh_tail, sinh_tail = _hyperbolic(x)
    y = copysign(_exact_first(odd, odd_low, even, r, cosh_tail, sinh_tail), x)
    y = select(abs(x) < like(x, TINY), x, y)
    return select(x == x, y, x)


@inline
def cosh(x):
    """Hyperbolic cosine."""
    even, even_low, odd, _, r, cosh_tail, sinh_tail = _hyperbolic(x)
    return select(x == x, _exact_first(even, even_low, odd, r, cosh_tail, sinh_tail), x)


@inline
def tanh(x):
    """Hyperbolic tangent, (exp(2 |x|) - 1) / (exp(2 |x|) + 1) in two parts each; x itself where |x| is tiny."""
    one = like(x, 1.0)
    rounded, r, low = _reduce_exactly(min(abs(x) + abs(x), like(x, (44.0, 24.0))))
    power = scale(one, rounded)
    p, lost = _two_parts(power, power * r)
    tail = fma(power, fma(r * r, polynomial(r, EXP), low), lost)
    above, lost = _two_parts(p, -one)
    above, above_low = _two_parts(above, lost + tail)
    below, lost = _two_parts(p, one)
    below, below_low = _two_parts(below, lost + tail)
    y = copysign(_quotient(above, above_low, below, below_low), x)
    y = select(abs(x) < like(x, TINY), x, y)
    return select(x == x, y, x)


@inline
def _log(k, f, low):
    """k ln 2 + log(1 + f) + low (Tang's form, as in fdlibm)."""
    s = f / (like(f, 2.0) + f)
    s2 = s * s
    half = like(f, 0.5) * f * f
    small = fma(s, fma(s2, polynomial(s2, LOG), half), fma(k, like(f, LN2_LOW), low))
    return fma(k, like(f, LN2_HIGH), f - (half - small))


@inline
def log(x):
    """Natural logarithm; right for numbers below the smallest normal one too."""
    small = x < like(x, SMALLEST_NORMAL)
    k, m = split(select(small, x * like(x, 2.0**54), x))
    y = _log(k - select(small, like(x, 54.0), like(x, 0.0)), m - like(x, 1.0), like(x, 0.0))
    y = select(x == like(x, 0.0), -like(x, INFINITY), y)
    y = select(x < like(x, 0.0), like(x, float("nan")), y)
    return select(x < like(x, INFINITY), y, x)


@inline
def log_alone(x):
    """log(x) of a float64 that is positive and normal, in short chains: alone, 13 ns in place of 22."""
    k, m = split(x)
    f = m - 1.0
    s = f / (2.0 + f)
    s2 = s * s
    s4 = s2 * s2
    low = fma(s4, fma(s2, LOG[0][3], LOG[0][2]), fma(s2, LOG[0][1], LOG[0][0]))
    high = fma(s4, LOG[0][6], fma(s2, LOG[0][5], LOG[0][4]))
    return fma(k, LN2_HIGH[0], fma(s * s2, fma(s4 * s4, high, low), fma(k, LN2_LOW[0], s + s)))


@inline
def _log1p_inside(x):
    """log(1 + x) for x > -1 that is not infinite."""
    one, zero = like(x, 1.0), like(x, 0.0)
    u = one + x
    k, m = split(u)
    whole = u - one
    lost = (one - (u - whole)) + (x - whole)
    near = k == zero
    return _log(k, select(near, x, m - one), select(near, zero, lost / u))


@inline
def log1p(x):
    """log(1 + x); x itself where |x| is tiny, so right below the smallest normal number too."""
    y = select(abs(x) < like(x, TINY), x, _log1p_inside(x))
    y = select(x == like(x, -1.0), -like(x, INFINITY), y)
    y = select(x < like(x, -1.0), like(x, float("nan")), y)
    return select(x < like(x, INFINITY), y, x)


@inline
def sigmoid(x):
    """1 / (1 + exp(-x)), within 2 ulp; 0 soon below the smallest normal number."""
    return like(x, 1.0) / (like(x, 1.0) + exp(-x))


@inline
def softplus(x):
    """log(1 + exp(x)), within 2 ulp; 0 below the smallest normal number."""
    y = max(x, like(x, 0.0)) + _log1p_inside(exp(-abs(x)))
    return select(x == x, y, x)


@inline
def erf(x):
    """Error function, within 2 ulp; less exact below the smallest normal number."""
    one = like(x, 1.0)
    size = min(abs(x), like(x, (5.95, 3.95)))
    near = fma(size, polynomial(size * size, ERF), size)
    far = one - _exp_normal(polynomial(size - like(x, 2.0), LOG_ERFC))
    y = copysign(select(size < one, near, far), x)
    return select(x == x, y, x)


@inline
def sin_cos_turn(x):
    """sin(2 pi x) and cos(2 pi x) for 0 <= x < 1."""
    four = like(x, 4.0)
    rounded = fma(x, four, like(x, ROUNDER))
    quarters = rounded - like(x, ROUNDER)
    r = fma(x, four, -quarters)
    r2 = r * r
    sine = fma(r, like(x, HALF_PI_HIGH), r * fma(r2, polynomial(r2, SIN), like(x, HALF_PI_LOW)))
    cosine = fma(r2, polynomial(r2, COS), like(x, 1.0))
    odd = is_odd(rounded)
    first, second = select(odd, cosine, sine), select(odd, sine, cosine)
    # quarters 2 and 3 turn the sine, 1 and 2 the cosine; quarter 4 is quarter 0 again
    low_half = (quarters < like(x, 2.0)) | (quarters == four)
    outer = (quarters < like(x, 1.0)) | (quarters > like(x, 2.0))
    return select(low_half, first, -first), select(outer, second, -second)
