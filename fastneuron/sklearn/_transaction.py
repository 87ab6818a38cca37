"""Estimators are as they were where `fit` or `partial_fit` does not come to its end."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def all_or_nothing(estimator: Any) -> Iterator[None]:
    """Let an estimator answer as before if anything is raised inside, Ctrl-C too.

    Arrays are not copied, but for the parameters of its network, and the attributes that its class names in
    ``_changed_in_place``.
    """
    before = vars(estimator).copy()
    net, curve = before.get("network_"), before.get("loss_curve_")
    parameters = None if net is None else net.parameters.copy()
    length = None if curve is None else len(curve)
    in_place = getattr(estimator, "_changed_in_place", ())
    kept = copy.deepcopy({name: before[name] for name in in_place if name in before})
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before | kept)
        if net is not None:
            net.parameters = parameters
        if curve is not None:
            del curve[length:]
        raise
