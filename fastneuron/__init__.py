"""fastneuron: large populations of neurons, and layers of perceptrons, close to the speed of hand-written SIMD code."""

from importlib import import_module
from typing import TYPE_CHECKING

from . import math, reference
from ._engine.network_run import NetworkRun
from ._engine.run import Run
from ._engine.spikes import Spikes
from ._storage.resume import open as open  # not in __all__: an import of * must not hide Python's own
from ._storage.resume import resume
from ._version import __version__
from .couplings import Coupling, CouplingKind, GapJunction, Graded, StateCoupled
from .estimate import Estimate, estimate
from .inputs.current import Current
from .inputs.noise import Noise, OrnsteinUhlenbeck, WhiteNoise
from .inputs.poisson import PoissonCurrent, PoissonJumps
from .inputs.waveforms import Chirp, Pulses, Ramp, Samples, Sine, Step
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
from .simulate import simulate
from .simulation import Simulation
from .sweep import fi_curve, sweep

if TYPE_CHECKING:
    from . import examples as examples
    from . import plot as plot
    from .dynamics.bifurcation_curves import bifurcation_curves
    from .dynamics.bifurcations import bifurcations
    from .dynamics.cycles import Cycles, cycles
    from .dynamics.excitability import Excitability, excitability
    from .dynamics.fit import Fit, fit
    from .dynamics.fixed_points import FixedPoints, fixed_points
    from .dynamics.jacobian import jacobian
    from .dynamics.phase_response import PhaseResponse, phase_response
    from .dynamics.tangent import tangent
    from .mlp import MLP, MLPHistory, check_gradient
    from .perceptron import Perceptron, PerceptronHistory, least_squares_layer

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

LATER = ("examples", "plot", "sklearn")  # need what not everybody has, and time
IN_FOLDERS = {  # need time: without networks of perceptrons alone, a fifth of all that is imported here
    "dynamics": (
        *("Cycles", "Excitability", "Fit", "FixedPoints", "PhaseResponse"),
        *("bifurcation_curves", "bifurcations", "cycles", "excitability", "fit", "fixed_points"),
        *("jacobian", "phase_response", "tangent"),
    ),
    "mlp": ("MLP", "MLPHistory", "check_gradient"),
    "perceptron": ("Perceptron", "PerceptronHistory", "least_squares_layer"),
}


def __getattr__(name: str) -> object:
    if name in LATER or name in IN_FOLDERS:
        return import_module(f".{name}", __name__)
    for folder, names in IN_FOLDERS.items():
        if name in names:
            return getattr(import_module(f".{folder}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *LATER, "open", "__doc__", "__file__", "__name__"])
