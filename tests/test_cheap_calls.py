"""What has been looked at once is not looked at again, unless it has changed."""

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine import resources

FACTOR, TABLE = 2.0, np.array([1.0, 2.0])


def helper(V, slope=1.0):
    return slope * FACTOR * V


def made(scale=1.0):
    """A model whose formula refers to all kinds of things, and what changes one that it encloses."""

    def rescale(new):
        nonlocal scale
        scale = new

    class Own(fn.Model):
        tau: float = 10.0
        states = {"V": -65.0}

        @staticmethod
        def derivative(V, I, p):
            return ((I - helper(V) * scale) / p.tau,)

    return Own, rescale


def test_formulas_are_looked_at_once(monkeypatch):
    kind, _ = made()
    first = kind.kernel_type()
    monkeypatch.setattr(fn._parameters, "described", None)
    assert kind.kernel_type() is first
    monkeypatch.undo()
    assert type(fn.MorrisLecar.hopf().kernel_type()) is type(fn.MorrisLecar.snic(C=1.0).kernel_type())


def double(name):
    return lambda patch, rescale: patch.setitem(globals(), name, globals()[name] * 2)


@pytest.mark.parametrize(
    "change",
    [
        double("FACTOR"),
        lambda patch, rescale: patch.setattr(helper, "__defaults__", (3.0,)),
        lambda patch, rescale: patch.setattr(helper, "__code__", (lambda V, slope=1.0: V * V).__code__),
        lambda patch, rescale: patch.setitem(globals(), "helper", lambda V: -V),
        lambda patch, rescale: rescale(2.0),
    ],
    ids=["global", "default", "code", "function", "closure"],
)
def test_a_formula_that_has_changed_is_another(monkeypatch, change):
    kind, rescale = made()
    first, again = kind.kernel_type(), kind.kernel_type()
    change(monkeypatch, rescale)
    assert type(again) is type(first)
    assert type(kind.kernel_type()) is not type(first)


def test_a_table_may_change_in_place(monkeypatch):
    class Own(fn.Model):
        states = {"V": -65.0}

        @staticmethod
        def derivative(V, I, p):
            return (I - TABLE[1] * V,)

    first = Own.kernel_type()
    monkeypatch.setitem(globals(), "TABLE", TABLE.copy())
    assert type(Own.kernel_type()) is type(first)
    TABLE[1] = 5.0
    assert type(Own.kernel_type()) is not type(first)


def test_a_class_that_has_changed_is_checked_again(monkeypatch):
    kind, _ = made()
    kind()
    monkeypatch.setattr(fn.models.model, "_check_class", lambda kind: pytest.fail("checked again"))
    kind()
    monkeypatch.undo()
    for name, value, words in (
        ("threshold", "high", "threshold"),
        ("states", {"V": np.nan}, "states"),
        ("positive", ("x",), "x"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(kind, name, value)
            with pytest.raises(ValueError, match=words):
                kind()
        kind()


def test_memory_is_read_once_where_little_is_needed(monkeypatch):
    asked = []
    monkeypatch.setattr(resources, "memory_left", lambda: asked.append(None) or 4e9)
    monkeypatch.setattr(resources, "MOMENT", 60.0)
    monkeypatch.setattr(resources, "_lately", (-np.inf, 0.0))
    for _ in range(20):
        fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=100.0)
    assert len(asked) == 1
    assert resources.memory_for(1e9) == 4e9  # a good part of it
    assert len(asked) == 2


def test_a_small_run_is_counted_where_memory_is_short(monkeypatch):
    monkeypatch.setattr(resources, "memory", lambda *given: pytest.fail("counted"))
    fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=100.0)
    monkeypatch.undo()
    monkeypatch.setattr(resources, "memory_left", lambda: 1e6)
    monkeypatch.setattr(resources, "_lately", (-np.inf, 0.0))
    with pytest.raises(MemoryError, match="and 1 MB are left"):
        fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=100.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 10**400, True, "1", None, np.ma.masked, 1j])
def test_numbers_of_pythons_own_are_checked_as_others(value):
    kinds = TypeError, ValueError
    for name in ("C", "E_L"):
        with pytest.raises(kinds, match=f"^{name} must be"):
            fn.MorrisLecar(**{name: value})
    with pytest.raises(kinds, match=r"^current must be"):
        fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=value)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [("C", 0.0, "positive"), ("C", -1, "positive"), ("V2", 0, "other than 0"), ("V4", -0.0, "other than 0")],
)
def test_limits_hold_for_them(name, value, wanted):
    with pytest.raises(ValueError, match=f"{name} must be {wanted}; got"):
        fn.MorrisLecar(**{name: value})
    assert fn.MorrisLecar(V2=-3, C=1).V2 == -3.0
    assert type(fn.MorrisLecar(C=1).C) is float


def test_limits_of_currents_hold():
    with pytest.raises(ValueError, match="count must be 0 or more"):
        fn.Pulses(1.0, 10.0, 1.0, count=-1.0)
    assert fn.Pulses(1.0, 10.0, 1.0, count=0.0).count == 0.0
    with pytest.raises(ValueError, match="start must be a number"):
        fn.Step(1.0, start=np.nan)
    assert fn.Step(1.0, start=-np.inf).start == -np.inf
