"""Clinical RAG Workbench: everything but the screen. The telemetry of libraries is off before any of them is imported."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # Native code of ONNX Runtime, which no audit hook of Python sees.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
