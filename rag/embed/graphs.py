"""ONNX files that are made on this machine: built at first use, kept beside their checksum, opened as sessions."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import ModelProblem

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def cache_folder() -> Path:
    """Where models made on this machine are kept: RAG_CACHE, or `.cache` beside the package."""
    return Path(os.environ.get("RAG_CACHE") or Path(__file__).parents[2] / ".cache")


def folders() -> tuple[Path, ...]:
    """Where to look for a kept model, and to keep it, the first that works."""
    return cache_folder(), Path.home() / ".cache" / "clinical-rag-workbench"


def opened(name: str, build: Callable[[], Any], precision: str) -> "InferenceSession":
    """A session of the graph of that name, which `build` makes where it is not kept yet. Raises ModelProblem."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    path = kept(name, build, precision)
    return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def kept(name: str, build: Callable[[], Any], precision: str) -> Path:
    """The file of the graph of that name, made where it is not there or was changed. Raises ModelProblem."""
    for folder in folders():
        path = folder / f"{name}.onnx"
        checksum = path.with_suffix(".sha256")
        if path.is_file() and checksum.is_file() and checksum.read_text().strip() == hash_of(path):
            return path
        try:
            folder.mkdir(parents=True, exist_ok=True)
            made = _written(build(), precision, folder)
        except OSError:
            continue
        checksum.write_text(hash_of(made))
        os.replace(made, path)
        return path
    raise ModelProblem(f"The graph of {name} cannot be stored. Set RAG_CACHE to a folder that can be written.")


def _written(model: Any, precision: str, folder: Path) -> Path:
    """The model as a file, its matrices in 8 bits a channel where that is asked."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    os.close(handle)
    if precision == "fp32":
        onnx.save(model, name)
    else:
        onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
        quantize_dynamic(
            model,
            name,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Attention"],
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    return Path(name)
