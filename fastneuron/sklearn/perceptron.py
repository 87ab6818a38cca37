"""`fastneuron.Perceptron` as a scikit-learn classifier."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .. import _check
from .._kernel import threads
from ..perceptron import training
from ..perceptron.layer import Perceptron
from ..perceptron.selection import Average, Last

SEEDS = 2**31 - 1


class PerceptronClassifier(ClassifierMixin, BaseEstimator):
    """A perceptron for each class against the rest (a single one for two classes), trained online.

    With ``shuffle=False`` and ``tol=None``, the weights are those of scikit-learn's ``Perceptron``, bit for bit where
    all sums are exact, as for integer pixels.  (Not for sparse input, where scikit-learn moves the intercept by a
    hundredth of each correction only.)

    Parameters
    ----------
    rule : {"perceptron", "normalized", "margin", "PA", "PA-I", "PA-II", "lms"}
        As in `fastneuron.Perceptron.train`, like the next four.
    learning_rate : float, default 1
    tie : {"margin", "hardlim"}
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
        patience = _check.whole("n_iter_no_change", self.n_iter_no_change, 1)
        epochs = _check.whole("max_iter", self.max_iter, 1)
        tol = -np.inf if self.tol is None else _check.number("tol", self.tol)
        fresh = not (self.warm_start and hasattr(self, "coef_"))
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], reset=fresh)
        check_classification_targets(y)
        classes, labels = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y must have at least 2 classes; got only one class, {classes[0]!r}")
        if not fresh and not np.array_equal(classes, self.classes_):
            raise ValueError(f"warm_start needs the classes it started with, {self.classes_}; got {classes}")
        random = check_random_state(self.random_state)
        weight = self._weight(sample_weight, X, y, labels, classes)
        held = None
        if self.early_stopping:
            kept, aside = train_test_split(
                np.arange(len(labels)), test_size=self.validation_fraction, stratify=labels, random_state=random
            )
            held = X[aside], labels[aside]
            X, labels, weight = X[kept], labels[kept], weight if len(weight) == 1 else weight[kept]

        self.classes_ = classes
        state = self._start(X.dtype, fresh)
        source, made = self._prepare(state, X, labels, weight)
        best, best_state, waited = -np.inf, state, 0
        for epoch in range(1, epochs + 1):
            state, mistakes = self._epoch(state, source, made, random)
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
                    stacklevel=2,
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
        fresh = not hasattr(self, "coef_")
        if fresh and classes is None:
            raise ValueError("classes must be given in the first call of partial_fit")
        if self.class_weight == "balanced":
            raise ValueError("class_weight 'balanced' needs all rows; give partial_fit a dict, or sample_weight")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], reset=fresh)
        check_classification_targets(y)
        known = self.classes_ if not fresh else np.unique(classes)
        if len(known) < 2:
            raise ValueError(f"classes must be at least 2; got only one class, {known[0]!r}")
        if classes is not None and not np.array_equal(np.unique(classes), known):
            raise ValueError(f"classes must be those of the first call, {known}; got {np.unique(classes)}")
        strange = ~np.isin(y, known)
        if strange.any():
            raise ValueError(f"y must be among classes {known}; got {y[strange][0]!r} in row {np.argmax(strange)}")
        labels = np.searchsorted(known, y)
        weight = self._weight(sample_weight, X, y, labels, known)
        self.classes_ = known
        state = self._start(X.dtype, fresh)
        source, made = self._prepare(state, X, labels, weight)
        state, _ = self._epoch(state, source, made, check_random_state(self.random_state))
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
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        n = self._layer(self.coef_, self.intercept_).net_input(X, self._threads())
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
        return self.classes_[(n > 0).astype(int) if n.ndim == 1 else np.argmax(n, axis=1)]

    def __sklearn_tags__(self):
        """What scikit-learn may expect."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    # A state is (weights, bias, sums of them over all presentations or None, number of presentations).

    def _start(self, dtype, fresh):
        S = 1 if len(self.classes_) == 2 else len(self.classes_)
        if not fresh:
            return self._state
        weights, bias = np.zeros((S, self.n_features_in_), dtype), np.zeros(S, dtype)
        return weights, bias, (np.zeros(weights.shape), np.zeros(S)), 0

    def _prepare(self, state, X, labels, weight):
        layer = self._layer(state[0], state[1])
        T = labels if layer.n_neurons > 1 else labels[:, np.newaxis]
        source = layer._rows(X, T, 1, self.rule, None, False, None)
        made = layer._rule(self.rule, self.learning_rate, self.tie, self.margin, self.C)
        return replace(source, share=weight), made

    def _epoch(self, state, source, made, random):
        """One epoch: the state after it, and the mistakes in it."""
        weights, bias, (total, total_bias), seen = state
        n = len(source.T)
        if self.shuffle:
            source = replace(source, seed=random.randint(SEEDS))
        keeper = Average if self.average else Last
        result = training.train(made, weights, bias, source, keeper, self._threads(), lambda done: None)
        if self.average:
            total, total_bias = total + n * result.weights.astype(float), total_bias + n * result.bias.astype(float)
        return (*result.last, (total, total_bias), seen + n), int(result.corrections.sum())

    def _average(self, state):
        weights, bias, (total, total_bias), seen = state
        if not self.average:
            return weights, bias
        return (total / seen).astype(weights.dtype), (total_bias / seen).astype(bias.dtype)

    def _finish(self, state):
        self._state = state
        self.coef_, self.intercept_ = self._average(state)

    def _labels(self, state, X):
        n = self._layer(*self._average(state)).net_input(X, self._threads())
        return (n[:, 0] > 0).astype(int) if n.shape[1] == 1 else np.argmax(n, axis=1)

    @staticmethod
    def _layer(weights, bias):
        layer = Perceptron(weights.shape[1], weights.shape[0], dtype=weights.dtype)
        layer.weights, layer.bias = weights, bias
        return layer

    def _threads(self):
        if self.n_jobs is None:
            return 1
        jobs = self.n_jobs
        return max(1, threads.available() + 1 + jobs) if jobs < 0 else _check.whole("n_jobs", jobs, 1)

    def _weight(self, sample_weight, X, y, labels, classes):
        """What to multiply corrections by, (1 or n, 1 or S)."""
        weight = np.ones((1, 1))
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)[:, np.newaxis]
        if self.class_weight is not None:
            own = compute_class_weight(self.class_weight, classes=classes, y=y)[labels][:, np.newaxis]
            if len(classes) > 2:  # to the neurons of other classes, a row counts as it is
                own = np.where(labels[:, np.newaxis] == np.arange(len(classes)), own, 1.0)
            weight = weight * own
        return np.ascontiguousarray(weight)
