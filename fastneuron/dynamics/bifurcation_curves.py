"""Curves of folds and Hopf points in two parameters, and the points at which they meet or turn back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _check
from ..models import Model
from .arguments import check_columns, checked_current, checked_range, some_of
from .equilibria import TESTS, Family, Slope, frequencies, on_curve, slope
from .fixed_points import GRID, voltages
from .lyapunov import first_lyapunov_coefficient
from .tangent import smooth

VALUES = 201  # of the other parameter
HALVINGS = 50
STEPS = 8  # of Newton's method
APART = 1e-4  # of what its differences are taken, as part of the window
EXACT = 1e-8  # the largest last step, as part of the window


class Plane(NamedTuple):
    """A neuron whose equilibria are looked at over the voltage and a parameter; the `solved` one follows from these."""

    model: Model
    current: float
    solved: tuple[str, float, float]
    free: tuple[str, float, float]

    def at(self, V: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, Slope]:
        """The other parameter, (m,), NaN where there is none, and the slopes there."""
        changes, current = self._changes({self.free[0]: free}, V.size)
        return on_curve(Family(self.model.replace(**changes), current, *self.solved), np.arange(V.size), V)

    def of(self, free: np.ndarray, value: np.ndarray) -> tuple[Model, np.ndarray]:
        """The neurons with these values of both parameters, and their currents."""
        changes, current = self._changes({self.free[0]: free, self.solved[0]: value}, free.size)
        return self.model.replace(**changes), current

    def _changes(self, changes: dict[str, np.ndarray], m: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        current = changes.pop("current", None)
        return changes, np.full(m, self.current) if current is None else current


class Contour(NamedTuple):
    """A curve, point by point."""

    kind: str
    V: np.ndarray
    free: np.ndarray
    value: np.ndarray  # of the parameter that is solved for
    at: Slope


def bifurcation_curves(
    model: Model, first: tuple[str, float, float], second: tuple[str, float, float], current: npt.ArrayLike = 0.0
) -> Any:
    """The curves of folds and Hopf points of every neuron in two parameters, as an xarray Dataset.

    Over the plane of the voltage and one parameter the other follows, such that there is an equilibrium.  On a grid of
    this plane curves are where test functions change their signs, at each line of the grid exactly, to some 1e-12: none
    is missed that is wider than a cell, closed curves neither.

    Parameters
    ----------
    model : Model
        As for `fixed_points`.
    first, second : (str, float, float)
        ``"current"`` or a parameter, and from where to where.  One of them must be the current, or such that dV/dt is
        linear in it: a conductance, a reversal potential.
    current : float or (n,) array_like, default 0
        Injected current, uA/cm^2, where other parameters vary.

    Returns
    -------
    xarray.Dataset
        With two dimensions; ``..._neuron`` says whose a row is, ``..._V`` and so on where, and a variable for each
        parameter, as ``curve_current``, at which values:

        ``curve``
            ``curve_kind``, ``"fold"`` or ``"Hopf"``, ``curve_branch``, in order; ``curve_frequency`` (Hz) and
            ``curve_l1``, the first Lyapunov coefficient, of Hopf points.
        ``point``
            ``point_kind``: ``"Bogdanov-Takens"``, where a curve of Hopf points ends on one of folds, ``"cusp"``, where
            two of folds end, and ``"fold-Hopf"``, where both meet in three states and more.

    Raises
    ------
    ImportError
        If there is no xarray.
    TypeError, ValueError
        If an argument makes no sense, or the model is none for `fixed_points`.

    References
    ----------
    Kuznetsov YA (2004). Elements of Applied Bifurcation Theory, 3rd edition, Springer, chapter 8.

    Examples
    --------
    >>> import fastneuron as fn
    >>> found = fn.bifurcation_curves(fn.MorrisLecar.snic(), ("current", 0, 150), ("V3", 0, 20))
    >>> for kind, I, V3 in zip(found.point_kind.values, found.point_current.values, found.point_V3.values):
    ...     print(f"{kind} at I = {I:.6f}, V3 = {V3:.6f}")
    cusp at I = 47.868601, V3 = 4.291299
    Bogdanov-Takens at I = 45.908777, V3 = 5.141886
    """
    smooth(model)
    ranges = [_checked(name, model, given) for name, given in (("first", first), ("second", second))]
    if ranges[0][0] == ranges[1][0]:
        raise ValueError(f"first and second must be two parameters; both are {ranges[0][0]!r}")
    check_columns([*model.states, ranges[0][0], ranges[1][0]])
    if "current" in (ranges[0][0], ranges[1][0]) and (np.ndim(current) or current != 0.0):
        raise ValueError(f"current is what varies: give its range alone; got current={_check.shown(current)}")
    try:
        import xarray
    except ImportError:
        raise ImportError("bifurcation_curves needs xarray: pip install xarray") from None
    n, amplitude = checked_current(model, current)
    voltages(some_of(model, np.zeros(1, np.int64)), amplitude[:1])  # raises where others have no single steady state
    planes = [_plane(model, neuron, float(amplitude[neuron]), ranges) for neuron in range(n)]
    both = [_curves(plane) for plane in planes]
    variables = {}
    for k, dimension in enumerate(("curve", "point")):
        variables |= _rows(model, [(plane, found[k]) for plane, found in zip(planes, both, strict=True)], dimension)
    names = [name for name, _, _ in ranges]
    result = xarray.Dataset(variables, attrs={"model": type(model).__name__, "parameters": tuple(names)})
    for dimension in ("curve", "point"):
        for name in (*names, *model.states):
            unit = model.units.get(name, "uA/cm^2" if name == "current" else "")
            result[f"{dimension}_{name}"].attrs["units"] = unit
    return result


def _checked(argument: str, model: Model, given: Any) -> tuple[str, float, float]:
    try:
        name, low, high = given
    except (TypeError, ValueError):
        wanted = f"{argument} must be a parameter and its range, such as ('current', 0, 100)"
        raise TypeError(f"{wanted}; got {_check.shown(given)}") from None
    _check.known(f"the parameter of {argument}", name, ("current", *model.names))
    return name, *checked_range(argument, model, name, (low, high))


def _plane(model: Model, neuron: int, current: float, ranges: list[tuple[str, float, float]]) -> Plane:
    """One neuron, solved for the first of the parameters for which that can be done at once."""
    one = some_of(model, neuron)
    V = np.array([-70.0, -35.0, -5.0, 15.0])
    for solved, free in sorted((ranges, ranges[::-1]), key=lambda both: both[0][0] != "current"):
        family = Family(one, np.full(V.size, current), *solved)
        low, high = (slope(family, np.arange(V.size), V, np.full(V.size, end)).by_parameter for end in solved[1:])
        if np.allclose(low, high, rtol=1e-9) and (low != 0.0).any():
            return Plane(one, current, solved, free)
    raise ValueError(
        "first or second must be the current, or a parameter in which dV/dt is linear, such as a conductance; got "
        f"{ranges[0][0]!r} and {ranges[1][0]!r}"
    )


# curves ---------------------------------------------------------------------------------------------------------------


@np.errstate(all="ignore")  # far away formulas may overflow
def _curves(plane: Plane) -> tuple[list[Contour], list[Contour]]:
    """The curves of a neuron, and the special points, each a contour of one point."""
    free = np.linspace(*plane.free[1:], VALUES)
    grid = np.meshgrid(GRID, free, indexing="ij")
    _, at = plane.at(grid[0].ravel(), grid[1].ravel())
    found, special = [], []
    for kind, test in TESTS.items():
        for V, p in _contours(plane, test, GRID, free, test(at).reshape(grid[0].shape)):
            contour = _looked_at(plane, kind, V, p)
            turns = _special(plane, contour)
            special += [turn for turn, _ in turns]
            found += _pieces(plane, contour, turns)
    return found, special


def _looked_at(plane: Plane, kind: str, V: np.ndarray, free: np.ndarray) -> Contour:
    return Contour(kind, V, free, *plane.at(V, free))


def _contours(plane: Plane, test: Any, V: np.ndarray, free: np.ndarray, values: np.ndarray) -> list[np.ndarray]:
    """The curves (2, k) on which a test function with these values on the grid is 0: by marching squares."""
    sign = np.sign(values)
    i, j = np.nonzero(sign[1:] * sign[:-1] < 0)  # edges along V
    k, l = np.nonzero(sign[:, 1:] * sign[:, :-1] < 0)
    a = np.array([np.append(V[i], V[k]), np.append(free[j], free[l])])
    b = np.array([np.append(V[i + 1], V[k]), np.append(free[j], free[l + 1])])
    if not i.size + k.size:
        return []
    start = np.append(sign[i, j], sign[k, l])
    for _ in range(HALVINGS):
        middle = 0.5 * (a + b)
        before = np.sign(test(plane.at(*middle)[1])) == start
        a, b = np.where(before, middle, a), np.where(before, b, middle)
    on_V, on_free = np.full((V.size - 1, free.size), -1), np.full((V.size, free.size - 1), -1)
    on_V[i, j], on_free[k, l] = np.arange(i.size), i.size + np.arange(k.size)
    cells = np.array([on_V[:, :-1], on_free[1:], on_V[:, 1:], on_free[:-1]]).reshape(4, -1)
    around = [cell[cell >= 0] for cell in cells[:, (cells >= 0).sum(axis=0) > 1].T]
    links = [(cell[n], cell[n + 1]) for cell in around for n in range(0, cell.size - 1, 2)]
    return [b[:, chain] for chain in _chains(b.shape[1], links)]


def _chains(size: int, links: list[tuple[int, int]]) -> list[list[int]]:
    """Points in the order in which links lead from one to the next; a closed chain ends with its first."""
    beside: list[list[int]] = [[] for _ in range(size)]
    for a, b in links:
        beside[a].append(int(b))
        beside[b].append(int(a))
    made, seen = [], set()
    for first in sorted(range(size), key=lambda point: len(beside[point]) == 2):  # open ones from their ends
        if first in seen:
            continue
        chain, now = [], first
        while True:
            chain.append(now)
            seen.add(now)
            onwards = [point for point in beside[now] if point not in seen]
            if not onwards:
                break
            now = onwards[0]
        made.append(chain + [first] * (len(chain) > 2 and first in beside[now]))
    return made


def _pieces(plane: Plane, contour: Contour, turns: list[tuple[Contour, int]]) -> list[Contour]:
    """What of a contour is in the window, and, of Hopf points, has a frequency; from one special point to the next."""
    _, low, high = plane.solved
    ends = [place + 1 for _, place in turns]
    V = np.insert(contour.V, ends, [turn.V[0] for turn, _ in turns])
    free = np.insert(contour.free, ends, [turn.free[0] for turn, _ in turns])
    contour = _looked_at(plane, contour.kind, V, free)
    special = np.isin(np.arange(V.size), np.array(ends, int) + np.arange(len(ends)))
    inside = (contour.value >= low) & (contour.value <= high)
    if contour.kind == "Hopf":
        inside &= (frequencies(contour.at.jacobian) > 0) | special
    cuts = np.flatnonzero(np.diff(inside.astype(int))) + 1
    pieces = []
    for some in np.split(np.arange(V.size), cuts):
        if inside[some].all() and some.size > 1:
            pieces.append(_part(contour, some))
    return pieces


def _part(contour: Contour, some: np.ndarray) -> Contour:
    at = Slope(*(part[..., some] if k == 3 else part[some] for k, part in enumerate(contour.at)))
    return Contour(contour.kind, contour.V[some], contour.free[some], contour.value[some], at)


# special points -------------------------------------------------------------------------------------------------------


def _special(plane: Plane, contour: Contour) -> list[tuple[Contour, int]]:
    """Cusps of a curve of folds, Bogdanov-Takens points of one of Hopf points; and behind which point of it."""
    if contour.kind == "Hopf":
        change, second = np.sign(contour.at.by_V), _fold
    else:
        change, second = np.sign(np.diff(contour.free, append=np.nan)), _curvature
    (places,) = np.nonzero(change[1:] * change[:-1] < 0)
    _, low, high = plane.solved
    found = []
    for place in places:
        near = slice(place, place + 2) if contour.kind == "Hopf" else slice(place + 1, place + 2)
        point, met = _solved(plane, contour, second, np.array([contour.V[near].mean(), contour.free[near].mean()]))
        value, at = plane.at(*point)
        if met and low <= value[0] <= high:
            kind = "cusp" if contour.kind == "fold" else _kind_of(at.jacobian[0])
            found.append((Contour(kind, *point, value, at), int(place + (contour.kind == "fold"))))
    return found


def _kind_of(jacobian: np.ndarray) -> str:
    """Which of two eigenvalues that are both nearly 0, or one of them and a pair on the imaginary axis."""
    size = np.sort(abs(np.linalg.eigvals(jacobian)))
    return "Bogdanov-Takens" if size[1] < 1e-3 * max(size[-1], 1e-3) or size.size == 2 else "fold-Hopf"


def _fold(plane: Plane, V: np.ndarray, free: np.ndarray) -> np.ndarray:
    return plane.at(V, free)[1].by_V


def _curvature(plane: Plane, V: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The derivative of `_fold` by V, by differences of fourth order."""
    h = APART * (1.0 + abs(V))
    one, two = (_fold(plane, V + k * h, free) - _fold(plane, V - k * h, free) for k in (1, 2))
    return (8.0 * one - two) / (12.0 * h)


def _solved(plane: Plane, contour: Contour, second: Any, start: np.ndarray) -> tuple[np.ndarray, bool]:
    """The point (2, 1) of the plane near `start` at which the contour's test function and a second one are 0."""
    point, unit = start[:, np.newaxis], APART * np.array([1.0 + abs(start[0]), plane.free[2] - plane.free[1]])
    away = np.array([[0, 1, -1, 0, 0], [0, 0, 0, 1, -1]]) * unit[:, np.newaxis]
    size = np.inf
    for _ in range(STEPS):
        V, free = point + away
        both = np.array([TESTS[contour.kind](plane.at(V, free)[1]), second(plane, V, free)])
        matrix = 0.5 * (both[:, 1::2] - both[:, 2::2])
        if not np.isfinite(matrix).all() or np.linalg.det(matrix) == 0.0:
            return point, False
        step = np.linalg.solve(matrix, both[:, 0])
        point = point - (step * unit)[:, np.newaxis]
        size = abs(step).max()
    far = abs(point[:, 0] - start) > 200.0 * unit
    return point, bool(size * APART < EXACT and not far.any())


# tables ---------------------------------------------------------------------------------------------------------------


def _rows(model: Model, planes: list[tuple[Plane, list[Contour]]], dimension: str) -> dict[str, Any]:
    """The columns of a dimension: a row for each point of each curve."""
    rows = [
        (neuron, branch, plane, contour)
        for neuron, (plane, found) in enumerate(planes)
        for branch, contour in enumerate(found)
    ]
    sizes = [contour.V.size for *_, contour in rows]

    def joined(columns: list[Any], kind: Any = float) -> np.ndarray:
        return np.concatenate([np.empty(0, kind), *columns])

    columns = {"neuron": np.repeat([row[0] for row in rows], sizes).astype(int)}
    columns["kind"] = np.repeat(np.array([row[3].kind for row in rows], "U16"), sizes)
    if dimension == "curve":
        columns["branch"] = np.repeat([row[1] for row in rows], sizes).astype(int)
    for which, column in ((planes[0][0].solved[0], "value"), (planes[0][0].free[0], "free")):
        columns[which] = joined([getattr(contour, column) for *_, contour in rows])
    for d, state in enumerate(model.states):
        columns[state] = joined([contour.at.state[d] for *_, contour in rows])
    if dimension == "curve":
        columns["frequency"] = joined([_frequency(contour) for *_, contour in rows])
        columns["l1"] = joined([_coefficient(plane, contour) for _, _, plane, contour in rows])
    return {f"{dimension}_{name}": (dimension, column) for name, column in columns.items()}


def _frequency(contour: Contour) -> np.ndarray:
    """Hz, of Hopf points."""
    if contour.kind != "Hopf":
        return np.full(contour.V.size, np.nan)
    return frequencies(contour.at.jacobian) / (2e-3 * np.pi)


def _coefficient(plane: Plane, contour: Contour) -> np.ndarray:
    """The first Lyapunov coefficients of Hopf points that have a frequency."""
    l1, which = np.full(contour.V.size, np.nan), np.flatnonzero(_frequency(contour) > 0)
    if which.size:
        model, current = plane.of(contour.free[which], contour.value[which])
        l1[which] = first_lyapunov_coefficient(model, contour.at.state[:, which], current)
    return l1
