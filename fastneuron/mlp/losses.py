"""Outputs and losses: what the last layer makes of its sums, what that costs, and the slope of the cost.

A row costs: mse, the mean over outputs of (y - t)**2; cross_entropy, -sum t log y of a softmax, and
-sum (t log y + (1 - t) log(1 - y)) of sigmoids, both straight from the sums z, where nothing overflows or cancels.
Costs are added in float64, in order; elementary functions are applied across rows, so that loops are packed for a few
outputs too.
"""

from .._kernel.calls import stay_whole, whole
from .._kernel.elementary import exp, log, sigmoid, softplus
from .._kernel.scalars import like, narrowed

OUTPUTS = ("linear", "sigmoid", "softmax")
LOSSES = ("mse", "cross_entropy")
LINEAR, SIGMOID, SOFTMAX = range(3)
MSE, CROSS_ENTROPY = range(2)


@whole
def _shift(z):
    """Take from each row its maximum, which changes no softmax."""
    stay_whole()
    for i in range(z.shape[0]):
        top = z[i, 0]
        for j in range(1, z.shape[1]):
            top = max(top, z[i, j])
        for j in range(z.shape[1]):
            z[i, j] -= top


@whole
def _exp_all(z):
    stay_whole()
    flat = z.ravel()
    for k in range(flat.size):
        flat[k] = exp(flat[k])


@whole
def _sigmoid_all(z):
    stay_whole()
    flat = z.ravel()
    for k in range(flat.size):
        flat[k] = sigmoid(flat[k])


@whole
def emit(output, z):
    """z (rows, outputs) becomes the outputs."""
    stay_whole()
    if output == SIGMOID:
        _sigmoid_all(z)
    elif output == SOFTMAX:
        _shift(z)
        _exp_all(z)
        for i in range(z.shape[0]):
            total = like(z[i, 0], 0.0)
            for j in range(z.shape[1]):
                total += z[i, j]
            for j in range(z.shape[1]):
                z[i, j] /= total


@whole
def _softmax_cross_entropy(z, t, weight, share):
    """With log y = z - log(sum(exp(z))), z counted from its maximum; the slope is y sum(t) - t."""
    cost = 0.0
    _shift(z)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            cost -= float(weight[i]) * float(t[i, j]) * float(z[i, j])
    _exp_all(z)
    for i in range(z.shape[0]):
        total, wanted = like(z[i, 0], 0.0), like(z[i, 0], 0.0)
        for j in range(z.shape[1]):
            total += z[i, j]
            wanted += t[i, j]
        cost += float(weight[i]) * float(wanted) * float(log(total))
        factor, scale = wanted / total, weight[i] * share
        for j in range(z.shape[1]):
            z[i, j] = (z[i, j] * factor - t[i, j]) * scale
    return cost


@whole
def _sigmoid_cross_entropy(z, t, weight, share, spare):
    """As max(z, 0) - t z + log(1 + exp(-|z|)); the slope is y - t."""
    cost = 0.0
    flat = z.ravel()
    for k in range(flat.size):
        spare[k] = softplus(-abs(flat[k]))
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            above = float(max(z[i, j], like(z[i, j], 0.0))) - float(t[i, j]) * float(z[i, j])
            cost += float(weight[i]) * (above + float(spare[i * z.shape[1] + j]))
    _sigmoid_all(z)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = (z[i, j] - t[i, j]) * (weight[i] * share)
    return cost


@whole
def slope_through(output, y, slope):
    """`slope` with regard to a row's outputs y becomes that with regard to its sums."""
    if output == SIGMOID:
        for j in range(y.size):
            slope[j] *= y[j] * (like(y[j], 1.0) - y[j])
    elif output == SOFTMAX:
        mean = like(y[0], 0.0)
        for j in range(y.size):
            mean += y[j] * slope[j]
        for j in range(y.size):
            slope[j] = y[j] * (slope[j] - mean)


@whole
def _squares(output, z, t, weight, share, spare):
    """The mean of squares; the slope with regard to y is 2 (y - t) over the number of outputs."""
    cost = 0.0
    columns = z.shape[1]
    emit(output, z)
    y = spare[:columns]
    for i in range(z.shape[0]):
        paid = 0.0
        scale = like(share, 2.0) * weight[i] * share / narrowed(share, columns)
        for j in range(columns):
            y[j] = z[i, j]
            error = z[i, j] - t[i, j]
            paid += float(error) * float(error)
            z[i, j] = scale * error
        cost += float(weight[i]) * paid / columns
        slope_through(output, y, z[i])
    return cost


@whole
def cost_and_slope(output, loss, z, t, weight, share, spare):
    """The sum over rows of weight times cost; z (rows, outputs) becomes the slope of that, times `share`."""
    stay_whole()
    if loss == MSE:
        return _squares(output, z, t, weight, share, spare)
    if output == SOFTMAX:
        return _softmax_cross_entropy(z, t, weight, share)
    return _sigmoid_cross_entropy(z, t, weight, share, spare)
