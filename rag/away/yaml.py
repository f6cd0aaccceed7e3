"""A pipeline as YAML, both ways; nothing but plain values is read."""

import json
from pathlib import PurePath
from typing import Any

from rag.errors import SettingProblem
from rag.pipeline import Pipeline, read_pipeline

SUFFIXES = (".yaml", ".yml")
LONGEST = 200_000
DEEPEST = 20  # PyYAML takes quadratic time for what is nested.


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
        depth = 0
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            depth += token.id in {"[", "{", "<block sequence start>", "<block mapping start>"}
            depth -= token.id in {"]", "}", "<block end>"}
            if isinstance(token, yaml.AliasToken):
                raise SettingProblem(f"{name}: an alias (*name) stands in it. Write the value out where it belongs.")
            if depth > DEEPEST:
                raise RecursionError
        settings: Any = yaml.safe_load(text)
        return read_pipeline(json.dumps(settings, default=str), name)
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}" if error.problem_mark else "somewhere"
        raise SettingProblem(f"{name}: not plain YAML ({error.problem}, {place}). Export it again.") from None
    except yaml.YAMLError:
        raise SettingProblem(f"{name}: not plain YAML (a character that YAML does not allow). Export it again.") from None
    except (RecursionError, ValueError, TypeError):
        raise SettingProblem(f"{name}: nested too deeply, or a value or key that no setting has. Export it again.") from None


def from_file(text: str, name: str) -> Pipeline:
    """A pipeline from the text of a JSON or YAML file, told apart by the file's name."""
    return (from_yaml if PurePath(name).suffix.lower() in SUFFIXES else read_pipeline)(text, name)
