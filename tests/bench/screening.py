"""What the screen finds and what it spares: identifiers, planted instructions, and how long a thousand notes take."""

import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from unittest.mock import patch

from rag import starts
from rag.documents.load import read_file
from rag.documents.many import MOST_PROCESSES, processors, read_many
from rag.documents.screen import Screen
from rag.values import File, Finding
from tests.bench.corpora import Settings, rows
from tests.bench.figures import Figure, at_least, at_most, share

COVERED = 0.6  # The share of a value's characters that has to be found.
NOTES = 1000
EVERYWHERE = 200


def identifiers(settings: Settings) -> list[Figure]:
    """Identifiers covered in short queries by type, and clean queries flagged; the synthetic set of Presidio by type."""
    figures = []
    look = Screen()
    queries = rows(settings.folder("asq_phi") / "asq_phi.jsonl")
    found = {row["id"]: _identifiers(look.text(row["text"])) for row in queries}
    outcomes = [(span["label"], _covers(found[row["id"]], span)) for row in queries for span in row["spans"]]
    figures.append(share("queries: identifiers covered", (held for _, held in outcomes), at_least(0.99)))
    figures += _by_type("queries", outcomes)
    clean = [bool(found[row["id"]]) for row in queries if not row["has_phi"]]
    figures.append(share("queries: clean ones flagged", clean, at_most(0.10)))
    synthetic = rows(settings.folder("presidio_synth") / "presidio_synth.jsonl")
    outcomes = [
        (span["label"], _covers(_identifiers(look.text(row["text"])), span)) for row in synthetic for span in row["spans"]
    ]
    return [*figures, *_by_type("synthetic sentences", outcomes)]


def names(settings: Settings) -> list[Figure]:
    """Known names found in notes, and the share of words that would be redacted in note sections and consultation notes."""
    look = Screen()
    notes = rows(settings.folder("aci_bench") / "aci_bench.jsonl")
    held = [
        _covers(found, span) for row in notes for found in [_identifiers(look.text(row["note"]))] for span in row["name_spans"]
    ]
    figures = [share("notes: known names found", held, at_least(0.97))]
    for name, key in (("mts_dialog", "text"), ("primock57", "note")):
        texts = [row[key] for row in rows(settings.folder(name) / f"{name}.jsonl")]
        total, taken = 0, Counter[str]()
        for text in texts:
            total += len(text.split())
            for one in _identifiers(look.text(text)):
                taken[one.type] += len(text[one.start : one.end].split())
        for kind, count in taken.most_common():
            figures.append(
                Figure(f"{name}: words redacted as {kind}", count / total, n=total, note=f"{count} words, most rightly")
            )
        figures.append(
            Figure(f"{name}: words redacted in all", taken.total() / total, n=total, note="an upper bound for mistakes")
        )
    return figures


def injection(settings: Settings) -> list[Figure]:
    """Planted instructions found at the default threshold, and harmless texts flagged; the three sets together."""
    look = Screen()
    figures = []
    sets = (
        ("bipia", "clinical_indirect", at_least(0.60), at_most(0.02)),
        ("garak_latent", "clinical_indirect", at_least(0.95), None),
        ("notinject", "notinject", None, at_most(0.05)),
    )
    for folder, file, attacked, clean in sets:
        flagged = defaultdict(list)
        for row in rows(settings.folder(folder) / f"{file}.jsonl"):
            flagged[bool(row["label"])].append(any(one.kind != "identifier" for one in look.text(row["text"])))
        if flagged[True]:
            figures.append(share(f"{folder}: attacked notes flagged", flagged[True], attacked))
        if flagged[False]:
            figures.append(share(f"{folder}: harmless texts flagged", flagged[False], clean))
    return figures


def sections(settings: Settings) -> list[Figure]:
    """Where the divisions of visit notes begin: precision, recall and F1 against the headings found in them."""
    right = found = wanted = 0
    for row in rows(settings.folder("aci_bench") / "aci_bench.jsonl"):
        (document,) = read_file(File("note.txt", row["note"].encode()))
        text = row["note"]
        gold = {section["start"] + _blanks(text, section["start"]) for section in row["sections"]}
        ours = {section.start for section in document.sections}
        right += len(gold & ours)
        found += len(ours)
        wanted += len(gold)
    precision, recall = right / max(found, 1), right / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return [
        Figure("precision of section starts", precision, n=found),
        Figure("recall of section starts", recall, n=wanted),
        Figure("F1 of section starts", f1, target=at_least(0.95), n=wanted),
    ]


def screening_speed(settings: Settings) -> list[Figure]:
    """Seconds to load, structure and screen a thousand notes, made of the visit notes over and over, to about 500 words each."""
    texts = [row["note"] for row in rows(settings.folder("aci_bench") / "aci_bench.jsonl")]
    notes = [" ".join((texts[at % len(texts)] + "\n\n" + texts[(at + 1) % len(texts)]).split(" ")[:520]) for at in range(NOTES)]
    look = Screen()
    look(read_file(File("warm.txt", notes[0].encode()))[0])
    started = time.perf_counter()
    loading = 0.0
    for number, note in enumerate(notes):
        begun = time.perf_counter()
        (document,) = read_file(File(f"{number}.txt", note.encode()))
        loading += time.perf_counter() - begun
        look(document)
    seconds = time.perf_counter() - started
    words = sum(len(note.split()) for note in notes) / len(notes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    several = min(processors(), MOST_PROCESSES)
    started = time.perf_counter()
    reads = list(read_many([partial(File, f"{number}.txt", note.encode()) for number, note in enumerate(notes)], look))
    together = time.perf_counter() - started
    return [
        Figure("words in a note, mean", words, n=NOTES),
        Figure("load, structure and screen 1,000 notes", seconds, "s", at_most(60), NOTES, note="one process"),
        Figure("  of it load and structure", loading, "s", n=NOTES),
        Figure("the same as the app reads them", together, "s", at_most(12), len(reads), note=f"{several} processes"),
        Figure("processor time, rules sought everywhere against by their first letters", _everywhere(notes), "x", n=EVERYWHERE),
        Figure("peak memory", peak, "MB", at_most(1024), 1),
    ]


def _everywhere(notes: Sequence[str]) -> float:
    """How many times as long reading and screening takes where every rule is tried at every letter; both ways in turns."""
    look, taken = Screen(), [0.0, 0.0]
    for number, note in enumerate(notes[:EVERYWHERE]):
        for way, known in enumerate((starts._rule, lambda *_: None)):
            with patch.object(starts, "_rule", known):
                begun = time.process_time()
                look(read_file(File(f"{number}.{way}.txt", f"{note} {number}.{way}".encode()))[0])
                taken[way] += time.process_time() - begun
    return taken[1] / taken[0]


def _identifiers(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.kind == "identifier"]


def _covers(findings: Sequence[Finding], span: dict[str, Any]) -> bool:
    marked: set[int] = set()
    for one in findings:
        marked.update(range(max(one.start, span["start"]), min(one.end, span["end"])))
    return len(marked) >= COVERED * (span["end"] - span["start"])


def _by_type(what: str, outcomes: Sequence[tuple[str, bool]]) -> list[Figure]:
    kinds = sorted({kind for kind, _ in outcomes})
    return [share(f"{what}: {kind}", (held for label, held in outcomes if label == kind)) for kind in kinds]


def _blanks(text: str, start: int) -> int:
    return len(text[start:]) - len(text[start:].lstrip())
