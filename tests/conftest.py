"""What every test file may ask for."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fastneuron as fn
from fastneuron._engine import resources

PACKAGE = Path(fn.__file__).parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job inherits that Ctrl-C is ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def memory_as_it_is_now():
    """What a test says is left of the memory counts at once."""
    with pytest.MonkeyPatch.context() as patch:  # which a test's own `undo` leaves alone
        patch.setattr(resources, "MOMENT", 0.0)
        yield


@pytest.fixture
def python(tmp_path):
    """Run a program in a Python of its own; what it printed.  The package is found by way of `path`."""

    def run(program, *arguments, path=PACKAGE.parent, fails=False, **environment):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(path), **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run


@pytest.fixture
def copy(tmp_path):
    """A copy of the package that a test may edit: the folder that contains it."""
    shutil.copytree(PACKAGE, tmp_path / "site" / "fastneuron", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "site"
