"""What `peers` stores: parts apart, contenders apart, rows that are not quiet, and what the README tells of them."""

import json

import numpy as np
import pytest

from benchmarks import page, peers
from benchmarks.asked import Asked
from benchmarks.parts import PARTS, Part, rows
from benchmarks.roster import Contender, Match
from benchmarks.tasks import Cycles, GapJunctions


def row(name, ratio=2.0, **given):
    """A row of a population."""
    return {
        "task": "Population", "model": "morris_lecar", "n": 10_000, "steps": 400, "every": 0, "dt": 0.05, "slopes": 4,
        "name": name, "file": name.lower(), "version": "1", "settings": "", "against": {}, "threads": 1,
        "ours_threads": 1, "rate": 1e6, "ours_rate": ratio * 1e6, "ratio": ratio, "spread": 0.01, "floor": 0.01,
        "trusted": True, "error": 1e-7, "ours_error": 1e-8, **given,
    }  # fmt: skip


@pytest.fixture
def found(monkeypatch):
    """What the next measurement of populations finds, to be set."""
    found = {"rows": [row("Brian2"), row("JAX", 4.0)], "missing": {"heyoka": "gone"}}
    told = PARTS["populations"]._replace(measure=lambda asked: dict(found))
    monkeypatch.setitem(PARTS, "populations", told)
    monkeypatch.setitem(PARTS, "calls", Part("Calls", lambda asked: {"rows": [], "missing": {}}, lambda found: [], 0.1))
    return found


def stored(folder):
    return json.loads((folder / "peers.json").read_text())


def test_a_part_leaves_the_others_as_they_are(found, tmp_path):
    peers.report(tmp_path, Asked(), ["populations", "calls"])
    before = stored(tmp_path)
    found["rows"] = [row("Brian2", 3.0)]
    peers.report(tmp_path, Asked(), ["calls"])
    assert stored(tmp_path)["populations"] == before["populations"]
    peers.report(tmp_path, Asked(), ["populations"])
    after = stored(tmp_path)
    assert list(after) == ["populations", "calls"]
    assert [one["ratio"] for one in after["populations"]["found"]["rows"]] == [3.0]


def test_a_contender_leaves_the_others_as_they_are(found, tmp_path):
    peers.report(tmp_path, Asked(), ["populations"])
    found |= {"rows": [row("Brian2", 3.0)], "missing": {}}
    peers.report(tmp_path, Asked(only=["brian2"]), ["populations"])
    after = stored(tmp_path)["populations"]["found"]
    assert {one["name"]: one["ratio"] for one in after["rows"]} == {"Brian2": 3.0, "JAX": 4.0}
    assert after["missing"] == {"heyoka": "gone"}


def test_rows_of_two_machines_do_not_stand_in_one_table(found, tmp_path, monkeypatch):
    peers.report(tmp_path, Asked(), ["populations"])
    monkeypatch.setattr(peers, "machine", lambda: stored(tmp_path)["populations"]["machine"] | {"processor": "Z80"})
    with pytest.raises(SystemExit, match="populations was measured elsewhere"):
        peers.report(tmp_path, Asked(only=["brian2"]), ["populations"])


def test_the_readme_has_the_fastest_library_and_says_what_was_never_quiet(found, tmp_path):
    found["rows"] += [row("NumPy", 1.5), row("C, plain", 0.5, trusted=False)]
    peers.report(tmp_path, Asked(), ["populations"])
    section = page.section(stored(tmp_path))
    assert "| Brian2 | 2 M steps/s | 1 M steps/s | 2x | 1.0% | 1e-08 mV / 1e-07 mV |" in section
    assert "JAX" not in section
    assert "Left out" not in section
    found["rows"] = [row("Brian2", trusted=False)]
    peers.report(tmp_path, Asked(), ["populations"])
    assert "Left out, since three attempts were not quiet: 10,000 Morris-Lecar neurons, RK4." in page.section(
        stored(tmp_path)
    )


class Clocked:
    """A worker whose runs take the seconds given, one after another."""

    def __init__(self, *seconds):
        self.seconds = list(seconds)

    def time(self, many):
        return (self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]), 1.0

    def cpu(self):
        return 0.0


def test_a_row_is_repeated_until_it_is_quiet():
    noise = [1.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]  # once, then three rounds whose first and last timing differ
    quiet = rows._timed(Clocked(*noise, 1.0), Clocked(2.0), quick=False, alone=True)
    assert quiet["trusted"]
    assert quiet["ratio"] == 2.0
    loud = rows._timed(Clocked(1.0, *[1.0, 2.0] * 9), Clocked(2.0), quick=False, alone=True)
    assert not loud["trusted"]
    assert loud["floor"] > 0.05


class Told(Clocked):
    """A worker that answers with numbers of its own."""

    def prepare(self, task, options):
        self.task = task

    def answer(self):
        return np.array([80.0, 0.5])


def test_who_does_more_of_the_same_is_as_many_times_as_fast(monkeypatch):
    monkeypatch.setattr(rows, "_exact_cycle", lambda: np.array([80.0, 0.5]))
    match = Match(Contender("XPPAUT", "xppaut", ""), Cycles(10), ours_task=Cycles(1000))
    row = rows._row(match, "1", Told(0.5), Told(0.1), quick=False)
    np.testing.assert_allclose([row["ratio"], row["ours_rate"] / row["rate"]], 20.0)


def test_what_a_dear_rival_took_at_first_counts_and_ours_lasts_as_long_as_a_clock_wants():
    asked = []

    class Counted(Clocked):
        def time(self, many):
            asked.append(many)
            return super().time(many)

    assert rows._timed(Counted(0.1), Counted(4.0), quick=False, alone=True, first=4.0)["rounds"] == 2
    assert asked == [1, *2 * [5, 1, 1, 5]]


class Erring(Clocked):
    """A worker that errs by its step."""

    def prepare(self, task, options):
        self.dt = options["dt"]

    def answer(self):
        return np.full(3, self.dt)


def test_ours_at_two_steps_has_two_errors(monkeypatch):
    monkeypatch.setattr(rows, "_ERRORS", {})
    monkeypatch.setattr(rows, "_EXACT", {})
    for dt in (0.05, 0.4):
        who = Contender("Brian2", "brian2", "RK4, dt 0.1 ms", {"dt": 0.1}, {"dt": dt})
        found = rows._errors(who, GapJunctions(5.0), Erring(), Erring())
        np.testing.assert_allclose([found["error"], found["ours_error"]], np.array([0.1, dt]) - rows.TRUTH["dt"])
