"""Run by test_sharing.py under mpiexec: a run shared out by MPI is the run of one process."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mpi4py.futures import MPIPoolExecutor

import fastneuron as fn
from tests.stored_runs import arguments, assert_same

if __name__ == "__main__":
    whole = fn.simulate(**arguments())
    with MPIPoolExecutor() as executor:
        assert_same(whole, fn.simulate(**arguments(), executor=executor, shards=4))
        assert_same(whole, fn.simulate(**arguments(), executor=executor, shards=4, out=sys.argv[1]))
    print("the same")
