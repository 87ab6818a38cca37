"""Training by gradient descent, and the choice between it and the methods that know the curvature."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np

from . import kernels
from .config import TrainingConfig
from .history import MLPHistory
from .monitor import Monitor
from .objective import Array, Objective
from .second_order import METHODS


class OptimizerState:
    """What an optimizer keeps from step to step: made for one optimizer and one number of parameters."""

    def __init__(self, optimizer: Any, parameters: Array) -> None:
        self.optimizer, self.steps = optimizer, 0
        self.moments = np.zeros((getattr(optimizer, "moments", 0), parameters.size), parameters.dtype)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.moments = np.array(self.moments)  # a memory map of joblib's may be read-only

    def suits(self, optimizer: Any, parameters: Array) -> bool:
        """Whether the kernels may use it for these."""
        shape = (getattr(optimizer, "moments", 0), parameters.size)
        fits = (self.moments.shape, self.moments.dtype) == (shape, parameters.dtype)
        return fits and type(self.optimizer) is type(optimizer) and self.moments.flags.carray


def train(
    objective: Objective,
    config: TrainingConfig,
    orders: Any,
    show: Callable[[float], None] = lambda loss: None,
    state: OptimizerState | None = None,
) -> Generator[None, None, MLPHistory]:
    """Train; every ``yield`` is a moment at which it can be stopped for good.

    `orders` has ``permutation(n)``; `show` is called with the loss of each epoch.  A `state` made for another optimizer
    or network is refused.
    """
    if state is None:
        state = OptimizerState(config.optimizer, objective.parameters)
    elif not state.suits(config.optimizer, objective.parameters):
        raise ValueError("the state of the optimizer was made for another optimizer or another network")
    in_batches = not isinstance(config.optimizer, str) and not config.optimizer.all_rows
    if in_batches:
        objective.trained_by = config.optimizer, (state.moments, np.empty_like(objective.parameters))
    monitor = Monitor(objective, config)
    if not monitor.history.stopped:
        if in_batches:
            epochs = _by_batches(objective, config, orders, monitor, state)
        elif isinstance(config.optimizer, str):
            epochs = METHODS[config.optimizer](objective, config, monitor, show)
        else:
            epochs = _by_epochs(objective, config, monitor, state)
        for loss in epochs:
            show(loss)
            yield
    return monitor.end()


def run(steps: Generator[None, None, MLPHistory]) -> MLPHistory:
    """Train to the end; Ctrl-C ends it between two steps."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def warn_of_failure(history: MLPHistory, stacklevel: int = 3) -> None:
    """Warn where training ended in nothing good."""
    if history.stopped in ("diverged", "failed"):
        warnings.warn(f"training stopped: {history.reason}", RuntimeWarning, stacklevel=stacklevel)


def _by_batches(
    objective: Objective, config: TrainingConfig, orders: Any, monitor: Monitor, state: OptimizerState
) -> Iterator[float]:
    n = objective.data.weight.size
    order, rows = np.arange(n), min(config.batch, n)
    trained_by = objective.with_space(objective.data, rows)
    for epoch in range(config.epochs):
        if config.shuffle:
            order = orders.permutation(n)
        step = kernels.StepSettings(
            rows, config.rate * config.factor(epoch), float(config.decay), float(config.penalty), True
        )
        loss, state.steps = kernels.train_epoch(
            objective.network, objective.parameters, *trained_by, objective.data, order, step, state.steps
        )
        stop = monitor(loss)
        yield loss
        if stop:
            return


def _by_epochs(
    objective: Objective, config: TrainingConfig, monitor: Monitor, state: OptimizerState
) -> Iterator[float]:
    """One step an epoch, along the gradient of all rows: gathered a few rows at a time, it needs little memory."""
    decay = objective.on_weights(config.decay + config.penalty / float(objective.data.weight.sum()))
    gradient = np.empty_like(objective.parameters)
    for epoch in range(config.epochs):
        loss = objective.loss(gradient=gradient) + objective.penalty(config.penalty)
        gradient += (decay * objective.parameters).astype(gradient.dtype)
        state.steps += 1
        rate = config.rate * config.factor(epoch)
        kernels.one_update(config.optimizer, rate, state.steps, objective.parameters, gradient, state.moments)
        stop = monitor(loss)
        yield loss
        if stop:
            return
