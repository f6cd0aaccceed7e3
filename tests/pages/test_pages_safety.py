"""evaluate/safety: says what to press, measures in the background, and shows tables from what was measured."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.evaluate.checking import faults_view, redteam_view
from pages.evaluate.checking.runs import KEPT
from rag.documents.workspace import Project
from rag.evaluate import rates
from rag.evaluate.attacks.families import own
from rag.evaluate.made import KIND, NAME
from rag.evaluate.perturb import KINDS
from rag.pipeline import Pipeline
from rag.stages.answer.chat import Chat
from rag.stages.embed.hashing import Hashing
from tests.pages.test_pages import opened, press, shown
from tests.pages.test_pages_compare import CASES, PIPELINE
from tests.widgets import widget

pytestmark = pytest.mark.usefixtures("small_project")

MEASURED = {"Risk and coverage": "Ask without a bar", "Red team": "Attack 4 times", "Perturbations": "Perturb and ask"}


@pytest.fixture
def four(monkeypatch: pytest.MonkeyPatch) -> None:
    """The red team has four attacks, one of each aim."""
    kept = tuple(next(one for one in own() if one.aim == aim) for aim in ("instruction", "fact", "markup", "formula"))
    monkeypatch.setattr(redteam_view, "own", lambda: kept)


@pytest.fixture
def cases(small_project: Project) -> Project:
    small_project.saved.put(KIND, "\n".join(map(json.dumps, CASES)), NAME)
    return small_project


def at(view: str, pipeline: Pipeline = PIPELINE, **state: Any) -> AppTest:
    text = pipeline.to_json()
    chosen = {"name": NAME, "most": None}
    return opened("safety", **{"applied": text, "pipeline": text, "question set": chosen, "safety view": view, **state})


def table(app: AppTest, column: str) -> Any:
    """The first table with this column."""
    return next(one.value for one in app.dataframe if column in one.value)


def test_the_planted_faults_are_those_of_the_measured_file() -> None:
    found = rates.rates()
    assert found is not None
    app = at("Planted faults")
    assert list(table(app, "Fault")["Fault"]) == [*(one.kind for one in found.kinds), "all"]
    assert f"{found.whole.n:,}" in shown(app) and found.command in shown(app)


def test_where_nothing_was_measured_it_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults_view, "rates", lambda: None)
    assert "tests.train.rates" in shown(at("Planted faults"))


@pytest.mark.usefixtures("cases", "four")
@pytest.mark.parametrize(("view", "label"), MEASURED.items())
def test_each_measurement_says_what_to_press_and_is_kept_once_it_is_done(view: str, label: str, cases: Project) -> None:
    app = at(view)
    assert label.split(" 4")[0] in shown(app) and not app.dataframe
    press(app, label)
    assert not app.exception, [error.value for error in app.exception]
    (kind,) = cases.saved.names(KEPT)
    rows = json.loads(cases.saved.get(KEPT, kind) or "")["rows"]
    assert rows and not [row for row in rows if row.get("error")]
    assert "Furosemide" not in json.dumps(rows)
    again = at(view)
    assert [button.label for button in again.button if button.key == f"{kind}-run"] == ["Run it again"]


@pytest.mark.usefixtures("cases", "four")
def test_the_red_team_is_told_by_family_and_defence_for_each_pipeline() -> None:
    app = press(at("Red team"), MEASURED["Red team"])
    told = table(app, "Family")
    assert len(told) == 4 and next(iter(told["none"])) == "1 of 1" and next(iter(told["all"])) == "0 of 1"
    assert "Nothing gets through" in shown(app)
    widget(app.button_group, "safety-contender").set_value("quotes").run()
    assert "contract" not in table(app, "Family")
    widget(app.button_group, "safety-measure").set_value("live").run()
    told = table(app, "Family")
    assert not [cell for cell in told["all"] if not cell.startswith("0 of")]


@pytest.mark.usefixtures("cases")
def test_perturbations_are_told_by_kind_and_strength_with_what_is_right() -> None:
    app = press(at("Perturbations"), MEASURED["Perturbations"])
    told = table(app, "mild")
    assert list(told["Evidence"]) == list(KINDS) and all("n 1" in cell for cell in told["mild"])
    assert len(table(app, "What is done")) == 18
    assert "the mean over the cells" in shown(app)


@pytest.mark.usefixtures("cases")
def test_what_was_measured_with_other_settings_is_not_shown() -> None:
    press(at("Risk and coverage"), MEASURED["Risk and coverage"])
    app = at("Risk and coverage", Pipeline(embed=Hashing(width=128)))
    assert "other settings" in shown(app) and "Answers" not in shown(app)


@pytest.mark.usefixtures("cases")
def test_the_bar_that_is_set_stands_on_the_curve() -> None:
    app = press(at("Risk and coverage"), MEASURED["Risk and coverage"])
    assert "The bar is 0.34" in shown(app) and "labelled cases" in shown(app)


@pytest.mark.usefixtures("cases", "four")
def test_a_chat_model_of_ones_own_is_attacked_only_where_that_is_chosen() -> None:
    app = at("Red team", PIPELINE.model_copy(update={"answer": Chat(model="mine")}))
    assert widget(app.toggle, "safety-own-model").value is False


def test_a_set_without_evidence_says_so(small_project: Project) -> None:
    small_project.saved.put(KIND, json.dumps(CASES[1]), NAME)
    for view in ("Red team", "Perturbations"):
        assert "No question of this set has gold evidence" in shown(at(view))
