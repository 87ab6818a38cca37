"""The variational equations of a model, which are a model: its states, and a direction that moves along with them."""

from __future__ import annotations

import copyreg
import functools
from typing import Any

from .. import _check
from .._formulas import compiled
from .._kernel.dual import dual, duals, parts
from .._kernel.lanes import axpy
from .._parameters import KernelTypes, kernel_namedtuple
from ..models import Model

SCALE, DIRECTION = "time_scale", "tangent_direction"  # parameters of what is made here


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


class _Tangent(type):
    """The class of the classes that `tangent_class` makes: they are pickled by what they are made of."""

    made_of: tuple[Any, str | None, bool]


@functools.cache
def tangent_class(kind: Any, parameter: str | None, scaled: bool) -> Any:
    """The class behind `tangent`; `scaled`, its time is in units of `time_scale` ms, which may differ by neuron."""
    own = [f"d{state}" for state in kind.states]
    added = ([] if parameter is None else [DIRECTION]) + [SCALE] * scaled
    first = 1.0 if parameter is None else 0.0
    body = {
        "__module__": kind.__module__,
        "__doc__": f"`{kind.__name__}` and a tangent.",
        "__annotations__": dict.fromkeys(added, float),
        "states": {**kind.states, **dict.fromkeys(own, 0.0), own[0]: first},
        "presets": (),
        "spiking": () if scaled else kind.spiking,  # a cycle begins at a spike of the voltage
        "gates": Model.gates,
        **dict.fromkeys(added, 1.0),
        **_formulas(kind, parameter, scaled),
    }
    found = _Tangent(f"{kind.__name__}_tangent", (kind,), body)
    found.made_of = kind, parameter, scaled
    return found


copyreg.pickle(_Tangent, lambda kind: (tangent_class, kind.made_of))


def _formulas(kind: Any, parameter: str | None, scaled: bool) -> dict[str, Any]:
    """The formulas of the tangent, which call those of the model with duals."""
    states = list(kind.states)
    of_parameter = parameter not in (None, "current")
    constants, prepared = _constants(kind, parameter, scaled)
    lines = [f"def derivative({', '.join(states + [f'd{state}' for state in states])}, I, p):"]
    lines += [f"    {state}_ = dual({state}, d{state})" for state in states]
    if parameter == "current":
        lines += [f"    I = dual(I, p.{DIRECTION})"]
    if of_parameter:
        names = prepared["Constants"]._fields
        values, slopes = (", ".join(f"p.{prefix}{name}" for name in names) for prefix in ("", "d_"))
        lines += [f"    c = duals(Constants({values}), Constants({slopes}))"]
    arguments = [f"{state}_" for state in states] + ["I", "c" if of_parameter else "p"]
    if kind.gates is not Model.gates:
        arguments += [f"model_gates({states[0]}_, {arguments[-1]})"]
    lines += [f"    found = model_derivative({', '.join(arguments)})"]
    both = "parts(found, 1, 0) + parts(found, 1, 1)"
    lines += [f"    return axpy(p.{SCALE}, {both}, {(-0.0,) * (2 * len(states))})" if scaled else f"    return {both}"]
    scope = {
        "dual": dual,
        "duals": duals,
        "parts": parts,
        "axpy": axpy,
        "model_derivative": compiled(kind.derivative),
        "model_gates": compiled(kind.gates),
        **prepared,
    }
    return {"derivative": _made("\n".join(lines), "derivative", scope, (kind, parameter, scaled)), **constants}


def _constants(kind: Any, parameter: str | None, scaled: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """`prepare` of the tangent, and what `derivative` has to know of it."""
    of_parameter = parameter not in (None, "current")
    plain = kind.prepare is Model.prepare
    if plain and not of_parameter:
        return {}, {}
    zeros = kind.kernel_type()
    names = list(zeros._fields)
    found = zeros if plain else compiled(kind.prepare)(zeros._replace(**_defaults(kind)))
    added = ([] if parameter is None else [DIRECTION]) + [SCALE] * scaled
    fields = [*found._fields, *(f"d_{name}" for name in found._fields if of_parameter), *added]
    result = _namedtuple(f"Tangent_{'_'.join(fields)}", fields)
    given = ", ".join(f"dual(p.{name}, p.{DIRECTION})" if name == parameter else f"p.{name}" for name in names)
    lines = ["def prepare(p):", f"    found = model_prepare(Parameters({given}))"]
    if of_parameter:
        lines += ["    values = parts(found, 1, 0) + parts(found, 1, 1)"]
        got = [f"values[{k}]" for k in range(2 * len(found._fields))]
    else:
        got = [f"found.{name}" for name in found._fields]
    lines += [f"    return Prepared({', '.join([*got, *(f'p.{name}' for name in added)])})"]
    scope = {
        "dual": dual,
        "parts": parts,
        "Prepared": result,
        "Parameters": _namedtuple(f"Parameters_{'_'.join(names)}", names),
        "model_prepare": compiled(kind.prepare),
    }
    prepare = _made("\n".join(lines), "prepare", scope, (kind, parameter, scaled))
    return {"prepare": prepare}, {"Constants": _namedtuple(f"Constants_{'_'.join(found._fields)}", found._fields)}


def _defaults(kind: Any) -> dict[str, float]:
    return {name: float(getattr(kind, name, 1.0)) for name in kind.names}


def _namedtuple(name: str, fields: Any) -> Any:
    if not hasattr(KernelTypes, name):
        setattr(KernelTypes, name, kernel_namedtuple(name, fields))
    return getattr(KernelTypes, name)


def _made(source: str, name: str, scope: dict[str, Any], made_of: tuple[Any, str | None, bool]) -> Any:
    space = dict(scope)
    exec(compile(source, f"<{made_of[0].__name__}, tangent>", "exec"), space)
    function = space[name]
    function.__module__ = __name__
    # what stands for this code in the name of a kernel: the model's own formulas are in the name of its type
    function.__qualname__ = f"{name} {type(made_of[0].kernel_type()).__name__} {made_of[1]} {made_of[2]}"
    return staticmethod(function)
