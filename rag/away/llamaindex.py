"""A tuned pipeline as a LlamaIndex retriever."""

from typing import Any

from rag.away.records import passage
from rag.errors import SettingProblem
from rag.extras import install
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.values import Filter


def retriever(pipeline: Pipeline, index: Index, only: Filter = Filter()) -> Any:
    """A LlamaIndex `BaseRetriever` over the passages that the pipeline would put into its prompt, best first.

    Each node's text is the exact passage; its metadata say where it stands and what each step thought of it, and are kept
    out of what LlamaIndex sends to a model. Raises SettingProblem where LlamaIndex is not installed.
    """
    try:
        from llama_index.core.retrievers import BaseRetriever
        from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
    except ImportError:
        raise SettingProblem(f"LlamaIndex is not installed. Install it with: {install('llamaindex')}") from None

    class WorkbenchRetriever(BaseRetriever):  # type: ignore[misc]
        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            hits = pipeline.search(query_bundle.query_str, index, only).hits
            return [_node(hit) for hit in hits]

    def _node(hit: Any) -> NodeWithScore:
        about = passage(hit)
        node = TextNode(
            id_=f"{about['document']}:{about['start']}-{about['end']}",
            text=hit.chunk.text,
            metadata=about,
            start_char_idx=about["start"],
            end_char_idx=about["end"],
            excluded_embed_metadata_keys=list(about),
            excluded_llm_metadata_keys=list(about),
        )
        return NodeWithScore(node=node, score=hit.score)

    return WorkbenchRetriever()
