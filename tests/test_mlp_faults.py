"""What people's data and habits did to the multi-layer perceptron, and its newer parts."""

import os
import pickle
import time
import warnings
import zipfile

import numpy as np
import pytest
from scipy import sparse

import fastneuron as fn
from fastneuron.mlp import SGD, Activation, Adam, Momentum, Rprop
from fastneuron.mlp.config import TrainingConfig
from fastneuron.mlp.optimizers import OPTIMIZERS
from fastneuron.mlp.training import OptimizerState, train
from fastneuron.reference import mlp as reference
from tests.catalogue import rest_slow

RNG = np.random.default_rng(0)
X, T = RNG.normal(size=(40, 6)), RNG.normal(size=(40, 2))


class Swish(Activation):
    """f(z) = z / (1 + exp(-z))."""

    name = "swish"

    @staticmethod
    def value_and_derivative(z):
        s = fn.math.sigmoid(z)
        return z * s, s * (1.0 + z * (1.0 - s))


@pytest.mark.parametrize("old", OPTIMIZERS.values())
@pytest.mark.parametrize("new", OPTIMIZERS.values())
def test_a_state_of_another_optimizer_is_refused(old, new):
    net = fn.MLP([6, 4, 2], seed=0)
    options = dict.fromkeys(("callback", "early_stopping", "learning_rate"))
    options |= {"epochs": 1, "batch_size": 8, "schedule": "constant", "weight_decay": 0.0, "shuffle": False}
    config = TrainingConfig.checked("mse", optimizer=new(), **options)
    problem = net.objective_of(fn.mlp.data.checked(net, X, T))
    other = fn.MLP([6, 3, 2], seed=0)
    for state in (OptimizerState(old(), net.parameters), OptimizerState(new(), other.parameters)):
        if old is new and state.moments.shape[1] == net.parameters.size:
            continue
        with pytest.raises(ValueError, match="another optimizer or another network"):
            next(train(problem, config, None, state=state))


@pytest.mark.parametrize("name", ["layers", "activation", "output", "loss_name", "dtype", "standardize", "scaling"])
def test_what_decides_the_shapes_is_read_only(name):
    net = fn.MLP([6, 4, 2], seed=0)
    with pytest.raises(AttributeError):
        setattr(net, name, (20, 4, 2))
    net.parameters.shape = (2, -1)  # of a view
    assert net.forward(X).shape == (40, 2)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lbfgs", "levenberg-marquardt", "rprop"])
def test_a_loss_that_overflows_at_once_diverges(optimizer):
    net = fn.MLP([1, 4, 1], seed=0)
    before = net.parameters.copy()
    with pytest.warns(RuntimeWarning, match="the loss is inf before training"):
        history = net.train([[0.0], [1.0]], [1e160, -1e160], epochs=5, optimizer=optimizer)
    assert (history.stopped, history.epoch) == ("diverged", -1)
    assert np.array_equal(net.parameters, before)


def test_a_minimiser_that_gives_up_has_failed(monkeypatch):
    from scipy import optimize

    result = optimize.OptimizeResult(x=np.zeros(38), nit=3, status=2, message="ABNORMAL: ")
    monkeypatch.setattr(optimize, "minimize", lambda *arguments, **options: result)
    with pytest.warns(RuntimeWarning, match="ABNORMAL"):
        history = fn.MLP([6, 4, 2], seed=0).train(X, T, optimizer="lbfgs")
    assert (history.stopped, history.reason) == ("failed", "L-BFGS-B: ABNORMAL: ")


def test_a_single_softmax_output_is_refused_and_the_loss_follows_the_output():
    with pytest.raises(ValueError, match="at least 2 outputs"):
        fn.MLP([1, 4, 1], output="softmax", loss="cross_entropy")
    found = {output: fn.MLP([1, 4, 2], output=output).loss_name for output in ("linear", "sigmoid", "softmax", "exp")}
    assert found == {"linear": "mse", "sigmoid": "cross_entropy", "softmax": "cross_entropy", "exp": "poisson"}
    assert fn.MLP([1, 4, 2], output="softmax", loss="mse").loss_name == "mse"


def test_a_callback_reads_the_history_in_no_time():
    """Each look at the last loss copied all of them: 40,000 epochs took 20 s in place of 0.3."""

    def seconds(epochs):
        net = fn.MLP([1, 1], activation=[], seed=0)
        begin = time.process_time()
        net.train([[1.0]], [0.0], epochs, learning_rate=1e-6, callback=lambda net, history: history.loss[-1] < -1)
        return time.process_time() - begin

    seconds(10)
    assert seconds(20_000) < 12 * seconds(2_000) + 0.1


def test_histories_are_snapshots():
    net, seen = fn.MLP([6, 2], activation=[], seed=0), []
    history = net.train(X, T, 100, callback=lambda net, history: seen.append(history.loss))
    assert [len(part) for part in seen] == list(range(1, 101))
    assert np.array_equal(seen[70], history.loss[:71])
    with pytest.raises(ValueError, match="read-only"):
        history.loss[0] = 1


WRONG = [(Adam, {"beta1": 2.0}), (Adam, {"epsilon": 0}), (Momentum, {"momentum": 1}), (Rprop, {"grow": 1})]


@pytest.mark.parametrize(("kind", "constants"), WRONG)
def test_constants_of_optimizers_are_checked(kind, constants):
    with pytest.raises(ValueError, match=f"{next(iter(constants))} of {kind.__name__} must be"):
        kind(**constants)
    assert pickle.loads(pickle.dumps(Adam(0.5))) == Adam(0.5)
    assert SGD() == ()


BAD = [
    ({"shuffle": "no"}, TypeError, "shuffle must be True or False; got 'no'"),
    ({"progress": 1}, TypeError, "progress must be True or False"),
    ({"seed": "x"}, TypeError, "seed must be"),
    ({"seed": -1}, ValueError, "seed must be"),
    ({"epochs": 2**70}, ValueError, "epochs must be"),
    ({"X": X.astype(complex)}, TypeError, "X must be an array of numbers"),
    ({"X": X.astype("datetime64[s]")}, TypeError, "X must be an array of numbers"),
    ({"X": np.ma.masked_array(X, X > 1)}, TypeError, "X must be.*masked"),
    ({"T": np.ma.masked_array(T, T > 1)}, TypeError, "T must be.*masked"),
    ({"sample_weight": np.ma.masked_array(np.ones(40), np.arange(40) < 3)}, TypeError, "masked"),
    ({"T": np.zeros(40, [("a", float), ("b", float)])}, TypeError, "T must be an array of numbers"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD)
def test_bad_input_is_one_message(options, error, message):
    net = fn.MLP([6, 4, 2], seed=0)
    before = net.parameters.copy()
    with pytest.raises(error, match=message):
        net.train(**({"X": X, "T": T, "epochs": 1} | options))
    assert np.array_equal(net.parameters, before)


def test_what_train_refuses_forward_refuses():
    net = fn.MLP([6, 4, 2], seed=0)
    for bad in (X.astype(complex), X.astype(str), X.astype("datetime64[s]"), np.ma.masked_array(X, X > 1)):
        for verb in (net.forward, net.predict, lambda bad: net.loss(bad, T), lambda bad: net.gradient(bad, T)):
            with pytest.raises(TypeError, match="X must be an array of numbers"):
                verb(bad)
    for dtype in (1, "x", np.int32, None):
        with pytest.raises(ValueError, match="dtype must be float64 or float32"):
            fn.MLP([6, 2], [], dtype=dtype)
    for seed in ("x", -1, True):
        with pytest.raises((TypeError, ValueError), match="seed must be"):
            fn.MLP([6, 2], [], seed=seed)
    net.train(X, T, epochs=1, batch_size=2**70)


def test_the_bar_of_lbfgs_moves(capsys):
    pytest.importorskip("tqdm")
    net = fn.MLP([6, 4, 2], seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm's own about notebooks
        net.train(X, T, epochs=5, optimizer="lbfgs", progress=True)
    assert "5.00/5.00" in capsys.readouterr().err


def test_weights_of_zero_and_all_weight_on_one_row():
    net, twin = fn.MLP([6, 4, 2], seed=0), fn.MLP([6, 4, 2], seed=0)
    weight = (np.arange(40) < 10).astype(float)
    net.train(X, T, 5, 40, sample_weight=weight, shuffle=False)
    twin.train(X[:10], T[:10], 5, 40, shuffle=False)
    np.testing.assert_allclose(net.parameters, twin.parameters, atol=1e-14)


# Files


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    fn.MLP([6, 4, 2], seed=0).save(path)
    before = path.read_bytes()

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        fn.MLP([6, 4, 2], seed=1).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["net.npz"]


def test_a_saved_file_has_the_mode_of_the_umask(tmp_path):
    fn.MLP([6, 4, 2], seed=0).save(tmp_path / "net.npz")
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "net.npz").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04" + bytes(50), b"x" * 1000, b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_none_is_a_value_error(tmp_path, content):
    (tmp_path / "net.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"is not a network saved by MLP\.save"):
        fn.MLP.load(tmp_path / "net.npz")


def contents(net, path, **changes):
    """The arrays of a saved network, some of them changed."""
    net.save(path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": [20000, 20000, 2]},
        {"layers": [6, 4, 0]},
        {"layers": [6, -4, 2]},
        {"layers": []},
        {"layers": [6.0, 4.0, 2.0]},
        {"activation": ["swish"]},
        {"activation": []},
        {"output": "softmax2"},
        {"output": "softmax", "loss": "poisson"},
        {"parameters": np.ones((2, 19))},
        {"parameters": np.full(38, np.nan)},
        {"parameters": np.array([None] * 38)},
        {"parameters": np.ones(38, complex)},
        {"standardize": 7},
        {"x_mean": np.zeros(6)},
        {"format": 99},
        {"format": None},
        {"more": np.zeros(3)},
    ],
)
def test_every_array_of_a_file_is_checked(tmp_path, changes):
    contents(fn.MLP([6, 4, 2], seed=0), tmp_path / "net.npz", **changes)
    with pytest.raises(ValueError, match=r"net.npz.*is not a network saved by MLP.save"):
        fn.MLP.load(tmp_path / "net.npz")


def mutated(data, rng):
    """Some bytes of a file changed, cut off or doubled."""
    data = bytearray(data)
    kind = rng.integers(5)
    at = int(rng.integers(len(data)))
    if kind == 0:
        data[at] = rng.integers(256)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        del data[at : at + int(rng.integers(1, 50))]
    elif kind == 3:
        data[at:at] = data[at : at + int(rng.integers(1, 200))]
    else:
        for place in rng.integers(len(data), size=8):
            data[place] ^= 1 << int(rng.integers(8))
    return bytes(data)


def fuzz(folder, rounds, seed):
    net = fn.MLP([6, 4, 2], ["relu"], seed=0, standardize=True)
    net.train(X, T, 1)
    net.save(folder / "net.npz")
    good, path = (folder / "net.npz").read_bytes(), folder / "mutated.npz"
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        path.write_bytes(mutated(good, rng))
        try:
            again = fn.MLP.load(path)
        except ValueError as error:
            if "is not a network saved by MLP.save" not in str(error):
                raise
        else:
            assert np.array_equal(again.parameters, net.parameters)  # the archive's checksums saw to that
            assert repr(again) == repr(net)


def test_damaged_files(tmp_path):
    fuzz(tmp_path, 300, 0)


@pytest.mark.slow
def test_many_damaged_files(tmp_path):
    import tracemalloc

    fuzz(tmp_path, 1, 0)  # what is compiled and imported once is not a file's memory
    tracemalloc.start()
    fuzz(tmp_path, 10_000, 1)
    size = (tmp_path / "net.npz").stat().st_size
    assert tracemalloc.get_traced_memory()[1] < 10 * size + 1e6
    tracemalloc.stop()


def test_a_small_file_takes_little_memory(tmp_path):
    path = tmp_path / "net.npz"
    fn.MLP([6, 4, 2], seed=0).save(path)
    with np.load(path) as file:
        arrays = dict(file)
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                value = np.array([20000, 20000, 2]) if name == "layers" else value
                np.lib.format.write_array(file, np.asarray(value))
    begin = time.process_time()
    with pytest.raises(ValueError, match=r"layers \[20000, 20000, 2\] do not have 38 parameters"):
        fn.MLP.load(path)
    assert time.process_time() - begin < 1


# A user's own activation


@pytest.mark.slow
@pytest.mark.parametrize("dtype", rest_slow([np.float64, np.float32]))
def test_a_users_own_activation(tmp_path, dtype):
    net = fn.MLP([6, 5, 4, 2], [Swish, "tanh"], dtype=dtype, seed=0)
    assert net.activation == ("swish", "tanh")
    W, b = net.weights, net.biases
    z = X @ W[0].T + b[0]
    expected = np.tanh((z / (1 + np.exp(-z))) @ W[1].T + b[1]) @ W[2].T + b[2]
    np.testing.assert_allclose(net.forward(X), expected, atol=1e-6 if dtype is np.float32 else 1e-14)
    assert fn.check_gradient(net, X, T) < (1e-8 if dtype is np.float64 else 1e-5)
    before = net.loss(X, T)
    net.train(X, T, 20)
    assert net.loss(X, T) < before
    net.save(tmp_path / "net.npz")
    with pytest.raises(ValueError, match="activation must be one of"):
        fn.MLP.load(tmp_path / "net.npz")
    again = fn.MLP.load(tmp_path / "net.npz", [Swish])
    assert np.array_equal(again.forward(X), net.forward(X))
    assert np.array_equal(pickle.loads(pickle.dumps(net)).forward(X), net.forward(X))


def test_bad_activations():
    class Nameless(Activation):
        @staticmethod
        def value_and_derivative(z):
            return z, 1.0

    class Alone(Activation):
        name = "alone"

        @staticmethod
        def value_and_derivative(z):
            return z

    for bad, error, message in (
        (Nameless, ValueError, "Nameless.name must be"),
        (Alone, TypeError, "must return f"),
        (int, TypeError, "subclass of"),
        (3, TypeError, "activation must be"),
    ):
        with pytest.raises(error, match=message):
            fn.MLP([2, 3, 1], bad)


# Sparse inputs


@pytest.mark.slow
@pytest.mark.parametrize("layers", [[60, 7, 3], [60, 3], [700, 60, 3]])
@pytest.mark.parametrize("dtype", rest_slow([np.float64, np.float32]))
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
def test_sparse_inputs_are_dense_ones(layers, dtype, kind):
    """To the bit where the dense product is not left to BLAS."""
    rng = np.random.default_rng(0)
    dense = np.where(rng.uniform(size=(300, layers[0])) < 0.05, rng.normal(size=(300, layers[0])), 0).astype(dtype)
    labels = rng.integers(0, 3, 300)
    nets = [fn.MLP(layers, "relu" if len(layers) > 2 else [], "softmax", dtype=dtype, seed=0) for _ in range(2)]
    rows = kind(dense)
    tolerance = 0 if layers[0] < 100 else 1e-5 if dtype is np.float32 else 1e-12
    for net, given in zip(nets, (dense, rows), strict=True):
        net.train(given, labels, 3, optimizer="adam", weight_decay=1e-3, seed=0, validation=(given, labels))
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=0, atol=tolerance)
    np.testing.assert_allclose(nets[0].forward(dense), nets[0].forward(rows), rtol=0, atol=tolerance)
    assert nets[1].loss(rows, labels) == pytest.approx(nets[1].loss(dense, labels), rel=1e-6)
    np.testing.assert_array_equal(nets[1].predict(rows), nets[1].predict(dense))


def test_sparse_inputs_take_no_room_of_dense_ones():
    import tracemalloc

    rows = sparse.random_array((2000, 200_000), density=1e-5, rng=0, format="csr")
    net = fn.MLP([200_000, 2], [], seed=0)
    net.train(rows[:10], np.zeros((10, 2)), 1)
    tracemalloc.start()
    net.train(rows, np.zeros((2000, 2)), 1)
    assert tracemalloc.get_traced_memory()[1] < 50e6  # dense: 3.2 GB
    tracemalloc.stop()


def test_histories_of_an_ensemble_are_of_one_length_where_some_diverge():
    X, T = np.random.default_rng(0).normal(size=(2, 60, 3))
    nets = fn.MLP.ensemble(3, [3, 4, 3], seed=0)
    with pytest.warns(RuntimeWarning, match="training stopped: the loss became"):
        found = nets.train(X, T, epochs=20, learning_rate=[1e-3, 1e6, 1e-2], optimizer="sgd", validation=(X, T))
    assert [one.stopped for one in found] == ["epochs", "diverged", "epochs"]
    for curves in ([one.loss for one in found], [one.validation for one in found]):
        assert np.shape(curves) == (3, 20)
        assert np.isnan(curves[1][-10:]).all()
        assert np.isfinite(curves[2]).all()
    alone = fn.MLP.ensemble(3, [3, 4, 3], seed=0)[1]
    with pytest.warns(RuntimeWarning, match="training stopped: the loss became"):
        history = alone.train(X, T, epochs=20, learning_rate=1e6, optimizer="sgd", validation=(X, T))
    assert np.array_equal(history.loss, found[1].loss[: history.loss.size], equal_nan=True)


def test_sparse_ensembles_and_refusals():
    rows = sparse.csr_array(np.where(X > 0.5, X, 0))
    nets = fn.MLP.ensemble(2, [6, 4, 2], seed=0)
    folds = [np.arange(0, 40, 2), np.arange(1, 40, 2)[::-1]]
    nets.train(rows, T, rows=folds, epochs=2, seed=0)
    alone = fn.MLP([6, 4, 2], seed=[0, 1])
    alone.train(rows.toarray()[folds[1]], T[folds[1]], 2, seed=0)
    assert np.array_equal(nets[1].parameters, alone.parameters)
    rows.data[3] = np.nan
    for refused, error, message in (
        (lambda: nets[0].train(rows, T), ValueError, "X must be finite; got nan in row"),
        (lambda: nets[0].forward(rows), ValueError, "X must be finite; got nan in row"),
        (lambda: fn.MLP([6, 2], [], standardize=True).train(rows, T), ValueError, "X must be dense"),
        (lambda: nets[0].forward(rows[:, :5]), ValueError, "X must have shape"),
    ):
        with pytest.raises(error, match=message):
            refused()
    with pytest.raises(TypeError, match="X must be a dense array"):
        nets[0].train(sparse.csr_array(X), T, optimizer="levenberg-marquardt")


# Standardised inputs and targets


def test_standardize_makes_units_of_no_matter(tmp_path):
    """To rounding, a network trained on metres predicts what one trained on millimetres does."""
    wide = X * [1e-3, 1, 1e3, 1e6, 1, 1] + [0, 5, -1e4, 1e7, 0, 0]
    wide[:, 4] = 1e6  # a constant column
    narrow = wide * 1000.0
    nets = [fn.MLP([6, 8, 2], "relu", seed=1, standardize=True) for _ in range(2)]
    for net, given, targets in zip(nets, (wide, narrow), (T, 50 * T + 3), strict=True):
        net.train(given, targets, 50, optimizer="adam", learning_rate=0.01, seed=0)
    np.testing.assert_allclose(nets[1].forward(narrow), 50 * nets[0].forward(wide) + 3, rtol=1e-6, atol=1e-6)
    x_mean, x_scale, y_mean, y_scale = nets[0].scaling
    np.testing.assert_allclose(x_mean, wide.mean(axis=0))
    np.testing.assert_allclose(x_scale, [*wide[:, :4].std(axis=0), 1, wide[:, 5].std()])
    np.testing.assert_allclose([y_mean, y_scale], [T.mean(axis=0), T.std(axis=0)])
    values = (wide - x_mean) / x_scale
    for W, b, f in zip(nets[0].weights, nets[0].biases, (lambda z: np.maximum(z, 0), lambda z: z), strict=True):
        values = f(values @ W.T + b)
    np.testing.assert_allclose(nets[0].forward(wide), values * y_scale + y_mean, rtol=1e-12)
    assert fn.check_gradient(fn.MLP([6, 8, 2], seed=1, standardize=True), X, T) < 1e-8
    nets[0].save(tmp_path / "net.npz")
    again = fn.MLP.load(tmp_path / "net.npz")
    assert np.array_equal(again.forward(wide), nets[0].forward(wide))
    assert repr(again) == repr(nets[0])


def test_standardize_weighs_rows_and_spares_other_outputs():
    weight = (np.arange(40) < 10).astype(float)
    net = fn.MLP([6, 4, 2], output="sigmoid", seed=0, standardize=True)
    net.train(X, np.abs(T) / 9, 1, sample_weight=weight)
    np.testing.assert_allclose(net.scaling.x_mean, X[:10].mean(axis=0))
    assert net.scaling.y_scale.tolist() == [1, 1]


# Losses and optimizers


def test_huber_by_hand():
    """Errors 0.5, -3: (0.125 + 2.5) / 2."""
    net = fn.MLP([1, 2], [], loss="huber")
    net.parameters = [0, 0, 0.5, -3.0]
    assert net.loss([[0.0]], [[0.0, 0.0]]) == pytest.approx(1.3125)
    np.testing.assert_allclose(net.gradient([[0.0]], [[0.0, 0.0]]).biases[0], [0.25, -0.5])


def test_huber_minds_an_outlier_less():
    x = np.linspace(-1, 1, 41)[:, None]
    t = 2 * x[:, 0] + 1
    t[5] = 300
    slopes = {}
    for loss in ("mse", "huber"):
        net = fn.MLP([1, 1], [], loss=loss, seed=0)
        net.train(x, t, 200, optimizer="lbfgs")
        slopes[loss] = net.weights[0][0, 0]
    assert abs(slopes["huber"] - 2) < 0.2 < abs(slopes["mse"] - 2)


def test_poisson_regression_is_the_generalised_linear_model():
    linear = pytest.importorskip("sklearn.linear_model")
    counts = np.random.default_rng(1).poisson(np.exp(X @ [0.3, -0.2, 0.1, 0, 0, 0.4] + 0.5))
    net = fn.MLP([6, 1], [], output="exp", seed=0)
    net.train(X, counts, 500, optimizer="lbfgs", weight_decay=0.1)
    model = linear.PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=1000).fit(X, counts)
    np.testing.assert_allclose(net.weights[0][0], model.coef_, atol=1e-5)
    assert net.loss(X, np.exp(net.forward(X) * 0)) > 0
    with pytest.raises(ValueError, match="T must be 0 or more for poisson"):
        net.train(X, -np.ones(40))


def test_rprop_by_hand():
    """L = (w + b)^2, g = 2 s with s = w + b from 1; steps 0.4, then 0.48 (same sign), then 0.24 and none (it changed).

    s: 1, 0.2 (both moved by 0.4), -0.76 (by 0.48), -0.76 (sign changed: no move, step 0.24), -0.28 (by 0.24: unknown
    sign before, so it neither grows nor shrinks).
    """
    net, seen = fn.MLP([1, 1], []), []
    net.parameters = [1.0, 0.0]
    look = lambda net, _: seen.append(net.parameters.sum())  # noqa: E731
    net.train([[1.0]], [0.0], 4, optimizer="rprop", learning_rate=0.4, callback=look)
    np.testing.assert_allclose(seen, [0.2, -0.76, -0.76, -0.28], atol=1e-14)


# ONNX


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "softplus"])
@pytest.mark.parametrize("output", rest_slow(["softmax", "linear", "sigmoid", "exp"]))
def test_onnx(tmp_path, activation, output):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    for dtype in (np.float32, np.float64):
        if dtype is np.float64 and activation in ("leaky_relu", "gelu", "softplus"):
            continue  # not in ONNX Runtime
        net = fn.MLP([6, 5, 4, 2], activation, output, dtype=dtype, seed=0, standardize=output == "linear")
        net.train(X, np.abs(T) / 9, 1)
        net.to_onnx(tmp_path / "net.onnx")
        session = runtime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"X": X.astype(dtype)})
        assert found.dtype == dtype
        tolerance = 1e-13 if dtype is np.float64 else 2e-6
        np.testing.assert_allclose(found, net.forward(X), rtol=tolerance, atol=tolerance)


def test_onnx_refuses_a_users_own(tmp_path):
    pytest.importorskip("onnx")
    with pytest.raises(ValueError, match="swish"):
        fn.MLP([6, 3, 2], Swish).to_onnx(tmp_path / "net.onnx")


def test_the_reference_has_every_twin():
    from fastneuron.mlp.activations import ACTIVATIONS
    from fastneuron.mlp.losses import OUTPUTS

    assert list(reference.ACTIVATIONS) == list(reference.DERIVATIVES) == list(ACTIVATIONS)
    assert list(reference.OUTPUTS) == list(OUTPUTS)


MIXED = """
import sys
import numpy as np
import fastneuron as fn

X, T = np.random.default_rng(0).normal(size=(50, 6)), np.ones((50, 2))
what = sys.argv[1]
if what == "one":
    fn.MLP([6, 5, 2]).forward(X)
if what == "other":  # other functions are compiled first, so that all have other numbers
    class Square(fn.mlp.Activation):
        name = "square"

        @staticmethod
        def value_and_derivative(z):
            return z * z, 2 * z

    fn.MLP([6, 5, 2], Square).forward(X)
    fn.MLP([6, 5, 2]).train(X, T, 1)
if what == "both":
    for activation in ("sigmoid", "tanh", "relu"):
        net = fn.MLP([6, 5, 2], activation, seed=0)
        net.train(X, T, 2, seed=0)
        print(net.forward(X).sum().hex())
"""


@pytest.mark.slow
def test_kernels_from_the_caches_of_several_processes_do_not_mix(python, tmp_path):
    """The loops of two activations were one symbol if their numbers in two processes happened to be the same."""
    for what in ("one", "other"):
        python(MIXED, what, NUMBA_CACHE_DIR=str(tmp_path / "mixed"))
    mixed = python(MIXED, "both", NUMBA_CACHE_DIR=str(tmp_path / "mixed"))
    assert mixed == python(MIXED, "both", NUMBA_CACHE_DIR=str(tmp_path / "fresh"))
