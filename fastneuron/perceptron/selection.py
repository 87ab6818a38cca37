"""What to keep of a training run other than the last weights: their average, the best ones, or all of them with a vote.

A keeper only watches: after each chunk it is shown the rows and the log of what was corrected, and follows the weights
from there.  So the kernels that train know nothing of it, and train to the same bits.
"""

from typing import NamedTuple

import numpy as np

from .._kernel.jit import bare_kernel
from .dots import add


class Votes(NamedTuple):
    """The voters of a layer: neuron[v], its weights (R,) and bias, and count[v], the presentations it survived."""

    neuron: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    count: np.ndarray


class Last:
    """Nothing but what training ends with."""

    watches = False

    def __init__(self, weights, bias, first):
        pass

    def result(self, weights, bias):
        return weights, bias


class Average:
    """The mean of the weights over all presentations (Freund & Schapire 1999, Mach Learn 37:277).

    With d_k the correction at presentation k of N, that is the last weights less sum_k k d_k / N: only mistakes cost.
    """

    watches = True

    def __init__(self, weights, bias, first):
        self.total = np.zeros(weights.shape)
        self.total_bias = np.zeros(bias.shape)
        self.seen = np.zeros(bias.shape, np.int64)

    def watch(self, samples, log, active):
        weigh(samples.X, samples.order, log.change, log.bias, active, self.seen, self.total, self.total_bias)
        self.seen[active] += samples.order.size

    def result(self, weights, bias):
        n = np.maximum(self.seen, 1)
        mean = weights - self.total / n[:, None]
        return mean.astype(weights.dtype), (bias - self.total_bias / n).astype(bias.dtype)


@bare_kernel
def weigh(X, order, change, bias, active, seen, total, total_bias):
    """Add presentation number times correction."""
    for place in range(order.size):
        for a in range(active.size):
            neuron = active[a]
            if bias[place, neuron] != 0:
                k = np.float64(seen[neuron] + place)
                add(total, neuron, k * change[place, neuron], X, order[place])
                total_bias[neuron] += k * bias[place, neuron]


class Voted:
    """Every weight vector there was, with the number of presentations it survived (Freund & Schapire 1999)."""

    watches = True

    def __init__(self, weights, bias, first):
        self.current, self.current_bias = weights.copy(), bias.copy()
        self.first = first  # what the first of these neurons is called in the layer
        self.count = np.zeros(bias.shape, np.int64)
        self.parts = []

    def watch(self, samples, log, active):
        for neuron in active:
            places = np.flatnonzero(log.bias[:, neuron])
            retired = np.empty((places.size, self.current.shape[1]), self.current.dtype)
            retired_bias = np.empty(places.size, self.current.dtype)
            retire(samples.X, samples.order[places], log.change[places, neuron], log.bias[places, neuron],
                   neuron, self.current, self.current_bias, retired, retired_bias)  # fmt: skip
            ends = np.append(places, samples.order.size)
            counts = np.diff(ends, prepend=0)
            counts[0] += self.count[neuron]
            self.count[neuron] = counts[-1]
            self._put(neuron, retired, retired_bias, counts[:-1])

    def _put(self, neuron, weights, bias, count):
        survived = count > 0
        self.parts.append(Votes(np.full(survived.sum(), neuron), weights[survived], bias[survived], count[survived]))

    def votes(self):
        """All the voters of these neurons, in order of the neurons."""
        for neuron in range(self.count.size):
            self._put(neuron, self.current[[neuron]], self.current_bias[[neuron]], self.count[[neuron]])
        joined = Votes(*(np.concatenate(parts) for parts in zip(*self.parts, strict=True)))
        by_neuron = np.argsort(joined.neuron, kind="stable")
        neuron, *rest = (part[by_neuron] for part in joined)
        return Votes(neuron + self.first, *rest)

    def result(self, weights, bias):
        return weights, bias


@bare_kernel
def retire(X, rows, change, bias, neuron, W, b, retired, retired_bias):
    """Go from correction to correction, keeping the weights as each found them."""
    for k in range(rows.size):
        for j in range(W.shape[1]):
            retired[k, j] = W[neuron, j]
        retired_bias[k] = b[neuron]
        add(W, neuron, W.dtype.type(change[k]), X, rows[k])
        b[neuron] += b.dtype.type(bias[k])


class Pocket:
    """The best weights seen: Gallant's (1990, IEEE Trans Neural Netw 1:179) pocket algorithm with ratchet.

    What outlives the one in the pocket is tried on all rows, and replaces it if it gets more of them right; so the
    pocket never gets worse.  The weights at the start are in it first.  `count_right` (neuron of the layer, weights,
    bias) is the judge.
    """

    watches = True

    def __init__(self, weights, bias, first, count_right):
        self.first, self.count_right = first, count_right
        self.current, self.current_bias = weights.copy(), bias.copy()
        self.weights, self.bias = weights.copy(), bias.copy()
        self.run, self.longest = np.zeros(bias.shape, np.int64), np.zeros(bias.shape, np.int64)
        self.pocketed = np.ones(bias.shape, bool)  # what is current is in the pocket
        self.best = np.full(bias.shape, -1)

    def watch(self, samples, log, active):
        for neuron in active:
            last = -1
            room, room_bias = np.empty((1, self.current.shape[1]), self.current.dtype), np.empty(1, self.current.dtype)
            for place in np.flatnonzero(log.bias[:, neuron]):
                self._survive(neuron, place - last - 1)
                at = slice(place, place + 1)
                retire(samples.X, samples.order[at], log.change[at, neuron].copy(), log.bias[at, neuron].copy(),
                       neuron, self.current, self.current_bias, room, room_bias)  # fmt: skip
                self.run[neuron], self.pocketed[neuron], last = 0, False, place
            self._survive(neuron, samples.order.size - last - 1)

    def _right(self, neuron, weights, bias):
        return self.count_right(self.first + neuron, weights[neuron : neuron + 1], bias[neuron : neuron + 1])

    def _survive(self, neuron, presentations):
        before = self.run[neuron]
        self.run[neuron] += presentations
        if not self.pocketed[neuron] and before <= self.longest[neuron] < self.run[neuron]:
            if self.best[neuron] < 0:
                self.best[neuron] = self._right(neuron, self.weights, self.bias)
            right = self._right(neuron, self.current, self.current_bias)
            if right > self.best[neuron]:
                self.weights[neuron], self.bias[neuron] = self.current[neuron], self.current_bias[neuron]
                self.best[neuron], self.pocketed[neuron] = right, True
        if self.pocketed[neuron]:
            self.longest[neuron] = self.run[neuron]

    def result(self, weights, bias):
        return self.weights, self.bias
