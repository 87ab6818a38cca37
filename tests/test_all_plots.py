"""What all plot functions have in common: their options, what they return, that nothing in them overlaps."""

import itertools
import re
import sys
from functools import cache
from typing import NamedTuple

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
from matplotlib import artist, colors, pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import fastneuron as fn
from fastneuron import plot
from fastneuron._engine.network_run import SourceRun

COLOUR, ALPHA = "#123456", 0.37  # which nothing has by itself
SIZES = {"print": (4.0, 3.0), "column": (2.6, 2.2)}  # of a panel, inches


@pytest.fixture(autouse=True)
def closed():
    pyplot.close("all")  # what another test file left open
    yield
    pyplot.close("all")


# what is drawn --------------------------------------------------------------------------------------------------------


@cache
def run():
    current = np.linspace(80.0, 130.0, 40)
    return fn.simulate(fn.MorrisLecar.hopf(), 300.0, current=current, record=("V", "N"), every=10)


@cache
def network_run():
    """Spikes of two populations and a source, as a network would have them."""
    draw = np.random.default_rng(0)
    parts = {}
    for name, n, m in (("excitatory", 400, 2000), ("inhibitory", 100, 1000), ("noise", 3, 30)):
        neuron = np.sort(draw.integers(0, n, m))
        spikes = fn.Spikes(neuron, draw.uniform(0, 400, m), n)
        parts[name] = SourceRun(n, 400.0, np.bincount(neuron, minlength=n), spikes)
    return fn.NetworkRun(
        {name: parts[name] for name in ("excitatory", "inhibitory")}, {"noise": parts["noise"]}, 400.0, 0.05
    )


@cache
def net():
    cells = fn.Population(fn.TraubMiles.cobahh(), 30, {"exc": fn.Exponential(E=0.0, tau=5.0)})
    weight = fn.Normal(0.03, 0.01, low=0.0)
    return fn.Network({"cells": cells}, [fn.Projection(cells, cells, "exc", fn.FixedProbability(0.2), weight)])


@cache
def circuit_run():
    start, record = {"A.V": 20.0, "B.V": -40.0}, ("A.V", "B.V")
    return fn.simulate(fn.Circuit.half_centre(), 2000.0, dt=0.1, current=0.8, initial=start, record=record, every=20)


@cache
def diagram():
    return fn.bifurcations(fn.MorrisLecar.snic(), "current", (0.0, 150.0))


@cache
def curves():
    return fn.bifurcation_curves(fn.MorrisLecar.snic(), ("current", 0, 150), ("V3", 0, 20))


@cache
def response():
    return fn.phase_response(fn.cycles(fn.MorrisLecar.snic(), current=[45.0, 60.0, 80.0]))


class Case(NamedTuple):
    """A call of a plot function."""

    function: str
    draw: object  # of the options
    panels: int = 1
    labels: tuple = ()  # of the axes, x and y, as patterns; none where there is no axis
    overlays: bool = True  # whether a second one in the same axes is told apart


TIME, V = r"Time \(ms\)", r"V \(mV\)"
RATE, CURRENT = r"Firing rate \(Hz\)", r"[Cc]urrent \(µA/cm²\)"
CASES = {
    "raster": Case("raster", lambda **o: plot.raster(run(), **o), 1, (TIME, "Neuron")),
    "raster of states": Case("raster", lambda **o: plot.raster(circuit_run(), **o), 1, (TIME, "Neuron")),
    "raster of populations": Case("raster", lambda **o: plot.raster(network_run(), **o), 1, (TIME, "neurons"), False),
    "network": Case("network", lambda **o: plot.network(network_run(), **o), 2, ("Time", r"Rate \(Hz\)"), False),
    "fi_curve": Case("fi_curve", lambda **o: plot.fi_curve(run(), **o), 1, (CURRENT, RATE)),
    "rate_histogram": Case("rate_histogram", lambda **o: plot.rate_histogram(run(), **o), 1, (RATE, "Neurons")),
    "traces": Case("traces", lambda **o: plot.traces(run(), **o), 1, (TIME, "V, by neuron")),
    "one trace": Case("traces", lambda **o: plot.traces(run(), neurons=[30], **o), 1, (TIME, V)),
    "path": Case("phase_plane", lambda **o: plot.phase_plane(run(), 30, **o), 1, (V, "N")),
    "portrait": Case(
        "phase_plane",
        lambda **o: plot.phase_plane(fn.MorrisLecar.homoclinic(), current=37.0, **o),
        1,
        (V, "N"),
        False,
    ),
    "portraits": Case(
        "phase_plane",
        lambda **o: plot.phase_plane(fn.MorrisLecar.snic(), current=[30.0, 60.0], **o),
        2,
        (V, "N"),
        False,
    ),
    "summary": Case("summary", lambda **o: plot.summary(run(), **o), 2, (CURRENT, RATE)),
    "bifurcations": Case("bifurcations", lambda **o: plot.bifurcations(diagram(), **o), 1, (CURRENT, V), False),
    "bifurcation_curves": Case(
        "bifurcation_curves", lambda **o: plot.bifurcation_curves(curves(), **o), 1, (CURRENT, r"V3 \(mV\)"), False
    ),
    "phase_response": Case(
        "phase_response", lambda **o: plot.phase_response(response(), **o), 1, ("Phase", r"\(ms/mV\)")
    ),
    "one phase response": Case(
        "phase_response", lambda **o: plot.phase_response(response(), neurons=[1], **o), 1, ("Phase", r"\(ms/mV\)")
    ),
    "weights": Case("weights", lambda **o: plot.weights(net(), **o), 1, (r"To \(cells\)", r"From \(cells\)"), False),
    "weights by number": Case(
        "weights", lambda **o: plot.weights(net(), histogram=True, **o), 1, (r"Weight \(mS/cm²\)", "Synapses")
    ),
    "weights as images": Case(
        "weights", lambda **o: plot.weights(np.eye(8, 12) - 0.3, images=(4, 3), **o), 1, (), False
    ),
    "circuit": Case("circuit", lambda **o: plot.circuit(circuit_run(), **o), 1, (TIME, "V, by cell")),
    "circuit and graph": Case(
        "circuit", lambda **o: plot.circuit(circuit_run(), graph=True, **o), 2, (TIME, "V, by cell")
    ),
    "graph": Case("circuit", lambda **o: plot.circuit(fn.Circuit.half_centre(), **o), 1, (), False),
}


@pytest.fixture(scope="module", autouse=True)
def portraits():
    """Portraits are found once each."""
    module = sys.modules["fastneuron.plot.phase_plane"]
    known, find = {}, module.portrait_of

    def found(model, current):
        if (type(model), current) not in known:
            known[type(model), current] = find(model, current)
        return known[type(model), current]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "portrait_of", found)
        yield


every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def new_axes(count, rows=1, **figure):
    """A figure's axes, as many as a function takes."""
    axes = np.ravel(pyplot.subplots(rows, count // rows, **figure)[1])
    return axes[0] if count == 1 else tuple(axes)


def artists(drawn):
    """Everything that is drawn, by what a function returned."""
    return drawn.findobj(artist.Artist)


def has_colour(one):
    """Whether an artist has the colour that nothing has by itself."""
    found = [getattr(one, name)() for name in ("get_color", "get_edgecolor", "get_cmap") if hasattr(one, name)]
    found = [value(0.5) if isinstance(value, colors.Colormap) else value for value in found]
    return any(
        np.size(value) and np.allclose(rgb[:3], colors.to_rgb(COLOUR), atol=0.01)
        for value in found
        if not isinstance(value, str) or value != "auto"
        for rgb in colors.to_rgba_array(value)
    )


def said(drawn):
    """All texts, and what artists are called; a colour bar has axes of its own."""
    found = artists(drawn if isinstance(drawn, Figure) else drawn.figure)
    texts = [one.get_text() for one in found if isinstance(one, matplotlib.text.Text)]
    return [*texts, *(str(one.get_label()) for one in found)]


def axes_of(drawn):
    return [drawn] if isinstance(drawn, Axes) else drawn.axes


# options --------------------------------------------------------------------------------------------------------------


def test_every_function_is_here():
    assert {case.function for case in CASES.values()} == {*plot.__all__} - {"steady_rate"}


@every
def test_colour_label_and_style_go_through(case):
    given = new_axes(case.panels)
    drawn = case.draw(ax=given, color=COLOUR, label="mine", alpha=ALPHA)
    found = artists(drawn)
    assert any(map(has_colour, found))
    assert any(one.get_alpha() == ALPHA for one in found)
    assert CASES["graph"] is case or any("mine" in text for text in said(drawn))
    assert drawn is given if isinstance(given, Axes) else drawn is given[0].figure
    assert len(pyplot.get_fignums()) == 1


@every
def test_by_itself_it_makes_one_figure_of_a_size_for_print(case):
    drawn = case.draw()
    assert isinstance(drawn, Axes if case.panels == 1 else Figure)
    assert len(pyplot.get_fignums()) == 1
    figure = drawn if isinstance(drawn, Figure) else drawn.figure
    width, height = figure.get_size_inches()
    assert width == 4.0 or (case.panels > 1 and 4.0 <= width <= 7.2)
    assert 2.0 <= height <= 4.6


@every
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"linewidht": 3}, "linewidht"),
        ({"color": "no colour"}, "no colour"),
        ({"ax": 3}, "ax must be .*matplotlib Axes"),
    ],
)
def test_what_matplotlib_does_not_know_is_refused_before_there_is_a_figure(case, given, message):
    with pytest.raises((AttributeError, TypeError, ValueError), match=message):
        case.draw(**given)
    assert not pyplot.get_fignums()


@every
def test_axes_have_their_labels_with_units(case):
    axes = axes_of(case.draw(ax=new_axes(case.panels)))
    for what, pattern in zip(("xlabel", "ylabel"), case.labels, strict=False):
        assert any(re.search(pattern, getattr(ax, f"get_{what}")()) for ax in axes)


def looks(one):
    """What tells an artist from others in print."""
    dashes = getattr(one, "_unscaled_dash_pattern", None) or one.get_linestyle()
    line = dashes if str(one.get_linestyle()) != "None" else None
    return str(line), str(getattr(one, "get_marker", lambda: None)())


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.overlays])
def test_a_second_one_in_the_same_axes_is_told_apart_without_colours(case):
    given = new_axes(case.panels)
    first = case.draw(ax=given, label="first")
    case.draw(ax=given, label="second")
    for ax in axes_of(first):
        handles, names = ax.get_legend_handles_labels()
        found = [
            {looks(one) for one, name in zip(handles, names, strict=True) if word in name}
            for word in ("first", "second")
        ]
        assert found[0].isdisjoint(found[1])


# what overlaps --------------------------------------------------------------------------------------------------------


def boxes(figure):
    """What is drawn of legends, of other texts and of axes, in pixels: [(axes, kind, text, box)]."""
    found = []
    for number, ax in enumerate(figure.axes):
        legend = ax.get_legend()
        inside = set() if legend is None else {*legend.findobj(artist.Artist)}
        if legend is not None:
            found.append((number, "legend", "legend", legend.get_window_extent()))
        texts = [one for one in ax.findobj(matplotlib.text.Text) if one not in inside and one.get_text()]
        shown = [one for one in texts if one.get_visible() and one.axes is not None]
        ticks = {*ax.get_xticklabels(), *ax.get_yticklabels()}
        low, high = ax.get_window_extent().padded(2).get_points()
        for one in shown:
            box = one.get_window_extent()
            middle = box.get_points().mean(axis=0)
            if one in ticks and not ((low <= middle) & (middle <= high)).any():
                continue
            found.append((number, "text", one.get_text(), box))
        found.append((number, "axes", "axes", ax.get_window_extent()))
    for legend in figure.legends:
        found.append((-1, "legend", "legend", legend.get_window_extent()))
    return found


def check_nothing_overlaps(figure):
    figure.draw_without_rendering()
    found = boxes(figure)
    for (one, kind, text, box), (other, other_kind, other_text, other_box) in itertools.combinations(found, 2):
        both = {kind, other_kind}
        if "legend" in both or both == {"text"} or (one != other and "text" in both):
            apart = not box.padded(-0.5).overlaps(other_box.padded(-0.5))
            assert apart, f"{text!r} of axes {one} and {other_text!r} of axes {other}"
    if figure.get_layout_engine() is not None:
        low, high = figure.bbox.padded(1.0).get_points()
        for _, _, text, box in found:
            assert (box.get_points() >= low).all(), text
            assert (box.get_points() <= high).all(), text
    sizes = [one.get_fontsize() for one in figure.findobj(matplotlib.text.Text) if one.get_text()]
    assert min(sizes) >= 6.0


@every
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_nothing_overlaps_in_a_figure_alone(case, size):
    figsize = (size[0], size[1] * case.panels)
    given = new_axes(case.panels, rows=case.panels, figsize=figsize, layout="constrained")
    case.draw(ax=given)
    check_nothing_overlaps(pyplot.gcf())


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES.values() if case.panels == 1])
@pytest.mark.parametrize(("layout", "size"), [("constrained", "column"), (None, "print")])
def test_nothing_overlaps_in_three_panels(case, layout, size):
    width, height = SIZES[size]
    figure, axes = pyplot.subplots(1, 3, figsize=(3 * width, height), layout=layout)
    for ax in axes:
        case.draw(ax=ax)
        ax.set_title("A panel")
    check_nothing_overlaps(figure)


def test_what_overlaps_is_found():
    ax = CASES["fi_curve"].draw(label="one")
    ax.legend()
    with pytest.raises(AssertionError, match="'legend' of axes 0 and 'axes' of axes 0"):
        check_nothing_overlaps(ax.figure)


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.panels > 1])
def test_nothing_overlaps_in_a_figure_of_its_own(case):
    check_nothing_overlaps(case.draw())


# runs of all kinds ----------------------------------------------------------------------------------------------------


OF_RUNS = ("raster", "fi_curve", "rate_histogram", "traces", "summary", "phase_plane")


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_RUNS)
@pytest.mark.parametrize("kind", ["silent", "one neuron", "float32", "a store", "nothing"])
def test_every_kind_of_run_can_be_drawn(name, kind, tmp_path):
    asked = {"current": 100.0, "duration": 20.0, "record": ("V", "N"), "every": 10}
    asked |= {
        "silent": {"current": [0.0, 1.0]},
        "one neuron": {},
        "float32": {"current": [90.0, 100.0], "dtype": np.float32},
        "a store": {"current": [90.0, 100.0], "out": tmp_path / "run.zarr"},
        "nothing": {"duration": 0.0, "current": [90.0, 100.0]},
    }[kind]
    made = fn.simulate(fn.MorrisLecar.hopf(), asked.pop("duration"), **asked)
    if kind == "a store":
        made = fn.open(asked["out"])
    drawn = getattr(plot, name)(made)
    (drawn if isinstance(drawn, Figure) else drawn.figure).draw_without_rendering()


def test_spikes_that_were_not_kept_are_missed_before_there_is_a_figure():
    counted = fn.simulate(fn.MorrisLecar.hopf(), 20.0, current=100.0, spike_times=False)
    for draw in (plot.raster, plot.fi_curve, plot.rate_histogram, plot.summary):
        with pytest.raises(ValueError, match="spike_times"):
            draw(counted)
    assert not pyplot.get_fignums()


@pytest.mark.parametrize("name", OF_RUNS)
def test_what_is_no_run_is_refused(name):
    with pytest.raises(TypeError, match="run must be a Run"):
        getattr(plot, name)("run")
