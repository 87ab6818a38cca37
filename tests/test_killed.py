"""A run that is killed at any moment goes on, and ends with the same bits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "killed.py"


def killed(method, kills, folder):
    """What the script has to say."""
    command = [sys.executable, "-W", "ignore", str(SCRIPT), method, str(kills), "1", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.slow
@pytest.mark.parametrize(("method", "kills"), [("rk4", 15), ("heun", 15), ("dop853", 20)])
def test_killed_at_many_random_moments(method, kills, tmp_path):
    ended = killed(method, kills, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"{kills} killed")
    assert int(ended.stdout.split()[3]) >= 5, ended.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_killed_at_a_few_random_moments(tmp_path):
    ended = killed("rk4", 5, tmp_path)
    assert ended.returncode == 0, ended.stderr
