"""What a run will take, before it starts."""

from __future__ import annotations

import dataclasses
import inspect
import time
from dataclasses import dataclass
from typing import Any

from ._engine import resources
from ._engine.execute import Memory, execute
from ._engine.plan import planned
from ._engine.recipe import Recipe, checked
from ._engine.run import Run
from .simulate import simulate

TRIAL = 20_000_000  # neuron-steps: some tenths of a second


@dataclass(frozen=True)
class Estimate:
    """What a run will take.

    Attributes
    ----------
    memory : int
        Bytes, at most at one time.
    disk : int
        Bytes; 0 without `out`.
    seconds : float
        Of wall time, once the kernel is compiled.  With an executor, of workers that each have cores like these to
        themselves; of one, if it does not say how many it has, as Dask's does not.
    spikes : float
        Their number, if they stay as frequent as in the trial.
    """

    memory: int
    disk: int
    seconds: float
    spikes: float

    def __str__(self) -> str:
        disk = f", {resources.readable(self.disk)} on disk" if self.disk else ""
        return (
            f"about {self.seconds:.3g} s, {resources.readable(self.memory)} of memory{disk}, {self.spikes:.2g} spikes"
        )


def estimate(*arguments: Any, **named: Any) -> Estimate:
    """What `simulate` would take with the same arguments: memory, disk and time.

    A small part of the population is tried out for a short while; nothing is written.

    Parameters
    ----------
    *arguments, **named
        Those of `simulate`.

    Returns
    -------
    Estimate
        Memory is counted, time and spikes are extrapolated from the trial.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.

    Examples
    --------
    >>> import fastneuron as fn
    >>> model = fn.MorrisLecar.hopf()
    >>> fn.estimate(model, 1000.0, current=[90.0, 100.0], record="V", threads=1).memory < 30e6
    True
    """
    given = inspect.signature(simulate).bind(*arguments, **named)
    given.apply_defaults()
    recipe = checked(given.arguments)
    plan = planned(recipe, given.arguments)
    seconds, spikes = _trial(recipe, plan.threads)
    disk = 0 if plan.out is None else resources.samples(recipe) + int(spikes * resources.PER_SPIKE)
    return Estimate(resources.memory(recipe, plan, spikes), disk, seconds / plan.workers, spikes)


def _trial(recipe: Recipe, threads: int) -> tuple[float, float]:
    """Seconds and spikes of the whole, from those of a part of it."""
    size = min(recipe.n, 4096)
    low = (recipe.n - size) // 2  # from the middle: values that rise from neuron to neuron are average there
    some = recipe.part(low, low + size)
    steps = min(max(TRIAL // some.n, 1), recipe.duration / recipe.dt)
    part = dataclasses.replace(some, duration=min(round(steps) * recipe.dt, recipe.duration))
    if not part.duration:
        return 0.0, 0.0
    nothing = dataclasses.replace(part, duration=min(recipe.dt, recipe.duration))
    _run(nothing, threads)  # compiles
    begin = time.perf_counter()
    run = _run(part, threads)
    elapsed = time.perf_counter() - begin
    times = recipe.n * recipe.duration / (part.n * part.duration)
    return elapsed * times, float(run.spike_count.sum()) * times


def _run(recipe: Recipe, threads: int) -> Run:
    return execute(Memory(recipe), threads, None, lambda done: None)
