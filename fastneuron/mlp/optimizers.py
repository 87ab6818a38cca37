"""The optimisers: how a step of gradient descent moves the parameters.  The type selects the code."""

from typing import NamedTuple

import numpy as np

from .._kernel.calls import stay_whole, whole
from .._kernel.jit import inline, specialises
from .._kernel.lanes import fma, put, take
from .._kernel.scalars import narrowed


class SGD(NamedTuple):
    """Plain gradient descent: w -= rate g."""

    memory = 0  # numbers remembered per parameter
    rate = 0.1  # default learning rate


class Momentum(NamedTuple):
    """Polyak's heavy ball (1964): v = momentum v + g, w -= rate v."""

    momentum: float = 0.9
    memory = 1
    rate = 0.01


class Nesterov(NamedTuple):
    """Nesterov (1983), as in Sutskever et al. (2013): v = momentum v + g, w -= rate (g + momentum v)."""

    momentum: float = 0.9
    memory = 1
    rate = 0.01


class RMSprop(NamedTuple):
    """Tieleman & Hinton (2012): s = decay s + (1 - decay) g**2, w -= rate g / (sqrt(s) + epsilon)."""

    decay: float = 0.9
    epsilon: float = 1e-8
    memory = 1
    rate = 0.001


class Adam(NamedTuple):
    """Kingma & Ba (2015), algorithm 1: with m and v the running means of g and g**2, each divided by its bias,
    w -= rate m / (sqrt(v) + epsilon).
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    memory = 2
    rate = 0.001


def prepare(optimiser, rate, step):
    """Generic: the numbers that one step (from 1 on) needs, in float64."""


def move(optimiser, numbers, w, g, memory):
    """Generic: the parameter w and its `memory` after a step along the slope g."""


def remembered(optimiser):
    """Generic: a tuple as long as the memory, never read."""


@specialises(remembered)
def _remembered(optimiser):
    like_memory = (0.0,) * optimiser.instance_class.memory
    return lambda optimiser: like_memory


@inline
def _rate_alone(optimiser, rate, step):
    return (rate,)


@inline
def _rate_and_momentum(optimiser, rate, step):
    return (rate, optimiser.momentum)


@inline
def _rmsprop_numbers(optimiser, rate, step):
    return (rate, optimiser.decay, 1.0 - optimiser.decay, optimiser.epsilon)


@inline
def _adam_numbers(optimiser, rate, step):
    bias1, bias2 = 1.0 - optimiser.beta1**step, 1.0 - optimiser.beta2**step
    means = (optimiser.beta1, 1.0 - optimiser.beta1, optimiser.beta2, 1.0 - optimiser.beta2)
    return (*means, rate / bias1, 1.0 / np.sqrt(bias2), optimiser.epsilon)


@inline
def _move_sgd(optimiser, numbers, w, g, memory):
    return fma(-narrowed(w, numbers[0]), g, w), memory


@inline
def _move_momentum(optimiser, numbers, w, g, memory):
    v = fma(narrowed(w, numbers[1]), memory[0], g)
    return fma(-narrowed(w, numbers[0]), v, w), (v,)


@inline
def _move_nesterov(optimiser, numbers, w, g, memory):
    v = fma(narrowed(w, numbers[1]), memory[0], g)
    return fma(-narrowed(w, numbers[0]), fma(narrowed(w, numbers[1]), v, g), w), (v,)


@inline
def _move_rmsprop(optimiser, numbers, w, g, memory):
    s = fma(narrowed(w, numbers[1]), memory[0], narrowed(w, numbers[2]) * (g * g))
    return w - narrowed(w, numbers[0]) * g / (np.sqrt(s) + narrowed(w, numbers[3])), (s,)


@inline
def _move_adam(optimiser, numbers, w, g, memory):
    m = fma(narrowed(w, numbers[0]), memory[0], narrowed(w, numbers[1]) * g)
    v = fma(narrowed(w, numbers[2]), memory[1], narrowed(w, numbers[3]) * (g * g))
    return w - narrowed(w, numbers[4]) * m / fma(np.sqrt(v), narrowed(w, numbers[5]), narrowed(w, numbers[6])), (m, v)


HOW = {
    SGD: (_rate_alone, _move_sgd),
    Momentum: (_rate_and_momentum, _move_momentum),
    Nesterov: (_rate_and_momentum, _move_nesterov),
    RMSprop: (_rmsprop_numbers, _move_rmsprop),
    Adam: (_adam_numbers, _move_adam),
}
OPTIMISERS = {"sgd": SGD, "momentum": Momentum, "nesterov": Nesterov, "rmsprop": RMSprop, "adam": Adam}


@specialises(prepare)
def _prepare(optimiser, rate, step):
    function = HOW[optimiser.instance_class][0]
    return lambda optimiser, rate, step: function(optimiser, rate, step)


@specialises(move)
def _move(optimiser, numbers, w, g, memory):
    function = HOW[optimiser.instance_class][1]
    return lambda optimiser, numbers, w, g, memory: function(optimiser, numbers, w, g, memory)


@whole
def update(optimiser, rate, step, parameters, gradient, memory):
    """One step: `parameters` (P,) and `memory` (numbers, P) change in place."""
    stay_whole()
    numbers = prepare(optimiser, rate, step)
    for i in range(parameters.size):
        w, remains = move(optimiser, numbers, parameters[i], gradient[i], take(remembered(optimiser), memory, i))
        parameters[i] = w
        put(memory, i, remains)
