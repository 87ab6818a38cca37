"""How a neuron at rest begins to fire as the current grows: where rest ends, where firing begins, and how."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from .. import _html
from ..models import Model
from .bifurcations import end_of_period
from .cycle_branches import descents
from .cycles import close, near
from .equilibria import Family, Slope, on_curve
from .fixed_points import GRID, voltages
from .flow import Flow
from .jacobian import linear, points
from .lyapunov import first_lyapunov_coefficient
from .tangent import smooth

AT_ONCE = 200_000  # points of the voltage's grid, some 100 MB
SLAB = 64  # voltages between which the end of rest is looked for at once
HALVINGS = 60
JUMPS = (0.05, 0.5, 1.0, 1.5)  # from where rest ends, in units of the way to the threshold: where runs start
BACK = 0.2  # of that way: so near does an orbit come back to the point where rest ends
BEYOND = (0.0, 0.1, 0.4, 1.6)  # currents above the end of rest at which firing is looked for, in units of `_reach`
STILL = 1e-6  # of that way in a ms
SETTLE = (1000.0, 8000.0)  # ms
NEURONS = 2000  # at once


@dataclasses.dataclass(frozen=True, eq=False)
class Excitability:
    """How firing begins in a population, a value for each neuron; NaN, or "", for what it does not do.

    Attributes
    ----------
    model : Model
        Whose it is.
    rheobase : (n,) ndarray
        The current at which rest ends, uA/cm^2: a neuron at rest fires where the current slowly grows past it.
    rest_ends : (n,) ndarray of str
        How: ``"fold"``, ``"subcritical Hopf"`` or ``"supercritical Hopf"``.
    state : dict of (n,) ndarray
        Where it rests then, by name of state.
    firing : (n,) ndarray
        The least current at which it goes on firing, uA/cm^2.
    firing_begins : (n,) ndarray of str
        With what the firing begins there: ``"SNIC"``, ``"Hopf"``, ``"homoclinic"`` or ``"fold of cycles"``.
    """

    model: Model
    rheobase: np.ndarray
    rest_ends: np.ndarray
    state: Mapping[str, np.ndarray]
    firing: np.ndarray
    firing_begins: np.ndarray

    @property
    def onset(self) -> np.ndarray:
        """``"SNIC"``, ``"subcritical Hopf"``, ``"supercritical Hopf"``, ``"homoclinic"`` or ``"fold of cycles"``, (n,).

        That by which rest ends where that is a Hopf point, else that with which firing begins.
        """
        return np.where((self.firing_begins != "") & (self.rest_ends != "fold"), self.rest_ends, self.firing_begins)

    @property
    def kind(self) -> np.ndarray:
        """The class of Hodgkin (1948), (n,): ``"I"`` where the rate grows from 0 at the rheobase, else ``"II"``."""
        return np.where(self.onset == "", "", np.where(self.onset == "SNIC", "I", "II"))

    @property
    def coexist(self) -> np.ndarray:
        """Whether rest and firing are both stable between `firing` and `rheobase`, (n,)."""
        return self.firing < self.rheobase

    def _repr_html_(self) -> str:
        n, kind, onset = self.rheobase.size, self.kind, self.onset
        rows = (
            (k, kind[k], onset[k] or "does not begin to fire", f"{self.rheobase[k]:.6g}", f"{self.firing[k]:.6g}")
            for k in range(n)
        )
        heads = ("neuron", "class", "onset", "rheobase", "firing from")
        return _html.table(f"Excitability of {type(self.model).__name__}", rows, heads, n)

    def __repr__(self) -> str:
        n = self.rheobase.size
        rows = [f"  neuron {k:,}: {self._row(k)}" for k in range(min(n, 12))]
        more = [f"  and {n - 12:,} more"] if n > 12 else []
        return "\n".join([f"Excitability: {n:,} of {type(self.model).__name__}", *rows, *more])

    def _row(self, k: int) -> str:
        if not self.onset[k]:
            return "does not begin to fire"
        both = f", firing from {self.firing[k]:.6g} on" if self.coexist[k] else ""
        return f"class {self.kind[k]}, {self.onset[k]}, rheobase {self.rheobase[k]:.6g}{both}"


def excitability(model: Model) -> Excitability:
    """How each neuron begins to fire as the current grows.

    Equilibria are followed from the lowest voltage to where they lose stability: there rest ends.  At that current
    runs from several states show whether the neuron fires too, and if it does its cycle is followed to lower currents,
    to where it ends.  At a fold an orbit that comes back to it is the invariant circle of a SNIC.

    Parameters
    ----------
    model : Model
        As for `fixed_points`, of any number of neurons.

    Returns
    -------
    Excitability
        `rheobase` is exact to some 1e-12, `firing` to 1e-9.

    Raises
    ------
    TypeError, ValueError
        If the model is none for `fixed_points`.

    See Also
    --------
    bifurcations : the whole diagram of some neurons

    Notes
    -----
    Cycles are looked for where runs at the rheobase end, or runs above it if these find none.  Such as exist at lower
    currents only, or far from all of these runs, are not found: see `bifurcations`.  Where rest ends and there is no
    cycle, the neuron goes to another equilibrium: `rheobase` is known, `firing` is NaN.

    References
    ----------
    Hodgkin AL (1948). The local electric changes associated with repetitive action in a non-medullated axon. J Physiol
    107:165-181.

    Rinzel J, Ermentrout GB (1989). Analysis of neural excitability and oscillations. In: Koch C, Segev I (eds), Methods
    in Neuronal Modeling, MIT Press.

    Izhikevich EM (2007). Dynamical Systems in Neuroscience, MIT Press, chapter 7.

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.excitability(fn.MorrisLecar.snic(phi=[0.067, 0.23]))
    Excitability: 2 of MorrisLecar
      neuron 0: class I, SNIC, rheobase 39.9632
      neuron 1: class II, homoclinic, rheobase 39.9632, firing from 35.0067 on
    """
    smooth(model)
    family = Family(model, np.zeros(model.size), "current", -np.inf, np.inf)
    voltages(*family.at(np.zeros(1, np.int64), np.zeros(1)))  # raises where others have no single steady state
    V, rheobase, at = _ends_of_rest(family)
    ends = _kinds(family, V, rheobase, at)
    firing, begins = np.full(model.size, np.nan), np.full(model.size, "", "U16")
    rest = np.flatnonzero(ends != "")
    for first in range(0, rest.size, NEURONS):
        some = rest[first : first + NEURONS]
        end = End(some, at.state[:, some], rheobase[some], ends[some])
        firing[some], begins[some] = _firing(family, end)
    return Excitability(model, rheobase, ends, dict(zip(model.states, at.state, strict=True)), firing, begins)


# the end of rest ------------------------------------------------------------------------------------------------------


class End(NamedTuple):
    """Where rest ends, of some neurons."""

    neuron: np.ndarray  # (m,)
    state: np.ndarray  # (D, m)
    current: np.ndarray
    kind: np.ndarray

    def of(self, which: np.ndarray) -> End:
        """Those of some of them."""
        return End(*(column[..., which] for column in self))


def _stable(at: Slope) -> np.ndarray:
    J = at.jacobian
    if J.shape[1] == 2:
        return (at.by_V < 0) & (np.trace(J, axis1=1, axis2=2) < 0)
    finite = np.isfinite(J).all(axis=(1, 2))
    modes = np.linalg.eigvals(np.where(finite[:, np.newaxis, np.newaxis], J, 0.0))
    return finite & (modes.real < 0).all(axis=1)


@np.errstate(all="ignore")  # far away formulas may overflow
def _ends_of_rest(family: Family) -> tuple[np.ndarray, np.ndarray, Slope]:
    """Where each neuron's equilibria first lose stability on the way up in voltage: V, the current, the slopes."""
    n = family.current.size
    low, high, open_ = np.full(n, np.nan), np.full(n, np.nan), np.arange(n)
    for first in range(0, GRID.size - 1, SLAB):
        grid, still = GRID[first : first + SLAB + 1], []
        for some in np.array_split(open_, max(1, open_.size * SLAB // AT_ONCE)):
            current, at = on_curve(family, np.repeat(some, grid.size), np.tile(grid, some.size))
            stable = _stable(at).reshape(some.size, -1)
            lost = stable[:, :-1] & ~stable[:, 1:] & np.isfinite(current).reshape(stable.shape)[:, 1:]
            found = lost.any(axis=1)
            place = lost.argmax(axis=1)[found]
            low[some[found]], high[some[found]] = grid[place], grid[place + 1]
            still.append(some[~found])
        open_ = np.concatenate(still)
        if not open_.size:
            break
    known, everybody = np.flatnonzero(np.isfinite(low)), np.arange(n)
    for _ in range(HALVINGS):
        middle = 0.5 * (low[known] + high[known])
        stable = _stable(on_curve(family, known, middle)[1])
        low[known], high[known] = np.where(stable, middle, low[known]), np.where(stable, high[known], middle)
    return high, *on_curve(family, everybody, high)


def _kinds(family: Family, V: np.ndarray, current: np.ndarray, at: Slope) -> np.ndarray:
    """How rest ends there; "" where it does not."""
    kind = np.where(np.isfinite(V), np.where(at.by_V < 0, "subcritical Hopf", "fold"), "").astype("U18")
    hopf = np.flatnonzero(kind == "subcritical Hopf")
    if hopf.size:
        model, _ = family.at(hopf, current[hopf])
        l1 = first_lyapunov_coefficient(model, at.state[:, hopf], current[hopf])
        kind[hopf[l1 < 0]] = "supercritical Hopf"
    return kind


# firing ---------------------------------------------------------------------------------------------------------------


def _firing(family: Family, end: End) -> tuple[np.ndarray, np.ndarray]:
    """The least current at which neurons fire, and with what that begins."""
    m = end.neuron.size
    firing, begins, open_ = np.full(m, np.nan), np.full(m, "", "U16"), np.arange(m)
    reach = _reach(family, end)
    for beyond in BEYOND:
        if not open_.size:
            break
        part = end.of(open_)
        current = part.current + beyond * reach[open_]
        state, period, returned = _fate(family, part, current)
        fires = np.isfinite(period)
        which = open_[fires]
        if which.size:
            flow = Flow(*family.at(end.neuron[which], current[fires]))
            firing[which], begins[which] = _least(family, end.of(which), flow, state[:, fires], period[fires])
        circle = ~fires & returned & (part.kind == "fold") & (beyond == 0.0)
        firing[open_[circle]], begins[open_[circle]] = part.current[circle], "SNIC"
        open_ = open_[~fires & ~circle]
    return firing, begins


def _reach(family: Family, end: End) -> np.ndarray:
    """By how much the current moves an equilibrium half of the way to the threshold."""
    V = end.state[0] - 0.5 * _way(family, end)
    return abs(end.current - on_curve(family, end.neuron, V)[0])


def _way(family: Family, end: End) -> np.ndarray:
    """From where rest ends to the threshold."""
    threshold = np.broadcast_to(family.model.thresholds, family.current.size)[end.neuron]
    return np.maximum(threshold - end.state[0], 0.1 * (1.0 + abs(end.state[0])))


def _fate(family: Family, end: End, current: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cycles (D, m) on which runs end, their periods, and whether one from close by fires once and comes back."""
    m, D = end.neuron.size, len(end.state)
    state, period, returned = np.full((D, m), np.nan), np.full(m, np.nan), np.zeros(m, bool)
    open_ = np.arange(m)
    for settle in SETTLE:
        lanes = np.tile(open_, len(JUMPS))
        way = _way(family, end)
        start = end.state[:, lanes].copy()
        start[0] += np.repeat(JUMPS, open_.size) * way[lanes]
        flow = Flow(*family.at(end.neuron[lanes], current[lanes]))
        given = dict(zip(flow.model.states, start, strict=True))
        at, apart, spikes = near(flow, given, lanes.size, settle)
        alive = np.flatnonzero(np.isfinite(apart))
        if alive.size:
            at[:, alive], apart[alive] = close(flow.of(alive), at[:, alive], apart[alive])
        for lane in np.flatnonzero(np.isfinite(apart))[::-1]:
            state[:, lanes[lane]], period[lanes[lane]] = at[:, lane], apart[lane]
        one = slice(0, open_.size)
        returned[open_] = (spikes[one] == 1) & (abs(at[0, one] - end.state[0, open_]) < BACK * way[open_])
        end_speed = abs(linear(flow.model, points(flow.model, np.nan_to_num(at), flow.current)).derivative[:, 0])
        moving = (end_speed > STILL * way[lanes]).reshape(len(JUMPS), -1).any(axis=0)
        open_ = open_[moving & ~np.isfinite(period[open_]) & ~returned[open_]]
        if not open_.size:
            break
    return state, period, returned


def _least(
    family: Family, end: End, flow: Flow, state: np.ndarray, period: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The currents at which cycles through states (D, m) begin, and with what."""
    unit, reach = _reach(family, end), np.ptp(flow.orbit(state, period, 50), axis=2).T
    value, kind = np.full(period.size, np.nan), np.full(period.size, "", "U16")
    for k, branch in enumerate(descents(family, end.neuron, flow, state, period, reach, unit)):
        if branch.end == "fold":
            value[k], kind[k] = branch.folds[0][0], "fold of cycles"
        elif branch.end == "Hopf":
            at_end = abs(branch.value[-1] - end.current[k]) < 0.05 * unit[k] and end.kind[k] != "fold"
            value[k], kind[k] = end.current[k] if at_end else branch.value[-1], "Hopf"
        elif branch.end == "period":
            folds = end.current[k : k + 1][end.kind[k : k + 1] == "fold"]
            kind[k], value[k], _ = end_of_period(branch.period, branch.value, folds)
    return value, kind
