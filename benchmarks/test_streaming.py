"""What it costs to write a run to disk, to show its progress, and to share it out to processes."""

import contextlib
import io
import itertools
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import fastneuron as fn

N = 10_000


@pytest.fixture
def arguments(quick):
    return {
        "model": fn.MorrisLecar.hopf(),
        "duration": 20.0 if quick else 3000.0,
        "current": np.linspace(80, 130, N),
    }


def test_recording_to_disk_against_not_recording(versus, arguments, tmp_path):
    """V of 10,000 neurons every millisecond, written by the time the call returns."""
    pytest.importorskip("zarr")
    number = itertools.count()

    def stored():
        fn.simulate(**arguments, record="V", every=20, out=tmp_path / f"{next(number) % 2}.zarr", overwrite=True)

    versus(stored, lambda: fn.simulate(**arguments), at_least=0.9, rounds=5, threads=2)


def test_progress_against_none(versus, arguments):
    pytest.importorskip("tqdm")

    def shown():
        with contextlib.redirect_stderr(io.StringIO()):
            fn.simulate(**arguments, progress=True)

    versus(shown, lambda: fn.simulate(**arguments), at_least=0.99, rounds=5, threads=2)


def test_summary_against_none(versus, arguments):
    """Four statistics of V at every step."""
    with_summary = lambda: fn.simulate(**arguments, summary=("V.mean", "V.max"), threads=1)  # noqa: E731
    versus(with_summary, lambda: fn.simulate(**arguments, threads=1), rounds=5)


def test_two_processes_against_two_threads(versus, arguments):
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        shared = lambda: fn.simulate(**arguments, executor=executor, shards=2)  # noqa: E731
        versus(shared, lambda: fn.simulate(**arguments, threads=2), at_least=0.9, rounds=5, threads=0)
