"""Populations of neurons, and views of parts of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html
from ..inputs.current import Current, as_current
from ..inputs.noise import NOISES, Noise
from ..models import Circuit, Model
from ..models.model import RESULTS
from ..models.watched import checked_rearm, checked_refractory, checked_threshold

LARGEST = 2**31 - 1  # neurons in a population: their indices are words of random numbers' counters


class Group:
    """What can stand at the begin of a projection: `n` neurons or sources, numbered from 0."""

    n: int

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, which: Any) -> PopulationView:
        return PopulationView(self, which)

    __iter__ = None  # the parts of a population are views, and there is no list of them all

    @property
    def population(self) -> Group:
        """Itself: what a view remembers."""
        return self

    @property
    def indices(self) -> np.ndarray:
        """Its members, (n,) int64."""
        return np.arange(self.n)


class PopulationView(Group):
    """Some neurons of a population, or some sources: ``population[which]``.

    Parameters
    ----------
    population : Population, PoissonSource, SpikeSource or PopulationView
        What it is a part of; of a view, `which` counts the members of the view.
    which : slice, int, (m,) array_like of int or (n,) mask
        Which of them, each at most once and at least one.

    Attributes
    ----------
    population : Population, PoissonSource or SpikeSource
        The whole.
    indices : (m,) ndarray of int64
        The index of each member in the whole, in the order given.
    """

    def __init__(self, population: Group, which: Any) -> None:
        chosen = population.indices[_check.indices("the neurons of a view", which, population.n)]
        if chosen.size == 0:
            raise ValueError(f"a view must have at least one neuron; got {_check.shown(which)} of {population.n}")
        chosen.flags.writeable = False
        self._population, self._indices, self.n = population.population, chosen, chosen.size

    @property
    def population(self) -> Group:
        """The whole that it is a part of."""
        return self._population

    @property
    def indices(self) -> np.ndarray:
        """The index of each member in the whole, (m,) int64."""
        return self._indices

    def _repr_html_(self) -> str:
        shown = [("members", f"{self.n:,}"), ("from", self._indices.min()), ("to", self._indices.max())]
        return _html.table("PopulationView", [*shown, ("of", repr(self._population))])

    def __repr__(self) -> str:
        return f"<{self.n} of {self.population!r}>"


class Population(Group):
    """Neurons of one model: what they are, and all that drives them but spikes.

    A slice, an index or a mask of it is a `PopulationView`, from which and to which a `Projection` can go.

    Parameters
    ----------
    model : Model
        Parameters scalar, or one value per neuron.
    n : int
        The number of neurons.
    receptors : dict of str to receptor, optional
        What synapses open, by name; the name is what `Projection`, `initial`, `record` and `summary` use.
    current : float, (n,) array_like or Current, default 0
        Injected current, uA/cm^2.
    noise : Noise, optional
        Noise on the current, or Poisson input that no source sends.
    threshold : float or dict of float, optional
        A spike is an upward crossing of it by the voltage, mV; by default the model's own,
        and only that where it is a parameter of the model.  Or where each of some states spikes, by name: what a
        projection sends are the spikes of all of them.
    refractory : float or dict of float, default 0
        Time after a spike in which crossings do not count, ms.
    rearm : float or dict of float, optional
        After a spike none counts, either, until the voltage has been below this, mV; at most the threshold.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed, or sizes disagree.

    Examples
    --------
    >>> import fastneuron as fn
    >>> cells = fn.Population(fn.TraubMiles.cobahh(), 4000)
    >>> excitatory, inhibitory = cells[:3200], cells[3200:]
    >>> len(inhibitory)
    800
    """

    def __init__(
        self,
        model: Model,
        n: int,
        receptors: Mapping[str, Any] | None = None,
        current: npt.ArrayLike | Current = 0.0,
        noise: Noise | None = None,
        threshold: float | Mapping[str, float] | None = None,
        refractory: float | Mapping[str, float] = 0.0,
        rearm: float | Mapping[str, float] | None = None,
    ) -> None:
        if not isinstance(model, Model):
            hint = (
                "; a model is an instance: write MorrisLecar() with its parentheses" if isinstance(model, type) else ""
            )
            raise TypeError(f"model must be a Model, for example MorrisLecar.hopf(); got {_check.shown(model)}{hint}")
        if isinstance(model, Circuit):
            raise TypeError(
                "model must be that of one neuron: the cells of a circuit are populations of their own here"
            )
        self.model = model
        self.n = _check.whole("n", n, 1, LARGEST)
        self.receptors = _receptors(receptors, model)
        self.current = as_current("current", current)
        if not isinstance(noise, Noise | None):
            hint = "; write it with its values: WhiteNoise(20.0)" if isinstance(noise, type) else ""
            raise TypeError(f"noise must be {NOISES}; got {_check.shown(noise)}{hint}")
        self.noise = noise
        states = list(model.states)
        self.threshold = checked_threshold(model, threshold)
        self.refractory = checked_refractory(refractory, self.threshold, states)
        self.rearm = checked_rearm(rearm, self.threshold, states)
        self._check_sizes()

    def _check_sizes(self) -> None:
        sizes = {name: np.size(value) for name, value in self.model.parameters.items()}
        sizes |= {"current": self.current.size, "the noise": self.noise.size if self.noise else 1}
        sizes |= {f"the receptor {name!r}": getattr(kind, "size", 1) for name, kind in self.receptors.items()}
        for name, size in sizes.items():
            if size not in (1, self.n):
                raise ValueError(f"{name} has {size} values, but n is {self.n}: give a scalar or one value per neuron")

    def _repr_html_(self) -> str:
        rows = [
            ("neurons", f"{self.n:,}"),
            ("model", repr(self.model)),
            ("threshold", "the model's" if self.threshold != self.threshold else self.threshold),
            ("current", repr(self.current)),
            ("noise", repr(self.noise) if self.noise else "none"),
            *((f"receptor {name}", repr(receptor)) for name, receptor in self.receptors.items()),
        ]
        return _html.table("Population", rows)

    def __repr__(self) -> str:
        return f"Population({type(self.model).__name__}, {self.n})"


def _receptors(given: Mapping[str, Any] | None, model: Model) -> dict[str, Any]:
    example = "{'exc': fn.Exponential(tau=5.0, E=0.0)}"
    if not isinstance(given, Mapping | None):
        raise TypeError(f"receptors must map names to receptors, as in {example}; got {_check.shown(given)}")
    for name, receptor in (given or {}).items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name of a receptor must be a text, as in {example}; got {_check.shown(name)}")
        if name in model.states:
            raise ValueError(f"a receptor must not be named as a state of the model; got {name!r}")
        if name in RESULTS or not set(name).isdisjoint("./\\"):
            raise ValueError(f"a receptor must not be named as what a run has, nor have a dot or a slash; got {name!r}")
        if isinstance(receptor, type | int | float | str | None):
            raise TypeError(f"receptors[{name!r}] must be a receptor, as in {example}; got {_check.shown(receptor)}")
    return dict(given or {})
