"""Dual numbers: a number that carries its derivative along one direction, through any formula.

``dual(v, s)`` is v + s e with e^2 = 0 (Griewank & Walther 2008, Evaluating Derivatives, section 3.1).  Parts may be
duals themselves: nested k times they give k-th derivatives, all of them exact but for rounding, where differences lose
half of the digits and complex steps fail at ``z**3`` and at comparisons.  What is compared is the value.
"""

import operator
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.typeconv import Conversion
from numba.extending import intrinsic, lower_cast, make_attribute_wrapper, models, register_model

from .jit import FLAGS, INNER, overload

OPTIONS: Any = {"forceinline": True, **FLAGS, **INNER}
REAL = types.Number | types.Boolean  # numbers without a derivative


class Dual(types.Type):
    """The type of a number with a derivative, both of the type `inner`."""

    def __init__(self, inner):
        self.inner = inner
        super().__init__(name=f"Dual({inner})")

    def can_convert_from(self, typingctx, other):
        """A number is a dual whose derivative is 0."""
        if isinstance(other, REAL) or (isinstance(other, Dual) and other.depth < self.depth):
            return Conversion.safe
        return None

    def unify(self, typingctx, other):
        """What is a dual on one branch and a number on another is a dual."""
        return self if self.can_convert_from(typingctx, other) is not None else None

    @property
    def depth(self):
        """How often it is nested."""
        return 1 + _depth(self.inner)


@register_model(Dual)
class _DualModel(models.StructModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, [("value", fe_type.inner), ("slope", fe_type.inner)])


make_attribute_wrapper(Dual, "value", "value")
make_attribute_wrapper(Dual, "slope", "slope")


def _depth(kind):
    return getattr(kind, "depth", 0)


def _made(context, builder, kind, value, slope):
    made = cgutils.create_struct_proxy(kind)(context, builder)
    made.value, made.slope = value, slope
    return made._getvalue()


@intrinsic
def dual(typingctx, value, slope):
    """The number `value` with the derivative `slope`."""
    value, slope = types.unliteral(value), types.unliteral(slope)
    inner = max(value, slope, key=_depth)
    inner = types.float64 if isinstance(inner, types.Integer | types.Boolean) else inner
    kind = Dual(inner)

    def codegen(context, builder, signature, args):
        parts = [context.cast(builder, arg, given, inner) for arg, given in zip(args, signature.args, strict=True)]
        return _made(context, builder, kind, *parts)

    return kind(value, slope), codegen


@intrinsic
def duals(typingctx, values, slopes):
    """A tuple like `values`, of duals with these `slopes`."""
    kinds = [Dual(value) for value in values]
    kind = types.BaseTuple.from_types(kinds, getattr(values, "instance_class", None))

    def codegen(context, builder, signature, args):
        made = []
        for k, dual_kind in enumerate(kinds):
            slope = context.cast(builder, builder.extract_value(args[1], k), slopes[k], dual_kind.inner)
            made.append(_made(context, builder, dual_kind, builder.extract_value(args[0], k), slope))
        return context.make_tuple(builder, kind, made)

    return kind(values, slopes), codegen


@intrinsic(prefer_literal=True)
def parts(typingctx, values, depth, which):
    """The same part of each of a tuple of numbers that are nested `depth` times at most, as float64.

    `which`, a literal, has a bit for each time, the outermost first: 1 for the slope, 0 for the value.
    """
    result = types.UniTuple(types.float64, len(values))
    path = [which.literal_value >> k & 1 for k in reversed(range(depth.literal_value))]

    def codegen(context, builder, signature, args):
        made = []
        for k, kind in enumerate(values):
            missing = len(path) - _depth(kind)  # times that it is nested less: there its slopes are 0
            part = builder.extract_value(args[0], k)
            for digit in path[missing:]:
                part, kind = builder.extract_value(part, digit), kind.inner
            part = context.cast(builder, part, kind, types.float64)
            made.append(context.get_constant(types.float64, 0.0) if any(path[:missing]) else part)
        return context.make_tuple(builder, result, made)

    return result(values, depth, which), codegen


@lower_cast(types.Number, Dual)
@lower_cast(types.Boolean, Dual)
@lower_cast(Dual, Dual)
def _widened(context, builder, given, kind, value):
    zero = context.get_constant(types.float64, 0.0)
    slope = context.cast(builder, zero, types.float64, kind.inner)
    return _made(context, builder, kind, context.cast(builder, value, given, kind.inner), slope)


def has_dual(*kinds):
    """Whether one of these types is a dual."""
    return any(isinstance(kind, Dual) for kind in kinds)


def rule(function):
    """Register what a compiled helper is where its first argument is a dual."""

    def decorate(own):
        function.source_for = lambda args, kws: own if has_dual(args[0]) else function.py_func
        return own

    return decorate


def binary(op, both, left, right):
    """Register an operator for two duals, a dual on the left, and one on the right of what is not nested as deeply."""

    @overload(op, jit_options=OPTIONS)
    def _op(a, b):
        if not has_dual(a, b) or not all(isinstance(x, Dual | REAL) for x in (a, b)):
            return None
        if _depth(a) == _depth(b):
            return both
        return left if _depth(a) > _depth(b) else right


def _quotient(a, b):
    q = a.value / b.value
    return dual(q, (a.slope - q * b.slope) / b.value)


def _divided(a, b):
    inverse = 1.0 / b
    return dual(a.value * inverse, a.slope * inverse)


def _inverse(a, b):
    q = a / b.value
    return dual(q, -(q / b.value) * b.slope)


binary(
    operator.add,
    lambda a, b: dual(a.value + b.value, a.slope + b.slope),
    lambda a, b: dual(a.value + b, a.slope),
    lambda a, b: dual(a + b.value, b.slope),
)
binary(
    operator.sub,
    lambda a, b: dual(a.value - b.value, a.slope - b.slope),
    lambda a, b: dual(a.value - b, a.slope),
    lambda a, b: dual(a - b.value, -b.slope),
)
binary(
    operator.mul,
    lambda a, b: dual(a.value * b.value, a.slope * b.value + a.value * b.slope),
    lambda a, b: dual(a.value * b, a.slope * b),
    lambda a, b: dual(a * b.value, a * b.slope),
)
binary(operator.truediv, _quotient, lambda a, b: dual(a.value / b, a.slope / b), _inverse)


def _compares(op):
    binary(op, lambda a, b: op(a.value, b.value), lambda a, b: op(a.value, b), lambda a, b: op(a, b.value))


for _op in (operator.gt, operator.lt, operator.ge, operator.le, operator.eq, operator.ne):
    _compares(_op)


def unary(function):
    """Register a function of one dual."""

    def decorate(own):
        @overload(function, jit_options=OPTIONS)
        def _function(x):
            return own if isinstance(x, Dual) else None

        return own

    return decorate


@unary(operator.neg)
def _negative(x):
    return dual(-x.value, -x.slope)


@unary(operator.pos)
def _positive(x):
    return x


@unary(abs)
def _absolute(x):
    return x if x.value >= 0.0 else -x
