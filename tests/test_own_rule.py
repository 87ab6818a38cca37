"""A rule of one's own: a NamedTuple with a formula."""

import pickle
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse

import fastneuron as fn
from fastneuron.perceptron import square

RNG = np.random.default_rng(0)
X, T = RNG.integers(-5, 6, (90, 7)).astype(float), RNG.integers(0, 2, (90, 3))


class Rosenblatt(NamedTuple):
    """The built-in rule once more."""

    rate: float

    def correction(rule, n, t, X, row):
        if t > 0:
            change = rule.rate if n < 0 else rule.rate * 0
        else:
            change = -rule.rate if n >= 0 else rule.rate * 0
        return change, change


class Projection(NamedTuple):
    """Kaczmarz (1937): onto the hyperplane that a row asks for, without a bias."""

    relaxation: float

    real_targets = True

    def correction(rule, n, t, X, row):
        return rule.relaxation * (t - n) / square(X, row, n), n * 0 + 1e-300  # 0 would say that nothing was corrected


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_an_own_rule_has_the_bits_of_the_built_in_one(kind, dtype):
    own, built_in = fn.Perceptron(7, 3, dtype=dtype), fn.Perceptron(7, 3, dtype=dtype)
    history, expected = own.train(kind(X), T, 4, rule=Rosenblatt(1.0)), built_in.train(kind(X), T, 4)
    assert np.array_equal(own.weights, built_in.weights)
    assert np.array_equal(history.mistakes, expected.mistakes)
    if kind is np.asarray:
        for layer, rule in ((own, Rosenblatt(1.0)), (built_in, "perceptron")):
            for x, t in zip(X, T, strict=True):
                layer.adapt(x, t, rule=rule)
        assert np.array_equal(own.weights, built_in.weights)


def test_values_for_targets():
    layer = fn.Perceptron(7, 1, "linear")
    w = RNG.normal(size=7)
    layer.train(X, (X @ w)[:, None], 60, rule=Projection(1.0))
    np.testing.assert_allclose(layer.weights[0], w, rtol=1e-6)


def test_a_rule_of_the_same_name_is_another_rule():
    def rule_of(factor):
        class Rule(NamedTuple):
            rate: float

            def correction(rule, n, t, X, row):
                return rule.rate * factor * (t - n), rule.rate * factor * (t - n)

        return Rule(0.01)

    layers = [fn.Perceptron(7, 3) for _ in range(3)]
    for layer, factor in zip(layers, (1.0, 2.0, 1.0), strict=True):
        layer.train(X, T, rule=rule_of(factor))
    assert np.array_equal(layers[0].weights, layers[2].weights)
    assert not np.array_equal(layers[0].weights, layers[1].weights)
    one = fn.Perceptron(7, 3)
    one.adapt(X[0], T[0], rule=rule_of(1.0))
    before = one.weights.copy()
    one.adapt(X[1], T[1], rule=rule_of(0.0))
    assert np.array_equal(one.weights, before)
    assert np.array_equal(pickle.loads(pickle.dumps(one)).weights, before)  # the rule, of a function, cannot be pickled


@pytest.mark.parametrize(
    ("rule", "options", "message"),
    [
        ((1.0,), {}, "rule must be one of 'perceptron', .* or a NamedTuple with a method correction"),
        (None, {}, "rule must be one of"),
        (Rosenblatt(np.nan), {}, "rate of Rosenblatt must be a finite number"),
        (Rosenblatt(1.0), {"learning_rate": 0.5}, "learning_rate is for the rules that have a name"),
    ],
)
def test_what_is_no_rule(rule, options, message):
    with pytest.raises(ValueError, match=message):
        fn.Perceptron(7, 3).train(X, T, rule=rule, **options)
    with pytest.raises(ValueError, match="needs a hard limit"):
        fn.Perceptron(7, 3, "linear").train(X, T, rule=Rosenblatt(1.0))
