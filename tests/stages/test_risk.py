"""Risk by choice: what is promised holds in draws that were not looked at, and what cannot be promised says what it takes."""

import json
import math
import random
from itertools import pairwise

import pytest

from rag.errors import SettingProblem
from rag.keep.artifacts import Artifacts
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.verify import Facts
from rag.stages.verify.risk import Case, Promise, promise, shipped
from rag.values import Citation, Claim, Document, Span
from tests.bench.risk import held

DRAWS = 100


def drawn(seed: int, wrong: int, right: int) -> list[Case]:
    """Labelled cases whose wrong ones score lower, by one standard deviation, than the right ones."""
    random_ = random.Random(seed)
    logits = [(random_.gauss(-0.5, 1.0), False) for _ in range(wrong)] + [(random_.gauss(0.5, 1.0), True) for _ in range(right)]
    return [Case(1 / (1 + math.exp(-logit)), supported) for logit, supported in logits]


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
def test_what_is_promised_holds_in_95_of_100_random_splits(alpha: float) -> None:
    assert sum(held(drawn(11, 240, 240), alpha, seed) for seed in range(DRAWS)) >= 95


def test_the_share_that_passes_on_average_is_that_of_conformal_risk_control() -> None:
    told = promise(drawn(3, 99, 50), 0.1, confidence=0.5)
    passing = sum(case.score > told.threshold for case in drawn(3, 99, 50) if not case.supported)  # type: ignore[operator]
    assert told.expected == pytest.approx((passing + 1) / 100)
    assert told.expected <= 0.1


def test_a_smaller_risk_flags_more() -> None:
    cases = drawn(5, 300, 300)
    told = [promise(cases, alpha) for alpha in (0.05, 0.1, 0.2, 0.4)]
    assert all(one.cost >= other.cost and one.threshold >= other.threshold for one, other in pairwise(told))  # type: ignore[operator]


def test_two_scores_that_are_alike_are_flagged_alike() -> None:
    cases = [*(Case(0.4, False) for _ in range(200)), Case(0.4, True), Case(0.6, True)]
    told = promise(cases, 0.1)
    assert told.flags(0.4) and not told.flags(0.6)
    assert told.cost == 0.5


def test_too_few_cases_flag_everything_and_say_how_many_more_are_needed() -> None:
    cases = drawn(7, 20, 60)
    told = promise(cases, 0.05)
    assert told.threshold is None and told.flags(1.0)
    assert f"needs about {told.more:,} more labelled cases" in str(told)
    enough = drawn(7, 20 + math.ceil(told.more / 4), 60)
    assert promise(enough, 0.05).threshold is not None


def test_no_case_at_all_is_too_few() -> None:
    assert promise([], 0.1).more > 0


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_a_risk_that_is_no_share_is_named(alpha: float) -> None:
    with pytest.raises(SettingProblem, match="Give a share between 0 and 1"):
        promise(drawn(1, 50, 50), alpha)


def test_the_scores_of_the_program_allow_a_promise_and_say_what_it_costs() -> None:
    told = shipped(0.1)
    assert told.threshold is not None and told.more == 0
    assert "of wrong statements pass" in str(told)


def answered(text: str, source: str, risk: float) -> Claim:
    index = Index({"note.txt": Document("note.txt", source)}, (), None, True, None, None, Hashing(), Artifacts())
    return Facts(risk=risk)([Claim(text, (Citation(Span("note.txt", 0, len(source)), source, None, 1),))], index)[0]


def test_the_verifier_of_facts_does_not_call_supported_what_it_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    source, text = "Metformin 500 mg twice daily. No hypoglycaemia.", "Metformin is taken as 500 mg b.i.d."
    assert answered(text, source, 0.0).supported is True
    everything = Promise(0.05, None, 10, 10, 0.0, 1.0, 400)
    monkeypatch.setattr("rag.stages.verify.facts.shipped", lambda risk: everything)
    told = answered(text, source, 0.05)
    assert told.supported is None and "flagged" in told.reason
    monkeypatch.setattr("rag.stages.verify.facts.shipped", lambda risk: Promise(0.05, 0.0, 900, 900, 0.04, 0.0, 0))
    assert answered(text, source, 0.05).supported is True


def test_the_risk_is_a_setting_that_old_pipelines_need_not_name() -> None:
    assert Facts.model_validate_json(json.dumps({"kind": "facts"})).risk == 0.0
