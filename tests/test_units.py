"""Quantities with units are converted by their own library, or refused."""

import types

import numpy as np
import pytest
import quantities as pq

import fastneuron as fn
from fastneuron import _units

HOPF = fn.MorrisLecar.hopf


def test_a_run_in_other_units_is_the_same_run():
    plain = fn.simulate(HOPF(g_Ca=4.0), 20.0, dt=0.05, current=100.0, initial={"V": -50.0}, threshold=-10.0)
    given = fn.simulate(
        HOPF(g_Ca=40.0 * pq.S / pq.m**2),
        0.02 * pq.s,
        dt=50.0 * pq.us,
        current=1.0 * pq.A / pq.m**2,
        initial={"V": -0.05 * pq.V},
        threshold=-10.0 * pq.mV,
    )
    assert given.duration == 20.0
    np.testing.assert_allclose(given.state["V"], plain.state["V"], rtol=1e-12)
    np.testing.assert_allclose(given.spikes.time, plain.spikes.time, rtol=1e-12)


def test_currents_and_lists_and_grids_have_units_too():
    assert fn.Step(1.0 * pq.A / pq.m**2, start=1.0 * pq.s).parameters == {
        "amplitude": 100.0,
        "start": 1e3,
        "stop": np.inf,
    }
    assert fn.Sine(1.0, 1.0 * pq.kHz).frequency == 1000.0
    assert fn.Samples([1.0, 2.0] * pq.A / pq.m**2, 1.0 * pq.s).values.tolist() == pytest.approx([100.0, 200.0])
    assert HOPF(V3=[1.0 * pq.mV, 0.002 * pq.V]).V3.tolist() == [1.0, 2.0]
    found = fn.sweep(HOPF(), 5.0, {"V3": [0.001, 0.002] * pq.V})
    assert found.V3.values.tolist() == [1.0, 2.0]
    curve = fn.fi_curve(HOPF(), [80.0, 100.0], 0.2 * pq.s, after=100.0 * pq.ms)
    assert curve.values.tolist() == fn.fi_curve(HOPF(), [80.0, 100.0], 200.0, after=100.0).values.tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fn.simulate(HOPF(), 1.0 * pq.mV), "duration must be convertible to ms"),
        (lambda: fn.simulate(HOPF(), 1.0, current=1.0 * pq.nA), r"current must be convertible to uA/cm\^2"),
        (lambda: HOPF(g_L=1.0 * pq.nS), "g_L must be convertible to mS/cm"),
        (lambda: fn.simulate(fn.FitzHughNagumo(), 1.0 * pq.ms), "duration must be convertible to 1"),
        (lambda: fn.simulate(HOPF(), 1.0, rtol=1.0 * pq.mV, method="tsit5"), "rtol must be a positive number"),
    ],
)
def test_what_cannot_be_converted_is_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_a_parameter_without_a_unit_takes_no_quantity():
    class Decay(fn.Model):
        k: float = 1.0
        states = {"V": 1.0}

        @staticmethod
        def derivative(V, I, p):
            return (-p.k * V,)

    with pytest.raises(TypeError, match="k has no documented unit"):
        Decay(k=1.0 / pq.s)


class OfPint:
    """As pint's: a magnitude, and a conversion by the name of a unit."""

    __module__ = "pint.facets"

    def to(self, unit):
        return types.SimpleNamespace(magnitude={"ms": 3.0, "uA/cm**2": 4.0, "dimensionless": 5.0}[unit])


class OfAstropy:
    __module__ = "astropy.units.quantity"

    def to_value(self, unit):
        return {"ms": 3.0, "uA/cm2": 4.0, "": 5.0}[unit]


class OfUnyt:
    """As unyt's, which knows no siemens."""

    __module__ = "unyt.array"

    def to_value(self, unit):
        return {"kohm**-1/cm**2": 4.0}[unit]


def test_a_library_without_siemens_has_ohms():
    assert _units.plain("g_L", OfUnyt(), "mS/cm^2") == 4.0


@pytest.mark.parametrize("kind", [OfPint, OfAstropy])
def test_each_library_is_asked_in_its_own_words(kind):
    assert [_units.plain("x", kind(), unit) for unit in ("ms", "uA/cm^2", "1")] == [3.0, 4.0, 5.0]
    with pytest.raises(ValueError, match="x must be convertible to mV"):
        _units.plain("x", kind(), "mV")
