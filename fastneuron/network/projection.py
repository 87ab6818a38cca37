"""Projections: from whom to whom, by which rule, onto which receptor, how strong and how late."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html
from . import values
from .connections import Explicit, Rule
from .connections.wiring import Ends
from .distributions import Distribution
from .population import Group, Population


class Projection:
    """Synapses from one population to another, or between parts of them.

    Parameters
    ----------
    pre : Population, PoissonSource, SpikeSource or a view of one
        The sources.
    post : Population or a view of one
        The targets.
    receptor : str
        The name of one of the receptors of `post`.
    connections : rule, (pre, post) or scipy.sparse matrix
        Who is connected to whom: a rule such as ``FixedProbability(0.02)``; two arrays, of the sources' and of the
        targets' indices in `pre` and `post`, one per synapse; or a sparse matrix or array of shape
        ``(len(pre), len(post))``, whose entries are the synapses and whose values are the weights.
    weight : float, array_like, distribution or callable, default 1 or the values of the matrix
        In the unit of the receptor.  An array has one per synapse where synapses are listed or one to one, and else the
        shape (pre, post), (pre, 1) or (1, post); a `Normal`, `LogNormal` or `Uniform` is drawn from; a function of the
        distance goes with `ByDistance`.
    delay : float, array_like, distribution or callable, default 1
        ms, above 0; a network can run at steps `dt` up to the shortest.
    autapses : bool, default True
        Whether a neuron may be connected to itself, as in NEST.
    multapses : bool, default True
        Whether there may be several synapses from one neuron to another, as in NEST: of importance for fixed degrees
        and totals, whose synapses are each drawn on its own; other rules make at most one.
    stored : bool, default True
        Whether synapses are kept in memory.  If not, they are made anew at every spike, the very same ones: this takes
        no memory, and is for `AllToAll`, `OneToOne`, `FixedProbability`, `FixedOutDegree` and `FixedTotal` with one
        delay for all.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed, or sizes disagree.

    Examples
    --------
    >>> import fastneuron as fn
    >>> source, cells = fn.PoissonSource(100, rate=5.0), fn.Population(fn.TraubMiles.cobahh(), 10, {"exc": object()})
    >>> fn.Projection(source, cells, "exc", fn.FixedInDegree(20), weight=fn.Normal(0.03, 0.01, low=0.0), delay=1.5)
    Projection(100 to 10, 'exc', FixedInDegree(degree=20), weight=Normal(mean=0.03, sd=0.01, low=0), delay=1.5)
    """

    def __init__(
        self,
        pre: Group,
        post: Group,
        receptor: str,
        connections: Any,
        weight: npt.ArrayLike | Distribution | Any = None,
        delay: npt.ArrayLike | Distribution | Any = 1.0,
        *,
        autapses: bool = True,
        multapses: bool = True,
        stored: bool = True,
    ) -> None:
        _check_end("pre", pre, Group, "a Population, a source of spikes or a view of one")
        _check_end("post", post, Group, "a Population or a view of one")
        if not isinstance(post.population, Population):
            raise TypeError(f"post must be a Population or a view of one; got {_check.shown(post)}")
        self.pre, self.post = pre, post
        self.receptor = _check.known("receptor", receptor, post.population.receptors)
        self.autapses, self.multapses = _check.flag("autapses", autapses), _check.flag("multapses", multapses)
        self.stored = _check.flag("stored", stored)
        self.rule = rule_of(connections, len(pre), len(post))
        self.rule.check(self.ends, self.autapses, self.multapses)
        if isinstance(self.rule, Explicit):
            self.rule.check_flags(self.ends, self.autapses, self.multapses)
        self.weight = values.checked("weight", weight_of(self.rule, weight), self.rule, self.ends)
        self.delay = values.checked("delay", delay, self.rule, self.ends)
        self._check_delay()
        self._check_stored()

    @functools.cached_property
    def ends(self) -> Ends:
        """The members of both ends in ascending order."""
        return ends_of(self.pre, self.post)

    @property
    def mean_synapses(self) -> float:
        """The expected number of synapses: the number itself where the rule fixes it."""
        return self.rule.mean_synapses(self.ends, self.autapses)

    @functools.cached_property
    def delays(self) -> tuple[float, float]:
        """The shortest and the longest delay that there can be, ms."""
        return values.extremes(self.delay, self.rule, self.ends)

    def _check_delay(self) -> None:
        shortest = self.delays[0]
        if isinstance(self.delay, Distribution) and not shortest > 0:
            raise ValueError(
                f"delay must be above 0 for every synapse; give {self.delay!r} a limit: low=0.1, for example"
            )
        if not shortest > 0:
            raise ValueError(
                f"delay must be above 0 ms; got {shortest:g}: a spike acts a step later at the earliest, "
                "so give a synapse without a delay the delay dt"
            )

    def _check_stored(self) -> None:
        if self.stored:
            return
        if not self.rule.by_source:
            allowed = "AllToAll, OneToOne, FixedProbability, FixedOutDegree and FixedTotal"
            raise ValueError(f"stored=False is for {allowed}; got it with {self.rule!r}")
        if not isinstance(self.delay, float):
            raise ValueError(f"stored=False is for one delay for all; got it with delay={_check.shown(self.delay)}")

    @property
    def strength(self) -> str:
        """Weight and delay, in words."""
        return f"weight {_html.value(self.weight)}, delay {_html.value(self.delay)} ms"

    def _repr_html_(self) -> str:
        rows = [
            ("from", repr(self.pre)),
            ("to", repr(self.post)),
            ("receptor", self.receptor),
            ("connections", repr(self.rule)),
            ("weight", _html.value(self.weight)),
            ("delay", f"{_html.value(self.delay)} ms"),
            ("stored", "yes" if self.stored else "made anew at every spike"),
        ]
        return _html.table("Projection", rows)

    def __repr__(self) -> str:
        def show(value: Any) -> str:
            return f"<{value.size} values>" if isinstance(value, np.ndarray) else _check.shown(value)

        flags = [f"{name}=False" for name in ("autapses", "multapses", "stored") if not getattr(self, name)]
        fields = [f"weight={show(self.weight)}", f"delay={show(self.delay)}", *flags]
        return f"Projection({len(self.pre)} to {len(self.post)}, {self.receptor!r}, {self.rule!r}, {', '.join(fields)})"


def _check_end(name: str, value: Any, kind: type, wanted: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {wanted}; got {_check.shown(value)}")


def ends_of(pre: Group, post: Group) -> Ends:
    """The members of both ends in ascending order."""
    by_pre, by_post = np.argsort(pre.indices, kind="stable"), np.argsort(post.indices, kind="stable")
    return Ends(
        pre=pre.indices[by_pre],
        post=post.indices[by_post],
        pre_order=by_pre,
        post_order=by_post,
        n_pre=pre.population.n,
        n_post=post.population.n,
        same=pre.population is post.population,
    )


def weight_of(rule: Rule, given: Any) -> Any:
    """What is given as the weight: of a sparse matrix, its values, and else 1 where nothing is."""
    if not isinstance(rule, Explicit) or rule.weight is None:
        return 1.0 if given is None else given
    if given is not None:
        raise ValueError(f"the values of the matrix are the weights; got weight={_check.shown(given)} as well")
    return rule.weight


def rule_of(connections: Any, pre: int, post: int) -> Rule:
    """The rule that `connections` stands for."""
    if isinstance(connections, Rule):
        return connections
    if hasattr(connections, "tocoo"):
        matrix = connections.tocoo()
        if matrix.shape != (pre, post):
            raise ValueError(f"the matrix of connections must have the shape ({pre}, {post}); got {matrix.shape}")
        return Explicit(matrix.row, matrix.col, matrix.data)
    if isinstance(connections, tuple | list) and len(connections) == 2:
        return Explicit(*connections)
    hint = "; a rule is an instance: write AllToAll() with its parentheses" if isinstance(connections, type) else ""
    raise TypeError(
        "connections must be a rule, for example FixedProbability(0.02), a pair of arrays (pre, post) "
        f"or a scipy.sparse matrix of the shape (pre, post); got {_check.shown(connections)}{hint}"
    )
