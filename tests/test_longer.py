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
from fastneuron._storage import extend as extension
from fastneuron._storage import store as stores
from tests.stored_runs import arguments, assert_same
from tests.test_network_stores import assert_same as assert_same_networks
from tests.test_network_stores import interrupt_after
from tests.test_networks import balanced, carry_out
from tests.test_networks_adaptive import WHOLE, mixed
from tests.test_networks_adaptive import whole as whole_of_mixed

SMALL = {"n": 20, "duration": 100.0}


def longer_by(path, durations, **named):
    for duration in durations:
        run = fn.resume(path, duration=duration, **named)
    return run


@pytest.mark.parametrize("interval", [10.0, 17.0, 1000.0])
@pytest.mark.parametrize("method", ["rk4", "heun", "dop853"])
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


def test_steps_that_the_end_has_cut_are_taken_again(tmp_path):
    """Steps of some ms, a checkpoint each 0.25 ms: the end is of effect in many chunks."""
    given = arguments("dop853", n=40, duration=33.0, rtol=1e-2, atol=1e-2) | {"sample_interval": 0.25}
    whole = fn.simulate(**given)
    for end in (17.1, 29.9):
        path = tmp_path / f"{end}.zarr"
        fn.simulate(**given | {"duration": end}, out=path, checkpoint_interval=0.25)
        kept = path / "recipe" / "checkpoint.0"
        before = stores.Store(path)
        found = extension._kept(before, 0)
        assert kept.exists() == (found is not None)
        assert found is None or int(found["chunks"]) < before.chunks - 1
        assert_same(whole, longer_by(path, (end + 0.01, 33.0)))


def test_an_unfinished_run_goes_back_before_the_first_cut_step(tmp_path, monkeypatch):
    path = tmp_path / "run.zarr"
    given = arguments("dop853", n=40, duration=20.0, rtol=1e-2, atol=1e-2)
    with monkeypatch.context() as patch:
        patch.setattr(stores.Store, "run", lambda self: None)
        fn.simulate(**given, out=path, checkpoint_interval=1.0)
    assert_same(fn.simulate(**given | {"duration": 40.0}), fn.resume(path, duration=40.0))


@pytest.mark.slow
@pytest.mark.parametrize("interval", [7.0, 20.0, 1000.0])
def test_a_network_goes_on(tmp_path, interval):
    path = tmp_path / "net.zarr"
    more = {"summary": ("V.mean", "population.rate", "isi.mean"), "bin_width": 7.0}
    carry_out(balanced(), duration=33.0, out=path, checkpoint_interval=interval, **more)
    run = longer_by(path, (40.0, 40.05, 60.0))
    whole = carry_out(balanced(), **more)
    assert_same_networks(whole, run)
    assert_same_networks(whole, fn.open(path))
    with xarray.open_zarr(path, group="cells") as found:
        assert np.array_equal(found.V.values, whole["cells"]["V"])
        assert np.array_equal(found.time.values, whole["cells"].time)


@pytest.mark.slow
@pytest.mark.parametrize("interval", [0.15, 7.0])
def test_a_network_whose_neurons_have_steps_of_their_own_goes_on(tmp_path, interval):
    path = tmp_path / "net.zarr"
    fn.simulate(mixed(), **WHOLE | {"duration": 20.0}, out=path, checkpoint_interval=interval)
    assert_same_networks(whole_of_mixed(), longer_by(path, (20.1, 33.05, 40.0)))


@pytest.mark.parametrize("chunks", [1, 3])
def test_an_unfinished_network_goes_on(tmp_path, monkeypatch, chunks):
    path = tmp_path / "net.zarr"
    with monkeypatch.context() as patch:
        interrupt_after(patch, chunks)
        with pytest.raises(KeyboardInterrupt):
            carry_out(balanced(), duration=33.0, out=path, checkpoint_interval=9.0)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            fn.resume(path, duration=60.0)
    assert_same_networks(carry_out(balanced()), fn.resume(path, threads=1))


def test_of_a_network_that_is_finished_nobody_reads_what_is_going_on(tmp_path):
    path = tmp_path / "net.zarr"
    short = carry_out(balanced(), duration=10.0, out=path)
    with pytest.raises(ValueError, match="duration must be a multiple of dt"):
        fn.resume(path, duration=20.01)
    fn.resume(path, duration=20.0)
    with pytest.raises(ValueError, match="replaced"):
        short["cells"].spikes.time  # noqa: B018


def test_unknown_intervals_are_refused(tmp_path):
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
