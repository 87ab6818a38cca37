"""Brian2 in its best chance: a C++ standalone program, timed by itself, without its start and its files."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import brian2 as b2
import numpy as np

from ..tasks import (
    CELL,
    DELAY,
    GAP,
    TAU_SYNAPSE,
    TRANSMISSION,
    WEIGHT,
    Brunel,
    Cobahh,
    GapJunctions,
    Population,
)

PACKAGE = "brian2"
OWN = list(b2.prefs.codegen.cpp.extra_compile_args_gcc)
EQUATIONS = {
    "morris_lecar": """
        dV/dt = (I - 2*(V + 60) - 4.4*0.5*(1 + tanh((V + 1.2)/18))*(V - 120) - 8*w*(V + 84))/20/ms : 1
        dw/dt = (0.5*(1 + tanh((V - 2)/30)) - w)*0.04*cosh((V - 2)/60)/ms : 1
        I : 1 (constant)
    """,
    "hodgkin_huxley": """
        dV/dt = (I - 120*m**3*h*(V - 50) - 36*n**4*(V + 77) - 0.3*(V + 54.387))/ms : 1
        dm/dt = (0.1*(V + 40)/(1 - exp(-(V + 40)/10))*(1 - m) - 4*exp(-(V + 65)/18)*m)/ms : 1
        dh/dt = (0.07*exp(-(V + 65)/20)*(1 - h) - h/(1 + exp(-(V + 35)/10)))/ms : 1
        dn/dt = (0.01*(V + 55)/(1 - exp(-(V + 55)/10))*(1 - n) - 0.125*exp(-(V + 65)/80)*n)/ms : 1
        I : 1 (constant)
    """,
    # as in its own example COBAHH, in mV, ms and mS/cm^2
    "traub_miles": """
        dV/dt = (-0.05*(V + 60) - exc*V - inh*(V + 80) - 100*(m*m*m)*h*(V - 50) - 30*(n*n*n*n)*(V + 90))/ms : 1
        dm/dt = (alpha_m*(1 - m) - beta_m*m)/ms : 1
        dh/dt = (alpha_h*(1 - h) - beta_h*h)/ms : 1
        dn/dt = (alpha_n*(1 - n) - beta_n*n)/ms : 1
        dexc/dt = -exc/(5*ms) : 1
        dinh/dt = -inh/(10*ms) : 1
        alpha_m = 1.28/exprel(-(V + 50)/4) : 1
        beta_m = 1.4/exprel((V + 23)/5) : 1
        alpha_h = 0.128*exp(-(V + 46)/18) : 1
        beta_h = 4/(1 + exp(-(V + 23)/5)) : 1
        alpha_n = 0.16/exprel(-(V + 48)/5) : 1
        beta_n = 0.5*exp(-(V + 53)/40) : 1
    """,
}

EQUATIONS_OF_POINTS = {  # what a spike adds to, and what follows
    "delta": ("V", "dV/dt = -V/tau : 1 (unless refractory)"),
    "exponential": ("s", "dV/dt = (s - V)/tau : 1 (unless refractory)\nds/dt = -s/tau_s : 1"),
}


def population(task: Population, threads: int, flags: list[str]) -> Callable[[], np.ndarray]:
    """Its own flags, where none are given."""
    _begin(threads, flags, task.dt)
    neurons = b2.NeuronGroup(
        task.n, EQUATIONS[task.model], method="rk4", threshold="V >= 0", refractory="V >= 0", name="neurons"
    )
    names = ("V", "w") if task.model == "morris_lecar" else ("V", "m", "h", "n")
    for name, begin in zip(names, task.rest, strict=True):
        setattr(neurons, name, begin)
    neurons.I = task.current
    network = b2.Network(neurons, b2.SpikeMonitor(neurons, record=False))
    if task.every:
        network.add(b2.StateMonitor(neurons, "V", record=True, dt=task.every * task.dt * b2.ms))
    return _built(network, task.steps * task.dt, lambda results: _array(results, "neurons_V"))


def cobahh(
    task: Cobahh, threads: int, flags: list[str], method: str, dt: float
) -> Callable[[], Callable[[], np.ndarray]]:
    """Its example, from the synapses and the state that everybody has."""
    _begin(threads, flags, dt)
    # its example has 3 ms, within which a quarter of the intervals are: every crossing is a spike, for all contenders
    rule = {"threshold": "V > -20", "refractory": "V > -20"}
    neurons = b2.NeuronGroup(task.n, EQUATIONS["traub_miles"], name="neurons", method=method, **rule)
    for name, values in task.initial.items():
        setattr(neurons, name, values)
    network = b2.Network(neurons, b2.SpikeMonitor(neurons, name="spikes"))
    for name, (pre, post) in task.synapses.items():
        synapses = b2.Synapses(neurons, neurons, on_pre=f"{name}_post += {WEIGHT[name]}", delay=DELAY * b2.ms)
        synapses.connect(i=pre, j=post)
        network.add(synapses)

    def answer(results: Path) -> Callable[[], np.ndarray]:
        V, spikes = _array(results, "neurons_V"), _spikes(results)
        return lambda: V if task.final else task.activity(*spikes)

    return _built(network, task.duration, answer)


def brunel(task: Brunel, threads: int, flags: list[str], dt: float) -> Callable[[], Callable[[], np.ndarray]]:
    """Its exact method, and its `PoissonInput`."""
    _begin(threads, flags, dt)
    target, equations = EQUATIONS_OF_POINTS[task.synapse]
    cell = b2.NeuronGroup(
        task.n, equations, namespace={"tau": CELL["tau"] * b2.ms, "tau_s": TAU_SYNAPSE * b2.ms},
        method="exact", name="neurons", threshold=f"V >= {CELL['threshold']}", reset=f"V = {CELL['reset']}",
        refractory=CELL["refractory"] * b2.ms,
    )  # fmt: skip
    network = b2.Network(cell, b2.SpikeMonitor(cell, name="spikes"))
    rng = np.random.default_rng(task.seed)
    ends = {1.0: cell[: task.excitatory], -task.g: cell[task.excitatory :]}
    for (factor, pre), degree in zip(ends.items(), task.degrees, strict=True):
        effect = f"{target}_post += {factor * task.weight}"
        synapses = b2.Synapses(pre, cell, on_pre=effect, delay=TRANSMISSION * b2.ms)
        synapses.connect(i=rng.integers(0, len(pre), task.n * degree), j=np.repeat(np.arange(task.n), degree))
        network.add(synapses)
    sources = task.degrees[0]
    network.add(b2.PoissonInput(cell, target, sources, task.input_rate / sources * b2.Hz, weight=task.weight))

    def answer(results: Path) -> Callable[[], np.ndarray]:
        spikes = _spikes(results)
        return lambda: task.activity(*spikes)

    return _built(network, task.duration, answer)


def gapjunctions(
    task: GapJunctions, threads: int, flags: list[str], method: str, dt: float
) -> Callable[[], np.ndarray]:
    """By a summed variable, as its documentation says: it is worked out at the begin of each step, and stays."""
    _begin(threads, flags, dt)
    equations = EQUATIONS["morris_lecar"].replace("(I - ", "(I + gap - ", 1) + "\ngap : 1"
    neurons = b2.NeuronGroup(task.n, equations, method=method, threshold="V >= 0", refractory="V >= 0", name="neurons")
    neurons.V, neurons.w, neurons.I = task.initial["V"], task.initial["N"], task.current
    junctions = b2.Synapses(neurons, neurons, f"gap_post = {GAP}*(V_pre - V_post) : 1 (summed)")
    junctions.connect(i=task.ends[0], j=task.ends[1])
    network = b2.Network(neurons, junctions, b2.SpikeMonitor(neurons))
    return _built(network, task.duration, lambda results: _array(results, "neurons_V"))


def _begin(threads: int, flags: list[str], dt: float) -> None:
    b2.device.reinit()
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.device.activate(build_on_run=False)
    b2.prefs.codegen.cpp.extra_compile_args_gcc = flags or OWN
    b2.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    b2.defaultclock.dt = dt * b2.ms


def _built(network: b2.Network, duration: float, answer: Callable[[Path], np.ndarray]) -> Callable[[], np.ndarray]:
    """Compile a network; the program returns what `answer` reads from the folder of its results."""
    network.run(duration * b2.ms)
    directory = Path(tempfile.mkdtemp()) / "standalone"
    with _all_cores():
        b2.device.build(directory=str(directory), run=False)
    results = directory / "results"
    seconds = 0.0

    def run() -> np.ndarray:
        nonlocal seconds
        subprocess.run([directory / "main"], cwd=directory, check=True, stdout=subprocess.DEVNULL)
        seconds += float((results / "last_run_info.txt").read_text().split()[0])
        return answer(results)

    run.clock = lambda: seconds
    return run


@contextmanager
def _all_cores() -> Iterator[None]:
    """For a compiler, which no row counts: the worker keeps to as many cores as it has threads."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _array(results: Path, name: str, dtype: str = "float64") -> np.ndarray:
    return np.fromfile(next(results.glob(f"*_array_{name}_*")), dtype)


def _spikes(results: Path) -> tuple[np.ndarray, np.ndarray]:
    """Who had a spike, and when, ms."""
    return _array(results, "spikes_i", "int32"), 1000.0 * _array(results, "spikes_t")
