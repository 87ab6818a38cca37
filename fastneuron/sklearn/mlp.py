"""`fastneuron.MLP` as scikit-learn estimators."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from .. import _check
from ._network import ATTRIBUTES, PARAMETERS, Array, NetworkEstimator
from ._transaction import all_or_nothing

LOSSES = {"squared_error": ("linear", "half_square"), "poisson": ("exp", "poisson"), "huber": ("linear", "huber")}


class MLPClassifier(ClassifierMixin, NetworkEstimator):
    __doc__ = f"""A multi-layer perceptron that classifies: softmax for several classes, sigmoids for two or for labels.
{PARAMETERS}
{ATTRIBUTES}
    classes_ : (n_classes,) array
        The classes, sorted.

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

    def _targets(self, y: Array) -> Array:
        dtype = self.network_.dtype
        if self._several:
            if y.ndim != 2 or y.shape[1] != len(self.classes_):
                raise ValueError(f"y must be indicators of {len(self.classes_)} labels; got shape {y.shape}")
            return np.ascontiguousarray(y, dtype)
        y = column_or_1d(y)
        strange = np.setdiff1d(y, self.classes_)
        if strange.size:
            raise ValueError(f"y must be of the classes {self.classes_}; got {strange[0]!r}")
        places = np.searchsorted(self.classes_, y)
        if len(self.classes_) == 2:
            return places[:, None].astype(dtype)
        return np.eye(len(self.classes_), dtype=dtype)[places]

    def _network_for(self, X: Array, fresh: bool) -> None:
        """Build the network, or see that the one there is fits."""
        binary = not self._several and len(self.classes_) == 2
        outputs = 1 if binary else len(self.classes_)
        if fresh:
            softmax = not self._several and not binary
            self._build(X.shape[1], outputs, "softmax" if softmax else "sigmoid", "cross_entropy", X.dtype)
        else:
            self._same_network(X.shape[1], outputs)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train until nothing gets better, or for `max_iter` epochs.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.
        y : (n,) array_like, or (n, n_labels) array_like or SciPy sparse
            Classes of any type, or labels, 0 or 1.
        sample_weight : (n,) array_like, optional
            Weight of each row in the mean of its batch.

        Returns
        -------
        MLPClassifier
            Itself.
        """
        with all_or_nothing(self):
            config = self._config()
            again = self.warm_start and hasattr(self, "network_")
            before = self.classes_ if again else np.empty(0)
            X, y = self._rows(X, y, multi_output=True)
            y = self._know(_dense(y))
            if again and not np.array_equal(before, self.classes_):
                raise ValueError(f"warm_start needs the classes of the last fit, {before}; got {self.classes_}")
            self._random = check_random_state(self.random_state)
            self._network_for(X, fresh=not again)
            stratify = None if self._several or len(self.classes_) > 2 else np.asarray(y)
            return self._fit(config, X, self._targets(y), self._weight(sample_weight, X), stratify)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One epoch.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : (n_classes,) array_like
            All classes there will be; must be given with the first call, and may be given again.

        Returns
        -------
        MLPClassifier
            Itself.
        """
        first = not hasattr(self, "network_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        with all_or_nothing(self):
            config = self._config()
            X, y = self._rows(X, y, reset=first, multi_output=True)
            y = _dense(y)
            if first:
                self._know(y, classes)
                self._random = check_random_state(self.random_state)
            elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ValueError(f"classes must be those of the first call, {self.classes_}; got {classes!r}")
            self._network_for(X, fresh=first)
            return self._step(config, X, self._targets(y), self._weight(sample_weight, X))

    def predict(self, X: Any) -> Array:
        """The most probable classes.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.

        Returns
        -------
        (n,) or (n, n_labels) array
            Classes, or labels, 0 or 1.
        """
        return self._decide(self._outputs(X))

    def _decide(self, out: Array) -> Array:
        if self._several:
            return (out > 0.5).astype(np.int64)
        return self.classes_[(out[:, 0] > 0.5).astype(np.int64) if out.shape[1] == 1 else out.argmax(axis=1)]

    def _score(self, out: Array, T: Array, weight: Array) -> float:
        wanted = T.astype(np.int64) if self._several else self._decide(T)
        return float(accuracy_score(wanted, self._decide(out), sample_weight=weight)) if np.all(out == out) else np.nan

    def predict_proba(self, X: Any) -> Array:
        """The probabilities.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.

        Returns
        -------
        (n, n_classes) or (n, n_labels) array
            Of each class, or of each label.
        """
        out = self._outputs(X)
        return np.hstack([1 - out, out]) if not self._several and out.shape[1] == 1 else out

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of the probabilities.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.

        Returns
        -------
        (n, n_classes) or (n, n_labels) array
            Minus infinity where a probability is 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))


class MLPRegressor(RegressorMixin, NetworkEstimator):
    __doc__ = f"""A multi-layer perceptron that regresses.
{PARAMETERS}
    loss : {{"squared_error", "poisson", "huber"}}
        Half the squared error or half the Poisson deviance (of exponential outputs) as in scikit-learn, or Huber's.
{ATTRIBUTES}

    Examples
    --------
    >>> import numpy as np
    >>> from fastneuron.sklearn import MLPRegressor
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> net = MLPRegressor((10,), "tanh", solver="levenberg-marquardt", alpha=0, max_iter=50, tol=None, random_state=0)
    >>> bool(net.fit(X, np.sin(3 * X[:, 0])).score(X, np.sin(3 * X[:, 0])) > 0.999)
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        loss: str = "squared_error",
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
        settings = {name: value for name, value in locals().items() if name not in ("self", "__class__", "loss")}
        super().__init__(**settings)
        self.loss = loss

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _prepare(self, X: Any, y: Any, sample_weight: Any, reset: bool, fresh: bool) -> tuple[Any, Array, Array]:
        output, loss = LOSSES[_check.known("loss", self.loss, LOSSES)]
        X, y = self._rows(X, y, reset=reset, multi_output=True, y_numeric=True)
        self._vector = y.ndim == 1
        T = np.ascontiguousarray(_dense(y).reshape(len(X) if X.ndim < 2 else X.shape[0], -1), X.dtype)
        if fresh:
            self._random = check_random_state(self.random_state)
            self._build(X.shape[1], T.shape[1], output, loss, X.dtype)
        else:
            self._same_network(X.shape[1], T.shape[1])
            if self.network_.loss_name != loss:
                raise ValueError(f"training goes on with the loss {self.network_.loss_name!r}; got loss={self.loss!r}")
        return X, T.astype(self.network_.dtype), self._weight(sample_weight, X)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train until nothing gets better, or for `max_iter` epochs.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.
        y : (n,) or (n, n_outputs) array_like
            Targets.
        sample_weight : (n,) array_like, optional
            Weight of each row in the mean of its batch.

        Returns
        -------
        MLPRegressor
            Itself.
        """
        with all_or_nothing(self):
            config = self._config()
            again = self.warm_start and hasattr(self, "network_")
            X, T, weight = self._prepare(X, y, sample_weight, reset=True, fresh=not again)
            self._random = self._random if not again else check_random_state(self.random_state)
            return self._fit(config, X, T, weight, None)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        MLPRegressor
            Itself.
        """
        with all_or_nothing(self):
            config = self._config()
            first = not hasattr(self, "network_")
            return self._step(config, *self._prepare(X, y, sample_weight, reset=first, fresh=first))

    def predict(self, X: Any) -> Array:
        """The outputs.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.

        Returns
        -------
        (n,) or (n, n_outputs) array
            As the targets were.
        """
        out = self._outputs(X)
        return out[:, 0] if self._vector else out

    def _score(self, out: Array, T: Array, weight: Array) -> float:
        return float(r2_score(T, out, sample_weight=weight)) if np.isfinite(out).all() else np.nan


def _dense(y: Any) -> Array:
    return y.toarray() if _check.is_sparse(y) else y
