"""Addresses and keys as they were typed: blanks and line ends around them are no part of them, and within them are said."""

import os
import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

from rag.errors import ModelProblem

LIKE = "http://localhost:11434/v1"
AROUND = " \t\r\n\v\f\ufeff\u200b\u00a0"


def cleaned(url: str) -> str:
    """A URL without what stands around it. Raises ModelProblem for what is no URL, with what is wrong."""
    url = url.strip(AROUND)
    if any(_invisible(sign) for sign in url):
        raise ModelProblem(f"The address {url!r} holds a blank or a sign that is not seen. Write it without, like {LIKE}")
    try:
        urlsplit(url).port  # noqa: B018  Reading it is what checks it.
    except ValueError:
        raise ModelProblem(f"The address {url!r} is not a URL. Write it like {LIKE}") from None
    return url


def key_in(names: Iterable[str]) -> str:
    """The first key that these variables of the environment hold, or "". Raises ModelProblem for one that cannot be sent."""
    for name in names:
        key = os.environ.get(name, "").strip(AROUND)
        if not key:
            continue
        if any(_invisible(sign) for sign in key):
            raise ModelProblem(f"The key in {name} holds a blank or a line end. Set it again, as one line without blanks.")
        if not key.isascii():
            raise ModelProblem(f"The key in {name} holds a sign that no key has. Copy it again from where you got it.")
        if key[0] in "\"'" and key[-1] == key[0]:
            raise ModelProblem(f"The key in {name} stands in quotation marks that would be sent with it. Set it without them.")
        return key
    return ""


def _invisible(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"}
