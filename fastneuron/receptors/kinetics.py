"""How a receptor's conductance goes through a step, and what a spike that arrives inside the step adds to it.

The conductance is a sum of parts, each with a state z that decays on its own.  A `Mode` of power 0 is one part; one of
power 1 is two, of which the second feeds the first.  What was there when the step began needs no integration:

    g(0) = sum gain z,    g(h/2) = sum half z,    g(h) = sum gain z',    z'[c] = full[c] z[c] + feed[c] z[c + 1]

A spike of weight 1 that arrives at the fraction theta of the step follows K(s) from there on.  Its moments m_k, the
integrals of s**k K(s) from theta to 1, make the straight line that the stages of the method see: 4 m_0 - 6 m_1 at the
begin, m_0 in the middle, 6 m_1 - 2 m_0 at the end.  So every term of the method that is linear in g is right up to h**2
(on the grid, as elsewhere, the error of a Morris-Lecar neuron is ten thousand times as large at dt 0.05 ms).  Moments,
and what is added to each z at the end of the step, are power series in 1 - theta: a row of coefficients for each power.

The series are sums and products only, so that their bits depend on no library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .receptor import Mode, Receptor

M0, M1, KICKS = 0, 1, 2  # columns of a table: the two moments, then a column for each part
VECTOR = 4  # columns come in multiples of this: one event is one vector
NEGLIGIBLE = 2.0**-60
LONGEST = 8.0  # time constants in a step: beyond, the alternating series lose more than three digits


class Kinetics(NamedTuple):
    """A receptor's numbers for one step: (parts, m) arrays, m being 1, or n where they differ from neuron to neuron."""

    gain: np.ndarray
    half: np.ndarray
    full: np.ndarray
    feed: np.ndarray
    table: np.ndarray  # (m, powers, columns)


def kinetics(receptor: Receptor, dt: float) -> Kinetics:
    """A receptor's numbers for the step `dt` (ms).  ValueError if it decays too fast for that step."""
    modes = receptor.modes
    sizes = [np.size(value) for mode in modes for value in (mode.amplitude, mode.rate)]
    m = max(sizes, default=1)
    rows = [_mode_rows(receptor, mode, dt, m) for mode in modes] or [_jump_rows()]
    powers = max(row.m1.shape[0] for row in rows)
    wide = [[_raised(column, 0, powers) for column in (row.m0, row.m1, *row.kicks)] for row in rows]
    columns = [sum(m0 for m0, *_ in wide), sum(m1 for _, m1, *_ in wide), *(kick for row in wide for kick in row[2:])]
    columns += [np.zeros((powers, m))] * (-len(columns) % VECTOR)
    table = np.ascontiguousarray(np.moveaxis(np.array(columns), (0, 1, 2), (2, 1, 0)))
    parts = [part for row in rows for part in row.parts]
    gain, half, full, feed = (np.array([part[k] for part in parts]).reshape(len(parts), m) for k in range(4))
    return Kinetics(gain, half, full, feed, table)


class _Rows(NamedTuple):
    """A mode's part of a table, (powers, m) arrays, and the numbers of its parts."""

    m0: np.ndarray
    m1: np.ndarray
    kicks: list[np.ndarray]
    parts: Sequence[tuple[np.ndarray, ...]]  # gain, half, full, feed; each (m,)


def _jump_rows() -> _Rows:
    """Those of a unit impulse, whose moments are 1 and theta."""
    return _Rows(np.array([[1.0], [0.0]]), np.array([[1.0], [-1.0]]), [], [])


def _mode_rows(receptor: Receptor, mode: Mode, dt: float, m: int) -> _Rows:
    amplitude, rate = (np.broadcast_to(np.asarray(value, float), m) for value in (mode.amplitude, mode.rate))
    x = rate * dt
    if not np.all(np.isfinite(amplitude)) or not np.all((x > 0) & (x <= LONGEST)):
        raise ValueError(
            f"{receptor!r} must have finite amplitudes, and time constants that are positive and at least "
            f"dt / {LONGEST:g} = {dt / LONGEST:g} ms"
        )
    k = mode.power
    decay = _series(x)  # of exp(-x v), v = 1 - theta: coefficients of v**j
    order = np.arange(decay.shape[0])[:, None]
    scale = amplitude * dt**k
    m0 = _raised(scale * decay / (order + k + 1), k + 1)  # of the integral of v**k exp(-x v)
    first = _raised(scale * decay / (order + k + 2), k + 2)  # of v**(k + 1) exp(-x v)
    m1 = _raised(m0, 0, first.shape[0]) - _raised(m0, 1, first.shape[0]) + first  # theta m0 + first
    one, zero = np.ones(m), np.zeros(m)
    half, full = _series(0.5 * x).sum(axis=0), decay.sum(axis=0)
    if k == 0:
        return _Rows(m0, m1, [amplitude * decay], [(one, half, full, zero)])
    parts = [(one, half, full, dt * full), (zero, 0.5 * dt * half, full, zero)]
    return _Rows(m0, m1, [_raised(scale * decay, 1), amplitude * decay], parts)


def _series(x: np.ndarray) -> np.ndarray:
    """The terms (-x)**j / j! of exp(-x), as many as count, (j, m)."""
    terms = [np.ones_like(x)]
    largest = float(x.max(initial=0.0))
    size = 1.0
    while size > NEGLIGIBLE or len(terms) <= largest:
        terms.append(terms[-1] * -x / len(terms))
        size *= largest / (len(terms) - 1)
    return np.array(terms)


def _raised(series: np.ndarray, power: int, rows: int = 0) -> np.ndarray:
    """A series times v**power, with `rows` coefficients at least."""
    return np.pad(series, ((power, max(rows - power - series.shape[0], 0)), (0, 0)))
