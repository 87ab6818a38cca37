"""The nearer, the more probable."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ... import _check
from ..._kernel.jit import kernel
from ..._kernel.random import network_words
from .rows import Rows, room_for
from .rule import Rule
from .wiring import CONNECT, DELAY, WEIGHT, Ends, Synapse, set_value

PAIRS = 500_000  # whose distances are in memory at once


class Positions(NamedTuple):
    """In ascending order of the neurons, (members, dimensions); a period is infinite where space does not repeat."""

    pre: np.ndarray
    post: np.ndarray
    periods: np.ndarray


@kernel
def choose(seed, number, probability, pre, post, autapses, chosen):
    """Whether each pair is connected; returns how many are."""
    found = 0
    for i in range(pre.size):
        for j in range(post.size):
            words = network_words(seed, CONNECT, number, post[j] >> 2, 0, pre[i])
            k = post[j] & 3
            word = words[0] if k == 0 else words[1] if k == 1 else words[2] if k == 2 else words[3]
            yes = (word + 0.5) * 2.0**-32 < probability[i, j] and (autapses or pre[i] != post[j])
            chosen[i, j] = yes
            found += yes
    return found


@kernel
def draw_values(law, wiring, kind, source, target, i, j, out):
    """Weights or delays that are drawn or looked up."""
    for k in range(out.size):
        set_value(law, wiring, kind, Synapse(target[k], 0, source[k], i[k], j[k]), out, k)


class ByDistance(Rule):
    """Each pair is connected on its own, with a probability that is a function of its distance.

    With it, the `weight` and the `delay` of a projection can be functions of the distance too, for example
    ``delay=lambda d: 0.5 + d / speed``.  A function takes an array of distances and returns as many numbers; it is
    called with any number of them, so each must depend on its own distance alone.

    Parameters
    ----------
    probability : callable
        From 0 to 1, of distances in the unit of the positions.
    positions : (pre,) or (pre, dimensions) array_like
        Of the sources.
    post_positions : (post,) or (post, dimensions) array_like, optional
        Of the targets; by default the same.
    periods : float or (dimensions,) array_like, optional
        Space repeats itself after so much: a ring or a torus; infinite in dimensions where it does not.

    Examples
    --------
    >>> import fastneuron as fn
    >>> rule = fn.ByDistance(lambda d: np.exp(-d / 50.0), np.arange(1000.0), periods=1000.0)
    """

    def __init__(
        self,
        probability: Callable[[np.ndarray], npt.ArrayLike],
        positions: npt.ArrayLike,
        post_positions: npt.ArrayLike | None = None,
        periods: npt.ArrayLike | None = None,
    ) -> None:
        if not callable(probability):
            raise TypeError(f"probability must be a function of distances; got {_check.shown(probability)}")
        self.probability_at = probability
        self.positions = _positions("positions", positions)
        self.post_positions = self.positions if post_positions is None else _positions("post_positions", post_positions)
        dimensions = self.positions.shape[1]
        if self.post_positions.shape[1] != dimensions:
            raise ValueError(
                f"post_positions must have as many dimensions as positions, {dimensions}; "
                f"got {self.post_positions.shape[1]}"
            )
        given = _check.numbers("periods", np.inf if periods is None else periods, finite=False)
        _check.satisfies("periods", given, lambda x: x > 0, "positive")
        if given.size not in (1, dimensions):
            raise ValueError(f"periods must be one or one per dimension, {dimensions}; got {given.size}")
        self.periods = np.broadcast_to(given, dimensions)

    def check(self, ends: Ends, autapses: bool, multapses: bool) -> None:
        """A position for each neuron."""
        for name, n in (("positions", ends.pre.size), ("post_positions", ends.post.size)):
            given = len(getattr(self, name))
            if given != n:
                raise ValueError(f"{name} has {given} values, but there are {n} neurons at that end")

    def mean_synapses(self, ends: Ends, autapses: bool) -> float:
        """Summed over all pairs."""
        places = self._places(ends)
        total = 0.0
        for begin, end in self._batches(ends.pre.size, ends.post.size):
            probability = self._probability(self._distances(places, begin, end, slice(None)))
            if ends.same and not autapses:
                probability[ends.pre[begin:end, np.newaxis] == ends.post] = 0
            total += probability.sum()
        return float(total)

    def probability(self, ends: Ends) -> float:
        """Of no use: all pairs are looked at."""
        return 1.0

    def compiled(self, plan: Any) -> Positions:
        """The positions in ascending order of the neurons."""
        return self._places(plan.ends)

    def extremes(self, ends: Ends, function: Callable[[np.ndarray], npt.ArrayLike]) -> tuple[float, float]:
        """The least and the largest value of a function at the distances of all pairs."""
        places = self._places(ends)
        found = []
        for begin, end in self._batches(ends.pre.size, ends.post.size):
            values = _worked_out("delay", function, self._distances(places, begin, end, slice(None)))
            found += [values.min(), values.max()]
        return float(min(found)), float(max(found))

    def make(self, plan: Any, low: int, high: int) -> Generator[None, None, Rows]:
        """All pairs of the range, some sources at a time."""
        ends, wiring = plan.ends, plan.wiring
        first, last = np.searchsorted(ends.post, [low, high])
        post = ends.post[first:last]
        counts = np.zeros(ends.n_pre + 1, np.int64)
        pieces = []
        for begin, end in self._batches(ends.pre.size, max(post.size, 1)):
            pre = ends.pre[begin:end]
            distance = self._distances(wiring.rule, begin, end, slice(first, last))
            chosen = np.empty(distance.shape, np.bool_)
            autapses = plan.projection.autapses or not ends.same
            choose(plan.seed, plan.number, self._probability(distance), pre, post, autapses, chosen)
            i, j = np.nonzero(chosen)
            counts[pre + 1] = chosen.sum(axis=1)
            pieces.append((post[j] - low, *self._values(plan, distance[i, j], begin + i, first + j)))
            yield
        rows = room_for(plan, np.cumsum(counts, out=counts), high - low)
        for out, *parts in zip(rows[1:], *pieces, strict=True):
            if out is not None:
                np.concatenate(parts, out=out, casting="unsafe")
        return rows

    def _values(self, plan: Any, distance: np.ndarray, i: np.ndarray, j: np.ndarray) -> list[np.ndarray | None]:
        """Weights and delays of pairs of these ranks."""
        found: list[np.ndarray | None] = []
        for name, kind in (("weight", WEIGHT), ("delay", DELAY)):
            given, dtype = getattr(plan.projection, name), getattr(plan, f"{name}_type")
            if callable(given):
                found.append(_worked_out(name, given, distance))
            elif dtype is None:
                found.append(None)
            else:
                out = np.empty(distance.size, dtype)
                draw_values(
                    getattr(plan.wiring, name), plan.wiring, kind, plan.ends.pre[i], plan.ends.post[j], i, j, out
                )
                found.append(out)
        return found

    def _places(self, ends: Ends) -> Positions:
        return Positions(self.positions[ends.pre_order], self.post_positions[ends.post_order], self.periods)

    def _batches(self, pre: int, post: int) -> list[tuple[int, int]]:
        size = max(PAIRS // post, 1)
        return [(begin, min(begin + size, pre)) for begin in range(0, pre, size)]

    def _distances(self, places: Positions, begin: int, end: int, post: slice) -> np.ndarray:
        """(end - begin, post): the shortest way round where space repeats itself."""
        square = np.zeros((end - begin, places.post[post].shape[0]))
        for here, there, period in zip(places.pre[begin:end].T, places.post[post].T, places.periods, strict=True):
            apart = np.abs(here[:, np.newaxis] - there)
            if np.isfinite(period):
                apart %= period
                apart = np.minimum(apart, period - apart)
            square += apart * apart
        return np.sqrt(square)

    def _probability(self, distance: np.ndarray) -> np.ndarray:
        found = _worked_out("probability", self.probability_at, distance)
        if distance.size and not (found.min() >= 0 and found.max() <= 1):
            bad = np.flatnonzero(~((found >= 0) & (found <= 1)).ravel())[0]
            raise ValueError(
                f"probability must be from 0 to 1; got {found.ravel()[bad]} at the distance {distance.ravel()[bad]:g}"
            )
        return found


def _positions(name: str, value: npt.ArrayLike) -> np.ndarray:
    array = _check.numbers(name, value, dimensions=2)
    return array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)


def _worked_out(name: str, function: Callable[[np.ndarray], npt.ArrayLike], distance: np.ndarray) -> np.ndarray:
    """The values of a function at distances, one each, all finite."""
    found = np.asarray(function(distance))
    if found.dtype.kind not in "fiub" or found.shape not in ((), distance.shape):
        raise TypeError(
            f"the function {name} must return one number per distance; "
            f"got an array of {found.dtype} and shape {found.shape} for distances of shape {distance.shape}"
        )
    found = np.array(np.broadcast_to(found, distance.shape), np.float64)
    if not np.isfinite(found).all():
        bad = np.flatnonzero(~np.isfinite(found).ravel())[0]
        raise ValueError(f"{name} must be finite; got {found.ravel()[bad]} at the distance {distance.ravel()[bad]:g}")
    return found
