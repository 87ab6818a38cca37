"""How a network is cut: how many steps an epoch has, how many neurons a range, so that inboxes stay in the L2 cache."""

from __future__ import annotations

from .network_recipe import NetworkRecipe

EPOCH = 16  # steps at most
RANGE = 4096  # neurons at most
INBOX = 2**20  # bytes of a range's inboxes for an epoch: 4 steps instead of 16, of COBAHH, took 0.85 of the time
BOX = 32  # bytes of a neuron's inbox of a receptor for a step, of most receptors


def longest_epoch(recipe: NetworkRecipe) -> int:
    """Steps of an epoch, at most, where there are synapses."""
    step = max(min(part.n, RANGE) * BOX * len(part.receptors) for part in recipe.parts.values())
    return max(min(EPOCH, INBOX // max(step, 1)), 1)
