"""Heun's method: of order 2, and for noise that adds to the current of strong order 1.

Rümelin W (1982). Numerical treatment of stochastic differential equations. SIAM J Numer Anal 19:604-613.
doi:10.1137/0719041
"""

from typing import NamedTuple

from .._kernel.lanes import axpy, put, take, width
from ..inputs.port import BEGIN, END
from .block import evaluate_gates, gated_derivative


def _heun(method, block, start, end, scratch, t, t_end, dt):
    state_type, lanes = block.state_type, width(block.lanes)
    half = 0.5 * dt
    evaluate_gates(block, start)
    for lane in range(lanes):
        y = take(state_type, start, lane)
        k1 = gated_derivative(block, lane, y, t, BEGIN)
        put(scratch, lane, axpy(dt, k1, y))
        put(end, lane, axpy(half, k1, y))
    evaluate_gates(block, scratch)
    for lane in range(lanes):
        k2 = gated_derivative(block, lane, take(state_type, scratch, lane), t_end, END)
        put(end, lane, axpy(half, k2, take(state_type, end, lane)))


class Heun(NamedTuple):
    """Selects the method by its type."""

    name, noise, single = "heun", True, True
    scratch = 1  # states
    step = _heun
    stages = (1.0, 1.0), (2.0, 2.0), (BEGIN, END)
