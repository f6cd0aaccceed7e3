"""`python -m rag verify`: responses beside their sources, one line of verdicts each."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.__main__ import app
from rag.errors import FileProblem

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
