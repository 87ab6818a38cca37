"""The bits of floating-point numbers, for formulas that serve float32 and float64 alike and never branch."""

from typing import NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from .dual import has_dual
from .jit import generic, in_python, specialises


class Format(NamedTuple):
    """An IEEE 754 format."""

    integer: ir.IntType
    mantissa: int  # bits
    one: int  # the bit pattern of 1.0
    root_half: int  # the bit pattern of sqrt(1/2)
    bias: int


FORMATS = {
    types.float64: Format(ir.IntType(64), 52, 0x3FF0000000000000, 0x3FE6A09E667F3BCD, 1023),
    types.float32: Format(ir.IntType(32), 23, 0x3F800000, 0x3F3504F3, 127),
}


ROUNDER = (1.5 * 2.0**52, 1.5 * 2.0**23)  # its sum with a number has the nearest whole number in its low bits

HELD_IN = {"x86_64": "x", "aarch64": "w", "arm64": "w"}  # how inline assembly calls a register for floats


def _hold(builder, constant):
    """The constant, unknown to the optimiser: it is then kept in a register or on the stack, one full vector each.

    A known one is built anew from two instructions at every use in a loop that has more constants than the processor
    has registers, which took a tenth of the speed (131 instead of 118 instructions per stage of Morris-Lecar, AVX2).
    """
    register = HELD_IN.get(binding.get_default_triple().split("-")[0])
    if register is None:
        return constant
    form = ir.InlineAsm(ir.FunctionType(constant.type, [constant.type]), "", f"={register},0")
    call = builder.call(form, [constant])
    for attribute in ("nounwind", "readnone", "willreturn"):  # so that it is hoisted out of loops
        set.add(call.attributes, attribute)  # llvmlite's own `add` does not know "willreturn"
    return call


@intrinsic
def _held(typingctx, x):
    return x(x), lambda context, builder, signature, args: _hold(builder, args[0])


def _precision(x):
    """The precision of a number or an array in Python: float32 or float64."""
    return np.float32 if getattr(x, "dtype", None) == np.float32 else np.float64


@generic
def like(x, constant):
    """Return a constant in the precision of x; of a pair, the entry for float64 or for float32."""
    precision = _precision(x)
    return precision(constant[precision is np.float32] if isinstance(constant, tuple) else constant)


@specialises(like)
def _like(x, constant):
    single = x is types.float32
    if isinstance(constant, types.BaseTuple):
        index = int(single)
        if single:
            return lambda x, constant: _held(types.float32(constant[index]))
        return lambda x, constant: _held(constant[index])
    if single:
        return lambda x, constant: _held(types.float32(constant))
    return lambda x, constant: _held(types.float64(constant))


@generic
def narrowed(x, value):
    """Return a value, or each of a tuple, in the precision of x."""
    return _precision(x)(value)


@specialises(narrowed)
def _narrowed(x, value):
    if isinstance(value, types.BaseTuple):
        if len(value) == 0:
            return lambda x, value: ()
        return lambda x, value: (narrowed(x, value[0]), *narrowed(x, value[1:]))
    single = x is types.float32
    return (lambda x, value: types.float32(value)) if single else (lambda x, value: types.float64(value))


@in_python(lambda condition, yes, no: np.where(condition, yes, no)[()])  # type: ignore[call-overload]
@intrinsic
def select(typingctx, condition, yes, no):
    """``yes if condition else no``, certain to be no branch."""
    if has_dual(yes, no):
        return None  # see `dual_functions`
    return yes(types.boolean, yes, yes), lambda context, builder, signature, args: builder.select(*args)


@in_python(np.copysign)
@intrinsic
def copysign(typingctx, magnitude, sign):
    """`magnitude` with the sign of `sign`."""

    def codegen(context, builder, signature, args):
        kind = args[0].type
        function = builder.module.declare_intrinsic("llvm.copysign", [kind], ir.FunctionType(kind, [kind, kind]))
        return builder.call(function, args)

    return magnitude(magnitude, magnitude), codegen


def _exponent(rounded):
    """The k in the low bits of 1.5 * 2**52 + k, or 1.5 * 2**23 + k; 0 where that is NaN."""
    precision = _precision(rounded)
    return np.nan_to_num(rounded - precision(ROUNDER[precision is np.float32])).astype(np.int32)


def _exponent_moved(y, rounded, doublings, down=False):
    """y 2**(k 2**doublings), or what divides y by that: signature and code of an intrinsic."""
    form = FORMATS[y]

    def codegen(context, builder, signature, args):
        y, rounded = (builder.bitcast(arg, form.integer) for arg in args)
        shifted = builder.shl(rounded, form.integer(form.mantissa + doublings))
        return builder.bitcast((builder.sub if down else builder.add)(y, shifted), args[0].type)

    return y(y, y), codegen


@in_python(lambda y, rounded: np.ldexp(y, _exponent(rounded)))
@intrinsic
def scale(typingctx, y, rounded):
    """y 2**k, k in the low bits of `rounded` (1.5 * 2**52 + k, or 1.5 * 2**23 + k); y and the result are normal."""
    return _exponent_moved(y, rounded, 0)


@in_python(lambda y, rounded: np.ldexp(y, 4 * _exponent(rounded)))
@intrinsic
def scale_fourfold(typingctx, y, rounded):
    """y 2**(4 k), k in the low bits of `rounded`; y and the result are normal."""
    return _exponent_moved(y, rounded, 2)


@in_python(lambda y, rounded: np.ldexp(y, -_exponent(rounded)))
@intrinsic
def unscale(typingctx, y, rounded):
    """y 2**-k, k in the low bits of `rounded`; y and the result are normal."""
    return _exponent_moved(y, rounded, 0, down=True)


def _split(x):
    m, k = np.frexp(x)
    small = m < np.sqrt(0.5)
    return (k - small).astype(_precision(x)), np.where(small, 2 * m, m)[()]


@in_python(_split)
@intrinsic
def split(typingctx, x):
    """(k, m) with x = 2**k m and sqrt(1/2) <= m < sqrt(2), for a positive normal x."""
    form = FORMATS[x]

    def codegen(context, builder, signature, args):
        constant = form.integer
        moved = builder.add(builder.bitcast(args[0], constant), constant(form.one - form.root_half))
        low = builder.and_(moved, constant((1 << form.mantissa) - 1))
        m = builder.bitcast(builder.add(low, constant(form.root_half)), args[0].type)
        # the biased exponent under the bits of 2**52: AVX2 has no conversion of 64-bit integers
        exponent = builder.lshr(moved, constant(form.mantissa))
        magic = 2.0**form.mantissa
        pattern = (form.bias + form.mantissa) << form.mantissa
        k = builder.bitcast(builder.or_(exponent, constant(pattern)), args[0].type)
        k = builder.fsub(k, args[0].type(magic + form.bias))
        return context.make_tuple(builder, signature.return_type, (k, m))

    return types.UniTuple(x, 2)(x), codegen


@in_python(lambda rounded: _exponent(rounded) % 2 == 1)
@intrinsic
def is_odd(typingctx, rounded):
    """Whether k is odd, k in the low bits of `rounded`."""
    form = FORMATS[rounded]

    def codegen(context, builder, signature, args):
        return builder.trunc(builder.bitcast(args[0], form.integer), ir.IntType(1))

    return types.boolean(rounded), codegen


def _horner(x, coefficients):
    precision = _precision(x)
    chosen = coefficients[precision is np.float32] if isinstance(coefficients[0], tuple) else coefficients
    y = precision(0.0)
    for c in reversed(chosen):
        y = y * x + precision(c)
    return y


@in_python(_horner)
@intrinsic
def polynomial(typingctx, x, coefficients):
    """c[0] + c[1] x + ... in the precision of x: Estrin's order within fours, Horner's between them.

    Of a pair of tuples, the first is for float64, the second for float32.
    """
    pair = isinstance(coefficients[0], types.BaseTuple)
    chosen = coefficients[int(x is types.float32)] if pair else coefficients

    def codegen(context, builder, signature, args):
        x, values = args
        if pair:
            values = builder.extract_value(values, int(signature.args[0] is types.float32))
        c = [builder.extract_value(values, i) for i in range(len(chosen))]
        if signature.args[0] is types.float32:
            c = [builder.fptrunc(value, ir.FloatType()) for value in c]
        c = [_hold(builder, value) for value in c]
        x2 = builder.fmul(x, x)
        twos = [builder.fma(x, c[i + 1], c[i]) if i + 1 < len(c) else c[i] for i in range(0, len(c), 2)]
        fours = [
            builder.fma(x2, twos[i + 1], twos[i]) if i + 1 < len(twos) else twos[i] for i in range(0, len(twos), 2)
        ]
        result = fours.pop()
        if fours:
            x4 = builder.fmul(x2, x2)
            while fours:
                result = builder.fma(x4, result, fours.pop())
        return result

    return x(x, coefficients), codegen
