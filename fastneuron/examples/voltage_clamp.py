"""Which current holds a neuron at a voltage?  A closed loop in Python.

A Morris-Lecar neuron (the Hopf set of Ermentrout & Terman 2010, table 3.1) is held at a series of voltages by a
controller of proportional and integral gain, which reads V and sets the current for the next step: the voltage clamp
of Cole (1949) and Hodgkin, Huxley & Katz (1952, J Physiol 116:424).  What it injects in the end is the current that
the model's own formulas let through.

The figure shows voltage and current, and that steady current over the voltage.  A few seconds; extra `plot`.
"""

import time

import numpy as np
from matplotlib import pyplot

import fastneuron as fn

DT, STAY = 0.05, 300.0  # ms; how long each voltage is held
PROPORTIONAL, INTEGRAL = 100.0, 20.0  # mS/cm^2, and mS/cm^2/ms


def clamp(sim, commands):
    """Hold each voltage in turn; voltages and currents of all steps, a row for each."""
    steps = round(STAY / DT)
    V, current = np.empty((2, commands.size, steps))
    drift = 0.0  # what the integral has come to, uA/cm^2
    for k, command in enumerate(commands):
        for step in range(steps):
            error = command - float(sim.state["V"][0])
            drift += INTEGRAL * error * DT
            sim.current = current[k, step] = PROPORTIONAL * error + drift
            sim.run(DT)
            V[k, step] = sim.state["V"][0]
    return V, current


def let_through(p, V):
    """The steady current of the model at a voltage, uA/cm^2."""
    M, N = (1 + np.tanh((V - np.array([[p.V1], [p.V3]])) / np.array([[p.V2], [p.V4]]))) / 2
    return p.g_L * (V - p.E_L) + p.g_Ca * M * (V - p.E_Ca) + p.g_K * N * (V - p.E_K)


def study(size=1.0):
    """Clamp and draw; `size` is in proportion to the number of voltages."""
    model = fn.MorrisLecar.hopf()
    commands = np.linspace(-70.0, 40.0, max(3, round(12 * size)))  # mV
    sim = fn.Simulation(model, dt=DT)
    sim.run(DT)  # compiles
    begin = time.process_time()
    V, current = clamp(sim, commands)
    microseconds = 1e6 * (time.process_time() - begin) / V.size
    missed = np.abs(current[:, -1] - let_through(model, commands)).max()
    print(f"{microseconds:.0f} us a step; the current ends within {missed:.1e} uA/cm^2 of what the model lets through")

    figure, axes = pyplot.subplots(1, 3, figsize=(9.6, 3.0), width_ratios=[1.4, 1.4, 1], layout="constrained")
    moments = np.arange(1, V.size + 1) * DT / 1000.0
    for ax, values, label in zip(axes, (V, current), ("V (mV)", "Injected current (µA/cm²)"), strict=False):
        ax.plot(moments, values.ravel(), color="C0", linewidth=0.9)
        ax.set(xlabel="Time (s)", ylabel=label)
    fine = np.linspace(commands[0], commands[-1], 200)
    through = let_through(model, fine)
    axes[1].set_ylim(1.3 * through.min() - 100.0, 1.3 * through.max())
    axes[2].plot(fine, through, color="0.5", linewidth=1.0, label="by the formulas")
    axes[2].plot(commands, current[:, -1], "o", color="C3", markersize=4, label="by the clamp")
    axes[2].set(xlabel="V (mV)", ylabel="Steady current (µA/cm²)")
    axes[2].legend(frameon=False, fontsize=8)
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    fn.examples.save(study(), "voltage_clamp")
