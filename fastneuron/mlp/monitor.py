"""What is watched during training."""

from __future__ import annotations

import math

import numpy as np

from .config import TrainingConfig
from .history import MLPHistory, Series
from .problem import Problem

EXPLODED = 1e6  # times the loss before training, or 1 if that is less


class Monitor:
    """Called after each epoch: keeps the history and the parameters to return to, and says when to stop."""

    def __init__(self, problem: Problem, config: TrainingConfig) -> None:
        self.problem, self.config, self.history = problem, config, MLPHistory()
        self.good = problem.parameters.copy()
        self.best, self.best_loss, self.best_epoch = self.good, math.inf, -1
        if problem.held is not None:
            self.history._validation = Series()
        start = problem.loss()
        self.bound = EXPLODED * max(1.0, start)
        if not np.isfinite(start):
            self.stop("diverged", f"the loss is {start:.3g} before training; the parameters are as they were")

    def stop(self, stopped: str, reason: str) -> bool:
        """Note what ended training."""
        self.history.stopped, self.history.reason = stopped, reason
        return True

    def __call__(self, loss: float) -> bool:
        """Whether to stop after an epoch that met `loss`."""
        problem, history, config = self.problem, self.history, self.config
        epoch = len(history._loss)
        history._loss.append(loss)
        validation = math.inf
        if problem.held is not None and history._validation is not None:
            validation = problem.loss(problem.held)
            history._validation.append(validation)
        # `not <=` catches NaN; the parameters may be lost in the epoch's very last step
        if not loss <= self.bound or not np.isfinite(problem.parameters).all():
            return self._diverged(loss, epoch)
        self.good[:] = problem.parameters
        history.epoch = epoch
        if config.callback is not None and config.callback(history):
            return self.stop("callback", f"the callback stopped training after epoch {epoch}")
        if config.early_stopping is not None:
            if validation < self.best_loss:
                self.best, self.best_loss, self.best_epoch = problem.parameters.copy(), validation, epoch
            elif epoch - self.best_epoch >= config.early_stopping:
                return self.stop("early stopping", f"no lower validation loss than that of epoch {self.best_epoch}")
        return False

    def _diverged(self, loss: float, epoch: int) -> bool:
        self.problem.parameters[:] = self.good
        what = f"the loss became {loss:.3g}" if not loss <= self.bound else "a parameter became infinite or NaN"
        since = f"after epoch {self.history.epoch}" if self.history.epoch >= 0 else "before training"
        return self.stop("diverged", f"{what} in epoch {epoch}; the parameters are those {since}")

    def end(self) -> MLPHistory:
        """The history, the network left at the best parameters where early stopping looks for them."""
        if not self.history.stopped:
            self.stop("epochs", f"all {self.config.epochs} epochs done")
        if self.config.early_stopping is not None and self.best_epoch >= 0:
            self.problem.parameters[:] = self.best
            self.history.epoch = self.best_epoch
        return self.history
