"""A Runge-Kutta method as a table of numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Tableau(NamedTuple):
    """An embedded pair as the kernel wants it: rows of weights, padded with zeros to a multiple of four."""

    stages: int  # the last is the derivative at the end of the step
    first: Any  # (rows + 1,) int64: where each row of `weight` begins
    column: Any  # int64
    weight: Any  # float64; rows: a stage each, then the extra stages of the dense output, then two of the error
    node: Any  # (stages and extra stages,)
    dense: Any  # (stages and extra stages, 8): the weight of each stage in each power of the fraction of the step
    exponent: float  # the next step is as error**-exponent
    memory: float  # times (error before)**memory


Row = Mapping[int, float]


def tableau(
    stages: int,
    rows: Sequence[Row],
    node: Sequence[float],
    errors: Sequence[Row],
    dense: np.ndarray,
    order: int,
    memory: float,
) -> Tableau:
    """Make one from sparse rows ``{stage: weight}``: those of the stages, extra ones included, and two of the error.

    `dense` is (powers, stages); `order` is that of the error estimate plus one; `memory` is the beta of a PI controller
    (Hairer & Wanner 1996, section IV.2).
    """
    first, column, weight = [0], [], []
    for row in [*rows, *errors]:
        padding = -len(row) % 4
        column += [*row, *[0] * padding]
        weight += [*row.values(), *[0.0] * padding]
        first.append(len(column))
    return Tableau(
        stages,
        np.array(first),
        np.array(column),
        np.array(weight, np.float64),
        np.array(node, np.float64),
        np.pad(dense.T, ((0, 0), (0, 8 - len(dense)))),
        1.0 / order - 0.75 * memory,
        memory,
    )
