"""A circuit is a model: its cells, and what passes between them."""

import pickle

import numpy as np
import pytest

import fastneuron as fn

GAP = {  # SciPy's DOP853 at 1e-12, crossings by event location
    "current": {"A": 95.0, "B": 105.0},
    "initial": {"A.V": -40.0, "A.N": 0.1, "B.V": 10.0, "B.N": 0.3},
    "spikes": {
        "A.V": [17.2252846484087, 96.35304278635132, 178.34450986610938, 261.8364525073217],
        "B.V": [83.36342493224649, 168.74066110112042, 253.23574009552527],
    },
}
GRADED = {
    "current": {"A": 55.0, "B": 62.0},
    "initial": {"A.V": -30.0, "A.N": 0.05, "B.V": 5.0, "B.N": 0.25},
    "spikes": {
        "A.V": [46.84395850325878, 130.74593708603174, 214.66495767833118, 298.5841399040272],
        "B.V": [84.56218926441669, 168.48331118148218, 252.40251319736655],
    },
}


def pair(cell, gap=0.0, into_a=0.0, into_b=0.0):
    """Two cells with all kinds of coupling, some of them of no strength: one kernel for many tests."""
    kind = fn.Graded(E=-75.0, half=-5.0, slope=6.0)
    couplings = [
        fn.Coupling("A", "B", fn.GapJunction(), weight=gap, name="gap"),
        fn.Coupling("B", "A", kind, weight=into_a),
        fn.Coupling("A", "B", kind, weight=into_b),
    ]
    return fn.Circuit({"A": cell, "B": cell}, couplings)


def gap_pair():
    return pair(fn.MorrisLecar.hopf(), gap=0.25), GAP


def graded_pair():
    return pair(fn.MorrisLecar.snic(), into_a=1.0, into_b=1.2), GRADED


@pytest.mark.parametrize("case", [gap_pair, graded_pair])
def test_spike_times_of_pairs(case):
    circuit, known = case()
    run = fn.simulate(circuit, 300.0, dt=0.01, current=known["current"], initial=known["initial"])
    for name, times in known["spikes"].items():
        np.testing.assert_allclose(run.spikes[name][0], times, rtol=0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "most"), [("heun", 5e-3), ("dop853", 4e-7), ("tsit5", 1e-6)])
def test_every_method(method, most):
    """One of the known times is 3e-7 ms off, by every method and step."""
    circuit, known = graded_pair()
    options = {"dt": 0.01} if method == "heun" else {"rtol": 1e-10, "atol": 1e-10}
    run = fn.simulate(circuit, 300.0, method=method, current=known["current"], initial=known["initial"], **options)
    for name, times in known["spikes"].items():
        np.testing.assert_allclose(run.spikes[name][0], times, rtol=0, atol=most)


@pytest.mark.slow
def test_a_published_half_centre():
    """MatCont: 1532.2 ms at a threshold of 30 mV; SciPy's DOP853 at 1e-13 the others."""
    circuit = fn.Circuit.half_centre(half=[30.0, 0.0, -30.0])
    run = fn.simulate(
        circuit, 24_000.0, method="dop853", rtol=1e-9, atol=1e-9, current=0.8, initial={"A.V": 20.0, "B.V": -40.0}
    )
    periods = [np.diff(times)[-1] for times in run.spikes["A.V"]]
    np.testing.assert_allclose(periods, [1532.27062, 3944.43768, 1939.78752], rtol=0, atol=2e-3)


def test_the_order_of_the_method_is_kept():
    circuit, known = graded_pair()
    arguments = {"current": known["current"], "initial": known["initial"]}
    last = known["spikes"]["A.V"][-1]
    errors = [
        abs(fn.simulate(circuit, 300.0, dt=dt, **arguments).spikes["A.V"][0][-1] - last) for dt in (0.3, 0.15, 0.075)
    ]
    order = np.polyfit(np.log2([0.3, 0.15, 0.075]), np.log2(errors), 1)[0]
    assert abs(order - 4.0) < 0.25, errors


def test_a_circuit_of_one_cell_is_its_model():
    cell, current = fn.MorrisLecar.hopf(phi=np.linspace(0.03, 0.05, 20)), np.linspace(80.0, 120.0, 20)
    alone = fn.simulate(cell, 100.0, current=current, record=("V", "N"))
    inside = fn.simulate(fn.Circuit({"A": cell}), 100.0, current=current, record=("A.V", "A.N"))
    assert alone.spikes.size > 10
    for name in ("V", "N"):
        assert alone[name].tobytes() == inside[f"A.{name}"].tobytes()
    assert alone.spikes.time.tobytes() == inside.spikes.time.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("cell", [fn.HodgkinHuxley(), fn.TraubMiles.cobahh()], ids=lambda cell: type(cell).__name__)
@pytest.mark.parametrize("options", [{"method": "dop853"}, {"dtype": np.float32}], ids=str)
def test_a_circuit_of_one_cell_is_its_model_by_other_methods(cell, options):
    current = np.linspace(1.0, 8.0, 20)
    alone = fn.simulate(cell, 50.0, 0.02, current=current, record="V", **options)
    inside = fn.simulate(fn.Circuit({"A": cell}), 50.0, 0.02, current=current, record="A.V", **options)
    assert alone["V"].tobytes() == inside["A.V"].tobytes()


def test_each_circuit_is_itself():
    """Whatever stands beside it, on whatever thread, in whatever block."""
    circuit, known = graded_pair()
    weight = np.linspace(0.2, 2.0, 40)
    many = circuit.replace(**{"A-B.weight": weight, "B.phi": np.linspace(0.05, 0.08, 40)})
    arguments = {"current": known["current"], "record": ("A.V", "B.N"), "every": 10}
    initial = known["initial"]
    whole = fn.simulate(many, 50.0, initial=initial, threads=2, **arguments)
    for i in (0, 17, 39):
        alone = fn.simulate(many.part(i, i + 1), 50.0, initial=initial, **arguments)
        for name in ("A.V", "B.N"):
            assert whole[name][i].tobytes() == alone[name][0].tobytes()
    assert len(np.unique(whole.state["B.V"])) == 40


def test_the_twin_in_the_reference():
    circuit, known = graded_pair()
    circuit = circuit.replace(**{"A-B.weight": [0.5, 1.2]})
    arguments = {
        "current": {"A": 55.0, "B": [62.0, 60.0]},
        "initial": known["initial"],
        "record": ("A.V", "B.N"),
        "every": 100,
    }
    compare(circuit, arguments)


@pytest.mark.slow
def test_the_twin_of_a_current_with_an_edge():
    circuit, _ = graded_pair()
    compare(circuit, {"current": {"A": fn.Step(55.0, start=3.3), "B": 62.0}, "record": ("A.V", "B.N"), "every": 100})


def compare(circuit, arguments):
    fast, exact = (run(circuit, 100.0, 0.01, **arguments) for run in (fn.simulate, fn.reference.simulate))
    for name in ("A.V", "B.N"):
        np.testing.assert_allclose(fast[name], exact[name], rtol=0, atol=1e-6)
    for name in ("A.V", "B.V"):
        np.testing.assert_array_equal(fast.spikes[name].neuron, exact.spikes[name].neuron)
        np.testing.assert_allclose(fast.spikes[name].time, exact.spikes[name].time, rtol=0, atol=1e-6)


@pytest.mark.slow
def test_currents_by_cell():
    circuit, known = graded_pair()
    both = fn.simulate(circuit, 20.0, current=55.0, initial=known["initial"])
    same = fn.simulate(circuit, 20.0, current={"A": 55.0, "B": 55.0}, initial=known["initial"])
    one = fn.simulate(circuit, 20.0, current={"B": 55.0}, initial=known["initial"])
    assert {name: value.tobytes() for name, value in both.state.items()} == {
        name: value.tobytes() for name, value in same.state.items()
    }
    assert one.current["A"].amplitude == 0.0
    assert repr(one.current) == "{'B': Constant(amplitude=55)}"
    assert one.state["A.V"] != both.state["A.V"]
    assert pickle.loads(pickle.dumps(one.current)) == one.current


def test_a_circuit_is_shown_and_taken_apart():
    circuit, _ = graded_pair()
    assert list(circuit.states) == ["A.V", "A.N", "B.V", "B.N"]
    assert circuit.names[:2] == ("A.C", "A.g_L")
    assert circuit.names[-5:] == ("B-A.slope", "A-B.weight", "A-B.E", "A-B.half", "A-B.slope")
    assert circuit.cells["B"] == fn.MorrisLecar.snic()
    assert circuit.units["A-B.weight"] == "mS/cm^2"
    assert circuit.units["A.V"] == "mV"
    again = fn.Circuit(circuit.cells, circuit.couplings)
    assert type(again) is type(circuit)
    assert again == circuit
    assert pickle.loads(pickle.dumps(circuit)) == circuit
    assert repr(circuit).endswith("Coupling('A', 'B', Graded(E=-75, half=-5, slope=6), weight=1.2)])")


def test_cells_start_where_they_do_alone():
    circuit = fn.Circuit({"A": fn.HodgkinHuxley(), "B": fn.MorrisLecar.hopf()})
    state = circuit.initial_state({"A.V": np.array([-70.0, -60.0])}, 2)
    assert (state[:4] == fn.HodgkinHuxley().initial_state({"V": np.array([-70.0, -60.0])}, 2)).all()
    assert (state[4:] == fn.MorrisLecar.hopf().initial_state({}, 2)).all()


@pytest.mark.slow
def test_a_sweep_of_circuits():
    circuit, known = graded_pair()
    found = fn.sweep(
        circuit, 100.0, {"A-B.weight": [0.5, 1.2], "B.phi": [0.05, 0.067]}, reduce="A.V.max",
        current=known["current"], initial=known["initial"],
    )  # fmt: skip
    assert found["A.V.max"].dims == ("A-B.weight", "B.phi")
    assert len(np.unique(found["A.V.max"])) == 4


class Synaptic(fn.Model):
    """A user's neuron with a synapse of its own, as Wang and Buzsaki have it."""

    alpha: float = 12.0
    states = {"V": -60.0, "n": 0.1, "s": 0.0}

    @staticmethod
    def gates(V, p):
        return fn.math.sigmoid(V / 2.0)

    @staticmethod
    def derivative(V, n, s, I, p, opened):
        slope = I - 0.1 * (V + 65.0) + 10.0 / (1.0 + np.exp(-(V + 30.0) / 5.0)) - 8.0 * n * (V + 80.0)
        return slope, (1.0 / (1.0 + np.exp(-(V + 25.0) / 5.0)) - n) / 5.0, p.alpha * opened * (1.0 - s) - 0.1 * s


class Rectifying(fn.CouplingKind):
    """A user's kind."""

    less: float = 0.1

    @staticmethod
    def current(V_post, x_pre, p):
        return fn.math.where(x_pre > V_post, 1.0, p.less) * (x_pre - V_post)


def own_circuit():
    cell = Synaptic()
    return fn.Circuit(
        {"A": cell, "B": cell, "C": fn.MorrisLecar.hopf()},  # three: more than two spike
        [
            fn.Coupling("A", "B", fn.StateCoupled("s", -75.0), weight=0.3),
            fn.Coupling("B", "C", Rectifying(), weight=0.2),
            fn.Coupling("C", "A", fn.Graded(-75.0, 0.0, 10.0), weight=0.2, name="feedback"),
        ],
    )


@pytest.mark.slow
def test_cells_and_kinds_of_ones_own():
    arguments = {"current": {"A": 20.0, "B": 15.0, "C": 95.0}, "record": ("A.s", "B.V", "C.V"), "every": 100}
    runs = [simulate(own_circuit(), 40.0, 0.01, **arguments) for simulate in (fn.simulate, fn.reference.simulate)]
    for name in ("A.s", "B.V", "C.V"):
        np.testing.assert_allclose(runs[0][name], runs[1][name], rtol=0, atol=1e-5)
    assert np.ptp(runs[0]["C.V"]) > 10.0


@pytest.mark.slow
@pytest.mark.parametrize("case", [graded_pair, lambda: (own_circuit(), {"current": 20.0, "initial": {}})])
def test_circuits_on_disk(case, tmp_path):
    circuit, known = case()
    many = circuit.replace(**{"A.alpha" if "A.alpha" in circuit.names else "A.phi": np.linspace(0.05, 0.08, 20)})
    arguments = {"current": known["current"], "initial": known["initial"], "record": ("A.V",), "every": 10}
    path = tmp_path / "run"
    fn.simulate(many, 20.0, out=path, **arguments)
    assert fn.open(path).model == many
    fn.resume(path, duration=40.0)
    found, whole = fn.open(path), fn.simulate(many, 40.0, **arguments)
    assert found["A.V"][:].tobytes() == whole["A.V"].tobytes()
    assert found.spikes.time.tobytes() == whole.spikes.time.tobytes()
    assert found.spikes.states == tuple(f"{name}.V" for name in circuit.cells)


@pytest.mark.slow
def test_a_store_of_cells_of_ones_own_is_read_with_their_classes(tmp_path, python):
    path = tmp_path / "run"
    fn.simulate(own_circuit(), 5.0, current=20.0, out=path)
    said = python(f"import fastneuron as fn\ntry: fn.open({str(path)!r})\nexcept ValueError as error: print(error)")
    assert "Synaptic" in said
    assert "models=[Synaptic]" in said
    assert fn.open(path, models=[Synaptic, Rectifying]).model == own_circuit()


CELLS = {"A": fn.MorrisLecar(), "B": fn.MorrisLecar()}
GAP_JUNCTION = fn.GapJunction()


class Half(fn.Model):
    """Without what it needs."""

    states = {"V": 0.0}

    @staticmethod
    def derivative(V, I, p):
        return V


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: fn.Circuit({}), "cells must map names to models, at least one"),
        (lambda: fn.Circuit([fn.MorrisLecar()]), "cells must map names to models"),
        (lambda: fn.Circuit({"A": fn.MorrisLecar}), "cell A must be a Model.*with its parentheses"),
        (lambda: fn.Circuit({"A-B": fn.MorrisLecar()}), "the name of a cell must be a word, such as 'A'; got 'A-B'"),
        (lambda: fn.Circuit({"for": fn.MorrisLecar()}), "the name of a cell must be a word"),
        (
            lambda: fn.Circuit({"initial": fn.MorrisLecar()}),
            "the name of a cell must be none of 'initial', .*; got 'in",
        ),
        (
            lambda: fn.Circuit(CELLS, [fn.Coupling("A", "B", GAP_JUNCTION, name="isi")]),
            "the name of a coupling must be none of 'initial', .*; got 'isi'",
        ),
        (lambda: fn.Circuit({"A": fn.Izhikevich()}), "cell A must be a model without a reset; got Izhikevich"),
        (lambda: fn.Circuit({"A": fn.Circuit(CELLS)}), "cell A must be a Model.*got a circuit"),
        (lambda: fn.Circuit({"A": Half()}), "Half.derivative must return 1 numbers"),
        (lambda: fn.Circuit(CELLS, fn.Coupling("A", "B", GAP_JUNCTION)), "couplings must be a list of Couplings"),
        (lambda: fn.Circuit(CELLS, ["A-B"]), "couplings must be Couplings, as in Coupling"),
        (lambda: fn.Circuit(CELLS, [fn.Coupling("A", "b", GAP_JUNCTION)]), r"\(post\) must be one of .* mean 'B'"),
        (lambda: fn.Circuit(CELLS, [fn.Coupling("A", "A", GAP_JUNCTION)]), "must be between two cells; got 'A' twice"),
        (lambda: fn.Circuit(CELLS, [fn.Coupling("A", "B", GAP_JUNCTION, np.eye(2))]), "takes no connections"),
        (
            lambda: fn.Circuit(CELLS, [fn.Coupling("A", "B", fn.StateCoupled("n", -75.0))]),
            "a state of cell A, which is read, must be one of 'V', 'N'; got 'n'; did you mean 'N'",
        ),
        (
            lambda: fn.Circuit(CELLS, [fn.Coupling("A", "B", GAP_JUNCTION)] * 2),
            "differ in their names; got 'A-B' twice",
        ),
        (lambda: fn.Circuit(CELLS, [fn.Coupling("A", "B", GAP_JUNCTION, name="A")]), "got 'A' twice"),
        (
            lambda: fn.Circuit(CELLS, [fn.Coupling("A", "B", GAP_JUNCTION, name="a b")]),
            "must be a word, such as 'slow'",
        ),
        (lambda: graded_pair()[0].replace(**{"A-B.weigth": 1.0}), "did you mean 'A-B.weight'"),
        (lambda: graded_pair()[0].replace(**{"B.C": 0.0}), "B.C must be positive"),
        (lambda: fn.simulate(graded_pair()[0], 1.0, current={"C": 1.0}), "a cell in current must be one of 'A', 'B'"),
        (lambda: fn.simulate(fn.MorrisLecar(), 1.0, current={"A": 1.0}), "current by cell is for a Circuit"),
        (lambda: fn.simulate(graded_pair()[0], 1.0, current={"A": np.nan}), r"current\['A'\] must be finite"),
        (lambda: fn.simulate(graded_pair()[0], 1.0, current={"A": 1.0}, record="I"), "cells differ in theirs"),
        (lambda: fn.simulate(graded_pair()[0], 1.0, method="staggered"), "staggered.* a circuit has several"),
        (
            lambda: fn.simulate(graded_pair()[0], 1.0, method="heun", noise=fn.WhiteNoise(1.0)),
            "noise is for single neurons, and a circuit has 2",
        ),
        (
            lambda: fn.simulate(graded_pair()[0], 1.0, threshold={"A.V": 0.0}, sensitivity="A.g_Ca"),
            "sensitivity is for single neurons.*got Circuit",
        ),
        (lambda: fn.Population(graded_pair()[0], 10), "model must be that of one neuron"),
        (lambda: fn.tangent(graded_pair()[0]), "model must be a single neuron.*got a Circuit"),
        (lambda: fn.cycles(graded_pair()[0], 0.8), "model must be a single neuron.*got a Circuit"),
    ],
)
def test_bad_input(wrong, said):
    with pytest.raises((TypeError, ValueError), match=said):
        wrong()
