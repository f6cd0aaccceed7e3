"""On the screen: what models took and will take, what an index misses, and the fitted reranker's weights, fitted there."""

import json
import re
import time
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.question_set import UPLOADED
from pages.tune.settings import costs, fit_view, index_view
from pages.tune.settings.costs import money, told
from rag.documents.workspace import Project
from rag.errors import SettingProblem
from rag.evaluate.fitting import Fit
from rag.pipeline import Pipeline, read_pipeline
from rag.pipeline.explain.expense import Expense
from rag.stages.answer.chat import Chat
from rag.stages.chunk.windows import Sentences
from rag.stages.embed.hashing import Hashing
from rag.stages.expand.asked import AsAsked
from rag.stages.index.local import Exact, Hnsw
from rag.stages.index.recall import Recall
from rag.stages.models.chat import ChatModel
from rag.stages.rerank.features import FEATURES
from rag.stages.rerank.fitted import Fitted
from rag.stages.rerank.judge import Judge
from rag.stages.retrieve import Terms
from rag.values import File, Usage
from tests.fake_server import Server
from tests.pages.test_pages import MANY, QUESTION, opened, shown
from tests.widgets import widget

pytestmark = pytest.mark.usefixtures("small_project")

AWAY = "https://models.invalid/v1"


def asked(question: str = QUESTION, **stages: Any) -> AppTest:
    """The Ask page with the answer to a question under these settings."""
    settings = Pipeline(**{"embed": Hashing(), "expand": AsAsked(), **stages}).to_json()
    return opened("ask", asked=question, pipeline=settings, applied=settings)


def said(app: AppTest) -> str:
    """All plain text of a page, as a reader sees it."""
    return shown(app).replace("\\", "")


def at(server: Server, kind: Any, model: str, **settings: Any) -> Any:
    return kind(**{"model": model, "base_url": server.url, "retries": 0, "timeout": 30.0, **settings})


def test_under_the_answer_stands_what_models_took_and_that_one_on_this_machine_is_free(server: Server) -> None:
    text = said(asked(answer=at(server, Chat, "good")))
    assert re.search(r"Models: 1 call · [\d,]+ tokens in, \d+ out · free: the model runs on this machine", text)
    assert "A new question asks models: at most 1 call under Answer." in text
    assert "Models:" not in said(asked())


def test_the_view_of_the_times_tells_calls_tokens_and_cost_by_stage(server: Server) -> None:
    app = asked(answer=at(server, Chat, "good", price_in=2.0), rerank=at(server, Judge, "grades"))
    app.button_group(key="look").set_value("Time").run()
    (table,) = [one.value for one in app.dataframe if "Tokens in" in one.value]
    assert list(table["Stage"]) == ["Reranking", "Answer"] and list(table["Model"]) == ["grades", "good"]
    assert table["Calls"][1] == 1 and table["Tokens in"][1] > 0
    assert table["Cost"][0] == costs.FREE
    assert table["Cost"][1] == f"{table['Tokens in'][1] * 2e-6:.4f} by the prices set"
    assert "by the prices set · free: the model runs on this machine" in said(app)
    app = asked()
    app.button_group(key="look").set_value("Time").run()
    assert "No model is asked with these settings." in said(app)


def test_what_was_said_before_is_not_counted_again(server: Server) -> None:
    app = asked(rerank=at(server, Judge, "grades", depth=2))
    assert "Models: 2 calls" in said(app)
    widget(app.slider, "ask-rerank-judge-top").set_value(2).run()
    assert "Models: nothing new asked under Reranking" in said(app) and server.seen.calls["grades"] == 2


def test_a_judge_is_not_asked_before_its_cost_was_shown_and_applied(server: Server) -> None:
    judge = at(server, Judge, "grades", price_in=3.0)
    app = asked(answer=at(server, Chat, "good"))
    before = app.session_state["state"]["applied"]
    changed = read_pipeline(before).model_copy(update={"rerank": judge})
    app.session_state["state"]["pipeline"] = changed.to_json()
    app.session_state["state"]["revision"] += 1
    app.run()
    text = said(app)
    assert "**Not applied yet**" in text and "the answer on the right is by the settings before" in text
    assert re.search(r"Reranking asks a model at 127.0.0.1:\d+. This question: \*\*2 calls\*\* of grades, about", text)
    assert re.search(r"tokens sent and 16 received, time not known yet, about 0\.00\d\d by the prices set", text)
    assert "It is not asked before you press *Apply* above." in text
    assert app.session_state["state"]["applied"] == before and not server.seen.calls["grades"]
    app.button(key="ask-apply").click().run()
    assert server.seen.calls["grades"] == 2
    assert read_pipeline(app.session_state["state"]["applied"]).rerank == judge
    assert "This question: no call, what grades said to it is kept" in said(app.run())


def test_an_expansion_by_a_model_says_first_what_a_question_costs(server: Server) -> None:
    app = opened("ask")
    widget(app.selectbox, "ask-expand-kind").select("queries").run()
    assert "Each question: **1 call** of llama3.2, about" in said(app)
    app = asked()
    widget(app.selectbox, "ask-expand-kind").select("hyde").run()
    assert "Query asks a model at localhost:11434. This question: **1 call** of llama3.2" in said(app)
    assert app.button(key="ask-apply") and not app.exception
    assert read_pipeline(app.session_state["state"]["applied"]).expand.kind == "asked"


def test_an_unknown_price_says_where_it_is_set() -> None:
    model = ChatModel(model="big_one", base_url=AWAY)
    assert told(Expense("rerank", model, Usage(3, 900, 24, False), 120.0), True) == (
        "This question: **3 calls** of big\\_one, about 900 tokens sent and 24 received, roughly 2 min, "
        "price unknown: set it under Reranking"
    )
    assert told(Expense("answer", model, Usage(1)), False).endswith("big\\_one, price unknown: set it under Answer")
    assert money(0.01234, "set", "answer", about=True) == "about 0.0123 by the prices set"


@pytest.mark.parametrize("stage", [Hnsw(), Exact(precision="int8")])
def test_an_index_that_may_miss_neighbours_tells_its_recall_with_n_and_its_memory(stage: Any) -> None:
    text = said(asked(index=stage, chunk=Sentences(size=1, overlap=0)))
    assert re.search(r"Recall@\d+ \d\.\d{3}\*\* against exact search on these \d+ passages, n = \d+ asked · vectors take", text)


def test_a_change_of_index_tells_its_recall_at_once_and_exact_search_tells_nothing() -> None:
    app = asked(chunk=Sentences(size=1, overlap=0))
    assert "Recall@" not in said(app) and "Its recall" not in said(app)
    widget(app.selectbox, "ask-index-kind").select("ivf").run()
    assert "Recall@" in said(app) and "too few for 1,024 lists" in said(app) and not app.exception
    assert "Recall@" not in said(asked(index=Hnsw(), retrieve=Terms()))


def test_a_large_index_is_measured_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_view, "UNASKED", 1)
    app = asked(index=Hnsw())
    assert "Recall@" not in said(app)
    app.button(key="ask-recall").click().run()
    assert "Recall@" in said(app) and "Recall@" in said(app.run())


def test_recall_and_memory_are_told_in_a_line() -> None:
    assert index_view.told(Recall(0.98765, 100, 10), 307_200_045, 200_000).endswith(
        "**Recall@10 0.988** against exact search on these 200,000 passages, n = 100 asked · vectors take 307.2 MB"
    )
    assert index_view.told(Recall(1.0, 0, 10), None, 1) == "Too few passages to measure its recall"


BEDS = [(match.start(), match.end()) for match in re.finditer(r"Bed \d+: torsemide \d+ mg was given", MANY)]


def ward_set(number: int) -> str:
    """Questions about beds, each with the sentence of its bed as evidence."""
    rows = []
    for row in range(number):
        start, end = BEDS[row % len(BEDS)]
        place = {"document": "ward.txt", "start": start, "end": end, "quote": MANY[start:end]}
        rows.append({"id": f"w{row}", "question": f"What was given to bed {row % len(BEDS) + 1}?", "evidence": [place]})
    return "\n".join(map(json.dumps, rows))


def ward(project: Project, number: int, **stages: Any) -> AppTest:
    """The Ask page with the fitted reranker, its dialog open, on a question set of so many questions."""
    project.shelf.add(File("ward.txt", MANY.encode()))
    app = asked(chunk=Sentences(size=1, overlap=0), retrieve=Terms(), rerank=Fitted(**stages))
    app.session_state[UPLOADED] = {"id": "1", "name": "ward.jsonl", "text": ward_set(number)}
    app.button(key="ask-fit").click().run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def waited(app: AppTest, words: str) -> AppTest:
    for _ in range(150):
        if words in said(app):
            return app
        time.sleep(0.1)
        app.run()
    raise AssertionError(said(app))


def charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(one.proto.spec)["data"][0] for one in app.get("plotly_chart")]


def test_the_weights_in_force_are_a_chart_wherever_the_fitted_reranker_is_chosen() -> None:
    app = asked(rerank=Fitted(terms=-0.5, late=0.0))
    (bars,) = [one for one in charts(app) if "Terms (BM25)" in one["y"]]
    assert len(bars["y"]) == len(FEATURES) and bars["text"][bars["y"].index("Terms (BM25)")] == "−0.50"
    settings = Pipeline(embed=Hashing(), rerank=Fitted()).to_json()
    compared = opened("compare", asked=QUESTION, columns=[settings, settings])
    assert sum("Terms (BM25)" in one["y"] for one in charts(compared)) == 2
    assert not any("Terms (BM25)" in one.get("y", ()) for one in charts(asked()))


def test_a_set_that_is_too_small_says_so_and_nothing_is_fitted(small_project: Project) -> None:
    app = ward(small_project, 29)
    assert "too small to fit: 29 questions with evidence, at least 30 are needed" in said(app)
    assert not [button for button in app.button if str(button.key).startswith("fit-run")]


def test_weights_are_fitted_on_an_uploaded_set_with_gain_interval_and_verdict(small_project: Project) -> None:
    app = ward(small_project, 40)
    app.button(key="fit-run").click().run()
    app = waited(app, "95 % interval")
    text = said(app)
    assert "n = 40" in text and ("Keep the default weights" in text or "Use the fitted weights" in text)
    assert [one.label for one in app.metric] == ["nDCG@10 with the default weights", "Gain on questions left out"]
    assert sum("Terms (BM25)" in one["y"] for one in charts(app)) == 2 and not fit_view.JOBS


def test_fitted_weights_are_used_at_a_press(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {**dict.fromkeys(FEATURES, 0.0), "before": 0.4, "terms": 1.0}
    result = Fit(weights, 0.5, 0.1, 0.05, 0.15, 40, True, "nDCG@10 rises.", 0.1, weights)
    monkeypatch.setattr(fit_view, "fit", lambda *parts, **named: result)
    app = ward(small_project, 40, top=3)
    app.button(key="fit-run").click().run()
    app = waited(app, "Use the fitted weights: nDCG@10 rises.".replace(":", "**:"))
    assert "95 % interval +0.050 to +0.150 (bootstrap over questions), n = 40" in said(app)
    app.button(key="fit-use").click().run()
    stage = read_pipeline(app.session_state["state"]["applied"]).rerank
    assert stage == Fitted(top=3, before=0.4, terms=1.0) and "Use the fitted" not in said(app)


def test_a_fit_stops_at_a_press_and_one_that_fails_says_why(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def slow(*parts: Any, progress: Any) -> Fit:
        try:
            for done in range(400):
                progress(done % 40, 40)
                time.sleep(0.05)
        except BaseException as problem:
            told.append(type(problem).__name__)
            raise
        raise AssertionError("nobody stopped it")

    monkeypatch.setattr(fit_view, "fit", slow)
    app = ward(small_project, 40)
    app.button(key="fit-run").click().run()
    app.button(key="fit-stop").click().run()
    assert [button for button in app.button if button.key == "fit-run"] and not fit_view.JOBS
    for _ in range(50):
        if told:
            break
        time.sleep(0.05)
    assert told == ["Cancelled"]

    def failing(*parts: Any, progress: Any) -> Fit:
        raise SettingProblem("No document ward.txt among those read.")

    monkeypatch.setattr(fit_view, "fit", failing)
    app.button(key="fit-run").click().run()
    assert "No document ward.txt" in said(waited(app, "No document"))
