"""The optimizers that know the curvature of the loss, and see all rows at once: L-BFGS and Levenberg-Marquardt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import kernels
from .config import TrainingConfig
from .losses import LOSSES
from .monitor import Monitor
from .objective import Array, Objective

ENDS = {0: "converged", 1: "epochs"}  # SciPy's status, where training did not fail


def _lbfgs(
    objective: Objective, config: TrainingConfig, monitor: Monitor, show: Callable[[float], None]
) -> Iterator[float]:
    """SciPy's L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995) in float64, whatever the precision of the network."""
    share = config.penalty / float(objective.data.weight.sum())
    decay = objective.on_weights(config.decay + share)
    reported = objective.on_weights(config.decay)  # what the reported loss is without
    gradient = np.empty_like(objective.parameters)

    def value_and_gradient(x: Array) -> tuple[float, Array]:
        objective.parameters[:] = x
        loss = objective.loss(gradient=gradient)
        return loss + 0.5 * float(decay @ x**2), gradient + decay * x

    def after_iteration(intermediate_result: object) -> None:
        x, value = intermediate_result.x, intermediate_result.fun  # type: ignore[attr-defined]
        objective.parameters[:] = x
        loss = value - 0.5 * float(reported @ x**2)
        stop = monitor(loss)
        show(loss)
        if stop:
            raise StopIteration

    if config.epochs == 0:
        return
    from scipy import optimize  # here: it takes longer to import than the rest of the package

    result = optimize.minimize(
        value_and_gradient,
        objective.parameters.astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        callback=after_iteration,
        options={"maxfun": 20 * config.epochs + 20, "gtol": 1e-8, "ftol": 1e-14}
        | (config.scipy or {})
        | {"maxiter": config.epochs},
    )
    if not monitor.history.stopped:
        objective.parameters[:] = result.x
        if result.status != 1 or result.nit < config.epochs:
            monitor.stop(ENDS.get(result.status, "failed"), f"L-BFGS-B: {result.message}")
    yield from ()  # `show` had every iteration; SciPy cannot be left in the middle of one


def _levenberg_marquardt(
    objective: Objective, config: TrainingConfig, monitor: Monitor, show: Callable[[float], None]
) -> Iterator[float]:
    """Hagan & Menhaj (1994), IEEE Trans Neural Netw 5:989, with mu from 0.01, a tenth of it after a success."""
    from scipy import linalg

    parameters, n = objective.parameters, objective.data.weight.size
    decay = objective.on_weights(0.5 * (config.decay + config.penalty / float(objective.data.weight.sum())))
    reported = objective.on_weights(0.5 * config.decay)  # what the reported loss is without
    outputs = int(objective.network.sizes[-1])
    loss: Any = list(LOSSES.values())[objective.network.loss]
    squares = loss.squares(outputs)
    rows = max(1, 2**24 // (parameters.size * outputs))  # a few hundred MB at most

    def with_decay() -> float:
        return objective.loss() + float(decay @ parameters.astype(np.float64) ** 2)

    mu, value = 0.01, with_decay()
    for _ in range(config.epochs):
        x = parameters.astype(np.float64)
        hessian, half_gradient = np.diag(decay), decay * x
        for low in range(0, n, rows):
            error, J = kernels.residuals(objective.network, parameters, objective.data, low, min(low + rows, n))
            hessian = hessian + squares * (J.T @ J)
            half_gradient = half_gradient + squares * (J.T @ error)
        while mu <= 1e10:
            try:
                factor = linalg.cho_factor(hessian + mu * np.eye(x.size))
                parameters[:] = x - linalg.cho_solve(factor, half_gradient)
                trial = with_decay()
            except (np.linalg.LinAlgError, ValueError):  # not positive definite in rounding, or not finite
                trial = math.inf
            if trial < value:
                break
            mu *= 10.0
        else:
            parameters[:] = x
            monitor.stop("converged", "Levenberg-Marquardt: no step lowers the loss further")
            return
        mu, value = max(mu / 10.0, 1e-20), trial
        loss = value - float(reported @ parameters.astype(np.float64) ** 2)
        stop = monitor(loss)
        yield loss
        if stop:
            return


METHODS = {"lbfgs": _lbfgs, "levenberg-marquardt": _levenberg_marquardt}
