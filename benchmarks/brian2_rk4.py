"""Builds Brian2's C++ standalone program of the task: DIRECTORY N STEPS THREADS [FLAG ...]."""

import sys

import brian2 as b2
import numpy as np

directory, n, steps, threads, *flags = sys.argv[1:]
b2.set_device("cpp_standalone", build_on_run=False)
if flags:
    b2.prefs.codegen.cpp.extra_compile_args_gcc = flags
b2.prefs.devices.cpp_standalone.openmp_threads = int(threads) if int(threads) > 1 else 0
b2.defaultclock.dt = 0.05 * b2.ms
neurons = b2.NeuronGroup(
    int(n),
    """
    dv/dt = (I - 2*(v + 60) - 4.4*0.5*(1 + tanh((v + 1.2)/18))*(v - 120) - 8*w*(v + 84))/20/ms : 1
    dw/dt = (0.5*(1 + tanh((v - 2)/30)) - w)*0.04*cosh((v - 2)/60)/ms : 1
    I : 1 (constant)
    """,
    method="rk4",
    threshold="v >= 0",
    refractory="v >= 0",
)
neurons.v = -60
neurons.w = (1 + np.tanh(-62 / 30)) / 2
neurons.I = np.linspace(80, 130, int(n))
spikes = b2.SpikeMonitor(neurons, record=False)
b2.run(int(steps) * 0.05 * b2.ms)
b2.device.build(directory=directory, run=False)
