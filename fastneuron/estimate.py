"""What a run will take, before it starts."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from ._engine import resources
from ._engine.plan import planned
from ._engine.recipe import checked
from ._engine.trial import trial
from ._storage.layout import check_path
from .simulate import simulate


@dataclass(frozen=True)
class Estimate:
    """What a run will take.

    Attributes
    ----------
    memory : int
        Bytes, at most at one time, beside the model and the current that are given; with an executor of this machine,
        its workers' included.
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
    TypeError, ValueError, FileExistsError
        If `simulate` would refuse an argument.  That the run does not fit is no error here: it is told.

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
    if plan.out is not None:
        check_path(plan.out, plan.overwrite)
    seconds, spikes = trial(recipe, plan.threads)
    disk = 0 if plan.out is None else resources.samples(recipe) + resources.of_spikes(recipe, spikes)
    return Estimate(resources.memory(recipe, plan, spikes), disk, seconds / plan.workers, spikes)
