"""What stands in a PDF beside its text, by pypdf: bookmarks, annotations, forms, properties; runs as a script by itself."""

import html
import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pypdf
from pypdf import overwrite_configuration

SCRIPT = __file__
LIMITS: dict[str, Any] = {
    "array_based_stream_maximum_output_length": 50_000_000,
    "lzw_maximum_output_length": 50_000_000,
    "run_length_maximum_output_length": 50_000_000,
    "zlib_maximum_output_length": 50_000_000,
    "zlib_maximum_recovery_input_length": 1_000_000,
    "outline_maximum_entries": 20_000,
    "outline_maximum_depth": 40,
    "page_tree_maximum_entries": 20_000,
    "page_tree_maximum_depth": 60,
    "form_fields_maximum_entries": 20_000,
    "form_fields_maximum_depth": 40,
    "named_destinations_maximum_entries": 20_000,
    "named_destinations_maximum_depth": 40,
    "xmp_maximum_input_length": 1_000_000,
}
MOST_PAGES = 5000
MOST_ASIDES = 20_000
LONGEST = 100_000
MACHINE_KEYS = {"/CreationDate", "/ModDate", "/Trapped", "/Producer", "/Creator"}
NOTHING = {"anonymous", "(anonymous)", "unspecified", "(unspecified)", "untitled", "(untitled)"}
TICKED = {"yes", "on", "1", "true", "checked", "x", "ja", "oui", "si"}
NAMELESS = re.compile(
    r"(?:(?:text|check|radio|combo|list|drop ?down|date|field|form|group|button|box|subform|page|fill)[ -]?){1,6}\d{1,6}"
    r"|(?:text|check|field|untitled|undefined)[ -]?(?:field|box)?\d{0,6}|[\W\d]{0,80}",
    re.IGNORECASE,
)
FIRST_LINE = 16.0  # Points from the top of a field to its first line, at most.
HIDDEN, PASSWORD, RADIO, PUSH_BUTTON = 0x22, 1 << 13, 1 << 15, 1 << 16  # Flags of widgets and fields.
WORDS = re.compile(r"[^\W\d_]+[.,;:!?]?")

Aside = tuple[str, str, int | None, float | None]  # kind, text, page from 0, height above the page's foot


def outline(reader: pypdf.PdfReader) -> Iterator[tuple[str, int | None, int]]:
    """Title, page (from 0) and level (from 1) of every bookmark, in order."""
    waiting: list[tuple[Any, int]] = [(item, 1) for item in reversed(reader.outline)]
    while waiting:
        item, level = waiting.pop()
        if isinstance(item, list):
            waiting += [(child, level + 1) for child in reversed(item)]
        elif (title := " ".join(_text(item.title).split())) and not title.startswith("_"):  # Word names its own places so.
            yield title, reader.get_destination_page_number(item), level


def annotations(reader: pypdf.PdfReader) -> Iterator[Aside]:
    """Comments, links, scripts and the names of files at their pages."""
    seen: set[tuple[str, str, int]] = set()
    for number, page in enumerate(reader.pages):
        if number >= MOST_PAGES or len(seen) >= MOST_ASIDES:
            return
        for reference in _list(page.get("/Annots")):
            annotation = _dictionary(reference)
            height = _height(annotation)
            for kind, text in _of_annotation(annotation):
                if text and (kind, text, number) not in seen:
                    seen.add((kind, text, number))
                    yield kind, text, number, height


def _of_annotation(annotation: Any) -> Iterator[tuple[str, str]]:
    subtype = annotation.get("/Subtype")
    if subtype != "/Widget":
        for key in ("/Subj", "/Contents", "/RC"):
            text = _text(annotation.get(key))
            yield "annotation", re.sub(r"<[^<>]*>", " ", text) if key == "/RC" else text
    for action in (annotation.get("/A"), *_dictionary(annotation.get("/AA")).values()):
        yield from _of_action(action)
    if subtype == "/FileAttachment":
        yield "embedded file", _file_name(annotation.get("/FS"))


def _of_action(action: Any) -> Iterator[tuple[str, str]]:
    for depth in range(8):
        found = _dictionary(action)
        yield "link", _text(found.get("/URI"))
        yield "script", _text(found.get("/JS"))
        if found.get("/S") in {"/Launch", "/GoToR", "/SubmitForm", "/ImportData"}:
            yield "link", _file_name(found.get("/F"))
        action = found.get("/Next")
        if action is None or depth == 7:
            return


Field = tuple[str, str, int, float, float]  # label, value, page from 0, baseline above the page's foot, left end


def fields(reader: pypdf.PdfReader) -> Iterator[Aside]:
    """What stands beside the text of form fields: hints of those that are not filled in, and values that are not shown."""
    for name, field in (reader.get_fields() or {}).items():
        hint = _text(field.get("/TU"))
        value = _value(field)
        if value and not _places(field):
            yield "form field", f"{hint or _text(name)}: {value}", None, None
        elif hint and not value:
            yield "form field", hint, None, None


def filled(reader: pypdf.PdfReader) -> Iterator[Field]:
    """The label and the value of every form field that a page shows, with its place."""
    pages: dict[int, int] = {}
    for at, page in enumerate(reader.pages):
        if at >= MOST_PAGES:
            break
        pages |= {getattr(reference, "idnum", id(reference)): at for reference in _list(page.get("/Annots"))}
    for name, field in (reader.get_fields() or {}).items():
        value = _value(field)
        places = _places(field)
        if not value or not places:
            continue
        chosen = next((one for one in places if _text(one[1].get("/AS")) not in ("", "/Off")), places[0])
        corners = _list(chosen[1].get("/Rect"))
        try:
            left = min(float(corners[0]), float(corners[2]))
            bottom, top = sorted((float(corners[1]), float(corners[3])))
        except (IndexError, TypeError, ValueError):
            continue
        yield _label(field, _text(name)), value, pages.get(chosen[0], 0), max(bottom, top - FIRST_LINE), left


def _places(field: Any) -> list[tuple[int, Any]]:
    """The widgets of a field that are shown, each with the number of its object."""
    own = field.indirect_reference if hasattr(field, "indirect_reference") else None
    kids = [one for one in _list(field.get("/Kids")) if _dictionary(one).get("/Rect") is not None]
    found = [(getattr(one, "idnum", id(one)), _dictionary(one)) for one in kids]
    if not found and own is not None and _dictionary(own).get("/Rect") is not None:
        found = [(own.idnum, _dictionary(own))]
    return [one for one in found if not _flags(one[1].get("/F")) & HIDDEN]


def _label(field: Any, name: str) -> str:
    """What a field is called: by its hint, or by its own name where that is no number of a form's maker."""
    hint = _text(field.get("/TU"))
    last = re.sub(r"\[\d{1,4}\]", "", name.rpartition(".")[2]).replace("_", " ").strip()
    return hint or ("" if NAMELESS.fullmatch(last) else last)


def _value(field: Any) -> str:
    """What a field says: its text, its choice by the words that are shown, "Yes" or "not ticked" for a box."""
    flags = _flags(field.get("/Ff"))
    kind, value = field.get("/FT"), field.get("/V")
    options: list[list[Any]] = [one if isinstance(one, list) else [one, one] for one in map(_plain, _list(field.get("/Opt")))]
    if kind == "/Tx":
        return "" if flags & PASSWORD else _text(value)
    if kind == "/Ch":
        shown = {_text(one[0]): _text(one[-1]) for one in options if one}
        chosen = [_text(one) for one in _list(value)] or [_text(value)]
        return ", ".join(shown.get(one, one) for one in chosen if one)
    if kind == "/Sig":
        return "signed" if value is not None else ""
    if kind != "/Btn" or flags & PUSH_BUTTON:
        return ""
    told = _text(value).strip("/")
    if told in ("", "Off"):
        return "" if flags & RADIO else "not ticked"
    if told.isdecimal() and int(told) < len(options):
        told = _text(options[int(told)][-1])
    return "Yes" if told.lower() in TICKED else told


def _flags(value: Any) -> int:
    plain = _plain(value)
    return int(plain) if isinstance(plain, int) else 0


def _plain(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


def files(reader: pypdf.PdfReader) -> Iterator[Aside]:
    """The names and descriptions of embedded files; what is in them is not read."""
    for file in reader.attachment_list:
        yield "embedded file", " – ".join(filter(None, (_text(file.name), _text(file.description)))), None, None


def scripts(reader: pypdf.PdfReader) -> Iterator[Aside]:
    """Scripts and actions of the document itself."""
    root = reader.root_object
    names = _dictionary(_dictionary(root.get("/Names")).get("/JavaScript"))
    actions = [root.get("/OpenAction"), *_dictionary(root.get("/AA")).values(), *_list(names.get("/Names"))[1::2]]
    for action in actions:
        for kind, text in _of_action(action):
            if text:
                yield kind, text, None, None


def metadata(reader: pypdf.PdfReader) -> Iterator[Aside]:
    """The document's properties, from its information dictionary and its XMP packet, each text once."""
    seen = set()
    for key, value in (reader.metadata or {}).items():
        text = _text(value)
        seen.add(text)
        if text and text not in NOTHING and key not in MACHINE_KEYS:
            yield "metadata", f"{str(key).strip('/').lower()}: {text}", None, None
    stream = reader.root_object.get("/Metadata")
    data = _dictionary(stream).get_data() if stream is not None else b""
    packet = data[:LONGEST].decode("utf-16" if data[:2] in {b"\xfe\xff", b"\xff\xfe"} else "utf-8", "replace")
    texts = [found[0] or found[1] for found in re.findall(r">([^<>]+)<|=[\"']([^\"'<>]+)[\"']", packet)]
    texts = list(dict.fromkeys(text for found in texts if (text := html.unescape(found).strip())))
    if kept := [text for text in texts if text not in seen and _is_said(text)]:
        yield "metadata", "XMP: " + "; ".join(kept), None, None


def _is_said(text: str) -> bool:
    """Whether a text has three words or more; the rest of an XMP packet is what programs note for each other."""
    return sum(bool(WORDS.fullmatch(word)) for word in text.split()) >= 3


def _text(value: Any) -> str:
    value = value.get_object() if hasattr(value, "get_object") else value
    if value is None or (isinstance(value, dict) and not hasattr(value, "get_data")):
        return ""
    if hasattr(value, "get_data"):
        value = value.get_data()
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value[:100])
    written = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    whole = written.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", whole.replace("\r", "\n")).strip()[:LONGEST]


def _dictionary(value: Any) -> Any:
    found = value.get_object() if hasattr(value, "get_object") else value
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[Any]:
    found = value.get_object() if hasattr(value, "get_object") else value
    return list(found)[:MOST_ASIDES] if isinstance(found, list) else []


def _file_name(value: Any) -> str:
    found = _dictionary(value)
    parts = (_text(found.get("/UF") or found.get("/F")), _text(found.get("/Desc"))) if found else (_text(value), "")
    return " – ".join(filter(None, parts))


def _height(annotation: Any) -> float | None:
    corners = _list(annotation.get("/Rect"))
    try:
        return max(float(corners[1]), float(corners[3]))
    except (IndexError, TypeError, ValueError):
        return None


def _opened(data: bytes) -> pypdf.PdfReader:
    if b"/Encrypt" not in data:
        return pypdf.PdfReader(io.BytesIO(data), strict=False)
    import pypdfium2  # It knows every kind of encryption; pypdf needs another package for AES.

    plain = io.BytesIO()
    pypdfium2.PdfDocument(data).save(plain, flags=pypdfium2.raw.FPDF_REMOVE_SECURITY)
    return pypdf.PdfReader(plain, strict=False)


def _main() -> None:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    overwrite_configuration(**LIMITS)
    reader = _opened(sys.stdin.buffer.read())
    info: Any = reader.metadata or {}
    title = _text(info.get("/Title"))
    _say("about", {"title": "" if title in NOTHING else title}, "metadata")
    parts: dict[str, Callable[[pypdf.PdfReader], Iterator[Any]]] = {
        "metadata": metadata,
        "bookmarks": outline,
        "annotations": annotations,
        "form fields": fields,
        "filled": filled,
        "embedded files": files,
        "scripts": scripts,
    }
    for name, read in parts.items():
        try:
            for item in read(reader):
                _say(name, item, name)
        except MemoryError:
            raise
        except Exception as error:  # pypdf raises many kinds; one damaged part must not cost the others.
            _say("problem", type(error).__name__, name)


def _say(kind: str, value: Any, part: str) -> None:
    sys.stdout.write(json.dumps({"kind": kind, "value": value, "part": part}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
