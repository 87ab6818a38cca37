"""fastneuron itself."""

from collections.abc import Callable

import numpy as np

import fastneuron as fn

from ..tasks import (
    DELAY,
    GAP,
    RATE,
    TAU_SYNAPSE,
    TRANSMISSION,
    WEIGHT,
    Brunel,
    Cobahh,
    Cycles,
    Forward,
    GapJunctions,
    Network,
    Population,
    Training,
)

PACKAGE = "fastneuron"


def version() -> str:
    """Its own, installed or not."""
    return f"fastneuron {fn.__version__}"


def population(task: Population, threads: int, **options: float | str) -> Callable[[], np.ndarray]:
    """`simulate`."""
    model = {"morris_lecar": fn.MorrisLecar.hopf, "hodgkin_huxley": fn.HodgkinHuxley.squid}[task.model]()
    if task.every:
        options |= {"record": "V", "every": task.every}
    current = task.current
    return lambda: fn.simulate(model, task.steps * task.dt, task.dt, current, threads=threads, **options).state["V"]


def cobahh(task: Cobahh, threads: int, dt: float = 0.05, **options: str) -> Callable[[], Callable[[], np.ndarray]]:
    """`simulate`, which makes the synapses anew in each run."""
    receptors = {"exc": fn.Exponential(tau=5.0, E=0.0), "inh": fn.Exponential(tau=10.0, E=-80.0)}
    cells = fn.Population(fn.TraubMiles.cobahh(), task.n, receptors, threshold=-20.0)
    projections = [
        fn.Projection(cells, cells, name, ends, weight=WEIGHT[name], delay=DELAY)
        for name, ends in task.synapses.items()
    ]
    net, closed = fn.Network({"cells": cells}, projections), {"m": 0.0, "h": 0.0, "n": 0.0}
    initial = {"cells": {**task.initial, **closed}}

    def run() -> Callable[[], np.ndarray]:
        found = fn.simulate(net, task.duration, dt, initial=initial, threads=threads, **options)["cells"]
        return lambda: found.state["V"] if task.final else task.activity(found.spikes.neuron, found.spikes.time)

    return run


def brunel(task: Brunel, threads: int, dt: float = 0.1, **options: str) -> Callable[[], Callable[[], np.ndarray]]:
    """`simulate`, which makes the synapses anew in each run; V is 0 at first, as with the others."""
    if task.synapse == "delta":
        receptor, drive = fn.Delta(), fn.PoissonJumps(task.input_rate, task.weight)
    else:
        receptor = fn.ExponentialCurrent(TAU_SYNAPSE)
        drive = fn.PoissonCurrent(task.input_rate, task.weight, TAU_SYNAPSE)
    cells = fn.Population(fn.LeakyIntegrateAndFire.brunel(), task.n, {"psp": receptor}, noise=drive)
    ends = {1.0: cells[: task.excitatory], -task.g: cells[task.excitatory :]}
    projections = [
        fn.Projection(pre, cells, "psp", fn.FixedInDegree(degree), weight=factor * task.weight, delay=TRANSMISSION)
        for (factor, pre), degree in zip(ends.items(), task.degrees, strict=True)
    ]
    net = fn.Network({"cells": cells}, projections, seed=task.seed)

    def run() -> Callable[[], np.ndarray]:
        found = fn.simulate(net, task.duration, dt, initial={"cells": {"V": 0.0}}, threads=threads, **options)
        spikes = found["cells"].spikes
        return lambda: task.activity(spikes.neuron, spikes.time)

    return run


def cycles(task: Cycles, threads: int) -> Callable[[], np.ndarray]:
    """`cycles`, with multipliers and dT/dI, and `phase_response` at 200 phases."""
    model = fn.MorrisLecar.hopf(V3=task.V3)

    def run() -> np.ndarray:
        found = fn.cycles(model, 100.0)
        return np.array([found.period[-1], fn.phase_response(found, 200).gradient["V"][-1].max()])

    return run


def gapjunctions(task: GapJunctions, threads: int, dt: float = 0.05, **options: str) -> Callable[[], np.ndarray]:
    """`simulate`, which makes the entries anew in each run."""
    cells = fn.Population(fn.MorrisLecar.hopf(), task.n, current=task.current)
    net = fn.Network({"cells": cells}, [fn.Coupling(cells, cells, fn.GapJunction(), task.ends, weight=GAP)])
    options |= {"initial": {"cells": task.initial}, "threads": threads}
    return lambda: fn.simulate(net, task.duration, dt, **options)["cells"].state["V"]


def training(task: Training, threads: int) -> Callable[[], np.ndarray]:
    """`Perceptron.train`."""
    X, y = task.rows

    def train() -> np.ndarray:
        layer = fn.Perceptron(X.shape[1], 10, dtype=X.dtype)
        layer.train(X, y, task.epochs, tie="margin", threads=threads)
        return np.column_stack([layer.weights, layer.bias])

    return train


def forward(task: Forward, threads: int) -> Callable[[], np.ndarray]:
    """`Perceptron.forward`."""
    X, W, b = task.arrays
    layer = fn.Perceptron(task.R, task.S, "linear", X.dtype)
    layer.weights, layer.bias = W, b
    return lambda: layer.forward(X, threads)


def network(task: Network, threads: int) -> Callable[[], Callable[[], np.ndarray]]:
    """`MLP.train`; many nets are an ensemble."""
    X, y, held_out, _ = task.rows
    shape = {"output": "softmax", "loss": "cross_entropy", "seed": 0, "dtype": X.dtype}

    def train() -> Callable[[], np.ndarray]:
        if task.nets == 1:
            net = fn.MLP(task.layers, **shape)
        else:
            net = fn.MLP.ensemble(task.nets, task.layers, **shape)
        net.train(X, y, epochs=task.epochs, batch_size=task.batch, learning_rate=RATE, threads=threads)
        return lambda: net.predict(held_out)

    return train
