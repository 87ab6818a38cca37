"""What the package shows of itself."""

import importlib
import inspect
import pydoc
import runpy
from pathlib import Path

import fastneuron as fn


def test_only_public_names_are_shown():
    shown = {name for name in dir(fn) if not name.startswith("_")}
    assert shown == {*fn.__all__, "examples", "plot", "sklearn", "open"} - {"__version__"}


def test_what_needs_more_is_there_when_it_is_asked_for(python):
    assert (
        python("import sys, fastneuron as fn; print('matplotlib' in sys.modules); fn.plot.raster; fn.sklearn").strip()
        == "False"
    )


def test_a_folder_is_imported_when_something_of_it_is_asked_for(python):
    code = "import sys, fastneuron as fn; there = lambda x: f'fastneuron.{x}' in sys.modules; "
    assert python(code + "print(*map(there, ['mlp', 'perceptron', 'dynamics']))").split() == ["False"] * 3
    assert python(code + "fn.MLP; print(*map(there, ['mlp', 'perceptron']))").split() == ["True", "False"]
    assert (
        python(code + "print(*map(there, ['network', 'receptors', '_storage', 'simulation']))").split() == ["False"] * 4
    )
    assert python(code + "fn.Population; print(*map(there, ['network', '_storage']))").split() == ["True", "False"]
    assert python("from fastneuron import *; print(MLP, Perceptron, least_squares_layer)")
    assert python("import fastneuron as fn; print(fn.perceptron.square, fn.mlp.SGD)")


def test_names_are_where_it_is_said():
    for module, names in fn.PLACES.items():
        for name in names:
            there = importlib.import_module(f"fastneuron.{module}")
            assert getattr(fn, name) is vars(there)[name] is fn.__getattr__(name)
    assert {name for names in fn.PLACES.values() for name in names} == {*fn.__all__, "open"} - {
        *fn.MODULES,
        "__version__",
    }


def test_the_package_alone_needs_nothing_that_takes_time(python):
    heavy = "print([name for name in ('numba', 'numpy') if name in sys.modules])"
    assert python(f"import sys, fastneuron as fn; fn.__version__, dir(fn); {heavy}") == "[]\n"
    for command in ("docs --search spike", "docs methods", "--help"):
        said = python(f"import sys; from fastneuron.cli import main\ntry: main({command.split()})\nfinally: {heavy}")
        assert said.endswith("\n[]\n"), command


def test_a_neuron_needs_nothing_of_networks_nor_of_stores(python):
    code = """
import sys, fastneuron as fn
fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=[80.0, 100.0], record="V")
fn.simulate(fn.MorrisLecar.hopf(), 1.0, current=[80.0, 100.0], method="dop853")
print([name for name in sys.modules if name.startswith(("fastneuron.network", "fastneuron._storage"))])
"""
    assert python(code) == "[]\n"


def test_signatures_are_real():
    assert str(inspect.signature(fn.Step)) == "(amplitude, start=0.0, stop=inf)"
    assert str(inspect.signature(fn.OrnsteinUhlenbeck)) == "(sigma, tau)"
    assert list(inspect.signature(fn.FitzHughNagumo).parameters) == ["a", "b", "tau"]
    assert list(inspect.signature(fn.Samples).parameters) == ["values", "dt", "held"]


def test_help_is_about_the_class():
    said = pydoc.render_doc(fn.Step, renderer=pydoc.plaintext)
    assert "ndarray(" not in said
    assert "Step(amplitude, start=0.0, stop=inf)" in said


def test_help_is_a_table_of_contents():
    subjects = runpy.run_path(str(Path(fn.__file__).parent / "guide/conf.py"))["subjects"]()  # those of the website
    names = [name for names in subjects.values() for name in names]
    assert sorted(names) == sorted({*fn.__all__, *fn.MODULES, "open", "mlp"})
    assert len(subjects) > 8
    said = pydoc.render_doc(fn, renderer=pydoc.plaintext)
    assert said.index("Currents and noise") < said.index("PACKAGE CONTENTS")
    lines = [line for entries in subjects.values() for line in entries.values()]
    assert len({*lines}) > len(lines) - 4  # each says something of its own
    assert max(map(len, inspect.getdoc(fn).split("\n"))) <= 120
