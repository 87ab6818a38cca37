"""Hodgkin-Huxley: the removable singularities of its rates, and temperature."""

import numpy as np
import pytest
from test_published import kernel, textbook

import fastneuron as fn


@pytest.mark.parametrize("V", [-40.0, -55.0])
def test_removable_singularities(V):
    """At 0 / 0, and as near to it as float64 gets, the rate is its limit."""
    f, g = kernel(fn.HodgkinHuxley()), textbook(fn.HodgkinHuxley())
    gates = [0.2, 0.5, 0.4]
    for near in (V, np.nextafter(V, 0), np.nextafter(V, -100), V + 1e-9, V - 1e-9, V + 1e-4):
        np.testing.assert_allclose(f(10.0, [near, *gates]), g(10.0, [near, *gates]), rtol=1e-13)
    alpha = f(10.0, [V, 0.0, 0.0, 0.0])[1 if V == -40.0 else 3]
    assert alpha == (1.0 if V == -40.0 else 0.1)


@pytest.mark.parametrize("temperature", [0.0, 6.3, 16.3, 26.3])
def test_temperature_speeds_the_gates_threefold_every_ten_degrees(temperature):
    cold, warm = kernel(fn.HodgkinHuxley()), kernel(fn.HodgkinHuxley(temperature=temperature))
    state = [-30.0, 0.2, 0.5, 0.4]
    expected = cold(7.0, state) * [1.0, *[3.0 ** ((temperature - 6.3) / 10)] * 3]
    np.testing.assert_allclose(warm(7.0, state), expected, rtol=1e-14)
    np.testing.assert_allclose(
        warm(7.0, state), textbook(fn.HodgkinHuxley(temperature=temperature))(7.0, state), rtol=1e-13
    )
