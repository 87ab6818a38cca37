"""Estimators are as they were where `fit` or `partial_fit` does not come to its end."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def all_or_nothing(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method restore its estimator's attributes if it raises anything, Ctrl-C too; arrays are not copied."""

    @functools.wraps(method)
    def restoring(estimator: Any, *args: Any, **options: Any) -> Any:
        before = vars(estimator).copy()
        try:
            return method(estimator, *args, **options)
        except BaseException:
            vars(estimator).clear()
            vars(estimator).update(before)
            raise

    return restoring
