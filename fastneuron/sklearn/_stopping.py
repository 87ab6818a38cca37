"""When an estimator's training stops, as scikit-learn decides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..mlp import MLPHistory


class Stopping:
    """Called with the history after each epoch: whether nothing has become better for long enough.

    Parameters
    ----------
    tol : float or None
        What counts as better; None: training does not stop before its last epoch.
    patience : int or inf
        Epochs without anything better that are let pass.
    score : callable, optional
        Of the network on the rows set aside; without it, the training loss is watched.
    keep : callable
        Returns a copy of the parameters: those of the best score.
    verbose : bool
        Print each epoch.
    """

    def __init__(
        self,
        tol: float | None,
        patience: float,
        score: Callable[[], float] | None,
        keep: Callable[[], Any],
        verbose: bool,
    ) -> None:
        self.tol, self.patience, self.score, self.keep, self.verbose = tol, patience, score, keep, verbose
        self.best_loss, self.best_score, self.scores = np.inf, -np.inf, list[float]()
        self.best_parameters: Any = None
        self.no_better = 0

    def __call__(self, history: MLPHistory) -> bool:
        """Whether to stop."""
        loss, tol = float(history.loss[-1]), -np.inf if self.tol is None else self.tol
        if self.verbose:
            print(f"Iteration {len(history.loss)}, loss = {loss:.8f}")
        if self.score is None:
            self.no_better = self.no_better + 1 if loss > self.best_loss - tol else 0
            self.best_loss = min(loss, self.best_loss)
        else:
            score = self.score()
            self.scores.append(score)
            if self.verbose:
                print(f"Validation score: {score:f}")
            self.no_better = self.no_better + 1 if score < self.best_score + tol else 0
            if score > self.best_score:
                self.best_score, self.best_parameters = score, self.keep()
        return self.no_better > self.patience
