"""Degrees: how many synapses a neuron has, one number for all or one each."""

from __future__ import annotations

import numpy as np

from ... import _check
from .rule import Ends


def checked(value: object) -> int | np.ndarray:
    """One degree, or one per neuron."""
    if np.ndim(value) == 0:  # type: ignore[arg-type]
        return _check.whole("degree", value, 0)
    array = _check.numbers("degree", value)
    _check.satisfies("degree", array, lambda x: (x >= 0) & (x == np.floor(x)), "a whole number of at least 0")
    return array.astype(np.int64)


def excluded(ends: Ends, autapses: bool) -> int:
    """How many of the others a neuron must leave out: itself, or nobody."""
    return int(not autapses and ends.same and np.intersect1d(ends.pre, ends.post, assume_unique=True).size > 0)


def check(degree: int | np.ndarray, own: int, others: int, multapses: bool, whose: str, among: str) -> None:
    """ValueError where degrees are not one for each of `own`, or `others` are too few for them."""
    if np.ndim(degree) and np.size(degree) != own:
        raise ValueError(f"degree has {np.size(degree)} values, but there are {own} {whose}")
    check_room("degree", int(np.max(degree)), others, multapses, among)


def check_room(name: str, wanted: int, others: int, multapses: bool, among: str) -> None:
    """ValueError where so many synapses are wanted among `others` that are too few for them."""
    if multapses and others == 0 < wanted:
        raise ValueError(f"{name} must be 0 where there are no {among}; got {wanted}")
    if not multapses and wanted > others:
        raise ValueError(
            f"{name} must be at most the number of {among}, {others}, where multapses=False; got {wanted}: "
            "with multapses=True there may be several synapses from one neuron to another"
        )


def in_order(degree: int | np.ndarray, order: np.ndarray) -> np.ndarray:
    """The degrees of neurons in ascending order, or the one degree of all, as an array."""
    return np.atleast_1d(np.asarray(degree, np.int64))[order if np.ndim(degree) else slice(None)]
