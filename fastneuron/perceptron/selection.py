"""Which weights of a training to end with: the last, their average, the best ones, or all of them with a vote.

A selection only observes: after each chunk it is shown the rows and the log of what was corrected, and follows the
weights from there.  So the kernels that train know nothing of it, and train to the same bits.  To add one: write the
class, and name it in `SELECTIONS`.
"""

from typing import NamedTuple

import numpy as np

from .._kernel.jit import kernel
from .dots import add


class Votes(NamedTuple):
    """The voters of a layer: neuron[v], its weights (R,) and bias, and count[v], the presentations it survived."""

    neuron: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    count: np.ndarray  # type: ignore[assignment]  # tuples have a method of this name


class Last:
    """The weights that training ends with.

    `first` is what the first of these neurons is called in the layer; `count_correct` (neuron of the layer, weights,
    bias) says how many rows such weights get right.
    """

    name = "last"
    observes = False
    needs_all_rows = False

    def __init__(self, weights, bias, first, count_correct):
        self.first = first

    def result(self, weights, bias):
        """The weights and bias to end with, where those are the last."""
        return weights, bias

    def votes(self):
        """The voters, where there are any."""
        return None


class Average(Last):
    """The mean of the weights over all presentations (Freund & Schapire 1999, Mach Learn 37:277).

    With d_k the correction at presentation k of N, that is the last weights less sum_k k d_k / N: only mistakes cost.
    """

    name = "average"
    observes = True

    def __init__(self, weights, bias, first, count_correct):
        super().__init__(weights, bias, first, count_correct)
        self.total = np.zeros(weights.shape)
        self.total_bias = np.zeros(bias.shape)
        self.seen = np.zeros(bias.shape, np.int64)

    def observe(self, samples, log, active):
        """Follow the log of a chunk."""
        accumulate(samples.X, samples.order, log.change, log.bias, active, self.seen, self.total, self.total_bias)
        self.seen[active] += samples.order.size

    def result(self, weights, bias):
        """The mean."""
        n = np.maximum(self.seen, 1)
        mean = weights - self.total / n[:, None]
        return mean.astype(weights.dtype), (bias - self.total_bias / n).astype(bias.dtype)


@kernel
def accumulate(X, order, change, bias, active, seen, total, total_bias):
    """Add presentation number times correction."""
    for place in range(order.size):
        for a in range(active.size):
            neuron = active[a]
            if bias[place, neuron] != 0:
                k = np.float64(seen[neuron] + place)
                add(X, order[place], k * change[place, neuron], total, neuron)
                total_bias[neuron] += k * bias[place, neuron]


class Vote(Last):
    """Every weight vector there was, with the number of presentations it survived (Freund & Schapire 1999)."""

    name = "vote"
    observes = True

    def __init__(self, weights, bias, first, count_correct):
        super().__init__(weights, bias, first, count_correct)
        self.current = weights.copy(), bias.copy()
        self.count = np.zeros(bias.shape, np.int64)
        self.retired = []

    def observe(self, samples, log, active):
        """Follow the log of a chunk."""
        for neuron in active:
            places = np.flatnonzero(log.bias[:, neuron])
            before = empty_like_rows(self.current, places.size)
            corrections = log.change[places, neuron], log.bias[places, neuron]
            replay(samples.X, samples.order[places], corrections, neuron, self.current, before)
            ends = np.append(places, samples.order.size)
            counts = np.diff(ends, prepend=0)
            counts[0] += self.count[neuron]
            self.count[neuron] = counts[-1]
            self._retire(neuron, *before, counts[:-1])

    def _retire(self, neuron, weights, bias, count):
        kept = count > 0
        self.retired.append(Votes(np.full(kept.sum(), neuron), weights[kept], bias[kept], count[kept]))

    def votes(self):
        """All the voters of these neurons, in order of the neurons."""
        for neuron in range(self.count.size):
            self._retire(neuron, *(array[[neuron]] for array in self.current), self.count[[neuron]])
        joined = Votes(*(np.concatenate(arrays) for arrays in zip(*self.retired, strict=True)))
        by_neuron = np.argsort(joined.neuron, kind="stable")
        neuron, *rest = (array[by_neuron] for array in joined)
        return Votes(neuron + self.first, *rest)


@kernel
def replay(X, rows, corrections, neuron, current, before):
    """Go from correction to correction of a neuron, and keep the weights and the bias as each found them."""
    (change, change_of_bias), (W, b), (weights, bias) = corrections, current, before
    for k in range(rows.size):
        for j in range(W.shape[1]):
            weights[k, j] = W[neuron, j]
        bias[k] = b[neuron]
        add(X, rows[k], W.dtype.type(change[k]), W, neuron)
        b[neuron] += b.dtype.type(change_of_bias[k])


def empty_like_rows(current, n):
    """Uninitialised weights (n, R) and biases (n,) of the types of those."""
    weights, bias = current
    return np.empty((n, weights.shape[1]), weights.dtype), np.empty(n, bias.dtype)


class Pocket(Last):
    """The best weights seen: Gallant's (1990, IEEE Trans Neural Netw 1:179) pocket algorithm with ratchet.

    Weights that outlive the ones in the pocket are tried on all rows, and replace them if they get more rows right; so
    the pocket never gets worse.  The weights at the start are in it first.
    """

    name = "pocket"
    observes = True
    needs_all_rows = True

    def __init__(self, weights, bias, first, count_correct):
        super().__init__(weights, bias, first, count_correct)
        self.count_correct = count_correct
        self.current = weights.copy(), bias.copy()
        self.weights, self.bias = weights.copy(), bias.copy()
        self.run, self.longest = np.zeros(bias.shape, np.int64), np.zeros(bias.shape, np.int64)
        self.pocketed = np.ones(bias.shape, bool)  # what is current is in the pocket
        self.best = np.full(bias.shape, -1.0)

    def observe(self, samples, log, active):
        """Follow the log of a chunk."""
        before = empty_like_rows(self.current, 1)
        for neuron in active:
            last = -1
            for place in np.flatnonzero(log.bias[:, neuron]):
                self._survive(neuron, place - last - 1)
                at = slice(place, place + 1)
                corrections = log.change[at, neuron].copy(), log.bias[at, neuron].copy()
                replay(samples.X, samples.order[at], corrections, neuron, self.current, before)
                self.run[neuron], self.pocketed[neuron], last = 0, False, place
            self._survive(neuron, samples.order.size - last - 1)

    def _correct(self, neuron, weights, bias):
        return self.count_correct(self.first + neuron, weights[neuron : neuron + 1], bias[neuron : neuron + 1])

    def _survive(self, neuron, presentations):
        before = self.run[neuron]
        self.run[neuron] += presentations
        if not self.pocketed[neuron] and before <= self.longest[neuron] < self.run[neuron]:
            if self.best[neuron] < 0:
                self.best[neuron] = self._correct(neuron, self.weights, self.bias)
            correct = self._correct(neuron, *self.current)
            if correct > self.best[neuron]:
                self.weights[neuron], self.bias[neuron] = (array[neuron] for array in self.current)
                self.best[neuron], self.pocketed[neuron] = correct, True
        if self.pocketed[neuron]:
            self.longest[neuron] = self.run[neuron]

    def result(self, weights, bias):
        """The pocket."""
        return self.weights, self.bias


SELECTIONS = {selection.name: selection for selection in (Last, Average, Pocket, Vote)}
