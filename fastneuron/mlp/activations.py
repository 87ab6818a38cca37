"""The activation functions: each gives its value and its slope at once, and the loops over arrays follow."""

from typing import NamedTuple

from .._kernel.calls import stay_whole, whole
from .._kernel.elementary import erf, exp, sigmoid, softplus, tanh
from .._kernel.jit import inline, specialises
from .._kernel.lanes import fma
from .._kernel.scalars import like, select

LEAK = 0.01  # slope of leaky_relu below 0
ROOT_HALF = 0.7071067811865476
DENSITY = 0.3989422804014327  # of the normal distribution at 0, 1 / sqrt(2 pi)


class Identity(NamedTuple):
    """f(z) = z."""

    respond = inline(lambda z: (z, like(z, 1.0)))


@inline
def _sigmoid(z):
    a = sigmoid(z)
    return a, a * (like(z, 1.0) - a)


class Sigmoid(NamedTuple):
    """f(z) = 1 / (1 + exp(-z))."""

    respond = _sigmoid


@inline
def _tanh(z):
    a = tanh(z)
    return a, fma(-a, a, like(z, 1.0))


class Tanh(NamedTuple):
    """f(z) = tanh(z)."""

    respond = _tanh


@inline
def _relu(z):
    on = z > like(z, 0.0)
    return select(on, z, like(z, 0.0)), select(on, like(z, 1.0), like(z, 0.0))


class Relu(NamedTuple):
    """f(z) = z where z > 0, else 0; slope 0 at 0."""

    respond = _relu


@inline
def _leaky_relu(z):
    slope = select(z > like(z, 0.0), like(z, 1.0), like(z, LEAK))
    return slope * z, slope


class LeakyRelu(NamedTuple):
    """f(z) = z where z > 0, else 0.01 z."""

    respond = _leaky_relu


@inline
def _gelu(z):
    below = fma(erf(z * like(z, ROOT_HALF)), like(z, 0.5), like(z, 0.5))
    density = exp(like(z, -0.5) * z * z) * like(z, DENSITY)
    return z * below, fma(z, density, below)


class Gelu(NamedTuple):
    """f(z) = z Phi(z), Phi the normal distribution function (Hendrycks & Gimpel 2016), not its tanh approximation."""

    respond = _gelu


class Softplus(NamedTuple):
    """f(z) = log(1 + exp(z))."""

    respond = inline(lambda z: (softplus(z), sigmoid(z)))


ACTIVATIONS = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "gelu", "softplus")  # numbered as in `respond`


def _respond(activation, z):
    """Generic: f(z) and f'(z)."""


@specialises(_respond)
def _respond_by_type(activation, z):
    function = activation.instance_class.respond
    return lambda activation, z: function(z)


@whole
def _each(activation, z, a):
    stay_whole()
    for i in range(z.size):
        a[i], z[i] = _respond(activation, z[i])


@whole
def respond(kind, z, a):
    """``a = f(z)``, and z becomes f'(z); f is the activation number `kind`: one branch for a whole layer and batch."""
    stay_whole()
    if kind == 0:
        _each(Identity(), z, a)
    elif kind == 1:
        _each(Sigmoid(), z, a)
    elif kind == 2:
        _each(Tanh(), z, a)
    elif kind == 3:
        _each(Relu(), z, a)
    elif kind == 4:
        _each(LeakyRelu(), z, a)
    elif kind == 5:
        _each(Gelu(), z, a)
    else:
        _each(Softplus(), z, a)
