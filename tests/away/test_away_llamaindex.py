"""A tuned pipeline in LlamaIndex, where that is installed; where it is not, the error says how it would be."""

import asyncio
import importlib.util

import pytest

from rag.away.llamaindex import retriever
from rag.errors import SettingProblem
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.values import Document, Filter

QUESTION = "Is torsemide 40 mg taken by mouth daily?"
INSTALLED = importlib.util.find_spec("llama_index") is not None


@pytest.mark.skipif(INSTALLED, reason="LlamaIndex is installed")
def test_without_the_package_the_error_names_the_command(pipeline: Pipeline, index: Index) -> None:
    with pytest.raises(SettingProblem, match="pip install llama-index-core=="):
        retriever(pipeline, index)


@pytest.mark.skipif(not INSTALLED, reason="LlamaIndex, an optional extra, is not installed")
def test_nodes_are_the_exact_passages_in_order_with_their_place(
    pipeline: Pipeline, index: Index, documents: tuple[Document, ...]
) -> None:
    hits = pipeline.search(QUESTION, index).hits
    found = retriever(pipeline, index).retrieve(QUESTION)
    assert [one.node.get_content() for one in found] == [hit.chunk.text for hit in hits] and len(found) > 1
    assert [one.score for one in found] == [hit.score for hit in hits]
    texts = {document.name: document.text for document in documents}
    for one in found:
        about = one.node.metadata
        assert texts[about["document"]][one.node.start_char_idx : one.node.end_char_idx] == one.node.text
        assert one.node.get_content("llm") == one.node.get_content("embed") == one.node.text
    assert asyncio.run(retriever(pipeline, index).aretrieve(QUESTION))[0].node.text == found[0].node.text
    only = Filter(documents=("policy_cgm.md",))
    assert {one.node.metadata["document"] for one in retriever(pipeline, index, only).retrieve(QUESTION)} == {"policy_cgm.md"}
