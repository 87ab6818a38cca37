"""Draws voltage_clamp.png: a Morris-Lecar neuron held at a series of voltages by a controller in Python.

Every 0.05 ms the controller, of proportional and integral gain, reads V and sets the current for the next step.  What
it has to inject at the end of each voltage is the current that the model's own formulas let through there: the dots.
Needs the extra `plot`.
"""

import time
from pathlib import Path

import numpy as np
from matplotlib import pyplot

import fastneuron as fn
from fastneuron._figures import BLUE, VERMILION

DT, STAY = 0.05, 300.0  # ms; how long each voltage is held
PROPORTIONAL, INTEGRAL = 100.0, 20.0  # mS/cm^2, and mS/cm^2/ms
STEPS = round(STAY / DT)

commands = np.arange(-70.0, 41.0, 10.0)  # mV
sim = fn.Simulation(fn.MorrisLecar.hopf(), dt=DT)
V, current = np.empty((2, commands.size, STEPS))
drift = 0.0  # what the integral has come to, uA/cm^2
microseconds = np.inf
for k, command in enumerate(commands):
    begin = time.thread_time()
    for step in range(STEPS):
        error = command - float(sim.state["V"][0])
        drift += INTEGRAL * error * DT
        sim.current = current[k, step] = PROPORTIONAL * error + drift
        sim.run(DT)
        V[k, step] = sim.state["V"][0]
    microseconds = min(microseconds, (time.thread_time() - begin) / STEPS * 1e6)  # others use the machine as well

p = sim.parameters
M, N = (1 + np.tanh((commands - np.array([[p["V1"]], [p["V3"]]])) / np.array([[p["V2"]], [p["V4"]]]))) / 2
through = (
    p["g_L"] * (commands - p["E_L"]) + p["g_Ca"] * M * (commands - p["E_Ca"]) + p["g_K"] * N * (commands - p["E_K"])
)
missed = np.abs(current[:, -1] - through).max()
print(f"{microseconds:.0f} us a step; injected current is within {missed:.1e} uA/cm^2 of the steady I-V curve")

figure, axes = pyplot.subplots(1, 3, figsize=(8.2, 2.6), width_ratios=[1.4, 1.4, 1], layout="constrained", dpi=200)
moments = np.arange(1, V.size + 1) * DT
for ax, values, label in zip(axes, (V, current), ("V (mV)", "Injected current (µA/cm²)"), strict=False):
    ax.plot(moments, values.ravel(), color=BLUE, linewidth=0.9)
    ax.set(xlabel="Time (ms)", ylabel=label)
axes[1].set_ylim(1.3 * through.min() - 100.0, 1.3 * through.max())
axes[2].plot(commands, through, "o", color=VERMILION, markersize=4, label="by the formulas")
axes[2].plot(commands, current[:, -1], "-", color=BLUE, linewidth=0.9, label="by the clamp")
axes[2].set(xlabel="V (mV)", ylabel="I (µA/cm²)")
axes[2].legend(frameon=False, fontsize=8)
for ax in axes:
    ax.spines[["top", "right"]].set_visible(False)
figure.suptitle(f"Voltage clamp in Python: {microseconds:.0f} µs a step", fontsize=9)
figure.savefig(Path(__file__).with_suffix(".png"))
