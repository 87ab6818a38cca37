"""Bad input ends in one clear error that names the argument, what was given, and what is allowed."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine import scheduler
from fastneuron._kernel import threads

HOPF = fn.MorrisLecar.hopf
TEN = HOPF(V3=np.arange(10.0))
WHITE = fn.WhiteNoise(1.0)
CLOSED = ThreadPoolExecutor(1)
CLOSED.shutdown()


def simulate(**changes):
    return fn.simulate(**{"model": HOPF(), "duration": 10.0} | changes)


# arguments, exception, words that the message must hold
NOT_ALLOWED = [
    # the model
    ({"model": None}, TypeError, ["model", "None", "MorrisLecar.hopf()"]),
    ({"model": "hopf"}, TypeError, ["model", "'hopf'"]),
    ({"model": fn.MorrisLecar}, TypeError, ["model", "parentheses"]),
    ({"model": "x" * 1000}, TypeError, ["model", "'xxx", "xxx ... xxx"]),
    # durations and steps
    ({"dt": 0}, ValueError, ["dt", "positive", "got 0"]),
    ({"dt": -0.1}, ValueError, ["dt", "positive", "-0.1"]),
    ({"dt": np.nan}, ValueError, ["dt", "nan"]),
    ({"dt": np.inf}, ValueError, ["dt", "inf"]),
    ({"dt": "0.1"}, TypeError, ["dt", "'0.1'"]),
    ({"dt": None}, TypeError, ["dt", "None"]),
    ({"dt": True}, TypeError, ["dt", "True"]),
    ({"dt": 1j}, TypeError, ["dt", "1j"]),
    ({"dt": [0.05]}, TypeError, ["dt", "[0.05]"]),
    ({"dt": np.array([0.05])}, TypeError, ["dt", "array([0.05])"]),
    ({"dt": 1e-320}, ValueError, ["duration", "dt"]),
    ({"duration": -1.0}, ValueError, ["duration", "-1.0"]),
    ({"duration": np.inf}, ValueError, ["duration", "inf"]),
    ({"duration": np.nan}, ValueError, ["duration", "nan"]),
    ({"duration": None}, TypeError, ["duration", "None"]),
    ({"duration": np.True_}, TypeError, ["duration", "True"]),
    ({"duration": 10**400}, ValueError, ["duration"]),
    ({"duration": 1e300, "dt": 1e-300}, ValueError, ["duration", "1e+300", "dt", "1e-300"]),
    ({"duration": 10.02}, ValueError, ["duration", "multiple of dt", "10.02", "0.05", "10 and 10.05"]),
    ({"duration": 1.0, "dt": 0.3}, ValueError, ["duration", "0.9 and 1.2"]),
    ({"duration": 10.0, "dt": 1e11}, ValueError, ["duration", "multiple of dt", "0 and 100000000000"]),
    ({"duration": 1e-320}, ValueError, ["duration", "0 and 0.05"]),
    ({"duration": np.ma.array([10.0], mask=[1])}, TypeError, ["duration", "masked"]),
    ({"duration": np.timedelta64(10, "ms")}, TypeError, ["duration", "timedelta64"]),
    ({"duration": np.array(True)}, TypeError, ["duration", "True"]),
    # the current
    ({"current": np.nan}, ValueError, ["current", "finite", "nan"]),
    ({"current": [1.0, np.inf]}, ValueError, ["current", "inf at neuron 1"]),
    ({"current": "100"}, TypeError, ["current", "'100'"]),
    ({"current": ["1", "2"]}, TypeError, ["current", "'1'"]),
    ({"current": None}, TypeError, ["current", "None"]),
    ({"current": 1j}, TypeError, ["current", "1j"]),
    ({"current": True}, TypeError, ["current", "True"]),
    ({"current": [True, False]}, TypeError, ["current", "True"]),
    ({"current": []}, ValueError, ["current", "empty"]),
    ({"current": [[1.0, 2.0]]}, ValueError, ["current", "(1, 2)"]),
    ({"current": [[1.0], [2.0, 3.0]]}, TypeError, ["current", "[[1.0], [2.0, 3.0]]"]),
    ({"current": {1.0}}, TypeError, ["current", "{1.0}"]),
    ({"current": np.array([1, 2], object)}, TypeError, ["current", "object"]),
    ({"current": np.ma.array([1.0, 2.0], mask=[0, 1])}, TypeError, ["current", "masked"]),
    ({"current": np.datetime64("2020")}, TypeError, ["current", "datetime64"]),
    ({"model": TEN, "current": np.zeros(9)}, ValueError, ["current", "9", "V3", "10"]),
    # the initial state
    ({"initial": {"W": 0.0}}, ValueError, ["initial", "'W'", "'V', 'N'"]),
    ({"initial": {"v": 0.0}}, ValueError, ["initial", "'v'", "did you mean 'V'"]),
    ({"initial": {0: 0.0}}, ValueError, ["initial", "got 0"]),
    ({"initial": {"V": np.nan}}, ValueError, ["initial['V']", "nan"]),
    ({"initial": {"N": [0.1, np.inf]}}, ValueError, ["initial['N']", "inf at neuron 1"]),
    ({"initial": {"V": None}}, TypeError, ["initial['V']", "None"]),
    ({"initial": {"V": np.zeros((2, 2))}}, ValueError, ["initial['V']", "(2, 2)"]),
    ({"initial": {"V": np.zeros(3)}, "model": TEN}, ValueError, ["initial['V']", "3", "V3", "10"]),
    ({"initial": 5}, TypeError, ["initial", "got 5"]),
    ({"initial": "V"}, TypeError, ["initial", "'V'"]),
    ({"initial": np.zeros(2)}, TypeError, ["initial", "array"]),
    # names
    ({"method": "rk5"}, ValueError, ["method", "'rk5'", "did you mean 'rk4'"]),
    ({"method": "RK4"}, ValueError, ["method", "'RK4'", "did you mean 'rk4'"]),
    ({"method": "runge"}, ValueError, ["method", "'runge'", "'rk4'"]),
    ({"method": None}, ValueError, ["method", "None"]),
    ({"method": ["rk4"]}, ValueError, ["method", "['rk4']"]),
    ({"record": "v"}, ValueError, ["record", "'v'", "did you mean 'V'"]),
    ({"record": "VN"}, ValueError, ["record", "'VN'"]),
    ({"record": ""}, ValueError, ["record", "''"]),
    ({"record": ["V", "V"]}, ValueError, ["record", "at most once"]),
    ({"record": ["V", None]}, ValueError, ["record", "None"]),
    ({"record": 5}, TypeError, ["record", "5"]),
    ({"record": True}, TypeError, ["record", "True"]),
    ({"record": b"V"}, TypeError, ["record", "b'V'"]),
    ({"record": np.array("V")}, TypeError, ["record", "array('V'"]),
    ({"record": [["V"], ["V", "N"]]}, ValueError, ["record", "['V']"]),
    ({"summary": "V.meen"}, ValueError, ["summary", "'V.meen'", "did you mean 'V.mean'"]),
    ({"summary": ["V.mean", "V.mean"]}, ValueError, ["summary", "at most once"]),
    ({"summary": 5}, TypeError, ["summary", "'V.mean'", "5"]),
    # what is sampled, and when
    ({"every": 5}, ValueError, ["every", "record='V'", "summary=None"]),
    ({"sample_interval": 1.0}, ValueError, ["sample_interval", "record='V'"]),
    ({"every": 5, "summary": "population.rate"}, ValueError, ["every", "summary='V.mean'", "'population.rate'"]),
    ({"sample_interval": 1.0, "summary": "isi.cv", "method": "tsit5"}, ValueError, ["sample_interval", "'isi.cv'"]),
    ({"every": np.array([1, 2]), "record": "V"}, TypeError, ["every", "array([1, 2])"]),
    ({"sample_interval": 1e308, "record": "V"}, ValueError, ["sample_interval", "2**53", "1e+308"]),
    ({"bin_width": 5.0}, ValueError, ["bin_width", "population.rate", "5.0"]),
    ({"bin_width": 1e-300, "summary": "population.rate"}, ValueError, ["bin_width", "1e-300", "10 ms"]),
    ({"bin_width": 0, "summary": "population.rate"}, ValueError, ["bin_width", "positive", "0"]),
    # whole numbers
    ({"every": 0}, ValueError, ["every", "at least 1", "0"]),
    ({"every": -2}, ValueError, ["every", "-2"]),
    ({"every": 1.5}, TypeError, ["every", "1.5"]),
    ({"every": "2"}, TypeError, ["every", "'2'"]),
    ({"every": True}, TypeError, ["every", "True"]),
    ({"every": None}, TypeError, ["every", "None"]),
    ({"threads": 0}, ValueError, ["threads", "at least 1", "0"]),
    ({"threads": -1}, ValueError, ["threads", "-1"]),
    ({"threads": 2.0}, TypeError, ["threads", "2.0"]),
    ({"threads": "all"}, TypeError, ["threads", "'all'"]),
    ({"seed": -1}, ValueError, ["seed", "-1"]),
    ({"seed": 2**64}, ValueError, ["seed", "18446744073709551616"]),
    ({"seed": None}, TypeError, ["seed", "None"]),
    # flags
    ({"progress": "yes"}, TypeError, ["progress", "True or False", "'yes'"]),
    ({"overwrite": 1}, TypeError, ["overwrite", "True or False", "1"]),
    ({"spike_times": None}, TypeError, ["spike_times", "True or False", "None"]),
    # how it is carried out
    ({"out": 5}, TypeError, ["out", "path", "5"]),
    ({"out": b"run.zarr"}, TypeError, ["out", "path", "b'run.zarr'"]),
    ({"out": ""}, ValueError, ["out", "empty", "''"]),
    ({"out": "run\0.zarr"}, ValueError, ["out", "null", "x00"]),
    ({"out": "no/such/folder/run.zarr"}, OSError, ["out", "folder", "no/such/folder/run.zarr"]),
    ({"out": __file__}, FileExistsError, ["out", "exists", "overwrite=True"]),
    ({"out": __file__, "overwrite": True}, FileExistsError, ["out", "no store of a run"]),
    ({"out": "run.zarr", "checkpoint_interval": 0.0}, ValueError, ["checkpoint_interval", "positive", "0.0"]),
    ({"out": "run.zarr", "checkpoint_interval": "1"}, TypeError, ["checkpoint_interval", "'1'"]),
    ({"checkpoint_interval": 5.0}, ValueError, ["checkpoint_interval", "out=", "5.0"]),
    ({"shards": 3}, ValueError, ["shards", "executor=", "3"]),
    ({"executor": ThreadPoolExecutor}, TypeError, ["executor", "class", "ThreadPoolExecutor"]),
    ({"executor": 5}, TypeError, ["executor", "5"]),
    ({"executor": CLOSED}, ValueError, ["executor", "shutdown"]),
    ({"executor": ThreadPoolExecutor(1), "shards": 0}, ValueError, ["shards", "0"]),
    # precision and noise
    ({"dtype": 5}, ValueError, ["dtype", "'float64', 'float32'", "5"]),
    ({"dtype": "double precision"}, ValueError, ["dtype", "'float64', 'float32'", "'double precision'"]),
    ({"dtype": [1.0]}, ValueError, ["dtype", "[1.0]"]),
    ({"dtype": int}, ValueError, ["dtype", "'int64'"]),
    ({"dtype": "f4", "method": "dop853"}, ValueError, ["dtype", "'rk4', 'heun' and 'staggered'", "'dop853'"]),
    ({"dtype": "f4", "method": "heun", "noise": WHITE}, ValueError, ["dtype", "without noise", "WhiteNoise"]),
    ({"dtype": "f4", "initial": {"V": [0.0, 1e300]}}, ValueError, ["initial['V']", "float32", "inf at neuron 1"]),
    ({"noise": WHITE}, ValueError, ["noise", "'heun'", "'rk4'"]),
    ({"noise": fn.WhiteNoise}, TypeError, ["noise", "class", "WhiteNoise(20.0)"]),
    ({"noise": 3.0, "method": "heun"}, TypeError, ["noise", "3.0"]),
    ({"noise": fn.WhiteNoise([1.0] * 9), "method": "heun", "model": TEN}, ValueError, ["noise", "9", "V3", "10"]),
    # the neurons recorded
    ({"neurons": [0]}, ValueError, ["neurons", "record"]),
    ({"record": "V", "neurons": [1]}, ValueError, ["neurons", "0 to 0", "1"]),
    ({"record": "V", "neurons": 10, "model": TEN}, ValueError, ["neurons", "0 to 9", "10"]),
    ({"record": "V", "neurons": -11, "model": TEN}, ValueError, ["neurons", "0 to 9", "-11"]),
    ({"record": "V", "neurons": np.array([2**64 - 1], np.uint64)}, ValueError, ["neurons", "18446744073709551615"]),
    ({"record": "V", "neurons": 10**30}, TypeError, ["neurons"]),
    ({"record": "V", "neurons": True}, TypeError, ["neurons", "True"]),
    ({"record": "V", "neurons": slice("a", None)}, TypeError, ["neurons", "slice('a'"]),
    ({"record": "V", "neurons": slice(0, 1.5)}, TypeError, ["neurons", "slice(0, 1.5"]),
    ({"record": "V", "neurons": [0, 0]}, ValueError, ["neurons", "at most once"]),
    ({"record": "V", "neurons": [0, -10], "model": TEN}, ValueError, ["neurons", "at most once"]),
    ({"record": "V", "neurons": [True, False]}, ValueError, ["neurons", "(1,)", "(2,)"]),
    ({"record": "V", "neurons": 0.0}, TypeError, ["neurons", "0.0"]),
    ({"record": "V", "neurons": "all"}, TypeError, ["neurons", "'all'"]),
    ({"record": "V", "neurons": [None]}, TypeError, ["neurons", "None"]),
    ({"record": "V", "neurons": [[0]]}, TypeError, ["neurons", "[[0]]"]),
    ({"record": "V", "neurons": [[0], [0, 1]]}, TypeError, ["neurons", "[[0], [0, 1]]"]),
    # what only some methods take
    ({"rtol": 1e-6}, ValueError, ["rtol", "adaptive", "'rk4'"]),
    ({"atol": 1e-6}, ValueError, ["atol", "adaptive", "'rk4'"]),
    ({"rtol": 0.0, "method": "dop853"}, ValueError, ["rtol", "positive", "0.0"]),
    ({"rtol": "tight", "method": "dop853"}, TypeError, ["rtol", "'tight'"]),
    ({"rtol": np.nan, "method": "dop853"}, ValueError, ["rtol", "nan"]),
    ({"atol": -1.0, "method": "dop853"}, ValueError, ["atol", "0 or more", "-1.0"]),
    ({"atol": {"W": 1.0}, "method": "dop853"}, ValueError, ["atol", "'W'"]),
    ({"atol": {"V": None}, "method": "dop853"}, TypeError, ["atol", "None"]),
    ({"sample_interval": 0.07, "record": "V"}, ValueError, ["sample_interval", "multiple of dt", "0.07"]),
    ({"sample_interval": 0.0, "record": "V"}, ValueError, ["sample_interval", "0.0"]),
    ({"sample_interval": 1.0, "every": 2, "record": "V"}, ValueError, ["sample_interval", "every"]),
    ({"sample_interval": -1.0, "record": "V", "method": "dop853"}, ValueError, ["sample_interval", "-1.0"]),
    ({"sample_interval": 1e-320, "record": "V", "method": "dop853"}, ValueError, ["sample", "e-321 ms", "10 ms"]),
    ({"dt": 0.0, "method": "dop853"}, ValueError, ["dt", "positive"]),
    ({"duration": np.inf, "method": "dop853"}, ValueError, ["duration", "inf"]),
    # currents that are functions of time
    ({"current": fn.Step}, TypeError, ["current", "class Step"]),
    ({"current": len}, TypeError, ["current", "built-in"]),
    ({"current": fn.Step(np.zeros(9)), "model": TEN}, ValueError, ["current", "9", "V3", "10"]),
    # the threshold
    ({"threshold": np.nan}, ValueError, ["threshold", "nan"]),
    ({"threshold": -np.inf}, ValueError, ["threshold", "-inf"]),
    ({"threshold": "0"}, TypeError, ["threshold", "'0'"]),
    ({"threshold": [0.0]}, TypeError, ["threshold", "[0.0]"]),
    ({"threshold": False}, TypeError, ["threshold", "False"]),
]

NO_PARAMETERS = [
    ({"C": 0}, ValueError, ["C", "positive", "0"]),
    ({"C": [20, -1]}, ValueError, ["C", "positive", "-1.0 at neuron 1"]),
    ({"V2": 0}, ValueError, ["V2", "other than 0"]),
    ({"V4": -0.0}, ValueError, ["V4", "other than 0"]),
    ({"V4": [1, 0, 2]}, ValueError, ["V4", "at neuron 1"]),
    ({"V3": np.nan}, ValueError, ["V3", "finite", "nan"]),
    ({"phi": [0.04, -np.inf]}, ValueError, ["phi", "-inf at neuron 1"]),
    ({"V3": None}, TypeError, ["V3", "None"]),
    ({"V3": "2"}, TypeError, ["V3", "'2'"]),
    ({"V3": 1j}, TypeError, ["V3", "1j"]),
    ({"V3": True}, TypeError, ["V3", "True"]),
    ({"V3": []}, ValueError, ["V3", "empty"]),
    ({"V3": [[1]]}, ValueError, ["V3", "(1, 1)"]),
    ({"V3": [[1], [2, 3]]}, TypeError, ["V3"]),
    ({"V3": 10**400}, TypeError, ["V3"]),
    ({"V3": Fraction(1, 2)}, TypeError, ["V3", "Fraction(1, 2)"]),
    ({"V3": [1, 2], "V4": [1, 2, 3]}, ValueError, ["V4", "3", "V3", "2"]),
    ({"v3": 1}, ValueError, ["'v3'", "did you mean 'V3'"]),
    ({"gCa": 1}, ValueError, ["'gCa'", "did you mean 'g_Ca'"]),
]


def check(call, exception, words):
    with pytest.raises(exception) as caught:
        call()
    assert caught.type is exception
    message = str(caught.value)
    assert [word for word in words if word not in message] == [], message
    assert "\n" not in message
    assert caught.value.__cause__ is None


# arguments of fn.sweep(HOPF(), 10.0, {"current": [90.0, 100.0]}) and what they are changed to
NO_SWEEP = [
    ({"model": fn.MorrisLecar}, TypeError, ["model", "class"]),
    ({"model": TEN}, ValueError, ["V3", "same at every point", "10 values"]),
    ({"grid": {"Phi": [0.1]}}, ValueError, ["axis of grid", "'Phi'", "did you mean 'phi'"]),
    ({"grid": {3: [0.1]}}, ValueError, ["axis of grid", "got 3"]),
    ({"grid": {"phi": []}}, ValueError, ["grid['phi']", "empty"]),
    ({"grid": {"phi": [0.1, 0.2]}, "current": [1.0, 2.0]}, ValueError, ["current", "same at every point", "2 values"]),
    ({"grid": {"phi": [0.1]}, "current": fn.Step([1.0, 2.0])}, ValueError, ["current", "same at every point"]),
    ({"noise": fn.WhiteNoise([1.0, 2.0]), "method": "heun"}, ValueError, ["noise", "same at every point"]),
    ({"grid": dict.fromkeys(("V1", "V2", "V3", "V4"), np.arange(1, 9999))}, MemoryError, ["grid", "9998 x 9998 x"]),
    ({"grid": {"V2": [0.0, 1.0]}}, ValueError, ["V2", "other than 0"]),
    ({"reduce": "rat"}, ValueError, ["reduce", "did you mean 'rate'"]),
    ({"reduce": ["rate", "rate"]}, ValueError, ["reduce", "at most once"]),
    ({"reduce": []}, ValueError, ["reduce", "'rate'", "[]"]),
    ({"reduce": 5}, TypeError, ["reduce", "'rate'", "5"]),
    ({"reduce": lambda run: 3}, TypeError, ["reduce", "(2,)", "3"]),
    ({"reduce": lambda run: {"three": 3}}, TypeError, ["reduce", "(2,)", "3"]),
    ({"summary": "V.max"}, ValueError, ["summary", "reduce='rate'"]),
    ({"record": "V"}, ValueError, ["record", "reduce='rate'"]),
    ({"every": 2}, ValueError, ["every", "record='V'"]),
    ({"methd": "rk4"}, TypeError, ["'methd'"]),
]


def title(row):
    shown = ", ".join(f"{name}={value!r}" for name, value in row.items()) if isinstance(row, dict) else ""
    return re.sub(" at 0x[0-9a-f]+", "", shown)[:60]  # an address would differ between the workers


@pytest.mark.parametrize(("arguments", "exception", "words"), NOT_ALLOWED, ids=title)
def test_simulate(arguments, exception, words):
    check(lambda: simulate(**arguments), exception, words)


@pytest.mark.parametrize(("parameters", "exception", "words"), NO_PARAMETERS, ids=title)
@pytest.mark.parametrize("make", [fn.MorrisLecar, HOPF, HOPF().replace], ids=["class", "preset", "replace"])
def test_parameters(make, parameters, exception, words):
    check(lambda: make(**parameters), exception, words)


@pytest.mark.parametrize(("changes", "exception", "words"), NO_SWEEP, ids=title)
def test_sweep(changes, exception, words):
    given = {"model": HOPF(), "duration": 10.0, "grid": {"current": [90.0, 100.0]}} | changes
    check(lambda: fn.sweep(**given), exception, words)


@pytest.mark.parametrize(
    ("arguments", "exception", "words"),
    [row for row in NOT_ALLOWED if not {"exists", "folder", "no store of a run"} & set(row[2])],
    ids=title,
)
def test_estimate(arguments, exception, words, monkeypatch):
    """Everything that `simulate` refuses but what is on the disk, and no kernel is called."""
    monkeypatch.setattr(scheduler, "advance", lambda *_: pytest.fail("work was begun"))
    check(lambda: fn.estimate(**{"model": HOPF(), "duration": 10.0} | arguments), exception, words)


@pytest.mark.parametrize("function", [fn.open, fn.resume])
def test_paths(function, tmp_path):
    check(lambda: function(5), TypeError, ["path", "5"])
    check(lambda: function(""), ValueError, ["path", "empty"])
    check(lambda: function(tmp_path), FileNotFoundError, ["no run", str(tmp_path)])


def test_more_threads_than_there_is_work_for():
    """They are not started, and the bits are the same."""
    before = threading.active_count()
    most = []

    def watch(bound):
        most.append(threading.active_count() - before)
        yield

    threads.spread(watch, range(10_000), 10**6)
    assert max(most) <= threads.PER_CORE * threads.available()
    given = {"model": HOPF(), "duration": 50.0, "current": np.linspace(80, 130, 1000)}
    one, many = fn.simulate(**given, threads=1), fn.simulate(**given, threads=10**6)
    assert np.array_equal(one.state["V"], many.state["V"])
    assert np.array_equal(one.spikes.time, many.spikes.time)


def test_the_base_class_is_no_model():
    check(fn.Model, TypeError, ["Model", "subclass"])


def test_a_model_does_not_change():
    model = HOPF(V3=[1.0, 2.0])
    check(lambda: setattr(model, "V3", 4.0), AttributeError, ["replace(V3="])
    with pytest.raises(ValueError, match="read-only"):
        model.V3[0] = 4.0


def test_what_was_not_recorded():
    check(lambda: simulate()["V"], KeyError, ["record='V'"])
    check(lambda: simulate(record="V")["v"], ValueError, ["'v'", "did you mean 'V'"])


def test_an_error_comes_before_any_work(monkeypatch):
    """The last argument to be checked is checked before the first kernel call."""
    monkeypatch.setattr(scheduler, "advance", lambda *_: pytest.fail("work was begun"))
    check(lambda: simulate(threads=0), ValueError, ["threads"])
    check(lambda: simulate(method="dop853", atol={"V": -1.0}), ValueError, ["atol", "-1.0"])
