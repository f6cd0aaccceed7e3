"""Models that are made on this machine: the set-up keeps them beside their checksum; where it has not, each start makes them."""

import logging
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.keep.made import fault_of, is_whole, write
from rag.places import cache_folder
from rag.stages.hub import SET_UP

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LOGGER = logging.getLogger(__name__)


def opened(name: str, build: Callable[[], Any], precision: str) -> "InferenceSession":
    """A session of the graph of that name, which `build` makes where the set-up has not kept it.

    Where not even a temporary file can be written, it is opened from memory; then in full precision.
    """
    return session(stored(f"{name}.onnx", lambda path: _written(build(), precision, path)) or build().SerializeToString())


def session(model: bytes | Path) -> "InferenceSession":
    """A session of a model on the processor. Its threads wait without spinning, so that several share a machine."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    content = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def keep_graph(name: str, build: Callable[[], Any], precision: str) -> None:
    """Keeps the graph of that name, as the set-up does."""
    keep_file(f"{name}.onnx", lambda path: _written(build(), precision, path))


def is_stored(name: str) -> bool:
    """Whether the file of that name lies on this machine as it was written."""
    return is_whole(cache_folder() / name)


def keep_file(name: str, into: Callable[[Path], object]) -> None:
    """Has `into` write the file of that name, unless it is kept already; where the folder takes none, the log says so.

    The set-up alone calls this: nothing else writes into that folder.
    """
    try:
        if not is_stored(name):
            write(cache_folder() / name, into)
    except OSError as error:
        told = "%s is not kept: %s. Each start makes it anew. Set RAG_CACHE to a folder that can be written."
        LOGGER.warning(told, name, fault_of(error))


def stored(name: str, into: Callable[[Path], object]) -> bytes | None:
    """What is in the file of that name; where it is missing or damaged, `into` writes it for this once, and the log says so.

    None where not even a temporary file can be written.
    """
    path = cache_folder() / name
    with suppress(OSError):
        if is_whole(path):
            return path.read_bytes()
    stands = "is damaged or incomplete" if path.exists() else "was not made yet"
    LOGGER.warning("%s %s, and is made for this start alone. To keep it: %s", name, stands, SET_UP)
    with suppress(OSError), tempfile.TemporaryDirectory() as room:
        into(Path(room) / name)
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
