import pickle
import re
import threading
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import fastneuron as fn
from fastneuron._kernel import jit
from fastneuron._kernel import lanes as _lanes
from fastneuron.perceptron import data, dense, dots, net_input, rules, training
from fastneuron.reference import perceptron as reference

RULES = [name for name in rules.BY_NAME if name != "passive-aggressive"]  # another name of PA
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NAND": [1, 1, 1, 0], "XOR": [0, 1, 1, 0]}
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def problem(n=50, R=19, S=5, seed=0, transfer="hardlim", dtype=np.float64):
    """Small integers, so that every sum is exact; not separable."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-5, 6, (n, R)).astype(dtype)
    T = (rng.random((n, S)) < 0.5).astype(dtype)
    return X, T if transfer == "hardlim" else 2 * T - 1


def reals(n=400, R=37, S=7, seed=1, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, R)).astype(dtype)
    return X, (X @ rng.normal(size=(R, S)) + rng.normal(size=(n, S)) > 0).astype(float)


def as_reference(X, T, epochs, **options):
    start = np.zeros((T.shape[1], X.shape[1]))
    return reference.train(start, start[:, 0], X.astype(float), T.astype(float), epochs, **options)


def trained(X, T, epochs=2, dtype=np.float64, transfer="hardlim", **options):
    layer = fn.Perceptron(X.shape[1], T.shape[1], transfer, dtype)
    return layer, layer.train(X, T, epochs, **options)


def equal(a, b):
    return np.array_equal(a.weights, b.weights) and np.array_equal(a.bias, b.bias)


# worked examples


def test_hagan_chapter_4_step_by_step():
    layer = fn.Perceptron(2, 1)
    steps = [
        ([2, 2], 0, [-2, -2], -1),
        ([1, -2], 1, [-2, -2], -1),
        ([-2, 2], 0, [-2, -2], -1),
        ([-1, 1], 1, [-3, -1], 0),
        ([2, 2], 0, [-3, -1], 0),
        ([1, -2], 1, [-2, -3], 1),
        ([-2, 2], 0, [-2, -3], 1),
        ([-1, 1], 1, [-2, -3], 1),
    ]
    for x, t, weights, bias in steps:
        layer.adapt(x, [t])
        assert layer.weights.tolist() == [weights]
        assert layer.bias == bias
    other = fn.Perceptron(2, 1)
    history = other.train([step[0] for step in steps[:4]], [step[1] for step in steps[:4]], epochs=10)
    assert equal(layer, other)
    assert history.mistakes.tolist() == [[2], [1], [0]]
    assert history.converged.all()


@pytest.mark.parametrize("gate", ["AND", "OR", "NAND"])
@pytest.mark.parametrize("rule", ["perceptron", "normalized", "margin", "PA"])
@pytest.mark.parametrize("tie", ["hardlim", "margin"])
def test_separable_gates_converge(gate, rule, tie):
    layer = fn.Perceptron(2, 1)
    history = layer.train(CORNERS, GATES[gate], 1000, rule=rule, tie=tie)
    assert layer.forward(CORNERS)[:, 0].tolist() == GATES[gate]
    if rule != "PA":  # which approaches its margin, and need not reach it
        assert history.converged.all()
        assert history.mistakes[-1] == 0
        assert not history.cycled.any()


def test_xor_provably_cycles():
    layer = fn.Perceptron(2, 2)
    T = np.column_stack([GATES["XOR"], GATES["AND"]])
    history = layer.train(CORNERS, T, 40)
    assert history.cycled.tolist() == [True, False]
    assert history.converged.tolist() == [False, True]
    assert np.isnan(history.bound[0])
    shuffled = fn.Perceptron(2, 1).train(CORNERS, GATES["XOR"], 40, shuffle=True, seed=0)
    assert not shuffled.cycled.any()  # a new order each epoch: nothing is proved
    sparse = fn.Perceptron(2, 2).train(scipy.sparse.csr_array(CORNERS), T, 40)
    assert sparse.cycled.tolist() == [True, False]


def test_a_cycle_of_sparse_rows_is_one_of_dense_rows():
    """As many neurons as inputs: packed weights then have as many rows as plain ones."""
    rng = np.random.default_rng(1)
    for _ in range(40):
        R, n = rng.integers(2, 5), rng.integers(3, 7)
        X, T = rng.integers(0, 2, (n, R)).astype(float), rng.integers(0, 2, (n, R))
        dense, sparse = (fn.Perceptron(R, R).train(dots, T, 60) for dots in (X, scipy.sparse.csr_array(X)))
        np.testing.assert_array_equal(sparse.cycled, dense.cycled)


# against the reference


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("transfer", ["hardlim", "hardlims"])
@pytest.mark.parametrize("tie", ["hardlim", "margin"])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_the_textbook_loop(rule, tie, transfer, kind, dtype):
    X, T = problem(transfer=transfer)
    options = {"rule": rule, "tie": tie, "learning_rate": 0.0078125 if rule == "lms" else 1.0}
    if rule.startswith("PA"):
        options["C"] = 0.03125
    layer, history = trained(kind(X), T, 3, dtype, transfer, **options)
    expected = as_reference(X, T, 3, transfer=transfer, **options)
    if rule in ("perceptron", "margin"):
        assert equal(layer, expected)
    else:
        tolerance = {np.float64: 1e-13, np.float32: 2e-5}[dtype]  # the weights are near 1
        np.testing.assert_allclose(layer.weights, expected.weights, rtol=0, atol=tolerance)
        np.testing.assert_allclose(layer.bias, expected.bias, rtol=0, atol=tolerance)
    if dtype == np.float64:
        assert np.array_equal(history.mistakes, expected.mistakes)
    assert np.array_equal(history.converged, expected.converged)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_linear_layer_by_lms(kind):
    X, T = reals()
    T = T * 3.5 - 1
    layer, history = trained(kind(X), T, 4, transfer="linear", rule="lms", learning_rate=0.01)
    expected = as_reference(X, T, 4, transfer="linear", rule="lms", learning_rate=0.01)
    np.testing.assert_allclose(layer.weights, expected.weights, rtol=0, atol=1e-14)
    assert history.squared_error[-1].sum() < history.squared_error[0].sum()
    first = fn.Perceptron(X.shape[1], T.shape[1], "linear")
    error = sum(((t - first.adapt(x, t, rule="lms", learning_rate=0.01)) ** 2).sum() for x, t in zip(X, T, strict=True))
    np.testing.assert_allclose(history.squared_error[0].sum(), error, rtol=1e-13)


def test_lms_approaches_least_squares():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    T = X @ rng.normal(size=(4, 2)) + 0.7  # no noise: both must find the same layer
    layer, _ = trained(X, T, 60, transfer="linear", rule="lms", learning_rate=0.05)
    solved, rank = fn.least_squares_layer(X, T)
    assert rank == 5
    np.testing.assert_allclose(layer.weights, solved.weights, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("keep", ["average", "pocket", "vote"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_selections_are_the_textbook_loop(keep, shuffle, kind, monkeypatch):
    monkeypatch.setattr(data, "CALL", 1)  # chunks of 96 rows
    X, T = problem(n=110, R=6, S=3)
    orders = None
    if shuffle:
        random = np.random.default_rng(3)
        orders = np.array([random.permutation(len(X)) for _ in range(3)])
    layer, _ = trained(kind(X), T, 3, shuffle=shuffle, seed=3, threads=2, keep=keep)
    expected = as_reference(X, T, 3, orders=orders, keep="last" if keep == "vote" else keep)
    np.testing.assert_allclose(layer.weights, expected.weights, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(layer.bias, expected.bias, rtol=1e-12, atol=1e-13)
    if keep == "vote":
        wanted = [(i, *voter) for i, voters in enumerate(expected.voters) for voter in voters if voter[2]]
        for field, values in zip(layer.votes, zip(*wanted, strict=True), strict=True):
            assert np.array_equal(field, np.array(values))
        total = 3 * len(X)
        vote = np.array([[reference.vote(voters, x) / total for voters in expected.voters] for x in X])
        np.testing.assert_allclose(layer.vote(X), vote, rtol=0, atol=1e-14)
        assert np.array_equal(layer.forward(X), vote >= 0)


def test_the_pocket_never_gets_worse_and_often_better():
    X, T = problem(n=120, R=6)

    def right(layer):
        return (layer.forward(X) == T).sum(axis=0)

    layer = fn.Perceptron(6, T.shape[1])
    before = right(layer)
    for seed in range(6):
        layer.train(X, T, 2, keep="pocket", shuffle=True, seed=seed)
        assert np.all(right(layer) >= before)
        before = right(layer)
    plain, _ = trained(X, T, 12)
    assert right(layer).sum() > right(plain).sum()


# exactness


def one_by_one(layer, X, T, epochs=1, **options):
    for _ in range(epochs):
        for x, t in zip(X, T, strict=True):
            layer.adapt(x, t, **options)
    return layer


def near_ties(S, R, n, dtype):
    """Rows that bring the first neuron's net input to within a few units in the last place of zero."""
    rng = np.random.default_rng(5)
    layer = fn.Perceptron(R, S, dtype=dtype)
    X = rng.normal(size=(n, R)).astype(dtype)
    T = rng.integers(0, 2, (n, S)).astype(dtype)
    for x, t in zip(X, T, strict=True):
        w, b = layer.weights[0].astype(float), float(layer.bias[0])
        if np.any(w):
            x -= ((w @ x + b) / (w @ w) * w).astype(dtype)
        layer.adapt(x, t)
    return X, T


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("S", [1, 2, 5, 10])
@pytest.mark.parametrize("R", [1, 8, 37, 784])
@pytest.mark.parametrize("rule", ["perceptron", "lms"])
def test_the_fast_kernel_has_the_bits_of_the_plain_loop(rule, S, R, dtype):
    X, T = near_ties(S, R, 200, dtype) if rule == "perceptron" else reals(200, R, S, dtype=dtype)
    options = {"rule": rule, "learning_rate": 0.1 / R}
    layer, _ = trained(X, T, 1, dtype, **options)
    plain = one_by_one(fn.Perceptron(R, S, dtype=dtype), X, T, **options)
    assert equal(layer, plain)
    assert np.abs(layer.net_input(X)).max() > 0
    if S > 1:  # each neuron as if it were alone
        for i in range(S):
            alone, _ = trained(X, T[:, [i]], 1, dtype, **options)
            assert np.array_equal(alone.weights[0], layer.weights[i])


def test_near_ties_are_near():
    X, T = near_ties(3, 37, 200, np.float64)
    layer = fn.Perceptron(37, 3)
    near = 0
    for x, t in zip(X, T, strict=True):
        near += abs(layer.net_input(x)[0]) < 1e-13 * np.abs(layer.weights[0] * x).sum()
        layer.adapt(x, t)
    assert near > 150


def test_the_order_of_summation_is_that_of_the_source():
    """Eight lanes of fused multiply-adds, then halves onto each other: fractions, rounded where the source rounds."""
    rng = np.random.default_rng(0)
    for R in (3, 8, 21):
        x, w = rng.normal(size=(2, R))
        lanes = [0.0] * 8
        for k in range(R):
            lanes[k % 8] = float(Fraction(x[k]) * Fraction(w[k]) + Fraction(lanes[k % 8]))
        while len(lanes) > 1:
            half = len(lanes) // 2
            lanes = [a + b for a, b in zip(lanes[:half], lanes[half:], strict=True)]
        layer = fn.Perceptron(R, 1)
        layer.weights, layer.bias = [w], [0.25]
        assert layer.net_input(x) == lanes[0] + 0.25


def fused(a, b, c):
    return float(Fraction(a) * Fraction(b) + Fraction(c))


def test_sparse_training_has_the_bits_of_the_plain_loop():
    """A row's entries go to four chains in turn, those of the last incomplete turn to the first: in fractions."""
    X, T = reals(n=80, R=30, S=10)
    X[np.random.default_rng(2).random(X.shape) < 0.5] = 0
    W, b = np.zeros((10, 30)), np.zeros(10)
    for x, t in zip(X, T, strict=True):
        entries = np.flatnonzero(x)
        for i in range(10):
            chains = [0.0] * 4
            for k, j in enumerate(entries):
                chain = k % 4 if k < len(entries) // 4 * 4 else 0
                chains[chain] = fused(x[j], W[i, j], chains[chain])
            n = chains[0] + chains[1] + (chains[2] + chains[3]) + b[i]
            y = 2 * t[i] - 1
            if y * n <= 0:
                W[i, entries] = [fused(0.1 * y, x[j], W[i, j]) for j in entries]
                b[i] += 0.1 * y
    layer, _ = trained(scipy.sparse.csr_array(X), T, 1, tie="margin", learning_rate=0.1)
    assert np.array_equal(layer.weights, W)
    assert np.array_equal(layer.bias, b)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rule", RULES)
def test_sparse_neurons_are_trained_as_if_alone(rule, dtype):
    X, T = reals(n=60, R=23, S=35, dtype=dtype)
    X[X < 0] = 0
    T[:, 0] = 1  # seldom or never wrong
    X, options = scipy.sparse.csr_array(X), {"rule": rule, "learning_rate": 0.01 if rule == "lms" else 1.0}

    def layer_of(targets):  # -0 is not to become 0 where only the neurons beside are corrected
        layer = fn.Perceptron(23, targets.shape[1], dtype=dtype)
        layer.weights = -layer.weights
        return layer, layer.train(X, targets, 3, **options)

    together, history = layer_of(T)
    for i in range(T.shape[1]):
        alone, its = layer_of(T[:, [i]])
        assert alone.weights.tobytes() == together.weights[i].tobytes()
        assert alone.bias[0] == together.bias[i]
        assert np.array_equal(its.mistakes[:, 0], history.mistakes[: len(its.mistakes), i])
        assert np.array_equal(alone.net_input(X)[:, 0], together.net_input(X)[:, i])


def layouts(X):
    folder = np.zeros((X.shape[0], X.shape[1] * 2), X.dtype)
    folder[:, ::2] = X
    return {
        "fortran": np.asfortranarray(X),
        "strided": folder[:, ::2],
        "backwards": np.ascontiguousarray(X[::-1])[::-1],
        "float32": X.astype(np.float32),
        "int8": X.astype(np.int8),
        "swapped": X.astype(X.dtype.newbyteorder()),
        "list": X.tolist(),
        "read-only": np.frombuffer(X.tobytes()).reshape(X.shape),
        "unaligned": np.frombuffer(b"." + X.tobytes(), offset=1).reshape(X.shape),
    }


@pytest.mark.parametrize("layout", layouts(np.zeros((1, 1))))
@pytest.mark.parametrize("shuffle", [False, True])
def test_layout_and_type_of_the_input_change_nothing(layout, shuffle):
    X, T = problem(n=700)
    plain, history = trained(X, T, shuffle=shuffle, seed=7)
    other = fn.Perceptron(X.shape[1], T.shape[1])
    same = other.train(layouts(X)[layout], T, 2, shuffle=shuffle, seed=7)
    assert equal(plain, other)
    assert np.array_equal(history.mistakes, same.mistakes)
    assert np.array_equal(plain.net_input(X), other.net_input(layouts(X)[layout]))


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("threads", [2, 3, 16])
def test_threads_and_chunks_change_nothing(threads, kind, monkeypatch):
    monkeypatch.setattr(training, "WORTH_A_THREAD", 0)
    X, T = reals()
    weight = np.random.default_rng(0).random(T.shape)
    options = {"shuffle": True, "seed": 1, "sample_weight": weight}
    plain, history = trained(kind(X), T, 3, threads=1, **options)
    monkeypatch.setattr(data, "CALL", 1)
    monkeypatch.setattr(training, "CACHE", 1)  # two neurons at a time
    split, same = trained(kind(X), T, 3, threads=threads, **options)
    assert equal(plain, split)
    assert np.array_equal(history.mistakes, same.mistakes)
    assert np.array_equal(history.bound, same.bound, equal_nan=True)


def test_net_input_of_many_rows_is_that_of_each():
    X, T = reals(n=1000, R=41, S=9)
    layer, _ = trained(X, T)
    many = layer.net_input(X)
    assert np.array_equal(many, [layer.net_input(x) for x in X])
    np.testing.assert_allclose(many, X @ layer.weights.T + layer.bias, rtol=0, atol=1e-11)
    large = fn.Perceptron(41, 9)
    large.weights, large.bias = layer.weights, layer.bias
    tiled = np.tile(X, (20, 1))
    for threads in (1, 2, 5):
        assert np.array_equal(large.net_input(tiled, threads=threads), np.tile(many, (20, 1)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_large_layers(dtype):
    X, T = reals(n=100, R=50, S=64, dtype=dtype)
    layer, _ = trained(X, T, dtype=dtype)
    assert equal(layer, one_by_one(one_by_one(fn.Perceptron(50, 64, dtype=dtype), X, T), X, T))
    tolerance = 100 * np.finfo(dtype).eps * np.abs(layer.weights).max()
    np.testing.assert_allclose(layer.net_input(X), [layer.net_input(x) for x in X], rtol=0, atol=tolerance)
    X[70, 7] = np.inf
    with pytest.raises(ValueError, match="got inf in row 70, column 7"):
        layer.net_input(X)


def test_batches_and_memory_maps_are_the_whole(tmp_path):
    X, T = problem(n=1000)
    plain, history = trained(X, T, 3)
    np.save(tmp_path / "X.npy", X.astype(np.int16))
    mapped, _ = trained(np.load(tmp_path / "X.npy", mmap_mode="r"), T, 3)
    assert equal(plain, mapped)

    batches = [(X[k : k + 64], T[k : k + 64]) for k in range(0, 1000, 64)]
    streamed = fn.Perceptron(X.shape[1], T.shape[1])
    same = streamed.train(batches, epochs=3)
    assert equal(plain, streamed)
    assert np.array_equal(history.mistakes, same.mistakes)

    averaged, _ = trained(X, T, 3, keep="average")
    streamed = fn.Perceptron(X.shape[1], T.shape[1])
    streamed.train([(scipy.sparse.csr_array(x), t) for x, t in batches], epochs=3, keep="average")
    np.testing.assert_allclose(averaged.weights, streamed.weights, rtol=0, atol=1e-12)

    once = fn.Perceptron(X.shape[1], T.shape[1])
    once.train(iter(batches))
    assert equal(once, trained(X, T, 1)[0])


integers = st.integers(-9, 9)


@st.composite
def integer_problems(draw):
    n, R, S = draw(st.integers(1, 12)), draw(st.integers(1, 18)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    X = rng.integers(-9, 10, (n, R)) * (rng.random((n, R)) < draw(st.sampled_from([0.3, 1.0])))
    return X.astype(float), rng.integers(0, 2, (n, S)).astype(float)


@settings(max_examples=60, deadline=None)
@given(integer_problems(), st.sampled_from(["perceptron", "margin"]), st.sampled_from(["hardlim", "margin"]))
def test_integer_data_are_equal_between_all_kernels(data, rule, tie):
    X, T = data
    options = {"rule": rule, "tie": tie}
    expected = as_reference(X, T, 2, **options)
    for dtype in (np.float64, np.float32):
        for kind in (np.asarray, scipy.sparse.csr_array):
            layer, history = trained(kind(X), T, 2, dtype, **options)
            assert equal(layer, expected)
            assert np.array_equal(history.mistakes, expected.mistakes)
    S = T.shape[1]
    singles = [
        one_by_one(fn.Perceptron(X.shape[1], 1), X, T[:, [i]], len(expected.mistakes), **options) for i in range(S)
    ]
    still = ~expected.converged  # a converged neuron is corrected no more, one by one or not
    for i in np.flatnonzero(still):
        assert np.array_equal(singles[i].weights[0], expected.weights[i])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(2, 40), st.sampled_from(["hardlim", "margin"]))
def test_novikoffs_bound_is_never_exceeded(seed, R, n, tie):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, R)) * rng.choice([0.1, 1.0, 10.0])
    separator = rng.normal(size=R + 1)
    n_true = X @ separator[:R] + separator[R]
    X, n_true = X[np.abs(n_true) > 0.05], n_true[np.abs(n_true) > 0.05]
    if not len(X):
        return
    T = (n_true > 0).astype(float)[:, None]
    history = fn.Perceptron(R, 1).train(X, T, 100_000, tie=tie)
    assert history.converged.all()
    assert history.mistakes.sum() <= history.bound[0]
    true = np.max((X**2).sum(axis=1) + 1) * (separator @ separator) / np.min(np.abs(n_true)) ** 2
    assert history.mistakes.sum() <= true


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.permutations(range(7)))
def test_permuting_neurons_permutes_the_result(seed, order):
    X, T = reals(n=60, R=11, seed=seed)
    plain, history = trained(X, T)
    permuted, other = trained(X, T[:, order])
    assert np.array_equal(plain.weights[list(order)], permuted.weights)
    assert np.array_equal(history.mistakes[:, list(order)], other.mistakes)


def test_sample_weight_of_whole_numbers_repeats_the_step():
    X, T = problem()
    weight = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    layer, _ = trained(X, T, 2, sample_weight=weight)
    assert equal(layer, as_reference(X, T, 2, sample_weight=weight))
    assert equal(layer, trained(X, T, 2, sample_weight=np.repeat(weight[:, None], T.shape[1], axis=1))[0])


def test_classes_are_one_against_the_rest():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 6)) * 5
    labels = rng.integers(0, 4, 300)
    X = centres[labels] + rng.normal(size=(300, 6))
    layer = fn.Perceptron(6, 4)
    layer.train(X, labels, 20, keep="average")
    assert equal(layer, trained(X, np.eye(4)[labels], 20, keep="average")[0])
    assert np.mean(layer.predict(X) == labels) > 0.98
    assert layer.predict(X[0]) == layer.predict(X)[0]
    adapted, whole = fn.Perceptron(6, 4), fn.Perceptron(6, 4)
    for x, label in zip(X, labels, strict=True):
        adapted.adapt(x, label)
    whole.train(X, labels)
    assert equal(adapted, whole)


# the layer


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array, scipy.sparse.csc_matrix, scipy.sparse.coo_array])
@pytest.mark.parametrize("transfer", ["hardlim", "hardlims", "linear"])
def test_forward(transfer, kind):
    layer = fn.Perceptron(3, 2, transfer)
    layer.weights, layer.bias = [[1, -1, 0], [0, 0, 2]], [0, -1]
    X = np.array([[1.0, 1, 1], [0, 1, 0], [2, 1, 0.5]])
    n = np.array([[0.0, 1], [-1, -1], [1, 0]])
    assert np.array_equal(layer.net_input(kind(X)), n)
    assert np.array_equal(layer.forward(kind(X)), reference.TRANSFER[transfer](n))
    assert layer.forward(X[0]).shape == (2,)
    assert layer.forward(kind(np.empty((0, 3)))).shape == (0, 2)


def test_duplicate_entries_of_a_sparse_matrix_count_as_their_sum():
    X = scipy.sparse.csr_array((np.array([1.0, 2, 3]), np.array([0, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
    T = np.array([[0.0], [1]])
    layer, _ = trained(X, T, 3, rule="PA")
    assert equal(layer, trained(X.toarray(), T, 3, rule="PA")[0])
    assert X.nnz == 3  # what was given stays as it was


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("keep", ["last", "vote"])
def test_save_and_load(tmp_path, dtype, keep):
    X, T = problem(transfer="hardlims")
    layer, _ = trained(X, T, dtype=dtype, transfer="hardlims", keep=keep)
    layer.save(tmp_path / "layer.npz")
    copies = [fn.Perceptron.load(tmp_path / "layer.npz"), pickle.loads(pickle.dumps(layer))]
    for copy in copies:
        assert repr(copy) == repr(layer)
        assert equal(copy, layer)
        assert np.array_equal(copy.forward(X), layer.forward(X))
    assert [path.name for path in tmp_path.iterdir()] == ["layer.npz"]


def corrupt(**changes):
    contents = {"format": 1, "transfer": "hardlim", "weights": np.zeros((1, 2)), "bias": np.zeros(1)} | changes
    return {name: value for name, value in contents.items() if value is not None}


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (corrupt(format=2), "format 2"),
        (corrupt(transfer="relu"), "transfer"),
        (corrupt(bias=np.zeros(3)), "bias"),
        (corrupt(weights=None), "weights"),
        (corrupt(weights=np.zeros(2)), r"weights must have shape \(S, R\); it has \(2,\)"),
        (corrupt(transfer=np.array([{}], object)), "'transfer' is not one of numbers or text"),
    ],
)
def test_files_that_are_not_layers(tmp_path, contents, message):
    np.savez(tmp_path / "bad.npz", **contents)
    with pytest.raises(ValueError, match=message):
        fn.Perceptron.load(tmp_path / "bad.npz")


def test_loading_what_is_not_there_or_no_archive(tmp_path):
    with pytest.raises(FileNotFoundError):
        fn.Perceptron.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("weights")
    with pytest.raises(ValueError, match="not a saved Perceptron"):
        fn.Perceptron.load(tmp_path / "text.npz")


# least squares


@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_least_squares_layer_is_stationary(ridge):
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(40, 6)), rng.normal(size=(40, 3))
    layer, rank = fn.least_squares_layer(X, T, ridge)
    residual = layer.forward(X) - T
    assert rank == 7
    np.testing.assert_allclose(residual.T @ X + ridge * layer.weights, 0, atol=1e-12)
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=1e-12)


def test_least_squares_of_deficient_rank():
    X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    layer, rank = fn.least_squares_layer(X, [1.0, 2.0, 3.0])
    assert rank == 2
    np.testing.assert_allclose(layer.forward(X)[:, 0], [1, 2, 3], rtol=1e-14)
    np.testing.assert_allclose(layer.weights, [[0.2, 0.4]], rtol=1e-12)  # of least norm
    hilbert = 1.0 / (np.arange(8)[:, None] + np.arange(7) + 1)  # X'X would lose all digits here: condition 1e10 squared
    solution = np.linspace(-1, 1, 7)
    ill, _ = fn.least_squares_layer(hilbert, hilbert @ solution)
    np.testing.assert_allclose(ill.forward(hilbert)[:, 0], hilbert @ solution, rtol=0, atol=1e-14)
    np.testing.assert_allclose(ill.weights[0], solution, rtol=0, atol=1e-4)


# bad input

X3, T3 = np.ones((4, 3)), np.ones((4, 2))
NAN = np.where(np.arange(12).reshape(4, 3) == 7, np.nan, 1.0)
BAD = [
    ({"X": np.ones((4, 2))}, ValueError, r"X must have shape \(n, 3\); got \(4, 2\)"),
    ({"X": np.ones((5, 3))}, ValueError, r"T must have shape \(5, 2\)"),
    ({"X": np.empty((0, 3)), "T": np.empty((0, 2))}, ValueError, "at least one row"),
    ({"X": [["a", "b", "c"]] * 4}, TypeError, "X must be an array of numbers"),
    ({"X": [[1, 2, 3], [4, 5]]}, ValueError, "X must be an array of numbers"),
    ({"X": X3.astype(object)}, TypeError, "X must be an array of numbers"),
    ({"X": X3 + 1j}, TypeError, "X must be an array of numbers"),
    ({"X": NAN}, ValueError, "got nan in row 2, column 1"),
    ({"X": NAN.astype(np.float32)}, ValueError, "got nan in row 2, column 1"),
    ({"X": np.where(np.isnan(NAN), np.inf, NAN), "shuffle": True}, ValueError, "got inf in row 2, column 1"),
    ({"X": np.asfortranarray(NAN), "shuffle": True}, ValueError, "got nan in row 2, column 1"),
    ({"X": scipy.sparse.csr_array(NAN)}, ValueError, "got nan in row 2, column 1"),
    ({"X": scipy.sparse.csr_array(np.ones((4, 2)))}, ValueError, r"X must have shape"),
    ({"X": X3 * 1e308}, FloatingPointError, "overflow"),
    ({"T": np.ones((4, 3))}, ValueError, r"T must have shape \(4, 2\)"),
    ({"T": [0, 1, 2, 1]}, ValueError, "T must be classes 0 to 1; got 2 in row 2"),
    ({"T": [0, 1, 0.5, 1]}, ValueError, "got 0.5 in row 2"),
    ({"T": -T3}, ValueError, "T must be 0 or 1, for transfer 'hardlim'; got -1.0 in row 0"),
    ({"T": T3 * np.nan}, ValueError, "got nan in row 0"),
    ({"T": ["yes", "no", "no", "no"]}, TypeError, "T must be an array of numbers"),
    ({"T": None}, TypeError, "T is missing"),
    ({"rule": "rosenblat"}, ValueError, "rule must be one of"),
    ({"rule": "pa-ii"}, ValueError, "did you mean 'PA-II'"),
    ({"tie": "margins"}, ValueError, "did you mean 'margin'"),
    ({"epochs": 0}, ValueError, "epochs must be a whole number of at least 1"),
    ({"epochs": 1.5}, TypeError, "epochs"),
    ({"learning_rate": -1}, ValueError, "learning_rate must be a positive number"),
    ({"learning_rate": 0.5, "rule": "PA"}, ValueError, "learning_rate must be 1"),
    ({"C": 0}, ValueError, "C must be"),
    ({"margin": -1}, ValueError, "margin must be"),
    ({"threads": 0}, ValueError, "threads"),
    ({"keep": "best"}, ValueError, "keep must be one of 'last', 'average', 'pocket', 'vote'"),
    ({"sample_weight": np.ones(3)}, ValueError, "sample_weight must have shape"),
    ({"sample_weight": [1, 1, -1, 1]}, ValueError, r"got -1\.0 in row 2"),
    ({"sample_weight": [1, 1, np.nan, 1]}, ValueError, "in row 2"),
    ({"X": [(X3, T3)], "T": None, "shuffle": True}, ValueError, "shuffle needs all rows"),
    ({"X": [(X3, T3)], "T": None, "keep": "pocket"}, ValueError, "keep='pocket' needs all rows"),
    ({"X": iter([(X3, T3)]), "T": None, "epochs": 2}, ValueError, "good for one epoch"),
    ({"X": [(X3, T3), X3], "T": None}, TypeError, "batch 1 is a ndarray"),
    ({"X": [(X3, T3), (NAN, T3)], "T": None}, ValueError, "got nan in row 6, column 1"),
    ({"X": [], "T": None}, ValueError, "at least one batch"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD)
def test_bad_input_is_refused_and_changes_nothing(arguments, error, message):
    layer = fn.Perceptron(3, 2)
    layer.weights, layer.bias = [[1, 2, 3], [4, 5, 6]], [7, 8]
    with np.errstate(all="raise"), pytest.raises(error, match=message):
        layer.train(**({"X": X3, "T": T3, "epochs": 1} | arguments))
    assert layer.weights.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert layer.bias.tolist() == [7, 8]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 1), ValueError, "n_inputs must be a whole number of at least 1; got 0"),
        ((1, 0), ValueError, "n_neurons must be a whole number of at least 1; got 0"),
        ((1.5, 1), TypeError, "n_inputs"),
        ((1, 1, "hardlimit"), ValueError, "did you mean 'hardlim'"),
        ((1, 1, "hardlim", np.int64), ValueError, "dtype must be float64 or float32"),
        ((1, 1, "hardlim", "float63"), ValueError, "dtype must be float64 or float32"),
    ],
)
def test_bad_layers(arguments, error, message):
    with pytest.raises(error, match=message):
        fn.Perceptron(*arguments)


@pytest.mark.parametrize(
    ("x", "t", "message"),
    [
        ([1, 2], [1, 0], r"x must have shape \(3,\); got \(2,\)"),
        ([[1, 2, 3]], [1, 0], r"x must have shape"),
        ([1, np.nan, 3], [1, 0], "got nan, column 1"),
        ([1, 2, 3], [1, 2], "t must be 0 or 1"),
        ([1, 2, 3], [1], "t must have shape"),
        ([1, 2, 3], 2, "t must be classes 0 to 1"),
    ],
)
def test_bad_samples(x, t, message):
    layer = fn.Perceptron(3, 2)
    with pytest.raises(ValueError, match=message):
        layer.adapt(x, t)
    assert not layer.weights.any()
    assert not layer.bias.any()


def test_bad_rules_of_adapt():
    layer = fn.Perceptron(3, 2)
    layer.adapt([1, 2, 3], [1, 0])
    before = layer.weights.copy()
    for options in ({"rule": "percepton"}, {"rule": ["PA"]}, {"learning_rate": "1"}, {"tie": None}):
        with pytest.raises((TypeError, ValueError), match=next(iter(options))):
            layer.adapt([1, 2, 3], [1, 0], **options)
    assert np.array_equal(layer.weights, before)


@pytest.mark.parametrize("X", [np.ones(2), np.ones((2, 4)), np.ones((1, 2, 3)), NAN, scipy.sparse.csr_array(NAN)])
def test_bad_inputs_of_forward(X):
    with pytest.raises(ValueError, match="X must"):
        fn.Perceptron(3, 2).forward(X)


@pytest.mark.parametrize("name", ["weights", "bias"])
def test_bad_weights(name):
    layer = fn.Perceptron(3, 2)
    for value in (np.ones(7), [[np.nan] * 3] * 2):
        with pytest.raises(ValueError, match=name):
            setattr(layer, name, value)


def test_a_linear_layer_has_no_mistakes_to_learn_from():
    with pytest.raises(ValueError, match="trained by rule 'lms'"):
        fn.Perceptron(3, 2, "linear").train(X3, T3)


@pytest.mark.parametrize(
    ("X", "T", "ridge", "message"),
    [
        (NAN, T3, 0, "X must be finite; got nan in row 2, column 1"),
        (X3, T3 * np.inf, 0, "T must be finite"),
        (X3, T3[:3], 0, "T must have shape"),
        (np.empty((0, 3)), np.empty((0, 1)), 0, "X must have shape"),
        (X3, T3, -1, "ridge"),
    ],
)
def test_bad_least_squares(X, T, ridge, message):
    with pytest.raises(ValueError, match=message):
        fn.least_squares_layer(X, T, ridge)


def test_progress_bar_counts_presentations(capfd, monkeypatch):
    monkeypatch.setattr(training, "WORTH_A_THREAD", 0)
    X, T = problem()
    trained(X, T, 3, progress=True, threads=2)
    assert "750/750" in capfd.readouterr().err


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("features", [set(), {"avx512f"}])
@pytest.mark.parametrize("S", [1, 3, 7, 12])
def test_the_tile_does_not_change_the_bits(features, S, dtype, monkeypatch):
    monkeypatch.setattr(dots, "_host_features", lambda: features)
    monkeypatch.setattr(net_input, "SHAPE", dots.shape_of_this_machine())
    X, T = reals(n=101, S=S, dtype=dtype)
    layer, _ = trained(X, T, 2, dtype)
    assert equal(layer, one_by_one(fn.Perceptron(X.shape[1], S, dtype=dtype), X, T, 2))
    assert np.array_equal(layer.net_input(X), [layer.net_input(x) for x in X])


def test_layers_on_concurrent_threads():
    X, T = reals()
    expected, _ = trained(X, T, 5)
    layers = [fn.Perceptron(X.shape[1], T.shape[1]) for _ in range(4)]
    workers = [threading.Thread(target=layer.train, args=(X, T, 5)) for layer in layers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(equal(layer, expected) for layer in layers)


@pytest.mark.skipif(not {"avx2", "fma"} <= _lanes._host_features(), reason="read here for AVX2 only")
@pytest.mark.parametrize(("dtype", "suffix"), [(np.float64, "pd"), (np.float32, "ps")])
@pytest.mark.parametrize("kind", [float, np.uint8])
def test_the_hot_loop_is_packed_and_spills_nothing(kind, dtype, suffix, monkeypatch):
    fresh = jit.kernel(dense.net_input.py_func)
    fresh._cache.disable()  # machine code that comes from the cache cannot be read
    monkeypatch.setattr(dense, "net_input", fresh)
    fn.Perceptron(19, 5, dtype=dtype).net_input(np.ones((50, 19), dtype if kind is float else kind))
    (text,) = fresh.inspect_asm().values()
    multiply_add = re.compile(rf"vfmadd\d+{suffix}\s.*[yz]mm.*")
    hot = max((multiply_add.findall(block) for block in re.split(r"\n\.LBB\w+:", text)), key=len)
    tile = dots.tile_of(dots.shape_of_this_machine())
    registers = len(tile.rows) * len(tile.neurons) * (1 if "avx512f" in _lanes._host_features() else 2)
    assert len({line.split()[-1] for line in hot}) == registers  # each its own, whether or not the loop is unrolled
    assert len(hot) % registers == 0
    assert not [line for line in hot if "%rsp" in line]
    assert "NRT_" not in text  # nor counts references
    assert (f"vcvtdq2{suffix}" in text) == (kind is np.uint8)  # converts as it loads
