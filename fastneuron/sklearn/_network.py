"""What the classifier and the regressor have in common: their settings, and how they are trained."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .. import _check
from ..mlp import MLP, SGD, AdamHat, Momentum, Nesterov, data
from ..mlp.architecture import blas_threads
from ..mlp.config import MOST, TrainingConfig, optimizer_of, schedule_of
from ..mlp.kernels import Data
from ..mlp.optimizers import FRACTION, POSITIVE
from ..mlp.training import OptimizerState, run, train
from ._stopping import Stopping

Array = npt.NDArray[Any]
PARAMETERS = """
    Parameters mean what they mean in scikit-learn.  With the same `random_state`, the solvers "sgd", "adam" and "lbfgs"
    go scikit-learn's way: the same initial weights and orders, the same steps to rounding, the same end.  Where it
    differs: losses count rows by their weight, and of several outputs are what is minimised; with `early_stopping`,
    "lbfgs" sets rows aside as well; `partial_fit` goes on with the random orders where scikit-learn begins them anew,
    obeys changed parameters at once, and counts its epochs in `n_iter_`; a call that fails, or is interrupted, leaves
    the estimator as it was.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (100,)
        Units of each hidden layer.
    activation : str or sequence of str, default "relu"
        As in `fastneuron.MLP`; "logistic" is another name of "sigmoid".
    solver : str or optimizer, default "adam"
        As the optimizer in `fastneuron.MLP.train`; "sgd" has `momentum`.
    alpha : float, default 1e-4
        L2 penalty on the weights: ``alpha / 2`` times the sum of their squares, over the weight of the rows in a batch.
    batch_size : int or "auto"
        "auto" is 200, or all rows if they are fewer.
    learning_rate_init : float, default 0.001
        The learning rate.
    schedule : str or callable, default "constant"
        What it is multiplied by, as in `fastneuron.MLP.train`; over `max_iter` epochs, in `partial_fit` too.
    max_iter : int, default 200
        Epochs, at most; for "lbfgs" and "levenberg-marquardt", iterations.
    shuffle : bool, default True
        A new order of the rows in every epoch.
    tol : float or None, default 1e-4
        Training ends when the loss, or with `early_stopping` the score, has not become better by more than this for
        more than `n_iter_no_change` epochs.  For "lbfgs", the largest derivative at which it ends.  None: never.
    verbose : bool, default False
        Print the loss of each epoch.
    early_stopping : bool, default False
        Set rows aside, stop when the score on them does not become better, and return to the best.
    validation_fraction : float, default 0.1
        How many of them.
    n_iter_no_change : int, default 10
        See `tol`.
    warm_start : bool, default False
        Let `fit` start from the weights there are.
    momentum : float, default 0.9
        Of the solver "sgd", from 0 to below 1.
    nesterovs_momentum : bool, default True
        Whether it is Nesterov's.
    beta_1, beta_2, epsilon : float, default 0.9, 0.999, 1e-8
        Of the solver "adam".
    max_fun : int, default 15000
        Evaluations of the loss by "lbfgs", at most.
    random_state : int, RandomState or None
        Decides initial weights, orders and the rows set aside."""
ATTRIBUTES = """
    Attributes
    ----------
    network_ : fastneuron.MLP
        The network.
    coefs_ : list of (inputs, outputs) array
        The weights, views on the network's; assigning copies into it.
    intercepts_ : list of (outputs,) array
        The biases, likewise.
    out_activation_ : str
        The function of the outputs.
    loss_ : float
        The last loss, penalty included, like the others.
    best_loss_ : float or None
        The lowest loss; None with `early_stopping`.
    loss_curve_ : list of float
        The loss of each epoch.
    validation_scores_ : list of float or None
        With `early_stopping`, the score after each epoch.
    best_validation_score_ : float or None
        The best of them.
    n_iter_ : int
        Epochs.
    t_ : int
        Rows seen.
    n_layers_, n_outputs_, n_features_in_ : int
        Layers with the inputs, outputs, inputs."""


class NetworkEstimator(BaseEstimator):
    """The settings of both estimators, and how their network is built and trained."""

    _changed_in_place = ("_state", "_random", "_orders")

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate_init: float = 0.001,
        schedule: Any = "constant",
        max_iter: int = 200,
        shuffle: bool = True,
        tol: float | None = 1e-4,
        verbose: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        max_fun: int = 15000,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.schedule = schedule
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.verbose = verbose
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.max_fun = max_fun
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, (inputs, outputs)."""
        return [weights.T for weights in self.network_.weights]

    @coefs_.setter
    def coefs_(self, value: Any) -> None:
        _copy_into("coefs_", value, self.coefs_)

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer, (outputs,)."""
        return list(self.network_.biases)

    @intercepts_.setter
    def intercepts_(self, value: Any) -> None:
        _copy_into("intercepts_", value, self.intercepts_)

    @property
    def out_activation_(self) -> str:
        """The function of the outputs, by scikit-learn's name."""
        return {"linear": "identity", "sigmoid": "logistic"}.get(self.network_.output, self.network_.output)

    @property
    def n_layers_(self) -> int:
        """The number of layers, the inputs among them."""
        return len(self.network_.layers)

    @property
    def n_outputs_(self) -> int:
        """The number of outputs."""
        return self.network_.layers[-1]

    def _hidden(self) -> list[int]:
        sizes: Any = self.hidden_layer_sizes
        name = "hidden_layer_sizes"
        if isinstance(sizes, str | bytes | dict) or np.ndim(sizes) > 1:
            raise TypeError(f"{name} must be the units of each hidden layer, such as (100,); got {sizes!r}")
        if np.ndim(sizes) == 0:
            return [_check.whole(name, sizes, 1, 2**31 - 1)]
        return [_check.whole(f"{name}[{i}]", size, 1, 2**31 - 1) for i, size in enumerate(sizes)]

    def _activation(self) -> Any:
        def ours(name: Any) -> Any:
            return "sigmoid" if isinstance(name, str) and name == "logistic" else name

        return list(map(ours, self.activation)) if isinstance(self.activation, list | tuple) else ours(self.activation)

    def _optimizer(self) -> Any:
        for name in ("momentum", "beta_1", "beta_2"):
            _check.number(name, getattr(self, name), *FRACTION)
        _check.number("epsilon", self.epsilon, *POSITIVE)
        adam = AdamHat(self.beta_1, self.beta_2, self.epsilon)
        nesterovs = _check.flag("nesterovs_momentum", self.nesterovs_momentum)
        ball = (Nesterov if nesterovs else Momentum)(self.momentum)
        if not isinstance(self.solver, str):
            return optimizer_of("solver", self.solver)
        own = {"sgd": ball if self.momentum else SGD(), "adam": adam}
        own |= {"momentum": Momentum(self.momentum), "nesterov": Nesterov(self.momentum)}
        return own[self.solver] if self.solver in own else optimizer_of("solver", self.solver)

    def _config(self) -> TrainingConfig:
        """Check every setting that does not depend on the data; the number of rows and callbacks come later."""
        self._hidden()
        for name in ("early_stopping", "warm_start", "shuffle"):
            _check.flag(name, getattr(self, name))
        if self.verbose is not None and not isinstance(self.verbose, bool | np.bool | int):
            raise TypeError(f"verbose must be True or False; got {self.verbose!r}")
        _check.number("validation_fraction", self.validation_fraction, "a number between 0 and 1", lambda x: 0 < x < 1)
        if self.n_iter_no_change != np.inf:
            _check.whole("n_iter_no_change", self.n_iter_no_change, 1)
        batch = 200 if isinstance(self.batch_size, str) and self.batch_size == "auto" else self.batch_size
        epochs = _check.whole("max_iter", self.max_iter, 1, MOST)
        tol = None if self.tol is None else _check.number("tol", self.tol)
        scipy = {"maxfun": _check.whole("max_fun", self.max_fun, 1)}
        if tol is not None:
            scipy |= {"gtol": max(tol, 0.0), "ftol": 2.220446049250313e-09}  # the latter is SciPy's own default
        try:
            check_random_state(self.random_state)
        except ValueError:
            wanted = "a whole number from 0 to 2**32 - 1, a RandomState or None"
            raise ValueError(f"random_state must be {wanted}; got {self.random_state!r}") from None
        return TrainingConfig(
            epochs,
            min(_check.whole("batch_size", batch, 1), MOST),
            self._optimizer(),
            _check.number("learning_rate_init", self.learning_rate_init, "a positive number", lambda x: x > 0),
            schedule_of("schedule", self.schedule),
            0.0,
            None,
            bool(self.shuffle),
            None,
            penalty=_check.number("alpha", self.alpha, "a number, 0 or more", lambda x: x >= 0),
            scipy=scipy,
        )

    def _build(self, inputs: int, outputs: int, output: str, loss: str, dtype: Any) -> None:
        """A new network, its weights drawn as scikit-learn draws them."""
        hidden, activation = self._hidden(), self._activation()
        self.network_ = MLP([inputs, *hidden, outputs], activation, output, loss, dtype, seed=0)
        names = list(self.network_.activation) or [activation]
        for coefs, intercepts, name in zip(self.coefs_, self.intercepts_, [*names, names[-1]], strict=False):
            bound = np.sqrt((2.0 if name == "sigmoid" else 6.0) / sum(coefs.shape))
            coefs[...] = self._random.uniform(-bound, bound, coefs.shape)
            intercepts[...] = self._random.uniform(-bound, bound, intercepts.shape)
        self.loss_curve_: list[float] = []
        self.best_loss_: float | None = None if self.early_stopping else np.inf
        self.validation_scores_: list[float] | None = [] if self.early_stopping else None
        self.best_validation_score_: float | None = None
        self.n_iter_ = self.t_ = self._epochs = 0
        self._state: OptimizerState | None = None
        self._orders = Orders(self._random)

    def _same_network(self, inputs: int, outputs: int) -> None:
        """Raise where the settings or the data are of another network than the one to be trained further."""
        wanted = MLP([inputs, *self._hidden(), outputs], self._activation(), seed=0)
        net = self.network_
        if (wanted.layers, wanted.activation) != (net.layers, net.activation):
            raise ValueError(
                f"training goes on with the network there is, layers {list(net.layers)} of {list(net.activation)}; "
                f"the parameters and the data ask for {list(wanted.layers)} of {list(wanted.activation)}"
            )

    def _run(self, rows: Data, config: TrainingConfig) -> Any:
        """Train on checked data: the history."""
        net = self.network_
        if self._state is None or not self._state.suits(config.optimizer, net.parameters):
            self._state = OptimizerState(config.optimizer, net.parameters)
        done, total, schedule = self._epochs, self.max_iter, config.schedule
        config = config._replace(schedule=lambda epoch, epochs: schedule(min(done + epoch, total), total))
        problem = net.objective_of(rows)
        with blas_threads(net.layers, 1):  # scikit-learn itself needs threadpoolctl
            history = run(train(problem, config, self._orders, state=self._state))
        epochs = len(history.loss)
        self._epochs += epochs
        self.t_ += epochs * rows.weight.size
        self.loss_ = float(history.loss[-1]) if epochs else problem.loss() + problem.penalty(config.penalty)
        return history

    def _fit(self, config: TrainingConfig, X: Any, T: Array, weight: Array, stratify: Array | None) -> Self:
        """Train `network_` on checked arrays."""
        self._state, self._epochs, self._orders = None, 0, Orders(self._random)
        net, score = self.network_, None
        if self.early_stopping:
            parts = train_test_split(
                *(X, T, weight), test_size=self.validation_fraction, random_state=self._random, stratify=stratify
            )
            (X, X_held, T, T_held, weight, held_weight) = parts
            if len(T_held) < 2:
                raise ValueError(
                    f"validation_fraction must set at least 2 rows aside; got {self.validation_fraction!r}, which sets "
                    f"{len(T_held)} of {len(T) + len(T_held)} aside"
                )
            score = lambda: self._score(net.forward(X_held), T_held, held_weight)  # noqa: E731
        stopping = Stopping(self.tol, self.n_iter_no_change, score, net.parameters.copy, bool(self.verbose))
        rows = data.checked(net, X, T, weight)
        history = self._run(rows, config._replace(callback=self._callback(stopping, config)))
        if stopping.best_parameters is not None:
            net.parameters = stopping.best_parameters
        self.loss_curve_ += history.loss.tolist()
        self.n_iter_ = max(1, len(history.loss))
        if score is None:
            self.best_loss_ = min(stopping.best_loss, self.best_loss_ if self.best_loss_ is not None else np.inf)
        else:
            self.best_loss_ = None
            self.validation_scores_, self.best_validation_score_ = stopping.scores, stopping.best_score
        self._warn(history, config.epochs)
        return self

    def _callback(self, stopping: Stopping, config: TrainingConfig) -> Any:
        """Called with the history after each epoch; L-BFGS without rows set aside knows by itself when to stop."""
        if config.optimizer == "lbfgs" and stopping.score is None:
            return lambda history: stopping(history) and False
        return stopping

    def _warn(self, history: Any, epochs: int) -> None:
        if history.stopped in ("diverged", "failed"):
            warnings.warn(f"training stopped: {history.reason}", ConvergenceWarning, stacklevel=4)
        elif history.stopped == "epochs" and self.tol is not None:
            warnings.warn(f"max_iter={epochs} epochs were not enough to converge", ConvergenceWarning, stacklevel=4)

    def _step(self, config: TrainingConfig, X: Any, T: Array, weight: Array) -> Self:
        """One more epoch, the optimizer going on where it was."""
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        net = self.network_
        history = self._run(data.checked(net, X, T, weight), config._replace(epochs=1))
        self.loss_curve_ += history.loss.tolist()
        self.best_loss_ = min(self.loss_, np.inf if self.best_loss_ is None else self.best_loss_)
        self.n_iter_ += 1
        if history.stopped in ("diverged", "failed"):
            self._warn(history, 1)
        return self

    def _rows(self, X: Any, y: Any = None, reset: bool = True, **options: Any) -> Any:
        """X, and y where one is expected, checked; float32 stays, and so does a sparse X."""
        for name, value in (("X", X), ("y", y)):
            if np.ma.is_masked(value):
                raise TypeError(f"some values of {name} are masked: fill them, or leave their rows out")
        given = (X,) if not options else (X, y)
        dtypes = [np.float64, np.float32]
        return validate_data(self, *given, reset=reset, dtype=dtypes, order="C", accept_sparse="csr", **options)

    def _weight(self, sample_weight: Any, X: Any) -> Array:
        if np.ma.is_masked(sample_weight):
            raise TypeError("some values of sample_weight are masked: fill them, or leave their rows out")
        return _check_sample_weight(sample_weight, X, dtype=self.network_.dtype, ensure_non_negative=True)

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self)
        return self.network_.forward(self._rows(X, reset=False))

    def _score(self, out: Array, T: Array, weight: Array) -> float:
        raise NotImplementedError


class Orders:
    """The orders of the rows as scikit-learn has them: each epoch shuffles the last one's."""

    def __init__(self, random: np.random.RandomState) -> None:
        self.random, self.order = random, np.arange(0)

    def permutation(self, n: int) -> Array:
        """The next order of n rows."""
        if self.order.size != n:
            self.order = np.arange(n)
        self.order = self.order[self.random.permutation(n)]
        return self.order


def _copy_into(name: str, value: Any, arrays: list[Array]) -> None:
    """Copy given arrays into the network's, all of them or none."""
    if not isinstance(value, list | tuple) or len(value) != len(arrays):
        raise ValueError(f"{name} must be a list of {len(arrays)} arrays; got {_check.shown(value)}")
    given = [_check.array(f"{name}[{i}]", array) for i, array in enumerate(value)]
    for i, (new, array) in enumerate(zip(given, arrays, strict=True)):
        if new.shape != array.shape:
            raise ValueError(f"{name}[{i}] must have shape {array.shape}; got {new.shape}")
        _check.finite(f"{name}[{i}]", new, "index")
    for new, array in zip(given, arrays, strict=True):
        array[...] = new
