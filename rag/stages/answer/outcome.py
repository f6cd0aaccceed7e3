"""Outcome: what became of a question, derived in one place from the statements, the confidence and what contradicts."""

from collections.abc import Sequence
from dataclasses import replace

from rag.values import Answer, Claim, Confidence, Draft, Outcome, Scope

WEAK = 0.55  # Confidence below which an answer says that its evidence is weak.
ON_WEAK = "on weak evidence"
ASKED_ANYWAY = "The evidence is too weak to answer from, and the model was asked all the same."
WORDS = {"answered": "Answered.", "partial": "Partly answered.", "conflict": "The documents differ.", "refused": "Not answered."}


def outcome(claims: Sequence[Claim], sure: Confidence, conflicts: Sequence[object] = ()) -> Outcome:
    """What became of a question: nothing is stated, sources differ, a part is not answered, or all of it is."""
    if sure.refused or not claims:
        return "refused"
    return "conflict" if conflicts else "partial" if sure.missing else "answered"


def concluded(sure: Confidence, draft: Draft, asks_model: bool, asked: bool) -> Confidence:
    """The confidence after an answerer left its draft, or was not `asked`; refused where nothing is stated, with the reason."""
    missing = tuple(dict.fromkeys([*sure.missing, *draft.missing]))
    if not asked:
        reason = f"{sure.reason.removesuffix('.')}, so no model was asked." if asks_model else sure.reason
        return replace(sure, refused=True, reason=reason)
    if draft.refused and (draft.claims or not draft.notice):
        return replace(sure, refused=True, missing=missing, reason="The model says that the sources do not answer this.")
    if not draft.claims:
        return replace(sure, refused=True, missing=missing, reason="" if draft.notice else "Nothing was stated.")
    return replace(sure, refused=False, missing=missing, reason="")


def notice(sure: Confidence, draft: Draft, asked_anyway: bool) -> str:
    """What a reader has to know beside the statements: why there are none, that nothing carries them, what went wrong."""
    anyway = ASKED_ANYWAY if asked_anyway and not sure.refused else ""
    return " ".join(filter(None, [sure.reason, anyway, draft.notice]))


def unknown(scope: Scope) -> Confidence | None:
    """The refusal of a question that names only patients of whom there is no document, of which nothing else is stated."""
    if not scope.unknown or scope.patients:
        return None
    return Confidence(0.0, True, reason=f"No document of {_listed(scope.unknown)}.")


def told(answer: Answer) -> str:
    """The outcome in words, on a line: "Partly answered. Not found: dialysis." """
    words = WORDS[answer.outcome]
    if not answer.refused and answer.confidence < WEAK:
        words = f"{words.removesuffix('.')}, {ON_WEAK}: read the passages before you rely on it."
    missing = f"Not found: {', '.join(answer.missing)}." if answer.missing else ""
    return " ".join(filter(None, [words, answer.notice if answer.refused else "", missing]))


def looked_at(answer: Answer) -> str:
    """Why a person must look at an answer, on a line; "" where no rule says so."""
    return f"A person must look: {'; '.join(one.reason for one in answer.deferred)}." if answer.deferred else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
