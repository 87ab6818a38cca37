"""Weights and delays: one for all synapses, arrays, distributions, functions of the distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check
from .connections.by_distance import ByDistance
from .connections.explicit import Explicit
from .connections.one_to_one import OneToOne
from .connections.rule import Rule
from .connections.wiring import Ends, Table
from .distributions import Distribution

Value = float | np.ndarray | Distribution | Callable[[np.ndarray], npt.ArrayLike]


def checked(name: str, given: Any, rule: Rule, ends: Ends) -> Value:
    """`given` as weights or delays of a rule's synapses: a float, an array of one or two dimensions, or itself."""
    if isinstance(given, Distribution):
        return given
    if isinstance(given, type) or (callable(given) and not isinstance(rule, ByDistance)):
        hint = "; a function of the distance is for ByDistance" if not isinstance(given, type) else ""
        raise TypeError(f"{name} must be a number, an array or a distribution; got {_check.shown(given)}{hint}")
    if callable(given):
        return given
    if np.ndim(given) == 0:
        return _check.number(name, given)
    exact = _check.numbers(name, given, dimensions=2)
    array = np.asarray(given)
    array = array.copy() if array.dtype in (np.float32, np.float64) else exact
    pre, post = ends.pre.size, ends.post.size
    if isinstance(rule, Explicit):
        allowed, fits = f"({rule.pre.size},), one per synapse", array.shape == rule.pre.shape
    elif isinstance(rule, OneToOne):
        allowed, fits = f"({pre},), one per synapse", array.shape == (pre,)
        array = array.reshape(-1, 1)
    else:
        allowed = f"({pre}, {post}), one per pair, or ({pre}, 1) or (1, {post}), one per source or target"
        fits = array.ndim == 2 and array.shape[0] in (1, pre) and array.shape[1] in (1, post)
    if not fits:
        raise ValueError(f"{name} must be a scalar, a distribution or an array {allowed}; got shape {np.shape(given)}")
    return array


def law_of(value: Value, ends: Ends) -> Any:
    """What a kernel takes them from: None where one serves all, or where they are listed or worked out."""
    if isinstance(value, Distribution):
        return value.compiled()
    if not isinstance(value, np.ndarray) or value.ndim == 1:
        return None
    rows = ends.pre_order if value.shape[0] > 1 else [0]
    columns = ends.post_order if value.shape[1] > 1 else [0]
    return Table(np.ascontiguousarray(value[rows][:, columns]))  # type: ignore[call-arg]


def type_of(value: Value) -> np.dtype | None:
    """The type in which each synapse's own is kept; None where one serves all."""
    if isinstance(value, float):
        return None
    if isinstance(value, np.ndarray):
        return value.dtype
    return np.dtype(np.float32 if isinstance(value, Distribution) else np.float64)


def extremes(value: Value, rule: Rule, ends: Ends) -> tuple[float, float]:
    """The least and the largest that there can be."""
    if isinstance(value, float):
        return value, value
    if isinstance(value, Distribution):
        return value.low, value.high
    if isinstance(value, np.ndarray):
        return (float(value.min()), float(value.max())) if value.size else (np.inf, -np.inf)
    assert isinstance(rule, ByDistance)
    return rule.extremes(ends, value)
