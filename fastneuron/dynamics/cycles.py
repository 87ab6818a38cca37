"""Limit cycles: their periods, Floquet multipliers, and how the periods depend on current and parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html
from ..models import Model
from .arguments import checked_current, checked_states
from .flow import Flow
from .jacobian import linear, points
from .tangent import smooth

MOST_SPIKES = 8  # of a period
LIKE = 1e-3  # two stretches between spikes are one period apart if they differ by less than this part
STEPS = 16  # of Newton's method
PIECES = 20  # of a period, for its derivatives
LANES = 200_000  # at once: some 100 MB
CLOSED = 1e-9  # the largest last step, as part of the period and of 1 + |state|


@dataclasses.dataclass(frozen=True, eq=False)
class Cycles:
    """The limit cycles of a population, one for each neuron; NaN where a neuron has none.

    Attributes
    ----------
    model : Model
        Whose they are.
    current : (n,) ndarray
        Injected current, uA/cm^2.
    period : (n,) ndarray
        Period, ms.
    state : dict of (n,) ndarray
        Where the cycle begins, by name of state: at a spike, the upward crossing of the threshold.
    multipliers : (n, D) ndarray of complex
        Floquet multipliers, that of the direction of the flow, 1, first, the others by size.
    period_by : dict of (n,) ndarray
        The derivative of the period with respect to ``"current"``, ms per uA/cm^2, and to the parameters asked for.
    """

    model: Model
    current: np.ndarray
    period: np.ndarray
    state: Mapping[str, np.ndarray]
    multipliers: np.ndarray
    period_by: Mapping[str, np.ndarray]

    @property
    def stable(self) -> np.ndarray:
        """Whether it is stable, (n,)."""
        return (abs(self.multipliers[:, 1:]) < 1).all(axis=1) & np.isfinite(self.period)

    def orbit(self, phases: int = 200) -> dict[str, np.ndarray]:
        """The states along the cycle, by name, (n, phases), at even parts of the period from 0 on."""
        _check.whole("phases", phases, 1)
        at = np.full((len(self.state), self.period.size, phases), np.nan)
        alive = np.flatnonzero(np.isfinite(self.period))
        if alive.size:
            start = np.array([*self.state.values()])[:, alive]
            at[:, alive] = Flow(self.model, self.current).of(alive).orbit(start, self.period[alive], phases)
        return dict(zip(self.state, at, strict=True))

    def _repr_html_(self) -> str:
        n, stable = self.period.size, self.stable
        rows = (
            (k, f"{self.current[k]:g}", f"{self.period[k]:.6g} ms", "stable" if stable[k] else "unstable")
            if np.isfinite(self.period[k])
            else (k, f"{self.current[k]:g}", "none", "")
            for k in range(n)
        )
        return _html.table(f"Cycles of {type(self.model).__name__}", rows, ("neuron", "current", "period", ""), n)

    def __repr__(self) -> str:
        n = self.period.size
        rows = [
            f"  neuron {k:,}: period {self.period[k]:.6g} ms, {'stable' if self.stable[k] else 'unstable'}"
            if np.isfinite(self.period[k])
            else f"  neuron {k:,}: none"
            for k in range(min(n, 12))
        ]
        more = [f"  and {n - 12:,} more"] if n > 12 else []
        found = np.isfinite(self.period).sum()
        return "\n".join([f"Cycles: {found:,} of {n:,} neurons of {type(self.model).__name__}", *rows, *more])


def cycles(
    model: Model,
    current: npt.ArrayLike = 0.0,
    parameters: str | Sequence[str] = (),
    initial: Mapping[str, npt.ArrayLike] | None = None,
    settle: float = 1000.0,
) -> Cycles:
    """The limit cycle on which each neuron fires, to twelve digits.

    A run of `settle` ms ends near the cycle; Newton's method then finds the point at the threshold to which the flow
    returns after a period, by the derivatives of the flow (single shooting).

    Parameters
    ----------
    model : Model
        Without a reset.
    current : float or (n,) array_like, default 0
        Injected current, uA/cm^2.
    parameters : str or sequence of str, optional
        With respect to which of the model's parameters the period is differentiated, beside the current.
    initial : dict of float or (n,) array_like, optional
        Where the run starts, as in `simulate`: for neurons that may rest as well.
    settle : float, default 1000
        How long it is, ms: some periods, of a slow neuron too.

    Returns
    -------
    Cycles
        A neuron that does not fire periodically at the end of the run has NaN.

    Raises
    ------
    TypeError, ValueError
        If the model resets, or an argument makes no sense.

    See Also
    --------
    phase_response : how a cycle is moved along itself

    References
    ----------
    Seydel R (2010). Practical Bifurcation and Stability Analysis, 3rd edition, sections 7.4-7.6.

    Examples
    --------
    >>> import fastneuron as fn
    >>> cycles = fn.cycles(fn.MorrisLecar.hopf(), current=[0.0, 100.0])
    >>> cycles
    Cycles: 1 of 2 neurons of MorrisLecar
      neuron 0: none
      neuron 1: period 85.2906 ms, stable
    >>> cycles.period_by["current"].round(4)
    array([    nan, -0.9537])
    """
    smooth(model)
    names = _check.names("parameters", parameters, "a parameter", model.names)
    given = checked_states("initial", initial or {}, model)
    n, amplitude = checked_current(model, current, {f"initial[{name!r}]": value for name, value in given.items()})
    settle = _check.number("settle", settle, "a positive number of ms", lambda x: x > 0)
    flow = Flow(model, amplitude)
    state, period, _ = near(flow, given, n, settle)
    alive = np.flatnonzero(np.isfinite(period))
    state[:, alive], period[alive] = close(flow.of(alive), state[:, alive], period[alive])
    state[:, ~np.isfinite(period)] = np.nan
    alive = np.flatnonzero(np.isfinite(period))
    multipliers, period_by = np.full((n, len(state)), complex(np.nan)), {}
    for name in ("current", *names):
        period_by[name] = np.full(n, np.nan)
        if alive.size:
            along = Flow(model, amplitude, name).of(alive)
            multipliers[alive], period_by[name][alive] = _floquet(along, state[:, alive], period[alive])
    return Cycles(model, amplitude, period, dict(zip(model.states, state, strict=True)), multipliers, period_by)


def near(flow: Flow, given: Mapping[str, Any], n: int, settle: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States (D, n) near spikes of the cycles, periods, NaN where there is none, and how many spikes there were."""
    start = flow.model.initial_state(given, n)
    run = flow.run(start, np.full(n, settle), np.zeros_like(start), rtol=1e-6, atol=1e-6)
    end = np.array([run.state[name] for name in flow.model.states])
    last = last_spikes(run, 2 * MOST_SPIKES + 1) * settle
    period = np.full(n, np.nan)
    for spikes in range(MOST_SPIKES, 0, -1):  # the fewest that repeat win
        apart = last[:, 0] - last[:, spikes]
        again = last[:, : spikes + 1] - last[:, spikes : 2 * spikes + 1]
        periodic = (abs(again - apart[:, np.newaxis]) < LIKE * apart[:, np.newaxis]).all(axis=1)
        period = np.where(periodic & (settle - last[:, 0] < (1 + LIKE) * apart), apart, period)
    alive = np.flatnonzero(np.isfinite(period))
    if alive.size:
        rest = last[alive, 0] + period[alive] - settle
        end[:, alive] = flow.of(alive).end(end[:, alive], np.maximum(rest, 0.0))
    return end, period, run.spike_count


def last_spikes(run: Any, count: int) -> np.ndarray:
    """The times of the last spikes of each neuron, (n, count), the last first; NaN before its first."""
    order = np.lexsort((-run.spikes.time, run.spikes.neuron))
    neuron, time = run.spikes.neuron[order], run.spikes.time[order]
    place = np.arange(neuron.size) - np.searchsorted(neuron, neuron)
    last = np.full((run.n, count), np.nan)
    last[neuron[place < count], place[place < count]] = time[place < count]
    return last


def close(flow: Flow, state: np.ndarray, period: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cycles through the threshold that are near states (D, n) with these periods; NaN where none is."""
    state, period = state.copy(), period.copy()
    n = period.size
    state[0] = np.broadcast_to(flow.model.thresholds, n)
    open_ = np.arange(n)
    for _ in range(STEPS):
        if not open_.size:
            break
        part = flow.of(open_)
        carried = part.carry(state[:, open_], period[open_])
        speed = linear(part.model, points(part.model, carried.state, part.current)).derivative
        matrix = carried.by_state - np.eye(len(state))
        matrix[:, :, 0] = speed  # V stays at the threshold; in its place the period is sought
        step = solved(matrix, (state[:, open_] - carried.state).T)
        step *= np.minimum(1.0, 0.2 * period[open_] / abs(step[:, 0]))[:, np.newaxis]
        size = abs(step[:, 1:]) / (1.0 + abs(state[1:, open_].T))
        largest = np.maximum(abs(step[:, 0]) / period[open_], size.max(axis=1, initial=0.0))
        period[open_] += step[:, 0]
        state[1:, open_] += step[:, 1:].T
        open_ = open_[~(largest < CLOSED)]
    period[open_] = np.nan
    return state, period


def solved(matrix: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """Solve (n, D, D) for (n, D), with NaN where that is impossible."""
    bad = ~np.isfinite(matrix).all(axis=(1, 2)) | ~np.isfinite(rhs).all(axis=1)
    matrix = np.where(bad[:, np.newaxis, np.newaxis], np.eye(rhs.shape[1]), matrix)
    bad |= abs(np.linalg.det(matrix)) == 0.0
    matrix = np.where(bad[:, np.newaxis, np.newaxis], np.eye(rhs.shape[1]), matrix)
    found = np.linalg.solve(matrix, np.where(bad[:, np.newaxis], 0.0, rhs)[..., np.newaxis])[..., 0]
    return np.where(bad[:, np.newaxis], np.nan, found)


def _floquet(flow: Flow, state: np.ndarray, period: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers (n, D), and the derivative (n,) of the period along the parameter of the flow."""
    D, n = state.shape
    multipliers, slope = np.empty((n, D), complex), np.empty(n)
    for some in batches(n, PIECES * (D + 1)):
        part = flow.of(some)
        path = part.orbit(state[:, some], period[some], PIECES)
        _, by_state, by_parameter = part.between(path, period[some], forced=True)
        whole, along = np.broadcast_to(np.eye(D), (some.size, D, D)), np.zeros((some.size, D))
        for k in range(PIECES):
            whole, along = by_state[:, k] @ whole, _product(by_state[:, k], along) + by_parameter[:, k]
        multipliers[some] = in_order(np.linalg.eigvals(whole).astype(complex))
        slope[some] = -(adjoint(part, state[:, some], whole) * along).sum(axis=1)
    return multipliers, slope


def _product(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.einsum("nij,nj->ni", matrices, vectors)


def in_order(multipliers: np.ndarray) -> np.ndarray:
    """The one closest to 1 first, then by size."""
    first = np.arange(multipliers.shape[1]) == np.argmin(abs(multipliers - 1.0), axis=1)[:, np.newaxis]
    order = np.argsort(np.where(first, -np.inf, -abs(multipliers)), axis=1)
    return np.take_along_axis(multipliers, order, axis=1)


def batches(n: int, lanes: int, most: int = LANES) -> list[np.ndarray]:
    """The neurons in parts, so that with so many lanes for each a part has no more than `most`: bearable memory."""
    size = max(1, most // lanes)
    return [np.arange(first, min(first + size, n)) for first in range(0, n, size)]


def adjoint(flow: Flow, state: np.ndarray, by_state: np.ndarray) -> np.ndarray:
    """The gradient Z (n, D) of the phase, ms, where cycles begin: Z (M - 1) = 0, Z . f = 1, M being `by_state`."""
    n, D = by_state.shape[:2]
    speed = linear(flow.model, points(flow.model, state, flow.current)).derivative
    bordered = np.zeros((n, D + 1, D + 1))
    bordered[:, :D, :D] = np.swapaxes(by_state, 1, 2) - np.eye(D)
    bordered[:, D, :D] = bordered[:, :D, D] = speed  # which makes it regular
    rhs = np.zeros((n, D + 1))
    rhs[:, D] = 1.0
    return solved(bordered, rhs)[:, :D]
