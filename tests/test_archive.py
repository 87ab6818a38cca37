"""A run on disk is the run in memory; what is refused, and what stays when a disk is full."""

import errno
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import xarray
import zarr.storage

import fastneuron as fn
from fastneuron import _files
from fastneuron._storage import about, arrays, layout, serialization
from fastneuron._storage import store as stores
from tests.catalogue import rest_slow
from tests.stored_runs import arguments, assert_same, interrupt, interrupt_before_the_end, recipe_of


@pytest.mark.parametrize("neurons", [None, [90, 3, 5]])
@pytest.mark.parametrize("method", rest_slow(["rk4", "heun", "dop853"]))
def test_a_run_on_disk_is_the_run_in_memory(tmp_path, method, neurons):
    given = arguments(method, neurons=neurons)
    stored = fn.simulate(**given, out=tmp_path / "run.zarr", checkpoint_interval=40.0)
    in_order = given | {"neurons": neurons and sorted(neurons)}
    whole = fn.simulate(**in_order)
    assert_same(whole, stored)
    assert_same(whole, fn.open(tmp_path / "run.zarr"))
    assert_same(whole, fn.resume(tmp_path / "run.zarr"))


def test_death_before_any_write_of_the_end(tmp_path, monkeypatch):
    """Whatever the last thing is that reaches the disk, the store opens and can be resumed."""
    given = arguments(n=20, duration=20.0)
    whole = fn.simulate(**given)
    finish, left = stores.Store._finish, 0

    class Dead(Exception):
        pass

    def count():
        nonlocal left
        left -= 1
        if left < 0:
            raise Dead

    def mortal(operation):
        async def operated(self, *arguments, **named):
            count()
            return await operation(self, *arguments, **named)

        return operated

    @contextmanager
    def mortal_file(path):
        count()
        with whole_file(path) as file:
            yield file

    def mortal_rmtree(path, *given, **named):
        count()
        rmtree(path, *given, **named)

    whole_file, rmtree = _files.whole_file, shutil.rmtree
    for k in range(0, 1000, 3):
        path = tmp_path / f"{k}.zarr"

        def end(self, found, k=k):
            nonlocal left
            left = k
            with monkeypatch.context() as patch:
                for name in ("set", "delete", "delete_dir"):
                    patch.setattr(zarr.storage.LocalStore, name, mortal(getattr(zarr.storage.LocalStore, name)))
                for module in (arrays, about):
                    patch.setattr(module, "whole_file", mortal_file)
                patch.setattr(stores.shutil, "rmtree", mortal_rmtree)
                finish(self, found)

        with monkeypatch.context() as patch:
            patch.setattr(stores.Store, "_finish", end)
            try:
                fn.simulate(**given, out=path)
            except Dead:
                alive = False
            else:
                alive = True
        found = fn.open(path)
        assert np.array_equal(found.spike_count, whole.spike_count)
        with xarray.open_zarr(path) as opened:
            assert np.array_equal(opened.V.values, whole["V"])
        assert_same(whole, fn.resume(path))
        assert not (path / "progress").exists()
        if alive:
            break
    assert k > 40


def test_the_store_is_an_xarray_dataset(tmp_path):
    run = fn.simulate(**arguments(), out=tmp_path / "run.zarr")
    with xarray.open_zarr(tmp_path / "run.zarr") as found:
        assert found.V.dims == ("neuron", "time")
        assert found.V.attrs["units"] == "mV"
        assert found.time.attrs["units"] == "ms"
        assert np.array_equal(found.V.sel(neuron=7).values, run["V"][7])
        about = found.attrs["fastneuron"]
        assert about["recipe"]["model"]["parameters"]["g_Ca"] == "4.4"
        assert about["versions"]["fastneuron"] == fn.__version__
        in_memory = fn.simulate(**arguments()).to_xarray()
        assert set(found.variables) == set(in_memory.variables)
        for name in found.variables:
            assert found[name].dims == in_memory[name].dims
            assert found[name].attrs == in_memory[name].attrs, name
            if not name.startswith("spike_"):  # in the store, by chunk
                assert np.array_equal(found[name].values, in_memory[name].values, equal_nan=True), name


def test_only_some_neurons(tmp_path):
    run = fn.simulate(**arguments(neurons=[4, 2]), out=tmp_path / "run.zarr")
    assert run.neurons.tolist() == [2, 4]
    with xarray.open_zarr(tmp_path / "run.zarr") as found:
        assert found.V.dims == ("recorded_neuron", "time")
        assert found.spike_count.size == 300


def test_nothing_recorded(tmp_path):
    given = arguments(record=None, sample_interval=None, summary=None, spike_times=False)
    run = fn.simulate(**given, out=tmp_path / "run.zarr")
    assert_same(fn.simulate(**given), run, spikes=False)
    assert run.spike_count.sum() > 0


@pytest.mark.slow
def test_every_field_of_the_recipe_comes_back(tmp_path):
    given = arguments(
        "heun",
        current=3.0 + fn.Samples(np.arange(600.0).reshape(300, 2) / 10, 50.0, held=True) + fn.Pulses(5.0, 40.0, 2.0),
        noise=fn.WhiteNoise(np.linspace(0, 5, 300)),
        threshold=-10.0,
        bin_width=2.5,
    )
    fn.simulate(**given, out=tmp_path / "run.zarr")
    recipe = stores.Store(tmp_path / "run.zarr").recipe
    asked = recipe_of(**given)
    for name in ("model", "current", "noise", "seed", "threshold", "bin_width", "method", "record", "summary", "dt"):
        assert getattr(recipe, name) == getattr(asked, name), name
    assert list(recipe.initial) == list(asked.initial)
    assert all(np.array_equal(recipe.initial[name], value) for name, value in asked.initial.items())


def test_an_unfinished_run_opens(tmp_path, monkeypatch):
    whole = fn.simulate(**arguments())
    interrupt_after(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        fn.simulate(**arguments(), out=tmp_path / "run.zarr", checkpoint_interval=40.0)
    begun = fn.open(tmp_path / "run.zarr")
    assert begun.duration in (80.0, 120.0)
    samples = begun.time.size
    assert np.array_equal(begun["V"][...], whole["V"][:, :samples])
    assert np.array_equal(np.sort(begun.spikes.time), np.sort(whole.spikes.time[whole.spikes.time < begun.duration]))
    assert begun.state == {}
    monkeypatch.undo()
    assert_same(whole, fn.resume(tmp_path / "run.zarr"))


LONG = """
import sys
sys.path.insert(0, sys.argv[1])
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored
import fastneuron as fn
from tests.stored_runs import arguments
fn.simulate(**arguments(n=2000, duration=1e5, sample_interval=100.0), out=sys.argv[2], checkpoint_interval=1000.0)
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["rk4", "dop853"])
@pytest.mark.parametrize("workers", [0, 2])
def test_it_goes_on_when_only_the_end_is_missing(tmp_path, monkeypatch, method, workers):
    given = {"executor": ThreadPoolExecutor(workers)} if workers else {}
    with monkeypatch.context() as patch:
        interrupt_before_the_end(patch)
        with pytest.raises(KeyboardInterrupt):
            fn.simulate(**arguments(method), **given, out=tmp_path / "run.zarr", checkpoint_interval=40.0)
    assert_same(fn.simulate(**arguments(method)), fn.resume(tmp_path / "run.zarr"))


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(tmp_path):
    root = str(Path(__file__).parents[1])
    store = tmp_path / "run.zarr"
    interrupt([sys.executable, "-c", LONG, root, str(store)], store)
    begun = fn.open(store)
    assert 1000.0 <= begun.duration < 1e5
    first = fn.simulate(**arguments(n=2000, duration=1000.0, sample_interval=100.0))
    assert np.array_equal(begun["V"][:, :10], first["V"][:, :10])


def interrupt_after(monkeypatch, chunks):
    """Ctrl-C at the end of chunk number `chunks`, before it is written."""
    advance = fn._engine.scheduler.advance
    left = iter(range(chunks))

    def interrupted(*given):
        *given, take = given

        def taken(result):
            if next(left, None) is None:
                raise KeyboardInterrupt
            take(result)

        advance(*given, taken)

    monkeypatch.setattr(fn._engine.scheduler, "advance", interrupted)


def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path, monkeypatch):
    whole = fn.simulate(**arguments())
    save = stores.Store._save
    writes = iter(range(4))

    def full(self, name, **values):
        if next(writes, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(self, name, **values)

    monkeypatch.setattr(stores.Store, "_save", full)
    with pytest.raises(OSError, match=r"cannot write to .*run.zarr.*No space left.*resume\(\) goes on") as caught:
        fn.simulate(**arguments(), out=tmp_path / "run.zarr", checkpoint_interval=40.0)
    assert caught.value.errno == errno.ENOSPC
    assert fn.open(tmp_path / "run.zarr").duration == 80.0
    monkeypatch.undo()
    assert_same(whole, fn.resume(tmp_path / "run.zarr"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_really_full(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    # the samples, 2.88 MB, would fit, but not the spikes beside them
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2900k", "tmpfs", small], capture_output=True).returncode:
        pytest.skip("a container without the right to mount")
    try:
        with pytest.raises(OSError, match="No space left"):
            fn.simulate(**arguments(duration=600.0), out=small / "run.zarr", checkpoint_interval=20.0)
        begun = fn.open(small / "run.zarr")
        whole = fn.simulate(**arguments(duration=600.0))
        assert 0 < begun.duration < 600.0
        assert np.array_equal(begun["V"][...], whole["V"][:, : begun.time.size])
    finally:
        subprocess.run(["umount", small], check=True)


def test_what_a_process_killed_while_it_makes_a_store_leaves_is_named_and_left(tmp_path, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    path = tmp_path / "run.zarr"
    with monkeypatch.context() as patch:
        patch.setattr(layout, "_move", killed)
        patch.setattr(layout.shutil, "rmtree", lambda *arguments, **named: None)
        with pytest.raises(KeyboardInterrupt):
            fn.simulate(**arguments(n=5), out=path)
    (left,) = tmp_path.iterdir()
    said = f"{re.escape(repr(left.name))} beside it has been left by a process that was killed"
    for verb in (fn.open, fn.resume):
        with pytest.raises(FileNotFoundError, match=said):
            verb(path)
    (tmp_path / ".run.zarr.notes").mkdir()
    with pytest.raises(FileNotFoundError, match=r"in '[^']*other.zarr'$"):
        fn.open(tmp_path / "other.zarr")
    assert_same(fn.simulate(**arguments(n=5)), fn.simulate(**arguments(n=5), out=path))
    assert {file.name for file in tmp_path.iterdir()} == {"run.zarr", left.name, ".run.zarr.notes"}


def test_what_is_there_is_not_overwritten(tmp_path):
    fn.simulate(**arguments(), out=tmp_path / "run.zarr")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        fn.simulate(**arguments(), out=tmp_path / "run.zarr")
    again = fn.simulate(**arguments("heun"), out=tmp_path / "run.zarr", overwrite=True)
    assert_same(fn.simulate(**arguments("heun")), again)
    (tmp_path / "thesis").mkdir()
    with pytest.raises(FileExistsError, match="no store of a run"):
        fn.simulate(**arguments(), out=tmp_path / "thesis", overwrite=True)
    (tmp_path / "run.zarr" / "V" / "notes.txt").write_text("do not lose this")
    with pytest.raises(FileExistsError, match=r"no store of a run alone: it has .*notes.txt"):
        fn.simulate(**arguments(), out=tmp_path / "run.zarr", overwrite=True)


@pytest.mark.parametrize("name", ["sim", "[x]*", "s?m"])
def test_nothing_is_removed_but_what_a_run_has_made(tmp_path, name):
    """Folders beside the store whose names began with a dot and its own were, and its name was a pattern."""
    kept = [tmp_path / f".{name}.backup", tmp_path / ".sim.backup", tmp_path / f".{name}.0123456789abcdef"]
    for folder in kept:
        folder.mkdir(exist_ok=True)
        (folder / "thesis.txt").write_text("do not lose this")
    for _ in range(2):
        fn.simulate(**arguments(n=5), out=tmp_path / name, overwrite=True)
    assert sorted(tmp_path.iterdir()) == sorted({*kept, tmp_path / name})
    assert all((folder / "thesis.txt").exists() for folder in kept)


def test_a_symbolic_link_stays(tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "run.zarr"
    link.symlink_to(tmp_path / "disk" / "really.zarr")
    for method in ("rk4", "heun"):
        run = fn.simulate(**arguments(method, n=5), out=link, overwrite=True)
        assert_same(fn.simulate(**arguments(method, n=5)), run)
        assert link.is_symlink()
        assert [path.name for path in (tmp_path / "disk").iterdir()] == ["really.zarr"]


def test_another_version_is_refused(tmp_path, monkeypatch):
    interrupt_after(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        fn.simulate(**arguments(), out=tmp_path / "run.zarr", checkpoint_interval=40.0)
    monkeypatch.undo()
    with monkeypatch.context() as patch:
        patch.setattr(serialization, "__version__", "9.9")
        with pytest.raises(ValueError, match=f"begun by fastneuron {fn.__version__} .* this is 9.9"):
            fn.resume(tmp_path / "run.zarr")
    with monkeypatch.context() as patch:
        patch.setattr(serialization, "SOURCES", "0123456789abcdef")
        with pytest.raises(ValueError, match=r"begun by other sources of fastneuron .* other bits than what is there"):
            fn.resume(tmp_path / "run.zarr")
    fn.resume(tmp_path / "run.zarr")


@pytest.mark.parametrize(("file", "decides"), rest_slow([("models/morris_lecar.py", True), ("cli/__init__.py", False)]))
def test_the_sources_that_decide_the_bits(copy, python, file, decides):
    program = "from fastneuron._storage.serialization import SOURCES; print(SOURCES)"
    before = python(program, path=copy)
    with (copy / "fastneuron" / file).open("a") as source:
        source.write("# a line more\n")
    assert (python(program, path=copy) != before) == decides


@pytest.mark.parametrize("function", [fn.open, fn.resume])
def test_another_format_is_refused(tmp_path, monkeypatch, function):
    fn.simulate(**arguments(), out=tmp_path / "run.zarr")
    monkeypatch.setattr(about, "FORMAT", about.FORMAT + 1)
    with pytest.raises(ValueError, match=f"is of format {about.FORMAT - 1}; this version reads {about.FORMAT}"):
        function(tmp_path / "run.zarr")


class Leaky(fn.Model):
    tau: float = 10.0
    states = {"V": 0.0}

    @staticmethod
    def derivative(V, I, p):
        return ((I - V) / p.tau,)


def test_a_model_that_has_changed_is_refused(tmp_path, monkeypatch):
    whole = fn.simulate(Leaky(), 100.0, current=2.0, record="V")
    interrupt_after(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        fn.simulate(Leaky(), 100.0, current=2.0, record="V", out=tmp_path / "run.zarr", checkpoint_interval=10.0)
    monkeypatch.undo()
    monkeypatch.setattr(Leaky, "derivative", staticmethod(lambda V, I, p: ((I - 2 * V) / p.tau,)))
    with pytest.raises(ValueError, match="another Leaky: its parameters or formulas have changed"):
        fn.resume(tmp_path / "run.zarr")
    monkeypatch.undo()
    assert_same(whole, fn.resume(tmp_path / "run.zarr"))


def rename(store, name):
    """Let a store say that its model is another; the checksum is right."""
    document = about.read(store)
    document["recipe"]["model"]["class"] = name
    about.write(store, document)


EVIL = "import pathlib; pathlib.Path('imported').touch()"
OPENS = """
import sys
import fastneuron as fn
try:
    {before}
    fn.{verb}(sys.argv[1]{more})
except (ValueError, TypeError) as error:
    print(type(error).__name__, error)
else:
    print("opened")
"""


@pytest.mark.parametrize("verb", ["open", "resume"])
def test_nothing_is_imported_because_a_file_names_it(tmp_path, python, verb):
    """A module in the current folder that a store names ran."""
    store = tmp_path / "run.zarr"
    fn.simulate(Leaky(), 100.0, current=2.0, out=store)
    (tmp_path / "evil.py").write_text(EVIL)
    rename(store, "evil:Leaky")
    said = python(OPENS.format(verb=verb, before="sys.path.insert(0, '')", more=""), store)
    assert not (tmp_path / "imported").exists()
    assert re.match(r"Refused .*Leaky from evil, which is not there; .* models=\[Leaky\]", said)


MINE = """
    class {name}(fn.Model):
        tau: float = 10.0
        states = {{"V": 0.0}}

        @staticmethod
        def derivative(V, I, p):
            return ((I - {factor}V) / p.tau,)
"""


@pytest.mark.slow
def test_a_class_of_ones_own_is_given(tmp_path, python):
    store = tmp_path / "run.zarr"
    fn.simulate(Leaky(), 100.0, current=2.0, out=store)
    right, wrong = (MINE.format(name="Leaky", factor=factor) for factor in ("", "2 * "))
    assert "which is not there" in python(OPENS.format(verb="open", before=right, more=""), store)
    assert python(OPENS.format(verb="open", before=right, more=", models=[Leaky]"), store) == "opened\n"
    assert "have changed since" in python(OPENS.format(verb="open", before=wrong, more=", models=[Leaky]"), store)
    assert "models must be classes" in python(OPENS.format(verb="open", before="pass", more=", models=[3]"), store)


@pytest.mark.parametrize(
    "name", ["builtins:eval", "fastneuron.inputs.waveforms:Step", "fastneuron.models:Model", "os:x.y"]
)
def test_what_is_no_model_is_refused(tmp_path, name):
    store = tmp_path / "run.zarr"
    fn.simulate(Leaky(), 100.0, current=2.0, out=store)
    rename(store, name)
    with pytest.raises(ValueError, match="which is not there"):
        fn.open(store)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"out": "no/such/folder/run.zarr"}, "folder that can be written to"),
        ({"out": "run.zarr", "checkpoint_interval": 0.0}, "checkpoint_interval must be a positive"),
        ({"out": "run.zarr", "overwrite": "yes"}, "overwrite must be True or False"),
        ({"checkpoint_interval": 5.0}, "checkpoint_interval is for runs with out="),
    ],
)
def test_bad_input(tmp_path, monkeypatch, asked, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((TypeError, ValueError, OSError), match=words):
        fn.simulate(**arguments(), **asked)
    assert list(tmp_path.iterdir()) == []


def test_no_run_to_open(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run of fastneuron"):
        fn.open(tmp_path / "run.zarr")
    with pytest.raises(FileNotFoundError, match="no run of fastneuron"):
        fn.resume(tmp_path)


def test_spike_trains_for_neo():
    run = fn.simulate(**arguments())
    trains = run.to_neo().spiketrains
    assert len(trains) == run.n
    assert np.array_equal(trains[7].magnitude, run.spikes[7])
    assert float(trains[7].t_stop) == run.duration


def test_samples_for_neo():
    run = fn.simulate(
        fn.MorrisLecar.hopf(), 20.0, current=[80.0, 90.0, 100.0, 110.0], record=("V", "N"), neurons=[3, 1]
    )
    V, N = run.to_neo().analogsignals
    assert (V.name, N.name) == ("V", "N")
    np.testing.assert_array_equal(V.rescale("mV").magnitude, run["V"].T)
    np.testing.assert_array_equal(N.magnitude, run["N"].T)
    np.testing.assert_allclose(V.times.rescale("ms").magnitude, run.time, rtol=1e-12)
    assert V.array_annotations["neuron"].tolist() == [3, 1]


def test_a_table_for_notebooks():
    class Odd(fn.MorrisLecar):
        pass

    run = fn.simulate(Odd(C=[19.0, 20.0], g_L=2.0), 10.0, current=90.0)
    Odd.__name__ = "<b>Odd & bold</b>"
    for html in (run._repr_html_(), run.model._repr_html_(), fn.Step([1.0, 2.0])._repr_html_()):
        assert html.startswith("<table>")
        assert html.endswith("</table>")
        assert "<b>" not in html
        assert len(html) < 2000
    assert "&lt;b&gt;Odd &amp; bold" in run._repr_html_()
    assert "<td>C</td><td>&lt;2 values, 19 to 20&gt;</td><td>uF/cm^2</td>" in run.model._repr_html_()
