"""Derivatives of runs against runs, fits, and cycles with their phase responses against XPPAUT's; all in CPU time."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from time import process_time
from typing import Any

import numpy as np

import fastneuron as fn

from ..asked import Asked
from ..paired import paired, until_quiet
from . import rows, tables

CURRENT = 100.0
FREE = {"g_Ca": (3.0, 6.0), "g_K": (5.0, 12.0), "g_L": (1.0, 3.0), "phi": (0.02, 0.08)}


def measure(asked: Asked) -> dict[str, Any]:
    """Rows beside XPPAUT; and, where ours is wanted, what directions and fits take."""
    found = rows.measure("dynamics", asked)
    if asked.wants("fastneuron"):
        found |= {"sensitivities": list(_sensitivities(asked.quick)), "fits": _fits(asked.quick)}
    return found


def _sensitivities(quick: bool) -> Iterator[dict[str, Any]]:
    """What directions cost beside the run."""
    n, duration = (64, 5.0) if quick else (1024, 200.0)
    options = {"current": np.linspace(90.0, 120.0, n), "threads": 1, "spike_times": False}
    for method in ("rk4",) if quick else ("rk4", "dop853"):
        bare = partial(fn.simulate, fn.MorrisLecar.hopf(), duration, method=method, **options)
        for names in (("g_K",),) if quick else (("g_K",), ("g_K", "V3", "phi", "current")):
            asked = partial(bare, sensitivity=names)
            attempt = partial(paired, bare, asked, *((1, 0.0) if quick else (5, 0.1)), process_time)
            found = until_quiet(attempt, 1 if quick else 3)
            yield {"method": method, "directions": len(names), "times": found.ratio, "floor": found.floor}


def _fits(quick: bool) -> dict[str, Any]:
    """Four parameters of a noisy trace of 200 ms: of each seed the largest relative error, and seconds."""
    model, errors, seconds = fn.MorrisLecar.hopf(), [], []
    clean = fn.simulate(model, 200.0, current=CURRENT, record="V")["V"][0]
    truth = np.array([getattr(model, name) for name in FREE])
    for seed in range(0 if quick else 10):  # what it needs to compile is what `_sensitivities` does
        data = clean + np.random.default_rng(seed).normal(0.0, 2.0, clean.size)
        begin = process_time()
        found = fn.fit(fn.MorrisLecar(), data, FREE, current=CURRENT, seed=seed)
        seconds.append(process_time() - begin)
        errors.append(float(abs(np.array([*found.parameters.values()]) / truth - 1).max()))
    return {"errors": errors, "seconds": seconds}


def page(found: dict[str, Any]) -> list[str]:
    """Two tables and a paragraph."""
    errors, seconds = found["fits"]["errors"], found["fits"]["seconds"]
    lines = []
    if errors:
        lines += [
            f"`fn.fit`, {', '.join(FREE)} of a trace of 200 ms with 2 mV of noise at each of 4,001 samples: to 1 % in",
            f"{sum(error < 0.01 for error in errors)} of {len(errors)} seeds, the largest error {max(errors):.2%};",
            f"{statistics.median(seconds):.2g} s of CPU time each, once the kernels are compiled.",
            "",
        ]
    lines += ["| `MorrisLecar.hopf`, method | directions | times a run without | A/A |", "|---|--:|--:|--:|"]
    for row in found["sensitivities"]:
        lines.append(f"| {row['method']} | {row['directions']} | {row['times']:.2f} | {row['floor']:.1%} |")
    return [
        *lines,
        "",
        "Cycles of neurons that each have their own V3, and their phase responses at 200 phases; ours with multipliers",
        "and dT/dI, of 10,000 at once, its errors below 1e-12 and 1e-9 in its tests.",
        "",
        *tables.cycles(found["rows"]),
        "",
        "AUTO has multipliers too, as it follows a branch: some 3 ms a point, 0.6 s a neuron where each is another.",
        "Where AUTO and MatCont stay ahead: curves of homoclinic orbits, period doublings, delay equations.",
    ]
