"""What comes out of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import _html
from .._check import known, number
from .labels import flags
from .recorded import units_of
from .sensitivity import Sensitivity
from .spikes import Spikes
from .summary import is_rate, is_timed


class FinalState(dict[str, np.ndarray]):
    """Each state at the end of a run: a dict that says so."""


@dataclass(frozen=True, eq=False)
class Run:
    """The result of a simulation of `n` neurons.

    Attributes
    ----------
    model : Model
        What was simulated.
    duration, dt : float
        ms.
    begin : float
        When it began, ms: 0, but for a piece of a `Simulation`, whose times go on where those of the piece before end.
    spike_count : (n,) int64
        Number of spikes of each neuron.
    spike_counts : dict of (n,) int64
        Those of each state that spikes, by its name; one, the voltage, but for what `threshold` says.
    spikes : Spikes
        Which neuron spiked when.
    state : dict of (n,) float64
        Each state at the end; as `initial` of another run it goes on from there.  That is a run of its own: its noise
        and a current that changes begin anew, and an adaptive method with its first step.
    time : (samples,) float64
        Times of the recorded samples, ms: 0, every * dt, ...
    neurons : (m,) int64
        Which neurons were recorded, in the order of the rows of ``run["V"]``.
    summary : dict of ndarray
        What `summary` of `simulate` asked for, by name.
    path : Path, optional
        The store that the run is in; what it recorded is then read from there piece by piece.
    group : str
        Which of the store's groups, of a population in a network.
    current : Current
        What was injected; ``run.current(t)`` is its value for each neuron.
    noise : Noise, optional
        Noise on it.
    seed : int
        Of the noise.
    method : str
        How it was integrated.
    threshold : float, (n,) ndarray or dict of float
        Where spikes were counted, mV; by state, where that is not the voltage alone.
    spike_times : bool
        Whether the time of every spike was kept.
    receptors : dict of Receptor
        In a network: what synapses opened, by name.
    sensitivities : dict of (m,) ndarray
        By name of what `sensitivity` asked for: the derivatives of the times in ``spikes.time``, ms per unit of it.
    """

    model: Any
    duration: float
    dt: float
    spike_count: np.ndarray
    spikes: Spikes
    state: Mapping[str, np.ndarray]
    time: np.ndarray
    neurons: np.ndarray
    traces: Mapping[str, Any] = field(repr=False)
    summary: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    path: Path | None = None
    current: Any = None
    noise: Any = None
    seed: int = 0
    method: str = ""
    threshold: float | np.ndarray | Mapping[str, float] = 0.0
    spike_times: bool = True
    receptors: Mapping[str, Any] = field(default_factory=dict, repr=False)
    group: str = ""
    begin: float = 0.0
    spike_counts: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    sensitivities: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    def of(self, state: str) -> Run:
        """The same run with the spikes of one state alone: their number, their rate, their threshold.

        Parameters
        ----------
        state : str
            One of those that spike, ``run.spikes.states``.

        Examples
        --------
        >>> import fastneuron as fn
        >>> run = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=100.0, threshold={"V": 0.0, "N": 0.3})
        >>> run.spike_count, run.of("N").spike_count, run.spikes["N"][0].round(1)
        (array([6]), array([3]), array([ 23.2, 108.2, 193.5]))
        """
        spikes = self.spikes[state]
        level = self.threshold[state] if isinstance(self.threshold, Mapping) else self.threshold
        counts = self.spike_counts[state]
        return replace(self, spikes=spikes, spike_count=counts, spike_counts={state: counts}, threshold=level)

    @property
    def end(self) -> float:
        """When it ended, ms."""
        return self.begin + self.duration

    @property
    def units(self) -> dict[str, str]:
        """The units of all that can be recorded, and of the model's parameters, by name."""
        return Sensitivity(self.model, tuple(self.sensitivities)).units(units_of(self.model, self.receptors))

    @property
    def n(self) -> int:
        """The number of neurons."""
        return self.spike_count.size

    @property
    def time_unit(self) -> str:
        """The unit of all times: "ms", or "1" for a model without dimensions."""
        return self.model.units.get("time", "ms")

    @property
    def rate(self) -> np.ndarray:
        """Spikes of each neuron by the duration of the run, (n,), Hz; see also `steady_rate`."""
        return self.spike_count * (1000.0 / self.duration) if self.duration else np.zeros(self.n)

    @property
    def spike_trains(self) -> list[np.ndarray]:
        """The spike times of each neuron, ms; as ``list(run.spikes)``."""
        return list(self.spikes)

    def steady_rate(self, after: float | None = None) -> np.ndarray:
        """The rate at which each neuron fires once it has settled, (n,), Hz.

        The inverse of the mean interval between its spikes after a time, so that it does not come in steps of one spike
        per duration, as a count does.  Where a neuron is silent there for more than half as long again as its longest
        interval, at the begin or at the end, or spikes once, it has no such rate: its number of spikes there by the
        time counts.

        Parameters
        ----------
        after : float, optional
            Leave out what happened before, ms, from `begin` to `end`; half of the run by default.

        Examples
        --------
        >>> import fastneuron as fn
        >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=1000.0, current=[80.0, 100.0])
        >>> run.steady_rate().round(2)
        array([ 0.  , 11.72])
        """
        wanted = f"a number of ms, from {self.begin:g} to {self.end:g}, between which the run is"
        begin = self.begin + self.duration / 2
        begin = begin if after is None else number("after", after, wanted, lambda x: self.begin <= x <= self.end)
        late = self.spikes.time >= begin
        neuron, time = self.spikes.neuron[late], self.spikes.time[late]
        count = np.bincount(neuron, minlength=self.n)
        first, last, longest = np.full((3, self.n), np.nan)
        first[neuron[::-1]], last[neuron] = time[::-1], time
        same = neuron[1:] == neuron[:-1]
        longest[neuron[1:][same]] = 0.0
        np.maximum.at(longest, neuron[1:][same], np.diff(time)[same])
        window = self.end - begin
        silent = np.maximum(first - begin, self.end - last)
        steady = (count > 1) & (silent <= 1.5 * longest)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.where(steady, (count - 1) / (last - first), count / window if window > 0 else 0.0)
        return 1000.0 * rate

    def __getitem__(self, state: str) -> np.ndarray:
        """The recorded samples of one state, (m, samples): an array, or the zarr array of a run that is on disk."""
        if not self.traces:
            raise KeyError(f"no state was recorded; ask for it with simulate(..., record={state!r})")
        return self.traces[known("a recorded state", state, self.traces)]

    def __iter__(self) -> Iterator[str]:
        """The names of the recorded states: ``"V" in run``."""
        return iter(self.traces)

    def columns(self) -> Iterator[tuple[str, str, np.ndarray, str]]:
        """Name, dimension, values and units of all but the samples and the spikes."""
        units = self.units
        each = "neuron" if self.neurons.size in (0, self.n) else "every_neuron"
        yield "spike_count", each, self.spike_count, ""
        for name, value in self.spike_counts.items() if len(self.spike_counts) > 1 else ():
            yield f"spike_count.{name}", each, value, ""
        for name, value in self.state.items():
            yield f"final.{name}", each, value, units.get(name, "")
        for name, value in self.summary.items():
            population, _, what = name.removeprefix("population.").rpartition(".")
            if is_rate(name):
                yield name, "bin", value, "Hz"
            elif name.startswith("population."):
                yield name, "sample", value, units.get(population, "")
            elif is_timed(name):
                yield name, each, value, "" if what == "cv" else self.time_unit
            else:
                unit = units.get(population, "")
                yield name, each, value, f"({unit})^2" if what == "var" and unit else unit

    def to_xarray(self) -> Any:
        """The run as an xarray Dataset; needs xarray.

        Samples have the dimensions ("neuron", "time"), or ("recorded_neuron", "time") where only some neurons were
        recorded; units are attributes.  A run that is on disk stays there until its values are asked for.

        Examples
        --------
        >>> import fastneuron as fn
        >>> run = fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=[80.0, 100.0], record="V", every=20)
        >>> run.to_xarray().V.sel(neuron=1, time=slice(10, 12)).values.round(1)
        array([-26.5, -23.8, -20.8])
        """
        try:
            import xarray
        except ImportError:
            raise ImportError("to_xarray needs xarray: pip install xarray") from None
        if self.path is not None:
            return xarray.open_zarr(self.path, group=self.group or None)
        units = self.units
        row = "neuron" if self.neurons.size == self.n else "recorded_neuron"
        coordinates = {row: self.neurons, "time": ("time", self.time, {"units": self.time_unit})} if self.traces else {}
        found: dict[str, Any] = {
            name: ((row, "time"), values, {"units": units.get(name, "")}) for name, values in self.traces.items()
        }
        found |= {name: (dim, values, {"units": unit} if unit else {}) for name, dim, values, unit in self.columns()}
        if self.spike_times:
            found["spike_neuron"] = "spike", self.spikes.neuron
            if len(self.spikes.states) > 1:
                found["spike_state"] = "spike", self.spikes.state, flags(self.spikes.states)
            found["spike_time"] = "spike", self.spikes.time, {"units": self.time_unit}
            found |= {f"dspike_time/d{name}": ("spike", slopes) for name, slopes in self.sensitivities.items()}
        return xarray.Dataset(found, coordinates)

    def to_neo(self) -> Any:
        """The run as a neo Segment, for elephant and its like; needs neo.

        Each neuron is a SpikeTrain, and each recorded state an AnalogSignal, whose channels are the recorded neurons.
        Where several states spike, all neurons have a train for each of them in turn, with its name as an annotation.

        Examples
        --------
        >>> import fastneuron as fn
        >>> segment = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=[80.0, 100.0]).to_neo()
        >>> [len(train) for train in segment.spiketrains]
        [1, 3]
        """
        if self.time_unit != "ms":
            raise ValueError(f"to_neo needs times in ms; those of {type(self.model).__name__} have no unit")
        segment = neo_segment(type(self.model).__name__, self.spikes, self.begin, self.end)
        if self.time.size > 1:
            for name, samples in self.traces.items():
                segment.analogsignals.append(self._analog_signal(name, np.asarray(samples)))
        return segment

    def _analog_signal(self, name: str, samples: np.ndarray) -> Any:
        import quantities  # neo stands on it

        unit = self.units.get(name, "1").replace("^", "**")
        return neo_library().AnalogSignal(
            samples.T,
            units=unit if unit.strip("1") else "dimensionless",
            sampling_rate=1000.0 / (self.time[1] - self.time[0]) * quantities.Hz,
            t_start=self.time[0] * quantities.ms,
            name=name,
            array_annotations={"neuron": self.neurons},
        )

    def _repr_html_(self) -> str:
        unit = "" if self.time_unit == "1" else f" {self.time_unit}"
        rows = [
            ("model", repr(self.model)),
            ("neurons", self.n),
            ("duration", f"{self.duration:g}{unit}"),
            ("method", f"{self.method}, dt {self.dt:g}{unit}"),
            ("current", repr(self.current)),
            ("noise", f"{self.noise!r}, seed {self.seed}" if self.noise else "none"),
            ("spikes", f"{self.spike_count.sum()}{'' if self.spike_times else ', times not kept'}"),
            ("recorded", f"{', '.join(self.traces)} of {self.neurons.size}" if self.traces else "nothing"),
            ("summary", ", ".join(self.summary) or "nothing"),
            ("store", self.path or "in memory"),
        ]
        return _html.table("Run", rows)

    def __repr__(self) -> str:
        unit = "" if self.time_unit == "1" else f" {self.time_unit}"
        recorded = f", recorded {', '.join(self.traces)} of {self.neurons.size}" if self.traces else ""
        return (
            f"<Run of {self.n} {type(self.model).__name__} neurons for {self.duration:g}{unit}: "
            f"{self.spike_count.sum()} spikes{'' if self.spike_times else ', their times not kept'}{recorded}>"
        )


def neo_library() -> Any:
    """The library, or what to install."""
    try:
        import neo
    except ImportError:
        raise ImportError("to_neo needs neo: pip install neo") from None
    return neo


def neo_segment(name: str, spikes: Spikes, begin: float, end: float) -> Any:
    """Spikes as a neo Segment, one SpikeTrain per neuron."""
    neo = neo_library()
    segment = neo.Segment(name=name)
    end = float(spikes.time.max(initial=end))  # a sum of times may be some bits short
    for state in spikes.states:
        named = {"state": state} if len(spikes.states) > 1 else {}
        for i, times in enumerate(spikes[state]):
            segment.spiketrains.append(neo.SpikeTrain(times, units="ms", t_start=begin, t_stop=end, neuron=i, **named))
    return segment
