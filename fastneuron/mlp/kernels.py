"""The kernels of the multi-layer perceptron.  A whole epoch is one call, and its loop allocates nothing.

Parameters are one vector, layer after layer: the weights (inputs, outputs), then the biases.  With outputs innermost,
the sums of a layer, the slopes of its weights and (with the weights flipped) of its inputs are all products whose
innermost loop is packed without reordering a sum.

Work space for `rows` rows: `acts` holds the values of every layer, rows by units, one layer after the other; `sums` the
sums of every layer (the first layer's place is idle), which become slopes f'(z), then the slopes of the cost.
"""

from typing import Any, NamedTuple

import numpy as np

from .._kernel.calls import melt
from .._kernel.jit import kernel
from .._kernel.views import matrix, part
from .activations import respond
from .losses import cost_and_slope, emit, slope_through
from .matmul import LARGE, large_product, small_product
from .optimizers import update

ROWS = 256  # rows taken at a time where no batch says otherwise


class Network(NamedTuple):
    """What the kernels see of a network."""

    sizes: Any  # (layers + 1,) int64
    activations: Any  # (layers - 1,) int64, of the hidden layers
    output: int
    loss: int


class Space(NamedTuple):
    """Work space."""

    acts: Any
    sums: Any
    flipped: Any  # room for the largest small weight matrix
    zeros: Any  # as long as the widest layer


@melt
def _space(network, parameters, rows):
    units, widest, largest = 0, 0, 1
    sizes = network.sizes
    for i in range(sizes.size):
        units += sizes[i]
        widest = max(widest, sizes[i])
        if i > 0 and sizes[i] * sizes[i - 1] < LARGE:
            largest = max(largest, sizes[i] * sizes[i - 1])
    kind = parameters.dtype
    return Space(
        np.empty(rows * units, kind), np.empty(rows * units, kind), np.empty(largest, kind), np.zeros(widest, kind)
    )


@melt
def _gather(array, order, low, high, out):
    """Rows order[low:high] of `array`, laid one after the other."""
    width = array.shape[1]
    for i in range(low, high):
        row = order[i]
        for j in range(width):
            out[(i - low) * width + j] = array[row, j]


@melt
def _forward(network, parameters, rows, space):
    """From the inputs in `acts` to the last layer's sums, which are returned (rows, outputs)."""
    sizes, acts, sums = network.sizes, space.acts, space.sums
    last = sizes.size - 2
    at = unit = 0
    for layer in range(last + 1):
        inputs, outputs = sizes[layer], sizes[layer + 1]
        weights = matrix(parameters, at, inputs, outputs)
        at += inputs * outputs
        bias = part(parameters, at, outputs)
        at += outputs
        x = matrix(acts, unit * rows, rows, inputs)
        unit += inputs
        flat = part(sums, unit * rows, outputs * rows)
        z = matrix(sums, unit * rows, rows, outputs)
        if inputs * outputs >= LARGE:
            large_product(x, weights, bias, z)
        else:
            small_product(x, weights, bias, z)
        if layer < last:
            respond(network.activations[layer], flat, part(acts, unit * rows, outputs * rows))
    return matrix(sums, unit * rows, rows, sizes[last + 1])


@melt
def _backward(network, parameters, rows, space, gradient):
    """The slopes of the cost in every parameter, from those in the last layer's sums; `acts` and `sums` are used up."""
    sizes, acts, sums = network.sizes, space.acts, space.sums
    at, unit = parameters.size, 0
    for layer in range(sizes.size - 1):
        unit += sizes[layer]
    for layer in range(sizes.size - 2, -1, -1):
        inputs, outputs = sizes[layer], sizes[layer + 1]
        delta = matrix(sums, unit * rows, rows, outputs)
        unit -= inputs
        flat = part(acts, unit * rows, inputs * rows)
        x = matrix(acts, unit * rows, rows, inputs)
        at -= outputs
        of_bias = part(gradient, at, outputs)
        at -= inputs * outputs
        weights = matrix(parameters, at, inputs, outputs)
        of_weights = matrix(gradient, at, inputs, outputs)
        of_bias[:] = 0
        for i in range(rows):
            for j in range(outputs):
                of_bias[j] += delta[i, j]
        if inputs * outputs >= LARGE:
            np.dot(x.T, delta, of_weights)
        else:
            small_product(x.T, delta, part(space.zeros, 0, outputs), of_weights)
        if layer > 0:  # the inputs have served: their place takes their slopes
            if inputs * outputs >= LARGE:
                np.dot(delta, weights.T, x)
            else:
                flipped = matrix(space.flipped, 0, outputs, inputs)
                for j in range(outputs):
                    for i in range(inputs):
                        flipped[j, i] = weights[i, j]
                small_product(delta, flipped, part(space.zeros, 0, inputs), x)
            slope = part(sums, unit * rows, inputs * rows)
            for k in range(slope.size):
                slope[k] *= flat[k]


@melt
def _decay(network, parameters, decay, gradient):
    """Add the slope of ``decay / 2`` times the sum of the squared weights; biases are free."""
    at = 0
    for layer in range(network.sizes.size - 1):
        inputs, outputs = network.sizes[layer], network.sizes[layer + 1]
        for k in range(at, at + inputs * outputs):
            gradient[k] += parameters.dtype.type(decay) * parameters[k]
        at += (inputs + 1) * outputs


@melt
def _cost(network, parameters, X, T, weight, order, low, high, share, space, t, w):
    """Forward through rows order[low:high], to the slopes of the cost in the last sums; the cost itself."""
    rows = high - low
    outputs = network.sizes[-1]
    _gather(X, order, low, high, space.acts)
    _gather(T, order, low, high, t)
    for i in range(rows):
        w[i] = weight[order[low + i]]
    z = _forward(network, parameters, rows, space)
    spare = part(space.acts, space.acts.size - rows * outputs, rows * outputs)
    target = matrix(t, 0, rows, outputs)
    return cost_and_slope(network.output, network.loss, z, target, w, share, spare)


@kernel
def train_epoch(network, parameters, optimiser, memory, gradient, X, T, weight, order, batch, rate, decay, steps):
    """One pass over the rows in the given order: the mean cost met on the way, and the number of steps so far."""
    n = order.size
    batch = min(batch, n)
    space = _space(network, parameters, batch)
    t = np.empty(batch * T.shape[1], T.dtype)
    w = np.empty(batch, weight.dtype)
    paid = total = 0.0
    for low in range(0, n, batch):
        high = min(low + batch, n)
        mass = 0.0
        for i in range(low, high):
            mass += weight[order[i]]
        if mass == 0.0:
            continue
        cost = _cost(network, parameters, X, T, weight, order, low, high, weight.dtype.type(1.0 / mass), space, t, w)
        paid += cost
        total += mass
        if not np.isfinite(cost):
            break
        _backward(network, parameters, high - low, space, gradient)
        if decay != 0.0:
            _decay(network, parameters, decay, gradient)
        steps += 1
        update(optimiser, rate, steps, parameters, gradient, memory)
    return paid / total, steps


@kernel
def cost_and_gradient(network, parameters, X, T, weight, gradient):
    """The mean cost of all rows; its slopes are laid into `gradient` unless that is empty."""
    n = X.shape[0]
    rows = min(ROWS, n)
    order = np.arange(n)
    space = _space(network, parameters, rows)
    t = np.empty(rows * T.shape[1], T.dtype)
    w = np.empty(rows, weight.dtype)
    part = np.empty(gradient.size, gradient.dtype)
    gradient[:] = 0
    mass = paid = 0.0
    for i in range(n):
        mass += weight[i]
    share = weight.dtype.type(1.0 / mass)
    for low in range(0, n, rows):
        high = min(low + rows, n)
        paid += _cost(network, parameters, X, T, weight, order, low, high, share, space, t, w)
        if gradient.size:
            _backward(network, parameters, high - low, space, part)
            for k in range(part.size):
                gradient[k] += part[k]
    return paid / mass


@kernel
def forward(sizes, activations, output, loss, parameters, X):
    """The outputs (n, outputs), and the first row of X that is not finite, or -1.

    It takes the fields of a Network one by one: Numba is slow to recognise a NamedTuple, 1.5 us in a call of 3.
    """
    network = Network(sizes, activations, output, loss)
    n = X.shape[0]
    rows = min(ROWS, n)
    outputs = network.sizes[-1]
    out = np.empty((n, outputs), parameters.dtype)
    space = _space(network, parameters, rows)
    for low in range(0, n, rows):
        here = min(rows, n - low)
        for i in range(here):
            bad = 0
            for j in range(X.shape[1]):
                space.acts[i * X.shape[1] + j] = X[low + i, j]
                bad |= X[low + i, j] - X[low + i, j] != 0
            if bad:
                return out, low + i
        z = _forward(network, parameters, here, space)
        emit(network.output, z)
        out[low : low + here] = z
    return out, -1


@kernel
def residuals(network, parameters, X, T, weight, low, high):
    """Of rows low to high: errors whose squares add up to the mean squared error, and their slopes in every parameter.

    One backward pass per row and output.
    """
    outputs, size = network.sizes[-1], parameters.size
    space = _space(network, parameters, 1)
    acts, sums = space.acts.copy(), space.sums.copy()
    error = np.empty((high - low) * outputs, parameters.dtype)
    slopes = np.empty(((high - low) * outputs, size), parameters.dtype)
    y = np.empty(outputs, parameters.dtype)
    mass = 0.0
    for i in range(X.shape[0]):
        mass += weight[i]
    for i in range(low, high):
        root = parameters.dtype.type(np.sqrt(weight[i] / (mass * outputs)))
        space.acts[: X.shape[1]] = X[i]
        z = _forward(network, parameters, 1, space)
        acts[:] = space.acts
        sums[:] = space.sums
        emit(network.output, z)
        y[:] = z[0]
        for j in range(outputs):
            row = (i - low) * outputs + j
            error[row] = root * (y[j] - T[i, j])
            space.acts[:] = acts
            space.sums[:] = sums
            slope = part(space.sums, space.sums.size - outputs, outputs)
            slope[:] = 0
            slope[j] = root
            slope_through(network.output, y, slope)
            _backward(network, parameters, 1, space, slopes[row])
    return error, slopes
