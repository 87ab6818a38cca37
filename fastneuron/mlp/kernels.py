"""The kernels of the multi-layer perceptron.  A whole epoch is one call, and its loop allocates nothing.

Parameters are one vector, layer after layer: the weights (inputs, outputs), then the biases.  With outputs innermost,
the sums of a layer, the gradient of its weights and (with the weights transposed) of its inputs are all products whose
innermost loop is packed without reordering a sum.

Work space for `rows` rows: `acts` holds the values of every layer, rows by units, one layer after the other; `sums` the
sums of every layer (the first layer's place is idle), which become derivatives f'(z), then the gradient of the loss.
"""

from typing import Any, NamedTuple

import numpy as np

from .._kernel.cache_lines import zeros_on_lines
from .._kernel.jit import allocating_kernel, inline_ast, kernel
from .._kernel.views import matrix, part
from .activations import activate
from .losses import loss_and_gradient, output_transform, pull_back
from .matmul import LARGE, by_blas, large_product, small_product
from .optimizers import update
from .rows import Sparse, first_gradient, first_product, gather, lay_finite, length, room

ROWS = 256  # rows taken at a time where no batch says otherwise


class Layers(NamedTuple):
    """What the kernels see of a network."""

    sizes: Any  # (layers + 1,) int64
    activations: Any  # (layers - 1,) int64, of the hidden layers
    output: int
    loss: int
    own: Any  # a tuple of the users' activations, whose type selects the code; None where there are none


class Data(NamedTuple):
    """What a network is trained on."""

    X: Any  # (n, inputs), or `rows.Sparse`
    T: Any  # (n, outputs)
    weight: Any  # (n,)


class StepSettings(NamedTuple):
    """What a step of training needs beside the data."""

    batch: int  # rows
    rate: float
    decay: float  # of the weights
    penalty: float  # of the weights as well, over the weight of the batch; in the loss too, as scikit-learn's alpha
    learns: bool  # whether a step is taken; if not, only the loss is found


class Space(NamedTuple):
    """Work space."""

    acts: Any
    sums: Any
    transposed: Any  # room for the largest small weight matrix
    zeros: Any  # as long as the widest layer
    t: Any  # targets of the rows
    w: Any  # weights of the rows


@inline_ast
def _places(network, width, rows):
    """How many numbers the arrays of a work space hold, of whose rows `width` numbers are laid into it."""
    sizes = network.sizes
    units, widest, largest = width, sizes[0], 1
    for i in range(1, sizes.size):
        units += sizes[i]
        widest = max(widest, sizes[i])
        if sizes[i] * sizes[i - 1] < LARGE:
            largest = max(largest, sizes[i] * sizes[i - 1])
    return rows * units, largest, widest, rows * sizes[sizes.size - 1]


@inline_ast
def _space(network, parameters, X, rows):
    units, largest, widest, targets = _places(network, room(X), rows)
    kind = parameters.dtype
    return Space(
        np.empty(units, kind),
        np.empty(units, kind),
        np.empty(largest, kind),
        np.zeros(widest, kind),
        np.empty(targets, kind),
        np.empty(rows, kind),
    )


def space_for(network: Layers, parameters: np.ndarray, X: Any, rows: int) -> Space:
    """The same for a kernel that makes no array, which compiles in half a second less."""
    width = X.room(X) if isinstance(X, Sparse) else X.shape[1]
    units, largest, widest, targets = _places(network, width, rows)
    lengths = Space(units, units, largest, widest, targets, rows)
    return Space(*(zeros_on_lines((length,), parameters.dtype) for length in lengths))


@inline_ast
def _forward(network, parameters, X, order, low, high, space):
    """From rows order[low:high], gathered, to the last layer's sums, which are returned (rows, outputs)."""
    sizes, acts, sums = network.sizes, space.acts, space.sums
    rows = high - low
    last = sizes.size - 2
    at = unit = 0
    for layer in range(last + 1):
        inputs, outputs = sizes[layer], sizes[layer + 1]
        weights = matrix(parameters, at, inputs, outputs)
        at += inputs * outputs
        bias = part(parameters, at, outputs)
        at += outputs
        width = inputs if layer else room(X)
        x = matrix(acts, unit * rows, rows, width)
        unit += width
        flat = part(sums, unit * rows, outputs * rows)
        z = matrix(sums, unit * rows, rows, outputs)
        if layer == 0 and first_product(X, order, low, weights, bias, z):
            pass
        elif inputs * outputs >= LARGE:
            large_product(x, weights, bias, z)
        else:
            small_product(x, weights, bias, z)
        if layer < last:
            activate(network.own, network.activations[layer], flat, part(acts, unit * rows, outputs * rows))
    return matrix(sums, unit * rows, rows, sizes[last + 1])


@inline_ast
def _backward(network, parameters, X, order, low, high, space, gradient):
    """The gradient of the loss from that in the last layer's sums; `acts` and `sums` are used up."""
    sizes, acts, sums = network.sizes, space.acts, space.sums
    rows = high - low
    at, unit = parameters.size, room(X)
    for layer in range(1, sizes.size - 1):
        unit += sizes[layer]
    for layer in range(sizes.size - 2, -1, -1):
        inputs, outputs = sizes[layer], sizes[layer + 1]
        delta = matrix(sums, unit * rows, rows, outputs)
        width = inputs if layer else room(X)
        unit -= width
        flat = part(acts, unit * rows, width * rows)
        x = matrix(acts, unit * rows, rows, width)
        at -= outputs
        of_bias = part(gradient, at, outputs)
        at -= inputs * outputs
        weights = matrix(parameters, at, inputs, outputs)
        of_weights = matrix(gradient, at, inputs, outputs)
        of_bias[:] = 0
        for i in range(rows):
            for j in range(outputs):
                of_bias[j] += delta[i, j]
        if layer == 0 and first_gradient(X, order, low, delta, of_weights):
            pass
        elif inputs * outputs >= LARGE:
            by_blas(x.T, delta, of_weights)
        else:
            small_product(x.T, delta, part(space.zeros, 0, outputs), of_weights)
        if layer > 0:  # the inputs have served: their place takes their gradient
            if inputs * outputs >= LARGE:
                by_blas(delta, weights.T, x)
            else:
                transposed = matrix(space.transposed, 0, outputs, inputs)
                for j in range(outputs):
                    for i in range(inputs):
                        transposed[j, i] = weights[i, j]
                small_product(delta, transposed, part(space.zeros, 0, inputs), x)
            derivative = part(sums, unit * rows, inputs * rows)
            for k in range(derivative.size):
                derivative[k] *= flat[k]


@inline_ast
def _add_decay(network, parameters, decay, gradient):
    """Add the gradient of ``decay / 2`` times the sum of the squared weights; biases are free."""
    at = 0
    for layer in range(network.sizes.size - 1):
        inputs, outputs = network.sizes[layer], network.sizes[layer + 1]
        for k in range(at, at + inputs * outputs):
            gradient[k] += parameters.dtype.type(decay) * parameters[k]
        at += (inputs + 1) * outputs


@inline_ast
def _sum_of_squares(network, parameters):
    """Of the weights, in four sums, so that one does not wait for the other."""
    at = 0
    total = 0.0
    for layer in range(network.sizes.size - 1):
        inputs, outputs = network.sizes[layer], network.sizes[layer + 1]
        end = at + inputs * outputs
        a = b = c = d = 0.0
        k = at
        while k + 4 <= end:
            a += float(parameters[k]) * float(parameters[k])
            b += float(parameters[k + 1]) * float(parameters[k + 1])
            c += float(parameters[k + 2]) * float(parameters[k + 2])
            d += float(parameters[k + 3]) * float(parameters[k + 3])
            k += 4
        while k < end:
            a += float(parameters[k]) * float(parameters[k])
            k += 1
        total += (a + b) + (c + d)
        at += (inputs + 1) * outputs
    return total


@inline_ast
def _loss(network, parameters, data, order, low, high, share, space):
    """Forward through rows order[low:high], to the gradient of the loss in the last sums; the loss itself."""
    rows = high - low
    outputs = network.sizes[-1]
    gather(data.X, order, low, high, space.acts)
    gather(data.T, order, low, high, space.t)
    for i in range(rows):
        space.w[i] = data.weight[order[low + i]]
    z = _forward(network, parameters, data.X, order, low, high, space)
    spare = part(space.acts, space.acts.size - rows * outputs, rows * outputs)
    target = matrix(space.t, 0, rows, outputs)
    return loss_and_gradient(network.loss, (network.output, z, target, space.w, share, spare))


@kernel
def train_epoch(network, parameters, optimizer, state, data, order, step, number):
    """One pass over the rows in the given order: the mean loss met on the way, and the number of steps so far.

    `state` is the optimizer's moments, room for the gradient, and the work space of a batch; `number` the number of
    steps before.  Without steps it is the loss of `mean_loss`, to its bits: whoever trains then compiles one kernel,
    2.6 s less than two.
    """
    moments, gradient, space = state
    n = order.size
    batch = min(step.batch, n)
    weight = data.weight
    met = total = seen = 0.0
    for low in range(0, n, batch):
        high = min(low + batch, n)
        weight_sum = 0.0
        for i in range(low, high):
            weight_sum += weight[order[i]]
            seen += weight[order[i]]
        if weight_sum == 0.0 and step.learns:
            continue
        share = weight.dtype.type(1.0 / weight_sum)
        loss = _loss(network, parameters, data, order, low, high, share, space)
        if step.penalty != 0.0:
            loss += 0.5 * step.penalty * _sum_of_squares(network, parameters)
        met += loss
        total += weight_sum
        if not step.learns:
            continue
        if not np.isfinite(loss):
            break
        _backward(network, parameters, data.X, order, low, high, space, gradient)
        decay = step.decay + step.penalty / weight_sum
        if decay != 0.0:
            _add_decay(network, parameters, decay, gradient)
        number += 1
        update(optimizer, step.rate, number, parameters, gradient, moments)
    return met / (total if step.learns else seen), number


@kernel
def one_update(optimizer, rate, number, parameters, gradient, moments):
    """One step along a gradient that is there."""
    update(optimizer, rate, number, parameters, gradient, moments)


@allocating_kernel
def mean_loss(network, parameters, data, gradient):
    """The mean loss of all rows; its gradient is laid into `gradient` unless that is empty."""
    n = data.weight.size
    rows = min(ROWS, n)
    order = np.arange(n)
    space = _space(network, parameters, data.X, rows)
    added = np.empty(gradient.size, gradient.dtype)
    gradient[:] = 0
    weight_sum = total = 0.0
    for i in range(n):
        weight_sum += data.weight[i]
    share = data.weight.dtype.type(1.0 / weight_sum)
    for low in range(0, n, rows):
        high = min(low + rows, n)
        total += _loss(network, parameters, data, order, low, high, share, space)
        if gradient.size:
            _backward(network, parameters, data.X, order, low, high, space, added)
            for k in range(added.size):
                gradient[k] += added[k]
    return total / weight_sum


@allocating_kernel
def forward(sizes, activations, output, loss, own, parameters, X):
    """The outputs (n, outputs), and the first row of X that is not finite, or -1.

    It takes the fields of `Layers` one by one: Numba is slow to recognise a NamedTuple, 1.5 us in a call of 3.
    """
    network = Layers(sizes, activations, output, loss, own)
    n = length(X)
    rows = min(ROWS, n)
    outputs = network.sizes[-1]
    out = np.empty((n, outputs), parameters.dtype)
    space = _space(network, parameters, X, rows)
    order = np.arange(0)  # the rows as they come
    for low in range(0, n, rows):
        high = min(low + rows, n)
        bad = lay_finite(X, low, high, space.acts)
        if bad >= 0:
            return out, bad
        z = _forward(network, parameters, X, order, low, high, space)
        output_transform(network.output, (z,))
        out[low:high] = z
    return out, -1


@allocating_kernel
def residuals(network, parameters, data, low, high):
    """Of rows low to high: errors whose squares add up to the mean squared error, and their gradients.

    One backward pass per row and output.
    """
    X, T, weight = data
    outputs, size = network.sizes[-1], parameters.size
    space = _space(network, parameters, X, 1)
    order = np.arange(X.shape[0])
    acts, sums = space.acts.copy(), space.sums.copy()
    error = np.empty((high - low) * outputs, parameters.dtype)
    gradients = np.empty(((high - low) * outputs, size), parameters.dtype)
    y = np.empty(outputs, parameters.dtype)
    weight_sum = 0.0
    for i in range(X.shape[0]):
        weight_sum += weight[i]
    for i in range(low, high):
        root = parameters.dtype.type(np.sqrt(weight[i] / (weight_sum * outputs)))
        gather(X, order, i, i + 1, space.acts)
        z = _forward(network, parameters, X, order, i, i + 1, space)
        acts[:] = space.acts
        sums[:] = space.sums
        output_transform(network.output, (z,))
        y[:] = z[0]
        for j in range(outputs):
            row = (i - low) * outputs + j
            error[row] = root * (y[j] - T[i, j])
            space.acts[:] = acts
            space.sums[:] = sums
            gradient = part(space.sums, space.sums.size - outputs, outputs)
            gradient[:] = 0
            gradient[j] = root
            pull_back(network.output, (y, gradient))
            _backward(network, parameters, X, order, i, i + 1, space, gradients[row])
    return error, gradients
