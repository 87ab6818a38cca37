"""Runs that the tests of stores, kills and executors share, and what it means that two runs are the same."""

import inspect
import signal
import subprocess
import time

import numpy as np

import fastneuron as fn
from fastneuron._engine.checked import checked
from fastneuron._storage.store import Store

SUMMARY = ("V.mean", "V.max", "N.var", "population.V.mean", "population.rate", "isi.mean", "isi.cv", "spike.first")


def arguments(method="rk4", n=300, duration=200.0, **more):
    """Arguments of `simulate` for a population in which everything varies."""
    noise = {"noise": fn.OrnsteinUhlenbeck(5.0, 3.0), "seed": 2**64 - 3} if method == "heun" else {}
    return {
        "model": fn.MorrisLecar.hopf(V3=np.linspace(0, 4, n)),
        "duration": duration,
        "current": np.linspace(80, 130, n) + fn.Step(10.0, 30.0, 61.0),
        "method": method,
        "record": ("V", "N"),
        "sample_interval": 1.0,
        "summary": SUMMARY,
        **noise,
        **more,
    }


def recipe_of(*arguments, **named):
    """The recipe that arguments of `simulate` describe."""
    asked = inspect.signature(fn.simulate).bind(*arguments, **named)
    asked.apply_defaults()
    return checked(asked.arguments)


def interrupt(command, store):
    """Start a command that writes a run, and press Ctrl-C once there is a checkpoint; that is how it must end."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        while not (store / "progress" / "0.npz").exists():
            assert child.poll() is None, child.stderr.read()
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert said.strip().endswith("KeyboardInterrupt")


def interrupt_before_the_end(monkeypatch):
    """Ctrl-C when all chunks are written, before the store says that the run is finished."""

    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "run", interrupted)


def assert_same(one, other, spikes=True):
    """Every bit of two runs; without the times of spikes, where they were not kept."""
    for name in ("duration", "spike_count", "time", "neurons"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    if spikes:
        assert np.array_equal(one.spikes.neuron, other.spikes.neuron)
        assert np.array_equal(one.spikes.time, other.spikes.time)
    assert list(one.traces) == list(other.traces)
    for name in one.traces:
        assert np.array_equal(np.asarray(one[name]), np.asarray(other[name])), name
    for kind in ("state", "summary"):
        assert list(getattr(one, kind)) == list(getattr(other, kind))
        for name, value in getattr(one, kind).items():
            assert np.array_equal(value, getattr(other, kind)[name], equal_nan=True), name
