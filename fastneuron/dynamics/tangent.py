"""The variational equations of a model, which are a model: its states, and a direction that moves along with them."""

from __future__ import annotations

from typing import Any

from .. import _check
from ..models import Model
from ..models.variational import Variations, variational


def tangent(model: Model, parameter: str | None = None) -> Model:
    """The model together with the derivative of its states with respect to where they start, or to a parameter.

    For each state ``x`` there is a state ``dx``, with ``d(dx)/dt = J dx``, J being the Jacobian of the model at the
    state: formulas are differentiated as they stand, exact but for rounding.  ``dx`` starts as the first unit vector,
    unless `initial` says otherwise; what it is in the end is the derivative of the end along this direction.

    Parameters
    ----------
    model : Model
        Without a reset, which no derivative goes through.
    parameter : str, optional
        A parameter of the model, or ``"current"``: ``d(dx)/dt = J dx + tangent_direction df/dparameter``, where
        `tangent_direction`, 1, is a parameter of what is returned.  ``dx`` then starts at 0.

    Returns
    -------
    Model
        Of the states ``V, ..., dV, ...``, for any method of `simulate`; a step takes about twice the time.

    Raises
    ------
    TypeError, ValueError
        If the model resets, or has no such parameter.

    References
    ----------
    Hairer E, Norsett SP, Wanner G (1993). Solving Ordinary Differential Equations I, section I.14, eq. 14.5, 14.9.

    Examples
    --------
    >>> import fastneuron as fn
    >>> run = fn.simulate(fn.tangent(fn.MorrisLecar.hopf()), duration=20.0, current=40.0)
    >>> run.state["dV"].round(6)  # how much of a change of the initial V is left
    array([0.113947])
    """
    kind = smooth(model)
    if parameter is not None:
        _check.known("parameter", parameter, ("current", *kind.names))
    return tangent_class(kind, parameter, False)(**model.parameters)


def smooth(model: Any) -> Any:
    """The class of a model that has derivatives; TypeError if it is none."""
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, for example MorrisLecar.hopf(); got {_check.shown(model)}")
    if model.resets():
        name = type(model).__name__
        raise TypeError(f"model must be without a reset, which no derivative goes through; got {name}, which has one")
    return type(model)


def tangent_class(kind: Any, parameter: str | None, scaled: bool) -> Any:
    """The class behind `tangent`; `scaled`, its time is in units of `time_scale` ms, which may differ by neuron."""
    if kind.voltages is not None:
        raise TypeError(f"model must be a single neuron, whose formulas can be differentiated; got a {kind.__name__}")
    own = tuple(f"d{state}" for state in kind.states)
    found = variational(Variations(kind, (parameter,), parameter is not None, scaled), own)
    if scaled:
        found.spiking = ()  # a cycle begins at a spike of the voltage
    if parameter is None:
        found.states = {**found.states, own[0]: 1.0}
    return found
