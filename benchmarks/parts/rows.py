"""Rows of contenders: each does a task in turns with ours; a ratio of speeds, its noise, and both errors."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import fastneuron as fn

from ..asked import Asked
from ..paired import DISTRUST, paired
from ..roster import Contender, Match, matches
from ..tasks import Brunel, Cobahh, Cycles, Forward, GapJunctions, Network, Population, Training
from ..worker import Missing, Unable, Worker

MODELS = {"morris_lecar": fn.MorrisLecar.hopf, "hodgkin_huxley": fn.HodgkinHuxley.squid}
ROUNDS, SECONDS = (3, 7), 2.0  # of a row: at least, at most, and how long if that allows
DEAR = 3.0  # s: two rounds of what takes ours and the rival longer are enough
LEAST = 0.05, 0.5  # s: how long a timing lasts at least; and ours beside one that takes longer
REPEATS = 3  # of a row that is not quiet
TRUTH = {"method": "rk4", "dt": 0.0025}  # for V of a network: halving it moves the median neuron by < 1e-6 mV
FINE = {"method": "rk4", "dt": 0.0125}  # for the rate of a network


def measure(part: str, asked: Asked) -> dict[str, Any]:
    """A row for each match of a part; a contender imports its library once for its rows."""
    chosen = [match for match in matches(part, asked.quick) if asked.wants(match.contender.file)]
    rows: dict[int, dict[str, Any] | None] = dict.fromkeys(range(len(chosen)))
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        ours = cache(lambda threads: stack.enter_context(Worker("fastneuron", threads)))
        for file, threads in dict.fromkeys((one.contender.file, one.threads) for one in chosen):
            if file in missing:
                continue
            with Worker(file, threads, asked.python(file)) as rival:
                try:
                    version = rival.version()
                except Missing as problem:
                    missing[file] = str(problem)
                    continue
                for number, match in enumerate(chosen):
                    if (match.contender.file, match.threads) == (file, threads):
                        asked.tell(f"{match.contender.name}, {match.contender.settings}: {match.task}")
                        rows[number] = _row(match, version, ours(match.ours), rival, asked.quick)
    return {"rows": [row for row in rows.values() if row], "missing": missing}


def _row(match: Match, version: str, ours: Worker, rival: Worker, quick: bool) -> dict[str, Any] | None:
    """Ours and the rival in turns; nothing where the rival is not written for the task."""
    who, task, mine = match.contender, match.task, match.ours_task or match.task
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
        known = _errors(who, task.early, ours, rival) if isinstance(task, Cobahh | GapJunctions) else {}
        first = rival.prepare(task, who.options)
    except Unable:
        return None
    except Missing as problem:
        return {**head, "missing": str(problem)}
    if isinstance(task, Cobahh):
        exact = _exactly(task, ours, FINE).tolist()
        known = known | dict(zip(("exact_firing_Hz", "exact_cv"), exact, strict=True))
    ours.prepare(mine, who.against)
    answers = known | _answers(task, ours, rival)
    alone = match.threads == match.ours == 1
    timed = _timed(ours, rival, quick, alone, first)
    timed["ratio"] *= _work(mine) / _work(task)
    return {**head, **answers, "rate": _work(task) / timed.pop("b"), "ours_rate": _work(mine) / timed.pop("a"), **timed}


class _Often(NamedTuple):
    """A program that runs so many times where it is asked to run once: a short one has less noise."""

    worker: Worker
    times: int

    def time(self, many: int) -> tuple[float, float]:
        return self.worker.time(self.times * many)


def _timed(ours: Worker, rival: Worker, quick: bool, alone: bool, first: float | None = None) -> dict[str, Any]:
    """Seconds of either, their ratio and its noise: of some attempts the first to be trusted, or the quietest.

    What the rival took at `first`, where that is known, need not be measured again to see how many rounds there may be.
    """
    mine = ours.time(1)[0]
    once = mine + (first or rival.time(1)[0])
    often = _Often(ours, 1 if quick or once <= 0.2 else max(1, round(LEAST[1] / mine)))
    rounds = 1 if quick else 2 if once > DEAR else int(np.clip(SECONDS / 2 / once, *ROUNDS))
    attempts: list[dict[str, Any]] = []
    for _ in range(1 if quick else REPEATS):
        wall, free = perf_counter(), _busy() - ours.cpu() - rival.cpu()
        result = paired(often, rival, rounds, 0.0 if quick or once > 0.2 else LEAST[0])
        others = max(0.0, _busy() - ours.cpu() - rival.cpu() - free) / (perf_counter() - wall)
        trusted = not quick and result.floor < DISTRUST and (alone or others < DISTRUST)
        attempts.append({**result._asdict(), "others": others, "rounds": rounds, "trusted": trusted})
        if trusted:
            return attempts[-1]
    return min(attempts, key=lambda one: one["floor"])


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
    """What the speed is counted in: neuron-steps, rows x neurons x epochs, products, steps, seconds, cycles."""
    if isinstance(task, Population):
        return task.n * task.steps
    if isinstance(task, Cobahh | Brunel | GapJunctions):
        return task.duration / 1000.0
    if isinstance(task, Training):
        return task.epochs * 4000 * 10
    if isinstance(task, Cycles):
        return task.n
    return task.n * task.R * task.S if isinstance(task, Forward) else task.steps


def _answers(task: Any, ours: Worker, rival: Worker) -> dict[str, Any]:
    """How good the rival's answer is, and ours: errors, or the share of right decisions."""
    if isinstance(task, GapJunctions):
        return {}
    if isinstance(task, Population):
        every, exact = _exact(task)
        errors = [float(np.abs(worker.answer(every) - exact).max()) for worker in (rival, ours)]
        return {"error": errors[0], "ours_error": errors[1]}
    if isinstance(task, Cycles):
        theirs, mine, exact = rival.answer(), ours.answer(), _exact_cycle()
        return {f"{name}_error": float(abs(theirs[k] / exact[k] - 1)) for k, name in enumerate(("period", "response"))}
    if isinstance(task, Cobahh | Brunel):
        (rate, cv), (ours_rate, ours_cv) = rival.answer().tolist(), ours.answer().tolist()
        return {"firing_Hz": rate, "cv": cv, "ours_firing_Hz": ours_rate, "ours_cv": ours_cv}
    every = max(1, task.n // 100) if isinstance(task, Forward) else 1
    theirs, mine = rival.answer(every), ours.answer(every)
    if isinstance(task, Network):
        truth = task.rows[3]
        return {"accuracy": float((theirs == truth).mean()), "ours_accuracy": float((mine == truth).mean())}
    return {"differs": float(np.abs(theirs - mine).max() / np.abs(mine).max())}


def _errors(who: Contender, early: Any, ours: Worker, rival: Worker) -> dict[str, float]:
    """Of V before errors grow as they do in a chaotic network, median over the neurons: the rival's, and ours."""
    exact = _exactly(early, ours, TRUTH)

    def error(key: Any, worker: Worker, options: dict[str, Any], truth: dict[str, Any]) -> float:
        if (key, early) not in _ERRORS:
            right = answer(worker, early, truth) if truth else exact
            _ERRORS[key, early] = float(np.median(np.abs(answer(worker, early, options) - right)))
        return _ERRORS[key, early]

    theirs = error((who.file, who.settings), rival, who.options, who.truth)  # flags of a compiler do not show
    return {"error": theirs, "ours_error": error(tuple(who.against.items()), ours, who.against, {})}


def answer(worker: Worker, task: Any, options: dict[str, Any]) -> np.ndarray:
    """Of a task that is not timed."""
    worker.prepare(task, options)
    return worker.answer()


@cache
def _exact(task: Population) -> tuple[int, np.ndarray]:
    """V of each so many-th neuron, by SciPy at tolerances of 1e-13."""
    every = max(1, task.n // 4)
    model, duration = MODELS[task.model](), task.steps * task.dt
    return every, fn.reference.simulate(model, duration, current=task.current[::every]).state["V"]


def _exactly(task: Any, ours: Worker, options: dict[str, Any]) -> np.ndarray:
    """By exact events and a fine step."""
    if task not in _EXACT:
        _EXACT[task] = answer(ours, task, options)
    return _EXACT[task]


_EXACT: dict[Any, np.ndarray] = {}
_ERRORS: dict[Any, float] = {}


@cache
def _exact_cycle() -> np.ndarray:
    """Period and largest phase response of the last neuron, by many phases."""
    cycle = fn.cycles(fn.MorrisLecar.hopf(), 100.0)
    return np.array([cycle.period[0], fn.phase_response(cycle, 4000).gradient["V"].max()])
