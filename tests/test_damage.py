"""Stores are believed only as far as they prove themselves, and nobody else writes while a run does."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

import fastneuron as fn
from fastneuron._storage import about, arrays
from fastneuron._storage.lock import Lock
from tests.damaged import DAMAGES, assert_unfinished_proves_itself, damaged_copies
from tests.stored_runs import arguments, assert_same
from tests.test_archive import interrupt_after

SMALL = {"n": 20, "duration": 60.0}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("stores") / "run.zarr"
    fn.simulate(**arguments(**SMALL), out=path, checkpoint_interval=20.0)
    return path


@pytest.fixture
def unfinished(tmp_path, monkeypatch):
    interrupt_after(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        fn.simulate(**arguments(**SMALL), out=tmp_path / "run.zarr", checkpoint_interval=20.0)
    monkeypatch.undo()
    return tmp_path / "run.zarr"


def read_everything(path):
    run = fn.open(path)
    for name in run.traces:
        run[name][...]
    assert run.spikes.time.size
    group = arrays.open_group(path)
    for name in ("neuron", "time"):
        group[name][...]


@pytest.mark.parametrize("how", DAMAGES)
def test_every_file_of_a_finished_run_proves_itself(finished, tmp_path, how):
    """Of 540 damaged files, 176 were read as if nothing was wrong: as zeros, or as other numbers."""
    for _, hurt, copy in damaged_copies(finished, tmp_path, how):
        with pytest.raises((ValueError, FileNotFoundError)) as caught:
            read_everything(copy)
        assert str(hurt if hurt.exists() or hurt.parent != copy else copy) in str(caught.value), hurt


@pytest.mark.parametrize("how", DAMAGES)
def test_every_file_of_an_unfinished_run_proves_itself(unfinished, tmp_path, how):
    whole = fn.simulate(**arguments(**SMALL))
    assert_unfinished_proves_itself(unfinished, tmp_path, how, lambda run: assert_same(whole, run))


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        (("recipe", "duration"), 1e300, "2\\*\\*53 steps"),
        (("recipe", "duration"), float("nan"), "duration must be"),
        (("recipe", "n"), 10**9, "shards|neurons"),
        (("shards",), [[0, 10**9]], "shards"),
        (("shards",), [[0, 20], [20, 10]], "shards"),
        (("shards",), 3, "TypeError"),
        (("chunk",), 0, "a chunk of"),
        (("recipe", "method"), "rk5", "method must be one of"),
        (("recipe", "record"), ["U"], "record must be"),
        (("recipe", "interval"), 0.0, "ZeroDivisionError|interval"),
        (("recipe", "model"), None, "TypeError"),
        (("recipe", "model", "parameters"), {}, "have changed since"),
    ],
)
@pytest.mark.parametrize("verb", [fn.open, fn.resume])
def test_a_store_that_lies_is_refused_at_once(unfinished, verb, where, value, words):
    """The checksum is right, as whoever means harm can make it."""
    document = about.read(unfinished)
    inner = document
    for name in where[:-1]:
        inner = inner[name]
    inner[where[-1]] = value
    about.write(unfinished, document)
    begin = time.thread_time()
    with pytest.raises(ValueError, match=words):
        verb(unfinished)
    assert time.thread_time() - begin < 1.0


@pytest.mark.parametrize("name", ["V", "recipe/neurons", "recipe/initial.N"])
def test_an_array_that_claims_149_gb_is_refused_at_once(unfinished, name):
    document = about.read(unfinished)
    file = unfinished / name / "zarr.json"
    metadata = json.loads(file.read_text())
    metadata["shape"] = metadata["chunk_grid"]["configuration"]["chunk_shape"] = [20_000_000_000][
        : len(metadata["shape"])
    ]
    metadata["dimension_names"] = None
    file.write_text(json.dumps(metadata))
    about.write(unfinished, document)
    with pytest.raises(ValueError, match=r"is damaged|is missing"):
        fn.open(unfinished)


def test_what_is_not_written_is_no_result(unfinished):
    with xarray.open_zarr(unfinished) as found:
        assert np.isnan(found.V.values[:, 41:]).all()
        assert not np.isnan(found.V.values[:, :40]).any()


def test_an_unfinished_run_stays_on_the_disk(unfinished):
    """Its samples were read into memory, all of them."""
    run = fn.open(unfinished)
    assert not isinstance(run["V"], np.ndarray)
    assert run["V"].shape == (20, run.time.size)


def test_a_checkpoint_of_another_run_is_refused(unfinished, tmp_path):
    other = tmp_path / "other.zarr"
    shutil.copytree(unfinished, other)
    document = about.read(other)
    about.write(other, document | {"id": "0" * 32})
    with pytest.raises(ValueError, match=r"0.npz' is damaged: it is of another run"):
        fn.resume(other)


def test_spikes_that_were_counted_are_there(unfinished):
    """Where two wrote at once, every spike time was 0.0, and nobody said so."""
    (gone, *_) = unfinished.glob("progress/0-*.npz")
    gone.unlink()
    with pytest.raises(ValueError, match=r"is damaged: \d+ spikes were counted, and \d+ are there"):
        fn.resume(unfinished)


def test_one_writer_at_a_time(unfinished):
    whole = fn.simulate(**arguments(**SMALL))
    lock = Lock(unfinished / "progress" / "lock", "it")
    words = rf"the run in .*run.zarr' is being written by process {os.getpid()} on .*: only one may go on with it"
    for write in (fn.resume, lambda path: fn.simulate(**arguments(**SMALL), out=path, overwrite=True)):
        with pytest.raises(BlockingIOError, match=words):
            write(unfinished)
    assert fn.open(unfinished).duration > 0  # reading is free
    lock.release()
    assert_same(whole, fn.resume(unfinished))


def test_a_worker_that_goes_on_keeps_others_away(unfinished):
    lock = Lock(unfinished / "progress" / "0.lock", "it")
    with pytest.raises(BlockingIOError, match="is being written by process"):
        fn.resume(unfinished)
    lock.release()
    fn.resume(unfinished)


HOLD = """
import sys, time
from pathlib import Path
from fastneuron._storage.lock import Lock
lock = Lock(Path(sys.argv[1]), "it")
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_does_not_outlive_its_process(tmp_path):
    path = tmp_path / "lock"
    environment = os.environ | {"PYTHONPATH": str(Path(fn.__file__).parents[1])}
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError, match=f"process {child.pid} on "):
            Lock(path, "it")
        child.kill()
        child.wait()
    Lock(path, "it").release()


def test_two_threads_do_not_share_a_lock(tmp_path):
    lock = Lock(tmp_path / "lock", "it")
    failures = []

    def other():
        try:
            Lock(tmp_path / "lock", "it")
        except BlockingIOError as error:
            failures.append(error)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    lock.release()
    assert len(failures) == 1


def test_a_store_that_was_replaced_is_not_written_to(tmp_path):
    lock = Lock(tmp_path / "lock", "the run")
    (tmp_path / "lock").unlink()
    with pytest.raises(FileNotFoundError, match="the run has been finished, moved, removed or replaced"):
        lock.check()
    (tmp_path / "lock").write_text("")
    with pytest.raises(FileNotFoundError, match="the run has been finished, moved, removed or replaced"):
        lock.check()
    lock.release()
