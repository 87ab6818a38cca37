"""Standardised inputs and targets: shifts and scales that a network keeps."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Scaling(NamedTuple):
    """Inputs enter as (x - x_mean) / x_scale; outputs leave as y y_scale + y_mean."""

    x_mean: Array  # (n_in,), float64 like the others
    x_scale: Array
    y_mean: Array  # (n_out,)
    y_scale: Array

    @classmethod
    def of(cls, X: Array, T: Array, weight: Array, outputs_too: bool) -> Self:
        """Means and standard deviations of the columns, weighted; a constant column has scale 1."""
        x_mean, x_scale = _mean_and_scale(X, weight)
        if outputs_too:
            return cls(x_mean, x_scale, *_mean_and_scale(T, weight))
        return cls(x_mean, x_scale, np.zeros(T.shape[1]), np.ones(T.shape[1]))

    def inputs(self, X: Array) -> Array:
        """What the first layer gets."""
        return ((X - self.x_mean) / self.x_scale).astype(X.dtype)

    def targets(self, T: Array) -> Array:
        """What the last layer is compared with."""
        return ((T - self.y_mean) / self.y_scale).astype(T.dtype)

    def outputs(self, y: Array) -> Array:
        """What leaves the network."""
        return (y * self.y_scale + self.y_mean).astype(y.dtype)


def _mean_and_scale(array: Array, weight: Array) -> tuple[Array, Array]:
    share = weight.astype(np.float64) / weight.sum(dtype=np.float64)
    array = array.astype(np.float64)
    mean = share @ array
    variance = share @ (array - mean) ** 2
    mean += share @ (array - mean)  # the second pass takes the rounding of the first
    rounding = len(array) * np.finfo(np.float64).eps
    constant = variance <= rounding * variance + (rounding * mean) ** 2
    return mean, np.where(constant, 1.0, np.sqrt(np.where(constant, 1.0, variance)))
