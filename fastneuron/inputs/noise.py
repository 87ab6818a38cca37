"""Noise on the injected current."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .._kernel.elementary import exp, expm1
from .._kernel.jit import specialises
from .._parameters import Parameter, Parametrised, formula


class Noise(Parametrised):
    """Base class of the noises, uA/cm^2.

    A subclass has three formulas, static methods in scalar arithmetic: ``prepare(dt, p)``, a tuple of constants for the
    step; ``begin(z, c)``, the noise at time 0; and ``move(noise, z, c)``, the noise that acts at the begin and at the
    end of a step, from the noise at the end of the last one; z is a standard normal number of its own each time.
    """

    formulas: ClassVar = ("prepare", "begin", "move")
    nonnegative: ClassVar = ("sigma",)


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


def prepare_noise(noise, dt):
    """Generic: a lane's constants, from the parameters of its noise."""


def begin_noise(noise, z, constants):
    """Generic: a lane's noise at time 0."""


def move_noise(noise, before, z, constants):
    """Generic: a lane's noise at the begin and the end of a step."""


@specialises(prepare_noise)
def _prepare(noise, dt):
    function = formula(noise, "prepare")
    return lambda noise, dt: function(dt, noise)


@specialises(begin_noise)
def _begin(noise, z, constants):
    function = formula(noise, "begin")
    return lambda noise, z, constants: function(z, constants)


@specialises(move_noise)
def _move(noise, before, z, constants):
    function = formula(noise, "move")
    return lambda noise, before, z, constants: function(before, z, constants)
