"""Sources of spikes."""

from __future__ import annotations

from .. import _check
from .population import LARGEST, Group


class PoissonSource(Group):
    """stub"""

    def __init__(self, n, rate):
        self.n, self.rate = _check.whole("n", n, 1, LARGEST), rate


class SpikeSource(Group):
    """stub"""
