"""Outputs and losses: a class says everything about one, in the kernels and outside.

To add one: a class, a line in `OUTPUTS` or `LOSSES`, and its twin in `fastneuron.reference.mlp`.  Losses that suit an
output are worked out straight from the sums z, where nothing overflows or cancels.  The loss is added in float64, in
order; elementary functions are applied across rows, so that loops are packed for a few outputs too.
"""

from .._kernel.elementary import exp, log, sigmoid, softplus
from .._kernel.jit import inline, noinline, outlined
from .._kernel.scalars import like, narrowed
from .._kernel.views import flat
from . import initial
from .branches import by_number


def _across(formula):
    def transform(z):
        noinline()
        sums = flat(z)
        for k in range(sums.size):
            sums[k] = formula(sums[k])

    return outlined(transform)


_exp_all, _sigmoid_all = _across(exp), _across(sigmoid)


@outlined
def _shift(z):
    """Take from each row its maximum, which changes no softmax."""
    noinline()
    for i in range(z.shape[0]):
        top = z[i, 0]
        for j in range(1, z.shape[1]):
            top = max(top, z[i, j])
        for j in range(z.shape[1]):
            z[i, j] -= top


@outlined
def _softmax_all(z):
    noinline()
    _shift(z)
    _exp_all(z)
    for i in range(z.shape[0]):
        total = like(z[i, 0], 0.0)
        for j in range(z.shape[1]):
            total += z[i, j]
        for j in range(z.shape[1]):
            z[i, j] /= total


class Linear:
    """y = z."""

    name, loss, onnx = "linear", "mse", None  # the loss is the one taken where none is given
    initial = staticmethod(initial.lecun)
    transform = outlined(lambda z: None)
    pull_back = outlined(lambda y, gradient: None)


class Sigmoid:
    """y = 1 / (1 + exp(-z)), each output by itself."""

    name, loss, onnx = "sigmoid", "cross_entropy", ("Sigmoid", {})
    initial = staticmethod(initial.glorot)
    transform = _sigmoid_all

    @outlined
    def pull_back(y, gradient):
        """dL/dz = dL/dy y (1 - y)."""
        for j in range(y.size):
            gradient[j] *= y[j] * (like(y[j], 1.0) - y[j])


class Softmax:
    """y = exp(z) over the sum of the row's."""

    name, loss, onnx = "softmax", "cross_entropy", ("Softmax", {"axis": -1})
    initial = staticmethod(initial.glorot)
    transform = _softmax_all

    @outlined
    def pull_back(y, gradient):
        """dL/dz_j = y_j (dL/dy_j - sum_i y_i dL/dy_i)."""
        mean = like(y[0], 0.0)
        for j in range(y.size):
            mean += y[j] * gradient[j]
        for j in range(y.size):
            gradient[j] = y[j] * (gradient[j] - mean)


class Exp:
    """y = exp(z), for counts and rates."""

    name, loss, onnx = "exp", "poisson", ("Exp", {})
    initial = staticmethod(initial.lecun)
    transform = _exp_all

    @outlined
    def pull_back(y, gradient):
        """dL/dz = dL/dy y."""
        for j in range(y.size):
            gradient[j] *= y[j]


OUTPUTS = {kind.name: kind for kind in (Linear, Sigmoid, Softmax, Exp)}
LINEAR, SIGMOID, SOFTMAX, EXP = range(len(OUTPUTS))
output_transform = by_number([kind.transform for kind in OUTPUTS.values()])  # (output, (z,)): z becomes the outputs
pull_back = by_number([kind.pull_back for kind in OUTPUTS.values()])  # (output, (y, gradient)) of a row


def _of_errors(formula, factor, mean):
    """A loss that adds up ``formula(y - t)``, which returns the loss in float64 and its derivative over `factor`."""
    formula = inline(formula)

    def loss_and_gradient(output, z, t, weight, share, spare):
        loss = 0.0
        columns = z.shape[1]
        over = columns if mean else 1
        output_transform(output, (z,))
        y = spare[:columns]
        for i in range(z.shape[0]):
            row = 0.0
            scale = like(share, factor) * weight[i] * share / narrowed(share, over)
            for j in range(columns):
                y[j] = z[i, j]
                added, derivative = formula(z[i, j] - t[i, j])
                row += added
                z[i, j] = scale * derivative
            loss += float(weight[i]) * row / over
            pull_back(output, (y, z[i]))
        return loss

    return outlined(loss_and_gradient)


class MeanSquare:
    """The mean over outputs of (y - t)^2."""

    name, outputs = "mse", tuple(OUTPUTS)
    targets = "finite"
    squares = staticmethod(lambda outputs: 1.0)  # over the mean of squares, for Levenberg-Marquardt
    loss_and_gradient = _of_errors(lambda error: (float(error) * float(error), error), 2.0, True)


class HalfSquare:
    """Half the sum over outputs of (y - t)^2: what scikit-learn's regressor goes down."""

    name, outputs = "half_square", tuple(OUTPUTS)
    targets = "finite"
    squares = staticmethod(lambda outputs: outputs / 2)
    loss_and_gradient = _of_errors(lambda error: (0.5 * float(error) * float(error), error), 1.0, False)


def _huber(error):
    inside = max(min(error, like(error, 1.0)), like(error, -1.0))
    return float(inside) * (float(error) - 0.5 * float(inside)), inside


class Huber:
    """The mean over outputs of (y - t)^2 / 2 where |y - t| < 1, else of |y - t| - 1/2 (Huber 1964)."""

    name, outputs = "huber", tuple(OUTPUTS)
    targets = "finite"
    loss_and_gradient = _of_errors(_huber, 1.0, True)


@outlined
def _softmax_cross_entropy(z, t, weight, share):
    """With log y = z - log(sum(exp(z))), z counted from its maximum; the derivative is y sum(t) - t."""
    loss = 0.0
    _shift(z)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            loss -= float(weight[i]) * float(t[i, j]) * float(z[i, j])
    _exp_all(z)
    for i in range(z.shape[0]):
        total, wanted = like(z[i, 0], 0.0), like(z[i, 0], 0.0)
        for j in range(z.shape[1]):
            total += z[i, j]
            wanted += t[i, j]
        loss += float(weight[i]) * float(wanted) * float(log(total))
        factor, scale = wanted / total, weight[i] * share
        for j in range(z.shape[1]):
            z[i, j] = (z[i, j] * factor - t[i, j]) * scale
    return loss


@outlined
def _sigmoid_cross_entropy(z, t, weight, share, spare):
    """As max(z, 0) - t z + log(1 + exp(-|z|)); the derivative is y - t."""
    loss = 0.0
    sums = flat(z)
    for k in range(sums.size):
        spare[k] = softplus(-abs(sums[k]))
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            above = float(max(z[i, j], like(z[i, j], 0.0))) - float(t[i, j]) * float(z[i, j])
            loss += float(weight[i]) * (above + float(spare[i * z.shape[1] + j]))
    _sigmoid_all(z)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = (z[i, j] - t[i, j]) * (weight[i] * share)
    return loss


class CrossEntropy:
    """Of a softmax, -sum t log y; of sigmoids, -sum (t log y + (1 - t) log(1 - y))."""

    name, outputs = "cross_entropy", ("sigmoid", "softmax")
    targets = "from 0 to 1"

    @outlined
    def loss_and_gradient(output, z, t, weight, share, spare):
        """Straight from the sums, for both outputs."""
        if output == SOFTMAX:
            return _softmax_cross_entropy(z, t, weight, share)
        return _sigmoid_cross_entropy(z, t, weight, share, spare)


class Poisson:
    """The sum over outputs of y - t + t log(t / y): half the deviance of counts t (McCullagh & Nelder 1989)."""

    name, outputs = "poisson", ("exp",)
    targets = "0 or more"

    @outlined
    def loss_and_gradient(output, z, t, weight, share, spare):
        """With log y = z; the derivative is y - t."""
        loss = 0.0
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                count = float(t[i, j])
                best = count * (log(count) - 1.0) if count > 0.0 else 0.0
                loss += float(weight[i]) * (best - count * float(z[i, j]))
        _exp_all(z)
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                loss += float(weight[i]) * float(z[i, j])
                z[i, j] = (z[i, j] - t[i, j]) * (weight[i] * share)
        return loss


LOSSES = {kind.name: kind for kind in (MeanSquare, CrossEntropy, Huber, Poisson, HalfSquare)}
# (loss, (output, z, t, weight, share, spare)): the sum over rows of weight times loss; z (rows, outputs) becomes the
# gradient of that, times `share`; `spare` has room for as many numbers as z
loss_and_gradient = by_number([kind.loss_and_gradient for kind in LOSSES.values()])
