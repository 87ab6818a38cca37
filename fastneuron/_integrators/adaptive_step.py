"""A step of each lane of a block: its stages, its error, the next step, and whether there is anything inside it."""

from .._kernel.jit import generic, inline, specialises
from .._kernel.lanes import fma, put, take, width
from ..inputs import port
from .block import evaluate_gates, gated_derivative
from .controller import look_inside, plan_step, propose_steps
from .stages import copy_state
from .tableau import keep_stage, sum_errors, sum_stage


@generic
def take_steps(lanes, tableau, rule, block, work, limit, spikes, interval):
    """Try a step of each lane; whether anything is inside one of them, and whether any lane asks for service.

    `rule` is what its error is judged by: the scale and the tolerance.
    """


@specialises(take_steps)
def _take_steps(lanes, tableau, rule, block, work, limit, spikes, interval):
    weights = tableau[0].instance_class
    alone = lanes.instance_class.lanes == 1
    without_last = all(weights.stages - 1 not in row for row in weights.errors)
    return _plan_meanwhile if alone and without_last else _plan_at_the_end


@inline
def sum_up(tableau, block, work, s, out):
    """The state at stage `s`, from the derivatives of those before."""
    sum_stage(tableau.weights, s, block.state_type, work.k, work.derivative, work.start, work.pace.length, out)


@inline
def evaluate(tableau, block, work, s, stage):
    """The derivative of stage `s`, at the state in `stage`."""
    state_type, lanes, pace = block.state_type, block.lanes, work.pace
    node = tableau.node[s]
    evaluate_gates(block, stage)
    for lane in range(width(lanes)):
        # the nodes at the end of the step look at the current from the left
        t = fma(node, pace.length[lane], pace.time[lane]) if node < 1.0 else pace.arrival[lane]
        state = take(state_type, stage, lane)
        put(work.derivative, lane, gated_derivative(block, lane, state, t, port.END))
    keep_stage(s, state_type, lanes, work.derivative, work.k)


def _plan_at_the_end(lanes, tableau, rule, block, work, limit, spikes, interval):
    """All stages, then one loop over the lanes for what comes of them."""
    propose_steps(work.pace, lanes)
    for s in range(1, tableau.stages):
        sum_up(tableau, block, work, s, work.end)
        evaluate(tableau, block, work, s, work.end)
    sum_errors(tableau.weights, block.state_type, lanes, work.k, work.error)
    dense, service = 0, 0
    for lane in range(width(lanes)):
        service |= plan_step(tableau, *rule, block, work, limit, lane)
        dense |= look_inside(tableau, block, work, spikes, interval, lane)
    if dense:
        for s in range(tableau.stages, tableau.node.size):
            sum_up(tableau, block, work, s, work.stage)
            evaluate(tableau, block, work, s, work.stage)
    return dense, service


def _plan_meanwhile(lanes, tableau, rule, block, work, limit, spikes, interval):
    """The next step is planned before the last stage, which has no part in the error: one neuron has both at once.

    The processor, which waits for the one, goes on with the other: 3 % of the time of `dop853`.
    """
    propose_steps(work.pace, lanes)
    s = 1
    while True:
        sum_up(tableau, block, work, s, work.end)
        if s == tableau.stages - 1:
            break
        evaluate(tableau, block, work, s, work.end)
        s += 1
    sum_errors(tableau.weights, block.state_type, lanes, work.k, work.error)
    service = plan_step(tableau, *rule, block, work, limit, 0)
    copy_state(block, work.end, work.stage)
    dense = 0
    while True:  # one place for all these stages, for a derivative takes long to compile
        evaluate(tableau, block, work, s, work.stage)
        if s == tableau.stages - 1:
            dense = look_inside(tableau, block, work, spikes, interval, 0)
        s += 1
        if not dense or s == tableau.node.size:
            break
        sum_up(tableau, block, work, s, work.stage)
    return dense, service
