"""``fastneuron docs``: pages, and what is found on them."""

import pydoc
import sys
from itertools import islice

import pytest
from test_troubleshooting import ANY, entries, entry_of, messages

import fastneuron as fn
from fastneuron.cli import docs, main

PAGES = {
    "README": "# Guide\n\n| page | what it answers |\n|---|---|\n| [Units](units.md) of numbers | which they have |\n",
    "methods": "# Methods, and which to choose\n\nAn adaptive one.\n\n## Steps\n\n```sh\n# no heading\n```\n\n"
    "How long.\n\n- Dear.\n- Cheap.\n",
    "units": "# Units\n",
    "troubleshooting": "# Trouble\n\n## 1. All\n\n- `… must …; got …`: read it.\n"
    "- `neuron … blew up`, `the weights`: a\n  smaller step.\n",
}


@pytest.fixture
def guide(monkeypatch, tmp_path):
    for name, text in PAGES.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(docs, "GUIDE", tmp_path)


def said(capsys, *words):
    code = main(["docs", *words])
    out, err = capsys.readouterr()
    return code, out or err


@pytest.mark.usefixtures("guide")
def test_pages_are_listed_in_the_order_of_the_index(capsys):
    lines = ["units            of numbers: which they have", "methods          Methods, and which to choose"]
    assert said(capsys) == (0, "\n".join([*lines, "troubleshooting  Trouble"]) + "\n")


def test_a_terminal_that_lacks_a_character_gets_another(python):
    code = "import sys; from fastneuron.cli import main; main(['docs', '--search', 'dt must'])"
    assert "- `? must ?; got ?`: " in python(code, PYTHONIOENCODING="ascii")


@pytest.mark.usefixtures("guide")
def test_a_page_goes_through_a_pager_where_somebody_looks_on(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(pydoc, "pager", shown.append)
    assert said(capsys, "units") == (0, "# Units\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert said(capsys, "units") == (0, "")
    assert shown == ["# Units\n"]


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("dt must be a positive number of ms; got 0", "read it."),
        ("dt must", "read it."),
        ("neuron 7 blew up: its state", "a smaller step."),
        ("neuron", "a smaller step."),
        ("the weights overflow", "a smaller step."),
    ],
)
def test_a_message_or_its_begin_finds_its_entry(capsys, words, found):
    for given in ([words], words.split()):
        code, out = said(capsys, "--search", *given)
        assert code == 0
        assert out.startswith("troubleshooting, 1. All\n    - `")
        assert out.endswith(f"{found}\n")
        assert out.count("\n- ") + out.count("    - ") == 1


@pytest.mark.usefixtures("guide")
def test_words_find_the_sections_that_have_all_of_them(capsys):
    assert said(capsys, "--search", "steps", "CHEAP") == (0, "methods, Steps\n    - Cheap.\n")
    assert said(capsys, "--search", "adapt") == (0, "methods, Methods, and which to choose\n    An adaptive one.\n")
    assert said(capsys, "methods", "--search", "long") == (0, "methods, Steps\n    How long.\n")
    for nothing in ("cheap adaptive", "---", "eap"):
        code, message = said(capsys, "--search=" + nothing)
        assert code == 2
        assert "--search must be" in message
        assert repr(nothing) in message


def test_what_a_user_sees_is_found(capsys):
    with pytest.raises(ValueError, match="duration") as caught:
        fn.simulate(fn.MorrisLecar(), 10.02)
    code, out = said(capsys, "--search", str(caught.value))
    assert code == 0
    assert "`duration must be a multiple of dt`" in out


def test_each_message_finds_the_entry_of_the_page(capsys):
    for message in islice(messages(), 0, None, 40):
        code, out = said(capsys, "--search=" + message.replace(ANY, "x"))
        assert code == 0
        assert f"troubleshooting, {entries()[entry_of(message)]}. " in out, message
