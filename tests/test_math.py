"""The elementary functions: how close, how they end, and that loops over them are packed."""

import mpmath
import numba
import numpy as np
import pytest
import scipy.special

import fastneuron as fn
from fastneuron._kernel import elementary
from fastneuron._kernel.jit import FLAGS, inline
from fastneuron._kernel.lanes import _host_features

FLOATS = (np.float64, np.float32)
EXTENDED = np.finfo(np.longdouble).nmant > 60  # on some machines long double is no longer than double


@inline
def sin_turn(x):
    return elementary.sin_cos_turn(x)[0]


@inline
def cos_turn(x):
    return elementary.sin_cos_turn(x)[1]


def exprelr(x):
    return np.where(x == 0, 1, x / np.expm1(np.where(x == 0, 1, x)))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


def turned(first, *others):
    """The sine or cosine of 2 pi x in the precision of x, reduced exactly to an eighth of a turn."""

    def wave(x):
        quarter = np.rint(4 * x)
        angle = (4 * x - quarter) * (x.dtype.type("3.14159265358979323846264338327950288") / 2)
        return np.choose(quarter.astype(int) % 4, [np.sin(angle), np.cos(angle), -np.sin(angle), -np.cos(angle)])

    return wave if first == "sin" else lambda x: wave(np.asarray(x) + x.dtype.type(0.25))


# name: function, in NumPy, in mpmath, where: from, to (in float64, in float32), ulps from the correctly rounded result
CASES = {
    "exp": (elementary.exp, np.exp, mpmath.exp, (-745, 745), (-103, 103), 1),
    "expm1": (elementary.expm1, np.expm1, mpmath.expm1, (-745, 745), (-103, 103), 1),
    "exprelr": (elementary.exprelr, exprelr, lambda x: x / mpmath.expm1(x) if x else 1, (-745, 745), (-103, 103), 1),
    "sinh": (elementary.sinh, np.sinh, mpmath.sinh, (-745, 745), (-103, 103), 1),
    "cosh": (elementary.cosh, np.cosh, mpmath.cosh, (-745, 745), (-103, 103), 1),
    "tanh": (elementary.tanh, np.tanh, mpmath.tanh, (-25, 25), (-12, 12), 1),
    "log": (elementary.log, np.log, mpmath.log, (0, 3), (0, 3), 1),
    "log1p": (elementary.log1p, np.log1p, mpmath.log1p, (-1, 3), (-1, 3), 1),
    "sigmoid": (
        elementary.sigmoid,
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: 1 / (1 + mpmath.exp(-x)),
        (-745, 40),
        (-103, 20),
        2,
    ),
    "softplus": (elementary.softplus, softplus, lambda x: mpmath.log1p(mpmath.exp(x)), (-745, 745), (-103, 103), 2),
    "erf": (elementary.erf, scipy.special.erf, mpmath.erf, (-7, 7), (-5, 5), 2),
    "sin_turn": (sin_turn, turned("sin"), lambda x: mpmath.sinpi(2 * x), (0, 1), (0, 1), 1),
    "cos_turn": (cos_turn, turned("cos"), lambda x: mpmath.cospi(2 * x), (0, 1), (0, 1), 1),
}
ANYWHERE = {"exp", "expm1", "exprelr", "sinh", "cosh", "tanh", "log", "log1p", "sigmoid", "softplus", "erf"}


def over_array(function):
    @numba.njit(**FLAGS)
    def loop(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    return loop


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """A name, and its function as one compiled loop over an array."""
    loop = over_array(CASES[request.param][0])

    def apply(x):
        out = np.empty_like(x)
        loop(x, out)
        return out

    apply.loop = loop
    return request.param, apply


def points(name, dtype, n):
    """Numbers all over the domain, dense where results are of ordinary size, and of every magnitude."""
    rng = np.random.default_rng(7)
    low, high = CASES[name][3 if dtype is np.float64 else 4]
    tiny = np.log2(np.finfo(dtype).tiny)
    sizes = 2.0 ** rng.uniform(tiny, -tiny if name in ANYWHERE else -1, n // 4)
    inner = rng.uniform(max(low, -2), min(high, 2), n // 4)
    x = np.concatenate(
        [rng.uniform(low, high, n // 2), inner, sizes if low >= 0 else sizes * rng.choice([-1, 1], n // 4)]
    )
    x = x.astype(dtype)
    return x[(x > -1) if name == "log1p" else (x > 0) if name == "log" else (x < 1) if "turn" in name else x == x]


def ulps(got, exact):
    """Distance from the correctly rounded results, in ulp, where these are normal numbers."""
    with np.errstate(over="ignore", under="ignore"):
        rounded = exact.astype(got.dtype)
        normal = np.isfinite(rounded) & (abs(rounded) >= np.finfo(got.dtype).tiny)
        assert normal.sum() > 0.5 * normal.size
        assert np.array_equal(got[np.isinf(rounded)], rounded[np.isinf(rounded)])
        return abs((got[normal] - rounded[normal]) / np.spacing(abs(rounded[normal]))).max()


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_million_points(case, dtype):
    name, apply = case
    wider = np.float64 if dtype is np.float32 else np.longdouble
    if wider is np.longdouble and (name == "erf" or not EXTENDED):
        pytest.skip("no wider NumPy function to compare with; the test with mpmath does")
    x = points(name, dtype, 1_000_000)
    with np.errstate(all="ignore"):
        exact = CASES[name][1](x.astype(wider))
    assert ulps(apply(x), exact) <= CASES[name][5]


@pytest.mark.skipif(not EXTENDED, reason="no wider NumPy function to compare with")
def test_the_logarithm_in_short_chains():
    x = points("log", np.float64, 100_000)
    found = np.empty_like(x)
    over_array(elementary.log_alone)(x, found)
    assert ulps(found, np.log(x.astype(np.longdouble))) <= 2


def test_against_mpmath(case):
    name, apply = case
    x = points(name, np.float64, 6000)
    with mpmath.workprec(120):
        exact = np.array([float(CASES[name][2](mpmath.mpf(float(value)))) for value in x])
    assert ulps(apply(x), exact) <= CASES[name][5]


INF, NAN = np.inf, np.nan
ENDS = {  # at 0, -0, inf, -inf, nan
    "exp": (1, 1, INF, 0, NAN),
    "expm1": (0.0, -0.0, INF, -1, NAN),
    "exprelr": (1, 1, 0, INF, NAN),
    "sinh": (0.0, -0.0, INF, -INF, NAN),
    "cosh": (1, 1, INF, INF, NAN),
    "tanh": (0.0, -0.0, 1, -1, NAN),
    "log": (-INF, -INF, INF, NAN, NAN),
    "log1p": (0.0, -0.0, INF, NAN, NAN),
    "sigmoid": (0.5, 0.5, 1, 0, NAN),
    "softplus": (np.log(2), np.log(2), INF, 0, NAN),
    "erf": (0.0, -0.0, 1, -1, NAN),
    "sin_turn": (0.0, 0.0, NAN, NAN, NAN),
    "cos_turn": (1, 1, NAN, NAN, NAN),
}


@pytest.mark.parametrize("dtype", FLOATS)
def test_ends(case, dtype):
    name, apply = case
    want = np.array(ENDS[name], dtype)
    got = apply(np.array([0.0, -0.0, INF, -INF, NAN], dtype))
    assert got.dtype == dtype
    assert np.array_equal(got, want, equal_nan=True)
    if name in ("expm1", "sinh", "tanh", "log1p", "erf"):
        assert np.array_equal(np.signbit(got[:2]), [False, True])


@pytest.mark.parametrize("dtype", FLOATS)
def test_at_the_edges_of_the_range(dtype):
    info = np.finfo(dtype)
    exp, log, log1p, expm1 = (over_array(getattr(elementary, name)) for name in ("exp", "log", "log1p", "expm1"))

    def apply(loop, *values):
        out = np.empty(len(values), dtype)
        loop(np.array(values, dtype), out)
        return out

    highest = dtype(np.log(np.longdouble(info.max)))
    highest = highest if np.longdouble(highest) <= np.log(np.longdouble(info.max)) else np.nextafter(highest, dtype(0))
    lowest = np.nextafter(dtype(np.log(np.longdouble(info.tiny))), dtype(0))
    below, at, above = apply(exp, np.nextafter(highest, dtype(0)), highest, np.nextafter(highest, dtype(INF)))
    assert below < at <= info.max
    assert above == INF
    assert apply(exp, lowest)[0] >= info.tiny
    assert apply(exp, np.nextafter(lowest, dtype(-INF)) - 1)[0] == 0
    least = info.smallest_subnormal
    assert np.array_equal(
        apply(log, least, info.tiny), np.log(np.array([least, info.tiny], dtype).astype(np.longdouble)).astype(dtype)
    )
    assert np.array_equal(
        apply(log1p, -1, -1.5, least, -least), np.array([-INF, NAN, least, -least], dtype), equal_nan=True
    )
    assert np.array_equal(apply(expm1, least, -least), np.array([least, -least], dtype))


@pytest.mark.parametrize("bound", [87.0, 350.0, 708.0])
def test_bounded(bound):
    @numba.njit(**FLAGS)
    def all_three(x, out):
        for i in range(x.size):
            up, down = elementary.exp_pair(x[i], bound)
            out[0, i], out[1, i], out[2, i] = elementary.exp_bounded(x[i], bound), up, down

    x = np.concatenate([np.linspace(-bound, bound, 3000), [-2 * bound, 2 * bound, -INF, INF]])
    out = np.empty((3, x.size))
    all_three(x, out)
    with mpmath.workprec(120):
        exact = np.array([float(mpmath.exp(value)) for value in np.clip(x, -bound, bound)])
        inverse = np.array([float(mpmath.exp(-value)) for value in np.clip(x, -bound, bound)])
    assert max(ulps(out[0], exact), ulps(out[1], exact), ulps(out[2], inverse)) <= 1


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("divisor", [-80.0, 40.0])
def test_fourth_power(divisor, dtype):
    most = (29.0, 3.3)

    @numba.njit(**FLAGS)
    def both(x, out):
        for i in range(x.size):
            out[0, i], out[1, i] = elementary.exp_and_fourth_power(x[i], divisor, most)

    least, highest = (-170.0, 29.0) if dtype is np.float64 else (-20.0, 3.3)
    x = (np.random.default_rng(5).uniform(least, highest, 3000) * divisor).astype(dtype)
    x = np.append(x, dtype(divisor) * np.array([2 * least, 2 * highest], dtype))
    out = np.empty((2, x.size), dtype)
    both(x, out)
    with mpmath.workprec(120):
        y = [max(min(mpmath.mpf(float(value)) / divisor, float(dtype(highest))), least) for value in x]
        exact = [np.array([float(mpmath.exp(times * value)) for value in y]) for times in (1, 4)]
    assert max(map(ulps, out, exact)) <= 3


def test_exprelr_of_an_array():
    x = np.array([0.0, 1.0, -2.0, 1e-300, 800.0, -800.0])
    np.testing.assert_array_equal(fn.math.exprelr(x), [fn.math.exprelr(float(value)) for value in x])
    np.testing.assert_allclose(fn.math.exprelr(x), [1, 0.5819767068693265, 2.3130352854993312, 1, 0, 800], rtol=1e-15)
    assert type(fn.math.exprelr(0.5)) is float


@pytest.mark.skipif("avx2" not in _host_features(), reason="looks for AVX2 or AVX-512 instructions")
@pytest.mark.parametrize("dtype", FLOATS)
def test_packed(case, dtype):
    name, apply = case
    apply(np.full(8, 0.5, dtype))
    (text,) = (
        text for signature, text in apply.loop.inspect_asm().items() if signature[0].dtype == numba.from_dtype(dtype)
    )
    suffix = "pd" if dtype is np.float64 else "ps"
    lines = [line.split() for line in text.splitlines() if line.startswith("\tv")]
    packed = [line for line in lines if line[0].endswith(suffix) and ("%ymm" in line[-1] or "%zmm" in line[-1])]
    assert len(packed) > 10
    scalar = [f"${name}", f"${name}f", "$exp", "$expf", "$log", "$logf", "$fma", "$fmaf", "$sin", "$cos"]
    assert not [line for line in text.split() if line.rstrip(",") in scalar], "a call into the C library"
