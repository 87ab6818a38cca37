"""FitzHugh-Nagumo (1961, 1962): excitability in two polynomials."""

from typing import Any, ClassVar, Self

from .model import Model, Parameter


class FitzHughNagumo(Model):
    """The FitzHugh-Nagumo neuron: fast V, slow W, without dimensions (time is in units that `dt` and `duration` share).

    ::

        dV/dt = V - V^3 / 3 - W + I
        dW/dt = (V + a - b W) / tau

    Parameters
    ----------
    a, b : float or (n,) array_like, default 0.7, 0.8
        Where the slow nullcline lies, and its slope.
    tau : float or (n,) array_like, default 12.5
        Time constant of W; positive.

    References
    ----------
    FitzHugh R (1961). Impulses and physiological states in theoretical models of nerve membrane. Biophys J 1:445-466.
    doi:10.1016/S0006-3495(61)86902-6

    Nagumo J, Arimoto S, Yoshizawa S (1962). An active pulse transmission line simulating nerve axon. Proc IRE
    50:2061-2070. doi:10.1109/JRPROC.1962.288235

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.simulate(fn.FitzHughNagumo(), duration=200.0, current=[0.0, 0.5]).spike_count
    array([0, 5])
    """

    a: Parameter = 0.7
    b: Parameter = 0.8
    tau: Parameter = 12.5

    states: ClassVar = {"V": -1.2, "W": -0.6}
    units: ClassVar = dict.fromkeys(("V", "W", "a", "b", "tau", "time", "current"), "1")
    positive: ClassVar = ("tau",)
    presets: ClassVar = ("classic",)

    @classmethod
    def classic(cls, **changes: Parameter) -> Self:
        """The set of FitzHugh (1961), a = 0.7, b = 0.8, with phi = 1 / tau = 0.08 as is usual since."""
        return cls(**changes)

    @staticmethod
    def derivative(V: Any, W: Any, I: Any, p: Any) -> Any:
        """As it stands above."""
        return V - V**3 / 3.0 - W + I, (V + p.a - p.b * W) / p.tau
