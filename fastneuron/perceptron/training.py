"""The training loop: epochs over chunks of rows, the neurons of a layer split over threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .._kernel import threads as _threads
from . import dense, readahead, sparse
from .dots import Sparse, aligned, readable, shape_of_this_machine, tile_of
from .selection import Voted, Votes
from .update import Layer, Log, Samples

CALL = 200_000_000  # products per kernel call: about 20 ms, so that Ctrl-C and progress are prompt
COPY = 8_000_000  # bytes of rows to convert at once
CACHE = 262_144  # bytes of weights to go through the rows with at a time: half a second-level cache
WORTH_A_THREAD = 4_000_000  # products: below, starting a thread costs more than it saves


class Chunk(NamedTuple):
    """Some rows of an epoch."""

    samples: Samples
    rows: np.ndarray  # what they are called outside: samples.order[k] is row rows[k]
    last: bool  # of its epoch


@dataclass(frozen=True, eq=False)
class Rows:
    """All the rows, in memory or mapped from disk; gives the chunks of every epoch, the same each time it is asked."""

    X: Any  # (n, R) ndarray of any type and layout, or Sparse
    T: np.ndarray  # (n, S)
    share: np.ndarray
    inputs: int
    dtype: np.dtype
    epochs: int
    seed: Any = None  # None: in order

    @property
    def resident(self) -> bool:
        """Whether a kernel can read X as it stands."""
        return isinstance(self.X, Sparse) or readable(self.X, self.dtype)

    @property
    def mapped(self) -> bool:
        """Whether a kernel that reads X reads a file."""
        return self.resident and readahead.mapped(self.X)

    @property
    def size(self) -> int:
        """Rows of a chunk."""
        room = CALL // max(1, self.T.shape[1] * self.inputs)
        if not self.resident:
            room = min(room, COPY // (self.inputs * self.dtype.itemsize))
        elif self.mapped:
            room = min(room, readahead.PART // (self.inputs * self.X.itemsize))
        return max(room, 96)

    def chunks(self) -> Iterator[Chunk]:
        n, size = len(self.T), self.size
        random = None if self.seed is None else np.random.default_rng(self.seed)
        for _ in range(self.epochs):
            order = np.arange(n) if random is None else random.permutation(n)
            for start in range(0, n, size):
                part = order[start : start + size]
                yield Chunk(self._samples(part, random is None), part, start + size >= n)

    def once(self) -> Iterator[Samples]:
        """All the rows, in order, each exactly once."""
        n = len(self.T)
        size = n if self.resident and not self.mapped else self.size
        for start in range(0, n, size):
            yield self._taken(slice(start, start + size))

    def _samples(self, part: np.ndarray, in_order: bool) -> Samples:
        if self.resident:
            return Samples(self.X, self.T, self.share, part)
        return self._taken(slice(part[0], part[-1] + 1) if in_order else part)

    def _taken(self, where: Any) -> Samples:
        X = self.X if isinstance(self.X, Sparse) else self.X[where]
        X = X if self.resident else np.ascontiguousarray(X, self.dtype)
        T, share = self.T[where], self.share[where] if len(self.share) > 1 else self.share
        return Samples(X, np.ascontiguousarray(T), np.ascontiguousarray(share), np.arange(len(T)))


class Unit:
    """Some neurons of a layer in training, all on one thread."""

    def __init__(self, rule: Any, weights: np.ndarray, bias: np.ndarray, first: int, keeper: Any, cycles: bool) -> None:
        self.rule = rule
        self.first = first
        self.S, self.inputs = weights.shape
        self.room, self.bias = aligned(weights), bias.copy()
        self.weights = self.room[:, : self.inputs]
        self.keeper = keeper(weights, bias, first)
        self.active = np.arange(self.S)
        self.columns: list[tuple[Any, Any]] = [(None, None)] * 2  # of targets and shares: what came, and the own of it
        self.packed: np.ndarray | None = None
        self.epochs: list[Log] = []
        self.log = self._new_log()
        self.cycle = Cycle(self.S) if cycles else None
        self.shape = shape_of_this_machine()
        self.net = np.empty((len(tile_of(self.shape).rows), self.S), weights.dtype)

    def _new_log(self) -> Log:
        nothing = np.empty((0, 0))
        return Log(np.zeros(self.S, np.int64), np.zeros(self.S, np.int64), np.zeros(self.S), nothing, nothing)

    def present(self, chunk: Chunk) -> None:
        """Present the rows of a chunk."""
        X, T, share, order = chunk.samples
        samples = Samples(X, self._mine(0, T), self._mine(1, share), order)
        log = self.log
        if self.keeper.watches:
            log = log._replace(change=np.zeros((order.size, self.S)), bias=np.zeros((order.size, self.S)))
        if isinstance(X, Sparse):
            if self.packed is None:
                self.packed = sparse.packed(self.weights)
            layer = Layer(self.packed, self.bias, self.active)
            failed = sparse.present(self.rule, samples, layer, log, self.inputs)
        else:
            self.unpack()
            failed = -1
            together = len(tile_of(self.shape).neurons)
            many = max(CACHE // (self.inputs * self.weights.itemsize) // together, 1) * together
            for first in range(0, self.active.size, many):
                layer = Layer(self.room, self.bias, self.active[first : first + many])
                stopped = dense.present(self.rule, samples, layer, log, self.shape, self.net)
                failed = stopped if failed < 0 else min(failed, stopped) if stopped >= 0 else failed
        if failed >= 0:
            raise NonFinite(int(chunk.rows[failed]), row_of(X, order[failed], self.inputs))
        if self.keeper.watches:
            self.keeper.watch(samples, log, self.active)

    def _mine(self, which: int, columns: np.ndarray) -> np.ndarray:
        """The columns of these neurons: made anew only where `columns` are not those of the chunk before."""
        if columns is not self.columns[which][0]:
            some = columns[:, self.first : self.first + self.S] if columns.shape[1] > 1 else columns
            self.columns[which] = columns, np.ascontiguousarray(some)
        return self.columns[which][1]

    def unpack(self) -> None:
        """Bring `weights` up to date."""
        if self.packed is not None:
            self.weights[:] = sparse.unpacked(self.packed, self.S)
            self.packed = None

    def end_epoch(self) -> None:
        """Close the books; a neuron that needed no correction is done."""
        self.active = np.flatnonzero(self.log.corrections)
        self.epochs.append(self.log)
        self.log = self._new_log()
        if self.cycle and self.active.size:
            packed = self.packed is not None
            plain = (lambda W: sparse.unpacked(W, self.S)) if packed else lambda W: W
            self.cycle.look(self.packed if packed else self.weights, self.bias, self.active, plain)

    def run(self, chunks: Iterator[Chunk], tick: Callable[[int], None]) -> Iterator[None]:
        """Present chunk after chunk, while a neuron needs it."""
        for chunk in chunks:
            if not self.active.size:
                return
            self.present(chunk)
            tick(self.S * len(chunk.samples.order))
            if chunk.last:
                self.end_epoch()
            yield


class NonFinite(Exception):
    """A net input that is not finite, of this row, whose values are given."""

    def __init__(self, row: int, values: np.ndarray) -> None:
        self.row = row
        self.values = values


def row_of(X: Any, row: int, inputs: int) -> np.ndarray:
    """The values (R,) of a row."""
    if not isinstance(X, Sparse):
        return X[row]
    values, stored = np.zeros(inputs, X.data.dtype), slice(X.indptr[row], X.indptr[row + 1])
    values[X.indices[stored]] = X.data[stored]
    return values


class Cycle:
    """Watches for weights that come back after an epoch: the same epoch must then follow for ever (Brent 1980)."""

    def __init__(self, S: int) -> None:
        self.found = np.zeros(S, bool)
        self.epoch, self.mark = 0, 1
        self.seen: tuple[np.ndarray, np.ndarray] | None = None

    def look(self, weights: np.ndarray, bias: np.ndarray, active: np.ndarray, plain: Callable) -> None:
        """The end of an epoch; `plain` brings weights to (S, R)."""
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


class Result(NamedTuple):
    """A trained layer, and what happened."""

    weights: np.ndarray
    bias: np.ndarray
    votes: Votes | None
    corrections: np.ndarray
    mistakes: np.ndarray
    squared_error: np.ndarray
    converged: np.ndarray
    cycled: np.ndarray
    last: tuple[np.ndarray, np.ndarray]  # weights and bias training ended with


def train(
    rule: Any,
    weights: np.ndarray,
    bias: np.ndarray,
    source: Any,
    keeper: Callable,
    threads: int,
    tick: Callable[[int], None],
) -> Result:
    """Train a layer on `source`: `Rows`, or the chunks of a stream; its weights and bias are left as they were."""
    S = len(bias)
    rows = isinstance(source, Rows)
    if rows:  # what is not resident starts threads for every chunk: 53 instead of 27 ms for 60,000 rows
        started_for = len(source.T) if source.resident else min(len(source.T), source.size)
        if started_for * S * source.inputs < WORTH_A_THREAD:
            threads = 1
    threads = min(threads, S)
    edges = [S * k // threads for k in range(threads + 1)]
    cycles = rows and source.seed is None
    units = [
        Unit(rule, weights[low:high], bias[low:high], low, keeper, cycles) for low, high in itertools.pairwise(edges)
    ]
    if rows and source.resident:  # each thread runs on its own
        with _at_hand(source) as chunks:
            _threads.spread(lambda unit: unit.run(chunks(), tick), units, threads)
    else:  # all threads share each chunk, so that it is read and converted once
        for chunk in _read_ahead(source.chunks()) if rows else source:
            if not any(unit.active.size for unit in units):
                break
            _threads.spread(lambda unit, chunk=chunk: unit.run(iter([chunk]), tick), units, threads)
    return _collect(units)


def _read_ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same, the next one being read and converted on a thread of its own while this one is worked on."""
    with ThreadPoolExecutor(1, "fastneuron-reader") as reader:
        coming = reader.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = reader.submit(next, chunks, None)
            yield chunk


@contextmanager
def _at_hand(rows: Rows) -> Iterator[Callable[[], Iterator[Chunk]]]:
    """``rows.chunks``; those of a file are read ahead of the first thread that asks for them."""
    if not rows.mapped:
        yield rows.chunks
        return
    with readahead.ahead(rows.X, (chunk.rows for chunk in rows.chunks())) as reach:

        def chunks() -> Iterator[Chunk]:
            for number, chunk in enumerate(rows.chunks()):
                reach(number)
                yield chunk

        yield chunks


def _collect(units: list[Unit]) -> Result:
    for unit in units:
        unit.unpack()
    epochs = max(len(unit.epochs) for unit in units)

    def table(field: int) -> np.ndarray:
        parts = []
        for unit in units:
            part = np.zeros((epochs, unit.S), unit.epochs[0][field].dtype if unit.epochs else float)
            for epoch, log in enumerate(unit.epochs):
                part[epoch] = log[field]
            parts.append(part)
        return np.concatenate(parts, axis=1)

    kept = [unit.keeper.result(unit.weights, unit.bias) for unit in units]
    votes = None
    if isinstance(units[0].keeper, Voted):
        votes = Votes(*(np.concatenate(p) for p in zip(*(unit.keeper.votes() for unit in units), strict=True)))
    converged = [np.isin(np.arange(unit.S), unit.active, invert=True) for unit in units]
    cycled = [unit.cycle.found if unit.cycle else np.zeros(unit.S, bool) for unit in units]
    return Result(
        weights=np.concatenate([weights for weights, _ in kept]),
        bias=np.concatenate([bias for _, bias in kept]),
        votes=votes,
        corrections=table(0),
        mistakes=table(1),
        squared_error=table(2),
        converged=np.concatenate(converged),
        cycled=np.concatenate(cycled),
        last=(np.concatenate([unit.weights for unit in units]), np.concatenate([unit.bias for unit in units])),
    )
