"""A block: some lanes of a population, in a few small arrays that stay in the L1 cache for many steps."""

from typing import Any, NamedTuple

from .._jit import inline
from .._lanes import take
from ..currents import value
from ..models import derivative


class Block(NamedTuple):
    """What a method sees.  The `like` tuples are never read: their types say what a column is."""

    lanes: Any
    model: Any  # like: the parameters
    prepared_like: Any
    waveform_like: Any
    state_like: Any
    prepared: Any  # (constant, lane)
    waveform: Any  # (field, lane)
    start: Any  # (state, lane): where the step began
    state: Any  # (state, lane): where it ends
    scratch: Any  # (method's rows, lane)


@inline
def slope(block, lane, state, t):
    """The derivative of `state`, a tuple, with the parameters and the current of `lane` at time t."""
    current = value(take(block.waveform_like, block.waveform, lane), t)
    return derivative(block.model, state, current, take(block.prepared_like, block.prepared, lane))
