import pickle
import warnings

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

from fastneuron.perceptron import training
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


# what people do


CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


@pytest.mark.parametrize("rule", ["perceptron", "normalized", "lms"])
@pytest.mark.parametrize("y", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0]])
@pytest.mark.parametrize("tie", ["hardlim", "margin"])
@pytest.mark.parametrize("average", [False, True])
def test_what_is_no_mistake_in_training_is_none_in_prediction(tie, y, rule, average):
    """Net inputs of exactly 0 are where the two might differ."""
    rate = 0.25 if rule == "lms" else 1.0
    model = PerceptronClassifier(rule, tie=tie, learning_rate=rate, shuffle=False, tol=None, max_iter=100)
    model.fit(CORNERS, y)
    assert model.n_iter_ < 100
    if not average:
        assert model.predict(CORNERS).tolist() == y
    model.set_params(tie={"hardlim": "margin", "margin": "hardlim"}[tie])
    assert model.predict(CORNERS).tolist() == y  # what it was trained with decides


def attributes(model):
    return {name: np.array(value, copy=True) for name, value in vars(model).items() if name != "_state"}


def same(model, before):
    now = attributes(model)
    return now.keys() == before.keys() and all(np.array_equal(now[name], before[name]) for name in now)


IRIS = np.random.default_rng(0).integers(-5, 6, (60, 4)).astype(float), np.arange(60) % 3
REFUSED = {
    "nan": lambda X, y: (np.where(X == 1, np.nan, X), y),
    "lengths": lambda X, y: (X, y[1:]),
    "one class": lambda X, y: (X, y * 0),
    "real labels": lambda X, y: (X, y + 0.5),
    "features": lambda X, y: (np.ones((60, 2, 2)), y),
    "text": lambda X, y: (X.astype(str) + "a", y),
    "masked": lambda X, y: (np.ma.masked_equal(X, 1), y),
    "masked labels": lambda X, y: (X, np.ma.masked_equal(y, 1)),
    "sparse labels": lambda X, y: (X, scipy.sparse.csr_array(y.reshape(-1, 1))),
    "overflow": lambda X, y: (X * 1e307, y),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_refused_call_changes_nothing(kind, method, average):
    X, y = IRIS
    model = PerceptronClassifier(average=average, tol=None, max_iter=3, learning_rate=10).fit(X, y)
    unfitted = PerceptronClassifier(learning_rate=10)
    bad = REFUSED[kind](X, y)
    for one in (model, unfitted):
        before = attributes(one)
        if one is unfitted and method == "partial_fit":
            call = lambda: unfitted.partial_fit(*bad, classes=range(3) if kind != "one class" else [0])  # noqa: E731
        elif kind == "one class" and method == "partial_fit":
            continue
        else:
            call = lambda: getattr(one, method)(*bad)  # noqa: B023, E731
        with pytest.raises((ValueError, TypeError, FloatingPointError)):
            call()
        assert same(one, before)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_an_interrupted_call_changes_nothing(method, monkeypatch):
    X, y = IRIS
    model = PerceptronClassifier(tol=None, max_iter=5).fit(X, y)
    before, train, calls = attributes(model), training.train, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == (3 if method == "fit" else 1):
            raise KeyboardInterrupt
        return train(*arguments)

    monkeypatch.setattr(training, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        getattr(model, method)(X[:, :3] if method == "fit" else X, y)
    assert same(model, before)


@pytest.mark.parametrize("average", [False, True])
def test_weights_that_are_set_are_trained_on(average):
    X, y = IRIS
    model = PerceptronClassifier(shuffle=False, average=average).partial_fit(X, y, classes=range(3))
    model.coef_, model.intercept_ = np.ones((3, 4)) * 100, 5.0
    expected = Perceptron(shuffle=False).partial_fit(X, y, classes=range(3))
    expected.coef_, expected.intercept_ = np.ones((3, 4)) * 100, np.full(3, 5.0)
    model.set_params(average=False).partial_fit(X, y)
    expected.partial_fit(X, y)
    assert np.array_equal(model.coef_, expected.coef_)
    assert np.array_equal(model.intercept_, expected.intercept_)
    for name, value in {"coef_": np.ones((3, 5)), "intercept_": np.ones(4)}.items():
        kept = getattr(model, name)
        setattr(model, name, value)
        for method in (lambda: model.partial_fit(X, y), lambda: model.predict(X)):
            with pytest.raises(ValueError, match=f"{name} must have shape"):
                method()
        setattr(model, name, kept)


def test_averaging_may_be_turned_on_and_off():
    X, y = IRIS
    plain = PerceptronClassifier(shuffle=False).partial_fit(X, y, classes=range(3))
    model = PerceptronClassifier(shuffle=False, average=True).partial_fit(X, y, classes=range(3))
    averaged = model.coef_
    model.set_params(average=False).partial_fit(X, y)
    assert np.array_equal(model.coef_, plain.partial_fit(X, y).coef_)  # goes on from the last weights
    model.set_params(average=True).partial_fit(X, y)
    only = PerceptronClassifier(shuffle=False, average=True).partial_fit(X, y, classes=range(3))
    only.coef_, only.intercept_ = plain.coef_, plain.intercept_
    assert np.array_equal(model.coef_, only.partial_fit(X, y).coef_)  # the mean since it was turned on
    assert not np.array_equal(model.coef_, averaged)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shuffle": "no"}, "shuffle must be True or False"),
        ({"average": 1}, "average must be True or False"),
        ({"warm_start": None}, "warm_start must be True or False"),
        ({"early_stopping": "yes"}, "early_stopping must be True or False"),
        ({"early_stopping": True, "validation_fraction": 2}, "validation_fraction must be a number between 0 and 1"),
        ({"early_stopping": True, "validation_fraction": 0.01}, "validation_fraction=0.01 of 60 rows"),
        ({"tol": -1.0}, "tol must be None, or 0 or more"),
        ({"tol": "1e-3"}, "tol must be None, or 0 or more"),
        ({"random_state": "0"}, "random_state must be None"),
        ({"random_state": -1}, "random_state must be None"),
        ({"n_jobs": 0}, "n_jobs must be None"),
        ({"n_jobs": "2"}, "n_jobs must be None"),
        ({"n_jobs": 1.5}, "n_jobs must be None"),
        ({"class_weight": "balance"}, "did you mean 'balanced'"),
        ({"class_weight": {0: -1}}, "class_weight must be finite, and 0 or more"),
        ({"n_iter_no_change": 0}, "n_iter_no_change must be a whole number of at least 1"),
        ({"learning_rate": 0}, "learning_rate must be a positive number"),
        ({"rule": "PA", "learning_rate": 2}, "learning_rate must be 1 for rule 'PA'"),
        ({"tie": "none"}, "tie must be one of"),
    ],
)
def test_parameters_that_are_none(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        PerceptronClassifier(**options).fit(*IRIS)


def test_early_stopping_has_no_meaning_in_partial_fit():
    with pytest.raises(ValueError, match="early_stopping must be False for partial_fit"):
        PerceptronClassifier(early_stopping=True).partial_fit(*IRIS, classes=range(3))


def test_files_mapped_by_joblib_are_trained_on(tmp_path):
    joblib = pytest.importorskip("joblib")
    X, y = IRIS
    for average in (False, True):
        model = PerceptronClassifier(average=average, shuffle=False, tol=None, max_iter=2).fit(X, y)
        joblib.dump(model, tmp_path / "model")
        mapped = joblib.load(tmp_path / "model", mmap_mode="r")
        assert np.array_equal(mapped.partial_fit(X, y).coef_, model.partial_fit(X, y).coef_)


def test_a_notebook_shows_it():
    assert "PerceptronClassifier" in PerceptronClassifier()._repr_html_()


def test_rows_of_no_weight_end_training_too(digits):
    X, y = CORNERS, np.array([0, 0, 1, 0])
    model = PerceptronClassifier(tol=None, max_iter=500).fit(np.vstack([X, X[:1]]), [*y, 1], [1, 1, 1, 1, 0])
    assert model.n_iter_ < 500
    assert model.predict(X).tolist() == y.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PerceptronClassifier(tol=None, max_iter=500).fit(np.vstack([X, X[:1]]), [*y, 1], [1, 1, 1, 1, 0])
