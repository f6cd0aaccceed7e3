"""Quote: it chooses sentences of the sources, cites each, never writes a word of its own, and refuses with a reason."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.load import read_file
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.pipeline.steps import drained
from rag.stages.answer.base import citation
from rag.stages.answer.quote import Quote
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.reader.coverage import Asked, confidence
from rag.stages.refuse import Refuser
from rag.stages.refuse.evidence import Evidence
from rag.stages.refuse.never import Never
from rag.stages.retrieve import Terms
from rag.values import Document, File

QUESTIONS = [
    "Which dose of torsemide was given at discharge?",
    "Why was lisinopril stopped?",
    "How large is the nodule in the right upper lobe?",
    "When is a continuous glucose monitor medically necessary?",
    "Which tier is Ostravan on the formulary?",
]
WORDS = "torsemide dose nodule monitor insulin covered creatinine apixaban tier when why how not lobe kidney zebra".split()


def ask(question: str, index: Index, quote: Quote | None = None, refuse: Refuser | None = None) -> tuple[list[str], Pipeline]:
    pipeline = Pipeline(embed=Hashing(), answer=quote or Quote(), refuse=refuse or Evidence())
    return [claim.text for claim in pipeline.ask(question, index).claims], pipeline


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_claim_is_an_exact_slice_with_its_citation(question: str, pipeline: Pipeline, index: Index) -> None:
    answer = pipeline.ask(question, index)
    assert answer.claims
    for claim in answer.claims:
        (cited,) = claim.citations
        text = index.documents[cited.span.document].text
        assert claim.text == cited.quote == text[cited.span.start : cited.span.end]
        source = answer.prompt.sources[cited.source - 1].chunk.span
        assert source.document == cited.span.document
        assert source.start <= cited.span.start < cited.span.end <= source.end
        assert claim.supported is True


@given(question=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join))
def test_no_answer_holds_a_word_that_is_not_the_sources(question: str, pipeline: Pipeline, index: Index) -> None:
    answer = pipeline.ask(question, index)
    lines = answer.text
    for claim in answer.claims:
        assert any(claim.text in document.text for document in index.documents.values())
        lines = lines.replace(claim.text, "", 1)
    assert not lines.strip()
    assert answer.refused == (not answer.claims)
    if answer.refused:
        assert answer.notice, "a refusal says why"


@given(question=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join))
def test_no_stretch_of_text_is_quoted_twice(question: str, pipeline: Pipeline, index: Index) -> None:
    spans = [cited.span for claim in pipeline.ask(question, index).claims for cited in claim.citations]
    for one, other in itertools.combinations(spans, 2):
        assert one.document != other.document or one.end <= other.start or other.end <= one.start


@pytest.mark.parametrize("question", ["Who won the football championship?", "zebra", "xyzzy plugh", "?"])
def test_an_unrelated_question_is_refused_with_the_words_that_are_missing(
    question: str, pipeline: Pipeline, index: Index
) -> None:
    answer = pipeline.ask(question, index)
    assert answer.refused and answer.text == "" and answer.claims == ()
    assert answer.notice.startswith("The evidence is too weak to answer from.")
    if question != "?":
        assert question.rstrip("?").split()[-1] in answer.missing
    assert answer.confidence < pipeline.refuse.below  # type: ignore[union-attr]


def test_a_related_question_counts_as_surer_than_an_unrelated_one(pipeline: Pipeline, index: Index) -> None:
    sure = pipeline.ask(QUESTIONS[0], index).confidence
    unsure = pipeline.ask("Who won the football championship?", index).confidence
    assert 0.0 <= unsure < 0.25 < sure <= 1.0


def test_with_the_bar_at_nought_nothing_found_is_refused_for_lack_of_confidence(index: Index) -> None:
    assert ask("Who won the football championship of the lung?", index, refuse=Evidence(below=0.0))[0]


def test_with_the_bar_at_one_everything_is_refused(index: Index) -> None:
    assert ask(QUESTIONS[0], index, refuse=Evidence(below=1.0))[0] == []


@pytest.mark.parametrize("most", [1, 2, 20])
def test_no_more_statements_than_allowed(most: int, index: Index) -> None:
    found, _ = ask("creatinine torsemide nodule monitor covered", index, Quote(most=most, closeness=0.0), Never())
    assert 1 <= len(found) <= most


def test_a_higher_closeness_only_leaves_out_the_last_statements(index: Index) -> None:
    answers = [ask(QUESTIONS[1], index, Quote(most=20, closeness=at / 10), Never())[0] for at in range(11)]
    for loose, strict in itertools.pairwise(answers):
        assert loose[: len(strict)] == strict
    assert len(answers[-1]) >= 1


@pytest.mark.parametrize("question", ["Anything?", "torsemide 40 mg"])
def test_an_empty_index_is_refused_without_a_crash(question: str, pipeline: Pipeline) -> None:
    answer = pipeline.ask(question, pipeline.prepare([], Artifacts()))
    assert answer.refused and answer.hits == () and answer.confidence == 0.0
    assert answer.notice


@pytest.mark.parametrize("retrieve", [None, Terms()], ids=["default", "terms"])
@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("Torsemide 40 mg by mouth daily.", "Which torsemide dose daily?", "Torsemide 40 mg by mouth daily."),
        ("ALLERGIES: penicillin (rash).", "penicillin rash allergies", None),
        ("Penicillin rash.", "penicillin rash", None),
    ],
    ids=["one sentence", "a short one under a heading", "a very short one"],
)
def test_a_document_of_one_sentence_answers_or_says_why_not(
    retrieve: Terms | None, text: str, question: str, expected: str | None
) -> None:
    pipeline = Pipeline(embed=Hashing(), **({"retrieve": retrieve} if retrieve else {}))
    documents = read_file(File("a.txt", text.encode()))
    answer = pipeline.ask(question, pipeline.prepare(documents, Artifacts()))
    assert answer.hits, "the only passage shares all words of the question"
    assert answer.text == expected if expected else (answer.claims or answer.notice)


def test_headings_and_questions_of_the_text_are_not_quoted(pipeline: Pipeline) -> None:
    text = "# Torsemide dose after heart failure discharge\n\nWhich torsemide dose is right? The torsemide dose is 40 mg daily.\n"
    other = "The weather in the invented town was mild and the patient walked to the clinic.\n"
    documents = (*read_file(File("a.md", text.encode())), *read_file(File("b.txt", other.encode())))
    answer = pipeline.ask("torsemide dose after heart failure discharge", pipeline.prepare(documents, Artifacts()))
    assert [claim.text for claim in answer.claims] == ["The torsemide dose is 40 mg daily."]


def test_a_citation_names_the_page_of_its_text(index: Index) -> None:
    from rag.values import Chunk, Hit, Page, Span

    text = "First page.\nSecond page.\n"
    document = Document("a.pdf", text, pages=(Page(1, "i", 0, 12), Page(2, "1", 12, 25)))
    paged = Index({"a.pdf": document}, [], None, True, None, None, Hashing(), Artifacts())
    hit = Hit(Chunk(Span("a.pdf", 0, 25), text), 1.0)
    found = citation(hit, 3, paged, 12, 24)
    assert (found.quote, found.page, found.source) == ("Second page.", 2, 3)


def test_coverage_worked_by_hand() -> None:
    asked = Asked({"torsemid": 3.0, "dose": 1.0})
    assert asked.coverage(["torsemid", "daili"]) == 0.75
    assert asked.coverage([]) == 0.0
    assert Asked({}).coverage(["dose"]) == 0.0


def test_confidence_without_hits_is_nought(index: Index) -> None:
    assert confidence(Asked.of("torsemide", index), [], index, "torsemide") == 0.0


def test_question_terms_are_weighed_by_how_well_they_tell_the_sentences_apart() -> None:
    asked = Asked({"hepcidin": 2.0, "liver": 2.0, "organ": 1.0}).among([{"hepcidin", "liver"}, {"hepcidin"}, {"hepcidin"}])
    assert asked.weights["liver"] == pytest.approx(2.0 * math.log(4 / 1.5))
    assert asked.weights["hepcidin"] == pytest.approx(2.0 * math.log(4 / 3.5))
    assert asked.weights["organ"] == 0.0
    assert Asked({"organ": 1.0}).among([]).coverage(["organ"]) == 0.0


def test_another_name_counts_where_terms_are_weighed_among_sentences() -> None:
    asked = Asked({"ptt": 1.0}, {"ptt": (frozenset({"partial", "thromboplastin"}),)})
    assert asked.among([{"partial", "thromboplastin"}, {"partial"}]).weights["ptt"] == pytest.approx(math.log(3 / 1.5))


def test_pairs_of_terms_worked_by_hand() -> None:
    asked = Asked({"torsemid": 3.0, "dose": 1.0, "daili": 2.0})
    assert asked.together(["torsemid", "dose"]) == 0.5
    assert asked.together(["dose", "torsemid"]) == 0.0
    assert Asked({"dose": 1.0}).together(["dose"]) == 0.0


def quoted(text: str, question: str, **settings: float) -> list[str]:
    """What is quoted from one invented document beside another, best first, with terms alone."""
    other = "The weather in the invented town was mild and people walked to the market.\n"
    documents = (*read_file(File("a.txt", text.encode())), *read_file(File("b.txt", other.encode())))
    pipeline = Pipeline(embed=Hashing(), refuse=Never(), answer=Quote(closeness=0.0, **settings))
    return [claim.text for claim in pipeline.ask(question, pipeline.prepare(documents, Artifacts())).claims]


def test_a_sentence_that_goes_on_with_the_one_before_counts_what_that_one_holds() -> None:
    text = (
        "INVENTED STUDY\n\nA meal was produced by the kitchen at noon. Some organs were examined in the second year. "
        "Zorvatin is a hormone of the blood. It is produced by the liver at night."
    )
    found = quoted(text, "Where is zorvatin produced?")
    assert found.index("It is produced by the liver at night.") < found.index("A meal was produced by the kitchen at noon.")


def test_the_line_that_names_the_patient_is_not_taken_for_the_answer() -> None:
    text = (
        "DISCHARGE SUMMARY\nPatient: P-9004 (woman of 79)\n\nHOSPITAL COURSE:\nShe walked well. "
        "Amoxicillin for seven days in all.\n"
    )
    assert quoted(text, "When is the amoxicillin course of P-9004 over?")[0] == "Amoxicillin for seven days in all."


@pytest.mark.parametrize("scores", [(-3.0, -1.0), (0.0, 0.0), (5.0, -5.0)])
def test_scores_of_a_reranker_that_are_nought_or_below_do_not_turn_the_order_over(
    scores: tuple[float, float], pipeline: Pipeline, index: Index
) -> None:
    prompt = pipeline.ask(QUESTIONS[0], index).prompt
    right = next(hit for hit in prompt.sources if "Torsemide 40 mg" in hit.chunk.text)
    other = next(hit for hit in prompt.sources if "Torsemide" not in hit.chunk.text)
    sources = (replace(right, score=max(scores)), replace(other, score=min(scores)))
    draft = drained(Quote()(replace(prompt, sources=sources), index))
    assert "Torsemide 40 mg" in draft.claims[0].text


@pytest.mark.parametrize("older", ["at most 4 weeks", "at most 12 weeks"], ids=["another figure", "the same"])
def test_a_replaced_edition_that_gives_another_figure_stands_beside_the_answer_and_is_a_conflict(older: str) -> None:
    text = (
        "Local guideline QX-3: rain fever clinic\n{name} edition\nEffective date: January 1, {year}\n\n1. Visits\n"
        "1.1 In a patient who has been stable for a season the interval between two visits is {said}.\n"
        "1.2 Sails are dried in the shade before they are put away.\n"
    )
    told = {"2021": ("Second", older), "2024": ("Third", "at most 12 weeks")}
    files = [
        File(f"guideline_rain_fever_{year}.txt", text.format(name=name, year=year, said=said).encode())
        for year, (name, said) in told.items()
    ]
    documents = [document for file in files for document in read_file(file)]
    pipeline = Pipeline(embed=Hashing(), refuse=Never(), answer=Quote(most=1))
    index = pipeline.prepare(documents, Artifacts())
    answer = pipeline.ask("What is the interval between two visits of a stable patient?", index)
    first = answer.claims[0]
    assert first.citations[0].span.document == "guideline_rain_fever_2024.txt" and "at most 12 weeks" in first.text
    if older == "at most 12 weeks":
        assert answer.outcome != "conflict"
        return
    assert answer.outcome == "conflict"
    also = answer.claims[-1]
    assert older in also.text and also.role == "also" and also.marks


FORMULARY = """drug,strength,tier,prior_authorization,step_therapy,notes
apixaban,5 mg,2,no,no,starter pack allowed once
osimertinib,80 mg,5,yes,no,specialty only
rivaroxaban,20 mg,2,no,"yes, apixaban first",51 tablets in the first month are covered
insulin lispro,100 units/mL,2,no,no,covered in pens and vials
sitagliptin,100 mg,3,no,"yes, metformin first",
"""


@pytest.mark.parametrize(
    ("question", "drug"),
    [
        ("Does Tagrisso need step therapy?", "osimertinib"),
        ("Is Xarelto covered and does it need a PA?", "rivaroxaban"),
        ("What tier is Januvia?", "sitagliptin"),
        ("Do I need a PA for Eliquis, and what tier is it?", "apixaban"),
        ("which tier is Humalog", "insulin lispro"),
    ],
)
def test_a_row_is_found_by_the_brand_name_and_no_other_drug_stands_beside_it(question: str, drug: str) -> None:
    documents = read_file(File("formulary.csv", FORMULARY.encode()))
    pipeline = Pipeline(embed=Hashing(), refuse=Never())
    answer = pipeline.ask(question, pipeline.prepare(documents, Artifacts()))
    assert answer.claims and all(claim.text.startswith(f"drug: {drug};") for claim in answer.claims)


def test_a_sentence_that_leads_in_is_quoted_with_its_items() -> None:
    text = (
        "Policy QZ-9: rain gauges\n\n2. Approval\nA rain gauge is approved for a season when all of the following hold:\n"
        "(a) the roof is flat;\n(b) the owner keeps a diary;\n(c) no other gauge stands within a mile.\n\n"
        "3. Storage\nGauges are stored dry.\n"
    )
    document, *_ = read_file(File("policy.txt", text.encode()))
    pipeline = Pipeline(embed=Hashing(), refuse=Never(), answer=Quote(most=1))
    answer = pipeline.ask("When is a rain gauge approved for a season?", pipeline.prepare([document], Artifacts()))
    (claim,) = answer.claims
    assert claim.text == text[text.index("A rain gauge is") : text.index("\n\n3. Storage")]
    assert claim.text == document.text[claim.citations[0].span.start : claim.citations[0].span.end]


def test_the_edition_that_a_question_names_by_its_year_answers_first() -> None:
    text = (
        "Fact sheet QX-3: rain fever\n{name} edition\nEffective date: January 1, {year}\n\n"
        "1. Numbers\nAbout {share} percent of adults have rain fever.\n"
    )
    told = {"2021": ("Second", "15"), "2024": ("Third", "14")}
    documents = [
        document
        for year, (name, share) in told.items()
        for document in read_file(File(f"fever{year}.txt", text.format(name=name, year=year, share=share).encode()))
    ]
    pipeline = Pipeline(embed=Hashing(), refuse=Never())
    index = pipeline.prepare(documents, Artifacts())
    for year, (_, share) in told.items():
        answer = pipeline.ask(f"According to the {year} fact sheet, how many percent have rain fever?", index)
        assert f"{share} percent" in answer.claims[0].text


def test_a_title_at_the_start_of_a_line_is_quoted_with_the_sentence_behind_it() -> None:
    text = "DISCHARGE\nPatient: P-9020\n\nCOURSE:\n\nClot prevention. Enoxaparin 40 mg daily until May 1.\n"
    document, *_ = read_file(File("stay.txt", text.encode()))
    pipeline = Pipeline(embed=Hashing(), refuse=Never(), answer=Quote(most=1))
    answer = pipeline.ask("What is P-9020 on for clot prevention?", pipeline.prepare([document], Artifacts()))
    assert answer.claims[0].text == "Clot prevention. Enoxaparin 40 mg daily until May 1."
