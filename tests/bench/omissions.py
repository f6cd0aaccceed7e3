"""Omissions: invented records with summaries, what those leave out as a person labelled it, and how much of it is found."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.documents.load import read_file
from rag.stages.verify.omissions import Omission, omissions
from rag.values import Document, File
from tests.bench.corpora import Settings
from tests.bench.figures import Figure, at_least, at_most, share

LATER = {"pending", "follow-up"}
FOLDER = Path(__file__).parent / "omitted"


@dataclass(frozen=True)
class Label:
    """Something left out: its kind and the words of which an omission has to name one; where it `may` be told, both are right."""

    kind: str
    words: tuple[str, ...]
    may: bool = False

    def fits(self, one: Omission, quote: str) -> bool:
        """Whether an omission is this one."""
        said = one.text.lower() if one.kind != self.kind or one.kind in ("drug", "allergy") else f"{one.text} {quote}".lower()
        return (one.kind == self.kind or {one.kind, self.kind} == LATER) and any(word in said for word in self.words)


@dataclass(frozen=True)
class Labelled:
    """A record with its summary and what that leaves out."""

    id: str
    summary: Document
    record: tuple[Document, ...]
    labels: tuple[Label, ...]


def labelled(name: str) -> Iterator[Labelled]:
    """The records of a file of `omitted`: "development", those looked at after their first figures, or "final"."""
    for block in (FOLDER / f"{name}.txt").read_text("utf-8").split("##### ")[1:]:
        own, _, rest = block.partition("\n")
        parts = dict(part.split("\n", 1) for part in rest.split("===== ")[1:])
        documents = tuple(
            read_file(File(part, text.encode()))[0] for part, text in parts.items() if part not in ("summary", "left out")
        )
        summary = read_file(File("summary.md", parts["summary"].encode()))[0]
        yield Labelled(own.strip(), summary, documents, tuple(map(label, filter(None, parts["left out"].splitlines()))))


def label(line: str) -> Label:
    kind, _, words = line.partition("|")
    return Label(kind.split()[0], tuple(word.strip() for word in words.split(",")), "may" in kind.split())


def quote_of(one: Omission, case: Labelled) -> str:
    texts = {document.name: document.text for document in case.record}
    return " ".join(texts[span.document][span.start : span.end] for span in one.spans)


def judged(case: Labelled) -> tuple[dict[Label, bool], list[tuple[Omission, bool]]]:
    """For every label whether it was found, and for every omission that was told whether it is right."""
    told = omissions(case.summary, case.record).found
    found = {one: any(one.fits(other, quote_of(other, case)) for other in told) for one in case.labels if not one.may}
    right = [(other, any(one.fits(other, quote_of(other, case)) for one in case.labels)) for other in told]
    return found, right


def omitted(settings: Settings) -> list[Figure]:
    """What summaries leave out of 45 invented records: the share that is found, and the share of what is told that is false."""
    figures: list[Figure] = []
    for name in ("development", "seen", "final", "visits", "fresh"):
        results = [judged(case) for case in labelled(name)]
        found = [(one.kind, hit) for labels, _ in results for one, hit in labels.items()]
        told = [(one.kind, right) for _, omissions_ in results for one, right in omissions_]
        figures.append(share(f"{name}: left out and found", [hit for _, hit in found], at_least(0.85)))
        figures.append(share(f"{name}: told and false", [not right for _, right in told], at_most(0.10)))
        for kind in sorted({kind for kind, _ in found}):
            figures.append(share(f"{name}, {kind}: found", [hit for own, hit in found if own == kind]))
            figures.append(share(f"{name}, {kind}: told and false", [not right for own, right in told if own == kind]))
    return figures
