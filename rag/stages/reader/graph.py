"""The ONNX graph of a trained model: BERT's layers over two texts, a logit for every place, and some for the whole."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from rag.stages.embed.bert import Graph

CONFIG = {"layer_norm_eps": 1e-12, "num_hidden_layers": 6, "num_attention_heads": 12}


def reader_graph(weights: Mapping[str, NDArray[Any]]) -> onnx.ModelProto:
    """The model in ONNX, from weights by the names of BERT and its heads "hidden", "answers" and "holds".

    Inputs: `ids`, `types` and `mask`, int64 (windows, length); `pool` and `first`, float32 (windows, places, length): one over
    a place's length at its tokens, and 1 at its first. A place is a sentence of the passage for the reader, and a word of the
    statement for the model of support. Outputs: `answers`, float32 (windows, places), a logit a place, and `holds`, float32
    (windows, n), where "holds" has n rows. Raises KeyError where a weight is missing.
    """
    g = Graph()
    words = g.op("Gather", g.weight("words", weights["embeddings.word_embeddings.weight"]), "ids")
    types = g.op("Gather", g.weight("types_table", weights["embeddings.token_type_embeddings.weight"]), "types")
    x = g.op("Add", g.op("Add", words, g.places(weights["embeddings.position_embeddings.weight"])), types)
    x = g.encoded(x, weights, CONFIG)
    mean, mark = g.op("MatMul", "pool", x), g.op("MatMul", "first", x)
    whole = g.op("Slice", x, g.weight("begin", np.array([0])), g.weight("end", np.array([1])), g.weight("axis", np.array([1])))
    many = g.op("Add", g.op("Mul", mean, g.weight("nought", np.zeros(1, np.float32))), whole)
    joined = g.op("Tanh", g.dense(g.op("Concat", mean, mark, many, axis=-1), weights, "hidden"))
    answers = g.dense(joined, weights, "answers")
    g.op("Squeeze", answers, g.weight("last", np.array([-1])), name="answers")
    first = g.op("Squeeze", whole, "axis")
    g.op("Identity", g.dense(first, weights, "holds"), name="holds")
    pairs, wholes = ("windows", "length"), len(weights["holds.bias"])
    return g.model(
        "reader",
        [
            *((name, TensorProto.INT64, pairs) for name in ("ids", "types", "mask")),
            *((name, TensorProto.FLOAT, ("windows", "places", "length")) for name in ("pool", "first")),
        ],
        [
            ("answers", TensorProto.FLOAT, ("windows", "places")),
            ("holds", TensorProto.FLOAT, ("windows", wholes)),
        ],
    )
