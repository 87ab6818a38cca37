"""Brian2 in its best chance: a C++ standalone program, timed by itself, without its start and its files."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import brian2 as b2
import numpy as np

from ..tasks import Population

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
}


def population(task: Population, threads: int, flags: list[str]) -> Callable[[], np.ndarray]:
    """Its own flags, where none are given."""
    b2.device.reinit()
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.device.activate(build_on_run=False)
    b2.prefs.codegen.cpp.extra_compile_args_gcc = flags or OWN
    b2.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    b2.defaultclock.dt = task.dt * b2.ms
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
    network.run(task.steps * task.dt * b2.ms)
    directory = Path(tempfile.mkdtemp()) / "standalone"
    b2.device.build(directory=str(directory), run=False)
    results = directory / "results"
    seconds = 0.0

    def run() -> np.ndarray:
        nonlocal seconds
        subprocess.run([directory / "main"], cwd=directory, check=True, stdout=subprocess.DEVNULL)
        seconds += float((results / "last_run_info.txt").read_text().split()[0])
        return np.fromfile(next(results.glob("_array_neurons_V*")))

    run.clock = lambda: seconds
    return run
