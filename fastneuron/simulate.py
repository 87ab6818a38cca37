"""Simulate a population: check, broadcast, allocate, run, collect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from . import _check, _progress, _threads
from .currents import as_current
from .integrators import METHODS, Traces
from .models import Model
from .population import Population
from .recording import Run, Spikes


def simulate(
    model: Model,
    duration: float,
    dt: float = 0.05,
    current: npt.ArrayLike = 0.0,
    initial: Mapping[str, npt.ArrayLike] | None = None,
    method: str = "rk4",
    record: str | Sequence[str] | None = None,
    every: int = 1,
    neurons: npt.ArrayLike | slice | None = None,
    threshold: float | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> Run:
    """Integrate a population of neurons, on all cores.

    The population is as large as the parameters, the current and the initial state broadcast to.  The same call gives
    the same bits whatever the number of threads, and each neuron the same bits as when simulated alone.

    Parameters
    ----------
    model : Model
        For example ``fn.MorrisLecar.hopf()``.
    duration : float
        How long, ms; a multiple of `dt`.
    dt : float, default 0.05
        Step, ms.
    current : float or (n,) array_like, default 0
        Injected current, uA/cm^2.
    initial : dict of float or (n,) array_like, optional
        Initial value by name of state, as in ``run.state``.  Morris-Lecar starts at V = -60 mV, and N at its steady
        state for the initial V, where nothing else is given.
    method : {"rk4"}
        Classical Runge-Kutta of order 4 (Kutta 1901).
    record : str or sequence of str, optional
        States to sample, for example ``"V"`` or ``("V", "N")``.
    every : int, default 1
        Sample every so many steps, the initial state being the first sample.
    neurons : (m,) array_like of int, slice or (n,) mask, optional
        Which neurons to sample; all by default.
    threshold : float, optional
        A spike is an upward crossing of it by the voltage, mV; the model's own by default, 0 for Morris-Lecar.
    threads : int, optional
        Number of threads; one per core this process may use by default.
    progress : bool, default False
        Show a progress bar (extra ``progress``).

    Returns
    -------
    Run
        Spikes, rates, samples, and the final state.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed; nothing has been started then.
    FloatingPointError
        If a state is no longer finite, naming the first such neuron and the time.

    Notes
    -----
    Spike times are the roots of the cubic Hermite interpolant of V in the step, so that their error falls as dt^4.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=1000.0, current=np.linspace(80, 130, 6))
    >>> run.spike_count
    array([ 1, 10, 12, 13, 14, 14])
    >>> run.spikes[0].round(3)
    array([17.949])
    """
    if not isinstance(model, Model):
        hint = "; a model is an instance: write MorrisLecar() with its parentheses" if isinstance(model, type) else ""
        raise TypeError(f"model must be a Model, for example MorrisLecar.hopf(); got {model!r}{hint}")
    _check.known("method", method, METHODS)
    steps = _check.steps(duration, dt)
    names = list(model.states)
    wanted = {} if initial is None else dict(initial)
    drive = as_current("current", current)
    given = {name: _check.numbers(f"initial[{name!r}]", value) for name, value in wanted.items()}
    sizes = {"the model's parameters": model.size, "current": drive.size}
    n = _check.population_size(sizes | {f"initial[{name!r}]": value.size for name, value in given.items()})
    recorded = [] if record is None else [record] if isinstance(record, str) else list(record)
    for name in recorded:
        _check.known("record", name, names)
    if len(set(recorded)) < len(recorded):
        raise ValueError(f"record must name each state at most once; got {record!r}")
    every = _check.whole("every", every, 1)
    if neurons is not None and not recorded:
        raise ValueError(f"neurons selects what record keeps, but record is {record!r}: name a state, such as 'V'")
    chosen = np.arange(n if recorded else 0) if neurons is None else _check.indices("neurons", neurons, n)
    threshold = model.threshold if threshold is None else _check.number("threshold", threshold, "a finite number of mV")
    threads = _threads.available() if threads is None else _check.whole("threads", threads, 1)

    state = model.initial_state(given, n)
    samples = steps // every + 1 if recorded else 0
    order = np.argsort(chosen, kind="stable")
    which = np.array([names.index(name) for name in recorded], np.int64)
    traces = Traces(which, chosen[order], order, every, every * float(dt), np.empty((which.size, chosen.size, samples)))
    traces.out[:, :, :1] = state[np.ix_(which, chosen)][:, :, np.newaxis]
    population = Population(METHODS[method], model, drive, state, float(dt), threshold)
    with _progress.bar(progress, n, steps, float(dt)) as tick:
        spikes = population.advance(0, steps, traces, threads, tick)
    return Run(
        model=model,
        duration=float(duration),
        dt=float(dt),
        spike_count=population.spike_count,
        spikes=Spikes(*spikes),
        state=dict(zip(names, state, strict=True)),
        time=np.arange(samples) * (every * float(dt)),
        neurons=chosen,
        traces=dict(zip(recorded, traces.out, strict=True)),
    )
