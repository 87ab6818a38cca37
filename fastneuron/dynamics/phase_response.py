"""Phase responses: how much earlier the spikes of a cycle come for a push, by the phase at which it comes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _check, _html
from .cycles import Cycles, adjoint, batches, last_spikes
from .flow import Flow


@dataclasses.dataclass(frozen=True, eq=False)
class PhaseResponse:
    """Phase responses of a population, NaN where a neuron has no cycle.

    Attributes
    ----------
    phase : (phases,) ndarray
        Of the push, as part of the period since the spike.
    gradient : dict of (n, phases) ndarray
        By name of state, by how many ms later spikes come earlier per unit that the state is raised: the infinitesimal
        response, which is the gradient of the phase.  Per unit of charge it is ``gradient["V"] / C``.
    orbit : dict of (n, phases) ndarray
        The states at these phases.
    shift : (n, phases) ndarray, optional
        By how many ms later spikes come earlier after a pulse of real size, within half a period.
    units : dict of str
        Those of the states, by name.
    """

    phase: np.ndarray
    gradient: Mapping[str, np.ndarray]
    orbit: Mapping[str, np.ndarray]
    shift: np.ndarray | None = None
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def _repr_html_(self) -> str:
        responses = [(f"Z by {name}", each) for name, each in self.gradient.items()]
        if self.shift is not None:
            responses.append(("shift by pulses", self.shift))
        rows = [
            (name, f"{np.nanmin(each):.4g}", f"{np.nanmax(each):.4g}")
            for name, each in responses
            if np.isfinite(each).any()
        ]
        n, phases = next(iter(self.gradient.values())).shape
        return _html.table(f"PhaseResponse of {n:,} neurons at {phases:,} phases", rows, ("", "least", "most"))

    def __repr__(self) -> str:
        n, phases = next(iter(self.gradient.values())).shape
        return f"PhaseResponse: {n:,} neurons, {phases:,} phases" + (
            ", by pulses too" if self.shift is not None else ""
        )


def phase_response(cycles: Cycles, phases: int = 200, pulse: float | None = None, periods: int = 10) -> PhaseResponse:
    """The phase response of each neuron, infinitesimal and by real pulses.

    The infinitesimal response Z is the periodic solution of the adjoint equation, dZ/dt = -J^T Z with Z . dx/dt = 1.
    It is carried back from phase to phase by the transposed derivatives of the flow between them, which all are worked
    out at once: backwards, other solutions vanish.

    Parameters
    ----------
    cycles : Cycles
        What `cycles` returned.
    phases : int, default 200
        At how many phases, evenly from 0.
    pulse : float, optional
        By how many mV to raise the voltage at each phase, for the response to real pulses: a charge of C times that.
    periods : int, default 10
        After how many periods the spikes are compared: the neuron must be back on its cycle.

    Returns
    -------
    PhaseResponse

    Raises
    ------
    TypeError, ValueError
        If an argument makes no sense.

    Notes
    -----
    That the response of a neuron whose firing begins at a saddle-node on an invariant circle (class I) is positive
    holds in the limit only: away from the onset it is slightly negative after the spike.

    References
    ----------
    Ermentrout GB (1996). Type I membranes, phase resetting curves, and synchrony. Neural Comput 8:979-1001.

    Brown E, Moehlis J, Holmes P (2004). On the phase reduction and response dynamics of neural oscillator populations.
    Neural Comput 16:673-715, eq. 2.5, 2.9. doi:10.1162/089976604322860668

    Examples
    --------
    >>> import fastneuron as fn
    >>> cycles = fn.cycles(fn.MorrisLecar.snic(), current=60.0)
    >>> response = fn.phase_response(cycles)
    >>> mean = response.gradient["V"].mean() / 20.0  # per unit of charge, C being 20
    >>> abs(-mean * cycles.period[0] - cycles.period_by["current"][0]) < 1e-9
    np.True_
    """
    if not isinstance(cycles, Cycles):
        raise TypeError(f"cycles must be what fn.cycles returned; got {_check.shown(cycles)}")
    phases = _check.whole("phases", phases, 2)
    periods = _check.whole("periods", periods, 1)
    if pulse is not None:
        pulse = _check.number("pulse", pulse, "a finite number of mV")
    orbit = cycles.orbit(phases)
    path = np.array([*orbit.values()])  # (D, n, phases)
    gradient = np.full(path.shape, np.nan)
    shift = None if pulse is None else np.full(path.shape[1:], np.nan)
    alive = np.flatnonzero(np.isfinite(cycles.period))
    for part in batches(alive.size, phases * len(path)):
        some = alive[part]
        flow, period = Flow(cycles.model, cycles.current).of(some), cycles.period[some]
        gradient[:, some] = _gradient(flow, path[:, some], period)
        if shift is not None:
            shift[some] = _shift(flow, path[:, some], period, pulse, periods)
    by_state = dict(zip(orbit, gradient, strict=True))
    return PhaseResponse(np.arange(phases) / phases, by_state, orbit, shift, dict(cycles.model.units))


def _gradient(flow: Flow, path: np.ndarray, period: np.ndarray) -> np.ndarray:
    """The gradient of the phase (D, n, phases) along orbits."""
    D, n, phases = path.shape
    between = flow.between(path, period).by_state
    whole = np.broadcast_to(np.eye(D), (n, D, D))
    for k in range(phases):
        whole = between[:, k] @ whole
    found = np.empty((n, phases, D))
    later = adjoint(flow, path[:, :, 0], whole)
    for k in reversed(range(phases)):
        later = found[:, k] = np.einsum("nij,ni->nj", between[:, k], later)
    return np.moveaxis(found, 2, 0)


def _shift(flow: Flow, path: np.ndarray, period: np.ndarray, pulse: Any, periods: int) -> np.ndarray:
    """By how much spikes come earlier, (n, phases), once the neuron is back on its cycle."""
    D, n, phases = path.shape
    pushed = path.reshape(D, -1).copy()
    pushed[0] += pulse
    many = flow.of(np.repeat(np.arange(n), phases))
    run = many.run(pushed, np.repeat(periods * period, phases), np.zeros_like(pushed))
    last = last_spikes(run, 1)
    passed = last.reshape(n, phases) * periods + np.arange(phases) / phases  # in periods since phase 0
    return (np.round(passed) - passed) * period[:, np.newaxis]
