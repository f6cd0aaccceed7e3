"""How long a server asks to wait, in whatever form it says so."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

EPOCH = 1_000_000_000  # A number from here on is a moment in Unix time.
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
LENGTH = r"(\d{1,9}(?:\.\d{1,9})?)\s?(ms|s|m|h|d)(?:ec|ecs|econds?|in|ins|inutes?|ours?|ays?)?"
LENGTHS = re.compile(rf"(?:p?t?{LENGTH}[\s,]?)+")
CLOCK = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d))?")


def seconds_asked(told: str | None) -> float | None:
    """The seconds in a `Retry-After`: a number, several of them, a length such as "1m30s", or a date; None where it says none.

    Never negative, and always finite.
    """
    told = (told or "").strip().strip("\"'").lower()
    if not told or len(told) > 100:
        return None
    numbers = [_number(one) for one in told.split(",")]
    if None not in numbers:
        return _bounded(max(one for one in numbers if one is not None))
    if LENGTHS.fullmatch(told):
        return sum(float(number) * UNITS[unit] for number, unit in re.findall(LENGTH, told))
    if clock := CLOCK.fullmatch(told):
        first, second, third = (int(part or 0) for part in clock.groups())
        return float(first * 3600 + second * 60 + third) if clock[3] else float(first * 60 + second)
    return _until(told)


def wait_in(headers: Mapping[str, str]) -> float | None:
    """The seconds that a reply's headers ask to wait, or None."""
    named = {str(name).lower(): value for name, value in headers.items()}
    milliseconds = seconds_asked(named.get("retry-after-ms"))
    return milliseconds / 1000 if milliseconds else seconds_asked(named.get("retry-after"))


def _number(told: str) -> float | None:
    try:
        number = float(told)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(number: float) -> float:
    return max(number - datetime.now(UTC).timestamp() if number >= EPOCH else number, 0.0)


def _until(told: str) -> float | None:
    """The seconds until a date, as HTTP or ISO 8601 writes it; one without a zone is in UTC."""
    for read, written in ((datetime.fromisoformat, told.upper()), (parsedate_to_datetime, told)):
        try:
            moment = read(written)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
