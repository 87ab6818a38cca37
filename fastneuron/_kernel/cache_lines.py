"""Arrays that begin with a cache line: a load or store of a vector across two of them takes twice as long."""

import math

import numpy as np

LINE = 64  # bytes


def zeros_on_lines(shape, dtype=float):
    """Zeros, the first of them at the begin of a cache line."""
    size, item = math.prod(shape), np.dtype(dtype).itemsize
    room = np.zeros(size + LINE // item, dtype)
    first = -room.__array_interface__["data"][0] % LINE // item
    return room[first : first + size].reshape(shape)
