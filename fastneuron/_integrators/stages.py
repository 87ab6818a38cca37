"""A step of a method stage by stage, for neurons that see each other at every stage.

The arithmetic is that of the method's `step`, so a neuron that nobody acts on has the same bits.
"""

from .._kernel.jit import generic, inline, specialises
from .._kernel.lanes import axpy, put, take, width
from ..inputs.port import BEGIN, END
from .block import evaluate_gates, gated_derivative


@generic
def stages_of(method):
    """Return the stages of a method, whose class holds them as ``stages``, three tuples with a number for each stage.

    By the first the step is divided for the way from its begin to the next stage's state, along the derivative at this
    one; by the second for what this one adds to the end; the third says when it is, as `inputs.port` does.
    """


@specialises(stages_of)
def _stages_of(method):
    stages = method.instance_class.stages
    return lambda method: stages


@inline
def take_stage(method, block, space, k, number, dt):
    """Stage k of step `number`, at the state in `space.scratch`, which becomes that of the stage to come.

    Behind the last stage that is the end of the step, which ``space.end`` has come to, from the state at the begin.
    """
    on, shares, at = stages_of(method)
    step, share, stage = dt / on[k], dt / shares[k], at[k]
    t = number * dt
    t = t if stage == BEGIN else (number + 1) * dt if stage == END else t + 0.5 * dt
    evaluate_gates(block, space.scratch)
    for lane in range(width(block.lanes)):
        slope = gated_derivative(block, lane, take(block.state_type, space.scratch, lane), t, stage)
        put(space.scratch, lane, axpy(step, slope, take(block.state_type, space.start, lane)))
        put(space.end, lane, axpy(share, slope, take(block.state_type, space.end, lane)))
    if k == len(on) - 1:
        copy_state(block, space.end, space.scratch)


@inline
def copy_state(block, state, out):
    """``out[:] = state``, the states alone."""
    for lane in range(width(block.lanes)):
        put(out, lane, take(block.state_type, state, lane))
