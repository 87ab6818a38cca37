"""What a run takes is told before it starts, and one that cannot fit does not start."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastneuron as fn
from tests.stored_runs import arguments
from tests.test_archive import interrupt_after
from tests.test_sharing import Here


def test_memory_is_what_the_run_takes():
    given = {"model": fn.MorrisLecar.hopf(phi=np.full(20_000, 0.04)), "duration": 20.0, "record": "V", "threads": 1}
    fn.simulate(**given)
    told = fn.estimate(**given)
    tracemalloc.start()
    fn.simulate(**given)
    _, taken = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.7 * taken < told.memory < 1.5 * taken
    assert told.memory > 20_000 * 401 * 8
    assert told.disk == 0


def test_with_a_store_it_does_not_grow_with_the_duration(tmp_path):
    short, long = (
        fn.estimate(fn.MorrisLecar.hopf(), duration, current=np.linspace(80, 130, 1000), record="V", out=tmp_path / "x")
        for duration in (1e4, 1e6)
    )
    # but for the times of its samples; chunks of a run are equally long, so not as long as any other's
    assert long.memory - 8 * 20_000_001 < 1.05 * short.memory
    assert long.disk > 50 * short.disk
    assert 10 < long.seconds / short.seconds < 1000
    assert list(tmp_path.iterdir()) == []


def test_spikes_are_extrapolated():
    given = {"model": fn.MorrisLecar.hopf(), "duration": 5000.0, "current": np.linspace(95, 130, 3000)}
    told = fn.estimate(**given)
    assert told.spikes == pytest.approx(fn.simulate(**given).spike_count.sum(), rel=0.1)


@pytest.mark.slow
def test_values_that_rise_from_neuron_to_neuron_are_tried_in_the_middle():
    given = {"model": fn.MorrisLecar.hopf(), "duration": 1000.0, "current": np.linspace(80, 130, 20_000)}
    assert fn.estimate(**given).spikes == pytest.approx(fn.simulate(**given).spike_count.sum(), rel=0.25)


def test_an_executor_is_taken_at_its_word():
    """Its workers share the work, each with one thread unless `threads` says otherwise."""
    given = {"model": fn.MorrisLecar.hopf(), "duration": 2000.0, "current": np.linspace(90, 130, 4096)}
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(8) as eight:
        seconds = [fn.estimate(**given, executor=executor).seconds for executor in (one, eight)]
    assert 4 < seconds[0] / seconds[1] < 16


def test_it_reads_well():
    assert str(fn.Estimate(25_300_000, 0, 1.234, 5000.0)) == "about 1.23 s, 25.3 MB of memory, 5e+03 spikes"
    assert "2 GB on disk" in str(fn.Estimate(999, 2_000_000_000, 1.0, 0.0))


@pytest.mark.parametrize("out", [False, True])
def test_a_run_that_cannot_fit_is_refused(tmp_path, out):
    more = {"out": tmp_path / "run.zarr"} if out else {}
    with pytest.raises((MemoryError, OSError), match=r"needs .* [GT]B of memory|samples are .* TB on disk"):
        fn.simulate(fn.MorrisLecar.hopf(), 1e9, current=np.linspace(80, 130, 10_000), record="V", **more)
    assert list(tmp_path.iterdir()) == []


def test_a_store_needs_less_memory_than_the_run(tmp_path, monkeypatch):
    given = {"model": fn.MorrisLecar.hopf(), "duration": 2000.0, "current": np.linspace(80, 130, 2000), "record": "V"}
    monkeypatch.setattr(fn._engine.resources, "memory_left", lambda: 400e6)
    with pytest.raises(MemoryError, match=r"needs .* MB of memory, and 400 MB are left: .* out="):
        fn.simulate(**given)
    assert fn.simulate(**given, out=tmp_path / "run.zarr", threads=1)["V"].shape == (2000, 40_001)


def test_the_room_of_a_run_that_is_replaced_counts(tmp_path, monkeypatch):
    given = {"model": fn.MorrisLecar.hopf(), "duration": 100.0, "current": np.linspace(80, 130, 100), "record": "V"}
    fn.simulate(**given, out=tmp_path / "run.zarr")
    monkeypatch.setattr(fn._engine.resources, "disk_left", lambda path: 1e6)
    with pytest.raises(OSError, match=r"1.6 MB on disk, and 1 MB are left"):
        fn.simulate(**given, out=tmp_path / "other.zarr")
    fn.simulate(**given, out=tmp_path / "run.zarr", overwrite=True)


class Short(fn.Model):
    tau: float = 10.0
    states = {"V": 0.0, "N": 0.0}

    @staticmethod
    def derivative(V, N, I, p):
        return ((I - V) / p.tau,)


def test_a_model_of_ones_own_is_checked():
    """A code generator's error came in place of this one."""
    with pytest.raises(TypeError, match=r"Short.derivative must return 2 numbers, the derivatives of V, N; got 1"):
        fn.estimate(Short(), 10.0)


@pytest.mark.parametrize("given", [{"duration": -1.0}, {"durations": 3.0}, {"duration": 1.0, "method": "rk5"}])
def test_bad_input(given):
    with pytest.raises((TypeError, ValueError)):
        fn.estimate(fn.MorrisLecar.hopf(), **given)


def test_spikes_that_do_not_fit_are_refused_before_the_run(monkeypatch):
    """They were in no check: the estimate was 1.18 TB, and the run began."""
    given = {"model": fn.MorrisLecar.hopf(), "duration": 3e5, "current": np.full(10**6, 100.0)}
    with pytest.raises(
        MemoryError, match=r"needs .* GB of memory, .* of about .* spikes, keep counts with spike_times=False"
    ):
        fn.simulate(**given)
    small = {"model": fn.MorrisLecar.hopf(), "duration": 500.0, "current": np.full(100, 100.0)}
    trials = []
    monkeypatch.setattr(fn._engine.resources, "spikes_of", lambda recipe, threads: trials.append(recipe) or 0.0)
    fn.simulate(**small)
    assert not trials  # a trial costs too much for a short run


def test_a_run_that_blows_up_is_no_trial(monkeypatch):
    """The error is that of the run: of the first neuron in order."""
    model = fn.MorrisLecar.hopf(g_L=np.where(np.arange(6000) % 2999 == 7, -1e4, 2.0))
    monkeypatch.setattr(fn._engine.resources, "memory_left", lambda: 15e6)
    with pytest.raises(FloatingPointError, match="neuron 7 blew up"):
        fn.simulate(model, 200.0, current=100.0, threads=1)


def test_going_on_is_checked_as_well(tmp_path, monkeypatch):
    interrupt_after(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        fn.simulate(**arguments(), out=tmp_path / "run.zarr", checkpoint_interval=40.0)
    monkeypatch.undo()
    with monkeypatch.context() as patch:
        patch.setattr(fn._engine.resources, "memory_left", lambda: 1e6)
        with pytest.raises(MemoryError, match="and 1 MB are left"):
            fn.resume(tmp_path / "run.zarr")
    with monkeypatch.context() as patch:
        patch.setattr(fn._engine.resources, "memory_left", lambda: 1e3)
        with pytest.raises(MemoryError, match=r"300 neurons need 7.2 kB of memory, and 1 kB are left"):
            fn.open(tmp_path / "run.zarr")
    fn.resume(tmp_path / "run.zarr")


@pytest.mark.parametrize(
    "given",
    [
        {"out": "no/such/folder/run.zarr"},
        {"out": ".", "overwrite": True},
        {"checkpoint_interval": 5.0},
        {"shards": 3},
        {"threads": 0},
        {"executor": 3},
        {"progress": "yes"},
    ],
)
def test_what_simulate_refuses(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    errors = []
    for function in (fn.simulate, fn.estimate):
        with pytest.raises((TypeError, ValueError, OSError)) as caught:
            function(fn.MorrisLecar.hopf(), 10.0, **given)
        errors.append((type(caught.value), str(caught.value)))
    assert errors[0] == errors[1]


def test_results_of_workers_are_not_kept_thrice():
    """Samples of the shards, their concatenation and the rows as they were asked for were in memory at once."""
    given = arguments(n=2000, duration=100.0, sample_interval=0.1, record="V", summary=None)
    samples = 2000 * 1001 * 8
    fn.simulate(**given, executor=Here(), shards=16)
    tracemalloc.start()
    fn.simulate(**given, executor=Here(), shards=16)
    _, taken = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 2.5 * samples  # this executor does all shards before one is taken
