import pickle

import numpy as np
import pytest
import scipy.sparse

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import Perceptron
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastneuron.sklearn import PerceptronClassifier

ORDER = "an online learner: a row of weight 2 moves the weights once by twice as much, and not twice, as two rows do"
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": ORDER,
    "check_sample_weight_equivalence_on_sparse_data": ORDER,
}


@parametrize_with_checks(
    [PerceptronClassifier(max_iter=20, tol=None), PerceptronClassifier(max_iter=20, tol=None, average=True)],
    expected_failed_checks=lambda estimator: EXPECTED,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_what_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X, y


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_are_scikit_learns_bit_for_bit(digits, dtype, classes, weighted):
    X, y = digits[0].astype(dtype), digits[1] % classes
    weight = np.random.default_rng(0).integers(1, 4, len(y)).astype(float) if weighted else None
    options = {"max_iter": 7, "tol": None, "shuffle": False, "class_weight": {0: 2, 1: 3} if weighted else None}
    ours = PerceptronClassifier(**options).fit(X, y, weight)
    theirs = Perceptron(**options).fit(X, y, sample_weight=weight)
    assert np.array_equal(ours.coef_, theirs.coef_)
    assert np.array_equal(ours.intercept_, theirs.intercept_)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.coef_.dtype == dtype
    for k in range(0, len(y), 500):
        part = slice(k, k + 500)
        ours.partial_fit(X[part], y[part], sample_weight=None if weight is None else weight[part])
        theirs.partial_fit(X[part], y[part], sample_weight=None if weight is None else weight[part])
    # partial_fit of scikit-learn shuffles by shuffle=, so the order is the same
    assert np.array_equal(ours.coef_, theirs.coef_)


def test_sparse_input_is_dense_input(digits):
    X, y = digits
    dense = PerceptronClassifier(max_iter=5, tol=None, random_state=1).fit(X, y)
    for kind in (scipy.sparse.csr_matrix, scipy.sparse.csr_array):
        sparse = PerceptronClassifier(max_iter=5, tol=None, random_state=1).fit(kind(X), y)
        assert np.array_equal(dense.coef_, sparse.coef_)
        assert np.array_equal(dense.decision_function(X), sparse.decision_function(kind(X)))


def test_in_the_company_of_scikit_learn(digits):
    X, y = digits
    piped = make_pipeline(StandardScaler(), PerceptronClassifier(average=True, random_state=0))
    assert cross_val_score(piped, X, y, cv=3).min() > 0.88
    grid = GridSearchCV(PerceptronClassifier(max_iter=5, tol=None), {"rule": ["perceptron", "PA-I"]}, cv=2).fit(X, y)
    assert grid.best_score_ > 0.85
    copy = pickle.loads(pickle.dumps(grid.best_estimator_))
    assert np.array_equal(copy.predict(X), grid.predict(X))
    assert clone(copy).get_params() == copy.get_params()


def test_partial_fit_goes_on_where_fit_ended(digits):
    X, y = digits
    for average in (False, True):
        whole = PerceptronClassifier(max_iter=3, tol=None, shuffle=False, average=average).fit(X, y)
        parts = PerceptronClassifier(shuffle=False, average=average)
        for _ in range(3):
            for k in range(0, len(y), 300):
                parts.partial_fit(X[k : k + 300], y[k : k + 300], classes=range(10))
        np.testing.assert_allclose(whole.coef_, parts.coef_, rtol=0, atol=1e-11)


def test_warm_start_goes_on(digits):
    X, y = digits
    model = PerceptronClassifier(max_iter=2, tol=None, shuffle=False, warm_start=True)
    model.fit(X, y).fit(X, y)
    assert np.array_equal(model.coef_, PerceptronClassifier(max_iter=4, tol=None, shuffle=False).fit(X, y).coef_)
    with pytest.raises(ValueError, match="warm_start needs the classes"):
        model.fit(X, y + 1)


def test_early_stopping_returns_to_the_best_epoch(digits):
    X, y = digits
    model = PerceptronClassifier(early_stopping=True, random_state=0, n_iter_no_change=3).fit(X, y)
    assert model.n_iter_ < 100
    assert model.score(X, y) > 0.9


def test_jobs_change_nothing(digits):
    X, y = digits
    a, b = (PerceptronClassifier(max_iter=5, tol=None, random_state=0, n_jobs=jobs).fit(X, y) for jobs in (None, -1))
    assert np.array_equal(a.coef_, b.coef_)


def test_class_weight_leans_towards_a_class(digits):
    X, y = digits[0], digits[1] % 2
    plain, heavy = (
        PerceptronClassifier(max_iter=3, tol=None, shuffle=False, average=True, class_weight=weight).fit(X, y)
        for weight in (None, {0: 1, 1: 20})
    )
    assert (heavy.predict(X) == 1).sum() > (plain.predict(X) == 1).sum()


def test_too_few_epochs_warn(digits):
    X, y = digits
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        PerceptronClassifier(max_iter=2, random_state=0).fit(X, y)


def test_bad_use(digits):
    X, y = digits
    with pytest.raises(NotFittedError):
        PerceptronClassifier().predict(X)
    with pytest.raises(ValueError, match="first call"):
        PerceptronClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="must be among classes"):
        PerceptronClassifier().partial_fit(X, y, classes=range(9))
    with pytest.raises(ValueError, match="balanced"):
        PerceptronClassifier(class_weight="balanced").partial_fit(X, y, classes=range(10))
    with pytest.raises(ValueError, match="rule must be one of"):
        PerceptronClassifier(rule="percepton").fit(X, y)
    with pytest.raises(ValueError, match="max_iter"):
        PerceptronClassifier(max_iter=0).fit(X, y)
