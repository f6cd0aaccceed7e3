"""Source marks however a model writes them ([1-2], 【1†source】, (Source 1, p. 3), ¹, bold, links), in one form and taken out."""

import re
from collections.abc import Iterable

from rag.rules import rules
from rag.stages.answer.raised_marks import BEGIN, END, RAISED, as_mark, circled, is_power, raised

RULES = rules("citations")
ONE = rf"{BEGIN}[\d,]*{END}"
MARK = re.compile(rf"{BEGIN}([\d,]*){END}")
LIKELY = 20  # Where it is not known how many sources were given.
LONGEST_RANGE, BEYOND = 30, 9


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


DASH = "[-–—‐‑−~]"
WORD = rf"(?:{_any(RULES['words'])}|s(?=\d))\.?(?:\s?(?:no\.?|nr\.?|n°))?[\s:：=#_@-]{{0,3}}"
ITEM = re.compile(
    rf"\s*(?:{BEGIN}(?P<read>[\d,]+){END}|(?P<word>{WORD})(?=[\d\s#@{BEGIN}])"
    rf"|[#^@]?(?P<low>\d{{1,3}})\s?(?:{DASH}|{_any(RULES['to'])})\s?(?:{WORD})?(?P<high>\d{{1,3}})(?![\w.%])"
    rf"|(?P<place>(?:{_any(RULES['places'])})\.?\s?\d[\w.]{{0,6}}(?:\s?{DASH}\s?[a-z]?\d{{1,4}})?(?:\s?,\s?\d{{1,4}}(?=\s*(?:;|$)))?(?:\s+(?:of|in|von|de|di)(?=\s))?"
    r"|第\s?\d{1,4}(?:\s?[-–~]\s?\d{1,4})?\s?[页頁章节節段行]|\d{1,4}\s?(?:쪽|페이지|ページ|頁|页))"
    rf"|(?P<score>(?:{_any(RULES['scores'])})[\s:=]{{1,3}}\d{{0,3}}(?:[.,]\d{{1,6}})?\s?%?(?=\s*(?:[,;)]|$)))"
    rf"|(?:[#^@]|(?:{_any(RULES['numbering'])})\s?)?(?P<number>\d{{1,3}})(?![\w%]|\.\d)|(?P<join>[,;:&+/|、，；：()]|{DASH}(?=\s?[^\W\d])|(?:{_any(RULES['joins'])})(?![^\W\d_])))",
    re.I,
)
OPEN, CLOSE = "[【［〔〖⟨⟦「『《〈«‹", "]】］〕〗⟩⟧」』》〉»›"
SQUARE = re.compile(
    rf"\\?[{re.escape(OPEN)}]{{1,2}}\s?\^?([^{re.escape(OPEN + CLOSE)}\n]{{1,240}})\\?[{re.escape(CLOSE)}]{{1,2}}"
)
ANGLED = re.compile(r"<<([^<>\n]{1,60})>>")
SINGLE = re.compile(r"((?:<\s?\d{1,2}(?:\s?[,;-]\s?\d{1,2}){0,5}\s?>){1,6})")
BRACES = re.compile(r"(?:\\(?:[a-z]{0,9}cite[a-z]{0,9}|textsuperscript|footnote(?:mark)?|ref))?\{{1,2}([^{}\n]{1,60})\}{1,2}")
LINK = re.compile(r"\[\[?([^\[\]\n]{1,60})\]\]?\((?=[^\s()]*[#/:.])(?:[^()\s]|\([^()\s]{0,200}\)){1,500}\)")
ROUND = re.compile(r"\\?[(（]([^()（）\n]{1,90}?)\\?[)）]")
TAGGED = re.compile(
    r"<(sup|cite|source|ref|citation|a|b|i|u|em|strong|span|small)\b[^<>]{0,60}>\s?([^<>\n]{1,60}?)\s?</\1>", re.I
)
SPAN = re.compile(
    rf"<(?P<name>{_any(RULES['spans'])})(?::?\s?(?P<direct>[\d,\s]{{1,30}})"
    rf"|\s(?:[^<>\n]{{0,80}}?\s)?(?:{_any(RULES['attributes'])})\s?=\s?[\"']?(?P<named>[^\"'<>\n/]{{1,60}})[\"']?[^<>\n/]{{0,80}})"
    r"\s?(?P<alone>/?)>|</(?P<closed>[a-z_]{1,12})(?::?\s?[\d,\s]{1,30})?>",
    re.I,
)
RESULTS = re.compile(
    "[ \\t]?(?:\ue200[^\ue200\ue201\n]{0,200}\ue201|\\bcite(?:turn\\d{1,3}[a-z]{1,12}\\d{1,3})+)"
)  # Of a search that was not ours.
LOOKS = frozenset({"a", "b", "i", "u", "em", "strong", "span", "small"})
CARET = re.compile(
    rf"\$\s?\^?\s?({BEGIN}[\d,]+{END})\s?\$|\^({BEGIN}[\d,]+{END})\^?|\^(\d{{1,2}}(?:\s?,\s?\d{{1,2}}){{0,5}})\^|\$\^\{{(\d{{1,2}}(?:,\s?\d{{1,2}}){{0,5}})\}}\$"
)
WRAPPED = re.compile(rf"(\*\*\*|\*\*|__|\*|_|`|~~|\()[ \t]?((?:{BEGIN}[\d,]*{END}[,;. \t]{{0,3}}){{1,20}})(?:\1|\))")
RUN = re.compile(
    rf"(?<![ \t])[ \t]*{ONE}(?:(?:[ \t]*[,;&|/])?(?:[ \t]+(?:{_any(RULES['joins'])})(?=[ \t]))?[ \t]*{ONE}){{0,40}}",
    re.I,
)
SEE = re.compile(
    rf"(?<![ \t])[ \t]*+(?:[,;(–—-][ \t]*+)?"
    rf"\b(?:{_any(word for word in RULES['see'] if word not in RULES['nouns'])})[ \t]*(?={BEGIN})",
    re.I,
)
SEEN = re.compile(rf"\s?(?:{_any(RULES['see'])})\s+", re.I)
NOUNS, RANGES, CLASSES = (frozenset(RULES[name]) for name in ("nouns", "ranges", "classes"))
SAYS = re.compile(rf"[ \t]+(?:{_any(RULES['says'])})\b", re.I)
STOP = re.compile(rf"([.!?。！？…][\"'”’)*_]{{0,3}})[ \t]*({BEGIN}[\d,]*{END})(?=(\S?))")
ALONE = re.compile(rf"(?<=\S)[ \t]*\n\s*({BEGIN}[\d,]*{END})[ \t]*(?=\n|$)")
FROM_TO = re.compile(rf"{BEGIN}(\d+){END}[ \t]?{DASH}[ \t]?{BEGIN}(\d+){END}")
PLACED = re.compile(rf"(?<={END})\s?\[(?:{_any(RULES['places'])})\.?\s?\d[^\[\]\n]{{0,20}}\]", re.I)
DAGGERS = re.compile(rf"(?<={END})[†‡]{{1,3}}")
COMMA = re.compile(rf"(?<=\w)[ \t]?[,–—-][ \t]?(?={ONE}[ \t]?(?:[.;!?\n]|$))")
OWN_LINE = re.compile(rf"\n(?=[ \t]*{BEGIN})")
PLAIN = re.compile(
    rf"\b(?:{_any(RULES['plain'])})\s{{1,2}}#?(\d{{1,2}}(?:\s?(?:,|&|{_any(RULES['joins'])})\s?\d{{1,2}}){{0,5}})\b(?!{BEGIN}|[.,]\d|\s?%)",
    re.I,
)
TRAILING = re.compile(
    rf"(?<=[\w.!?)*\"”])[ \t]*(?:(?:\n[ \t]*)?[–—-]+|(?<=[.!?)*\"”])(?:\n[ \t]*|[ \t]))[ \t]*[*_]?\(?{WORD}"
    rf"((?:{ONE}|[\d,;& \t]){{1,40}}?)(?:,?\s?(?:{_any(RULES['places'])})\.?\s?\d{{1,4}}(?:\s?{DASH}\s?\d{{1,4}})?)?"
    r"\)?[*_]?(?P<stop>\.?)(?=[ \t]*(?:\n|$)|(?<=\.)\s+[A-Z])",
    re.I,
)
LED = re.compile(
    rf"^([ \t]*(?:[-*•][ \t]+)?)[*_]{{0,3}}(?:{_any(RULES['plain'])})\s(\d{{1,2}})[*_]{{0,3}}:[*_]{{0,3}}[ \t]+", re.I | re.M
)
LIST = re.compile(r"(?:^|[\s:;,])\(\d{1,2}\)\s+\w")
BEHIND_STOPS = re.compile(r"[.!?][\"”*]{0,2}\s?[(<]\d{1,2}(?:\s?[,;–-]\s?\d{1,2}){0,5}[)>]\s*\Z")
LEADING = re.compile(r"(?:^|[^.!?\s])[\s:;,]{0,3}\(\d{1,2}\)\s+\w", re.M)
UNIT = re.compile(rf"\s?(?:{_any(RULES['units'])})(?![^\W\d_])")
VALUED = re.compile(r"(?:\d|\b[A-Z][A-Z\d]{1,6})[ \t]?\Z")  # "INR (2)", "1.2 (1-3)".
QUOTATION = re.compile(r"\s?[\"'“„«‘]\S")
TITLE = re.compile(r"(?:\w\s?[–—-]|[:,;–—-]|[:,;–—-]\s)\s?\S")
NAMED = re.compile(r"[:,;–—-]\s?(?:[^\W\d_a-zß-ÿ][\w'’-]*\s+\S|[\w-]{1,80}\.[a-z]{2,5}\b)")  # "1: Clinic letter"
SENTENCE_END = re.compile(r"[*_\"”]{0,3}(?:[.,;!?]|\s*(?:\n|$))")
UNCLOSED = re.compile(r"[\[【［](?:\s?[a-z]{0,12})?[\s#^]?[\d,;\s-]{0,20}$", re.I)


def in_one_form(text: str, given: int = LIKELY) -> str:
    """The text with every source mark as its numbers between two signs of their own, where it stands.

    `given` is how many sources there were. What may as well be a value, a year, a list's number or a power stays as it is.
    """
    text = UNCLOSED.sub("", text.replace(BEGIN, "").replace(END, ""))
    text = LINK.sub(lambda link: _marked(link, 1, given, text), text)
    for pattern in (SQUARE, ANGLED, BRACES):
        text = _each(pattern, text, given)
    text = PLACED.sub("", text)
    text = _spans(TAGGED.sub(lambda tag: _tagged(tag, given), text))
    text = _each(ROUND, text, given)
    text = CARET.sub(lambda caret: caret[1] or caret[2] or as_mark(_numbers(caret[3] or caret[4])), text)
    text = circled(RESULTS.sub("", text), given)
    if BEGIN not in text:
        text = raised(text, given)
    behind = bool(BEHIND_STOPS.search(text)) and not LEADING.search(text)
    if BEGIN not in text and (behind or not LIST.search(text)):
        text = _bare(text, given, behind)
    return text


def settled(text: str, given: int = LIKELY) -> str:
    """A text with marks in one form: those side by side made one, without what wraps and joins them, each in its sentence."""
    text = TRAILING.sub(_trailing, text)
    if BEGIN not in text and not PLAIN.search(text):
        return text
    text = LED.sub(lambda found: f"{found[1]}{as_mark([int(found[2])])} " if int(found[2]) <= given else found[0], text)
    text = PLAIN.sub(lambda found: _kept(found[0], _numbers(found[1]), given), text)
    for _ in range(2):
        text = WRAPPED.sub(r"\2", text)
    text = FROM_TO.sub(lambda found: as_mark(_between(int(found[1]), int(found[2]))), text)
    text = DAGGERS.sub("", text)
    text = RUN.sub(lambda run: _joined(run, text), text)
    text = SEE.sub("", text)
    text = ALONE.sub(r"\1", text)
    text = OWN_LINE.sub("\n\n", COMMA.sub("", text))
    text = STOP.sub(lambda stop: f"{stop[2]}{stop[1]}{' ' if stop[3] and stop[3].isalnum() else ''}", text)
    return re.sub(rf"(?<=\S)[ \t]+(?={BEGIN})", "", text)


def unmarked(text: str, given: int = LIKELY) -> tuple[str, list[int]]:
    """A text without its source marks and what wraps them, and the numbers in them, in order."""
    return taken_out(settled(in_one_form(text, given), given))


def taken_out(text: str) -> tuple[str, list[int]]:
    """The same of a text in which every mark has the one form and its place."""
    numbers = [int(number) for marks in MARK.findall(text) for number in marks.split(",") if number]
    plain = MARK.sub("", text).strip()
    for wrap in ("***", "**", "__", "*", "_"):
        stop = plain[-1:] if plain[-1:] in ".!?" and plain[:-1].endswith(wrap) else ""
        inner = plain.removesuffix(stop)[len(wrap) : -len(wrap)]
        if plain.startswith(wrap) and plain.removesuffix(stop).endswith(wrap) and inner.strip() and wrap not in inner:
            return inner.strip() + stop, numbers
    return plain, numbers


def numbers_in(written: str) -> list[int] | None:
    """The source numbers in what stands between brackets, or None where that is no source mark."""
    read = _read(written.translate(RAISED))
    return read[0] if read else None


def _numbers(written: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", written)]


def _read(written: str) -> tuple[list[int], bool] | None:
    """The numbers in what stands between brackets and whether words name them as sources; None where it is no mark."""
    written, dagger, _ = written.replace("‡", "†").partition("†")
    if dagger and re.fullmatch(r"\s*\d+:\d+\s*", written):  # "4:0†source": of which list, nobody knows here.
        return [], True
    numbers: list[int] = []
    worded, ahead = bool(dagger), False  # `ahead`: a page before any number is one of a source only where words name that.
    at = 0
    written = written.strip(" \t*_`\\^.")
    if not written.strip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻˒, "):
        written = written.translate(RAISED)
    while at < len(written):
        item = ITEM.match(written, at)
        if not item:
            named = TITLE if worded else NAMED  # "Source 1: discharge summary"
            if numbers and named.match(written, at - 1):
                break
            if numbers and QUOTATION.match(written, at) and not written[at - 1].isdigit():  # "1: "Torsemide 40 mg daily""
                break
            return None
        if item["read"]:
            numbers += _numbers(item["read"])
            worded = True
        elif item["word"]:
            worded = True
        elif item["low"]:
            between = _between(int(item["low"]), int(item["high"]))
            if len(between) < 3 and int(item["high"]) != int(item["low"]) + 1:
                return None
            numbers += between
        elif item["number"]:
            numbers.append(int(item["number"]))
        elif item["place"] and not numbers:
            ahead = True
        at = item.end()
    return (numbers, worded) if numbers and (worded or not ahead) else None


def _trailing(found: re.Match[str]) -> str:
    """A source behind a sentence or a dash, "— Source 1.", as a mark before its stop."""
    numbers = _numbers(found[1])
    stop = "" if found.string[found.start() - 1] in ".!?" else found["stop"]
    return as_mark(numbers) + stop if numbers else found[0]


def _between(low: int, high: int) -> list[int]:
    """The numbers of a range, or its two ends where it is none."""
    return list(range(low, high + 1)) if low < high <= low + LONGEST_RANGE else [low, high]


def _each(pattern: re.Pattern[str], text: str, given: int) -> str:
    return pattern.sub(lambda found: _marked(found, 1, given, text), text)


def _marked(found: re.Match[str], group: int, given: int, text: str) -> str:
    """A bracket as a mark, where it is one; bare numbers are none beside units and ranges, and in parentheses never here."""
    written = _without_see(found[group])
    read = _read(written)
    if read is None:
        return found[0]
    numbers, worded = read
    if worded:
        return as_mark(numbers)
    before, several = text[max(found.start() - 24, 0) : found.start()], len(numbers) > 1
    if found[0].lstrip("\\")[0] in "(（" or UNIT.match(text, found.end()) or (several and _ends_in(RANGES, before)):
        return found[0]
    if several and re.search(DASH, written) and min(numbers) > given and max(numbers) > given + BEYOND:
        return found[0]
    return as_mark(numbers)


def _ends_in(words: frozenset[str], before: str) -> bool:
    """Whether a text ends in one of these words, of up to three parts."""
    parts = before.lower().rstrip(" \t:=").replace("(", " ").split()[-3:]
    return any(" ".join(parts[at:]) in words for at in range(len(parts)))


def _without_see(written: str) -> str:
    """What stands in brackets without a "see" before it."""
    lead = SEEN.match(written)
    return written[lead.end() :] if lead else written


def _tagged(tag: re.Match[str], given: int) -> str:
    written = tag[2]
    read = _read(written)
    if read is None or (tag[1].lower() in LOOKS and BEGIN not in written):
        return tag[0]
    before = tag.string[max(tag.start() - 24, 0) : tag.start()]
    power = tag[1].lower() == "sup" and BEGIN not in written and is_power(before, tag.string[tag.end() : tag.end() + 1])
    return tag[0] if power or max(read[0]) > given else as_mark(read[0])


def _spans(text: str) -> str:
    """Tags that name the sources of what they stand around as marks behind it: <co: 1>…</co: 1>, <cite source="1">…</cite>."""
    made: list[str] = []
    open_yet: list[tuple[str, str]] = []
    at = 0
    for tag in SPAN.finditer(text):
        made.append(text[at : tag.start()])
        at = tag.end()
        if tag["closed"]:
            known = bool(open_yet) and open_yet[-1][0] == tag["closed"].lower()
            made.append(open_yet.pop()[1] if known else tag[0])
            continue
        written = tag["direct"] or tag["named"]
        read = _read(written)
        mark = as_mark(read[0]) if read else tag[0]
        if tag["alone"] or not read:
            made.append(mark)
        else:
            open_yet.append((tag["name"].lower(), mark))
    return "".join([*made, text[at:], *(mark for _, mark in reversed(open_yet))])


def _bare(text: str, given: int, behind: bool) -> str:
    """Numbers in parentheses or angles at the end of a sentence, or `behind` its stop, in a reply that has no other marks."""

    def read(found: re.Match[str]) -> str:
        numbers = numbers_in(_without_see(found[1]).replace("><", ",").strip("<>"))
        before = text[max(found.start() - 160, 0) : found.start()]
        sentence = re.split(r"[.!?]\s|\n", before)[-1].lower()
        if not numbers or not all(1 <= number <= given for number in numbers) or not re.search(r"[\w%)\"”*.]\s?$", before):
            return found[0]
        valued = VALUED.search(before) or _ends_in(CLASSES, before) or _counted(numbers, sentence)
        stopped = behind and before.rstrip()[-1:] in (".", "!", "?")
        if valued or not (stopped or SENTENCE_END.match(text, found.end())):
            return found[0]
        return as_mark(numbers)

    pattern = ROUND if ROUND.search(text) else SINGLE
    return pattern.sub(read, text)


def _counted(numbers: list[int], sentence: str) -> bool:
    """Whether a number in parentheses says again what the sentence counts: "two falls (2)"."""
    words = set(re.findall(r"[^\W_]+", sentence))
    return all(str(number) in words or words.intersection(RULES["counts"].get(str(number), ())) for number in numbers)


def _kept(written: str, numbers: list[int], given: int) -> str:
    """A source that is named in running text: the words stay, and the mark stands behind them."""
    return written + as_mark(numbers) if all(1 <= number <= given for number in numbers) else written


def _joined(run: re.Match[str], text: str) -> str:
    """Marks side by side as one; in words where they stand for the source itself: "according to [1]", "[1] states"."""
    numbers = list(dict.fromkeys(_numbers(run[0])))
    mark = as_mark(numbers)
    before = text[max(run.start() - 24, 0) : run.start()]
    blank = run[0][: len(run[0]) - len(run[0].lstrip())]
    first = not before.strip() or before.rstrip(" \t")[-1:] in "\n.!?"
    noun = _ends_in(NOUNS, before) and (not SENTENCE_END.match(text, run.end()) or text[run.end() : run.end() + 1] in ",.")
    if numbers and (noun or (first and SAYS.match(text, run.end()))):
        named = f"{'source' if len(numbers) == 1 else 'sources'} {' and '.join(map(str, numbers))}"
        return f"{blank}{named.capitalize() if first else named}{mark}"
    return blank + mark
