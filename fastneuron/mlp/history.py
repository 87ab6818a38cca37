"""What training met."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _html


class Series:
    """A vector of float64 that grows at its end: reading it is free, whatever its length."""

    def __init__(self) -> None:
        self._room, self._length = np.empty(64), 0

    def append(self, value: float) -> None:
        """One more."""
        if self._length == self._room.size:
            self._room = np.concatenate([self._room, np.empty_like(self._room)])
        self._room[self._length] = value
        self._length += 1

    def lengthen(self, length: int) -> None:
        """NaN at the end, up to a length."""
        while self._length < length:
            self.append(np.nan)

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> npt.NDArray[Any]:
        """A read-only view on the values so far."""
        view = self._room[: self._length]
        view.flags.writeable = False
        return view


class MLPHistory:
    """What training met.

    Attributes
    ----------
    loss : (epochs,) array
        Mean loss met in each epoch, on the way; for "lbfgs", "levenberg-marquardt" and "rprop", after each iteration
        of the first two, and before each step of the last.
    validation : (epochs,) array or None
        Loss on the held-out data after each epoch.
    stopped : str
        What ended training: "epochs", "early stopping", "callback", "converged", "diverged"; "failed" where SciPy's
        optimizer gave up.
    reason : str
        The same in a sentence.
    epoch : int
        The epoch (from 0) that the parameters are from; -1 means those before training.
    """

    def __init__(self) -> None:
        self.stopped, self.reason, self.epoch = "", "", -1
        self._loss = Series()
        self._validation: Series | None = None

    @property
    def loss(self) -> npt.NDArray[Any]:
        """Mean loss of each epoch, read-only."""
        return self._loss.values

    @property
    def validation(self) -> npt.NDArray[Any] | None:
        """Validation loss after each epoch, read-only."""
        return None if self._validation is None else self._validation.values

    def _repr_html_(self) -> str:
        losses = [("loss", self.loss), ("validation", self.validation)]
        rows = [(name, f"{each[0]:.4g}", f"{each[-1]:.4g}") for name, each in losses if each is not None and each.size]
        return _html.table(f"MLPHistory, {len(self._loss)} epochs: {self.reason}", rows, ("", "first", "last"))

    def __repr__(self) -> str:
        last = f"loss {self.loss[0]:.4g} to {self.loss[-1]:.4g}" if len(self._loss) else "no epoch"
        return f"MLPHistory({len(self._loss)} epochs, {last}; {self.reason})"
