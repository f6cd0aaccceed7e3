"""Build the ONNX graph of a BERT sentence encoder from its published safetensors weights, without torch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
MASKED = -10000.0


class _Graph:
    """Nodes and weights of a graph under construction; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: NDArray[Any]) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, name: str | None = None, domain: str = "", **attributes: Any) -> str:
        result = name or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], name=result, domain=domain, **attributes))
        return result

    def dense(self, x: str, weights: Mapping[str, NDArray[Any]], name: str) -> str:
        kernel = self.weight(f"{name}.kernel", weights[f"{name}.weight"].T)
        return self.op("Add", self.op("MatMul", x, kernel), self.weight(f"{name}.bias", weights[f"{name}.bias"]))

    def norm(self, x: str, weights: Mapping[str, NDArray[Any]], name: str, epsilon: float) -> str:
        scale = self.weight(f"{name}.scale", weights[f"{name}.weight"])
        shift = self.weight(f"{name}.shift", weights[f"{name}.bias"])
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)


def bert_graph(weights: Mapping[str, NDArray[Any]], config: Mapping[str, Any]) -> onnx.ModelProto:
    """The encoder as an ONNX model (Devlin et al., 2019; mean pooling: Reimers & Gurevych, 2019).

    Inputs: `ids` and `mask`, both int64 of shape (batch, length).
    Outputs: `tokens`, float32 (batch, length, hidden), and `sentence`, float32 (batch, hidden), rows of unit length.
    Raises KeyError where a weight or a setting of the architecture is missing.
    """
    heads, layers = int(config["num_attention_heads"]), int(config["num_hidden_layers"])
    epsilon = float(config["layer_norm_eps"])
    g = _Graph()
    i64 = np.int64

    # Token type 0 everywhere, so its row is folded into the position table.
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    length = g.op("Slice", g.op("Shape", "ids"), g.weight("one", np.array([1], i64)), g.weight("two", np.array([2], i64)))
    zero = g.weight("zero", np.array([0], i64))
    x = g.op(
        "Add",
        g.op("Gather", g.weight("words", weights["embeddings.word_embeddings.weight"]), "ids"),
        g.op("Slice", g.weight("positions", positions), zero, length, zero),
    )
    x = g.norm(x, weights, "embeddings.LayerNorm", epsilon)

    mask = g.op("Cast", "mask", to=TensorProto.INT32)
    for layer in range(layers):
        at = f"encoder.layer.{layer}"
        parts = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
        attended = g.op(
            "Attention",
            x,
            g.weight(f"{at}.qkv.kernel", np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1)),
            g.weight(f"{at}.qkv.bias", np.concatenate([weights[f"{part}.bias"] for part in parts])),
            mask,
            domain="com.microsoft",
            num_heads=heads,
            mask_filter_value=MASKED,
        )
        attended = g.dense(attended, weights, f"{at}.attention.output.dense")
        x = g.norm(g.op("Add", attended, x), weights, f"{at}.attention.output.LayerNorm", epsilon)
        inner = g.op("Gelu", g.dense(x, weights, f"{at}.intermediate.dense"))
        inner = g.dense(inner, weights, f"{at}.output.dense")
        x = g.norm(g.op("Add", inner, x), weights, f"{at}.output.LayerNorm", epsilon)
    tokens = g.op("Identity", x, name="tokens")

    weight = g.op("Cast", g.op("Unsqueeze", "mask", g.weight("last", np.array([-1], i64))), to=TensorProto.FLOAT)
    total = g.op("ReduceSum", g.op("Mul", tokens, weight), g.weight("length_axis", np.array([1], i64)), keepdims=0)
    norm = g.op("ReduceL2", total, g.weight("hidden_axis", np.array([1], i64)), keepdims=1)
    g.op("Div", total, norm, name="sentence")

    def tensor(name: str, kind: int, *shape: str | int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, list(shape))

    hidden = int(config["hidden_size"])
    graph = helper.make_graph(
        g.nodes,
        "bert",
        [tensor("ids", TensorProto.INT64, "batch", "length"), tensor("mask", TensorProto.INT64, "batch", "length")],
        [
            tensor("tokens", TensorProto.FLOAT, "batch", "length", hidden),
            tensor("sentence", TensorProto.FLOAT, "batch", hidden),
        ],
        initializer=g.weights,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
