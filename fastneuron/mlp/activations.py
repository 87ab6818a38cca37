"""The activation functions: a class says everything about one, its value and its derivative at once.

To add one: a class, a line in `ACTIVATIONS`, and its twin in `fastneuron.reference.mlp`.  A user's own is a class like
these, given to `MLP` as it is.
"""

import functools
import hashlib
import inspect
import types
import uuid
from collections import namedtuple
from typing import Any

from numba.core.types import none

from .._kernel.elementary import erf, exp, sigmoid, softplus, tanh
from .._kernel.function_hash import Unknown, describe
from .._kernel.jit import generic, inline, noinline, outlined, specialises
from .._kernel.lanes import fma
from .._kernel.scalars import like, select
from . import initial
from .branches import by_number

LEAK = 0.01  # derivative of leaky_relu below 0
ROOT_HALF = 0.7071067811865476
DENSITY = 0.3989422804014327  # of the normal distribution at 0, 1 / sqrt(2 pi)


class Activation:
    """Base class of the activation functions, a user's own too.

    A subclass has a static method ``value_and_derivative(z)`` in scalar arithmetic, with the functions of
    `fastneuron.math`; a `name`, by which networks are printed and saved; and, if it likes, `initial`: how the weights
    of a layer that feeds it are drawn.

    Examples
    --------
    >>> import fastneuron as fn
    >>> class Swish(fn.mlp.Activation):
    ...     name = "swish"
    ...
    ...     @staticmethod
    ...     def value_and_derivative(z):
    ...         s = fn.math.sigmoid(z)
    ...         return z * s, s * (1.0 + z * (1.0 - s))
    >>> net = fn.MLP([2, 8, 1], Swish, seed=0)
    >>> fn.check_gradient(net, [[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0]) < 1e-8
    True
    """

    name = ""
    initial: Any = staticmethod(initial.he)
    onnx: Any = None  # the operator of an ONNX model and its attributes; None is the identity

    @staticmethod
    def value_and_derivative(z):
        """f(z) and f'(z)."""
        raise NotImplementedError


class Identity(Activation):
    """f(z) = z."""

    name = "identity"
    initial = staticmethod(initial.lecun)

    @staticmethod
    def value_and_derivative(z):
        """The derivative is 1."""
        return z, like(z, 1.0)


class Sigmoid(Activation):
    """f(z) = 1 / (1 + exp(-z))."""

    name, onnx = "sigmoid", ("Sigmoid", {})
    initial = staticmethod(initial.glorot)

    @staticmethod
    def value_and_derivative(z):
        """The derivative is f (1 - f)."""
        a = sigmoid(z)
        return a, a * (like(z, 1.0) - a)


class Tanh(Activation):
    """f(z) = tanh(z)."""

    name, onnx = "tanh", ("Tanh", {})
    initial = staticmethod(initial.glorot)

    @staticmethod
    def value_and_derivative(z):
        """The derivative is 1 - f^2."""
        a = tanh(z)
        return a, fma(-a, a, like(z, 1.0))


class Relu(Activation):
    """f(z) = z where z > 0, else 0."""

    name, onnx = "relu", ("Relu", {})

    @staticmethod
    def value_and_derivative(z):
        """The derivative at 0 is 0."""
        on = z > like(z, 0.0)
        return select(on, z, like(z, 0.0)), select(on, like(z, 1.0), like(z, 0.0))


class LeakyRelu(Activation):
    """f(z) = z where z > 0, else 0.01 z."""

    name, onnx = "leaky_relu", ("LeakyRelu", {"alpha": LEAK})
    initial = staticmethod(lambda generator, shape: initial.he(generator, shape, 1 + LEAK**2))

    @staticmethod
    def value_and_derivative(z):
        """The derivative at 0 is 0.01."""
        derivative = select(z > like(z, 0.0), like(z, 1.0), like(z, LEAK))
        return derivative * z, derivative


class Gelu(Activation):
    """f(z) = z Phi(z), Phi the normal distribution function (Hendrycks & Gimpel 2016), not its tanh approximation."""

    name, onnx = "gelu", ("Gelu", {})

    @staticmethod
    def value_and_derivative(z):
        """The derivative is Phi(z) + z phi(z), phi the normal density."""
        below = fma(erf(z * like(z, ROOT_HALF)), like(z, 0.5), like(z, 0.5))
        density = exp(like(z, -0.5) * z * z) * like(z, DENSITY)
        return z * below, fma(z, density, below)


class Softplus(Activation):
    """f(z) = log(1 + exp(z))."""

    name, onnx = "softplus", ("Softplus", {})

    @staticmethod
    def value_and_derivative(z):
        """The derivative is 1 / (1 + exp(-z))."""
        return softplus(z), sigmoid(z)


ACTIVATIONS = {kind.name: kind for kind in (Identity, Sigmoid, Tanh, Relu, LeakyRelu, Gelu, Softplus)}


class KernelTypes:
    """The types that stand for users' own activations, attributes here so that a cached kernel finds them by name."""


PROCESS = uuid.uuid4()


def kernel_type(kind):
    """The instance of a type that stands for a user's own activation: another type for another formula."""
    function = inspect.getattr_static(kind, "value_and_derivative").__func__
    function = getattr(function, "py_func", function)
    try:
        content = describe(function)
    except Unknown:  # it refers to something that cannot be named: never the same twice
        content = f"{id(kind)} {PROCESS}"
    name = f"{kind.__name__}_{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    if not hasattr(KernelTypes, name):
        made = namedtuple(name, ())
        copy = types.FunctionType(
            function.__code__, function.__globals__, name, function.__defaults__, function.__closure__
        )
        copy.__qualname__ = name
        made.__module__, made.__qualname__, made.function = __name__, f"KernelTypes.{name}", copy
        setattr(KernelTypes, name, made)
    return getattr(KernelTypes, name)()


@functools.cache
def _layer(function):
    """The loop over a layer's sums in one batch: ``a = f(z)``, and z becomes f'(z)."""
    formula = inline(function)

    def layer(z, a):
        noinline()
        for i in range(z.size):
            a[i], z[i] = formula(z[i])

    return outlined(layer)


@functools.cache
def _by_number(own):
    functions = [kind.value_and_derivative for kind in ACTIVATIONS.values()] + [kind.function for kind in own]
    return by_number([_layer(function) for function in functions])


@generic
def activate(own, number, z, a):
    """Put f(z) into `a` and f'(z) into `z`; f has this number among `ACTIVATIONS`, or after these among a user's."""


@specialises(activate)
def _activate(own, number, z, a):
    kinds = () if own is none else tuple(kind.instance_class for kind in own)
    chosen = _by_number(kinds)
    return lambda own, number, z, a: chosen(number, (z, a))
