"""Build the ONNX graph of a BERT sentence encoder from its published safetensors weights, without torch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
MASKED = -10000.0
Tensors = Sequence[tuple[str, int, tuple[str | int, ...]]]


class Graph:
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

    def places(self, table: NDArray[Any]) -> str:
        """The rows of a table of positions for the length of `ids`, shape (1, length, hidden)."""
        one, two = self.weight("one", np.array([1], np.int64)), self.weight("two", np.array([2], np.int64))
        zero = self.weight("zero", np.array([0], np.int64))
        return self.op("Slice", self.weight("positions", table), zero, self.op("Slice", self.op("Shape", "ids"), one, two), zero)

    def encoded(self, x: str, weights: Mapping[str, NDArray[Any]], config: Mapping[str, Any]) -> str:
        """Summed embeddings through normalisation and all layers of BERT, under the input `mask`."""
        epsilon = float(config["layer_norm_eps"])
        x = self.norm(x, weights, "embeddings.LayerNorm", epsilon)
        mask = self.op("Cast", "mask", to=TensorProto.INT32)
        for layer in range(int(config["num_hidden_layers"])):
            at = f"encoder.layer.{layer}"
            parts = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
            attended = self.op(
                "Attention",
                x,
                self.weight(f"{at}.qkv.kernel", np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1)),
                self.weight(f"{at}.qkv.bias", np.concatenate([weights[f"{part}.bias"] for part in parts])),
                mask,
                domain="com.microsoft",
                num_heads=int(config["num_attention_heads"]),
                mask_filter_value=MASKED,
            )
            attended = self.dense(attended, weights, f"{at}.attention.output.dense")
            x = self.norm(self.op("Add", attended, x), weights, f"{at}.attention.output.LayerNorm", epsilon)
            inner = self.op("Gelu", self.dense(x, weights, f"{at}.intermediate.dense"))
            inner = self.dense(inner, weights, f"{at}.output.dense")
            x = self.norm(self.op("Add", inner, x), weights, f"{at}.output.LayerNorm", epsilon)
        return x

    def model(self, name: str, inputs: Tensors, outputs: Tensors) -> onnx.ModelProto:
        """The graph as a model; inputs and outputs are given as (name, type, shape)."""

        def tensors(known: Tensors) -> list[onnx.ValueInfoProto]:
            return [helper.make_tensor_value_info(called, kind, list(shape)) for called, kind, shape in known]

        graph = helper.make_graph(self.nodes, name, tensors(inputs), tensors(outputs), initializer=self.weights)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def bert_graph(weights: Mapping[str, NDArray[Any]], config: Mapping[str, Any]) -> onnx.ModelProto:
    """The encoder as an ONNX model (Devlin et al., 2019; mean pooling: Reimers & Gurevych, 2019).

    Inputs: `ids` and `mask`, both int64 of shape (batch, length).
    Outputs: `tokens`, float32 (batch, length, hidden), and `sentence`, float32 (batch, hidden), rows of unit length.
    Raises KeyError where a weight or a setting of the architecture is missing.
    """
    g = Graph()

    # Token type 0 everywhere, so its row is folded into the position table.
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    x = g.op("Add", g.op("Gather", g.weight("words", weights["embeddings.word_embeddings.weight"]), "ids"), g.places(positions))
    x = g.encoded(x, weights, config)
    tokens = g.op("Identity", x, name="tokens")

    weight = g.op("Cast", g.op("Unsqueeze", "mask", g.weight("last", np.array([-1], np.int64))), to=TensorProto.FLOAT)
    total = g.op("ReduceSum", g.op("Mul", tokens, weight), g.weight("length_axis", np.array([1], np.int64)), keepdims=0)
    norm = g.op("ReduceL2", total, g.weight("hidden_axis", np.array([1], np.int64)), keepdims=1)
    g.op("Div", total, norm, name="sentence")

    hidden = int(config["hidden_size"])
    return g.model(
        "bert",
        [("ids", TensorProto.INT64, ("batch", "length")), ("mask", TensorProto.INT64, ("batch", "length"))],
        [
            ("tokens", TensorProto.FLOAT, ("batch", "length", hidden)),
            ("sentence", TensorProto.FLOAT, ("batch", hidden)),
        ],
    )
