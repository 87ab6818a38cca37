"""`fastneuron.MLP` as scikit-learn estimators."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .. import _check
from .._kernel.threads import spread
from ..mlp.network import MLP, blas_threads
from ..mlp.training import History, Pace, Plan, train

Array = npt.NDArray[Any]
SEEDS = 2**31 - 1
COMMON = """
    Parameters mean what they mean in scikit-learn, where `solver` is called so too.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (100,)
    activation : str or sequence of str, default "relu"
        As in `fastneuron.MLP`; "logistic" is another name of "sigmoid".
    solver : str, default "adam"
        As the optimizer in `fastneuron.MLP.train`.
    alpha : float, default 1e-4
        L2 penalty on the weights, over the number of rows in a batch.
    batch_size : int or "auto"
        "auto" is 200, or all rows if they are fewer.
    learning_rate_init : float, default 0.001
    schedule : str or callable, default "constant"
        As in `fastneuron.MLP.train`.
    max_iter : int, default 200
        Epochs, at most.
    shuffle : bool, default True
    tol : float or None, default 1e-4
        Training ends when the training loss has not been lower by more than this for `n_iter_no_change` epochs.
    early_stopping : bool, default False
        Set rows aside, stop when the loss on them has not been lower for `n_iter_no_change` epochs, and return to
        the best.
    validation_fraction : float, default 0.1
    n_iter_no_change : int, default 10
    warm_start : bool, default False
        Let `fit` start from the weights there are.
    random_state : int, RandomState or None

    Attributes
    ----------
    network_ : fastneuron.MLP
    loss_curve_ : list of float
    loss_ : float
    n_iter_ : int
    n_features_in_ : int
"""


class _Estimator(BaseEstimator):
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
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
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
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state

    def _build(self, inputs: int, outputs: int, output: str, loss: str, dtype: Any) -> None:
        names = [self.activation] if isinstance(self.activation, str) else self.activation
        names = ["sigmoid" if name == "logistic" else name for name in names]
        hidden = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=np.int64)).tolist()
        self._random = np.random.default_rng(check_random_state(self.random_state).randint(SEEDS))
        activation = names[0] if isinstance(self.activation, str) else names
        self.network_ = MLP([inputs, *hidden, outputs], activation, output, loss, dtype, self._random)
        self.loss_curve_: list[float] = []
        self.n_iter_ = 0
        self._pace: Pace | None = None

    def _plan(self, n: int, epochs: int, callback: Any, patience: int | None) -> Plan:
        batch = min(200, n) if self.batch_size == "auto" else min(_check.whole("batch_size", self.batch_size, 1), n)
        alpha = _check.number("alpha", self.alpha, "a number, 0 or more", lambda x: x >= 0)
        whole = self.solver in ("lbfgs", "levenberg-marquardt")
        decay = alpha / (n if whole else batch)
        return Plan.checked(
            self.network_,
            *(
                epochs,
                batch,
                self.solver,
                self.learning_rate_init,
                self.schedule,
                decay,
                patience,
                self.shuffle,
                callback,
            ),
        )

    def _run(self, X: Array, T: Array, weight: Array, held: Any, plan: Plan, pace: Pace | None = None) -> History:
        data = self.network_._data(X, T, weight)

        def steps(unit: None) -> Any:
            return train(self.network_, data, held, plan, self._random, pace=pace)

        with blas_threads(self.network_.layers, 1):  # scikit-learn itself needs threadpoolctl
            return spread(steps, [None], 1)[0]

    def _fit(self, X: Array, T: Array, weight: Array, stratify: Array | None) -> Self:
        """Train `network_` on checked data."""
        epochs = _check.whole("max_iter", self.max_iter, 1)
        patience = _check.whole("n_iter_no_change", self.n_iter_no_change, 1)
        held = None
        if self.early_stopping:
            seed = check_random_state(self.random_state).randint(SEEDS)
            parts = train_test_split(
                X, T, weight, test_size=self.validation_fraction, random_state=seed, stratify=stratify
            )
            (X, Xv, T, Tv, weight), held_weight = parts[:5], parts[5]
            held = self.network_._data(Xv, Tv, held_weight)

        def flat(net: MLP, history: History) -> bool:
            loss = history._loss
            if self.tol is None or held is not None or len(loss) <= patience:
                return False
            return min(loss[-patience:]) > min(loss[:-patience]) - self.tol

        plan = self._plan(len(X), epochs, flat, patience if held is not None else None)
        history = self._run(X, T, weight, held, plan)
        self.loss_curve_ = history._loss
        self.n_iter_ = max(1, len(history._loss))
        self.loss_ = history._loss[-1] if history._loss else np.nan
        if history.stopped == "epochs" and self.tol is not None:
            warnings.warn(f"max_iter={epochs} epochs were not enough to converge", ConvergenceWarning, stacklevel=3)
        return self

    def _step(self, X: Array, T: Array, weight: Array) -> Self:
        """One more epoch, the optimiser going on where it was."""
        plan = self._plan(len(X), 1, None, None)
        if self._pace is None:
            self._pace = Pace(self.network_, plan)
        history = self._run(X, T, weight, None, plan, self._pace)
        self.loss_curve_ += history._loss
        self.loss_ = self.loss_curve_[-1]
        self.n_iter_ += 1
        return self

    def _rows(self, X: Any, y: Any = None, reset: bool = True, **options: Any) -> Any:
        """X, and y where one is expected, checked; float32 stays."""
        if not options:
            return validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], order="C")
        return validate_data(self, X, y, reset=reset, dtype=[np.float64, np.float32], order="C", **options)

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self)
        return self.network_.forward(np.ascontiguousarray(self._rows(X, reset=False), self.network_.dtype))


class MLPClassifier(ClassifierMixin, _Estimator):
    __doc__ = f"""A multi-layer perceptron that classifies: softmax for several classes, sigmoids for two or for labels.
{COMMON}    classes_ : (n_classes,) array

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fastneuron.sklearn import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> bool(MLPClassifier((20,), solver="lbfgs", max_iter=100, tol=None, random_state=0).fit(X, y).score(X, y) > 0.95)
    True
    """

    classes_: Array

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _know(self, y: Array, classes: Any = None) -> Array:
        """Learn the classes; y as a vector, or as the indicators of several labels."""
        check_classification_targets(y)
        self._several = type_of_target(y).startswith("multilabel")
        if self._several:
            self.classes_ = np.arange(y.shape[1])
            return y
        y = column_or_1d(y, warn=True)
        self.classes_ = np.unique(y) if classes is None else np.unique(classes)
        if len(self.classes_) < 2:
            raise ValueError(f"MLPClassifier needs at least 2 classes; got one class, {self.classes_[0]!r}")
        return y

    def _targets(self, y: Array, dtype: Any) -> Array:
        if self._several:
            return np.ascontiguousarray(y, dtype)
        y = column_or_1d(y)
        strange = np.setdiff1d(y, self.classes_)
        if strange.size:
            raise ValueError(f"y must be of the classes {self.classes_}; got {strange[0]!r}")
        places = np.searchsorted(self.classes_, y)
        if len(self.classes_) == 2:
            return places[:, None].astype(dtype)
        return np.eye(len(self.classes_), dtype=dtype)[places]

    def _start(self, X: Array) -> None:
        several = not self._several and len(self.classes_) > 2
        outputs = 1 if not self._several and len(self.classes_) == 2 else len(self.classes_)
        self._build(X.shape[1], outputs, "softmax" if several else "sigmoid", "cross_entropy", X.dtype)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows X (n, n_features) with classes y (n,) or labels (n, n_labels), 0 or 1."""
        X, y = self._rows(X, y, multi_output=True)
        again = self.warm_start and hasattr(self, "network_")
        before = self.classes_ if again else np.empty(0)
        y = self._know(y)
        if again and not np.array_equal(before, self.classes_):
            raise ValueError(f"warm_start needs the classes of the last fit, {before}; got {self.classes_}")
        if not again:
            self._start(X)
        X = np.ascontiguousarray(X, self.network_.dtype)
        weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        T = self._targets(y, X.dtype)
        return self._fit(X, T, weight, None if self._several else np.asarray(y))

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One epoch; `classes` must be given with the first call."""
        first = not hasattr(self, "network_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        X, y = self._rows(X, y, reset=first, multi_output=True)
        if first:
            self._know(y, classes)
            self._start(X)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes must be those of the first call, {self.classes_}; got {classes!r}")
        X = np.ascontiguousarray(X, self.network_.dtype)
        weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        return self._step(X, self._targets(y, X.dtype), weight)

    def predict(self, X: Any) -> Array:
        """The classes (n,), or labels (n, n_labels)."""
        out = self._outputs(X)
        if self._several:
            return (out >= 0.5).astype(np.int64)
        return self.classes_[(out[:, 0] >= 0.5).astype(np.int64) if out.shape[1] == 1 else out.argmax(axis=1)]

    def predict_proba(self, X: Any) -> Array:
        """The probabilities of the classes (n, n_classes), or of the labels (n, n_labels)."""
        out = self._outputs(X)
        return np.hstack([1 - out, out]) if not self._several and out.shape[1] == 1 else out

    def predict_log_proba(self, X: Any) -> Array:
        """Their logarithms."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))


class MLPRegressor(RegressorMixin, _Estimator):
    __doc__ = f"""A multi-layer perceptron that regresses: linear outputs, mean squared error.
{COMMON}
    Examples
    --------
    >>> import numpy as np
    >>> from fastneuron.sklearn import MLPRegressor
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> net = MLPRegressor((10,), "tanh", solver="levenberg-marquardt", alpha=0, max_iter=50, tol=None, random_state=0)
    >>> bool(net.fit(X, np.sin(3 * X[:, 0])).score(X, np.sin(3 * X[:, 0])) > 0.999)
    True
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _prepare(self, X: Any, y: Any, reset: bool, sample_weight: Any, fresh: bool) -> tuple[Array, Array, Array]:
        X, y = self._rows(X, y, reset=reset, multi_output=True, y_numeric=True)
        self._vector = y.ndim == 1
        T = np.ascontiguousarray(y[:, None] if self._vector else y, X.dtype)
        if fresh:
            self._build(X.shape[1], T.shape[1], "linear", "mse", X.dtype)
        dtype = self.network_.dtype
        weight = _check_sample_weight(sample_weight, X, dtype=dtype, ensure_non_negative=True)
        return np.ascontiguousarray(X, dtype), np.ascontiguousarray(T, dtype), weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows X (n, n_features) with targets y (n,) or (n, n_outputs)."""
        fresh = not (self.warm_start and hasattr(self, "network_"))
        return self._fit(*self._prepare(X, y, True, sample_weight, fresh), None)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch."""
        first = not hasattr(self, "network_")
        return self._step(*self._prepare(X, y, first, sample_weight, first))

    def predict(self, X: Any) -> Array:
        """The outputs (n,) or (n, n_outputs)."""
        out = self._outputs(X)
        return out[:, 0] if self._vector else out
