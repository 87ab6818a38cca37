"""The step size controller of the adaptive methods, and what a method's table must have."""

from typing import NamedTuple

import numpy as np
import pytest
from catalogue import ADAPTIVE

from fastneuron._integrators import METHODS, controller
from fastneuron._integrators.tableau import POWERS, tableau
from fastneuron._kernel.jit import kernel

ERRORS = np.array([-30.0, -8.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 8.0, 40.0, controller.NOT_FINITE])


@kernel
def lay_next_steps(table, length, errors, previous_error, largest_factor, out):
    for k in range(errors.size):
        out[k] = controller.next_step(table, length, errors[k], previous_error, largest_factor)


def next_steps(table, length, errors, *given):
    out = np.empty(len(errors))
    lay_next_steps(table, length, np.array(errors), *given, out)
    return out


@kernel
def roughly(x):
    return controller.log2_rough(x), controller.exp2_rough(controller.log2_rough(x))


@pytest.mark.parametrize("method", [method.name for method in ADAPTIVE])
@pytest.mark.parametrize("previous_error", [-33.0, -5.0, 0.0])
@pytest.mark.parametrize("largest_factor", [1.0, controller.FASTEST])
def test_the_next_step_is_that_of_a_pi_controller(method, previous_error, largest_factor):
    """Hairer & Wanner (1996), eq. IV.2.43: safety error^-exponent previous_error^beta, within its bounds."""
    table = METHODS[method].tag
    with np.errstate(over="ignore"):
        factor = 0.9 * np.exp2(-table.exponent * ERRORS) * np.exp2(table.beta * previous_error)
    factor = np.clip(factor, 1 / 3, np.where(ERRORS <= 0, largest_factor, min(largest_factor, 0.9)))
    found = next_steps(table, 0.2, ERRORS, previous_error, largest_factor)
    np.testing.assert_allclose(found, 0.2 * factor, rtol=1e-3)


def test_a_step_that_is_refused_is_taken_shorter():
    """Whatever the step before it was like."""
    steps = next_steps(METHODS["dop853"].tag, 0.2, ERRORS[ERRORS > 0], 0.0, controller.FASTEST)
    assert max(steps) <= 0.9 * 0.2
    assert steps[-1] == pytest.approx(0.2 / 3)


@pytest.mark.parametrize("x", [1e-290, 3e-7, 1.0, 1.999999, 2.0, 12345.6])
def test_rough_logarithms_and_powers(x):
    log, again = roughly(x)
    assert log == pytest.approx(np.log2(x), abs=2.1e-4)
    assert again == pytest.approx(x, rel=2.1e-4)


def numbers(stages, extra=0, powers=4):
    """The parts of a table of so many stages; what they are does not matter."""

    class Weights(NamedTuple):
        name = "method"
        rows = ({}, *({0: 0.5},) * (stages + extra - 1))
        errors = ({0: 1.0}, {})

    node = [*np.linspace(0.0, 1.0, stages), *[0.5] * extra]
    return {
        "weights": Weights(), "stages": stages, "node": node, "dense": np.ones((powers, stages + extra)),
        "order": 5, "estimates": [(5, 1.0), (5, 1.0)], "beta": 0.04,
    }  # fmt: skip


def test_as_many_stages_as_there_is_room_for():
    assert tableau(**numbers(13, 3)).node.size == 16


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (numbers(17), ["at most 16 stages", "17"]),
        (numbers(13, 4), ["at most 16 stages", "17"]),
        (numbers(7, powers=POWERS + 1), ["at most 8 powers", "9"]),
        (numbers(7) | {"stages": 8}, ["first 8", "7, 7 and 7"]),
        (numbers(7) | {"dense": np.ones((4, 6))}, ["7, 7 and 6"]),
        (numbers(7) | {"node": [0.0, 0.2, 0.3, 0.8, 0.9, 1.0, 0.95]}, ["first of the next", "0.95"]),
    ],
)
def test_a_table_for_which_there_is_no_room_is_refused(given, words):
    with pytest.raises(ValueError, match=words[0]) as caught:
        tableau(**given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
