"""Editions: how a document names its own, what it says of others, and which of several is in force, on invented texts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.clinical.editions import Edition, edition_of, effective_of
from rag.clinical.provenance import described
from rag.clinical.stamps import State, state_of
from rag.clinical.standing import Standing, in_force, standing, superseded
from rag.documents.load import read_file
from rag.rules import rules
from rag.values import Aside, Document, File

RULES = rules("editions")
DAY = "2024-06-15"


def loaded(name: str, text: str) -> Document:
    (document,) = read_file(File(name, text.encode()))
    return document


def edition(text: str, title: str = "Policy: rain fever", name: str = "") -> Edition:
    return edition_of("policy", title, text, name)


@pytest.mark.parametrize(
    ("line", "number", "label"),
    [
        ("Version 3, effective 1 March 2024", "3", "version 3"),
        ("Version: 3 (supersedes version 2)", "3", "version 3"),
        ("Version No. 3.0", "3.0", "version 3.0"),
        ("Version number | 2.1.4", "2.1.4", "version 2.1.4"),
        ("| Version | 3 |", "3", "version 3"),
        ("**Version:** 3", "3", "version 3"),
        ("Version\n3", "3", "version 3"),
        ("Ver. 2.0", "2.0", "version 2.0"),
        ("(v2.1)", "2.1", "version 2.1"),
        ("Rev. 7", "7", "revision 7"),
        ("Rev 7, 03/2024", "7", "revision 7"),
        ("Revision: C", "C", "revision C"),
        ("Revision number 12", "12", "revision 12"),
        ("Rev. 03/2024", "2024-03", "revision 2024-03"),
        ("fourth edition", "4", "edition 4"),
        ("4th ed.", "4", "edition 4"),
        ("4th Edition", "4", "edition 4"),
        ("Edition: 2023", "2023", "2023 edition"),
        ("Edition III", "3", "edition 3"),
        ("2024 edition", "2024", "2024 edition"),
        ("Issue 5", "5", "issue 5"),
        ("Issue no. 5", "5", "issue 5"),
        ("Second issue", "2", "issue 2"),
        ("Amendment 2", "2", "amendment 2"),
        ("Release 4", "4", "version 4"),
        ("Third edition. The second edition (2019) is void.", "3", "edition 3"),
        ("Edition 4 (Edition 3 of 2031 is withdrawn.)", "4", "edition 4"),
        ("This version 2 replaces version 1 of 2020", "2", "version 2"),
    ],
)
def test_an_edition_is_known_however_it_is_written(line: str, number: str, label: str) -> None:
    found = edition(f"{line}\n\nIt rained.\n")
    assert (found.number, found.label) == (number, label)
    assert edition("It rained.\n", title=f"Policy on rain fever, {line}" if "\n" not in line else line).number == number


@pytest.mark.parametrize(
    "line",
    [
        "The second edition allowed three doses.",
        "In the fifth edition the interval was 24 hours.",
        "Edition 3 of 2031 is withdrawn.",
        "Replaces version 4.",
        "ST depression in leads V4 to V6.",
        "Seen at the first ED visit.",
        "Date of issue: 15 January 2024",
        "Next review: 2026",
        "Conversion 2 of 3",
        "| Item | Revision 8 | Revision 9 |",
        "Version 11/24 is not a number",
        "the distance (before the amendment: 75)",
    ],
)
def test_what_only_looks_like_an_edition_is_none(line: str) -> None:
    assert edition(f"It rained.\n{line}\n\nIt snowed.\n").number == ""


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Weather news, issue 33", "news_33.txt"),
        ("Minutes of the rain group, version 2", "minutes_v2.txt"),
        ("AB-014 edition 4: pharmacy memo", "memo.txt"),
        ("Spine, 2 views, 25 Oct 2028", "xray.txt"),
        ("Intake, nurse 2, 8/12 2030", "intake.txt"),
    ],
)
def test_what_stands_on_its_own_has_no_edition(title: str, name: str) -> None:
    assert loaded(name, f"{title}\n\nIt rained.\n").edition == ""


@pytest.mark.parametrize(
    ("name", "number", "day"),
    [
        ("policy_v3.txt", "3", None),
        ("mp-027_2023.pdf", "2023", None),
        ("rain policy 2nd ed.txt", "2", None),
        ("rain_rev7.md", "7", None),
        ("rain-issue-5.txt", "5", None),
        ("rain_v2_1.txt", "2.1", None),
        ("rain_ed2022.txt", "2022", None),
        ("rain_v4_2024-03-01.txt", "4", "2024-03-01"),
        ("rain_2024-03-01.txt", "2024-03", "2024-03-01"),
        ("rain_20240301.txt", "2024-03", "2024-03-01"),
        ("rain_2024-99.txt", "2024", None),
        ("rain_room12.txt", "", None),
    ],
)
def test_the_name_of_a_file_counts_where_the_text_says_nothing(name: str, number: str, day: str | None) -> None:
    found = edition("It rained.\n", name=name)
    assert (found.number, effective_of("policy", "It rained.\n", found)) == (number, day)
    assert edition("Version 9\n", name=name).number == "9"


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Version 3, effective 1 March 2024", "2024-03-01"),
        ("Date effective: 2024-03-01", "2024-03-01"),
        ("In force from 1 March 2024", "2024-03-01"),
        ("Valid from: 03/01/2024", "2024-03-01"),
        ("Effective March 2024", "2024-03-01"),
        ("Version 4 (1 March 2024 to 30 April 2025)", "2024-03-01"),
        ("Version 2.1, 1 March 2024", "2024-03-01"),
        ("In effect for dates of service on or after 1 March 2024.", "2024-03-01"),
        ("In force for orders written on and after March 1, 2024", "2024-03-01"),
        ("Approved: 2024-03-01", "2024-03-01"),
        ("Issued: 2024-02-01\nEffective date: 2024-03-01\nNext review: 2026-03-01", "2024-03-01"),
        ("Next review: 2024-03-01", None),
        ("Review date: 2024-03-01", None),
        ("Expires: 2024-03-01", None),
        ("Replaces the policy effective 2024-03-01", None),
        ("The first drug was approved 2024-03-01 by the agency", None),
    ],
)
def test_the_day_of_effect_is_not_that_of_a_review_or_of_what_was_replaced(line: str, day: str | None) -> None:
    text = f"Policy: rain fever\n{line}\n\nIt rained.\n"
    assert effective_of("policy", text, edition(text)) == day


HISTORY = """Policy: rain fever

It rained.

Revision history
Version | Date | Change
1.0 | 2019-03-01 | First version
2.0 | 2021-03-01 | Dose changed
3.0 | 2023-03-01 | Two drugs added
"""


@pytest.mark.parametrize(
    "text",
    [
        HISTORY,
        HISTORY.replace(" | ", "\t"),
        HISTORY.replace("Revision history", "## 7. Change history").replace("1.0 |", "| 1.0 |").replace("2.0 |", "| 2.0 |"),
        "Policy: rain fever\n\nVersion history\nVersion 3.0 (March 1, 2023): two drugs\nVersion 1.0 (March 1, 2019): begun\n",
        "Policy: rain fever\n\nRecord of revisions\n2023-03-01  v3.0  Two drugs added\n2019-03-01  v1.0  First version\n",
        HISTORY + "4.0 | 2023-09-01 | draft, in committee\n",
        HISTORY + "4.0 | 2999-01-01 | Three drugs\n",
    ],
    ids=["bars", "tabs", "Markdown", "lines", "days first", "a draft row", "a row to come"],
)
def test_the_newest_row_in_force_of_a_revision_table_counts(text: str) -> None:
    found = edition(text)
    assert (found.number, effective_of("policy", text, found)) == ("3.0", "2023-03-01")


def test_rows_of_a_revision_table_are_no_edition_where_the_text_names_its_own() -> None:
    text = f"Policy: rain fever\nVersion 5, effective 2024-01-01\n{HISTORY}"
    assert (edition(text).number, effective_of("policy", text, edition(text))) == ("5", "2024-01-01")
    dated = "Policy: rain fever\n\nRevision history\n2024-07-01  Rule removed\n2019-11-15  First edition.\n"
    assert (edition(dated).number, effective_of("policy", dated, edition(dated))) == ("", "2024-07-01")


# What a document says of itself


@pytest.mark.parametrize("rule", RULES["states"], ids=lambda rule: rule["state"])
def test_the_example_of_a_state_and_its_cues_tell_that_a_document_does_not_count(rule: dict[str, Any]) -> None:
    assert state_of("", f"{rule['example']}\nIt rained.\n").state == rule["state"]
    for cue in rule["cues"]:
        assert state_of("", f"*** {cue.upper()} ***\nIt rained.\n").state == rule["state"]
        assert state_of("", f"{cue.capitalize()} by the committee\nIt rained.\n").state == rule["state"]
    for cue in rule.get("whole", ()):
        assert state_of("", f"Chapter 5, extract, {cue}\nIt rained.\n").state == rule["state"]
        assert state_of("", f"{cue.capitalize()} in children\nIt rained.\n").state == ""
    for cue in rule.get("said", ()):
        assert state_of("", f"This policy was {cue} in June.\nIt rained.\n").state == rule["state"]
        assert state_of("", f"{cue.capitalize()}: the first drug.\n").state == ""
    assert {state_of("", "It rained.\n", f"rain_{mark}.txt").state for mark in rule["files"]} == {rule["state"]}


@pytest.mark.parametrize("rule", RULES["ends"], ids=lambda rule: rule["label"])
def test_the_example_of_an_end_gives_its_day(rule: dict[str, str]) -> None:
    assert state_of("", f"Policy: rain\n{rule['example']}\n") == State(rule["state"], "2024-06-30")


@pytest.mark.parametrize("rule", RULES["superseded_by"], ids=lambda rule: rule["cue"])
def test_the_example_of_a_successor_is_no_edition_and_links_by_number(rule: dict[str, str]) -> None:
    assert edition_of("policy", "", rule["example"]).number == ""
    old = Document("old", rule["example"], title="Scans of the chest", type="policy", effective="2020-01-01")
    new = Document("new", "x", title="Policy AB-002", type="policy", effective="2024-01-01", edition="2")
    assert superseded([old, new]) == {"old": "new"}


@pytest.mark.parametrize("rule", RULES["history"], ids=lambda rule: rule["title"])
def test_the_example_of_a_revision_table_begins_one(rule: dict[str, str]) -> None:
    assert edition(f"It rained.\n\n{rule['example']}\n1 | 2019-03-01 | New\n2 | 2021-03-01 | Dose\n").number == "2"


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("Rain policy, 2021 edition - superseded", "superseded"),
        ("SUPERSEDED by edition 3; kept for audit only.", "superseded"),
        ("This edition was withdrawn in June.", "withdrawn"),
        ("[stamp: VOID since 15.10.2023 - see fourth edition]", "withdrawn"),
        ("Chapter 5, extract, no longer to be used", "withdrawn"),
        ("Draft v0.3 for comment", "draft"),
        ("Draft guideline on rain", "draft"),
        ("Retired staff are offered the vaccine.", ""),
        ("Draft of cold air is avoided.", ""),
        ("The second edition is withdrawn.", ""),
        ("Trough goals withdrawn", ""),
        ("Archived samples are kept for 5 days.", ""),
        ("Withdrawal of care", ""),
        ("The drug was withdrawn from stock.", ""),
        ("Do not use in children.", ""),
    ],
)
def test_only_what_is_said_of_the_document_itself_counts(line: str, state: str) -> None:
    assert state_of("Policy: rain", f"Policy: rain\n{line}\n").state == state


# Which is in force


def work(name: str, text: str) -> Document:
    return described(Document(name, text))


OLD = "Policy: Rain fever in adults\nVersion 3, effective 2021-03-01\n\nGive the first drug for 7 days.\n"
NEW = "Policy: Rain fever in adults\nVersion 4, effective 2024-03-01\n\nGive the first drug for 5 days.\n"


def test_standing_says_in_words_what_replaces_what_since_when() -> None:
    found = standing([work("old.txt", OLD), work("new.txt", NEW)], DAY)
    assert found == {
        "old.txt": Standing(False, "new.txt", "2021-03-01", "superseded by new.txt, in force since 2024-03-01", "version 3"),
        "new.txt": Standing(True, "", "2024-03-01", "in force since 2024-03-01", "version 4"),
    }


def test_an_edition_to_come_replaces_nothing_yet() -> None:
    documents = [work("old.txt", OLD), work("new.txt", NEW)]
    found = standing(documents, "2023-01-01")
    assert found["old.txt"].in_force and found["old.txt"].reason == "in force since 2021-03-01, until new.txt on 2024-03-01"
    assert (found["new.txt"].in_force, found["new.txt"].reason) == (False, "not in force before 2024-03-01")
    assert in_force(documents, "2023-01-01") == {"old.txt"} and in_force(documents, DAY) == {"new.txt"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("DRAFT - for consultation", "draft"),
        ("WITHDRAWN", "withdrawn"),
        ("Retired 2024-01-31", "retired on 2024-01-31"),
        ("ARCHIVED COPY", "archived"),
        ("Superseded by AB-900", "superseded by AB-900"),
        ("Valid until 2024-01-31", "expired on 2024-01-31"),
    ],
)
def test_a_document_that_no_longer_counts_says_so_without_a_successor(line: str, reason: str) -> None:
    (found,) = standing([work("old.txt", OLD.replace("\n\n", f"\n{line}\n\n"))], DAY).values()
    assert (found.in_force, found.by, found.reason) == (False, "", reason)
    assert in_force([work("old.txt", OLD.replace("\n\n", f"\n{line}\n\n"))], DAY) == set()


def test_a_draft_replaces_nothing() -> None:
    draft = work("new.txt", NEW.replace("\n\n", "\nDRAFT\n\n"))
    assert superseded([work("old.txt", OLD), draft]) == {}
    assert standing([work("old.txt", OLD), draft], DAY)["old.txt"].in_force


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("a.txt", OLD), ("b.txt", NEW)),
        (("a.txt", OLD), ("b.txt", NEW.replace("Rain fever in adults", "Management of RAIN FEVER in Adults"))),
        (("a.txt", OLD), ("b.txt", NEW.replace("Policy: Rain fever in adults", "LAKESIDE HOSPITAL\nRain fever in adults"))),
        (("rain_v3.txt", "Give the first drug for 7 days.\n"), ("rain_v4.txt", NEW)),
        (("rain_fever_ed3_extract.txt", "Give it for 7 days.\nIt rained.\n"), ("rain_fever_ed4.txt", "Give it for 5 days.\n")),
        (
            ("a.txt", "Protocol AB-014 Rain, revision 5\n\nx\n"),
            ("b.txt", "ST. RAIN LABORATORY\nAB-014  Rain fever, revision 6\n\nx\n"),
        ),
        (
            ("a.txt", "Standing order 12, rain. Second edition\n\nx\n"),
            ("b.txt", "Rain fever\nStanding order 12, third edition\n\nx\n"),
        ),
        (("a.txt", "Handbook of rain, first edition\n\nx\n"), ("b.txt", "Handbook of rain, 2nd ed., chapter 4\n\nx\n")),
        (("a.txt", "Rain protocol, Rev. B\n\nx\n"), ("b.txt", "Rain protocol, Rev. C\n\nx\n")),
        (("a.txt", "Rain guideline, 2021 edition\n\nx\n"), ("b.txt", "Rain guideline\nEffective: January 2024\n\nx\n")),
        (("a.txt", "Rain sheet\nSUPERSEDED\n\nPolicy x\n"), ("b.txt", "Policy: Rain sheet\nEffective: January 2024\n\nx\n")),
        (("mp-7_2021.txt", "Policy MP-7: Rain\n\nx\n"), ("mp-7_2023.txt", "Policy MP-7: Rain\n\nx\n")),
        (("rain_2021-01-01.txt", "Rain policy\n\nx\n"), ("rain_2023-01-01.txt", "Rain policy\n\nx\n")),
    ],
    ids=[
        "alike",
        "other words",
        "a hospital's name first",
        "no title",
        "no titles",
        "number",
        "standing order",
        "chapter",
        "letters",
        "year and day",
        "says so itself",
        "years in names",
        "days in names",
    ],
)
def test_two_editions_of_one_work_are_recognised(old: tuple[str, str], new: tuple[str, str]) -> None:
    documents = [work(*old), work(*new)]
    assert superseded(documents) == {old[0]: new[0]}
    assert superseded(documents[::-1]) == {old[0]: new[0]}
    assert [standing(documents, DAY)[name].in_force for name in (old[0], new[0])] == [False, True]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("a.txt", OLD), ("b.txt", NEW.replace("adults", "children"))),
        (
            ("a.txt", "LAKE HOSPITAL POLICY\nFall prevention\nVersion 1\n"),
            ("b.txt", "LAKE HOSPITAL POLICY\nHand hygiene\nVersion 2\n"),
        ),
        (
            ("a.txt", "LAKE HEALTH PLAN\n\nPolicy AB-1: Rain. Version 1\n"),
            ("b.txt", "LAKE HEALTH PLAN\n\nPolicy AB-2: Rain. Version 2\n"),
        ),
        (
            ("bulletin_2024-01.txt", "Pharmacy bulletin\n\nIt rained.\n"),
            ("bulletin_2024-02.txt", "Pharmacy bulletin\n\nIt snowed.\n"),
        ),
        (("minutes_2023.txt", "Minutes of the rain group\n\nx\n"), ("minutes_2024.txt", "Minutes of the rain group\n\nx\n")),
        (("ct_2023.txt", "CT CHEST\nPatient: P-0001\nVersion 1\n"), ("ct_2024.txt", "CT CHEST\nPatient: P-0001\nVersion 2\n")),
        (("a.txt", "Policy GAS-05 Bleeding, version 2\n\nx\n"), ("b.txt", "Leaflet GAS-05-P after bleeding, version 3\n\nx\n")),
        (
            ("a.txt", "Policy TX-9 Travel, version 2\nFor members of TX-3\n\nx\n"),
            ("b.txt", "Policy TX-3 Organs, version 3\n\nx\n"),
        ),
        (("a.txt", "Guideline: type 1 diabetes, version 2\n\nx\n"), ("b.txt", "Guideline: type 2 diabetes, version 3\n\nx\n")),
        (("a.txt", OLD), ("b.txt", OLD)),
        (("policy_v1.txt", "Policy on falls\n\nx\n"), ("policy_v2.txt", "Policy on restraint\n\nx\n")),
        (("a.txt", "Rain policy\nDate: 2021-01-01\n\nx\n"), ("b.txt", "Rain policy\nDate: 2023-01-01\n\nx\n")),
    ],
    ids=[
        "adults and children",
        "one hospital",
        "one plan",
        "a bulletin a month",
        "minutes",
        "reports of a patient",
        "a leaflet to it",
        "mentions it",
        "types 1 and 2",
        "the same twice",
        "names of files alone",
        "no edition",
    ],
)
def test_documents_of_their_own_never_replace_each_other(one: tuple[str, str], two: tuple[str, str]) -> None:
    assert superseded([work(*one), work(*two)]) == {}


def test_of_two_that_each_claim_to_replace_the_other_the_later_one_does() -> None:
    one = work("a.txt", "Policy AB-001 Rain\nEffective 2021-01-01\nReplaces: CD-002\n")
    two = work("b.txt", "Policy CD-002 Storms\nEffective 2023-01-01\nReplaces: AB-001\n")
    assert superseded([one, two]) == {"a.txt": "b.txt"}


def test_the_edition_in_force_is_named_and_not_the_next_one() -> None:
    middle = NEW.replace("Version 4, effective 2024-03-01", "Version 3.5, effective 2022-03-01")
    found = standing([work("old.txt", OLD), work("middle.txt", middle), work("new.txt", NEW)], DAY)
    assert found["old.txt"].by == found["middle.txt"].by == "new.txt"
    assert superseded([work("old.txt", OLD), work("middle.txt", middle), work("new.txt", NEW)])["old.txt"] == "middle.txt"


def test_dates_that_were_shifted_years_ahead_are_compared_with_each_other() -> None:
    old, new = (work(name, text.replace("202", "208")) for name, text in (("old.txt", OLD), ("new.txt", NEW)))
    found = standing([old, new])
    assert (found["old.txt"].by, found["new.txt"].in_force) == ("new.txt", True)
    assert in_force([old, new], "2024-01-01") == set()


def test_a_report_of_a_patient_has_no_edition_but_its_status_may_take_it_out() -> None:
    note = loaded("note.txt", "CLINIC NOTE\nPatient: P-0001\nReport status: entered in error\n\nIt rained.\n")
    fine = loaded("fine.txt", "CLINIC NOTE\nPatient: P-0001\nReport status: preliminary\nVersion 2\n\nIt rained.\n")
    assert standing([note, fine], DAY) == {"note.txt": Standing(False, reason="entered in error")}


def test_a_running_footer_names_an_edition() -> None:
    document = Document(
        "rain.pdf", "Rain policy\n\nIt rained.\n", asides=(Aside("footer", "Rain policy · Version 6 · page 1", 0, 1),)
    )
    assert described(document).edition == "6"


def test_many_documents_are_compared_in_time() -> None:
    documents = [
        Document(f"{at}.txt", "x", title=f"Policy on storm {at // 2} of the coast", type="policy", edition=str(at % 2 + 1))
        for at in range(3000)
    ]
    assert superseded(documents) == {f"{at}.txt": f"{at + 1}.txt" for at in range(0, 3000, 2)}


@given(st.lists(st.text(max_size=120), max_size=4))
def test_standing_of_any_texts_raises_nothing(texts: list[str]) -> None:
    documents = [described(Document(f"{at}_v{at}.txt", text)) for at, text in enumerate(texts)]
    found = standing(documents)
    assert all(one.by != name and (one.in_force or one.reason) for name, one in found.items())


@pytest.mark.parametrize(
    "text",
    [
        "version " * 40_000,
        "superseded by " * 20_000,
        "Revision history\n" + "1.0 | 2019-01-01 | x\n" * 8_000,
        "(" * 100_000,
        "edition " * 30_000,
        " - " * 60_000,
        "this " * 50_000,
    ],
)
def test_hostile_text_is_read_in_time(text: str) -> None:
    standing([described(Document("rain policy.txt", text))])
