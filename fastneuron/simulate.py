"""Simulate a population: check, broadcast, allocate, run, collect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from numba.core.errors import NumbaError

from . import _check, _progress, _threads, population
from .currents import Current
from .integrators import Problem, Stretch
from .models import Model
from .models.rehearsal import explain, rehearse
from .noise import Noise
from .recipe import Recipe, checked
from .recording import Run, Spikes
from .summary import Summary, results


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
    summary: str | Sequence[str] | None = None,
    bin_width: float = 1.0,
    spike_times: bool = True,
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
    summary : str or sequence of str, optional
        What to work out while the run goes on, without keeping samples or spikes: for each neuron ``"V.mean"``,
        ``"V.var"``, ``"V.min"``, ``"V.max"`` of its samples (those that `record` would keep; of any state), the time of
        the first spike ``"spike.first"`` (ms), mean and coefficient of variation of the intervals between spikes,
        ``"isi.mean"`` (ms) and ``"isi.cv"``; for the population ``"population.V.mean"`` at each sample, and
        ``"population.rate"``, its mean firing rate in each bin (Hz).
    bin_width : float, default 1
        Of ``"population.rate"``, ms.
    spike_times : bool, default True
        Keep the time of every spike; if not, ``run.spikes`` is empty, and only ``run.spike_count`` is kept.

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
    recipe = checked(
        model, duration, dt, current, initial, method, record, every, neurons, threshold,
        sample_interval=sample_interval, rtol=rtol, atol=atol, noise=noise, seed=seed, dtype=dtype,
        summary=summary, bin_width=bin_width, spike_times=spike_times,
    )  # fmt: skip
    threads = _threads.available() if threads is None else _check.whole("threads", threads, 1)
    if not type(model).derivative.__module__.startswith(__package__):
        rehearse(model, recipe.state[:, 0], 0.0)
    with _progress.bar(progress, recipe.n, recipe.duration, recipe.dt) as tick:
        return in_memory(recipe, threads, tick)


def in_memory(recipe: Recipe, threads: int, tick: Callable[[float], None]) -> Run:
    """The whole run at once."""
    (stretch,) = recipe.stretches(recipe.samples)
    problem = recipe.problem()
    summary = Summary(recipe.summary, list(recipe.model.states), recipe.state, recipe.samples, recipe.bins)
    spikes = advance(recipe, problem, stretch, summary, threads, tick)
    counts = recipe.samples, recipe.n, recipe.bin_width
    return Run(
        model=recipe.model,
        duration=recipe.duration,
        dt=recipe.dt,
        spike_count=problem.spike_count,
        spikes=Spikes(*spikes),
        state=dict(zip(recipe.model.states, problem.state, strict=True)),
        time=recipe.time,
        neurons=recipe.neurons,
        traces=dict(zip(recipe.record, problem.traces.out, strict=True)),
        summary=results(recipe.summary, list(recipe.model.states), [summary.arrays], counts),
    )


def advance(
    recipe: Recipe, problem: Problem, stretch: Stretch, summary: Summary, threads: int, tick: Callable[[float], None]
) -> tuple[np.ndarray, np.ndarray]:
    """Take a population through a stretch; its spikes.  The samples are then in ``problem.traces.out``."""
    problem.traces = recipe.traces(stretch)
    here = np.ix_(problem.traces.which, recipe.neurons)
    if not (recipe.chosen.is_adaptive and stretch.begin):  # there each neuron is at a time of its own
        problem.traces.out[:, :, :1] = problem.state[here][:, :, np.newaxis]
    try:
        return population.advance(
            recipe.chosen, problem, stretch, summary, threads, tick, recipe.bin_width, recipe.spike_times
        )
    except NumbaError as error:
        raise explain(recipe.model, error) from None
