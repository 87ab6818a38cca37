"""The checked arguments of training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np

from .. import _check
from .._check import flag, known, number, whole
from .losses import LOSSES
from .optimizers import OPTIMIZERS

SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, epochs: 1.0,
    "linear": lambda epoch, epochs: 1.0 - epoch / epochs,
    "cosine": lambda epoch, epochs: 0.5 + 0.5 * math.cos(math.pi * epoch / epochs),
    "inverse": lambda epoch, epochs: 1.0 / (1.0 + epoch),
}
SECOND_ORDER = ("lbfgs", "levenberg-marquardt")  # they see all rows at once
MOST = 2**53  # what a count may be


class TrainingConfig(NamedTuple):
    """The checked arguments of training."""

    epochs: int
    batch: int
    optimizer: Any  # one of OPTIMIZERS' types, or one of SECOND_ORDER
    rate: float
    schedule: Callable[[int, int], float]
    decay: float
    early_stopping: int | None
    shuffle: bool
    callback: Callable[[Any], bool | None] | None  # of the history
    penalty: float = 0.0  # scikit-learn's alpha: over the weight of a batch, and part of the loss
    scipy: dict[str, Any] | None = None  # options of L-BFGS-B

    @classmethod
    def checked(cls, loss: str, **given: Any) -> Self:
        """Raise, or return the config; `given` are the arguments of `MLP.train`, `loss` the network's."""
        optimizer = optimizer_of("optimizer", given["optimizer"])
        if optimizer == "levenberg-marquardt" and not hasattr(LOSSES[loss], "squares"):
            raise ValueError(f'optimizer="levenberg-marquardt" needs loss="mse"; got {loss!r}')
        rate = getattr(optimizer, "rate", 1.0) if given["learning_rate"] is None else given["learning_rate"]
        callback, early = given["callback"], given["early_stopping"]
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be a function of the network and the history; got {callback!r}")
        return cls(
            whole("epochs", given["epochs"], 0, MOST),
            min(whole("batch_size", given["batch_size"], 1), MOST),
            optimizer,
            number("learning_rate", rate, "a positive number", lambda x: x > 0),
            schedule_of("schedule", given["schedule"]),
            number("weight_decay", given["weight_decay"], "a number, 0 or more", lambda x: x >= 0),
            None if early is None else whole("early_stopping", early, 1, MOST),
            flag("shuffle", given["shuffle"]),
            callback,
        )

    def factor(self, epoch: int) -> float:
        """What the learning rate is multiplied by in an epoch, from 0."""
        return self.schedule(epoch, self.epochs)


def optimizer_of(name: str, value: Any) -> Any:
    """The optimizer of that name with its default constants; an optimizer or a name in `SECOND_ORDER` as it is."""
    if type(value) in OPTIMIZERS.values():
        return type(value)(*value)  # checks its constants again
    chosen = known(name, value, [*OPTIMIZERS, *SECOND_ORDER])
    return OPTIMIZERS[chosen]() if chosen in OPTIMIZERS else chosen


def schedule_of(name: str, value: Any) -> Callable[[int, int], float]:
    """A function of the epoch and the number of epochs."""
    if callable(value):
        return lambda epoch, epochs: number(f"{name}(epoch)", value(epoch))
    return SCHEDULES[known(name, value, SCHEDULES)]


def generator_of(name: str, seed: Any) -> np.random.Generator:
    """A random generator from a seed."""
    return np.random.default_rng(_check.seed(name, seed))
