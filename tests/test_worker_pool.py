"""Workers: threads that stay for a moment.  They may come late, or never: only the time it takes depends on it."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import scipy.sparse

import fastneuron as fn
from fastneuron._kernel import worker_pool
from fastneuron._kernel.atomics import add, get, pause
from fastneuron._kernel.jit import inline, kernel
from fastneuron._kernel.worker_pool import FREE, NO_WORKERS, PRESENT, STATE, WORDS, parallel_for, with_workers
from fastneuron.perceptron import net_input as perceptron

CAME, MET, DONE = range(3)
LONG = 100_000_000  # pauses, 2 s or more


@inline
def _meet(begin, end, words, many, patience):
    """Come, and wait until so many have come; then how many did is counted, and how much they had to do."""
    add(words, 0, DONE, end - begin)
    add(words, 0, CAME, 1)
    for _ in range(patience):
        if get(words, 0, CAME) >= many:
            add(words, 0, MET, 1)
            break
        pause()


@kernel
def meet(slots, n, words, many, patience):
    parallel_for(slots, _meet, n, 1, (words, many, patience))


meet._cache.disable()  # the sources of tests are not among what names its files


def met(threads, many, patience=LONG):
    """How many threads of so many were in the same call at the same time, each with a part of its own."""
    words = np.zeros((1, 8), np.int64)
    meet(NO_WORKERS, 0, words, 0, 0)  # compiled now: workers would not wait for that
    with_workers(threads, lambda slots: meet(slots, many, words, many, patience))
    assert words[0, DONE] == many
    return words[0, MET]


def all_meet(threads, many):
    """Whether so many meet; who is just leaving as he is counted on is missed, once in a while."""
    return any(met(threads, many) == many for _ in range(5))


@pytest.fixture(autouse=True)
def several_cores(monkeypatch):
    """Workers also where this process may use one core only; and none left from the test before."""
    monkeypatch.setattr(worker_pool, "_slots", np.zeros((2, WORDS), np.int64))
    monkeypatch.setattr(perceptron, "WORTH_A_THREAD", 1)


def layer_and_rows(n=500, S=3):
    rng = np.random.default_rng(1)
    layer = fn.Perceptron(20, S)
    layer.weights, layer.bias = rng.normal(size=(S, 20)), rng.normal(size=S)
    return layer, rng.normal(size=(n, 20))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_workers_work_at_the_same_time(threads):
    assert all_meet(threads, threads)
    assert all_meet(threads, threads)  # by those who stayed, or by others


def test_no_more_than_there_are_cores():
    assert all_meet(100, 3)
    assert (worker_pool._slots[:, PRESENT] <= 1).all()


@pytest.mark.slow
def test_workers_leave(monkeypatch):
    assert all_meet(3, 3)
    deadline = time.monotonic() + 30
    while worker_pool._slots[:, PRESENT].any() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not worker_pool._slots[:, [STATE, PRESENT]].any()
    assert all_meet(3, 3)


def test_nobody_waits_for_a_worker_that_does_not_come(monkeypatch):
    monkeypatch.setattr(worker_pool._thread, "start_new_thread", lambda function, args: None)
    layer, X = layer_and_rows()
    expected = layer.net_input(X, threads=1)
    assert np.array_equal(layer.net_input(X, threads=3), expected)
    assert (worker_pool._slots[:2, PRESENT] == 1).all()  # so they are thought to be there
    assert np.array_equal(layer.net_input(X, threads=3), expected)
    assert met(3, 3, patience=1000) == 1  # the last part, who works alone finds that three have come
    assert (worker_pool._slots[:, STATE] == FREE).all()


def test_a_thread_that_cannot_start_is_done_without(monkeypatch):
    def full(function, args):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(worker_pool._thread, "start_new_thread", full)
    layer, X = layer_and_rows()
    assert np.array_equal(layer.net_input(X, threads=3), layer.net_input(X, threads=1))
    assert not worker_pool._slots.any(axis=0)[PRESENT]


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_an_error_at_the_start_of_a_thread_leaves_nothing_behind(error, monkeypatch):
    def fails(function, args):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(worker_pool._thread, "start_new_thread", fails)
        with pytest.raises(error):
            met(3, 3)
    assert all_meet(3, 3)


def test_workers_are_called_again_for_every_chunk(monkeypatch):
    """In 40 ms, they have waited too long for the end of what others do, and have left."""
    there, net_input = [], perceptron.dense.net_input

    def slow(*args):
        there.append(args[4][:, PRESENT].all())
        time.sleep(0.01)
        return net_input(*args)

    monkeypatch.setattr(perceptron, "CALL", 20_000)
    monkeypatch.setattr(perceptron.dense, "net_input", slow)
    layer, X = layer_and_rows()
    layer.net_input(X, threads=3)
    assert there == [True] * 4


@pytest.mark.parametrize("work", [0, 999, 1000, 1999, 2000, 10**9])
def test_little_work_has_few_workers(work, monkeypatch):
    monkeypatch.setattr(perceptron, "WORTH_A_THREAD", 1000)
    assert perceptron._worth(3, work) == min(3, 1 + work // 1000)


def test_workers_are_free_again_after_an_error():
    def fails(slots):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_workers(3, fails)
    assert all_meet(3, 3)


def test_while_one_thread_has_the_workers_another_works_alone():
    def inside(slots):
        assert len(slots) == 2
        return with_workers(3, lambda slots: slots is NO_WORKERS)

    assert with_workers(3, inside)


@pytest.mark.parametrize("patience", [1, 30, 1000, 10_000])
def test_bits_on_any_number_of_threads_from_several_at_once(patience, monkeypatch):
    monkeypatch.setattr(worker_pool, "SPIN_LIMIT", patience)  # they leave at every moment there is
    layer, X = layer_and_rows(2001)
    expected = layer.net_input(X, threads=1)
    wrong = []

    def call(threads):
        for _ in range(200):
            if not np.array_equal(layer.net_input(X, threads=threads), expected):
                wrong.append(threads)

    callers = [threading.Thread(target=call, args=(threads,)) for threads in (1, 2, 3, 3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


@pytest.mark.parametrize("n", [24, 25, 127, 128, 129, 1000])
@pytest.mark.parametrize("stretch", [1, 100_000, 2**30])
def test_every_row_has_its_turn(n, stretch, monkeypatch):
    monkeypatch.setattr(perceptron, "CALL", stretch)
    layer, X = layer_and_rows(n)
    one_by_one = np.stack([layer.net_input(x) for x in X])
    for threads in (1, 2, 3):
        assert np.array_equal(layer.net_input(X, threads=threads), one_by_one)


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 1000])
@pytest.mark.parametrize("S", [1, 3, 20])
def test_every_sparse_row_has_its_turn(n, S):
    layer, X = layer_and_rows(max(n, 1), S)
    X = scipy.sparse.csr_array(np.where(X > 1, X, 0))[:n]
    one_by_one = [layer.net_input(X[[row]])[0] for row in range(n)]
    for threads in (1, 2, 3):
        assert np.array_equal(layer.net_input(X, threads=threads), np.reshape(one_by_one, (n, S)))


@pytest.mark.parametrize("row", [0, 250, 499])
@pytest.mark.parametrize("stretch", [10_000, 2**30])
def test_what_is_not_finite_is_found_by_whoever_has_the_row(row, stretch, monkeypatch):
    monkeypatch.setattr(perceptron, "CALL", stretch)
    layer, X = layer_and_rows()
    X[row, 7] = np.inf
    for threads in (1, 3):
        with pytest.raises(ValueError, match=f"X must be finite; got inf in row {row}, column 7"):
            layer.net_input(X, threads=threads)


PROGRAM = """
import os, sys
import numpy as np
import fastneuron as fn
from fastneuron._kernel import worker_pool as pool
from fastneuron.perceptron import net_input as perceptron

perceptron.WORTH_A_THREAD = 1
pool._slots = np.zeros((1, pool.WORDS), np.int64)
layer, X = fn.Perceptron(20, 3), np.ones((500, 20))
layer.bias = [1, 2, 3]
for _ in range(50):
    layer.net_input(X, threads=2)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_has_workers_of_its_own():
    forked = """
child = os.fork()
if not child:
    came = []
    start = pool._start
    pool._start = lambda slot: (came.append(slot), start(slot))
    right = (layer.net_input(X, threads=2) == [1, 2, 3]).all()
    os._exit(0 if right and came == [0] else 7)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM + forked], check=True, timeout=120)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_while_workers_are_there():
    forked = """
child = pool.with_workers(2, lambda slots: os.fork())
right = (layer.net_input(X, threads=2) == [1, 2, 3]).all()
if not child:
    os._exit(0 if right else 7)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or not right)
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM + forked], check=True, timeout=120)


@pytest.mark.slow
def test_a_process_ends_with_workers_still_there():
    for _ in range(5):
        ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
        assert (ended.returncode, ended.stderr) == (0, "")
