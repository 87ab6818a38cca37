"""Rows of a narrower type than the layer's are read as they stand: the bits of a copy, and no copy."""

import itertools
import mmap
import threading
import tracemalloc

import numpy as np
import pytest

import fastneuron as fn
from fastneuron.perceptron import data, dots, net_input, readahead, rules, training

RULES = [name for name in rules.BY_NAME if name != "passive-aggressive"]  # another name of PA
EXACT = [(kind, np.float64) for kind in "?bBhHiIf"] + [(kind, np.float32) for kind in "?bBhH"]
INEXACT = [("q", np.float64), ("e", np.float64), (">i2", np.float64), ("i", np.float32), ("d", np.float32)]


def narrow(kind, n=300, R=37, S=5, seed=0):
    """Rows of that type, its smallest and its largest number among them, and targets."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(kind)
    if kind.kind == "b":
        X = rng.random((n, R)) < 0.5
    elif kind.kind == "f":
        X = rng.normal(size=(n, R)).astype(kind)
        X[5, 1] = np.finfo(kind).smallest_subnormal
    else:
        range_ = np.iinfo(kind)
        X = rng.integers(range_.min, range_.max, (n, R), endpoint=True, dtype=kind.newbyteorder("=")).astype(kind)
        X[3, 0], X[4, 0] = range_.min, range_.max
    return X, (rng.random((n, S)) < 0.5).astype(float)


def outcome(X, T, dtype, **options):
    """Everything that training leaves behind, as bytes."""
    layer = fn.Perceptron(X.shape[1], T.shape[1], dtype=dtype)
    history = layer.train(X, T, **options)
    kept = [layer.weights, layer.bias, history.mistakes, history.bound, history.converged, *(layer.votes or ())]
    return [array.tobytes() for array in kept]


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [x if x == ("h", np.float64) else pytest.param(*x, marks=pytest.mark.slow) for x in EXACT + INEXACT],
)
def test_each_type_has_the_bits_of_a_copy(kind, dtype):
    X, T = narrow(kind)
    same = X.astype(dtype)
    for options in ({"rule": "PA-I", "C": 1e-3}, {"epochs": 2}, {"shuffle": True, "seed": 3, "epochs": 2}):
        assert outcome(X, T, dtype, **options) == outcome(same, T, dtype, **options)
    layer = fn.Perceptron(X.shape[1], T.shape[1], dtype=dtype)
    layer.weights = np.random.default_rng(1).normal(size=layer.weights.shape)
    for some in (slice(None), slice(0, 3)):
        assert layer.net_input(X[some]).tobytes() == layer.net_input(same[some]).tobytes()
    assert layer.net_input(X[3]).tobytes() == layer.net_input(same[3]).tobytes()


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.slow)])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("R", [1, 16, 37])
def test_every_rule_and_selection_has_the_bits_of_a_copy(rule, dtype, R, monkeypatch):
    monkeypatch.setattr(training, "WORTH_A_THREAD", 0)
    X, T = narrow(np.uint8, R=R)
    same = X.astype(dtype)
    options = {"rule": rule, "epochs": 2, "learning_rate": 1e-6 if rule == "lms" else 1.0}
    for keep in ("last", "average", "pocket", "vote"):
        expected = outcome(same, T, dtype, threads=1, **options, keep=keep)
        for threads in (1, 2, 16):
            assert outcome(X, T, dtype, threads=threads, **options, keep=keep) == expected
    options |= {"shuffle": True, "seed": 1, "sample_weight": np.random.default_rng(0).random(T.shape)}
    assert outcome(X, T, dtype, threads=2, **options) == outcome(same, T, dtype, threads=1, **options)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_separable_problem_has_the_same_bound(dtype):
    X, _ = narrow("b", R=200)
    T = (X @ np.random.default_rng(1).normal(size=(200, 2)) > 0).astype(float)
    layer = fn.Perceptron(200, 2, dtype=dtype)
    assert np.isfinite(layer.train(X, T, 1000).bound).all()
    assert outcome(X, T, dtype, epochs=1000) == outcome(X.astype(dtype), T, dtype, epochs=1000)


@pytest.mark.parametrize("features", [set(), {"avx512f"}])
def test_the_tile_does_not_change_the_bits_of_integers(features, monkeypatch):
    X, T = narrow(np.uint8)
    expected = outcome(X.astype(float), T, np.float64)
    monkeypatch.setattr(dots, "_host_features", lambda: features)
    assert outcome(X, T, np.float64) == expected


def test_one_row_at_a_time_is_training():
    X, T = narrow(np.int8)
    layer, other = fn.Perceptron(37, 5), fn.Perceptron(37, 5)
    layer.train(X, T)
    for x, t in zip(X, T, strict=True):
        other.adapt(x, t)
    assert layer.weights.tobytes() == other.weights.tobytes()


# nothing is copied


def source(X, T, dtype, shuffle=False):
    kind = data.LayerType(X.shape[1], T.shape[1], "hardlim", np.dtype(dtype))
    return data.rows(kind, X, T, seed=0 if shuffle else None)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("kind", "dtype"), [*EXACT, ("d", np.float64)])
def test_kernels_are_given_x_itself(kind, dtype, shuffle):
    X, T = narrow(kind)
    found = source(X, T, dtype, shuffle)
    assert found.resident
    for samples in [*(chunk.samples for chunk in found.chunks()), *found.once()]:
        assert samples.X.dtype == X.dtype
        assert np.shares_memory(samples.X, X)


@pytest.mark.parametrize(("kind", "dtype"), INEXACT)
def test_what_is_no_such_number_is_converted(kind, dtype):
    X, T = narrow(kind)
    found = source(X, T, dtype)
    assert not found.resident
    assert {chunk.samples.X.dtype for chunk in found.chunks()} == {np.dtype(dtype)}


@pytest.mark.parametrize("layout", ["fortran", "strided", "unaligned"])
def test_other_layouts_are_copied(layout):
    X, T = narrow(np.int16)
    wide = np.zeros((len(X), 74), np.int16)
    wide[:, ::2] = X
    other = {
        "fortran": np.asfortranarray(X),
        "strided": wide[:, ::2],
        "unaligned": np.frombuffer(b"." + X.tobytes(), np.int16, offset=1).reshape(X.shape),
    }[layout]
    assert not source(other, T, np.float64).resident
    assert outcome(other, T, np.float64) == outcome(X, T, np.float64)


def peak(call):
    call()
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("options", [{}, {"shuffle": True, "seed": 0}])
def test_neither_training_nor_answering_takes_the_memory_of_a_copy(options):
    X, T = narrow(np.uint8, n=6000, R=500, S=1)
    layer = fn.Perceptron(500, 1)
    assert peak(lambda: layer.train(X, T, **options)) < X.nbytes / 4  # as float64 it is 8
    assert peak(lambda: layer.net_input(X)) < X.nbytes / 4


# files


@pytest.fixture
def file(tmp_path):
    X, T = narrow(np.uint8, n=1000)
    np.save(tmp_path / "X.npy", X)
    return np.load(tmp_path / "X.npy", mmap_mode="r"), T


def test_files_are_known_as_such(file, tmp_path):
    X, _ = file
    with (tmp_path / "X.npy").open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as bare:
        views = [X, X[3:, ::2], np.asarray(X).T, np.asarray(X).view(np.int8), np.frombuffer(bare, np.uint8)]
        views.append(np.asarray(memoryview(bare)))
        assert all(readahead.mapped(view) for view in views)
        views.clear()
        del opened
    assert not any(readahead.mapped(other) for other in (X.copy(), X.astype(float), np.frombuffer(bytes(8)), None, [1]))


@pytest.mark.parametrize("threads", [1, 2, 16])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("part", [1, 20_000])
def test_a_file_is_trained_on_as_memory_is(file, threads, shuffle, part, monkeypatch):
    monkeypatch.setattr(training, "WORTH_A_THREAD", 0)
    monkeypatch.setattr(readahead, "PART", part)
    X, T = file
    options = {"epochs": 3, "shuffle": shuffle, "seed": 0}
    options["sample_weight"] = np.random.default_rng(0).random(T.shape)
    expected = outcome(np.array(X), T, np.float64, threads=1, **options)
    assert outcome(X, T, np.float64, threads=threads, **options) == expected
    assert source(X, T, np.float64).mapped
    assert not [thread for thread in threading.enumerate() if "reader" in thread.name]


def test_pages_are_read_ahead_but_not_too_far(file, monkeypatch):
    X, _ = file
    asked, enough = [], threading.Semaphore(0)

    def parts():
        for first in itertools.count(0, 10):
            asked.append(first)
            yield np.arange(first, first + 10) % len(X)
            enough.release()  # the part is in memory: the next is asked for

    with readahead.ahead(np.asarray(X), parts()) as reach:
        for _ in range(readahead.AHEAD - 1):
            assert enough.acquire(timeout=10)
        for part in (0, 0, 1, 1, 2):  # two threads, one of them behind
            reach(part)
        for _ in range(3):
            assert enough.acquire(timeout=10)
    assert asked == list(range(0, 10 * (readahead.AHEAD + 3), 10))


def test_reading_ends_with_a_failure(tmp_path):
    X = np.zeros((4000, 3), np.float32)
    X[3000, 1] = np.nan
    np.save(tmp_path / "X.npy", X)
    layer = fn.Perceptron(3, 2)
    with pytest.raises(ValueError, match="X must be finite; got nan in row 3000, column 1"):
        layer.train(np.load(tmp_path / "X.npy", mmap_mode="r"), np.ones((4000, 2)))
    assert not layer.weights.any()
    assert not [thread for thread in threading.enumerate() if "reader" in thread.name]


# bad input


def test_rows_that_are_not_finite_are_named():
    X = np.ones((40, 3), np.float32)
    X[33, 2] = -np.inf
    layer = fn.Perceptron(3, 2)
    for refused in (lambda: layer.train(X, np.ones((40, 2))), lambda: layer.net_input(X)):
        with pytest.raises(ValueError, match="X must be finite; got -inf in row 33, column 2"):
            refused()
    with pytest.raises(FloatingPointError, match="overflow"):
        layer.train(np.full((40, 3), 2**31 - 1, np.int32), np.zeros((40, 2)), learning_rate=1e308)


def test_the_work_of_one_neuron_is_its_bytes(monkeypatch):
    """For one neuron the rows' way from memory takes longer than their products, and a second thread pays earlier."""
    used = []
    with_workers = net_input.with_workers
    monkeypatch.setattr(
        net_input, "with_workers", lambda threads, work: used.append(threads) or with_workers(threads, work)
    )
    for n, S, kind, threads in [
        (900, 1, float, 2),
        (5000, 1, np.uint8, 1),
        (600, 1, float, 1),
        (600, 10, float, 1),
        (700, 10, np.uint8, 2),
    ]:
        used.clear()
        fn.Perceptron(784, S).net_input(np.zeros((n, 784), kind), threads=2)
        assert used == [threads]
