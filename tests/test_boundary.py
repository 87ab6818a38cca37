"""The boundary that all parts share: arrays, targets, weights, types, threads, seeds."""

import numpy as np
import pytest
import scipy.sparse

import fastneuron as fn
from fastneuron import _check

MASKED = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], [[False, True], [False, False]])


@pytest.mark.parametrize(
    "value",
    [
        np.array(["2020-01-01"], "datetime64[D]"), np.array([1], "timedelta64[s]"), ["1", "2"], [b"1"], [1j], [None],
        np.zeros(2, [("a", float)]), MASKED, [MASKED[0], MASKED[1]], None, "12", {1: 2}, {1}, iter([1]), object(),
        scipy.sparse.csr_array(np.eye(2)), [2**70],
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_array_of_numbers(value):
    with pytest.raises(TypeError, match="X must be an array of numbers"):
        _check.array("X", value)


@pytest.mark.parametrize("value", [[1, 2.5], (True, False), np.ones(3, np.float16), np.ma.masked_array([1.0, 2.0]), 3])
def test_what_is_an_array_of_numbers(value):
    assert np.array_equal(_check.array("X", value), np.asarray(value))


def test_numbers_beyond_the_type_become_infinite_without_a_warning():
    assert _check.array("X", [1e300], np.float32) == np.inf


def test_the_place_of_a_bad_number():
    with pytest.raises(ValueError, match=r"X must be finite; got nan in row 1, column 0$"):
        _check.finite("X", np.array([[1.0], [np.nan]]))
    with pytest.raises(ValueError, match=r"got inf at index \(0, 1\)$"):
        _check.finite("X", np.array([[1.0, np.inf]]), "index")
    with pytest.raises(ValueError, match=r"got inf at neuron 1$"):
        _check.numbers("C", [1.0, np.inf])


def test_what_is_no_neuron_is_not_called_one():
    with pytest.raises(ValueError, match=r"values must be finite; got nan at index \(1, 2\)$"):
        fn.Samples([[0, 0, 0], [0, 0, np.nan]], 1.0)
    with pytest.raises(ValueError, match=r"values must be finite; got nan at index 2$"):
        fn.Samples([0, 0, np.nan], 1.0)
    with pytest.raises(ValueError, match=r"grid\['g_Ca'\] must be finite; got inf at index 1$"):
        fn.sweep(fn.MorrisLecar(), 1.0, {"g_Ca": [4.0, np.inf]})


def test_targets():
    assert np.array_equal(_check.targets("T", [0, 2, 1], 3, 3), [0, 2, 1])
    assert np.array_equal(_check.targets("T", [0, 2, 1], 3, 1), [[0], [2], [1]])
    assert np.array_equal(_check.targets("T", scipy.sparse.csr_array(np.eye(2)), 2, 2), np.eye(2))
    for value, message in [
        ([0, 3, 1], "T must be classes 0 to 2; got 3 in row 1"),
        ([0, 0.5, 1], "T must be classes 0 to 2; got 0.5 in row 1"),
        ([0, np.nan, 1], "T must be classes 0 to 2; got nan in row 1"),
        ([0, 1], r"T must have shape \(3, 3\) or \(3,\), a row for each row of X; got \(2,\)"),
        (np.full((3, 3), np.inf), "T must be finite; got inf in row 0, column 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            _check.targets("T", value, 3, 3)
    with pytest.raises(ValueError, match=r"T must have shape \(3, 3\), a row"):
        _check.targets("T", [0, 2, 1], 3, 3, labels=False)


def test_sample_weights():
    assert _check.sample_weight([1, 0], 2, np.float32).dtype == np.float32
    assert _check.sample_weight(np.ones((2, 3)), 2, float, 3).shape == (2, 3)
    for value, message in [
        ([1, 2, 3], r"sample_weight must have shape \(2,\); got \(3,\)"),
        ([0, 0], "above 0 for at least one row"),
        ([1, -1], "finite, and 0 or more; got -1.0 in row 1"),
        ([1, 1e300], "finite, and 0 or more; got inf in row 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            _check.sample_weight(value, 2, np.float32)


@pytest.mark.parametrize("value", [None, 1, int, "float63", np.float16, "f4, f4", "(2,)f8", [1], "complex128"])
def test_other_types_than_two(value):
    with pytest.raises(ValueError, match="dtype must be float64 or float32; got"):
        _check.dtype(value)


def test_both_types():
    assert [_check.dtype(value) for value in (float, "f4", np.float32, np.dtype("float64"))] == ["f8", "f4", "f4", "f8"]


@pytest.mark.parametrize("value", [-1, 1.5, "0", True, [0.5], object(), [-1], {1: 2}])
def test_what_is_no_seed(value):
    with pytest.raises((TypeError, ValueError), match="seed must be a whole number of at least 0"):
        _check.seed("seed", value)


@pytest.mark.parametrize("value", [None, 0, np.int64(3), 2**70, [1, 2], np.random.SeedSequence(1), np.random.PCG64(0)])
def test_what_is_a_seed(value):
    assert _check.seed("seed", value) is value


def test_threads():
    assert _check.threads(None) is None
    assert _check.threads(np.int8(2)) == 2
    for value in (0, -1, 1.5, "2", True):
        with pytest.raises((TypeError, ValueError), match="threads must be a whole number of at least 1"):
            _check.threads(value)
