"""The multi-layer perceptron: a network of layers, trained by backpropagation, compiled end to end."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from .._check import known, number, whole
from .._kernel.threads import available, spread
from . import kernels
from .activations import ACTIVATIONS, LEAK
from .losses import CROSS_ENTROPY, LOSSES, OUTPUTS, SIGMOID, SOFTMAX
from .optimizers import SGD, Adam, Momentum, Nesterov, RMSprop
from .training import History, Plan, train

__all__ = ["MLP", "SGD", "Adam", "Ensemble", "Gradient", "History", "Momentum", "Nesterov", "RMSprop", "check_gradient"]

Array = npt.NDArray[Any]


class Gradient(NamedTuple):
    """The slopes of a loss in every parameter."""

    flat: Array  #: (P,), in the order of `MLP.parameters`; the others are views on it
    weights: tuple[Array, ...]  #: (outputs, inputs) per layer
    biases: tuple[Array, ...]  #: (outputs,) per layer


class MLP:
    """A multi-layer perceptron: y = f(W x + b), layer after layer.

    Parameters
    ----------
    layers : sequence of int
        Number of units of each layer, from the inputs to the outputs; at least two layers, each of at least 1 unit.
    activation : str or sequence of str, default "tanh"
        Of the hidden layers, one for all or one each: "identity", "sigmoid", "tanh", "relu", "leaky_relu" (slope 0.01
        below 0), "gelu" (exact) or "softplus".
    output : {"linear", "sigmoid", "softmax"}
        What the last layer makes of its sums.
    loss : {"mse", "cross_entropy"}
        Mean over rows of, for "mse", the mean over outputs of (y - t)^2; for "cross_entropy" (sigmoid or softmax only),
        the negative log-likelihood: -sum t log y for softmax, -sum (t log y + (1 - t) log(1 - y)) for sigmoid.
    dtype : float64 or float32
        The precision of everything: parameters, inputs, arithmetic.
    seed : None, int, sequence of int, SeedSequence or Generator
        Decides the initial weights and, unless `train` is given its own, the order of the rows.

    Attributes
    ----------
    parameters : (P,) array
        Every weight and bias in one vector, as SciPy's optimisers take it; assigning copies into it.
    weights : tuple of (outputs, inputs) array
        Views on `parameters`: ``weights[l][i, j]`` joins unit j of layer l to unit i of the next.
    biases : tuple of (outputs,) array
        Views on `parameters`.

    Notes
    -----
    Biases begin at 0.  Weights are drawn as suits the function they feed: Glorot & Bengio (2010), uniform with variance
    2 / (inputs + outputs), before tanh, sigmoid and softmax; He et al. (2015), normal with variance 2 / inputs, before
    relu, leaky_relu (over 1 + 0.01^2), gelu and softplus; LeCun et al. (1998), normal with variance 1 / inputs, before
    identity and linear.

    Small layers (below 32768 weights) are computed by kernels whose bits depend neither on the machine nor on the
    number of rows; larger ones by BLAS, to the same bits where its version and number of threads are the same.

    References
    ----------
    Rumelhart DE, Hinton GE, Williams RJ (1986). Learning representations by back-propagating errors. Nature
    323:533-536. doi:10.1038/323533a0

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> net = fn.MLP([2, 4, 1], output="sigmoid", loss="cross_entropy", seed=1)
    >>> history = net.train(X, [0, 1, 1, 0], epochs=200, optimizer="lbfgs")
    >>> net.predict(X)
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        layers: Sequence[int],
        activation: str | Sequence[str] = "tanh",
        output: str = "linear",
        loss: str = "mse",
        dtype: npt.DTypeLike = np.float64,
        seed: Any = None,
    ) -> None:
        if isinstance(layers, str) or not hasattr(layers, "__len__"):
            raise TypeError(f"layers must be the units of each layer, such as [64, 32, 10]; got {layers!r}")
        if len(layers) < 2:
            raise ValueError(f"layers must be at least two numbers, inputs and outputs; got {layers!r}")
        self.layers = tuple(whole(f"layers[{i}]", size, 1) for i, size in enumerate(layers))
        hidden = len(self.layers) - 2
        names = [activation] * hidden if isinstance(activation, str) else list(activation)
        if len(names) != hidden:
            raise ValueError(
                f"activation must be one name, or one for each of {hidden} hidden layers; got {activation!r}"
            )
        if isinstance(activation, str):
            known("activation", activation, ACTIVATIONS)
        self.activation = tuple(known("activation", name, ACTIVATIONS) for name in names)
        self.output, self.loss_name = known("output", output, OUTPUTS), known("loss", loss, LOSSES)
        if loss == "cross_entropy" and output == "linear":
            raise ValueError('loss="cross_entropy" needs output="sigmoid" or "softmax"; got output="linear"')
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64; got {dtype!r}")
        self._network = kernels.Network(
            np.array(self.layers),
            np.array([ACTIVATIONS.index(name) for name in self.activation], dtype=np.int64),
            OUTPUTS.index(output),
            LOSSES.index(loss),
        )
        self._generator = np.random.default_rng(seed)
        size = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(self.layers))
        self._parameters = np.zeros(size, self.dtype)
        for weights, feeds in zip(self.weights, [*self.activation, output], strict=True):
            weights.T[...] = _draw(self._generator, feeds, *weights.shape)

    @property
    def parameters(self) -> Array:
        """Every weight and bias in one vector; weights and biases are views on it."""
        return self._parameters

    @parameters.setter
    def parameters(self, value: npt.ArrayLike) -> None:
        new = np.asarray(value, self.dtype)
        if new.shape != self._parameters.shape:
            raise ValueError(f"parameters must have shape {self._parameters.shape}; got {new.shape}")
        self._parameters[:] = new

    @property
    def weights(self) -> tuple[Array, ...]:
        """The weights of each layer, (outputs, inputs)."""
        return self._split(self._parameters)[0]

    @property
    def biases(self) -> tuple[Array, ...]:
        """The biases of each layer, (outputs,)."""
        return self._split(self._parameters)[1]

    def _split(self, flat: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        weights, biases, at = [], [], 0
        for inputs, outputs in itertools.pairwise(self.layers):
            weights.append(flat[at : at + inputs * outputs].reshape(inputs, outputs).T)
            at += inputs * outputs
            biases.append(flat[at : at + outputs])
            at += outputs
        return tuple(weights), tuple(biases)

    def _inputs(self, X: npt.ArrayLike, name: str = "X") -> Array:
        """X as C-ordered rows in this network's precision; finite values are left to `_finite` or the kernel."""
        if type(X) is np.ndarray and X.dtype == self.dtype and X.ndim == 2 and X.flags.carray:
            rows = X
        else:
            rows = _numbers(name, X, self.dtype)
        if rows.ndim != 2 or rows.shape[1] != self.layers[0] or not len(rows):
            raise ValueError(f"{name} must have shape (n, {self.layers[0]}), n at least 1; got {np.shape(X)}")
        return rows

    def _targets(self, T: npt.ArrayLike, n: int, name: str = "T") -> Array:
        """T as targets (n, n_out)."""
        outputs = self.layers[-1]
        shape = np.shape(T)
        if len(shape) == 1 and shape[0] == n and outputs == 1:
            targets = _numbers(name, T, self.dtype)[:, None]
        elif len(shape) == 1 and shape[0] == n:
            if self.output == "linear":
                raise ValueError(
                    f'{name} must be targets of shape ({n}, {outputs}) for output="linear"; '
                    f"got class labels, shape {shape}"
                )
            labels = np.asarray(T)
            if labels.dtype.kind not in "iub" and not (labels.dtype.kind == "f" and np.all(labels == np.floor(labels))):
                raise ValueError(f"{name} as class labels must be whole numbers from 0 to {outputs - 1}; got {T!r}")
            bad = np.flatnonzero((labels < 0) | (labels >= outputs))
            if bad.size:
                raise ValueError(
                    f"{name} as class labels must be from 0 to {outputs - 1}; got {labels[bad[0]]} in row {bad[0]}"
                )
            targets = np.zeros((n, outputs), self.dtype)
            targets[np.arange(n), labels.astype(np.int64)] = 1
        else:
            targets = _numbers(name, T, self.dtype)
        if targets.shape != (n, outputs):
            labels_too = "" if self.output == "linear" else f", or be class labels of shape ({n},)"
            raise ValueError(f"{name} must have shape ({n}, {outputs}){labels_too}; got {shape}")
        _finite(name, targets)
        if self._network.loss == CROSS_ENTROPY:
            bad = np.flatnonzero(((targets < 0) | (targets > 1)).any(axis=1))
            if bad.size:
                raise ValueError(f"{name} must be from 0 to 1 for cross_entropy; got {targets[bad[0]]} in row {bad[0]}")
        return np.ascontiguousarray(targets)

    def _sample_weight(self, sample_weight: npt.ArrayLike | None, n: int) -> Array:
        if sample_weight is None:
            return np.ones(n, self.dtype)
        weight = _numbers("sample_weight", sample_weight, self.dtype)
        if weight.shape != (n,):
            raise ValueError(f"sample_weight must have shape ({n},); got {weight.shape}")
        if not (np.all(np.isfinite(weight)) and np.all(weight >= 0) and np.any(weight > 0)):
            raise ValueError(f"sample_weight must be finite, 0 or more, and not all 0; got {sample_weight!r}")
        return weight

    def _data(
        self, X: npt.ArrayLike, T: npt.ArrayLike, weight: npt.ArrayLike | None = None
    ) -> tuple[Array, Array, Array]:
        rows = self._inputs(X)
        _finite("X", rows)
        return rows, self._targets(T, len(rows)), self._sample_weight(weight, len(rows))

    def forward(self, X: npt.ArrayLike) -> Array:
        """The outputs.

        Parameters
        ----------
        X : (n, n_in) or (n_in,) array_like
            Rows of inputs, or one.

        Returns
        -------
        (n, n_out) or (n_out,) array

        Raises
        ------
        ValueError
            If the shape does not fit, or a number is not finite (the row is named).
        """
        if type(X) is not np.ndarray or X.ndim != 2:
            X = _numbers("X", X, self.dtype)
            if X.ndim == 1:
                return self.forward(X[None])[0]
        out, bad = kernels.forward(*self._network, self._parameters, self._inputs(X))
        if bad >= 0:
            raise ValueError(f"X must be finite; row {bad} is not")
        return out

    def predict(self, X: npt.ArrayLike) -> Any:
        """The decisions: for softmax, the most probable class (n,); for sigmoids, 0 or 1, (n, n_out) or, of a single
        output, (n,); for linear outputs, the outputs (n, n_out).  Of a single row, without the n.
        """
        out = self.forward(X)
        if self._network.output == SOFTMAX:
            return out.argmax(-1)
        if self._network.output == SIGMOID:
            chosen = (out >= 0.5).astype(np.int64)
            return chosen[..., 0] if self.layers[-1] == 1 else chosen
        return out

    def loss(self, X: npt.ArrayLike, T: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
        """The loss: the mean over rows, weighted by `sample_weight`, (n,); T as in `train`."""
        rows, targets, weight = self._data(X, T, sample_weight)
        return kernels.cost_and_gradient(
            self._network, self._parameters, rows, targets, weight, np.empty(0, self.dtype)
        )

    def gradient(self, X: npt.ArrayLike, T: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Gradient:
        """The slopes of `loss` in every parameter, by backpropagation."""
        rows, targets, weight = self._data(X, T, sample_weight)
        flat = np.empty_like(self._parameters)
        kernels.cost_and_gradient(self._network, self._parameters, rows, targets, weight, flat)
        return Gradient(flat, *self._split(flat))

    def train(
        self,
        X: npt.ArrayLike,
        T: npt.ArrayLike,
        epochs: int = 100,
        batch_size: int = 32,
        optimizer: Any = "sgd",
        learning_rate: float | None = None,
        schedule: str | Callable[[int], float] = "constant",
        weight_decay: float = 0.0,
        sample_weight: npt.ArrayLike | None = None,
        validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
        early_stopping: int | None = None,
        shuffle: bool = True,
        seed: Any = None,
        callback: Callable[[MLP, History], bool | None] | None = None,
        progress: bool = False,
        threads: int = 1,
    ) -> History:
        """Train the network; its parameters change in place.

        Parameters
        ----------
        X : (n, n_in) array_like
            Inputs, all finite.
        T : (n, n_out) array_like, or (n,) class labels
            Targets.  Labels, whole numbers from 0, are for softmax and sigmoid outputs; a single output takes (n,) too.
        epochs : int, default 100
            Passes over the data; for "lbfgs" and "levenberg-marquardt", iterations.
        batch_size : int, default 32
            Rows per step; more than n means all n.  Of no meaning to "lbfgs" and "levenberg-marquardt".
        optimizer : str, or one of fastneuron.mlp's SGD, Momentum, Nesterov, RMSprop, Adam
            "sgd", "momentum", "nesterov", "rmsprop", "adam"; "lbfgs" (SciPy's L-BFGS-B) and "levenberg-marquardt"
            (Hagan & Menhaj 1994; loss "mse" only), which see all rows at once.
        learning_rate : float, optional
            Default 0.1 for sgd, 0.01 for momentum and nesterov, 0.001 for rmsprop and adam.
        schedule : str or callable, default "constant"
            What the learning rate is multiplied by in each epoch: "constant", "linear" or "cosine" (from 1 towards 0
            over all epochs), "inverse" (1 / (1 + epoch)), or a function of the epoch, from 0.
        weight_decay : float, default 0
            Adds ``weight_decay / 2`` times the sum of the squared weights (not the biases) to what is minimised; the
            losses reported are without it.
        sample_weight : (n,) array_like, optional
            Weight of each row in the mean of its batch.
        validation : (X, T), optional
            Held-out data, on which the loss is reported after each epoch.
        early_stopping : int, optional
            Stop after this many epochs without a lower validation loss, and return to the best parameters.
        shuffle : bool, default True
            A new order of the rows in every epoch.
        seed : int, optional
            Of the orders; without it, the network's own generator goes on.
        callback : callable, optional
            Called after each epoch with the network and the history so far; if it returns True, training stops.
        progress : bool, default False
            Show a progress bar (extra "progress").
        threads : int, default 1
            Threads for layers of 32768 weights or more, whose products are left to BLAS (extra "blas").  The bits of
            smaller layers do not depend on it; with BLAS, the last ones do.

        Returns
        -------
        History
            The loss met in each epoch, the validation loss after it, and what stopped training.

        Raises
        ------
        TypeError, ValueError
            If an argument is not allowed; the parameters are then untouched.

        Warns
        -----
        RuntimeWarning
            If the loss stops being finite or explodes: training stops, and the parameters are those of the last good
            epoch.
        """
        plan = Plan.checked(
            self,
            epochs,
            batch_size,
            optimizer,
            learning_rate,
            schedule,
            weight_decay,
            early_stopping,
            shuffle,
            callback,
        )
        threads = whole("threads", threads, 1)
        data = self._data(X, T, sample_weight)
        held = self._held_out(validation, plan)
        orders = self._generator if seed is None else np.random.default_rng(seed)
        with blas_threads(self.layers, threads):
            return spread(lambda _: train(self, data, held, plan, orders, progress), [None], 1)[0]

    def _held_out(self, validation: Any, plan: Plan) -> Any:
        if validation is None:
            if plan.early_stopping is not None:
                raise ValueError("early_stopping needs validation=(X, T)")
            return None
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise ValueError(f"validation must be a pair (X, T); got {type(validation).__name__}")
        rows = self._inputs(validation[0], "validation X")
        _finite("validation X", rows)
        return rows, self._targets(validation[1], len(rows), "validation T"), np.ones(len(rows), self.dtype)

    @classmethod
    def ensemble(cls, k: int, layers: Sequence[int], *, seed: Any = None, **options: Any) -> Ensemble:
        """`k` independent networks of one shape, to be trained in parallel.

        Parameters
        ----------
        k : int
            How many.
        layers, **options
            As for `MLP`.
        seed : int or sequence of k ints, optional
            One seed per network, or one number s from which network i gets [s, i].

        Examples
        --------
        >>> import numpy as np
        >>> import fastneuron as fn
        >>> X, T = np.linspace(-1, 1, 20)[:, None], np.linspace(-1, 1, 20)[:, None] ** 2
        >>> nets = fn.MLP.ensemble(3, [1, 5, 1], seed=[10, 11, 12])
        >>> histories = nets.train(X, T, epochs=5, learning_rate=[0.01, 0.1, 0.2])
        >>> nets.forward(X).shape
        (3, 20, 1)
        """
        k = whole("k", k, 1)
        if isinstance(seed, int | np.integer):
            seeds: list[Any] = [[int(seed), i] for i in range(k)]
        elif seed is None:
            seeds = [None] * k
        else:
            seeds = list(seed)
            if len(seeds) != k:
                raise ValueError(f"seed must be one number or {k} of them; got {len(seeds)}")
        return Ensemble([cls(layers, seed=one, **options) for one in seeds])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file, in NumPy's npz format."""
        with open(path, "wb") as file:
            np.savez(
                file,
                layers=self.layers,
                activation=np.array(self.activation, dtype=np.str_),
                output=self.output,
                loss=self.loss_name,
                parameters=self._parameters,
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The network that `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            missing = {"layers", "activation", "output", "loss", "parameters"} - set(file.files)
            if missing:
                raise ValueError(
                    f"{os.fspath(path)} is not a network saved by MLP.save: it has no {sorted(missing)[0]}"
                )
            layers = [int(size) for size in file["layers"]]
            parameters = file["parameters"]
            activation = [str(name) for name in file["activation"]]
            net = cls(layers, activation, str(file["output"]), str(file["loss"]), parameters.dtype)
        net.parameters = parameters
        return net

    def __repr__(self) -> str:
        names = self.activation[0] if len(set(self.activation)) == 1 else list(self.activation)
        return (
            f"MLP({list(self.layers)}, activation={names!r}, output={self.output!r}, loss={self.loss_name!r}, "
            f"dtype={self.dtype.name})"
        )


class Ensemble(Sequence[MLP]):
    """Networks of one shape, trained in parallel, each to the same bits as alone; made by `MLP.ensemble`."""

    def __init__(self, nets: Sequence[MLP]) -> None:
        self._nets = tuple(nets)

    def __len__(self) -> int:
        return len(self._nets)

    def __getitem__(self, index: Any) -> Any:
        return Ensemble(self._nets[index]) if isinstance(index, slice) else self._nets[index]

    def forward(self, X: npt.ArrayLike) -> Array:
        """The outputs of every network, (k, n, n_out)."""
        return np.stack([net.forward(X) for net in self._nets])

    def predict(self, X: npt.ArrayLike) -> Array:
        """The decisions of every network, (k, ...) as of `MLP.predict`."""
        return np.stack([net.predict(X) for net in self._nets])

    def train(
        self,
        X: npt.ArrayLike,
        T: npt.ArrayLike,
        *,
        rows: Sequence[npt.ArrayLike] | None = None,
        threads: int | None = None,
        learning_rate: Any = None,
        weight_decay: Any = 0.0,
        seed: Any = None,
        sample_weight: npt.ArrayLike | None = None,
        validation: Any = None,
        **options: Any,
    ) -> list[History]:
        """Train every network.

        Parameters
        ----------
        X, T, sample_weight, validation, **options
            As for `MLP.train`; the same for all.
        rows : sequence of k index arrays, optional
            The rows that each network is trained on, such as the folds of a cross-validation; default all.
        threads : int, optional
            Default, all cores.
        learning_rate, weight_decay, seed : number or sequence of k numbers, optional
            As for `MLP.train`, one for all or one each; a seed for all means the same orders for all.

        Returns
        -------
        list of History
        """
        k = len(self)
        if options.pop("progress", False):
            raise ValueError("progress is shown for single networks only")
        threads = available() if threads is None else whole("threads", threads, 1)
        each = {"learning_rate": learning_rate, "weight_decay": weight_decay, "seed": seed}
        lists = {name: _one_each(name, value, k) for name, value in each.items()}
        if rows is not None and len(rows) != k:
            raise ValueError(f"rows must be {k} index arrays, one per network; got {len(rows)}")
        first = self._nets[0]
        inputs, targets, weight = first._data(X, T, sample_weight)
        defaults = {"epochs": 100, "batch_size": 32, "optimizer": "sgd", "schedule": "constant"}
        defaults |= {"early_stopping": None, "shuffle": True, "callback": None}
        for name in options:
            known("an option of train", name, defaults)
        plans = [
            Plan.checked(net, learning_rate=rate, weight_decay=decay, **(defaults | options))
            for net, rate, decay in zip(self._nets, lists["learning_rate"], lists["weight_decay"], strict=True)
        ]
        held = first._held_out(validation, plans[0])
        chosen = [None] * k if rows is None else [np.arange(len(inputs))[np.asarray(part)] for part in rows]
        for part in chosen:
            if part is not None and not part.size:
                raise ValueError("rows must name at least one row for each network")

        def one(index: int) -> Any:
            net, part = self._nets[index], chosen[index]
            data = (inputs, targets, weight) if part is None else (inputs[part], targets[part], weight[part])
            own = lists["seed"][index]
            orders = net._generator if own is None else np.random.default_rng(own)
            return train(net, data, held, plans[index], orders)

        with blas_threads(first.layers, 1):
            return spread(one, range(k), threads)


def check_gradient(
    net: MLP, X: npt.ArrayLike, T: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None, step: float = 1e-3
) -> float:
    """How far the gradient by backpropagation is from central differences of fourth order.

    Parameters
    ----------
    net : MLP
        Differences are taken in float64, on a float64 copy of a float32 network.
    X, T, sample_weight
        As for `MLP.gradient`.
    step : float, default 1e-3
        Of the differences, for parameters of ordinary size; kinks (relu) nearer than two steps spoil them.

    Returns
    -------
    float
        The norm of the difference over the norm of the gradient by differences: 1e-9 or so in float64, 1e-6 in float32.

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> net = fn.MLP([3, 5, 2], seed=0)
    >>> rng = np.random.default_rng(0)
    >>> fn.check_gradient(net, rng.normal(size=(8, 3)), rng.normal(size=(8, 2))) < 1e-8
    True
    """
    step = number("step", step, "a positive number", lambda x: x > 0)
    found = net.gradient(X, T, sample_weight).flat.astype(np.float64)
    twin = MLP(net.layers, net.activation, net.output, net.loss_name)
    twin.parameters = net.parameters
    data = tuple(array.astype(np.float64) for array in net._data(X, T, sample_weight))
    nothing = np.empty(0)
    expected = np.empty_like(found)
    for i in range(found.size):
        at = twin.parameters[i]
        costs = []
        for move in (-2 * step, -step, step, 2 * step):
            twin.parameters[i] = at + move
            costs.append(kernels.cost_and_gradient(twin._network, twin.parameters, *data, nothing))
        twin.parameters[i] = at
        expected[i] = (costs[0] - 8 * costs[1] + 8 * costs[2] - costs[3]) / (12 * step)
    size = float(np.linalg.norm(expected))
    return float(np.linalg.norm(found - expected)) / (size if size else 1.0)


def _draw(generator: np.random.Generator, feeds: str, outputs: int, inputs: int) -> Array:
    """Initial weights (inputs, outputs) of a layer that feeds the function named."""
    shape = (inputs, outputs)
    if feeds in ("tanh", "sigmoid", "softmax"):
        bound = np.sqrt(6 / (inputs + outputs))
        return generator.uniform(-bound, bound, shape)
    if feeds in ("relu", "gelu", "softplus", "leaky_relu"):
        return generator.normal(0, np.sqrt(2 / inputs / (1 + LEAK**2 * (feeds == "leaky_relu"))), shape)
    return generator.normal(0, np.sqrt(1 / inputs), shape)


def _numbers(name: str, value: npt.ArrayLike, dtype: np.dtype[Any]) -> Array:
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"dtype {array.dtype}")
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be an array of numbers; got {type(value).__name__} ({error})") from None
    array = np.ascontiguousarray(array, dtype)
    return array if array.flags.writeable else array.copy()  # to the compiler, a read-only array is another type


def _finite(name: str, array: Array) -> None:
    good = np.isfinite(array)
    if not good.all():
        raise ValueError(f"{name} must be finite; row {int(np.argmin(good.all(axis=1)))} is not")


def _one_each(name: str, value: Any, k: int) -> list[Any]:
    if np.ndim(value) == 0:
        return [value] * k
    if len(value) != k:
        raise ValueError(f"{name} must be one number or {k} of them, one per network; got {len(value)}")
    return list(value)


def blas_threads(layers: Sequence[int], threads: int) -> Any:
    """Where layers are large enough for BLAS, give it so many threads: the last bits depend on that."""
    if max(a * b for a, b in itertools.pairwise(layers)) < kernels.LARGE:
        return contextlib.nullcontext()
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise ImportError(
            "training layers of 32768 weights or more needs threadpoolctl: pip install threadpoolctl"
        ) from None
    return threadpool_limits(threads, "blas")
