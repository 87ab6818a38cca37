"""A block that a kernel comes back to every few steps, its constants copied in, goes on to the bits of a whole run."""

import numba
import numpy as np
import pytest

import fastneuron as fn
from fastneuron._integrators import METHODS, Problem, block
from fastneuron._integrators.fixed_step import Members, Steps, integrate_block, load_state, make_workspace, store_state
from fastneuron._kernel.jit import FLAGS
from fastneuron._kernel.lanes import width
from fastneuron.inputs.current import as_current
from fastneuron.inputs.port import FIXED_STEPS
from fastneuron.models.watched import watched

N, STEPS, DT = 150, 600, 0.05


@numba.njit(**FLAGS)
def rows(lanes, neurons):
    return block.count_constants(block.make_block(lanes, neurons, FIXED_STEPS))


@numba.njit(**FLAGS)
def in_epochs(method, lanes, neurons, saved, last, epoch, dt, spikes):
    room, space = block.make_block(lanes, neurons, FIXED_STEPS), make_workspace(method, neurons, lanes)
    n, spiked = neurons.state.shape[1], 0
    for low in range(0, n, width(lanes)):
        for lane in range(width(lanes)):
            block.prepare(room, neurons, lane, min(low + lane, n - 1), dt)
        block.save_constants(room, saved, low // width(lanes))
    for first in range(0, last, epoch):
        for low in range(0, n, width(lanes)):
            members = Members(low, min(width(lanes), n - low))
            block.restore_constants(room, saved, low // width(lanes))
            load_state(room, space, members, neurons, first)
            steps = Steps(first, min(first + epoch, last), dt)
            spiked = integrate_block(method, room, space, members, steps, spikes, spiked)
            store_state(room, space, members, neurons, False)
    return spiked


@pytest.mark.parametrize(
    ("method", "current", "noise"),
    [
        ("rk4", np.linspace(80, 130, N) + fn.Step(20.0, 5.07, 17.0) + fn.Samples([0.0, 5.0, 1.0], 10.0), None),
        ("heun", np.linspace(80, 130, N), fn.OrnsteinUhlenbeck(np.linspace(1, 9, N), 3.0)),
    ],
)
@pytest.mark.parametrize("epoch", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_epochs(method, current, noise, epoch):
    model = fn.MorrisLecar(V3=np.linspace(0.0, 4.0, N))
    options = {"method": method, "noise": noise, "seed": 3, "initial": {"V": -30.0, "N": 0.1}}
    whole = fn.simulate(model, STEPS * DT, DT, current, **options)
    inputs = (as_current("current", current), *([noise] if noise else []))
    state = np.repeat([[-30.0], [0.1]], N, axis=1)
    watch = watched(model, model.threshold, 0.0, None)
    cut = Problem(model, inputs, state, STEPS * DT, DT, watch, seed=3)
    tag, lanes, spikes = METHODS[method].tag, cut.lanes, cut.buffer(N * STEPS // 2)
    saved = np.empty((-(-N // lanes.lanes), rows(lanes, cut.neurons), lanes.lanes))
    count = in_epochs(tag, lanes, cut.neurons, saved, STEPS, epoch, DT, spikes)
    assert np.array_equal(state, list(whole.state.values()))
    order = np.argsort(spikes.neuron[:count], kind="stable")
    assert count > 100
    assert np.array_equal(spikes.neuron[:count][order], whole.spikes.neuron)
    assert np.array_equal(spikes.time[:count][order], whole.spikes.time)
