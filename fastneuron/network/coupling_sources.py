"""The couplings of a network as its kernel wants them: what each population sends, and what it has from others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._kernel.cache_lines import LINE, zeros_on_lines
from .._kernel.columns import columns
from .coupling import EntriesByTarget, NetworkCoupling, turned
from .coupling_currents import Entries, MeanField, Sender
from .network import Network

CACHE_LINE = LINE // 8  # float64


@dataclass
class Way:
    """A direction in which a coupling acts, and where its weights stand."""

    number: int  # of the coupling, behind the projections
    pre: Any
    post: Any
    weight: np.ndarray  # by receiver, then sender; one for all; or the gains of those that a mean field reaches

    def put(self, value: np.ndarray, coupling: NetworkCoupling, pre: np.ndarray, post: np.ndarray) -> None:
        """Set the weights, one for all or one for each connection, whose ends have these numbers."""
        if not coupling.is_mean_field:
            self.weight[...] = value if value.ndim == 0 else value[np.lexsort((pre, post))]
        elif self.weight.size == 1:
            self.weight[0] = value * len(self.pre)
        else:
            self.weight[self.post.indices] = value * len(self.pre)

    def taken(self, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
        """The weights of connections whose ends have these numbers."""
        found = np.empty(pre.size)
        found[np.lexsort((pre, post))] = self.weight
        return found


@dataclass
class InStep:
    """What a population sends, and the inputs that it has from its couplings."""

    senders: tuple[Sender, ...] = ()
    sources: tuple[Any, ...] = ()
    alive: list[np.ndarray] = field(default_factory=list)  # whose addresses the sources have
    ways: list[Way] = field(default_factory=list)  # of the sources


def coupling_sources(network: Network, members: int, whole: int) -> dict[str, InStep]:
    """Of each population that is coupled, by name; for a team of so many, and blocks of `whole` neurons at most."""
    found: dict[str, InStep] = {}
    for number, coupling in enumerate(network.couplings, len(network.projections)):
        plan = network.plan(coupling.declared)
        entries = None if coupling.is_mean_field else coupling.entries(plan)
        ways = [(coupling.pre, coupling.post, entries)]
        if coupling.both_ways:
            ways.append((coupling.post, coupling.pre, entries and turned(entries, coupling.pre.population.n)))
        for pre, post, mine in ways:
            sent = zeros_on_lines((2, -(-pre.population.n // whole) * whole))
            sending = found.setdefault(network.name_of(pre), InStep())
            receiving = found.setdefault(network.name_of(post), InStep())
            kind = _numbers(coupling)
            state = coupling.state_of(pre)
            sending.senders += (Sender(kind, state, sent),)
            if mine is None:
                receiving.sources += (_mean_field(coupling, kind, pre, post, sent, members),)
                weight = receiving.sources[-1].columns.values
            else:
                weight = mine.weight
                receiving.sources += (_entries(kind, mine, sent),)
                receiving.alive += [*mine, sent]
            receiving.ways.append(Way(number, pre, post, weight))
    return found


def _numbers(coupling: NetworkCoupling) -> Any:
    """The parameters of its kind, as a kernel wants them."""
    return type(coupling.kind.kernel_type())(*coupling.kind.parameters.values())


def _entries(kind: Any, entries: EntriesByTarget, sent: np.ndarray) -> Entries:
    addresses = [array.ctypes.data for array in entries]
    each = int(entries.weight.size == entries.pre.size)
    return Entries(kind, *addresses, each, sent.ctypes.data, sent.shape[1])  # type: ignore[call-arg]


def _mean_field(coupling: NetworkCoupling, kind: Any, pre: Any, post: Any, sent: np.ndarray, members: int) -> MeanField:
    among = np.zeros((1, sent.shape[1]))
    among[0, pre.indices] = 1.0
    gain: Any = float(coupling.weight) * len(pre)  # type: ignore[arg-type]
    if len(post) < post.population.n:
        reached = np.zeros(post.population.n)
        reached[post.indices] = gain
        gain = reached
    values = columns([gain], post.population.n)
    return MeanField(kind, values, among, float(len(pre)), sent, np.zeros((members, CACHE_LINE)))  # type: ignore[call-arg]
