"""The machine code of the kernels: packed arithmetic in the hot loops, and no call to a mathematical function."""

import platform
import re
from collections import Counter

import pytest
from catalogue import METHODS, MODELS

import fastneuron as fn
from fastneuron._integrators import adaptive, fixed_step
from fastneuron._kernel import jit, lanes

FIRST = next(iter(MODELS.values()))
PAIRS = [(case, METHODS[0]) for case in MODELS.values()] + [(FIRST, method) for method in METHODS[1:]]
CALLEES = re.compile(r"(movabsq\s+\$|call\w*\s+|\bbl\s+)(?:\.L)?([A-Za-z_]\w*)")
MATHEMATICS = re.compile(r"_*(ZGV\w*|svml\w*|(exp|exp2|expm1|tanh|sinh|cosh|pow|log|fma|fmin|fmax|floor|round)f?)$")


def assembly(case, method, monkeypatch, **named):
    module, name = (fixed_step, "integrate") if method.order else (adaptive, "integrate_adaptively")
    fresh = jit.kernel(getattr(module, name).py_func)
    fresh._cache.disable()  # machine code that comes from the cache cannot be read
    monkeypatch.setattr(module, name, fresh)
    given = method.options | case.population(16 * lanes.Lanes64.lanes) | named
    fn.simulate(duration=1.0, method=method.name, **given)
    (text,) = fresh.inspect_asm().values()
    return text


def packed(text):
    """How often each packed instruction on float64 occurs, in registers of 256 bits or more where there are such."""
    if platform.machine() in ("x86_64", "AMD64"):
        found = re.findall(r"\b(v\w+pd)\s.*%([yz])mm", text)
        return Counter(re.sub(r"^vfn?m\w+", "fma", name).removeprefix("v").removesuffix("pd") for name, _ in found)
    found = re.findall(r"\b(fmla|fmls|fdiv|fmul)\s+(?:v\d+\.2d|z\d+\.d)", text)
    return Counter({"fmla": "fma", "fmls": "fma"}.get(name, name.removeprefix("f")) for name in found)


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64", "arm64", "aarch64")
    or (platform.machine() in ("x86_64", "AMD64") and not {"avx2", "fma"} <= lanes._host_features()),
    reason="what packed arithmetic looks like on this machine is not known here",
)
@pytest.mark.parametrize(("case", "method"), PAIRS, ids=lambda x: x.name)
def test_hot_loops_are_packed(case, method, monkeypatch):
    text = assembly(case, method, monkeypatch)
    found = packed(text)
    # one loop per stage; most models have the polynomials of 2 exponentials in each
    stages = {"heun": 2, "staggered": 1}.get(method.name, 4)
    assert found["fma"] >= stages * (8 if type(case.make()) is fn.FitzHughNagumo else 25), found
    assert found["mul"] >= 4 * stages, found
    assert found["div"] >= 4, found
    called = {name for _, name in CALLEES.findall(text)}
    assert called, "the pattern is out of date: something is always called"
    once_a_run = set(type(case.make()).prepare.__code__.co_names)  # not in the hot loop, and so may call what it likes
    assert {name for name in called if MATHEMATICS.match(name)} <= once_a_run


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="how many there are is known there")
def test_events_of_poisson_input_are_packed(monkeypatch):
    """A polynomial of nine coefficients for each of the first six of a step: one by one they took 2.5 times as long."""
    alone, driven = (
        packed(assembly(FIRST, METHODS[0], monkeypatch, noise=noise))["fma"]
        for noise in (None, fn.PoissonCurrent(100.0, 1.0, 1.0))
    )
    assert driven >= alone + 6 * 9


@pytest.mark.slow
def test_a_current_with_edges_counts_no_references(monkeypatch):
    """It did in every step, for 17 % of its time."""
    counted = [
        assembly(FIRST, METHODS[0], monkeypatch, current=current).count("NRT_incref")
        for current in (60.0, fn.Step(60.0, stop=0.7), fn.Ramp(0.0, 60.0, 0.1, 0.8))
    ]
    assert counted == counted[:1] * 3


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="how a bound is compiled is known there")
def test_the_staggered_method_evaluates_gates_once(monkeypatch):
    """Each of the two exponentials of a gate's rates is bounded once; RK4 does it in four stages."""
    case = MODELS["TraubMiles"]
    found = {
        method.name: packed(assembly(case, method, monkeypatch))
        for method in METHODS
        if method.name in ("rk4", "staggered")
    }
    assert found["rk4"]["max"] == 4 * found["staggered"]["max"] > 0


def test_the_pattern_knows_a_call(monkeypatch):
    """A kernel that does call exp is found out."""
    import math

    import numba

    @numba.njit
    def careless(x):
        return math.exp(x) + math.tanh(x)

    careless(1.0)
    (text,) = careless.inspect_asm().values()
    assert {name for _, name in CALLEES.findall(text) if MATHEMATICS.match(name)} >= {"exp", "tanh"}
