"""The model by script answers in the form that it is asked for, also about what stands and about the whole."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from starlette.datastructures import Headers

from bot.core.along import Along
from bot.core.chunking import Budget, pack
from bot.core.diff import Diff
from bot.core.known import Known
from bot.core.messages import Request
from bot.core.model_rules import RULES
from bot.core.overview import Overview, Risk
from bot.core.requests import Asking, Prefix, ask_about, ask_overall, part_of
from bot.core.visible import Shown
from bot.prompts import review_prompts
from tests.core.changes import added
from tests.core.findings import known
from tests.fakes.messages import MessageAnswer
from tests.fakes.messages_rules import request_problems
from tests.scripted_reviewer import OVERVIEW, Says, ScriptedReviewer

Json = dict[str, Any]
DIFF = Diff((added("app.py", "x = compute()", "y = 2"), added("b.py", "z = 3")))
FINDINGS = [Says("app.py", "x = compute()", "The wrong value is returned."), Says("b.py", "z = 3", "Three is wrong")]
SHARED = Prefix(review_prompts(), Asking("claude-opus-4-6", 4_000), "{}")
HEADERS = Headers({"x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json"})
SCHEMAS = {str(tool["name"]): tool["input_schema"] for tool in review_prompts().tools}


def about(*standing: Known, whole: bool = False, so_far: Overview | None = None) -> Request:
    """The request about the change with something that goes along."""
    (chunk,) = pack(DIFF, range(2), Budget(RULES.of("claude-opus-4-6"))).chunks
    return ask_about(SHARED, part_of(Shown(DIFF), chunk, Along(standing, whole=whole, so_far=so_far)))


def answer(reviewer: ScriptedReviewer, request: Request) -> Json:
    """The input of the tool that it calls, which is the one that was asked for, and fits its schema."""
    body = json.loads(request.encoded)
    assert request_problems(HEADERS, body) == []
    said = reviewer(body)
    assert isinstance(said, MessageAnswer)
    (call,) = said.content
    assert call["name"] == body["tool_choice"]["name"]
    assert jsonschema_rs.Draft202012Validator(SCHEMAS[call["name"]]).is_valid(call["input"])  # type: ignore[arg-type]
    given: Json = call["input"]
    return given


def words(said: Json) -> list[tuple[str, str, str]]:
    return [(row["id"], row["state"], row["quote"]) for row in said["standing"]]


def test_what_it_finds_itself_still_stands() -> None:
    """A standing finding on a line of its own script holds and is not reported again; of others it knows nothing."""
    said = answer(ScriptedReviewer(FINDINGS), about(known("own"), known("other", quote="y = 2", title="Two is wrong")))
    assert words(said) == [("own", "still", "x = compute()"), ("other", "unclear", "")]
    assert [claim["title"] for claim in said["findings"]] == ["Three is wrong"]


def test_it_knows_a_finding_by_its_words_too() -> None:
    """The line may read otherwise by now: the same title in the same file is the same finding."""
    said = answer(ScriptedReviewer(FINDINGS), about(known("own", quote="x = compute(1)")))
    assert words(said) == [("own", "still", "x = compute()")]


def test_it_can_repeat_itself() -> None:
    """A model that ignores the rule reports again what it was just told of."""
    said = answer(ScriptedReviewer(FINDINGS, repeats=True), about(known("own")))
    assert words(said) == [("own", "still", "x = compute()")]
    assert len(said["findings"]) == 2


@pytest.mark.parametrize(
    "standing",
    [
        {"own": ("fixed", "y = 2")},
        {"The wrong value is returned": ("fixed", "y = 2")},
        lambda row: ("fixed", "y = 2") if row["id"] == "own" else None,
    ],
)
def test_its_word_on_what_stands_can_be_scripted(standing: Any) -> None:  # noqa: ANN401 - each kind of script
    """By id, by title, or as a function of the row; what it calls fixed it reports only if it finds it anew."""
    said = answer(ScriptedReviewer(FINDINGS[1:], standing=standing), about(known("own")))
    assert words(said) == [("own", "fixed", "y = 2")]


def test_it_gives_an_overview_where_one_is_asked_for() -> None:
    """With the only part, with an overview to update, or when asked for nothing else; never otherwise."""
    reviewer, so_far = ScriptedReviewer(FINDINGS), Overview("It computes.", Risk.LOW, 3)
    assert answer(reviewer, about())["overview"] is None
    assert answer(reviewer, about(whole=True))["overview"] == OVERVIEW
    assert answer(reviewer, about(so_far=so_far))["overview"] == OVERVIEW
    assert answer(reviewer, ask_overall(SHARED, '{"files": [], "findings": []}')) == OVERVIEW
    other = OVERVIEW | {"risk": "high"}
    assert answer(ScriptedReviewer(overview=other), about(whole=True))["overview"] == other
    assert answer(ScriptedReviewer(overview=None), about(whole=True))["overview"] is None
