"""Every rule of values, sizes, sites, changes, codes and numbers is walked through: its example triggers it."""

import math
from typing import Any

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.changes import changes
from rag.clinical.facts.codes import codes
from rag.clinical.facts.numbers import numbers
from rag.clinical.facts.readings import unit_behind
from rag.clinical.facts.sites import sites, within
from rag.clinical.facts.sizes import sizes
from rag.clinical.facts.stream import stream
from rag.clinical.facts.types import Change, Result, Side, Site, Value
from rag.clinical.facts.units import named, unit_at
from rag.clinical.facts.values import values
from rag.rules import rules

UNITS, VALUES, SIZES, SITES = rules("facts_units"), rules("facts_values"), rules("facts_sizes"), rules("facts_sites")
CHANGES, CODES, NUMBERS = rules("facts_changes"), rules("facts_codes"), rules("facts_numbers")
NAMES = [(rule, name) for rule in VALUES["analytes"] for name in (*rule["names"], *rule.get("exact", ()))]
SITE_NAMES = [(rule["site"], name) for rule in SITES["sites"] for name in rule["names"]]
CUES = [(rule["direction"], cue) for rule in CHANGES["changes"] for cue in rule["cues"]]
RESULTS = [(rule["result"], cue) for rule in CHANGES["results"] for cue in rule["cues"]]
ONLY = {name for rule in SITES["unless"] for name in [rule["name"]] if "only_after" in rule or "only_before" in rule}
EXACT = {name.lower(): name for name in SITES["exact"]["names"]}


def by(field: str) -> Any:
    return lambda rule: str(rule[field]) if isinstance(rule, dict) else None


def read(text: str) -> list[Value]:
    return list(values(reading(text)))


def placed(text: str) -> list[tuple[str, str]]:
    return [(one.site, one.side) for one in sites(reading(text)) if isinstance(one, Site)]


def said(text: str) -> list[str]:
    return [one.direction if isinstance(one, Change) else one.result for one in changes(reading(text))]


@pytest.mark.parametrize("rule", UNITS["units"], ids=by("unit"))
def test_every_spelling_of_a_unit_is_that_unit(rule: dict[str, Any]) -> None:
    assert {(one.name, one.last) for form in rule["written"] if (one := unit_at(stream(form), 0))} >= {
        (rule["unit"] if rule["unit"] != "lpm" else "L/min", len(stream(form).said)) for form in rule["written"]
    }
    words = stream(rule["example"])
    assert [unit_at(words, one.last) for one in words.amounts.values() if unit_at(words, one.last)]


@pytest.mark.parametrize("rule", UNITS["same"], ids=by("unit"))
def test_compounds_that_mean_the_same_have_one_name(rule: dict[str, Any]) -> None:
    assert {named(other) for other in (*rule["also"], rule["unit"])} == {rule["unit"]}
    words = stream(rule["example"])
    found = [unit_behind(words, one.last) for one in words.amounts.values()]
    assert rule["unit"] in [one.name for one in found if one]


@pytest.mark.parametrize("rule", VALUES["analytes"], ids=by("analyte"))
def test_the_example_of_an_analyte_is_read_as_it_says(rule: dict[str, Any]) -> None:
    found = read(rule["example"])[0]
    assert (found.analyte, found.number) == (rule["analyte"], pytest.approx(rule["number"]))


def written(rule: dict[str, Any]) -> str:
    """A number that an analyte can have, in the form that its rule names."""
    form, bare = rule.get("form", ""), rule.get("bare", [["", 1, 100]])[0]
    fixed = {
        "pair": "118/72",
        "plus": "2+",
        "snellen": "20/40",
        "titer": "1:160",
        "height": "5 ft 10 in",
        "scale": f"{bare[2]:g}",
    }
    if form == "score":
        return f"1/{rule['out_of']}"
    middle = math.sqrt(max(bare[1], 0.01) * bare[2])
    unit = rule["unit"] if rule.get("needs_unit") else ""
    return fixed.get(form, f"{middle:.3g} {unit}" if middle < 1000 else f"{middle:.0f} {unit}").strip()


@pytest.mark.parametrize(("rule", "name"), NAMES, ids=[name for _, name in NAMES])
def test_every_name_of_an_analyte_gives_its_value(rule: dict[str, Any], name: str) -> None:
    sharing = {other["analyte"] for other, one in NAMES if one == name}
    assert {one.analyte for one in read(f"Seen. {name} {written(rule)}.")} & sharing


@pytest.mark.parametrize("rule", VALUES["panels"], ids=by("example"))
def test_every_name_of_a_panel_gives_its_values(rule: dict[str, Any]) -> None:
    assert [(one.analyte, one.number) for one in read(rule["example"])] == [*zip(rule["analytes"], rule["numbers"], strict=False)]
    behind = rule["example"].split(" ", 1)[1]
    assert {tuple(one.number for one in read(f"{name} {behind}")) for name in rule["names"]} == {tuple(rule["numbers"])}


def test_words_between_a_name_and_its_number_hide_neither() -> None:
    rule = VALUES["between"]
    assert [one.number for one in read(rule["example"])] == [rule["number"]]
    words = set(rule["words"]) - set(VALUES["numbered"]["words"]) - {"by"}
    assert [word for word in words if [one.number for one in read(f"Potassium {word} 3.1")] != [3.1]] == []


@pytest.mark.parametrize("rule", [*SIZES["units"], *SIZES["between"]], ids=lambda rule: str(next(iter(rule.values()))))
def test_the_example_of_a_length_has_its_sides(rule: dict[str, Any]) -> None:
    assert [list(one.mm) for one in sizes(reading(rule["example"]))] == [rule["sides"]]


@pytest.mark.parametrize(("site", "name"), SITE_NAMES, ids=[name for _, name in SITE_NAMES])
def test_every_name_of_a_part_of_the_body_and_its_plural_is_that_part(site: str, name: str) -> None:
    if name in ONLY:
        return
    written = EXACT.get(name, name)
    assert placed(f"Seen: {written} zebra.") == [(site, "")]
    assert placed(f"Seen: left {written} zebra.") == [(site, "left")]
    assert name in (*EXACT, "back") or placed(f"Seen: right {name.upper()} zebra.") == [(site, "right")]


def test_every_part_of_the_body_lies_in_another_that_is_known_and_in_none_twice() -> None:
    parents = {rule["site"]: rule["part_of"] for rule in SITES["sites"]}
    assert [site for site, wider in parents.items() if set(wider) - set(parents)] == []
    assert [site for site, wider in parents.items() if not wider] == ["body"]
    assert [site for site in parents if not within(site, "body")] == []
    assert [site for site, wider in parents.items() for other in wider if within(other, site)] == []
    assert len({name for _, name in SITE_NAMES}) == len(SITE_NAMES)


@pytest.mark.parametrize("rule", SITES["short"], ids=by("name"))
def test_a_short_form_holds_its_side(rule: dict[str, str]) -> None:
    assert placed(rule["example"]) == [(rule["site"], rule["side"])]
    assert placed(rule["example"].lower()) == []


def test_a_part_of_the_body_in_a_manner_of_speaking_is_none() -> None:
    assert placed(SITES["never"]["example"]) == []
    assert [phrase for phrase in SITES["never"]["phrases"] if placed(f"Seen {phrase}.")] == []


@pytest.mark.parametrize("rule", SITES["unless"], ids=by("name"))
def test_words_beside_a_name_make_it_another_thing(rule: dict[str, Any]) -> None:
    own = next(site for site, name in SITE_NAMES if name == rule["name"])
    assert own in [site for site, _ in placed(rule["example"])]
    assert own not in [site for site, _ in placed(rule["not"])]


@pytest.mark.parametrize("rule", SITES["aspects"], ids=by("aspect"))
def test_every_word_of_an_aspect_is_read_before_a_part_of_the_body(rule: dict[str, Any]) -> None:
    found = [one.aspects for one in sites(reading(rule["example"])) if isinstance(one, Site)]
    assert found == [(rule["aspect"],)]
    for word in rule["words"]:
        part = "metacarpal" if rule["aspect"].isdigit() else "of the wrist" if word in ("back", "front") else "wrist"
        assert [one.aspects for one in sites(reading(f"Pain: {word} {part}.")) if isinstance(one, Site)] == [(rule["aspect"],)]


@pytest.mark.parametrize("rule", SITES["sides"], ids=by("side"))
def test_every_word_of_a_side_is_read_before_a_part_of_the_body(rule: dict[str, Any]) -> None:
    assert {side for _, side in placed(rule["example"])} == {rule["side"]}
    assert {side for word in rule["words"] for _, side in placed(f"Pain of the {word} wrist.")} == {rule["side"]}


def test_between_a_side_and_a_part_of_the_body_words_may_stand() -> None:
    assert placed(SITES["between"]["example"]) == [("face", "left")]
    assert placed(SITES["levels"]["example"]) == [("L1", "")]
    assert [site for site, _ in placed("T1 of the protocol")] == []


@pytest.mark.parametrize("example", SITES["no_side"]["examples"])
def test_left_and_right_are_no_sides_where_they_mean_other_things(example: str) -> None:
    assert [*sites(reading(example))] == []


@pytest.mark.parametrize("rule", CHANGES["changes"], ids=by("direction"))
def test_the_example_of_a_change_says_what_changed(rule: dict[str, Any]) -> None:
    assert [(one.direction, one.of) for one in changes(reading(rule["example"])) if isinstance(one, Change)] == [
        (rule["direction"], rule["of"].removesuffix("s"))
    ]


@pytest.mark.parametrize("rule", CHANGES["results"], ids=by("result"))
def test_the_example_of_a_result_says_of_what(rule: dict[str, Any]) -> None:
    found = [(one.result, one.of) for one in changes(reading(rule["example"])) if isinstance(one, Result)]
    assert found == [(rule["result"], rule["of"])]


@pytest.mark.parametrize(("name", "cue"), [*CUES, *RESULTS], ids=[cue for _, cue in (*CUES, *RESULTS)])
def test_every_cue_of_a_change_or_result_is_read(name: str, cue: str) -> None:
    assert said(f"The zebra {cue}.") == [name]


def test_no_cue_stands_under_two_directions() -> None:
    every = [cue for _, cue in (*CUES, *RESULTS)]
    assert sorted(cue for cue in every if every.count(cue) > 1) == []


@pytest.mark.parametrize("rule", CHANGES["unless"], ids=by("cue"))
def test_words_beside_a_cue_make_it_none(rule: dict[str, Any]) -> None:
    meant = next(name for name, cue in (*CUES, *RESULTS) if cue == rule["cue"])
    assert meant in said(rule["example"])
    assert meant not in said(rule["not"])


@pytest.mark.parametrize("part", ["measured", "lower", "carried"])
def test_a_verb_of_many_meanings_is_a_change_only_among_its_words(part: str) -> None:
    assert len(said(CHANGES[part]["example"])) == 1
    assert said(CHANGES[part]["not"]) == []


def test_a_denied_change_is_none_and_helping_words_hide_no_subject() -> None:
    assert said(CHANGES["denials"]["example"]) == [CHANGES["denials"]["direction"]]
    assert [one.of for one in changes(reading(CHANGES["helpers"]["example"]))] == ["gait"]
    assert [one.of for one in changes(reading(CHANGES["stops"]["example"]))] == ["fever"]


@pytest.mark.parametrize("rule", CODES["systems"], ids=by("system"))
def test_the_example_of_a_system_has_its_code(rule: dict[str, Any]) -> None:
    found = next(codes(reading(rule["example"])))
    assert (found.system, found.code, found.valid) == (rule["system"], rule["code"], True)
    if "invalid" in rule:
        assert [one.valid for one in codes(reading(rule["invalid"]))] == [False]


@pytest.mark.parametrize("rule", NUMBERS["labels"], ids=by("label"))
def test_a_number_behind_a_label_is_of_that_label(rule: dict[str, Any]) -> None:
    found = [(one.number, one.of.split()[0]) for one in numbers(reading(rule["example"]))]
    assert (rule["number"], rule["label"]) in found


@pytest.mark.parametrize("rule", [*NUMBERS["own_units"], *NUMBERS["times"]], ids=by("example"))
def test_a_number_has_one_unit_for_amounts_that_are_the_same(rule: dict[str, Any]) -> None:
    (found,) = numbers(reading(rule["example"]))
    assert (found.number, found.of) == (rule["number"], rule.get("own", "time"))


def test_a_pronoun_is_no_number_and_small_words_are_not_counted() -> None:
    assert [one for text in NUMBERS["not_one"]["examples"] for one in numbers(reading(text))] == []
    assert [one.of for one in numbers(reading(NUMBERS["not_counted"]["example"]))] == [""]


def test_a_word_in_s_that_is_no_plural_stays_as_it_is() -> None:
    rule = NUMBERS["singulars"]
    assert [one.of for one in numbers(reading(rule["example"]))] == [rule["of"]]


def test_no_side_stands_alone_that_belongs_to_a_part_of_the_body() -> None:
    assert [one for one in sites(reading("Pain of the left wrist.")) if isinstance(one, Side)] == []


@pytest.mark.parametrize("part", ["never", "before", "abbreviated", "counted", "numbered", "goes_on"])
def test_words_beside_a_number_tell_whose_it_is(part: str) -> None:
    rule = VALUES[part]
    assert [one.number for one in read(rule["example"])] == rule.get("numbers", [rule["number"]] if "number" in rule else [])


def test_a_value_is_shown_without_a_time_that_stands_before_it() -> None:
    rule = VALUES["when"]
    assert [rule["example"][one.start : one.end] for one in read(rule["example"])] == [rule["shown"]]


def test_the_words_before_a_range_hide_it_not() -> None:
    rule = VALUES["labels"]
    assert [(one.low, one.high) for one in read(rule["example"])] == [(rule["low"], rule["high"])]


@pytest.mark.parametrize("rule", VALUES["spoken"], ids=by("analyte"))
def test_a_score_without_name_is_of_what_is_spoken_of(rule: dict[str, Any]) -> None:
    assert [(one.analyte, one.number) for one in read(rule["example"])] == [(rule["analyte"], rule["number"])]


@pytest.mark.parametrize("rule", VALUES["flags"], ids=by("flag"))
def test_every_word_of_a_flag_is_read_in_brackets_and_cells(rule: dict[str, Any]) -> None:
    assert [one.flag for one in read(rule["example"])] == [rule["flag"]]
    for word in rule["words"]:
        assert [one.flag for one in read(f"Sodium 140 ({word.upper()})")] == [rule["flag"]]
        assert [one.flag for one in read(f"| Sodium | 140 | {word.upper()} |")] == [rule["flag"]]
