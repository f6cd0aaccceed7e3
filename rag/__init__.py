"""The Clinical RAG Workbench without its screen: load, chunk, embed, retrieve, rerank, prompt, answer, verify."""

__version__ = "0.1.0"
