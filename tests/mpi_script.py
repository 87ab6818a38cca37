"""Run by test_mpi.py under mpiexec: a network on all ranks is the network of one process; an error ends all."""

import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mpi4py import MPI

import fastneuron as fn
from fastneuron._engine import network_scheduler
from tests.test_networks import assert_same, balanced, carry_out

COMM = MPI.COMM_WORLD


def same(path):
    network_scheduler.WORTH_A_MEMBER = 1
    whole = carry_out(balanced(), threads=1)
    for threads in (1, 2):
        assert_same(whole, carry_out(balanced(), comm=COMM, threads=threads))
    mine = carry_out(balanced(), comm=COMM, gather=False)
    assert sum(COMM.allgather(mine["cells"].n)) == 400
    assert_same(whole, carry_out(balanced(), comm=COMM, out=path, checkpoint_interval=10.0))
    carry_out(balanced(), comm=COMM, out=path, checkpoint_interval=10.0, duration=33.0, overwrite=True)
    assert_same(whole, fn.resume(path, duration=60.0, comm=COMM))
    if COMM.rank == 0:
        assert_same(whole, fn.open(path))
        print("the same")


def bad_input(path):
    carry_out(balanced(), comm=COMM, dt=0.05 if COMM.rank else -1.0)


def interrupted(path):
    if COMM.rank == 1:
        threading.Timer(3.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    carry_out(balanced(), comm=COMM, duration=1e6, record=None, summary=None, every=1, spike_times=False)


if __name__ == "__main__":
    {"same": same, "bad input": bad_input, "interrupted": interrupted}[sys.argv[1]](sys.argv[2])
