"""Verifiers: a quotation is looked up at its place; other words are judged by numbers and terms, and meaning is left open."""

from collections.abc import Sequence
from typing import Any

import pytest

from rag.clinical.assertions import assertions
from rag.clinical.sections import sections
from rag.keep.artifacts import Artifacts
from rag.stage import options
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.verify import Overlap, Quotations, Verifier
from rag.values import Citation, Claim, Document, Span

TEXT = "Zalumide 2.5 mg twice daily was started.  Peritol was\nstopped because of a rash. Creatinine fell from 2.1 to 1,480."
INDEX = Index({"a.txt": Document("a.txt", TEXT)}, (), None, True, None, None, Hashing(), Artifacts())
DOSE, STOP, FALL = TEXT[:40], TEXT[42:83], TEXT[84:]
VERIFIERS = [pytest.param(stage, id=kind) for kind, stage in options(Verifier).items()]


def cited(quote: str, name: str = "a.txt", moved: int = 0) -> Citation:
    start = TEXT.index(quote) + moved
    return Citation(Span(name, start, start + len(quote)), quote, None, 1)


def judged(verifier: Any, text: str, quotes: Sequence[str | Citation]) -> tuple[bool | None, str]:
    citations = tuple(cited(quote) if isinstance(quote, str) else quote for quote in quotes)
    (claim,) = verifier([Claim(text, citations)], INDEX)
    assert (claim.text, claim.citations) == (text, citations)
    return claim.supported, claim.reason


@pytest.mark.parametrize("stage", VERIFIERS)
@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        (DOSE, [DOSE]),
        ("Peritol was stopped because of a rash", [STOP]),
        ("“peritol WAS stopped”", [STOP]),
        ("twice daily", [STOP, DOSE]),
        ("from 2.1 to 1,480.", [FALL]),
    ],
)
def test_a_statement_that_stands_in_its_cited_passage_is_supported(stage: Any, text: str, quotes: list[str]) -> None:
    assert judged(stage(), text, quotes) == (True, "word for word in the source")


@pytest.mark.parametrize("stage", VERIFIERS)
@pytest.mark.parametrize(
    ("text", "quote"),
    [("5 mg twice daily", DOSE), ("fell from 2", FALL), ("from 2.1 to 1", FALL), ("umide 2.5 mg", DOSE), ("", DOSE)],
)
def test_a_part_of_a_number_or_of_a_word_is_not_word_for_word(stage: Any, text: str, quote: str) -> None:
    assert judged(stage(), text, [quote])[0] is not True


@pytest.mark.parametrize("stage", VERIFIERS)
@pytest.mark.parametrize(
    "citation",
    [
        cited(DOSE, moved=1),
        cited(DOSE, name="gone.txt"),
        Citation(Span("a.txt", 0, 8), "Peritol!", None, 1),
        Citation(Span("a.txt", 5000, 5008), "Zalumide", None, 1),
    ],
    ids=["one character off", "another document", "another text", "behind the end"],
)
def test_a_quotation_that_is_not_at_its_place_makes_the_statement_wrong(stage: Any, citation: Citation) -> None:
    expected = (False, "the quotation is not at the cited place")
    assert judged(stage(), citation.quote, [citation]) == expected
    assert judged(stage(), STOP, [STOP, citation]) == expected


@pytest.mark.parametrize("stage", VERIFIERS)
def test_a_statement_without_a_source_is_wrong(stage: Any) -> None:
    assert judged(stage(), DOSE, []) == (False, "cites no source")


@pytest.mark.parametrize("stage", VERIFIERS)
def test_a_verdict_of_the_answerer_is_not_overruled_and_the_order_stays(stage: Any) -> None:
    wrong = Claim(DOSE, (cited(DOSE),), False, "cites source 9, but 1 were given")
    claims = stage()([Claim(STOP, (cited(STOP),)), wrong, Claim(FALL, (cited(FALL),))], INDEX)
    assert [claim.text for claim in claims] == [STOP, DOSE, FALL]
    assert claims[1] == wrong and claims[0].supported and claims[2].supported
    assert stage()([], INDEX) == ()


def test_quotations_leave_other_words_open() -> None:
    assert judged(Quotations(), "Peritol ended with a rash.", [STOP]) == (None, "in other words, not judged")


@pytest.mark.parametrize(
    ("text", "quotes", "absent"),
    [
        ("Zalumide 5 mg twice daily was begun.", [DOSE], "5"),
        ("Zalumide 25 mg twice daily was begun.", [DOSE], "25"),
        ("Zalumide was begun at 2.5 mg, creatinine was 2.1.", [DOSE], "2.1"),
        ("Creatinine fell to 1.", [FALL], "1"),
    ],
)
def test_a_number_that_is_not_in_the_cited_passages_makes_the_statement_wrong(text: str, quotes: list[str], absent: str) -> None:
    assert judged(Overlap(share=0.0), text, quotes) == (False, f"the number {absent} is not in the cited passage")


def test_numbers_may_stand_in_any_of_the_cited_passages() -> None:
    supported, reason = judged(Overlap(share=0.5), "Zalumide 2.5 mg was started as creatinine fell from 2.1.", [DOSE, FALL])
    assert supported is None and "not judged" in reason


@pytest.mark.parametrize(("share", "expected"), [(0.0, None), (0.5, None), (0.51, False), (1.0, False)])
def test_enough_terms_must_stand_in_the_cited_passage_worked_by_hand(share: float, expected: bool | None) -> None:
    # Of the terms peritol, end, due and rash the passage holds the first and the last; "of" and "a" are no terms.
    supported, reason = judged(Overlap(share=share), "Peritol ended due to a rash.", [STOP])
    assert supported is expected
    assert reason.startswith("50% of its terms are in the cited passage")


def test_other_words_are_never_called_supported() -> None:
    for text in ("Rash: because stopped peritol.", "Peritol was not stopped because of a rash."):
        assert judged(Overlap(share=0.0), text, [STOP])[0] is None


@pytest.mark.parametrize("stage", VERIFIERS)
@pytest.mark.parametrize(
    ("note", "quote", "text", "supported", "says"),
    [
        ("She denies chest pain on exertion.", "chest pain on exertion", "chest pain on exertion", False, "denies it"),
        ("She denies chest pain on exertion.", "", "She denies chest pain on exertion.", True, "word for word"),
        ("CT shows possible pneumonia in the left base.", "", "pneumonia in the left base", None, "not certain (cue “possible”)"),
        ("CT shows possible pneumonia in the left base.", "", "possible pneumonia in the left base", True, ""),
        ("Mother had breast cancer at 52.", "", "breast cancer at 52", None, "about a relative (cue “mother”)"),
        ("History of gout and a hip fracture.", "", "gout and a hip fracture", None, "of the past (cue “history of”)"),
        ("Will start apixaban on Monday.", "", "apixaban on Monday", None, "planned"),
        ("Past medical history:\nGout. Asthma.\n", "Gout.", "Gout.", True, "of the past (section “Past medical history”)"),
        ("She has asthma and takes salbutamol.", "", "takes salbutamol", True, ""),
    ],
)
def test_a_quotation_that_leaves_out_the_cue_of_its_sentence_is_not_called_a_copy(
    stage: Any, note: str, quote: str, text: str, supported: bool | None, says: str
) -> None:
    claim = in_note(stage(), note, text, quote or note)
    assert claim.supported is supported
    assert says in claim.reason


@pytest.mark.parametrize(
    ("note", "text", "supported", "says"),
    [
        ("The patient denies chest pain and fever.", "The patient has chest pain and fever.", False, "denies"),
        ("The patient denies chest pain and fever.", "The patient has no chest pain or fever.", None, "not judged"),
        ("Takes metformin daily. No diabetes complications.", "Takes metformin daily for diabetes.", None, "not judged"),
        ("Her mother had colon cancer.", "The patient has colon cancer.", None, "about a relative"),
        ("Possible left basal pneumonia.", "There is a left basal pneumonia.", None, "not certain"),
    ],
)
def test_other_words_are_doubted_where_the_passage_has_them_under_a_cue(
    note: str, text: str, supported: bool | None, says: str
) -> None:
    claim = in_note(Overlap(share=0.3), note, text, note)
    assert claim.supported is supported and says in claim.reason


def in_note(verifier: Any, note: str, text: str, quote: str) -> Claim:
    parts = sections(note)
    document = Document("n.txt", note, sections=parts, assertions=assertions(note, parts))
    index = Index({"n.txt": document}, (), None, True, None, None, Hashing(), Artifacts())
    start = note.index(quote)
    (claim,) = verifier([Claim(text, (Citation(Span("n.txt", start, start + len(quote)), quote, None, 1),))], index)
    assert isinstance(claim, Claim)
    return claim
