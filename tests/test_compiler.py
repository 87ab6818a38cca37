"""How kernels are compiled: what is left out of Numba's own way, and what must not be."""

import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba import types

from fastneuron import _progress
from fastneuron._kernel import jit
from fastneuron._kernel.compiler import WideVectors


@jit.inline
def power(x, n):
    y = x
    for _ in range(n):
        y *= x
    return y


@jit.inline
def member(pair, k):
    return pair[k]


def test_a_number_in_a_call_makes_no_code_of_its_own():
    kernel = numba.njit(lambda x: power(x, 1) + power(x, 2) + power(x, 3))
    before = len(power.dispatcher.overloads)
    assert kernel(2.0) == 4.0 + 8.0 + 16.0
    assert len(power.dispatcher.overloads) == before + 1
    assert (types.float64, types.int64) in power.dispatcher.overloads


def test_a_number_that_decides_a_type_is_handed_on():
    kernel = numba.njit(lambda x: (member((x, 1), 0), member((x, 1), 1)))
    assert kernel(2.5) == (2.5, 1)


def test_a_kernel_makes_no_array_unless_it_may():
    def doubled(x):
        y = np.empty(x.size)
        for i in range(x.size):
            y[i] = 2.0 * x[i]
        return y

    x = np.arange(3.0)
    with pytest.raises(numba.core.errors.NumbaError):
        jit.kernel(doubled)(x)
    allocating = jit.allocating_kernel(doubled)
    x = np.arange(3.0)  # which no traceback has
    before = sys.getrefcount(x)
    for _ in range(3):
        assert allocating(x).tolist() == [0.0, 2.0, 4.0]
    assert sys.getrefcount(x) == before


def test_variables_of_branches_and_loops_have_places():
    """Nothing says where they end any more, which used to make some of them."""

    def wander(n, x):
        total = 0.0
        while n > 0:
            if n % 3 == 0:
                y = x * n
            elif n % 3 == 1:
                y = x - n
            total += y
            for k in range(n):
                z = y + k
                if z > 5.0:
                    break
                total += z
            n -= 1
        return total

    assert jit.kernel(wander)(7, 1.5) == wander(7, 1.5)


def test_a_function_within_a_kernel_is_compiled():
    def outer(x):
        def square(y):
            return y * y + x

        return square(x) + square(2.0)

    assert jit.kernel(outer)(3.0) == 19.0


def test_equal_flags_are_one_object():
    seen = []

    class Watched(WideVectors):
        def compile_extra(self, function):
            seen.append(self.state.flags)
            return super().compile_extra(function)

    flags = jit.FLAGS | {"pipeline_class": Watched}
    for constant in (1.0, 2.0):
        jit.kernel(lambda x, constant=constant: x + constant, flags)(1.0)
    assert seen[0] is seen[1]
    assert seen[0].copy() is not seen[0]


def test_the_bar_says_that_it_compiles(capfd):
    pytest.importorskip("tqdm")
    kernel = jit.kernel(lambda x: x + 11.0)
    for said in (True, False):
        with _progress.bar(True, 2.0) as tick:
            kernel(1.0)
            assert ("compiling" in capfd.readouterr().err) == said
            tick(2.0)
        assert "compiling" not in capfd.readouterr().err


def test_what_a_part_raises_reaches_who_called_the_kernel():
    @jit.inline
    def refused(pair):
        if pair[0] < 0.0:
            raise ValueError("below 0")
        return pair[0] + pair[1]

    @jit.inline
    def handed_on(pair):
        return 2.0 * refused(pair)

    kernel = jit.kernel(lambda x: handed_on((x, 1)))
    assert kernel(1.5) == 5.0
    with pytest.raises(ValueError, match="below 0"):
        kernel(-1.0)


def test_members_of_a_tuple_that_have_nothing_to_say_are_not_asked():
    @jit.generic
    def told(member, total):
        return total

    @jit.for_members(told)
    def told_by_each(members, total):
        return told(members[1:], told(members[0], total))

    class Silent(NamedTuple):
        x: float

    class Loud(NamedTuple):
        x: float
        told = staticmethod(lambda member, total: total + member.x)

    kernel = numba.njit(lambda members: told(members, 1.0))
    assert kernel((Silent(1.0), Silent(2.0))) == 1.0
    assert kernel((Silent(1.0), Loud(2.0))) == 3.0
