"""The training loop: epochs over chunks of rows, the neurons of a layer split over threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from .._kernel import threads as _threads
from . import dense, readahead, sparse
from .convergence import Cycle
from .data import RowChunk, Rows, row_of
from .dots import Sparse, aligned, shape_of_this_machine, tile_of
from .net_input import of_samples
from .selection import Votes
from .update import Layer, Log, PresentedRows

CACHE = 262_144  # bytes of weights to go through the rows with at a time: half a second-level cache
WORTH_A_THREAD = 4_000_000  # products: below, starting a thread costs more than it saves


class Unit:
    """Some neurons of a layer in training, all on one thread."""

    def __init__(
        self, rule: Any, weights: np.ndarray, bias: np.ndarray, first: int, selection: Any, cycles: bool
    ) -> None:
        self.rule = rule
        self.first = first  # what the first of these neurons is called in the layer
        self.S, self.inputs = weights.shape
        self.aligned, self.bias = aligned(weights), bias.copy()
        self.weights = self.aligned[:, : self.inputs]
        self.selection = selection
        self.active = np.arange(self.S)
        self.columns: list[tuple[Any, Any]] = [(None, None)] * 2  # of targets and weights: what came, and the own of it
        self.packed: np.ndarray | None = None
        self.epochs: list[Log] = []
        self.log = self._new_log()
        self.cycle = Cycle(self.S) if cycles else None
        self.shape = shape_of_this_machine()
        self.net = np.empty((len(tile_of(self.shape).rows), self.S), weights.dtype)

    def _new_log(self) -> Log:
        nothing = np.empty((0, 0))
        return Log(np.zeros(self.S, np.int64), np.zeros(self.S, np.int64), np.zeros(self.S), nothing, nothing)

    def present(self, chunk: RowChunk) -> None:
        """Present the rows of a chunk."""
        X, T, weight, order = chunk.samples
        samples = PresentedRows(X, self._mine(0, T), self._mine(1, weight), order)
        log = self.log
        if self.selection.observes:
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
                layer = Layer(self.aligned, self.bias, self.active[first : first + many])
                stopped = dense.present(self.rule, samples, layer, log, self.shape, self.net)
                failed = stopped if failed < 0 else min(failed, stopped) if stopped >= 0 else failed
        if failed >= 0:
            raise NonFinite(int(chunk.rows[failed]), row_of(X, order[failed], self.inputs))
        if self.selection.observes:
            self.selection.observe(samples, log, self.active)

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
        """Put the log of the epoch away; a neuron that needed no correction is done."""
        self.active = np.flatnonzero(self.log.corrections)
        self.epochs.append(self.log)
        self.log = self._new_log()
        if self.cycle and self.active.size:
            if self.packed is None:
                self.cycle.look(self.weights, self.bias, self.active, lambda W: W)
            else:
                self.cycle.look(self.packed, self.bias, self.active, lambda W: sparse.unpacked(W, self.S))

    def run(self, chunks: Iterator[RowChunk], tick: Callable[[int], None]) -> Iterator[None]:
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
    """A net input or a correction that is not finite, and the row, whose values are given."""

    def __init__(self, row: int, values: np.ndarray) -> None:
        self.row = row
        self.values = values


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
    selection: Any,
    threads: int,
    tick: Callable[[int], None],
) -> Result:
    """Train a layer on `source`: `Rows`, or the chunks of a stream; its weights and bias are left as they were.

    `selection` is one of `selection.SELECTIONS`; `tick` is called with each number of presentations done.
    """
    S = len(bias)
    rows = isinstance(source, Rows)
    if rows:  # what is not resident starts threads for every chunk: 53 instead of 27 ms for 60,000 rows
        started_for = len(source.T) if source.resident else min(len(source.T), source.size)
        if started_for * S * source.inputs < WORTH_A_THREAD:
            threads = 1
    threads = min(threads, S)
    cycles = rows and source.seed is None
    units = []
    for low, high in itertools.pairwise(S * k // threads for k in range(threads + 1)):
        selected = selection(weights[low:high], bias[low:high], low, _counter(source) if rows else None)
        units.append(Unit(rule, weights[low:high], bias[low:high], low, selected, cycles))
    if rows and source.resident:  # each thread runs on its own
        with _prefetched(source) as chunks:
            _threads.spread(lambda unit: unit.run(chunks(), tick), units, threads)
    else:  # all threads share each chunk, so that it is read and converted once
        for chunk in _lookahead(source.chunks()) if rows else source:
            if not any(unit.active.size for unit in units):
                break
            _threads.spread(lambda unit, chunk=chunk: unit.run(iter([chunk]), tick), units, threads)
    return _collect(units)


def _counter(rows: Rows) -> Callable[[int, np.ndarray, np.ndarray], float]:
    """A function that says how many rows weights (1, R) and a bias (1,) get right as a given neuron."""

    def count_correct(neuron: int, weights: np.ndarray, bias: np.ndarray) -> float:
        correct = 0.0
        for samples in rows.once():
            right = (of_samples(samples, weights, bias)[:, 0] >= 0) == (samples.T[:, neuron] > 0)
            weight = samples.weight[:, neuron if samples.weight.shape[1] > 1 else 0]
            correct += weight[right].sum() if len(weight) == len(right) else weight[0] * np.count_nonzero(right)
        return correct

    return count_correct


def _lookahead(chunks: Iterator[RowChunk]) -> Iterator[RowChunk]:
    """The chunks, the next one being read and converted on a thread of its own while this one is worked on."""
    with ThreadPoolExecutor(1, "fastneuron-reader") as reader:
        following = reader.submit(next, chunks, None)
        while (chunk := following.result()) is not None:
            following = reader.submit(next, chunks, None)
            yield chunk


@contextmanager
def _prefetched(rows: Rows) -> Iterator[Callable[[], Iterator[RowChunk]]]:
    """``rows.chunks``; those of a file are read ahead of the first thread that asks for them."""
    if not rows.mapped:
        yield rows.chunks
        return
    with readahead.ahead(rows.X, (chunk.rows for chunk in rows.chunks())) as reach:

        def chunks() -> Iterator[RowChunk]:
            for number, chunk in enumerate(rows.chunks()):
                reach(number)
                yield chunk

        yield chunks


def _collect(units: list[Unit]) -> Result:
    """The result of all units; a FloatingPointError where the weights have overflowed."""
    for unit in units:
        unit.unpack()
    selected = [unit.selection.result(unit.weights, unit.bias) for unit in units]
    weights, bias = (np.concatenate(arrays) for arrays in zip(*selected, strict=True))
    last = np.concatenate([unit.weights for unit in units]), np.concatenate([unit.bias for unit in units])
    if not all(np.isfinite(array).all() for array in (weights, bias, *last)):
        raise FloatingPointError("the weights overflow: scale X, or slow down")
    votes = [unit.selection.votes() for unit in units]
    converged = [np.isin(np.arange(unit.S), unit.active, invert=True) for unit in units]
    cycled = [unit.cycle.found if unit.cycle else np.zeros(unit.S, bool) for unit in units]
    return Result(
        weights=weights,
        bias=bias,
        votes=None if votes[0] is None else Votes(*(np.concatenate(arrays) for arrays in zip(*votes, strict=True))),
        corrections=_table(units, "corrections"),
        mistakes=_table(units, "mistakes"),
        squared_error=_table(units, "squared_error"),
        converged=np.concatenate(converged),
        cycled=np.concatenate(cycled),
        last=last,
    )


def _table(units: list[Unit], field: str) -> np.ndarray:
    """A field of the logs, (epochs, S); a unit that ended before others has zeros."""
    epochs = max(len(unit.epochs) for unit in units)
    columns = []
    for unit in units:
        logged = [getattr(log, field) for log in unit.epochs]
        column = np.zeros((epochs, unit.S), logged[0].dtype if logged else float)
        column[: len(logged)] = logged
        columns.append(column)
    return np.concatenate(columns, axis=1)
