"""Training: what is decided before, what is watched during, and the three ways of going downhill."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple, Self

import numpy as np

from .._check import known, number, whole
from . import kernels
from .optimizers import OPTIMISERS

MLP = Any  # fastneuron.mlp stands above

SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, epochs: 1.0,
    "linear": lambda epoch, epochs: 1.0 - epoch / epochs,
    "cosine": lambda epoch, epochs: 0.5 + 0.5 * math.cos(math.pi * epoch / epochs),
    "inverse": lambda epoch, epochs: 1.0 / (1.0 + epoch),
}
EXPLODED = 1e6  # times the loss before training, or 1 if that is less
WHOLE_DATA = ("lbfgs", "levenberg-marquardt")


class History:
    """What training met.

    Attributes
    ----------
    loss : (epochs,) array
        Mean loss met in each epoch, on the way; for "lbfgs" and "levenberg-marquardt", after each iteration.
    validation : (epochs,) array or None
        Loss on the held-out data after each epoch.
    stopped : str
        What ended training: "epochs", "early stopping", "callback", "converged", "diverged".
    reason : str
        The same in a sentence.
    epoch : int
        The epoch (from 0) that the parameters are from; -1 means those before training.
    """

    def __init__(self) -> None:
        self.stopped, self.reason, self.epoch = "", "", -1
        self._loss: list[float] = []
        self._validation: list[float] | None = None

    @property
    def loss(self) -> np.ndarray:
        """Mean loss of each epoch."""
        return np.array(self._loss)

    @property
    def validation(self) -> np.ndarray | None:
        """Validation loss after each epoch."""
        return None if self._validation is None else np.array(self._validation)

    def __repr__(self) -> str:
        last = f"loss {self._loss[0]:.4g} to {self._loss[-1]:.4g}" if self._loss else "no epoch"
        return f"History({len(self._loss)} epochs, {last}; {self.reason})"


class Plan(NamedTuple):
    """The checked arguments of training."""

    epochs: int
    batch: int
    optimiser: Any
    rate: float
    schedule: Callable[[int, int], float]
    decay: float
    early_stopping: int | None
    shuffle: bool
    callback: Any

    @classmethod
    def checked(
        cls,
        net: MLP,
        epochs: Any,
        batch_size: Any,
        optimizer: Any,
        learning_rate: Any,
        schedule: Any,
        weight_decay: Any,
        early_stopping: Any,
        shuffle: Any,
        callback: Any,
    ) -> Self:
        """Raise, or return the plan."""
        optimiser = optimizer
        if type(optimizer) not in OPTIMISERS.values():
            name = known("optimizer", optimizer, [*OPTIMISERS, *WHOLE_DATA])
            optimiser = OPTIMISERS[name]() if name in OPTIMISERS else name
        if optimiser == "levenberg-marquardt" and net.loss_name != "mse":
            raise ValueError(f'optimizer="levenberg-marquardt" needs loss="mse"; got {net.loss_name!r}')
        if callable(schedule):
            function: Callable[[int], float] = schedule
            factor = lambda epoch, epochs: number("schedule(epoch)", function(epoch))  # noqa: E731
        else:
            factor = SCHEDULES[known("schedule", schedule, SCHEDULES)]
        rate = getattr(optimiser, "rate", 1.0) if learning_rate is None else learning_rate
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be a function of the network and the history; got {callback!r}")
        return cls(
            whole("epochs", epochs, 0),
            whole("batch_size", batch_size, 1),
            optimiser,
            number("learning_rate", rate, "a positive number", lambda x: x > 0),
            factor,
            number("weight_decay", weight_decay, "a number, 0 or more", lambda x: x >= 0),
            None if early_stopping is None else whole("early_stopping", early_stopping, 1),
            bool(shuffle),
            callback,
        )


class Watch:
    """Called after each epoch: keeps the history and the parameters to return to, and says when to stop."""

    def __init__(self, net: MLP, data: Any, held: Any, plan: Plan) -> None:
        self.net, self.held, self.plan, self.history = net, held, plan, History()
        self.good = net.parameters.copy()
        self.bound = EXPLODED * max(1.0, self._loss(data))
        self.best, self.best_loss, self.best_epoch = self.good, math.inf, -1
        if held is not None:
            self.history._validation = []

    def _loss(self, data: Any) -> float:
        net = self.net
        return kernels.cost_and_gradient(net._network, net.parameters, *data, np.empty(0, net.dtype))

    def _stop(self, stopped: str, reason: str) -> bool:
        self.history.stopped, self.history.reason = stopped, reason
        return True

    def __call__(self, loss: float) -> bool:
        """Whether to stop after an epoch that met `loss`."""
        net, history = self.net, self.history
        epoch = len(history._loss)
        history._loss.append(loss)
        validation = math.inf
        if self.held is not None and history._validation is not None:
            validation = self._loss(self.held)
            history._validation.append(validation)
        # `not <=` catches NaN; the parameters may be lost in the epoch's very last step
        if not loss <= self.bound or not np.isfinite(net.parameters).all():
            net.parameters = self.good
            what = f"the loss became {loss:.3g}" if not loss <= self.bound else "a parameter became infinite or NaN"
            reason = f"{what} in epoch {epoch}; the parameters are those after epoch {history.epoch}"
            if history.epoch < 0:
                reason = f"{what} in epoch {epoch}; the parameters are those before training"
            warnings.warn(f"training stopped: {reason}", RuntimeWarning, stacklevel=2)
            return self._stop("diverged", reason)
        self.good[:] = net.parameters
        history.epoch = epoch
        if self.plan.callback is not None and self.plan.callback(net, history):
            return self._stop("callback", f"the callback stopped training after epoch {epoch}")
        if self.plan.early_stopping is not None:
            if validation < self.best_loss:
                self.best, self.best_loss, self.best_epoch = net.parameters.copy(), validation, epoch
            elif epoch - self.best_epoch >= self.plan.early_stopping:
                return self._stop("early stopping", f"no lower validation loss than that of epoch {self.best_epoch}")
        return False

    def end(self) -> History:
        """The history, the network left at the best parameters where early stopping looks for them."""
        if not self.history.stopped:
            self._stop("epochs", f"all {self.plan.epochs} epochs done")
        if self.plan.early_stopping is not None and self.best_epoch >= 0:
            self.net.parameters = self.best
            self.history.epoch = self.best_epoch
        return self.history


class Pace:
    """What an optimiser remembers from step to step."""

    def __init__(self, net: MLP, plan: Plan) -> None:
        self.steps = 0
        self.memory = np.zeros((getattr(plan.optimiser, "memory", 0), net.parameters.size), net.dtype)


def train(
    net: MLP,
    data: Any,
    held: Any,
    plan: Plan,
    orders: np.random.Generator,
    progress: bool = False,
    pace: Pace | None = None,
) -> Generator[None, None, History]:
    """Train; every ``yield`` is a moment at which it can be stopped for good."""
    pace = Pace(net, plan) if pace is None else pace
    watch = Watch(net, data, held, plan)
    way = {"lbfgs": _lbfgs, "levenberg-marquardt": _levenberg_marquardt}.get(
        plan.optimiser if isinstance(plan.optimiser, str) else "", _by_steps
    )
    with _bar(progress, plan.epochs) as show:
        for loss in way(net, data, plan, orders, watch, pace):
            show(loss)
            yield
    return watch.end()


def _by_steps(
    net: MLP, data: Any, plan: Plan, orders: np.random.Generator, watch: Watch, pace: Pace
) -> Iterator[float]:
    n = len(data[0])
    gradient = np.empty_like(net.parameters)
    order = np.arange(n)
    for epoch in range(plan.epochs):
        if plan.shuffle:
            order = orders.permutation(n)
        rate = plan.rate * plan.schedule(epoch, plan.epochs)
        loss, pace.steps = kernels.train_epoch(
            *(net._network, net.parameters, plan.optimiser, pace.memory, gradient, *data),
            *(order, plan.batch, rate, plan.decay, pace.steps),
        )
        stop = watch(loss)
        yield loss
        if stop:
            return


def _decayed(net: MLP, plan: Plan) -> np.ndarray:
    """weight_decay for every weight, 0 for every bias."""
    decay = np.zeros(net.parameters.size)
    for weights in net._split(decay)[0]:
        weights[...] = plan.decay
    return decay


def _lbfgs(net: MLP, data: Any, plan: Plan, orders: np.random.Generator, watch: Watch, pace: Pace) -> Iterator[float]:
    """SciPy's L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995) in float64, whatever the precision of the network."""
    decay = _decayed(net, plan)
    gradient = np.empty_like(net.parameters)
    cost = math.inf

    def value_and_slope(x: np.ndarray) -> tuple[float, np.ndarray]:
        net.parameters = x
        loss = kernels.cost_and_gradient(net._network, net.parameters, *data, gradient)
        return loss + 0.5 * float(decay @ x**2), gradient + decay * x

    def after_iteration(intermediate_result: Any) -> None:
        nonlocal cost
        net.parameters = intermediate_result.x
        cost = intermediate_result.fun - 0.5 * float(decay @ intermediate_result.x**2)
        if watch(cost):
            raise StopIteration

    if plan.epochs == 0:
        return
    from scipy import optimize  # here: it takes longer to import than the rest of the package

    start = net.parameters.astype(np.float64)
    result = optimize.minimize(
        value_and_slope,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=after_iteration,
        options={"maxiter": plan.epochs, "maxfun": 20 * plan.epochs + 20, "gtol": 1e-8, "ftol": 1e-14},
    )
    if not watch.history.stopped:
        net.parameters = result.x
        if result.nit < plan.epochs:
            watch._stop("converged", f"L-BFGS-B: {result.message}")
    yield cost


def _levenberg_marquardt(
    net: MLP, data: Any, plan: Plan, orders: np.random.Generator, watch: Watch, pace: Pace
) -> Iterator[float]:
    """Hagan & Menhaj (1994), IEEE Trans Neural Netw 5:989, with mu from 0.01, a tenth of it after a success."""
    from scipy import linalg

    X, T, weight = data
    decay = 0.5 * _decayed(net, plan)
    nothing = np.empty(0, net.dtype)
    rows = max(1, 2**24 // (net.parameters.size * net.layers[-1]))  # a few hundred MB at most

    def objective() -> float:
        x = net.parameters.astype(np.float64)
        return kernels.cost_and_gradient(net._network, net.parameters, *data, nothing) + float(decay @ x**2)

    mu, cost = 0.01, objective()
    for _ in range(plan.epochs):
        x = net.parameters.astype(np.float64)
        hessian, slope = np.diag(decay), decay * x
        for low in range(0, len(X), rows):
            error, J = kernels.residuals(net._network, net.parameters, X, T, weight, low, min(low + rows, len(X)))
            hessian = hessian + J.T @ J
            slope = slope + J.T @ error
        while mu <= 1e10:
            try:
                factor = linalg.cho_factor(hessian + mu * np.eye(x.size))
                net.parameters = x - linalg.cho_solve(factor, slope)
                trial = objective()
            except (np.linalg.LinAlgError, ValueError):  # not positive definite in rounding, or not finite
                trial = math.inf
            if trial < cost:
                break
            mu *= 10.0
        else:
            net.parameters = x
            watch._stop("converged", "Levenberg-Marquardt: no step lowers the loss further")
            return
        mu, cost = max(mu / 10.0, 1e-20), trial
        now = net.parameters.astype(np.float64)
        loss = cost - float(decay @ now**2)
        stop = watch(loss)
        yield loss
        if stop:
            return


class _bar:
    """A function to call with the loss of each epoch; it shows them."""

    def __init__(self, wanted: bool, epochs: int) -> None:
        self.shown = None
        if wanted:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                raise ImportError("progress=True needs tqdm: pip install tqdm") from None
            self.shown = tqdm(total=epochs, unit="epoch", mininterval=0.2)

    def __enter__(self) -> Callable[[float], None]:
        return self.show

    def show(self, loss: float) -> None:
        """One more epoch."""
        if self.shown is not None:
            self.shown.set_postfix_str(f"loss {loss:.4g}", refresh=False)
            self.shown.update()

    def __exit__(self, *exception: object) -> None:
        if self.shown is not None:
            self.shown.close()
