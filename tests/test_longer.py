"""A stored run that is to last longer has the bits of one that was as long from the beginning."""

import os
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
import xarray

import fastneuron as fn
from fastneuron import _files
from fastneuron._storage import about, arrays
from fastneuron._storage import store as stores
from tests.stored_runs import arguments, assert_same

SMALL = {"n": 20, "duration": 100.0}


def longer_by(path, durations, **named):
    for duration in durations:
        run = fn.resume(path, duration=duration, **named)
    return run


@pytest.mark.parametrize("interval", [10.0, 17.0, 1000.0])
@pytest.mark.parametrize("method", ["rk4", "heun"])
def test_a_finished_run_goes_on(tmp_path, method, interval):
    path = tmp_path / "run.zarr"
    given = arguments(method, n=20, duration=50.0)
    fn.simulate(**given, out=path, checkpoint_interval=interval)
    run = longer_by(path, (60.0, 60.55, 100.0))
    whole = fn.simulate(**given | {"duration": 100.0})
    assert_same(whole, run)
    assert_same(whole, fn.open(path))
    assert not (path / "progress").exists()
    with xarray.open_zarr(path) as found:
        assert np.array_equal(found.V.values, whole["V"])
        assert np.array_equal(found.time.values, whole.time)
        assert found.spike_time.size == whole.spikes.size


@pytest.mark.parametrize(
    "more",
    [
        {"refractory": 5.0, "rearm": -20.0},
        {"neurons": [3, 17]},
        {"spike_times": False},
        {"after": 30.0},
        {"record": None, "summary": ("population.rate",), "bin_width": 7.0, "sample_interval": None},
    ],
)
def test_whatever_it_keeps(tmp_path, more):
    path = tmp_path / "run.zarr"
    given = arguments(**SMALL | more)
    fn.simulate(**given | {"duration": 50.0}, out=path, checkpoint_interval=8.0)
    assert_same(fn.simulate(**given), fn.resume(path, duration=100.0), given.get("spike_times", True))


def test_shards_go_on(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "run.zarr"
    with ThreadPoolExecutor(2) as executor:
        fn.simulate(**arguments(n=20, duration=50.0), out=path, checkpoint_interval=8.0, executor=executor, shards=3)
        run = fn.resume(path, duration=100.0, executor=executor)
    assert_same(fn.simulate(**arguments(**SMALL)), run)


@pytest.mark.parametrize("chunks", [0, 2, 5, 6])
def test_an_unfinished_run_goes_on(tmp_path, monkeypatch, chunks):
    """Six chunks are all of them: only the end was missing."""
    path = tmp_path / "run.zarr"
    given = arguments(n=20, duration=50.0)
    write, finish = stores.Store.write, stores.Store._finish

    def mortal(self, shard, number, result):
        if number == chunks:
            raise KeyboardInterrupt
        write(self, shard, number, result)

    def dead(self, found):
        raise KeyboardInterrupt

    monkeypatch.setattr(stores.Store, "write", mortal)
    monkeypatch.setattr(stores.Store, "_finish", dead)
    with pytest.raises(KeyboardInterrupt):
        fn.simulate(**given, out=path, checkpoint_interval=10.0)
    monkeypatch.setattr(stores.Store, "write", write)
    monkeypatch.setattr(stores.Store, "_finish", finish)
    assert_same(fn.simulate(**given | {"duration": 100.0}), fn.resume(path, duration=100.0))


@pytest.mark.slow
def test_death_at_any_write(tmp_path, monkeypatch):
    """It is the shorter run or the longer, and both open and go on."""

    class Dead(BaseException):
        pass

    given = arguments(n=20, duration=20.0, current=120.0)
    short = tmp_path / "short.zarr"
    fn.simulate(**given, out=short, checkpoint_interval=6.0)
    wholes = {duration: fn.simulate(**given | {"duration": duration}) for duration in (20.0, 40.0)}
    whole_file, rmtree, left = _files.whole_file, shutil.rmtree, 0

    def count():
        nonlocal left
        left -= 1
        if left < 0:
            raise Dead

    @contextmanager
    def mortal_file(path):
        count()
        with whole_file(path) as file:
            yield file
        count()

    def mortal_rmtree(path, *given, **named):
        count()
        rmtree(path, *given, **named)

    reached = set()
    for k in range(1000):
        path, left = tmp_path / "run.zarr", k
        shutil.copytree(short, path)
        with monkeypatch.context() as patch:
            for module in (arrays, about, _files):
                patch.setattr(module, "whole_file", mortal_file)
            patch.setattr(stores.shutil, "rmtree", mortal_rmtree)
            try:
                fn.resume(path, duration=40.0, threads=1)
            except Dead:
                alive = False
            else:
                alive = True
        found = fn.open(path)
        if found.state:
            assert_same(wholes[found.duration], found)
        document = about.read(path)
        reached.add((document["recipe"]["duration"], document["finished"]))
        for name in found.traces:
            assert np.array_equal(found[name][...], wholes[40.0][name][:, : found.time.size])
        with xarray.open_zarr(path) as opened:
            assert ("spike_count" in opened) == bool(found.state)
            assert opened.V.shape == (20, int(document["recipe"]["duration"]) + 1)
            assert np.array_equal(opened.time, wholes[document["recipe"]["duration"]].time)
        if k % 3 == 0:
            duration = document["recipe"]["duration"]
            assert_same(wholes[duration], fn.resume(path))
        assert_same(wholes[40.0], fn.resume(path, duration=40.0))
        assert not (path / "progress").exists()
        rmtree(path)
        if alive:
            break
    assert reached == {(20.0, True), (40.0, False), (40.0, True)}
    assert k > 20


def test_what_was_open_before_does_not_read_the_longer_run(tmp_path):
    path = tmp_path / "run.zarr"
    short = fn.simulate(**arguments(n=20, duration=50.0), out=path)
    fn.resume(path, duration=100.0)
    with pytest.raises(ValueError, match="replaced"):
        short.spikes.time  # noqa: B018


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (49.0, "duration must be at least 50 ms, that of the run; got 49.0"),
        (60.01, "duration must be a multiple of dt"),
        (np.inf, "duration must be a number of ms; got inf"),
        (1e9, "and at most 100000 are allowed"),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_what_cannot_be_is_refused(tmp_path, monkeypatch, duration, words, finished):
    path = tmp_path / "run.zarr"
    with monkeypatch.context() as patch:
        if not finished:
            patch.setattr(stores.Store, "run", lambda self: None)
        fn.simulate(**arguments(n=20, duration=50.0), out=path, checkpoint_interval=10.0)
    files = {file: file.stat().st_mtime_ns for file in path.rglob("*")}
    with pytest.raises(ValueError, match=words):
        fn.resume(path, duration=duration)
    assert {file: file.stat().st_mtime_ns for file in path.rglob("*")} == files


def test_adaptive_methods_networks_and_unknown_intervals_are_refused(tmp_path):
    cell = fn.Population(fn.MorrisLecar.hopf(), n=2)
    fn.simulate(cell, 5.0, out=tmp_path / "network.zarr")
    with pytest.raises(ValueError, match="duration is for a run of one model"):
        fn.resume(tmp_path / "network.zarr", duration=10.0)
    fn.simulate(fn.MorrisLecar.hopf(), 5.0, method="dop853", out=tmp_path / "adaptive.zarr")
    with pytest.raises(ValueError, match="whose steps the end"):
        fn.resume(tmp_path / "adaptive.zarr", duration=10.0)
    fn.simulate(fn.MorrisLecar.hopf(), 5.0, record="V", every=1000, out=tmp_path / "run.zarr")
    with pytest.raises(ValueError, match="without a second sample"):
        fn.resume(tmp_path / "run.zarr", duration=10.0)


def test_one_writer_and_a_damaged_checkpoint(tmp_path):
    path = tmp_path / "run.zarr"
    fn.simulate(**arguments(n=20, duration=50.0), out=path, checkpoint_interval=10.0)
    os.makedirs(path / "progress")
    lock = stores.Lock(path / "progress" / "lock", "the run")
    with pytest.raises(BlockingIOError, match="is being written by"):
        fn.resume(path, duration=100.0)
    lock.release()
    file = path / "recipe" / "checkpoint.0" / "c" / "0"
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    for verb in (lambda: fn.open(path), lambda: fn.resume(path, duration=100.0)):
        with pytest.raises(ValueError, match=r"checkpoint\.0"):
            verb()
    assert not (path / "progress").exists()
