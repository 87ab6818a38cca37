"""Networks as ONNX models, which other programs and devices run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from .._files import whole_file
from .._version import __version__
from .activations import ACTIVATIONS
from .losses import OUTPUTS

if TYPE_CHECKING:
    from .network import MLP

OPSET, IR = 20, 9  # the first with Gelu, and the IR of its time


def write(net: MLP, path: str | os.PathLike[str]) -> None:
    """Write the network, whole or not at all."""
    _check.path("path", path)
    try:
        import onnx
    except ImportError:
        raise ImportError("to_onnx needs onnx: pip install onnx") from None
    for name in net.activation:
        if name not in ACTIVATIONS:
            raise ValueError(f"to_onnx knows the activations {', '.join(ACTIVATIONS)}; this network has {name!r}")
    nodes, constants = _graph(net, onnx)
    kind = onnx.helper.np_dtype_to_tensor_dtype(net.dtype)
    X = onnx.helper.make_tensor_value_info("X", kind, ["n", net.layers[0]])
    y = onnx.helper.make_tensor_value_info("y", kind, ["n", net.layers[-1]])
    graph = onnx.helper.make_graph(nodes, "fastneuron.MLP", [X], [y], constants)
    model = onnx.helper.make_model(
        graph,
        producer_name="fastneuron",
        producer_version=__version__,
        ir_version=IR,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
    )
    onnx.checker.check_model(model)
    with whole_file(path) as file:
        file.write(model.SerializeToString())


def _graph(net: MLP, onnx: Any) -> tuple[list[Any], list[Any]]:
    """The nodes from "X" to "y", and the constants they use."""
    nodes: list[Any] = []
    constants: list[Any] = []
    current = "X"

    def constant(name: str, value: Any) -> str:
        array = np.ascontiguousarray(value, net.dtype)
        constants.append(onnx.numpy_helper.from_array(array, name))
        return name

    def apply(operator: str, *inputs: str, **attributes: Any) -> None:
        nonlocal current
        result = f"{operator.lower()}{len(nodes)}"
        nodes.append(onnx.helper.make_node(operator, [current, *inputs], [result], **attributes))
        current = result

    if net.scaling is not None:
        apply("Sub", constant("x_mean", net.scaling.x_mean))
        apply("Div", constant("x_scale", net.scaling.x_scale))
    functions = [*(ACTIVATIONS[name] for name in net.activation), OUTPUTS[net.output]]
    for layer, (weights, bias, function) in enumerate(zip(net.weights, net.biases, functions, strict=True)):
        apply("Gemm", constant(f"weights{layer}", weights.T), constant(f"biases{layer}", bias))
        if function.onnx is not None:
            operator, attributes = function.onnx
            apply(operator, **attributes)
    if net.scaling is not None:
        apply("Mul", constant("y_scale", net.scaling.y_scale))
        apply("Add", constant("y_mean", net.scaling.y_mean))
    nodes[-1].output[0] = "y"
    return nodes, constants
