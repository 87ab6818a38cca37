"""What training minimises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import kernels

Array = npt.NDArray[Any]


@dataclass
class Objective:
    """What is to be minimised: the loss of a network on data, by its parameters, which change in place."""

    network: kernels.Layers
    parameters: Array  # (P,)
    data: kernels.Data
    held: kernels.Data | None = None  # data set aside
    trained_by: tuple[Any, ...] = ()  # an optimizer and its arrays, whose kernel then finds the loss, too

    def loss(self, data: kernels.Data | None = None, gradient: Array | None = None) -> float:
        """The mean loss, on all the data or on others; its gradient is laid into `gradient`."""
        data = self.data if data is None else data
        if self.trained_by and gradient is None:
            order, look = np.arange(data.weight.size), kernels.StepSettings(kernels.ROWS, 0.0, 0.0, 0.0, learns=False)
            trained_by = self.with_space(data, min(kernels.ROWS, order.size))
            return kernels.train_epoch(self.network, self.parameters, *trained_by, data, order, look, 0)[0]
        nothing = np.empty(0, self.parameters.dtype) if gradient is None else gradient
        return kernels.mean_loss(self.network, self.parameters, data, nothing)

    def with_space(self, data: kernels.Data, rows: int) -> tuple[Any, tuple[Any, ...]]:
        """The optimizer and its arrays, with work space for so many rows of some data."""
        optimizer, arrays = self.trained_by
        return optimizer, (*arrays, kernels.space_for(self.network, self.parameters, data.X, rows))

    def penalty(self, alpha: float) -> float:
        """``alpha / 2`` times the sum of the squared weights, over the weight of all rows."""
        half = self.on_weights(0.5 * alpha / float(self.data.weight.sum()))
        return float(half @ self.parameters.astype(np.float64) ** 2)

    def on_weights(self, value: float) -> Array:
        """`value` for every weight, 0 for every bias."""
        vector = np.zeros(self.parameters.size)
        at = 0
        for inputs, outputs in zip(self.network.sizes[:-1], self.network.sizes[1:], strict=True):
            vector[at : at + inputs * outputs] = value
            at += (inputs + 1) * outputs
        return vector
