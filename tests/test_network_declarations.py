"""Populations, views, projections and networks: what they hold, and the one message that ends what is not allowed."""

import numpy as np
import pytest
import scipy.sparse

import fastneuron as fn

RECEPTOR = type("Receptor", (), {"size": 1})()
MODEL = fn.MorrisLecar.hopf()


def population(n=10, **options):
    return fn.Population(MODEL, n, {"exc": RECEPTOR, "inh": RECEPTOR}, **options)


CELLS = population()


def project(connections=None, pre=CELLS, post=CELLS, receptor="exc", **options):
    return fn.Projection(pre, post, receptor, fn.AllToAll() if connections is None else connections, **options)


def test_views_remember_their_population():
    odd = CELLS[1::2]
    assert odd.population is CELLS
    assert odd.indices.tolist() == [1, 3, 5, 7, 9]
    assert odd.indices.dtype == np.int64
    assert len(odd) == 5
    assert odd[[-1, 0]].indices.tolist() == [9, 1]
    assert odd[[-1, 0]].population is CELLS
    assert odd[np.array([True, False, True, False, False])].indices.tolist() == [1, 5]
    assert CELLS[3].indices.tolist() == [3]
    assert len(CELLS) == CELLS.n == 10
    assert CELLS.population is CELLS
    with pytest.raises(TypeError):
        iter(CELLS)


def test_defaults_are_those_of_nest():
    projection = project()
    assert projection.weight == 1.0
    assert projection.delay == 1.0
    assert projection.delays == (1.0, 1.0)
    assert projection.autapses
    assert projection.multapses
    assert projection.stored


def test_a_network_knows_its_parts():
    source = fn.PoissonSource(3, 5.0)
    projections = [project(), project(pre=source, receptor="inh")]
    net = fn.Network({"cells": CELLS, "source": source}, projections, seed=7)
    assert net.projections == tuple(projections)
    assert net.name_of(CELLS[2:]) == "cells"
    assert net.name_of(source[1]) == "source"
    assert net.n == 10
    assert net.connections(projections[1]).pre.max() == 2
    assert net.degrees(1).into.tolist() == [3] * 10
    assert "10" in repr(net)


def test_delays_are_bounded():
    assert project(delay=fn.Uniform(0.5, 2.0)).delays == (0.5, 2.0)
    assert project(delay=fn.Normal(1.0, 0.2, low=0.3)).delays == (0.3, np.inf)
    assert project(delay=np.full((10, 1), 0.25)).delays == (0.25, 0.25)


def test_a_delay_below_dt_says_what_to_do():
    net = fn.Network({"cells": CELLS}, [project(), project(delay=0.04)])
    net.check_delays(0.04)
    with pytest.raises(ValueError, match=r"the delay of projection 1 must be at least dt = 0.05 ms; got 0.04: make"):
        net.check_delays(0.05)


BAD_POPULATIONS = [
    (lambda: fn.Population(fn.MorrisLecar, 3), TypeError, "model must be a Model.*parentheses"),
    (lambda: fn.Population(MODEL, 0), ValueError, "n must be a whole number of at least 1"),
    (lambda: fn.Population(MODEL, 2.5), TypeError, "n must be a whole number"),
    (lambda: fn.Population(MODEL, 3, current=[1.0, 2.0]), ValueError, "current has 2 values, but n is 3"),
    (lambda: fn.Population(fn.MorrisLecar(C=[20.0, 21.0]), 3), ValueError, "C has 2 values, but n is 3"),
    (lambda: fn.Population(MODEL, 3, noise=5.0), TypeError, "noise must be a WhiteNoise"),
    (lambda: fn.Population(MODEL, 3, threshold=np.inf), ValueError, "threshold must be a finite number of mV"),
    (lambda: fn.Population(MODEL, 3, refractory=-1.0), ValueError, "refractory must be a number of ms, 0 or more"),
    (lambda: fn.Population(MODEL, 3, ["exc"]), TypeError, "receptors must map names to receptors"),
    (
        lambda: fn.Population(MODEL, 3, {"V": RECEPTOR}),
        ValueError,
        "not be named as a state of the model; got 'V'",
    ),
    (lambda: fn.Population(MODEL, 3, {"exc": 5.0}), TypeError, r"receptors\['exc'\] must be a receptor"),
    (lambda: fn.Population(MODEL, 3, {3: RECEPTOR}), TypeError, "the name of a receptor must be a text"),
    (lambda: CELLS[[]], ValueError, "a view must have at least one neuron"),
    (lambda: CELLS[[1, 1]], ValueError, "the neurons of a view must name each neuron at most once"),
    (lambda: CELLS[10], ValueError, "the neurons of a view must be indices from 0 to 9; got 10"),
    (lambda: CELLS[[True]], ValueError, "the neurons of a view as a mask"),
    (lambda: CELLS["cells"], TypeError, "the neurons of a view must be neuron indices"),
]

BAD_PROJECTIONS = [
    (lambda: project(pre=MODEL), TypeError, "pre must be a Population"),
    (lambda: project(post=fn.PoissonSource(3, 1.0)), TypeError, "post must be a Population or a view of one"),
    (
        lambda: project(receptor="ext"),
        ValueError,
        "receptor must be one of 'exc', 'inh'; got 'ext'; did you mean",
    ),
    (lambda: project(fn.AllToAll), TypeError, "connections must be a rule.*parentheses"),
    (lambda: project(0.1), TypeError, "connections must be a rule"),
    (lambda: project(np.zeros((10, 10))), TypeError, "connections must be a rule"),
    (lambda: project(scipy.sparse.eye_array(9)), ValueError, r"must have the shape \(10, 10\); got \(9, 9\)"),
    (lambda: project(([0, 1], [2])), ValueError, "pre and post must be of one length; got 2 and 1 synapses"),
    (lambda: project(([0, 10], [2, 3])), ValueError, "pre must be indices from 0 to 9; got 10 at synapse 1"),
    (lambda: project(([0], [-1])), ValueError, "post must be indices from 0 to 9; got -1 at synapse 0"),
    (lambda: project(([0.5], [1])), TypeError, "pre must be neuron indices, one per synapse"),
    (lambda: project(([3, 4], [5, 4]), autapses=False), ValueError, "synapse 1 connects neuron 4 to itself"),
    (lambda: project(([3, 3], [5, 5]), multapses=False), ValueError, "more than one synapse goes from 3 to 5"),
    (lambda: project(fn.FixedInDegree(11), multapses=False), ValueError, "degree .* number of sources, 10, .* got 11"),
    (
        lambda: project(fn.FixedOutDegree(11), multapses=False),
        ValueError,
        "degree .* targets, 10, .* got 11: with mul",
    ),
    (
        lambda: project(fn.FixedOutDegree(10), autapses=False, multapses=False),
        ValueError,
        "the number of targets, 9, where multapses=False; got 10",
    ),
    (
        lambda: project(fn.FixedInDegree(2), pre=CELLS[:1], post=CELLS[:1], autapses=False),
        ValueError,
        "degree must be 0 where there are no sources; got 2",
    ),
    (lambda: project(fn.FixedOutDegree([3, 4])), ValueError, "degree has 2 values, but there are 10 sources"),
    (
        lambda: project(fn.FixedTotal(101), multapses=False),
        ValueError,
        "number .* pairs, 100, .* got 101",
    ),
    (lambda: project(fn.FixedTotal(91), autapses=False, multapses=False), ValueError, "pairs, 90, .* got 91"),
    (
        lambda: project(fn.FixedTotal(1), pre=CELLS[:1], post=CELLS[:1], autapses=False),
        ValueError,
        "number must be 0 where there are no pairs; got 1",
    ),
    (lambda: project(fn.OneToOne(), pre=CELLS[:4]), ValueError, "as many neurons in post as in pre; got 4 and 10"),
    (lambda: project(weight=np.nan), ValueError, "weight must be a finite number"),
    (lambda: project(weight="strong"), TypeError, "weight must be"),
    (lambda: project(weight=np.full((10, 1), np.inf)), ValueError, "weight must be finite"),
    (lambda: project(weight=np.ones(10)), ValueError, r"weight must be .* an array \(10, 10\), one per pair"),
    (lambda: project(([0], [1]), weight=[1.0, 2.0]), ValueError, r"weight must be .* an array \(1,\), one per synapse"),
    (lambda: project(fn.OneToOne(), weight=[1.0]), ValueError, r"weight must be .* an array \(10,\), one per synapse"),
    (lambda: project(weight=lambda d: d), TypeError, "weight must be .*a function of the distance is for ByDistance"),
    (lambda: project(weight=fn.Normal), TypeError, "weight must be a number, an array or a distribution"),
    (lambda: project(scipy.sparse.eye_array(10), weight=2.0), ValueError, "the values of the matrix are the weights"),
    (lambda: project(delay=0.0), ValueError, "delay must be above 0 ms; got 0: .* the delay dt"),
    (lambda: project(delay=-1.0), ValueError, "delay must be above 0 ms; got -1"),
    (lambda: project(delay=np.inf), ValueError, "delay must be a finite number"),
    (lambda: project(delay=np.zeros((1, 10))), ValueError, "delay must be above 0 ms; got 0"),
    (lambda: project(delay=fn.Normal(1.0, 0.1)), ValueError, "delay must be above 0 for every synapse.*low=0.1"),
    (lambda: project(autapses=1), TypeError, "autapses must be True or False"),
    (lambda: project(multapses="no"), TypeError, "multapses must be True or False"),
    (lambda: project(fn.FixedInDegree(2), stored=False), ValueError, "stored=False is for AllToAll.*FixedInDegree"),
    (lambda: project(([0], [1]), stored=False), ValueError, "stored=False is for AllToAll"),
    (lambda: project(stored=False, delay=fn.Uniform(1, 2)), ValueError, "stored=False is for one delay for all"),
]

BAD_RULES = [
    (lambda: fn.FixedProbability(1.5), ValueError, "p must be a probability, from 0 to 1; got 1.5"),
    (lambda: fn.FixedProbability(-0.1), ValueError, "p must be a probability"),
    (lambda: fn.FixedProbability(np.nan), ValueError, "p must be a probability"),
    (lambda: fn.FixedInDegree(-1), ValueError, "degree must be a whole number of at least 0; got -1"),
    (lambda: fn.FixedInDegree(2.5), TypeError, "degree must be a whole number"),
    (lambda: fn.FixedOutDegree([1.5, 2.0]), ValueError, "degree must be a whole number"),
    (lambda: fn.FixedTotal(-1), ValueError, "number must be a whole number of at least 0"),
    (lambda: fn.ByDistance(0.1, np.zeros(5)), TypeError, "probability must be a function of distances"),
    (
        lambda: fn.ByDistance(np.exp, np.zeros((5, 2)), np.zeros(5)),
        ValueError,
        "as many dimensions as positions",
    ),
    (lambda: fn.ByDistance(np.exp, np.full(5, np.nan)), ValueError, "positions must be finite"),
    (lambda: fn.ByDistance(np.exp, np.zeros(5), periods=0.0), ValueError, "periods must be positive"),
    (
        lambda: fn.ByDistance(np.exp, np.zeros(5), periods=[1, 2]),
        ValueError,
        "periods must be one or one per",
    ),
    (
        lambda: project(fn.ByDistance(np.exp, np.zeros(5))),
        ValueError,
        "positions has 5 values, but there are 10",
    ),
    (lambda: fn.Normal(0.0, -1.0), ValueError, "sd must be a number, 0 or more"),
    (lambda: fn.Normal(np.inf, 1.0), ValueError, "mean must be a finite number"),
    (lambda: fn.Normal(0.0, 1.0, low=2.0), ValueError, "must leave a quarter of the Normal distribution.*leave 0.0228"),
    (lambda: fn.Normal(0.0, 1.0, low=1.0, high=0.0), ValueError, "high must be at least low; got 0 and 1"),
    (lambda: fn.LogNormal(0.0, 1.0, high=-1.0), ValueError, "high must be at least low"),
    (lambda: fn.LogNormal(0.0, 1.0, high=0.01), ValueError, "must leave a quarter of the LogNormal distribution"),
    (lambda: fn.Uniform(2.0, 1.0), ValueError, "high must be at least low; got 1 and 2"),
    (lambda: fn.Uniform(0.0, np.inf), ValueError, "high must be a finite number"),
]

BAD_NETWORKS = [
    (lambda: fn.Network([CELLS]), TypeError, "populations must map names to populations"),
    (lambda: fn.Network({}), TypeError, "populations must map names to populations"),
    (lambda: fn.Network({"a": MODEL}), TypeError, r"populations\['a'\] must be a Population"),
    (lambda: fn.Network({"a": CELLS[:3]}), TypeError, "views are for projections"),
    (lambda: fn.Network({"a/b": CELLS}), TypeError, "the name of a population must be a text without '/'"),
    (lambda: fn.Network({"a": CELLS, "b": CELLS}), ValueError, "populations must be different from each other.*'b'"),
    (lambda: fn.Network({"a": CELLS}, project()), TypeError, "projections must be a sequence of Projections"),
    (lambda: fn.Network({"a": CELLS}, [CELLS]), TypeError, r"projections\[0\] must be a Projection"),
    (lambda: fn.Network({"a": population()}, [project()]), ValueError, "the pre of projection 0 is not in the network"),
    (lambda: fn.Network({"a": CELLS}, [], seed=-1), ValueError, "seed must be a whole number of at least 0"),
    (lambda: fn.Network({"a": CELLS}, []).connections(0), ValueError, "projection must be a whole number"),
    (lambda: fn.Network({"a": CELLS}, []).connections(project()), ValueError, "the projection is not in the network"),
]


@pytest.mark.parametrize(("make", "kind", "message"), BAD_POPULATIONS + BAD_PROJECTIONS + BAD_RULES + BAD_NETWORKS)
def test_bad_input(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        (lambda d: d + 0.5, ValueError, "probability must be from 0 to 1; got 1.5 at the distance 1"),
        (lambda d: np.log(d - 5), ValueError, "probability must be finite"),
        (lambda d: d[0], TypeError, "the function probability must return one number per distance"),
    ],
)
def test_functions_of_distance_are_checked(function, kind, message):
    net = fn.Network({"cells": CELLS}, [project(fn.ByDistance(function, np.arange(10.0)))])
    with pytest.raises(kind, match=message), np.errstate(all="ignore"):
        net.connections(0)


def test_a_delay_by_distance_is_checked():
    rule = fn.ByDistance(lambda d: np.exp(-d), np.arange(10.0))
    with pytest.raises(ValueError, match="delay must be above 0 ms; got 0"):
        project(rule, delay=lambda d: d / 0.3)
