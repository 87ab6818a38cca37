"""The multi-layer perceptron in plain NumPy, straight from the chain rule, with SciPy's special functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

Array = npt.NDArray[Any]

ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": special.expit,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "gelu": lambda z: z * special.ndtr(z),
    "softplus": lambda z: np.logaddexp(0, z),
}
DERIVATIVES = {
    "identity": np.ones_like,
    "sigmoid": lambda z: special.expit(z) * special.expit(-z),
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, 1.0, 0.01),
    "gelu": lambda z: special.ndtr(z) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi),
    "softplus": special.expit,
}
OUTPUTS = {
    "linear": lambda z: z,
    "sigmoid": special.expit,
    "softmax": lambda z: special.softmax(z, axis=1),
    "exp": np.exp,
}


def sums_and_values(
    X: Array, weights: Sequence[Array], biases: Sequence[Array], activation: Sequence[str], output: str
) -> tuple[list[Array], list[Array]]:
    """z = x W' + b of every layer, and the values x of every layer, the inputs first and the outputs last."""
    functions = [ACTIVATIONS[name] for name in activation] + [OUTPUTS[output]]
    sums, values = [], [np.asarray(X, float)]
    for W, b, f in zip(weights, biases, functions, strict=True):
        sums.append(values[-1] @ np.asarray(W, float).T + b)
        values.append(f(sums[-1]))
    return sums, values


def forward(
    X: Array, weights: Sequence[Array], biases: Sequence[Array], activation: Sequence[str], output: str
) -> Array:
    """The outputs (n, n_out), in float64."""
    return sums_and_values(X, weights, biases, activation, output)[1][-1]


def row_losses(z: Array, T: Array, output: str, loss: str) -> Array:
    """The loss of each row from the last layer's sums z (n, n_out)."""
    y = OUTPUTS[output](z)
    if loss == "mse":
        return np.mean((y - T) ** 2, axis=1)
    if loss == "half_square":
        return np.sum((y - T) ** 2, axis=1) / 2
    if loss == "huber":
        return np.mean(special.huber(1.0, y - T), axis=1)
    if loss == "poisson":
        return np.sum(special.xlogy(T, T / y) - T + y, axis=1)
    if output == "softmax":
        return -np.sum(T * special.log_softmax(z, axis=1), axis=1)
    return -np.sum(T * special.log_expit(z) + (1 - T) * special.log_expit(-z), axis=1)


def loss_and_gradient(
    X: Array,
    T: Array,
    weights: Sequence[Array],
    biases: Sequence[Array],
    activation: Sequence[str],
    output: str,
    loss: str,
    sample_weight: Array | None = None,
) -> tuple[float, list[Array], list[Array]]:
    """The weighted mean loss, and its derivatives, weights (outputs, inputs) and biases layer by layer."""
    sums, values = sums_and_values(X, weights, biases, activation, output)
    share = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
    share = share / share.sum()
    y, T = values[-1], np.asarray(T, float)
    total = float(share @ row_losses(sums[-1], T, output, loss))
    # dL/dy, then dL/dz = dL/dy dy/dz; written out as Jacobians, not fused
    if loss == "mse":
        derivative = 2 * (y - T) / y.shape[1]
    elif loss == "half_square":
        derivative = y - T
    elif loss == "huber":
        derivative = np.clip(y - T, -1, 1) / y.shape[1]
    elif loss == "poisson":
        derivative = 1 - T / y
    elif output == "softmax":
        derivative = -T / y
    else:
        derivative = -T / y + (1 - T) / (1 - y)
    if output == "softmax":
        jacobian = y[:, :, None] * (np.eye(y.shape[1]) - y[:, None, :])  # dy_i/dz_j
        delta = np.einsum("ni,nij->nj", derivative, jacobian)
    elif output == "sigmoid":
        delta = derivative * y * (1 - y)
    elif output == "exp":
        delta = derivative * y
    else:
        delta = derivative
    delta = delta * share[:, None]
    weight_gradients: list[Array] = []
    bias_gradients: list[Array] = []
    for layer in reversed(range(len(weights))):
        weight_gradients.insert(0, delta.T @ values[layer])
        bias_gradients.insert(0, delta.sum(axis=0))
        if layer:
            delta = (delta @ np.asarray(weights[layer], float)) * DERIVATIVES[activation[layer - 1]](sums[layer - 1])
    return total, weight_gradients, bias_gradients


def step(optimizer: str, w: Array, g: Array, memory: dict[str, Array], rate: float, number: int) -> Array:
    """The parameters after step `number` (from 1) along the gradient g; `memory` is changed."""
    if optimizer == "sgd":
        return w - rate * g
    if optimizer in ("momentum", "nesterov"):
        v = memory["v"] = 0.9 * memory.get("v", 0) + g
        return w - rate * (v if optimizer == "momentum" else g + 0.9 * v)
    if optimizer == "rmsprop":
        s = memory["s"] = 0.9 * memory.get("s", 0) + 0.1 * g**2
        return w - rate * g / (np.sqrt(s) + 1e-8)
    if optimizer == "rprop":
        last, size = memory.get("last", np.zeros_like(w)), memory.get("size", np.full_like(w, rate))
        sign = np.sign(g) * np.sign(last)
        size = np.where(sign > 0, np.minimum(1.2 * size, 50), size)
        size = memory["size"] = np.where(sign < 0, np.maximum(0.5 * size, 1e-6), size)
        g = memory["last"] = np.where(sign < 0, 0, g)
        return w - np.sign(g) * size
    m = memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * g
    v = memory["v"] = 0.999 * memory.get("v", 0) + 0.001 * g**2
    if optimizer == "adam_hat":
        return w - rate * np.sqrt(1 - 0.999**number) / (1 - 0.9**number) * m / (np.sqrt(v) + 1e-8)
    return w - rate * (m / (1 - 0.9**number)) / (np.sqrt(v / (1 - 0.999**number)) + 1e-8)
