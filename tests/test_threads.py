"""Units of work on several threads: their order, their errors, Ctrl-C and forks."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pytest

from fastneuron._kernel import threads as threads_module
from fastneuron._kernel.threads import spread


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("lag", [None, 1, 3])
def test_none_begins_before_those_that_far_ahead_have_ended(threads, lag):
    begun, ended = [], set()
    pauses = np.random.default_rng(0).uniform(0, 2e-3, 60)

    def work(unit):
        begun.append(unit)
        if lag is not None:
            assert set(range(unit - lag + 1)) <= ended
        time.sleep(pauses[unit])
        yield
        ended.add(unit)
        return 2 * unit

    assert spread(work, range(60), threads, lag) == list(range(0, 120, 2))
    assert sorted(begun) == list(range(60))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("lag", [None, 2])
def test_the_first_error_in_order_is_raised_and_nothing_waits_for_it(threads, lag):
    def work(unit):
        yield
        if unit == 4:
            time.sleep(0.05)
        if unit >= 4:
            raise ValueError(unit)

    with pytest.raises(ValueError, match=r"^4$"):
        spread(work, range(1000), threads, lag)
    assert all("fastneuron" not in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize("lag", [None, 1])
def test_an_interrupt_ends_the_others_at_their_next_stop(lag):
    steps = []

    def work(unit):
        for step in range(1000):
            steps.append(unit)
            time.sleep(1e-3)
            if unit == 1 and step == 5:
                raise KeyboardInterrupt
            yield
            if lag and not unit:
                return

    with pytest.raises(KeyboardInterrupt):
        spread(work, range(100), 3, lag)
    assert len(steps) < 100


@pytest.mark.parametrize("threads", [1, 3])
def test_an_interrupt_that_is_swallowed_ends_all_the_same(threads, monkeypatch):
    """What the compiler calls back ignores exceptions: one Ctrl-C in eight was lost, and the run went on."""
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.default_int_handler)
    begun = []

    def work(unit):
        begun.append(unit)
        if unit == 2:
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.2)
        yield
        time.sleep(1e-3)

    with pytest.raises(KeyboardInterrupt):
        spread(work, range(1000), threads)
    assert len(begun) < 900


def test_fewer_threads_where_some_cannot_start(monkeypatch):
    """A RuntimeError ended the run."""
    started = []

    def start(thread):
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        real(thread)

    real = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr(threads_module, "bounded", lambda threads: threads)

    def work(unit):
        yield
        return unit

    assert spread(work, range(50), 8) == list(range(50))
    assert len(started) == 1


FORKS = """
import os, threading, time
import numba, numpy as np
import fastneuron as fn
fn.simulate  # imported as it is asked for, and with it what makes forks safe

def compiles(i):
    f = numba.njit(eval(f"lambda x: {'+'.join(f'np.sin(x * {i}{k})' for k in range(60))}", {"np": np}))
    f(1.0)

def forever():
    for i in range(1, 10**6):
        compiles(i)

threading.Thread(target=forever, daemon=True).start()
time.sleep(0.5)
for _ in range(3):
    time.sleep(0.05)
    pid = os.fork()
    if not pid:
        numba.njit(lambda x: x + 1.0)(1.0)
        os._exit(0)
    begin = time.monotonic()
    while not os.waitpid(pid, os.WNOHANG)[0]:
        assert time.monotonic() - begin < 60, "the child hangs"
        time.sleep(0.05)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_while_another_thread_compiles(python):
    """The child waited for ever for a lock that nobody had (3 of 3)."""
    python("import warnings; warnings.simplefilter('ignore')" + FORKS)
