"""Kinds of coupling: what a neuron feels of another's state."""

import pickle

import numpy as np
import pytest

import fastneuron as fn


@pytest.mark.parametrize("kind", [fn.GapJunction(), fn.Graded(-80.0, 0.0, 15.0), fn.StateCoupled("s", -75.0)])
def test_kinds_are_data(kind):
    again = pickle.loads(pickle.dumps(kind))
    assert again == kind
    assert again.reads == kind.reads
    assert repr(again) == repr(kind)
    assert kind.replace() == kind


def test_kinds_differ_by_what_they_read():
    assert fn.StateCoupled("s", -75.0) != fn.StateCoupled("n", -75.0)
    assert repr(fn.StateCoupled("s", -75.0)) == "StateCoupled('s', E=-75)"


def test_a_graded_synapse_is_a_tanh():
    kind, V = fn.Graded(E=-80.0, half=-5.0, slope=6.0), np.linspace(-100.0, 100.0, 41)
    prepared = kind.prepare(kind)
    np.testing.assert_allclose(kind.sent(V, prepared), (1 + np.tanh((V + 5.0) / 6.0)) / 2, rtol=0, atol=1e-15)
    np.testing.assert_allclose(kind.current(-60.0, 0.25, prepared), 0.25 * -20.0)


def test_a_coupling_is_shown_as_it_is_written():
    coupling = fn.Coupling("A", "B", fn.GapJunction(), weight=[0.1, 0.2])
    assert repr(coupling) == "Coupling('A', 'B', GapJunction(), weight=<2 values>)"
    assert coupling.symmetric


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: fn.Coupling("A", "B", fn.GapJunction), "kind must be .* write it with its values: GapJunction()"),
        (lambda: fn.Coupling("A", "B", "gap"), "kind must be a GapJunction"),
        (lambda: fn.Coupling("A", "B", fn.GapJunction(), weight=np.nan), "weight must be finite"),
        (lambda: fn.StateCoupled(-75.0, -75.0), "state must be the name of a state"),
        (lambda: fn.Graded(-80.0, 0.0, 0.0), "slope must be other than 0"),
    ],
)
def test_bad_input(wrong, said):
    with pytest.raises((TypeError, ValueError), match=said):
        wrong()
