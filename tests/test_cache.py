"""Compiled kernels on disk: never stale, found again when nothing changed, done without where none can be written."""

import hashlib
import os
import pickle
import shutil
import stat
import sys

import numba
import pytest
from conftest import PACKAGE

import fastneuron as fn
from fastneuron._kernel import jit

RUN = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import sys
    from pathlib import Path
    import fastneuron as fn
    from fastneuron._kernel import jit as _jit
    from fastneuron._integrators.fixed_step import integrate
    assert Path(fn.__file__).is_relative_to(sys.argv[1]), fn.__file__
    run = fn.simulate(fn.MorrisLecar.hopf(), 50.0, current=100.0)
    fn.simulate(fn.MorrisLecar.snic(), 5.0)
hits = sum(integrate.stats.cache_hits.values())
kernels = _jit.cache_folder() and len(list(_jit.cache_folder().glob("*.kernel")))
print(hits, run.state["V"][0].hex(), len(caught), _jit.cache_folder(), kernels)
print(*(warning.message for warning in caught), sep="\\n")
"""
NOWHERE = "/dev/null/home"  # not even root can make a folder there


class Outcome:
    """What RUN printed."""

    def __init__(self, printed):
        first, self.warnings = printed.split("\n", 1)
        hits, self.bits, warned, self.folder, self.kernels = first.split(" ")
        self.from_cache = hits != "0"
        self.warned = int(warned)


@pytest.fixture
def outcome(python):
    def run(site, **environment):
        return Outcome(python(RUN, site, path=site, **{"NUMBA_CACHE_DIR": ""} | environment))

    return run


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new))


@pytest.fixture
def warm():
    """A function that lays this process's compiled kernels into a folder: the same sources find them there."""
    fn.simulate(fn.MorrisLecar.hopf(), 1.0)

    def half_written(_, names):  # by another process, which moves them away
        return [name for name in names if not name.endswith(".kernel")]

    def lay(folder):
        shutil.copytree(jit.cache_folder(), folder / jit.cache_folder().name, ignore=half_written)

    return lay


def test_every_source_is_in_the_fingerprint(copy, monkeypatch):
    monkeypatch.setattr(jit, "PACKAGE", copy / "fastneuron")
    assert jit._fingerprint() == jit.FINGERPRINT
    one_of_each_folder = {path.parent: path for path in (copy / "fastneuron").rglob("*.py")}
    for path in one_of_each_folder.values():
        source = path.read_text()
        path.write_text(source + " ")
        assert jit._fingerprint() != jit.FINGERPRINT, path
        path.unlink()
        assert jit._fingerprint() != jit.FINGERPRINT, path
        path.write_text(source)
    assert jit._fingerprint() == jit.FINGERPRINT


EDITS = [
    pytest.param(
        "_kernel/elementary.py", "0.041666666666", "0.041666666667", True, id="coefficient", marks=pytest.mark.slow
    ),  # two calls from the kernel
    pytest.param(
        "_kernel/jit.py", '"boundscheck": False', '"boundscheck": True', False, id="flag", marks=pytest.mark.slow
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "other_bits"), EDITS)
def test_unchanged_is_found_again_and_changed_is_compiled(name, old, new, other_bits, copy, outcome, warm):
    warm(copy / "fastneuron" / "__pycache__")
    before = outcome(copy)
    assert before.from_cache
    edit(copy / "fastneuron" / name, old, new)
    after = outcome(copy)
    assert not after.from_cache
    assert after.folder != before.folder
    assert (after.bits != before.bits) == other_bits
    assert outcome(copy).from_cache


MODEL = """
import helpers
import fastneuron as fn

class Passive(fn.Model):
    tau: float = 10.0
    states = {"V": -65.0}

    @staticmethod
    def derivative(V, I, p):
        return (helpers.twice(I - V) / p.tau,)
"""
HELPERS = """
import numba

FACTOR = 2.0

@numba.njit
def twice(x):
    return times(x)

@numba.njit
def times(x):
    return FACTOR * x
"""
RUN_MODEL = """
import fastneuron as fn
from fastneuron._integrators.fixed_step import integrate
from model import Passive
print(fn.simulate(Passive(), 10.0).state["V"][0], sum(integrate.stats.cache_hits.values()))
"""


@pytest.mark.slow
def test_a_users_model_is_never_stale(tmp_path, python):
    """Not even where what changes is a number, read by a function, called by a function, called by the model."""
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "helpers.py").write_text(HELPERS)

    def answer():
        V, hits = python(RUN_MODEL, NUMBA_CACHE_DIR=str(tmp_path / "kernels")).split()
        return float(V), hits != "0"

    assert answer() == (pytest.approx(-65 * 2.718281828**-2), False)
    assert answer() == (pytest.approx(-65 * 2.718281828**-2), True)
    edit(tmp_path / "helpers.py", "FACTOR = 2.0", "FACTOR = 3.00")
    assert answer() == (pytest.approx(-65 * 2.718281828**-3), False)


@pytest.mark.slow
def test_two_models_of_one_name(python, tmp_path):
    """As in a notebook whose cell is run again after an edit."""
    program = """
import fastneuron as fn
for factor in (1.0, 2.0):
    class Passive(fn.Model):
        tau: float = 10.0
        states = {"V": -65.0}
        derivative = staticmethod(lambda V, I, p: (factor * (I - V) / p.tau,))
    print(fn.simulate(Passive(), 10.0).state["V"][0])
"""
    for _ in ("compiled", "from the cache"):
        first, second = map(float, python(program, NUMBA_CACHE_DIR=str(tmp_path / "kernels")).split())
        assert first == pytest.approx(-65 * 2.718281828**-1)
        assert second == pytest.approx(-65 * 2.718281828**-2)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the folders are those of Linux")
def test_read_only_install(copy, tmp_path, outcome, warm):
    (copy / "fastneuron" / "__pycache__").write_text("a file where the folder should be: nothing can be written there")
    home = tmp_path / "home"
    environment = {"XDG_CACHE_HOME": "", "HOME": str(home), "LOCALAPPDATA": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    warm(home / ".cache" / "fastneuron")
    elsewhere = outcome(copy, **environment)
    assert elsewhere.folder.startswith(str(home))
    assert elsewhere.from_cache
    assert elsewhere.warned == 0
    # and no home either
    environment |= {"HOME": NOWHERE, "LOCALAPPDATA": NOWHERE}
    nowhere = outcome(copy, **environment)
    assert nowhere.bits == elsewhere.bits
    assert nowhere.folder == "None"
    assert nowhere.warned == 1
    assert "NUMBA_CACHE_DIR" in nowhere.warnings
    # the remedy that the warning names
    warm(tmp_path / "cache")
    cured = outcome(copy, **environment, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert cured.folder.startswith(str(tmp_path / "cache"))
    assert cured.from_cache
    assert cured.warned == 0


def test_no_home_matters_only_where_the_package_cannot_hold_the_cache(outcome):
    fine = outcome(PACKAGE.parent, HOME=NOWHERE, XDG_CACHE_HOME="")
    assert fine.warned == 0
    assert fine.folder.startswith(str(PACKAGE))


@pytest.mark.slow
def test_a_damaged_cache_is_mended(python, tmp_path, warm):
    program = """
import shutil
import numpy as np
import fastneuron as fn
from fastneuron._kernel import jit as _jit
def run(n):
    return fn.simulate(fn.MorrisLecar.hopf(), 5.0, current=np.full(n, 100.0)).state["V"][0].hex()
for kernel in _jit.cache_folder().glob("*.kernel"):
    kernel.write_bytes(kernel.read_bytes()[:1000])
first = run(1)
shutil.rmtree(_jit.cache_folder())  # as when an eighth later version of the package has swept it away
print(first == run(2000))
"""
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    warm(tmp_path / "kernels")
    assert python(program, **cache) == "True\n"


COMPILED_BEFORE = """
import sys
import numpy as np
import fastneuron as fn
from fastneuron._kernel import jit
print(fn.simulate(fn.MorrisLecar.hopf(), 1.0).n, end=" ")
print(*(name for name in ("scipy.linalg", "numba.np.arraymath") if name in sys.modules))
@jit.allocating_kernel
def doubled(x):
    y = np.empty(x.size)
    for i in range(x.size):
        y[i] = 2.0 * x[i]
    return y
@jit.allocating_kernel
def hashed(text):
    return hash(text)
print(doubled(np.ones(3)).sum(), hashed("a text") == hash("a text"))
print([sum(kernel.stats.cache_hits.values()) for kernel in (doubled, hashed)])
print(jit.kernel(lambda x: np.sin(x) + 1.0)(0.0))
"""


def test_what_is_compiled_needs_nothing_of_what_compiles(python, tmp_path, warm):
    """Not what Numba imports before it compiles, nor SciPy with it; and all of that is there where something does."""
    warm(tmp_path)
    for hits in ("[0, 0]", "[1, 1]"):
        said = python(COMPILED_BEFORE, NUMBA_CACHE_DIR=str(tmp_path)).splitlines()
        assert said == ["1 ", "6.0 True", hits, "1.0"]


# ---- what is found is believed only as far as it proves itself


class Evil:
    """A pickle that leaves a mark where it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder of this test alone; a function that asks for it anew."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    jit.cache_folder.cache_clear()
    yield jit.cache_folder
    jit.cache_folder.cache_clear()


def two(x):
    return x + 2.0


def test_a_kernel_is_read_only_if_it_is_whole(folder, tmp_path):
    def answer(function=two):
        fresh = jit.kernel(function)
        return fresh(1.0), sum(fresh.stats.cache_hits.values())

    assert answer() == (3.0, 0)
    assert answer() == (3.0, 1)
    (path,) = folder().glob("*.kernel")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name == "nt"
    whole = path.read_bytes()
    for place in (0, 31, 32, 33, len(whole) // 2, len(whole) - 1):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        assert answer() == (3.0, 0), place
    for cut in (0, 10, 32, 1000):
        path.write_bytes(whole[:cut])
        assert answer() == (3.0, 0), cut
    path.write_bytes(pickle.dumps(Evil(tmp_path / "mark")))
    assert answer() == (3.0, 0)
    assert not (tmp_path / "mark").exists()


def test_nothing_is_kept_once_the_sources_are_others(folder, monkeypatch):
    """Part of the package is imported when it is asked for: its kernels would stand under the sources of before."""
    with monkeypatch.context() as patch:
        patch.setattr(jit, "_fingerprint", lambda: "0123456789abcdef")
        assert jit.kernel(two)(1.0) == 3.0
    assert not list(folder().glob("*.kernel"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_what_others_may_write_is_not_read(folder, tmp_path):
    kernel = jit.kernel(two)
    kernel(1.0)
    (path,) = folder().glob("*.kernel")
    payload = pickle.dumps(Evil(tmp_path / "mark"))
    path.write_bytes(hashlib.sha256(payload).digest() + payload)
    path.chmod(0o666)
    assert jit.kernel(two)(1.0) == 3.0
    assert not (tmp_path / "mark").exists()
    mine = folder()
    mine.chmod(0o777)
    jit.cache_folder.cache_clear()
    assert folder() != mine
    elsewhere = tmp_path / "elsewhere"
    mine.rename(elsewhere)
    elsewhere.chmod(0o700)
    mine.symlink_to(elsewhere)
    jit.cache_folder.cache_clear()
    assert folder() != mine


def test_only_our_own_old_folders_are_swept(folder, tmp_path):
    parent = tmp_path / "cache"
    strangers = ["kernels-of-a-talk", "kernels-0123456789abcde", "kernels-0123456789ABCDEF"]
    old = [f"kernels-{i:016x}" for i in range(10)]
    for i, name in enumerate(strangers + old):
        (parent / name).mkdir(parents=True, mode=0o700)
        os.utime(parent / name, (i, i))
    current = folder().name
    assert {path.name for path in parent.iterdir()} == {current, *strangers, *old[3:]}


def test_two_kernels_of_one_name_and_bytecode_have_files_of_their_own(folder):
    def made(constant, module):
        scope = {"__name__": module}
        exec(f"def same(x):\n    return x + {constant}", scope)
        return jit.kernel(scope["same"])

    assert [made(1.0, "a")(1.0), made(2.0, "a")(1.0), made(2.0, "b")(1.0)] == [2.0, 3.0, 3.0]
    assert len(list(folder().glob("same-*.kernel"))) == 3


def test_without_the_compiler_there_is_one_sentence(python):
    said = python("import fastneuron; fastneuron.simulate", NUMBA_DISABLE_JIT="1", fails=True)
    assert said.splitlines()[-1].startswith("ImportError: fastneuron is compiled by Numba")


# ---- helpers of kernels, called from Python


@pytest.mark.parametrize("decorate", [jit.inline, jit.helper, jit.inline_ast])
def test_python_may_call_what_has_no_entry_for_it(decorate):
    inner = decorate(two)
    assert inner(1.0) == 3.0
    assert numba.njit(lambda x: inner(x))(1.0) == 3.0
    assert inner(1.0) == 3.0  # compiled by now
