"""Whether a run fits into memory and onto the disk, by counting what it will hold."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import _check
from ..inputs.current import Constant, Current, Sum
from .plan import Plan
from .recipe import Recipe
from .summary import is_rate, is_timed
from .trial import spikes_of

if TYPE_CHECKING:
    from .network_recipe import SourceRecipe

PER_THREAD = 2_000_000  # bytes: of its list of spikes, what is filled; its stack, and what Python keeps for it
PER_SPIKE = 16
PER_STATE = 8  # of a spike on disk, where several states spike: which it was
MOMENT = 0.1  # s for which a reading of the memory that is left stands: to read it takes 30 us
PLENTY = 100  # times what is needed, where an old reading will do
_lately = -np.inf, 0.0  # when memory was last read, and what was left
LITTLE = 2_000_000  # bytes, of which there are plenty or nothing runs: one neuron for a second is less
FREQUENT = 1.0  # spikes per neuron and ms, which no population has for long


def memory(recipe: Recipe, plan: Plan, spikes: float = 0.0) -> int:
    """Bytes of memory: arrays of the population, samples (of a chunk, if the run goes to disk), spikes."""
    threads = plan.here * PER_THREAD
    own, snapshot = population(recipe)
    found, listed = results(recipe), of_spikes(recipe, spikes)
    if plan.out is not None:
        chunks = -(-recipe.samples // plan.chunk)
        chunk = samples(recipe) * min(plan.chunk / recipe.samples, 1.0)
        going_on = min(chunks, 2.5) * chunk + min(chunks - 1, 3) * snapshot  # under way, done, being written
        return int(own + max(going_on, 2 * snapshot + found) + 2 * listed / chunks) + threads
    whole = own + samples(recipe) + listed + max(listed, found)  # spikes as they come, and in order
    if plan.executor is None:
        return int(whole) + threads
    shard = (snapshot + samples(recipe) + listed) / plan.shards
    arriving = (plan.workers + 1) * shard + listed
    own += _tables(recipe)
    there = plan.workers * (own / plan.shards + 2 * shard) if plan.is_local else 0
    return int(samples(recipe) + listed + found + _held(recipe) + arriving + there) + threads


def population(recipe: Recipe) -> tuple[int, int]:
    """Bytes of all arrays of a population at work, and of those that a snapshot has."""
    snapshot = recipe.n * (len(recipe.initial) * recipe.dtype.itemsize + 8 + 48 * recipe.chosen.is_adaptive)
    snapshot += _summed(recipe) if recipe.summary else 0
    inputs = -_tables(recipe)
    for given in recipe.inputs:
        inputs += given.nbytes(recipe.n)
    parameters = 8 * sum(_check.sizes(recipe.model.parameters).values())
    return snapshot + inputs + parameters + _held(recipe), snapshot


def _summed(recipe: Recipe) -> int:
    """Bytes of what is kept up to date for summaries."""
    spiking = len(recipe.watched)
    timed = 5 * spiking * any(map(is_timed, recipe.summary))
    sampled = 4 * sum(any(name.startswith(f"{state}.") for name in recipe.summary) for state in recipe.variables)
    found = 8 * recipe.n * (timed + sampled)
    if any(name.startswith("population") for name in recipe.summary):
        found += 48 * recipe.samples + 24 * spiking * recipe.bins * any(map(is_rate, recipe.summary))
    return found


def _held(recipe: Recipe) -> int:
    """Bytes of what a recipe has beside what is given: its start, its times, a constant current, which rows to keep."""
    start = 8 * recipe.samples if recipe.record else 0  # their times
    constant = 0
    for value in recipe.initial.values():
        start += value.nbytes if value.ndim else 0
    for part in _parts(recipe):
        constant += part.nbytes(recipe.n) if isinstance(part, Constant) else 0
    return start + constant + 2 * recipe.neurons.nbytes


def _tables(recipe: Recipe) -> int:
    """Bytes of samples of the current, which are there before the run."""
    return sum(part.table.nbytes for part in _parts(recipe))


def _parts(recipe: Recipe) -> tuple[Current, ...]:
    return recipe.current.parts if isinstance(recipe.current, Sum) else (recipe.current,)


def results(recipe: Recipe) -> int:
    """Bytes of the summaries that are worked out of what was kept up to date."""
    if not recipe.summary:
        return 0
    each = [name for name in recipe.summary if not name.startswith("population")]
    return 8 * recipe.n * min(len(each), 6)


def of_spikes(recipe: Recipe, spikes: float) -> int:
    """Bytes of so many spikes."""
    return int(spikes * PER_SPIKE) if recipe.spike_times else 0


def stored_spikes(recipe: Recipe, spikes: float) -> int:
    """Bytes of so many spikes on disk."""
    return of_spikes(recipe, spikes * (1 + PER_STATE / PER_SPIKE * (len(recipe.watched) > 1)))


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
        with open("/proc/meminfo") as lines:
            left = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), np.inf)
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit != "max":
            left = min(left, int(limit) - int(Path("/sys/fs/cgroup/memory.current").read_text()))
    except (OSError, ValueError):  # another system, or no limit
        if left == np.inf and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
            left = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return float(left)


def memory_for(needed: float) -> float:
    """Bytes of memory that this process may still take; where `needed` is next to nothing, as of a moment ago."""
    global _lately
    moment, left = _lately
    now = time.monotonic()
    if now - moment >= MOMENT or needed > left / PLENTY:
        left = memory_left()
        _lately = now, left
    return left


def disk_left(path: str | os.PathLike[str]) -> float:
    """Bytes free where a store is to be."""
    return float(shutil.disk_usage(Path(path).resolve().parent).free)


def check(recipe: Recipe, plan: Plan) -> None:
    """MemoryError or OSError if the run cannot fit."""
    check_memory(recipe, plan)
    if plan.out is not None:
        check_disk(samples(recipe), plan.out)


def check_memory(recipe: Recipe, plan: Plan) -> None:
    """MemoryError if the run cannot fit; where its spikes alone might be too many, a trial tells how many there are."""
    if plan.out is None and not recipe.summary and is_small(recipe) and is_plenty():
        return
    most = recipe.n * recipe.duration * FREQUENT if plan.out is None else 0.0
    needed = memory(recipe, plan, most)
    left = memory_for(needed)
    if needed <= left:
        return
    needed, spikes = memory(recipe, plan), 0.0
    if needed <= left:
        spikes = spikes_of(recipe, plan.here)
        needed = memory(recipe, plan, spikes)
    if needed > left:
        advice = "record fewer neurons or less often"
        if plan.out is None:
            advice += ", write the run to disk with out=, or ask for a summary= in place of samples"
        if spikes:
            advice = (
                f"of about {spikes:.2g} spikes, keep counts with spike_times=False, or write the run to disk with out="
            )
        raise MemoryError(f"the run needs {readable(needed)} of memory, and {readable(left)} are left: {advice}")


def is_plenty() -> bool:
    """Whether there was memory for any small run a moment ago."""
    return memory_for(LITTLE) >= PLENTY * LITTLE


def is_small(recipe: Recipe) -> bool:
    """Whether all samples and spikes of a run are less than `LITTLE`, which takes a tenth of the time of counting."""
    return recipe.n * len(recipe.initial) * max(recipe.samples, recipe.duration * FREQUENT) * 2 * PER_SPIKE <= LITTLE


def check_results(parts: Iterable[Recipe | SourceRecipe]) -> None:
    """MemoryError if what a stored run has come to cannot be held, its samples and spikes apart."""
    n, needed = 0, 0
    for part in parts:
        n += part.n
        needed += 8 * part.n * (1 + len(part.variables))
    if needed > (left := memory_left()):
        raise MemoryError(f"{n} neurons need {readable(needed)} of memory, and {readable(left)} are left")


def check_disk(needed: float, path: str | os.PathLike[str]) -> None:
    """OSError if so many bytes of samples cannot fit at a path."""
    left = disk_left(path)
    if needed > left and Path(path).exists():  # to be replaced
        left += sum(file.stat().st_size for file in Path(path).rglob("*") if file.is_file())
    if needed > left:
        raise OSError(
            f"the samples are {readable(needed)} on disk, and {readable(left)} are left at "
            f"{str(Path(path).resolve().parent)!r}: record fewer neurons or less often"
        )
