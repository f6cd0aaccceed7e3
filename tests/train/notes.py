"""Training folders of terse notes: medication lists, values, examinations and orders with questions, all drawn from tables.

usage: python -m tests.train.notes OUT_FOLDER [--folders 150] [--seed 1]
Writes OUT_FOLDER/folders/*/*.txt and OUT_FOLDER/questions.jsonl, which `tests.train.prepare` reads. Everything in it is invented:
a statement is a line from a table of `notes.json` with drawn values, and its questions stand beside it. What was not drawn for
a patient is asked too, and has no answer. Written because notes in whole sentences, which the other folders mostly are, teach
a reader nothing about "Torsemide 40 mg PO daily".
"""

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLES: dict[str, Any] = json.loads(Path(__file__).with_name("notes.json").read_text("utf-8"))
"""Rows of several columns, several values in one parted by commas or semicolons, and lists of names.

`drugs` (generic, brand, classes, reasons, doses, how often), `labs` (short name, asked as, values, unit), and `exam`, `imaging`,
`traits` and `tests` (label, findings, asked as).
"""
MONTHS = "January,February,March,April,May,June,July,August,September,October,November,December".split(",")


def begun(text: str) -> str:
    """The text with its first letter in upper case, and no other changed."""
    return text[:1].upper() + text[1:]


def names(text: str) -> list[str]:
    """The comma-separated names of a column."""
    return [name.strip() for name in text.split(",") if name.strip()]


@dataclass
class Paper:
    """What is drawn for a patient: lines by section, and questions with the lines that answer."""

    draw: random.Random
    number: str
    woman: bool
    lines: dict[str, list[str]] = field(default_factory=dict)
    questions: list[tuple[str, list[str], str]] = field(default_factory=list)

    @property
    def who(self) -> str:
        """The patient, in one of the ways in which people say it."""
        return self.draw.choice(["the patient", "she" if self.woman else "he", self.number, "pt", "this patient", "the patient"])

    @property
    def whose(self) -> str:
        """Possessive of the same."""
        return self.draw.choice(["the patient's", "her" if self.woman else "his", f"{self.number}'s", "pt's"])

    def add(self, section: str, line: str) -> str:
        """Places a line in a section, and gives it back."""
        self.lines.setdefault(section, []).append(line)
        return line

    def ask(self, kind: str, gold: Sequence[str], *ways: str) -> None:
        """Asks for some lines, in one of the ways given; no line means that nothing answers."""
        way = self.draw.choice(ways)
        text = way.format(who=self.who, whose=self.whose, number=self.number)
        if self.draw.random() < 0.3:
            text = (
                f"{text.rstrip('?')} ({self.number})?"
                if self.number not in text and self.draw.random() < 0.3
                else text.rstrip("?")
            )
        if self.draw.random() < 0.4:
            text = text[0].lower() + text[1:]
        self.questions.append((text, list(gold), kind))


def medications(paper: Paper) -> None:
    """A list of what is taken, in one style, with what was started, changed and stopped."""
    draw = paper.draw
    rows = draw.sample(TABLES["drugs"], draw.randint(6, 13))
    rest = [row for row in TABLES["drugs"] if row not in rows]
    style = draw.randrange(5)
    held: dict[str, list[str]] = {}
    sections = ["Discharge medications"] if style < 3 else ["Continue", "Start"]
    for name, brand, classes, reasons, doses, often in rows:
        dose, how, reason = draw.choice(names(doses)), draw.choice(often.split(",")), names(reasons)[0]
        mark = draw.choice(["", "", "", " (NEW)", f" ({brand})" if brand else "", f" for {reason}", f", for {reason}"])
        route = (
            ""
            if any(word in how for word in ("IV", "subcut", "inhaled", "SL", "drop")) or "puff" in dose or "%" in dose
            else " PO"
        )
        route = draw.choice([route, " by mouth"]) if route else ""
        written = name if style % 2 else begun(name)
        line = paper.add(draw.choice(sections), f"{written} {dose}{route} {how}{mark}")
        for one in names(classes):
            held.setdefault(one, []).append(line)
        for one in names(reasons):
            held.setdefault(one, []).append(line)
        called = draw.choice([name, name, brand or name])
        paper.ask(
            "dose",
            [line],
            f"What dose of {called}?",
            f"How much {called} is {{who}} on?",
            f"{called} dose?",
            f"Which dose of {called} did {{who}} go home on?",
            f"How often does {{who}} take {called}?",
            f"Is {{who}} on {called}?",
            f"How should {called} be taken?",
            f"{called} - dose and frequency",
            f"Was {called} prescribed?",
        )
    for one in draw.sample(sorted(held), min(5, len(held))):
        is_class = any(one in names(row[2]) for row in TABLES["drugs"])
        if is_class:
            ways = [
                f"Is {{who}} on a {one}?",
                f"Which {one} does {{who}} take?",
                f"What {one} was prescribed?",
                f"any {one} on the list?",
            ]
        else:
            ways = [
                f"What is {{who}} taking for {one}?",
                f"medicine for {one}?",
                f"Which drug treats {{whose}} {one}?",
                f"What was given for {one}?",
            ]
        paper.ask("class", held[one], *ways)
    for name, brand, classes, _, _, _ in draw.sample(rest, 3):
        known = [one for one in names(classes) if one not in held]
        called = draw.choice([name, brand or name])
        paper.ask(
            "dose",
            [],
            f"What dose of {called}?",
            f"How much {called} is {{who}} taking?",
            f"Why was {called} started?",
            f"{called} dose on discharge?",
        )
        if known:
            paper.ask("class", [], f"Is {{who}} on a {known[0]}?", f"Which {known[0]} does {{who}} take?")
    for name, brand, *_ in draw.sample(rest, draw.randint(0, 2)):
        why = draw.choice(
            ["dizziness", "rising creatinine", "rash", "no longer needed", "bleeding", "low sodium", "sedation", "cost"]
        )
        line = paper.add("Stopped", draw.choice([f"{begun(name)}: {why}", f"{name} - stopped, {why}", f"STOP {name} ({why})"]))
        called = draw.choice([name, brand or name])
        paper.ask(
            "stopped",
            [line],
            f"Why was {called} stopped?",
            f"Is {{who}} still on {called}?",
            f"What happened to the {called}?",
            f"reason {called} was discontinued",
        )
    for name, brand, *_ in draw.sample(rows, 1):
        old = draw.choice(["half of this", "twice daily before", "5 mg before", "a higher dose before"])
        line = paper.add("Changed", f"{begun(name)}: dose changed, {old}")
        paper.ask(
            "changed", [line], f"Was {name} changed?", f"What changed with {{whose}} {brand or name}?", f"previous {name} dose"
        )


def values(paper: Paper) -> None:
    """Laboratory values, a line each or several in one, some measured twice, and vital signs."""
    draw = paper.draw
    rows = draw.sample(TABLES["labs"], draw.randint(6, 12))
    rest = [row for row in TABLES["labs"] if row not in rows]
    together = draw.random() < 0.5
    said: list[tuple[list[str], str]] = []
    pool: list[str] = []
    for name, asked, drawn, unit in rows:
        value = draw.choice(drawn.split(","))
        mark = draw.choice(["", "", " (H)", " (L)", f" (was {draw.choice(drawn.split(','))})"])
        text = f"{name} {value}{'' if unit == '%' and not together else ' '}{unit}".strip() + mark
        said.append((names(asked), text))
        pool.append(text)
    lines = list[str]()
    while pool:
        take, pool = (pool[:4], pool[4:]) if together else (pool[:1], pool[1:])
        lines.append(paper.add("Labs", ", ".join(take) + ("." if together else "")))
    for asked, text in said:
        gold = [line for line in lines if text in line]
        one = draw.choice(asked)
        paper.ask(
            "value",
            gold,
            f"What was the {one}?",
            f"{one}?",
            f"How was {{whose}} {one}?",
            f"latest {one}",
            f"Was the {one} abnormal?",
            f"What did the {one} show?",
        )
    taken = {one for asked, _ in said for one in asked}
    for _, asked, _, _ in draw.sample(rest, 3):
        free = [one for one in names(asked) if one not in taken]
        if free:
            paper.ask("value", [], f"What was the {free[0]}?", f"{{whose}} {free[0]}?", f"latest {free[0]}")
    high, pulse, breath, air, warm = (
        draw.randint(88, 190),
        draw.randint(52, 138),
        draw.randint(12, 32),
        draw.randint(84, 99),
        draw.uniform(36.0, 39.6),
    )
    parts = [
        (f"BP {high}/{high // 2 + 10}", "blood pressure,BP,pressure"),
        (f"HR {pulse}", "heart rate,pulse"),
        (f"RR {breath}", "respiratory rate,breathing rate"),
        (f"SpO2 {air}% on {draw.choice(['room air', '2 L', '4 L'])}", "oxygen saturation,sats,O2 sat,pulse ox"),
        (f"T {warm:.1f} C", "temperature,fever,temp"),
    ]
    draw.shuffle(parts)
    shown = parts[: draw.randint(3, 5)]
    line = paper.add("Vitals", ", ".join(text for text, _ in shown))
    for _, asked in draw.sample(shown, 2):
        one = draw.choice(names(asked))
        paper.ask("vital", [line], f"What was {{whose}} {one}?", f"{one} on arrival?", f"how was the {one}", f"vitals: {one}")


def labelled(paper: Paper, section: str, rows: Sequence[list[str]], most: int, ways: Sequence[str], bare: float) -> None:
    """Lines of the form "label: value", asked by words that stand beside them in the table."""
    draw = paper.draw
    chosen = draw.sample(list(rows), draw.randint(max(3, most // 2), most))
    for label, found, asked in chosen:
        value = draw.choice(found.split(";"))
        written = draw.choice([f"{label}: {value}", f"{label}: {value}.", f"{label} - {value}"])
        if draw.random() < bare:
            written = value + "."
        line = paper.add(section, written)
        if written == value + "." and draw.random() < 0.5:
            continue
        one = draw.choice(names(asked))
        told = one.startswith(("what", "how", "where", "who", "any", "was"))
        paper.ask(
            "finding", [line], *([one + "?"] if told else [way.format(one=one, who="{who}", whose="{whose}") for way in ways])
        )
    for _, _, asked in draw.sample([row for row in rows if row not in chosen], 1):
        told = ("how", "what", "where", "any", "was", "who")
        one = draw.choice([one for one in names(asked) if not one.startswith(told)] or names(asked))
        paper.ask("finding", [], *[way.format(one=one, who="{who}", whose="{whose}") for way in ways])


def background(paper: Paper) -> None:
    """Allergies, histories, symptoms that were denied, follow-up, what is pending."""
    draw = paper.draw
    allergens, reactions = TABLES["allergens"], TABLES["reactions"]
    mine = draw.sample(allergens, draw.randint(1, 3))
    lines = list[str]()
    for one in mine:
        reaction = draw.choice(reactions)
        line = paper.add(
            "Allergies", draw.choice([f"{begun(one)} ({reaction})", f"{begun(one)}: {reaction}", f"{one} - {reaction}"])
        )
        lines.append(line)
        paper.ask(
            "allergy",
            [line],
            f"What happens with {one}?",
            f"Is {{who}} allergic to {one}?",
            f"reaction to {one}",
            f"Can {{who}} have {one}?",
        )
    paper.ask("allergy", lines, "Any allergies?", "What is {who} allergic to?", "{whose} allergies", "drug allergies?")
    paper.ask("allergy", [], f"Why was {draw.choice([a for a in allergens if a not in mine])} given despite the allergy?")
    problems = draw.sample(TABLES["history"], draw.randint(4, 8))
    together = draw.random() < 0.5
    if together:
        joined = paper.add("Past medical history", begun(", ".join(problems)) + ".")
    for one in problems:
        line = joined if together else paper.add("Past medical history", begun(one))
        if draw.random() < 0.5:
            short = one.rsplit(" ", 1)[0] if one[-4:].isdigit() else one
            ways = [f"Does {{who}} have a history of {short}?", f"Any history of {short}?", f"Has {{who}} had {short}?"]
            if one[-4:].isdigit():
                ways += [f"When was {{whose}} {short}?", f"what year was the {short}"]
            paper.ask("history", [line], *ways)
    if not together:
        paper.ask(
            "history",
            [begun(one) for one in problems],
            "What is {whose} past medical history?",
            "What chronic conditions does {who} have?",
        )
    for relative, what in zip(draw.sample(TABLES["kin"], 2), draw.sample(TABLES["family"], 2), strict=True):
        line = paper.add("Family history", f"{relative}: {what}{draw.choice(['', ' at 44', ' at 71'])}")
        paper.ask(
            "family",
            [line],
            f"Does {what} run in the family?",
            f"Family history of {what}?",
            f"What did {{whose}} {relative.lower()} have?",
        )
    denied, present = draw.sample(TABLES["symptoms"], 5), draw.sample(TABLES["symptoms"], 2)
    denied = [one for one in denied if one not in present]
    line = paper.add(
        "Review of systems", f"{draw.choice(['Denies', 'No', 'Negative for'])} {', '.join(denied[:-1])} or {denied[-1]}."
    )
    other = paper.add("Review of systems", f"{draw.choice(['Reports', 'Positive for', 'Endorses'])} {' and '.join(present)}.")
    for one, gold in ((draw.choice(denied), line), (draw.choice(present), other)):
        paper.ask(
            "symptom",
            [gold],
            f"Did {{who}} have {one}?",
            f"any {one}?",
            f"{one}?",
            f"Was there {one}?",
            f"Does {{who}} complain of {one}?",
        )
    paper.ask(
        "symptom", [], f"How long has {{who}} had {draw.choice([s for s in TABLES['symptoms'] if s not in denied + present])}?"
    )
    booked = draw.sample(TABLES["clinics"], 3)
    for one in booked:
        when = f"{draw.choice(MONTHS)} {draw.randint(1, 28)}"
        line = paper.add(
            "Follow-up",
            draw.choice([f"{one}: {when}", f"{one} {when}, {draw.randint(8, 11)}:30", f"{one} in {draw.randint(1, 8)} weeks"]),
        )
        called = draw.choice([one, TABLES["called"].get(one, one).lower()])
        paper.ask(
            "follow-up",
            [line],
            f"When does {{who}} see {called}?",
            f"{called} appointment?",
            f"When is the {called} follow-up?",
            f"Does {{who}} have {called} follow up?",
        )
    absent = draw.choice([one for one in TABLES["clinics"] if one not in booked])
    paper.ask("follow-up", [], f"When is the {absent} appointment?", f"When does {{who}} see {absent}?")
    waiting = draw.sample(TABLES["pending"], draw.randint(1, 3))
    lines = [
        paper.add("Pending at discharge", draw.choice([f"{begun(one)}", f"{begun(one)}, to be followed by primary care"]))
        for one in waiting
    ]
    paper.ask(
        "pending",
        lines,
        "What is still pending?",
        "Any results outstanding?",
        "pending labs",
        "Which results do we have to chase?",
    )


TITLES = {
    "note": ("Discharge summary", "Clinic note", "Admission note", "Progress note", "Transfer note", "History and physical"),
    "report": ("CT report", "Ultrasound report", "Radiology report"),
}
ORDERS: tuple[Callable[[Paper], None], ...] = (medications, values, background)


def written(draw: random.Random, title: str, number: str, date: str, lines: dict[str, list[str]]) -> str:
    """A document of the sections, in one style of headings and items."""
    style, item = draw.randrange(4), draw.choice(["", "- ", "* ", "n", "- "])
    parts = [title.upper() if draw.random() < 0.5 else title, f"Patient: {number}", f"Date: {date}", ""]
    order = list(lines)
    draw.shuffle(order)
    for section in order:
        head = [section.upper(), f"{section}:", f"## {section}", section.upper() + ":"][style]
        parts.append(head)
        parts += [(f"{at}. " if item == "n" else item) + line for at, line in enumerate(lines[section], 1)]
        if style != 1 or draw.random() < 0.7:
            parts.append("")
    return "\n".join(parts) + "\n"


def folder(draw: random.Random, name: str, out: Path) -> list[dict[str, Any]]:
    """Writes one patient's documents and gives the questions."""
    paper = Paper(draw, f"P-{draw.randint(1000, 9999)}", draw.random() < 0.5)
    made = {"note": list[str](), "report": list[str]()}
    for part in ORDERS:
        part(paper)
    labelled(
        paper,
        "Physical exam",
        TABLES["exam"],
        9,
        ["{one}?", "Was there {one} on exam?", "What was found on {one}?", "exam: {one}"],
        0.0,
    )
    labelled(
        paper,
        "Status",
        TABLES["traits"],
        16,
        [
            "{one}?",
            "What about {whose} {one}?",
            "What is recorded on {one}?",
            "tell me about {one}",
            "Is there anything on {one}?",
        ],
        0.0,
    )
    labelled(
        paper,
        "Results",
        TABLES["tests"],
        7,
        ["{one} result?", "What did the {one} show?", "How was the {one}?", "findings of the {one}"],
        0.0,
    )
    made["note"] = list(paper.lines)
    labelled(
        paper,
        "Findings",
        TABLES["imaging"],
        11,
        ["{one}?", "Is there a {one}?", "Did the scan show {one}?", "Any {one} on imaging?", "radiology: {one}"],
        0.15,
    )
    made["report"] = ["Findings"]
    documents = dict[str, str]()
    halves = draw.sample(made["note"], len(made["note"]))
    cut = draw.choice([len(halves), len(halves) // 2])
    groups = [("note", halves[:cut]), ("note", halves[cut:]), ("report", made["report"])]
    home = out / "folders" / name
    home.mkdir(parents=True, exist_ok=True)
    at: dict[str, str] = {}
    for number, (kind, sections) in enumerate(groups):
        if not sections:
            continue
        title = draw.choice(TITLES[kind])
        file = f"{title.lower().replace(' ', '_')}_{number}_{paper.number}.txt"
        date = f"{draw.choice(MONTHS)} {draw.randint(1, 28)}, 20{draw.randint(24, 39)}"
        documents[file] = written(draw, title, paper.number, date, {section: paper.lines[section] for section in sections})
        (home / file).write_text(documents[file])
        for section in sections:
            for line in paper.lines[section]:
                at[line] = file
    rows = []
    for number, (question, gold, kind) in enumerate(draw.sample(paper.questions, min(26, len(paper.questions)))):
        evidence = [{"document": at[line], "quote": line} for line in gold]
        row = {"id": f"{name}-{number:02}", "docs": [f"folders/{name}"], "question": question, "unanswerable": not gold}
        rows.append({**row, "evidence": evidence, "near": [], "kind": kind, "register": "drawn", "needs_all": False})
    return rows


def main() -> None:
    """Writes folders and questions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--folders", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    with (a.out / "questions.jsonl").open("w") as file:
        for number in range(a.folders):
            for row in folder(random.Random(a.seed * 10_000 + number), f"n{number:03}", a.out):
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
