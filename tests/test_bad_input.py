"""Bad input ends in one clear error that names the argument, what was given, and what is allowed."""

from fractions import Fraction

import numpy as np
import pytest

import fastneuron as fn
from fastneuron import population

HOPF = fn.MorrisLecar.hopf
TEN = HOPF(V3=np.arange(10.0))


def simulate(**changes):
    return fn.simulate(**{"model": HOPF(), "duration": 10.0} | changes)


# arguments, exception, words that the message must hold
NOT_ALLOWED = [
    # the model
    ({"model": None}, TypeError, ["model", "None", "MorrisLecar.hopf()"]),
    ({"model": "hopf"}, TypeError, ["model", "'hopf'"]),
    ({"model": fn.MorrisLecar}, TypeError, ["model", "parentheses"]),
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
    ({"record": "v"}, ValueError, ["record", "'v'", "did you mean 'V'"]),
    ({"record": "VN"}, ValueError, ["record", "'VN'"]),
    ({"record": ""}, ValueError, ["record", "''"]),
    ({"record": ["V", "V"]}, ValueError, ["record", "at most once"]),
    ({"record": ["V", None]}, ValueError, ["record", "None"]),
    ({"record": 5}, TypeError, ["record", "5"]),
    ({"record": True}, TypeError, ["record", "True"]),
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
    # the neurons recorded
    ({"neurons": [0]}, ValueError, ["neurons", "record"]),
    ({"record": "V", "neurons": [1]}, ValueError, ["neurons", "0 to 0", "1"]),
    ({"record": "V", "neurons": 10, "model": TEN}, ValueError, ["neurons", "0 to 9", "10"]),
    ({"record": "V", "neurons": -11, "model": TEN}, ValueError, ["neurons", "0 to 9", "-11"]),
    ({"record": "V", "neurons": np.array([2**64 - 1], np.uint64)}, ValueError, ["neurons", "18446744073709551615"]),
    ({"record": "V", "neurons": 10**30}, TypeError, ["neurons"]),
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
    assert "\n" not in message.replace("\\n", "") or "array" in message
    assert caught.value.__cause__ is None


def title(row):
    return ", ".join(f"{name}={value!r}" for name, value in row.items())[:60] if isinstance(row, dict) else ""


@pytest.mark.parametrize(("arguments", "exception", "words"), NOT_ALLOWED, ids=title)
def test_simulate(arguments, exception, words):
    check(lambda: simulate(**arguments), exception, words)


@pytest.mark.parametrize(("parameters", "exception", "words"), NO_PARAMETERS, ids=title)
@pytest.mark.parametrize("make", [fn.MorrisLecar, HOPF, HOPF().replace], ids=["class", "preset", "replace"])
def test_parameters(make, parameters, exception, words):
    check(lambda: make(**parameters), exception, words)


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
    monkeypatch.setattr(population, "advance", lambda *_: pytest.fail("work was begun"))
    check(lambda: simulate(threads=0), ValueError, ["threads"])
    check(lambda: simulate(method="dop853", atol={"V": -1.0}), ValueError, ["atol", "-1.0"])
