"""Simulate a population: check, broadcast, allocate, run, collect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from numba.core.errors import NumbaError

from . import _check, _progress, _threads, population
from .currents import Current, as_current
from .integrators import METHODS, Problem, Traces
from .models import Model
from .models.rehearsal import explain, rehearse
from .noise import Noise
from .recording import Run, Spikes


def simulate(
    model: Model,
    duration: float,
    dt: float = 0.05,
    current: npt.ArrayLike | Current = 0.0,
    initial: Mapping[str, npt.ArrayLike] | None = None,
    method: str = "rk4",
    record: str | Sequence[str] | None = None,
    every: int = 1,
    neurons: npt.ArrayLike | slice | None = None,
    threshold: float | None = None,
    threads: int | None = None,
    progress: bool = False,
    *,
    sample_interval: float | None = None,
    rtol: float | None = None,
    atol: float | Mapping[str, float] | None = None,
    noise: Noise | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float64,
) -> Run:
    """Integrate a population of neurons, on all cores.

    The population is as large as the parameters, the current and the initial state broadcast to.  The same call gives
    the same bits whatever the number of threads, and each neuron the same bits as when simulated alone.

    Parameters
    ----------
    model : Model
        For example ``fn.MorrisLecar.hopf()``.
    duration : float
        How long, ms; with a fixed-step method, a multiple of `dt`.
    dt : float, default 0.05
        Step, ms; with an adaptive method, the first step it tries.
    current : float, (n,) array_like or Current, default 0
        Injected current, uA/cm^2: constant, or a function of time such as ``fn.Step(30.0, start=100.0)``.
    initial : dict of float or (n,) array_like, optional
        Initial value by name of state, as in ``run.state``.  Morris-Lecar starts at V = -60 mV, and N at its steady
        state for the initial V, where nothing else is given.
    method : {"rk4", "heun", "dop853", "tsit5"}
        Classical Runge-Kutta of order 4 (Kutta 1901); Heun's of order 2, for noise (Rümelin 1982); or an adaptive
        method in which every neuron has steps of its own: Dormand & Prince's of order 8 (Hairer, Norsett & Wanner
        1993), Tsitouras' of order 5 (2011).
    record : str or sequence of str, optional
        States to sample, for example ``"V"`` or ``("V", "N")``.
    every : int, default 1
        Sample at every so many multiples of `dt`, the initial state being the first sample.
    neurons : (m,) array_like of int, slice or (n,) mask, optional
        Which neurons to sample; all by default.
    threshold : float, optional
        A spike is an upward crossing of it by the voltage, mV; the model's own by default, 0 for Morris-Lecar.
    threads : int, optional
        Number of threads; one per core this process may use by default.
    progress : bool, default False
        Show a progress bar (extra ``progress``).
    sample_interval : float, optional
        Time between samples, ms, in place of `every`; with a fixed-step method, a multiple of `dt`.
    rtol, atol : float, optional
        An adaptive method keeps the error of each step below ``atol + rtol * |state|``; 1e-6 by default.  `atol` may
        be a mapping from names of states.
    noise : Noise, optional
        Noise on the current, with the method ``"heun"``: ``fn.WhiteNoise(sigma)`` or ``fn.OrnsteinUhlenbeck(sigma,
        tau)``.
    seed : int, default 0
        Of the noise, at least 0 and below 2**64; each neuron has noise of its own, that depends on nothing but the
        seed, the neuron's index and the number of the step.
    dtype : {float64, float32}
        Precision of the states, with a fixed step; in single precision about twice as fast.

    Returns
    -------
    Run
        Spikes, rates, samples, and the final state.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed; nothing has been started then.
    FloatingPointError
        If a state is no longer finite, or an adaptive step shrinks to nothing, naming the first such neuron and the
        time.

    Notes
    -----
    A spike's time is where the voltage, interpolated inside the step, crosses the threshold: by the cubic Hermite
    polynomial with a fixed step, so that the error falls as dt^4, and by the method's own continuous extension
    otherwise, as the samples are.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), duration=1000.0, current=np.linspace(80, 130, 6))
    >>> run.spike_count
    array([ 1, 10, 12, 13, 14, 15])
    >>> run.spikes[0].round(3)
    array([24.867])
    """
    if not isinstance(model, Model):
        hint = "; a model is an instance: write MorrisLecar() with its parentheses" if isinstance(model, type) else ""
        raise TypeError(f"model must be a Model, for example MorrisLecar.hopf(); got {model!r}{hint}")
    chosen = METHODS[_check.known("method", method, METHODS)]
    if chosen.is_adaptive:
        dt = _check.number("dt", dt, "a positive number of ms", lambda x: x > 0)
        duration = _check.number("duration", duration, "a number of ms, 0 or more", lambda x: x >= 0)
    else:
        _check.steps(duration, dt)
        dt, duration = float(dt), float(duration)
        _check.only("rtol", rtol, "adaptive methods", method)
        _check.only("atol", atol, "adaptive methods", method)
    if noise is not None and method != "heun":
        raise ValueError(f"noise needs method='heun'; got method={method!r}")
    if not isinstance(noise, Noise | None):
        raise TypeError(f"noise must be a WhiteNoise or an OrnsteinUhlenbeck; got {noise!r}")
    precision = np.dtype(_check.known("dtype", np.dtype(dtype).name, ["float64", "float32"]))
    if precision == np.float32 and (chosen.is_adaptive or noise is not None):
        raise ValueError("dtype float32 is for the methods 'rk4' and 'heun', without noise")
    seed = _check.whole("seed", seed, 0, 2**64 - 1)
    drive = as_current("current", current)
    given = _initial(initial, model)
    values = model.parameters | {f"initial[{name!r}]": value for name, value in given.items()}
    sizes = {name: np.size(value) for name, value in values.items()}
    n = _check.population_size(sizes | {"current": drive.size, "noise": noise.size if noise else 1})
    recorded = _recorded(record, model)
    every, interval = _sampling(every, sample_interval, duration, dt, chosen.is_adaptive)
    if neurons is not None and not recorded:
        raise ValueError(f"neurons selects what record keeps, but record is {record!r}: name a state, such as 'V'")
    rows = np.arange(n if recorded else 0) if neurons is None else _check.indices("neurons", neurons, n)
    threshold = model.threshold if threshold is None else _check.number("threshold", threshold, "a finite number of mV")
    threads = _threads.available() if threads is None else _check.whole("threads", threads, 1)
    rtol = _check.number("rtol", 1e-6 if rtol is None else rtol, "a positive number", lambda x: x > 0)

    if recorded and duration / interval > 2**53:
        raise ValueError(f"a sample every {interval:g} ms for {duration:g} ms is more than can be counted")
    samples = int(duration / interval * (1 + 1e-12)) + 1 if recorded else 0
    order = np.argsort(rows, kind="stable")
    which = np.array([list(model.states).index(name) for name in recorded], np.int64)
    kept = np.empty((which.size, rows.size, samples), precision)
    problem = Problem(
        model=model,
        current=drive,
        state=model.initial_state(given, n).astype(precision),
        duration=duration,
        dt=dt,
        threshold=threshold,
        traces=Traces(which, rows[order], order, every, interval, kept),
        rtol=rtol,
        atol=_absolute(atol, model),
        noise=noise,
        seed=seed if seed < 2**63 else seed - 2**64,  # the same bits as an int64
    )
    if not type(model).derivative.__module__.startswith(__package__):
        rehearse(model, problem.state[:, 0], 0.0)
    problem.traces.out[:, :, :1] = problem.state[np.ix_(which, rows)][:, :, np.newaxis]
    with _progress.bar(progress, n, duration, dt) as tick:
        try:
            spikes = population.advance(chosen, problem, threads, tick)
        except NumbaError as error:
            raise explain(model, error) from None
    return Run(
        model=model,
        duration=duration,
        dt=dt,
        spike_count=problem.spike_count,
        spikes=Spikes(*spikes),
        state=dict(zip(model.states, problem.state, strict=True)),
        time=np.arange(samples) * interval if every == 0 else np.arange(samples) * every * dt,  # as the kernel has it
        neurons=rows,
        traces=dict(zip(recorded, problem.traces.out, strict=True)),
    )


def _initial(initial: Mapping[str, npt.ArrayLike] | None, model: Model) -> dict[str, np.ndarray]:
    if not isinstance(initial, Mapping | None):
        raise TypeError(f"initial must map names of states to values, for example {{'V': -60.0}}; got {initial!r}")
    for name in initial or {}:
        _check.known(f"a state in initial for {type(model).__name__}", name, model.states)
    return {name: _check.numbers(f"initial[{name!r}]", value) for name, value in (initial or {}).items()}


def _recorded(record: str | Sequence[str] | None, model: Model) -> list[str]:
    if not isinstance(record, Iterable | None):
        raise TypeError(f"record must be the name of a state or several names; got {record!r}")
    recorded = [] if record is None else [record] if isinstance(record, str) else list(record)
    for name in recorded:
        _check.known("record", name, model.states)
    if len(set(recorded)) < len(recorded):
        raise ValueError(f"record must name each state at most once; got {record!r}")
    return recorded


def _sampling(
    every: int, sample_interval: float | None, duration: float, dt: float, adaptive: bool
) -> tuple[int, float]:
    """Steps between samples, 0 where they are not steps, and ms."""
    every = _check.whole("every", every, 1)
    if sample_interval is None:
        every = min(every, int(min(duration / dt, 2.0**53)) + 2)  # within the range of the kernel's numbers
        return (0 if adaptive else every), every * dt
    if every != 1:
        raise ValueError(f"give every or sample_interval, not both; got {every} and {sample_interval}")
    interval = _check.number("sample_interval", sample_interval, "a positive number of ms", lambda x: x > 0)
    if adaptive:
        return 0, interval
    every = round(interval / dt)
    if every < 1 or abs(every * dt - interval) > 1e-9 * interval:
        raise ValueError(f"sample_interval must be a multiple of dt = {dt:g} ms; got {sample_interval!r}")
    return every, interval


def _absolute(atol: float | Mapping[str, float] | None, model: Model) -> np.ndarray:
    """The absolute tolerance of each state."""
    values = dict.fromkeys(model.states, 1e-6)
    if isinstance(atol, Mapping):
        for name, value in atol.items():
            values[_check.known("a state in atol", name, model.states)] = value
    elif atol is not None:
        values = dict.fromkeys(model.states, atol)
    wanted = "a number, 0 or more"
    return np.array([_check.number("atol", value, wanted, lambda x: x >= 0) for value in values.values()])
