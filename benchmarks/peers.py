"""Side by side with what people use today: one JSON, one Markdown table, two figures."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

import fastneuron as fn
from fastneuron import _threads
from fastneuron._rivals import scipy_solve

from .contenders import DT, MODEL, Contender, Task, contenders, ours
from .in_c import start
from .paired import DISTRUST, paired

SIZES, QUICK_SIZES = (1, 100, 10_000, 1_000_000), (1, 100, 10_000)
WORK, QUICK_WORK = 4_000_000, 100_000  # neuron-steps of one timing, for ours
LEAST, MOST = 10, 20_000  # steps


def report(out: Path, quick: bool, sizes: Sequence[int] | None = None) -> None:
    """Measure whatever is installed and write ``peers.json``, ``peers.md`` and the figures into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    threads = _threads.available()
    everybody = contenders(threads)
    sizes = sizes or (QUICK_SIZES if quick else SIZES)
    with _progress(len(sizes) * len(everybody) + 3) as tick:
        population = [_population(n, rival, quick, tick) for n in sizes for rival in everybody]
        tick("precision")
        precision = _precision(quick)
        tick("start")
        begin = _start(quick)
        tick("memory")
        memory = _memory(quick)
        tick("")
    found = {
        "machine": _machine(),
        "quick": quick,
        "population": [row for row in population if row],
        "precision": precision,
        "start": begin,
        "memory": memory,
    }
    (out / "peers.json").write_text(json.dumps(found, indent=1) + "\n")
    (out / "peers.md").write_text(markdown(found))
    if find_spec("matplotlib"):
        _draw(found, out)
    print(markdown(found))


def _population(n: int, rival: Contender, quick: bool, tick: Callable[[str], None]) -> dict[str, Any] | None:
    """One rival at one size, paired with one thread of ours."""
    tick(f"{rival.name}, {n:,} neurons")
    work = (QUICK_WORK if quick else WORK) // rival.slower
    steps = int(np.clip(work // n, LEAST, MOST // rival.slower))
    if n * steps < rival.least_work:
        if quick or n < 10_000:
            return None
        steps = -(-rival.least_work // n)
    row = {"n": n, "name": rival.name, "threads": rival.threads, "settings": rival.settings, "steps": steps}
    task = Task(n, steps)
    program = ours(1).prepare(task)
    try:
        other = rival.prepare(task)
        error = float(np.abs(program() - other()).max())
    except (ImportError, RuntimeError, OSError) as problem:
        return {**row, "missing": str(problem)}
    alone = rival.threads == 1 and rival.package != "brian2"
    rounds = 1 if quick else 3 if rival.least_work else 5
    result = paired(program, other, rounds, 0.0 if quick else 0.05, process_time if alone else perf_counter)
    return {
        **row,
        "version": rival.version,
        "steps_per_s": n * steps / result.b,
        "slopes_per_s": 4 * n * steps / result.b,
        "ours_steps_per_s": n * steps / result.a,
        "ratio": result.ratio,
        "spread": result.spread,
        "floor": result.floor,
        "cores": result.cores,
        "trusted": not quick and result.floor < DISTRUST and (alone or result.cores > 0.95),
        "difference_mV": error,
    }


def _precision(quick: bool) -> list[dict[str, Any]]:
    """Error in V against wall time, one thread; the yardstick is SciPy's DOP853 at 1e-12."""
    n, duration = (64, 20.0) if quick else (1024, 100.0)
    current = np.linspace(80.0, 130.0, n)
    begin = start(MODEL, current)
    V, N = begin["V"], begin["N"]
    exact = scipy_solve(V, N, current, duration, method="DOP853", rtol=1e-12, atol=1e-12)[0]
    finest = fn.simulate(MODEL, duration, current=current, method="dop853", rtol=1e-13, atol=1e-13)

    def fast(**options: Any) -> Callable[[], Any]:
        return lambda: fn.simulate(MODEL, duration, current=current, threads=1, **options)

    def scipy(method: str, tolerance: float) -> Callable[[], Any]:
        return lambda: scipy_solve(V, N, current, duration, method=method, rtol=tolerance, atol=tolerance)[0]

    programs: list[tuple[str, float, Callable[[], Any]]] = []
    programs += [("fastneuron RK4", dt, fast(dt=dt)) for dt in (0.5, 0.25, 0.1, 0.05, 0.025)]
    for method in ("tsit5", "dop853"):
        programs += [
            (f"fastneuron {method}", e, fast(method=method, rtol=e, atol=e)) for e in 10.0 ** -np.arange(3, 13, 2)
        ]
    for method in ("RK45", "DOP853"):
        programs += [(f"SciPy {method}", e, scipy(method, e)) for e in 10.0 ** -np.arange(3, 12, 2)]
    yardstick = programs[3][2]
    if quick:
        programs = programs[3:7]
    rows = []
    for name, setting, program in programs:
        answer = program()
        mine = isinstance(answer, fn.Run)
        same = mine and np.array_equal(answer.spike_count, finest.spike_count)
        timing = paired(yardstick, program, 1 if quick else 3, 0.0 if quick else 0.03, process_time)
        rows.append(
            {
                "name": name,
                "setting": float(setting),
                "n": n,
                "duration_ms": duration,
                "seconds": timing.b,
                "relative_time": 1 / timing.ratio,
                "error_mV": float(np.abs((answer.state["V"] if mine else answer) - exact).max()),
                "spike_time_error_ms": float(np.abs(answer.spikes.time - finest.spikes.time).max()) if same else None,
            }
        )
    return rows


BEGIN = {
    "fastneuron": (
        "import fastneuron as fn, numpy as np\n"
        "fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=np.linspace(80, 130, 4096))"
    ),
    "Numba, plain": (
        "import numpy as np\nfrom fastneuron._rivals import numba_rk4\n"
        "z = np.zeros(4096); numba_rk4(z, z.copy(), z.copy(), 0.05, 20, np.zeros(4096, np.int64))"
    ),
    "JAX": (
        "from benchmarks.contenders import _jax, Task\n_jax(Task(4096, 20))()"
    ),
}  # fmt: skip


def _start(quick: bool) -> list[dict[str, Any]]:
    """Seconds from the start of the process to the first result: with nothing compiled, and again."""
    rows = []
    for name, code in BEGIN.items():
        if (name == "JAX" and not find_spec("jax")) or (quick and name != "fastneuron"):
            continue
        cold, warm = [], []
        for _ in range(1 if quick else 3):
            with tempfile.TemporaryDirectory() as folder:
                environment = {
                    **os.environ,
                    "NUMBA_CACHE_DIR": folder,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                }
                for times in (cold, warm):
                    times.append(_seconds([sys.executable, "-c", code], environment))
        rows.append({"name": name, "cold_s": float(np.median(cold)), "warm_s": float(np.median(warm))})
    return rows


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    begin = perf_counter()
    subprocess.run(command, check=True, env=environment)
    return perf_counter() - begin


MEMORY = """
import sys
from pathlib import Path
import numpy as np, fastneuron as fn
n, record = int(sys.argv[1]), sys.argv[2] or None
fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=100.0, initial={"V": np.full(n, -60.0)}, record=record, every=2)
status = Path("/proc/self/status").read_text()  # ru_maxrss would count what the parent had
print(1024 * int(status.partition("VmHWM:")[2].split()[0]))
"""


def _memory(quick: bool) -> list[dict[str, Any]]:
    """Bytes per neuron at the peak: the difference between a large and a small population."""
    if not Path("/proc/self/status").exists():
        return []
    sizes = (200_000, 400_000) if quick else (1_000_000, 2_000_000)
    rows = []
    for record in ("", "V"):
        small, large = (
            int(subprocess.run([sys.executable, "-c", MEMORY, str(n), record], capture_output=True, check=True).stdout)
            for n in sizes
        )
        what = "11 samples of V recorded" if record else "nothing recorded"
        rows.append({"what": what, "bytes_per_neuron": (large - small) / (sizes[1] - sizes[0])})
    return rows


def markdown(found: dict[str, Any]) -> str:
    """The tables."""
    machine = found["machine"]
    lines = [
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, {machine['system']}, "
        f"Python {machine['python']}, NumPy {machine['numpy']}, Numba {machine['numba']}.",
        "",
        "*Quick run: no figure to believe.*\n" if found["quick"] else "",
        f"Morris-Lecar (hopf), RK4, dt {DT} ms, float64. Speeds in million neuron-steps/s, of four right-hand sides",
        "each.",
        "`ours` is fastneuron on one thread, in the same rounds; `faster` the median of paired ratios and half their",
        "interquartile range; A/A what the same ratio is for a program against itself, less 1.  One thread is timed by",
        "what it takes of its core, several threads and other processes by the clock on the wall.",
        "",
        "| neurons | who | threads | speed | ours | faster | A/A | V differs by | settings |",
        "|--:|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for row in found["population"]:
        head = f"| {row['n']:,} | {row['name']} | {row['threads']} |"
        if "missing" in row:
            lines.append(f"{head} | | | | | not measured: {row['missing']} |")
            continue
        mark = "" if row["trusted"] else " DISTRUST"
        lines.append(
            f"{head} {row['steps_per_s'] / 1e6:.3g} | {row['ours_steps_per_s'] / 1e6:.3g} | "
            f"{row['ratio']:.3g}x ± {row['spread']:.0%}{mark} | {row['floor']:.1%} | {row['difference_mV']:.0e} mV | "
            f"{row['version']}; {row['settings']} |"
        )
    lines += [
        "",
        "| method, one thread | dt or tolerance | time, RK4 at 0.05 = 1 | error in V | in spike times |",
        "|---|--:|--:|--:|--:|",
    ]
    for row in found["precision"]:
        spikes = "" if row["spike_time_error_ms"] is None else f"{row['spike_time_error_ms']:.1e} ms"
        lines.append(
            f"| {row['name']} | {row['setting']:g} | {row['relative_time']:.3g} | {row['error_mV']:.1e} mV | {spikes} |"
        )
    lines += ["", "| time to the first result, whole process | cold | compiled before |", "|---|--:|--:|"]
    lines += [f"| {row['name']} | {row['cold_s']:.2f} s | {row['warm_s']:.2f} s |" for row in found["start"]]
    lines += ["", "| memory at the peak | bytes per neuron |", "|---|--:|"]
    lines += [f"| {row['what']} | {row['bytes_per_neuron']:.0f} |" for row in found["memory"]]
    return "\n".join(lines) + "\n"


def _machine() -> dict[str, Any]:
    import numba
    from llvmlite import binding

    name = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": f"{name} ({binding.get_host_cpu_name()})",
        "cores": _threads.available(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
    }


def _draw(found: dict[str, Any], out: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
    n = max((row["n"] for row in found["population"] if row["n"] <= 10_000), default=1)
    # a bar shows no mark of distrust, so what deserves one gets no bar
    rows = [
        row
        for row in found["population"]
        if row["n"] == n and (row.get("trusted") or (found["quick"] and "ratio" in row))
    ]
    bars = {_who(row): row["steps_per_s"] / 1e6 for row in rows}
    bars["fastneuron, 1 thread"] = float(np.median([row["ours_steps_per_s"] for row in rows])) / 1e6
    order = sorted(bars, key=bars.__getitem__)
    figure, ax = pyplot.subplots(figsize=(5.6, 0.9 + 0.32 * len(order)), layout="constrained", dpi=200)
    ax.barh(
        order,
        [bars[name] for name in order],
        color=[colours[0] if name.startswith("fast") else "#999999" for name in order],
    )
    ax.bar_label(ax.containers[0], fmt="{:.3g}", padding=3, fontsize="small")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.12)
    ax.set_xlabel("Million neuron-steps per second")
    ax.set_title(f"{n:,} neurons, RK4, float64", fontsize="medium", loc="left")
    figure.savefig(out / "throughput.png")
    pyplot.close(figure)

    figure, ax = pyplot.subplots(figsize=(5.2, 3.6), layout="constrained", dpi=200)
    names = list(dict.fromkeys(row["name"] for row in found["precision"]))
    for name, colour, marker in zip(names, colours, "osD^v", strict=False):
        points = [(row["seconds"], row["error_mV"]) for row in found["precision"] if row["name"] == name]
        seconds, errors = zip(*points, strict=True)
        ax.loglog(seconds, errors, color=colour, marker=marker, markersize=4, linewidth=1.2, label=name)
    first = found["precision"][0]
    ax.set(
        xlabel=f"Wall time, one thread (s): {first['n']:,} neurons for {first['duration_ms']:g} ms",
        ylabel="Largest error in V (mV)",
    )
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize="small")
    figure.savefig(out / "precision.png")
    pyplot.close(figure)


def _who(row: dict[str, Any]) -> str:
    retuned = " (retuned)" if row["name"] == "Brian2" and "-ffast-math" in row["settings"] else ""
    return f"{row['name']}{retuned}, {row['threads']} thread{'s' if row['threads'] > 1 else ''}"


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    if not find_spec("tqdm"):
        yield lambda what: print(what, file=sys.stderr)
        return
    from tqdm import tqdm

    with tqdm(total=total, file=sys.stderr) as bar:

        def tick(what: str) -> None:
            bar.set_description(what)
            bar.update()

        yield tick
