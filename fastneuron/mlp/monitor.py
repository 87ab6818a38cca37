"""What is watched during training."""

from __future__ import annotations

import math

import numpy as np

from .config import TrainingConfig
from .history import MLPHistory, Series
from .objective import Objective

EXPLODED = 1e6  # times the loss before training, or 1 if that is less


class Monitor:
    """Called after each epoch: keeps the history and the parameters to return to, and says when to stop."""

    def __init__(self, objective: Objective, config: TrainingConfig) -> None:
        self.objective, self.config, self.history = objective, config, MLPHistory()
        self.good = objective.parameters.copy()
        self.best, self.best_loss, self.best_epoch = self.good, math.inf, -1
        if objective.held is not None:
            self.history._validation = Series()
        start = objective.loss()
        self.bound = EXPLODED * max(1.0, start)
        if not np.isfinite(start):
            self.stop("diverged", f"the loss is {start:.3g} before training; the parameters are as they were")

    def stop(self, stopped: str, reason: str) -> bool:
        """Note what ended training."""
        self.history.stopped, self.history.reason = stopped, reason
        return True

    def __call__(self, loss: float) -> bool:
        """Whether to stop after an epoch that met `loss`."""
        objective, history, config = self.objective, self.history, self.config
        epoch = len(history._loss)
        history._loss.append(loss)
        validation = math.inf
        if objective.held is not None and history._validation is not None:
            validation = objective.loss(objective.held)
            history._validation.append(validation)
        # `not <=` catches NaN; the parameters may be lost in the epoch's very last step
        if not loss <= self.bound or not np.isfinite(objective.parameters).all():
            return self._diverged(loss, epoch)
        self.good[:] = objective.parameters
        history.epoch = epoch
        if config.callback is not None and config.callback(history):
            return self.stop("callback", f"the callback stopped training after epoch {epoch}")
        if config.early_stopping is not None:
            if validation < self.best_loss:
                self.best, self.best_loss, self.best_epoch = objective.parameters.copy(), validation, epoch
            elif epoch - self.best_epoch >= config.early_stopping:
                return self.stop("early stopping", f"no lower validation loss than that of epoch {self.best_epoch}")
        return False

    def _diverged(self, loss: float, epoch: int) -> bool:
        self.objective.parameters[:] = self.good
        what = f"the loss became {loss:.3g}" if not loss <= self.bound else "a parameter became infinite or NaN"
        since = f"after epoch {self.history.epoch}" if self.history.epoch >= 0 else "before training"
        return self.stop("diverged", f"{what} in epoch {epoch}; the parameters are those {since}")

    def end(self) -> MLPHistory:
        """The history, the network left at the best parameters where early stopping looks for them."""
        if not self.history.stopped:
            self.stop("epochs", f"all {self.config.epochs} epochs done")
        if self.config.early_stopping is not None and self.best_epoch >= 0:
            self.objective.parameters[:] = self.best
            self.history.epoch = self.best_epoch
        return self.history
