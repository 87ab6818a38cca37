"""Saved layers: written whole or not at all, and read as data."""

import io
import os

import numpy as np
import pytest
from mutated import check

import fastneuron as fn


def layer_of(keep, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    layer = fn.Perceptron(6, 3, "hardlims", dtype)
    layer.train(rng.integers(-5, 6, (30, 6)), rng.choice([-1, 1], (30, 3)), 2, keep=keep)
    return layer


def bytes_of(layer, tmp_path):
    layer.save(tmp_path / "layer.npz")
    return (tmp_path / "layer.npz").read_bytes()


def with_votes(**changes):
    """A file of two neurons with three inputs and four voters, some of its arrays replaced."""
    contents = {
        "format": 1, "transfer": "hardlim", "weights": np.ones((2, 3)), "bias": np.ones(2),
        "votes_neuron": np.array([0, 0, 1, 1]), "votes_weights": np.ones((4, 3)), "votes_bias": np.ones(4),
        "votes_count": np.array([1, 2, 3, 4]),
    } | changes  # fmt: skip
    file = io.BytesIO()
    np.savez(file, **{name: value for name, value in contents.items() if value is not None})
    return file.getvalue()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"votes_weights": np.ones((4, 1))}, r"votes_weights must have shape \(V, R\)"),
        ({"votes_bias": np.ones(3)}, r"votes_bias must have shape \(V,\)"),
        ({"votes_count": None}, "votes_count"),
        (
            {"votes_count": np.array([1, 2, 3, -4])},
            "a whole number of at least 1; got -4 at index 3",
        ),
        ({"votes_count": np.array([1, 2, 3, 2**63], np.uint64)}, "votes_count"),
        ({"votes_count": np.ones(4)}, "votes_count must be of kind 'whole number'"),
        ({"votes_neuron": np.array([0, 1, 0, 1])}, "in order"),
        ({"votes_neuron": np.array([0, 0, 1, 2])}, "the neurons 0 to 1"),
        ({"votes_neuron": np.array([0, 0, 0, 0])}, "each at least once"),
        ({"votes_weights": np.full((4, 3), np.nan)}, "votes_weights must be finite"),
        ({"votes_weights": np.ones((4, 3), np.float32)}, "must be of type float64"),
        ({"weights": np.ones((0, 3)), "bias": np.ones(0)}, "n_neurons"),
        ({"weights": np.full((2, 3), np.inf)}, "weights must be finite"),
    ],
)
def test_voters_that_do_not_fit_are_refused(tmp_path, changes, message):
    path = tmp_path / "layer.npz"
    path.write_bytes(with_votes())
    assert fn.Perceptron.load(path).vote(np.ones(3)).shape == (2,)
    path.write_bytes(with_votes(**changes))
    with pytest.raises(ValueError, match=message) as refused:
        fn.Perceptron.load(path)
    assert str(path) in str(refused.value)


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    layer = layer_of("last")
    before = bytes_of(layer, tmp_path)
    layer.train(np.eye(6), np.ones((6, 3)))

    def full(file, **contents):
        file.write(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        layer.save(tmp_path / "layer.npz")
    assert (tmp_path / "layer.npz").read_bytes() == before
    assert os.listdir(tmp_path) == ["layer.npz"]


def test_a_saved_layer_may_be_read_by_whom_the_umask_lets(tmp_path):
    old = os.umask(0o022)
    try:
        layer_of("last").save(tmp_path / "layer.npz")
    finally:
        os.umask(old)
    assert (tmp_path / "layer.npz").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("n", [300, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("keep", ["last", "vote"])
def test_mutated_files_are_refused_or_right(tmp_path, keep, n):
    X = np.random.default_rng(1).normal(size=(5, 6))

    def answers(loaded):
        y = loaded.forward(X[:, : loaded.n_inputs] if loaded.n_inputs < 6 else np.ones((5, loaded.n_inputs)))
        return y.shape == (5, loaded.n_neurons) and np.isin(y, [-1, 0, 1]).all()

    check(fn.Perceptron.load, bytes_of(layer_of(keep), tmp_path), answers, n // 2, tmp_path / "mutated.npz")
