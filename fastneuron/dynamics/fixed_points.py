"""All fixed points of a model, by walking along the voltage."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from .. import _html
from .._kernel.threads import available, for_each
from ..models import Model
from .arguments import checked_current, checked_window
from .jacobian import linear, points
from .steady import steady_states, walk
from .tangent import smooth

MOST = 24  # fixed points of a neuron
NEAR, FAR = 0.5, 500.0  # mV: `GRID` is even in asinh(V / NEAR), out to FAR
STEPS = 1024
GRID = NEAR * np.sinh(np.linspace(-np.arcsinh(FAR / NEAR), np.arcsinh(FAR / NEAR), STEPS))
NEURONS = 100  # in one call of the kernel, some 10 ms
LINEAR = 1e-9  # what may be left of a rate at its steady state, where it is linear


@dataclasses.dataclass(frozen=True, eq=False)
class FixedPoints:
    """The fixed points of a population, a row for each, by neuron and then by voltage.

    Attributes
    ----------
    model : Model
        Whose they are.
    neuron : (m,) ndarray of int
        Of which neuron.
    current : (m,) ndarray
        Injected current, uA/cm^2.
    state : dict of (m,) ndarray
        Where it is, by name of state.
    eigenvalues : (m, D) ndarray of complex
        Of the Jacobian there, 1/ms, the largest real part first.
    kind : (m,) ndarray of str
        ``"stable node"``, ``"stable focus"``, ``"unstable node"``, ``"unstable focus"``; ``"saddle"``, or
        ``"saddle-focus"`` where some eigenvalues are complex: the real parts have both signs.
    """

    model: Model
    neuron: np.ndarray
    current: np.ndarray
    state: Mapping[str, np.ndarray]
    eigenvalues: np.ndarray
    kind: np.ndarray

    @property
    def stable(self) -> np.ndarray:
        """Whether it is stable, (m,)."""
        return self.eigenvalues.real[:, 0] < 0

    def of(self, neuron: int) -> FixedPoints:
        """Those of one neuron."""
        return self._rows(self.neuron == neuron)

    def _rows(self, which: np.ndarray) -> FixedPoints:
        found = {name: value[which] for name, value in self.state.items()}
        columns = (self.neuron[which], self.current[which], found, self.eigenvalues[which], self.kind[which])
        return FixedPoints(self.model, *columns)

    def __len__(self) -> int:
        return self.neuron.size

    def _repr_html_(self) -> str:
        rows = (
            (
                self.neuron[k],
                f"{self.current[k]:g}",
                *(f"{value[k]:.6g}" for value in self.state.values()),
                self.kind[k],
            )
            for k in range(len(self))
        )
        heads = ("neuron", "current", *self.state, "kind")
        return _html.table(f"FixedPoints of {type(self.model).__name__}", rows, heads, len(self))

    def __repr__(self) -> str:
        rows = [
            f"  neuron {self.neuron[k]:,}: {', '.join(f'{name}={self.state[name][k]:.6g}' for name in self.state)}, "
            f"{self.kind[k]}"
            for k in range(min(len(self), 12))
        ]
        more = [f"  and {len(self) - 12:,} more"] if len(self) > 12 else []
        return "\n".join([f"FixedPoints: {len(self):,} of {type(self.model).__name__}", *rows, *more])


def fixed_points(model: Model, current: npt.ArrayLike = 0.0, window: tuple[float, float] | None = None) -> FixedPoints:
    """All fixed points of every neuron, with their eigenvalues and kinds.

    At a fixed point all states but the voltage are in the steady state that belongs to it, so that the points are the
    zeros of a function of the voltage alone.  Its values and slopes are worked out at 1,024 voltages, and every zero
    between them, those of an extremum between them too, by Newton's method: there is no guess, and no pair is lost.

    Parameters
    ----------
    model : Model
        Without a reset; the rates of all states but the first must be linear in these states, as those of gates are, so
        that there is one steady state for each voltage.
    current : float or (n,) array_like, default 0
        Injected current, uA/cm^2.
    window : (float, float), optional
        Between which voltages to look, mV; from -500 to 500 by default, closest about 0.

    Returns
    -------
    FixedPoints

    Raises
    ------
    TypeError, ValueError
        If the model resets, its other states have no single steady state, or an argument makes no sense.

    References
    ----------
    Rinzel J, Ermentrout GB (1989). Analysis of neural excitability and oscillations. In: Koch C, Segev I (eds), Methods
    in Neuronal Modeling, MIT Press.

    Examples
    --------
    >>> import fastneuron as fn
    >>> fn.fixed_points(fn.MorrisLecar.snic(), current=30.0)
    FixedPoints: 3 of MorrisLecar
      neuron 0: V=-41.8452, N=0.00204747, stable node
      neuron 0: V=-19.5632, N=0.0258826, saddle
      neuron 0: V=3.87151, N=0.282051, unstable focus
    """
    smooth(model)
    _, amplitude = checked_current(model, current)
    neuron, V = voltages(model, amplitude, GRID if window is None else np.linspace(*checked_window(window), STEPS))
    return _classified(model, neuron, V, amplitude[neuron])


def voltages(model: Model, current: np.ndarray, grid: np.ndarray = GRID) -> tuple[np.ndarray, np.ndarray]:
    """The voltages of all fixed points, and of which neurons they are, in their order."""
    n = current.size
    at = points(model, np.zeros((len(model.states), n)), current)
    V, count, left = np.full((n, MOST), np.nan), np.zeros(n, np.int64), np.zeros(n)

    def work(first: int) -> Iterator[float]:
        walk(at, grid, first, min(first + NEURONS, n), V, count, left)
        yield 0.0

    for_each(work, range(0, n, NEURONS), available())
    _check_walk(model, count, left)
    return np.repeat(np.arange(n), count), V[np.arange(MOST) < count[:, np.newaxis]]


def _check_walk(model: Model, count: np.ndarray, left: np.ndarray) -> None:
    """ValueError where the walk does not know what it claims."""
    kind = type(model).__name__
    if not (left < LINEAR).all():
        others = ", ".join(list(model.states)[1:])
        raise ValueError(
            f"model must have one steady state of {others} for each voltage, their rates linear in them; those of "
            f"{kind} are not: fn.simulate takes it to its stable fixed points, and fn.jacobian says what they are"
        )
    if count.max() > MOST:
        neuron = int(count.argmax())
        raise ValueError(
            f"{kind} has {count[neuron]} fixed points at neuron {neuron}; {MOST} are the most that are kept"
        )


def _classified(model: Model, neuron: np.ndarray, V: np.ndarray, current: np.ndarray) -> FixedPoints:
    at = points(
        model, np.zeros((len(model.states), V.size)), current, neuron if model.size > 1 else np.zeros_like(neuron)
    )
    steady_states(at, V, at.state)
    eigenvalues = np.linalg.eigvals(linear(model, at).jacobian).astype(complex)
    eigenvalues = np.take_along_axis(eigenvalues, np.argsort(-eigenvalues.real, axis=1), axis=1)
    return FixedPoints(
        model, neuron, current, dict(zip(model.states, at.state, strict=True)), eigenvalues, kinds(eigenvalues)
    )


def kinds(eigenvalues: np.ndarray) -> np.ndarray:
    """What fixed points with these eigenvalues, (m, D), are called, (m,)."""
    growing = (eigenvalues.real > 0).sum(axis=1)
    saddle = (growing > 0) & (growing < eigenvalues.shape[1])
    turning = (eigenvalues.imag != 0).any(axis=1)
    stability = np.where(growing > 0, "unstable ", "stable ")
    plain = np.char.add(stability, np.where(turning, "focus", "node"))
    return np.where(saddle, np.where(turning, "saddle-focus", "saddle"), plain)
