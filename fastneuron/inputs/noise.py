"""Noise on the injected current."""

from __future__ import annotations

import math
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .._kernel.columns import Columns, columns, read
from .._kernel.elementary import exp, expm1
from .._kernel.jit import generic, specialises
from .._kernel.lanes import local, put, take
from .._kernel.random import normal
from .._parameters import Parameter, Parametrised, formula
from .port import END

STEPS, FIRST = 0, 1  # streams of random numbers
NOISES = "a WhiteNoise, an OrnsteinUhlenbeck, a PoissonJumps or a PoissonCurrent"  # for messages


class Noise(Parametrised):
    """Base class of the noises, uA/cm^2; they add to the current, and cannot be made to depend on the state.

    A subclass has three formulas, static methods in scalar arithmetic: ``prepare(dt, p)``, a tuple of constants for the
    step; ``begin(z, c)``, the noise at time 0; and ``move(noise, z, c)``, the noise that acts at the begin and at the
    end of a step, from the noise at the end of the last one; z is a standard normal number of its own each time.
    """

    of_any_fixed_step: ClassVar = False  # or of the one method whose order white noise leaves it
    formulas: ClassVar[tuple[str, ...]] = ("prepare", "begin", "move")
    units: ClassVar = {"sigma": "uA/cm^2", "tau": "ms"}
    nonnegative: ClassVar = ("sigma",)

    def sources(self, n: int, seed: int, first_neuron: int) -> tuple[NoiseSource]:
        """The noise as the kernels want it, of the neurons from `first_neuron` on of a whole population."""
        values = columns(list(self.parameters.values()), n)
        return (NoiseSource(self.kernel_type(), values, seed, first_neuron, np.zeros(n)),)

    def check(self, dt: float) -> None:
        """ValueError where it is not for steps of `dt` ms."""

    def nbytes(self, n: int) -> int:
        """Bytes of the arrays that the kernels have of it."""
        return 8 * (sum(np.size(value) for value in self.parameters.values()) + n)


class WhiteNoise(Noise):
    """White noise: ``C dV = (...) dt + sigma dW``.

    Parameters
    ----------
    sigma : float or (n,) array_like
        uA/cm^2 sqrt(ms); 0 or more.

    Examples
    --------
    >>> import fastneuron as fn
    >>> model = fn.MorrisLecar.hopf()
    >>> run = fn.simulate(model, 1000.0, current=88.0, method="heun", noise=fn.WhiteNoise(20.0), seed=1)
    >>> run.spike_count
    array([7])
    """

    sigma: Parameter
    units: ClassVar = {"sigma": "uA/cm^2*ms^0.5"}

    @staticmethod
    def prepare(dt: Any, p: Any) -> Any:
        """The mean of sigma dW / dt over a step has this standard deviation."""
        return (p.sigma / math.sqrt(dt),)

    @staticmethod
    def begin(z: Any, c: Any) -> Any:
        """White noise has no past."""
        return 0.0

    @staticmethod
    def move(noise: Any, z: Any, c: Any) -> Any:
        """The same through the step."""
        return c[0] * z, c[0] * z


class OrnsteinUhlenbeck(Noise):
    """Coloured noise: ``dx = -x / tau dt + sigma sqrt(2 / tau) dW``, added to the current; stationary from the start.

    Its update is exact for any step: x' = x exp(-dt / tau) + sigma sqrt(1 - exp(-2 dt / tau)) z.

    Parameters
    ----------
    sigma : float or (n,) array_like
        Standard deviation, uA/cm^2; 0 or more.
    tau : float or (n,) array_like
        Correlation time, ms; positive.

    References
    ----------
    Gillespie DT (1996). Exact numerical simulation of the Ornstein-Uhlenbeck process and its integral. Phys Rev E
    54:2084-2091, eq. 3.1. doi:10.1103/PhysRevE.54.2084
    """

    sigma: Parameter
    tau: Parameter
    positive: ClassVar = ("tau",)

    @staticmethod
    def prepare(dt: Any, p: Any) -> Any:
        """What remains of the noise after a step, and what comes to it; their squares add up."""
        return exp(-dt / p.tau), p.sigma * math.sqrt(-expm1(-2.0 * dt / p.tau)), p.sigma  # no library's: same bits

    @staticmethod
    def begin(z: Any, c: Any) -> Any:
        """Stationary."""
        return c[2] * z

    @staticmethod
    def move(noise: Any, z: Any, c: Any) -> Any:
        """Exact at both ends of the step."""
        return noise, c[0] * noise + c[1] * z


@generic
def constants_of(noise, dt):
    """Return the constants of a lane, by the parameters of its noise."""


@generic
def begun(noise, z, constants):
    """Return the noise of a lane at time 0."""


@generic
def moved(noise, before, z, constants):
    """Return the noise of a lane at the begin and the end of a step."""


@specialises(constants_of)
def _constants_of(noise, dt):
    function = formula(noise, "prepare")
    return lambda noise, dt: function(dt, noise)


@specialises(begun)
def _begun(noise, z, constants):
    function = formula(noise, "begin")
    return lambda noise, z, constants: function(z, constants)


@specialises(moved)
def _moved(noise, before, z, constants):
    function = formula(noise, "move")
    return lambda noise, before, z, constants: function(before, z, constants)


class NoiseRoom(NamedTuple):
    """The noise of a block."""

    lanes: Any
    constants: Any  # (constant, lane)
    constants_type: Any
    ends: Any  # (2, lane): uA/cm^2 at the begin and the end of the step


def _room(source, lanes, zero, times):
    constants = constants_of(source.type, 1.0)
    return NoiseRoom(lanes, local(constants, 1, lanes, 0.0), constants, local((0.0, 0.0), 1, lanes, 0.0))


def _prepare(source, room, lane, neuron, dt):
    given = local(source.type, 1, room.lanes, 0.0)
    read(source.columns, given, lane, neuron)
    put(room.constants, lane, constants_of(take(source.type, given, lane), dt))


def _load(source, room, lane, neuron, first):
    if first > 0:
        room.ends[1, lane] = source.state[neuron]
    else:
        z = normal(source.seed, FIRST, source.first_neuron + neuron, 0)
        room.ends[1, lane] = begun(source.type, z, take(room.constants_type, room.constants, lane))


def _begin_step(source, room, low, number, dt):
    for lane in range(room.ends.shape[1]):
        z = normal(source.seed, STEPS, source.first_neuron + low + lane, number)
        constants = take(room.constants_type, room.constants, lane)
        put(room.ends, lane, moved(source.type, room.ends[1, lane], z, constants))


def _add_current(source, room, lane, V, t, stage, total):
    return total + room.ends[1 if stage == END else 0, lane]


def _store(source, room, lane, neuron):
    source.state[neuron] = room.ends[1, lane]


class NoiseSource(NamedTuple):
    """The noise of a population, as an input of the kernels."""

    type: Any  # the parameters as zeros: the type selects the formulas
    columns: Columns
    seed: int
    first_neuron: int  # its index in the whole population
    state: np.ndarray  # (n,) the noise at the end of each neuron's last step

    room = _room
    prepare = _prepare
    load = _load
    begin_step = _begin_step
    add_current = _add_current
    store = _store

    def arrays(self) -> dict[str, np.ndarray]:
        """What the noise goes on from."""
        return {"noise": self.state}
