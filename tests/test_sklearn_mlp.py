import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastneuron.sklearn import MLPClassifier, MLPRegressor

ORDER = "batches of rows: a row of weight 2 is not the same as two rows, that may be in two batches"
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": ORDER,
    "check_sample_weight_equivalence_on_sparse_data": ORDER,
}


@parametrize_with_checks(
    [
        MLPClassifier((10,), max_iter=100, learning_rate_init=0.02),
        MLPRegressor((10,), max_iter=100, learning_rate_init=0.02),
    ],
    expected_failed_checks=lambda estimator: EXPECTED,
)
@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.SkipTestWarning", "ignore::sklearn.exceptions.ConvergenceWarning"
)
def test_what_scikit_learn_checks(estimator, check):
    check(estimator)


def test_in_a_pipeline_and_a_grid():
    X, y = load_iris(return_X_y=True)
    net = make_pipeline(StandardScaler(), MLPClassifier((8,), solver="lbfgs", tol=None, max_iter=60, random_state=0))
    search = GridSearchCV(net, {"mlpclassifier__alpha": [1e-4, 1.0]}, cv=3).fit(X, y)
    assert search.best_score_ > 0.93


def test_names_of_classes_and_probabilities():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    net = MLPClassifier((8,), learning_rate_init=0.02, tol=None, random_state=0).fit(X, names)
    assert net.score(X, names) > 0.95
    probabilities = net.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert np.array_equal(net.classes_[probabilities.argmax(axis=1)], net.predict(X))
    two = MLPClassifier((8,), learning_rate_init=0.02, tol=None, random_state=0).fit(X, y == 0)
    assert two.predict_proba(X).shape == (150, 2)
    assert two.score(X, y == 0) == 1


def test_several_labels():
    X, y = load_iris(return_X_y=True)
    labels = np.column_stack([y == 0, y > 0, X[:, 0] > 6]).astype(int)
    net = MLPClassifier((16,), learning_rate_init=0.02, tol=None, random_state=0).fit(X, labels)
    assert net.predict(X).shape == labels.shape
    assert (net.predict(X) == labels).mean() > 0.95


def test_several_outputs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    Y = np.column_stack([X[:, 0] * X[:, 1], np.sin(X[:, 2])])
    net = MLPRegressor((20,), "tanh", solver="levenberg-marquardt", alpha=0, max_iter=60, tol=None, random_state=0).fit(
        X, Y
    )
    assert net.predict(X).shape == Y.shape
    assert net.score(X, Y) > 0.99
    one = MLPRegressor((20,), random_state=0, tol=None).fit(X, Y[:, 0])
    assert one.predict(X).shape == (200,)


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_partial_fit_is_fit_epoch_by_epoch(estimator):
    """The optimiser's memory goes on from call to call."""
    X, y = load_iris(return_X_y=True)
    settings = {"hidden_layer_sizes": (6,), "batch_size": 32, "tol": None, "random_state": 3}
    together = estimator(**settings, max_iter=5).fit(X, y)
    apart = estimator(**settings)
    for _ in range(5):
        apart.partial_fit(X, y, *([np.unique(y)] if estimator is MLPClassifier else []))
    assert np.array_equal(together.network_.parameters, apart.network_.parameters)
    assert apart.n_iter_ == 5


def test_early_stopping_and_convergence():
    X, y = load_digits(return_X_y=True)
    net = MLPClassifier((30,), early_stopping=True, n_iter_no_change=3, learning_rate_init=0.01, random_state=0).fit(
        X / 16, y
    )
    assert net.n_iter_ < 200
    assert net.score(X / 16, y) > 0.95
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        MLPClassifier(max_iter=2, random_state=0).fit(X, y)


@pytest.mark.slow
def test_regression_in_float32_and_pickle():
    X, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    net = MLPRegressor((20,), max_iter=300, tol=None, random_state=0).fit(X.astype(np.float32), y.astype(np.float32))
    assert net.network_.dtype == np.float32
    assert net.score(X, y) > 0.4
    again = pickle.loads(pickle.dumps(net))
    assert np.array_equal(again.predict(X), net.predict(X))
    assert not hasattr(clone(net), "network_")
