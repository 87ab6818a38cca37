"""The bifurcation diagram of each neuron in one parameter: equilibria, cycles, and the points at which they change."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from .. import _check
from .._integrators.adaptive import MANY
from ..models import Model
from .arguments import check_columns, checked_current, checked_range
from .cycle_branches import NODES, Branch, branches
from .cycles import batches, in_order
from .equilibria import Curve, Family, Special, curves, frequencies, slope, special_points
from .flow import Flow
from .lyapunov import first_lyapunov_coefficient
from .tangent import smooth

SAMPLES = 100  # between two nodes of a cycle, for its extrema
EXACT = 1e-12  # of what is found by halving
FEW = 1000  # cycles
SNIC_LAW = 0.02  # how well periods follow their law at a fold, as part of them


class Point(NamedTuple):
    """A bifurcation of a neuron; what does not apply is NaN."""

    neuron: int
    kind: str
    value: float
    error: float
    state: np.ndarray
    frequency: float
    l1: float
    period: float


def bifurcations(
    model: Model, parameter: str, window: tuple[float, float], current: npt.ArrayLike = 0.0, cycles: bool = True
) -> Any:
    """The bifurcation diagram of every neuron in the current or another parameter, as an xarray Dataset.

    Equilibria are followed from all that there are at 33 values of the parameter, cycles from every Hopf point (Keller
    1977), each cycle as 20 states, so that unstable cycles are no harder than stable ones.  Folds and Hopf points are
    exact to some 1e-12, folds of cycles to 1e-9.

    Parameters
    ----------
    model : Model
        As for `fixed_points`.
    parameter : str
        ``"current"``, or a parameter of the model.
    window : (float, float)
        From where to where.
    current : float or (n,) array_like, default 0
        Injected current, uA/cm^2, where another parameter varies.
    cycles : bool, default True
        Whether to follow cycles.  Such as begin at no Hopf point inside the window are not found: see `cycles`.

    Returns
    -------
    xarray.Dataset
        With three dimensions; ``..._neuron`` says whose a row is, ``..._value`` at which value of the parameter:

        ``equilibrium``
            ``equilibrium_branch``, ``equilibrium_V`` and the other states, ``equilibrium_stable``, in order.
        ``cycle``
            ``cycle_branch``, ``cycle_period`` (ms), ``cycle_V_min``, ``cycle_V_max`` and so on for each state,
            ``cycle_multiplier`` (the Floquet multiplier of largest size but for that which is 1), ``cycle_stable``.
        ``point``
            ``point_kind``, one of ``"fold"``, ``"Hopf"``, ``"fold of cycles"``, ``"SNIC"`` and ``"homoclinic"``;
            ``point_error``, an estimate; the states (of a fold of cycles, where the voltage is highest);
            ``point_frequency`` (Hz) and ``point_l1``, the first Lyapunov coefficient (Kuznetsov 2004, eq. 5.34), of a
            Hopf point; ``point_period`` of a fold of cycles.  At a SNIC the period grows like (value - point)^(-1/2),
            at a homoclinic orbit like a logarithm.

    Raises
    ------
    ImportError
        If there is no xarray.
    TypeError, ValueError
        If an argument makes no sense, or the model is none for `fixed_points`.

    Notes
    -----
    Where curves of equilibria cross (transcritical and pitchfork bifurcations, which need a symmetry) the crossing is
    named a fold.  AUTO and MatCont can do more: curves of homoclinic orbits, periods that double, delays.

    References
    ----------
    Kuznetsov YA (2004). Elements of Applied Bifurcation Theory, 3rd edition, Springer.

    Doedel EJ (1981). AUTO: a program for the automatic bifurcation analysis of autonomous systems. Congr Numer
    30:265-284.

    Examples
    --------
    >>> import fastneuron as fn
    >>> found = fn.bifurcations(fn.MorrisLecar.snic(), "current", (0.0, 150.0))
    >>> for kind, value in zip(found.point_kind.values, found.point_value.values):
    ...     print(f"{kind} at {value:.6f}")
    fold at 39.963153
    Hopf at 97.646164
    fold of cycles at 115.948721
    SNIC at 39.963153
    """
    smooth(model)
    check_columns(model.states)
    _check.known("parameter", parameter, ("current", *model.names))
    low, high = checked_range("window", model, parameter, window)
    _check.flag("cycles", cycles)
    if parameter == "current" and (np.ndim(current) or current != 0.0):
        raise ValueError(f"current is what varies: give it by window alone; got current={_check.shown(current)}")
    try:
        import xarray
    except ImportError:
        raise ImportError("bifurcations needs xarray: pip install xarray") from None
    _, amplitude = checked_current(model, current)
    family = Family(model, amplitude, parameter, low, high)
    found = curves(family)
    if not found:
        raise ValueError(f"{type(model).__name__} has no equilibrium for {parameter} between {low:g} and {high:g}")
    states = [slope(family, np.full(c.V.size, c.neuron), c.V, c.value) for c in found]
    special = special_points(family, found)
    hopf = np.flatnonzero(special.kind == "Hopf")
    arrived = _branches(family, found, states, special, hopf) if cycles else []
    at_points = [*_points(family, special), *_points_of_cycles(arrived, special)]
    variables = _equilibria(model, found, states) | _cycles(family, arrived) | _table(model, at_points)
    unit = model.units.get(parameter, "uA/cm^2" if parameter == "current" else "")
    result = xarray.Dataset(variables, attrs={"model": type(model).__name__, "parameter": parameter, "units": unit})
    for state in model.states:
        for column in (f"equilibrium_{state}", f"cycle_{state}_min", f"cycle_{state}_max", f"point_{state}"):
            result[column].attrs["units"] = model.units.get(state, "")
    return result


def _branches(
    family: Family, found: list[Curve], states: list[Any], special: Special, hopf: np.ndarray
) -> list[Branch]:
    """The branches of cycles, each once, though it may begin at one Hopf point and end at another."""
    reach = []
    for neuron in special.neuron[hopf]:
        mine = np.concatenate([at.state for c, at in zip(found, states, strict=True) if c.neuron == neuron], axis=1)
        reach.append(np.maximum(np.ptp(mine, axis=1), 0.3 * (1.0 + abs(mine).max(axis=1))))
    made = branches(family, special.neuron[hopf], special.at.state[:, hopf], special.value[hopf], np.array(reach))
    kept: list[Branch] = []
    reached: set[int] = set()
    for branch in made:
        if branch.start in reached:
            continue
        if branch.end == "Hopf":
            apart = abs(special.value[hopf] - branch.value[-1]) + np.where(
                special.neuron[hopf] == branch.neuron, 0, np.inf
            )
            reached.add(int(apart.argmin()))
        kept.append(branch)
    return kept


# points ---------------------------------------------------------------------------------------------------------------


def _points(family: Family, special: Special) -> list[Point]:
    """Folds and Hopf points."""
    hopf = special.kind == "Hopf"
    l1 = np.full(hopf.size, np.nan)
    if hopf.any():
        model, current = family.at(special.neuron[hopf], special.value[hopf])
        l1[hopf] = first_lyapunov_coefficient(model, special.at.state[:, hopf], current)
    frequency = np.where(hopf, frequencies(special.at.jacobian) / (2e-3 * np.pi), np.nan)
    error = EXACT * (1.0 + abs(special.value))
    rows = (special.neuron, special.kind, special.value, error, special.at.state.T, frequency, l1)
    return [Point(int(n), str(k), *rest, np.nan) for n, k, *rest in zip(*rows, strict=True)]


def _points_of_cycles(arrived: list[Branch], special: Special) -> list[Point]:
    """Folds of cycles, and the ends at which the period grows without bound."""
    found = []
    for branch in arrived:
        for value, period, state in branch.folds:
            error = 1e-9 * (1.0 + abs(value))
            top = state[state[:, 0].argmax()]
            found.append(Point(branch.neuron, "fold of cycles", value, error, top, np.nan, np.nan, period))
        if branch.end == "period":
            folds = special.value[(special.kind == "fold") & (special.neuron == branch.neuron)]
            kind, value, error = end_of_period(branch.period, branch.value, folds)
            unknown = np.full(branch.state.shape[2], np.nan)
            found.append(Point(branch.neuron, kind, value, error, unknown, np.nan, np.nan, np.inf))
    return found


def end_of_period(period: np.ndarray, value: np.ndarray, folds: np.ndarray) -> tuple[str, float, float]:
    """Where the period of a branch (k,) becomes infinite: what that is, the value, and an estimate of its error.

    At a SNIC the period is ``a + b |value - fold|^(-1/2)``, which three cycles tell: it is at the fold.  At a
    homoclinic orbit ``value - end`` falls exponentially with the period: the end is that of the last three cycles, the
    error how far it is from that of the three before.
    """
    last = np.unique([int(np.argmin(abs(np.log(period / (part * period[-1]))))) for part in (0.36, 0.6, 1.0)])
    for fold in folds:
        if last.size == 3 and abs(_snic(period[last], value[last], fold)) < SNIC_LAW:
            return "SNIC", float(fold), EXACT * (1.0 + abs(fold))
    ends = [_homoclinic(period[k : k + 3], value[k : k + 3]) for k in (-4 % period.size, -3 % period.size)]
    return "homoclinic", float(ends[1]), float(abs(ends[1] - ends[0]) + 1e-10 * (1 + abs(ends[1])))


def _snic(period: np.ndarray, value: np.ndarray, fold: float) -> float:
    """By which part of its period the last of three cycles is off the law that the others follow."""
    away = value - fold
    if not (away * away[-1] > 0).all():
        return np.inf
    x = abs(away) ** -0.5
    b = (period[1] - period[0]) / (x[1] - x[0])
    return float((period[0] + b * (x[2] - x[0])) / period[2] - 1.0)


def _homoclinic(period: np.ndarray, value: np.ndarray) -> float:
    """The value to which three cycles converge exponentially with the period; the last one where they do not."""
    (p, q), (first, second) = np.diff(period), np.diff(value)

    def law(rate: float) -> float:
        return np.exp(-rate * p) * np.expm1(-rate * q) / np.expm1(-rate * p) - second / first

    low, high = 1e-6 / p, 100.0 / p
    if first == 0.0 or not law(low) * law(high) < 0.0:
        return value[-1]
    return value[-1] + second / np.expm1(brentq(law, low, high) * q)


# tables ---------------------------------------------------------------------------------------------------------------


def _equilibria(model: Model, found: list[Curve], states: list[Any]) -> dict[str, Any]:
    sizes = [curve.V.size for curve in found]
    first = {neuron: k for k, neuron in reversed(list(enumerate(curve.neuron for curve in found)))}
    columns = {
        "neuron": np.repeat([curve.neuron for curve in found], sizes),
        "branch": np.repeat([k - first[curve.neuron] for k, curve in enumerate(found)], sizes),
        "value": np.concatenate([curve.value for curve in found]),
    }
    state = np.concatenate([at.state for at in states], axis=1)
    columns |= dict(zip(model.states, state, strict=True))
    modes = np.linalg.eigvals(np.concatenate([at.jacobian for at in states]))
    return _named("equilibrium", columns | {"stable": (modes.real < 0).all(axis=1)})


def _cycles(family: Family, arrived: list[Branch]) -> dict[str, Any]:
    names = list(family.model.states)
    sizes = [branch.value.size for branch in arrived]
    if not arrived:
        arrived = [Branch(0, 0, np.empty((0, NODES, len(names))), np.empty(0), np.empty(0), [], "lost")]
        sizes = [0]
    neuron = np.repeat([branch.neuron for branch in arrived], sizes)
    period, value = (np.concatenate([branch[k] for branch in arrived]) for k in (3, 4))
    nodes = np.moveaxis(np.concatenate([branch.state for branch in arrived]), 2, 0)
    multiplier, low, high = np.empty(period.size, complex), *np.empty((2, len(names), period.size))
    # few cycles in blocks as narrow as those of the branches: the kernel of wide ones would take 6 s to compile
    few = {"most": MANY - 1} if period.size < FEW else {}
    for some in batches(period.size, NODES * (len(names) if few else SAMPLES), **few):
        model, current = family.at(neuron[some], value[some])
        low[:, some], high[:, some], multiplier[some] = _look(Flow(model, current), nodes[:, some], period[some])
    columns = {"neuron": neuron, "branch": np.repeat(np.arange(len(arrived)), sizes), "value": value, "period": period}
    for k, name in enumerate(names):
        columns |= {f"{name}_min": low[k], f"{name}_max": high[k]}
    return _named("cycle", columns | {"multiplier": multiplier, "stable": abs(multiplier) < 1.0})


def _look(flow: Flow, nodes: np.ndarray, period: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The least and the largest of the states (D, n) of cycles, and their largest Floquet multipliers."""
    D, n, _ = nodes.shape
    many = flow.of(np.repeat(np.arange(n), NODES))
    path = many.orbit(nodes.reshape(D, -1), np.repeat(period / NODES, NODES), SAMPLES).reshape(D, n, -1)
    by_state = flow.between(nodes, period).by_state
    whole = np.broadcast_to(np.eye(D), (n, D, D))
    for k in range(NODES):
        whole = by_state[:, k] @ whole
    return path.min(axis=2), path.max(axis=2), in_order(np.linalg.eigvals(whole).astype(complex))[:, 1]


def _table(model: Model, rows: list[Point]) -> dict[str, Any]:
    order = np.argsort([row.neuron for row in rows], kind="stable")
    rows = [rows[k] for k in order]
    kinds: dict[str, Any] = {"neuron": int, "kind": "U16"}
    kinds |= dict.fromkeys(("value", "error", "frequency", "l1", "period"), float)
    columns = {name: np.array([getattr(row, name) for row in rows], kind) for name, kind in kinds.items()}
    state = np.array([row.state for row in rows]).reshape(len(rows), len(model.states)).T
    return _named("point", columns | dict(zip(model.states, state, strict=True)))


def _named(dimension: str, columns: dict[str, Any]) -> dict[str, Any]:
    return {f"{dimension}_{name}": (dimension, column) for name, column in columns.items()}
