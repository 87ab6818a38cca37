"""Rules of connection: one rule, one class, one file."""

from .all_to_all import AllToAll
from .by_distance import ByDistance
from .explicit import Explicit
from .fixed_in_degree import FixedInDegree
from .fixed_out_degree import FixedOutDegree
from .fixed_probability import FixedProbability
from .fixed_total import FixedTotal
from .one_to_one import OneToOne
from .rule import Rule

__all__ = [
    "AllToAll",
    "ByDistance",
    "Explicit",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotal",
    "OneToOne",
    "Rule",
]
