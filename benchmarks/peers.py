"""Side by side with what people use today: one JSON, one Markdown page, two figures."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import fastneuron as fn
from fastneuron._kernel import threads as _threads

from . import page, work_precision
from .paired import DISTRUST, paired
from .roofline import roofline
from .roster import NUMPY, OURS, PARTS, SOLVERS, Contender, Match, matches
from .tasks import Brunel, Cobahh, Driven, Forward, Network, Population, Training
from .worker import Missing, Unable, Worker

MODELS = {"morris_lecar": fn.MorrisLecar.hopf, "hodgkin_huxley": fn.HodgkinHuxley.squid}
ROUNDS, SECONDS = (3, 7), 6.0  # of a row: at least, at most, and how long if that allows
FINE = {"method": "rk4", "dt": 0.0125}  # for the rate of a network


def report(
    out: Path, quick: bool, pythons: Mapping[str, str], only: list[str] | None = None, parts: Sequence[str] = PARTS
) -> None:
    """Measure whatever is installed and write ``peers.json``, ``peers.md`` and the figures into the folder `out`.

    `pythons` names the interpreter of a contender that has an environment of its own, by its file in `contenders`;
    `only` the contenders wanted, and `parts` the parts: of less than all parts, what is left out stays as `out` has it.
    """
    out.mkdir(parents=True, exist_ok=True)
    found = {**_nothing(quick), **_stored(out / "peers.json", quick, parts)}
    chosen = [match for match in matches(quick, _threads.available()) if not only or match.contender.file in only]
    chosen = [match for match in chosen if page.part(described(match.task)) in parts]
    solvers = {who.file: who for who in ([NUMPY] if quick else [OURS, *reversed(SOLVERS)])}  # the first of a file stays
    with _progress(len(chosen) + 2 * len(solvers) + 2) as tick:
        rows, missing = _rows(chosen, quick, pythons, tick)
        rows += [row for row in found["rows"] if page.part(row) not in parts or (only and row.get("file") not in only)]
        found |= {"rows": sorted(rows, key=lambda row: PARTS.index(page.part(row)))}
        asked = {match.contender.file for match in chosen}
        still = {file: why for file, why in found["missing"].items() if file not in asked}
        found |= {"missing": {**still, **missing}}
        gone = found["missing"]
        present = [who for file, who in solvers.items() if file not in gone and (not only or file in only)]
        if "precision" in parts:
            tick("error against time")
            found["precision"] = work_precision.compare(quick)
        if "start" in parts:
            found["start"] = [_start(who, pythons, tick) for who in present]
        if "memory" in parts:
            found["memory"] = [row for who in present for row in _memory(who, quick, pythons, tick)]
        if "roofline" in parts:
            tick("roofline")
            found["roofline"] = roofline(quick)
    (out / "peers.json").write_text(json.dumps(found, indent=1) + "\n")
    (out / "peers.md").write_text(page.markdown(found))
    if found["precision"]:
        work_precision.write(found["precision"], out)
    if find_spec("matplotlib"):
        from . import draw

        draw.throughput(found, out / "throughput.png")
        draw.layers(found, out / "layers.png")
    print(page.markdown(found))


def _nothing(quick: bool) -> dict[str, Any]:
    """What there is before anything is measured."""
    command = " ".join(["python -m benchmarks", *_without_parts(sys.argv[1:])])
    found = {"machine": machine(), "quick": quick, "command": command, "missing": {}, "rows": [], "apart": {}}
    return {**found, **dict.fromkeys(("precision", "start", "memory", "roofline"))}


def _without_parts(arguments: list[str]) -> list[str]:
    """A command line for all parts."""
    if "--parts" not in arguments:
        return arguments
    first = arguments.index("--parts")
    last = next((k for k in range(first + 1, len(arguments)) if arguments[k].startswith("--")), len(arguments))
    return arguments[:first] + arguments[last:]


def _stored(path: Path, quick: bool, parts: Sequence[str]) -> dict[str, Any]:
    """What an earlier run has of the other parts; those that are measured now say where and when."""
    if set(parts) == set(PARTS) or quick or not path.exists():
        return {}
    found = json.loads(path.read_text())
    return {**found, "apart": {**found.get("apart", {}), **dict.fromkeys(parts, machine())}}


def _rows(
    matches: list[Match], quick: bool, pythons: Mapping[str, str], tick: Callable[[str], None]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """A row for each match, in their order, and who is missing; a contender imports its library once for its rows."""
    rows: dict[Any, dict[str, Any] | None] = dict.fromkeys(range(len(matches)))
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        ours = {
            threads: stack.enter_context(Worker("fastneuron", threads)) for threads in {one.ours for one in matches}
        }
        for file, threads in dict.fromkeys((one.contender.file, one.threads) for one in matches):
            mine = [
                number
                for number in rows
                if (matches[number].contender.file, matches[number].threads) == (file, threads)
            ]
            with Worker(file, threads, pythons.get(file, sys.executable)) as rival:
                try:
                    version = rival.version()
                except Missing as problem:
                    missing[file] = str(problem)
                for number in mine:
                    match = matches[number]
                    tick(f"{match.contender.name}, {page.what(described(match.task))}")
                    if file not in missing:
                        rows[number] = _row(match, version, ours[match.ours], rival, quick)
    return [row for row in rows.values() if row], missing


def _row(match: Match, version: str, ours: Worker, rival: Worker, quick: bool) -> dict[str, Any] | None:
    """Ours and the rival in turns; nothing where the rival is not written for the task."""
    who, task = match.contender, match.task
    head = {
        **described(task),
        "name": who.name,
        "file": who.file,
        "version": version,
        "settings": who.settings,
        "slopes": who.slopes,
        "against": who.against,
        "threads": match.threads,
        "ours_threads": match.ours,
    }
    try:
        periods = _periods(who, ours, rival) if isinstance(task, Cobahh) else {}
        rival.prepare(task, who.options)
    except Unable:
        return None
    except Missing as problem:
        return {**head, "missing": str(problem)}
    ours.prepare(task, who.against)
    answers = _answers(task, ours, rival)
    once = ours.time(1)[0] + rival.time(1)[0]
    rounds = 1 if quick else int(np.clip(SECONDS / 2 / once, *ROUNDS))
    wall, free = perf_counter(), _busy() - ours.cpu() - rival.cpu()
    result = paired(ours, rival, rounds, 0.0 if quick else 0.05)
    others = max(0.0, _busy() - ours.cpu() - rival.cpu() - free) / (perf_counter() - wall)
    alone = match.threads == match.ours == 1
    return {
        **head,
        **answers,
        **periods,
        "rate": _work(task) / result.b,
        "ours_rate": _work(task) / result.a,
        "ratio": result.ratio,
        "spread": result.spread,
        "floor": result.floor,
        "cores": result.cores,
        "others": others,
        "rounds": rounds,
        "trusted": not quick and result.floor < DISTRUST and (alone or others < DISTRUST),
    }


def _busy() -> float:
    """Seconds that all cores of the machine have been busy; 0 where that is not to be known."""
    if not Path("/proc/stat").exists():
        return 0.0
    user, nice, system, _, _, irq, softirq, stolen, *_ = map(int, Path("/proc/stat").read_text().split()[1:11])
    return (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK")


def described(task: Any) -> dict[str, Any]:
    """A task as it stands in a row."""
    return {"task": type(task).__name__, **vars(task), **({"dt": task.dt} if isinstance(task, Population) else {})}


def _work(task: Any) -> float:
    """What the speed is counted in: neuron-steps, rows x neurons x epochs, products, steps of descent, seconds."""
    if isinstance(task, Population):
        return task.n * task.steps
    if isinstance(task, Cobahh | Brunel):
        return task.duration / 1000.0
    if isinstance(task, Training):
        return task.epochs * 4000 * 10
    return task.n * task.R * task.S if isinstance(task, Forward) else task.steps


def _answers(task: Any, ours: Worker, rival: Worker) -> dict[str, float]:
    """How good the rival's answer is, and ours: errors, or the share of right decisions."""
    if isinstance(task, Population):
        every, exact = _exact(task)
        errors = [float(np.abs(worker.answer(every) - exact).max()) for worker in (rival, ours)]
        return {"error_mV": errors[0], "ours_error_mV": errors[1]}
    if isinstance(task, Cobahh | Brunel):
        given = {"": rival.answer(), "ours_": ours.answer()}
        if isinstance(task, Cobahh):
            given["exact_"] = _exact_activity(task)
        names = ("firing_Hz", "cv")
        return {f"{whose}{name}": float(x) for whose, of in given.items() for name, x in zip(names, of, strict=True)}
    every = max(1, task.n // 100) if isinstance(task, Forward) else 1
    theirs, mine = rival.answer(every), ours.answer(every)
    if isinstance(task, Network):
        truth = task.rows[3]
        return {"accuracy": float((theirs == truth).mean()), "ours_accuracy": float((mine == truth).mean())}
    return {"differs": float(np.abs(theirs - mine).max() / np.abs(mine).max())}


@cache
def _exact(task: Population) -> tuple[int, np.ndarray]:
    """V of each so many-th neuron, by SciPy at tolerances of 1e-13."""
    every = max(1, task.n // 4)
    model, duration = MODELS[task.model](), task.steps * task.dt
    return every, fn.reference.simulate(model, duration, current=task.current[::every]).state["V"]


@cache
def _exact_activity(task: Cobahh) -> np.ndarray:
    """Rate and variation by exact events and a fine step."""
    with Worker("fastneuron", 1) as fine:
        fine.prepare(task, FINE)
        return fine.answer()


def _periods(who: Contender, ours: Worker, rival: Worker) -> dict[str, float]:
    """Of a driven cell: the rival's, ours, and SciPy's."""
    task = Driven()
    rival.prepare(task, who.options)
    ours.prepare(task, who.against)
    exact = fn.reference.simulate(fn.TraubMiles.cobahh(), task.duration, current=task.current, threshold=-20.0)
    given = {"": rival.answer(), "ours_": ours.answer(), "exact_": task.period(exact.spikes.time)}
    return {f"{whose}period_ms": float(period[0]) for whose, period in given.items()}


def _start(who: Contender, pythons: Mapping[str, str], tick: Callable[[str], None]) -> dict[str, Any]:
    """Seconds from the start of the process to the first result: with nothing compiled, and again."""
    tick(f"{who.name}, first result")
    times: dict[str, list[float]] = {"cold_s": [], "warm_s": []}
    while not times["warm_s"] or (len(times["warm_s"]) < 3 and sum(map(sum, times.values())) < 10.0):
        with tempfile.TemporaryDirectory() as folder:
            for taken in times.values():
                begin = perf_counter()
                caches = {f"{name}_CACHE_DIR": folder for name in ("NUMBA", "JAX_COMPILATION", "HEYOKA")}
                with Worker(who.file, 1, pythons.get(who.file, sys.executable), caches) as worker:
                    worker.prepare(Population("morris_lecar", 4096, 20), who.options)
                    taken.append(perf_counter() - begin)
    return {"name": who.name, **{when: float(np.median(taken)) for when, taken in times.items()}}


def _memory(
    who: Contender, quick: bool, pythons: Mapping[str, str], tick: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Bytes per neuron at the peak: the difference between a large and a small population."""
    tick(f"{who.name}, memory")
    if not Path("/proc/self/status").exists():
        return
    sizes = (50_000, 100_000) if quick else (500_000, 1_000_000)
    for every in (0, 1):
        peaks = []
        for n in sizes:
            with Worker(who.file, 1, pythons.get(who.file, sys.executable)) as worker:
                try:
                    peaks.append(worker.peak(Population("morris_lecar", n, 10, every), who.options))
                except Missing:
                    break
        if len(peaks) == 2:
            yield {"name": who.name, "every": every, "bytes_per_neuron": (peaks[1] - peaks[0]) / (sizes[1] - sizes[0])}


def machine() -> dict[str, Any]:
    """Where and when."""
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
        "fastneuron": fn.__version__,
    }


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
