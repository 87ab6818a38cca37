"""Sources of spikes: Poisson trains, and spikes that are given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html
from ..inputs.current import Constant, Current, Sum, as_current
from ..inputs.waveforms import Chirp, Pulses, Ramp, Samples, Sine, Step
from .population import LARGEST, Group
from .trains import GivenTrains, PoissonTrains, SourceSpikes, begin_poisson, emitted

HIGHEST: dict[type[Current], Callable[[Any], Any]] = {  # a value that the function of time never exceeds
    Constant: lambda rate: rate.amplitude,
    Step: lambda rate: np.maximum(rate.amplitude, 0.0),
    Pulses: lambda rate: np.maximum(rate.amplitude, 0.0),
    Ramp: lambda rate: np.maximum(rate.low, rate.high),
    Sine: lambda rate: np.abs(rate.amplitude),
    Chirp: lambda rate: np.abs(rate.amplitude),
    Samples: lambda rate: rate.values.max(axis=-1),
}


class Source(Group):
    """Base class of the sources: spikes that come by themselves."""

    def trains(self, dt: float, seed: int, number: int) -> Any:
        """The trains at time 0, for steps of `dt`, of the source of that number in a network with that seed."""
        raise NotImplementedError

    def room(self, steps: int, dt: float) -> int:
        """As many spikes as there will be in so many steps, but for a chance of 1e-20."""
        raise NotImplementedError

    def spikes(self, steps: int, dt: float, seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
        """All spikes of the first steps: which source, and when, ms; in order of step, then source."""
        room = self.room(steps, dt)
        out = SourceSpikes(np.empty(room, np.int64), np.empty(room), np.empty(room, np.int64))
        count = emitted(self.trains(dt, seed, number), 0, steps, out)
        if count < 0:
            raise RuntimeError(f"more spikes than there is room for, {room}")
        return out.source[:count], (out.step[:count] + out.fraction[:count]) * dt


class PoissonSource(Source):
    """Independent Poisson trains of spikes.

    Times are continuous, on no grid.  Each interval is a function of the network's seed and of its own number, so the
    trains are the same however a run is cut.

    Parameters
    ----------
    n : int
        The number of trains.
    rate : float, (n,) array_like or Current
        Hz; as a function of time, for example ``5.0 + fn.Step(20.0, start=100.0, stop=200.0)``, whose amplitudes are
        then in Hz.  Where it is below 0 there are no spikes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed, a constant rate is below 0, or sizes disagree.

    Examples
    --------
    >>> import fastneuron as fn
    >>> source = fn.PoissonSource(1000, 8.0 + fn.Sine(8.0, frequency=10.0))
    >>> len(source)
    1000
    """

    def __init__(self, n: int, rate: npt.ArrayLike | Current) -> None:
        self.n = _check.whole("n", n, 1, LARGEST)
        self.rate = as_current("rate", rate)
        if isinstance(self.rate, Constant):
            _check.satisfies("rate", self.rate.amplitude, lambda x: x >= 0, "0 Hz or more")
        if self.rate.size not in (1, self.n):
            raise ValueError(
                f"rate has {self.rate.size} values, but n is {self.n}: give a scalar or one value per train"
            )
        self.highest = np.maximum(_highest(self.rate), 0.0)

    def trains(self, dt: float, seed: int, number: int) -> PoissonTrains:
        """The trains at time 0, for steps of `dt`, of the source of that number in a network with that seed."""
        trains = PoissonTrains(  # type: ignore[call-arg]
            rate=() if isinstance(self.rate, Constant) else self.rate.sources(self.n, 0, 0),
            per_step=np.atleast_1d(self.highest * 0.001 * dt),
            dt=dt,
            seed=seed if seed < 2**63 else seed - 2**64,
            number=number,
            low=0,
            step=np.zeros(self.n, np.int64),
            fraction=np.zeros(self.n),
            drawn=np.zeros(self.n, np.int64),
        )
        begin_poisson(trains)
        return trains

    def room(self, steps: int, dt: float) -> int:
        """As many spikes as there will be in so many steps, but for a chance of 1e-20."""
        mean = float(np.sum(np.broadcast_to(self.highest, self.n))) * 0.001 * dt * steps
        return int(mean + 10 * math.sqrt(mean) + 60)

    def _repr_html_(self) -> str:
        return _html.table("PoissonSource", [("trains", f"{self.n:,}"), ("rate, Hz", repr(self.rate))])

    def __repr__(self) -> str:
        return f"PoissonSource({self.n}, {self.rate!r})"


class SpikeSource(Source):
    """Spikes at given times.

    Parameters
    ----------
    times : sequence of array_like, Spikes or Run
        The times of each source, ms, 0 or more, in any order; or the spikes of an earlier run.
    n : int, optional
        The number of sources; by default as many as there are, or as the run had neurons.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.

    Examples
    --------
    >>> import fastneuron as fn
    >>> len(fn.SpikeSource([[10.0, 30.5], [12.0]]))
    2
    """

    def __init__(self, times: Sequence[npt.ArrayLike] | Any, n: int | None = None) -> None:
        spikes = getattr(times, "spikes", times)
        if hasattr(spikes, "neuron") and hasattr(spikes, "time"):
            source, time = np.asarray(spikes.neuron, np.int64), np.asarray(spikes.time, np.float64)
            least = int(source.max()) + 1 if source.size else 1
            default = getattr(times, "n", len(spikes) if isinstance(spikes, Sequence) else least)
        else:
            source, time, default = _listed(times)
            least = default
        self.n = default if n is None else _check.whole("n", n, 1, LARGEST)
        if self.n < least:
            raise ValueError(f"n must be at least the number of sources that spike, {least}; got {n}")
        bad = np.flatnonzero(~(np.isfinite(time) & (time >= 0)))
        if bad.size:
            raise ValueError(f"times must be finite and 0 ms or more; got {time[bad[0]]} of source {source[bad[0]]}")
        order = np.lexsort((time, source))
        self.source, self.time = source[order], time[order]

    def trains(self, dt: float, seed: int, number: int) -> GivenTrains:
        """The spikes in order of (step, source, time), for steps of `dt`."""
        step = np.floor(self.time / dt)
        fraction = np.clip((self.time - step * dt) / dt, 0.0, 1 - 2**-53)
        order = np.lexsort((self.source, step))
        return GivenTrains(  # type: ignore[call-arg]
            step=step[order].astype(np.int64),
            fraction=fraction[order],
            source=self.source[order],
            done=np.zeros(1, np.int64),
        )

    def room(self, steps: int, dt: float) -> int:
        """All of them."""
        return self.time.size

    def _repr_html_(self) -> str:
        return _html.table("SpikeSource", [("trains", f"{self.n:,}"), ("spikes", f"{self.time.size:,}")])

    def __repr__(self) -> str:
        return f"SpikeSource({self.n}, {self.time.size} spikes)"


def _listed(times: Any) -> tuple[np.ndarray, np.ndarray, int]:
    wanted = "times must be one sequence of times per source, as in [[10.0, 30.5], [12.0]], or the spikes of a run"
    if isinstance(times, str) or not isinstance(times, Sequence | np.ndarray) or len(times) == 0:
        raise TypeError(f"{wanted}; got {_check.shown(times)}")
    rows = []
    for i, row in enumerate(times):
        if np.ndim(row) != 1:
            raise TypeError(f"{wanted}; got {_check.shown(row)} for source {i}")
        rows.append(_check.numbers(f"the times of source {i}", row, finite=False) if len(row) else np.empty(0))
    return np.repeat(np.arange(len(rows)), [row.size for row in rows]), np.concatenate(rows), len(rows)


def _highest(rate: Current) -> Any:
    """What the rate never exceeds, of each train or all."""
    if isinstance(rate, Sum):
        return sum(_highest(part) for part in rate.parts)
    for kind, of in HIGHEST.items():
        if type(rate) is kind:
            return of(rate)
    allowed = ", ".join(kind.__name__ for kind in HIGHEST)
    raise TypeError(f"rate must be a number, an array, one of {allowed} or a sum of them; got {_check.shown(rate)}")
