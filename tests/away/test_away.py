"""A tuned pipeline leaves as YAML and as a script, and comes back, or runs, as the same pipeline."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rag.away.script import to_script
from rag.away.yaml import LONGEST, from_file, from_yaml, to_yaml
from rag.commands.common import documents_at
from rag.errors import SettingProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline import UNIONS, Pipeline
from rag.pipeline.presets import PRESETS
from rag.stage import options
from rag.stages.answer.quote import Quote
from rag.stages.chunk.sections import Sections
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.prompt import Cited
from rag.stages.rerank.keep import Keep
from rag.stages.retrieve import Terms
from rag.values import Filter

ROOT = Path(__file__).parents[2]
TUNED = Pipeline(
    chunk=Words(size=60, overlap=10),
    embed=Hashing(),
    retrieve=Terms(candidates=30),
    rerank=Keep(top=4),
    prompt=Cited(system="Answer briefly.\nCite 'each' \"source\": {always}, \\n and “so”.\n" * 4),
    answer=Quote(most=3),
)


def pipelines() -> Iterator[Any]:
    """Every option of every stage at its defaults, with all settings at their lowest, and at their highest, where that fits."""
    for stage, union in UNIONS.items():
        for kind, option in options(union).items():
            schemas = option.model_json_schema()["properties"].items()
            ends = ({name: schema[end] for name, schema in schemas if end in schema} for end in ("minimum", "maximum"))
            for number, settings in enumerate(({}, *ends)):
                try:
                    made = Pipeline(**{"embed": Hashing(), stage: {"kind": kind, **settings}})
                except ValidationError:
                    continue
                yield pytest.param(made, id=f"{stage} {kind} {number}")


ALL = list(pipelines())


def module(text: str, folder: Path) -> Any:
    """The script as a module, without running its main."""
    path = folder / "ask.py"
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location("tuned", path)
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_every_option_is_among_what_is_tested() -> None:
    assert len(ALL) > sum(len(options(union)) for union in UNIONS.values()) - 4


@pytest.mark.parametrize("pipeline", ALL)
def test_every_pipeline_goes_through_yaml_and_comes_back_equal(pipeline: Pipeline) -> None:
    assert from_yaml(to_yaml(pipeline)) == pipeline


@pytest.mark.parametrize("pipeline", [*ALL, *(preset for _, preset in PRESETS.values()), TUNED])
def test_every_pipeline_is_the_same_in_its_script(pipeline: Pipeline, tmp_path: Path) -> None:
    assert module(to_script(pipeline), tmp_path).PIPELINE == pipeline


@given(st.text(max_size=300))
def test_any_system_text_survives_yaml(text: str) -> None:
    pipeline = Pipeline(embed=Hashing(), prompt=Cited(system=text))
    assert from_yaml(to_yaml(pipeline)) == pipeline


def test_yaml_can_be_written_by_hand_with_a_few_settings() -> None:
    written = "chunk: {kind: words, size: 60}\nembed:\n  kind: hashing  # no model\nrerank: {kind: keep, top: 4}\n"
    assert from_yaml(written) == Pipeline(chunk=Words(size=60), embed=Hashing(), rerank=Keep(top=4))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chunk: {kind: words, sizes: 60}", "unknown field chunk.words.sizes; allowed: "),
        ("chunk: {kind: words, size: 9999}", "chunk.words.size: 9999 does not fit"),
        ("chunk: {kind: sentence}", "chunk: kind must be one of "),
        ('chunk: !!bool "x"', "not plain YAML (a tag, such as !!bool, in line 1)"),
        ('version: 1\nchunk: !!timestamp "x"', "in line 2"),
        ("chunk: {kind: words, size: 12:30}", "12:30 in line 1 is another number to YAML"),
        ("chunk: {kind: words, size: 0144}", "0144 in line 1 is another number"),
        ("chunk: {kind: words, size: '100'}", 'chunk.words.size: "100" does not fit: input should be a valid integer'),
        ("version: true", "version: true does not fit: allowed is 1"),
        ("chunk: {kind: words, size: 60, size: 70}", "the key 'size' stands twice (line 1)"),
        ("version: " + "1" * 5000, "a number has too many digits"),
        ("on: 2024-02-31", "a date that there is not"),
        ("chunk: [1", "not plain YAML"),
        ("chunk: {kind: words}\n\tsize: 3", "line 2"),
        ("a: !!python/object/apply:os.system ['true']", "not plain YAML"),
        ("a: &a [x]\nb: *a", "alias"),
        ("{" * 20_000, "nested too deeply"),
        ("a: \x00", "character"),
        ("? [1, 2]\n: 3", "not plain YAML (found unhashable key"),
        ("on: 2024-03-14", "unknown field"),
        ("just words", "settings"),
        ("", "settings"),
        (" " * (LONGEST + 1), "characters are too many"),
    ],
)
def test_yaml_that_does_not_fit_is_named_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(SettingProblem) as caught:
        from_yaml(text, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml: ") and said in str(caught.value)


def test_times_and_numbers_in_quotes_stay_texts() -> None:
    for text in ("12:30", "0144", "1_000", "0:30", "yes", "1e5", "2024-03-14"):
        pipeline = Pipeline(embed=Hashing(), prompt=Cited(system=text))
        assert from_yaml(to_yaml(pipeline)) == pipeline


def test_a_byte_order_mark_is_passed_over_in_both_forms() -> None:
    for name, text in (("mine.json", TUNED.to_json()), ("mine.yaml", to_yaml(TUNED))):
        assert from_file(f"\ufeff{text}", name) == TUNED


def test_a_file_is_read_by_what_its_name_says() -> None:
    assert from_file(to_yaml(TUNED), "mine.yaml") == from_file(to_yaml(TUNED), "M.YML") == TUNED
    assert from_file(TUNED.to_json(), "mine.json") == TUNED
    with pytest.raises(SettingProblem, match="not JSON"):
        from_file(to_yaml(TUNED), "mine.json")


def test_the_script_spells_out_only_what_differs_and_the_embedder() -> None:
    pipeline = Pipeline(chunk=Sections(size=150), embed=Hashing())
    (written,) = [row for row in to_script(pipeline).splitlines() if row.startswith("PIPELINE")]
    assert written == "PIPELINE = Pipeline(chunk=Sections(size=150), embed=Hashing())"


def test_a_text_in_the_script_is_a_text_and_nothing_more(tmp_path: Path) -> None:
    planted = '")\nimport os; os.environ["PLANTED"] = "yes"\n("""'
    pipeline = Pipeline(embed=Hashing(), prompt=Cited(system=planted))
    assert module(to_script(pipeline), tmp_path).PIPELINE.prompt.system == planted
    assert "PLANTED" not in os.environ


def test_the_script_answers_as_the_pipeline_does(places: Path, tmp_path: Path) -> None:
    question = "Is torsemide 40 mg taken by mouth daily?"
    (tmp_path / "ask.py").write_text(to_script(TUNED), "utf-8")
    told = [sys.executable, str(tmp_path / "ask.py"), str(places), question]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(told, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    answer = TUNED.ask(question, TUNED.prepare(documents_at([places], screened=True), Artifacts()))
    assert answer.claims
    first, *rest = done.stdout.splitlines()
    assert first == question
    for claim, row in zip(answer.claims, rest, strict=False):
        assert row.startswith(
            f"  {'Also: ' * (claim.role == 'also')}{' '.join(claim.text.split())} [{claim.citations[0].span.document}"
        )


def test_the_script_carries_the_filter_and_says_where_it_cannot_be_met(places: Path, tmp_path: Path) -> None:
    only = Filter(types=("policy",), after="2024-01-01", in_force=True)
    assert module(to_script(TUNED, only), tmp_path).ONLY == only
    assert module(to_script(TUNED), tmp_path).ONLY == Filter()
    question = "Which continuous glucose monitor or torsemide 40 mg is taken by mouth daily?"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(only: Filter) -> subprocess.CompletedProcess[str]:
        (tmp_path / "ask.py").write_text(to_script(TUNED, only), "utf-8")
        told = [sys.executable, str(tmp_path / "ask.py"), str(places), question]
        return subprocess.run(told, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment)

    everything, narrow, gone = (run(one) for one in (Filter(), Filter(types=("policy",)), Filter(patients=("P-9",))))
    assert "[discharge_P-9001.txt]" in everything.stdout
    assert narrow.returncode == 0 and "P-9001" not in narrow.stdout
    assert gone.returncode == 1 and gone.stderr == "error: patients 'P-9' is not among the documents. Allowed: P-9001.\n"


@pytest.mark.parametrize("missing", ["rag", "rag.away.scope", "pydantic"])
def test_the_script_says_what_to_install_where_something_is_missing(missing: str, places: Path, tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(to_script(TUNED), "utf-8")
    if missing == "rag.away.scope":  # Another package of the same name.
        for folder in ("rag", "rag/stages", "rag/stages/answer", "rag/keep"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "__init__.py").touch()
        for path in ("stages/answer/outcome.py", "keep/artifacts.py"):
            (tmp_path / "rag" / path).write_text("told = Artifacts = None", "utf-8")
        (tmp_path / "rag" / "away").mkdir()
    elif missing != "rag":
        (tmp_path / "rag").symlink_to(ROOT / "rag")
        (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('gone', name={missing!r})", "utf-8")
    told = [sys.executable, str(tmp_path / "ask.py"), str(places), "Why?"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(told, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {missing} is not installed here. Install the Clinical RAG Workbench")
    assert done.stderr.count("\n") == 1 and "PYTHONPATH=HOME HOME/.venv/bin/python" in done.stderr


def test_the_script_runs_outside_the_checkout_as_it_says(places: Path, tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(to_script(TUNED), "utf-8")
    (tmp_path / "home").symlink_to(ROOT)
    (said,) = [line.strip() for line in to_script(TUNED).splitlines() if line.startswith("    PYTHONPATH=HOME")]
    python = f"PYTHONPATH={tmp_path / 'home'} {sys.executable}"
    line = said.replace("PYTHONPATH=HOME HOME/.venv/bin/python", python).replace("FOLDER", str(places))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = line.replace("A question", "Is torsemide taken?").replace("Another question", "Which drug is on tier 4?")
    done = subprocess.run(["bash", "-c", told], capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "Torsemide 40 mg by mouth daily." in done.stdout and "[formulary_2025.csv" in done.stdout


def test_the_script_says_how_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(to_script(TUNED), "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "ask.py")], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 1 and done.stderr.startswith("Usage:")


def test_the_command_line_takes_yaml_and_prints_every_form(
    places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rag import __main__ as command_line

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            command_line.main()
        out, err = capsys.readouterr()
        return str(out) if not stopped.value.code else str(err)

    mine = tmp_path / "mine.yaml"
    mine.write_text(to_yaml(TUNED), "utf-8")
    assert from_yaml(run("pipeline", "--pipeline", mine, "--as", "yaml")) == TUNED
    assert from_file(run("pipeline", "--pipeline", mine), "it.json") == TUNED
    assert run("pipeline", "--pipeline", mine, "--as", "script") == to_script(TUNED)
    assert from_yaml(run("pipeline", "--preset", "notes", "--as", "yaml")) == PRESETS["notes"][1]
    assert "Torsemide 40 mg by mouth daily." in run("ask", "Is torsemide taken?", "--docs", places, "--pipeline", mine)
    mine.write_text("chunk: {kind: words, sizes: 60}", "utf-8")
    assert "error: mine.yaml: unknown field chunk.words.sizes" in run("ask", "Why?", "--docs", places, "--pipeline", mine)
