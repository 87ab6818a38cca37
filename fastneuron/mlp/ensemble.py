"""Networks of one shape, trained in parallel."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._check import known, whole
from .._kernel.threads import available, spread
from . import data
from .architecture import Array, blas_threads
from .config import TrainingConfig, generator_of
from .history import MLPHistory
from .network import MLP
from .training import warn_of_failure

DEFAULTS = {name: parameter.default for name, parameter in inspect.signature(MLP.train).parameters.items()}
OF_A_MEMBER = ("epochs", "batch_size", "optimizer", "schedule", "early_stopping", "shuffle", "callback")


class Ensemble(Sequence[MLP]):
    """Networks of one shape, trained in parallel, each to the same bits as alone; made by `MLP.ensemble`."""

    def __init__(self, nets: Sequence[MLP]) -> None:
        self._nets = tuple(nets)

    def __len__(self) -> int:
        return len(self._nets)

    def __getitem__(self, index: Any) -> Any:
        return Ensemble(self._nets[index]) if isinstance(index, slice) else self._nets[index]

    def __repr__(self) -> str:
        return f"<Ensemble of {len(self)}: {self[0]!r}>" if self._nets else "<Ensemble of 0>"

    def forward(self, X: npt.ArrayLike) -> Array:
        """The outputs of every network.

        Parameters
        ----------
        X : (n, n_in) array_like, or SciPy sparse
            Rows of inputs.

        Returns
        -------
        (k, n, n_out) array
        """
        return np.stack([net.forward(X) for net in self._nets])

    def predict(self, X: npt.ArrayLike) -> Array:
        """The decisions of every network.

        Parameters
        ----------
        X : (n, n_in) array_like, or SciPy sparse
            Rows of inputs.

        Returns
        -------
        (k, ...) array
            As of `MLP.predict`, one after the other.
        """
        return np.stack([net.predict(X) for net in self._nets])

    def train(
        self,
        X: npt.ArrayLike,
        T: npt.ArrayLike,
        *,
        rows: Sequence[npt.ArrayLike] | None = None,
        threads: int | None = None,
        learning_rate: Any = None,
        weight_decay: Any = 0.0,
        seed: Any = None,
        sample_weight: npt.ArrayLike | None = None,
        validation: Any = None,
        **options: Any,
    ) -> list[MLPHistory]:
        """Train every network.

        Parameters
        ----------
        X, T, sample_weight, validation, **options
            As for `MLP.train`; the same for all.
        rows : sequence of k index arrays, optional
            The rows that each network is trained on, such as the folds of a cross-validation; default all.
        threads : int, optional
            Default, all cores.
        learning_rate, weight_decay, seed : number or sequence of k numbers, optional
            As for `MLP.train`, one for all or one each; a seed for all means the same orders for all.

        Returns
        -------
        list of MLPHistory
            Of a network that diverged, with NaN for the epochs that others have behind it.

        Raises
        ------
        TypeError, ValueError
            If an argument is not allowed; the parameters are then untouched.

        Warns
        -----
        RuntimeWarning
            As `MLP.train`, for each network.
        """
        k, first = len(self), self._nets[0]
        if options.pop("progress", False):
            raise ValueError("progress must be False for an ensemble, whose networks are trained at once; got True")
        threads = available() if threads is None else whole("threads", threads, 1)
        for name in options:
            known("an option of train", name, OF_A_MEMBER)
        options = {name: DEFAULTS[name] for name in OF_A_MEMBER} | options
        rates, decays = _one_each("learning_rate", learning_rate, k), _one_each("weight_decay", weight_decay, k)
        configs = [
            TrainingConfig.checked(first.loss_name, learning_rate=rate, weight_decay=decay, **options)
            for rate, decay in zip(rates, decays, strict=True)
        ]
        own = _one_each("seed", seed, k)
        orders = [
            net._generator if one is None else generator_of("seed", one)
            for net, one in zip(self._nets, own, strict=True)
        ]
        given = data.checked(first, X, T, sample_weight)
        held = first._held_out(validation, configs[0])
        chosen = _rows(rows, k, given.weight.size)

        def one(index: int) -> Any:
            part = data.some(given, chosen[index])
            return self._nets[index]._steps(part, held, configs[index], orders[index])

        with blas_threads(first.layers, 1):
            histories = spread(one, range(k), threads)
        epochs = max(len(history._loss) for history in histories)
        for history in histories:
            warn_of_failure(history)
            if history.stopped == "diverged":
                history._loss.lengthen(epochs)
                if history._validation is not None:
                    history._validation.lengthen(epochs)
        return histories


def seeds(k: Any, seed: Any) -> list[Any]:
    """The seed of each of k networks."""
    k = whole("k", k, 1)
    if isinstance(seed, int | np.integer):
        return [[int(seed), i] for i in range(k)]
    if seed is None:
        return [None] * k
    if not hasattr(seed, "__len__") or len(seed) != k:
        raise ValueError(f"seed must be one number or {k} of them; got {seed!r}")
    return list(seed)


def _rows(rows: Any, k: int, n: int) -> list[Array | None]:
    """The rows of each network, as indices; None means all."""
    if rows is None:
        return [None] * k
    if len(rows) != k:
        raise ValueError(f"rows must be {k} index arrays, one per network; got {len(rows)}")
    chosen: list[Array | None] = []
    for i, part in enumerate(rows):
        try:
            indices = np.arange(n)[np.asarray(part) if np.size(part) else []]  # [] is an array of floats
        except IndexError as error:
            raise ValueError(f"rows[{i}] must be indices of {n} rows, or a mask: {error}") from None
        if not indices.size:
            raise ValueError(f"rows[{i}] must name at least one row; got none")
        chosen.append(indices)
    return chosen


def _one_each(name: str, value: Any, k: int) -> list[Any]:
    if np.ndim(value) == 0:
        return [value] * k
    if len(value) != k:
        raise ValueError(f"{name} must be one number or {k} of them, one per network; got {len(value)}")
    return list(value)
