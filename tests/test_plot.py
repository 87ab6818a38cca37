"""The figures show what happened."""

import itertools

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
from matplotlib import pyplot

import fastneuron as fn
from fastneuron import plot
from fastneuron._engine.network_run import SourceRun

CURRENT = np.linspace(80, 130, 300)


@pytest.fixture(scope="module")
def run():
    return fn.simulate(fn.MorrisLecar.hopf(), 400.0, current=CURRENT, record=("V", "N"), every=10)


@pytest.fixture(autouse=True)
def closed():
    pyplot.close("all")  # what another test file left open
    yield
    pyplot.close("all")


def drawn(ax):
    """The points of every line."""
    return np.concatenate([line.get_xydata() for line in ax.lines])


def test_raster_shows_every_spike_of_the_rows_it_draws(run):
    spikes = np.column_stack([run.spikes.time, run.spikes.neuron])
    np.testing.assert_array_equal(drawn(plot.raster(run, neurons=300)), spikes)


def test_raster_of_many_neurons_is_thinned_evenly_and_says_so(run):
    ax = plot.raster(run, neurons=50)
    rows = np.unique(drawn(ax)[:, 1])
    assert rows.size == 50
    assert {rows[0], rows[-1]} == {0, 299}
    assert set(np.diff(rows)) == {6, 7}
    assert ax.get_ylabel() == "Neuron\n50 of 300"
    assert plot.raster(run, neurons=300).get_ylabel() == "Neuron"


def test_rows_of_a_raster_do_not_overlap(run):
    for neurons in (5, 50, 300):
        ax = plot.raster(run, neurons=neurons)
        (line,) = ax.lines
        height = 72 * ax.get_window_extent().height / ax.figure.dpi
        assert line.get_markersize() <= max(1.0, height / neurons)


def test_fi_curve_is_current_against_rate(run):
    points = drawn(plot.fi_curve(run, CURRENT))
    np.testing.assert_array_equal(points[:, 0], CURRENT)
    np.testing.assert_array_equal(points[:, 1], plot.steady_rate(run))


def test_fi_curve_of_many_neurons_says_so(run):
    ax = plot.fi_curve(run, CURRENT, neurons=100)
    assert drawn(ax).shape == (100, 2)
    assert ax.get_xlabel() == "Injected current (µA/cm²)\n100 of 300 neurons"


def test_steady_rate_is_the_inverse_of_the_period():
    period = 102.72716532736393  # at 90 uA/cm^2: SciPy's DOP853 at 1e-13
    run = fn.simulate(fn.MorrisLecar.hopf(), 1500.0, dt=0.01, current=[90.0, 0.0])
    np.testing.assert_allclose(plot.steady_rate(run), [1000 / period, 0.0], rtol=1e-6)


def test_steady_rate_by_hand():
    spikes = fn.Spikes(np.array([0, 0, 0, 1, 3, 3]), np.array([10.0, 60.0, 85.0, 90.0, 50.0, 100.0]))
    run = fn.Run(fn.MorrisLecar(), 100.0, 0.1, np.array([3, 1, 0, 2]), spikes, {}, np.empty(0), np.empty(0), {})
    np.testing.assert_allclose(plot.steady_rate(run), [40.0, 20.0, 0.0, 20.0])
    np.testing.assert_allclose(plot.steady_rate(run, after=0.0), [2000 / 75, 10.0, 0.0, 20.0])


def test_two_spikes_close_together_are_no_rate():
    """They said 71 Hz, where the neuron was silent for half a second before and after."""
    spikes = fn.Spikes(np.zeros(2, np.int64), np.array([700.0, 714.0]))
    run = fn.Run(fn.MorrisLecar(), 1000.0, 0.1, np.array([2]), spikes, {}, np.empty(0), np.empty(0), {})
    np.testing.assert_allclose(run.steady_rate(), [4.0])


def test_a_plot_knows_the_current():
    current = np.linspace(80.0, 130.0, 5)
    run = fn.simulate(fn.MorrisLecar.hopf(), 200.0, current=current, record=("V", "N"))
    np.testing.assert_array_equal(plot.fi_curve(run).lines[0].get_xdata(), current)
    given, known = (plot.phase_plane(run, 3, **more) for more in ({"current": current}, {}))
    for one, other in zip(given.collections[:2], known.collections[:2], strict=True):
        assert np.array_equal(one.get_paths()[0].vertices, other.get_paths()[0].vertices)
    stepped = fn.simulate(fn.MorrisLecar.hopf(), 100.0, current=fn.Step(100.0, start=5.0), record=("V", "N"))
    V, N = np.concatenate([path.vertices for path in plot.phase_plane(stepped).collections[0].get_paths()]).T
    drive = 100.0 - 2 * (V + 60) - 4.4 * (1 + np.tanh((V + 1.2) / 18)) / 2 * (V - 120)
    np.testing.assert_allclose(N, drive / (8 * (V + 84)), atol=2e-3)
    assert len(plot.summary(stepped, fn.Step(100.0, start=5.0)).axes) == 2
    with pytest.raises(ValueError, match="is no constant"):
        plot.fi_curve(stepped)


def test_what_has_no_dimensions_has_no_units():
    run = fn.simulate(fn.FitzHughNagumo(), 50.0, current=[0.3, 0.5], record="V")
    assert plot.raster(run).get_xlabel() == "Time"
    assert plot.fi_curve(run).get_xlabel() == "Injected current"
    assert "ms" not in repr(run)
    assert run.to_xarray().time.attrs["units"] == "1"


def test_traces_keep_their_shape_and_their_scale(run):
    ax = plot.traces(run, "V", neurons=[299, 0])
    first, second, bar = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose(first - first[0], run["V"][299] - run["V"][299, 0], atol=1e-9)
    np.testing.assert_allclose(second - second[0], run["V"][0] - run["V"][0, 0], atol=1e-9)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["299", "0"]
    (label,) = ax.texts
    assert label.get_text() == f"{np.ptp(bar):g} mV"


def test_one_neuron_has_an_axis_and_whole_ticks():
    alone = fn.simulate(fn.FitzHughNagumo(), 50.0, current=0.5, record="V")
    assert plot.traces(alone).get_ylabel() == "V"  # a number without dimensions has no unit
    axes = plot.raster(alone)
    assert {tick for tick in axes.get_yticks() if abs(tick) < 0.7} == {0}


def test_traces_of_many_neurons_draw_a_few(run):
    assert len(plot.traces(run, "N").get_yticklabels()) == 8


def test_phase_plane_has_its_nullclines_right(run):
    ax = plot.phase_plane(run, neuron=200, current=CURRENT)
    path = ax.lines[-2].get_xydata()
    np.testing.assert_array_equal(path, np.column_stack([run["V"][200], run["N"][200]]))
    V_still, N_still = (np.concatenate([piece.vertices for piece in c.get_paths()]) for c in ax.collections[:2])
    V, N = N_still.T
    np.testing.assert_allclose(N, (1 + np.tanh((V - 2) / 30)) / 2, atol=2e-3)
    V, N = V_still.T
    drive = CURRENT[200] - 2 * (V + 60) - 4.4 * (1 + np.tanh((V + 1.2) / 18)) / 2 * (V - 120)
    np.testing.assert_allclose(N, drive / (8 * (V + 84)), atol=2e-3)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_portrait_has_fixed_points_separatrices_and_cycles():
    model = fn.MorrisLecar.homoclinic()
    ax = plot.phase_plane(model, current=37.0)
    assert legend(ax)[:4] == ["dV/dt = 0", "dN/dt = 0", "separatrix", "unstable manifold"]
    assert legend(ax)[4:] == ["stable cycle", "unstable cycle", "stable node", "stable focus", "saddle"]
    lines = {line.get_label(): line.get_xydata() for line in ax.lines}
    fixed = fn.fixed_points(model, 37.0)
    saddle = [fixed.state[name][fixed.kind == "saddle"][0] for name in model.states]
    np.testing.assert_allclose(lines["saddle"], [saddle])
    np.testing.assert_allclose(lines["separatrix"][0], saddle)
    start = {"V": -10.0, "N": 0.0085}
    cycle = fn.cycles(model, 37.0, initial=start).orbit(400)
    np.testing.assert_allclose(lines["stable cycle"][:, 0].min(), cycle["V"].min(), atol=0.05)
    np.testing.assert_allclose(lines["stable cycle"][:, 1].max(), cycle["N"].max(), atol=1e-3)


def test_neurons_fire_on_one_side_of_a_separatrix():
    model = fn.MorrisLecar.snic()
    ax = plot.phase_plane(model, current=30.0)
    (colour,) = {line.get_color() for line in ax.lines if line.get_label() == "separatrix"}
    drawn = [line for line in ax.lines if line.get_color() == colour and line.get_linestyle() == "-"]
    path = np.concatenate([line.get_xydata() for line in drawn])
    below = path[path[:, 1] < 0.02]  # the saddle is at 0.026
    at = below[np.argmax(below[:, 1])]
    run = fn.simulate(model, 100.0, dt=0.05, current=30.0, initial={"V": at[0] + np.array([-0.1, 0.1]), "N": at[1]})
    assert run.spike_count.tolist() == [0, 1]


def test_several_currents_are_panels_in_one_window():
    figure = plot.phase_plane(fn.MorrisLecar.snic(), current=[30.0, 60.0], window=((-70, 50), (-0.1, 0.6)))
    assert [ax.get_title() for ax in figure.axes] == ["30 µA/cm²", "60 µA/cm²"]
    assert {(*ax.get_xlim(), *ax.get_ylim()) for ax in figure.axes} == {(-70.0, 50.0, -0.1, 0.6)}
    with pytest.raises(ValueError, match=r"window must be the ends of both axes, .*; got 3"):
        plot.phase_plane(fn.MorrisLecar.snic(), window=3)
    with pytest.raises(ValueError, match=r"window must be given, .* where nothing but nullclines is drawn"):
        plot.phase_plane(fn.MorrisLecar.snic(), portrait=False)
    with pytest.raises(ValueError, match=r"neuron must be .*; got 3"):
        plot.phase_plane(fn.MorrisLecar.snic(phi=[0.05, 0.06]), neuron=3)
    with pytest.raises(TypeError, match=r"ax must be 2 matplotlib Axes; got <Axes"):
        plot.phase_plane(fn.MorrisLecar.snic(), current=[30.0, 60.0], ax=figure.axes[0])
    with pytest.raises(TypeError, match=r"run must be a Run or a Model; got 3"):
        plot.phase_plane(3)
    with pytest.raises(ValueError, match=r"a phase plane has two states; HodgkinHuxley has V, m, h, n"):
        plot.phase_plane(fn.HodgkinHuxley())


@pytest.mark.parametrize(("current", "label"), [(CURRENT, "Injected current"), (100.0, "Firing rate")])
def test_summary_fits_the_current(run, current, label):
    left, right = plot.summary(run, current).axes
    assert left.get_xlabel() == "Time (ms)"
    assert right.get_xlabel().startswith(label)


def test_given_axes_are_drawn_into(run):
    _, ax = pyplot.subplots()
    for draw in (plot.raster, plot.rate_histogram, plot.traces):
        assert draw(run, ax=ax) is ax
    assert plot.fi_curve(run, CURRENT, ax) is ax
    assert len(pyplot.get_fignums()) == 1


@pytest.mark.parametrize("draw", [plot.raster, plot.rate_histogram, plot.fi_curve])
def test_given_axes_may_be_logarithmic_or_have_ticks(run, draw):
    """Their locators take no `integer=`, after which half of a figure was left."""
    for change in ({"xscale": "log", "yscale": "log"}, {"xscale": "symlog", "yscale": "symlog"}, {"yticks": [0, 100]}):
        _, ax = pyplot.subplots()
        ax.set(**change)
        draw(run, ax=ax).figure.canvas.draw()
        for name, value in change.items():
            assert np.array_equal(getattr(ax, f"get_{name}")(), value)


def test_a_run_without_spikes_can_be_drawn(tmp_path):
    run = fn.simulate(fn.MorrisLecar.hopf(), 5.0, current=[0.0, 1.0], record="V")
    plot.summary(run, [0.0, 1.0]).savefig(tmp_path / "summary.png")
    plot.summary(run).savefig(tmp_path / "histogram.png")
    plot.traces(run).figure.savefig(tmp_path / "traces.png")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda run: plot.raster(run, neurons=0), "neurons must be a whole number of at least 1"),
        (lambda run: plot.fi_curve(run, [1.0, 2.0]), r"current must be a number or one value per neuron, \(300,\)"),
        (lambda run: plot.traces(run, neurons=[300]), "neurons must be among the 300 recorded ones; got 300"),
        (lambda run: plot.traces(run, "W"), "a recorded state must be one of 'V', 'N'; got 'W'"),
        (lambda run: plot.steady_rate(run, after="late"), "after must be"),
    ],
)
def test_bad_arguments_are_named(run, call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call(run)


@pytest.fixture(scope="module")
def network_run():
    """Spikes of two populations and a source, as a network would have them."""
    draw = np.random.default_rng(0)

    def source(n, m):
        neuron = np.sort(draw.integers(0, n, m))
        return SourceRun(n, 400.0, np.bincount(neuron, minlength=n), fn.Spikes(neuron, draw.uniform(0, 400, m), n))

    return fn.NetworkRun({}, {"e": source(400, 2000), "i": source(100, 1000), "noise": source(3, 30)}, 400.0, 0.05)


def test_the_raster_of_a_network_shows_every_spike_of_its_rows(network_run):
    ax = plot.raster(network_run, neurons=10**6)
    bands = [line for line in ax.lines if line.get_marker() == "|"]
    for line, source in zip(bands, network_run.values(), strict=True):
        time, y = line.get_data()
        np.testing.assert_array_equal(time, source.spikes.time)
        low, row = y.min(), np.diff(np.unique(y)).min()
        np.testing.assert_array_equal(np.rint((y - low) / row), source.spikes.neuron - source.spikes.neuron.min())
    assert ax.get_ylabel() == ""


def test_a_large_network_is_thinned_and_says_so(network_run):
    ax = plot.raster(network_run, neurons=50)
    rows = sum(np.unique(line.get_ydata()).size for line in ax.lines if line.get_marker() == "|")
    assert 40 <= rows <= 50
    assert ax.get_ylabel() == f"{rows} of\n503 neurons"


def test_nine_names_of_populations_do_not_overlap(network_run):
    parts = {f"population {k}": network_run["noise" if k % 3 else "e"] for k in range(9)}
    figure = plot.network(fn.NetworkRun({}, parts, 400.0, 0.05))
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(below.y1 <= above.y0 for below, above in itertools.pairwise(boxes))
    assert len({(str(one.get_edgecolor()), str(one.get_linestyle())) for one in figure.axes[1].patches}) >= 4


def test_names_of_populations_do_not_overlap(network_run):
    figure = plot.network(network_run)
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["e", "i", "noise"]
    assert all(below.y1 <= above.y0 for below, above in itertools.pairwise(boxes))
    assert tuple(figure.get_size_inches()) == (4.0, 3.0)


def test_rates_of_a_network_are_those_of_its_populations(network_run):
    for width, ends in ((4.0, 100), (300.0, 2)):
        _, bottom = plot.network(network_run, bin_width=width).axes
        for stairs, source in zip(bottom.patches, network_run.values(), strict=True):
            values, edges, _ = stairs.get_data()
            assert values.size == ends
            assert (values * np.diff(edges)).sum() / 400.0 == pytest.approx(source.rate.mean())


def test_a_network_is_of_a_network_run(run, network_run):
    with pytest.raises(TypeError, match="run must be a NetworkRun"):
        plot.network(run)
    with pytest.raises(ValueError, match="bin_width must be a positive number of ms"):
        plot.network(network_run, bin_width=0.0)


def test_a_raster_of_several_states_tells_them_by_their_marks():
    given = {"current": np.linspace(80.0, 130.0, 6), "threshold": {"V": -10.0, "N": 0.3}}
    watched = fn.simulate(fn.MorrisLecar.hopf(), 200.0, **given)
    ax = plot.raster(watched)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["V", "N"]
    for state, line in zip(("V", "N"), ax.lines, strict=True):
        mine = watched.spikes[state]
        np.testing.assert_array_equal(np.array(line.get_data()), [mine.time, mine.neuron])
    assert len({line.get_color() for line in ax.lines}) == len({line.get_marker() for line in ax.lines}) == 2
