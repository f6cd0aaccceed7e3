"""JSON read strictly: what is wrong with it is said, and no key stands twice."""

import json
import re
from typing import Any

from rag.errors import SettingProblem

LONGEST_NAME = 60
SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: str | bytes, name: str, remedy: str) -> Any:
    """The value in a JSON text, with or without a byte order mark. Raises SettingProblem, which ends with the remedy."""
    try:
        written = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(written.removeprefix("\ufeff"), object_pairs_hook=_once)
        if not SURROGATE.search(json.dumps(value, ensure_ascii=False)):
            return value
        fault = "a text holds half of a surrogate pair (\\ud800 to \\udfff); write it whole"
    except UnicodeDecodeError as error:
        fault = f"not UTF-8 from byte {error.start}"
    except json.JSONDecodeError as error:
        fault = f"not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
    except RecursionError:
        fault = "nested too deeply"
    except KeyError as error:
        fault = f"the key {short(error.args[0])!r} stands twice in one object; keep one of them"
    except ValueError:
        fault = "a number has too many digits"
    raise SettingProblem(f"{name}: {fault}. {remedy}") from None


def short(text: str, most: int = LONGEST_NAME) -> str:
    """The text as it can stand in a message: without its end where it is long."""
    return text if len(text) <= most else f"{text[:most]}…"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise KeyError(key)
        found[key] = value
    return found
