"""One patient's scope holds whatever the settings are, and whoever asks at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.artifacts import Artifacts
from rag.embed.hashing import Hashing
from rag.expand import Expander
from rag.index.base import Index
from rag.pipeline import Pipeline
from rag.rerank import Reranker
from rag.retrieve import Retriever
from rag.stage import Stage, options
from rag.values import Answer, Document, Filter

ABOUT = "Seen for a cough. Dose of peritol raised to {dose} mg. The {word} sign was noted, and {word} tablets were stopped."
WORDS = {"P-01": "quillmoor", "P-02": "zarbeth", "P-03": "ombrix"}
STAGES = [
    pytest.param(name, stage, id=f"{name} {kind}")
    for name, union in (("expand", Expander), ("retrieve", Retriever), ("rerank", Reranker))
    for kind, stage in options(union).items()
    if not {"model", "provider", "source"} & set(stage.model_fields)
]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [
        Document(f"{patient}-{number}.txt", ABOUT.format(dose=10 * number, word=word), patient=patient, date=f"2024-0{number}-01")
        for patient, word in WORDS.items()
        for number in range(1, 6)
    ]


@pytest.fixture(scope="module")
def artifacts() -> Artifacts:
    return Artifacts()


def seen(answer: Answer) -> str:
    """All the text of documents that a reader of an answer sees."""
    prompt = "".join(message.content for message in answer.prompt.messages)
    passages = "".join(hit.chunk.indexed for hit in (*answer.hits, *answer.found))
    return f"{answer.text}{prompt}{passages}{answer.query}".lower()


@pytest.mark.parametrize(("name", "stage"), STAGES)
def test_nothing_of_another_patient_is_seen_whatever_the_settings(
    name: str, stage: type[Stage], documents: list[Document], artifacts: Artifacts
) -> None:
    chosen = {"embed": Hashing(), "expand": options(Expander)["feedback"](), name: stage()}
    try:
        pipeline = Pipeline.model_validate({part: value.model_dump() for part, value in chosen.items()})
    except ValueError:
        pytest.skip("needs an embedder with token vectors")
    index = pipeline.prepare(documents, artifacts)
    for patient in WORDS:
        for question in ("Which dose of peritol, and which sign was noted?", "zarbeth quillmoor ombrix tablets stopped"):
            answer = pipeline.ask(question, index, Filter(patients=(patient,)))
            assert {index.documents[hit.chunk.span.document].patient for hit in answer.found} <= {patient}
            shown = seen(answer).replace(question.lower(), "")
            assert not [word for other, word in WORDS.items() if other != patient and word in shown]


def test_many_at_once_get_what_each_would_get_alone(documents: list[Document], artifacts: Artifacts) -> None:
    pipelines = [
        Pipeline.model_validate({"embed": {"kind": "hashing"}, name: {"kind": kind}})
        for name, kinds in (("retrieve", ("terms", "dense", "convex")), ("chunk", ("words", "sentences")))
        for kind in kinds
    ]
    jobs = [(pipeline, patient) for pipeline in pipelines for patient in WORDS] * 4

    def asked(job: tuple[Pipeline, str]) -> tuple[str, tuple[str, ...]]:
        pipeline, patient = job
        index: Index = pipeline.prepare(documents, artifacts)
        answer = pipeline.ask("Which dose of peritol was given?", index, Filter(patients=(patient,)))
        return answer.text, tuple(hit.chunk.span.document for hit in answer.hits)

    alone = [asked(job) for job in jobs]
    with ThreadPoolExecutor(10) as crowd:
        assert list(crowd.map(asked, jobs)) == alone
