"""What a run will take, before it starts."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import _check, _html
from ._engine import network_resources, network_trial, resources
from ._engine.checked import checked
from ._engine.network_recipe import checked_network
from ._engine.plan import planned
from ._engine.trial import trial
from ._simulate import simulate
from ._storage.layout import check_path
from .network.network import Network
from .network.population import Population


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
        Their number, if they stay as frequent as in the trial; in a network, at the `rate`.
    synapses : float
        Their expected number, in a network.
    events : float
        How often a spike reaches a neuron, in a network.
    """

    memory: int
    disk: int
    seconds: float
    spikes: float
    synapses: float = 0.0
    events: float = 0.0

    def _repr_html_(self) -> str:
        rows = [
            ("time", f"{self.seconds:.3g} s"),
            ("memory", resources.readable(self.memory)),
            ("disk", resources.readable(self.disk) if self.disk else "none"),
            ("spikes", f"{self.spikes:.2g}"),
        ]
        if self.synapses:
            rows += [("synapses", f"{self.synapses:.2g}"), ("synaptic events", f"{self.events:.2g}")]
        return _html.table("Estimate", rows)

    def __str__(self) -> str:
        disk = f", {resources.readable(self.disk)} on disk" if self.disk else ""
        network = f", {self.synapses:.2g} synapses, {self.events:.2g} synaptic events" if self.synapses else ""
        return (
            f"about {self.seconds:.3g} s, {resources.readable(self.memory)} of memory{disk}, {self.spikes:.2g} spikes"
            f"{network}"
        )


def estimate(*arguments: Any, rate: float | Mapping[str, float] | None = None, **named: Any) -> Estimate:
    """What `simulate` would take with the same arguments: memory, disk and time.

    A small part of the population is tried out for a short while; nothing is written.  How often the neurons of a
    network fire cannot be told from a part of it: that is `rate`.

    Parameters
    ----------
    *arguments, **named
        Those of `simulate`.
    rate : float or dict of float, optional
        Of a network: how often its neurons fire, Hz, all or by population; 10 Hz where it is not given.  How often
        sources fire stands in them.

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
    if isinstance(given.arguments["model"], Network | Population):
        return _of_network(given.arguments, rate)
    if rate is not None:
        raise ValueError(f"rate is for networks; got {_check.shown(rate)}")
    recipe = checked(given.arguments)
    plan = planned(recipe, given.arguments)
    if plan.out is not None:
        check_path(plan.out, plan.overwrite)
    seconds, spikes = trial(recipe, plan.threads)
    disk = 0 if plan.out is None else resources.samples(recipe) + resources.stored_spikes(recipe, spikes)
    return Estimate(resources.memory(recipe, plan, spikes), disk, seconds / plan.workers, spikes)


def _of_network(asked: Mapping[str, Any], rate: float | Mapping[str, float] | None) -> Estimate:
    recipe = checked_network(asked)
    plan = planned(recipe, asked)
    if plan.out is not None:
        check_path(plan.out, plan.overwrite)
    wanted = "a number of Hz, 0 or more"
    given: Any = network_resources.RATE if rate is None else rate
    for name, value in given.items() if isinstance(given, Mapping) else [(None, given)]:
        if name is not None:
            _check.known("a population in rate", name, recipe.parts)
        _check.number("rate", value, wanted, lambda x: x >= 0)
    sent = network_resources.spikes(recipe, given)
    disk = 0.0
    if plan.out is not None:
        disk = sum(map(resources.samples, recipe.parts.values()))
        disk += sum(resources.stored_spikes(part, sent[name]) for name, part in recipe.parts.items())
        sources = sum(count for name, count in sent.items() if name not in recipe.parts)
        disk += resources.PER_SPIKE * sources * recipe.spike_times
    return Estimate(
        memory=network_resources.memory(recipe, plan, sent),
        disk=int(disk),
        seconds=network_trial.seconds(recipe, plan.threads, sent),
        spikes=sum(sent.values()),
        synapses=network_resources.synapses(recipe),
        events=sum(network_resources.events(recipe, one, sent) for one in recipe.network.projections),
    )
