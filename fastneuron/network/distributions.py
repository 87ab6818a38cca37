"""Distributions of weights and delays, drawn by counter.

What is drawn is a float32 by definition.  Truncated distributions draw again until a value is inside, which is exact.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .. import _check
from .laws import LogNormalLaw, NormalLaw, UniformLaw

KEPT = 0.25  # the least part of a distribution that its truncation may leave


class Distribution:
    """Base class of the distributions: two numbers that say which, and limits."""

    names: ClassVar[tuple[str, str]]
    law: ClassVar[Any]
    low: float
    high: float

    def __init__(self, first: float, second: float, low: float, high: float) -> None:
        for name, value in zip(self.names, (first, second), strict=True):
            setattr(self, name, _check.number(name, value))
        for name, value in (("low", low), ("high", high)):
            limit = _check.numbers(name, value, finite=False)
            if limit.ndim:
                raise TypeError(f"{name} must be a number; got {_check.shown(value)}")
            setattr(self, name, float(limit))
        if not self.low <= self.high:
            raise ValueError(f"high must be at least low; got {self.high:g} and {self.low:g}")

    def _check_kept(self, kept: float) -> None:
        if not kept >= KEPT:
            raise ValueError(
                f"low and high must leave a quarter of the {type(self).__name__} distribution at least; "
                f"got {self!r}, of which they leave {kept:.3g}"
            )

    def compiled(self) -> Any:
        """What a kernel draws from."""
        return self.law(*(getattr(self, name) for name in self.names), self.low, self.high)

    def __repr__(self) -> str:
        limits = [f"{name}={getattr(self, name):g}" for name in ("low", "high") if math.isfinite(getattr(self, name))]
        fields = [f"{name}={getattr(self, name):g}" for name in self.names if name not in ("low", "high")]
        return f"{type(self).__name__}({', '.join(fields + limits)})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.compiled() == other.compiled()

    __hash__ = None  # type: ignore[assignment]


class Uniform(Distribution):
    """The uniform distribution from `low` to `high`.

    Parameters
    ----------
    low, high : float
        In the units of what it is for.
    """

    names, law = ("low", "high"), UniformLaw

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low, high, _check.number("low", low), _check.number("high", high))


class Normal(Distribution):
    """The normal distribution, between `low` and `high` alone.

    Parameters
    ----------
    mean, sd : float
        Before truncation, in the units of what it is for; `sd` is 0 or more.
    low, high : float, default -inf and inf
        Values outside are drawn again; at least a quarter must be inside.
    """

    names, law = ("mean", "sd"), NormalLaw

    def __init__(self, mean: float, sd: float, low: float = -math.inf, high: float = math.inf) -> None:
        super().__init__(mean, sd, low, high)
        _check_spread("sd", sd)
        self._check_kept(_inside(mean, sd, self.low, self.high))


class LogNormal(Distribution):
    """The distribution of exp(x), x normal, between `low` and `high` alone.

    Parameters
    ----------
    mu, sigma : float
        Mean and standard deviation of the logarithm, before truncation, as in NEST and NumPy: the median is exp(mu),
        the mean exp(mu + sigma^2 / 2).
    low, high : float, default 0 and inf
        Values outside are drawn again; at least a quarter must be inside.
    """

    names, law = ("mu", "sigma"), LogNormalLaw

    def __init__(self, mu: float, sigma: float, low: float = 0.0, high: float = math.inf) -> None:
        super().__init__(mu, sigma, low, high)
        _check_spread("sigma", sigma)
        _check.number("high", max(self.high, 0.0) and 1.0, "above 0", lambda x: x > 0)
        logs = [-math.inf if limit <= 0 else math.log(limit) for limit in (self.low, self.high)]
        self._check_kept(_inside(mu, sigma, *logs))


def _check_spread(name: str, value: float) -> None:
    _check.number(name, value, "a number, 0 or more", lambda x: x >= 0)


def _inside(mean: float, sd: float, low: float, high: float) -> float:
    """The part of a normal distribution between two limits."""
    if sd == 0:
        return float(low <= mean <= high)
    below = [math.erf((limit - mean) / (sd * math.sqrt(2.0))) for limit in (low, high)]
    return (below[1] - below[0]) / 2
