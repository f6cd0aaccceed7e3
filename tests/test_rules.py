"""Every clinical rule in `rag/rules` is walked through: its example triggers it, and no rule stands in another's way."""

from importlib import resources
from itertools import combinations
from typing import Any

import pytest

from rag.load import read_file
from rag.load.structure import document_date, document_type, sections
from rag.rules import rules
from rag.text import sentences, terms
from rag.values import File

FILES = sorted(path.name.removesuffix(".json") for path in resources.files("rag.rules").iterdir() if path.name.endswith(".json"))
HEADINGS = rules("headings")["headings"]
LABELS = rules("dates")["labels"]
TYPES = rules("types")["types"]
ABBREVIATIONS = rules("abbreviations")["never_end_a_sentence"]
STOPWORDS = rules("stopwords")
TITLES = [(rule, name) for rule in HEADINGS for name in (rule["name"], *rule["also"])]
CUES = [(rule["type"], cue) for rule in TYPES for cue in rule["cues"]]


def by(field: str) -> Any:
    return lambda rule: rule[field] if isinstance(rule, dict) else None


def test_every_file_of_rules_is_walked_through_here_and_says_where_it_comes_from() -> None:
    assert FILES == ["abbreviations", "dates", "headings", "stopwords", "types"]
    assert [name for name in FILES if len(rules(name)["source"].split()) < 4] == []


@pytest.mark.parametrize("rule", [*HEADINGS, *LABELS, *TYPES], ids=lambda rule: next(iter(rule.values())))
def test_every_rule_has_an_example_of_its_own(rule: dict[str, Any]) -> None:
    examples = [other["example"] for other in (*HEADINGS, *LABELS, *TYPES)]
    assert rule["example"].strip()
    assert examples.count(rule["example"]) == 1


@pytest.mark.parametrize("rule", HEADINGS, ids=by("name"))
def test_the_example_of_a_heading_begins_a_section_of_that_heading(rule: dict[str, Any]) -> None:
    section = sections(rule["example"])[0]
    assert section.title.lower() in {name.lower() for name in (rule["name"], *rule["also"])}
    assert section.start == 0
    assert rule["example"][section.body : section.end].strip(": \n")


@pytest.mark.parametrize(("rule", "name"), TITLES, ids=[name for _, name in TITLES])
def test_every_spelling_of_a_heading_is_found_before_text_and_alone_on_its_line(rule: dict[str, Any], name: str) -> None:
    written = name[0].upper() + name[1:]
    for line in (f"{written}: the text.", f"{written}\nthe text.", f"{written}:\nthe text."):
        assert [section.title for section in sections(f"It rained.\n{line}\n")] == [written]


def test_no_spelling_stands_under_two_headings() -> None:
    spellings = [name.lower() for _, name in TITLES]
    assert sorted({name for name in spellings if spellings.count(name) > 1}) == []


@pytest.mark.parametrize("line", ["Weather: it rained.", "the findings: none.", "No findings were seen", "Planning: later."])
def test_a_line_that_no_rule_names_is_not_a_heading(line: str) -> None:
    assert sections(f"It rained.\n{line}\nIt went on raining.\n") == ()


@pytest.mark.parametrize("rule", LABELS, ids=by("label"))
def test_the_example_of_a_date_label_dates_the_document(rule: dict[str, str]) -> None:
    assert rule["label"] in rule["example"].lower()
    assert document_date(rule["example"]) == "2024-03-14"
    assert document_date(f"Weather report\n{rule['example']}\nIt rained.") == "2024-03-14"
    assert document_date(rule["example"].lower().replace(rule["label"], "date of birth")) is None


@pytest.mark.parametrize(("better", "worse"), list(combinations([rule["label"] for rule in LABELS], 2)))
def test_the_better_label_dates_the_document_wherever_it_stands(better: str, worse: str) -> None:
    assert document_date(f"{worse}: 2020-01-01\n{better}: 2024-03-14\n") == "2024-03-14"
    assert document_date(f"{better}: 2024-03-14\n{worse}: 2020-01-01\n") == "2024-03-14"


@pytest.mark.parametrize("rule", TYPES, ids=by("type"))
def test_the_example_of_a_type_is_guessed_to_be_of_that_type(rule: dict[str, Any]) -> None:
    (document,) = read_file(File("upload.txt", rule["example"].encode()))
    assert document.type == rule["type"]
    assert any(cue in rule["example"].lower() for cue in (*rule["cues"], *rule.get("titles", ())))


@pytest.mark.parametrize(("kind", "cue"), CUES, ids=[cue for _, cue in CUES])
def test_a_cue_that_stands_twice_in_the_text_speaks_for_its_type(kind: str, cue: str) -> None:
    assert document_type("upload.txt", "", f"{cue} and {cue}") == kind
    assert document_type("upload.txt", "", f"{cue} once") in {kind, "other"}


def test_a_type_without_a_cue_is_other() -> None:
    assert document_type("upload.txt", "Weather", "It rained.") == "other"
    assert len({rule["type"] for rule in TYPES}) == len(TYPES)


def test_the_example_of_the_abbreviations_has_as_many_sentences_as_it_says() -> None:
    example = rules("abbreviations")["example"]
    assert len(sentences(example["text"])) == example["sentences"]


@pytest.mark.parametrize("abbreviation", ABBREVIATIONS)
def test_no_sentence_ends_at_an_abbreviation(abbreviation: str) -> None:
    assert len(sentences(f"It was seen {abbreviation}. Then it rained.")) == 1
    assert len(sentences(f"It was seen ({abbreviation.capitalize()}. Then it rained).")) == 1
    assert len(sentences(f"It was seen un{abbreviation.replace('.', '')}. Then it rained.")) == 2


def test_a_word_without_meaning_is_no_term_and_one_that_is_kept_on_purpose_is() -> None:
    assert [word for word in STOPWORDS["words"] if terms(word)] == []
    assert len(set(STOPWORDS["words"])) == len(STOPWORDS["words"])
    kept = STOPWORDS["source"].split("Kept as terms on purpose:")[1].strip(" .").split(", ")
    assert len(kept) > 8
    assert [word for word in kept if not terms(word)] == []
