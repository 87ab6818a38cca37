"""The staggered method: gates at the whole steps, the voltage at the half steps, each advanced as if it were linear.

A step takes the voltage to its middle by Euler's method, evaluates the gates there, takes the other states through the
whole step by the trapezoidal rule, and the voltage to its end by Euler's implicit method.  From middle to middle that
is the trapezoidal rule for the voltage too: the scheme of Hines (1984), of order 2, and stable where explicit methods
are not; but a step needs nothing beyond the state at its begin.

What drives a neuron is asked for at the middle of the step, twice: as it acts before the gates are evaluated, by its
value at the voltage there is, and after, with what of it is proportional to the voltage treated implicitly.

The coefficients of the linear equations are differences of the model's derivative.  What a model does not have costs
nothing, since the compiler drops it: the gates are evaluated once, and three times only where the voltage's derivative
makes use of them, as with the instantaneous activation of Morris & Lecar.

Hines ML (1984). Efficient computation of branched nerve equations. Int J Biomed Comput 15:69-76.
doi:10.1016/0020-7101(84)90008-4
"""

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .._kernel.jit import for_tuples, generic, inline
from .._kernel.lanes import element, fma, put_at, replaced, take, width
from .._kernel.scalars import like, narrowed, select
from ..inputs.port import MIDDLE
from ..models.validation import first_neuron
from .block import derivative, evaluate_gates, gated_derivative

NUDGE, PER_NUDGE = (2.0**-20, 2.0**-6), (2.0**20, 2.0**6)  # mV, for the slope of dV/dt against V
LINEAR = 1e-9  # what rounding may bend a straight line, relative to its values


def refuse_nonlinear(model: Any, state: list[float]) -> None:
    """ValueError if the derivative of a state but the voltage is not linear in that state itself; in Python."""
    kind = type(model)
    if kind.voltages is not None:
        raise ValueError(
            "method='staggered' is for models with one voltage, and a circuit has several: use 'rk4' or 'dop853'"
        )
    constants = kind.prepare(first_neuron(model))
    gates = kind.gates(state[0], constants)
    for k, name in list(enumerate(kind.states))[1:]:
        values = []
        for shift in (0.0, 0.5, 1.0):
            moved = [*state[:k], state[k] + shift, *state[k + 1 :]]
            try:
                values.append(float(kind.derivative(*moved, 0.0, constants, *([gates] if gates else []))[k]))
            except ArithmeticError:  # what cannot be told is not refused
                break
        if len(values) == 3 and abs(values[0] - 2 * values[1] + values[2]) > LINEAR * sum(map(abs, values)):
            raise ValueError(
                f"method='staggered' wants the derivative of each state but the voltage linear in that state, as a "
                f"gate's is; d{name}/dt of {kind.__name__} is not linear in {name}: use 'rk4' or 'dop853'"
            )


@intrinsic
def quotients(typingctx, above, below):
    """`above` divided by each element of the tuple `below`, by one division for every four."""

    def codegen(context, builder, signature, args):
        divisors = [builder.extract_value(args[1], i) for i in range(len(below))]
        fours = [divisors[first : first + 4] for first in range(0, len(divisors), 4)]
        results = [result for four in fours for result in _shared_division(builder, args[0], four)]
        return context.make_tuple(builder, signature.return_type, results)

    return types.UniTuple(above, len(below))(above, below), codegen


def _shared_division(builder: ir.IRBuilder, above: ir.Value, divisors: list[ir.Value]) -> list[ir.Value]:
    products = divisors[:1]
    for divisor in divisors[1:]:
        products.append(builder.fmul(products[-1], divisor))
    rest = builder.fdiv(above, products[-1])  # `above` by the product of those that are not done
    results = []
    for before, divisor in zip(reversed(products[:-1]), reversed(divisors[1:]), strict=True):
        results.append(builder.fmul(rest, before))
        rest = builder.fmul(rest, divisor)
    return [rest, *reversed(results)]


@inline
def difference(a, b):
    """a - b, of which the compiler knows that it is 0 where a and b are one and the same expression."""
    return select((a < b) | (a > b), a - b, narrowed(a, 0.0))


@generic
def implicit_factors(rest, block, lane, y, t, quarter):
    """1 + dt b / 2 of x' = a - b x for each x of `rest`, the last states of `y`; `quarter` is dt / 4."""
    return ()


@generic
def advanced(rest, y, dy, steps):
    """These states, each moved by its derivative in `dy` times its own element of `steps`."""
    return ()


@generic
def corrected(rest, block, lane, y, t, dy, steps, new):
    """Their values in `new`, moved on where the other states decide a derivative: by half of what that has changed."""
    return ()


@for_tuples(implicit_factors)
def _implicit_factors(rest, block, lane, y, t, quarter):
    # at -1 and 1, where the compiler needs no multiplication
    at_minus_one = gated_derivative(block, lane, replaced(y, rest, narrowed(y[0], -1.0)), t, MIDDLE)
    at_one = gated_derivative(block, lane, replaced(y, rest, narrowed(y[0], 1.0)), t, MIDDLE)
    factor = fma(quarter, element(at_minus_one, rest) - element(at_one, rest), narrowed(y[0], 1.0))
    return (factor, *implicit_factors(rest[1:], block, lane, y, t, quarter))


@for_tuples(advanced)
def _advanced(rest, y, dy, steps):
    return (fma(element(dy, rest), steps[0], element(y, rest)), *advanced(rest[1:], y, dy, steps[1:]))


@for_tuples(corrected)
def _corrected(rest, block, lane, y, t, dy, steps, new):
    others = replaced(new, rest, element(y, rest))  # this state as it was, the others as they will be
    change = difference(element(gated_derivative(block, lane, others, t, MIDDLE), rest), element(dy, rest))
    own = fma(change * narrowed(y[0], 0.5), steps[0], element(new, rest))
    return (own, *corrected(rest[1:], block, lane, y, t, dy, steps[1:], new))


@inline
def advance_gates(block, lane, y, t, dt):
    """The states but the voltage at the end of the step, the voltage in `y` being that in its middle."""
    dy = gated_derivative(block, lane, y, t, MIDDLE)
    steps = quotients(dt, implicit_factors(y[1:], block, lane, y, t, dt * narrowed(dt, 0.25)))
    new = (y[0], *advanced(y[1:], y, dy, steps))
    return corrected(y[1:], block, lane, y, t, dy, steps, new)


@inline
def advance_voltage(block, lane, y, t, half):
    """The voltage at the end of the step, from that in its middle; `half` is dt / 2."""
    V = y[0]
    dV = gated_derivative(block, lane, y, t, MIDDLE)[0]
    nudged = derivative(block, lane, replaced(y, y, V + like(V, NUDGE)), t, MIDDLE)[0]
    return V + half * dV / fma(half * like(V, PER_NUDGE), dV - nudged, narrowed(V, 1.0))


# a loop over lanes for each division, so that they overlap: 1.06 times as fast on Zen 4
def _staggered(method, block, start, end, scratch, t, t_end, dt):
    state_type, lanes = block.state_type, width(block.lanes)
    whole, half = narrowed(state_type[0], dt), narrowed(state_type[0], 0.5 * dt)
    middle = t + 0.5 * dt
    for lane in range(lanes):
        y = take(state_type, start, lane)
        scratch[0, lane] = fma(half, derivative(block, lane, y, middle, MIDDLE)[0], y[0])
    evaluate_gates(block, scratch)
    for lane in range(lanes):
        old = take(state_type, start, lane)
        put_at(end, 1, lane, advance_gates(block, lane, replaced(old, old, scratch[0, lane]), middle, whole))
    for lane in range(lanes):
        old = take(state_type, end, lane)
        end[0, lane] = advance_voltage(block, lane, replaced(old, old, scratch[0, lane]), middle, half)


class Staggered(NamedTuple):
    """Selects the method by its type."""

    name, noise, single = "staggered", False, True
    scratch = 1  # states
    step = _staggered
    refuse = refuse_nonlinear
