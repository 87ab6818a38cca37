"""The tables of rows of contenders."""

from __future__ import annotations

from typing import Any

from ..asked import counted

Row = dict[str, Any]
MODELS = {"morris_lecar": "Morris-Lecar (hopf)", "hodgkin_huxley": "Hodgkin-Huxley (squid)"}
POPULATIONS = (
    "| neurons x steps | who | threads | speed | right-hand sides | ours | faster | A/A | error in V | ours | how |",
    "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
)
NETWORKS = (
    "| network | who | threads | s per s | ours | faster | A/A | error | ours | rate | ours | exact | how | ours |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|",
)
OF_NETWORKS = (
    "COBAHH (Brette et al. 2007, benchmark 3): 4,000 Traub-Miles neurons, 80 synapses each, delays of 0.1 ms.  Brunel",
    "(2000), part A, with g = 5 and eta = 2: 12,500 leaky integrate-and-fire neurons, 1,250 synapses each and 20,000",
    "external spikes a second.  Gap junctions: 1,000 Morris-Lecar neurons, each coupled to ten others.",
    "`s per s` is what a second of it takes; the error is the median over the neurons of that of V, after 10 ms",
    "and, with gap junctions, 50; NEST's, for which a spike is a peak, is against itself at 0.01 ms.  In brackets",
    "behind the rate is the variation of intervals.  Rates of a second stray by 1 Hz from one rounding to another, for",
    "these networks are chaotic.",
)
LAYERS = (
    "| what | who | threads | speed | ours | faster | A/A | result | ours | how |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|---|",
)
CYCLES = (
    "| who | cycles and responses/s | ours | faster | A/A | error of the period | of the largest response | how |",
    "|---|--:|--:|--:|--:|--:|--:|---|",
)
UNITS = {"Training": (1e6, "M rows x neurons/s"), "Forward": (1e9, "G multiply-adds/s"), "Network": (1e3, "k steps/s")}


def populations(found: dict[str, Any]) -> list[str]:
    """A table for each model, recorded or not."""
    lines = ["Speeds in million neuron-steps and right-hand sides per second."]
    for model, title in MODELS.items():
        for recorded in (False, True):
            rows = [row for row in found["rows"] if row["model"] == model and bool(row["every"]) == recorded]
            if rows:
                told = f"**{title}, {'V recorded' if recorded else 'nothing recorded'}**"
                lines += ["", told, "", *POPULATIONS, *map(population, sorted(rows, key=lambda row: row["n"]))]
    return lines


def networks(found: dict[str, Any]) -> list[str]:
    """One table."""
    return [*OF_NETWORKS, "", *NETWORKS, *map(network, found["rows"])]


def layers(found: dict[str, Any]) -> list[str]:
    """One table."""
    return [*LAYERS, *map(layer, found["rows"])]


def cycles(rows: list[Row]) -> list[str]:
    """One table."""
    return [*CYCLES, *map(cycle, rows)]


def what(row: Row) -> str:
    """A task in a few words."""
    kind = row["task"]
    if kind == "Population":
        return f"{row['n']:,} x {row['steps']:,}"
    if kind == "Cobahh":
        return f"COBAHH, {row['duration']:g} ms"
    if kind == "Brunel":
        return f"Brunel, {row['synapse']} synapses, {row['duration']:g} ms"
    if kind == "GapJunctions":
        return f"gap junctions, {row['duration']:g} ms"
    if kind == "Training":
        return f"ten perceptrons, 4,000 MNIST rows, {counted(row['epochs'], 'epoch')}, {row['dtype']}"
    if kind == "Forward":
        return f"forward, {counted(row['n'], 'row')}, {row['R']} inputs, {counted(row['S'], 'neuron')}, {row['dtype']}"
    if kind == "Cycles":
        return "cycles and phase responses"
    nets = f"{row['nets']} nets " if row["nets"] > 1 else ""
    shape = "-".join(map(str, row["layers"]))
    return f"{nets}{shape}, batch {row['batch']}, {counted(row['epochs'], 'epoch')}, {row['dtype']}"


def population(row: Row) -> str:
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
        f"{row['error']:.0e} mV | {row['ours_error']:.0e} mV | {how} |"
    )


def _firing(row: Row, whose: str) -> str:
    """The rate, and the variation of intervals where a run is long enough for it."""
    if whose + "cv" not in row:
        return ""
    cv = row[whose + "cv"]
    return f"{row[whose + 'firing_Hz']:.1f} Hz" + (f" ({cv:.2f})" if cv else "")


def network(row: Row) -> str:
    """One line of the table of networks."""
    head = f"| {what(row)} | {row['name']} | {_threads(row)} |"
    if "missing" in row:
        return f"{head} | | | | | | | | | not measured: {row['missing']} | |"
    speeds = f"{1 / row['rate']:.3g} | {1 / row['ours_rate']:.3g} | {_faster(row)}"
    errors = " | ".join(f"{row[key]:.0e} mV" if key in row else "" for key in ("error", "ours_error"))
    rates = " | ".join(_firing(row, whose) for whose in ("", "ours_", "exact_"))
    mine = f"{row['against']['method']}, dt {row['against']['dt']:g} ms"
    return f"{head} {speeds} | {errors} | {rates} | {row['version']}; {row['settings']} | {mine} |"


def layer(row: Row) -> str:
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


def cycle(row: Row) -> str:
    """One line of the table of cycles."""
    if "missing" in row:
        return f"| {row['name']} | | | | | | | not measured: {row['missing']} |"
    return (
        f"| {row['name']} | {row['rate']:.3g} | {row['ours_rate']:.3g} | {_faster(row)} | {row['period_error']:.1e} | "
        f"{row['response_error']:.1e} | {row['version']}; {row['settings']} |"
    )


def lost(rows: list[Row]) -> str:
    """Everything slower than a rival by more than the spread, believed or not."""
    found = []
    for row in rows:
        if "ratio" in row and row["ratio"] * (1 + row["spread"]) < 1:
            task = f"{MODELS[row['model']]}, {what(row)}" if row["task"] == "Population" else what(row)
            recorded = ", V recorded" if row.get("every") else ""
            mark = "" if row["trusted"] else " DISTRUST"
            told = f"{task}{recorded}, {counted(row['threads'], 'thread')}: {row['ratio']:.2g}x{mark}"
            found.append(f"{row['name']} ({told})")
    return "; ".join(found) + "." if found else "nowhere."


def _threads(row: Row) -> str:
    same = row["threads"] == row["ours_threads"]
    return str(row["threads"]) if same else f"{row['threads']} (ours {row['ours_threads']})"


def _faster(row: Row) -> str:
    mark = "" if row["trusted"] else " DISTRUST"
    return f"{row['ratio']:.3g}x ± {row['spread']:.0%}{mark} | {row['floor']:.1%}"
