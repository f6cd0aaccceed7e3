"""Real files, and PDFs of many producers: the words that are lost or moved against what independent readers find in them."""

import json
import math
import multiprocessing
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
import zipfile
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from rag.commands.common import say
from rag.documents.load import read
from rag.errors import FileProblem
from rag.values import Document
from tests.bench.corpora import Settings
from tests.bench.figures import Figure, Skipped, at_most
from tests.bench.printed import NOTES, made

WORD = re.compile(r"[^\W_]+")
CUT = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010] ?\n\s*(?=[^\W\d_])")
PER_MEGABYTE = 1024 if sys.platform != "darwin" else 1024 * 1024
PATIENCE = 60  # seconds for another program
BLOCKS = "paragraph item td th caption br section title text list footnote tr p tab cr tc"


@dataclass
class Told:
    """What another reader finds in a file: all of its text, and that whose order can be compared.

    The first row of a table is left out of the latter: its cells name the values of the other rows, so they stand there.
    """

    text: str
    ordered: str


Reader = Callable[[Path], Told]


@dataclass
class Measured:
    """What was found for the files of a format."""

    files: int = 0
    refused: list[str] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    beside: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    missing: set[str] = field(default_factory=set)
    unread: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    longest: float = 0.0
    megabytes: float = 0.0


def real(settings: Settings) -> list[Figure]:
    """Real files, and PDFs of many producers: words lost or moved against other readers, in seconds and megabytes."""
    folder = settings.folder("real_files")
    found: list[Figure] = []
    for name, (ending, readers) in FORMATS.items():
        found += _figures(name, list(readers), _apart(name, sorted((folder / name).glob(f"*{ending}"))))
    with tempfile.TemporaryDirectory() as temporary:
        files, left = made(Path(temporary))
        for line in left:
            say(f"  {line}")
        public = sorted((settings.data / "cdc_pdfs").glob("*.pdf"))
        found += _figures("pdf", list(PDF), _apart("pdf", [*public, *files]))
    return found


def _apart(name: str, files: list[Path]) -> Measured:
    """Measures in a process of its own, so that its memory is that of these files."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(measured, name, files).result()


def measured(name: str, files: Iterable[Path]) -> Measured:
    """Loads the files of a format and compares each with what the other readers find in it."""
    readers = PDF if name == "pdf" else FORMATS[name][1]
    found = Measured()
    for path in files:
        found.files += 1
        before = time.perf_counter()
        try:
            documents = read(path, [])
        except FileProblem as problem:
            found.refused.append(str(problem))
            documents = ()
        taken = time.perf_counter() - before
        found.seconds += taken
        found.longest = max(found.longest, taken)
        for reader, tell in readers.items():
            try:
                told = tell(path)
            except Skipped as reason:
                found.missing.add(f"{reader}: {reason}")
                continue
            except subprocess.SubprocessError:
                found.unread[reader] += 1
                continue
            if told:
                _compare(found, reader, told, documents, path)
    found.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PER_MEGABYTE
    return found


def _compare(found: Measured, reader: str, told: Told, documents: tuple[Document, ...], path: Path) -> None:
    text = "\n".join(document.text for document in documents)
    beside = Counter(words("\n".join(aside.text for document in documents for aside in document.asides)))
    there = words(text)
    lost = Counter(words(told.text)) - Counter(there)
    lost -= _joined(lost, there)
    aside = lost & beside
    lost -= aside
    order = words(told.ordered)
    shared = (Counter(order) & Counter(there)).total()
    moved = shared - in_order(order, there)
    found.words[reader] += len(words(told.text))
    found.lost[reader] += lost.total()
    found.beside[reader] += aside.total()
    found.moved[reader] += moved
    if lost or moved:
        say(f"  {path.name}, {reader}: {lost.total()} words lost, {moved} moved: {' '.join(list(lost)[:20])}")


def words(text: str) -> list[str]:
    """The words of a text, without signs, case and the ways to write a letter; those cut at the end of a line whole."""
    return WORD.findall(CUT.sub("", unicodedata.normalize("NFKC", text)).casefold())


def _joined(lost: Counter[str], there: list[str]) -> Counter[str]:
    """The lost words that two or three of ours in a row make up, or that are parts of one: they are cut elsewhere."""
    runs = {"".join(there[at : at + size]) for size in (2, 3) for at in range(len(there))}
    return Counter({word: count for word, count in lost.items() if len(word) > 3 and word in runs})


def in_order(told: list[str], there: list[str]) -> int:
    """How many of the told words stand in ours in the same order: the longest common subsequence (Hunt & Szymanski, 1977)."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, word in enumerate(there):
        places[word].append(at)
    ends: list[int] = []
    for word in told:
        for at in reversed(places.get(word, ())):
            behind = bisect_left(ends, at)
            ends[behind : behind + 1] = [at]
    return len(ends)


def _figures(name: str, readers: list[str], found: Measured) -> list[Figure]:
    for problem in found.refused:
        say(f"  refused: {problem[:150]}")
    figures = [Figure(f"{name}: files refused by name", len(found.refused), n=found.files)]
    for reader in readers:
        if missing := [one for one in found.missing if one.startswith(f"{reader}: ")]:
            figures.append(Figure(f"{name}: words lost", math.nan, note=f"skipped: {missing[0]}"))
            continue
        count, note = found.words[reader], f"{reader}; {found.beside[reader]} more beside the text"
        note += f"; {found.unread[reader]} files not read by it" if found.unread[reader] else ""
        target = at_most(0) if reader in TRUE else None
        figures.append(Figure(f"{name}: words lost", found.lost[reader], target=target, n=count, note=note))
        figures.append(Figure(f"{name}: words out of order", found.moved[reader], n=count, note=reader))
    return [
        *figures,
        Figure(f"{name}: seconds by the clock", found.seconds, "s", n=found.files, note=f"at most {found.longest:.2f} a file"),
        Figure(f"{name}: most memory", found.megabytes, "MB", n=found.files, note="of the process that asks for them"),
    ]


def _run(*command: str) -> str:
    if not shutil.which(command[0]):
        raise Skipped(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
    return done.stdout.decode("utf-8", "replace")


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _narrative(path: Path) -> Told:
    """C-CDA by lxml: titles and narratives of the sections, in order."""
    told = Told("", "")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    for section in etree.parse(path, parser).iter():
        if _name(section) in {"section", "nonXMLBody"}:
            for child in section:
                if _name(child) in {"title", "text"}:
                    told.text += _flat(child, False)
                    told.ordered += _flat(child, True)
    return told


def _flat(element: Any, ordered: bool) -> str:
    name = _name(element)
    if not name or (ordered and name == "tr" and _first_row(element)):
        return ""
    parts = [element.text or ""]
    for child in element:
        parts += [_flat(child, ordered), child.tail or ""]
    around = "\n" if name in BLOCKS.split() else ""
    return around + "".join(parts) + around


def _first_row(row: Any) -> bool:
    table = row.getparent()
    while _name(table) in {"thead", "tbody", "tfoot"}:
        if _name(table) == "thead":
            return True
        table = table.getparent()
    return next((one for one in table.iter() if _name(one) == "tr"), None) is row


def _word_parts(path: Path) -> Told:
    """DOCX by lxml: every text of every part that is not struck out of it."""
    told = Told("", "")
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if re.fullmatch(r"word/(document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml", name):
                root = etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, no_network=True))
                told.text += _runs(root, False)
                told.ordered += _runs(root, True) if name == "word/document.xml" else ""
    return told


def _runs(element: Any, ordered: bool) -> str:
    name = _name(element)
    if name in {"Fallback", "del", "instrText", "posOffset", "pPr", "rPr"} or (ordered and name == "tr" and _first_row(element)):
        return ""
    if name in {"t", "tab", "br", "cr"}:
        return element.text or " "
    return "".join(_runs(child, ordered) for child in element) + ("\n" if name == "p" else "")


def _pandoc(kind: str) -> Reader:
    def tell(path: Path) -> Told:
        more = ["--track-changes=accept"] if kind == "docx" else []
        tree = json.loads(_run("pandoc", "-f", kind, "-t", "json", *more, str(path)))["blocks"]
        notes: list[str] = []
        text, ordered = "".join(_pieces(tree, False, notes)), "".join(_pieces(tree, True, []))
        return Told("\n".join([text, *notes]), ordered)

    return tell


def _pieces(tree: Any, ordered: bool, notes: list[str]) -> Iterator[str]:
    """The texts of pandoc's tree; notes apart, as they stand after the text."""
    if isinstance(tree, list):
        for one in tree:
            yield from _pieces(one, ordered, notes)
        return
    if not isinstance(tree, dict):
        return
    kind, inside = tree.get("t"), tree.get("c")
    if kind == "Str":
        yield inside
    elif kind in {"Code", "CodeBlock", "Math"}:
        yield inside[-1]
    elif kind in {"Space", "SoftBreak", "LineBreak"}:
        yield "\n"
    elif kind == "Note":
        notes.append("".join(_pieces(inside, ordered, notes)))
    elif kind == "Table":
        yield from _table(inside, ordered, notes)
    elif kind in {"Link", "Image", "Span", "Div"}:
        yield from _pieces(inside[1], ordered, notes)
    elif kind == "Header":
        yield from [*_pieces(inside[2], ordered, notes), "\n"]
    else:
        yield from _pieces(inside, ordered, notes)
        if kind in {"Para", "Plain"}:
            yield "\n"


def _table(inside: Any, ordered: bool, notes: list[str]) -> Iterator[str]:
    _, caption, _, head, bodies, foot = inside
    yield from _pieces(caption[1], ordered, notes)
    rows = [*head[1], *(row for body in bodies for part in body[2:] for row in part), *foot[1]]
    for number, row in enumerate(rows):
        if not (ordered and number < max(len(head[1]), 1)):
            for cell in row[1]:
                yield from [*_pieces(cell[-1], ordered, notes), "\n"]


def _office(path: Path) -> Told:
    """RTF as LibreOffice saves it as text."""
    if not shutil.which("soffice"):
        raise Skipped("soffice is not installed")
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{Path(tempfile.gettempdir()) / 'office-profile'}"
        _run("soffice", profile, "--headless", "--convert-to", "txt:Text (encoded):UTF8", "--outdir", folder, str(path))
        saved = next(Path(folder).glob("*.txt"), None)
        text = saved.read_text("utf-8-sig") if saved else ""
    return Told(text, text)


def _pdftotext(path: Path) -> Told:
    text = _run("pdftotext", "-raw", "-enc", "UTF-8", str(path), "-")
    return Told(text, text)


def _source(path: Path) -> Told | None:
    """What was printed, for the PDFs that we make."""
    source = path.with_suffix(".txt")
    if not source.is_file():
        return None
    text = source.read_text("utf-8")
    return Told(text, text.partition(NOTES)[0])


FORMATS: dict[str, tuple[str, dict[str, Reader]]] = {
    "ccda": (".xml", {"lxml": _narrative}),
    "docx": (".docx", {"lxml": _word_parts, "pandoc": _pandoc("docx")}),
    "rtf": (".rtf", {"pandoc": _pandoc("rtf"), "LibreOffice": _office}),
}
PDF: dict[str, Callable[[Path], Told | None]] = {"pdftotext": _pdftotext, "what was printed": _source}
TRUE = {"lxml", "LibreOffice", "what was printed"}
"""Readers to go by: pandoc takes every RTF for one in Western letters, and pdftotext joins words to the numbers of lines."""
