"""Models that are made on this machine: built at first use, kept beside their checksum, opened as sessions."""

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.keep.made import fault_of, is_whole, kept, write

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LOGGER = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where models made on this machine are kept: RAG_CACHE, or `.cache` beside the package."""
    return Path(os.environ.get("RAG_CACHE") or Path(__file__).parents[3] / ".cache")


def folders() -> tuple[Path, ...]:
    """Where to look for a kept model, and to keep it, the first that works."""
    return cache_folder(), Path.home() / ".cache" / "clinical-rag-workbench"


def opened(name: str, build: Callable[[], Any], precision: str) -> "InferenceSession":
    """A session of the graph of that name, which `build` makes where it is not kept yet.

    Where the disk takes no file, it is opened from memory; then in full precision.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    content = stored(f"{name}.onnx", lambda path: _written(build(), precision, path)) or build().SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def is_stored(name: str) -> bool:
    """Whether the file of that name lies on this machine as it was written."""
    return any(is_whole(folder / name) for folder in folders())


def stored(name: str, into: Callable[[Path], object]) -> bytes | None:
    """What is in the file of that name, which `into` writes where it is not kept yet, or is damaged.

    Where no folder takes it, it is written for this once, and the log says so; None where even that is not possible.
    """
    for folder in folders():
        found: bytes | None = kept(folder / name, Path.read_bytes)
        if found is not None:
            return found
    fault = ""
    for folder in folders():
        try:
            write(folder / name, into)
            return (folder / name).read_bytes()
        except OSError as error:
            fault = fault or fault_of(error)
    LOGGER.warning("%s is not kept: %s. Each start makes it anew. Set RAG_CACHE to a folder that can be written.", name, fault)
    with suppress(OSError), tempfile.TemporaryDirectory() as room:
        write(Path(room) / name, into)
        return (Path(room) / name).read_bytes()
    return None


def _written(model: Any, precision: str, path: Path) -> None:
    """Writes the model, its matrices in 8 bits a channel where that is asked. Raises OSError."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    if precision == "fp32":
        path.write_bytes(model.SerializeToString())
        return
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    try:
        quantize_dynamic(
            model,
            path,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Attention"],
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    except OSError:
        raise
    except Exception as error:  # Its parts in C++ raise many kinds where the disk takes nothing more.
        raise OSError(0, f"the graph cannot be made smaller ({type(error).__name__})") from None
