"""Benchmarks print one table of paired ratios at the end; ``--quick`` only shows that they still run."""

from time import perf_counter, process_time

import pytest

from benchmarks.paired import DISTRUST, paired

collect_ignore_glob = [
    "[!t]*.py",
    "tasks.py",
    "contenders/*",
]  # programs, not tests: looking for doctests would run them

TABLE = pytest.StashKey[list]()


def pytest_addoption(parser):
    group = parser.getgroup("paired ratios")
    group.addoption("--quick", action="store_true", help="one short round each: shows that the benchmarks still run")
    group.addoption("--targets", action="store_true", help="fail where a ratio misses its target")


def pytest_configure(config):
    config.stash[TABLE] = []
    config.addinivalue_line("markers", "each: with --quick, too, for all its parameters, each of which is other code")


def pytest_collection_modifyitems(config, items):
    """With --quick, a test that has parameters runs for the first of them, unless it is marked `each`."""
    if not config.getoption("--quick"):
        return
    first, seen = [], set()
    for item in items:
        name = item.nodeid.partition("[")[0]
        if name not in seen or item.get_closest_marker("each"):
            first.append(item)
        seen.add(name)
    config.hook.pytest_deselected(items=[item for item in items if item not in first])
    items[:] = first


@pytest.fixture
def quick(request):
    """Whether sizes should be small and nothing is to be concluded."""
    return request.config.getoption("--quick")


@pytest.fixture
def versus(request, benchmark, quick):
    """``versus(ours, rival, at_least=12)``: time them paired, keep the ratio, and hold it to its target if asked.

    `at_least` is the least ratio wanted, how many times as fast as the rival; None only reports.  `name` tells apart
    several comparisons in one test; `work`, that of one call (neuron-steps, say), adds speeds to the table; `threads`
    is how many cores ours wants, 0 if it works in other processes; one thread is timed by what it takes of its core.
    """
    compared = []

    def compare(ours, rival, at_least=None, name="", work=None, rounds=9, threads=1):
        rounds = 1 if quick else rounds
        result = paired(ours, rival, rounds, 0.0 if quick else 0.05, process_time if threads == 1 else perf_counter)
        if name:
            name = f" {name}"
        row = {
            "name": request.node.name + name,
            **result._asdict(),
            "at_least": at_least,
            "quick": quick,
            "trusted": result.floor < DISTRUST and (threads == 1 or result.cores > 0.95 * threads),
            "ours_per_s": work and work / result.a,
            "rival_per_s": work and work / result.b,
        }
        request.config.stash[TABLE].append(row)
        benchmark.extra_info[f"paired{name}"] = row
        if not compared:  # pytest-benchmark times one program per test
            benchmark.pedantic(ours, rounds=min(rounds, 3))
        compared.append(row)
        if request.config.getoption("--targets") and at_least is not None and row["trusted"]:
            reached = result.ratio * (1 + result.spread)
            assert reached >= at_least, f"{row['name']}: {result}, wanted at least {at_least:g}x"
        return result

    return compare


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash[TABLE]
    if not rows:
        return
    wide = max(len(row["name"]) for row in rows)
    terminalreporter.section("paired ratios: how many times as fast as the rival")
    head = f"{'':{wide}}  {'ratio':>8} {'spread':>7} {'A/A':>6} {'cores':>5} {'wanted':>7}  {'ours':>10} {'rival':>10}"
    terminalreporter.write_line(head)
    for row in rows:
        terminalreporter.write_line(
            f"{row['name']:{wide}}  {row['ratio']:7.3g}x {row['spread']:6.1%} {row['floor']:6.1%} {row['cores']:5.2f} "
            f"{_wanted(row['at_least']):>7}  {_speed(row, 'ours', 'a'):>10} {_speed(row, 'rival', 'b'):>10}"
            f"{_verdict(row)}"
        )


def _wanted(at_least):
    return "" if at_least is None else f"{at_least:.3g}x"


def _speed(row, who, seconds):
    rate = row[f"{who}_per_s"]
    return f"{rate / 1e6:.4g} M/s" if rate else f"{row[seconds] * 1e3:.4g} ms"


def _verdict(row):
    if row["quick"]:
        return "  one round: no conclusion"
    if not row["trusted"]:
        return "  DISTRUST: noisy machine"
    if row["at_least"] is not None and row["ratio"] * (1 + row["spread"]) < row["at_least"]:
        return "  MISSED"
    return ""
