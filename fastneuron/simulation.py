"""A simulation that goes on under the caller's control, piece by piece."""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from . import _check, _html, _units
from ._engine.advice import warn_of_a_new_begin
from ._engine.checked import checked
from ._engine.controls import Controls, Parameters, State
from ._engine.network_recipe import NetworkRecipe, checked_network
from ._engine.network_run import NetworkRun
from ._engine.pieces import NetworkInPieces, in_pieces
from ._engine.plan import planned
from ._engine.run import Run
from ._engine.weights import Weights
from ._integrators import METHODS
from ._simulate import simulate
from ._storage import simulations
from ._storage.damage import reading
from ._storage.parametrised import given_classes
from .inputs.current import Current
from .inputs.noise import Noise
from .models import Model
from .network.network import Network
from .network.population import Population

LONGEST = 2.0**52  # steps: all of them can be counted


class Simulation:
    """Neurons, or a network of them, that go on as far as they are told to: ``sim.run(5.0)``, and again.

    A piece goes on where the one before has ended: time, waveforms, noise, sources, spikes on their way and refractory
    times are those of one long run, and so are the bits, however it is divided.  (A run of `simulate` with ``initial=``
    is a run of its own, where time and noise begin anew.)  Between two pieces states, currents, parameters and weights
    can be read and set, as a dynamic clamp, a closed loop or a controller wants it.

    Parameters
    ----------
    model : Model, Population or Network
        As for `simulate`, and so are all the other arguments; with a method of fixed steps.
    dt : float, default 0.05
        Step, ms.

    Attributes
    ----------
    time : float
        How far it has come, ms.
    state : State, or dict of State
        Each state by name, (n,): arrays of the simulation itself, to be read and written; ``sim.state["V"] = values``
        is checked.  Of a network, by population.
    current : Current
        What is injected, uA/cm^2; set it to a number, (n,) numbers or a function of the simulation's time.
    parameters : Parameters
        ``sim.parameters["g_K"] = 7.0`` sets a parameter, a number or (n,).
    weights : Weights
        ``sim.weights[0] = values`` sets those of a projection, for spikes that arrive from then on, or of a coupling.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.

    Notes
    -----
    Of a network, ``sim["cells"]`` has the state, the current and the parameters of a population.

    A copy, by ``copy.copy``, ``copy.deepcopy`` or ``pickle``, is a simulation of its own, which goes on to the same
    bits.

    Examples
    --------
    >>> import fastneuron as fn
    >>> sim = fn.Simulation(fn.MorrisLecar.hopf(), current=100.0)
    >>> sim.run(100.0).spike_count, sim.run(100.0).spikes[0].round(1)
    (array([1]), array([102.5, 187.8]))
    >>> sim.current = 0.0
    >>> sim.run(300.0).spike_count, sim.time, sim.state["V"].round(1)
    (array([0]), 500.0, array([-60.9]))
    """

    __slots__ = ("_failure", "_idle", "_only", "_work")  # a name misspelt is an error

    def __init__(
        self,
        model: Model | Population | Network,
        dt: float = 0.05,
        current: npt.ArrayLike | Current = 0.0,
        initial: Mapping[str, npt.ArrayLike] | None = None,
        method: str = "rk4",
        record: str | Sequence[str] | None = None,
        every: int = 1,
        neurons: npt.ArrayLike | slice | None = None,
        threshold: float | Mapping[str, float] | None = None,
        threads: int | None = None,
        *,
        sample_interval: float | None = None,
        noise: Noise | None = None,
        seed: int = 0,
        dtype: npt.DTypeLike = np.float64,
        refractory: float | Mapping[str, float] = 0.0,
        rearm: float | Mapping[str, float] | None = None,
        spike_times: bool = True,
        n: int | None = None,
        delivery: str = "exact",
    ) -> None:
        asked = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        fixed = [name for name, kind in METHODS.items() if not kind.is_adaptive]
        if _check.known("method", method, METHODS) not in fixed:
            raise ValueError(
                f"method must be one of {', '.join(map(repr, fixed))} for a Simulation: with {method!r} every neuron "
                "has a time of its own, so that there is none at which a piece could end"
            )
        step = _check.number(
            "dt", _units.plain("dt", dt, _time_unit(model)), "a positive number of ms", lambda x: x > 0
        )
        asked = DEFAULTS | asked | {"dt": step, "duration": min(step, 1.0) * LONGEST}
        recipe: Any = checked_network(asked) if isinstance(model, Network | Population) else checked(asked)
        if not isinstance(recipe, NetworkRecipe):
            warn_of_a_new_begin(recipe, initial)
        self._begin(in_pieces(recipe, planned(recipe, asked)))

    def _begin(self, work: Any) -> None:
        self._work, self._idle = work, threading.Lock()
        self._only: Controls | None = None
        self._failure = ""
        if not isinstance(work.recipe, NetworkRecipe) or work.recipe.alone:
            (self._only,) = work.controls.values()

    @property
    def time(self) -> float:
        """How far it has come, ms."""
        return self._work.step * self.dt

    @property
    def dt(self) -> float:
        """Step, ms."""
        return self._some.dt

    def run(self, duration: float) -> Run | NetworkRun:
        """Go on for a while.

        Parameters
        ----------
        duration : float
            ms; a multiple of `dt`, and more than 0.

        Returns
        -------
        Run or NetworkRun
            Of this piece: its spikes, their number, its samples and the state at its end.  Times are the simulation's:
            it lasts from ``run.begin`` to ``run.end``, and has the samples after the first and up to the second; the
            first piece has the begin, too.

        Raises
        ------
        ValueError
            If the duration is no multiple of `dt`.
        MemoryError
            If the piece cannot fit into memory, as far as that can be told before; it has not begun then.
        FloatingPointError
            If a state is no longer finite: such a simulation cannot go on.
        RuntimeError
            If it cannot, or is at work in another thread.
        """
        if not self._idle.acquire(blocking=False):
            raise RuntimeError("the simulation is at work in another thread: a piece begins where the one before ends")
        try:
            return self._run(duration)
        finally:
            self._idle.release()

    def _run(self, duration: float) -> Run | NetworkRun:
        if self._failure:
            raise RuntimeError(f"the simulation cannot go on: its last piece was ended by {self._failure}")
        steps = self._steps(duration)
        self._work.check(steps)
        try:
            return self._work.advance(steps)
        except TypeError:  # what cannot be compiled has not begun
            raise
        except BaseException as error:  # some neurons are further than others
            self._failure = type(error).__name__
            raise

    def _steps(self, duration: float) -> int:
        some = self._some
        given = duration
        if type(duration) is not float:
            given = _units.plain("duration", duration, some.model.units.get("time", "ms"))
        steps = _check.multiple(given, some.dt)
        if steps < 1 or self._work.step + steps > LONGEST:
            raise ValueError(f"duration must be from dt = {self.dt:g} ms to 2**52 steps in all; got {duration!r}")
        return steps

    def __getitem__(self, population: str) -> Controls:
        """The state, the current and the parameters of a population of a network."""
        controls = self._work.controls
        if self._only is not None:
            raise TypeError("a simulation of one population is asked by itself: sim.state, sim.current, sim.parameters")
        return controls[_check.known("a population", population, controls)]

    @property
    def state(self) -> State | dict[str, State]:
        """Each state by name; of a network, by population."""
        if self._only is not None:
            return self._only.state
        return {name: controls.state for name, controls in self._work.controls.items()}

    @property
    def current(self) -> Current:
        """What is injected, uA/cm^2."""
        return self._one("current").current

    @current.setter
    def current(self, value: npt.ArrayLike | Current) -> None:
        self._one("current").current = value

    @property
    def model(self) -> Model:
        """The model with its parameters."""
        return self._one("model").model

    @model.setter
    def model(self, value: Model) -> None:
        self._one("model").model = value

    @property
    def parameters(self) -> Parameters:
        """Each parameter by name."""
        return self._one("parameters").parameters

    @property
    def weights(self) -> Weights:
        """The weights of a network's projections and couplings."""
        if not isinstance(self._work, NetworkInPieces):
            raise TypeError(
                "weights are those of a network; this is a simulation of neurons that do not hear each other"
            )
        return self._work.weights

    def _one(self, name: str) -> Controls:
        """The only population."""
        if self._only is None:
            some = next(iter(self._work.controls))
            raise TypeError(f"{name} belongs to a population of the network: sim[{some!r}].{name}")
        return self._only

    @property
    def _some(self) -> Any:
        """The recipe of a population, which has what is the same in all."""
        some = self._only or next(iter(self._work.controls.values()))
        return some._population.recipe

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file, as data, whole or not at all.

        Parameters
        ----------
        path : path
            Of a file of NumPy's npz format.

        Raises
        ------
        ValueError
            If something in a network is code, such as a weight that is a function, or the simulation cannot go on.
        """
        if self._failure:
            raise RuntimeError(f"the simulation cannot be saved: its last piece was ended by {self._failure}")
        simulations.write(path, self._saved())

    @classmethod
    def load(cls, path: str | os.PathLike[str], models: Iterable[type] = (), threads: int | None = None) -> Self:
        """The simulation that `save` wrote: it goes on to the same bits.

        Parameters
        ----------
        path : path
            Of the file.
        models : sequence of type, default ()
            Classes of one's own that it is made of, where they are not defined under the same name.
        threads : int, optional
            Number of threads; one per core this process may use by default.

        Raises
        ------
        ValueError
            If the file is damaged, or was written by sources that may have given other bits.
        """
        saved = simulations.read(path, given_classes(models))
        sim = cls._anew(saved, threads)
        with reading(path):
            sim._go_back_to(saved)
        return sim

    def __reduce__(self) -> Any:
        """What a copy is made of, by `copy` and `pickle`: kernels know the addresses of arrays, so it has its own."""
        own = getattr(self, "__dict__", None)  # of a subclass
        return _again, (type(self), self._saved(), self._work.plan.threads, self._failure), own

    def _saved(self) -> simulations.Saved:
        work = self._work
        weights = work.weights.changed if isinstance(work, NetworkInPieces) else {}
        return simulations.Saved(work.recipe, work.step, work.arrays(), weights)

    @classmethod
    def _anew(cls, saved: simulations.Saved, threads: int | None) -> Self:
        """The same at its begin."""
        sim = cls.__new__(cls)
        sim._begin(in_pieces(saved.recipe, planned(saved.recipe, DEFAULTS | {"threads": threads})))
        return sim

    def _go_back_to(self, saved: simulations.Saved) -> None:
        """Stand where it stood when it was saved."""
        self._work.go_back_to(saved.arrays, saved.step)
        for number, values in saved.weights.items():
            self.weights[number] = values

    def _repr_html_(self) -> str:
        heads = ("", "model", "neurons", "states")
        rows = (
            (name, type(one.model).__name__, f"{one.n:,}", ", ".join(one.state))
            for name, one in self._work.controls.items()
        )
        return _html.table(f"Simulation at {self.time:g} ms, dt {self.dt:g} ms", rows, heads)

    def __repr__(self) -> str:
        what = f"{self._only!r}" if self._only is not None else f"{self._work.recipe.network!r}"
        return f"<Simulation at {self.time:g} ms of {what}>"


DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(simulate).parameters.items()
    if parameter.default is not parameter.empty
}  # what a piece has no use for is as `simulate` has it


def _again(kind: type[Simulation], saved: simulations.Saved, threads: int, failure: str) -> Simulation:
    """A simulation like one that stood there."""
    sim = kind._anew(saved, threads)
    sim._go_back_to(saved)
    sim._failure = failure
    return sim


def _time_unit(model: Any) -> str:
    own = getattr(model, "model", model)
    return own.units.get("time", "ms") if isinstance(own, Model) else "ms"
