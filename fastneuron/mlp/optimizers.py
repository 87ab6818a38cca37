"""The optimizers: a class says everything about one, its constants, its state and its step.

To add one: a class, a line in `OPTIMIZERS`, and its twin in `fastneuron.reference.mlp`.  The type selects the code.
"""

from typing import NamedTuple

import numpy as np

from .. import _check
from .._kernel.jit import generic, noinline, outlined, specialises
from .._kernel.lanes import fma, put, take
from .._kernel.scalars import narrowed, select


class Optimizer:
    """What an optimizer says of itself beside its constants, which are the fields of a NamedTuple.

    ``numbers(optimizer, rate, step)`` is what step number `step` (from 1 on) needs, in float64;
    ``move(optimizer, numbers, w, g, moments)`` is the parameter w and its `moments` after a step along its gradient g.
    """

    __slots__ = ()
    name = ""
    moments = 0  # numbers kept for each parameter, which begin at 0
    rate = 0.01  # default learning rate
    all_rows = False  # whether a step needs the gradient of all rows
    ranges: dict = {}  # what each constant is allowed to be

    def __new__(cls, *values, **named):
        """Check the constants."""
        made = super().__new__(cls, *values, **named)
        for name, value in made._asdict().items():
            wanted, holds = cls.ranges[name]
            _check.number(f"{name} of {cls.__name__}", value, wanted, holds)
        return tuple.__new__(cls, map(float, made))


FRACTION = "a number from 0 to below 1", lambda x: 0 <= x < 1
POSITIVE = "a positive number", lambda x: x > 0


class SGD(Optimizer, NamedTuple("SGD", [])):
    """Plain gradient descent: w -= rate g."""

    __slots__ = ()
    name, moments, rate = "sgd", 0, 0.1

    @staticmethod
    def numbers(optimizer, rate, step):
        """The rate alone."""
        return (rate,)

    @staticmethod
    def move(optimizer, numbers, w, g, moments):
        """One step."""
        return fma(-narrowed(w, numbers[0]), g, w), moments


class _WithMomentum(NamedTuple):
    momentum: float = 0.9


class Momentum(Optimizer, _WithMomentum):
    """Polyak's heavy ball (1964): v = momentum v + g, w -= rate v."""

    __slots__ = ()
    name, moments, ranges = "momentum", 1, {"momentum": FRACTION}

    @staticmethod
    def numbers(optimizer, rate, step):
        """The rate, the momentum."""
        return (rate, optimizer.momentum)

    @staticmethod
    def move(optimizer, numbers, w, g, moments):
        """One step."""
        v = fma(narrowed(w, numbers[1]), moments[0], g)
        return fma(-narrowed(w, numbers[0]), v, w), (v,)


class Nesterov(Optimizer, _WithMomentum):
    """Nesterov (1983), as in Sutskever et al. (2013): v = momentum v + g, w -= rate (g + momentum v)."""

    __slots__ = ()
    name, moments, ranges = "nesterov", 1, {"momentum": FRACTION}

    @staticmethod
    def numbers(optimizer, rate, step):
        """The rate, the momentum."""
        return (rate, optimizer.momentum)

    @staticmethod
    def move(optimizer, numbers, w, g, moments):
        """One step."""
        v = fma(narrowed(w, numbers[1]), moments[0], g)
        return fma(-narrowed(w, numbers[0]), fma(narrowed(w, numbers[1]), v, g), w), (v,)


class _WithDecay(NamedTuple):
    decay: float = 0.9
    epsilon: float = 1e-8


class RMSprop(Optimizer, _WithDecay):
    """Tieleman & Hinton (2012): s = decay s + (1 - decay) g**2, w -= rate g / (sqrt(s) + epsilon)."""

    __slots__ = ()
    name, moments, rate, ranges = "rmsprop", 1, 0.001, {"decay": FRACTION, "epsilon": POSITIVE}

    @staticmethod
    def numbers(optimizer, rate, step):
        """The rate, the decay, one minus it, epsilon."""
        return (rate, optimizer.decay, 1.0 - optimizer.decay, optimizer.epsilon)

    @staticmethod
    def move(optimizer, numbers, w, g, moments):
        """One step."""
        s = fma(narrowed(w, numbers[1]), moments[0], narrowed(w, numbers[2]) * (g * g))
        return w - narrowed(w, numbers[0]) * g / (np.sqrt(s) + narrowed(w, numbers[3])), (s,)


class _WithBetas(NamedTuple):
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8


class Adam(Optimizer, _WithBetas):
    """Kingma & Ba (2015), algorithm 1: with m and v the running means of g and g**2, each divided by its bias,
    w -= rate m / (sqrt(v) + epsilon).
    """

    __slots__ = ()
    name, moments, rate = "adam", 2, 0.001
    ranges = {"beta1": FRACTION, "beta2": FRACTION, "epsilon": POSITIVE}

    @staticmethod
    def numbers(optimizer, rate, step):
        """Both betas and one minus each, the rate over m's bias, one over the root of v's bias, epsilon."""
        bias1, bias2 = 1.0 - optimizer.beta1**step, 1.0 - optimizer.beta2**step
        means = (optimizer.beta1, 1.0 - optimizer.beta1, optimizer.beta2, 1.0 - optimizer.beta2)
        return (*means, rate / bias1, 1.0 / np.sqrt(bias2), optimizer.epsilon)

    @staticmethod
    def move(optimizer, numbers, w, g, moments):
        """One step."""
        m = fma(narrowed(w, numbers[0]), moments[0], narrowed(w, numbers[1]) * g)
        v = fma(narrowed(w, numbers[2]), moments[1], narrowed(w, numbers[3]) * (g * g))
        root = fma(np.sqrt(v), narrowed(w, numbers[5]), narrowed(w, numbers[6]))
        return w - narrowed(w, numbers[4]) * m / root, (m, v)


class AdamHat(Adam):
    """Kingma & Ba (2015), section 2, last paragraph: epsilon joins the root of v before v is divided by its bias.

    So do scikit-learn and TensorFlow; it differs where gradients are as small as epsilon.
    """

    __slots__ = ()
    name = "adam_hat"

    @staticmethod
    def numbers(optimizer, rate, step):
        """As for Adam, epsilon over the root of v's bias."""
        bias1, bias2 = 1.0 - optimizer.beta1**step, 1.0 - optimizer.beta2**step
        means = (optimizer.beta1, 1.0 - optimizer.beta1, optimizer.beta2, 1.0 - optimizer.beta2)
        return (*means, rate / bias1, 1.0 / np.sqrt(bias2), optimizer.epsilon / np.sqrt(bias2))


class _WithFactors(NamedTuple):
    shrink: float = 0.5
    grow: float = 1.2
    least: float = 1e-6
    most: float = 50.0


class Rprop(Optimizer, _WithFactors):
    """Resilient propagation without weight backtracking, iRprop- (Igel & Huesken 2000), for the gradient of all rows.

    Every parameter has a step of its own, at first the learning rate: it grows where the gradient keeps its sign and
    shrinks where the sign changes, where the gradient then counts as 0; w -= step sign(g).
    """

    __slots__ = ()
    name, moments, rate, all_rows = "rprop", 2, 0.01, True
    ranges = {"shrink": ("a number between 0 and 1", lambda x: 0 < x < 1), "grow": ("above 1", lambda x: x > 1)}
    ranges |= {"least": ("a number, 0 or more", lambda x: x >= 0), "most": POSITIVE}

    @staticmethod
    def numbers(optimizer, rate, step):
        """The first step, both factors, both bounds."""
        return (rate, optimizer.shrink, optimizer.grow, optimizer.least, optimizer.most)

    @staticmethod
    def move(optimizer, numbers, w, g, moments):
        """One step; the moments are the last gradient and the size of the last step."""
        zero = narrowed(w, 0.0)
        last, size = moments[0], select(moments[1] > zero, moments[1], narrowed(w, numbers[0]))
        # the signs are compared, not the product, which may underflow
        same = (g > zero) & (last > zero) | (g < zero) & (last < zero)
        changed = (g > zero) & (last < zero) | (g < zero) & (last > zero)
        grown = min(size * narrowed(w, numbers[2]), narrowed(w, numbers[4]))
        shrunk = max(size * narrowed(w, numbers[1]), narrowed(w, numbers[3]))
        size = select(same, grown, select(changed, shrunk, size))
        g = select(changed, zero, g)
        return w - select(g > zero, size, select(g < zero, -size, zero)), (g, size)


OPTIMIZERS = {kind.name: kind for kind in (SGD, Momentum, Nesterov, RMSprop, Adam, AdamHat, Rprop)}


@generic
def numbers(optimizer, rate, step):
    """The numbers that one step needs."""


@generic
def move(optimizer, numbers, w, g, moments):
    """The parameter and its moments after a step."""


@generic
def _moments(optimizer):
    """Return a tuple of as many numbers as the optimizer has `moments`; only its type is looked at."""


@specialises(_moments)
def _moments_by_type(optimizer):
    like_moments = (0.0,) * optimizer.instance_class.moments
    return lambda optimizer: like_moments


@outlined
def update(optimizer, rate, step, parameters, gradient, moments):
    """One step: `parameters` (P,) and `moments` (numbers, P) change in place."""
    noinline()
    constants = numbers(optimizer, rate, step)
    for i in range(parameters.size):
        kept = take(_moments(optimizer), moments, i)
        w, kept = move(optimizer, constants, parameters[i], gradient[i], kept)
        parameters[i] = w
        put(moments, i, kept)
