"""Which encoding the bytes of a text are in: by mark, by UTF-8 being valid, by zero bytes, else by charset-normalizer."""

import codecs
import re

from charset_normalizer import from_bytes

from rag.errors import FileProblem

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES = {
    "cp1252": "Windows-1252",
    "mac_roman": "Mac Roman",
    "cp1250": "Windows-1250",
    "iso8859_2": "ISO 8859-2",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp850": "code page 850",
    "big5": "Big5",
    "euc_jp": "EUC-JP",
    "cp932": "Shift-JIS",
    "gb18030": "GB 18030",
    "cp949": "Korean (code page 949)",
}
EXPECTED = frozenset(
    "°µ±×÷½¼¾²³·•…–—‘’“”«»©®™§€£ßäöüÄÖÜéèêëàâáãåæçñíìîïóòôõøúùûÉÈÀÁÅÆÇÑÓØÚœŒ≥≤≠∞√αβγδąćęłńśźżĄĆĘŁŃŚŹŻčďěňřšťůžČĎĚŇŘŠŤŮŽőűŐŰ"
)
BETWEEN = re.compile(r"(?<=[^\W\d_])[^\w\s'’\-–—./&°·](?=[^\W\d_])|(?<=[^\W\d_])[¼½¾¹²³](?=[^\W\d_])")
SAMPLE = 50_000
CLOSE = 0.03
FEW = 4


def encoding_of(data: bytes) -> tuple[str, int | None]:
    """The codec for these bytes, and the first byte that is not UTF-8 where that made it a guess (else None)."""
    if told := _told(data):
        return told, None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _guess(data), error.start
    return "utf-8", None


def plain_text(name: str, data: bytes, what: str) -> str:
    """The text of a file in which no sign may be guessed: UTF-8, UTF-16 or UTF-32, line ends as \\n.

    Raises FileProblem, which names the line.
    """
    codec = _told(data) or "utf-8"
    try:
        return _lines_alike(data.decode(codec))
    except UnicodeDecodeError as error:
        line = _lines_alike(data[: error.start].decode(codec, "ignore")).count("\n") + 1
        raise FileProblem(f"{name}, line {line}: not {what} in UTF-8 or UTF-16. Save the file as UTF-8.") from None


def _lines_alike(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _told(data: bytes) -> str:
    """The codec that a mark or zero bytes tell; else nothing."""
    return next((name for mark, name in MARKS if data.startswith(mark)), "") or _wide(data)


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, told by where zero bytes stand among those of plain letters; else nothing."""
    head = data[: 4096 - 4096 % 4]
    if len(head) < 8 or len(data) % 2:
        return ""
    zeros = [head[at::4].count(0) / (len(head) // 4) for at in range(4)]
    for name, there in (("utf-32-le", "0111"), ("utf-32-be", "1110"), ("utf-16-le", "0101"), ("utf-16-be", "1010")):
        if all(share > 0.7 if zero == "1" else share < 0.1 for share, zero in zip(zeros, there, strict=True)):
            return name
    return ""


def _guess(data: bytes) -> str:
    """The likeliest encoding that is not UTF-8; among equals the one that gives the signs that clinical text has."""
    lines = (line for line in data.splitlines() if not line.isascii())
    sample, size = [], 0
    for line in lines:
        sample.append(line[:SAMPLE])
        size += len(line)
        if size > SAMPLE:
            break
    joined = b"\n".join(sample)
    found = list(from_bytes(joined, cp_isolation=list(NAMES), enable_fallback=False))
    if not found:
        return "cp1252"
    best = max(match.coherence - match.chaos for match in found)
    close = [match for match in found if match.coherence - match.chaos >= best - CLOSE]
    names = [match.encoding for match in close]
    if sum(byte > 127 for byte in joined) < FEW:
        names += ["cp1252", "mac_roman"]  # Too little to judge a language by.
    fit = {match.encoding: round(match.coherence - match.chaos, 2) for match in close}
    likely = max(
        names, key=lambda name: (_expected(joined.decode(name, "replace")), fit.get(name, 0.0), -list(NAMES).index(name))
    )
    same = joined.decode("cp1252", "replace") == joined.decode(likely, "replace")
    return "cp1252" if same else likely


def _expected(text: str) -> float:
    """The share of letters beyond ASCII that clinical text has, to a tenth; signs inside of words count against it."""
    other = [letter for letter in text if letter > "\x7f"]
    odd = sum(found > "\x7f" for found in BETWEEN.findall(text))
    expected = sum(letter in EXPECTED for letter in other)
    return round(float(expected - 2 * odd) / max(len(other), 1), 1)
