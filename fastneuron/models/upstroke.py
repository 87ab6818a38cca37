"""What exponential integrate-and-fire neurons have in common: a leak, and an upstroke to infinity in finite time.

Fourcaud-Trocmé N, Hansel D, van Vreeswijk C, Brunel N (2003), eq. 10. doi:10.1523/JNEUROSCI.23-37-11628.2003
"""

from typing import Any

from .._kernel.elementary import exp_bounded
from .._kernel.jit import inline
from .._kernel.lanes import fma
from .conductances import leak_constants, leak_current

STEEP = 3.0  # times Delta_T above V_T, from where the upstroke takes a twentieth of the membrane's time constant
LARGEST = (80.0, 80.0)  # exponent: the rest of the upstroke takes 1e-33 of a time constant


@inline
def upstroke_constants(p):
    """Those of the leak, V_T, V_T + 3 Delta_T, 1 / Delta_T, g_L Delta_T / C."""
    own = (p.V_T, p.V_T + STEEP * p.Delta_T, 1.0 / p.Delta_T, p.g_L / p.C * p.Delta_T)
    return leak_constants(p) + own


@inline
def upstroke_current(V, I, p, upstroke):
    """dV/dt of leak, upstroke and a current."""
    return fma(p.upstroke, upstroke, leak_current(V, I, p))


def exponential(V: Any, p: Any) -> Any:
    """The gate of the upstroke, exp((V - V_T) / Delta_T)."""
    return exp_bounded((V - p.V_T) * p.per_Delta_T, LARGEST)


def is_in_upstroke(V: Any, p: Any) -> Any:
    """Whether V moves so fast that no step can follow."""
    return V > p.V_steep
