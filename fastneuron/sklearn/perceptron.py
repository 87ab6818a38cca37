"""`fastneuron.Perceptron` as a scikit-learn classifier."""

from __future__ import annotations

import operator
import warnings
from dataclasses import replace
from numbers import Number
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import _check
from .._kernel import threads
from ..perceptron import Perceptron, data, rules, training
from ..perceptron.selection import SELECTIONS
from ._transaction import all_or_nothing

SEEDS = 2**31 - 1


class State(NamedTuple):
    """Weights in training, their sums over all presentations, and the number of these."""

    weights: np.ndarray
    bias: np.ndarray
    total: np.ndarray
    total_bias: np.ndarray
    seen: int

    @classmethod
    def at(cls, weights: np.ndarray, bias: np.ndarray) -> State:
        """Begin with these weights."""
        return cls(weights, bias, np.zeros(weights.shape), np.zeros(bias.shape), 0)

    def average(self) -> tuple[np.ndarray, np.ndarray]:
        """The mean of the weights over all presentations."""
        mean, mean_bias = self.total / max(self.seen, 1), self.total_bias / max(self.seen, 1)
        return mean.astype(self.weights.dtype), mean_bias.astype(self.bias.dtype)


class PerceptronClassifier(ClassifierMixin, BaseEstimator):
    """A perceptron for each class against the rest (a single one for two classes), trained online.

    With ``shuffle=False`` and ``tol=None``, the weights are those of scikit-learn's ``Perceptron``, bit for bit where
    all sums are exact, as for integer pixels.  (Not for sparse input, where scikit-learn moves the intercept by a
    hundredth of each correction only.)  Where `fit` or `partial_fit` raises anything, the estimator is as it was.

    Parameters
    ----------
    rule : {"perceptron", "normalized", "margin", "PA", "PA-I", "PA-II", "lms"}
        As in `fastneuron.Perceptron.train`, like the next four.
    learning_rate : float, default 1
    tie : {"margin", "hardlim"}
        What a net input of exactly 0 means: with "margin" it is always wrong in training, and predicts the first of two
        classes, as in scikit-learn; with "hardlim" it means the second of them, in training as in `predict`.
    margin, C : float, default 1
    max_iter : int, default 1000
        At most so many epochs.
    tol : float or None, default 1e-3
        Training ends when the mistakes a row, or with `early_stopping` the accuracy on the rows set aside, have not
        become better by more than this for `n_iter_no_change` epochs.  None: only when there is no mistake left.
    shuffle : bool, default True
        Present the rows in a new random order each epoch.
    average : bool, default False
        Predict with the average of the weights over all presentations, kept up by `partial_fit` too.
    early_stopping : bool, default False
        Set rows aside, and return to the epoch that did best on them.
    validation_fraction : float, default 0.1
        How many of them, the same share of each class.
    n_iter_no_change : int, default 5
    class_weight : dict, "balanced" or None
        Multiplies the corrections after a row of the class, when presented to its own neuron.
    warm_start : bool, default False
        Let `fit` start from the weights there are.
    n_jobs : int, optional
        Threads; 1 by default, -1 for one per core.
    random_state : int, RandomState or None
        Of the orders and of the rows set aside.

    Attributes
    ----------
    coef_ : (1 or n_classes, n_features) ndarray
        May be set, like `intercept_`: training goes on from there.
    intercept_ : (1 or n_classes,) ndarray
    classes_ : (n_classes,) ndarray
    n_iter_ : int
        Epochs.
    n_features_in_ : int

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from fastneuron.sklearn import PerceptronClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> bool(PerceptronClassifier(average=True, random_state=0).fit(X, y).score(X, y) > 0.9)
    True
    """

    classes_: np.ndarray

    def __init__(
        self,
        rule="perceptron",
        *,
        learning_rate=1.0,
        tie="margin",
        margin=1.0,
        C=1.0,
        max_iter=1000,
        tol=1e-3,
        shuffle=True,
        average=False,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        class_weight=None,
        warm_start=False,
        n_jobs=None,
        random_state=None,
    ):
        self.rule = rule
        self.learning_rate = learning_rate
        self.tie = tie
        self.margin = margin
        self.C = C
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.average = average
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> PerceptronClassifier:
        """Train until nothing gets better, or for `max_iter` epochs.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.
        y : (n,) array_like
            Labels of any type.
        sample_weight : (n,) array_like, optional
            Multiplies the corrections after a row.

        Returns
        -------
        PerceptronClassifier
            Itself.
        """
        with all_or_nothing(self):
            return self._fit(X, y, sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> PerceptronClassifier:
        patience = _check.whole("n_iter_no_change", self.n_iter_no_change, 1)
        epochs = _check.whole("max_iter", self.max_iter, 1)
        tol = -np.inf if self.tol is None else _check.number("tol", self.tol, "None, or 0 or more", lambda x: x >= 0)
        fresh = not (_check.flag("warm_start", self.warm_start) and hasattr(self, "coef_"))
        X, y = self._validated(X, y, fresh)
        classes, labels = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y must have at least 2 classes; got only one class, {classes[0]!r}")
        if not fresh and not np.array_equal(classes, self.classes_):
            raise ValueError(f"warm_start needs the classes it started with, {self.classes_}; got {classes}")
        random = _random(self.random_state)
        weight = self._weight(sample_weight, y, labels, classes)
        held = None
        if _check.flag("early_stopping", self.early_stopping):
            kept, aside = self._split(labels, random)
            held = X[aside], labels[aside]
            X, labels, weight = X[kept], labels[kept], weight if len(weight) == 1 else weight[kept]

        self.classes_ = classes
        state = self._start(X.dtype, fresh)
        source, rule = self._prepare(state, X, labels, weight)
        best, best_state, waited = -np.inf, state, 0
        for epoch in range(1, epochs + 1):
            state, mistakes = self._epoch(state, source, rule, random)
            score = -mistakes / len(labels) if held is None else np.mean(self._labels(state, held[0]) == held[1])
            self.n_iter_ = epoch
            waited = 0 if score > best + tol or epoch == 1 else waited + 1
            if score > best:
                best, best_state = score, state
            if mistakes == 0 or (self.tol is not None and waited >= patience):
                break
        else:
            if self.tol is not None:
                warnings.warn(
                    f"still getting better after max_iter={epochs} epochs; increase max_iter to go on",
                    ConvergenceWarning,
                    stacklevel=3,
                )
        self._finish(best_state if self.early_stopping else state)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> PerceptronClassifier:
        """Present some more rows, once each.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.
        y : (n,) array_like
            Labels.
        classes : array_like
            All labels that will ever come; in the first call.
        sample_weight : (n,) array_like, optional
            Multiplies the corrections after a row.

        Returns
        -------
        PerceptronClassifier
            Itself.
        """
        with all_or_nothing(self):
            return self._partial_fit(X, y, classes, sample_weight)

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> PerceptronClassifier:
        fresh = not hasattr(self, "coef_")
        if fresh and classes is None:
            raise ValueError("classes must be given in the first call of partial_fit")
        if self.class_weight == "balanced":
            raise ValueError("class_weight 'balanced' needs all rows; give partial_fit a dict, or sample_weight")
        if _check.flag("early_stopping", self.early_stopping):
            raise ValueError("early_stopping must be False for partial_fit, which presents rows once")
        X, y = self._validated(X, y, fresh)
        known = self.classes_ if not fresh else np.unique(classes)
        if len(known) < 2:
            raise ValueError(f"classes must be at least 2; got only one class, {known[0]!r}")
        if classes is not None and not np.array_equal(np.unique(classes), known):
            raise ValueError(f"classes must be those of the first call, {known}; got {np.unique(classes)}")
        strange = ~np.isin(y, known)
        if strange.any():
            raise ValueError(f"y must be among classes {known}; got {y[strange][0]!r} in row {np.argmax(strange)}")
        labels = np.searchsorted(known, y)
        weight = self._weight(sample_weight, y, labels, known)
        self.classes_ = known
        state = self._start(X.dtype, fresh)
        source, rule = self._prepare(state, X, labels, weight)
        state, _ = self._epoch(state, source, rule, _random(self.random_state))
        self._finish(state)
        self.n_iter_ = 1 if fresh else self.n_iter_ + 1
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """The net input of each neuron.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.

        Returns
        -------
        (n, n_classes) ndarray, or (n,) for two classes
        """
        check_is_fitted(self)
        _check.refuse_masked("X", X)
        with np.errstate(invalid="ignore"):  # of scikit-learn's sum over huge numbers
            X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        n = _layer(*self._parameters()).net_input(X, self._threads())
        return n[:, 0] if n.shape[1] == 1 else n

    def predict(self, X: Any) -> np.ndarray:
        """The label of each row.

        Parameters
        ----------
        X : (n, n_features) array_like or SciPy sparse
            Inputs.

        Returns
        -------
        (n,) ndarray
        """
        n = self.decision_function(X)
        return self.classes_[self._decided(n)]

    def __sklearn_tags__(self):
        """What scikit-learn may expect."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _validated(self, X, y, fresh):
        _check.refuse_masked("X", X)
        _check.refuse_masked("y", y)
        if _check.is_sparse(y):
            raise TypeError(f"y must be an array of labels (n,); got a {type(y).__name__}: give y.toarray().ravel()")
        with np.errstate(invalid="ignore"):  # of scikit-learn's sum over huge numbers
            X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], reset=fresh)
        check_classification_targets(y)
        return X, y

    def _split(self, labels, random):
        """The rows to train on, and those set aside."""
        fraction = self.validation_fraction
        _check.number("validation_fraction", fraction, "a number between 0 and 1", lambda x: 0 < x < 1)
        try:
            return train_test_split(np.arange(len(labels)), test_size=fraction, stratify=labels, random_state=random)
        except ValueError as error:
            raise ValueError(
                f"early_stopping sets some rows of each class aside, and validation_fraction={fraction} of "
                f"{len(labels)} rows cannot be so: {str(error).replace('test_size', 'validation_fraction')}"
            ) from None

    def _parameters(self):
        """`coef_` and `intercept_`, which may have been set, as a layer takes them."""
        S = 1 if len(self.classes_) == 2 else len(self.classes_)
        dtype = np.float32 if getattr(self.coef_, "dtype", None) == np.float32 else np.float64
        weights = _check.array("coef_", self.coef_, dtype)
        if weights.shape != (S, self.n_features_in_):
            raise ValueError(f"coef_ must have shape {(S, self.n_features_in_)}; got {weights.shape}")
        bias = _check.array("intercept_", self.intercept_, dtype)
        if bias.shape not in ((), (1,), (S,)):
            raise ValueError(f"intercept_ must have shape {(S,)}; got {bias.shape}")
        _check.finite("coef_", weights, "index")
        _check.finite("intercept_", bias, "index")
        return weights, np.broadcast_to(bias, (S,))

    def _start(self, dtype, fresh):
        """The state that `fit` or `partial_fit` left, unless `coef_` or `intercept_` have been set since."""
        if fresh:
            S = 1 if len(self.classes_) == 2 else len(self.classes_)
            return State.at(np.zeros((S, self.n_features_in_), dtype), np.zeros(S, dtype))
        weights, bias = self._parameters()
        state = getattr(self, "_state", None)
        if state is not None and all(map(np.array_equal, state.average(), (weights, bias))):
            return state if self.average else State.at(state.weights, state.bias)
        return State.at(weights, bias)

    def _prepare(self, state, X, labels, weight):
        """The rows as `training.train` takes them, and the rule."""
        S, R = state.weights.shape
        kind = data.LayerType(R, S, "hardlim", state.weights.dtype)
        rule = rules.checked(
            self.rule, kind.transfer, kind.dtype, self.learning_rate, self.tie, self.margin, self.C
        )  # fmt: skip
        source = data.rows(kind, X, labels, rule.real_targets)
        self._zero_is_positive = rule.zero_is_positive()
        return replace(source, weight=weight), rule

    def _epoch(self, state, source, rule, random):
        """One epoch: the state after it, and the mistakes in it."""
        n = len(source.T)
        if _check.flag("shuffle", self.shuffle):
            source = replace(source, seed=random.randint(SEEDS))
        selection = SELECTIONS["average" if _check.flag("average", self.average) else "last"]
        try:
            result = training.train(
                rule, state.weights, state.bias, source, selection, self._threads(), lambda done: None
            )
        except training.NonFinite as failure:
            data.raise_nonfinite(failure.row, failure.values)
        if not self.average:
            return State.at(*result.last), int(result.mistakes.sum())
        total = state.total + n * result.weights.astype(float)
        total_bias = state.total_bias + n * result.bias.astype(float)
        return State(*result.last, total, total_bias, state.seen + n), int(result.mistakes.sum())

    def _answer(self, state):
        """What `coef_` and `intercept_` are to be."""
        return state.average() if self.average else (state.weights, state.bias)

    def _finish(self, state):
        self._state = state if self.average else None
        self.coef_, self.intercept_ = self._answer(state)

    def _decided(self, n):
        """The numbers of the classes that net inputs (n,) or (n, n_classes) mean."""
        if n.ndim == 1:
            return (n >= 0 if getattr(self, "_zero_is_positive", False) else n > 0).astype(int)
        return np.argmax(n, axis=1)

    def _labels(self, state, X):
        n = _layer(*self._answer(state)).net_input(X, self._threads())
        return self._decided(n[:, 0] if n.shape[1] == 1 else n)

    def _threads(self):
        if self.n_jobs is None:
            return 1
        try:
            jobs = operator.index(self.n_jobs)
        except TypeError:
            jobs = 0
        if jobs == 0 or isinstance(self.n_jobs, bool):
            raise ValueError(f"n_jobs must be None, a number of threads, or -1 for all cores; got {self.n_jobs!r}")
        return max(1, threads.available() + 1 + jobs) if jobs < 0 else jobs

    def _weight(self, sample_weight, y, labels, classes):
        """What to multiply corrections by, (1 or n, 1 or S)."""
        weight = np.ones((1, 1))
        if sample_weight is not None:
            given = np.full(len(y), sample_weight) if isinstance(sample_weight, Number) else sample_weight
            weight = _check.sample_weight(given, len(y), np.float64)[:, np.newaxis]
        if self.class_weight is not None:
            if isinstance(self.class_weight, str):
                _check.known("class_weight", self.class_weight, ["balanced"])
            each = compute_class_weight(self.class_weight, classes=classes, y=y)
            _check.satisfies(
                "class_weight", each, lambda x: np.isfinite(x) & (x >= 0), "finite, and 0 or more", "index"
            )
            own = each[labels][:, np.newaxis]
            if len(classes) > 2:  # to the neurons of other classes, a row counts as it is
                own = np.where(labels[:, np.newaxis] == np.arange(len(classes)), own, 1.0)
            weight = weight * own
        return np.ascontiguousarray(weight)


def _random(random_state):
    try:
        return check_random_state(random_state)
    except ValueError:
        allowed = "None, a whole number from 0 to 2**32 - 1, or a numpy.random.RandomState"
        raise ValueError(f"random_state must be {allowed}; got {_check.shown(random_state)}") from None


def _layer(weights, bias):
    layer = Perceptron(weights.shape[1], weights.shape[0], dtype=weights.dtype)
    layer.weights, layer.bias = weights, bias
    return layer
