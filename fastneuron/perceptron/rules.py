"""The learning rules.

A rule is one class, a NamedTuple of the numbers its formula needs, that says everything about it:

- ``names``, by which it is asked for, and ``of(name, settings)``, which makes its numbers;
- ``correction(rule, n, t, X, row)``, the formula: from the net input n of one neuron, its target t (the sign, or with
  ``real_targets`` the value) and the row, what to multiply the row by, and what to add to the bias.  (0, 0) leaves the
  neuron alone; NaN says that the formula overflowed;
- ``safe_margin(rule)``, the pair (up, down): nothing is corrected where t > 0 and n >= up, or t <= 0 and n < down;
- ``log_update(rule, log, neuron, n, t)``, what is counted at a correction;
- ``zero_is_positive(rule)``, whether a net input of 0 is right for t > 0;
- ``novikoff(rule)``, the claim about convergence: whether Novikoff's bound holds for its mistakes.

To add one: write the class, name it in `RULES`, and write its formula once more in `fastneuron.reference.perceptron`.
A user's own is such a class too, of which all but ``correction`` may be left out.
"""

import hashlib
import uuid
from collections import namedtuple
from math import inf, nan, sqrt
from types import FunctionType
from typing import NamedTuple

import numpy as np

from .. import _check
from .._kernel.function_hash import Unknown, describe
from .._kernel.jit import generic, inline
from .dots import length, square

TIES = ("hardlim", "margin")
NAMES = {np.dtype(name): name for name in _check.DTYPES}  # NumPy takes 15 us to work such a name out
LEAST = {dtype: float(np.finfo(dtype).smallest_subnormal) for dtype in NAMES}
MOST = {dtype: float(np.finfo(dtype).max) for dtype in NAMES}


class Settings(NamedTuple):
    """The checked arguments that rules are made of."""

    transfer: str
    tie: str
    learning_rate: float
    margin: float
    C: float
    dtype: np.dtype  # of the numbers of a rule, so that nothing in a kernel is widened


@inline
def misclassified(n, t):
    """Whether the net input is on the wrong side of 0."""
    return (n >= 0) != (t > 0)


def _count(rule, log, neuron, n, t):
    log.corrections[neuron] += 1
    log.mistakes[neuron] += 1


def _thresholds(settings, margin=0.0):
    """(step, up, down) of rules that correct where n < up for t > 0, and where n >= down else."""
    number = settings.dtype.type
    if margin == 0 and settings.tie == "hardlim":
        step = settings.learning_rate * (2 if settings.transfer == "hardlims" else 1)
        if step > MOST[settings.dtype]:
            raise ValueError(f"learning_rate must be finite in {settings.dtype} when doubled; got {step / 2!r}")
        return number(step), number(0), number(0)
    width = number(margin)  # y n <= width, said with < and >=
    return number(settings.learning_rate), np.nextafter(width, number(inf)), -width


class FixedStep(NamedTuple):
    """W += size y x where a row is wrong: Rosenblatt (1962), MATLAB's learnp; or, as "margin", too close to 0."""

    size: float
    up: float
    down: float

    names = ("perceptron", "margin")
    real_targets = False

    @classmethod
    def of(cls, name, settings):
        """With the thresholds of that name."""
        if name == "perceptron":
            return cls(*_thresholds(settings))
        return cls(*_thresholds(settings._replace(tie="margin"), settings.margin))

    def correction(rule, n, t, X, row):
        """A step of fixed size."""
        if t > 0:
            change = rule.size if n < rule.up else rule.size * 0
        else:
            change = -rule.size if n >= rule.down else rule.size * 0
        return change, change

    def safe_margin(rule):
        """The thresholds."""
        return rule.up, rule.down

    log_update = _count

    def zero_is_positive(rule):
        """As the thresholds say."""
        return rule.up <= 0

    def novikoff(rule):
        """If it corrects nothing but mistakes."""
        return -rule.down == 0


class NormalizedStep(NamedTuple):
    """W += size y x / sqrt(1 + |x|^2), and the bias' input 1 over sqrt(1 + 1) likewise: MATLAB's learnpn."""

    size: float
    up: float
    down: float
    bias: float

    names = ("normalized",)
    real_targets = False

    @classmethod
    def of(cls, name, settings):
        """With the thresholds of rule "perceptron"."""
        size, up, down = _thresholds(settings)
        return cls(size, up, down, settings.dtype.type(float(size) / sqrt(2)))

    def correction(rule, n, t, X, row):
        """A step of fixed length."""
        wrong = n < rule.up if t > 0 else n >= rule.down
        if not wrong:
            return rule.size * 0, rule.size * 0
        total = square(X, row, n) + rule.size / rule.size
        change = rule.size / (np.sqrt(total) if np.isfinite(total) else length(X, row, n))
        if change == 0:
            change = rule.size * nan
        return (change, rule.bias) if t > 0 else (-change, -rule.bias)

    def safe_margin(rule):
        """The thresholds."""
        return rule.up, rule.down

    log_update = _count

    def zero_is_positive(rule):
        """As the thresholds say."""
        return rule.up <= 0

    def novikoff(rule):
        """Its steps are not those of the theorem."""
        return False


class PassiveAggressive(NamedTuple):
    """W += y tau x, tau the smallest that brings y n to 1: Crammer et al. (2006), J Mach Learn Res 7:551, figure 1.

    The bias is the weight of an input that is always 1.  "PA-I" caps tau at C, "PA-II" adds 1 / (2 C) to |x|^2.
    """

    cap: float
    slack: float
    unit: float

    names = ("PA", "passive-aggressive", "PA-I", "PA-II")
    real_targets = False

    @classmethod
    def of(cls, name, settings):
        """With the cap or the slack of that name."""
        number, C = settings.dtype.type, settings.C
        if settings.learning_rate != 1:
            raise ValueError(
                f"learning_rate must be 1 for rule {name!r}, whose step is part of it; got {settings.learning_rate!r}"
            )
        slack = 1 / (2 * C) if name == "PA-II" else 0.0
        if slack > MOST[settings.dtype]:
            raise ValueError(f"C must be large enough for 1 / (2 C) to be finite in {settings.dtype}; got {C!r}")
        return cls(number(C if name == "PA-I" else inf), number(slack), number(1))

    def correction(rule, n, t, X, row):
        """A step of the length that is needed."""
        loss = rule.unit - n if t > 0 else rule.unit + n
        if loss <= 0:
            return rule.slack * 0, rule.slack * 0
        total = square(X, row, n) + rule.unit + rule.slack
        if np.isfinite(total):
            tau = min(rule.cap, loss / total)
        else:
            long = length(X, row, n)
            tau = min(rule.cap, loss / long / (long + rule.slack / long))
            if tau == 0 and loss >= rule.unit:  # a mistake; a smaller loss is one of rounding
                tau = rule.unit * nan
        return (tau, tau) if t > 0 else (-tau, -tau)

    def safe_margin(rule):
        """y n = 1."""
        return rule.unit, -rule.unit

    log_update = _count

    def zero_is_positive(rule):
        """0 is always too close."""
        return False

    def novikoff(rule):
        """It corrects more than mistakes."""
        return False


class LeastMeanSquares(NamedTuple):
    """W += rate (t - n) x: Widrow & Hoff (1960)."""

    rate: float

    names = ("lms",)
    real_targets = True

    @classmethod
    def of(cls, name, settings):
        """With the learning rate."""
        return cls(settings.dtype.type(settings.learning_rate))

    def correction(rule, n, t, X, row):
        """A step down the squared error."""
        change = rule.rate * (t - n)
        return change, change

    def safe_margin(rule):
        """None: all but an exact answer is corrected."""
        return rule.rate * 0 + inf, rule.rate * 0 - inf

    def log_update(rule, log, neuron, n, t):
        """Count mistakes apart, since nearly every row is corrected."""
        error = t - n
        log.corrections[neuron] += 1
        log.mistakes[neuron] += misclassified(n, t)
        log.squared_error[neuron] += error * error

    def zero_is_positive(rule):
        """As mistakes are counted."""
        return True

    def novikoff(rule):
        """It corrects more than mistakes."""
        return False


RULES = (FixedStep, NormalizedStep, PassiveAggressive, LeastMeanSquares)
BY_NAME = {name: rule for rule in RULES for name in rule.names}


@generic
def correction(rule, n, t, X, row):
    """What to multiply a row by, and what to add to the bias."""
    raise NotImplementedError


@generic
def safe_margin(rule):
    """The net inputs (up, down) beyond which a rule corrects nothing."""
    raise NotImplementedError


@generic
def log_update(rule, log, neuron, n, t):
    """Count a correction of a neuron."""
    raise NotImplementedError


def checked(name, transfer, dtype, learning_rate=1.0, tie="hardlim", margin=1.0, C=1.0):
    """The rule of that name for a layer of that transfer function and type, after a check of every argument."""
    if not isinstance(name, str):
        for argument, value in {"learning_rate": learning_rate, "margin": margin, "C": C}.items():
            if value != 1:
                raise ValueError(
                    f"{argument} is for the rules that have a name; {_check.shown(name)} has its own numbers"
                )
        return _own(name, transfer, dtype)
    kind = BY_NAME[_check.known("rule", name, BY_NAME)]
    margin_allowed = f"a number of {NAMES[dtype]}, 0 or more"
    settings = Settings(
        transfer=transfer,
        tie=_check.known("tie", tie, TIES),
        learning_rate=_positive("learning_rate", learning_rate, dtype),
        margin=_check.number("margin", margin, margin_allowed, lambda x: 0 <= x <= MOST[dtype]),
        C=_positive("C", C, dtype),
        dtype=dtype,
    )
    _check_targets(kind, name, transfer)
    return kind.of(name, settings)


def _check_targets(kind, name, transfer):
    if transfer == "linear" and not kind.real_targets:
        raise ValueError(f"a linear layer is trained by rule 'lms'; got {name!r}, which needs a hard limit")


class OwnRule:
    """What a user's own rule is where it does not say otherwise; its mistakes are its corrections."""

    real_targets = False

    def safe_margin(rule):
        """None: no row is passed over."""
        return inf, -inf

    log_update = _count

    def zero_is_positive(rule):
        """As scikit-learn has it."""
        return False

    def novikoff(rule):
        """Nobody knows."""
        return False


class KernelTypes:
    """The types that stand for users' own rules, attributes here so that a cached kernel finds them by name."""


PROCESS = uuid.uuid4()


def _own(rule, transfer, dtype):
    """A user's own rule as kernels take it."""
    kind = type(rule)
    if not (hasattr(kind, "_fields") and isinstance(getattr(kind, "correction", None), FunctionType)):
        names = ", ".join(map(repr, BY_NAME))
        raise ValueError(
            f"rule must be one of {names}, or a NamedTuple with a method correction(rule, n, t, X, row); "
            f"got {_check.shown(rule)}"
        )
    numbers = [_check.number(f"{field} of {kind.__name__}", value) for field, value in rule._asdict().items()]
    made = _kernel_type(kind)
    _check_targets(made, kind.__name__, transfer)
    return made(*map(dtype.type, numbers))


def _kernel_type(kind):
    """The type that stands for a user's own rule: another one for other formulas, so that no kernel is ever stale."""
    said = {name: getattr(kind, name, getattr(OwnRule, name)) for name in vars(OwnRule) if not name.startswith("_")}
    said["correction"] = kind.correction
    try:
        content = repr([(name, describe(value)) for name, value in sorted(said.items())])
    except Unknown:  # a formula refers to something that cannot be named: never the same twice
        content = f"{id(kind)} {PROCESS}"
    name = f"{kind.__name__}_{hashlib.sha256(f'{kind._fields} {content}'.encode()).hexdigest()[:16]}"
    if not hasattr(KernelTypes, name):
        made = namedtuple(name, kind._fields)
        made.__module__, made.__qualname__ = __name__, f"KernelTypes.{name}"
        for attribute, value in said.items():
            setattr(made, attribute, value)
        setattr(KernelTypes, name, made)
    return getattr(KernelTypes, name)


def _positive(name, value, dtype):
    """A number that is above 0 and finite in `dtype` too."""
    allowed = f"a positive number of {NAMES[dtype]}"
    return _check.number(name, value, allowed, lambda x: LEAST[dtype] <= x <= MOST[dtype])
