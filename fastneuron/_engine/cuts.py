"""How a network is cut: how many steps an epoch has, how many neurons a range, so that inboxes stay in the L2 cache."""

from __future__ import annotations

from .network_recipe import NetworkRecipe
from .recipe import Recipe

EPOCH = 16  # steps at most
RANGE = 2**14  # neurons at most: Brunel's 12,500, of 1,250 synapses, in four ranges took 1.1 to 1.3 of the time
INBOX = 2**19  # bytes of a range's inboxes for an epoch: half of an L2 cache of 1 MB
FAR_INBOX = 2**21  # where an epoch ends with a message to other processes
BOX = 32  # bytes of a neuron's inbox of a receptor for a step, of most receptors


def longest_range(part: Recipe) -> int:
    """Neurons of a range of a population, at most."""
    return min(RANGE, INBOX // (BOX * max(len(part.receptors), 1)))


def longest_epoch(recipe: NetworkRecipe, threads: int, inbox: int = INBOX) -> int:
    """Steps of an epoch, at most, where there are synapses and `threads` share out the neurons."""
    step = max(
        min(-(-part.n // threads), longest_range(part)) * BOX * len(part.receptors) for part in recipe.parts.values()
    )
    return max(min(EPOCH, inbox // max(step, 1)), 1)
