"""Networks in files: NumPy's npz format, data only."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .. import _check
from .._files import Arrays, Field, reading, write_arrays
from .activations import ACTIVATIONS, Activation
from .scaling import Scaling

if TYPE_CHECKING:
    from .network import MLP

    Net = TypeVar("Net", bound=MLP)

FORMAT = 1
FIELDS = {
    "layers": Field("whole number", ("layers",)),
    "activation": Field("text", ("hidden",)),
    "output": Field("text", ()),
    "loss": Field("text", ()),
    "parameters": Field("number", ("parameters",)),
    "standardize": Field("whole number", ()),
    "x_mean": Field("number", ("inputs",), needed=False),
    "x_scale": Field("number", ("inputs",), needed=False),
    "y_mean": Field("number", ("outputs",), needed=False),
    "y_scale": Field("number", ("outputs",), needed=False),
}


def save(net: MLP, path: str | os.PathLike[str]) -> None:
    """Write the network, whole or not at all."""
    scaling = {} if net.scaling is None else net.scaling._asdict()
    write_arrays(
        path,
        format=FORMAT,
        layers=net.layers,
        activation=np.array(net.activation, dtype=np.str_),
        output=net.output,
        loss=net.loss_name,
        parameters=net.parameters,
        standardize=int(net.standardize),
        **scaling,
    )


def load(cls: type[Net], path: str | os.PathLike[str], activations: Sequence[type[Activation]] = ()) -> Net:
    """The network that `save` wrote; sizes are compared before memory is taken for weights."""
    own = {kind.name: kind for kind in activations}
    with reading(path, "a network saved by MLP.save", FIELDS, FORMAT) as file:
        layers = [int(size) for size in file["layers"]]
        size = sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(layers))
        if min(layers, default=0) < 1 or (size,) != file.shape("parameters"):
            raise ValueError(f"layers {layers} do not have {file.shape('parameters')[0]} parameters")
        names = [str(name) for name in file["activation"]]
        kinds: list[Any] = [own.get(name) or _check.known("activation", name, [*ACTIVATIONS, *own]) for name in names]
        standardize = _check.whole("standardize", int(file["standardize"]), 0, 1) == 1
        net = cls(layers, kinds, file.text("output"), file.text("loss"), file.dtype("parameters"), None, standardize)
        net.parameters = file["parameters"]
        if any(name in file for name in Scaling._fields):
            net._scaling = _scaling(file, net)
    return net


def _scaling(file: Arrays, net: MLP) -> Scaling:
    for name in Scaling._fields:
        width = net.layers[0] if name.startswith("x") else net.layers[-1]
        if not net.standardize or name not in file or file.shape(name) != (width,):
            raise ValueError(f"{name} must be ({width},) numbers beside standardize = 1")
    scaling = Scaling(*(file[name].astype(np.float64) for name in Scaling._fields))
    if not ((scaling.x_scale > 0).all() and (scaling.y_scale > 0).all()):
        raise ValueError("x_scale and y_scale must be positive")
    return scaling
