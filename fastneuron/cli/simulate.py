"""``fastneuron simulate``: a population, from numbers on the command line to a file and a figure."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from .. import _check, models
from .._engine.executors import threads_each
from .._engine.resources import memory_left
from .._engine.run import Run
from .._integrators import METHODS
from .._simulate import simulate
from ..models import Model
from .destination import drawable, writable

LONG = 200_000_000  # neuron-steps, some seconds: worth a progress bar
BYTES = 65  # per neuron, at least
SPREAD = re.compile(r"(?P<low>[^:]+):(?P<high>[^:]+)|(?P<mean>.+)\+-(?P<sd>.+)")
VALUE = "a number, LOW:HIGH (evenly spaced over the neurons) or MEAN+-SD (normally distributed)"


def add(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = f"A value is {VALUE}."
    parser.set_defaults(command=run)
    add = parser.add_argument
    add("--model", default="morris-lecar", metavar="NAME", help=f"{', '.join(_models())} (default: %(default)s)")
    add("--preset", metavar="NAME", help="a published parameter set of the model; its defaults otherwise")
    add("--neurons", type=int, default=1000, metavar="N", help="size of the population (default: %(default)s)")
    add("--current", default="0", metavar="VALUE", help="injected current, uA/cm^2; write --current=-5:5 if negative")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter; may be repeated")
    add("--initial", action="append", default=[], metavar="NAME=VALUE", help="an initial state; may be repeated")
    add("--duration", type=float, default=1000.0, metavar="MS", help="how long, ms (default: %(default)g)")
    add("--dt", type=float, default=0.05, metavar="MS", help="step, ms (default: %(default)g)")
    add("--method", default="rk4", metavar="NAME", help=f"{', '.join(METHODS)} (default: %(default)s)")
    add("--record", metavar="STATES", help="states to sample, as in V or V,N, and I, the injected current")
    add("--every", type=int, default=1, metavar="STEPS", help="steps between samples (default: %(default)s)")
    add("--seed", type=int, default=0, help="of the normally distributed values (default: %(default)s)")
    add("--threads", type=int, metavar="N", help="default: one per core")
    add("--out", type=Path, metavar="FILE.npz", help="where to write everything that came out")
    add("--plot", type=Path, metavar="FILE", help="where to draw the raster and the f-I curve: .png, .pdf, .svg")


def run(options: argparse.Namespace) -> None:
    """Simulate a population; say, keep and draw what came out."""
    kinds = _models()
    kind = kinds[_check.known("--model", options.model, kinds)]
    n, room = _check.whole("--neurons", options.neurons, 1), memory_left() // BYTES
    if n > room:
        raise MemoryError(f"--neurons must fit into the memory that is left, about {room:.3g} of them; got {n}")
    generator = np.random.default_rng(_check.whole("--seed", options.seed, 0))
    chosen = _chosen("--set", options.set, n, generator)
    initial = _chosen("--initial", options.initial, n, generator)
    current = _values("--current", options.current, n, generator)
    if options.preset is not None:
        model = getattr(kind, _check.known("--preset", options.preset, kind.presets))(**chosen)
    else:
        model = kind(**chosen)
    writable("--out", options.out, {"npz"})
    draw = None if options.plot is None else _drawing(options.plot)

    arguments: dict[str, Any] = {
        "dt": options.dt,
        "current": np.broadcast_to(current, n),
        "initial": initial,
        "method": options.method,
        "record": options.record and options.record.split(","),
        "every": options.every,
        "threads": options.threads,
    }
    adaptive = METHODS[_check.known("--method", options.method, METHODS)].is_adaptive
    if not adaptive:
        _check.steps(options.duration, options.dt)
    begin = perf_counter()
    simulate(model, min(options.duration, options.dt), **arguments)  # compiles the kernel, or reads it from the cache
    ready = perf_counter() - begin
    bar = n * options.duration / options.dt > LONG and sys.stderr.isatty() and find_spec("tqdm") is not None
    begin = perf_counter()
    done = simulate(model, options.duration, progress=bar, **arguments)
    seconds = perf_counter() - begin

    threads = threads_each(options.threads, None)
    what = type(model).__name__ + (f" ({options.preset})" if options.preset else "")
    print(f"{n:,} {what} neurons, {done.duration:g} ms by {options.method}, dt {done.dt:g} ms, {threads} threads")
    print(f"spikes      {done.spike_count.sum():,}")
    print(f"mean rate   {done.rate.mean():.2f} Hz")
    print(f"wall time   {seconds:.2f} s, and {ready:.2f} s to compile or load the kernel")
    if adaptive:  # nobody counts the steps that each neuron takes
        print(f"speed       {n * done.duration / 1000 / seconds:.1f} neuron-seconds/s")
    else:
        print(f"speed       {n * done.duration / done.dt / seconds / 1e6:.1f} million neuron-steps/s")
    if options.out is not None:
        _save(options.out, done, current)
        print(f"wrote       {options.out}")
    if draw is not None:
        draw(done, current)
        print(f"drew        {options.plot}")


def _models() -> dict[str, type[Model]]:
    """Every model, by its name on the command line: MorrisLecar is morris-lecar."""
    found = [kind for kind in vars(models).values() if isinstance(kind, type) and issubclass(kind, Model)]
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower(): kind for kind in found if kind is not Model}


def _chosen(option: str, given: Sequence[str], n: int, generator: np.random.Generator) -> dict[str, Any]:
    """Values by name, from all that an option was given."""
    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise ValueError(f"{option} takes NAME=VALUE, as in V3=2 or V3=0:4; got {text!r}")
        if name in found:
            raise ValueError(f"{option} must name {name} at most once; got it again in {text!r}")
        found[name] = _values(f"{option} {name}", value, n, generator)
    return found


def _values(name: str, text: str, n: int, generator: np.random.Generator) -> float | np.ndarray:
    match = SPREAD.fullmatch(text)
    try:
        if match is None:
            return float(text)
        if match["low"] is not None:
            return np.linspace(float(match["low"]), float(match["high"]), n)
        return generator.normal(float(match["mean"]), float(match["sd"]), n)
    except ValueError:
        raise ValueError(f"{name} must be {VALUE}; got {text!r}") from None


def _drawing(path: Path) -> Callable[[Run, Any], None]:
    drawable("--plot", path)
    from .. import plot

    return lambda run, current: plot.summary(run, current).savefig(path)


def _save(path: Path, run: Run, current: float | np.ndarray) -> None:
    np.savez(
        path,
        allow_pickle=False,
        model=type(run.model).__name__,
        duration=run.duration,
        dt=run.dt,
        current=current,
        spike_count=run.spike_count,
        spike_neuron=run.spikes.neuron,
        spike_time=run.spikes.time,
        time=run.time,
        neurons=run.neurons,
        **{f"parameter_{name}": value for name, value in run.model.parameters.items()},
        **{f"final_{name}": value for name, value in run.state.items()},
        **{f"trace_{name}": value for name, value in run.traces.items()},
    )
