"""Whether a run fits into memory and onto the disk, by counting what it will hold."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from .plan import Plan
from .recipe import Recipe
from .summary import RATE

PER_THREAD = 20_000_000  # bytes of a thread's list of spikes
PER_SPIKE = 16


def memory(recipe: Recipe, plan: Plan, spikes: float = 0.0) -> int:
    """Bytes of memory: arrays of the population, samples (of a chunk, if the run goes to disk), spikes."""
    state = recipe.n * len(recipe.initial) * recipe.dtype.itemsize
    arrays = state + 8 * recipe.n * (1 + 6 * recipe.chosen.is_adaptive)
    arrays += sum(np.size(value) * 8 for value in recipe.model.parameters.values())
    arrays += sum(given.nbytes(recipe.n) for given in recipe.inputs)
    arrays += 8 * recipe.n * 9 * bool(recipe.summary)
    if any(name.startswith("population") for name in recipe.summary):
        arrays += 48 * recipe.samples + 24 * recipe.bins * (RATE in recipe.summary)
    if plan.out is None:
        return int(arrays + samples(recipe) + spikes * PER_SPIKE * 2) + plan.here * PER_THREAD
    kept = 3 * samples(recipe) * min(plan.chunk / recipe.samples, 1.0)  # being filled, full, being written
    return int(3 * arrays + kept) + plan.here * PER_THREAD


def samples(recipe: Recipe) -> int:
    """Bytes of all that is recorded."""
    return len(recipe.record) * recipe.neurons.size * recipe.samples * recipe.dtype.itemsize


def readable(size: float) -> str:
    """A number of bytes for people."""
    power = min(int(np.log10(max(size, 1)) // 3), 4)
    return f"{size / 1000**power:.3g} {('bytes', 'kB', 'MB', 'GB', 'TB')[power]}"


def memory_left() -> float:
    """Bytes of memory that this process may still take."""
    left = np.inf
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                left = int(line.split()[1]) * 1024
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit != "max":
            left = min(left, int(limit) - int(Path("/sys/fs/cgroup/memory.current").read_text()))
    except (OSError, ValueError):  # another system, or no limit
        if left == np.inf and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
            left = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return float(left)


def disk_left(path: str | os.PathLike[str]) -> float:
    """Bytes free where a store is to be."""
    return float(shutil.disk_usage(Path(path).resolve().parent).free)


def check(recipe: Recipe, plan: Plan) -> None:
    """MemoryError or OSError if the run cannot fit."""
    needed, left = memory(recipe, plan), memory_left()
    if needed > left:
        advice = "record fewer neurons or less often"
        if plan.out is None:
            advice += ", write the run to disk with out=, or ask for a summary= in place of samples"
        raise MemoryError(f"the run needs {readable(needed)} of memory, and {readable(left)} are left: {advice}")
    if plan.out is not None:
        _check_disk(recipe, plan.out)


def _check_disk(recipe: Recipe, path: str | os.PathLike[str]) -> None:
    needed, left = samples(recipe), disk_left(path)
    if needed > left and Path(path).exists():  # to be replaced
        left += sum(file.stat().st_size for file in Path(path).rglob("*") if file.is_file())
    if needed > left:
        raise OSError(
            f"the samples are {readable(needed)} on disk, and {readable(left)} are left at "
            f"{str(Path(path).resolve().parent)!r}: record fewer neurons or less often"
        )
