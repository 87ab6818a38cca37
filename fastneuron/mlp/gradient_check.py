"""The gradient by backpropagation against differences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._check import number
from .network import MLP


def check_gradient(
    net: MLP, X: npt.ArrayLike, T: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None, step: float = 1e-3
) -> float:
    """How far the gradient by backpropagation is from central differences of fourth order.

    Parameters
    ----------
    net : MLP
        Differences are taken in float64, on a float64 copy of a float32 network.
    X, T, sample_weight
        As for `MLP.gradient`.
    step : float, default 1e-3
        Of the differences, for parameters of ordinary size; kinks (relu) nearer than two steps spoil them.

    Returns
    -------
    float
        The norm of the difference over the norm of the gradient by differences: 1e-9 or so in float64, 1e-6 in float32.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> net = fn.MLP([3, 5, 2], seed=0)
    >>> rng = np.random.default_rng(0)
    >>> fn.check_gradient(net, rng.normal(size=(8, 3)), rng.normal(size=(8, 2))) < 1e-8
    True
    """
    step = number("step", step, "a positive number", lambda x: x > 0)
    found = net.gradient(X, T, sample_weight).flat.astype(np.float64)
    objective = net._objective(X, T, sample_weight, dtype=np.dtype(np.float64))
    expected = np.empty_like(found)
    for i in range(found.size):
        at = objective.parameters[i]
        losses = []
        for offset in (-2 * step, -step, step, 2 * step):
            objective.parameters[i] = at + offset
            losses.append(objective.loss())
        objective.parameters[i] = at
        expected[i] = (losses[0] - 8 * losses[1] + 8 * losses[2] - losses[3]) / (12 * step)
    size = float(np.linalg.norm(expected))
    return float(np.linalg.norm(found - expected)) / (size if size else 1.0)
