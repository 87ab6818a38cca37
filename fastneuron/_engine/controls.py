"""What can be read and changed of a population between two pieces of a simulation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html
from .._kernel.entry import Entry
from .._units import plain
from ..inputs.current import Current
from ..inputs.per_cell import current_for
from ..models import Model
from ..models.validation import check_reset, rehearse_input
from .coupled import Coupled
from .recipe import Recipe
from .scheduler import PopulationAtWork


class Controls:
    """A population of a `Simulation`: where it stands, and what drives it.

    Attributes
    ----------
    state : State
        Each state by name, (n,): arrays of the simulation itself, which may be written to.  ``state["V"] = values`` is
        checked; of a receptor, the value is its conductance, which is set in this way alone.
    parameters : Parameters
        Each parameter of the model by name; ``parameters["g_K"] = values``, a number or (n,), sets one.
    current : Current
        What is injected; set it to a number, (n,) numbers or a function of the simulation's time.
    model : Model
        The model with its parameters; set it to another of the same class.
    noise : Noise, optional
        Noise on the current.
    n : int
        The number of neurons.
    """

    __slots__ = ("_coupled", "_population", "_problem", "n", "noise", "state")  # a name misspelt is an error

    def __init__(self, population: PopulationAtWork, coupled: Coupled | None = None) -> None:
        self._population, self._coupled = population, coupled
        self._problem = population.problem
        self._problem.entry = Entry()
        self.n, self.noise = population.recipe.n, population.recipe.noise
        self.state = State(self._problem, population.recipe, coupled)

    @property
    def current(self) -> Current:
        """What is injected."""
        return self._population.recipe.current

    @current.setter
    def current(self, value: npt.ArrayLike | Current) -> None:
        recipe = self._population.recipe
        given = current_for(recipe.model, plain("current", value, recipe.model.units.get("current", "uA/cm^2")))
        _check_size("current", given.size, self.n)
        rehearse_input(given, recipe.dt)
        self._problem.drive_by(given)
        self._rely_on(recipe.alike(current=given))

    @property
    def model(self) -> Model:
        """The model with its parameters."""
        return self._population.recipe.model

    @model.setter
    def model(self, value: Model) -> None:
        kind = type(self.model)
        if type(value) is not kind:
            raise TypeError(f"model must be a {kind.__name__} as before; got {_check.shown(value)}")
        _check_size("model", value.size, self.n)
        recipe = self._population.recipe
        if value.resets():
            check_reset(value, self.state, recipe.watched[0].threshold)
        self._problem.change_to(value)
        self._rely_on(recipe.alike(model=value))

    @property
    def parameters(self) -> Parameters:
        """Each parameter by name."""
        return Parameters(self)

    def _rely_on(self, recipe: Recipe) -> None:
        self._population.recipe = recipe
        if self._coupled is not None:
            self._coupled.recipe = recipe
            self._coupled.renew()

    def _repr_html_(self) -> str:
        rows = [("current", repr(self.current), ""), ("noise", repr(self.noise) if self.noise else "none", "")]
        return _html.table(f"{self.n:,} {type(self.model).__name__} neurons", [*self.state.rows(), *rows])

    def __repr__(self) -> str:
        return f"<{self.n} {type(self.model).__name__} neurons: {', '.join(self.state)}>"


class State(Mapping[str, np.ndarray]):
    """Each state of a population by name, where it stands."""

    def __init__(self, problem: Any, recipe: Recipe, coupled: Coupled | None) -> None:
        self._rows = dict(zip(recipe.variables, problem.state, strict=True))
        self._coupled = coupled
        self._receptors = set(recipe.receptors)

    def __getitem__(self, name: str) -> np.ndarray:
        row = self._rows[_check.known("a state", name, self._rows)]
        if name in self._receptors:  # whose parts, from which it goes on, are elsewhere
            row = row.view()
            row.flags.writeable = False
        return row

    def __setitem__(self, name: str, value: npt.ArrayLike) -> None:
        row = self._rows[_check.known("a state", name, self._rows)]
        given = _check.numbers(f"state[{name!r}]", value)
        _check_size(f"state[{name!r}]", given.size, row.size)
        with np.errstate(over="ignore"):
            given = given.astype(row.dtype, copy=False)
        _check.satisfies(f"state[{name!r}]", given, np.isfinite, f"finite in {row.dtype}")
        row[...] = given
        if name in self._receptors and self._coupled is not None:
            self._coupled.open(name, given)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> list[tuple[str, str]]:
        """Each name, and between which values the neurons are."""
        return [(name, _html.value(row)) for name, row in self.items()]

    def _repr_html_(self) -> str:
        return _html.table("State", self.rows())

    def __repr__(self) -> str:
        (n,) = {row.size for row in self._rows.values()}
        return f"<State of {n} neurons: {', '.join(self._rows)}>"


class Parameters(Mapping[str, Any]):
    """Each parameter of a population's model by name."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def __getitem__(self, name: str) -> Any:
        values = self._controls.model.parameters
        return values[_check.known("a parameter", name, values)]

    def __setitem__(self, name: str, value: npt.ArrayLike) -> None:
        model = self._controls.model
        changed = model.replace(**{_check.known("a parameter", name, model.names): value})
        _check_size(f"parameters[{name!r}]", changed.size, self._controls.n)
        self._controls.model = changed

    def __iter__(self) -> Iterator[str]:
        return iter(self._controls.model.names)

    def __len__(self) -> int:
        return len(self._controls.model.names)

    def _repr_html_(self) -> str:
        return self._controls.model._repr_html_()

    def __repr__(self) -> str:
        return f"<Parameters of {self._controls.model!r}>"


def _check_size(name: str, size: int, n: int) -> None:
    if size not in (1, n):
        raise ValueError(f"{name} must be a number or one value per neuron, ({n},); got {size} values")
