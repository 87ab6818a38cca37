"""What `fn.estimate` says of memory against the peak of a run: ``python -m benchmarks.memory [NAME ...]``."""

import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import fastneuron as fn

# neurons, and what differs from a run of rk4 by one thread; the threshold is crossed at once, so that all counts change
CONFIGURATIONS = {
    "states": (4_000_000, {}),
    "parameters": (2_000_000, {"parameters": ("V3", "V4", "phi")}),
    "float32": (4_000_000, {"dtype": "float32"}),
    "one state recorded": (2000, {"duration": 1000.0, "record": "V"}),
    "two states recorded": (20_000, {"duration": 30.0, "record": ("V", "N")}),
    "spikes": (100_000, {"duration": 1500.0, "dt": 0.1, "threshold": 0.0}),
    "dop853": (1_000_000, {"method": "dop853"}),
    "noise": (2_000_000, {"method": "heun", "noise": fn.OrnsteinUhlenbeck(5.0, 3.0)}),
    "summary": (1_000_000, {"summary": ("V.mean", "V.max", "N.min", "spike.first")}),
    "initial": (2_000_000, {"initial": True}),
    "store": (20_000, {"duration": 200.0, "record": "V", "out": True}),
    "large store": (2_000_000, {"out": True}),
    "executor": (20_000, {"duration": 60.0, "record": "V", "executor": True}),
    "four threads": (1_000_000, {"threads": 4}),
    "network": (20_000, {"degree": 500}),
    "network, each weight and delay": (20_000, {"degree": 500, "drawn": True}),
    "network, 1e8 synapses": (100_000, {"degree": 1000}),
    "network, 1e8 not stored": (100_000, {"degree": 1000, "stored": False}),
    "network, V recorded": (10_000, {"degree": 100, "duration": 100.0, "record": "V"}),
    "network, store": (10_000, {"degree": 100, "duration": 200.0, "record": "V", "out": True}),
}


def arguments(name, folder, executor, small=False):
    """Those of `simulate` for a configuration, or a small one of its kind."""
    n, more = CONFIGURATIONS[name]
    n = 2000 if small else n
    if "degree" in more:
        return network_arguments(n, folder, small, **more)
    given = {"duration": 0.5, "threads": 1, "threshold": -59.9, **more}
    values = {"V3": 2.0, "V4": 30.0, "phi": 0.04}
    model = fn.MorrisLecar.hopf(**{key: np.full(n, values[key]) for key in given.pop("parameters", ())})
    if small:
        given["duration"] = min(given["duration"], 2.0)
    if "out" in given:
        given["out"] = Path(folder) / ("small" if small else "run")
    if "executor" in given:
        given["executor"] = executor
    if "initial" in given:
        given["initial"] = {"V": np.full(n, -60.0), "N": np.full(n, 0.1)}
    return {"model": model, "current": np.full(n, 120.0), **given}


def network_arguments(n, folder, small, degree, drawn=False, stored=True, duration=5.0, record=None, out=False):
    """Those of a network at rest, of so many synapses from each neuron."""
    cells = fn.Population(fn.TraubMiles.cobahh(), n, {"exc": fn.Exponential(5.0, 0.0)}, threshold=-20.0)
    weight, delay = (fn.Normal(0.01, 0.002, low=0.0), fn.Uniform(0.8, 3.0)) if drawn else (0.01, 1.5)
    synapses = fn.Projection(cells, cells, "exc", fn.FixedOutDegree(degree), weight, delay, stored=stored)
    given = {"duration": 2.0 if small else duration, "threads": 1, "record": record}
    if out:
        given["out"] = Path(folder) / ("small" if small else "run")
    return {"model": fn.Network({"cells": cells}, [synapses]), **given}


def status(name):
    """Bytes, from what Linux says of this process."""
    return 1024 * int(Path("/proc/self/status").read_text().split(f"{name}:")[1].split()[0])


def peak(name, folder, executor):
    """Bytes of a run beyond what was there before it."""
    fn.simulate(**arguments(name, folder, executor, small=True))
    given = arguments(name, folder, executor)
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    fn.simulate(**given)
    return status("VmHWM") - before


def main(names):
    """A line for each configuration."""
    if names[:1] == ["--one"]:
        _, what, name = names
        needs = "executor" in CONFIGURATIONS[name][1]
        executor = ProcessPoolExecutor(2, get_context("spawn")) if needs else None
        with tempfile.TemporaryDirectory() as folder:
            if what == "told":
                print(fn.estimate(**arguments(name, folder, executor)).memory)
            else:
                print(peak(name, folder, executor))
        return
    good = 0
    for name in names or CONFIGURATIONS:
        told, taken = (
            int(subprocess.run([sys.executable, "-m", "benchmarks.memory", "--one", what, name], check=True,
                               capture_output=True, text=True).stdout)
            for what in ("told", "taken")
        )  # fmt: skip
        good += 0.8 <= told / taken <= 1.2
        print(f"{name:30} told {told / 1e6:7.1f} MB, taken {taken / 1e6:7.1f} MB: {told / taken:5.2f}", flush=True)
    print(f"{good} of {len(names or CONFIGURATIONS)} within 20 %")


if __name__ == "__main__":
    main(sys.argv[1:])
