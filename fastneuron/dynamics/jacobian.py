"""The derivative of a model at many states, and its derivatives with respect to states, current and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import models
from .._kernel.columns import Columns, columns, read
from .._kernel.dual import dual, duals, parts
from .._kernel.jit import inline, kernel
from .._kernel.lanes import Lanes8, local, take
from ..models import Model
from .arguments import checked_current, checked_states
from .tangent import smooth

ONE = Lanes8()


class Points(NamedTuple):
    """Where a model is looked at."""

    model_type: Any
    state_type: Any
    columns: Columns  # the parameters
    state: Any  # (D, m)
    current: Any  # (m,)
    neuron: Any  # (m,), whose parameters


def points(model: Model, state: Any, current: Any, neuron: Any = None) -> Points:
    """The points (D, m) of neurons; of neuron k the k-th where `neuron` is not given."""
    m = state.shape[1]
    neuron = np.arange(m) if neuron is None else np.asarray(neuron, np.int64)  # all scalars: whoever, the same
    parameters = columns([*model.parameters.values()], max(model.size, 2))
    current = np.array(np.broadcast_to(current, m), float)
    zeros = (0.0,) * len(state)
    return Points(model.kernel_type(), zeros, parameters, np.ascontiguousarray(state), current, neuron)


@inline
def parameters_of(points, neuron):
    """The parameters of a neuron."""
    found = local(points.model_type, 1, ONE, 0.0)
    read(points.columns, found, 0, neuron)
    return take(points.model_type, found, 0)


@inline
def unit(like, k):
    """A tuple of 0, with a 1 at place k, or none where k is none of its places."""
    found = local(like, 1, ONE, 0.0)
    for row in range(found.shape[0]):
        found[row, 0] = 1.0 if row == k else 0.0
    return take(like, found, 0)


@inline
def formula(model_type, state, current, prepared):
    """The derivative of a state."""
    return models.derivative(
        model_type, state, current, prepared, models.gates(model_type, models.voltage(model_type, state), prepared)
    )


@inline
def slopes(model_type, state, current, prepared, k):
    """The derivative of a state, and its derivative with respect to state k, or, k being D, the current."""
    moved = duals(state, unit(state, k))
    found = formula(model_type, moved, dual(current, 1.0 if k == len(state) else 0.0), prepared)
    return parts(found, 1, 0), parts(found, 1, 1)


@kernel
def first_order(points, parameter, out):
    """Put into `out`, (D, 1 + D + 1 + 1, m), the derivative, and its own by states, current and a parameter."""
    D = len(points.state_type)
    for m in range(points.current.size):
        state, current = take(points.state_type, points.state, m), points.current[m]
        p = parameters_of(points, points.neuron[m])
        prepared = models.prepare(p)
        for k in range(D + 1):
            value, slope = slopes(points.model_type, state, current, prepared, k)
            for d in range(D):
                out[d, 0, m] = value[d]
                out[d, 1 + k, m] = slope[d]
        if parameter >= 0:
            moved = models.prepare(duals(p, unit(p, parameter)))
            slope = parts(formula(points.model_type, state, current, moved), 1, 1)
            for d in range(D):
                out[d, D + 2, m] = slope[d]


@kernel
def higher_order(points, direction, out):
    """Put into `out`, (2, D, m), the second and the third derivative along `direction`, (D, m)."""
    D = len(points.state_type)
    for m in range(points.current.size):
        along = take(points.state_type, direction, m)
        state = duals(duals(duals(take(points.state_type, points.state, m), along), along), along)
        prepared = models.prepare(parameters_of(points, points.neuron[m]))
        found = formula(points.model_type, state, points.current[m], prepared)
        second, third = parts(found, 3, 3), parts(found, 3, 7)
        for d in range(D):
            out[0, d, m] = second[d]
            out[1, d, m] = third[d]


class Linear(NamedTuple):
    """A model near some points: all arrays have a row for each."""

    derivative: np.ndarray  # (m, D)
    jacobian: np.ndarray  # (m, D, D)
    by_current: np.ndarray  # (m, D)
    by_parameter: np.ndarray  # (m, D); 0 where there is none


def linear(model: Model, at: Points, parameter: str | None = None) -> Linear:
    """The first derivatives of a model; `parameter` may be a parameter of it."""
    D, m = at.state.shape
    out = np.zeros((D, D + 3, m))
    first_order(at, list(model.names).index(parameter) if parameter in model.names else -1, out)
    found = np.moveaxis(out, 2, 0)
    return Linear(found[:, :, 0], found[:, :, 1 : D + 1], found[:, :, D + 1], found[:, :, D + 2])


def jacobian(model: Model, state: Mapping[str, npt.ArrayLike], current: npt.ArrayLike = 0.0) -> np.ndarray:
    """The derivatives of a model's derivative with respect to its states, exact but for rounding.

    Parameters
    ----------
    model : Model
        Without a reset.
    state : mapping of float or (n,) array_like
        A value for each state, by name; ``run.state`` is one.
    current : float or (n,) array_like, default 0
        Injected current, uA/cm^2.

    Returns
    -------
    (n, D, D) ndarray
        ``[k, i, j]``: that of the rate of state i by state j, of neuron k.

    Raises
    ------
    TypeError, ValueError
        If a state is missing or is none of the model's, or a number is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> J = fn.jacobian(fn.FitzHughNagumo(), {"V": [0.0, 1.0], "W": 0.0})
    >>> J[0]
    array([[ 1.   , -1.   ],
           [ 0.08 , -0.064]])
    """
    smooth(model)
    given = checked_states("state", state, model)
    if missing := [name for name in model.states if name not in given]:
        raise ValueError(f"state must have a value for each of {', '.join(model.states)}; {missing[0]} is missing")
    n, amplitude = checked_current(model, current, {f"state[{name!r}]": value for name, value in given.items()})
    values = np.array([np.broadcast_to(given[name], n) for name in model.states])
    return linear(model, points(model, values, amplitude)).jacobian
