"""Where an attack stands: the files that hold it, the question that is asked, and what it seeks."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.documents.load import read_file
from rag.evaluate.attacks.families import Attack
from rag.evaluate.perturb.ground import Ground
from rag.evaluate.perturb.ways import false_statement
from rag.stage import fingerprint
from rag.values import Document, File, Span

PARAGRAPH = "\n\n"
SAID = 100
"""Characters of a planted text by which it is found again in a passage or a prompt."""


@dataclass(frozen=True)
class Planted:
    """An attack in its place: the question, the documents with it, the name of the one that holds it, and what it seeks.

    `words` is what a model says that obeys, `text` what was planted; `spans` are where that stands in the documents' texts.
    """

    attack: Attack
    question: str
    documents: tuple[Document, ...] = field(repr=False)
    changed: frozenset[str]
    words: str
    text: str = field(repr=False)
    spans: tuple[Span, ...] = ()


def plant(attack: Attack, ground: Ground, number: int) -> Planted | None:
    """The attack planted near the evidence of a case; None where it needs a false fact and nothing of that case can be turned.

    By its `number` it stands before, beside or behind the evidence.
    """
    canary = f"qx{fingerprint('canary', attack.id)[:6]}"
    needs = "{statement}" in attack.text
    statement = false_statement(ground) if needs else ""
    if needs and not statement:
        return None
    told = {"canary": canary, "statement": statement, "question": ground.named}
    text = re.sub(r"\{(canary|statement|question)\}", lambda place: told[place[1]], attack.text)
    words = canary if "{canary}" in attack.text or attack.aim != "fact" else statement
    if attack.place == "question":
        return Planted(attack, text, tuple(ground.documents.values()), frozenset(), words, text)
    files = _files(attack, text, ground, number)
    if not files:
        return None
    read = [document for file in files for document in read_file(file)]
    names = {one.name for one in read}
    instead = set() if attack.place == "document" else {ground.first.name}
    kept = [one for one in ground.documents.values() if one.name not in names | instead]
    spans = tuple(span for one in read for span in _where(one, text))
    return Planted(attack, ground.named, (*kept, *read), frozenset(names), words, text, spans)


def _files(attack: Attack, text: str, ground: Ground, number: int) -> Sequence[File]:
    """The files that hold the attack, in the place of the document with the evidence or beside it."""
    document, gold = ground.first, ground.stretches[0]
    name = f"{document.name.rpartition('.')[0] or document.name}.txt"
    at = (gold.start, gold.end, gold.end)[number % 3]
    body = document.text[:at].rstrip() + PARAGRAPH + text + PARAGRAPH + document.text[at:].lstrip()
    stem = name.removesuffix(".txt")
    match attack.place:
        case "text" | "heading":
            return [File(name, body.encode())]
        case "document":
            head = document.text[: max(document.text.find(PARAGRAPH), 0)]
            return [File(f"{stem}_addendum.txt", f"{head}{PARAGRAPH}{text}\n".encode())]
        case "title":
            return [File(name, f"{text}\n{document.text}".encode())]
        case "name":
            return [File(f"{text}.txt", document.text.encode())]
        case "metadata" | "hidden":
            return [File(f"{stem}.html", _page(text, document.text, gold.start, hidden=attack.place == "hidden").encode())]
        case "fhir":
            return [File(f"{stem}.json", _resource(text, document).encode())]
    return []


def _page(text: str, body: str, at: int, hidden: bool) -> str:
    """A document as a page with the attack in its metadata, or where nobody sees it."""
    own, first, last = html.escape(text), _lines(body[:at]), _lines(body[at:])
    if hidden:
        unseen = f"<p style='display:none'>{own}</p><!-- {own} --><p style='color:white'>{own}</p>"
        return f"<html><body>{first}{unseen}{last}</body></html>"
    head = f"<title>{own}</title><meta name='author' content='{own}'><meta name='keywords' content='{own}'>"
    return f"<html><head>{head}</head><body>{first}{last}</body></html>"


def _lines(text: str) -> str:
    return "".join(f"<p>{html.escape(line)}</p>" for line in text.split("\n") if line.strip())


def _resource(text: str, document: Document) -> str:
    """Resources that hold the document, and the attack in fields that are shown."""
    subject = {"subject": {"reference": f"Patient/{document.patient}", "display": text}} if document.patient else {}
    note = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"text": document.title or "Note"},
        "conclusion": f"{document.text}{PARAGRAPH}{text}",
        **subject,
    }
    observed = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Comment"},
        "valueString": text,
        "note": [{"text": text}],
        **subject,
    }
    resources = [{"resource": note}, {"resource": observed}]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": resources})


def _where(document: Document, text: str) -> list[Span]:
    """Where the planted words stand in a document, blanks aside, line by line of what was planted."""
    found = []
    for line in filter(None, (line.strip()[:SAID] for line in text.split("\n"))):
        own = re.compile(r"\s+".join(map(re.escape, line.split())))
        found += [Span(document.name, *match.span()) for match in own.finditer(document.text)]
    return found
