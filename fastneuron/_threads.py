"""Threads: plain Python threads over kernels that release the GIL.

None of Numba's threading layers is touched, so this survives fork, nesting and Dask (its workqueue layer aborts on
concurrent use, its OpenMP layer after fork), and Ctrl-C and progress come for free.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait

PER_CORE = 4  # threads: more bring nothing but their memory


def available():
    """The number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bounded(threads):
    """So many threads, or as many as the cores of this machine have a use for."""
    return min(threads, PER_CORE * available())


def spread(work, units, threads):
    """``[work(unit) for unit in units]``, on several threads.

    Where units fail, the error of the first in order is raised, whatever finished first.  On Ctrl-C, each thread ends
    with the kernel call it is in: `work` is an iterator function whose every ``yield`` is such a moment, and whose
    return value is the result.
    """
    results = [None] * len(units)
    threads = min(bounded(threads), len(units))
    if threads <= 1:
        for index, unit in enumerate(units):
            results[index] = _finish(work(unit))
        return results
    queue = enumerate(units)
    lock = threading.Lock()
    failures = {}
    stop = threading.Event()

    def worker():
        while True:
            with lock:
                index, unit = next(queue, (None, None))
            if index is None or (failures and index > min(failures)):
                return
            try:
                results[index] = _finish(work(unit), stop)
            except BaseException as error:
                failures[index] = error
                if not isinstance(error, Exception):  # Ctrl-C reaches the thread that called
                    stop.set()
                return

    with ThreadPoolExecutor(threads - 1, "fastneuron") as pool:  # the caller works too: two start in 0.15, not 0.27 ms
        running = [pool.submit(worker) for _ in range(threads - 1)]
        try:
            worker()
            wait(running)
        finally:
            stop.set()
    if failures:
        raise failures[min(failures)]
    return results


def _finish(steps, stop=None):
    """Run an iterator function to its end; its return value, or None if told to stop."""
    while stop is None or not stop.is_set():
        try:
            next(steps)
        except StopIteration as end:
            return end.value
    return None
