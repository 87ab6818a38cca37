"""How many small circuits a second, and what 20 million would take: ``python -m benchmarks.circuits``.

Prinz, Bucher & Marder (2004, Nat Neurosci 7:1345) simulated 20,250,000 versions of the pyloric network, three cells and
seven synapses of graded strengths, on a cluster, and asked which have its rhythm.  Here the cells are the Morris-Lecar
neurons of Skinner, Kopell & Marder (1994), so each circuit is cheaper than theirs by a factor that is not claimed; the
question is the same: PD, LP and PY take turns in this order, once each in a period.
"""

from __future__ import annotations

from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

import fastneuron as fn
from fastneuron._kernel import threads as _threads

from .asked import Asked, machine, where
from .command import measured

CELLS = ("PD", "LP", "PY")
SYNAPSES = ("PD-LP", "PD-PY", "LP-PD", "LP-PY", "PY-LP", "PY-PD")
LEVELS = (0.0, 0.002, 0.005, 0.01)  # mS/cm^2
CURRENT = {"PD": 0.8, "LP": 0.75, "PY": 0.7}  # uA/cm^2
APART = {"PD.V": 20.0, "LP.V": -40.0, "PY.V": -30.0}
DT = 1.0  # ms: the cells' fastest time constant is 30
SECONDS = 30.0  # of each circuit
PUBLISHED = 20_250_000


class Found(NamedTuple):
    """What was measured."""

    circuits: int
    seconds: float  # of each circuit
    wall: float
    cpu: float
    rhythmic: int

    @property
    def rate(self) -> float:
        """Circuit-seconds a second of CPU time."""
        return self.circuits * self.seconds / self.cpu


def circuits(levels: tuple[float, ...]) -> fn.Circuit:
    """A circuit for every choice of a strength for every synapse."""
    cell, kind = fn.Circuit.half_centre().cells["A"], fn.Graded(E=-80.0, half=0.0, slope=2.0)
    whole = fn.Circuit(dict.fromkeys(CELLS, cell), [fn.Coupling(*name.split("-"), kind) for name in SYNAPSES])
    grid = np.meshgrid(*[levels] * len(SYNAPSES), indexing="ij")
    return whole.replace(**{f"{name}.weight": axis.ravel() for name, axis in zip(SYNAPSES, grid, strict=True)})


def rhythmic(spikes: fn.Spikes) -> np.ndarray:
    """Whether in the last three periods of PD, LP and then PY begin once each, (n,)."""
    found = np.zeros(len(spikes), bool)
    for i, (pd, lp, py) in enumerate(zip(*(spikes[f"{cell}.V"] for cell in CELLS), strict=True)):
        if pd.size < 5:
            continue
        edges = pd[-4:]
        first, second = (np.searchsorted(each, edges) for each in (lp, py))
        once = (np.diff(first) == 1).all() and (np.diff(second) == 1).all()
        found[i] = once and (lp[first[:-1]] < py[second[:-1]]).all()
    return found


def measure(seconds: float, levels: tuple[float, ...] = LEVELS, threads: int = 1) -> Found:
    """Simulate all of them, after a call that compiles."""
    whole = circuits(levels)
    given = {"dt": DT, "current": CURRENT, "initial": APART, "threads": threads}
    fn.simulate(whole, DT, **given)
    wall, cpu = perf_counter(), process_time()
    run = fn.simulate(whole, 1000.0 * seconds, **given)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    return Found(whole.size, seconds, wall, cpu, int(rhythmic(run.spikes).sum()))


def markdown(found: dict[str, Any]) -> str:
    """In sentences."""
    it = Found(**{name: found[name] for name in Found._fields})
    return (
        f"{it.circuits:,} circuits of three cells for {it.seconds:g} s each, {found['threads']} threads: "
        f"{it.wall:.1f} s ({it.cpu:.1f} s of cores).\n{it.rhythmic:,} have the rhythm PD, LP, PY.\n"
        f"{it.rate:,.0f} circuit-seconds a second of a core; {PUBLISHED:,} such circuits take "
        f"{PUBLISHED * it.seconds / it.rate / 3600:.1f} hours of one.\n\n{where(found['machine'])}\n"
    )


def _measure(asked: Asked) -> dict[str, Any]:
    threads = _threads.available()
    found = measure(*((1.0, LEVELS[:2]) if asked.quick else (SECONDS, LEVELS)), threads)
    return {"machine": machine(), "threads": threads, **found._asdict()}


if __name__ == "__main__":
    measured("circuits", __doc__, _measure, markdown)
