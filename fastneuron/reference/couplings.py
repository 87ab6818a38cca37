"""Couplings without delay as in the textbooks: the current at weight 1."""

from math import tanh
from types import SimpleNamespace


def current(kind, states):
    """That of a kind, a function (V, state), where the sender's states have these names."""
    p = SimpleNamespace(**kind.parameters)
    name = type(kind).__name__
    read = states.index(kind.reads) if kind.reads else 0
    if name == "GapJunction":
        return lambda V, state: state[0] - V
    if name == "Graded":
        return lambda V, state: (1 + tanh((state[0] - p.half) / p.slope)) / 2 * (p.E - V)
    if name == "StateCoupled":
        return lambda V, state: state[read] * (p.E - V)
    prepared = kind.prepare(p)  # one's own, by its own formulas
    return lambda V, state: kind.current(V, kind.sent(state[read], prepared), prepared)
