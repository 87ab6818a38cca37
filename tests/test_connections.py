"""Who is connected to whom: right in law at stated error rates, and the same for any range of targets.

Connections are functions of a seed, so each statistical test gives the same answer every time; its significance is the
chance that a perfect rule would have been refused when the test was written.
"""

import itertools

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import fastneuron as fn
from fastneuron._kernel.jit import kernel
from fastneuron.network.connections.wiring import make_row
from tests.catalogue import rest_slow

SIGNIFICANCE = 1e-4
RECEPTOR = type("Receptor", (), {"size": 1})()


@kernel
def one_row(wiring, source, low, high, scratch):
    return make_row(wiring, source, low, high, scratch)


def population(n):
    return fn.Population(fn.MorrisLecar.hopf(), n, {"exc": RECEPTOR})


def network(pre, post, rule, seed=1, before=0, **options):
    """A network of one projection, or of as many more before it."""
    first = [fn.Projection(pre, post, "exc", fn.AllToAll())] * before
    groups = {"post": post.population} | ({} if pre.population is post.population else {"pre": pre.population})
    return fn.Network(groups, [*first, fn.Projection(pre, post, "exc", rule, **options)], seed=seed)


def pairs(net, projection=0):
    """(pre, post) counts of synapses."""
    found = net.connections(projection)
    ends = net.projections[projection]
    matrix = np.zeros((len(ends.pre), len(ends.post)), np.int64)
    np.add.at(matrix, (found.pre, found.post), 1)
    return matrix


def around(rng, n):
    return np.sort(rng.choice(n, max(n // 3, 1), replace=False))


POSITIONS = np.random.default_rng(0).random((600, 2))
RULES = {
    "all to all": fn.AllToAll(),
    "probability": fn.FixedProbability(0.07),
    "high probability": fn.FixedProbability(0.8),
    "out-degree": fn.FixedOutDegree(31),
    "in-degree": fn.FixedInDegree(31),
    "total": fn.FixedTotal(2500),
    "distance": fn.ByDistance(lambda d: np.exp(-d / 0.1), POSITIONS),
    "lists": (np.arange(3000) * 7 % 600, np.arange(3000) * 11 % 600),
}
VALUES = {
    "one for all": {"weight": 0.5, "delay": 1.5},
    "drawn": {"weight": fn.Normal(1.0, 0.4, low=0.5), "delay": fn.LogNormal(0.0, 0.5, low=0.2)},
    "given": {
        "weight": np.linspace(0, 1, 600).reshape(600, 1),
        "delay": np.linspace(1, 2, 600, dtype="f4").reshape(1, 600),
    },
}


def synapses(rows, low, high):
    """(source, target, weight, delay) of all synapses, as they stand."""
    source = np.repeat(np.arange(rows.indptr.size - 1), np.diff(rows.indptr))
    target = rows.target.astype(np.int64) + low
    assert ((low <= target) & (target < high)).all()
    values = [np.zeros(target.size) if value is None else value for value in (rows.weight, rows.delay)]
    return np.array([source, target, *values])


@pytest.mark.parametrize("values", rest_slow(["drawn", "one for all", "given"]))
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("flags", [{}, {"autapses": False, "multapses": False}], ids=["any", "distinct"])
def test_any_range_is_a_part_of_the_whole(rule, values, flags):
    if rule == "lists" and (flags or values == "given"):
        pytest.skip("they are given one by one")
    cells = population(600)
    plan = network(cells, cells, RULES[rule], **VALUES[values], **flags).plan(0)
    whole = plan.rows(0, 600)
    assert whole.target.dtype == np.uint16
    expected = synapses(whole, 0, 600)
    for low, high in [(0, 64), (64, 600), (128, 192), (192, 256), (256, 512)]:
        mine = expected[:, (low <= expected[1]) & (expected[1] < high)]
        np.testing.assert_array_equal(synapses(plan.rows(low, high), low, high), mine)


@pytest.mark.parametrize("rule", [name for name in RULES if name != "lists"])
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    n=st.integers(2, 700),
    data=st.data(),
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_views_and_flags(rule, seed, n, data, flags):
    cells, rng = population(n), np.random.default_rng(seed)
    pre, post = (cells[rng.permutation(n)[: data.draw(st.integers(2, n))]] for _ in range(2))
    degree = min(len(pre), len(post)) // 2
    place = rng.random((n, 2))
    kind = {
        "out-degree": fn.FixedOutDegree(degree),
        "in-degree": fn.FixedInDegree(degree),
        "total": fn.FixedTotal(degree),
        "distance": fn.ByDistance(lambda d: np.exp(-d / 0.3), place[: len(pre)], place[: len(post)], periods=1.0),
    }.get(rule, RULES[rule])
    autapses, multapses = flags
    net = network(pre, post, kind, seed=seed, autapses=autapses, multapses=multapses)
    matrix = pairs(net)
    if not autapses:
        assert matrix[pre.indices[:, np.newaxis] == post.indices].sum() == 0
    if not multapses:
        assert matrix.max(initial=0) <= 1
    fixed = {"out-degree": matrix.sum(1), "in-degree": matrix.sum(0), "total": matrix.sum()}.get(rule, degree)
    assert np.all(fixed == degree)
    degrees = net.degrees(0)
    np.testing.assert_array_equal(degrees.out, matrix.sum(1))
    np.testing.assert_array_equal(degrees.into, matrix.sum(0))


def test_out_degrees_one_each_follow_the_view():
    cells = population(300)
    order = np.random.default_rng(1).permutation(300)
    wanted = np.arange(300) % 40
    assert pairs(network(cells[order], cells, fn.FixedOutDegree(wanted))).sum(1).tolist() == wanted.tolist()
    assert pairs(network(cells, cells[order], fn.FixedInDegree(wanted))).sum(0).tolist() == wanted.tolist()


def test_one_to_one_follows_the_views():
    cells = population(300)
    a, b = (np.random.default_rng(k).permutation(300)[:120] for k in (1, 2))
    net = network(cells[a], cells[b], fn.OneToOne(), weight=np.arange(120.0), delay=np.arange(1.0, 121.0))
    found = net.connections(0)
    order = np.argsort(found.pre)
    np.testing.assert_array_equal(found.pre[order], found.post[order])
    np.testing.assert_array_equal(found.weight[order], np.arange(120.0))
    np.testing.assert_array_equal(found.delay[order], np.arange(1.0, 121.0))
    assert net.projections[0].mean_synapses == 120


def test_all_to_all_is_all():
    cells = population(130)
    assert (pairs(network(cells[:70], cells[30:], fn.AllToAll())) == 1).all()
    assert pairs(network(cells, cells, fn.AllToAll(), autapses=False)).sum() == 130 * 129


def uniform(counts, expected=None):
    """Whether counts are as equally likely things have them."""
    return stats.chisquare(counts.ravel(), expected).pvalue > SIGNIFICANCE


@pytest.mark.parametrize("p", [0.003, 0.1, 0.5, 0.51, 0.97])
def test_probability(p):
    cells = population(2000)
    matrix = pairs(network(cells, cells, fn.FixedProbability(p)))
    assert matrix.max() == 1
    total = stats.binom(2000**2, p)
    assert total.cdf(matrix.sum()) == pytest.approx(0.5, abs=0.5 - SIGNIFICANCE / 2)
    for degrees in (matrix.sum(0), matrix.sum(1)):
        edges = np.unique(stats.binom(2000, p).ppf(np.linspace(0.05, 0.95, 13)))
        bins = np.concatenate([[-1], edges, [2000]])
        assert uniform(np.histogram(degrees, bins + 0.5)[0], 2000 * np.diff(stats.binom(2000, p).cdf(bins)))
    # neighbours know nothing of each other
    for a, b in ((matrix[:, 1:], matrix[:, :-1]), (matrix[1:], matrix[:-1])):
        assert abs((a * b).sum() - a.size * p * p) < 3.9 * np.sqrt(a.size * p * p * (1 - p * p) * (1 + 2 * p))


def test_probability_none_and_all():
    cells = population(100)
    assert pairs(network(cells, cells, fn.FixedProbability(0.0))).sum() == 0
    assert pairs(network(cells, cells, fn.FixedProbability(1.0))).sum() == 100**2
    assert pairs(network(cells, cells, fn.FixedProbability(1e-300))).sum() == 0


@pytest.mark.parametrize("rule", ["out-degree", "in-degree", "total"])
@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize(("n", "autapses"), [(1000, True), (1000, False), (40, True), (40, False)])
def test_degrees(rule, multapses, n, autapses):
    """Each pair is equally likely, and the other degree has its distribution's spread."""
    cells, degree = population(n), n // 8
    kind = {"out-degree": fn.FixedOutDegree, "in-degree": fn.FixedInDegree}.get(rule)
    matrix = np.zeros((n, n), np.int64)
    spread = []
    for seed in range(4 if n > 100 else 400):
        rule_of = fn.FixedTotal(n * degree) if kind is None else kind(degree)
        one = pairs(network(cells, cells, rule_of, seed=seed, autapses=autapses, multapses=multapses))
        matrix += one
        spread.append(one.sum(0 if rule == "out-degree" else 1))
        assert one.sum() == n * degree
    allowed = ~np.eye(n, dtype=bool) | autapses
    assert matrix[~allowed].sum() == 0
    counts = matrix[allowed].astype(float)
    mean = counts.mean()
    chance = degree / (allowed.sum() / n)
    variance = mean if multapses else mean * (1 - chance)  # of a binomial or Bernoulli sum
    z = (counts - mean) / np.sqrt(variance)
    assert stats.norm.sf(abs((z**2).mean() - 1) * np.sqrt(counts.size / 2)) > SIGNIFICANCE / 2
    blocks = matrix.reshape(8, n // 8, 8, n // 8).sum((1, 3))
    room = allowed.reshape(8, n // 8, 8, n // 8).sum((1, 3))
    z = (blocks - mean * room) / np.sqrt(variance * room)
    law = stats.chi2(63 if rule == "total" else 56)  # one sum is fixed, or that of each row or column of blocks
    assert SIGNIFICANCE / 2 < law.cdf((z**2).sum()) < 1 - SIGNIFICANCE / 2
    degrees = np.concatenate(spread).astype(float)
    expected = degree if multapses else degree * (1 - chance)
    assert degrees.var() == pytest.approx(expected, rel=4.5 * np.sqrt(2 / degrees.size) + 2 / n)


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize(("make", "axis"), [(fn.FixedInDegree, 0), (fn.FixedOutDegree, 1), (fn.FixedTotal, None)])
def test_more_synapses_than_pairs_are_multapses(make, axis, autapses):
    """All pairs are equally likely still."""
    n, degree = 70, 2000
    cells, number = population(n), degree * (n if axis is None else 1)
    one = pairs(network(cells, cells, make(number), autapses=autapses))
    assert (one.sum(axis) == number).all()
    allowed = ~np.eye(n, dtype=bool) | autapses
    assert one[~allowed].sum() == 0
    assert uniform(one[allowed])
    alone = network(cells[:1], cells[:1], make(5))
    assert pairs(alone).tolist() == [[5]]


def test_large_degrees_are_split_fairly():
    """As many synapses of one source on each chunk of targets as a multinomial distribution has."""
    sources, n, degree = fn.PoissonSource(400, 1.0), 20_000, 4000
    cells = population(n)
    for multapses in (True, False):
        net = network(sources, cells, fn.FixedOutDegree(degree), multapses=multapses)
        found = net.connections(0)
        for width in np.array([64, 4096, 5000, 16384]):
            inside = np.bincount(found.pre[found.post < width], minlength=400)
            law = stats.binom(degree, width / n) if multapses else stats.hypergeom(n, width, degree)
            z = (inside - law.mean()) / law.std()
            assert SIGNIFICANCE < stats.chi2(400).cdf((z**2).sum()) < 1 - SIGNIFICANCE
            assert abs(z.sum()) < 3.9 * 20


def test_total_is_split_fairly():
    cells = population(64)
    degrees = np.concatenate([network(cells, cells, fn.FixedTotal(3000), seed=s).degrees(0).out for s in range(200)])
    z = (degrees - 3000 / 64) / np.sqrt(3000 / 64 * 63 / 64)
    assert SIGNIFICANCE < stats.chi2(200 * 63).cdf((z**2).sum() * 63 / 64) < 1 - SIGNIFICANCE


def test_distance():
    place = np.random.default_rng(3).random((1500, 2))
    cells = population(1500)
    rule = fn.ByDistance(lambda d: 0.6 * np.exp(-d / 0.2), place, periods=[1.0, np.inf])
    net = network(cells, cells, rule, weight=lambda d: 2 * d, delay=lambda d: 0.5 + d / 0.3)
    found = net.connections(0)
    apart = np.abs(place[:, np.newaxis] - place)
    apart[..., 0] = np.minimum(apart[..., 0], 1 - apart[..., 0])
    distance = np.sqrt((apart**2).sum(-1))
    probability = 0.6 * np.exp(-distance / 0.2)
    np.testing.assert_allclose(found.weight, 2 * distance[found.pre, found.post], rtol=1e-14)
    np.testing.assert_allclose(found.delay, 0.5 + distance[found.pre, found.post] / 0.3, rtol=1e-14)
    assert net.projections[0].mean_synapses == pytest.approx(probability.sum())
    assert net.projections[0].delays == pytest.approx((0.5, 0.5 + distance.max() / 0.3))
    connected = np.zeros((1500, 1500), bool)
    connected[found.pre, found.post] = True
    assert connected.sum() == found.pre.size
    bins = np.digitize(distance, np.quantile(distance, np.linspace(0, 1, 21)[1:-1]))
    for k in range(20):
        here = bins == k
        mean, variance = probability[here].sum(), (probability[here] * (1 - probability[here])).sum()
        assert abs(connected[here].sum() - mean) < 4.3 * np.sqrt(variance)


def test_lists_stay_in_order():
    cells = population(10)
    pre, post = np.array([3, 1, 3, 3, 1]), np.array([7, 0, 2, 7, 9])
    net = network(cells, cells, (pre, post), weight=np.arange(5.0))
    found = net.connections(0)
    assert found.pre.tolist() == [1, 1, 3, 3, 3]
    assert found.post.tolist() == [0, 9, 2, 7, 7]
    assert found.weight.tolist() == [1.0, 4.0, 2.0, 0.0, 3.0]
    late = network(cells, cells, (pre, post), delay=np.array([5.0, 4.0, 3.0, 2.0, 1.0])).connections(0)
    assert late.delay.tolist() == [1.0, 4.0, 2.0, 3.0, 5.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sparse_matrix_comes_back(dtype):
    matrix = scipy.sparse.random_array((50, 80), density=0.1, dtype=dtype, rng=np.random.default_rng(1))
    net = network(population(60)[5:55], population(80), matrix)
    assert net.connections(0).weight.dtype == dtype
    assert (net.connections(0, sparse=True).tocsr() != matrix.tocsr()).nnz == 0
    for form in (scipy.sparse.csc_matrix(matrix), matrix.todok()):
        assert (network(population(50), population(80), form).connections(0, sparse=True) != matrix).nnz == 0


@pytest.mark.parametrize(
    ("law", "cdf"),
    [
        (fn.Normal(2.0, 0.5), stats.norm(2.0, 0.5).cdf),
        (fn.Normal(2.0, 1.0, low=1.5, high=3.5), stats.truncnorm(-0.5, 1.5, 2.0, 1.0).cdf),
        (fn.LogNormal(-1.0, 0.7), stats.lognorm(0.7, scale=np.exp(-1.0)).cdf),
        (fn.Uniform(0.3, 0.9), stats.uniform(0.3, 0.6).cdf),
        (
            fn.LogNormal(0.0, 1.0, low=0.5, high=2.0),
            lambda x: (
                (stats.norm.cdf(np.log(x)) - stats.norm.cdf(np.log(0.5)))
                / (stats.norm.cdf(np.log(2.0)) - stats.norm.cdf(np.log(0.5)))
            ),
        ),
    ],
    ids=["normal", "truncated normal", "lognormal", "uniform", "truncated lognormal"],
)
@pytest.mark.parametrize("rule", rest_slow(["probability", "out-degree", "in-degree", "lists"]))
def test_drawn_values(law, cdf, rule):
    cells = population(600)
    net = network(cells, cells, RULES[rule], weight=law, delay=fn.Uniform(1.0, 2.0))
    found = net.connections(0)
    assert found.weight.dtype == found.delay.dtype == np.float32
    assert law.low <= found.weight.min() <= found.weight.max() <= law.high
    assert stats.kstest(found.weight, cdf).pvalue > SIGNIFICANCE
    assert stats.spearmanr(found.weight, found.delay).pvalue > SIGNIFICANCE
    order = np.lexsort((found.post, found.pre))
    assert stats.spearmanr(found.weight[order][1:], found.weight[order][:-1]).pvalue > SIGNIFICANCE
    assert np.unique(found.weight).size > 0.99 * found.weight.size


def test_seeds_and_numbers_make_other_synapses():
    cells = population(200)
    found = [
        pairs(network(cells, cells, fn.FixedProbability(0.5), seed=0)),
        pairs(network(cells, cells, fn.FixedProbability(0.5), seed=1)),
        pairs(network(cells, cells, fn.FixedProbability(0.5), seed=2**63)),
        pairs(network(cells, cells, fn.FixedProbability(0.5), seed=0, before=1), 1),
    ]
    for a, b in itertools.combinations(found, 2):
        assert abs((a == b).mean() - 0.5) < 3.9 * 0.5 / 200


@pytest.mark.parametrize("rule", ["all to all", "probability", "high probability", "out-degree", "total"])
def test_made_anew_they_are_the_stored_ones(rule):
    cells = population(600)
    net = network(cells[40:], cells, RULES[rule], weight=fn.Normal(1.0, 0.2), stored=False)
    plan = net.plan(0)
    scratch, ranges = plan.scratch(128, 448), ((128, 320), (320, 448))
    stored = [plan.rows(*limits) for limits in ranges]
    for kept in (1, 3):  # rows of those that are split once for all ranges; three are too few
        room = scratch._replace(splits=np.repeat(scratch.splits, kept, axis=0))
        found = [[], []]
        for source in range(600):
            for parts, limits in zip(found, ranges, strict=True):
                room.turn[0] = source // 2
                count = one_row(plan.wiring, source, *limits, room)
                parts.append((room.target[:count].copy(), room.weight[:count].copy()))
        for parts, rows in zip(found, stored, strict=True):
            np.testing.assert_array_equal(np.concatenate([target for target, _ in parts]), rows.target)
            np.testing.assert_array_equal(np.concatenate([weight for _, weight in parts]), rows.weight)


def test_wide_ranges_have_wide_targets():
    plan = network(population(5), population(70_000), fn.FixedProbability(0.001)).plan(0)
    assert plan.rows(0, 65_536).target.dtype == np.uint16
    assert plan.rows(0, 70_000).target.dtype == np.uint32


def test_rows_are_in_order_of_delay():
    cells = population(600)
    rows = network(cells, cells, fn.FixedProbability(0.2), delay=fn.Uniform(0.1, 5.0)).plan(0).rows(64, 600)
    for begin, end in itertools.pairwise(rows.indptr):
        assert (np.diff(rows.delay[begin:end]) >= 0).all()
