"""What a thinking model says without its thoughts, as it comes, in every wrapping that `rag/rules/thoughts.json` names."""

import re
from collections.abc import Iterable, Iterator

from rag.rules import rules

RULES = rules("thoughts")
THOUGHTS = "|".join(map(re.escape, sorted(RULES["names"], key=len, reverse=True)))
BRACKETED = "|".join(map(re.escape, sorted(RULES["bracketed"], key=len, reverse=True)))
WRAPS = "|".join(map(re.escape, sorted(RULES["answers"], key=len, reverse=True)))
CHANNELS = frozenset(RULES["channels"])
OPENINGS = tuple(RULES["openings"])
ENDING = r"(?P<%s>/\s?|end[_▁ -](?:of[_▁ -])?)?(?:(?:begin|start)[_▁ -](?:of[_▁ -])?)?"
TAG = re.compile(
    rf"(?:<{{1,2}}|＜|◁|&lt;)[|｜]?\s?{ENDING % 'end'}(?:[a-z]{{1,12}}:)?(?P<thought>{THOUGHTS})"
    r"(?:\s[^<>\n]{0,60}=[^<>\n]{0,80}?)?\s?(?P<empty>/?)[|｜]?(?:>{1,2}|＞|▷|&gt;)"
    rf"|[\[{{]{ENDING % 'also'}(?P<bracketed>{BRACKETED})[\]}}]"
    r"|(?P<fence>`{3}(?:think|thinking|thoughts?|reasoning)[ \t]*(?=\n))|(?P<closed>`{3}(?!\S))"
    r"|(?P<details><details\b[^>]{0,300}>(?:\s{0,9}<summary>[^<]{0,120}</summary>)?)|(?P<folded></details>)"
    r"|(?P<comment><!--|<unused94>)|(?P<commented>-->|<unused95>)"
    rf"|<[|｜]?\s?/?(?:(?:begin|start|end)[_▁ -](?:of[_▁ -])?)?(?P<wrap>{WRAPS})\s?[|｜]?>"
    r"|<\|(?P<head>channel|start|im_start|start_header_id)\|?>|<channel\|>"
    r"|(?P<done>(?:(?<=\n)|^)(?:\.{3}|…)[ ]?done thinking\.?)"
    r"|<[|｜](?P<token>[^|｜<>\n]{1,40})[|｜]>|\[\|[a-z]{1,20}\|\]|</?s>|<(?:eos|bos|(?:end|start)_of_turn)>|\[/?INST\]",
    re.I,
)
UNFINISHED = re.compile(
    r"(?:<{1,2}|＜|◁|&(?:l(?:t;?)?)?|[\[{])[|｜]?\s?/?(?:[^\W\d]|[▁:| -]){0,48}[|｜]?$"
    rf"|<(?:[a-z]{{1,12}}:)?(?:{THOUGHTS})\s[^<>\n]{{0,120}}$|&lt;/?(?:[^\W\d]| ){{0,30}}(?:&(?:gt?)?)?$"
    r"|`{1,3}[a-z]{0,12}[ \t]{0,3}$|<!-?$|--?$|<unused\d{0,2}$|(?:(?<=\n)|^)(?:\.{1,3}|…)[a-z ]{0,15}$",
    re.I,
)
LABEL = r"(?:here(?:'s| is| are) )?(?:my |the )?(?:%s)(?: is)?[*_]{0,3}(?:\s?[:：][*_]{0,3}|[ \t]*(?=\n))"
THINKS = re.compile(r"[\s*_#>]{0,9}" + LABEL % "|".join(map(re.escape, RULES["labels"])), re.I)
ANSWERS = re.compile(r"(?:^|\n)[ *_#>]{0,9}" + LABEL % "|".join(map(re.escape, RULES["answer_labels"])), re.I)
LABELS = tuple(f"{before}{label.lower()}" for label in RULES["answer_labels"] for before in ("", "the ", "my "))
FINAL = re.compile("final|endgültig|最终", re.I)
LONGEST_LABEL, LONGEST_HEAD, LONGEST_SUMMARY = 32, 80, 450
BLANK = " \t\r\n\ufeff\u200b"
LEADING = f"{BLANK}*_#>\"'“"
UNFOLDED = re.compile("reasoning|thought|thinking", re.I)
DROPPED, FINISHED = (
    re.compile(r"\s*(?:assistant)?(?:analysis|commentary)"),
    re.compile(r"assistant\s?final"),
)  # Channels whose tokens a server has dropped.


DRAFTED = re.compile(r"\s*<([a-z]{2,20})>.*</\1>\s*", re.S | re.I)  # All that stands before an answer's tag.


class Hearing:
    """A reply as it is heard, piece by piece: `hear` and `end` give what may be shown, `text` is what was said in the end.

    The two differ where a closing tag shows late that all before it was thought. Each character is looked at a bounded
    number of times.
    """

    def __init__(self) -> None:
        self.text = ""
        self._said: list[str] = []
        self._held = ""  # May be the beginning of a tag.
        self._before = "\n"  # The character before what is held.
        self._start: str | None = ""  # What was said while it is open how it begins; None once that is settled.
        self._doubted = True  # Whether it may still begin like thoughts.
        self._weighed: list[str] | None = None  # What began like thoughts and waits for a closing tag or for the end.
        self._answered = 0  # How much of that stands before an answer's tag.
        self._last = ""  # The last character said before that is no blank.
        self._depth = 0
        self._within = ""  # The kind of tag that opened the thoughts: tag, fence, details, comment or channel.
        self._aside: list[str] = []  # Thoughts since the last tag that may have ended them.
        self._restored = False  # Whether these are said after all where nothing ends them.
        self._answer: int | None = None  # Which of them follows an answer's tag.
        self._head: str | None = None  # The head of a channel or a turn while it is read.

    def parts(self, heard: Iterable[str]) -> Iterator[str]:
        """What can be shown of a whole reply, as it comes."""
        for part in heard:
            if shown := self.hear(part):
                yield shown
        if shown := self.end():
            yield shown

    def hear(self, part: str) -> str:
        """Takes a piece and returns what can be shown now."""
        self._held += part
        unfinished = UNFINISHED.search(self._held)
        ready = unfinished.start() if unfinished else len(self._held)
        folds = self._held.rfind("<details")
        if 0 <= folds and len(self._held) - folds < LONGEST_SUMMARY and "</summary>" not in self._held[folds:]:
            ready = min(ready, folds)
        return self._heard(ready)

    def end(self) -> str:
        """What can be shown when nothing more comes; `text` is whole after it."""
        shown = self._heard(len(self._held))
        self._head = None
        if self._depth and (self._answer is not None or self._restored):
            self._depth = 0
            shown += self._say("".join(self._aside[self._answer or 0 :]))
        if self._start is not None:
            shown += self._settled(last=True)
        if self._weighed is not None:
            before, after = "".join(self._weighed[: self._answered]), "".join(self._weighed[self._answered :])
            self._weighed = None
            shown += self._say(after if DRAFTED.fullmatch(before) else _answer_of(before + after))
        self.text = "".join(self._said).strip()
        return shown

    def _heard(self, ready: int) -> str:
        """Reads what is held up to where it is ready."""
        shown: list[str] = []
        at = 0
        while (tag := TAG.search(self._held, at)) is not None and tag.start() < ready:
            shown.append(self._take(self._held[at : tag.start()]))
            first = (self._held[tag.start() - 1] if tag.start() else self._before) == "\n"
            if (tag["fence"] or tag["closed"]) and not first:
                shown.append(self._take(tag[0]))
            else:
                shown.append(self._tagged(tag))
            at = tag.end()
        ready = max(at, ready)
        shown.append(self._take(self._held[at:ready]))
        self._before = self._held[ready - 1 : ready] or self._before
        self._held = self._held[ready:]
        return "".join(shown)

    def _take(self, text: str) -> str:
        """Text between tags."""
        if self._head is not None:
            before, line, text = text.partition("\n")
            self._head += before
            if not line and len(self._head) < LONGEST_HEAD:
                return ""
            self._headed()
        if self._depth:
            self._aside.append(text)
            return ""
        return self._say(text)

    def _say(self, text: str) -> str:
        if not text:
            return ""
        self._last = text.rstrip(" \t")[-1:] or self._last
        if self._weighed is not None:
            self._weighed.append(text)
            return ""
        if self._start is not None:
            self._start = (self._start + text).lstrip(BLANK)
            return self._settled()
        if not self._said:
            text = text.lstrip(BLANK)
        if text:
            self._said.append(text)
        return text

    def _settled(self, last: bool = False) -> str:
        """What was held at the start, once it is clear how it begins; a label before the answer is dropped."""
        start = self._start or ""
        lead = start.lstrip(LEADING).lower().replace("’", "'")
        if not lead and not last and len(start) < LONGEST_HEAD:
            return ""
        begins = (*OPENINGS, *LABELS) if self._doubted else LABELS
        open_yet = any(len(lead) < len(one) and one.startswith(lead) for one in begins)
        if open_yet and not last and len(start) < LONGEST_HEAD:
            return ""
        if self._doubted and lead.startswith(OPENINGS):
            self._start, self._weighed = None, []
            return self._say(start)
        label = ANSWERS.match(start)
        if not last and lead.startswith(LABELS) and (not label or not lead[-1].isalnum()):
            if len(lead) < LONGEST_LABEL and (label or "\n" not in lead):
                return ""
        self._start = None
        return self._say(start[label.end() if label else 0 :])

    def _tagged(self, tag: re.Match[str]) -> str:
        """A tag: what begins and ends with it."""
        if tag["head"]:
            self._closed("channel")
            if self._head is not None:
                self._headed()
            self._head = None if self._depth else ""
            return ""
        if self._head is not None:
            self._headed()
            if not tag["thought"]:
                return ""
        if tag["thought"] or tag["bracketed"] or tag["done"]:
            if tag["end"] or tag["also"] or tag["done"]:
                self._closed("tag")
            elif not tag["empty"]:
                self._opened("tag", tag[0])
        elif tag["fence"] or tag["comment"] or (tag["details"] and UNFOLDED.search(tag["details"])):
            self._opened("fence" if tag["fence"] else "comment" if tag["comment"] else "details", tag[0])
        elif tag["closed"] or tag["details"] or tag["folded"] or tag["commented"]:
            kind = "fence" if tag["closed"] else "comment" if tag["commented"] else "details"
            if self._within != kind or tag["details"]:
                return self._take(tag[0])
            self._closed(kind)
        elif tag["wrap"] and self._depth and not re.match(r"<[|｜]?\s?(?:/|end)", tag[0], re.I):
            self._answer = len(self._aside)
        elif tag["wrap"]:
            self._answered = self._answered or len(self._weighed or ())
        else:
            self._closed("channel")
        return ""

    def _opened(self, kind: str, tag: str = "") -> None:
        """Thoughts begin. In the middle of a sentence that may be a slip: they are said after all where nothing ends them."""
        if self._depth:
            self._depth += kind == self._within
            return
        self._restored = kind == "tag" and self._last not in ("", *"\n.!?:]*>")
        self._depth, self._within, self._answer, self._aside = 1, kind, None, [tag] if self._restored else []

    def _closed(self, kind: str) -> None:
        """Thoughts have ended; without a beginning, all that was said before were thoughts."""
        if self._depth and kind == self._within:
            self._depth -= 1
            self._restored, self._aside, self._answer = True, [], None
            self._within = self._within if self._depth else ""
        elif self._depth or kind != "tag":
            return
        else:
            self._said, self._weighed, self._start, self._last = [], None, "", ""
        if self._start is not None:
            self._doubted = bool(self._start.strip())

    def _headed(self) -> None:
        """The head of a channel or a turn is read: it names thoughts, or who speaks."""
        named = (self._head or "").lower().split()
        self._head = None
        if named and named[0] in CHANNELS:
            self._opened("channel")


def _answer_of(weighed: str) -> str:
    """What a reply that begins like thoughts says in the end, where words part the two; else all of it."""
    dropped = DROPPED.match(weighed)
    if dropped:
        final = FINISHED.split(weighed)
        if len(final) > 1 or weighed[dropped.end() :][:1].isupper():
            return final[-1] if len(final) > 1 else ""
    if label := ANSWERS.match(weighed):
        return weighed[label.end() :]
    answers = [(answer[0], answer.end()) for answer in ANSWERS.finditer(weighed)]
    if answers and (THINKS.match(weighed) or FINAL.search(answers[-1][0])):
        return weighed[answers[-1][1] :]
    return weighed
