"""A synapse whose open part is a state of the neuron that sends."""

from __future__ import annotations

import functools
from typing import Any, ClassVar, Self

from .. import _check
from .._parameters import Parameter
from .kind import CouplingKind


class StateCoupled(CouplingKind):
    """A synapse opened by a state of the sender: ``I = weight s_pre (E - V_post)``.

    Parameters
    ----------
    state : str
        The name of the state; for example `s` of a model with ``ds/dt = alpha F(V) (1 - s) - beta s``.
    E : float or array_like
        Reversal potential, mV.

    References
    ----------
    Wang XJ, Rinzel J (1992). Alternating and synchronous rhythms in reciprocally inhibitory model neurons. Neural
    Comput 4:84-97. doi:10.1162/neco.1992.4.1.84

    Wang XJ, Buzsaki G (1996). Gamma oscillation by synaptic inhibition in a hippocampal interneuronal network model.
    J Neurosci 16:6402-6413. doi:10.1523/JNEUROSCI.16-20-06402.1996
    """

    E: Parameter
    units: ClassVar = {"E": "mV"}
    linear: ClassVar[bool] = True

    def __init__(self, state: str, *values: Any, **named: Any) -> None:
        if not isinstance(state, str):
            raise TypeError(f"state must be the name of a state of the sender, such as 's'; got {_check.shown(state)}")
        super().__init__(*values, **named)
        object.__setattr__(self, "reads", state)

    def replace(self, **changes: Any) -> Self:
        """The same with some parameters changed."""
        return type(self)(str(self.reads), **{**self.parameters, **changes})

    def __repr__(self) -> str:
        return super().__repr__().replace("(", f"({self.reads!r}, ", 1)

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) is True and self.reads == other.reads  # type: ignore[attr-defined]

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return functools.partial(type(self), str(self.reads), **self.parameters), ()

    @staticmethod
    def current(V_post: Any, x_pre: Any, p: Any) -> Any:
        """Ohm's law."""
        return x_pre * (p.E - V_post)
