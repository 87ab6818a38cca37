"""Any sequence of calls leaves a `PerceptronClassifier` where it leaves scikit-learn's `Perceptron`."""

import pickle

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.linear_model import Perceptron

from fastneuron.sklearn import PerceptronClassifier

seeds = st.integers(0, 2**32 - 1)


def problem(seed, R, classes):
    """Whole numbers, so that all sums are exact; every class is there."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(classes, 12))
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    return rng.integers(-4, 5, (n, R)).astype(float), rng.permutation(y), rng.integers(0, 3, n) + (np.arange(n) == 0)


class Sequences(RuleBasedStateMachine):
    """The two estimators, side by side."""

    @initialize(classes=st.integers(2, 4), R=st.integers(1, 5))
    def begin(self, classes, R):
        """Two estimators that are documented to agree."""
        self.classes, self.R = classes, R
        options = {"max_iter": 2, "tol": None, "shuffle": False}
        self.ours, self.theirs = PerceptronClassifier(**options), Perceptron(**options)
        self.fitted = None

    def both(self, method, X, y, weight, **options):
        """The same call of both."""
        for model in (self.ours, self.theirs):
            getattr(model, method)(X, y, sample_weight=weight, **options)

    @rule(seed=seeds, weighted=st.booleans(), R=st.integers(1, 5))
    def fit(self, seed, weighted, R):
        """From zero, or on from where it is."""
        if self.ours.warm_start and self.fitted:
            R = self.fitted
        X, y, weight = problem(seed, R, self.classes)
        self.both("fit", X, y, weight if weighted else None)
        self.fitted = R

    @rule(seed=seeds, weighted=st.booleans(), classes_again=st.booleans())
    def partial_fit(self, seed, weighted, classes_again):
        """Some more rows, of some of the classes."""
        R = self.fitted or self.R
        X, y, weight = problem(seed, R, self.classes)
        some = slice(None, None, 2)
        options = {"classes": np.arange(self.classes)} if classes_again or not self.fitted else {}
        if isinstance(self.ours.class_weight, dict):  # scikit-learn wants all of its classes in y
            some = slice(None)
        weight = weight[some] + (np.arange(len(X[some])) == 0)
        self.both("partial_fit", X[some], y[some], weight if weighted else None, **options)
        self.fitted = R

    @rule(max_iter=st.integers(1, 4), warm_start=st.booleans(), heavy=st.sampled_from([None, 2, 3]))
    def set_params(self, max_iter, warm_start, heavy):
        """Other parameters than before."""
        weight = None if heavy is None else {0: heavy, 1: 1}
        for model in (self.ours, self.theirs):
            model.set_params(max_iter=max_iter, warm_start=warm_start, class_weight=weight)

    @precondition(lambda self: self.fitted)
    @rule(scale=st.integers(-3, 3))
    def set_weights(self, scale):
        """Other weights than training left."""
        for model in (self.ours, self.theirs):
            model.coef_ = model.coef_ * scale
            model.intercept_ = model.intercept_ + scale

    @rule(pickled=st.booleans())
    def copy(self, pickled):
        """A pickle goes on; a clone begins anew."""
        if pickled:
            self.ours, self.theirs = pickle.loads(pickle.dumps(self.ours)), pickle.loads(pickle.dumps(self.theirs))
        else:
            self.ours, self.theirs, self.fitted = clone(self.ours), clone(self.theirs), None

    @rule(seed=seeds, kind=st.sampled_from(["nan", "length", "one class", "rank", "weight", "parameter", "strange"]))
    def refused(self, seed, kind):
        """Calls that raise, of ours alone: they leave no trace."""
        X, y, weight = problem(seed, self.fitted or self.R, self.classes)
        weight = weight.astype(float)
        method, parameter = ("partial_fit", "shuffle") if self.fitted and seed % 2 else ("fit", "max_iter")
        kept = getattr(self.ours, parameter)
        if kind == "nan":
            X[0, 0] = np.nan
        elif kind == "length":
            y = y[1:]
        elif kind == "rank":
            X = X[:, :, np.newaxis]
        elif kind == "weight":
            weight[-1] = -1
        elif kind == "one class":
            method, y = "fit", np.zeros(len(y), int)
        elif kind == "parameter":
            self.ours.set_params(**{parameter: "no"})
        else:
            method, y = "fit", y + 0.5
        with pytest.raises((ValueError, TypeError)):
            getattr(self.ours, method)(X, y, sample_weight=weight)
        self.ours.set_params(**{parameter: kept})

    @invariant()
    def agree(self):
        """The same weights and answers."""
        assert hasattr(self.ours, "coef_") == hasattr(self.theirs, "coef_") == bool(self.fitted)
        if self.fitted:
            for name in ("coef_", "intercept_", "classes_", "n_features_in_"):
                assert np.array_equal(getattr(self.ours, name), getattr(self.theirs, name)), name
            X = problem(0, self.fitted, self.classes)[0]
            assert np.array_equal(self.ours.decision_function(X), self.theirs.decision_function(X))
            assert np.array_equal(self.ours.predict(X), self.theirs.predict(X))


TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
