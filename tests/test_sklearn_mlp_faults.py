"""The estimators against scikit-learn's own, step by step, and what people's habits did to them."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from scipy import sparse

pytest.importorskip("sklearn")

from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge

from fastneuron.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, y = load_iris(return_X_y=True)
D, t = load_diabetes(return_X_y=True, scaled=False)
D, t = (D - D.mean(axis=0)) / D.std(axis=0), t
TWINS = {MLPClassifier: neural_network.MLPClassifier, MLPRegressor: neural_network.MLPRegressor}
WEIGHT = np.random.default_rng(0).uniform(0, 2, 150)


def both(kind, *data, **options):
    """The two, trained alike."""
    options = {"hidden_layer_sizes": (10, 5), "max_iter": 15, "random_state": 3} | options
    return kind(**options).fit(*data), TWINS[kind](**options).fit(*data)


def assert_alike(ours, theirs, tolerance=1e-11):
    for a, b in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


CASES = [
    (MLPClassifier, (X, y), {}),
    (MLPClassifier, (X, y), {"activation": "logistic", "alpha": 0.5}),
    (MLPClassifier, (X, y == 1), {"activation": "tanh"}),
    (MLPClassifier, (X, y, WEIGHT), {"batch_size": 40}),
    (MLPClassifier, (X, np.c_[y == 0, X[:, 0] > 6].astype(int)), {"shuffle": False}),
    (MLPClassifier, (X, y), {"early_stopping": True, "n_iter_no_change": 3, "max_iter": 100}),
    (MLPClassifier, (X, y == 1), {"early_stopping": True, "validation_fraction": 0.3}),
    (MLPClassifier, (X, y), {"n_iter_no_change": 2, "tol": 0.05, "max_iter": 100}),
    (MLPRegressor, (D, t / 100), {}),
    (MLPRegressor, (D, np.c_[t / 100, -t / 50]), {"batch_size": 100}),
    (MLPRegressor, (D, t / 100), {"loss": "poisson", "learning_rate_init": 1e-3}),
    (MLPRegressor, (D, t / 100), {"early_stopping": True, "activation": "identity"}),
]


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize(("kind", "data", "options"), CASES)
def test_steps_are_scikit_learns(kind, data, options, solver):
    ours, theirs = both(kind, *data, solver=solver, **options)
    assert_alike(ours, theirs)
    assert (ours.n_iter_, ours.t_, ours.n_layers_) == (theirs.n_iter_, theirs.t_, theirs.n_layers_)
    assert (ours.n_outputs_, ours.out_activation_) == (theirs.n_outputs_, theirs.out_activation_)
    known = len(data) == 2 and (theirs.n_outputs_ == 1 or kind is MLPClassifier)
    if known:  # of several outputs or weighted rows, theirs is not the loss they go down
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-11)
        assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-11)
    if theirs.validation_scores_ is not None:
        np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_, atol=1e-11)
        assert ours.best_validation_score_ == pytest.approx(theirs.best_validation_score_, abs=1e-11)
        assert ours.best_loss_ is theirs.best_loss_ is None
    elif known:
        assert ours.best_loss_ == pytest.approx(theirs.best_loss_, rel=1e-11)


@pytest.mark.parametrize(
    "options", [{"momentum": 0.5}, {"nesterovs_momentum": False}, {"momentum": 0.0}, {"beta_1": 0.5, "epsilon": 1e-3}]
)
def test_constants_are_scikit_learns(options):
    assert_alike(*both(MLPClassifier, X, y, solver="adam" if "beta_1" in options else "sgd", **options))


def test_lbfgs_is_scikit_learns():
    ours, theirs = both(MLPClassifier, X, y, solver="lbfgs", activation="tanh", tol=1e-3)
    assert_alike(ours, theirs, 1e-6)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-6)


def test_alpha_is_scikit_learns():
    """MLPRegressor((), alpha=1000) is Ridge(1000)."""
    for alpha in (1.0, 1000.0):
        net = MLPRegressor((), solver="lbfgs", alpha=alpha, max_iter=3000, tol=None).fit(D, t)
        np.testing.assert_allclose(net.coefs_[0][:, 0], Ridge(alpha).fit(D, t).coef_, rtol=1e-4, atol=1e-3)


class Stateful(RuleBasedStateMachine):
    """Any sequence of calls leads both to the same weights; refused calls lead nowhere."""

    datasets = ((X, y), (X[::-1] + 0.1, y[::-1]), (X[::3], (y[::3] + 1) % 3))

    @initialize(solver=st.sampled_from(["sgd", "adam"]), seed=st.integers(0, 5))
    def make(self, solver, seed):
        options = {"hidden_layer_sizes": (6,), "solver": solver, "random_state": seed}
        options |= {"shuffle": False, "max_iter": 4, "learning_rate_init": 0.01, "batch_size": 50}
        self.ours, self.theirs = MLPClassifier(**options), neural_network.MLPClassifier(**options)

    @property
    def fitted(self):
        return hasattr(self.ours, "network_")

    @rule(alpha=st.sampled_from([1e-4, 0.1, 1.0]), batch_size=st.sampled_from([10, 50]), max_iter=st.integers(1, 5))
    def set_params(self, **settings):
        for estimator in (self.ours, self.theirs):
            estimator.set_params(**settings)

    @rule(data=st.sampled_from(range(3)))
    def fit(self, data):
        for estimator in (self.ours, self.theirs):
            estimator.fit(*self.datasets[data])
        self.compare()
        assert self.ours.n_iter_ == self.theirs.n_iter_

    @rule(data=st.sampled_from(range(3)))
    def partial_fit(self, data):
        for estimator in (self.ours, self.theirs):
            estimator.partial_fit(*self.datasets[data], classes=[0, 1, 2])
        self.compare()

    @rule(
        wrong=st.sampled_from(
            [
                ({"alpha": -1}, X, y),
                ({"hidden_layer_sizes": (10.7,)}, X, y),
                ({"solver": "adm"}, X, y),
                ({"shuffle": "no"}, X, y),
                ({}, np.where(X > 5, np.nan, X), y),
                ({}, X, y[:-1]),
                ({}, X[:, :3], np.r_[y[1:], np.nan]),
                ({}, X, np.full(150, 1.5)),
            ]
        ),
        verb=st.sampled_from(["fit", "partial_fit"]),
    )
    def refused(self, wrong, verb):
        settings, X_wrong, y_wrong = wrong
        before, fitted, good = vars(self.ours).copy(), self.fitted, self.ours.get_params()
        answers = self.ours.predict_proba(X) if fitted else None
        self.ours.set_params(**settings)
        with pytest.raises((ValueError, TypeError)):
            getattr(self.ours, verb)(X_wrong, y_wrong)
        self.ours.set_params(**good)
        assert vars(self.ours).keys() == before.keys()
        if fitted:
            assert np.array_equal(self.ours.predict_proba(X), answers)
            assert np.array_equal(self.ours.classes_, before["classes_"])
            self.compare()

    @rule()
    def pickled(self):
        self.ours, self.theirs = pickle.loads(pickle.dumps((self.ours, self.theirs)))

    @precondition(lambda self: self.fitted)
    @rule()
    def cloned(self):
        self.ours, self.theirs = clone(self.ours), clone(self.theirs)
        assert not self.fitted

    def compare(self):
        assert_alike(self.ours, self.theirs, 1e-9)
        np.testing.assert_allclose(self.ours.predict_proba(X), self.theirs.predict_proba(X), atol=1e-8)


Stateful.TestCase.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
TestStateful = pytest.mark.filterwarnings("ignore")(Stateful.TestCase)


SOLVERS = ["sgd", "momentum", "rmsprop", "adam", "rprop", "lbfgs"]


@pytest.mark.parametrize("old", SOLVERS)
@pytest.mark.parametrize("new", SOLVERS)
def test_another_solver_begins_a_state_of_its_own(old, new):
    """Its state was indexed by the other's kernel, outside its memory."""
    net = MLPClassifier((50,), solver=old, random_state=0)
    net.partial_fit(X, y, classes=[0, 1, 2])
    net.set_params(solver=new)
    twin = MLPClassifier((50,), solver=new, random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    for _ in range(3):
        net.partial_fit(X, y)
    assert np.isfinite(net.network_.parameters).all()
    if old == new and old != "lbfgs":
        for _ in range(3):
            twin.partial_fit(X, y)
        assert np.array_equal(net.network_.parameters, twin.network_.parameters)


def answers(net):
    return [net.predict(X), net.predict_proba(X), net.classes_, net.loss_, net.n_iter_, list(net.loss_curve_)]


@pytest.mark.parametrize("verb", ["fit", "partial_fit"])
def test_an_interrupt_leaves_the_estimator_as_it_was(verb, monkeypatch):
    from fastneuron.mlp import kernels

    net = MLPClassifier((5,), random_state=0, max_iter=5).fit(X, y)
    before = answers(net)
    original, calls = kernels.train_epoch, []

    def interrupted(*arguments):
        result = original(*arguments)
        calls.append(1)
        if len(calls) == (3 if verb == "fit" else 1):
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(kernels, "train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        getattr(net, verb)(X, y if verb == "partial_fit" else y.astype(str))
    for a, b in zip(answers(net), before, strict=True):
        assert np.array_equal(a, b)
    monkeypatch.undo()
    twin = MLPClassifier((5,), random_state=0, max_iter=5).fit(X, y)
    assert np.array_equal(net.partial_fit(X, y).network_.parameters, twin.partial_fit(X, y).network_.parameters)


def test_a_refused_regression_leaves_the_shape_of_the_outputs():
    net = MLPRegressor((5,), random_state=0, max_iter=5).fit(D, t)
    for wrong in (np.c_[t, t], np.where(t > 200, np.nan, t)):
        with pytest.raises(ValueError):  # noqa: PT011
            net.partial_fit(D, wrong)
        assert net.predict(D).shape == t.shape


def test_divergence_and_failure_are_convergence_warnings():
    for solver in ("sgd", "lbfgs"):
        with pytest.warns(ConvergenceWarning, match="training stopped: the loss is inf before training"):
            MLPRegressor((4,), solver=solver).fit([[0.0], [1.0]], [1e200, -1e200])
    with pytest.warns(ConvergenceWarning, match="training stopped"):
        MLPRegressor((50,), solver="sgd", learning_rate_init=100.0).fit(D, t)


def test_lbfgs_at_the_optimum_has_a_loss():
    net = MLPRegressor((), solver="lbfgs", alpha=0, tol=1e-4, warm_start=True, max_iter=500).fit(D, D[:, 0])
    net.coefs_ = [np.eye(10)[:, :1]]
    net.intercepts_ = [np.zeros(1)]
    assert net.fit(D, D[:, 0]).loss_ == pytest.approx(0, abs=1e-20)


def test_weights_that_are_assigned_are_those_that_are_trained():
    net = MLPClassifier((5,), random_state=0, max_iter=5).fit(X, y)
    new = [np.full_like(array, 0.1) for array in net.coefs_]
    net.coefs_ = new
    net.coefs_[1][0, 0] = 0.7
    assert net.network_.weights[0][0, 0] == 0.1
    assert net.network_.weights[1][0, 0] == 0.7
    with pytest.raises(ValueError, match=r"coefs_\[1\] must have shape \(5, 3\)"):
        net.coefs_ = [new[0] + 1, np.ones((3, 5))]
    assert net.coefs_[0][0, 0] == 0.1
    assert not hasattr(MLPClassifier(), "coefs_")


WRONG = [
    ({"hidden_layer_sizes": (10.7,)}, r"hidden_layer_sizes\[0\] must be a whole number"),
    ({"hidden_layer_sizes": "100"}, "hidden_layer_sizes must be"),
    ({"hidden_layer_sizes": (10, 0)}, r"hidden_layer_sizes\[1\] must be"),
    ({"solver": "adm"}, "solver must be one of.*did you mean 'adam'"),
    ({"learning_rate_init": 0}, "learning_rate_init must be"),
    ({"alpha": -1}, "alpha must be"),
    ({"batch_size": 0}, "batch_size must be"),
    ({"max_iter": 0}, "max_iter must be"),
    ({"max_iter": 2.5}, "max_iter must be"),
    ({"schedule": "cosin"}, "schedule must be"),
    ({"shuffle": "no"}, "shuffle must be True or False"),
    ({"early_stopping": 1}, "early_stopping must be True or False"),
    ({"warm_start": "yes"}, "warm_start must be True or False"),
    ({"momentum": 1.5}, "momentum must be"),
    ({"beta_1": 1.0}, "beta_1 must be"),
    ({"tol": "x"}, "tol must be"),
    ({"n_iter_no_change": 0}, "n_iter_no_change must be"),
    ({"validation_fraction": 1.5}, "validation_fraction must be"),
    ({"random_state": "x"}, "random_state must be"),
    ({"activation": "reluu"}, "activation must be"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_errors_name_the_estimators_parameters(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        MLPClassifier(**options).fit(X, y)


def test_schedules_count_the_epochs_of_partial_fit():
    options = {"hidden_layer_sizes": (5,), "schedule": "linear", "max_iter": 4, "tol": None, "random_state": 0}
    together, apart = MLPClassifier(**options).fit(X, y), MLPClassifier(**options)
    for _ in range(4):
        apart.partial_fit(X, y, classes=[0, 1, 2])
    assert np.array_equal(together.network_.parameters, apart.network_.parameters)


def test_other_units_in_partial_fit_are_refused():
    net = MLPClassifier((5,), random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="training goes on with the network there is"):
        net.set_params(hidden_layer_sizes=(7,)).partial_fit(X, y)


def test_a_memory_map_of_joblib_trains_on(tmp_path):
    joblib = pytest.importorskip("joblib")
    net = MLPClassifier((5,), random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    joblib.dump(net, tmp_path / "net.joblib")
    again = joblib.load(tmp_path / "net.joblib", mmap_mode="r")
    assert np.array_equal(again.partial_fit(X, y).network_.parameters, net.partial_fit(X, y).network_.parameters)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_inputs_and_labels(kind):
    labels = np.c_[y == 0, X[:, 0] > 6].astype(int)
    rows = np.where(X > 3, X, 0)
    for early in (False, True):
        options = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": 5, "early_stopping": early}
        dense, net = MLPClassifier(**options).fit(rows, labels), MLPClassifier(**options).fit(kind(rows), kind(labels))
        assert np.array_equal(dense.network_.parameters, net.network_.parameters)
        assert np.array_equal(net.predict(kind(rows)), dense.predict(rows))
    net = MLPRegressor((5,), random_state=0, max_iter=3).fit(kind(rows), y)
    assert np.array_equal(net.predict(kind(rows)), net.predict(rows))


def test_masked_values_are_refused():
    weight = np.ma.masked_array(np.ones(len(y)), y > 1)
    for data in ((np.ma.masked_array(X, X > 5), y), (X, np.ma.masked_array(y, y > 1)), (X, y, weight)):
        with pytest.raises(TypeError, match="masked: fill them, or leave their rows out"):
            MLPClassifier().fit(*data)


def test_too_few_rows_to_set_aside_are_refused():
    wanted = "validation_fraction must set at least 2 rows aside; got 0.1, which sets 1 of 6 aside"
    with pytest.raises(ValueError, match=wanted):
        MLPRegressor(early_stopping=True).fit(np.arange(12.0).reshape(6, 2), np.arange(6.0))


def test_tol_costs_no_quadratic_time():
    import time

    def seconds(epochs):
        begin = time.process_time()
        MLPRegressor((), tol=-1.0, n_iter_no_change=10**6, max_iter=epochs, random_state=0).fit(D[:2, :1], t[:2])
        return time.process_time() - begin

    seconds(10)
    assert seconds(20_000) < 12 * seconds(2_000) + 0.2


def test_huber_and_representation():
    net = MLPRegressor((8,), loss="huber", solver="lbfgs", max_iter=100, tol=None, random_state=0).fit(D, t / 100)
    assert net.score(D, t / 100) > 0.5
    assert net.network_.loss_name == "huber"
    assert "MLPRegressor" in net._repr_html_()
    with pytest.raises(ValueError, match="loss must be one of"):
        MLPRegressor(loss="absolute").fit(D, t)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPRegressor((8,), loss="huber", solver="rprop", max_iter=3, tol=None).fit(D, t)


def test_verbose_prints_the_losses(capsys):
    net = MLPClassifier((5,), max_iter=2, verbose=True, random_state=0).fit(X, y)
    assert capsys.readouterr().out.splitlines() == [
        f"Iteration {i + 1}, loss = {loss:.8f}" for i, loss in enumerate(net.loss_curve_)
    ]
