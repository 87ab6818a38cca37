"""Networks piece by piece: delivery, construction, memory, size, threads."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

import fastneuron as fn
from fastneuron._engine.network_recipe import checked_network
from fastneuron._engine.network_scheduler import NetworkAtWork
from fastneuron._kernel import threads as _threads

from ..asked import Asked
from ..memory import status
from ..paired import DISTRUST, Paired, paired
from ..tasks import DELAY, WEIGHT, Cobahh

EXC, INH = fn.Exponential(tau=5.0, E=0.0), fn.Exponential(tau=10.0, E=-80.0)
FAINT = 1e-9  # mS/cm^2: events that excite nobody


class Finding(NamedTuple):
    """What was measured, and what is wanted of it: at least or at most so much."""

    what: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    floor: float | None = None  # noise, as a fraction of the value, where a ratio is claimed


def cobahh(n: int = 4000, **options: Any) -> Callable[[float], Any]:
    """A network of benchmark 3 of Brette et al. (2007), 80 synapses on each neuron; runs for some ms when called."""
    cells = fn.Population(fn.TraubMiles.cobahh(), n, {"exc": EXC, "inh": INH}, threshold=-20.0)
    excitatory = 4 * n // 5
    ends = {"exc": cells[:excitatory], "inh": cells[excitatory:]}
    rule = fn.FixedProbability(80 / n)
    synapses = [fn.Projection(pre, cells, name, rule, weight=WEIGHT[name], delay=DELAY) for name, pre in ends.items()]
    net, initial = fn.Network({"cells": cells}, synapses, seed=1), {"cells": Cobahh(0.0, n).initial}
    return lambda duration: fn.simulate(net, duration, initial=initial, **{"threads": 1} | options)


class Stepper:
    """A network at work, made and wired, that goes on by so many steps a call; it counts the spikes."""

    def __init__(self, net: fn.Network, dt: float, steps: int, threads: int = 1) -> None:
        asked = inspect.signature(fn.simulate).bind(net, 1e6 * steps * dt, dt)
        asked.apply_defaults()
        recipe = checked_network(asked.arguments)
        self.work, self.chunks = NetworkAtWork(recipe, threads), recipe.chunks(steps)
        self.calls = self.spikes = 0

    def __call__(self) -> None:
        """Go on."""
        self.work.advance([next(self.chunks)], lambda done: None, self._count)

    def _count(self, result: Any) -> None:
        self.calls += 1
        self.spikes += sum(part.spike_time.size for part in result.parts.values())


def _noise(found: Paired) -> float:
    return max(found.floor, found.spread)


def _delivery(what: str, n: int, degree: int, at_most: float, quick: bool, **options: Any) -> Finding:
    """ns of an event: what a network takes more than one of the same neurons and sources, almost without synapses."""
    n, degree = (1024, 50) if quick else (n, degree)
    options = {"weight": FAINT, "delay": 0.5, **options}

    def made(coupled: bool) -> Stepper:
        source = fn.PoissonSource(n, 100.0)
        cells = fn.Population(fn.MorrisLecar.hopf(), n, {"exc": EXC})
        bare = {"weight": FAINT, "delay": 0.5}
        to_all = fn.Projection(source, cells, "exc", fn.FixedOutDegree(degree), **options)
        to_one = fn.Projection(source[:1], cells[:1], "exc", fn.OneToOne(), **bare)
        return Stepper(fn.Network({"source": source, "cells": cells}, [to_all if coupled else to_one]), 0.1, steps)

    steps = 10 if quick else max(20, 4_000_000 // n)
    coupled, bare = made(True), made(False)
    found = paired(coupled, bare, 1 if quick else 5, 0.0, process_time)
    events = degree * coupled.spikes / coupled.calls
    noise = _noise(found) * found.a / abs(found.a - found.b)
    return Finding(what, 1e9 * (found.a - found.b) / events, "ns an event", at_most=at_most, floor=noise)


def delivery(quick: bool) -> list[Finding]:
    """Of spikes of Poisson sources, as many as neurons, at 100 Hz, along synapses of fixed out-degree."""
    return [
        _delivery("one delay, inbox in L2: 4,096 x 1,000", 4096, 1000, 3.0, quick),
        _delivery("one delay: 100,000 x 1,000", 100_000, 1000, 5.0, quick),
        _delivery("a delay each: 4,096 x 1,000", 4096, 1000, 12.0, quick, delay=fn.Uniform(0.5, 3.0)),
        _delivery("made anew: 4,096 x 1,000", 4096, 1000, 3.0, quick, stored=False),
        _delivery("made anew: 100,000 x 1,000", 100_000, 1000, 3.0, quick, stored=False),
    ]


def _elsewhere(quick: bool, function: str, *arguments: Any, **environment: str) -> Any:
    """What a function of this module answers in a process of its own."""
    call = f"import json; from benchmarks.parts import pieces as it; print(json.dumps(it.{function}(*{arguments!r})))"
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", call], env={**os.environ, "PYTHONPATH": path, **environment},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def _random(n: int, rule: Any, weight: Any = FAINT, **options: Any) -> fn.Network:
    cells = fn.Population(fn.MorrisLecar.hopf(), n, {"exc": EXC})
    return fn.Network({"cells": cells}, [fn.Projection(cells, cells, "exc", rule, weight=weight, delay=1.5, **options)])


def construct(n: int, degree: int, weights: bool) -> tuple[float, float]:
    """Seconds and bytes for each synapse, at the peak, of wiring a network on all cores."""
    drawn = fn.Normal(FAINT, 0.1 * FAINT) if weights else FAINT
    Stepper(_random(1000, fn.FixedProbability(0.1), drawn), 0.1, 1, _threads.available())  # compiles
    net = _random(n, fn.FixedProbability(degree / n), drawn)
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    begin = perf_counter()
    wired = Stepper(net, 0.1, 1, _threads.available()).work.wired
    return perf_counter() - begin, (status("VmHWM") - before) / wired.synapses


def construction(quick: bool) -> list[Finding]:
    """Of 100,000 neurons with 1,000 synapses each by `FixedProbability`, on all cores."""
    size = (1000, 100) if quick else (100_000, 1000)
    (plain, bytes_plain), (drawn, bytes_drawn) = (_elsewhere(quick, "construct", *size, own) for own in (False, True))
    return [
        Finding("10^8 synapses of one weight", plain, "s", at_most=15.0),
        Finding("of it, memory", bytes_plain, "bytes a synapse", at_most=4.5),
        Finding("10^8 synapses, a weight drawn for each", drawn, "s"),
        Finding("of it, memory", bytes_drawn, "bytes a synapse", at_most=8.5),
    ]


def peak_anew(n: int, degree: int) -> float:
    """Megabytes of the whole process at the peak of a run whose synapses are not stored; every neuron has a spike."""
    fn.simulate(
        _random(n, fn.FixedOutDegree(degree), stored=False),
        2.0,
        0.1,
        initial={"cells": {"V": np.linspace(-10.0, 10.0, n)}},
    )
    return status("VmHWM") / 1e6


def memory(quick: bool) -> list[Finding]:
    """Of 10^9 synapses that are made anew at every spike."""
    peak = _elsewhere(quick, "peak_anew", *((1000, 100) if quick else (100_000, 10_000)))
    return [Finding("10^9 synapses, stored=False: the whole process", peak, "MB", at_most=1000.0)]


def size(quick: bool) -> list[Finding]:
    """A small network against a large one."""
    few, many, ms = 100, 1000 if quick else 10_000, 1.0 if quick else 20.0
    small, large = cobahh(few), cobahh(many)
    times = many // few
    found = paired(partial(large, ms), partial(small, ms * times), *_rounds(quick), process_time)
    told = "time of a neuron-step, 100 neurons / 10,000"
    return [Finding(told, found.ratio, "", at_most=1.5, floor=_noise(found))]


def _rounds(quick: bool) -> tuple[int, float]:
    return (1, 0.0) if quick else (4, 0.3)


def coupling(quick: bool) -> list[Finding]:
    """A network against the same neurons uncoupled: COBAHH, and populations without any synapse."""
    ms = 1.0 if quick else 500.0  # making the synapses is a part of it
    n, initial = 4000, Cobahh(0.0).initial["V"]
    findings = []
    for method, dt in (("rk4", 0.05), ("staggered", 0.1)):
        options = {"dt": dt, "method": method, "threads": 1}
        together = partial(cobahh(**options), ms)
        alone = partial(fn.simulate, fn.TraubMiles.cobahh(), ms, initial={"V": initial}, **options)
        found = paired(together, alone, *_rounds(quick), process_time)
        wanted = 0.8 if method == "rk4" else None
        told = f"COBAHH's speed / that of its neurons uncoupled, {method}"
        findings.append(Finding(told, found.ratio, "", at_least=wanted, floor=_noise(found)))
    for name, model in (("TraubMiles", fn.TraubMiles.cobahh()), ("MorrisLecar", fn.MorrisLecar.hopf())):
        current = np.linspace(0.0, 3.0, n) if name == "TraubMiles" else np.linspace(80.0, 130.0, n)
        net = fn.Network({"cells": fn.Population(model, n, current=current)})
        bare = partial(fn.simulate, net, ms, threads=1)
        alone = partial(fn.simulate, model, ms, current=current, threads=1)
        found = paired(bare, alone, *_rounds(quick), process_time)
        told = f"a network without synapses / `simulate` on its population, {name}"
        findings.append(Finding(told, found.ratio, "", at_least=0.97, floor=_noise(found)))
    return findings


def threads(quick: bool) -> list[Finding]:
    """COBAHH on two threads."""
    ms, findings = 1.0 if quick else 500.0, []
    for method, dt in (("rk4", 0.05), ("staggered", 0.1)):
        one, two = (cobahh(dt=dt, method=method, threads=count) for count in (1, 2))
        found = paired(partial(two, ms), partial(one, ms), *_rounds(quick), perf_counter)
        told = f"COBAHH, two threads / one, {method}"
        findings.append(Finding(told, found.ratio, "", at_least=1.85, floor=_noise(found)))
    return findings


PIECES = {one.__name__: one for one in (delivery, construction, memory, size, coupling, threads)}
QUICK = ("size",)  # the other pieces compile other kernels


def measure(asked: Asked) -> dict[str, Any]:
    """A row for each finding."""
    rows = []
    for name in QUICK if asked.quick else PIECES:
        asked.tell(name)
        rows += [{"file": "fastneuron", **finding._asdict()} for finding in PIECES[name](asked.quick)]
    return {"rows": rows, "missing": {}}


def page(found: dict[str, Any]) -> list[str]:
    """The table."""
    rows = [Finding(**{name: row[name] for name in Finding._fields}) for row in found["rows"]]
    return ["| what | measured | wanted | noise |", "|---|--:|--:|--:|", *map(_line, rows)]


def _line(row: Finding) -> str:
    wanted = f"at least {row.at_least:g}" if row.at_least else f"at most {row.at_most:g}" if row.at_most else ""
    noise = "" if row.floor is None else f"{row.floor:.1%}{' DISTRUST' if row.floor > DISTRUST else ''}"
    return f"| {row.what} | {row.value:.3g} {row.unit} | {wanted} | {noise} |"
