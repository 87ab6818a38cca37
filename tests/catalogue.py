"""What the tests are run on: every model, every method, and what may be asked of each.

A new model or method is one line here.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastneuron as fn

PUBLISHED = json.loads((Path(__file__).parent / "published_values.json").read_text())


def rest_slow(values, quick=1):
    """Parameters of a test of which each compiles kernels of its own: CI runs those behind the first."""
    rows = [value if isinstance(value, tuple) else (value,) for value in values]
    return [pytest.param(*row, marks=[pytest.mark.slow] if k >= quick else []) for k, row in enumerate(rows)]


CLASSIC = (0.2, 0.1, 0.05, 0.025)
FINER = (0.02, 0.01, 0.005, 0.0025)


@dataclass(frozen=True, eq=False)
class Case:
    """A model with published parameters, and a current at which it fires."""

    name: str
    make: Any  # (**changes) -> Model
    current: float
    spread: tuple[str, float, float]  # a parameter, and the range in which it may vary from neuron to neuron
    start: tuple[float, float] = (-30.0, -15.0)  # initial voltages from which all of them fire, mV
    steps: tuple[float, ...] = CLASSIC  # dt at which the error is that of the leading term, ms
    settled: float = 0.005  # dt at which fourth order is as good as exact, ms
    dt: float = 0.1  # an ordinary step, ms

    @property
    def states(self):
        """The names of the states."""
        return list(self.make().states)

    def population(self, n, seed=0):
        """Arguments for `n` different neurons: parameters, currents and initial voltages all vary."""
        draw = np.random.default_rng(seed)
        name, low, high = self.spread
        return {
            "model": self.make(**{name: draw.uniform(low, high, n)}),
            "current": self.current * draw.uniform(0.95, 1.05, n),
            "initial": {self.states[0]: draw.uniform(*self.start, n)},
        }


@dataclass(frozen=True, eq=False)
class Method:
    """An integration method and its order of convergence; None where it chooses its steps itself."""

    name: str
    order: float | None
    options: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("hopf", fn.MorrisLecar.hopf, 100.0, ("V3", 0.0, 4.0), start=(-65.0, -45.0)),
    Case("snic", fn.MorrisLecar.snic, 60.0, ("g_Ca", 3.9, 4.2)),
    Case("homoclinic", fn.MorrisLecar.homoclinic, 40.0, ("phi", 0.21, 0.24), start=(-23.0, -18.0)),
    Case("barnacle", fn.MorrisLecar.barnacle, 320.0, ("g_K", 7.5, 8.5)),
]
TIGHT = {"rtol": 1e-12, "atol": 1e-12}
METHODS = [
    *(Method("rk4", 4.0), Method("heun", 2.0), Method("staggered", 2.0)),
    *(Method("dop853", None, TIGHT), Method("tsit5", None, TIGHT)),
]

OTHERS = [
    Case("squid", fn.HodgkinHuxley, 12.0, ("g_K", 35.0, 37.0), (-65.0, -55.0), FINER, 0.001, 0.05),
    Case(
        "barnacle-full", fn.MorrisLecarFull, 50.0, ("g_K", 7.8, 8.2), (-22.0, -15.0), (0.1, 0.05, 0.025, 0.0125), 0.005
    ),
    Case("pyramidal", fn.TraubMiles, 3.0, ("g_K", 29.0, 31.0), (-65.0, -55.0), (0.005, 0.0025, 0.00125), 0.0005, 0.05),
    Case("fitzhugh", fn.FitzHughNagumo, 0.5, ("a", 0.65, 0.75), (-1.5, -0.5)),
]
CASES += OTHERS

MODELS = {type(case.make()).__name__: case for case in reversed(CASES)}  # one case for each class: the first
FIXED_STEP = [method for method in METHODS if method.order]
ADAPTIVE = [method for method in METHODS if not method.order]


def pairs(cases, methods):
    """Every case with the first method and every method with the first case; the rest only where time is no matter."""
    cases = list(cases)
    return [
        pytest.param(
            case,
            method,
            id=f"{case.name}-{method.name}",
            marks=[pytest.mark.slow] if case in OTHERS and method is not methods[0] else [],
        )
        for case in cases
        for method in methods
    ]


# a published parameter set: the class, its constructor if it has one of its own, the published names of its states
SETS: dict[str, tuple[str, str | None]] = {
    "ML_HOPF": ("MorrisLecar", "hopf"),
    "ML_SNIC": ("MorrisLecar", "snic"),
    "ML_HOMO": ("MorrisLecar", "homoclinic"),
    "ML_1981_RED": ("MorrisLecar", "barnacle"),
    "XPP_LECAR_SNIC": ("MorrisLecar", None),
    "ML_1981_FULL": ("MorrisLecarFull", None),
    "HH1952_10.613": ("HodgkinHuxley", None),
}


def published_model(name, **changes):
    """The model of a published parameter set."""
    return getattr(fn, SETS[name][0])(**PUBLISHED["parameter_sets"][name]["parameters"] | changes)
