"""Curves of equilibria in a parameter, and the folds and Hopf points on them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..models import Model
from .arguments import some_of
from .fixed_points import FAR, voltages
from .jacobian import linear, points
from .steady import steady_states

SEEDS = 33  # values of the parameter at which all equilibria are found, so that closed curves are too
STEP, SMALLEST, LARGEST = 0.01, 1e-7, 0.02  # along a curve, in units of the window
TURN = 0.08  # of a curve from one point to the next, rad
MOST_POINTS = 4000
CORRECTIONS = 8
HALVINGS = 60


class Family(NamedTuple):
    """Neurons with a parameter, or the current, that varies."""

    model: Model
    current: np.ndarray  # (n,)
    parameter: str
    low: float
    high: float

    def at(self, neuron: np.ndarray, value: np.ndarray) -> tuple[Model, np.ndarray]:
        """The model of these neurons with these values of the parameter, and their currents."""
        if self.parameter == "current":
            return some_of(self.model, neuron), value
        return some_of(self.model, neuron, **{self.parameter: value}), self.current[neuron]


class Slope(NamedTuple):
    """dV/dt at steady states of the rest, by V and by the parameter; and where."""

    rate: np.ndarray
    by_V: np.ndarray
    by_parameter: np.ndarray
    state: np.ndarray  # (D, m)
    jacobian: np.ndarray  # (m, D, D)


def slope(family: Family, neuron: np.ndarray, V: np.ndarray, value: np.ndarray) -> Slope:
    """That of neurons at voltages and values of the parameter, each (m,)."""
    D = len(family.model.states)
    if not V.size:
        return Slope(V, V, V, np.empty((D, 0)), np.empty((0, D, D)))
    model, current = family.at(neuron, value)
    at = points(model, np.zeros((D, V.size)), current)
    steady_states(at, np.ascontiguousarray(V), at.state)
    near = linear(model, at, family.parameter)
    forcing = near.by_current if family.parameter == "current" else near.by_parameter
    J = near.jacobian
    # the other states follow V and the parameter
    sources = np.stack([J[:, 1:, 0], forcing[:, 1:]], axis=2)
    follow = -np.linalg.solve(J[:, 1:, 1:], sources)
    total = np.stack([J[:, 0, 0], forcing[:, 0]], axis=1) + np.einsum("nj,njk->nk", J[:, 0, 1:], follow)
    return Slope(near.derivative[:, 0], total[:, 0], total[:, 1], at.state, J)


def on_curve(family: Family, neuron: np.ndarray, V: np.ndarray) -> tuple[np.ndarray, Slope]:
    """The values of the parameter at which voltages (m,) are those of equilibria, and the slopes there.

    By Newton's method, which takes one step where dV/dt is linear in the parameter; NaN where there is none.
    """
    bounds = 2.0 * family.low - family.high, 2.0 * family.high - family.low  # what is far outside may be no value
    value = np.full(V.size, 0.0 if family.parameter == "current" else family.low)
    for _ in range(4):
        at = slope(family, neuron, V, value)
        step = at.rate / at.by_parameter
        if not (abs(step) > 1e-13 * (1.0 + abs(value))).any():
            break
        value = np.clip(value - np.where(np.isfinite(step), step, 0.0), *bounds)
    return np.where(abs(step) <= 1e-9 * (1.0 + abs(value)), value, np.nan), at


class Curve(NamedTuple):
    """Equilibria of a neuron, in their order along a curve."""

    neuron: int
    V: np.ndarray
    value: np.ndarray
    scale: np.ndarray  # (2,): what V and the parameter are measured in


@np.errstate(all="ignore")  # what is not finite is not met
def curves(family: Family) -> list[Curve]:
    """All curves of equilibria, by neuron: through each equilibrium at `SEEDS` values of the parameter."""
    n = family.current.size
    neuron, value = np.repeat(np.arange(n), SEEDS), np.tile(np.linspace(family.low, family.high, SEEDS), n)
    lane, V = voltages(*family.at(neuron, value))
    neuron, value = neuron[lane], value[lane]
    scale = np.full((n, 2), family.high - family.low)
    for k in range(n):
        mine = V[neuron == k]
        scale[k, 0] = max(np.ptp(mine), 0.1 * (1.0 + abs(mine).max())) if mine.size else 1.0
    found: list[Curve] = []
    waiting = np.ones(V.size, bool)
    while waiting.any():
        _, first = np.unique(np.where(waiting, neuron, -1), return_index=True)
        first = first[waiting[first]]
        made = _traced(family, neuron[first], np.array([V[first], value[first]]), scale[neuron[first]])
        waiting[first] = False
        found += made
        for curve in made:
            mine = np.flatnonzero(waiting & (neuron == curve.neuron))
            waiting[mine[_is_on(curve, V[mine], value[mine])]] = False
    return sorted(found, key=lambda curve: curve.neuron)


def _is_on(curve: Curve, V: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Whether points are on a curve: close to one of its chords, as curved as `TURN` lets it be."""
    u = np.array([curve.V, curve.value]).T / curve.scale
    a, chord = u[:-1], np.diff(u, axis=0)
    p = (np.array([V, value]).T / curve.scale)[:, np.newaxis]
    part = np.clip(((p - a) * chord).sum(2) / np.maximum((chord**2).sum(1), 1e-300), 0.0, 1.0)
    apart = np.sqrt((((p - a) - part[:, :, np.newaxis] * chord) ** 2).sum(2))
    return (apart < 0.5 * LARGEST * TURN).any(axis=1)


def _traced(family: Family, neuron: np.ndarray, start: np.ndarray, scale: np.ndarray) -> list[Curve]:
    """The curves through the points (2, m), by continuation in their arc length both ways at once."""
    m = neuron.size
    neurons, scales = np.tile(neuron, 2), np.tile(scale, (2, 1)).T
    u = np.tile(start, 2) / scales
    sign = np.repeat([1.0, -1.0], m)
    tangent = _tangent(family, neurons, u, scales) * sign
    size, paths = np.full(2 * m, STEP), [[u[:, k].copy()] for k in range(2 * m)]
    closed, going = np.zeros(2 * m, bool), np.arange(2 * m)
    for _ in range(MOST_POINTS):
        if not going.size:
            break
        ahead = u[:, going] + size[going] * tangent[:, going]
        new, met = _corrected(family, neurons[going], ahead, tangent[:, going], scales[:, going])
        turned = _tangent(family, neurons[going], new, scales[:, going])
        turned = turned * np.sign((turned * tangent[:, going]).sum(axis=0))
        met &= (turned * tangent[:, going]).sum(axis=0) > np.cos(TURN)
        size[going] = np.where(met, np.minimum(1.5 * size[going], LARGEST), 0.5 * size[going])
        stepped = going[met]
        u[:, stepped], tangent[:, stepped] = new[:, met], turned[:, met]
        for k in stepped:
            paths[k].append(u[:, k].copy())
            closed[k] = len(paths[k]) > 8 and np.hypot(*(u[:, k] - paths[k][0])) < 0.7 * size[k]
        value = u[1] * scales[1]
        outside = (value < family.low) | (value > family.high) | (abs(u[0] * scales[0]) > FAR)
        going = going[~(outside | closed)[going] & (size[going] > SMALLEST)]
    _end_at_the_bounds(family, neurons, paths, scales)
    return [_joined(neuron[k], paths[k], paths[m + k], closed[k], scale[k]) for k in range(m)]


def _joined(neuron: Any, ahead: list[Any], back: list[Any], closed: bool, scale: np.ndarray) -> Curve:
    path = [*ahead, ahead[0]] if closed else [*back[:0:-1], *ahead]
    V, value = np.transpose(path) * scale[:, np.newaxis]
    return Curve(int(neuron), V, value, scale)


def _end_at_the_bounds(family: Family, neuron: np.ndarray, paths: list[list[Any]], scale: np.ndarray) -> None:
    """Move the last point of each path, where it is outside, to the bound, or leave it out where that is its first."""
    ends = np.array([path[-1] for path in paths]).T * scale
    bound = np.clip(ends[1], family.low, family.high)
    for k in np.flatnonzero((bound != ends[1]) & (np.array([len(path) for path in paths]) > 1)):
        before = paths[k][-2] * scale[:, k]
        if abs(before[1] - bound[k]) < 1e-12 * scale[1, k]:  # it begins there
            paths[k].pop()
            continue
        part = (bound[k] - before[1]) / (ends[1, k] - before[1])
        V = before[0] + part * (ends[0, k] - before[0])
        for _ in range(CORRECTIONS):
            at = slope(family, neuron[k : k + 1], np.array([V]), bound[k : k + 1])
            V -= (at.rate / at.by_V)[0]
        paths[k][-1] = np.array([V, bound[k]]) / scale[:, k]


def _gradient(family: Family, neuron: np.ndarray, u: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    at = slope(family, neuron, *(u * scale))
    return at.rate, np.array([at.by_V, at.by_parameter]) * scale


def _tangent(family: Family, neuron: np.ndarray, u: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The unit tangents (2, m) of curves at points of them."""
    _, g = _gradient(family, neuron, u, scale)
    return np.array([-g[1], g[0]]) / np.hypot(*g)


def _corrected(
    family: Family, neuron: np.ndarray, u: np.ndarray, across: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The points of curves straight beside the points u, (2, m), `across` being the unit vectors that stay as they are.

    Returns them, and whether Newton's method has found them.
    """
    u, met = u.copy(), np.zeros(neuron.size, bool)
    beside = np.array([-across[1], across[0]])
    for _ in range(CORRECTIONS):
        rate, g = _gradient(family, neuron, u, scale)
        step = -rate / (g * beside).sum(axis=0)
        u += np.where(np.isfinite(step) & ~met, step, 0.0) * beside
        met |= abs(step) < 1e-13 * (1.0 + np.hypot(*u))
        if met.all():
            break
    return u, met | (abs(step) < 1e-10)


class Special(NamedTuple):
    """Points on curves of equilibria at which their stability may change."""

    kind: np.ndarray  # "fold" or "Hopf"
    neuron: np.ndarray
    curve: np.ndarray
    at: Slope
    value: np.ndarray


@np.errstate(all="ignore")
def special_points(family: Family, found: list[Curve]) -> Special:
    """All folds and Hopf points on the curves: where a test function changes its sign between neighbours, by halving.

    Folds: dV/dt by V.  Hopf points: the product of the sums of all pairs of eigenvalues (Guckenheimer, Myers &
    Sturmfels 1997), those left out that belong to two real ones.
    """
    neuron = np.concatenate([np.full(curve.V.size, curve.neuron) for curve in found])
    number = np.repeat(np.arange(len(found)), [curve.V.size for curve in found])
    V, value = (np.concatenate([curve[k] for curve in found]) for k in (1, 2))
    scale = np.array([curve.scale for curve in found])[number].T
    at = slope(family, neuron, V, value)
    kinds, places, points_of = [], [], []
    for kind, test in TESTS.items():
        sign = np.sign(test(at))
        (where,) = np.nonzero((number[1:] == number[:-1]) & (sign[1:] * sign[:-1] < 0))
        a, b = (np.array([V, value])[:, where + k] / scale[:, where] for k in (0, 1))
        u = _halved(family, neuron[where], a, b, scale[:, where], test, sign[where]) if where.size else a
        kinds += [kind] * where.size
        places.append(where)
        points_of.append(u * scale[:, where])
    where, (V, value) = np.concatenate(places), np.concatenate(points_of, axis=1)
    found_at = slope(family, neuron[where], V, value)
    kept = (np.array(kinds) == "fold") | (frequencies(found_at.jacobian) > 0)
    at_kept = Slope(*(part[..., kept] if k == 3 else part[kept] for k, part in enumerate(found_at)))
    return Special(np.array(kinds)[kept], neuron[where][kept], number[where][kept], at_kept, value[kept])


def _halved(
    family: Family, neuron: np.ndarray, a: np.ndarray, b: np.ndarray, scale: np.ndarray, test: Any, sign: np.ndarray
) -> np.ndarray:
    """Where between points a and b, (2, m), of curves a test function changes its sign from `sign`."""
    along = (b - a) / np.hypot(*(b - a))
    low, high = np.zeros(neuron.size), np.hypot(*(b - a))
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        u, _ = _corrected(family, neuron, a + middle * along, along, scale)
        before = np.sign(test(slope(family, neuron, *(u * scale)))) == sign
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return u


def _pairs(jacobian: np.ndarray) -> np.ndarray:
    """The sums of all pairs of eigenvalues, (m, D (D - 1) / 2)."""
    modes = np.linalg.eigvals(jacobian)
    first, second = np.triu_indices(jacobian.shape[1], 1)
    return modes[:, first] + modes[:, second]


def frequencies(jacobian: np.ndarray) -> np.ndarray:
    """The imaginary part, (m,), of the pair of eigenvalues whose sum is nearest to 0, rad/ms; 0 if they are real."""
    modes = np.linalg.eigvals(jacobian).astype(complex)
    first, second = np.triu_indices(jacobian.shape[1], 1)
    if not first.size:
        return np.zeros(len(modes))
    best = np.argmin(abs(modes[:, first] + modes[:, second]), axis=1)
    return abs(np.take_along_axis(modes, first[best][:, np.newaxis], axis=1)[:, 0].imag)


TESTS = {
    "fold": lambda at: at.by_V,
    "Hopf": lambda at: _pairs(at.jacobian).prod(axis=1).real,
}
