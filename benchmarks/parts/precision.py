"""Work and precision: how long each method takes for an answer that is right to so many digits.

One thread; the Hopf set, currents from 80 to 130 uA/cm^2, V = -40 mV and N = 0 at the start, 100 ms.  The yardstick of
errors is extrapolation (Gragg 1965, Bulirsch & Stoer 1966) in the longest floats of the machine, which shares no code
with anything here, and is right to 1e-13 mV where these have 80 bits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

import fastneuron as fn

from ..asked import Asked
from ..equations import morris_lecar
from ..paired import Paired, paired, until_quiet

V0, N0 = -40.0, 0.0
EQUAL = (1e-6, 1e-9, 2e-12, 1e-12)  # mV: errors at which two methods are compared
Long = np.longdouble

MODEL = fn.MorrisLecar.hopf()


class Task(NamedTuple):
    """What everybody computes: so many neurons, for so many ms."""

    n: int
    duration: float

    @property
    def current(self) -> np.ndarray:
        """The current of each neuron, uA/cm^2."""
        return np.linspace(80.0, 130.0, self.n)


class Answer(NamedTuple):
    """V (mV) at the end, of neurons ``::every``; how many spikes each has and when (ms, by neuron), or None."""

    V: np.ndarray
    count: np.ndarray | None
    time: np.ndarray | None
    every: int = 1


Program = Callable[[], Answer]


def _flat(spikes: Sequence[Sequence[float] | np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How many each neuron has, and all of them."""
    return np.array([len(times) for times in spikes]), np.concatenate([np.asarray(times, float) for times in spikes])


class Solver(NamedTuple):
    """Who, and how it is asked for precision: tolerances, or steps in ms."""

    name: str
    settings: Sequence[float]
    prepare: Callable[[Task, float], Program]
    package: str = "fastneuron"


def slopes(V: Any, N: Any, I: Any) -> tuple[Any, Any]:
    """The Morris-Lecar equations, in the precision of their arguments."""
    kind = type(V.flat[0])
    gate = (1 + np.tanh((V + kind(1.2)) / 18)) / 2
    steady = (1 + np.tanh((V - 2) / 30)) / 2
    dV = (I - 2 * (V + 60) - kind(4.4) * gate * (V - 120) - 8 * N * (V + 84)) / 20
    return dV, (steady - N) * kind(0.04) * np.cosh((V - 2) / 60)


def _extrapolated(V: Any, N: Any, I: Any, step: Any, rows: int = 7) -> tuple[Any, Any]:
    """One step of Gragg's modified midpoint rule, 2, 4, 6 ... substeps, extrapolated to none (Aitken-Neville)."""
    begin = slopes(V, N, I)
    table = []
    for row in range(1, rows + 1):
        h = step / (2 * row)
        before, now = (V, N), (V + h * begin[0], N + h * begin[1])
        for _ in range(2 * row - 1):
            k = slopes(*now, I)
            before, now = now, (before[0] + 2 * h * k[0], before[1] + 2 * h * k[1])
        k = slopes(*now, I)
        best = [tuple((a + b + h * c) / 2 for a, b, c in zip(before, now, k, strict=True))]
        for column, coarser in enumerate(table[-1] if table else []):
            gain = (Long(row) / (row - 1 - column)) ** 2 - 1
            best.append(tuple(x + (x - y) / gain for x, y in zip(best[-1], coarser, strict=True)))
        table.append(best)
    return table[-1][-1]


def exact(task: Task) -> Answer:
    """Steps of half a millisecond; a spike is where a shorter last step ends at 0 mV (Newton)."""
    V, N = np.full(task.n, Long(V0)), np.full(task.n, Long(N0))
    I = task.current.astype(Long)
    steps = 2 * round(task.duration)
    h = Long(task.duration) / steps
    spikes: list[list[float]] = [[] for _ in range(task.n)]
    for number in range(steps):
        before, (V, N) = (V, N), _extrapolated(V, N, I, h)
        rising = np.flatnonzero((before[0] < 0) & (V >= 0))
        if rising.size:
            start = before[0][rising], before[1][rising]
            part = h * start[0] / (start[0] - V[rising])
            for _ in range(7):
                there = _extrapolated(*start, I[rising], part)
                part = part - there[0] / slopes(*there, I[rising])[0]
            for neuron, time in zip(rising, number * h + part, strict=True):
                spikes[neuron].append(float(time))
    return Answer(V.astype(float), *_flat(spikes))


def _ours(method: str) -> Callable[[Task, float], Program]:
    def prepare(task: Task, setting: float) -> Program:
        precision = {"dt": setting} if method == "rk4" else {"rtol": setting, "atol": setting}

        def run() -> Answer:
            initial = {"V": V0, "N": N0}
            run = fn.simulate(
                MODEL, task.duration, current=task.current, initial=initial, method=method, threads=1, **precision
            )
            return Answer(run.state["V"], run.spike_count, run.spikes.time)

        return run

    return prepare


def _scipy(task: Task, tolerance: float) -> Program:
    """Some of the neurons, each alone, as one would; the time is scaled to all of them."""
    from scipy.integrate import solve_ivp

    every = max(task.n // 16, 1)

    def slope(t: float, y: np.ndarray, I: float) -> list[float]:
        gate, steady = 0.5 * (1.0 + np.tanh((y[0] + 1.2) / 18.0)), 0.5 * (1.0 + np.tanh((y[0] - 2.0) / 30.0))
        dV = (I - 2.0 * (y[0] + 60.0) - 4.4 * gate * (y[0] - 120.0) - 8.0 * y[1] * (y[0] + 84.0)) / 20.0
        return [dV, (steady - y[1]) * 0.04 * np.cosh((y[0] - 2.0) / 60.0)]

    def rise(t: float, y: np.ndarray, I: float) -> float:
        return y[0]

    rise.direction = 1.0  # type: ignore[attr-defined]

    def run() -> Answer:
        options = {"method": "DOP853", "rtol": tolerance, "atol": tolerance, "events": rise}
        found = [solve_ivp(slope, (0.0, task.duration), [V0, N0], args=(I,), **options) for I in task.current[::every]]
        return Answer(np.array([one.y[0, -1] for one in found]), *_flat([one.t_events[0] for one in found]), every)

    return run


def _heyoka(task: Task, tolerance: float) -> Program:
    """Batches as wide as it recommends, one integrator for all; it is not asked for spikes."""
    import heyoka as hy

    wide = hy.recommended_simd_size()
    V, N = hy.make_vars("V", "N")
    I = hy.par[0]
    gate, steady = 0.5 * (1.0 + hy.tanh((V + 1.2) / 18.0)), 0.5 * (1.0 + hy.tanh((V - 2.0) / 30.0))
    dV = (I - 2.0 * (V + 60.0) - 4.4 * gate * (V - 120.0) - 8.0 * N * (V + 84.0)) / 20.0
    system = [(V, dV), (N, (steady - N) * 0.04 * hy.cosh((V - 2.0) / 60.0))]
    integrator = hy.taylor_adaptive_batch(system, np.zeros((2, wide)), tol=tolerance, pars=np.zeros((1, wide)))
    current = np.pad(task.current, (0, -task.n % wide), "edge").reshape(-1, wide)
    end = np.empty_like(current)

    def run() -> Answer:
        for batch, row in zip(current, end, strict=True):
            integrator.set_time(0.0)
            integrator.state[0], integrator.state[1], integrator.pars[0] = V0, N0, batch
            integrator.propagate_until(task.duration)
            row[:] = integrator.state[0]
        return Answer(end.reshape(-1)[: task.n].copy(), None, None)

    return run


def _jax(task: Task, tolerance: float) -> Program:
    """Its `odeint`, Dormand & Prince's method of order 5, the population as one system; it does not look for spikes."""
    import jax
    import jax.numpy as jnp
    from jax.experimental.ode import odeint

    jax.config.update("jax_enable_x64", True)
    current = jnp.asarray(task.current)
    start = jnp.stack([jnp.full(task.n, V0), jnp.full(task.n, N0)])

    @jax.jit
    def solve(I: Any) -> Any:
        def slope(y: Any, t: Any, I: Any) -> Any:
            return jnp.stack(morris_lecar(jnp, I, *y))

        return odeint(slope, start, jnp.array([0.0, task.duration]), I, rtol=tolerance, atol=tolerance)

    return lambda: Answer(np.asarray(solve(current))[-1, 0], None, None)


def _tolerances(first: int, last: int) -> list[float]:
    return [float(f"1e-{digits}") for digits in range(first, last + 1)]


SOLVERS = (
    Solver("fastneuron dop853", _tolerances(5, 15), _ours("dop853")),
    Solver("fastneuron tsit5", _tolerances(4, 12), _ours("tsit5")),
    Solver("fastneuron rk4", (0.5, 0.25, 0.1, 0.05, 0.02, 0.01), _ours("rk4")),
    Solver("heyoka", _tolerances(3, 16), _heyoka, "heyoka"),
    Solver("JAX odeint", (1e-5, 1e-7, 1e-9, 1e-11, 1e-13), _jax, "jax"),
    Solver("SciPy DOP853", (1e-4, 1e-8, 1e-12), _scipy, "scipy"),
)
QUICK = ("fastneuron dop853", "fastneuron rk4", "heyoka")


def measure(asked: Asked) -> dict[str, Any]:
    """Everybody at every setting, each timed in turns with our dop853 at 1e-9."""
    quick = asked.quick
    task = Task(64, 20.0) if quick else Task(4096, 100.0)
    truth = exact(task)
    yardstick = _ours("dop853")(task, 1e-9)
    rows: list[dict[str, Any]] = []
    missing = {}
    for solver in SOLVERS:
        if not asked.wants(solver.package) or (quick and solver.name not in QUICK):
            continue
        if not find_spec(solver.package):
            missing[solver.package] = "not installed"
            continue
        for setting in solver.settings[::4] if quick else solver.settings:
            asked.tell(f"{solver.name}, {setting:g}")
            program = solver.prepare(task, setting)
            answer = program()
            timing = _timed(yardstick, program, 1 if quick else 2 if solver.package == "scipy" else 4, quick)
            rows.append(
                {
                    "name": solver.name,
                    "file": solver.package,
                    "setting": setting,
                    "relative_time": answer.every * timing.ratio,
                    "seconds": answer.every * timing.b,
                    "floor": timing.floor,
                    "spread": timing.spread,
                    **_errors(answer, truth),
                }
            )
    return {**task._asdict(), "rows": rows, "missing": missing}


def _timed(yardstick: Program, program: Program, rounds: int, quick: bool) -> Paired:
    attempt = partial(paired, yardstick, program, rounds, 0.0 if quick else 0.03, process_time)
    return until_quiet(attempt, 1 if quick else 3)


def _errors(answer: Answer, truth: Answer) -> dict[str, float | None]:
    error = np.abs(answer.V - truth.V[:: answer.every])
    off: float | None = None
    if answer.count is not None and np.array_equal(answer.count, truth.count[:: answer.every]):
        neuron = np.repeat(np.arange(truth.count.size), truth.count)
        off = float(np.abs(answer.time - truth.time[neuron % answer.every == 0]).max(initial=0.0))
    return {"largest_mV": float(error.max()), "median_mV": float(np.median(error)), "spike_ms": off}


def _at(rows: list[dict[str, Any]], name: str, error: float) -> dict[str, float] | None:
    """Relative time and seconds for that largest error, from the two settings around it, on a log-log line; noise."""
    for loose, tight in itertools.pairwise(row for row in rows if row["name"] == name):
        if loose["largest_mV"] >= error > tight["largest_mV"]:
            x = np.log([loose["largest_mV"], tight["largest_mV"]])[::-1]
            y = {key: np.log([loose[key], tight[key]])[::-1] for key in ("relative_time", "seconds")}
            noise = {key: max(loose.get(key, np.inf), tight.get(key, np.inf)) for key in ("floor", "spread")}
            return {key: float(np.exp(np.interp(np.log(error), x, values))) for key, values in y.items()} | noise
    return None


def equal(rows: list[dict[str, Any]], error: float) -> dict[str, float] | None:
    """How many times as fast as heyoka dop853 is at that largest error (mV), seconds and noise; None if one is not."""
    ours, theirs = (_at(rows, name, error) for name in ("fastneuron dop853", "heyoka"))
    if not ours or not theirs:
        return None
    noise = {key: max(ours[key], theirs[key]) for key in ("floor", "spread")}
    ratio = theirs["relative_time"] / ours["relative_time"]
    return {"ratio": ratio, "ours": ours["seconds"], "theirs": theirs["seconds"], **noise}


def page(found: dict[str, Any]) -> list[str]:
    """The tables."""
    lines = [
        f"Morris-Lecar (hopf), {found['n']:,} neurons for {found['duration']:g} ms, one thread; errors at the end.",
        "Time in units of what dop853 takes at a tolerance of 1e-9 in the same rounds.",
        "",
        "| method | step or tolerance | time | A/A | seconds | largest error in V | median | largest in spike times |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in found["rows"]:
        spikes = "" if row["spike_ms"] is None else f"{row['spike_ms']:.1e} ms"
        floor = f"{row['floor']:.1%}" if "floor" in row else ""
        lines.append(
            f"| {row['name']} | {row['setting']:g} | {row['relative_time']:.3g} | {floor} | {row['seconds']:.3g} | "
            f"{row['largest_mV']:.1e} mV | {row['median_mV']:.1e} mV | {spikes} |"
        )
    lines += ["", "| largest error in V | dop853, times as fast as heyoka |", "|--:|--:|"]
    for error in EQUAL:
        ratio = equal(found["rows"], error)
        lines.append(f"| {error:g} mV | {ratio['ratio']:.2f} |" if ratio else f"| {error:g} mV | not reached by both |")
    return lines


COLOURS = {
    "fastneuron dop853": ("#0072B2", "o"),
    "fastneuron tsit5": ("#009E73", "s"),
    "fastneuron rk4": ("#56B4E9", "D"),
    "heyoka": ("#D55E00", "^"),
    "JAX odeint": ("#CC79A7", "v"),
}


def draw(found: dict[str, Any], path: Path) -> None:
    """Largest error of V and of spike times against time; SciPy would be far out on the right, and is said in words."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(7.2, 3.5), layout="constrained", dpi=200, sharex=True)
    labels = {"largest_mV": "Largest error in V (mV)", "spike_ms": "Largest error in spike times (ms)"}
    for ax, (key, label) in zip(axes, labels.items(), strict=True):
        for name, (colour, marker) in COLOURS.items():
            points = [(row["relative_time"], row[key]) for row in found["rows"] if row["name"] == name and row[key]]
            if points:
                x, y = zip(*points, strict=True)
                ax.loglog(x, y, color=colour, marker=marker, markersize=4, linewidth=1.2, label=name)
        ax.set_ylabel(label)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(color="#dddddd", linewidth=0.5)
        ax.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
    # on the right, where it is in the way of no curve
    axes[1].legend(*axes[0].get_legend_handles_labels(), frameon=False, fontsize="small", loc="upper right")
    slow = [row["relative_time"] for row in found["rows"] if row["name"] == "SciPy DOP853"]
    beyond = f"; SciPy's DOP853: {min(slow):,.0f} to {max(slow):,.0f}" if slow else ""
    figure.supxlabel(f"Time of one thread (dop853 at a tolerance of 1e-9 = 1{beyond})", fontsize="medium")
    figure.savefig(path)
    pyplot.close(figure)
