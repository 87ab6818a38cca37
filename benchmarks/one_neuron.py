"""One Morris-Lecar neuron for a second, the call included, against what one would write for it alone.

``python -m benchmarks.one_neuron`` writes ``results/one_neuron.md``; ``--quick`` shows that it runs.  The rivals are
RK4 as a scalar loop in Numba, without and with ``fastmath``, and heyoka's scalar integrator, where it is installed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np

import fastneuron as fn

from .asked import Asked
from .command import measured
from .equations import morris_lecar
from .paired import paired

CURRENT, DT, STEPS = 100.0, 0.05, 20_000
V0, N0 = -60.0, (1 + math.tanh(-62 / 30)) / 2
RTOL = 1e-9


def numba_program(fastmath: bool, recorded: bool) -> Callable[[], np.ndarray]:
    """A careful user's: no array but what is asked for, spikes counted; V at the end, or at every step."""
    # the division by zero that Python would raise for costs nothing where nobody asks for it
    jit = numba.njit(fastmath=fastmath, error_model="numpy")

    @jit
    def slope(V, N):
        m = 0.5 * (1.0 + math.tanh((V + 1.2) / 18.0))
        n_inf = 0.5 * (1.0 + math.tanh((V - 2.0) / 30.0))
        dV = (CURRENT - 2.0 * (V + 60.0) - 4.4 * m * (V - 120.0) - 8.0 * N * (V + 84.0)) / 20.0
        return dV, (n_inf - N) * (0.04 * math.cosh((V - 2.0) / 60.0))

    @jit
    def run(out):
        V, N, spikes = V0, N0, 0
        out[0] = V
        for k in range(1, STEPS + 1):
            a, p = slope(V, N)
            b, q = slope(V + 0.5 * DT * a, N + 0.5 * DT * p)
            c, r = slope(V + 0.5 * DT * b, N + 0.5 * DT * q)
            d, s = slope(V + DT * c, N + DT * r)
            before = V
            V += DT / 6.0 * (a + 2.0 * b + 2.0 * c + d)
            N += DT / 6.0 * (p + 2.0 * q + 2.0 * r + s)
            spikes += before < 0.0 <= V
            if recorded:
                out[k] = V
        if not recorded:
            out[0] = V
        return spikes

    def program() -> np.ndarray:
        out = np.empty(STEPS + 1 if recorded else 1)
        run(out)
        return out

    return program


def heyoka_program() -> Callable[[], np.ndarray]:
    """The Taylor integrator, made once; V at the end."""
    import heyoka as hy

    V, N = hy.make_vars("V", "N")
    equations = list(zip((V, N), morris_lecar(hy, CURRENT, V, N), strict=True))
    integrator = hy.taylor_adaptive(equations, [V0, N0], tol=RTOL)

    def program() -> np.ndarray:
        integrator.time = 0.0
        integrator.state[:] = V0, N0
        integrator.propagate_until(STEPS * DT)
        return integrator.state[:1].copy()

    return program


def pairs() -> Iterator[tuple[str, Callable[[], np.ndarray], Callable[[], np.ndarray]]]:
    """What is set side by side: a name, ours, and the rival."""
    model, duration = fn.MorrisLecar.hopf(), STEPS * DT
    last = lambda: fn.simulate(model, duration, DT, CURRENT, threads=1).state["V"]  # noqa: E731
    every = lambda: fn.simulate(model, duration, DT, CURRENT, record="V", threads=1)["V"][0]  # noqa: E731
    for name, fastmath in (("Numba", False), ("Numba, fastmath", True)):
        yield f"RK4, dt {DT} ms: {name}", last, numba_program(fastmath, False)
        yield f"RK4, dt {DT} ms, V recorded at every step: {name}", every, numba_program(fastmath, True)
    tight = {"method": "dop853", "rtol": RTOL, "atol": RTOL}
    own_steps = lambda: fn.simulate(model, duration, DT, CURRENT, threads=1, **tight).state["V"]  # noqa: E731
    try:
        yield f"dop853, {RTOL:g}: heyoka, tol {RTOL:g}, spikes not looked for", own_steps, heyoka_program()
    except ImportError:
        print("heyoka is not installed: left out")


def measure(asked: Asked) -> list[dict[str, Any]]:
    """A row for each pair, in CPU time: of one thread, it stands on a busy machine, too."""
    rows = []
    for name, ours, rival in pairs():
        np.testing.assert_allclose(ours(), rival(), rtol=1e-5)
        rounds = (2, 0.01) if asked.quick else (9, 0.05)
        rows.append({"name": name, **paired(ours, rival, *rounds, time.process_time)._asdict()})
        asked.tell(name)
    return rows


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table."""
    lines = ["CPU time of a call, alternately with a rival's; see `benchmarks/one_neuron.py`.", ""]
    lines += ["| one neuron for 1 s | ms | rival, ms | times as fast | A/A |", "|---|--:|--:|--:|--:|"]
    for row in rows:
        speeds = f"{1e3 * row['a']:.2f} | {1e3 * row['b']:.2f} | {row['ratio']:.3g}x ± {row['spread']:.1%}"
        lines.append(f"| {row['name']} | {speeds} | {row['floor']:.1%} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    measured("one_neuron", __doc__, measure, markdown)
