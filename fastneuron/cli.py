"""The command line: ``fastneuron simulate``, ``fastneuron benchmark``, ``fastneuron info``."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import statistics
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

import numpy as np

from . import __version__, _check, models
from ._engine.executors import threads_each
from ._engine.resources import memory_left
from ._engine.run import Run
from ._integrators import METHODS
from ._kernel import threads as _threads
from .models import Model
from .simulate import simulate

LONG = 200_000_000  # neuron-steps, some seconds: worth a progress bar
BYTES = 65  # per neuron, at least
SPREAD = re.compile(r"(?P<low>[^:]+):(?P<high>[^:]+)|(?P<mean>.+)\+-(?P<sd>.+)")
VALUE = "a number, LOW:HIGH (evenly spaced over the neurons) or MEAN+-SD (normally distributed)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, or 2 after an error, which is told in one line."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        options.command(options)
    except KeyboardInterrupt:
        print("fastneuron: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # as in `fastneuron info | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ArithmeticError, ImportError, MemoryError, OSError, TypeError, ValueError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        print(f"fastneuron: error: {message}", file=sys.stderr)
        return 2
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="fastneuron", description="Large populations of neurons, fast.")
    parser.add_argument("--version", action="version", version=f"fastneuron {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=_Parser)

    run = commands.add_parser("simulate", help="simulate a population", description=f"A value is {VALUE}.")
    run.set_defaults(command=_simulate)
    add = run.add_argument
    add("--model", default="morris-lecar", metavar="NAME", help=f"{', '.join(_models())} (default: %(default)s)")
    add("--preset", metavar="NAME", help="a published parameter set of the model; its defaults otherwise")
    add("--neurons", type=int, default=1000, metavar="N", help="size of the population (default: %(default)s)")
    add("--current", default="0", metavar="VALUE", help="injected current, uA/cm^2; write --current=-5:5 if negative")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter; may be repeated")
    add("--initial", action="append", default=[], metavar="NAME=VALUE", help="an initial state; may be repeated")
    add("--duration", type=float, default=1000.0, metavar="MS", help="how long, ms (default: %(default)g)")
    add("--dt", type=float, default=0.05, metavar="MS", help="step, ms (default: %(default)g)")
    add("--method", default="rk4", metavar="NAME", help=f"{', '.join(METHODS)} (default: %(default)s)")
    add("--record", metavar="STATES", help="states to sample, as in V or V,N, and I, the injected current")
    add("--every", type=int, default=1, metavar="STEPS", help="steps between samples (default: %(default)s)")
    add("--seed", type=int, default=0, help="of the normally distributed values (default: %(default)s)")
    add("--threads", type=int, metavar="N", help="default: one per core")
    add("--out", type=Path, metavar="FILE.npz", help="where to write everything that came out")
    add("--plot", type=Path, metavar="FILE", help="where to draw the raster and the f-I curve: .png, .pdf, .svg")

    bench = commands.add_parser("benchmark", help="how fast this machine is, against plain Numba and SciPy")
    bench.set_defaults(command=_benchmark)
    bench.add_argument("--neurons", type=int, default=4096, metavar="N", help="size (default: %(default)s)")
    bench.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="repetitions, in turns (default: %(default)s)"
    )

    info = commands.add_parser("info", help="versions, cores, SIMD width, cache folder")
    info.set_defaults(command=_info)
    return parser


# simulate -------------------------------------------------------------------------------------------------------------


def _simulate(options: argparse.Namespace) -> None:
    kinds = _models()
    kind = kinds[_check.known("--model", options.model, kinds)]
    n, room = _check.whole("--neurons", options.neurons, 1), memory_left() // BYTES
    if n > room:
        raise MemoryError(f"--neurons must fit into the memory that is left, about {room:.3g} of them; got {n}")
    generator = np.random.default_rng(_check.whole("--seed", options.seed, 0))
    chosen = _chosen("--set", options.set, n, generator)
    initial = _chosen("--initial", options.initial, n, generator)
    current = _values("--current", options.current, n, generator)
    if options.preset is not None:
        model = getattr(kind, _check.known("--preset", options.preset, kind.presets))(**chosen)
    else:
        model = kind(**chosen)
    _writable("--out", options.out, {"npz"})
    draw = None if options.plot is None else _drawing(options.plot)

    arguments: dict[str, Any] = {
        "dt": options.dt,
        "current": np.broadcast_to(current, n),
        "initial": initial,
        "method": options.method,
        "record": options.record and options.record.split(","),
        "every": options.every,
        "threads": options.threads,
    }
    adaptive = METHODS[_check.known("--method", options.method, METHODS)].is_adaptive
    if not adaptive:
        _check.steps(options.duration, options.dt)
    begin = perf_counter()
    simulate(model, min(options.duration, options.dt), **arguments)  # compiles the kernel, or reads it from the cache
    ready = perf_counter() - begin
    bar = n * options.duration / options.dt > LONG and sys.stderr.isatty() and find_spec("tqdm") is not None
    begin = perf_counter()
    run = simulate(model, options.duration, progress=bar, **arguments)
    seconds = perf_counter() - begin

    threads = threads_each(options.threads, None)
    what = type(model).__name__ + (f" ({options.preset})" if options.preset else "")
    print(f"{n:,} {what} neurons, {run.duration:g} ms by {options.method}, dt {run.dt:g} ms, {threads} threads")
    print(f"spikes      {run.spike_count.sum():,}")
    print(f"mean rate   {run.rate.mean():.2f} Hz")
    print(f"wall time   {seconds:.2f} s, and {ready:.2f} s to compile or load the kernel")
    if adaptive:  # nobody counts the steps that each neuron takes
        print(f"speed       {n * run.duration / 1000 / seconds:.1f} neuron-seconds/s")
    else:
        print(f"speed       {n * run.duration / run.dt / seconds / 1e6:.1f} million neuron-steps/s")
    if options.out is not None:
        _save(options.out, run, current)
        print(f"wrote       {options.out}")
    if draw is not None:
        draw(run, current)
        print(f"drew        {options.plot}")


def _models() -> dict[str, type[Model]]:
    """Every model, by its name on the command line: MorrisLecar is morris-lecar."""
    found = [kind for kind in vars(models).values() if isinstance(kind, type) and issubclass(kind, Model)]
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower(): kind for kind in found if kind is not Model}


def _chosen(option: str, given: Sequence[str], n: int, generator: np.random.Generator) -> dict[str, Any]:
    """Values by name, from all that an option was given."""
    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise ValueError(f"{option} takes NAME=VALUE, as in V3=2 or V3=0:4; got {text!r}")
        if name in found:
            raise ValueError(f"{option} must name {name} at most once; got it again in {text!r}")
        found[name] = _values(f"{option} {name}", value, n, generator)
    return found


def _values(name: str, text: str, n: int, generator: np.random.Generator) -> float | np.ndarray:
    match = SPREAD.fullmatch(text)
    try:
        if match is None:
            return float(text)
        if match["low"] is not None:
            return np.linspace(float(match["low"]), float(match["high"]), n)
        return generator.normal(float(match["mean"]), float(match["sd"]), n)
    except ValueError:
        raise ValueError(f"{name} must be {VALUE}; got {text!r}") from None


def _writable(name: str, path: Path | None, suffixes: set[str]) -> None:
    """Find out before the work, not after it."""
    if path is None:
        return
    if path.suffix[1:].lower() not in suffixes:
        raise ValueError(f"{name} must end in {', '.join('.' + suffix for suffix in sorted(suffixes))}; got '{path}'")
    if not path.parent.is_dir():
        raise ValueError(f"{name} must be in a folder that exists; got '{path}'")
    new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise ValueError(f"{name} must be a file that can be written; got '{path}' ({error.strerror})") from None
    if new:
        path.unlink()


def _drawing(path: Path) -> Callable[[Run, Any], None]:
    try:
        import matplotlib
    except ImportError:
        raise ImportError("--plot needs matplotlib: pip install matplotlib") from None
    matplotlib.use("agg")
    from matplotlib.backend_bases import FigureCanvasBase

    from . import plot

    _writable("--plot", path, set(FigureCanvasBase.get_supported_filetypes()))
    return lambda run, current: plot.summary(run, current).savefig(path)


def _save(path: Path, run: Run, current: float | np.ndarray) -> None:
    np.savez(
        path,
        allow_pickle=False,
        model=type(run.model).__name__,
        duration=run.duration,
        dt=run.dt,
        current=current,
        spike_count=run.spike_count,
        spike_neuron=run.spikes.neuron,
        spike_time=run.spikes.time,
        time=run.time,
        neurons=run.neurons,
        **{f"parameter_{name}": value for name, value in run.model.parameters.items()},
        **{f"final_{name}": value for name, value in run.state.items()},
        **{f"trace_{name}": value for name, value in run.traces.items()},
    )


# benchmark ------------------------------------------------------------------------------------------------------------


def _benchmark(options: argparse.Namespace) -> None:
    from ._baselines import numba_rk4, scipy_solve

    n, rounds = _check.whole("--neurons", options.neurons, 1), _check.whole("--rounds", options.rounds, 1)
    model, duration, dt = models.MorrisLecar.hopf(), 100.0, 0.05
    current = np.linspace(80.0, 130.0, n)
    begun = simulate(model, dt, dt, current, record=("V", "N"))
    V, N = begun["V"][:, 0].copy(), begun["N"][:, 0].copy()

    def ours(threads: int, dt: float) -> np.ndarray:
        return simulate(model, duration, dt, current, threads=threads).state["V"]

    def plain_numba() -> np.ndarray:
        v = V.copy()
        numba_rk4(v, N.copy(), current, dt, round(duration / dt), np.zeros(n, np.int64))
        return v

    def scipy(method: str, tolerance: float) -> np.ndarray:
        return scipy_solve(V, N, current, duration, method=method, rtol=tolerance, atol=tolerance)[0]

    cores = _threads.available()
    counts = sorted({2**k for k in range(cores.bit_length())} | {cores})
    programs: dict[str, Callable[[], np.ndarray]] = {}
    for threads in counts:
        programs[f"fastneuron, dt 0.05, {_counted(threads, 'thread')}"] = partial(ours, threads, dt)
    programs["fastneuron, dt 0.25, 1 thread"] = partial(ours, 1, 0.25)
    programs["plain Numba with fastmath, dt 0.05, 1 thread"] = plain_numba
    programs["SciPy solve_ivp DOP853, tolerance 1e-8"] = partial(scipy, "DOP853", 1e-8)
    programs["SciPy solve_ivp RK45, tolerance 1e-4"] = partial(scipy, "RK45", 1e-4)

    print(f"{n:,} Morris-Lecar neurons (hopf, I = 80 to 130), {duration:g} ms, float64; median of {rounds} turns")
    exact = ours(cores, 0.005)
    errors = {name: np.abs(program() - exact).max() for name, program in programs.items()}  # compiles, too
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            begin = perf_counter()
            program()
            times[name].append(perf_counter() - begin)
    wide = max(map(len, programs))
    print(f"{'':{wide}}  neuron-s per s   error in V     speed")
    first = times[next(iter(times))]
    for name, taken in times.items():
        speed = n * duration / 1000 / statistics.median(taken)
        ratio = statistics.median(mine / other for mine, other in zip(first, taken, strict=True))
        print(f"{name:{wide}}  {speed:14,.0f}  {errors[name]:8.1e} mV  {ratio:7.3g}x")
    steps = n * duration / dt / statistics.median(first) / 1e6
    print(f"One thread takes {steps:.1f} million neuron-steps per second: a neuron-second is {1000 / dt:,.0f} steps.")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


# info -----------------------------------------------------------------------------------------------------------------


def _info(options: argparse.Namespace) -> None:
    from llvmlite import binding

    from ._kernel.jit import cache_folder

    print(f"fastneuron  {__version__}")
    print(f"Python      {platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in ("numba", "llvmlite", "numpy", "scipy", "matplotlib", "tqdm"):
        print(f"{package:11} {_version(package)}")
    print(f"processor   {binding.get_host_cpu_name()}")
    print(f"cores       {_threads.available()} that this process may use, of {os.cpu_count()}")
    print(f"SIMD        {simd()}")
    print(f"cache       {cache_folder() or 'none: no folder is writable'}")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def simd() -> str:
    """How wide the vectors are in which the compiled RK4 kernel multiplies and adds, from its machine code."""
    from ._integrators.fixed_step import integrate
    from ._kernel.jit import kernel

    simulate(models.MorrisLecar(), 0.05, current=np.zeros(4096))
    signature = next(known for known in integrate.signatures if "Lanes64" in str(known))
    afresh: Any = kernel(integrate.py_func)
    afresh._cache.disable()  # a kernel that is read back from the cache has lost its assembly
    afresh.compile(signature)
    assembly = afresh.inspect_asm(signature)
    widths = {"%zmm": "8 (512 bits)", "%ymm": "4 (256 bits)", "%xmm": "2 (128 bits)", ".2d": "2 (128 bits)"}
    packed = re.findall(r"\b(?:v?(?:fn?m(?:add|sub)\d*|mul|add|sub)pd\b.*?(%[xyz]mm)|fml[as]\s+v\d+(\.2d))", assembly)
    found = [x86 or arm for x86, arm in packed]
    for register, width in widths.items():
        if found.count(register) > 50:  # a stray one says nothing
            return f"{width} float64 at once; {found.count(register)} of {len(found)} packed operations in the kernel"
    return "none: the kernel is scalar"
