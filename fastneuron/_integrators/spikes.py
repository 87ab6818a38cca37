"""The time of a spike inside a step: where a polynomial through it rises through the threshold."""

from .._kernel.jit import inline
from .._kernel.lanes import fma


@inline
def polynomial(start, coefficients, x):
    """``start + coefficients[0] x + coefficients[1] x**2 + ...``."""
    s = 0.0
    for p in range(len(coefficients) - 1, -1, -1):
        s = fma(s, x, coefficients[p])
    return fma(s, x, start)


@inline
def crossing(start, coefficients, low, high):
    """Where between `low` and `high` the polynomial rises through 0, given that it is below 0 at `low`, not at `high`.

    The Illinois variant of the secant method inside a shrinking bracket (Dowell & Jarratt 1971).
    """
    f_low, f_high = polynomial(start, coefficients, low), polynomial(start, coefficients, high)
    x = high
    for _ in range(100):
        before = x
        x = (low * f_high - high * f_low) / (f_high - f_low)
        if not low < x < high:
            x = 0.5 * (low + high)
        f = polynomial(start, coefficients, x)
        if f < 0.0:
            low, f_low, f_high = x, f, (0.5 * f_high if before < x else f_high)
        else:
            high, f_high, f_low = x, f, (0.5 * f_low if before > x else f_low)
        if f == 0.0 or high - low < 1e-15 or abs(x - before) < 1e-15:
            break
    return x


@inline
def hermite(V0, V1, slope0, slope1):
    """The coefficients of the cubic through two values with two slopes, per step."""
    rise = V1 - V0
    return slope0, 3.0 * rise - 2.0 * slope0 - slope1, slope0 + slope1 - 2.0 * rise
