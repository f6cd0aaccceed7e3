"""A pipeline as YAML, both ways; nothing but plain values is read."""

import json
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rag.errors import SettingProblem
from rag.pipeline import Pipeline, read_pipeline
from rag.strict import short

if TYPE_CHECKING:
    from yaml import Node

SUFFIXES = (".yaml", ".yml")
LONGEST = 200_000
DEEPEST = 20  # PyYAML takes quadratic time for what is nested.
ODD = re.compile(r"[:_]|^[-+]?0[0-9xb]")  # YAML 1.1 reads 12:30 as 750, and 0144 as 100.


def to_yaml(pipeline: Pipeline) -> str:
    """The whole pipeline as YAML, every setting with its value."""
    import yaml

    settings = json.loads(pipeline.to_json())
    return str(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100))


def from_yaml(text: str, name: str = "the pipeline") -> Pipeline:
    """A pipeline from its YAML. Raises SettingProblem, which names every setting that does not fit and what is allowed."""
    import yaml

    if len(text) > LONGEST:
        raise SettingProblem(f"{name}: {len(text):,} characters are too many; at most {LONGEST:,}. Export it again.")
    try:
        _plain(text, name)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        for key, line in _twice(node):
            raise SettingProblem(f"{name}: the key {short(key)!r} stands twice (line {line}). Keep one of them.")
        return read_pipeline(json.dumps(yaml.safe_load(text), default=str), name)
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}" if error.problem_mark else "somewhere"
        raise SettingProblem(f"{name}: not plain YAML ({error.problem}, {place}). Export it again.") from None
    except yaml.YAMLError:
        raise SettingProblem(f"{name}: not plain YAML (a character that YAML does not allow). Export it again.") from None
    except RecursionError:
        raise SettingProblem(f"{name}: nested too deeply. Export it again.") from None
    except TypeError:
        raise SettingProblem(f"{name}: a key that is not a name. Export it again.") from None
    except ValueError as error:
        fault = "a number has too many digits" if "digits" in str(error) else "a date that there is not"
        raise SettingProblem(f"{name}: {fault}. Export it again.") from None


def _plain(text: str, name: str) -> None:
    """Raises SettingProblem for what is more than plain values, and for numbers that are not what they look like."""
    import yaml

    depth, loader = 0, yaml.SafeLoader("")
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        depth += token.id in {"[", "{", "<block sequence start>", "<block mapping start>"}
        depth -= token.id in {"]", "}", "<block end>"}
        if depth > DEEPEST:
            raise RecursionError
        line = token.start_mark.line + 1
        if isinstance(token, yaml.AliasToken):
            raise SettingProblem(f"{name}: an alias (*name) stands in line {line}. Write the value out where it belongs.")
        if isinstance(token, yaml.TagToken):
            raise SettingProblem(f"{name}: not plain YAML (a tag, such as !!bool, in line {line}). Leave the tag out.")
        if isinstance(token, yaml.ScalarToken) and token.plain and ODD.search(token.value):
            if loader.resolve(yaml.ScalarNode, token.value, (True, False)).endswith((":int", ":float")):
                raise SettingProblem(
                    f"{name}: {short(token.value)} in line {line} is another number to YAML than it looks. "
                    "Write a number in plain decimal digits, a text in quotes."
                )


def _twice(node: "Node | None") -> Iterator[tuple[str, int]]:
    """The keys that stand twice in one mapping, each with its line."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: set[Any] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)


def from_file(text: str, name: str) -> Pipeline:
    """A pipeline from the text of a JSON or YAML file, told apart by the file's name."""
    return (from_yaml if PurePath(name).suffix.lower() in SUFFIXES else read_pipeline)(text, name)
