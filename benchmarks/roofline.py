"""How far RK4 is from what the machine can do: its operations, counted, against the measured peak."""

from __future__ import annotations

import re
from collections import Counter
from time import process_time
from typing import Any

import numba
import numpy as np

import fastneuron as fn
from fastneuron._jit import FLAGS, kernel
from fastneuron._lanes import fma
from fastneuron.integrators.fixed_step import integrate

from .contenders import DT, MODEL, Task, ours
from .paired import paired

LANES, DEPTH = 64, 8


@numba.njit(nogil=True, **FLAGS)
def multiply_add(x, y, z, rounds):
    """Nothing but fused multiply-adds: DEPTH in a row on each lane, the lanes independent."""
    for _ in range(rounds):
        for lane in range(LANES):
            a = x[lane]
            a = fma(fma(fma(fma(a, y, z), y, z), y, z), y, z)
            x[lane] = fma(fma(fma(fma(a, y, z), y, z), y, z), y, z)


def _vectors() -> int:
    """Doubles in a vector of the compiled kernel."""
    text = _assembly()
    return 8 if "%zmm" in text else 4 if "%ymm" in text else 2


def _assembly() -> str:
    fn.simulate(MODEL, DT, current=np.zeros(4096))
    signature = next(known for known in integrate.signatures if "Wide" in str(known) and "MorrisLecar" in str(known))
    afresh: Any = kernel(integrate.py_func)
    afresh._cache.disable()  # a kernel that is read back from the cache has lost its assembly
    afresh.compile(signature)
    return str(afresh.inspect_asm(signature))


def operations() -> Counter[str]:
    """Packed operations of one step on one vector: the loops of the four stages, from the machine code.

    A loop over lanes is the straight piece of code that ends in a jump back to its own label; those of the stages are
    the ones with a division.
    """
    found: Counter[str] = Counter()
    label, piece = "", []
    for line in _assembly().splitlines():
        if match := re.match(r"(\.?\w+):", line):
            label, piece = match[1], []
            continue
        piece.append(line)
        if re.match(rf"\s+j\w+\s+{re.escape(label)}$", line) and label:
            names = re.findall(r"^\s+(v\w+)\s.*%[yz]mm", "\n".join(piece), re.M)
            if any(name.startswith("vdivpd") for name in names):
                found.update(_kind(name) for name in names)
    return found


def _kind(name: str) -> str:
    if re.match(r"vfn?m", name):
        return "multiply-add"
    for start, kind in {
        "vmul": "multiply",
        "vadd": "add",
        "vsub": "add",
        "vdiv": "divide",
        "vm(in|ax)": "min, max",
    }.items():
        if re.match(start + r"\w*pd", name):
            return kind
    return "load, store, move" if re.match(r"v(mov|broadcast)", name) else "integer, logic"


def roofline(quick: bool) -> str:
    """The page."""
    width = _vectors()
    counted = operations()
    rounds = 1_000 if quick else 500_000
    x = np.linspace(0.1, 0.9, LANES)
    task = Task(4096, 20 if quick else 1000)
    result = paired(
        lambda: multiply_add(x, 0.5, 0.25, rounds), ours(1).prepare(task), 1 if quick else 9, clock=process_time
    )
    peak = LANES * DEPTH * rounds / result.a
    speed = task.n * task.steps / result.b
    arithmetic = sum(counted[kind] for kind in ("multiply-add", "multiply", "add", "min, max"))
    flops = 2 * counted["multiply-add"] + counted["multiply"] + counted["add"] + counted["divide"]
    lines = [
        "# Roofline: RK4 on Morris-Lecar, one core",
        "",
        f"Vectors of {width} float64. Packed operations of one step on one vector, from the machine code:",
        "",
        *(f"- {kind}: {number}" for kind, number in counted.most_common()),
        "",
        f"Measured peak: {peak / 1e9:.1f} thousand million multiply-adds/s, {2 * peak / 1e9:.1f} GFLOP/s.",
        f"RK4: {speed / 1e6:.1f} million neuron-steps/s, each of {flops} floating-point operations: ",
        f"{speed * flops / 1e9:.1f} GFLOP/s, {speed * flops / 2 / peak:.0%} of the peak.",
        f"Were each of its {arithmetic} arithmetic instructions a multiply-add: {speed * arithmetic / peak:.0%}.",
        f"A/A of the pairing {result.floor:.1%}.",
        "",
        "What is left: additions and multiplications without a partner to fuse with count half; each of the divisions",
        "occupies its unit for several cycles; work on exponents, loads and stores compete for issue. A block lives",
        "in the L1 cache, so that memory bandwidth is no limit. The next limit is the number of operations: a cheaper",
        "exponential, or a method with fewer right-hand sides for the same error.",
    ]
    return "\n".join(lines)
