"""What a network is made of: its layers, what they do, and its parameters."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _check, _html
from .._check import flag, known, whole
from . import data, kernels
from .activations import ACTIVATIONS, Activation, kernel_type
from .losses import LOSSES, OUTPUTS
from .scaling import Scaling

Array = npt.NDArray[Any]


class Architecture:
    """The layers of a network and its parameters; all but the parameters' values is read-only.

    See `fastneuron.MLP` for the arguments.
    """

    def __init__(
        self, layers: Any, activation: Any, output: Any, loss: Any, dtype: Any, seed: Any, standardize: Any
    ) -> None:
        self._layers = _layers(layers)
        self._activations = _activations(activation, len(self._layers) - 2)
        self._output = known("output", output, OUTPUTS)
        self._loss = known("loss", OUTPUTS[output].loss if loss is None else loss, LOSSES)
        allowed = LOSSES[self._loss].outputs
        if output not in allowed:
            needed = " or ".join(f'"{name}"' for name in allowed)
            raise ValueError(f'loss="{self._loss}" needs output={needed}; got output="{output}"')
        if output == "softmax" and self._layers[-1] == 1:
            raise ValueError('output="softmax" needs at least 2 outputs, since 1 is always 1; use output="sigmoid"')
        self._dtype = _check.dtype(dtype)
        self._standardize = flag("standardize", standardize)
        self._scaling: Scaling | None = None
        self._generator = np.random.default_rng(_check.seed("seed", seed))
        self._number()
        size = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(self._layers))
        self._parameters = np.zeros(size, self._dtype)
        for weights, feeds in zip(self.weights, [*self._activations, OUTPUTS[output]], strict=True):
            weights.T[...] = feeds.initial(self._generator, weights.T.shape)

    def _number(self) -> None:
        """What the kernels see of this network."""
        own = [kind for kind in dict.fromkeys(self._activations) if kind not in ACTIVATIONS.values()]
        numbered = [*ACTIVATIONS.values(), *own]
        self._network = kernels.Layers(
            np.array(self._layers),
            np.array([numbered.index(kind) for kind in self._activations], dtype=np.int64),
            list(OUTPUTS).index(self._output),
            list(LOSSES).index(self._loss),
            tuple(kernel_type(kind) for kind in own) or None,  # None is passed to a kernel faster than an empty tuple
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_network"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._parameters = np.array(self._parameters)  # a memory map of joblib's may be read-only
        self._number()

    @property
    def layers(self) -> tuple[int, ...]:
        """Number of units of each layer."""
        return self._layers

    @property
    def activation(self) -> tuple[str, ...]:
        """The name of each hidden layer's activation."""
        return tuple(kind.name for kind in self._activations)

    @property
    def output(self) -> str:
        """What the last layer makes of its sums."""
        return self._output

    @property
    def loss_name(self) -> str:
        """What training minimises."""
        return self._loss

    @property
    def dtype(self) -> np.dtype[Any]:
        """The precision."""
        return self._dtype

    @property
    def standardize(self) -> bool:
        """Whether inputs and targets are shifted and scaled."""
        return self._standardize

    @property
    def scaling(self) -> Scaling | None:
        """The shifts and scales of inputs and targets, once there are any."""
        return self._scaling

    @property
    def parameters(self) -> Array:
        """Every weight and bias in one vector; weights and biases are views on it."""
        return self._parameters[:]

    @parameters.setter
    def parameters(self, value: npt.ArrayLike) -> None:
        new = data.numbers("parameters", value, self._dtype)
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
        for inputs, outputs in itertools.pairwise(self._layers):
            weights.append(flat[at : at + inputs * outputs].reshape(inputs, outputs).T)
            at += inputs * outputs
            biases.append(flat[at : at + outputs])
            at += outputs
        return tuple(weights), tuple(biases)

    def _repr_html_(self) -> str:
        functions = (*self.activation, self.output)
        rows = (
            (k, f"{inputs:,} → {outputs:,}", functions[k], f"{(inputs + 1) * outputs:,}")
            for k, (inputs, outputs) in enumerate(itertools.pairwise(self.layers))
        )
        title = f"MLP, loss {self.loss_name}, {self.dtype.name}"
        return _html.table(title, rows, ("layer", "units", "function", "parameters"))

    def __repr__(self) -> str:
        names = self.activation[0] if len(set(self.activation)) == 1 else list(self.activation)
        more = ", standardize=True" if self._standardize else ""
        return (
            f"MLP({list(self.layers)}, activation={names!r}, output={self.output!r}, loss={self.loss_name!r}, "
            f"dtype={self.dtype.name}{more})"
        )


def _layers(layers: Any) -> tuple[int, ...]:
    if isinstance(layers, str | bytes) or not hasattr(layers, "__len__") or np.ndim(layers) != 1:
        raise TypeError(f"layers must be the units of each layer, such as [64, 32, 10]; got {layers!r}")
    if len(layers) < 2:
        raise ValueError(f"layers must be at least two numbers, inputs and outputs; got {layers!r}")
    return tuple(whole(f"layers[{i}]", size, 1, 2**31 - 1) for i, size in enumerate(layers))


def _activations(activation: Any, hidden: int) -> tuple[type[Activation], ...]:
    """The class of each hidden layer's activation."""
    one = isinstance(activation, str | type)
    if not one and not isinstance(activation, list | tuple):
        raise TypeError(f"activation must be a name, a subclass of Activation, or a list of them; got {activation!r}")
    chosen = [activation] * hidden if one else list(activation)
    if len(chosen) != hidden:
        raise ValueError(f"activation must be one name, or one for each of {hidden} hidden layers; got {activation!r}")
    kinds = {value: _activation(value) for value in (*chosen, *([activation] if one else []))}
    return tuple(kinds[value] for value in chosen)


def _activation(value: Any) -> type[Activation]:
    if not isinstance(value, type):
        return ACTIVATIONS[known("activation", value, ACTIVATIONS)]
    if not issubclass(value, Activation):
        raise TypeError(f"activation must be a name or a subclass of fastneuron.mlp.Activation; got {value.__name__}")
    if value in ACTIVATIONS.values():
        return value
    if not isinstance(value.name, str) or not value.name or value.name in ACTIVATIONS:
        raise ValueError(f"{value.__name__}.name must be a name that no other activation has; got {value.name!r}")
    try:
        f, derivative = value.value_and_derivative(0.5)
        float(f), float(derivative)
    except Exception as error:
        raise TypeError(
            f"{value.__name__}.value_and_derivative(z) must return f(z) and f'(z); at 0.5: "
            f"{type(error).__name__}: {error}"
        ) from None
    return value


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
