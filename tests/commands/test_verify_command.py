"""`python -m rag verify`: responses beside their sources, one line of verdicts each."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.__main__ import app
from rag.errors import FileProblem, SettingProblem

SOURCE = "Metformin 500 mg twice daily. No hypoglycaemia."


def run(tmp_path: Path, rows: list[dict[str, str]]) -> list[dict[str, object]]:
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    result = CliRunner().invoke(app, ["verify", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]


def test_every_response_gets_a_score_and_its_statements_with_reasons(tmp_path: Path) -> None:
    good = {"id": "a", "question": "Which dose?", "response": "Metformin is taken as 500 mg b.i.d.", "source": SOURCE}
    bad = {"id": "b", "response": "Metformin is taken as 850 mg twice daily. There was hypoglycemia.", "source": SOURCE}
    first, second = run(tmp_path, [good, bad])
    assert [first["id"], second["id"]] == ["a", "b"]
    assert 0 <= second["score"] < first["score"] <= 1  # type: ignore[operator]
    assert set(first) == {"id", "score", "claims"}
    claims = second["claims"]
    assert [claim["supported"] for claim in claims] == [False, False]  # type: ignore[attr-defined, index]
    for claim in claims:  # type: ignore[attr-defined]
        assert bad["response"][claim["start"] : claim["end"]] == claim["text"]
    reason = next(one for one in claims[0]["reasons"] if one["check"] == "dose")  # type: ignore[index]
    assert (reason["verdict"], reason["said"]["text"], reason["source"]["text"]) == ("contradicted", "850 mg", "500 mg")


def test_a_line_without_a_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"in\.jsonl, line 1: no text under 'source'"):
        run(tmp_path, [{"id": "a", "response": "x"}])


def test_the_file_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(json.dumps({"id": "a", "response": "x", "source": "x"}), "utf-8")
    result = CliRunner().invoke(app, ["verify", str(file), "--out", str(file)])
    assert isinstance(result.exception, FileProblem)


def flagged(tmp_path: Path, *options: str) -> tuple[list[bool], str]:
    rows = [
        {"id": "a", "response": "Metformin is taken as 500 mg b.i.d.", "source": SOURCE},
        {"id": "b", "response": "Metformin is taken as 850 mg twice daily.", "source": SOURCE},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    told = CliRunner().invoke(app, ["verify", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl"), *options])
    if told.exception:
        raise told.exception
    return [json.loads(line)["flagged"] for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()], told.output


def test_a_chosen_risk_flags_responses_by_labelled_cases_and_says_what_it_costs(tmp_path: Path) -> None:
    pairs = [("Metformin is taken as 850 mg twice daily.", False), ("Metformin is taken as 500 mg twice daily.", True)]
    cases = [{"response": text, "source": SOURCE, "supported": supported} for text, supported in pairs for _ in range(60)]
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), "utf-8")
    told, said = flagged(tmp_path, "--risk", "0.1", "--labelled", str(tmp_path / "cases.jsonl"))
    assert told == [False, True]
    assert "0.0% of right ones are flagged" in said
    told, said = flagged(tmp_path, "--risk", "0.01", "--labelled", str(tmp_path / "cases.jsonl"))
    assert told == [True, True]
    assert "more labelled cases" in said


def test_a_case_without_a_label_and_options_that_need_another_are_named(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text(json.dumps({"response": "x", "source": "x"}), "utf-8")
    with pytest.raises(FileProblem, match="case 1"):
        flagged(tmp_path, "--risk", "0.1", "--labelled", str(tmp_path / "cases.jsonl"))
    for options in (["--labelled", str(tmp_path / "cases.jsonl")], ["--budget", "3"], ["--risk", "1.0"]):
        with pytest.raises(SettingProblem):
            flagged(tmp_path, *options)
