"""The synapses of a range of targets, in rows by source, and how they are made."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..._kernel.jit import inline, kernel
from .wiring import SLACK, Scratch, copy, make_row

CALL = 2_000_000  # synapses per kernel call: 10 to 40 ms, so that Ctrl-C is prompt


class Rows(NamedTuple):
    """The synapses of one projection on targets low to high.

    Those of the source i, its number in the whole population, are ``indptr[i]`` to ``indptr[i + 1]``: in ascending
    order of delay where delays differ; and else, for all rules but fixed out-degrees and totals, of target.
    """

    indptr: np.ndarray  # (pre + 1,) int64
    target: np.ndarray  # uint16 or uint32, less low
    weight: np.ndarray | None  # None: one for all
    delay: np.ndarray | None


def spans(first: int, last: int, size: int) -> Iterator[tuple[int, int]]:
    """first to last in pieces of `size`."""
    for begin in range(first, last, size):
        yield begin, min(begin + size, last)


def room_for(plan: Any, indptr: np.ndarray, width: int) -> Rows:
    """Rows to be filled, of targets below `width`."""
    return Rows(
        indptr,
        np.empty(indptr[-1], np.uint16 if width <= 2**16 else np.uint32),
        None if plan.weight_type is None else np.empty(indptr[-1], plan.weight_type),
        None if plan.delay_type is None else np.empty(indptr[-1], plan.delay_type),
    )


def scratch(plan: Any, low: int, high: int) -> Scratch:
    """Room for the longest row of a range of targets, and what its making writes beyond."""
    chunk = plan.chunk
    members = np.diff(np.searchsorted(plan.ends.post, [low // chunk * chunk, -(-high // chunk) * chunk]))[0]
    room = plan.rule.longest_row(plan.wiring.rule, int(members)) + SLACK
    return Scratch(
        np.empty(room, np.int64),
        None if plan.weight_type is None else np.empty(room, plan.weight_type),
        None if plan.delay_type is None else np.empty(room, plan.delay_type),
        np.zeros(plan.rule.marks(plan), np.uint8),
        np.empty(plan.rule.bits(plan), np.int64),
        np.zeros((1, 1 + plan.rule.chunks_split(plan)), np.int32),
        np.zeros(1, np.int64),
        counting=False,
    )


@kernel
def make_rows(wiring, low, high, first, last, scratch, rows):
    """Count the synapses of the sources first to last, one place ahead in the indptr, or lay them down."""
    for source in range(first, last):
        count = make_row(wiring, source, low, high, scratch)
        if scratch.counting:
            rows.indptr[source + 1] = count
        else:
            begin = rows.indptr[source]
            copy(scratch.target, 0, count, rows.target, begin)
            copy(scratch.weight, 0, count, rows.weight, begin)
            copy(scratch.delay, 0, count, rows.delay, begin)


def by_source(plan: Any, low: int, high: int) -> Generator[None, None, Rows]:
    """The rows of a range by a rule whose rows are compiled: each is made twice, to count and to lay down."""
    room, n = scratch(plan, low, high), plan.ends.n_pre
    per_source = max(int(plan.mean_synapses * (high - low) / (plan.ends.n_post * len(plan.ends.pre))), 1)
    sources = max(CALL // per_source, 1)
    rows = room_for(plan, np.zeros(n + 1, np.int64), high - low)
    for begin, end in spans(0, n, sources):
        make_rows(plan.wiring, low, high, begin, end, room._replace(counting=True), rows)
        yield
    rows = room_for(plan, np.cumsum(rows.indptr), high - low)
    for begin, end in spans(0, n, sources):
        make_rows(plan.wiring, low, high, begin, end, room, rows)
        yield
    return rows


@kernel
def sort_by_delay(rows, first, last, order, other, values):
    """Order the synapses of each source by their delays, by merging; equal ones stay in their order."""
    for source in range(first, last):
        begin = rows.indptr[source]
        count = rows.indptr[source + 1] - begin
        for k in range(count):
            order[k] = k
        width = 1
        while width < count:
            for low in range(0, count, 2 * width):
                merge(rows.delay, begin, low, min(low + width, count), min(low + 2 * width, count), order, other)
            for k in range(count):
                order[k] = other[k]
            width *= 2
        rearrange(rows.delay, begin, count, order, values)
        rearrange(rows.weight, begin, count, order, values)
        for k in range(count):
            other[k] = rows.target[begin + order[k]]
        copy(other, 0, count, rows.target, begin)


@inline
def merge(key, begin, low, middle, high, order, out):
    """Two ordered parts to one."""
    i, j = low, middle
    for k in range(low, high):
        if i < middle and (j >= high or key[begin + order[i]] <= key[begin + order[j]]):
            out[k] = order[i]
            i += 1
        else:
            out[k] = order[j]
            j += 1


@inline
def rearrange(values, begin, count, order, room):
    """Values in another order, if there are any."""
    if values is not None:
        for k in range(count):
            room[k] = values[begin + order[k]]
        copy(room, 0, count, values, begin)


def ordered(rows: Rows) -> Generator[None, None, Rows]:
    """The rows with their synapses in order of delay."""
    if rows.delay is not None:
        n = rows.indptr.size - 1
        longest = int(np.diff(rows.indptr).max())
        order, other, values = np.empty(longest, np.int64), np.empty(longest, np.int64), np.empty(longest)
        for begin, end in spans(0, n, max(int(CALL // 4 * n / max(rows.target.size, 1)), 1)):
            sort_by_delay(rows, begin, end, order, other, values)
            yield
    return rows
