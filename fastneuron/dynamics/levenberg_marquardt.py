"""The method of Levenberg and Marquardt for many starting points at once, each of which goes its own way.

Moré JJ (1978). The Levenberg-Marquardt algorithm: implementation and theory. In: Watson GA (ed), Numerical Analysis,
Lecture Notes in Mathematics 630:105-116: the damping is scaled by the diagonal, so that units do not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

LONGEST = 0.2  # of a step, as part of the box
DAMPING, EASIER, HARDER, HOPELESS = 1e-2, 0.2, 4.0, 1e8
CLOSED = 1e-10  # the relative decrease of a last step


class Refined(NamedTuple):
    """Where the points have come to."""

    point: np.ndarray  # (n, k)
    squares: np.ndarray  # (n,) the sum of the squares of the residuals; infinite where they are not finite
    normal: np.ndarray  # (n, k, k) J^T J
    converged: np.ndarray  # (n,) bool


class _Linear(NamedTuple):
    """The residuals near some points, in parts of the box."""

    squares: np.ndarray
    gradient: np.ndarray  # (n, k) J^T r
    normal: np.ndarray


def refine(
    evaluate: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    point: np.ndarray,
    box: np.ndarray,
    steps: int,
    tick: Callable[[float], None] = lambda amount: None,
) -> Refined:
    """Take points (n, k) in a box (2, k) to nearby minima of the sum of squares.

    `evaluate` returns the residuals (n, m) at some points, and their derivatives (n, k, m).  Points stay in the box: at
    its border only steps along it are taken.  `tick` is called after each step.
    """
    span = box[1] - box[0]
    point, n = point.copy(), len(point)
    at = _linear(evaluate, point, span)
    damping, converged = np.full(n, DAMPING), ~np.isfinite(at.squares)
    for _ in range(steps):
        open_ = np.flatnonzero(~converged)
        tick(1.0)
        if not open_.size:
            continue
        step = _step(point[open_], _Linear(*(part[open_] for part in at)), damping[open_], box)
        tried = np.clip(point[open_] + step * span, *box)
        found = _linear(evaluate, tried, span)
        before = at.squares[open_]
        better = found.squares < before
        small = before - found.squares <= CLOSED * before
        damping[open_] *= np.where(better, EASIER, HARDER)
        converged[open_] = (better & small) | (damping[open_] > HOPELESS)
        good = open_[better]
        point[good] = tried[better]
        for old, new in zip(at, found, strict=True):
            old[good] = new[better]
    converged &= np.isfinite(at.squares)
    return Refined(point, at.squares, at.normal / np.multiply.outer(span, span), converged)


def _linear(
    evaluate: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], point: np.ndarray, span: np.ndarray
) -> _Linear:
    residuals, slopes = evaluate(point)
    bad = ~np.isfinite(residuals).all(axis=1) | ~np.isfinite(slopes).all(axis=(1, 2))
    residuals, slopes = np.where(bad[:, None], 0.0, residuals), np.where(bad[:, None, None], 0.0, slopes)
    slopes = slopes * span[:, None]
    squares = np.where(bad, np.inf, np.einsum("nm,nm->n", residuals, residuals))
    return _Linear(squares, np.einsum("nkm,nm->nk", slopes, residuals), np.einsum("nkm,nlm->nkl", slopes, slopes))


def _step(point: np.ndarray, at: _Linear, damping: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The step of each point, as part of the box."""
    stuck = ((point <= box[0]) & (at.gradient > 0)) | ((point >= box[1]) & (at.gradient < 0))
    diagonal = np.einsum("nkk->nk", at.normal)
    least = 1e-12 * diagonal.max(axis=1, keepdims=True) + 1e-300  # of what a residual does not depend on
    matrix = np.where(stuck[:, :, None] | stuck[:, None, :], 0.0, at.normal)
    added = np.where(stuck, 1.0, damping[:, None] * np.maximum(diagonal, least))
    matrix = matrix + np.eye(point.shape[1]) * added[:, :, None]
    step = -np.linalg.solve(matrix, np.where(stuck, 0.0, at.gradient)[..., None])[..., 0]
    return step * np.minimum(1.0, LONGEST / np.maximum(abs(step).max(axis=1, keepdims=True), 1e-300))
