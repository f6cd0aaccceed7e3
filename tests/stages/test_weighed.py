"""A statement is weighed against what it cites and what stands beside it: wrong citations, spare ones, and the opposite."""

from rag.keep.artifacts import Artifacts
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.verify import Facts
from rag.values import Citation, Claim, Document, Span

NOTES = {
    "ward.txt": "Seen on the ward. Bisoprolol 2.5 mg once daily was begun for fast atrial fibrillation. The left knee hurts.",
    "clinic.txt": "Seen in clinic. Bisoprolol 10 mg once daily was begun for fast atrial fibrillation. Sleeps well.",
    "letter.txt": "Bisoprolol was begun at 2.5 mg daily for her atrial fibrillation, which was fast.",
    "other.txt": "The ferry leaves at nine. Tickets are sold on board.",
}
INDEX = Index({name: Document(name, text) for name, text in NOTES.items()}, (), None, True, None, None, Hashing(), Artifacts())
SAID = "For fast atrial fibrillation, bisoprolol 2.5 mg was started, to be taken every day."


def whole(*names: str) -> tuple[Citation, ...]:
    return tuple(Citation(Span(name, 0, len(NOTES[name])), NOTES[name], None, at) for at, name in enumerate(names, 1))


def verified(text: str, cited: tuple[int, ...], *names: str) -> Claim:
    sources = whole(*names)
    (claim,) = Facts()([Claim(text, tuple(sources[number - 1] for number in cited))], INDEX, sources)
    return claim


def test_a_statement_is_carried_by_the_whole_source_that_it_cites_and_its_words_have_their_places() -> None:
    claim = verified(SAID, (1,), "ward.txt")
    assert (claim.supported, claim.verdict) == (True, "supported")
    dose = next(one for one in claim.reasons if one.check == "dose")
    assert claim.text[slice(*dose.said)] == "2.5 mg" and dose.source
    assert NOTES[dose.source.document][dose.source.start : dose.source.end] == "2.5 mg"


def test_places_are_right_where_several_passages_are_cited() -> None:
    claim = verified(SAID, (1, 2), "other.txt", "ward.txt")
    dose = next(one for one in claim.reasons if one.check == "dose" and one.source)
    assert dose.source == Span("ward.txt", NOTES["ward.txt"].index("2.5 mg"), NOTES["ward.txt"].index("2.5 mg") + 6)


def test_what_another_source_carries_is_a_wrong_citation_and_no_lie() -> None:
    claim = verified(SAID, (1,), "other.txt", "ward.txt")
    assert (claim.supported, claim.verdict) == (False, "wrong citation")
    assert [one.span.document for one in claim.elsewhere] == ["ward.txt"] and "source 2" in claim.reason
    assert "2.5 mg" in claim.elsewhere[0].quote and len(claim.elsewhere[0].quote) < len(NOTES["ward.txt"])


def test_the_fewest_citations_that_carry_a_statement_are_kept_and_the_others_are_spare() -> None:
    claim = verified(SAID, (1, 2, 3), "other.txt", "ward.txt", "letter.txt")
    assert claim.supported and [one.spare for one in claim.citations] == [True, False, True]
    copied = verified("Sleeps well.", (1, 2), "ward.txt", "clinic.txt")
    assert copied.supported and [one.spare for one in copied.citations] == [True, False]


def test_a_passage_that_says_the_opposite_is_told_with_its_sentence() -> None:
    claim = verified(SAID, (1,), "ward.txt", "clinic.txt", "other.txt")
    assert claim.supported and [one.span.document for one in claim.against] == ["clinic.txt"]
    assert claim.against[0].quote == "Bisoprolol 10 mg once daily was begun for fast atrial fibrillation."
    denied = next(one for one in claim.reasons if one.verdict == "contradicted")
    assert denied.source and NOTES["clinic.txt"][denied.source.start : denied.source.end] == "10 mg"


def test_what_is_cited_and_says_otherwise_contradicts() -> None:
    claim = verified(SAID, (1,), "clinic.txt")
    assert (claim.supported, claim.verdict, claim.against) == (False, "contradicted", ())


def test_passages_of_other_people_are_not_looked_at() -> None:
    documents = {**INDEX.documents, "clinic.txt": Document("clinic.txt", NOTES["clinic.txt"], patient="P-9")}
    sources = whole("ward.txt", "clinic.txt")
    index = Index(documents, (), None, True, None, None, Hashing(), Artifacts())
    (claim,) = Facts()([Claim(SAID, sources[:1])], index, sources)
    assert claim.against == ()


def test_a_statement_that_no_source_is_about_is_neither_wrongly_cited_nor_denied() -> None:
    claim = verified("The patient plays the trombone.", (1,), "ward.txt", "clinic.txt")
    assert claim.verdict in ("not judged", "not supported") and not claim.elsewhere and not claim.against
