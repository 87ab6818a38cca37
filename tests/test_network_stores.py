"""A network on disk is the network in memory, whatever ends it; its store is believed as far as it proves itself."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import xarray

import fastneuron as fn
from fastneuron._engine import network_resources
from fastneuron._engine.network_scheduler import NetworkAtWork
from fastneuron._storage import about, network_serialization, serialization
from fastneuron._storage.store import Store
from tests import stored_runs
from tests.damaged import DAMAGES, assert_unfinished_proves_itself, damaged_copies
from tests.test_networks import balanced, carry_out, spiking
from tests.test_sharing import Here

SCRIPT = Path(__file__).parent / "killed_network.py"


def assert_same(one, other, spikes=True):
    """Every bit of two runs of networks."""
    assert list(one) == list(other)
    assert (one.duration, one.dt) == (other.duration, other.dt)
    for name, run in one.populations.items():
        stored_runs.assert_same(run, other[name], spikes)
    for name, source in one.sources.items():
        assert np.array_equal(source.spike_count, other[name].spike_count)
        if spikes:
            assert np.array_equal(source.spikes.neuron, other[name].spikes.neuron)
            assert np.array_equal(source.spikes.time, other[name].spikes.time)


def interrupt_after(monkeypatch, chunks):
    """Ctrl-C at the end of chunk number `chunks`, before it is written."""
    advance = NetworkAtWork.advance
    left = iter(range(chunks))

    def interrupted(self, some, on_progress, on_result):
        def taken(result):
            if next(left, None) is None:
                raise KeyboardInterrupt
            on_result(result)

        advance(self, some, on_progress, taken)

    monkeypatch.setattr(NetworkAtWork, "advance", interrupted)


@pytest.fixture(scope="module")
def whole():
    return carry_out(balanced())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("stores") / "net.zarr"
    carry_out(balanced(), out=path, checkpoint_interval=20.0)
    return path


@pytest.fixture
def unfinished(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            carry_out(balanced(), out=tmp_path / "net.zarr", checkpoint_interval=20.0)
    return tmp_path / "net.zarr"


@pytest.mark.parametrize("interval", [None, 0.5, 7.0, 60.0])
def test_a_network_on_disk_is_the_network_in_memory(whole, tmp_path, interval):
    stored = carry_out(balanced(), out=tmp_path / "net.zarr", checkpoint_interval=interval, threads=2)
    assert stored.path == tmp_path / "net.zarr"
    assert_same(whole, stored)
    assert_same(whole, fn.open(tmp_path / "net.zarr"))
    assert_same(whole, fn.resume(tmp_path / "net.zarr"))
    assert not (tmp_path / "net.zarr" / "progress").exists()


def test_rows_are_in_order_of_neuron(tmp_path):
    stored = carry_out(balanced(), neurons={"cells": [90, 3, 5]}, out=tmp_path / "net.zarr")
    assert_same(carry_out(balanced(), neurons={"cells": [3, 5, 90]}), stored)


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_it_goes_on_from_its_last_checkpoint(whole, tmp_path, monkeypatch, chunks):
    interrupt_after(monkeypatch, chunks)
    with pytest.raises(KeyboardInterrupt):
        carry_out(balanced(), out=tmp_path / "net.zarr", checkpoint_interval=17.0)
    monkeypatch.undo()
    begun = fn.open(tmp_path / "net.zarr")
    assert begun.duration in {17.0 * done for done in range(chunks + 1)}
    assert begun.duration > 0 or not chunks
    for name, run in begun.populations.items():
        assert np.array_equal(run["V"][...], whole[name]["V"][:, : run.time.size])
        assert run.state == {}
    for name, run in begun.items():
        early = np.sort(whole[name].spikes.time[whole[name].spikes.time < begun.duration])
        assert np.array_equal(np.sort(run.spikes.time), early)
        assert run.spike_count.sum() == early.size
    assert_same(whole, fn.resume(tmp_path / "net.zarr", threads=1))


def test_it_goes_on_when_only_the_end_is_missing(whole, tmp_path, monkeypatch):
    """The last checkpoint has the spikes in flight too, though no neuron will hear them."""
    with monkeypatch.context() as patch:
        stored_runs.interrupt_before_the_end(patch)
        with pytest.raises(KeyboardInterrupt):
            carry_out(balanced(), out=tmp_path / "net.zarr", checkpoint_interval=17.0)
    assert_same(whole, fn.resume(tmp_path / "net.zarr"))


@pytest.mark.slow
def test_neurons_with_steps_of_their_own_go_on_too(tmp_path, monkeypatch):
    net, initial = spiking(fn.Exponential(tau=5.0, E=0.0))
    given = {"initial": initial, "method": "dop853", "record": ("V", "syn"), "sample_interval": 1.0}
    alone = fn.simulate(net, 60.0, **given)
    assert_same(alone, fn.simulate(net, 60.0, **given, out=tmp_path / "net.zarr", checkpoint_interval=7.0))
    interrupt_after(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        fn.simulate(net, 60.0, **given, out=tmp_path / "net.zarr", checkpoint_interval=7.0, overwrite=True)
    monkeypatch.undo()
    assert_same(alone, fn.resume(tmp_path / "net.zarr"))
    stored_runs.interrupt_before_the_end(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        fn.simulate(net, 60.0, **given, out=tmp_path / "net.zarr", checkpoint_interval=7.0, overwrite=True)
    monkeypatch.undo()
    assert_same(alone, fn.resume(tmp_path / "net.zarr"))


LONG = """
import sys
sys.path.insert(0, sys.argv[1])
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored
from tests.test_networks import balanced, carry_out, spiking
carry_out(balanced(), duration=1e5, out=sys.argv[2], checkpoint_interval=60.0)
"""


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(whole, tmp_path):
    store = tmp_path / "net.zarr"
    stored_runs.interrupt([sys.executable, "-c", LONG, str(Path(__file__).parents[1]), str(store)], store)
    begun = fn.open(store)
    assert 60.0 <= begun.duration < 1e5
    for name, run in begun.populations.items():
        assert np.array_equal(run["V"][:, :120], whole[name]["V"][:, :120])


def test_spikes_that_are_not_kept(tmp_path, whole):
    given = {"spike_times": False, "record": None, "summary": ("V.mean", "isi.cv", "population.rate")}
    stored = carry_out(balanced(), **given, out=tmp_path / "net.zarr", checkpoint_interval=10.0)
    assert_same(carry_out(balanced(), **given), stored, spikes=False)
    for name, run in stored.items():
        assert np.array_equal(run.spike_count, whole[name].spike_count)
        with pytest.raises(ValueError, match="were not kept"):
            run.spikes.time  # noqa: B018


def test_nothing_is_replaced_but_a_run(tmp_path):
    path = tmp_path / "net.zarr"
    for seed in (4, 3):
        stored = carry_out(balanced(seed=seed), out=path, overwrite=True)
        with pytest.raises(FileExistsError, match="overwrite=True replaces it"):
            carry_out(balanced(), out=path)
    assert_same(carry_out(balanced()), stored)
    assert list(tmp_path.iterdir()) == [path]
    (path / "cells" / "V" / "notes.txt").write_text("do not lose this")
    with pytest.raises(FileExistsError, match=r"no store of a run alone: it has .*notes.txt"):
        carry_out(balanced(), out=path, overwrite=True)


def test_a_population_alone_has_a_store_of_its_own(tmp_path):
    alone = fn.Population(fn.MorrisLecar.hopf(), 3, current=[80.0, 100.0, 120.0])
    run = fn.simulate(alone, 300.0, record="V", out=tmp_path / "run.zarr", checkpoint_interval=70.0)
    plain = fn.simulate(fn.MorrisLecar.hopf(), 300.0, current=[80.0, 100.0, 120.0], record="V")
    for found in (run, fn.open(tmp_path / "run.zarr"), fn.resume(tmp_path / "run.zarr")):
        assert isinstance(found, fn.Run)
        stored_runs.assert_same(plain, found)
    with xarray.open_zarr(tmp_path / "run.zarr") as found:
        assert np.array_equal(found.V.values, plain["V"])


def test_the_store_has_a_group_for_each_population(finished, whole):
    with xarray.open_datatree(finished, engine="zarr") as tree:
        assert {"cells", "noise", "others"} <= set(tree.children)
        assert tree["cells"].V.dims == ("neuron", "time")
        assert tree["cells"].exc.attrs["units"] == tree["cells"]["final.exc"].attrs["units"] == "mS/cm^2"
        assert np.array_equal(tree["noise"].spike_count.values, whole["noise"].spike_count)
    with fn.open(finished)["others"].to_xarray() as found, xarray.open_zarr(finished, group="others") as opened:
        assert found.identical(opened)
        in_memory = whole["others"].to_xarray()
        assert set(found.variables) == set(in_memory.variables)
        for name in found.variables:
            assert found[name].attrs == in_memory[name].attrs


class Slow(fn.Receptor):
    E: float = 0.0
    tau: float = 4.0

    @staticmethod
    def response(p):
        return (fn.Mode(0.8, 1 / p.tau), fn.Mode(0.2, 0.05 / p.tau))

    @staticmethod
    def current(V, g, p):
        return g * (p.E - V)


def declared():
    """A network in which everything is declared that can be."""
    draw = np.random.default_rng(3)
    a = fn.Population(
        fn.TraubMiles.cobahh(g_L=draw.uniform(0.05, 0.06, 40)), 40,
        {"exc": fn.Exponential(draw.uniform(3, 5, 40), 0.0), "slow": Slow(tau=3.0), "nmda": fn.NMDA()},
        current=1.0 + fn.Samples(draw.normal(0, 1, (40, 30)), 2.0), noise=fn.WhiteNoise(2.0), threshold=-20.0,
        refractory=2.0,
        rearm=-40.0,
    )  # fmt: skip
    b = fn.Population(fn.MorrisLecar.hopf(), 30, {"d": fn.Delta()}, current=np.linspace(80, 100, 30))
    poisson = fn.PoissonSource(20, 5.0 + fn.Step(np.linspace(0, 20, 20), 100.0, 200.0))
    given = fn.SpikeSource([[3.0, 1.0], [], [2.0, 2.0]])
    m, n = draw.integers(0, 40, 50), draw.integers(0, 30, 50)
    projections = [
        fn.Projection(a[:30], b, "d", fn.FixedProbability(0.3), weight=fn.Normal(1.0, 0.3, low=0.0), delay=0.7),
        fn.Projection(a[::2], a[[5, 3, 1]], "exc", fn.FixedInDegree([3, 0, 2]), weight=0.1, delay=fn.Uniform(0.5, 2.0)),
        fn.Projection(b, a, "slow", fn.FixedOutDegree(5), weight=fn.LogNormal(-1.0, 0.5, high=3.0), multapses=False),
        fn.Projection(b, b, "d", fn.FixedTotal(77), autapses=False, weight=draw.uniform(0, 1, (30, 1)), stored=False),
        fn.Projection(a[:30], b, "d", fn.OneToOne(), weight=draw.uniform(0, 1, 30), delay=draw.uniform(1, 2, 30)),
        fn.Projection(a, b, "d", (m, n), weight=draw.uniform(0, 1, 50).astype(np.float32), delay=1.5),
        fn.Projection(poisson, a, "nmda", fn.AllToAll(), weight=0.01),
        fn.Projection(given[1:], b, "d", fn.AllToAll(), weight=draw.uniform(0, 1, (2, 30))),
    ]
    return fn.Network({"a": a, "p": poisson, "b": b, "given spikes": given}, projections, seed=2**64 - 5)


def there_and_back(net, **more):
    """A network as text and arrays, made again."""
    recipe = recipe_of_network(net, **more)
    text, arrays = network_serialization.written(recipe)
    text = json.loads(json.dumps(text))
    parts = network_serialization.read_parts(text, arrays.__getitem__)
    return recipe, network_serialization.read(text, arrays.__getitem__, (), parts)


def recipe_of_network(net, duration=10.0, **more):
    from inspect import signature

    from fastneuron._engine.network_recipe import checked_network

    asked = signature(fn.simulate).bind(net, duration, **more)
    asked.apply_defaults()
    return checked_network(asked.arguments)


def test_every_declaration_comes_back():
    net = declared()
    initial = {"a": {"V": np.linspace(-70, -60, 40), "slow": 0.3}}
    one, other = there_and_back(net, method="heun", record=("V", "slow"), initial=initial, delivery="grid")
    assert repr(one.network) == repr(other.network)
    assert one.network.seed == other.network.seed
    for mine, theirs in zip(one.network.projections, other.network.projections, strict=True):
        assert repr(mine) == repr(theirs)
        for end in ("pre", "post"):
            assert np.array_equal(getattr(mine, end).indices, getattr(theirs, end).indices)
        for name in ("weight", "delay"):
            value, again = getattr(mine, name), getattr(theirs, name)
            assert type(value) is type(again)
            assert np.array_equal(value, again)
            assert getattr(value, "dtype", None) == getattr(again, "dtype", None)
        for name, value in vars(mine.rule).items():
            assert np.array_equal(value, getattr(theirs.rule, name)) or name == "weight"
    for name in ("a", "b"):
        mine, theirs = one.parts[name], other.parts[name]
        for what in (
            "model",
            "current",
            "noise",
            "receptors",
            "first_neuron",
            "threshold",
            "refractory",
            "rearm",
            "after",
            "seed",
            "record",
        ):
            assert getattr(mine, what) == getattr(theirs, what), what
        for state, value in mine.initial.items():
            assert np.array_equal(value, theirs.initial[state])
    assert other.delivery == "grid"
    assert one.network.populations["p"].rate == other.network.populations["p"].rate
    for what in ("source", "time"):
        mine, theirs = (getattr(recipe.network.populations["given spikes"], what) for recipe in (one, other))
        assert np.array_equal(mine, theirs)


def test_matrices_come_back():
    from scipy.sparse import random as random_matrix

    matrix = random_matrix(6, 6, 0.5, random_state=np.random.default_rng(1))
    cells = fn.Population(fn.MorrisLecar.hopf(), 6, {"d": fn.Delta()})
    _, other = there_and_back(fn.Network({"c": cells}, [fn.Projection(cells, cells, "d", matrix)]))
    assert (other.network.connections(0, sparse=True) != matrix).nnz == 0


def function(net):
    cells = net.populations["cells"]
    near = fn.ByDistance(lambda d: np.exp(-d), np.arange(float(cells.n)))
    return fn.Network(net.populations, [*net.projections, fn.Projection(cells, cells, "exc", near, delay=1.0)])


def renamed(*names):
    def made(net):
        return fn.Network({name: fn.Population(fn.MorrisLecar.hopf(), 2) for name in names})

    return made


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (function, r"projection 5 has .*ByDistance.*, which is code: give its synapses as arrays, .*connections\(5\)"),
        (renamed("recipe"), "the name of a population in a run with out= is that of a folder"),
        (renamed(".."), "is that of a folder.*got '..'"),
        (renamed("a\\b"), "is that of a folder"),
        (renamed("a" * 300), "is that of a folder"),
        (renamed("E", "e"), "must differ in more than case; got 'e'"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_any_work(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        fn.simulate(change(balanced()), 10.0, out=tmp_path / "net.zarr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["spike_time", "neuron", "a/b", "a.b"])
def test_a_receptor_is_not_named_as_what_a_run_has(name):
    with pytest.raises(ValueError, match="a receptor must not be named as what a run has"):
        fn.Population(fn.MorrisLecar.hopf(), 2, {name: fn.Delta()})


def test_an_executor_does_not_go_on_with_a_network(unfinished):
    with pytest.raises(ValueError, match="one network runs on threads; many networks are shared out"):
        fn.resume(unfinished, executor=object())


def test_a_receptor_that_has_changed_is_refused(tmp_path, monkeypatch):
    """What it does after a spike is in no kernel, and in no fingerprint of one."""
    recipe = recipe_of_network(declared(), method="heun")
    text, arrays = network_serialization.written(recipe)
    monkeypatch.setattr(Slow, "response", staticmethod(lambda p: (fn.Mode(0.8, 1 / p.tau), fn.Mode(0.3, 0.05 / p.tau))))
    with pytest.raises(ValueError, match="another Slow: its parameters or formulas have changed since"):
        network_serialization.read_parts(text, arrays.__getitem__)


def test_another_version_is_refused(unfinished, monkeypatch):
    monkeypatch.setattr(serialization, "SOURCES", "0123456789abcdef")
    with pytest.raises(ValueError, match="begun by other sources of fastneuron"):
        fn.resume(unfinished)


CARRY = (
    "__init__", "advice", "alike", "circuits", "controls", "digest", "distributed", "cuts", "execute", "executors",
    "frozen", "network_recipe", "network_resources", "network_run", "network_trial", "pieces", "plan", "ranks",
    "resources", "run", "sensitivity", "spikes", "trial", "weights",
)  # fmt: skip


def test_every_module_of_the_engine_decides_bits_or_does_not():
    """Two that had been split off were in no fingerprint: what is new goes into one list or the other."""
    decide = {name.removeprefix("_engine/") for name in serialization.DECIDE_BITS if name.startswith("_engine/")}
    assert decide == {path.name for path in (Path(fn.__file__).parent / "_engine").glob("*.py")} - {
        f"{name}.py" for name in CARRY
    }


def read_everything(path):
    for run in fn.resume(path).values():
        for name in getattr(run, "traces", ()):
            run[name][...]
        assert run.spikes.time.size
        getattr(run, "to_xarray", lambda: None)()


@pytest.mark.parametrize("how", DAMAGES)
def test_every_file_of_a_finished_network_proves_itself(finished, tmp_path, how):
    for file, hurt, copy in damaged_copies(finished, tmp_path, how):
        if file.parent.parent.name in ("time", "neuron"):  # coordinates are for others to read
            continue
        with pytest.raises((ValueError, FileNotFoundError)) as caught:
            read_everything(copy)
        assert str(hurt if hurt.exists() or hurt.parent != copy else copy) in str(caught.value), file


@pytest.mark.slow
@pytest.mark.parametrize("how", DAMAGES)
def test_every_file_of_an_unfinished_network_proves_itself(whole, unfinished, tmp_path, how):
    assert_unfinished_proves_itself(unfinished, tmp_path, how, lambda run: assert_same(whole, run))


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        (("populations", "cells", "duration"), 1e300, "2\\*\\*53 steps"),
        (("populations", "cells", "n"), 10**9, "shards|neurons"),
        (("populations", "noise", "n"), 10**12, "n must be"),
        (("populations", "cells", "model"), None, "TypeError"),
        (("populations", "cells", "receptors", "exc", "class"), "os:system", "which is not there"),
        (("populations", "cells", "receptors"), {"../x": {}}, "damaged"),
        (("populations",), {"../x": {}}, "that of a folder"),
        (("populations",), {}, "damaged"),
        (("alone",), True, "one population alone is no network"),
    ],
)
@pytest.mark.parametrize("verb", [fn.open, fn.resume])
def test_a_store_that_lies_is_refused_at_once(unfinished, verb, where, value, words):
    """The checksum is right, as whoever means harm can make it."""
    lie(unfinished, where, value)
    begin = time.thread_time()
    with pytest.raises(ValueError, match=words):
        verb(unfinished)
    assert time.thread_time() - begin < 1.0


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        (("projections", 0, "rule"), "eval", "rule must be one of"),
        (("projections", 0, "p"), 2.0, "p must be a probability"),
        (("projections", 0, "pre_population"), "x", "a population must be one of"),
        (("projections", 0, "pre_neurons"), [0, 10**9], "0 to 1000000000 are not among 400"),
        (("projections", 0, "receptor"), "gaba", "receptor must be"),
        (("projections", 0, "delay"), 0.001, "must be at least dt"),
        (("projections", 1, "weight", "distribution"), "Cauchy", "distribution must be one of"),
        (("delivery",), "late", "delivery must be one of"),
    ],
)
def test_projections_that_lie_are_refused_at_once(unfinished, where, value, words):
    lie(unfinished, where, value)
    begin = time.thread_time()
    with pytest.raises(ValueError, match=words):
        fn.resume(unfinished)
    assert time.thread_time() - begin < 1.0


def lie(store, where, value):
    """Let a store say something else."""
    document = about.read(store)
    inner = document["recipe"]
    for name in where[:-1]:
        inner = inner[name]
    inner[where[-1]] = value
    about.write(store, document)


def test_spikes_in_flight_are_of_the_population(unfinished):
    """An index in a checkpoint is one of a synapse's list."""
    store = Store(unfinished)
    done, snapshot = store.checkpoint(0)
    snapshot = dict(snapshot)
    assert snapshot["cells/flight.source"].size
    snapshot["cells/flight.source"] = np.full_like(snapshot["cells/flight.source"], 10**9)
    store._save("0.npz", chunks=np.int64(done), **snapshot)
    with pytest.raises(ValueError, match="in flight of none of its 400"):
        fn.resume(unfinished)


def killed(kills, networks, folder):
    """What the script has to say."""
    command = [sys.executable, "-W", "ignore", str(SCRIPT), str(kills), str(networks), "1", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=900)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_networks_killed_at_random_moments(tmp_path):
    ended = killed(1, 80, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("80 networks")
    assert int(ended.stdout.split()[2]) >= 40, ended.stdout


def test_a_network_is_a_tree_of_datasets(whole, finished):
    stored, in_memory = fn.open(finished).to_xarray(), whole.to_xarray()
    assert set(stored.children) == set(in_memory.children) == {"cells", "noise", "others"}
    for name in in_memory.children:
        assert set(stored[name].variables) == set(in_memory[name].variables)
        for what in ("spike_count", "spike_time"):
            assert np.array_equal(np.sort(stored[name][what].values), np.sort(in_memory[name][what].values))


def test_spikes_for_neo(whole):
    block = whole.to_neo()
    assert [group.name for group in block.groups] == ["cells", "others", "noise"]
    trains = block.segments[0].spiketrains
    assert len(trains) == 400 + 70 + 50
    assert trains[470].annotations == {"neuron": 0, "population": "noise"}
    assert [len(train) for train in block.groups[0].spiketrains] == whole["cells"].spike_count.tolist()


def test_many_networks(whole):
    """In their order, whoever carries them out, with the bits of each alone."""
    nets = [balanced(seed=seed) for seed in (3, 4)]
    given = {"duration": 60.0, "dt": 0.05, "record": ("V", "exc"), "every": 10, "summary": "V.mean"}
    alone = fn.simulate(nets, **given)
    assert_same(whole, alone[0])
    assert not np.array_equal(alone[1]["cells"].spike_count, whole["cells"].spike_count)
    for executor in (Here(), ThreadPoolExecutor(2)):
        with executor:
            for one, other in zip(alone, fn.simulate(nets, **given, executor=executor), strict=True):
                assert_same(one, other)


@pytest.mark.slow
def test_networks_go_to_other_processes(whole):
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        (run,) = fn.simulate(
            [balanced()], 60.0, 0.05, record=("V", "exc"), every=10, summary="V.mean", executor=executor
        )
    assert_same(whole, run)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"out": "nets"}, "out is for one run; got it with 2 networks"),
        ({"shards": 3}, "shards is for one run"),
        ({"dt": 0.5}, "network 0: the delay of projection 0 must be at least dt"),
        ({"threads": 0}, "threads must be"),
    ],
)
def test_many_networks_are_checked_first(given, message):
    with pytest.raises(ValueError, match=message):
        fn.simulate([balanced(), balanced()], 10.0, **given)


def test_a_network_is_counted():
    recipe = recipe_of_network(declared(), 100.0, method="heun")
    sent = network_resources.spikes(recipe, {"a": 30.0})
    # the step of the Poisson source's rate comes later; b fires at the rate of those of which nobody says it
    assert sent == pytest.approx({"a": 40 * 30 * 0.1, "p": 20 * 5 * 0.1, "b": 30 * 10 * 0.1, "given spikes": 4})
    first, second = recipe.network.projections[:2]
    assert network_resources.events(recipe, first, sent) == pytest.approx(30 * 0.1 * 0.3 * 30 * 30)
    assert network_resources.events(recipe, second, sent) == pytest.approx(30 * 0.1 * 5)


def test_trains_with_rates_of_their_own_are_counted_at_once(monkeypatch):
    """4,000 constant rates were looked at 200 times each, for ten seconds before a network began."""
    looked_at = []
    at = fn.Current.at
    monkeypatch.setattr(fn.Current, "at", lambda self, t, neuron: looked_at.append(neuron) or at(self, t, neuron))
    rates = np.linspace(0.0, 40.0, 4001)
    cells = fn.Population(fn.MorrisLecar.hopf(), 2)
    for rate, mean in ((rates, 20.0), (fn.Step(rates, start=25.0), 15.0), (10.0 + fn.Step(-rates, start=50.0), 5.625)):
        net = fn.Network({"cells": cells, "p": fn.PoissonSource(4001, rate)})
        sent = network_resources.spikes(recipe_of_network(net, 100.0), 0.0)["p"]
        assert sent == pytest.approx(mean * 0.1 * 4001, rel=0.01 if len(looked_at) > 1 else 1e-12)
    assert len(looked_at) <= 3 * 200 * 50


def test_the_estimate_of_a_network(whole):
    given = {"dt": 0.05, "record": ("V", "exc"), "every": 10, "summary": "V.mean", "threads": 1}
    told = fn.estimate(
        balanced(), 60.0, **given, rate={name: run.rate.mean() for name, run in whole.populations.items()}
    )
    assert told.spikes == pytest.approx(sum(run.spike_count.sum() for run in whole.values()), rel=0.05)
    assert told.synapses == pytest.approx(0.05 * 400 * 400 + 5 * 400 + 3 * 400 + 500)
    assert 0 < told.seconds < 100
    assert told.events > told.spikes
    assert "synapses" in str(told)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": {"cell": 3.0}}, "a population in rate must be one of .*'cells'"),
        ({"rate": -1.0}, "rate must be a number of Hz, 0 or more"),
        ({"record": "W"}, "record must be one of"),
        ({"out": "no/such/folder/net.zarr"}, "folder that can be written to"),
    ],
)
def test_an_estimate_refuses_what_simulate_refuses(given, message):
    with pytest.raises((ValueError, OSError), match=message):
        fn.estimate(balanced(), 10.0, **given)


def test_a_rate_is_for_networks():
    with pytest.raises(ValueError, match=r"rate is for networks; got 3\.0"):
        fn.estimate(fn.MorrisLecar.hopf(), 10.0, rate=3.0)


def test_a_network_that_cannot_fit_is_refused_before_any_work(tmp_path, monkeypatch):
    cells = fn.Population(fn.MorrisLecar.hopf(), 2**20, {"d": fn.Delta()})
    net = fn.Network({"cells": cells}, [fn.Projection(cells, cells, "d", fn.AllToAll(), stored=True)])
    for more in ({}, {"out": tmp_path / "net.zarr"}):
        with pytest.raises(
            MemoryError, match=r"the network needs 2.* TB of memory.*: make synapses anew .* stored=False"
        ):
            fn.simulate(net, 10.0, **more)
    monkeypatch.setattr(fn._engine.resources, "memory_left", lambda: 3e6)
    with pytest.raises(
        MemoryError, match=r"the network needs .* and 3 MB are left: record fewer neurons or less often"
    ):
        fn.simulate(balanced(), 10.0)
    assert list(tmp_path.iterdir()) == []


def test_going_on_with_a_network_is_checked_as_well(unfinished, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(fn._engine.resources, "memory_left", lambda: 1e6)
        with pytest.raises(MemoryError, match="and 1 MB are left"):
            fn.resume(unfinished)
    fn.resume(unfinished)
