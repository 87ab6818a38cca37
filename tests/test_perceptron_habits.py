"""What people's own data and habits ask of a layer: huge numbers, scalar targets, rows of no weight, odd arguments."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse

import fastneuron as fn
from fastneuron.perceptron import data, net_input
from fastneuron.reference import perceptron as reference

RNG = np.random.default_rng(0)
X3, T3 = np.ones((4, 3)), np.ones((4, 2))


# numbers near the end of their range


@pytest.mark.parametrize(("dtype", "sizes"), [(float, [1e155, 1e200, 1e300]), (np.float32, [1e20, 1e25, 1e37])])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_a_normalized_step_is_right_where_the_square_overflows(kind, dtype, sizes):
    for size in sizes:
        rows = kind(np.array([[size, size / 2, 0], [-size, size / 4, 1]], dtype))
        layer = fn.Perceptron(3, 1, dtype=dtype)
        history = layer.train(rows, [0, 1], 50, rule="normalized")
        assert history.converged.all()
        assert not history.cycled.any()
        assert layer.predict(rows).tolist() == [0, 1]
        small = fn.Perceptron(3, 1)
        small.train(rows.astype(float)[:1] / size * 1e6, [0], rule="normalized")
        once = fn.Perceptron(3, 1, dtype=dtype)
        once.train(rows[:1], [0], rule="normalized")
        np.testing.assert_allclose(once.weights, small.weights, rtol=1e-6)


@pytest.mark.parametrize("rule", ["PA", "PA-I", "PA-II", "normalized"])
@pytest.mark.parametrize("dtype", [float, np.float32])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_whatever_is_said_of_huge_rows_is_true(kind, dtype, rule):
    exponents = range(120, 309, 6) if dtype is float else range(14, 39, 2)
    for exponent in exponents:
        rows = kind(np.array([[10.0**exponent, 1], [-(10.0**exponent), 1]], dtype))
        layer = fn.Perceptron(2, 1, dtype=dtype)
        try:
            history = layer.train(rows, [0, 1], epochs=5, rule=rule)
        except FloatingPointError:
            assert not layer.weights.any()
            continue
        assert layer.predict(rows).tolist() == [0, 1]
        assert not history.cycled.any()


@pytest.mark.parametrize(("rule", "rate"), [("PA", 1), ("lms", 1e8)])
def test_one_huge_row_at_a_time(rule, rate):
    layer = fn.Perceptron(2, 2)
    layer.weights = [[1, -1], [2, 0]]  # the first neuron's correction is a finite number
    with pytest.raises(FloatingPointError, match="overflows: scale x"):
        layer.adapt([-8e307, -8e307] if rule == "PA" else [8e307, 8e307], [0, 1], rule=rule, learning_rate=rate)
    assert layer.weights.tolist() == [[1, -1], [2, 0]]
    assert not layer.bias.any()


@pytest.mark.parametrize("keep", ["last", "average", "pocket", "vote"])
def test_weights_that_overflow_in_the_last_row_are_not_left_behind(keep):
    layer = fn.Perceptron(1, 1)
    with pytest.raises(FloatingPointError, match="overflow"):
        layer.train([[1e300]], [0], learning_rate=1e9, keep=keep)
    assert not layer.weights.any()


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"learning_rate": 1e-50}, "learning_rate"),
        ({"learning_rate": 1e39}, "learning_rate"),
        ({"rule": "margin", "margin": 1e39}, "margin"),
        ({"rule": "PA-I", "C": 1e-50}, "C"),
        ({"rule": "PA-II", "C": 1e-39}, "C"),
    ],
)
def test_numbers_that_are_0_or_infinite_in_the_layers_type(options, name):
    """As 0 or infinite they would leave every row uncorrected, and every neuron "converged"."""
    layer = fn.Perceptron(3, 2, dtype=np.float32)
    with pytest.raises(ValueError, match=f"{name} must be"):
        layer.train(X3, T3, **options)
    with pytest.raises(ValueError, match=f"{name} must be"):
        layer.adapt(X3[0], T3[0], **options)


def test_inputs_beyond_float32_are_named_without_a_warning():
    layer, rows = fn.Perceptron(3, 2, dtype=np.float32), np.where(np.arange(12).reshape(4, 3) == 7, 1e300, 1.0)
    for refused in (layer.net_input, lambda X: layer.train(X, T3), lambda X: layer.train(X, T3, shuffle=True)):
        for kind in (np.asarray, scipy.sparse.csr_array, np.asfortranarray):
            with pytest.raises(ValueError, match="X must be finite; got inf in row 2, column 1"):
                refused(kind(rows))
    with pytest.raises(ValueError, match="x must be finite; got inf, column 1"):
        layer.adapt(rows[2], T3[0])
    with pytest.raises(ValueError, match=r"T must be finite; got inf in row 0, column 0"):
        fn.Perceptron(3, 2, "linear", np.float32).train(X3, T3 * 1e300, rule="lms")


# targets


def test_a_number_is_the_target_of_a_single_neuron():
    layer = fn.Perceptron(1, 1, "linear")
    layer.adapt([1.0], 0.5, rule="lms", learning_rate=0.1)
    assert layer.weights == layer.bias == 0.05
    layer.adapt([1.0], np.float32(0.5), rule="lms", learning_rate=0.1)
    np.testing.assert_allclose(layer.weights, 0.05 + 0.1 * (0.5 - 0.1), rtol=1e-15)
    for transfer, targets in {"hardlim": [0, 1], "hardlims": [-1, 1]}.items():
        for target in targets:
            scalar, array = fn.Perceptron(2, 1, transfer), fn.Perceptron(2, 1, transfer)
            scalar.bias = array.bias = [0.5 - target]
            scalar.adapt([1.0, 2.0], target)
            array.adapt([1.0, 2.0], [target])
            assert scalar.weights.tolist() == array.weights.tolist()


def test_an_adaline_approaches_least_squares_by_scalars():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    t = X @ [0.3, -0.2, 0.1] + 0.25 + rng.normal(size=400) * 0.03
    layer = fn.Perceptron(3, 1, "linear")
    for _ in range(20):
        for x, target in zip(X, t, strict=True):
            layer.adapt(x, target, rule="lms", learning_rate=0.01)
    best, _ = fn.least_squares_layer(X, t)
    residual, least = (np.sqrt(np.mean((one.forward(X)[:, 0] - t) ** 2)) for one in (layer, best))
    assert residual < 1.02 * least


@pytest.mark.parametrize("t", [np.nan, [np.nan], np.inf, np.array([-np.inf])])
def test_targets_that_are_not_finite_change_nothing(t):
    layer = fn.Perceptron(1, 1, "linear")
    with pytest.raises(ValueError, match="t must be finite"):
        layer.adapt([1.0], t, rule="lms")
    assert layer.weights == layer.bias == 0


def test_sparse_targets_are_dense_ones():
    X, T = RNG.normal(size=(20, 4)), RNG.integers(0, 2, (20, 3))
    dense, sparse = fn.Perceptron(4, 3), fn.Perceptron(4, 3)
    dense.train(X, T, 3)
    sparse.train(X, scipy.sparse.csr_array(T), 3)
    assert np.array_equal(dense.weights, sparse.weights)


def test_what_the_layer_decides():
    X = np.array([[1.0], [-1.0], [0.0]])
    for transfer, expected in {"hardlim": [1, 0, 1], "hardlims": [1, -1, 1]}.items():
        layer = fn.Perceptron(1, 1, transfer)
        layer.weights = [[1]]
        assert layer.predict(X).tolist() == expected
        assert layer.predict(X[0]) == 1
    linear = fn.Perceptron(1, 1, "linear")
    linear.weights = [[2]]
    assert linear.predict(X).tolist() == [[2], [-2], [0]]


# weights of rows


def test_rows_of_no_weight_are_no_mistakes():
    rows, t = [[1.0], [2.0], [3.0]], [1, 0, 1]
    for weight in ([1, 0, 1], np.array([[1.0], [0], [1]])):
        for kind in (np.asarray, scipy.sparse.csr_array):
            history = fn.Perceptron(1, 1).train(kind(np.array(rows)), t, epochs=200, sample_weight=weight)
            assert history.mistakes.sum() == 0
            assert history.converged.all()
            assert not history.cycled.any()


@pytest.mark.parametrize("rule", ["perceptron", "normalized", "margin", "PA", "PA-I", "PA-II", "lms"])
@pytest.mark.parametrize("each", [False, True])
def test_rows_of_no_weight_might_as_well_not_be_there(rule, each):
    X, T = RNG.normal(size=(60, 5)), RNG.integers(0, 2, (60, 3))
    weight = RNG.integers(0, 2, 60).astype(float)
    layer, without = fn.Perceptron(5, 3), fn.Perceptron(5, 3)
    options = {"rule": rule, "epochs": 4, "learning_rate": 0.01 if rule == "lms" else 1.0}
    history = layer.train(X, T, sample_weight=np.repeat(weight[:, None], 3, axis=1) if each else weight, **options)
    expected = without.train(X[weight > 0], T[weight > 0], **options)
    assert np.array_equal(layer.weights, without.weights)
    assert np.array_equal(history.mistakes, expected.mistakes)
    assert np.array_equal(history.converged, expected.converged)
    if rule == "lms":
        assert np.array_equal(history.squared_error, expected.squared_error)


def test_the_reference_does_not_count_rows_of_no_weight_either():
    X, T = RNG.normal(size=(60, 5)), RNG.integers(0, 2, (60, 3)).astype(float)
    weight = RNG.integers(0, 3, 60).astype(float)
    start = np.zeros((3, 5))
    for rule in ("perceptron", "lms"):
        expected = reference.train(start, start[:, 0], X, T, 2, rule=rule, learning_rate=0.01, sample_weight=weight)
        history = fn.Perceptron(5, 3).train(X, T, 2, rule=rule, learning_rate=0.01, sample_weight=weight)
        assert np.array_equal(history.mistakes, expected.mistakes)


def test_the_pocket_counts_rows_by_their_weight():
    X, T = RNG.integers(-5, 6, (80, 4)).astype(float), RNG.integers(0, 2, (80, 2)).astype(float)
    weight = RNG.integers(0, 3, 80).astype(float)
    layer = fn.Perceptron(4, 2)
    before = -1
    for seed in range(5):
        layer.train(X, T, 3, keep="pocket", sample_weight=weight, shuffle=True, seed=seed)
        right = (weight[:, None] * (layer.forward(X) == T)).sum(axis=0)
        assert np.all(right >= before)
        before = right
    start = np.zeros((2, 4))
    expected = reference.train(start, start[:, 0], X, T, 3, keep="pocket", sample_weight=weight)
    fresh = fn.Perceptron(4, 2)
    fresh.train(X, T, 3, keep="pocket", sample_weight=weight)
    assert np.array_equal(fresh.weights, expected.weights)


@pytest.mark.parametrize("each", [False, True])
def test_novikoffs_bound_holds_with_weights(each):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(40, 3))
        T = (X @ rng.normal(size=(3, 2)) > 0).astype(int)
        weight = rng.choice([0, 0.01, 1, 100.0], (40, 2) if each else 40)
        history = fn.Perceptron(3, 2).train(X, T, 100_000, sample_weight=weight)
        assert history.converged.all()
        assert (history.mistakes.sum(axis=0) <= history.bound).all()


def test_all_weights_0_are_refused():
    with pytest.raises(ValueError, match="sample_weight must be above 0 for at least one row"):
        fn.Perceptron(3, 2).train(X3, T3, sample_weight=np.zeros(4))


# what is no array of numbers

NO_NUMBERS = {
    "datetimes": np.array(["2020-01-01"] * 3, "M8[D]"),
    "text": np.array(["1", "2", "3"]),
    "list of text": ["1", "2", "3"],
    "structured": np.zeros(3, [("a", float)]),
    "complex": np.ones(3, complex),
    "objects": np.array([1, 2, 3], object),
    "masked": np.ma.masked_array([1.0, 2, 3], [0, 1, 0]),
    "nothing": None,
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_every_verb_refuses_what_train_refuses(kind):
    layer, bad = fn.Perceptron(3, 2), NO_NUMBERS[kind]
    rows = [bad, bad, bad]
    if isinstance(bad, np.ndarray):
        rows = (np.ma.vstack if kind == "masked" else np.array)(rows)
    for verb in (layer.net_input, layer.forward, layer.predict):
        for X in (bad, rows):
            with pytest.raises(TypeError, match="X must be an array of numbers"):
                verb(X)
    with pytest.raises(TypeError, match="x must be an array of numbers"):
        layer.adapt(bad, [1, 0])
    with pytest.raises(TypeError, match="t must be an array of numbers"):
        layer.adapt([1, 2, 3], bad if bad is None else bad[:2])
    with pytest.raises(TypeError, match="X must be an array of numbers"):
        layer.train(rows, [0, 1])
    if bad is not None:
        with pytest.raises(TypeError, match="T must be an array of numbers"):
            layer.train(X3[:3], bad)
        with pytest.raises(TypeError, match="sample_weight must be an array of numbers"):
            layer.train(X3[:3], T3[:3], sample_weight=bad)
    with pytest.raises(TypeError, match="bias must be an array of numbers"):
        layer.bias = bad if bad is None else bad[:2]
    assert not layer.weights.any()


def test_a_mask_of_nothing_does_no_harm():
    layer, X = fn.Perceptron(3, 2), np.ma.masked_array(RNG.normal(size=(9, 3)))
    layer.train(X, RNG.integers(0, 2, 9))
    assert np.array_equal(layer.forward(X), layer.forward(X.data))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"indices": [0, 5]}, "a column index is outside 0 to 2"),
        ({"indices": [0, -1]}, "a column index is outside 0 to 2"),
        ({"indptr": [0, 1, 7]}, "index pointers"),
        ({"indptr": [0, 5, 2]}, "index pointers"),
        ({"indptr": [1, 1, 2]}, "index pointers"),
    ],
)
def test_sparse_matrices_that_are_none(broken, message):
    X = scipy.sparse.csr_array((np.ones(2), np.array([0, 1]), np.array([0, 1, 2])), shape=(2, 3))
    for name, value in broken.items():
        setattr(X, name, np.array(value, np.int32))
    for refused in (fn.Perceptron(3, 2).net_input, lambda X: fn.Perceptron(3, 2).train(X, [0, 1])):
        with pytest.raises(ValueError, match=message):
            refused(X)


# arguments


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"shuffle": "no"}, TypeError, "shuffle must be True or False; got 'no'"),
        ({"progress": 1}, TypeError, "progress must be True or False; got 1"),
        ({"seed": -1}, ValueError, "seed must be a whole number of at least 0"),
        ({"seed": "1"}, TypeError, "seed must be a whole number of at least 0"),
        ({"seed": 1.5, "shuffle": True}, TypeError, "seed must be a whole number of at least 0"),
        ({"threads": "2"}, TypeError, "threads must be a whole number"),
        ({"keep": ["last"]}, ValueError, "keep must be one of"),
        ({"learning_rate": np.array([1.0, 2.0])}, TypeError, "learning_rate must be a positive number"),
        ({"margin": "1"}, TypeError, "margin must be a number"),
        ({"C": None}, TypeError, "C must be a positive number"),
    ],
)
def test_arguments_that_are_none(options, error, message):
    layer = fn.Perceptron(3, 2)
    with pytest.raises(error, match=message):
        layer.train(X3, T3, **options)
    if options.keys() <= {"learning_rate", "margin", "C"}:
        layer.adapt(X3[0], T3[0])
        with pytest.raises(error, match=message):
            layer.adapt(X3[0], T3[0], **options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2**40, 2**40), r"n_inputs \* n_neurons must be at most 2\*\*53"),
        ((1, 1, "hardlim", None), "dtype must be float64 or float32; got None"),
        ((1, 1, "hardlim", 1), "dtype must be float64 or float32; got 1"),
    ],
)
def test_layers_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        fn.Perceptron(*arguments)


@pytest.mark.parametrize("name", ["n_inputs", "n_neurons", "transfer", "dtype", "votes"])
def test_what_decides_the_size_of_a_layer_is_read_only(name):
    layer = fn.Perceptron(3, 2)
    with pytest.raises(AttributeError):
        setattr(layer, name, 20)
    assert layer.net_input(np.ones(3)).shape == (2,)


@pytest.mark.parametrize("seed", [np.random.default_rng(5), np.random.PCG64(5), np.random.SeedSequence(5), [5, 6]])
def test_a_seed_of_any_kind_gives_one_order_to_all_threads(seed, monkeypatch):
    monkeypatch.setattr(fn.perceptron.training, "WORTH_A_THREAD", 0)
    X, T = RNG.normal(size=(300, 5)), RNG.integers(0, 2, (300, 4))
    layers = [fn.Perceptron(5, 4) for _ in range(2)]
    for layer, threads in zip(layers, (1, 4), strict=True):
        layer.train(X, T, 3, shuffle=True, seed=copy.deepcopy(seed), threads=threads)
    assert np.array_equal(layers[0].weights, layers[1].weights)


def test_generators_go_on():
    random = np.random.default_rng(5)
    X, T = RNG.normal(size=(300, 5)), RNG.integers(0, 2, (300, 4))
    first, second = fn.Perceptron(5, 4), fn.Perceptron(5, 4)
    first.train(X, T, shuffle=True, seed=random)
    second.train(X, T, shuffle=True, seed=random)
    assert not np.array_equal(first.weights, second.weights)


def test_a_layer_whose_arrays_cannot_be_written_to_learns_all_the_same(tmp_path):
    """As joblib.load leaves it with mmap_mode="r"."""
    layer = pickle.loads(pickle.dumps(fn.Perceptron(3, 2)))
    for array in (layer.weights, layer.bias):
        array.flags.writeable = False
    layer.adapt([1, 2, 3], [0, 1])
    other = fn.Perceptron(3, 2)
    other.adapt([1, 2, 3], [0, 1])
    assert np.array_equal(layer.weights, other.weights)


def test_files_mapped_by_joblib(tmp_path):
    joblib = pytest.importorskip("joblib")
    layer = fn.Perceptron(3, 2)
    layer.train(RNG.normal(size=(30, 3)), RNG.integers(0, 2, 30), keep="vote")
    joblib.dump(layer, tmp_path / "layer")
    mapped = joblib.load(tmp_path / "layer", mmap_mode="r")
    X = RNG.normal(size=(30, 3))
    assert np.array_equal(mapped.forward(X), layer.forward(X))
    for one in (mapped, layer):
        one.train(X, RNG.integers(0, 2, 30) * 0 + 1, 2)
        one.adapt(X[0], [0, 1])
    assert np.array_equal(mapped.weights, layer.weights)


def test_kinds_of_layers_are_told_apart_by_what_data_needs():
    kind = data.LayerType(3, 2, "hardlim", np.dtype(float))
    assert data.targets([0, 1], 2, kind, False).tolist() == [[1, -1], [-1, 1]]
    assert net_input.net_input(np.ones((0, 3)), np.ones((2, 3)), np.ones(2), None).shape == (0, 2)
