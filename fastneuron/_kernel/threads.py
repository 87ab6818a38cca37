"""Threads: plain Python threads over kernels that release the GIL.

None of Numba's threading layers is touched, so this survives fork, nesting and Dask (its workqueue layer aborts on
concurrent use, its OpenMP layer after fork), and Ctrl-C and progress come for free.
"""

import _signal  # what `signal` wraps in enumerations, which take 10 us of a call
import os
import signal
import threading

from numba.core.compiler_lock import global_compiler_lock

PER_CORE = 4  # threads: more bring nothing but their memory


def available():
    """The number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bounded(threads):
    """So many threads, or as many as the cores of this machine have a use for."""
    return min(threads, PER_CORE * available())


def spread(work, units, threads, lag=None):
    """``[work(unit) for unit in units]``, on several threads, as `for_each` has them."""
    results = [None] * len(units)

    def one(place):
        index, unit = place
        results[index] = yield from work(unit)

    for_each(one, enumerate(units), min(threads, len(units)), lag)
    return results


def for_each(work, units, threads, lag=None):
    """Call `work` for each of the units, an iterator perhaps, on several threads; on fewer where some cannot start.

    They are begun in order, and with `lag` none before all have ended that are at least so many places ahead of it.
    Where units fail, the error of the first in order is raised, whatever finished first.  On Ctrl-C, each thread ends
    with the kernel call it is in: `work` is an iterator function whose every ``yield`` is such a moment.
    """
    with _Interrupts() as stop:
        if threads <= 1 or bounded(threads) <= 1:
            for unit in units:
                _finish(work(unit), stop)
                if stop.is_set():
                    break
        else:
            _share(work, units, bounded(threads), lag, stop)


def _share(work, units, threads, lag, stop):
    queue = enumerate(units)
    running = set()  # indices
    turn = threading.Condition()
    failures = {}

    def in_vain(index):
        return stop.is_set() or (failures and index > min(failures))

    def worker():
        while True:
            with turn:
                index, unit = next(queue, (None, None))
                if index is None:
                    return
                running.add(index)
                while lag is not None and index - min(running) >= lag and not in_vain(index):
                    turn.wait()
                if in_vain(index):
                    return
            try:
                _finish(work(unit), stop)
            except BaseException as error:
                failures[index] = error
                if not isinstance(error, Exception):  # Ctrl-C reaches the thread that called
                    stop.set()
                return
            finally:
                with turn:
                    running.remove(index)
                    turn.notify_all()

    others = []
    try:
        for number in range(1, threads):  # the caller works too; no pool: two start in 0.11 instead of 0.2 ms
            others.append(threading.Thread(target=worker, name=f"fastneuron-{number}"))
            try:
                others[-1].start()
            except RuntimeError:  # the system allows no more threads
                others.pop()
                break
        worker()
        for thread in others:
            thread.join()
    finally:
        stop.set()
        with turn:
            turn.notify_all()
        for thread in others:
            if thread.ident is not None:
                thread.join()
    if failures:
        raise failures[min(failures)]


class _Flag:
    """What is set once, and nobody waits for: made in a tenth of the time of a `threading.Event`."""

    __slots__ = ("_set",)

    def __init__(self):
        self._set = False

    def set(self):
        self._set = True

    def is_set(self):
        return self._set


class _Interrupts:
    """A flag that Ctrl-C sets; KeyboardInterrupt in the end even where what the compiler calls has swallowed it."""

    __slots__ = ("_heard", "_is_ours", "_stop")

    def __enter__(self):
        self._stop, self._heard = _Flag(), False
        self._is_ours = threading.current_thread() is threading.main_thread()
        self._is_ours = self._is_ours and _signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._is_ours:
            _signal.signal(signal.SIGINT, self._interrupted)
        return self._stop

    def _interrupted(self, number, frame):
        self._heard = True
        self._stop.set()
        raise KeyboardInterrupt

    def __exit__(self, *error):
        if self._is_ours:
            _signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._heard and error[0] is None:
            raise KeyboardInterrupt


def _finish(steps, stop):
    """Run an iterator function to its end, or until told to stop."""
    while not stop.is_set():
        try:
            next(steps)
        except StopIteration:
            return


if hasattr(os, "register_at_fork"):  # a child whose parent was compiling in another thread would wait for it for ever
    os.register_at_fork(
        before=global_compiler_lock.acquire,
        after_in_parent=global_compiler_lock.release,
        after_in_child=global_compiler_lock.release,
    )
