"""The multi-layer perceptron against its reference, against differences, against worked examples, and its laws."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastneuron as fn
from fastneuron.mlp import Adam, Momentum
from fastneuron.mlp.activations import ACTIVATIONS
from fastneuron.reference import mlp as reference
from tests.catalogue import rest_slow

HEADS = [
    ("linear", "mse"),
    ("linear", "huber"),
    ("linear", "half_square"),
    ("exp", "poisson"),
    ("exp", "mse"),
    ("sigmoid", "mse"),
    ("softmax", "mse"),
    ("sigmoid", "cross_entropy"),
    ("softmax", "cross_entropy"),
]
DESCENTS = ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adam_hat", "rprop"]
SMOOTH = [name for name in ACTIVATIONS if "relu" not in name]


def problem(net, n=11, seed=0):
    """Inputs, targets that suit the network's output, and weights of rows."""
    rng = np.random.default_rng(seed)
    T = rng.uniform(size=(n, net.layers[-1]))
    if net.output == "softmax":
        T /= T.sum(axis=1, keepdims=True)
    return rng.normal(size=(n, net.layers[0])), T, rng.uniform(0, 2, n)


def shaken(*args, **options):
    """A network whose biases are not 0 either."""
    net = fn.MLP(*args, seed=3, **options)
    for bias in net.biases:
        bias[:] = np.linspace(-0.5, 0.5, bias.size)
    return net


def described(net):
    return net.weights, net.biases, net.activation, net.output


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(("output", "loss"), HEADS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), rest_slow([(np.float64, 2e-13), (np.float32, 2e-5)]))
def test_loss_and_gradient_are_the_references(activation, output, loss, depth, dtype, tolerance):
    net = shaken([5, *(9, 3, 7, 4)[:depth], 3], activation=activation, output=output, loss=loss, dtype=dtype)
    X, T, weight = (array.astype(dtype) for array in problem(net))
    expected, weights, biases = reference.loss_and_gradient(X, T, *described(net), loss, weight)
    found = net.gradient(X, T, weight)
    scale = max(abs(slope).max() for slope in weights + biases)
    for got, want in zip(found.weights + found.biases, weights + biases, strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * scale)
    np.testing.assert_allclose(net.loss(X, T, weight), expected, rtol=tolerance)
    np.testing.assert_allclose(net.forward(X), reference.forward(X, *described(net)), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(("output", "loss"), HEADS)
@pytest.mark.parametrize("activation", SMOOTH)
def test_gradient_by_differences(activation, output, loss, depth):
    net = shaken([4, *(5, 3, 4, 3)[:depth], 2], activation=activation, output=output, loss=loss)
    step = 1e-5 if loss == "huber" else 1e-3  # its second derivative jumps
    assert fn.check_gradient(net, *problem(net), step=step) < 2e-9


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_gradient_by_differences_away_from_kinks(activation):
    net = shaken([4, 5, 3, 2], activation=activation)
    X, T, weight = problem(net)
    sums = reference.sums_and_values(X, *described(net))[0]
    assert min(abs(z).min() for z in sums[:-1]) > 2e-3  # no kink within the differences' reach
    assert fn.check_gradient(net, X, T, weight, step=1e-5) < 2e-9


def test_check_gradient_sees_a_wrong_gradient(monkeypatch):
    net = shaken([4, 5, 2])
    right = net.gradient(*problem(net))
    right.flat[3] *= 1.01
    monkeypatch.setattr(net, "gradient", lambda *data: right)
    assert fn.check_gradient(net, *problem(net)) > 1e-4


@pytest.mark.parametrize(
    ("optimizer", "dtype"), rest_slow([*((name, np.float64) for name in DESCENTS), ("adam", np.float32)])
)
def test_steps_by_the_published_formula(optimizer, dtype):
    net = shaken([4, 6, 3], dtype=dtype)
    X, T, _ = (array.astype(dtype) for array in problem(net))
    w, memory = net.parameters.astype(float), {}
    twin = fn.MLP([4, 6, 3])
    for number in (1, 2, 3):
        twin.parameters = w
        _, weights, biases = reference.loss_and_gradient(X, T, *described(twin), "mse")
        g = np.concatenate([np.concatenate([W.T.ravel(), b]) for W, b in zip(weights, biases, strict=True)])
        w = reference.step(optimizer, w, g, memory, 0.05, number)
    net.train(X, T, epochs=3, batch_size=100, optimizer=optimizer, learning_rate=0.05, shuffle=False)
    np.testing.assert_allclose(net.parameters, w, rtol=0, atol=1e-12 if dtype is np.float64 else 1e-4)


def test_a_worked_example():
    """One hidden tanh unit, one row x = 1, t = 1; w1 = 0.5, b1 = 0, w2 = 2, b2 = -0.5.

    z1 = 0.5, a = tanh 0.5 = 0.46211716; y = 2 a - 0.5 = 0.42423431; L = (y - 1)^2 = 0.33150613.
    dL/dy = 2 (y - 1) = -1.15153137; dL/dw2 = dL/dy a = -0.53214240; dL/db2 = -1.15153137.
    dL/dz1 = dL/dy w2 (1 - a^2) = -2.30306274 * 0.78644773 = -1.81123847 = dL/dw1 (x = 1) = dL/db1.
    A step of 0.1: w1 = 0.68112385, b1 = 0.18112385, w2 = 2.05321424, b2 = -0.38484686.
    """
    net = fn.MLP([1, 1, 1])
    net.parameters = [0.5, 0, 2, -0.5]
    assert net.forward([1.0])[0] == pytest.approx(0.42423431, abs=1e-8)
    assert net.loss([[1.0]], [1.0]) == pytest.approx(0.33150613, abs=1e-8)
    np.testing.assert_allclose(
        net.gradient([[1.0]], [1.0]).flat, [-1.81123847, -1.81123847, -0.5321424, -1.15153137], atol=1e-8
    )
    net.train([[1.0]], [1.0], epochs=1, learning_rate=0.1)
    np.testing.assert_allclose(net.parameters, [0.68112385, 0.18112385, 2.05321424, -0.38484686], atol=1e-8)


def test_xor_by_stated_weights():
    """Unit 1 is OR, unit 2 is AND, and the output is OR and not AND."""
    net = fn.MLP([2, 2, 1], activation="sigmoid", output="sigmoid")
    net.weights[0][:] = [[20, 20], [20, 20]]
    net.biases[0][:] = [-10, -30]
    net.weights[1][:] = [[20, -20]]
    net.biases[1][:] = -10
    assert net.predict([[0, 0], [0, 1], [1, 0], [1, 1]]).tolist() == [0, 1, 1, 0]


def test_momentum_on_a_parabola():
    """One weight, x = 1, no bias to speak of: L = w^2 / 1, g = 2 (w + b); with b tied to w by symmetry s = w + b.

    Each of w, b moves by the same amount, so s obeys v' = 0.5 v + 2 s, s' = s - 2 (0.1) v': from s = 1, v = 0:
    v = 2, s = 0.6; v = 2.2, s = 0.16; v = 1.42, s = -0.124; v = 0.462, s = -0.2164.
    """
    net = fn.MLP([1, 1])
    net.parameters = [1.0, 0.0]
    met = []
    net.train(
        [[1.0]],
        [0.0],
        4,
        optimizer=Momentum(0.5),
        learning_rate=0.1,
        callback=lambda net, _: met.append(net.parameters.sum()) or False,
    )
    np.testing.assert_allclose(met, [0.6, 0.16, -0.124, -0.2164], atol=1e-14)


def test_adam_begins_with_steps_of_the_learning_rate():
    """With constant sign and slope, m / sqrt(v) = 1 after correction of the bias: every step is the learning rate."""
    net = fn.MLP([1, 1], activation=[])
    net.parameters = [1e6, 0.0]  # so far from the minimum that the slope hardly changes
    net.train([[1.0]], [0.0], 10, optimizer=Adam(epsilon=1e-12), learning_rate=0.5)
    np.testing.assert_allclose(net.parameters, [1e6 - 5, -5], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "optimizer", rest_slow(["adam", *sorted({*DESCENTS, "lbfgs", "levenberg-marquardt"} - {"adam"})])
)
def test_every_optimiser_fits_a_curve(optimizer):
    X = np.linspace(-1, 1, 60)[:, None]
    T = np.sin(3 * X)
    net = fn.MLP([1, 10, 1], seed=4)
    rate = {"sgd": 0.2, "momentum": 0.05, "nesterov": 0.05, "rmsprop": 0.005, "adam": 0.01}.get(optimizer)
    before = net.loss(X, T)
    whole = optimizer not in DESCENTS
    history = net.train(
        X, T, epochs=100 if whole else 600, batch_size=10, optimizer=optimizer, learning_rate=rate, seed=0
    )
    assert net.loss(X, T) < 2e-2 * before
    assert len(history.loss) <= 600
    if optimizer == "levenberg-marquardt":
        assert net.loss(X, T) < 1e-6
        assert np.all(np.diff(history.loss) <= 0)


def test_levenberg_marquardt_solves_a_linear_problem_at_once():
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(50, 3)), rng.normal(size=(3, 2))
    net = fn.MLP([3, 2], seed=0)
    net.train(X, X @ w + 1, epochs=30, optimizer="levenberg-marquardt")
    np.testing.assert_allclose(net.weights[0].T, w, atol=1e-7)


@pytest.mark.parametrize("output", ["linear", "sigmoid", "softmax"])
def test_residuals_give_the_gradient(output):
    """The slope of a sum of squares is twice J'r."""
    from fastneuron.mlp.kernels import Data, residuals

    net = shaken([4, 5, 3], output=output, loss="mse")
    X, T, weight = problem(net)
    error, J = residuals(net._network, net.parameters, Data(X, T, weight), 0, len(X))
    assert error @ error == pytest.approx(net.loss(X, T, weight), rel=1e-13)
    np.testing.assert_allclose(2 * J.T @ error, net.gradient(X, T, weight).flat, atol=1e-15)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from(list(ACTIVATIONS)))
def test_permuting_hidden_units_changes_nothing(seed, hidden, activation):
    net = fn.MLP([3, hidden, 2], activation=activation, seed=seed)
    X, T, _ = problem(net, seed=seed)
    before, slope = net.forward(X), net.gradient(X, T)
    order = np.random.default_rng(seed).permutation(hidden)
    net.weights[0][:] = net.weights[0][order]
    net.biases[0][:] = net.biases[0][order]
    net.weights[1][:] = net.weights[1][:, order]
    np.testing.assert_allclose(net.forward(X), before, atol=1e-13)
    np.testing.assert_allclose(net.gradient(X, T).weights[0], slope.weights[0][order], atol=1e-13)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 300), st.integers(1, 35), st.integers(1, 35), st.sampled_from([np.float64, np.float32]))
def test_a_row_has_the_same_bits_in_any_company(n, inputs, outputs, dtype):
    net = fn.MLP([inputs, outputs, 3], dtype=dtype, output="softmax", seed=0)
    X = np.random.default_rng(n).normal(size=(n, inputs)).astype(dtype)
    together = net.forward(X)
    for i in {0, n // 2, n - 1}:
        assert np.array_equal(net.forward(X[i]), together[i])


@pytest.mark.parametrize("n", [1, 10, 255, 256, 257, 700])
def test_a_batch_of_all_rows_is_the_full_gradient(n):
    net = shaken([4, 6, 3])
    X, T, weight = problem(net, n)
    before, slope = net.parameters.copy(), net.gradient(X, T, weight).flat
    net.train(X, T, epochs=1, batch_size=10**6, learning_rate=0.25, sample_weight=weight)
    np.testing.assert_allclose((before - net.parameters) / 0.25, slope, atol=1e-14)


def test_weight_decay_spares_biases():
    net = shaken([4, 6, 3])
    X, T, _ = problem(net)
    before, slope = net._split(net.parameters.copy()), net.gradient(X, T)
    net.train(X, T, epochs=1, batch_size=100, learning_rate=0.1, weight_decay=0.3, shuffle=False)
    for layer in range(2):
        np.testing.assert_allclose(net.biases[layer], before[1][layer] - 0.1 * slope.biases[layer], atol=1e-14)
        expected = before[0][layer] - 0.1 * (slope.weights[layer] + 0.3 * before[0][layer])
        np.testing.assert_allclose(net.weights[layer], expected, atol=1e-14)


@pytest.mark.parametrize("optimizer", ["lbfgs", "levenberg-marquardt"])
def test_weight_decay_finds_ridge_regression(optimizer):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    X -= X.mean(axis=0)
    t = X @ [1.0, 2.0, 3.0] + rng.normal(size=40)
    net = fn.MLP([3, 1], seed=0)
    net.train(X, t, epochs=100, optimizer=optimizer, weight_decay=0.2)
    ridge = np.linalg.solve(X.T @ X / 40 + 0.1 * np.eye(3), X.T @ t / 40)  # mean square + decay / 2 |w|^2
    np.testing.assert_allclose(net.weights[0][0], ridge, atol=1e-5)


def test_a_weight_of_two_is_a_row_twice():
    net, twin = shaken([4, 5, 3]), shaken([4, 5, 3])
    X, T, _ = problem(net)
    twice = np.r_[0, np.arange(len(X))]
    weight = np.r_[2, np.ones(len(X) - 1)]
    net.train(X, T, 5, batch_size=50, sample_weight=weight)
    twin.train(X[twice], T[twice], 5, batch_size=50)
    np.testing.assert_allclose(net.parameters, twin.parameters, atol=1e-13)


def test_large_layers_by_blas_agree_with_the_reference():
    net = fn.MLP([200, 300, 4], output="softmax", loss="cross_entropy", seed=0)
    X, T, weight = problem(net, 300)
    expected, weights, biases = reference.loss_and_gradient(X, T, *described(net), "cross_entropy", weight)
    found = net.gradient(X, T, weight)
    assert net.loss(X, T, weight) == pytest.approx(expected, rel=1e-13)
    for got, want in zip(found.weights + found.biases, weights + biases, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-15)


@pytest.mark.parametrize("value", [1e3, 1e30])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_cross_entropy_of_large_sums(output, value):
    net = fn.MLP([1, 2], output=output, loss="cross_entropy", activation=[])
    net.parameters = [value, -value, 0, 0]
    assert net.loss([[1.0]], [[1, 0]]) == 0
    assert net.loss([[1.0]], [[0, 1]]) == pytest.approx(2 * value, rel=1e-15)
    assert np.all(np.isfinite(net.gradient([[1.0]], [[0, 1]]).flat))


def options_of(net, **changes):
    X, T, weight = problem(net, 64)
    return {"X": X, "T": T, "epochs": 4, "batch_size": 10, "seed": 0, "sample_weight": weight} | changes


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_an_ensemble_is_its_members_alone(threads):
    rates = [0.01, 0.05, 0.1, 0.2, 0.3]
    nets = fn.MLP.ensemble(5, [4, 12, 3], seed=7)
    options = options_of(nets[0])
    folds = [np.delete(np.arange(64), np.arange(i, 64, 5)) for i in range(5)]
    histories = nets.train(**options, rows=folds, learning_rate=rates, threads=threads, optimizer="adam")
    for i, (net, history) in enumerate(zip(nets, histories, strict=True)):
        alone = fn.MLP([4, 12, 3], seed=[7, i])
        part = {name: options[name][folds[i]] for name in ("X", "T", "sample_weight")}
        expected = alone.train(**(options | part), learning_rate=rates[i], optimizer="adam")
        assert np.array_equal(net.parameters, alone.parameters)
        assert np.array_equal(history.loss, expected.loss)
    assert nets.forward(options["X"]).shape == (5, 64, 3)
    assert len(nets[1:3]) == 2


def test_an_ensemble_of_large_layers_is_its_members_alone():
    pytest.importorskip("threadpoolctl")
    nets = fn.MLP.ensemble(2, [200, 300, 3], seed=1)
    X, T, _ = problem(nets[0], 40)
    nets.train(X, T, epochs=2, threads=2, seed=0)
    for i in range(2):
        alone = fn.MLP([200, 300, 3], seed=[1, i])
        alone.train(X, T, epochs=2, seed=0)
        assert np.array_equal(nets[i].parameters, alone.parameters)


def test_same_seed_same_bits_other_seed_other_bits():
    runs = []
    for seed in (0, 0, 1):
        net = fn.MLP([4, 5, 3], seed=seed)
        X, T, _ = problem(net)
        net.train(X, T, 3, batch_size=4)
        runs.append(net.parameters)
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize("early", [1, 3])
def test_early_stopping_returns_to_the_best(early):
    rng = np.random.default_rng(0)
    net = fn.MLP([5, 30, 1], seed=0)
    X, T, Xv, Tv = rng.normal(size=(30, 5)), rng.normal(size=30), rng.normal(size=(30, 5)), rng.normal(size=30)
    history = net.train(X, T, 500, optimizer="adam", learning_rate=0.01, validation=(Xv, Tv), early_stopping=early)
    assert history.stopped == "early stopping"
    best = int(np.argmin(history.validation))
    assert history.epoch == best == len(history.validation) - 1 - early
    assert net.loss(Xv, Tv) == history.validation[best]


def test_divergence_restores_the_last_good_parameters():
    net, twin = fn.MLP([4, 5, 3], seed=0), fn.MLP([4, 5, 3], seed=0)
    options = options_of(net, epochs=50, learning_rate=8.0)
    with pytest.warns(RuntimeWarning, match=r"in epoch \d+; the parameters are those"):
        history = net.train(**options)
    assert history.stopped == "diverged"
    assert len(history.loss) == history.epoch + 2
    assert f"in epoch {history.epoch + 1}" in history.reason
    if history.epoch >= 0:
        twin.train(**(options | {"epochs": history.epoch + 1}))
    assert np.array_equal(net.parameters, twin.parameters)
    assert np.isfinite(net.parameters).all()


def test_a_callback_can_stop():
    net = fn.MLP([4, 5, 3], seed=0)
    history = net.train(**options_of(net, callback=lambda net, history: len(history.loss) == 2))
    assert (history.stopped, len(history.loss), history.epoch) == ("callback", 2, 1)


@pytest.mark.parametrize("schedule", ["linear", "cosine", "inverse", lambda epoch: 0.5**epoch])
def test_schedules(schedule):
    """By plain descent on a loss whose slope is constant to rounding, the steps are the rates."""
    net = fn.MLP([1, 1], activation=[])
    net.parameters = [1e9, 0]
    seen = [0.0]
    net.train(
        [[1.0]],
        [0.0],
        4,
        learning_rate=1e-9,
        schedule=schedule,
        callback=lambda net, _: seen.append(net.parameters[1]) or False,
    )
    factors = {
        "linear": [1, 0.75, 0.5, 0.25],
        "cosine": 0.5 + 0.5 * np.cos(np.pi * np.arange(4) / 4),
        "inverse": [1, 1 / 2, 1 / 3, 1 / 4],
    }
    expected = [1, 0.5, 0.25, 0.125] if callable(schedule) else factors[schedule]
    np.testing.assert_allclose(-np.diff(seen) / 2, expected, rtol=1e-6)


@pytest.mark.parametrize("labels", [[0, 2, 1], [[1, 0, 0], [0, 0, 1], [0, 1, 0]], np.array([0.0, 2.0, 1.0])])
def test_labels_are_targets(labels):
    net = fn.MLP([2, 3], activation=[], output="softmax", loss="cross_entropy", seed=0)
    X = [[0, 1], [1, 0], [1, 1]]
    logs = np.log(net.forward(X))
    assert net.loss(X, labels) == pytest.approx(-(logs[0, 0] + logs[1, 2] + logs[2, 1]) / 3)
    assert np.array_equal(net.predict(X), net.forward(X).argmax(axis=1))
    assert net.predict(X[0]) == net.predict(X)[0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_save_and_load(tmp_path, dtype):
    net = shaken([3, 4, 5, 2], activation=["relu", "gelu"], output="sigmoid", loss="cross_entropy", dtype=dtype)
    net.save(tmp_path / "net")
    again = fn.MLP.load(tmp_path / "net")
    assert repr(again) == repr(net)
    assert np.array_equal(again.parameters, net.parameters)
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(ValueError, match="not a network saved"):
        fn.MLP.load(tmp_path / "other.npz")


def test_parameters_are_one_vector_and_views():
    net = fn.MLP([3, 4, 2], seed=0)
    assert net.parameters.shape == (3 * 4 + 4 + 4 * 2 + 2,)
    net.weights[0][1, 2] = 42
    net.biases[1][0] = 43
    assert {42.0, 43.0} <= set(net.parameters)
    assert net.weights[0].shape == (4, 3)
    net.parameters = np.arange(26.0)
    assert net.weights[0][1, 2] == 2 * 4 + 1


@pytest.mark.parametrize(
    ("activation", "variance"),
    [
        ("tanh", 2 / 700),
        ("sigmoid", 2 / 700),
        ("relu", 2 / 400),
        ("gelu", 2 / 400),
        ("leaky_relu", 2 / 400 / 1.0001),
        ("identity", 1 / 400),
    ],
)
def test_initial_weights(activation, variance):
    weights = fn.MLP([400, 300, 2], activation=activation, seed=0).weights[0]
    assert weights.var() == pytest.approx(variance, rel=0.03)
    assert abs(weights.mean()) < 3 * np.sqrt(variance / weights.size)


GOOD = {"layers": [4, 5, 3]}
BAD_NETS = [
    ({"layers": [4]}, ValueError, "at least two"),
    ({"layers": [4, 0, 3]}, ValueError, r"layers\[1\].*at least 1.*got 0"),
    ({"layers": [4, 2.5, 3]}, TypeError, r"layers\[1\]"),
    ({"layers": "64"}, TypeError, "layers"),
    (GOOD | {"activation": "tahn"}, ValueError, "did you mean 'tanh'"),
    (GOOD | {"activation": ["tanh", "tanh"]}, ValueError, "one for each of 1 hidden"),
    (GOOD | {"output": "soft"}, ValueError, "did you mean 'softmax'"),
    (GOOD | {"loss": "crossentropy"}, ValueError, "did you mean 'cross_entropy'"),
    (GOOD | {"loss": "cross_entropy"}, ValueError, "needs output"),
    (GOOD | {"dtype": np.int32}, ValueError, "float64 or float32"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD_NETS)
def test_bad_networks(options, error, message):
    with pytest.raises(error, match=message):
        fn.MLP(**options)


X, T = np.ones((6, 4)), np.ones((6, 3))
HOLE = np.where(np.arange(6)[:, None] == 4, np.nan, X)
BAD_TRAINING = [
    ({"X": HOLE}, ValueError, "X must be finite.*row 4"),
    ({"T": np.full((6, 3), np.inf)}, ValueError, "T must be finite.*row 0"),
    ({"X": np.ones((6, 5))}, ValueError, r"X must have shape \(n, 4\)"),
    ({"X": np.ones((0, 4))}, ValueError, "n at least 1"),
    ({"X": [["a"] * 4] * 6}, TypeError, "X must be an array of numbers"),
    ({"T": np.ones((6, 2))}, ValueError, r"T must have shape \(6, 3\).*got \(6, 2\)"),
    ({"T": np.ones((5, 3))}, ValueError, "T must have shape"),
    ({"T": [0, 1, 2, 0, 1, 2]}, ValueError, r"T must have shape \(6, 3\)"),
    ({"epochs": -1}, ValueError, "epochs"),
    ({"batch_size": 0}, ValueError, "batch_size.*at least 1; got 0"),
    ({"batch_size": 1.5}, TypeError, "batch_size"),
    ({"optimizer": "adm"}, ValueError, "did you mean 'adam'"),
    ({"learning_rate": 0}, ValueError, "learning_rate"),
    ({"learning_rate": np.nan}, ValueError, "learning_rate"),
    ({"schedule": "cosin"}, ValueError, "did you mean 'cosine'"),
    ({"weight_decay": -1}, ValueError, "weight_decay"),
    ({"sample_weight": np.ones(5)}, ValueError, "sample_weight must have shape"),
    ({"sample_weight": -np.ones(6)}, ValueError, "sample_weight"),
    ({"validation": X}, ValueError, "validation must be a pair"),
    ({"validation": (HOLE, T)}, ValueError, "validation X must be finite.*row 4"),
    ({"early_stopping": 3}, ValueError, r"early_stopping needs validation=\(X, T\); got 3"),
    ({"callback": 3}, TypeError, "callback"),
    ({"threads": 0}, ValueError, "threads"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD_TRAINING)
def test_bad_training_touches_nothing(options, error, message):
    net = fn.MLP([4, 5, 3], seed=0)
    before = net.parameters.copy()
    with pytest.raises(error, match=message):
        net.train(**({"X": X, "T": T, "epochs": 1} | options))
    assert np.array_equal(net.parameters, before)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3, 0, 0, 0, 0], "row 1"),
        ([0.5] * 6, "classes 0 to 2; got 0.5 in row 0"),
        (["a"] * 6, "array of numbers"),
        ([[2.0, 0, 0]] * 6, "from 0 to 1"),
    ],
)
def test_bad_labels(labels, message):
    net = fn.MLP([4, 3], activation=[], output="softmax", loss="cross_entropy")
    with pytest.raises((ValueError, TypeError), match=message):
        net.loss(X, labels)


def test_more_bad_input():
    net = fn.MLP([4, 5, 3], seed=0)
    with pytest.raises(ValueError, match=r"X must be finite.*row 4"):
        net.forward(HOLE)
    with pytest.raises(ValueError, match='needs loss="mse"'):
        fn.MLP([4, 3], output="softmax", loss="cross_entropy").train(X, T / 3, optimizer="levenberg-marquardt")
    with pytest.raises(ValueError, match="shape"):
        net.parameters = np.ones(3)
    nets = fn.MLP.ensemble(2, [4, 3])
    for options, message in (
        ({"rows": [[0]]}, "rows must be 2"),
        ({"rows": [[0], []]}, r"rows\[1\] must name at least one row; got none"),
        ({"learning_rate": [1, 2, 3]}, "one number or 2"),
        ({"epoch": 1}, "did you mean 'epochs'"),
        ({"progress": True}, "progress must be False for an ensemble"),
    ):
        with pytest.raises(ValueError, match=message):
            nets.train(X, T, **options)
    with pytest.raises(ValueError, match="seed must be one number or 2"):
        fn.MLP.ensemble(2, [4, 3], seed=[1, 2, 3])


def test_progress(capsys):
    pytest.importorskip("tqdm")
    net = fn.MLP([4, 5, 3], seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm's own about notebooks
        net.train(X, T, epochs=3, progress=True)
    assert "3.00/3.00" in capsys.readouterr().err
