"""Statements with their verdicts: in a word what became of each, the words that decided it, and the passages to read."""

from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from pages.shared.findings import count
from pages.shared.layers import Stretch, drawn
from pages.shared.places import page_told
from pages.shared.state import open_source, project
from pages.shared.text_view import Block, Button, Part, text_view
from rag.clinical.statements import shown
from rag.stages.answer.marks import warns
from rag.stages.verify import VERBATIM
from rag.stages.verify.support import measured
from rag.values import Citation, Claim, Document, Reason, Span

AROUND = 160  # Characters of a document that a passage is shown with, on both sides.
TAGS = {
    "supported": "good",
    "wrong citation": "bad",
    "no source": "bad",
    "contradicted": "bad",
    "not supported": "bad",
    "not judged": "open",
}
LOOKS = {True: "statement", None: "statement doubt", False: "statement wrong"}
Warn = Callable[[Citation], str]


def statements_view(
    claims: Sequence[Claim], key: str, warned: Warn = lambda cited: "", novel: frozenset[str] = frozenset(), numbered: bool = True
) -> None:
    """Every statement with its verdict and the reasons, those beside the answer last; a press on a citation opens it.

    `warned` tells what a reader has to know of a citation; `novel` are the texts that are tinted; `numbered` is whether
    citations carry the number of their source.
    """
    drawn_ones = list(enumerate(claims))
    doubted = [one for one in drawn_ones if not one[1].supported]
    if doubted and len(claims) > 1:
        about = "Hides the statements that their passages carry"
        if st.toggle("Only what is not supported", key=f"{key}-doubted", help=about):
            drawn_ones = doubted
            if len(doubted) < len(claims):
                st.caption(f"{count(len(claims) - len(doubted), 'supported statement')} hidden.")
    blocks: dict[str, list[Block]] = {role: [] for role in ("answer", "also")}
    for at, claim in drawn_ones:
        blocks[claim.role].append(_block(claim, at, warned, claim.text in novel, numbered))
    also: list[Block] = [{"parts": [{"text": "Also"}], "look": "title"}] if blocks["also"] else []
    if drawn_ones:
        pressed = text_view([*blocks["answer"], *also, *blocks["also"]], f"{key}-claims")
        if pressed:
            at, number = map(int, pressed.split("."))
            each = _cited(claims[at]) if at < len(claims) else []
            if number < len(each):
                open_source(each[number].span)
    if any(claim.citations and not claim.reason.startswith(VERBATIM) for claim in claims):
        st.caption(measured())


def place(document: Document | None, citation: Citation) -> str:
    """Where a citation stands, in a few words: document, page with its printed label where that differs, date or edition."""
    when = (document.date or document.effective or document.edition or "") if document else ""
    return ", ".join(filter(None, [citation.span.document, page_told(document, citation.span.start), when]))


def _cited(claim: Claim) -> list[Citation]:
    """Every passage of a statement, in the order of its buttons."""
    return [*claim.citations, *claim.elsewhere, *claim.against]


def _block(claim: Claim, at: int, warned: Warn, novel: bool, numbered: bool) -> Block:
    look = "statement doubt" if claim.supported and any(map(warns, claim.marks)) else LOOKS[claim.supported]
    told = ["spare" if one.spare else "" for one in claim.citations]
    told += ["carries it"] * len(claim.elsewhere) + ["says otherwise"] * len(claim.against)
    buttons: list[Button] = []
    for number, (cited, about) in enumerate(zip(_cited(claim), told, strict=True)):
        document = project().shelf.document(cited.span.document)
        label = place(document, cited)
        label = f"{cited.source} · {label}" if numbered and cited.source else label
        passage = _passage(document, cited, claim.reasons) if document else []
        look_so = {"spare": "spare", "says otherwise": "bad", "carries it": "good"}.get(about, "")
        hint = "Not needed: the others carry the statement" if about == "spare" else "Open this passage in its document"
        label = f"{about}: {label}" if about else label
        buttons.append({"label": label, "value": f"{at}.{number}", "hint": hint, "look": look_so, "passage": passage})
    parts: list[Part] = [{"text": claim.lead, "look": "label"}] if claim.lead else []
    parts += _marked(claim, novel)
    parts += [{"text": mark, "look": "badge"} for mark in claim.marks]
    parts.append({"text": claim.verdict, "look": f"tag {TAGS[claim.verdict]}"})
    warning = "\n".join(dict.fromkeys(told for cited in claim.citations if (told := warned(cited))))
    return {"parts": parts, "buttons": buttons, "look": look, "note": claim.reason or "not judged", "warning": warning}


def _marked(claim: Claim, novel: bool) -> list[Part]:
    """The words of a statement, with those marked that checks decided by; none where it is shown otherwise than it stands."""
    text, tint = shown(claim.text), "new" if novel else ""
    if text != claim.text:
        return [{"text": text, "look": tint}]
    whole = [Stretch(0, len(text), tint)] if tint else []
    told = [one for one in claim.reasons if one.said != (0, len(text))]
    return _decided(drawn(text, 0, len(text), [*whole, *(_stretch(one, *one.said) for one in told)]))


def _passage(document: Document, cited: Citation, reasons: Iterable[Reason]) -> list[Part]:
    """A passage with some text around it, itself and the words that decided marked."""
    low, high = max(0, cited.span.start - AROUND), min(len(document.text), cited.span.end + AROUND)
    there = [one for one in reasons if one.source and _touch(one.source, Span(document.name, low, high))]
    marks = [_stretch(one, one.source.start, one.source.end) for one in there if one.source]
    parts = drawn(document.text, low, high, [Stretch(cited.span.start, cited.span.end, "quoted"), *marks])
    return [{"text": "… " if low else ""}, *_decided(parts), {"text": " …" if high < len(document.text) else ""}]


def _decided(parts: list[Part]) -> list[Part]:
    """The same parts; what one check denies and another bears out is marked as denied alone."""
    looks = [part.get("look", "").split() for part in parts]
    return [
        {**part, "look": " ".join(one for one in look if one != "bear" or "deny" not in look)}
        for part, look in zip(parts, looks, strict=True)
    ]


def _stretch(one: Reason, start: int, end: int) -> Stretch:
    return Stretch(start, end, "bear" if one.verdict == "supported" else "deny", f"{one.check}: {one.detail}")


def _touch(one: Span, other: Span) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end
