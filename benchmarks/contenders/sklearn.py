"""scikit-learn's estimators, told to do just the task."""

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Perceptron
from sklearn.neural_network import MLPClassifier

from ..tasks import RATE, Network, Training

PACKAGE = "scikit-learn"
warnings.filterwarnings("ignore", category=ConvergenceWarning)  # the epochs are given


def training(task: Training, threads: int) -> Callable[[], np.ndarray]:
    """One neuron after another, or spread over threads."""
    X, y = task.rows
    model = Perceptron(max_iter=task.epochs, tol=None, shuffle=False, n_jobs=threads)

    def train() -> np.ndarray:
        model.fit(X, y)
        return np.column_stack([model.coef_, model.intercept_])

    return train


def network(task: Network, threads: int) -> Callable[[], Callable[[], np.ndarray]]:
    """One net after another."""
    X, y, held_out, _ = task.rows
    options = {"solver": "sgd", "momentum": 0, "alpha": 0, "tol": 0, "n_iter_no_change": 10**6}
    options |= {"batch_size": task.batch, "learning_rate_init": RATE, "max_iter": task.epochs}

    def train() -> Callable[[], np.ndarray]:
        nets = [MLPClassifier(task.layers[1:-1], "tanh", random_state=seed, **options) for seed in range(task.nets)]
        for net in nets:
            net.fit(X, y)
        return lambda: np.stack([net.predict(held_out) for net in nets])

    return train
