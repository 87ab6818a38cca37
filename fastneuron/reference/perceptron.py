"""The perceptron layer as the textbooks write it: one loop over the rows, one over the neurons.

Slow on purpose, and the judge of the compiled kernels: every rule is the line of its paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np


def hardlim(n: Any) -> np.ndarray:
    """1 where n >= 0, else 0."""
    return np.where(np.asarray(n) >= 0, 1.0, 0.0)


def hardlims(n: Any) -> np.ndarray:
    """1 where n >= 0, else -1."""
    return np.where(np.asarray(n) >= 0, 1.0, -1.0)


def linear(n: Any) -> np.ndarray:
    """`n` itself."""
    return np.asarray(n)


TRANSFER = {"hardlim": hardlim, "hardlims": hardlims, "linear": linear}


def net_input(weights: np.ndarray, bias: np.ndarray, X: np.ndarray) -> np.ndarray:
    """W x + b for each row of X: (n, R) -> (n, S)."""
    return np.array([[np.dot(w, x) + b for w, b in zip(weights, bias, strict=True)] for x in X])


class LearningRule(NamedTuple):
    """A learning rule, and the numbers it knows; each as in `fastneuron.Perceptron.train`."""

    rule: str = "perceptron"
    transfer: str = "hardlim"
    tie: str = "hardlim"
    learning_rate: float = 1.0
    margin: float = 1.0
    C: float = 1.0


def correction(chosen: LearningRule, x: np.ndarray, t: float, n: float) -> tuple[float, float]:
    """What the input and the bias are multiplied by, to be added to one neuron; (0, 0) leaves it alone.

    Rosenblatt (1962); MATLAB's learnp and learnpn; Widrow & Hoff (1960); Crammer et al. (2006), J Mach Learn Res 7:551,
    figure 1, with the bias as the weight of a constant input 1.
    """
    rule, transfer, tie, rate, margin, C = chosen
    y = 1.0 if t > 0 else -1.0
    if rule in ("perceptron", "normalized"):
        if tie == "hardlim":
            e = float(t - TRANSFER[transfer](n))
        else:
            e = y if y * n <= 0 else 0.0
        if rule == "perceptron":
            return rate * e, rate * e
        return rate * e / np.sqrt(1 + np.dot(x, x)), rate * e / np.sqrt(1 + 1)
    if rule == "margin":
        e = y if y * n <= margin else 0.0
        return rate * e, rate * e
    if rule == "lms":
        e = (t if transfer == "linear" else y) - n
        return rate * e, rate * e
    loss = max(0.0, 1 - y * n)
    square = np.dot(x, x) + 1
    tau = {
        "PA": lambda: loss / square,
        "PA-I": lambda: min(C, loss / square),
        "PA-II": lambda: loss / (square + 1 / (2 * C)),
    }[rule]()
    return tau * y, tau * y


def steps(
    weights: np.ndarray,
    bias: np.ndarray,
    X: np.ndarray,
    T: np.ndarray,
    rule: LearningRule,
    sample_weight: np.ndarray,
    active: np.ndarray,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """One epoch, row by row: after each, the weights (S, R), the bias (S,), who was corrected (S,) and n (S,).

    A row whose `sample_weight` (n,) is 0 corrects nobody; a neuron that is not `active` (S,) is left alone.
    """
    weights, bias = weights.copy(), bias.copy()
    for row, (x, t) in enumerate(zip(X, T, strict=True)):
        corrected, net = np.zeros(len(bias), bool), np.zeros(len(bias))
        for i in range(len(bias)):
            if not active[i]:
                continue
            net[i] = np.dot(weights[i], x) + bias[i]
            c, c_bias = correction(rule, x, t[i], net[i])
            weights[i] = weights[i] + sample_weight[row] * c * x
            bias[i] = bias[i] + sample_weight[row] * c_bias
            corrected[i] = c_bias != 0 and sample_weight[row] != 0
        yield weights.copy(), bias.copy(), corrected, net


def train(
    weights: np.ndarray,
    bias: np.ndarray,
    X: np.ndarray,
    T: np.ndarray,
    epochs: int,
    orders: np.ndarray | None = None,
    keep: str = "last",
    **options: Any,
) -> SimpleNamespace:
    """Train until every neuron had an epoch without a correction, or for `epochs`.

    Parameters
    ----------
    weights, bias : (S, R), (S,) ndarray
        Where to start.
    X, T : (n, R), (n, S) ndarray
        Inputs and targets, 0 or 1 for hardlim, -1 or 1 for hardlims.
    epochs : int
        At most so many passes over the rows.
    orders : (epochs, n) ndarray of int, optional
        The order of presentation in each epoch; as they stand by default.
    keep : {"last", "average", "pocket"}
        What to return as the weights: the last; the average over all presentations (Freund & Schapire 1999); or the
        best seen, by Gallant's (1990) pocket algorithm with ratchet.
    **options
        Of `LearningRule`; and `sample_weight` (n,), of which a row with 0 corrects nobody.

    Returns
    -------
    SimpleNamespace
        weights, bias, mistakes (epochs, S), converged (S,), and voters: per neuron a list of
        [weights, bias, number of presentations survived], the voted perceptron of Freund & Schapire (1999).
    """
    n, S = T.shape
    weights, bias = weights.astype(float), bias.astype(float)
    active, mistakes = np.ones(S, bool), []
    totals: list[list] = [[np.zeros(X.shape[1]), 0.0, 0] for _ in range(S)]
    voters: list[list[list]] = [[[weights[i].copy(), bias[i], 0]] for i in range(S)]
    sample_weight = options.pop("sample_weight", None)
    row_weight = np.ones(n) if sample_weight is None else sample_weight
    rule = LearningRule(**options)
    pockets = [_Pocket(weights[i], bias[i], X, T[:, i], row_weight) for i in range(S)]
    for epoch in range(epochs):
        order = np.arange(n) if orders is None else orders[epoch]
        count = np.zeros(S, int)
        wrong = np.zeros(S, int)
        presented = steps(weights, bias, X[order], T[order], rule, row_weight[order], active)
        for (w, b, corrected, net), t, weight in zip(presented, T[order], row_weight[order], strict=True):
            wrong += active & ((net >= 0) != (t > 0)) & (weight > 0)
            for i in np.flatnonzero(active):
                if corrected[i]:
                    voters[i].append([w[i].copy(), b[i], 1])
                    pockets[i].change(w[i], b[i])
                else:
                    voters[i][-1][2] += 1
                    pockets[i].survive()
                totals[i][0] += w[i]
                totals[i][1] += b[i]
                totals[i][2] += 1
            weights, bias, count = w, b, count + corrected
        mistakes.append(wrong if rule.rule == "lms" else count)
        active &= count > 0
        if not active.any():
            break
    if keep == "average":
        weights = np.array([total / seen for total, _, seen in totals])
        bias = np.array([total / seen for _, total, seen in totals])
    if keep == "pocket":
        weights, bias = np.array([p.weights for p in pockets]), np.array([p.bias for p in pockets])
    return SimpleNamespace(weights=weights, bias=bias, mistakes=np.array(mistakes), converged=~active, voters=voters)


class _Pocket:
    """Gallant (1990), IEEE Trans Neural Netw 1:179: kept: what runs longer without a mistake and gets more rows right.

    The weights at the start are in the pocket first, so that what is kept is never worse than they were.
    """

    def __init__(self, weights: np.ndarray, bias: float, X: np.ndarray, t: np.ndarray, weight: np.ndarray) -> None:
        self.X, self.t, self.weight = X, t, weight
        self.current = self.weights, self.bias = weights.copy(), bias
        self.run = self.longest = 0
        self.best = self.right(self.current)

    def right(self, candidate: tuple[np.ndarray, float]) -> float:
        """How many rows `candidate` classifies as they should be, by their weights."""
        weights, bias = candidate
        rows = zip(self.X, self.t, self.weight, strict=True)
        return sum(weight * ((np.dot(weights, x) + bias >= 0) == (t > 0)) for x, t, weight in rows)

    def change(self, weights: np.ndarray, bias: float) -> None:
        self.current, self.run = (weights.copy(), bias), 0

    def survive(self) -> None:
        self.run += 1
        if self.current[0] is self.weights:
            self.longest = self.run
        elif self.run > self.longest:
            right = self.right(self.current)
            if right > self.best:
                (self.weights, self.bias), self.longest, self.best = self.current, self.run, right


def vote(voters: list[list], x: np.ndarray) -> float:
    """The ballot of one neuron's voters on the row x: each votes +1 or -1, as often as it survived."""
    return sum(count * float(hardlims(np.dot(w, x) + b)) for w, b, count in voters)
