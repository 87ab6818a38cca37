"""The learning rules: each a NamedTuple of its numbers, and one `correction` chosen by that type.

A rule sees the net input n of one neuron, the target t (its sign, or for `Delta` its value) and the row, and answers
what to multiply the row by, and what to add to the bias.  (0, 0) leaves the neuron alone.
"""

from math import inf, sqrt
from typing import NamedTuple

import numpy as np

from .._kernel.jit import bare_inline, bare_specialises
from .dots import square

AGGRESSIVE = ("passive-aggressive", "PA", "PA-I", "PA-II")
RULES = ("perceptron", "normalized", "margin", *AGGRESSIVE, "lms")
TIES = ("hardlim", "margin")


class Step(NamedTuple):
    """A step of fixed size towards the target (Rosenblatt 1962): wrong is n < up for t = +, n >= down for t = -."""

    size: float
    up: float
    down: float


class NormalizedStep(NamedTuple):
    """The same, the row divided by sqrt(1 + |x|^2), the bias' input 1 likewise by sqrt(1 + 1): MATLAB's learnpn."""

    size: float
    up: float
    down: float
    bias: float


class Aggressive(NamedTuple):
    """Passive-aggressive (Crammer et al. 2006, J Mach Learn Res 7:551, fig. 1), the bias a weight of the input 1."""

    cap: float
    slack: float
    unit: float


class Delta(NamedTuple):
    """Widrow & Hoff (1960): least mean squares, e = t - n."""

    rate: float


def make(rule, transfer, tie, rate, margin, C, dtype):
    """The rule of that name, its numbers in `dtype`, so that nothing in a kernel is widened."""
    number = np.dtype(dtype).type
    if rule == "lms":
        return Delta(number(rate))
    if rule in ("passive-aggressive", "PA"):
        return Aggressive(number(inf), number(0), number(1))
    if rule == "PA-I":
        return Aggressive(number(C), number(0), number(1))
    if rule == "PA-II":
        return Aggressive(number(inf), number(1 / (2 * C)), number(1))
    if rule != "margin" and tie == "hardlim":
        size, up, down = rate * (2 if transfer == "hardlims" else 1), number(0), number(0)
    else:
        width = number(margin if rule == "margin" else 0)
        size, up, down = rate, np.nextafter(width, number(inf)), -width  # y n <= width, said with < and >=
    if rule == "normalized":
        return NormalizedStep(number(size), up, down, number(size / sqrt(2)))
    return Step(number(size), up, down)


def correction(rule, n, t, X, row):
    """(what to multiply row `row` of X by, what to add to the bias)."""
    raise NotImplementedError


@bare_specialises(correction)
def _correction(rule, n, t, X, row):
    return FORMULA[rule.instance_class]


def _step(rule, n, t, X, row):
    if t > 0:
        change = rule.size if n < rule.up else rule.size * 0
    else:
        change = -rule.size if n >= rule.down else rule.size * 0
    return change, change


def _normalized_step(rule, n, t, X, row):
    wrong = n < rule.up if t > 0 else n >= rule.down
    if not wrong:
        return rule.size * 0, rule.size * 0
    length = np.sqrt(square(X, row, n) + rule.size / rule.size)
    return (rule.size / length, rule.bias) if t > 0 else (-rule.size / length, -rule.bias)


def _aggressive(rule, n, t, X, row):
    loss = rule.unit - n if t > 0 else rule.unit + n
    if loss <= 0:
        return rule.slack * 0, rule.slack * 0
    tau = min(rule.cap, loss / (square(X, row, n) + rule.unit + rule.slack))
    return (tau, tau) if t > 0 else (-tau, -tau)


def _delta(rule, n, t, X, row):
    change = rule.rate * (t - n)
    return change, change


FORMULA = {Step: _step, NormalizedStep: _normalized_step, Aggressive: _aggressive, Delta: _delta}


def doubts(rule):
    """(up, down): nothing is corrected where t > 0 and n >= up, or t <= 0 and n < down."""
    raise NotImplementedError


@bare_specialises(doubts)
def _doubts(rule):
    if rule.instance_class is Delta:
        return lambda rule: (rule.rate * 0 + inf, rule.rate * 0 - inf)
    if rule.instance_class is Aggressive:
        return lambda rule: (rule.unit, -rule.unit)
    return lambda rule: (rule.up, rule.down)


@bare_inline
def opposed(n, t):
    """Whether the net input is on the wrong side of 0."""
    return (n >= 0) != (t > 0)


def note(rule, log, neuron, n, t):
    """Count a correction of `neuron`."""
    raise NotImplementedError


@bare_specialises(note)
def _note(rule, log, neuron, n, t):
    if rule.instance_class is Delta:  # it corrects all but always; a mistake is a wrong side

        def delta(rule, log, neuron, n, t):
            error = t - n
            log.corrections[neuron] += 1
            log.mistakes[neuron] += opposed(n, t)
            log.squared_error[neuron] += error * error

        return delta

    def classifying(rule, log, neuron, n, t):
        log.corrections[neuron] += 1
        log.mistakes[neuron] += 1

    return classifying
