"""What arrives inside a step, as a method's stages see it: by its sum and its first moment.

A drive with the integral m0 and the first moment m1 over a step of length 1 acts as the straight line that has them.
"""

from .jit import inline
from .lanes import fma


@inline
def line(m0, m1):
    """The line of these two moments at the begin, in the middle and at the end of the step."""
    return fma(-6.0, m1, 4.0 * m0), m0, fma(6.0, m1, -2.0 * m0)


@inline
def parabola(begin, middle, end, part):
    """The parabola through the values at the begin, in the middle and at the end of a step, at a fraction of it."""
    bend = 2.0 * (begin + end) - 4.0 * middle
    return fma(fma(bend, part, end - begin - bend), part, begin)
