"""Answers by a chat model, through the whole pipeline: text and JSON, wrong citations, repair, what failed and what it took."""

import json
from typing import Any

import pytest

from rag.errors import ModelProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.answer.chat import Chat
from rag.stages.answer.claims import claim_of, claims_of
from rag.stages.answer.structured import INSTRUCTION, Structured, repair, structured
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.prompt import Plain
from rag.stages.verify import Quotations
from rag.values import Answer, Chunk, Hit, Message, Prompt, Span
from tests.fake_server import Script, Server

QUESTION = "Which dose of torsemide was given at discharge?"


def chat(server: Server, model: str = "good", **settings: Any) -> Chat:
    return Chat(**{"model": model, "base_url": server.url, "retries": 0, "timeout": 30.0, **settings})


def asked(index: Index, answer: Chat, question: str = QUESTION) -> tuple[Answer, str]:
    parts: list[str] = []
    made = Pipeline(embed=Hashing(), answer=answer).ask(question, index, stream=parts.append)
    return made, "".join(parts)


@pytest.mark.parametrize("form", ["text", "structured"])
def test_an_answer_cites_passages_and_says_what_it_took(form: str, server: Server, index: Index) -> None:
    model = "structured" if form == "structured" else "good"
    answer, streamed = asked(index, chat(server, model, form=form, price_out=10.0))
    assert answer.claims and not answer.refused and answer.text == streamed.strip() and answer.notice == ""
    for number, claim in enumerate(answer.claims, 1):
        (cited,) = claim.citations
        assert cited.source == number and "[" not in claim.text
        assert index.documents[cited.span.document].text[cited.span.start : cited.span.end] == cited.quote
    assert list(answer.usage) == ["answer"]
    usage = answer.usage["answer"]
    assert (usage.calls, usage.counted) == (1, True)
    assert usage.cost == pytest.approx(usage.received * 10 / 1_000_000)


def test_text_streams_word_by_word(server: Server, index: Index) -> None:
    parts: list[str] = []
    Pipeline(embed=Hashing(), answer=chat(server)).ask(QUESTION, index, stream=parts.append)
    assert len([part for part in parts if part]) > 5


@pytest.mark.parametrize("form", ["text", "structured"])
def test_the_prompt_shown_is_byte_for_byte_what_is_sent(form: str, server: Server, index: Index) -> None:
    answer, _ = asked(index, chat(server, "structured", form=form))
    sent = [(one["role"], one["content"]) for one in server.seen.bodies[0]["messages"]]
    assert sent == [(one.role, one.content) for one in answer.prompt.messages]
    assert answer.prompt.messages[-1].content.endswith(INSTRUCTION) == (form == "structured")
    stage = chat(server, form="structured")
    assert stage.phrased(answer.prompt) == stage.phrased(stage.phrased(answer.prompt))


def test_a_source_that_was_not_given_is_a_wrong_citation(server: Server, index: Index) -> None:
    answer, _ = asked(index, chat(server, "wrong-citations"))
    (wrong,) = answer.withheld
    assert wrong.supported is False and wrong.citations == () and wrong.text not in answer.text
    assert wrong.reason == f"cites source 9, but {len(answer.prompt.sources)} were given"
    assert answer.claims and all(claim.citations for claim in answer.claims)


def test_json_of_any_make_is_read_and_its_wrong_sources_are_wrong_citations(server: Server, index: Index) -> None:
    answer, _ = asked(index, chat(server, "wild", form="structured"))
    assert [claim.text for claim in answer.withheld] == ["It rained.", "No source."]
    first, second = answer.withheld
    assert [cited.source for cited in first.citations] == [1, 2] and first.supported is False and "source 9" in first.reason
    assert second.supported is False and second.reason == "cites no source"
    assert server.seen.calls["wild"] == 1


def test_json_that_cannot_be_read_is_mended_once_with_the_error_sent_back(server: Server, index: Index) -> None:
    answer, _ = asked(index, chat(server, "mends", form="structured"))
    assert "mended" in answer.notice and answer.claims[0].citations
    _, second = server.seen.bodies
    said, mend = second["messages"][-2:]
    assert said["role"] == "assistant" and mend["content"].startswith("Your answer could not be read: it is not valid JSON")
    assert answer.usage["answer"].calls == 2


def test_what_cannot_be_mended_is_read_as_text(server: Server, index: Index) -> None:
    answer, streamed = asked(index, chat(server, "never-mends", form="structured"))
    assert server.seen.calls["never-mends"] == 2
    assert "(it holds no JSON)" in answer.notice and "read as text" in answer.notice
    assert answer.text == streamed.strip() and [claim.citations[0].source for claim in answer.claims] == [1, 2]


def test_a_server_that_fails_while_mending_loses_nothing(server: Server, index: Index) -> None:
    once = chat(server, "never-mends", form="structured")
    prompt = Pipeline(embed=Hashing(), answer=once).ask(QUESTION, index).prompt
    size = once._check_fits(prompt.messages)
    answer, _ = asked(index, chat(server, "never-mends", form="structured", context=size + 140, max_tokens=128))
    assert "mending failed: Not sent: the prompt has about" in answer.notice and answer.claims


def test_a_server_that_takes_no_schema_is_asked_in_words(server: Server, index: Index) -> None:
    answer, _ = asked(index, chat(server, "no-schema", form="structured"))
    assert answer.claims[0].citations and answer.notice == "" and answer.usage["answer"].calls == 1


def test_an_answer_without_a_sentence_is_a_refusal_that_says_why(server: Server, index: Index) -> None:
    answer, streamed = asked(index, chat(server, "missing", form="structured"))
    assert answer.refused and answer.claims == () and answer.text == streamed == ""
    assert answer.notice == "The model says what is missing: the sources say nothing of torsemide by mouth"


@pytest.mark.parametrize("form", ["text", "structured"])
def test_a_refusal_in_a_field_of_its_own_is_shown_and_said(form: str, server: Server, index: Index) -> None:
    server.script = Script([{"refusal": "I cannot help "}, {"refusal": "with that."}])
    answer, streamed = asked(index, chat(server, "scripted", form=form))
    assert answer.refused and answer.claims == () and answer.text == streamed == "I cannot help with that."
    assert "declined to answer" in answer.notice


@pytest.mark.parametrize(("ending", "said"), [("content_filter", "content filter"), ("abort", 'ended the answer with "abort"')])
def test_an_answer_that_is_stopped_on_the_way_says_why(ending: str, said: str, server: Server, index: Index) -> None:
    server.script = Script(["Torsemide 40 mg daily [1]. Do not"], ending)
    answer, _ = asked(index, chat(server, "scripted"))
    assert said in answer.notice and answer.claims


def test_what_is_not_answered_in_words_is_missing_and_no_statement(server: Server, index: Index) -> None:
    server.script = Script(["Torsemide 40 mg daily [1]. The sources do not mention who ordered it."])
    answer, _ = asked(index, chat(server, "scripted"))
    assert answer.outcome == "partial" and answer.missing == ("The sources do not mention who ordered it",)
    assert [claim.text for claim in answer.claims] == ["Torsemide 40 mg daily."]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("long", "cut off at 1,024 tokens"),
        ("quiet", "may be cut off"),
        ("cut-off", "may be cut off"),
        ("thinking", ""),
        ("forgetful", "may have dropped"),
    ],
)
def test_an_answer_that_may_not_be_whole_says_so(model: str, said: str, server: Server, index: Index) -> None:
    answer, streamed = asked(index, chat(server, model))
    assert said in answer.notice and bool(said) == bool(answer.notice)
    assert (answer.claims or answer.withheld) and "think" not in streamed


@pytest.mark.parametrize("form", ["text", "structured"])
@pytest.mark.parametrize(
    "model", ["401", "429", "500", "rubbish", "wrong-type", "redirect", "empty", "error-midway", "busy-long"]
)
def test_a_failing_server_is_a_problem_with_its_name_and_no_document_text(
    form: str, model: str, server: Server, index: Index
) -> None:
    with pytest.raises(ModelProblem, match=f"^{model} at http") as problem:
        asked(index, chat(server, model, form=form))
    assert not any(word in str(problem.value) for word in ("Torsemide", "furosemide", "P-9001", "clinic"))


def test_a_prompt_that_does_not_fit_is_said_with_both_numbers_before_it_is_sent(server: Server, index: Index) -> None:
    with pytest.raises(ModelProblem, match=r"Not sent: the prompt has about \d+ tokens .* holds 200 \(context\)\. Lower"):
        asked(index, chat(server, context=200, max_tokens=100))
    assert not server.seen.bodies


def test_without_a_passage_no_model_is_asked(server: Server) -> None:
    pipeline = Pipeline(embed=Hashing(), answer=chat(server, form="structured"))
    answer = pipeline.ask(QUESTION, pipeline.prepare([], Artifacts()))
    assert answer.refused and "no model was asked" in answer.notice and not server.seen.bodies and answer.usage == {}


def test_a_plain_prompt_without_system_text_works_too(server: Server, index: Index) -> None:
    every = Quotations(withhold="nothing")  # Its sources have no numbers that could be cited.
    pipeline = Pipeline(embed=Hashing(), answer=chat(server, "structured", form="structured"), prompt=Plain(), verify=every)
    assert pipeline.ask(QUESTION, index).claims
    assert [one["role"] for one in server.seen.bodies[0]["messages"]] == ["user"]


TEXT = "Torsemide 40 mg daily. The chest is clear."


@pytest.fixture
def prompt(index: Index) -> Prompt:
    """A prompt with two sources of the discharge summary."""
    document = next(iter(index.documents.values()))
    spans = (Span(document.name, 0, 80), Span(document.name, 80, 200))
    hits = tuple(Hit(Chunk(span, document.text[span.start : span.end]), 1.0) for span in spans)
    return Prompt("?", (Message("user", "?"),), hits, 1)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("One [1]. Two [2].", [("One.", [1], None), ("Two.", [2], None)]),
        ("One. [1][2] Two. [2]", [("One.", [1, 2], None), ("Two.", [2], None)]),
        ("One [1, 2; 1].", [("One.", [1, 2], None)]),
        ("One [Source 1]. Two【2】.", [("One.", [1], None), ("Two.", [2], None)]),
        ("One [3]. Two [0]. Three [1][7].", [("One.", [], False), ("Two.", [], False), ("Three.", [1], False)]),
        ("One.", [("One.", [], False)]),
        ("[1]", []),
        ("...", []),
    ],
)
def test_statements_and_their_marks(
    text: str, given: list[tuple[str, list[int], bool | None]], prompt: Prompt, index: Index
) -> None:
    claims = list(claims_of(text, prompt, index))
    assert [(claim.text, [one.source for one in claim.citations], claim.supported) for claim in claims] == given


def test_numbers_of_any_size_are_wrong_citations(prompt: Prompt, index: Index) -> None:
    claim = claim_of("One.", [-1, 10**12, 1], prompt, index)
    assert claim.supported is False and [one.source for one in claim.citations] == [1]
    assert claim.reason == "cites source -1, 10000000, but 2 were given"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"sentences": [{"text": "One.", "sources": [1, "2", 2.0]}], "missing": ""}, [("One.", (1, 2))]),
        ({"answer": {"sentences": [{"text": "One."}]}}, [("One.", ())]),
        ([{"sentence": "One [2].", "source": 1}, "Two [1]"], [("One.", (1, 2)), ("Two", (1,))]),
        ({"claims": [{"claim": "One.", "citations": [{"source": 3}]}]}, [("One.", (3,))]),
        ({"sentences": [{"text": " ", "sources": []}, {"text": "One\n two", "sources": "[1], [2]"}]}, [("One two", (1, 2))]),
    ],
)
def test_json_is_read_with_patience(written: Any, read: list[tuple[str, tuple[int, ...]]]) -> None:
    assert list(structured(json.dumps(written)).sentences) == read


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("no", "it holds no JSON"),
        ('{"sentences": [', "it is not valid JSON"),
        ("{}", 'it has no list "sentences"'),
        ('{"sentences": 3}', 'it has no list "sentences"'),
        ('{"sentences": [], "missing": ""}', "is empty"),
        ('{"sentences": [{"sources": [1]}]}', 'sentence 1 has no "text"'),
        ('{"sentences": [{"text": "One.", "sources": ["two"]}]}', 'the "sources" of sentence 1 are not numbers'),
        ('{"sentences": [{"text": "One.", "sources": [true]}]}', 'the "sources" of sentence 1 are not numbers'),
        ('{"sentences": [{"text": "One.", "sources": [1e999]}]}', 'the "sources" of sentence 1 are not numbers'),
    ],
)
def test_what_cannot_be_read_is_said_in_words_for_the_model(written: str, said: str) -> None:
    with pytest.raises(ValueError) as fault:
        structured(written)
    assert said in str(fault.value) and said in repair(str(fault.value))


def test_sentences_are_shown_with_their_numbers() -> None:
    assert Structured((("One.", (1, 3)), ("Two.", ()))).text == "One. [1][3]\nTwo."
