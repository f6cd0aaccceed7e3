"""Every clinical rule in `rag/rules` is walked through: its example triggers it, and no rule stands in another's way."""

import re
from collections.abc import Iterator
from importlib import resources
from itertools import combinations
from typing import Any

import pytest

from rag.clinical.assertions import assertions
from rag.clinical.facts import reading
from rag.clinical.facts.advice import times_and_advice
from rag.clinical.facts.courses import courses
from rag.clinical.facts.drugs import prescriptions
from rag.clinical.facts.drugs.names import look_alikes
from rag.clinical.facts.people import people
from rag.clinical.facts.policies import criteria
from rag.clinical.facts.types import row_of
from rag.clinical.headings import heading_kind
from rag.clinical.patients import patient_column, patient_of
from rag.clinical.provenance import (
    document_author,
    document_date,
    document_edition,
    document_effective,
    document_type,
    superseded,
)
from rag.clinical.sections import sections
from rag.clinical.statuses import coded_status, document_status
from rag.clinical.times import absolute, anchors, moments
from rag.documents.load import read_file
from rag.rules import rules
from rag.text import sentences, terms
from rag.values import Document, File

FILES = sorted(path.name.removesuffix(".json") for path in resources.files("rag.rules").iterdir() if path.name.endswith(".json"))
HERE = [
    "abbreviations", "assertions", "authors", "dates", "drugs", "editions", "facts_advice", "facts_courses", "facts_criteria",
    "facts_drugs", "facts_people", "facts_times", "fields", "headings", "patients", "statuses", "stopwords", "times", "types",
]  # fmt: skip
ELSEWHERE = [
    "answers", "attacks", "capitals", "checks", "citations", "columns", "copies", "facts_changes", "facts_codes", "facts_icd10cm",
    "facts_numbers", "facts_sites", "facts_sizes", "facts_units", "facts_values", "fhir", "follow", "hyphens", "identifiers",
    "conflicts", "deferral", "perturbations",
    "instructions", "loinc", "names", "omissions", "people", "places", "questions", "refusals", "running", "scope", "servers",
    "spellings", "statements", "surrogates", "symbols", "synonyms", "thoughts", "topics",
]  # fmt: skip
HEADING_RULES = rules("headings")
HEADINGS = HEADING_RULES["headings"]
LABELS = rules("dates")["labels"]
TYPES = rules("types")["types"]
ABBREVIATIONS = rules("abbreviations")["never_end_a_sentence"]
STOPWORDS = rules("stopwords")
ASSERTIONS, TIMES, AUTHORS, EDITIONS = rules("assertions"), rules("times"), rules("authors"), rules("editions")
DRUGS, FACTS_DRUGS = rules("drugs"), rules("facts_drugs")
PATIENTS, STATUSES = rules("patients"), rules("statuses")["statuses"]
TITLES = [(rule, name) for rule in HEADINGS for name in (rule["name"], *rule["also"])]
CUES = [(rule["type"], cue) for rule in TYPES for cue in rule["cues"]]

FINDERS = {
    "facts_times": times_and_advice, "facts_advice": times_and_advice, "facts_people": people, "facts_courses": courses,
    "facts_criteria": criteria,
}  # fmt: skip


def exemplary(part: Any) -> Iterator[dict[str, Any]]:
    """The rules of a file, however deep, that have an example of a fact or of none."""
    if isinstance(part, dict):
        if "example" in part and ("gives" in part or "none" in part):
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from exemplary(one)


FACT_RULES = [(name, rule) for name in FINDERS for rule in exemplary(rules(name))]


def by(field: str) -> Any:
    return lambda rule: rule[field] if isinstance(rule, dict) else None


def test_every_file_of_rules_is_walked_through_and_says_where_it_comes_from() -> None:
    assert sorted([*HERE, *ELSEWHERE]) == FILES
    assert [name for name in FILES if len(rules(name)["source"].split()) < 4] == []


@pytest.mark.parametrize("rule", [*HEADINGS, *LABELS, *TYPES], ids=lambda rule: next(iter(rule.values())))
def test_every_rule_has_an_example_of_its_own(rule: dict[str, Any]) -> None:
    examples = [other["example"] for other in (*HEADINGS, *LABELS, *TYPES)]
    assert rule["example"].strip()
    assert examples.count(rule["example"]) == 1


@pytest.mark.parametrize("rule", HEADINGS, ids=by("name"))
def test_the_example_of_a_heading_begins_a_section_of_that_heading(rule: dict[str, Any]) -> None:
    section = sections(rule["example"])[0]
    kind = heading_kind(section.title)
    assert kind and kind.name == rule["name"]
    assert section.start == 0
    assert rule["example"][section.body : section.end].strip(": \n")


@pytest.mark.parametrize(("rule", "name"), TITLES, ids=[name for _, name in TITLES])
def test_every_spelling_of_a_heading_is_found_before_text_and_alone_on_its_line(rule: dict[str, Any], name: str) -> None:
    written = name[0].upper() + name[1:]
    alone = [f"{written}\nthe text."] if len(name) > 1 else []  # A letter alone is rather a cell of a table.
    for line in (f"{written}: the text.", f"{written}:\nthe text.", *alone):
        assert [section.title for section in sections(f"It rained.\n{line}\n")] == [written]


def test_no_spelling_stands_under_two_headings() -> None:
    assert [(name, rule["name"]) for rule, name in TITLES if (kind := heading_kind(name)) and kind.name != rule["name"]] == []


def test_a_heading_that_another_belongs_to_is_a_heading() -> None:
    known = {rule["name"] for rule in HEADINGS}
    assert {name for rule in HEADINGS for name in rule.get("within", ())} <= known
    assert {rule["section"] for rule in ASSERTIONS["sections"]} <= known
    assert {name for rule in TIMES["anchors"] for name in rule.get("sections", ())} <= known


@pytest.mark.parametrize("part", ["may_stand_before", "may_stand_after"])
def test_words_around_a_heading_do_not_hide_it(part: str) -> None:
    assert len(sections(HEADING_RULES[part]["example"])) == 1


@pytest.mark.parametrize("line", HEADING_RULES["never"])
def test_what_is_never_a_heading_is_none_in_capitals_either(line: str) -> None:
    assert sections(f"It rained.\n\n{line.upper()}\n\nIt went on raining.\n") == ()


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


@pytest.mark.parametrize("rule", ASSERTIONS["cues"], ids=lambda rule: f"{rule['cue'][:30]} {rule['direction']}")
def test_the_example_of_a_cue_marks_what_it_says_and_nothing_else(rule: dict[str, str]) -> None:
    text, statuses = rule["example"], sorted(filter(None, (rule["status"], rule.get("also"))))
    assert [(text[found.start : found.end], found.status) for found in assertions(text)] == [
        (rule["marked"], one) for one in statuses
    ]


@pytest.mark.parametrize("rule", ASSERTIONS["pseudo"], ids=lambda rule: str(rule["cue"][:30]))
def test_the_example_of_a_pseudo_cue_marks_nothing(rule: dict[str, str]) -> None:
    assert assertions(rule["example"]) == ()


@pytest.mark.parametrize("rule", ASSERTIONS["terminators"], ids=lambda rule: str(rule["cue"][:30]))
def test_the_example_of_a_terminator_is_marked_before_it_and_free_after_it(rule: dict[str, str]) -> None:
    text = rule["example"]
    found = [one for one in assertions(text) if one.status in rule["stops"]]
    assert found
    if rule["free"]:
        assert max(one.end for one in found) <= text.index(rule["free"])


@pytest.mark.parametrize("rule", ASSERTIONS["sections"], ids=lambda rule: str(rule["section"]))
def test_a_section_gives_its_text_its_status(rule: dict[str, str]) -> None:
    text = rule["example"]
    assert rule["status"] in {found.status for found in assertions(text, sections(text))}
    assert assertions(text) == ()


@pytest.mark.parametrize("rule", TIMES["absolute"], ids=by("rule"))
def test_the_example_of_a_written_date_is_read_as_it_says(rule: dict[str, str]) -> None:
    text = rule["example"]
    found = [(text[one.start : one.end], one.day, one.rule) for one in moments(text, (), "2024-03-14")]
    assert found == [(rule["text"], rule["day"], rule["rule"])]


@pytest.mark.parametrize("rule", TIMES["relative"], ids=by("rule"))
def test_the_example_of_a_relative_time_is_resolved_as_it_says(rule: dict[str, str | None]) -> None:
    head = "Date of admission: 2024-03-10\nDate of surgery: 2024-03-11\n"
    text = head + str(rule["example"])
    found = [(text[one.start : one.end], one.day, one.rule) for one in moments(text, (), "2024-03-14")[2:]]
    assert found == [(rule["text"], rule["day"], rule["rule"])]


@pytest.mark.parametrize("rule", TIMES["relative"], ids=by("rule"))
def test_a_relative_time_stays_open_where_the_document_has_no_date(rule: dict[str, str]) -> None:
    assert [one.day for one in moments(rule["example"], (), None)] == [None]


@pytest.mark.parametrize("rule", TIMES["anchors"], ids=by("anchor"))
def test_the_example_of_an_anchor_gives_its_day(rule: dict[str, str]) -> None:
    text = rule["example"]
    assert anchors(text, sections(text), list(absolute(text)), None).days[rule["anchor"]] == "2024-03-10"


@pytest.mark.parametrize("rule", AUTHORS["roles"], ids=by("role"))
def test_the_example_of_a_role_names_the_author(rule: dict[str, Any]) -> None:
    assert document_author(rule["example"]) == rule["role"]
    assert {document_author(f"Author: {cue.title()}") for cue in rule["cues"]} == {rule["role"]}


@pytest.mark.parametrize("label", AUTHORS["labels"])
def test_a_role_after_every_label_names_the_author(label: str) -> None:
    assert document_author(f"The weather\n{label.capitalize()}: Dietitian\nIt rained.") == "dietitian"


@pytest.mark.parametrize("rule", EDITIONS["editions"], ids=by("rule"))
def test_the_example_of_an_edition_gives_its_number(rule: dict[str, str]) -> None:
    assert document_edition("policy", rule["example"], "") == rule["edition"]
    assert document_edition("discharge", rule["example"], rule["example"]) == ""


@pytest.mark.parametrize("rule", EDITIONS["effective"], ids=by("label"))
def test_the_example_of_an_effective_date_gives_its_day(rule: dict[str, str]) -> None:
    assert document_effective("policy", f"The policy\n{rule['example']}\n") == "2024-01-15"


@pytest.mark.parametrize("rule", EDITIONS["supersedes"], ids=by("cue"))
def test_the_example_of_a_replacement_is_no_edition_or_date_of_its_own_and_links_by_number(rule: dict[str, str]) -> None:
    assert document_edition("policy", "", rule["example"]) == ""
    assert document_effective("policy", rule["example"]) is None
    old = Document("old", "x", title="Policy AB-001", type="policy", effective="2020-01-01", edition="4")
    new = Document("new", rule["example"], title="Scans of the chest", type="policy", effective="2024-01-01")
    assert superseded([old, new]) == ({"old": "new"} if "AB-001" in rule["example"] else {})


@pytest.mark.parametrize("rule", PATIENTS["labels"], ids=by("label"))
def test_the_example_of_a_patient_label_names_one_patient_and_a_second_one_nobody(rule: dict[str, str]) -> None:
    text = f"CLINIC NOTE\n{rule['example']}\n\nIt rained.\n"
    assert patient_of(text) == ("" if rule["kind"] == "record" else "P-0412", 1)
    for other in (rule["example"], *(two["example"] for two in PATIENTS["labels"] if two["kind"] == rule["kind"])):
        assert patient_of(f"{text}{'It rained on. ' * 500}\n\n{other.replace('P-0412', 'P-0413')}\nIt snowed.\n") == ("", 2)
    assert patient_column(["note", rule["label"].title().replace(" ", "_")]) == 1


@pytest.mark.parametrize("rule", PATIENTS["others"], ids=by("cue"))
def test_the_example_of_another_person_leaves_the_patient_who_it_is(rule: dict[str, str]) -> None:
    assert patient_of(f"Patient: P-0412\n\n{rule['example']}\n") == ("P-0412", 1)
    unknown = rule["example"].lower().replace(rule["cue"], "person").replace("p-0999", "P-0999")
    assert patient_of(f"Patient: P-0412\n\n{unknown}\n") == ("", 2)


def test_a_long_number_after_a_plain_label_is_the_id_of_somebody_too() -> None:
    assert patient_of("Patient: P-0412\nIt rained.\n")[0] == "P-0412"
    assert patient_of("Patient: P-0412\nIt rained.\n\nPatient: 4455667\nIt snowed.\n") == ("", 2)


@pytest.mark.parametrize("rule", STATUSES, ids=by("status"))
def test_the_example_of_a_status_and_all_its_cues_titles_and_codes_give_it(rule: dict[str, Any]) -> None:
    assert document_status("", f"{rule['example']}\nIt rained.") == rule["status"]
    assert {document_status("", f"REPORT\n{label.title()}: {cue.upper()}\nIt rained.")
            for cue in rule["cues"] for label in rules("statuses")["labels"]} == {rule["status"]}  # fmt: skip
    assert {document_status(title.upper(), "It rained.") for title in rule["titles"]} <= {rule["status"]}
    assert {coded_status(code) for code in rule["codes"]} == {rule["status"]}


@pytest.mark.parametrize("part", ["cues", "titles", "codes"])
def test_no_cue_of_a_status_stands_under_two(part: str) -> None:
    every = [one for rule in STATUSES for one in rule[part]]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    "text",
    ["Code status: final", "Status: stable", "The status is final: it rained.", "Final diagnosis: rain", "Draft of cold air",
     "Problem status: complete", "Status: complete recovery", "Status: final stage of the illness",
     "REPORT\n" + "It rained.\n" * 200 + "Status: final"],
)  # fmt: skip
def test_what_only_looks_like_a_status_gives_none(text: str) -> None:
    assert document_status(text.split("\n")[0], text) == ""


@pytest.mark.parametrize(("name", "rule"), FACT_RULES, ids=[f"{name} {rule['example'][:40]}" for name, rule in FACT_RULES])
def test_the_example_of_a_rule_of_facts_gives_what_it_says(name: str, rule: dict[str, Any]) -> None:
    text = rule["example"]
    found = [row_of(one, text) for one in FINDERS[name](reading(text))]
    if "none" in rule:
        assert rule["none"] not in {one["kind"] for one in found}
        return
    marked = [one for one in found if one["text"] == rule["marked"] and one["kind"] == rule["gives"]["kind"]]
    assert marked
    assert {field: marked[0][field] for field in rule["gives"]} == pytest.approx(rule["gives"], abs=1e-6)


def test_every_rule_of_facts_with_words_of_its_own_has_an_example() -> None:
    bare = [
        rule for name in FINDERS for part in rules(name).values() if isinstance(part, list)
        for rule in part if isinstance(rule, dict) and not {"gives", "example"} <= rule.keys()
    ]  # fmt: skip
    assert bare == []


def first_fact(example: str, kind: str) -> Any:
    found = [one for one in prescriptions(reading(example)) if one.kind == kind]
    assert found, f"no {kind} in {example}"
    return found[-1]


@pytest.mark.parametrize("rule", FACTS_DRUGS["units"], ids=lambda rule: f"{rule['unit']} {rule['names'][0]}")
def test_the_example_of_a_unit_is_a_dose_of_so_much(rule: dict[str, Any]) -> None:
    for name in rule["names"]:
        example = re.sub(rf"{re.escape(example_name(rule))}$", name, rule["example"])
        found = first_fact(example, "dose")
        assert (found.amount, found.unit, bool(found.drug)) == (rule["reads"], rule["unit"], True), example


def example_name(rule: dict[str, Any]) -> str:
    return max((name for name in rule["names"] if rule["example"].lower().endswith(name)), key=len)


@pytest.mark.parametrize("rule", FACTS_DRUGS["frequencies"], ids=by("example"))
def test_the_example_of_a_frequency_says_how_many_times_a_day(rule: dict[str, Any]) -> None:
    found = first_fact(rule["example"], "frequency")
    assert (found.per_day, found.when) == (rule["reads"], tuple(rule.get("when", ())))
    assert found.as_needed == rule.get("as_needed", False)
    assert found.end == len(rule["example"])


@pytest.mark.parametrize("rule", FACTS_DRUGS["routes"], ids=by("route"))
def test_the_example_of_a_route_and_all_its_names_give_it(rule: dict[str, Any]) -> None:
    assert first_fact(rule["example"], "route").route == rule["route"]
    for name in (*rule["always"], *rule["beside_a_drug"]):
        assert first_fact(f"Give metformin 5 mg {name.upper()}.", "route").route == rule["route"]


@pytest.mark.parametrize("rule", FACTS_DRUGS["actions"], ids=by("action"))
def test_the_example_of_an_action_and_all_its_verbs_give_it(rule: dict[str, Any]) -> None:
    expected = {"started", "stopped"} if rule["action"] == "switched" else {rule["action"]}
    assert {one.action for one in prescriptions(reading(rule["example"])) if one.kind == "action"} == expected
    for word in rule["words"]:
        assert first_fact(f"We {word} metformin.", "action").drug == "metformin"


def test_every_name_of_a_drug_beside_a_dose_is_that_drug_and_stands_for_no_other() -> None:
    assert first_fact(DRUGS["example"]["text"], "drug").name == DRUGS["example"]["name"]
    owners: dict[str, str] = {}
    for own in DRUGS["classes"].values():
        for drug, others in own["drugs"].items():
            for name in (drug, *filter(None, others.split(", "))):
                assert owners.setdefault(name.lower(), drug) == drug
    wrong = {name: drug for name, drug in owners.items() if first_fact(f"Give {written(name)} 5 mg daily.", "drug").name != drug}
    assert wrong == {}


def written(name: str) -> str:
    listed = (pair for own in DRUGS["classes"].values() for pair in own["drugs"].items())
    return next(one for drug, others in listed for one in (drug, *others.split(", ")) if one.lower() == name)


def test_every_name_of_a_class_is_that_class() -> None:
    said = {name: own for own, about in DRUGS["classes"].items() for name in (own, *about["also"])}
    wrong = {name: own for name, own in said.items() if first_fact(f"He takes {name} daily.", "drug").name != own}
    assert wrong == {}
    assert {about["within"] for about in DRUGS["classes"].values()} <= {"", *DRUGS["classes"]}


def test_look_alikes_are_drugs_of_the_table_and_no_misspelling_is_read_as_one_of_them() -> None:
    known = {drug for own in DRUGS["classes"].values() for drug in own["drugs"]}
    assert {name for group in DRUGS["look_alikes"] for name in group} <= known
    assert look_alikes("hydroxyzine") >= {"hydralazine"}
    assert all(look_alikes(other) >= {name} for name in known for other in look_alikes(name))


@pytest.mark.parametrize("part", ["before", "none"])
def test_every_cue_of_an_allergy_gives_one(part: str) -> None:
    for cue in FACTS_DRUGS["allergies"][part]:
        text = f"She is known: {cue} penicillin." if part == "before" else f"Noted: {cue.upper()}."
        assert first_fact(text, "allergy").substance == ("penicillin" if part == "before" else "none")
    for what, names in FACTS_DRUGS["allergies"]["substances"].items():
        for name in names:
            assert first_fact(f"She is allergic to {name}.", "allergy").substance == what
    for what, names in FACTS_DRUGS["allergies"]["reactions"].items():
        for name in names:
            assert what in first_fact(f"Allergies: penicillin ({name}).", "allergy").reaction
    for cue in FACTS_DRUGS["allergies"]["after"]:
        assert first_fact(f"She has a penicillin {cue.strip('-')}.", "allergy").substance == "penicillin"
