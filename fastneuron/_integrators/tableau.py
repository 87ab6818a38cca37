"""A Runge-Kutta method as a table of numbers, and the sums over stages that it asks for."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


class Tableau(NamedTuple):
    """An embedded pair as the kernel wants it.

    The weights of the stages are a type's, hence constants in the machine code: a sum over stages is a chain of fused
    multiply-adds in registers.  Read at run time, they took as long as a third of the right-hand sides.
    """

    weights: Any  # its class holds `rows`, for `stages` and those of the dense output, and two `errors`
    stages: int  # the last is the derivative at the end of the step
    node: Any  # (stages and extra stages,)
    dense: Any  # (stages and extra stages, 8): the weight of each stage in each power of the fraction of the step
    power: tuple[float, float]  # an estimate e of the error, relative to the tolerance, counts as
    offset: tuple[float, float]  # 2**offset rtol**(power - 1) e**power; the larger of the two is the error
    exponent: float  # the next step is as error**-exponent
    beta: float  # times (error before)**beta


Row = Mapping[int, float]


def tableau(
    weights: Any,
    stages: int,
    node: Sequence[float],
    dense: np.ndarray,
    order: int,
    estimates: Sequence[tuple[int, float]],
    beta: float,
) -> Tableau:
    """Make one.

    `weights` is an instance of a class with the sparse rows ``{stage: weight}``; `dense` is (powers, stages); `beta`
    is that of a PI controller (Hairer & Wanner 1996, section IV.2).

    The error is to behave as h^order.  Each of the two estimates is (q, factor): one that behaves as h^q is raised to
    the power order / q, as a fraction of the state, so that its order is right and the error of a run is proportional
    to the tolerance.

    Raises
    ------
    ValueError
        If the kernel has no room for as many stages or powers, or the parts do not belong together.
    """
    if len(node) > MOST_STAGES:
        raise ValueError(
            f"a tableau has at most {MOST_STAGES} stages, those of the dense output included; got {len(node)}"
        )
    if len(dense) > POWERS:
        raise ValueError(f"dense output has at most {POWERS} powers; got {len(dense)}")
    if not stages <= len(weights.rows) == len(node) == dense.shape[1]:
        raise ValueError(
            f"a tableau has a row of weights, a node and a column of dense for each of its stages, of which the first "
            f"{stages} make a step; got {len(weights.rows)}, {len(node)} and {dense.shape[1]}"
        )
    if node[stages - 1] != 1.0:
        raise ValueError(f"the last stage of a step must be the first of the next, at node 1; got {node[stages - 1]:g}")
    power = [order / q for q, _ in estimates]
    return Tableau(
        weights,
        stages,
        np.array(node, np.float64),
        np.pad(dense.T, ((0, 0), (0, POWERS - len(dense)))),
        (power[0], power[1]),
        (math.log2(estimates[0][1]), math.log2(estimates[1][1])),
        1.0 / order - 0.75 * beta,
        beta,
    )


MOST_STAGES = 16  # for which a kernel has room, those of the dense output included
POWERS = 8  # of the fraction of the step, in dense output
VECTOR = 8  # lanes at a time, at most: one register of AVX-512, two of AVX2


class _Vectors:
    """A local array (row, lane) or (lane,) in the hands of the compiler, some lanes at a time."""

    def __init__(self, builder, array_type, array):
        self.builder = builder
        self.size = min(array_type.shape[-1], VECTOR)
        self.kind = ir.VectorType(ir.DoubleType(), self.size)
        self.data = builder.bitcast(array, self.kind.as_pointer())
        self.count = array_type.shape[-1] // self.size

    def _address(self, row, vector):
        if isinstance(row, int):
            index = ir.Constant(ir.IntType(64), row * self.count + vector)
        else:
            first = self.builder.mul(row, ir.Constant(ir.IntType(64), self.count))
            index = self.builder.add(first, ir.Constant(ir.IntType(64), vector))
        return self.builder.gep(self.data, [index])

    def load(self, row, vector):
        return self.builder.load(self._address(row, vector), align=8 * self.size)

    def store(self, row, vector, value):
        self.builder.store(value, self._address(row, vector), align=8 * self.size)


def _sum(builder, kind, weights, slopes):
    """The weighted sum of vectors of a kind."""
    fma = builder.module.declare_intrinsic(f"llvm.fma.v{kind.count}f64", (), ir.FunctionType(kind, [kind] * 3))
    total = ir.Constant(kind, [0.0] * kind.count)
    for weight, slope in zip(weights, slopes, strict=True):
        total = builder.call(fma, [ir.Constant(kind, [float(weight)] * kind.count), slope, total])
    return total, fma


@intrinsic
def sum_stage(typingctx, weights, row, state_type, k, latest, start, length, out):
    """``out = start + length * sum_j weights[row, j] k[j]`` for all states and lanes; each lane has its own length.

    From row 2 on `latest` is ``k[row - 1]``, which one lane has in registers: to wait for memory took 5 % of its time.
    """
    states = len(state_type)
    arrays = (k, latest, start, length, out)

    def codegen(context, builder, signature, args):
        _, row, _, *values = args
        k, latest, start, length, out = (
            _Vectors(builder, kind, array) for kind, array in zip(arrays, values, strict=True)
        )
        done = builder.append_basic_block("summed")
        choice = builder.switch(row, done)
        for number, terms in enumerate(weights.instance_class.rows):
            block = builder.append_basic_block(f"row{number}")
            choice.add_case(number, block)
            builder.position_at_end(block)
            for vector in range(k.count if terms else 0):
                h = length.load(0, vector)
                for d in range(states):
                    slopes = [
                        latest.load(d, vector) if 0 < j == number - 1 else k.load(j * states + d, vector) for j in terms
                    ]
                    total, fma = _sum(builder, k.kind, terms.values(), slopes)
                    out.store(d, vector, builder.call(fma, [h, total, start.load(d, vector)]))
            builder.branch(done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(weights, types.int64, state_type, *arrays), codegen


@intrinsic
def keep_stage(typingctx, row, state_type, lanes, derivative, k):
    """``k[row] = derivative`` for all states and lanes."""
    states = len(state_type)

    def codegen(context, builder, signature, args):
        derivative_, k_ = (
            _Vectors(builder, kind, array) for kind, array in zip((derivative, k), args[3:], strict=True)
        )
        first = builder.mul(args[0], ir.Constant(args[0].type, states))
        for d in range(states):
            for vector in range(k_.count):
                k_.store(builder.add(first, ir.Constant(first.type, d)), vector, derivative_.load(d, vector))
        return context.get_dummy_value()

    return types.void(types.int64, state_type, lanes, derivative, k), codegen


@intrinsic
def sum_errors(typingctx, weights, state_type, lanes, k, out):
    """``out = sum_j errors[row, j] k[j]`` for all rows, states and lanes."""
    states = len(state_type)

    def codegen(context, builder, signature, args):
        _, _, _, *values = args
        k_, out_ = (_Vectors(builder, kind, array) for kind, array in zip((k, out), values, strict=True))
        for number, terms in enumerate(weights.instance_class.errors):
            for vector in range(k_.count):
                for d in range(states):
                    slopes = [k_.load(j * states + d, vector) for j in terms]
                    out_.store(number * states + d, vector, _sum(builder, k_.kind, terms.values(), slopes)[0])
        return context.get_dummy_value()

    return types.void(weights, state_type, lanes, k, out), codegen
