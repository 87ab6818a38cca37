"""What happened in a training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import _html


@dataclass(frozen=True, eq=False)
class PerceptronHistory:
    """What happened in `Perceptron.train`.

    Attributes
    ----------
    mistakes : (epochs, S) ndarray of int
        Presentations after which a neuron was corrected; rows of weight 0 are never mistakes.  For rule ``"lms"``,
        which corrects after nearly every row, the presentations that found the net input on the wrong side of 0.
    converged : (S,) ndarray of bool
        Whether a neuron had an epoch without any correction, which ended its training.
    cycled : (S,) ndarray of bool
        Whether a neuron's weights came back, exactly, to what they were after an earlier epoch.  Since the rows are
        presented in the same order, training then repeats itself for ever: a proof that it will never converge.
        Looked for where all rows are given at once, with ``shuffle=False``.
    bound : (S,) ndarray
        Novikoff's (1962) bound ``(max |x| / gamma)^2`` on the number of mistakes, x with a 1 appended for the bias, and
        gamma the smallest distance of a row from the separator found.  With sample weights, of the rows whose weight
        is not 0, and multiplied by the ratio of the largest weight to the smallest of these.  NaN where the theorem
        says nothing: for a neuron that has not converged or did not start from zero, for batches, and for rules that
        correct more than mistakes.
    squared_error : (epochs, S) ndarray or None
        For rule ``"lms"``, the sum of (t - n)^2 over the presentations of an epoch.
    """

    mistakes: np.ndarray
    converged: np.ndarray
    cycled: np.ndarray
    bound: np.ndarray
    squared_error: np.ndarray | None

    @property
    def epochs(self) -> int:
        """The number of epochs it took; fewer than asked for if all neurons converged."""
        return len(self.mistakes)

    def _repr_html_(self) -> str:
        mistakes = self.mistakes.sum(axis=0)
        known = np.isfinite(self.bound)
        rows = (
            (
                k,
                mistakes[k],
                "yes" if self.converged[k] else "never" if self.cycled[k] else "no",
                f"{self.bound[k]:.3g}" if known[k] else "",
            )
            for k in range(mistakes.size)
        )
        heads = ("neuron", "mistakes", "converged", "bound on mistakes")
        return _html.table(f"PerceptronHistory, {self.epochs} epochs", rows, heads, mistakes.size)

    def __repr__(self) -> str:
        S = len(self.converged)
        cycled = f", {self.cycled.sum()} provably never will" if self.cycled.any() else ""
        return (
            f"PerceptronHistory({self.epochs} epochs, {self.mistakes.sum()} mistakes, "
            f"{self.converged.sum()} of {S} neurons converged{cycled})"
        )
