"""The multi-layer perceptron: a network of layers, trained by backpropagation, compiled end to end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from .. import _check
from .._progress import bar
from . import data, files, kernels
from .activations import Activation
from .architecture import Architecture, Array, blas_threads
from .config import TrainingConfig, generator_of
from .history import MLPHistory
from .losses import SIGMOID, SOFTMAX
from .objective import Objective
from .rows import Sparse
from .scaling import Scaling
from .training import run, train, warn_of_failure

if TYPE_CHECKING:
    from .ensemble import Ensemble


class Gradient(NamedTuple):
    """The derivatives of a loss with regard to every parameter."""

    flat: Array  #: (P,), in the order of `MLP.parameters`; the others are views on it
    weights: tuple[Array, ...]  #: (outputs, inputs) per layer
    biases: tuple[Array, ...]  #: (outputs,) per layer


class MLP(Architecture):
    """A multi-layer perceptron: y = f(W x + b), layer after layer.

    Parameters
    ----------
    layers : sequence of int
        Number of units of each layer, from the inputs to the outputs; at least two layers, each of at least 1 unit.
    activation : str or Activation, or a sequence of them, default "tanh"
        Of the hidden layers, one for all or one each: "identity", "sigmoid", "tanh", "relu", "leaky_relu" (0.01 z below
        0), "gelu" (exact), "softplus", or a class of one's own (see `fastneuron.mlp.Activation`).
    output : {"linear", "sigmoid", "softmax", "exp"}
        What the last layer makes of its sums; "softmax" needs at least 2 outputs.
    loss : {"mse", "cross_entropy", "huber", "poisson", "half_square"}, optional
        What training minimises, a mean over rows.  "mse": the mean over outputs of (y - t)^2.  "cross_entropy" (sigmoid
        or softmax only): the negative log-likelihood, -sum t log y for softmax, -sum (t log y + (1 - t) log(1 - y)) for
        sigmoid.  "huber": the mean over outputs of (y - t)^2 / 2 where ``|y - t|`` < 1, else of ``|y - t|`` - 1/2.
        "poisson" (exp only): sum (y - t + t log(t / y)), half the deviance of counts.  "half_square":
        sum (y - t)^2 / 2.
        By default it follows the output: "mse" for linear, "cross_entropy" for sigmoid and softmax, "poisson" for exp.
    dtype : float64 or float32
        The precision of everything: parameters, inputs, arithmetic.
    seed : None, int, sequence of int, SeedSequence or Generator
        Decides the initial weights and, unless `train` is given its own, the order of the rows.
    standardize : bool, default False
        Shift and scale each input, and each target of a linear output, to mean 0 and standard deviation 1 over the rows
        of the first `train`; the network keeps these numbers and undoes them in what it returns.  Losses are then those
        of the standardised targets.

    Attributes
    ----------
    parameters : (P,) array
        Every weight and bias in one vector, as SciPy's optimizers take it; assigning copies into it.
    weights : tuple of (outputs, inputs) array
        Views on `parameters`: ``weights[l][i, j]`` joins unit j of layer l to unit i of the next.
    biases : tuple of (outputs,) array
        Views on `parameters`.
    layers, activation, output, loss_name, dtype, standardize
        As given, read-only; `activation` names one function for each hidden layer.
    scaling : None or fastneuron.mlp.Scaling
        What ``standardize=True`` keeps, once the network was trained.

    Notes
    -----
    Biases begin at 0.  Weights are drawn as suits the function they feed: Glorot & Bengio (2010), uniform with variance
    2 / (inputs + outputs), before tanh, sigmoid and softmax; He et al. (2015), normal with variance 2 / inputs, before
    relu, leaky_relu (over 1 + 0.01^2), gelu and softplus; LeCun et al. (1998), normal with variance 1 / inputs, before
    identity, linear and exp.

    Small layers (below 32768 weights) are computed by kernels whose bits depend neither on the machine nor on the
    number of rows; larger ones by BLAS, to the same bits where its version and number of threads are the same.

    In NumPy, the outputs of a network without ``standardize`` are ::

        for W, b, f in zip(net.weights, net.biases, functions):  # the activations, then the output's function
            X = f(X @ W.T + b)

    With it, X is ``(X - net.scaling.x_mean) / net.scaling.x_scale`` at first, and ``X * net.scaling.y_scale +
    net.scaling.y_mean`` is returned.

    References
    ----------
    Rumelhart DE, Hinton GE, Williams RJ (1986). Learning representations by back-propagating errors. Nature
    323:533-536. doi:10.1038/323533a0

    Examples
    --------
    >>> import numpy as np
    >>> import fastneuron as fn
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> net = fn.MLP([2, 4, 1], output="sigmoid", seed=1)
    >>> history = net.train(X, [0, 1, 1, 0], epochs=200, optimizer="lbfgs")
    >>> net.predict(X)
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        layers: Sequence[int],
        activation: Any = "tanh",
        output: str = "linear",
        loss: str | None = None,
        dtype: npt.DTypeLike = np.float64,
        seed: Any = None,
        standardize: bool = False,
    ) -> None:
        super().__init__(layers, activation, output, loss, dtype, seed, standardize)

    def _standardized(self, rows: kernels.Data) -> kernels.Data:
        if self._scaling is None:
            return rows
        return kernels.Data(self._scaling.inputs(rows.X), self._scaling.targets(rows.T), rows.weight)

    def objective_of(self, rows: kernels.Data, held: kernels.Data | None = None) -> Objective:
        """What training on checked data minimises, by the network's own parameters."""
        aside = None if held is None else self._standardized(held)
        return Objective(self._network, self._parameters, self._standardized(rows), aside)

    def _objective(self, X: Any, T: Any, sample_weight: Any, dtype: np.dtype[Any] | None = None) -> Objective:
        """The loss on these data as a function of the parameters; of a copy of them in another dtype if asked."""
        objective = self.objective_of(data.checked(self, X, T, sample_weight))
        if dtype is None:
            return objective
        rows = objective.data
        X = rows.X._replace(values=rows.X.values.astype(dtype)) if isinstance(rows.X, Sparse) else rows.X.astype(dtype)
        wide = kernels.Data(X, rows.T.astype(dtype), rows.weight.astype(dtype))
        return Objective(self._network, self._parameters.astype(dtype), wide)

    def forward(self, X: npt.ArrayLike) -> Array:
        """The outputs.

        Parameters
        ----------
        X : (n, n_in) or (n_in,) array_like, or SciPy sparse (n, n_in)
            Rows of inputs, or one.

        Returns
        -------
        (n, n_out) or (n_out,) array

        Raises
        ------
        TypeError, ValueError
            If X is not of numbers, its shape does not fit, or a number is not finite (the row is named).
        """
        if (type(X) is not np.ndarray or X.ndim != 2) and not _check.is_sparse(X):
            X = data.numbers("X", X, self._dtype)
            if X.ndim == 1:
                return self.forward(X[None])[0]
        rows = data.inputs(self, X)
        if self._scaling is not None:
            _check.finite("X", rows)
            rows = self._scaling.inputs(rows)
        out, bad = kernels.forward(*self._network, self._parameters, rows)
        if bad >= 0:
            _check.finite("X", rows)
        return out if self._scaling is None else self._scaling.outputs(out)

    def predict(self, X: npt.ArrayLike) -> Any:
        """The decisions.

        Parameters
        ----------
        X : (n, n_in) or (n_in,) array_like, or SciPy sparse (n, n_in)
            Rows of inputs, or one.

        Returns
        -------
        array
            For softmax, the most probable class, (n,); for sigmoids, 0 or 1, (n, n_out) or, of a single output, (n,);
            else the outputs, (n, n_out).  Of a single row, without the n.

        Raises
        ------
        TypeError, ValueError
            As `forward`.
        """
        out = self.forward(X)
        if self._network.output == SOFTMAX:
            return out.argmax(-1)
        if self._network.output == SIGMOID:
            chosen = (out >= 0.5).astype(np.int64)
            return chosen[..., 0] if self._layers[-1] == 1 else chosen
        return out

    def loss(self, X: npt.ArrayLike, T: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> float:
        """The loss.

        Parameters
        ----------
        X, T
            As in `train`.
        sample_weight : (n,) array_like, optional
            Weight of each row in the mean.

        Returns
        -------
        float
            The mean over rows.

        Raises
        ------
        TypeError, ValueError
            If an argument is not allowed.
        """
        return self._objective(X, T, sample_weight).loss()

    def gradient(self, X: npt.ArrayLike, T: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Gradient:
        """The derivatives of `loss` with regard to every parameter, by backpropagation.

        Parameters
        ----------
        X, T, sample_weight
            As for `loss`.

        Returns
        -------
        Gradient
            One vector, ``flat``, and views on it, ``weights`` and ``biases``.

        Raises
        ------
        TypeError, ValueError
            If an argument is not allowed.
        """
        flat = np.empty_like(self._parameters)
        self._objective(X, T, sample_weight).loss(gradient=flat)
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
        callback: Callable[[MLP, MLPHistory], bool | None] | None = None,
        progress: bool = False,
        threads: int = 1,
    ) -> MLPHistory:
        """Train the network; its parameters change in place.

        Parameters
        ----------
        X : (n, n_in) array_like, or SciPy sparse
            Inputs, all finite.  Sparse ones are not made dense: the first layer's products take the numbers stored.
        T : (n, n_out) array_like, or (n,) class labels
            Targets.  Labels, whole numbers from 0, are for softmax and sigmoid outputs; a single output takes (n,) too.
        epochs : int, default 100
            Passes over the data; for "lbfgs" and "levenberg-marquardt", iterations.
        batch_size : int, default 32
            Rows per step; more than n means all n.  Of no meaning to "rprop", "lbfgs" and "levenberg-marquardt".
        optimizer : str, or one of fastneuron.mlp's SGD, Momentum, Nesterov, RMSprop, Adam, AdamHat, Rprop
            "sgd", "momentum", "nesterov", "rmsprop", "adam", "adam_hat"; "rprop" (a step an epoch, along the gradient
            of all rows); "lbfgs" (SciPy's L-BFGS-B) and "levenberg-marquardt" (Hagan & Menhaj 1994; loss "mse" and
            dense X only), which see all rows at once.
        learning_rate : float, optional
            Default 0.1 for sgd, 0.01 for momentum, nesterov and rprop (its first steps), 0.001 for rmsprop and adam.
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
        MLPHistory
            The loss met in each epoch, the validation loss after it, and what stopped training.

        Raises
        ------
        TypeError, ValueError
            If an argument is not allowed; the parameters are then untouched.

        Warns
        -----
        RuntimeWarning
            If the loss stops being finite or explodes: training stops, and the parameters are those of the last good
            epoch.  If SciPy's optimizer gives up: the parameters are its last ones.
        """
        config = TrainingConfig.checked(
            self._loss,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=schedule,
            weight_decay=weight_decay,
            early_stopping=early_stopping,
            shuffle=shuffle,
            callback=callback,
        )
        threads, progress = _check.whole("threads", threads, 1), _check.flag("progress", progress)
        orders = self._generator if seed is None else generator_of("seed", seed)
        given = data.checked(self, X, T, sample_weight)
        held = self._held_out(validation, config)
        with blas_threads(self._layers, threads), bar(progress, config.epochs, "epoch") as tick:
            show = lambda loss: tick(1, f"loss {loss:.4g}")  # noqa: E731
            history = run(self._steps(given, held, config, orders, show))
        warn_of_failure(history)
        return history

    def _steps(
        self, given: kernels.Data, held: kernels.Data | None, config: TrainingConfig, orders: Any, show: Any = None
    ) -> Any:
        """The steps of training on checked data, each a moment at which it can be stopped for good."""
        if config.optimizer == "levenberg-marquardt" and isinstance(given.X, Sparse):
            raise TypeError('X must be a dense array for optimizer="levenberg-marquardt"; got a sparse one')
        callback = config.callback
        if callback is not None:
            config = config._replace(callback=lambda history: callback(self, history))  # type: ignore[call-arg]
        if self._standardize and self._scaling is None:
            outputs_too = self._output == "linear"
            self._scaling = Scaling.of(given.X, given.T, given.weight, outputs_too)
        return train(self.objective_of(given, held), config, orders, show or (lambda loss: None))

    def _held_out(self, validation: Any, config: TrainingConfig) -> kernels.Data | None:
        if validation is None:
            if config.early_stopping is not None:
                raise ValueError(f"early_stopping needs validation=(X, T); got {config.early_stopping} without it")
            return None
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise ValueError(f"validation must be a pair (X, T); got {type(validation).__name__}")
        return data.checked(self, validation[0], validation[1], prefix="validation ")

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

        Returns
        -------
        Ensemble

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
        from .ensemble import Ensemble, seeds

        return Ensemble([cls(layers, seed=one, **options) for one in seeds(k, seed)])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file, in NumPy's npz format, whole or not at all.

        Parameters
        ----------
        path : str or PathLike
            An older file of that name is replaced once the new one is complete.
        """
        files.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], activations: Sequence[type[Activation]] = ()) -> Self:
        """The network that `save` wrote.

        Parameters
        ----------
        path : str or PathLike
            The file.
        activations : sequence of Activation classes
            A user's own that the network has: a file names them, and no file can bring code.

        Returns
        -------
        MLP
            Without the state of its random generator.

        Raises
        ------
        ValueError
            If the file is damaged, or not of a network.
        """
        return files.load(cls, path, activations)

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the network as an ONNX model, for other programs (extra "onnx").

        Parameters
        ----------
        path : str or PathLike
            The model has one input, "X" (n, n_in), and one output, "y" (n, n_out), in the network's precision;
            it holds the scaling of a network with ``standardize=True``.

        Notes
        -----
        ONNX Runtime has ``"leaky_relu"``, ``"gelu"`` and ``"softplus"`` in single precision only: networks with them
        are for it with ``dtype="float32"``.
        """
        from .onnx_export import write

        write(self, path)
