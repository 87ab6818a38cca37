"""How far RK4 and the perceptron are from what the machine can do, measured by its own small kernels."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from time import process_time
from typing import Any

import numba
import numpy as np

import fastneuron as fn
from fastneuron._integrators.fixed_step import integrate
from fastneuron._kernel.jit import FLAGS, kernel
from fastneuron._kernel.lanes import fma

from ..asked import Asked
from ..contenders import fastneuron
from ..paired import paired
from ..tasks import Population

LANES, DEPTH = 64, 8


@numba.njit(nogil=True, **FLAGS)
def multiply_add(x, y, z, rounds):
    """Nothing but fused multiply-adds: DEPTH in a row on each lane, the lanes independent."""
    for _ in range(rounds):
        for lane in range(LANES):
            a = x[lane]
            a = fma(fma(fma(fma(a, y, z), y, z), y, z), y, z)
            x[lane] = fma(fma(fma(fma(a, y, z), y, z), y, z), y, z)


@numba.njit(nogil=True, **FLAGS)
def read(words):
    """Nothing but reading: the sum of whole numbers, which vectorises as it stands, for any order gives the same."""
    total = np.uint64(0)
    for i in range(words.size):
        total += words[i]
    return total


def _vectors() -> int:
    """Doubles in a vector of the compiled kernel."""
    text = _assembly()
    return 8 if "%zmm" in text else 4 if "%ymm" in text else 2


def _assembly() -> str:
    fn.simulate(fn.MorrisLecar.hopf(), 0.05, current=np.zeros(4096))
    wanted = "RK4", f"Lanes{LANES}", "MorrisLecar_"
    signature = next(known for known in integrate.signatures if all(word in str(known) for word in wanted))
    afresh: Any = kernel(integrate.py_func)
    afresh._cache.disable()  # a kernel that is read back from the cache has lost its assembly
    afresh.compile(signature)
    return str(afresh.inspect_asm(signature))


def operations() -> Counter[str]:
    """Packed operations of one step on one vector: the loops of the four stages, from the machine code.

    A loop over lanes is the straight piece of code that ends in a jump back to its own label; those of the stages, and
    of their gates, are the ones with a multiply-add.
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
            kinds = [_kind(name) for name in names]
            if "multiply-add" in kinds:
                found.update(kinds)
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


def measure(asked: Asked) -> dict[str, Any]:
    """The counted operations and their speed; a row for each kind of perceptron."""
    quick = asked.quick
    rounds = 1_000 if quick else 500_000
    x = np.linspace(0.1, 0.9, LANES)

    def peak() -> None:
        multiply_add(x, 0.5, 0.25, rounds)

    task = Population("morris_lecar", 4096, 20 if quick else 1000)
    rk4 = paired(peak, fastneuron.population(task, 1), 1 if quick else 9, clock=process_time)
    return {
        "vectors": _vectors(),
        "operations": dict(operations().most_common()),
        "multiply_adds_per_s": LANES * DEPTH * rounds / rk4.a,
        "steps_per_s": task.n * task.steps / rk4.b,
        "floor": rk4.floor,
        "rows": [_perceptron(neurons, dtype, quick) for neurons, dtype in PERCEPTRONS[: 1 if quick else None]],
        "missing": {},
    }


PERCEPTRONS = [(10, "float64"), (10, "float32"), (1, "float64")]


def _perceptron(neurons: int, dtype: str, quick: bool) -> dict[str, Any]:
    """A batch forward, and an epoch of training on separable rows, against NumPy's product and reading the rows."""
    n, R = (500 if quick else 20_000), 784  # 125 MB: beyond the caches
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (n, R)).astype(dtype)
    W = rng.normal(size=(neurons, R)).astype(dtype)
    T = (X @ W.T > 0).astype(dtype)
    layer, words = fn.Perceptron(R, neurons, dtype=dtype), X.reshape(-1).view(np.uint64)
    layer.train(X, T, 1 if quick else 5, threads=1)

    def seconds(program: Any) -> float:
        return paired(lambda: read(words), program, 1 if quick else 5, clock=process_time).b

    limits = find_spec("threadpoolctl") and import_module("threadpoolctl").threadpool_limits
    with limits(1) if limits else nullcontext():
        product = seconds(lambda: X @ W.T)
    return {
        "file": "fastneuron",
        "n": n,
        "inputs": R,
        "neurons": neurons,
        "dtype": dtype,
        "read_s": paired(lambda: read(words), lambda: None, 1 if quick else 5, clock=process_time).a,
        "product_s": product,
        "forward_s": seconds(lambda: layer.forward(X, 1)),
        "epoch_s": seconds(lambda: layer.train(X, T, 1, threads=1)),
    }


def page(found: dict[str, Any]) -> list[str]:
    """Two paragraphs and a table."""
    counted, peak, speed = found["operations"], found["multiply_adds_per_s"], found["steps_per_s"]
    arithmetic = sum(counted.get(kind, 0) for kind in ("multiply-add", "multiply", "add", "min, max"))
    flops = 2 * counted.get("multiply-add", 0) + sum(counted.get(kind, 0) for kind in ("multiply", "add", "divide"))
    lines = [
        f"One core.  Vectors of {found['vectors']} float64; measured peak {peak / 1e9:.1f} thousand million "
        f"multiply-adds/s, {2 * peak / 1e9:.1f} GFLOP/s; A/A {found['floor']:.1%}.",
        "",
        "**RK4 on Morris-Lecar.** Packed operations of one step on one vector, from the machine code: "
        + ", ".join(f"{number} {kind}" for kind, number in counted.items())
        + ".",
        f"{speed / 1e6:.1f} million neuron-steps/s, each of {flops} floating-point operations, are "
        f"{speed * flops / 1e9:.1f} GFLOP/s, {speed * flops / 2 / peak:.0%} of the peak;",
        f"were each of its {arithmetic} arithmetic instructions a multiply-add, {speed * arithmetic / peak:.0%}.",
        "A block lives in the L1 cache, so that memory is no limit.  Additions and multiplications without a partner",
        "to fuse with count half; a division occupies its unit for several cycles; work on exponents, loads and stores",
        "compete for issue.  The next limit is the number of operations: a cheaper exponential, or a method with fewer",
        "right-hand sides for the same error.",
        "",
        "**The perceptron.** A forward pass, and an epoch of training whose rows are right already, must read each row",
        "once and take one multiply-add per input and neuron.  What only reading the rows takes, and the multiply-adds",
        "alone at their peak, as shares of the time: the larger of the two is how near the roof is.",
        "",
        "| rows x inputs x neurons | memory | what | reading | multiply-adds | times as fast as NumPy's product |",
        "|---|--:|---|--:|--:|--:|",
    ]
    for row in found["rows"]:
        size = np.dtype(row["dtype"]).itemsize
        values = row["n"] * row["inputs"]
        least = values * row["neurons"] / (peak * 8 / size)
        for what, key in (("forward", "forward_s"), ("an epoch", "epoch_s")):
            lines.append(
                f"| {row['n']:,} x {row['inputs']} x {row['neurons']}, {row['dtype']} | "
                f"{values * size / row['read_s'] / 1e9:.1f} GB/s | {what} | {row['read_s'] / row[key]:.0%} | "
                f"{least / row[key]:.0%} | {row['product_s'] / row[key]:.2f} |"
            )
    return [
        *lines,
        "",
        "One neuron has memory as its limit.  With ten, reading stays the larger share, so that memory is the roof",
        "there, too; as far as both shares add up to all of the time, the next thing to gain is to have rows read",
        "while others are multiplied.  What an epoch takes beyond the forward pass is the price of exactness: net",
        "inputs are wanted row by row, in one order of summation.",
    ]
