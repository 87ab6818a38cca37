"""A run shared out to other processes is the run of one, whatever the executor and the number of shards."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import fastneuron as fn
from tests.stored_runs import arguments, assert_same


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize("method", ["rk4", "heun", "dop853"])
@pytest.mark.parametrize("stored", [False, True])
def test_processes(processes, tmp_path, method, stored):
    out = {"out": tmp_path / "run.zarr"} if stored else {}
    shared = fn.simulate(**arguments(method), executor=processes, shards=5, **out)
    assert_same(fn.simulate(**arguments(method)), shared)


class Here(Executor):
    """Does everything at once, in this process."""

    def submit(self, function, /, *given, **named):
        future = Future()
        future.set_result(function(*given, **named))
        return future


@pytest.mark.parametrize("shards", [1, 2, 7, 100])
@pytest.mark.parametrize("neurons", [None, [49, 3, 5, 48, 47, 46, 45], [0], slice(10, 40)])
def test_bits_do_not_depend_on_the_number_of_shards(tmp_path, shards, neurons):
    given = arguments(n=50, neurons=neurons)
    assert_same(fn.simulate(**given), fn.simulate(**given, executor=Here(), shards=shards))
    stored = fn.simulate(**given, executor=Here(), shards=shards, out=tmp_path / "run.zarr", checkpoint_interval=60.0)
    in_order = given | {"neurons": sorted(neurons) if isinstance(neurons, list) else neurons}
    assert_same(fn.simulate(**in_order), stored)


def test_samples_of_several_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(fn._storage.arrays, "CHUNK", 7 * 40 * 8)
    given = arguments(n=100)
    stored = fn.simulate(**given, executor=Here(), shards=3, out=tmp_path / "run.zarr", checkpoint_interval=40.0)
    assert stored["V"].chunks == (7, 40)
    assert all(low % 7 == 0 for low, _ in fn._storage.store.Store(tmp_path / "run.zarr").bounds)
    assert_same(fn.simulate(**given), stored)


@pytest.mark.slow
def test_a_model_of_ones_own_and_currents_by_neuron(processes):
    given = {
        "model": fn.FitzHughNagumo(a=np.linspace(0.6, 0.8, 40)),
        "duration": 50.0,
        "current": fn.Samples(np.random.default_rng(0).normal(0.5, 0.2, (40, 50)), 1.0)
        + fn.Sine(np.linspace(0, 1, 40), 9.0),
        "record": "V",
    }
    assert_same(fn.simulate(**given), fn.simulate(**given, executor=processes, shards=3))


def test_a_worker_that_dies_is_named_and_the_run_goes_on(tmp_path, monkeypatch):
    whole = fn.simulate(**arguments())
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        executor.submit(int).result()
        (worker,) = executor._processes
        monkeypatch.setattr(fn._engine.executors, "wait", killing(worker, fn._engine.executors.wait))
        with pytest.raises(BrokenProcessPool) as caught:
            fn.simulate(**arguments(), executor=executor, shards=4, out=tmp_path / "run.zarr")
    assert "resume() goes on" in caught.value.__notes__[0]
    monkeypatch.undo()
    assert fn.open(tmp_path / "run.zarr").duration < 200.0
    assert_same(whole, fn.resume(tmp_path / "run.zarr"))


def killing(worker, wait):
    """`wait`, after which the worker is dead."""

    def kill_and_wait(*given, **named):
        os.kill(worker, signal.SIGKILL)
        return wait(*given, **named)

    return kill_and_wait


@pytest.mark.slow
def test_dask_and_one_of_its_workers_killed(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Dask and its server say of themselves
        from dask.distributed import Client, LocalCluster

        given = arguments(n=2000, duration=2000.0, sample_interval=5.0)
        whole = fn.simulate(**given)
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
        with cluster, Client(cluster) as client:
            shared = fn.simulate(**arguments(), executor=client.get_executor(), shards=4)
            assert_same(fn.simulate(**arguments()), shared)
            workers = [info["pid"] for info in client.run(lambda: {"pid": os.getpid()}).values()]
            executor = client.get_executor(retries=3, pure=False)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(fn._engine.executors, "wait", killing_once(workers[0], fn._engine.executors.wait))
                stored = fn.simulate(**given, executor=executor, shards=6, out=tmp_path / "run.zarr")
            assert_same(whole, stored)
            assert workers[0] not in [info["pid"] for info in client.run(lambda: {"pid": os.getpid()}).values()]


def killing_once(worker, wait):
    """`wait`, the first time of which the worker is killed a little later."""
    left = [worker]

    def kill_and_wait(*given, **named):
        found = wait(*given, **named)
        if left:
            os.kill(left.pop(), signal.SIGKILL)
        return found

    return kill_and_wait


@pytest.mark.slow
def test_mpi(tmp_path):
    pytest.importorskip("mpi4py")
    mpiexec = Path(sysconfig.get_path("scripts")) / "mpiexec"
    mpiexec = mpiexec if mpiexec.exists() else shutil.which("mpiexec")
    script = Path(__file__).parent / "shared_by_mpi.py"
    command = [mpiexec, "-n", "3", sys.executable, "-m", "mpi4py.futures", script, tmp_path / "run.zarr"]
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "the same"


@pytest.mark.parametrize("executor", [3, "processes", ProcessPoolExecutor])
def test_what_is_no_executor(executor):
    with pytest.raises((TypeError, ValueError), match="executor"):
        fn.simulate(**arguments(), executor=executor)


def test_an_executor_that_is_shut_down(tmp_path):
    with ThreadPoolExecutor(1) as executor:
        pass
    with pytest.raises(ValueError, match="executor takes no work: cannot schedule new futures after shutdown"):
        fn.simulate(**arguments(), executor=executor, out=tmp_path / "run.zarr")
    assert list(tmp_path.iterdir()) == []


def test_an_executor_from_inside_its_own_worker():
    """Its only worker waited for itself for ever."""
    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(lambda: fn.simulate(**arguments(n=5), executor=executor))
        with pytest.raises(ValueError, match="executor must be another than the one this call runs on"):
            future.result(timeout=60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_an_executor_of_another_process(python):
    said = python(
        "import os, warnings; warnings.simplefilter('ignore')\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "import fastneuron as fn\n"
        "executor = ProcessPoolExecutor(1)\n"
        "executor.submit(int).result()\n"
        "pid = os.fork()\n"
        "if pid:\n"
        "    os.waitpid(pid, 0)\n"
        "else:\n"
        "    try:\n"
        "        fn.simulate(fn.MorrisLecar.hopf(), 1.0, executor=executor)\n"
        "    except ValueError as error:\n"
        "        print(error, flush=True)\n"
        "    os._exit(0)\n"
    )
    assert said == "executor takes no work: it belongs to the process that this one is a fork of\n"


def test_a_writer_that_cannot_start(tmp_path, monkeypatch):
    """A run on disk needs no thread of its own."""
    given = arguments(n=50)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        stored = fn.simulate(**given, out=tmp_path / "run.zarr", checkpoint_interval=40.0, threads=2)
    assert_same(fn.simulate(**given), stored)


START = threading.Thread.start


def no_thread(thread):
    if "fastneuron" in thread.name:
        raise RuntimeError("can't start new thread")
    START(thread)


@pytest.mark.parametrize(("asked", "words"), [({"shards": 4}, "shards is for"), ({"shards": 0}, "shards")])
def test_bad_input(asked, words):
    executor = {} if asked["shards"] else {"executor": Here()}
    with pytest.raises(ValueError, match=words):
        fn.simulate(**arguments(), **asked, **executor)


def test_an_error_in_a_shard_is_the_error_of_the_run():
    with pytest.raises(FloatingPointError, match="neuron 37 blew up"):
        fn.simulate(fn.MorrisLecar.hopf(g_L=np.where(np.arange(50) == 37, -1e4, 2.0)), 50.0, executor=Here(), shards=4)
