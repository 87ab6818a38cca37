"""Populations and networks of neurons, and layers of perceptrons, close to the speed of hand-written SIMD code.

    >>> import fastneuron as fn
    >>> run = fn.simulate(fn.MorrisLecar.hopf(), 1000.0, current=[80.0, 100.0], record="V")
    >>> run.spike_count, run["V"].shape
    (array([ 1, 12]), (2, 20001))

Times are in ms, voltages in mV, currents in uA/cm^2, conductances in mS/cm^2.  ``help(fn.simulate)`` tells more of a
name; ``fastneuron docs`` has the guide, ``fastneuron example`` a list of studies.

Neurons
    MorrisLecar                  calcium and potassium, two states: class I and II by its presets
    MorrisLecarFull              the same before its reduction, three states
    HodgkinHuxley                the squid's axon: sodium and potassium
    TraubMiles                   pyramidal cells of the hippocampus; `cobahh` is the cell of a published benchmark
    FitzHughNagumo               two states, without dimensions
    LeakyIntegrateAndFire        a leak and a reset
    QuadraticIntegrateAndFire    the normal form of class I, with a reset
    ExponentialIntegrateAndFire  an upstroke, then a reset
    AdaptiveExponential          the same with adaptation: tonic, adapting, bursting
    Izhikevich                   two states and a reset: many firing patterns
    Model                        base class of all of these, and of one's own
    Channel                      base class of a conductance to add to a model: ``model + channel``
    math                         the functions that formulas of one's own may use

Currents and noise
    Step                         on from a time to another
    Ramp                         evenly from one value to another
    Sine                         a sinusoid
    Chirp                        a sinusoid whose frequency grows
    Pulses                       rectangular pulses, again and again
    Samples                      what was measured
    Current                      base class of currents; ``+`` adds them
    WhiteNoise                   white noise on the current
    OrnsteinUhlenbeck            coloured noise on the current
    PoissonJumps                 Poisson input by jumps of the voltage
    PoissonCurrent               Poisson input by currents that decay
    Noise                        base class of noises

Running
    simulate                     a population, a network or many networks, as long as they are told
    Simulation                   the same piece by piece, under the caller's control: closed loops
    sweep                        a model at every combination of parameters, as an xarray Dataset
    fi_curve                     the rate at which a neuron fires, over the current
    estimate                     memory, disk and time that a run will take, before it starts

Networks
    Population                   neurons of one model, and all that drives them but spikes
    Projection                   synapses from one population to another
    Network                      populations by name, and what is between them
    PoissonSource                independent Poisson trains
    SpikeSource                  spikes at given times
    AllToAll                     who is connected: everybody with everybody
    OneToOne                     the first with the first, and so on
    FixedProbability             each pair with a probability
    FixedInDegree                as many synapses onto every target
    FixedOutDegree               as many synapses from every source
    FixedTotal                   as many synapses in all
    ByDistance                   each pair with a probability that depends on its distance
    Normal                       weights and delays that are drawn: the normal distribution
    LogNormal                    the log-normal distribution
    Uniform                      the uniform distribution
    Delta                        what a spike does: a jump of the voltage
    Exponential                  a conductance that decays
    DoubleExponential            a conductance that rises and decays
    Alpha                        a conductance in the form of the alpha function
    NMDA                         a slow conductance that magnesium blocks at rest
    ExponentialCurrent           a current that decays
    DoubleExponentialCurrent     a current that rises and decays
    AlphaCurrent                 a current in the form of the alpha function
    Receptor                     base class of all of these, and of one's own
    Mode                         a term of a receptor's response

Couplings and circuits
    Coupling                     what acts without delay, between populations or between cells of a circuit
    GapJunction                  a gap junction
    Graded                       a graded synapse
    StateCoupled                 a synapse that a state of the sender opens
    CouplingKind                 base class of these, and of one's own
    Circuit                      a small network as a model: each neuron of a population is a circuit

Dynamics
    fixed_points                 all fixed points of each neuron, with eigenvalues and kinds
    bifurcations                 the bifurcation diagram of each neuron in one parameter
    bifurcation_curves           folds and Hopf points in two parameters
    excitability                 how each neuron begins to fire: class, rheobase
    cycles                       the limit cycle of each neuron, its period and multipliers
    phase_response               the phase response of each of these cycles
    fit                          the parameters with which a model does what was recorded
    tangent                      a model together with its variational equations
    jacobian                     derivatives of a model's formulas
    FixedPoints                  what `fixed_points` returns
    Excitability                 what `excitability` returns
    Cycles                       what `cycles` returns
    PhaseResponse                what `phase_response` returns
    Fit                          what `fit` returns

Perceptrons and layers
    Perceptron                   a layer, trained row by row by the published rules
    PerceptronHistory            what its training met
    least_squares_layer          the best linear layer, in closed form
    MLP                          a multi-layer perceptron
    MLPHistory                   what its training met
    check_gradient               how exact its gradient is
    mlp                          optimisers, activations of one's own, many networks at once
    sklearn                      estimators for scikit-learn (extra ``sklearn``)

Results and files
    Run                          what `simulate` returns: spikes, samples, summaries
    NetworkRun                   the same of a network: a `Run` for each population
    Spikes                       who fired when
    Estimate                     what `estimate` returns
    open                         a run that is on disk (extra ``zarr``)
    resume                       go on with a run that was ended, or for longer

Figures, examples, reference
    plot                         figures for a paper: rasters, traces, f-I curves, phase planes (extra ``plot``)
    examples                     small studies to run, copy and change (extra ``plot``)
    reference                    the plain answer, by SciPy and textbook formulas: slow, and shares no code
    __version__                  of the package
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from . import examples as examples
    from . import math as math
    from . import plot as plot
    from . import reference as reference
    from ._engine.network_run import NetworkRun
    from ._engine.run import Run
    from ._engine.spikes import Spikes
    from ._estimate import Estimate, estimate
    from ._simulate import simulate
    from ._storage.resume import open as open  # not in __all__: an import of * must not hide Python's own
    from ._storage.resume import resume
    from ._sweep import fi_curve, sweep
    from .couplings import Coupling, CouplingKind, GapJunction, Graded, StateCoupled
    from .dynamics.bifurcation_curves import bifurcation_curves
    from .dynamics.bifurcations import bifurcations
    from .dynamics.cycles import Cycles, cycles
    from .dynamics.excitability import Excitability, excitability
    from .dynamics.fit import Fit, fit
    from .dynamics.fixed_points import FixedPoints, fixed_points
    from .dynamics.jacobian import jacobian
    from .dynamics.phase_response import PhaseResponse, phase_response
    from .dynamics.tangent import tangent
    from .inputs.current import Current
    from .inputs.noise import Noise, OrnsteinUhlenbeck, WhiteNoise
    from .inputs.poisson import PoissonCurrent, PoissonJumps
    from .inputs.waveforms import Chirp, Pulses, Ramp, Samples, Sine, Step
    from .mlp import MLP, MLPHistory, check_gradient
    from .models import (
        AdaptiveExponential,
        Channel,
        Circuit,
        ExponentialIntegrateAndFire,
        FitzHughNagumo,
        HodgkinHuxley,
        Izhikevich,
        LeakyIntegrateAndFire,
        Model,
        MorrisLecar,
        MorrisLecarFull,
        QuadraticIntegrateAndFire,
        TraubMiles,
    )
    from .network.connections import (
        AllToAll,
        ByDistance,
        FixedInDegree,
        FixedOutDegree,
        FixedProbability,
        FixedTotal,
        OneToOne,
    )
    from .network.distributions import LogNormal, Normal, Uniform
    from .network.network import Network
    from .network.population import Population
    from .network.projection import Projection
    from .network.sources import PoissonSource, SpikeSource
    from .perceptron import Perceptron, PerceptronHistory, least_squares_layer
    from .receptors import (
        NMDA,
        Alpha,
        AlphaCurrent,
        Delta,
        DoubleExponential,
        DoubleExponentialCurrent,
        Exponential,
        ExponentialCurrent,
        Mode,
        Receptor,
    )
    from .simulation import Simulation

__all__ = [
    "MLP",
    "NMDA",
    "AdaptiveExponential",
    "AllToAll",
    "Alpha",
    "AlphaCurrent",
    "ByDistance",
    "Channel",
    "Chirp",
    "Circuit",
    "Coupling",
    "CouplingKind",
    "Current",
    "Cycles",
    "Delta",
    "DoubleExponential",
    "DoubleExponentialCurrent",
    "Estimate",
    "Excitability",
    "Exponential",
    "ExponentialCurrent",
    "ExponentialIntegrateAndFire",
    "Fit",
    "FitzHughNagumo",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedPoints",
    "FixedProbability",
    "FixedTotal",
    "GapJunction",
    "Graded",
    "HodgkinHuxley",
    "Izhikevich",
    "LeakyIntegrateAndFire",
    "LogNormal",
    "MLPHistory",
    "Mode",
    "Model",
    "MorrisLecar",
    "MorrisLecarFull",
    "Network",
    "NetworkRun",
    "Noise",
    "Normal",
    "OneToOne",
    "OrnsteinUhlenbeck",
    "Perceptron",
    "PerceptronHistory",
    "PhaseResponse",
    "PoissonCurrent",
    "PoissonJumps",
    "PoissonSource",
    "Population",
    "Projection",
    "Pulses",
    "QuadraticIntegrateAndFire",
    "Ramp",
    "Receptor",
    "Run",
    "Samples",
    "Simulation",
    "Sine",
    "SpikeSource",
    "Spikes",
    "StateCoupled",
    "Step",
    "TraubMiles",
    "Uniform",
    "WhiteNoise",
    "__version__",
    "bifurcation_curves",
    "bifurcations",
    "check_gradient",
    "cycles",
    "estimate",
    "excitability",
    "fi_curve",
    "fit",
    "fixed_points",
    "jacobian",
    "least_squares_layer",
    "math",
    "phase_response",
    "reference",
    "resume",
    "simulate",
    "sweep",
    "tangent",
]

MODULES = ("examples", "math", "plot", "reference", "sklearn")  # that are public as a whole
PLACES = {  # where all others are: a neuron needs half, the command line nothing of what takes time to import
    "_engine.network_run": ("NetworkRun",),
    "_engine.run": ("Run",),
    "_engine.spikes": ("Spikes",),
    "_estimate": ("Estimate", "estimate"),
    "_simulate": ("simulate",),
    "_storage.resume": ("open", "resume"),
    "_sweep": ("fi_curve", "sweep"),
    "couplings": ("Coupling", "CouplingKind", "GapJunction", "Graded", "StateCoupled"),
    "dynamics": (
        *("Cycles", "Excitability", "Fit", "FixedPoints", "PhaseResponse"),
        *("bifurcation_curves", "bifurcations", "cycles", "excitability", "fit", "fixed_points"),
        *("jacobian", "phase_response", "tangent"),
    ),
    "inputs.current": ("Current",),
    "inputs.noise": ("Noise", "OrnsteinUhlenbeck", "WhiteNoise"),
    "inputs.poisson": ("PoissonCurrent", "PoissonJumps"),
    "inputs.waveforms": ("Chirp", "Pulses", "Ramp", "Samples", "Sine", "Step"),
    "mlp": ("MLP", "MLPHistory", "check_gradient"),
    "models": (
        *("AdaptiveExponential", "ExponentialIntegrateAndFire", "FitzHughNagumo", "HodgkinHuxley", "Izhikevich"),
        *("LeakyIntegrateAndFire", "MorrisLecar", "MorrisLecarFull", "QuadraticIntegrateAndFire", "TraubMiles"),
        *("Channel", "Circuit", "Model"),
    ),
    "network.connections": (
        *("AllToAll", "ByDistance", "OneToOne"),
        *("FixedInDegree", "FixedOutDegree", "FixedProbability", "FixedTotal"),
    ),
    "network.distributions": ("LogNormal", "Normal", "Uniform"),
    "network.network": ("Network",),
    "network.population": ("Population",),
    "network.projection": ("Projection",),
    "network.sources": ("PoissonSource", "SpikeSource"),
    "perceptron": ("Perceptron", "PerceptronHistory", "least_squares_layer"),
    "receptors": (
        *("Alpha", "Delta", "DoubleExponential", "Exponential", "NMDA"),
        *("AlphaCurrent", "DoubleExponentialCurrent", "ExponentialCurrent", "Mode", "Receptor"),
    ),
    "simulation": ("Simulation",),
}


def __getattr__(name: str) -> object:
    if name in MODULES or name in PLACES:
        return import_module(f".{name}", __name__)
    for module, names in PLACES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f".{module}", __name__), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *MODULES, "open", "__doc__", "__file__", "__name__"})
