"""NumPy: whole arrays, and the textbook's loops around them."""

from collections.abc import Callable

import numpy as np

from ..equations import rk4, slopes
from ..tasks import RATE, Forward, Network, Population, Training

PACKAGE = "numpy"


def population(task: Population, threads: int) -> Callable[[], np.ndarray]:
    """One array operation after another."""
    slope = slopes(task, np, task.current)

    def run() -> np.ndarray:
        state = tuple(np.full(task.n, begin) for begin in task.rest)
        count, samples = np.zeros(task.n, np.int64), [state[0]]
        for step in range(task.steps):
            before, state = state[0], rk4(slope, task.dt, state)
            count += (before < 0) & (state[0] >= 0)
            if task.every and (step + 1) % task.every == 0:
                samples.append(state[0])
        np.stack(samples, axis=1)
        return state[0]

    return run


def training(task: Training, threads: int) -> Callable[[], np.ndarray]:
    """Row by row, all ten neurons at once."""
    X, y = task.rows
    X = np.column_stack([X, np.ones(len(X), X.dtype)])
    T = np.where(y[:, None] == np.arange(10), 1, -1).astype(X.dtype)

    def train() -> np.ndarray:
        W = np.zeros((10, X.shape[1]), X.dtype)
        for _ in range(task.epochs):
            for x, t in zip(X, T, strict=True):
                wrong = t * (W @ x) <= 0
                if wrong.any():
                    W[wrong] += t[wrong, None] * x
        return W

    return train


def forward(task: Forward, threads: int) -> Callable[[], np.ndarray]:
    """Its matrix product."""
    X, W, b = task.arrays
    return lambda: X @ W.T + b


def network(task: Network, threads: int) -> Callable[[], Callable[[], np.ndarray]]:
    """Backpropagation by hand."""
    X, y, held_out, _ = task.rows
    T = (y[:, None] == np.arange(task.layers[-1])).astype(X.dtype)
    rng = np.random.default_rng(0)

    def outputs(weights: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
        of = [x]
        for number, W in enumerate(weights, 1):
            z = of[-1] @ W[:-1] + W[-1]
            of.append(np.tanh(z) if number < len(weights) else z)
        return of

    def one() -> list[np.ndarray]:
        weights = []
        for a, b in zip(task.layers, task.layers[1:], strict=False):
            drawn = rng.normal(0, np.sqrt(2 / (a + b)), (a + 1, b))
            drawn[-1] = 0
            weights.append(drawn.astype(X.dtype))
        for _ in range(task.epochs):
            order = rng.permutation(len(X))
            for low in range(0, len(X), task.batch):
                some = order[low : low + task.batch]
                of = outputs(weights, X[some])
                e = np.exp(of[-1] - of[-1].max(axis=1, keepdims=True))
                error = (e / e.sum(axis=1, keepdims=True) - T[some]) / len(some)
                for W, x in zip(weights[::-1], of[-2::-1], strict=True):
                    back = (error @ W[:-1].T) * (1 - x * x)
                    W[:-1] -= RATE * (x.T @ error)
                    W[-1] -= RATE * error.sum(axis=0)
                    error = back
        return weights

    def train() -> Callable[[], np.ndarray]:
        trained = [one() for _ in range(task.nets)]
        return lambda: np.stack([outputs(weights, held_out)[-1].argmax(1) for weights in trained])

    return train
