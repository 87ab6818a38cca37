"""The method of Tsitouras of order 5 with an error estimate of order 4, and dense output of order 4.

Tsitouras Ch (2011). Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying assumption. Computers
& Mathematics with Applications 62:770-775. doi:10.1016/j.camwa.2011.06.002
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import polynomial

from .tableau import tableau

STAGES = [
    {},
    {0: 0.161},
    {0: -0.008480655492356989, 1: 0.335480655492357},
    {0: 2.8971530571054935, 1: -6.359448489975075, 2: 4.3622954328695815},
    {0: 5.325864828439257, 1: -11.748883564062828, 2: 7.4955393428898365, 3: -0.09249506636175525},
    {0: 5.86145544294642, 1: -12.92096931784711, 2: 8.159367898576159, 3: -0.071584973281401, 4: -0.028269050394068383},
    {0: 0.09646076681806523, 1: 0.01, 2: 0.4798896504144996, 3: 1.379008574103742, 4: -3.290069515436081}
    | {5: 2.324710524099774},
]
NODES = [0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0]
ERROR = {0: -0.001780011052225777, 1: -0.0008164344596567469, 2: 0.007880878010261995, 3: -0.1447110071732629}
ERROR |= {4: 0.5823571654525552, 5: -0.45808210592918697, 6: 0.015151515151515152}

# each stage's weight as a polynomial in the fraction of the step: a factor, and factors of the polynomial
DENSE = [
    (-1.0530884977290216, [[0.0, 1.0], [-1.3299890189751412, 1.0], [0.7139816917074209, -1.4364028541716351, 1.0]]),
    (0.1017, [[0.0, 0.0, 1.0], [1.2949852507374631, -2.1966568338249754, 1.0]]),
    (2.490627285651253, [[0.0, 0.0, 1.0], [1.578034682080925, -2.3853564547206166, 1.0]]),
    (-16.548102889244902, [[0.0, 0.0, 1.0], [-1.2171292729553325, 1.0], [-0.6162040603780009, 1.0]]),
    (47.37952196281928, [[0.0, 0.0, 1.0], [-1.2030712083723627, 1.0], [-0.6580472926535474, 1.0]]),
    (-34.870657861496605, [[0.0, 0.0, 1.0], [-1.2, 1.0], [-0.6666666666666666, 1.0]]),
    (2.5, [[0.0, 0.0, 1.0], [-1.0, 1.0], [-0.6, 1.0]]),
]


def _dense() -> np.ndarray:
    """The weights by power of the fraction, (4, stages)."""
    weights = []
    for factor, factors in DENSE:
        product: Any = [factor]
        for f in factors:
            product = polynomial.polymul(product, f)
        weights.append(product[1:])
    return np.array(weights).T


class Weights(NamedTuple):
    """Selects the sums of this method by its type."""

    name = "tsit5"
    stages = len(STAGES)
    rows = tuple(STAGES)
    errors = (ERROR, {})


TSIT5 = tableau(Weights(), Weights.stages, NODES, _dense(), order=5, estimates=[(5, 1.0), (5, 1.0)], beta=0.04)
