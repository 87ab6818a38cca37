"""The page that says where things are speaks of what is there."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from conftest import PACKAGE

ROOT = Path(__file__).parents[1]
PAGE = (PACKAGE / "ARCHITECTURE.md").read_text(encoding="utf-8")
FENCE = PAGE.split("```")[1]
SPANS = sorted(set(re.findall(r"`([^`\n]+)`", PAGE.replace(FENCE, ""))))
TO_COME = "NAME.py"  # what somebody adds


def place(path):
    return (ROOT if path.split("/")[0] in ("tests", "benchmarks") else PACKAGE) / path.removesuffix(TO_COME)


@cache
def names_in(path):
    """What a file defines: functions, classes and their members as Class.member, and what it assigns."""
    found = set()

    def collect(body, prefix):
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(prefix + node.name)
            if isinstance(node, ast.ClassDef):
                collect(node.body, f"{prefix}{node.name}.")
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            found.update(prefix + target.id for target in targets if isinstance(target, ast.Name))

    collect(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return found


@cache
def words():
    """Every identifier of the package and of the tests' catalogue."""
    sources = [*PACKAGE.rglob("*.py"), ROOT / "tests/catalogue.py"]
    return {word for path in sources for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("span", [span for span in SPANS if "/" in span or ".py" in span])
def test_every_file_and_what_is_in_it_is_there(span):
    path, _, name = span.partition(":")
    assert place(path).exists()
    assert not name or name in names_in(place(path))


@pytest.mark.parametrize("span", [span for span in SPANS if re.fullmatch(r"[A-Za-z_][\w=]*", span)])
def test_every_name_stands_in_the_code(span):
    assert set(re.findall(r"\w+", span)) <= words()


def test_the_layers_are_those_of_the_contract():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    assert [line.split("    ")[0].rstrip() for line in FENCE.strip().splitlines()] == layers


def test_every_folder_is_in_the_layers():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders <= set(re.findall(r"\w+", FENCE))


PUBLIC_VERBS = {"simulate", "train", "__init__", "fit"}  # may have many arguments


def lines_of_code(function):
    """The lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    return function.end_lineno - function.lineno + 1 - documented * (first.end_lineno - first.lineno + 1)


def arguments_of(function):
    """The arguments that a caller gives, by name."""
    given = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    return [argument.arg for argument in given if argument.arg not in ("self", "cls", "typingctx")]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_are_short_and_take_few_arguments(path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 450
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            assert lines_of_code(function) <= (70 if function.name in PUBLIC_VERBS else 60), function.name
            assert len(arguments_of(function)) <= 8 or function.name in PUBLIC_VERBS, function.name
