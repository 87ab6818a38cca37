"""Rooted trees: what the order of a Runge-Kutta method is about.

Butcher JC (1963), in the notation of Hairer, Norsett & Wanner (1993), section II.2: a tree is the sorted tuple of its
branches; a method is of order p where, for every tree t of at most p nodes, its elementary weight is 1 / gamma(t).
"""

import itertools
from functools import cache

import numpy as np


@cache
def trees(order):
    """All trees of so many nodes: 1, 1, 2, 4, 9, 20, 48, 115 of them."""
    found = set()
    for parts in _partitions(order - 1, order - 1):
        for branches in itertools.product(*(trees(part) for part in parts)):
            found.add(tuple(sorted(branches)))
    return sorted(found)


def _partitions(total, largest):
    if total == 0:
        yield ()
    for part in range(min(total, largest), 0, -1):
        for rest in _partitions(total - part, part):
            yield (part, *rest)


def size(tree):
    """The number of nodes."""
    return 1 + sum(map(size, tree))


def density(tree):
    """gamma(t)."""
    return size(tree) * np.prod([density(branch) for branch in tree], initial=1.0)


def stage_weights(tree, A):
    """The elementary weight of the tree at each stage of a method."""
    product = np.ones(len(A))
    for branch in tree:
        product = product * (A @ stage_weights(branch, A))
    return product
