"""A sweep is the separate runs of its grid, with names."""

import numpy as np
import pytest

import fastneuron as fn

CURRENTS, PHI = [80.0, 100.0, 120.0], [0.03, 0.04]


def test_every_combination_is_a_run():
    found = fn.sweep(
        fn.MorrisLecar.hopf(V3=3.0),
        500.0,
        {"current": CURRENTS, "phi": PHI},
        ("rate", "V.max", "isi.mean", "spike_count"),
    )
    assert found.rate.dims == ("current", "phi")
    assert found.rate.attrs["units"] == found.rate.units == "Hz"
    assert found.current.attrs["units"] == "uA/cm^2"
    assert found["V.max"].attrs["units"] == "mV"
    for I in CURRENTS:
        for phi in PHI:
            alone = fn.simulate(fn.MorrisLecar.hopf(V3=3.0, phi=phi), 500.0, current=I, record="V")
            here = found.sel(current=I, phi=phi)
            assert here.rate == alone.rate[0]
            assert here.spike_count == alone.spike_count[0]
            assert here["V.max"] == alone["V"].max()
            gaps = np.diff(alone.spikes[0])
            assert (
                here["isi.mean"] == pytest.approx(gaps.mean(), rel=1e-12) if gaps.size else np.isnan(here["isi.mean"])
            )


def test_a_function_of_the_run():
    found = fn.sweep(
        fn.MorrisLecar.hopf(),
        200.0,
        {"phi": PHI},
        lambda run: {"last": [run.spikes[i][-1] for i in range(run.n)]},
        current=100.0,
    )
    alone = fn.simulate(fn.MorrisLecar.hopf(phi=PHI), 200.0, current=100.0)
    assert found["last"].values.tolist() == [alone.spikes[0][-1], alone.spikes[1][-1]]


def test_to_disk(tmp_path):
    grid = {"current": CURRENTS, "phi": PHI}
    stored = fn.sweep(fn.MorrisLecar.hopf(), 300.0, grid, out=tmp_path / "sweep.zarr")
    assert stored.equals(fn.sweep(fn.MorrisLecar.hopf(), 300.0, grid))
    assert fn.open(tmp_path / "sweep.zarr").n == 6


def test_the_f_i_curve():
    """A neuron at rest has rate 0: the spike at the onset was counted."""
    curve = fn.fi_curve(fn.MorrisLecar.hopf(), [80.0, 90.0], dt=0.01, duration=1500.0)
    assert curve.dims == ("current",)
    np.testing.assert_allclose(curve, [0.0, 1000 / 102.72716532736393], rtol=1e-6)  # SciPy's DOP853 at 1e-13
    run = fn.simulate(fn.MorrisLecar.snic(), 1000.0, current=[30.0, 45.0, 60.0])
    curve = fn.fi_curve(fn.MorrisLecar.snic(), [30.0, 45.0, 60.0], after=300.0)
    assert curve.values.tolist() == run.steady_rate(300.0).tolist()


@pytest.mark.parametrize("name", ["rate", "noise"])
def test_a_parameter_may_be_called_as_something_else_is(name):
    """One called noise was taken for one neuron, however many values it had."""
    decay = type(
        "Decay",
        (fn.Model,),
        {
            "__annotations__": {name: float},
            name: 1.0,
            "states": {"V": 1.0},
            "derivative": staticmethod(eval(f"lambda V, I, p: (-p.{name} * V,)")),
        },
    )
    assert fn.simulate(decay([1.0, 2.0]), 1.0).n == 2
    found = fn.sweep(decay(), 1.0, {name: [1.0, 2.0]}, ("rate", "V.min"))
    (dim,) = found.rate.dims
    assert dim == ("parameter.rate" if name == "rate" else name)
    assert found[dim].values.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(found["V.min"], np.exp([-1.0, -2.0]), rtol=1e-5)


def test_an_axis_may_be_the_initial_state():
    found = fn.sweep(fn.MorrisLecar.hopf(), 50.0, {"initial.V": [-60.0, 0.0], "current": CURRENTS}, "spike_count")
    for V in (-60.0, 0.0):
        alone = fn.simulate(fn.MorrisLecar.hopf(), 50.0, current=CURRENTS, initial={"V": V})
        assert found.spike_count.sel({"initial.V": V}).values.tolist() == alone.spike_count.tolist()


@pytest.mark.parametrize("method", ["rk4", "dop853"])
def test_a_point_that_fails_does_not_end_a_sweep(method):
    """The others have the bits of a sweep without it."""
    grid = {"current": CURRENTS, "C": [20.0, 1e-9, 21.0]}
    with pytest.warns(RuntimeWarning, match=r"3 of 9 points have blown up .* at current = 80, C = 1e-09; errors="):
        found = fn.sweep(fn.MorrisLecar.hopf(), 200.0, grid, ("rate", "spike_count", "V.max"), method=method)
    good = fn.sweep(fn.MorrisLecar.hopf(), 200.0, grid | {"C": [20.0, 21.0]}, ("rate", "V.max"), method=method)
    assert np.isnan(found.sel(C=1e-9).to_array()).all()
    for name in ("rate", "V.max"):
        assert found[name].sel(C=[20.0, 21.0]).values.tolist() == good[name].values.tolist()
    with pytest.raises(FloatingPointError, match="neuron 1 "):
        fn.sweep(fn.MorrisLecar.hopf(), 200.0, grid, method=method, errors="raise")


def test_axes_may_be_of_the_noise_and_its_seed():
    """Each seed is a run of the rest of the grid."""
    given = {"method": "heun", "current": 88.0, "noise": fn.WhiteNoise(1.0)}
    grid = {"noise.sigma": [0.0, 30.0], "seed": [0, 5, 7], "phi": PHI}
    found = fn.sweep(fn.MorrisLecar.hopf(), 100.0, grid, "V.max", **given)
    assert found["V.max"].dims == ("noise.sigma", "seed", "phi")
    assert found["noise.sigma"].attrs["units"] == "uA/cm^2*ms^0.5"
    model = fn.MorrisLecar.hopf(phi=[*PHI, *PHI])
    given["noise"] = fn.WhiteNoise([0.0, 0.0, 30.0, 30.0])
    for seed in grid["seed"]:
        alone = fn.simulate(model, 100.0, seed=seed, summary="V.max", **given).summary["V.max"]
        assert found["V.max"].sel(seed=seed).values.ravel().tolist() == alone.tolist()


@pytest.mark.parametrize(
    ("grid", "more", "words"),
    [
        ({"fi": PHI}, {}, "an axis of grid must be one of .* did you mean 'phi'"),
        ({}, {}, "grid must map names to values"),
        ([1, 2], {}, "grid must map names to values"),
        ({"phi": [[0.1], [0.2]]}, {}, r"grid\['phi'\]"),
        ({"current": CURRENTS}, {"current": 3.0}, "current is an axis of grid and an argument"),
        ({"current": CURRENTS}, {"reduce": "rat"}, "reduce must be one of .* did you mean 'rate'"),
        ({"current": CURRENTS}, {"reduce": "population.rate"}, "reduce must be one of"),
        ({"current": [1.0, np.nan]}, {}, "must be finite"),
        ({"noise.sigma": [1.0]}, {}, "there is no noise: give it as noise="),
        ({"noise.tau": [1.0]}, {"noise": fn.WhiteNoise(1.0), "method": "heun"}, "an axis of grid must be one of"),
        ({"seed": [1.5]}, {}, "whole number"),
        ({"seed": [1, 2]}, {"out": "x"}, "each seed of a grid is a run of its own"),
        ({"seed": [1, 2]}, {"seed": 3}, "seed is an axis of grid and an argument"),
        ({"phi": PHI}, {"errors": "ignore"}, "errors must be one of"),
        ({"current": CURRENTS}, {"initial": {"V": [-60.0, -20.0, 0.0]}}, r"initial\['V'\] must be the same at every"),
        ({"current": [100.0]}, {"n": 4}, "n is the number of points of a grid, 1,"),
        ({"current": CURRENTS}, {"reduce": "steady_rate", "after": 101.0}, "after must be .* from 0 to duration = 100"),
    ],
)
def test_bad_input(grid, more, words):
    with pytest.raises((TypeError, ValueError), match=words):
        fn.sweep(fn.MorrisLecar.hopf(), 100.0, grid, **more)


def test_a_class_is_no_model():
    with pytest.raises(TypeError, match="model must be a Model"):
        fn.sweep(fn.MorrisLecar, 100.0, {"phi": PHI})


def test_a_current_of_each_cell_is_the_same_at_every_point():
    cell = fn.MorrisLecar.hopf()
    pair = fn.Circuit({"A": cell, "B": cell}, [fn.Coupling("A", "B", fn.GapJunction(), weight=0.1)])
    with pytest.raises(ValueError, match=r"current\['A'\] must be the same at every point"):
        fn.sweep(pair, 10.0, {"A.phi": PHI}, current={"A": [80.0, 100.0], "B": 100.0})
