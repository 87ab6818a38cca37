"""What `peers` found, as Markdown: the whole page, and the section of the project's README."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import roofline, work_precision
from .roster import ROWS

README = Path(__file__).parents[1] / "README.md"
MODELS = {"morris_lecar": "Morris-Lecar (hopf)", "hodgkin_huxley": "Hodgkin-Huxley (squid)"}
NOTE = (
    "`ours` is fastneuron in the same rounds; `faster` the median of paired ratios, how many times as fast it is, and",
    "half their interquartile range; A/A what the same ratio is for a program against itself, less 1.  One thread is",
    "timed by what it takes of its core, several by the clock on the wall.  DISTRUST marks a wide A/A and, by that",
    "clock, a machine on which others ran.  Ratios below 1 are what we lose.",
)
POPULATIONS = (
    "| neurons x steps | who | threads | speed | right-hand sides | ours | faster | A/A | error in V | ours | how |",
    "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
)
NETWORKS = (
    "| who | threads | s per s | ours | faster | A/A | rate | ours | exact | period | ours | exact | how | ours |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|",
)
OF_NETWORKS = (
    "COBAHH (Brette et al. 2007, benchmark 3): 4,000 Traub-Miles neurons, 80 synapses each, delays of 0.1 ms.",
    "`s per s` is what a second of the network takes; the period is that of a cell under a constant current.  Rates of",
    "a second stray by some 1 Hz from one rounding to another: the network is chaotic.",
)
POINTS = (
    "| synapses | who | threads | s per s | ours | faster | A/A | rate | ours | variation | ours | how | ours |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|",
)
OF_POINTS = (
    "Brunel (2000), part A, with g = 5 and eta = 2: 12,500 leaky integrate-and-fire neurons, 1,250 synapses each and",
    "20,000 external spikes a second.  `variation` is the mean coefficient of variation of the intervals.",
)
LAYERS = (
    "| what | who | threads | speed | ours | faster | A/A | result | ours | how |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|---|",
)


def markdown(found: dict[str, Any]) -> str:
    """The page."""
    lines = [where(found), "", *(["*Quick run: no figure to believe.*", ""] if found["quick"] else [])]
    lines += [f"`{found['command']}` made it.", ""]
    lines += [f"- {name}: not measured: {why}" for name, why in found["missing"].items()]
    lines += ["", *NOTE]
    for model, title in MODELS.items():
        for recorded in (False, True):
            rows = [row for row in found["rows"] if row.get("model") == model and bool(row["every"]) == recorded]
            if rows:
                lines += ["", f"## {title}, {'V recorded' if recorded else 'nothing recorded'}", ""]
                lines += apart(found, "populations")
                lines += ["Speeds in million neuron-steps and right-hand sides per second.", "", *POPULATIONS]
                lines += map(population, rows)
    if of_part(found, "networks"):
        lines += ["", "## Networks", "", *apart(found, "networks"), *networks(found)]
    rows = of_part(found, "layers")
    if rows:
        lines += ["", "## Perceptrons and their layers", "", *apart(found, "layers"), *LAYERS, *map(layer, rows)]
    lines += ["", "## Where it loses", "", _lost(found["rows"])]
    if found["precision"]:
        lines += [
            "",
            "## Error against time",
            "",
            *apart(found, "precision"),
            work_precision.markdown(found["precision"]).strip(),
        ]
    lines += ["", *apart(found, "start"), *start(found)] if found["start"] else []
    lines += ["", *apart(found, "memory"), *memory(found)] if found["memory"] else []
    lines += ["", *apart(found, "roofline"), roofline.page(found["roofline"])] if found["roofline"] else []
    return "\n".join(lines)


def part(row: dict[str, Any]) -> str:
    """Which part of the page a row belongs to."""
    return next(name for name, tasks in ROWS.items() if row["task"] in tasks)


def of_part(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The rows of a part."""
    return [row for row in found["rows"] if part(row) == name]


def where(found: dict[str, Any], part: str = "") -> str:
    """Machine and date: of a run, or of a part of it that was measured apart."""
    it = found["apart"][part] if part else found["machine"]
    return (
        f"Measured on {it['date']}: {it['processor']}, {_counted(it['cores'], 'core')}, {it['system']}, "
        f"Python {it['python']}, NumPy {it['numpy']}, Numba {it['numba']}, fastneuron {it['fastneuron']}."
    )


def apart(found: dict[str, Any], part: str) -> list[str]:
    """Where a part was measured, if not with the others."""
    return [where(found, part), ""] if part in found.get("apart", {}) else []


def what(row: dict[str, Any]) -> str:
    """A task in a few words."""
    if row["task"] == "Population":
        return f"{row['n']:,} x {row['steps']:,}"
    if row["task"] == "Cobahh":
        return f"COBAHH, {_counted(row['n'], 'neuron')}, {row['duration']:g} ms"
    if row["task"] == "Brunel":
        return f"Brunel, {_counted(row['n'], 'neuron')}, {row['synapse']} synapses, {row['duration']:g} ms"
    if row["task"] == "Training":
        return f"ten perceptrons, 4,000 MNIST rows, {_counted(row['epochs'], 'epoch')}, {row['dtype']}"
    if row["task"] == "Forward":
        return (
            f"forward, {_counted(row['n'], 'row')}, {row['R']} inputs, {_counted(row['S'], 'neuron')}, {row['dtype']}"
        )
    nets = f"{row['nets']} nets " if row["nets"] > 1 else ""
    shape = "-".join(map(str, row["layers"]))
    return f"{nets}{shape}, batch {row['batch']}, {_counted(row['epochs'], 'epoch')}, {row['dtype']}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number > 1 else ''}"


def population(row: dict[str, Any]) -> str:
    """One line of a table of populations."""
    head = f"| {what(row)} | {row['name']} | {_threads(row)} |"
    if "missing" in row:
        return f"{head} | | | | | | | not measured: {row['missing']} |"
    slopes = f"{row['slopes'] * row['rate'] / 1e6:.3g}" if row["slopes"] else "-"
    method = f"RK4, dt {row['dt']} ms" if row["slopes"] else "adaptive"
    recorded = f"V every {row['every'] * row['dt']:g} ms" if row["every"] else "nothing recorded"
    how = "; ".join(filter(None, (row["version"], f"{method}, float64, {recorded}", row["settings"])))
    return (
        f"{head} {row['rate'] / 1e6:.3g} | {slopes} | {row['ours_rate'] / 1e6:.3g} | {_faster(row)} | "
        f"{row['error_mV']:.0e} mV | {row['ours_error_mV']:.0e} mV | {how} |"
    )


def networks(found: dict[str, Any]) -> list[str]:
    """The tables of networks."""
    lines = []
    for task, told, head, line in (("Cobahh", OF_NETWORKS, NETWORKS, network), ("Brunel", OF_POINTS, POINTS, point)):
        if rows := [row for row in found["rows"] if row["task"] == task]:
            lines += [*([""] if lines else []), *told, "", *head, *map(line, rows)]
    return lines


def point(row: dict[str, Any]) -> str:
    """One line of the table of networks of integrate-and-fire neurons."""
    head = f"| {row['synapse']} | {row['name']} | {_threads(row)} |"
    if "missing" in row:
        return f"{head} | | | | | | | | not measured: {row['missing']} | |"
    speeds = f"{1 / row['rate']:.3g} | {1 / row['ours_rate']:.3g} | {_faster(row)}"
    found = f"{row['firing_Hz']:.2f} Hz | {row['ours_firing_Hz']:.2f} Hz | {row['cv']:.3f} | {row['ours_cv']:.3f}"
    mine = f"{row['against']['method']}, dt {row['against']['dt']:g} ms"
    return f"{head} {speeds} | {found} | {row['version']}; {row['settings']} | {mine} |"


def network(row: dict[str, Any]) -> str:
    """One line of the table of networks of `Cobahh`."""
    head = f"| {row['name']} | {_threads(row)} |"
    if "missing" in row:
        return f"{head} | | | | | | | | | | | not measured: {row['missing']} |"
    speeds = f"{1 / row['rate']:.3g} | {1 / row['ours_rate']:.3g} | {_faster(row)}"
    rates, periods = (
        " | ".join(f"{row[whose + key]:.{digits}f} {unit}" for whose in ("", "ours_", "exact_"))
        for key, digits, unit in (("firing_Hz", 2, "Hz"), ("period_ms", 3, "ms"))
    )
    mine = f"{row['against']['method']}, dt {row['against']['dt']:g} ms"
    return f"{head} {speeds} | {rates} | {periods} | {row['version']}; {row['settings']} | {mine} |"


UNITS = {"Training": (1e6, "M rows x neurons/s"), "Forward": (1e9, "G multiply-adds/s"), "Network": (1e3, "k steps/s")}


def layer(row: dict[str, Any]) -> str:
    """One line of the table of perceptrons and networks."""
    head = f"| {what(row)} | {row['name']} | {_threads(row)} |"
    if "missing" in row:
        return f"{head} | | | | | | not measured: {row['missing']} |"
    scale, unit = UNITS[row["task"]]
    if row["task"] == "Network":
        results = [f"{100 * row[key]:.1f} % right" for key in ("accuracy", "ours_accuracy")]
    else:
        results = ["the same bits" if row["differs"] == 0 else f"differs by {row['differs']:.0e}", ""]
    how = "; ".join(filter(None, (row["version"], row["settings"])))
    return (
        f"{head} {row['rate'] / scale:.3g} {unit} | {row['ours_rate'] / scale:.3g} | {_faster(row)} | "
        f"{results[0]} | {results[1]} | {how} |"
    )


def _threads(row: dict[str, Any]) -> str:
    same = row["threads"] == row["ours_threads"]
    return str(row["threads"]) if same else f"{row['threads']} (ours {row['ours_threads']})"


def _faster(row: dict[str, Any]) -> str:
    mark = "" if row["trusted"] else " DISTRUST"
    return f"{row['ratio']:.3g}x ± {row['spread']:.0%}{mark} | {row['floor']:.1%}"


def start(found: dict[str, Any]) -> list[str]:
    """The table of first results."""
    head = ["| time to the first result, whole process | cold | compiled before |", "|---|--:|--:|"]
    return head + [f"| {row['name']} | {row['cold_s']:.2f} s | {row['warm_s']:.2f} s |" for row in found["start"]]


def memory(found: dict[str, Any]) -> list[str]:
    """The table of bytes."""
    kinds = {0: "nothing recorded", 1: "11 samples of V recorded"}
    lines = ["| bytes per neuron at the peak | " + " | ".join(kinds.values()) + " |", "|---|--:|--:|"]
    for name in dict.fromkeys(row["name"] for row in found["memory"]):
        of = {row["every"]: f"{row['bytes_per_neuron']:.0f}" for row in found["memory"] if row["name"] == name}
        lines.append(f"| {name} | " + " | ".join(of.get(every, "-") for every in kinds) + " |")
    return lines


def _lost(rows: list[dict[str, Any]]) -> str:
    """Everything slower than a rival by more than the spread, believed or not."""
    lost = []
    for row in rows:
        if "ratio" in row and row["ratio"] * (1 + row["spread"]) < 1:
            task = f"{MODELS[row['model']]}, {what(row)}" if row["task"] == "Population" else what(row)
            recorded = ", V recorded" if row.get("every") else ""
            mark = "" if row["trusted"] else " DISTRUST"
            lost.append(
                f"{row['name']} ({task}{recorded}, {_counted(row['threads'], 'thread')}: {row['ratio']:.2g}x{mark})"
            )
    return "; ".join(lost) + "." if lost else "nowhere."


MOST = 8  # rows in the README
TELLING = ("C, AVX intrinsics", "Brian2", "Brian2, retuned", "heyoka", "JAX", "NumPy")  # populations: these, in order
OF_A_NETWORK = 3  # of these rows at most are of networks


ROUGH = 0.15  # with a wider noise floor, a row is left to `peers.md`


def shown(row: dict[str, Any]) -> bool:
    """Whether a row is for the figures: one to trust, or of one thread and about right."""
    return row.get("trusted") or ("ratio" in row and row["ours_threads"] == 1 and row["floor"] < ROUGH)


def section(found: dict[str, Any]) -> str:
    """What the project's README shows: a figure, and a few rows, all of them to be trusted."""
    rows = [row for row in found["rows"] if row.get("trusted")]
    coupled = [row for row in rows if row["task"] == "Cobahh"]
    networks = sorted(coupled, key=lambda row: "retuned" not in row["name"])[:OF_A_NETWORK]  # the fair rival first
    main = [
        row
        for name in TELLING
        for row in rows
        if row["task"] == "Population" and row["n"] == 10_000 and not row["every"]
        if (row["name"], row["model"], row["threads"]) == (name, "morris_lecar", 1)
    ]
    layers = [row for row in rows if row["task"] in ("Training", "Network") and row["threads"] == row["ours_threads"]]
    main = main[: MOST - len(networks)]
    layers = layers[: MOST - len(networks) - len(main)]
    lines = [
        "<!-- performance -->",
        where(found),
        "",
        "![Neuron-steps per second of everybody](benchmarks/results/throughput.png)",
        "",
        "Speeds in million neuron-steps and right-hand sides per second; `faster` is the median of paired ratios, how",
        "many times as fast we are; A/A that of a program against itself, less 1.  Morris-Lecar:",
        "",
        *_table(main, POPULATIONS, population),
        *([*OF_NETWORKS, ""] if networks else ()),
        *_table(networks, NETWORKS, network),
        *_table(layers, LAYERS, layer),
        f"`{found['command']}` makes this again.",
        "[peers.md](benchmarks/results/peers.md) has the rest: other sizes, threads and models, where we lose,",
        "accuracy, start-up, memory; [benchmarks/README.md](benchmarks/README.md) tells how it is measured.",
        "",
        "",
    ]
    return "\n".join(lines)


def _table(rows: list[dict[str, Any]], head: Iterable[str], line: Any) -> list[str]:
    return [*head, *map(line, rows), ""] if rows else []


def into_readme(found: dict[str, Any]) -> None:
    """Put the section in its place."""
    text = README.read_text()
    README.write_text(re.sub(r"<!-- performance -->.*?(?=## )", lambda _: section(found), text, flags=re.S))
