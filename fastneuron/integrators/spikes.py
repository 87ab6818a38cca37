"""The time of a spike inside a step: the root of the cubic Hermite interpolant of V."""

from .._jit import inline


@inline
def crossing(V0, V1, slope0, slope1):
    """The fraction of the step at which V rises through 0, given V0 < 0 <= V1 and slopes per step.

    Newton's method on the cubic, kept inside a shrinking bracket; V's error falls as dt^4, and so does the time's.
    """
    a = 2.0 * (V0 - V1) + slope0 + slope1
    b = 3.0 * (V1 - V0) - 2.0 * slope0 - slope1
    low, high = 0.0, 1.0
    x = V0 / (V0 - V1)
    for _ in range(60):
        f = ((a * x + b) * x + slope0) * x + V0
        if f < 0.0:
            low = x
        else:
            high = x
        newton = x - f / ((3.0 * a * x + 2.0 * b) * x + slope0)
        following = newton if low < newton < high else 0.5 * (low + high)
        if following == x or high - low < 1e-16:
            break
        x = following
    return x
