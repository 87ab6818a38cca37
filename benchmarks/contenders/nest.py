"""NEST: `hh_cond_exp_traub`, by its adaptive RKF45 from one point of the grid to the next; `iaf_psc_*`, exactly."""

from collections.abc import Callable
from time import perf_counter, process_time

import nest
import numpy as np

from ..tasks import CELL as POINT
from ..tasks import DELAY, TAU_SYNAPSE, TRANSMISSION, WEIGHT, Brunel, Cobahh

PACKAGE = "nest-simulator"
MODEL = "hh_cond_exp_traub"
SIZE = 200.0  # nS, pF and pA for mS/cm^2, uF/cm^2 and uA/cm^2: 20,000 um^2
CELL = {"g_Na": 100.0 * SIZE, "g_K": 30.0 * SIZE, "g_L": 0.05 * SIZE, "C_m": SIZE, "E_Na": 50.0, "E_K": -90.0}
CELL |= {"E_L": -60.0, "V_T": -63.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "E_ex": 0.0, "E_in": -80.0}
CLOSED = {"Act_m": 0.0, "Inact_h": 0.0, "Act_n": 0.0}
SIGN = {"exc": SIZE, "inh": -SIZE}


def cobahh(task: Cobahh, threads: int, dt: float) -> Callable[[], Callable[[], np.ndarray]]:
    """A new network for each run, of which its simulation is timed; first conductances arrive as spikes."""
    clock = process_time if threads == 1 else perf_counter
    synapses, initial = task.synapses, task.initial
    seconds = 0.0

    def run() -> Callable[[], np.ndarray]:
        nonlocal seconds
        _begin(threads, dt)
        cells, spikes = nest.Create(MODEL, task.n, params=CELL), nest.Create("spike_recorder")
        first = nest.Create("spike_generator", params={"spike_times": [dt]})
        number = np.array(cells.tolist())
        for name, (pre, post) in synapses.items():
            given = SIGN[name] * initial[name]
            nest.Connect(first, cells, syn_spec={"weight": given[:, None], "delay": dt})
            each = {"weight": np.full(pre.size, SIGN[name] * WEIGHT[name]), "delay": np.full(pre.size, DELAY)}
            nest.Connect(number[pre], number[post], "one_to_one", each)
        nest.Connect(cells, spikes)
        nest.Simulate(2 * dt)  # what it does once, and the first conductances, with which the network begins
        cells.set({"V_m": initial["V"].tolist(), **CLOSED})
        start = clock()
        nest.Simulate(task.duration)
        seconds += clock() - start
        V, events = np.array(cells.V_m), spikes.events
        found = events["senders"] - number[0], events["times"] - 2 * dt
        return lambda: V if task.final else task.activity(*found)

    run.clock = lambda: seconds
    return run


def brunel(task: Brunel, threads: int, dt: float) -> Callable[[], Callable[[], np.ndarray]]:
    """`iaf_psc_delta` or `iaf_psc_exp`; one network, for it takes long to make, goes on from run to run."""
    clock = process_time if threads == 1 else perf_counter
    given = {"tau_m": POINT["tau"], "C_m": POINT["tau"], "V_th": POINT["threshold"], "V_reset": POINT["reset"]}
    given |= {"t_ref": POINT["refractory"], "E_L": 0.0, "V_m": 0.0}  # with that capacitance a current is in mV
    model = "iaf_psc_delta"
    if task.synapse == "exponential":
        model, given = "iaf_psc_exp", given | {"tau_syn_ex": TAU_SYNAPSE, "tau_syn_in": TAU_SYNAPSE}
    _begin(threads, dt)
    nest.rng_seed = task.seed + 1
    cells, spikes = nest.Create(model, task.n, params=given), nest.Create("spike_recorder")
    source = nest.Create("poisson_generator", params={"rate": task.input_rate})
    synapse = {"weight": task.weight, "delay": TRANSMISSION}
    nest.Connect(source, cells, syn_spec=synapse)
    ends = {1.0: cells[: task.excitatory], -task.g: cells[task.excitatory :]}
    for (factor, pre), degree in zip(ends.items(), task.degrees, strict=True):
        rule = {"rule": "fixed_indegree", "indegree": degree}
        nest.Connect(pre, cells, rule, synapse | {"weight": factor * task.weight})
    nest.Connect(cells, spikes)
    nest.Simulate(dt)  # what it does once
    seconds = 0.0

    def run() -> Callable[[], np.ndarray]:
        nonlocal seconds
        begin = nest.biological_time
        spikes.n_events = 0
        start = clock()
        nest.Simulate(task.duration)
        seconds += clock() - start
        events = spikes.events
        found = events["senders"] - 1, events["times"] - begin
        return lambda: task.activity(*found)

    run.clock = lambda: seconds
    return run


def _begin(threads: int, dt: float) -> None:
    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.resolution, nest.local_num_threads = dt, threads
