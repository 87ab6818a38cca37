"""Run by test_killed.py: a stored run is killed and resumed many times over.

Usage: python killed.py METHOD KILLS SEED FOLDER.  Each run is a fork of this process, in which all is compiled and
imported; this process itself never starts a thread, so that it may fork.
"""

import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import xarray  # noqa: F401
import zarr  # noqa: F401

import fastneuron as fn
from tests.stored_runs import arguments, assert_same


def fork(work):
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main(method, kills, seed, folder):
    given = arguments(method, n=600, duration=1000.0)
    whole = fn.simulate(**given, threads=1)
    random.seed(seed)
    store = Path(folder) / "run.zarr"

    def go_on():
        if store.exists():
            fn.resume(store, threads=random.choice((1, 2)))
        else:
            fn.simulate(**given, out=store, checkpoint_interval=7.0, threads=1)

    def look():
        if store.exists():
            run = fn.open(store)
            for state in ("V", "N"):
                assert np.array_equal(run[state][...], whole[state][:, : run.time.size])
            seen = set(zip(run.spikes.neuron, run.spikes.time, strict=True))
            assert seen <= set(zip(whole.spikes.neuron, whole.spikes.time, strict=True))
            certain = whole.spikes.time < run.duration
            if method != "dop853":  # there a spike belongs to the step that has it, which may be in the next chunk
                assert len(seen) >= certain.sum()
            if run.state:
                assert_same(whole, run)

    def waited(pid):
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

    killed = finished = 0
    reached = set()
    while killed < kills:
        pid = fork(go_on)
        time.sleep(random.uniform(0.0, 0.6))
        os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert code in (0, -signal.SIGKILL), code
        killed += code != 0
        waited(fork(look))
        reached |= {path.stat().st_mtime_ns for path in store.glob("progress/0.npz")}
        if code == 0:
            finished += 1
            shutil.rmtree(store)
    waited(fork(go_on))
    waited(fork(look))
    assert not (store / "progress").exists()
    assert not list(store.rglob("*.partial"))
    print(f"{killed} killed at {len(reached)} different checkpoints, {finished + 1} finished")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
