"""What can be proved about a training: a bound on the mistakes, and that it will never end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .data import Rows
from .dots import Sparse
from .net_input import of_samples


def novikoff_bound(rows: Rows, neurons: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Novikoff's (1962) bound on the mistakes of `neurons`, which have converged to these weights from zero.

    With sample weights from a to b, k mistakes whose weights sum to s make |W|^2 at most max |x|^2 b s, and W u at
    least gamma s, where s is k a or more: so the bound is b / a times that of equal weights.  Rows of weight 0 are
    left out.
    """
    longest, margin = np.zeros(neurons.size), np.full(neurons.size, np.inf)
    least, most = margin.copy(), longest.copy()
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for samples in rows.once():
            weight = samples.weight[:, neurons] if samples.weight.shape[1] > 1 else samples.weight
            n = of_samples(samples, weights, bias).astype(np.float64) * samples.T[:, neurons]
            squares = _squares(samples.X)[:, np.newaxis] + 1
            if not weight.all():
                n, squares = np.where(weight, n, np.inf), np.where(weight, squares, 0)
            longest, margin = np.maximum(longest, squares.max(axis=0)), np.minimum(margin, n.min(axis=0))
            least = np.minimum(least, np.where(weight, weight, np.inf).min(axis=0))
            most = np.maximum(most, weight.max(axis=0))
        square = np.einsum("ij,ij->i", weights, weights, dtype=np.float64) + bias.astype(np.float64) ** 2
        return np.where(margin > 0, longest * square / margin**2 * (most / least), np.inf)


def _squares(X: Any) -> np.ndarray:
    """|x|^2 of each row."""
    if isinstance(X, Sparse):
        sums = np.concatenate(([0.0], np.cumsum(X.data.astype(np.float64) ** 2)))
        return np.diff(sums[X.indptr])
    return np.einsum("ij,ij->i", X, X, dtype=np.float64)


class Cycle:
    """Watches for weights that come back after an epoch: the same epoch must then follow for ever (Brent 1980)."""

    def __init__(self, S: int) -> None:
        self.found = np.zeros(S, bool)
        self.epoch, self.mark = 0, 1
        self.seen: tuple[np.ndarray, np.ndarray] | None = None

    def look(self, weights: np.ndarray, bias: np.ndarray, active: np.ndarray, plain: Callable) -> None:
        """Compare the end of an epoch with that of an earlier one; `plain` brings weights to (S, R)."""
        self.epoch += 1
        if self.seen is not None:
            back = (bias == self.seen[1]) & ~self.found
            if back[active].any():
                now, then = plain(weights), plain(self.seen[0])
                for neuron in active[back[active]]:
                    self.found[neuron] = np.array_equal(now[neuron], then[neuron])
        if self.epoch == self.mark:
            self.mark *= 2
            self.seen = weights.copy(), bias.copy()
