"""Fits: the parameters with which a model does what was recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html, _progress
from ..inputs.current import Current
from ..models import Model
from .fit_arguments import checked_fit
from .fit_targets import Experiment
from .levenberg_marquardt import refine

ROOM = 8_000_000  # numbers at once
PARTS = ((0.25, 8), (0.5, 8), (1.0, 40))  # of the recordings, and how many steps: what is early is right first
LEAST, ROUNDS = 32, 200  # of differential evolution: how many candidates, and how often each is changed


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """The parameters with which a model does best what was recorded, and all that were tried.

    Attributes
    ----------
    model : Model
        With these parameters.
    parameters : dict of float
        What was sought, by name.
    covariance : (k, k) ndarray
        Of these, in their order, if the residuals are independent and equally large: their mean square times the
        inverse of J^T J.  NaN where the data do not tell them apart, and for a loss that is no sum of squares.
    loss : float
        The mean square of the residuals, or a user's own.
    converged : bool
        Whether the last step was a small one.
    candidates : dict of (m,) ndarray
        All that were tried, by name, the best first; those that were refined are where they have come to.
    losses : (m,) ndarray
        Of these.
    """

    model: Model
    parameters: Mapping[str, float]
    covariance: np.ndarray
    loss: float
    converged: bool
    candidates: Mapping[str, np.ndarray]
    losses: np.ndarray

    @property
    def standard_errors(self) -> dict[str, float]:
        """The standard errors of the parameters, by name."""
        return dict(zip(self.parameters, map(float, np.sqrt(np.diag(self.covariance))), strict=True))

    def _repr_html_(self) -> str:
        errors = self.standard_errors
        rows = [
            (name, f"{value:.6g}", f"± {errors[name]:.2g}", self.model.units.get(name, ""))
            for name, value in self.parameters.items()
        ]
        how = "" if self.converged else ", not converged"
        return _html.table(f"Fit of {type(self.model).__name__}: loss {self.loss:.6g}{how}", rows)

    def __repr__(self) -> str:
        errors = self.standard_errors
        rows = [f"  {name} = {value:.6g} ± {errors[name]:.2g}" for name, value in self.parameters.items()]
        how = "" if self.converged else ", not converged"
        return "\n".join([f"Fit of {type(self.model).__name__}: loss {self.loss:.6g}{how}", *rows])


def fit(
    model: Model,
    data: Any,
    free: Mapping[str, tuple[float, float]],
    current: npt.ArrayLike | Current = 0.0,
    candidates: int = 4096,
    refined: int = 16,
    seed: int = 0,
    progress: bool = False,
    **options: Any,
) -> Fit:
    """Find the parameters with which a model does what was recorded.

    Candidates fill the box of what is allowed evenly (Sobol's sequence, scrambled) and are simulated as one population.
    From the best of them the method of Levenberg and Marquardt descends, from all at once, with exact derivatives of
    voltages and spike times (see `sensitivity` of `simulate`): over a quarter of each recording first, then half, then
    all of it, so that spikes come into step one after the other.

    Parameters
    ----------
    model : Model
        One neuron; its parameters are kept where they are not sought.  One with a reset is fitted to summaries, or by
        a function.
    data : array_like, Spikes, mapping or callable
        The voltage, mV, from the begin of the run on, (samples,) or (recordings, samples), every `sample_interval` ms,
        which is `dt` by default; ``{"spikes": [times, ...]}`` or a ``run.spikes``, the times (ms) of the spikes of each
        recording; summaries as in `simulate`, such as ``{"isi.mean": 90.0, "V.max": [30.0, 31.0]}``, each a number or
        one for each recording; or a function of the runs of all candidates, one argument for each recording, that
        returns residuals (n, m), or a loss (n,), which is then minimised by differential evolution.
    free : dict of (float, float)
        What is sought, and between what: parameters of the model, ``"current"``, which is added to what was injected,
        initial states such as ``"initial.V"``.
    current : float, (recordings,) array_like or Current, default 0
        What was injected in each recording, uA/cm^2.
    candidates : int, default 4096
        How many are tried; a power of 2 fills the box most evenly.
    refined : int, default 16
        How many of the best are refined.
    seed : int, default 0
        Of the candidates.
    progress : bool, default False
        Show a progress bar (extra ``progress``).
    **options
        More arguments of `simulate`: `duration`, without which spikes and summaries say nothing, `dt`, `initial`,
        `method`, `sample_interval`, `threads`, `executor` and so on; with a function, also `record` and `summary`.

    Returns
    -------
    Fit
        The same bits on any number of threads.

    Raises
    ------
    TypeError, ValueError
        If the data do not match the recordings or have no value somewhere, if a parameter does not exist or its bounds
        are reversed; nothing has been simulated then.
    FloatingPointError
        If no candidate gives finite residuals.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=100.0, record="V")
    >>> trace = run["V"][0] + np.random.default_rng(0).normal(0.0, 1.0, run.time.size)
    >>> free = {"g_Ca": (3.0, 6.0), "phi": (0.02, 0.08)}
    >>> found = fn.fit(fn.MorrisLecar.hopf(), trace, free, current=100.0, candidates=256)
    >>> round(found.parameters["g_Ca"], 2), round(found.parameters["phi"], 4)  # 4.4 and 0.04
    (4.4, 0.04)
    """
    target, box = checked_fit(model, data, free, current, options)
    candidates = _check.whole("candidates", candidates, 1)
    refined = _check.whole("refined", refined, 1, candidates)
    seed = _check.whole("seed", seed, 0)
    from scipy.stats import qmc  # needs time

    point = qmc.Sobol(len(free), seed=seed).random_base2((candidates - 1).bit_length())[:candidates]
    point = box[0] + (box[1] - box[0]) * point
    with _progress.bar(progress, candidates + refined * sum(steps for _, steps in PARTS), "run") as tick:
        losses, is_sum = _losses(target, point, tick)
        if not np.isfinite(losses).any():
            raise FloatingPointError("no candidate has finite residuals: bounds may be too wide, or dt too large")
        best = np.argsort(losses, kind="stable")[:refined]
        here = {**target.experiment.options, "executor": None, "shards": None}  # few neurons are not worth sharing out
        target = target._replace(experiment=target.experiment._replace(options=here))
        if not is_sum:
            return _evolved(target, point, losses, best, box)
        return _descended(target, point, losses, best, box, tick)


def _losses(target: Any, point: np.ndarray, tick: Callable[..., None]) -> tuple[np.ndarray, bool]:
    """The loss of each candidate, infinite where it is not finite, and whether it is a mean of squares."""
    size = max(1, ROOM // target.width)
    losses, is_sum = np.empty(len(point)), True
    for first in range(0, len(point), size):
        part = slice(first, first + size)
        found = target.residuals(point[part])
        is_sum = found.ndim == 2
        losses[part] = np.einsum("nm,nm->n", found, found) / found.shape[1] if is_sum else found
        tick(len(found))
    return np.where(np.isfinite(losses), losses, np.inf), is_sum


def _descended(
    target: Any, point: np.ndarray, losses: np.ndarray, best: np.ndarray, box: np.ndarray, tick: Callable[..., None]
) -> Fit:
    """The fit by steps from the best candidates to minima."""
    start = point[best]
    for part, steps in PARTS:
        found = refine(
            lambda some: target.linear(some, box, part),  # noqa: B023
            start,
            box,
            steps,
            lambda amount: tick(amount * len(best)),
        )
        start = found.point
    residuals = target.linear(found.point[:1], box)[0].shape[1]
    mean = found.squares / residuals
    better = mean < losses[best]
    point[best[better]], losses[best[better]] = found.point[better], mean[better]
    k = int(np.argmin(np.where(better, mean, np.inf))) if better.any() else 0
    covariance = np.full((len(box[0]),) * 2, np.nan)
    if better.any() and residuals > len(box[0]):
        covariance = _inverse(found.normal[k]) * (found.squares[k] / (residuals - len(box[0])))
    return _fit(target.experiment, point, losses, covariance, bool(better.any() and found.converged[k]))


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """That of a symmetric matrix; NaN where it is singular but for rounding."""
    scale = np.sqrt(np.diag(matrix))
    if not (scale > 0).all() or np.linalg.cond(matrix / np.outer(scale, scale)) > 1e12:
        return np.full(matrix.shape, np.nan)
    return np.linalg.inv(matrix / np.outer(scale, scale)) / np.outer(scale, scale)


def _evolved(target: Any, point: np.ndarray, losses: np.ndarray, best: np.ndarray, box: np.ndarray) -> Fit:
    """The fit by differential evolution from the best candidates on: of a loss that is no sum of squares."""
    from scipy.optimize import differential_evolution

    def loss(points: np.ndarray) -> np.ndarray:
        return _losses(target, points.T, lambda amount: None)[0]

    start = np.argsort(losses, kind="stable")[: max(best.size, LEAST)]
    found = differential_evolution(
        loss, box.T, init=point[start], vectorized=True, updating="deferred", polish=False, maxiter=ROUNDS, seed=0
    )
    point, losses = np.concatenate([point, [found.x]]), np.concatenate([losses, [found.fun]])
    return _fit(target.experiment, point, losses, np.full((len(box[0]),) * 2, np.nan), bool(found.success))


def _fit(experiment: Experiment, point: np.ndarray, losses: np.ndarray, covariance: np.ndarray, converged: bool) -> Fit:
    order = np.argsort(losses, kind="stable")
    found = dict(zip(experiment.names, map(float, point[order[0]]), strict=True))
    own = {name: value for name, value in found.items() if name in experiment.model.names}
    return Fit(
        model=experiment.model.replace(**own),
        parameters=found,
        covariance=covariance,
        loss=float(losses[order[0]]),
        converged=converged,
        candidates=dict(zip(experiment.names, point[order].T, strict=True)),
        losses=losses[order],
    )
