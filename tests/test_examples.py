"""Every example runs, finds something and draws it: each in a small size, its figure judged by what it holds."""

import re
import subprocess
import sys

import pytest
from matplotlib import pyplot

from fastneuron import examples
from fastneuron.cli import main

SMALL = 0.05
SLOW = {  # compile kernels that few other tests have
    "bifurcation_diagrams",
    "brunel",
    "burster",
    "class_map",
    "firing_patterns",
    "cobahh",
    "fit_trace",
    "half_centre",
    "killed_and_resumed",
    "mean_field",
    "noise_and_resonance",
    "phase_plane",
    "stdp",
    "wang_buzsaki",
}
NAMES = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in examples.questions()]


@pytest.mark.parametrize("name", NAMES)
def test_example(name, capsys):
    """It says what it finds, and draws it in axes with labels."""
    figure = examples.study(name, SMALL)
    try:
        axes = [ax for ax in figure.axes if ax.axison]
        assert axes
        assert any(ax.get_xlabel() for ax in axes)
        assert any(ax.get_ylabel() for ax in axes)
        for ax in axes:
            assert ax.has_data()
        figure.draw_without_rendering()
        assert max(figure.get_size_inches()) <= 10
    finally:
        pyplot.close(figure)
    assert capsys.readouterr().out.strip(), "it found nothing"


@pytest.mark.parametrize("name", examples.questions())
def test_its_file_is_in_the_form_of_all(name):
    """A docstring whose first line fits the list, one `study`, a figure of its name when it is run by itself."""
    text = examples.source(name).read_text(encoding="utf-8")
    assert re.match(r'"""[A-Z0-9][^\n]+[.?]\n\n', text)
    assert "\ndef study(size=1.0):\n" in text
    assert text.endswith(f'\n\nif __name__ == "__main__":\n    fn.examples.save(study(), "{name}")\n')
    assert not re.search(r"import .*fastneuron\._|from fastneuron\._|from \.", text), "not for users"


def test_the_list_has_a_line_for_each(capsys):
    assert main(["example"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(examples.questions())
    assert len(lines) == len([path for path in examples.FOLDER.glob("*.py") if path.name != "__init__.py"])
    assert max(map(len, lines)) <= 100


def test_one_is_run_and_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["example", "f_i_curves", "--size", "0.05"]) == 0
    first, *found, last = capsys.readouterr().out.splitlines()
    assert first == f"source   {examples.FOLDER / 'f_i_curves.py'}"
    assert found
    assert last == "drew     f_i_curves.png"
    assert (tmp_path / "f_i_curves.png").read_bytes().startswith(b"\x89PNG")
    assert main(["example", "f_i_curves", "--size", "0.05", "--out", "here.svg"]) == 0
    assert "<svg" in (tmp_path / "here.svg").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f_i_curves.png", "here.svg"]


@pytest.mark.slow
def test_one_is_run_as_a_module(tmp_path):
    command = [sys.executable, "-m", "fastneuron.examples.f_i_curves"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert told.endswith("drew     f_i_curves.png\n")
    assert (tmp_path / "f_i_curves.png").stat().st_size > 3000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["f_i_curve"], r"the example must be one of '.*; got 'f_i_curve'; did you mean 'f_i_curves'\?"),
        (["f_i_curves", "--size", "0"], "--size must be a positive number; got 0.0"),
        (["f_i_curves", "--size", "inf"], "--size must be a positive number; got inf"),
        (["f_i_curves", "--size", "big"], r"argument --size: invalid float value: 'big' \(see .*"),
        (["f_i_curves", "--out", "figure.doc"], r"--out must end in .*\.png.*; got 'figure.doc'"),
        (["f_i_curves", "--out", "no/such/folder/f.png"], "--out must be in a folder that exists; got .*"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_before_it_begins(arguments, message, capsys):
    try:
        code = main(["example", *arguments])
    except SystemExit as end:  # argparse's own
        code = end.code
    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert re.fullmatch(rf"fastneuron[^\n]*: error: {message}\n", told.err)


def test_a_missing_package_is_named(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(examples, "FOLDER", tmp_path)
    (tmp_path / "incomplete.py").write_text('"""Which digit?"""\n\nimport no_such_package.datasets\n')
    monkeypatch.setattr(examples, "__path__", [str(tmp_path)])
    assert main(["example", "incomplete"]) == 2
    message = "the example incomplete needs no_such_package: pip install no_such_package"
    assert capsys.readouterr().err == f"fastneuron: error: {message}\n"
    assert [path.name for path in tmp_path.glob("*.png")] == []
