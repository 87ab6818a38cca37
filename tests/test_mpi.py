"""Networks on several ranks: the same bits on any number of them, and an error at one ends all."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import fastneuron as fn
from fastneuron._engine import cuts, network_chunk, network_scheduler, ranks
from tests import test_networks_adaptive as adaptive
from tests.catalogue import rest_slow
from tests.ranks import on_ranks
from tests.test_networks import assert_same, balanced, carry_out

SCRIPT = Path(__file__).parent / "mpi_script.py"
SUMMARY = ("V.mean", "V.var", "population.V.mean", "population.rate", "isi.cv", "spike.first")


def results(size, work):
    """What ``work(comm)`` returns at each rank; an error is raised."""
    found = on_ranks(size, work)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return found


def assert_same_everywhere(whole, size, net, **options):
    """On so many ranks, each has the whole run, bit for bit."""
    for run in results(size, lambda comm: carry_out(net(), comm=comm, **options)):
        assert_same(whole, run)


@pytest.fixture(scope="module")
def whole():
    return carry_out(balanced(), threads=1, summary=SUMMARY)


@pytest.mark.parametrize(("size", "threads"), rest_slow([(2, 1), (1, 2), (2, 2), (3, 1), (3, 3), (4, 2)]))
def test_bits_depend_neither_on_ranks_nor_on_threads(whole, size, threads, monkeypatch):
    monkeypatch.setattr(network_scheduler, "WORTH_A_MEMBER", 1)
    assert_same_everywhere(whole, size, balanced, threads=threads, summary=SUMMARY)


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [(cuts, "EPOCH", 1), (network_scheduler, "IN_FLIGHT", 10), (ranks, "ROOM", 1)],
)
def test_bits_do_not_depend_on_how_spikes_travel(whole, module, name, value, monkeypatch):
    monkeypatch.setattr(module, name, value)
    assert_same_everywhere(whole, 2, balanced, summary=SUMMARY)


def different(n=150):
    """Neurons that differ in everything, with noise."""
    draw = np.random.default_rng(5)
    reversal = draw.uniform(-80, -70, n)
    receptors = {"exc": fn.Exponential(draw.uniform(3, 6, n), 0.0), "inh": fn.Exponential(8.0, reversal)}
    current = draw.uniform(85, 110, n) + fn.Step(draw.uniform(0, 20, n), start=10.0)
    cells = fn.Population(
        fn.MorrisLecar.hopf(V3=draw.normal(2, 0.5, n)), n, receptors, current=current, noise=fn.WhiteNoise(5.0)
    )
    rule = fn.FixedProbability(0.1)
    projections = [
        fn.Projection(cells[:100], cells, "exc", rule, weight=fn.Uniform(0.0, 0.1), delay=0.7, stored=False),
        fn.Projection(cells[::-1], cells[20:], "inh", fn.FixedOutDegree(9), weight=0.05, delay=1.3, stored=False),
    ]
    return fn.Network({"cells": cells}, projections, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 4])
def test_neurons_that_differ_with_noise_of_their_own(size):
    options = {
        "method": "heun", "neurons": {"cells": [149, 3, 70, 75, 12]}, "summary": ("V.mean", "population.rate"),
        "initial": {"cells": {"V": np.linspace(-60, -20, 150), "exc": np.linspace(0, 0.1, 150)}},
    }  # fmt: skip
    alone = carry_out(different(), threads=1, **options)
    assert alone["cells"].spikes.size > 50
    assert_same_everywhere(alone, size, different, **options)


def anew():
    """The network of the test of synapses made anew, whose kernel it shares; bounds of ranks are none of chunks."""
    noise = fn.PoissonSource(30, rate=50.0)
    cells = fn.Population(fn.MorrisLecar.hopf(), 200, {"syn": fn.Exponential(5.0, 0.0)}, current=80.0)
    rule = fn.FixedProbability(0.1)
    synapses = fn.Projection(noise, cells, "syn", rule, weight=0.05, delay=1.1, stored=False)
    return fn.Network({"noise": noise, "cells": cells}, [synapses])


@pytest.mark.parametrize("size", rest_slow([3, 2, 4], quick=0))
def test_synapses_made_anew(size):
    options = {"duration": 40.0, "record": "syn", "every": 100}
    alone = fn.simulate(anew(), **options)
    assert alone["cells"]["syn"].any()
    for run in results(size, lambda comm: fn.simulate(anew(), comm=comm, **options)):
        assert_same(alone, run)


@pytest.mark.parametrize("size", rest_slow([3, 2, 4], quick=0))
def test_neurons_with_steps_of_their_own(size):
    for run in results(size, lambda comm: fn.simulate(adaptive.mixed(), comm=comm, **adaptive.WHOLE)):
        adaptive.assert_same(adaptive.whole(), run)


@pytest.mark.slow
def test_populations_smaller_than_ranks():
    def net():
        large = fn.Population(fn.MorrisLecar.hopf(), 5, {"exc": fn.Exponential(5.0, 0.0)}, current=100.0)
        small = fn.Population(fn.MorrisLecar.hopf(), 2, {"exc": fn.Exponential(5.0, 0.0)}, current=[95.0, 100.0])
        projections = [
            fn.Projection(large, small, "exc", fn.AllToAll(), weight=0.02, delay=0.6),
            fn.Projection(small, large, "exc", fn.AllToAll(), weight=0.03, delay=0.7, stored=False),
        ]
        return fn.Network({"small": small, "large": large}, projections)

    alone = carry_out(net(), threads=1, duration=200.0)
    assert min(alone["small"].spikes.size, alone["large"].spikes.size) > 2
    assert_same_everywhere(alone, 4, net, duration=200.0)


def test_results_that_are_left_where_they_are(whole):
    runs = results(3, lambda comm: carry_out(balanced(), comm=comm, gather=False, summary=SUMMARY))
    assert [run.low["cells"] for run in runs] == [0, 133, 266]
    for name in ("cells", "others"):
        for of in (lambda run: run["V"], lambda run: run.state["V"], lambda run: run.summary["isi.cv"]):
            parts = [of(run[name]) for run in runs]
            np.testing.assert_array_equal(np.concatenate(parts), of(whole[name]))
        neuron = np.concatenate([run[name].spikes.neuron + run.low[name] for run in runs])
        np.testing.assert_array_equal(neuron, whole[name].spikes.neuron)
    np.testing.assert_array_equal(runs[2]["noise"].spikes.time, whole["noise"].spikes.time)


def test_one_store(whole, tmp_path):
    options = {"out": tmp_path / "run.zarr", "checkpoint_interval": 20.0, "summary": SUMMARY}
    assert_same_everywhere(whole, 2, balanced, **options)
    assert_same(whole, fn.open(tmp_path / "run.zarr"))


@pytest.mark.parametrize("size", [None, 3])
def test_a_run_that_has_ended_on_ranks_goes_on_without_or_on_others(whole, size, tmp_path, monkeypatch):
    advance, ended = network_chunk.NetworkChunkRun.advance, []

    def end(chunk_run, on_progress):
        if chunk_run.chunk.first > 600 and chunk_run.work.ranks is not None and chunk_run.work.ranks.rank == 1:
            ended.append(chunk_run.chunk.first)
            raise MemoryError("no more")
        return advance(chunk_run, on_progress)

    monkeypatch.setattr(network_chunk.NetworkChunkRun, "advance", end)
    path = tmp_path / "run.zarr"
    options = {"out": path, "checkpoint_interval": 10.0, "summary": SUMMARY}
    first, second = on_ranks(2, lambda comm: carry_out(balanced(), comm=comm, **options))
    assert ended
    assert isinstance(second, MemoryError)
    assert "ended at rank 1 of 2: MemoryError: no more" in str(first)
    if size is None:
        assert_same(whole, fn.resume(path, threads=1))
        return
    monkeypatch.undo()
    for run in results(size, lambda comm: fn.resume(path, comm=comm)):
        assert_same(whole, run)


def test_a_stored_run_goes_on_for_longer_on_ranks(whole, tmp_path):
    path = tmp_path / "run.zarr"
    carry_out(balanced(), duration=31.0, out=path, checkpoint_interval=10.0, summary=SUMMARY)
    for duration in (None, 45.0, 60.0):
        runs = results(3, lambda comm, duration=duration: fn.resume(path, duration=duration, comm=comm))
        assert [run.duration for run in runs] == 3 * [duration or 31.0]
    for run in (*runs, fn.open(path)):
        assert_same(whole, run)
    assert not (path / "progress").exists()


def test_what_cannot_go_on_on_ranks(tmp_path):
    fn.simulate(fn.MorrisLecar.hopf(), 5.0, out=tmp_path / "one.zarr")
    for found in on_ranks(2, lambda comm: fn.resume(tmp_path / "one.zarr", comm=comm)):
        assert "comm is for one network" in str(found)
    path = tmp_path / "net.zarr"
    carry_out(balanced(), duration=10.0, out=path, checkpoint_interval=5.0)
    for found in on_ranks(2, lambda comm: fn.resume(path, duration=20.0 + 5.0 * comm.Get_rank(), comm=comm)):
        assert "duration of 'cells' differs between rank 0 and rank 1" in str(found)
    assert fn.open(path).duration == 10.0


def test_a_population_alone(whole):
    cells = fn.Population(fn.MorrisLecar.hopf(), 40, current=np.linspace(80.0, 120.0, 40))
    alone = fn.simulate(cells, 50.0, record="V")
    for run in results(2, lambda comm: fn.simulate(cells, 50.0, record="V", comm=comm)):
        np.testing.assert_array_equal(run["V"], alone["V"])


def errors(size, work):
    """What ends each rank, as text."""
    found = on_ranks(size, work)
    assert all(isinstance(one, Exception) for one in found)
    return [f"{type(one).__name__}: {one}" for one in found]


def test_bad_input_at_one_rank_ends_all():
    first, second = errors(2, lambda comm: carry_out(balanced(), comm=comm, dt=0.05 if comm.Get_rank() else -1.0))
    assert first.startswith("ValueError: cells: dt must be")
    assert second == f"EndedElsewhere: the run ended at rank 0 of 2: {first}"


@pytest.mark.parametrize(
    ("net", "options", "name"),
    [
        (lambda rank: balanced(seed=3 + rank), {}, "current of 'cells'"),
        (lambda rank: balanced(), {"duration": lambda rank: 60.0 + rank}, "duration of 'cells'"),
        (lambda rank: balanced(), {"gather": lambda rank: rank == 0}, "gather"),
    ],
)
def test_every_rank_must_be_given_the_same(net, options, name):
    def work(comm):
        rank = comm.Get_rank()
        return carry_out(net(rank), comm=comm, **{key: value(rank) for key, value in options.items()})

    assert {f"ValueError: every rank must be given the same network and arguments, but {name} differs between rank 0 "
            "and rank 1: draw what is random with the same seed at all of them"} == {*errors(2, work)}  # fmt: skip


def test_a_blow_up_is_told_by_all():
    with pytest.raises(FloatingPointError, match="of 'cells' blew up") as alone:
        carry_out(balanced(), threads=1, dt=0.125)
    said = errors(3, lambda comm: carry_out(balanced(), comm=comm, dt=0.125))
    assert {f"FloatingPointError: {alone.value}"} == {*said}


@pytest.mark.parametrize("where", ["_collect", "_result", "_ranges"])
def test_an_error_inside_a_run_ends_all(where, monkeypatch):
    before = getattr(network_chunk.NetworkChunkRun, where)

    def fails(chunk_run):
        if chunk_run.work.ranks.rank == 1:
            raise KeyboardInterrupt
        return before(chunk_run)

    monkeypatch.setattr(network_chunk.NetworkChunkRun, where, fails)
    first, second, third = on_ranks(3, lambda comm: carry_out(balanced(), comm=comm))
    assert isinstance(second, KeyboardInterrupt)
    assert str(first) == str(third) == "the run ended at rank 1 of 3: KeyboardInterrupt"


@pytest.mark.parametrize("comm", [3, "COMM_WORLD", object])
def test_what_is_no_communicator(comm):
    with pytest.raises(TypeError, match=r"comm must be a communicator of mpi4py, such as MPI\.COMM_WORLD; got"):
        fn.simulate(balanced(), 10.0, comm=comm)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (fn.MorrisLecar.hopf(), {}, "comm is for one network; got MorrisLecar"),
        ([balanced(), balanced()], {}, "comm is for one network; got"),
        (fn.Population(fn.MorrisLecar.hopf(), 1), {}, "comm has 2 ranks, but the largest population has 1 neurons"),
        (balanced(), {"executor": object()}, "executor is for neurons that do not see each other"),
        (balanced(), {"gather": 1}, "gather must be True or False"),
        (balanced(), {"gather": False, "out": "run.zarr"}, "gather=False leaves results where they are"),
    ],
)
def test_what_is_not_for_ranks(model, options, message):
    for said in errors(2, lambda comm: fn.simulate(model, 10.0, comm=comm, **options)):
        assert message in said


def test_gather_without_ranks():
    with pytest.raises(ValueError, match="gather=False is for runs with comm="):
        fn.simulate(balanced(), 10.0, gather=False)


def under_mpi(size, *arguments):
    """The script on so many ranks of real MPI."""
    pytest.importorskip("mpi4py")
    mpiexec = Path(sysconfig.get_path("scripts")) / "mpiexec"
    mpiexec = mpiexec if mpiexec.exists() else shutil.which("mpiexec")
    if mpiexec is None:
        pytest.skip("there is no MPI")
    command = map(str, [mpiexec, "-n", size, sys.executable, SCRIPT, *arguments])
    return subprocess.run(list(command), capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 3])
def test_mpi(size, tmp_path):
    ended = under_mpi(size, "same", tmp_path / "run.zarr")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "the same"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "message"),
    [("bad input", "rank 0 of 2: ValueError: cells: dt must be"), ("interrupted", "rank 1 of 2: KeyboardInterrupt")],
)
def test_an_error_under_mpi(what, message, tmp_path):
    ended = under_mpi(2, what, tmp_path)
    assert ended.returncode != 0
    assert message in ended.stderr


@pytest.mark.slow
def test_spikes_of_several_states():
    """Their labels travel as neurons do."""
    from test_watched_networks import network

    alone = fn.simulate(network(n=150), 60.0, threads=1)
    assert alone["cells"].spike_counts["N"].sum() > 100
    for run in results(2, lambda comm: fn.simulate(network(n=150), 60.0, comm=comm)):
        assert_same(alone, run)
        assert run["cells"].spikes.state.tolist() == alone["cells"].spikes.state.tolist()
