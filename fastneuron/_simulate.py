"""Simulate a population: check, choose where the run goes, carry it out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from . import _progress
from ._engine import resources
from ._engine.advice import warn_of_a_new_begin, warn_of_the_threshold
from ._engine.alike import alike, keep
from ._engine.checked import checked
from ._engine.execute import Memory, execute
from ._engine.executors import Executor
from ._engine.plan import planned
from ._engine.recipe import Recipe
from ._engine.run import Run
from .inputs.current import Current
from .inputs.noise import Noise
from .models import Model

if TYPE_CHECKING:
    from ._engine.network_run import NetworkRun
    from .network.network import Network
    from .network.population import Population


@overload
def simulate(model: Model | Population, duration: float, *arguments: Any, **named: Any) -> Run: ...
@overload
def simulate(model: Network, duration: float, *arguments: Any, **named: Any) -> NetworkRun: ...
@overload
def simulate(model: Sequence[Network], duration: float, *arguments: Any, **named: Any) -> list[NetworkRun]: ...
def simulate(
    model: Model | Population | Network | Sequence[Network],
    duration: float,
    dt: float = 0.05,
    current: npt.ArrayLike | Current = 0.0,
    initial: Mapping[str, npt.ArrayLike] | None = None,
    method: str = "rk4",
    record: str | Sequence[str] | None = None,
    every: int = 1,
    neurons: npt.ArrayLike | slice | None = None,
    threshold: float | Mapping[str, float] | None = None,
    threads: int | None = None,
    progress: bool = False,
    *,
    sample_interval: float | None = None,
    rtol: float | None = None,
    atol: float | Mapping[str, float] | None = None,
    noise: Noise | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float64,
    refractory: float | Mapping[str, float] = 0.0,
    rearm: float | Mapping[str, float] | None = None,
    summary: str | Sequence[str] | None = None,
    bin_width: float = 1.0,
    after: float = 0.0,
    spike_times: bool = True,
    n: int | None = None,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    checkpoint_interval: float | None = None,
    executor: Executor | None = None,
    shards: int | None = None,
    delivery: str = "exact",
    comm: Any = None,
    gather: bool = True,
    sensitivity: str | Sequence[str] | None = None,
) -> Run | NetworkRun | list[NetworkRun]:
    """Integrate a population of neurons, a network of them, or many networks, on all cores.

    The population is as large as the parameters, the current and the initial state broadcast to.  The same call gives
    the same bits whatever the number of threads, and each neuron the same bits as when simulated alone.

    Parameters
    ----------
    model : Model, Population, Network or sequence of Network
        For example ``fn.MorrisLecar.hopf()``.  A population has its current, noise and threshold itself; of a network,
        `initial`, `record`, `neurons` and `summary` are mappings from names of populations, and `record` and `summary`
        may be names of variables, for all populations that have them.  Several networks, other seeds for example, are
        simulated one after the other, or by the workers of an `executor`.
    duration : float
        How long, ms; with a fixed-step method, and of a network, a multiple of `dt`.
    dt : float, default 0.05
        Step, ms; with an adaptive method, the first step it tries, and in a network, of which no delay is shorter, the
        unit of the epochs at whose ends spikes are exchanged and all neurons stop.
    current : float, (n,) array_like or Current, default 0
        Injected current, uA/cm^2: constant, or a function of time such as ``fn.Step(30.0, start=100.0)``.
    initial : dict of float or (n,) array_like, optional
        Initial value by name of state, as in ``run.state``; a run that begins at the end of another is a run of its
        own, and noise and currents that change begin anew, which is warned of; a `Simulation` goes on.  Morris-Lecar
        starts at V = -60 mV, and N at its steady state for the initial V, where nothing else is given.
    method : {"rk4", "heun", "staggered", "dop853", "tsit5"}
        Classical Runge-Kutta of order 4 (Kutta 1901); Heun's of order 2, for noise (Rümelin 1982); gates and voltage in
        turns, of order 2 (Hines 1984); or an adaptive method in which every neuron has steps of its own: Dormand &
        Prince's of order 8 (Hairer, Norsett & Wanner 1993), Tsitouras' of order 5 (2011).

        ``"staggered"`` is for models with gates of their own time course where an error of a per cent will do: on
        `HodgkinHuxley` and `TraubMiles` a step takes some 0.4 of the time of one with ``"rk4"``, and it is stable at
        steps of 0.1 ms, at which ``"rk4"`` on `TraubMiles` is not.  The derivative of each state but the voltage must
        be linear in that state.  For `MorrisLecar`, whose calcium activation follows the voltage at once, ``"heun"`` is
        faster and ``"rk4"`` better.
    record : str or sequence of str, optional
        States to sample, for example ``"V"`` or ``("V", "N")``.  ``"I"`` is the current that is injected, of each
        neuron at the time of each sample, and behind it where it jumps then: without noise, and without what comes
        through synapses.
    every : int, default 1
        Sample at every so many multiples of `dt`, the initial state being the first sample; for `record` and `summary`.
    neurons : (m,) array_like of int, slice or (n,) mask, optional
        Which neurons to sample; all by default.
    threshold : float or dict of float, optional
        A spike is an upward crossing of it by the voltage, mV; the model's own by default, 0 for Morris-Lecar.
        Nothing is reset there but by a model with a `reset`, whose threshold may be a parameter of its own and is then
        not given here; a neuron that stays above it is warned of.  A mapping says which states spike, and where:
        ``{"A.V": 0.0, "B.V": 0.0}``; each is watched as if it were alone, ``run.spikes["B.V"]`` are the spikes of one,
        and ``run.of("B.V")`` is the run with these alone.  In a network each of these spikes is sent.
    threads : int, optional
        Number of threads; one per core this process may use by default, and four per core at most.
    progress : bool, default False
        Show a progress bar (extra ``progress``).
    sample_interval : float, optional
        Time between samples, ms, in place of `every`; with a fixed-step method, a multiple of `dt`.
    rtol, atol : float, optional
        An adaptive method keeps the error of each step below ``atol + rtol * |state|``; 1e-6 by default.  `atol` may
        be a mapping from names of states.
    noise : Noise, optional
        Noise on the current, with the method ``"heun"``: ``fn.WhiteNoise(sigma)`` or ``fn.OrnsteinUhlenbeck(sigma,
        tau)``.  Or Poisson input, with any fixed step: ``fn.PoissonJumps(rate, jump)`` or ``fn.PoissonCurrent(rate,
        weight, tau)``.
    seed : int, default 0
        Of the noise, at least 0 and below 2**64; each neuron has noise of its own, that depends on nothing but the
        seed, the neuron's index and the number of the step.
    dtype : {float64, float32}
        Precision of the states, with a fixed step; in single precision about twice as fast.
    refractory : float or dict of float, default 0
        Crossings of the threshold less than this after the spike that was counted before are not counted, ms: noise
        makes V cross it several times where it hovers there.  It has no effect on the neurons; a model with a `reset`
        has a refractory time of its own, a parameter, which holds the voltage.  Of all states that spike, each for
        itself, or a mapping by state.
    rearm : float or dict of float, optional
        After a spike no crossing counts, either, until V has been below this at the end of a step, mV; at most the
        threshold.  It tells spikes from hovering where the intervals between spikes are short, too.  Of all states that
        spike, or a mapping by state.
    summary : str or sequence of str, optional
        What to work out while the run goes on, without keeping samples or spikes: for each neuron ``"V.mean"``,
        ``"V.var"``, ``"V.min"``, ``"V.max"`` of its samples (those that `record` would keep; of any state), the time of
        the first spike ``"spike.first"`` (ms), mean and coefficient of variation of the intervals between spikes,
        ``"isi.mean"`` (ms) and ``"isi.cv"``; for the population ``"population.V.mean"`` at each sample, and
        ``"population.rate"``, its mean firing rate in each bin (Hz).  Where several states spike, each of these says
        whose spikes: ``"B.V.isi.mean"``, ``"population.B.V.rate"``.  Sample k is at k multiples of `every` times
        `dt`, or of `sample_interval`, and bin k begins at k multiples of `bin_width`.
    bin_width : float, default 1
        Of ``"population.rate"``, ms.
    after : float, default 0
        Leave out of `summary` what happens before, ms: samples and spikes from then on count, ``"population.V.mean"``
        has the samples from then on, and the first bin of ``"population.rate"`` begins there.
    spike_times : bool, default True
        Keep the time of every spike; if not, only ``run.spike_count`` is kept.
    n : int, optional
        How many neurons, where no value differs from neuron to neuron: trials with noise of their own, for example.
    out : path, optional
        Write the run to a zarr store of this name while it goes on (extra ``zarr``), so that its memory is bounded
        whatever its duration; rows of samples are then in order of neuron.  That of a network has a group for each
        population, and keeps the rules of its projections, not the synapses.  Whatever ends the run, ``fn.resume(out)``
        goes on with it, ``fn.open(out)`` shows what is there, and so does ``xarray.open_zarr(out)``.  A store is made
        in a folder beside its place, its name ``.run.zarr.`` and 32 hexadecimal digits; a process that is killed just
        then leaves that behind, and nobody removes it.
    overwrite : bool, default False
        Replace a run that is there already.
    checkpoint_interval : float, optional
        ms of the run between two moments from which it can go on, with `out`; by default some tenths of a
        second of work, and never more samples than 32 MB hold.
    executor : concurrent.futures.Executor, optional
        Share the population, or several networks, out to the workers of this executor, for example a
        ``ProcessPoolExecutor``, Dask's ``client.get_executor()`` or mpi4py's ``MPIPoolExecutor``; each worker has one
        thread unless `threads` says otherwise.  With `out`, the workers write to the store, which all of them must see.
    shards : int, optional
        In how many parts to share it out; 16 by default.
    delivery : {"exact", "grid"}
        Of a network: whether a spike acts at its own time, inside a step, or at the next whole step, the rule of other
        simulators, for comparison.  Steps of an adaptive method end where spikes arrive: ``"exact"``.
    comm : communicator, optional
        Share a network out to the processes of this communicator, for example mpi4py's ``MPI.COMM_WORLD`` (extra
        ``mpi``): all of them make the same call.  Each has a part of every population, makes the synapses onto it, and
        hears the spikes of all once an epoch, which is the shortest delay or 16 steps.  Each has one thread unless
        `threads` says otherwise; `threads` and `progress` alone may differ between them.  An error at one of them ends
        the call at all.  With `out`, the first writes the whole run there, where all of them must see it.
    gather : bool, default True
        With `comm`, whether every process gets the whole run; if not, each gets that of its own neurons, of which the
        first is number ``run.low["cells"]`` of the population.
    sensitivity : str or sequence of str, optional
        Differentiate the run with respect to these: parameters of the model, ``"current"``, by which a constant is
        added to what is injected, initial states such as ``"initial.V"``.  The derivatives of the states go on as
        states do, and are recorded and summed up by names such as ``"dV/dg_Ca"``; those of the spike times are
        ``run.sensitivities["g_Ca"]``.  With a fixed step the states are the bits of a run without.  Of neurons without
        a reset, which are not in a network, in double precision and in memory.

    Returns
    -------
    Run, NetworkRun or list of NetworkRun
        Spikes, rates, samples, and the final state; of a network, a mapping from names of populations to that; of
        several, one each, in their order.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed; nothing has been started then.  Quantities of pint, quantities, astropy and
        Brian2 are converted to the units that stand here, or refused.
    MemoryError, OSError
        If the run cannot fit into memory or onto the disk, as far as that can be told before; if there is something at
        `out` already, or somebody else is writing there.
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
    asked = locals()
    if isinstance(model, Model) and comm is None:
        return simulate_population(asked)
    from ._networks import simulate_networks  # here: it takes as long to import as the rest of the package

    return simulate_networks(asked)


def simulate_population(asked: Mapping[str, Any], tolerant: bool = False) -> Run:
    """The run of neurons that do not hear each other; if `tolerant`, those that fail end with NaN, and not the run."""
    before = None if tolerant else alike(asked)
    if before is None:
        recipe = checked(asked).changed(tolerant=tolerant)
        warn_of_a_new_begin(recipe, asked["initial"])
        run = _run(recipe, asked)
        keep(asked, recipe)
    else:
        recipe, run = before.run(asked)
    warn_of_the_threshold(recipe, run, asked["threshold"] is not None)
    return run


def _run(recipe: Recipe, asked: Mapping[str, Any]) -> Run:
    """The run of a recipe, where and how it is asked for."""
    plan = planned(recipe, asked)
    if plan.out is not None:
        from ._storage import layout, store  # here: it takes long to import

        layout.check_path(plan.out, plan.overwrite)
    resources.check(recipe, plan)
    with _progress.bar_of_run(plan.progress, recipe.n, recipe.duration, recipe.dt) as on_progress:
        sink = Memory(recipe, plan.shards) if plan.out is None else store.Store.create(recipe, plan)
        return execute(sink, plan.threads, asked["executor"], on_progress)
