"""A good guest: fork, threads, processes, signals, and everybody else's settings."""

import os
import signal
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
from catalogue import METHODS, MODELS, rest_slow

import fastneuron as fn

CASE = next(iter(MODELS.values()))
SETUP = """
import os, signal, sys, time
import numpy as np
import fastneuron as fn
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored
def run(seed=0, threads=2):
    model = fn.MorrisLecar.hopf(V3=np.linspace(0, 4, 2000) + seed)
    return fn.simulate(model, 50.0, current=100.0, threads=threads)
def same(one, other):
    return one.state["V"].tobytes() == other.state["V"].tobytes()
"""
unix = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def population(seed, threads=2):
    return fn.simulate(duration=40.0, dt=0.1, threads=threads, **CASE.population(1100, seed))


def same(one, other):
    assert one.state["V"].tobytes() == other.state["V"].tobytes()
    assert one.spikes.time.tobytes() == other.spikes.time.tobytes()


def test_several_threads_at_once():
    """Each with threads of its own."""
    alone = [population(seed, threads=1) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(alone, pool.map(population, range(8)), strict=True):
            same(one, other)


def test_inside_a_thread_of_an_executor_in_an_executor():
    with ThreadPoolExecutor(1) as outer, ThreadPoolExecutor(1) as inner:
        same(outer.submit(lambda: inner.submit(population, 3).result()).result(), population(3))


@pytest.mark.slow
def test_the_first_compilation_from_several_threads(python, tmp_path):
    program = f"""{SETUP}
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    runs = list(pool.map(run, [0, 0, 0, 0]))
print(all(same(one, runs[0]) for one in runs))
"""
    assert python(program, NUMBA_CACHE_DIR=str(tmp_path)) == "True\n"


@unix
def test_after_a_fork(python):
    """Of a process whose threads have run, while others of them run still."""
    program = f"""{SETUP}
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python's own doubts about forks, from 3.12 on
before = run()
busy = threading.Thread(target=lambda: [run(threads=1) for _ in range(20)])
busy.start()
child = os.fork()
if child == 0:
    os._exit(0 if same(run(), before) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), same(run(), before))
busy.join()
"""
    assert python(program) == "0 True\n"


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes(start, python, tmp_path):
    if start == "fork" and not hasattr(os, "fork"):
        pytest.skip("there is no fork here")
    (tmp_path / "work.py").write_text(SETUP)
    program = f"""
import multiprocessing, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import work
if __name__ == "__main__":
    alone = [work.run(seed) for seed in range(3)]
    with multiprocessing.get_context("{start}").Pool(2) as pool:
        print(all(map(work.same, alone, pool.map(work.run, range(3)))))
"""
    (tmp_path / "main.py").write_text(program)
    assert python(f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); runpy.run_module('work')") == ""
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(fn.__file__))},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout == "True\n", done.stderr


def surroundings():
    """Everybody else's settings."""
    return {
        "errors": np.geterr(),
        "printing": np.get_printoptions(),
        "random numbers": np.random.get_state()[1].tobytes(),  # noqa: NPY002, the global state is what is asked for
        "numba's threads": numba.get_num_threads(),
        "threads": threading.active_count(),
        "switch interval": sys.getswitchinterval(),
        "environment": dict(os.environ),
        "warnings": list(warnings.filters),
        "folder": os.getcwd(),
    }


@pytest.mark.parametrize("method", rest_slow(METHODS, 2), ids=lambda method: method.name)
def test_settings_are_left_alone(method):
    population(0)  # what is compiled, is compiled
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    before = surroundings()
    fn.simulate(duration=40.0, dt=0.1, method=method.name, **method.options, **CASE.population(1100))
    assert surroundings() == before
    assert handlers == [signal.getsignal(number) for number in signal.valid_signals()]
    assert np.float64(5e-324) * 1.0 > 0  # subnormals are not flushed


@pytest.mark.parametrize("model", [CASE.make(), fn.MorrisLecar.hopf(V4=1e-320), fn.MorrisLecar.hopf(V2=1e-3)], ids=str)
def test_numpys_strictest_error_state(model):
    """What overflows or underflows inside is nobody else's business."""
    with np.errstate(all="raise"):
        try:
            strict = fn.simulate(model, 20.0, current=CASE.current)
        except FloatingPointError as error:
            assert "blew up" in str(error)  # noqa: PT017, an answer will do as well
            return
    same(strict, fn.simulate(model, 20.0, current=CASE.current))


def test_numbas_threads_are_never_started(python):
    """So that its layers cannot abort the process after a fork or when used from several threads."""
    program = f"""{SETUP}
import numba
run()
try:
    print(numba.threading_layer())
except ValueError as error:
    print(error)
"""
    assert "not initialized" in python(program)


@pytest.mark.skipif(sys.platform == "win32", reason="signals to another process are Unix's")
@pytest.mark.parametrize(
    ("n", "options"),
    rest_slow(
        [
            (1, {}),
            (50_000, {}),
            (2000, {"threads": 1}),
            (2000, {"threads": 2}),
            (2000, {"record": "V", "every": 1_000_000}),
        ],
        2,
    ),
    ids=str,
)
def test_interrupt(n, options, tmp_path):
    """Ctrl-C ends a run of hours at once, and the process can be used afterwards."""
    program = f"""{SETUP}
before = run()
model = fn.MorrisLecar.hopf(V3=np.linspace(0, 4, {n}))
print("ready", flush=True)
try:
    fn.simulate(model, 1e8, current=100.0, spike_times=False, **{options})
except KeyboardInterrupt:
    print("stopped", flush=True)
print(same(run(), before))
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(fn.__file__))},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)  # it is at it
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=10)  # a second on a machine with nothing else to do
    finally:
        child.kill()
    assert out == "stopped\nTrue\n"
