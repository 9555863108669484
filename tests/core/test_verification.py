"""A second look at what was found: what it is shown, what is believed of its answer, and what follows from it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot import prompts
from bot.core.chunking import Budget, pack
from bot.core.context import Excerpt, Surroundings, Want
from bot.core.diff import Diff
from bot.core.messages import Reply, StopReason, ToolUse, Usage
from bot.core.model_rules import RULES
from bot.core.models import Category, Evidence, Finding, Location, Severity, Side
from bot.core.requests import Asking, Prefix
from bot.core.verification import (
    MOST_CLAIMS,
    REPORT,
    Group,
    Judgement,
    Material,
    Ruling,
    ask_verdicts,
    grouped,
    read_verdicts,
    weighed,
)
from bot.core.visible import Shown
from tests.core.changes import added, edited, hunk

Json = dict[str, Any]
DIFF = Diff(
    (
        edited("links.py", hunk(8, 8, " def revoke(token):", "-    check(token)", "+    table.delete(token)")),
        added("web/page.ts", *(f"line{number}" for number in range(30))),
    )
)
SHARED = Prefix(prompts.review_prompts(), Asking("claude-opus-4-6", 8_000), '{"title": "Links"}')
CACHE = Excerpt("cache.py", (3, 4), ("def forget(token):", "    memory.pop(token)"), "uses token")
FOUND = Surroundings((CACHE,), (Want(0, 0, 0, 1.0),))
READ = [piece for chunk in pack(DIFF, [0, 1], Budget(RULES.of("claude-opus-4-6"))).chunks for piece in chunk.pieces]


def finding(path: str = "links.py", line: int = 9, side: Side = Side.RIGHT, **changes: Any) -> Finding:  # noqa: ANN401
    made = Finding(
        Location(path, side, line),
        Severity.HIGH,
        Category.SECURITY,
        "A revoked link still opens",
        "`revoke` leaves `memory` as it is.",
        "a link is revoked, it still opens",
        "model",
        "security",
        "    table.delete(token)",
        confidence=0.6,
    )
    return replace(made, **changes)


def groups(*findings: Finding, tokens: int = 20_000) -> tuple[Group, ...]:
    return grouped(findings, READ, Material(DIFF, FOUND, SHARED, tokens))


def reply(*verdicts: Json, stop: StopReason = StopReason.TOOL_USE) -> Reply:
    call = ToolUse("toolu_1", REPORT, {"verdicts": list(verdicts)})
    return Reply(content=(call,), stop_reason=stop, usage=Usage(1, 1), model="m")


def said(verdict: str, *evidence: tuple[str, int, str], **changes: object) -> Json:
    rows = [{"path": path, "line": line, "quote": quote} for path, line, quote in evidence]
    return {
        "id": "c1",
        "evidence": rows,
        "reason": "It says so.",
        "introduced": True,
        "verdict": verdict,
        "confidence": 0.8,
    } | changes


def judged(*verdicts: Json) -> Judgement | None:
    (group,) = groups(finding())
    return read_verdicts(reply(*verdicts), group, Shown(DIFF)).get(finding())


def test_the_second_reader_sees_the_claim_its_lines_and_other_code() -> None:
    """Not how sure the first one was, which it might lean on."""
    (group,) = groups(finding())
    body = json.loads(ask_verdicts(prompts.verify_words(), SHARED, Shown(DIFF), group).encoded)
    told = json.loads(body["messages"][2]["content"][1]["content"])
    assert told["claims"] == [
        {
            "id": "c1",
            "path": "links.py",
            "side": "RIGHT",
            "line": 9,
            "quote": "    table.delete(token)",
            "severity": "high",
            "title": "A revoked link still opens",
            "body": "`revoke` leaves `memory` as it is.",
            "scenario": "a link is revoked, it still opens",
        }
    ]
    assert [file["path"] for file in told["files"]] == ["links.py"]
    assert told["around"] == [CACHE.row]
    assert "confidence" not in json.dumps(told)


def test_claims_of_one_file_go_together_and_not_too_many() -> None:
    """The worst first; what has no line that was read is not asked about."""
    many = [finding("web/page.ts", number, title=f"t{number}") for number in range(1, 12)]
    made = groups(*many, finding(), finding("gone.py"))
    assert [len(group.claims) for group in made] == [1, MOST_CLAIMS, 3]
    assert [name for name, _ in made[1].claims] == [f"c{number}" for number in range(1, 9)]


def test_it_takes_less_than_the_first_look() -> None:
    """Other code has to fit in what the first look took; there is always room for a little."""
    material = Material(DIFF, FOUND, SHARED, 10_000)
    assert 1_500 <= material.around(3) * 3 < 10_000
    assert material.around(0) == 0


@pytest.mark.parametrize(
    ("place", "side"),
    [(("cache.py", 4, "memory.pop(token)"), Side.RIGHT), (("links.py", 9, "check(token)"), Side.LEFT)],
)
def test_lines_that_were_shown_are_evidence(place: tuple[str, int, str], side: Side) -> None:
    """Of other code and of the diff, removed ones by their old number."""
    assert judged(said("confirmed", place)) == Judgement(
        Ruling.CONFIRMED, "It says so.", (Evidence(*place, side),), confidence=0.8
    )


@pytest.mark.parametrize(
    "place",
    [("cache.py", 5, "memory.pop(token)"), ("cache.py", 4, "memory.clear()"), ("x.py", 1, "x"), ("cache.py", 4, "")],
)
@pytest.mark.parametrize("verdict", ["confirmed", "refuted"])
def test_lines_that_were_not_shown_are_none(verdict: str, place: tuple[str, int, str]) -> None:
    """Who relies on them is not believed to be sure, be it for the claim or against it."""
    made = judged(said(verdict, place))
    assert made is not None
    assert (made.ruling, made.evidence) == (Ruling.UNSURE, ())


def test_a_part_shows_no_more_than_its_own_lines() -> None:
    """Of a hunk that was cut, a line in the other part was not shown, and is no evidence."""
    (piece,) = (piece for piece in READ if piece.file == 0)
    (group,) = grouped([finding()], [replace(piece, shown=(1, 3))], Material(DIFF, FOUND, SHARED, 20_000))
    verdict = said("confirmed", ("links.py", 8, "def revoke(token):"))
    assert read_verdicts(reply(verdict), group, Shown(DIFF))[finding()].ruling is Ruling.UNSURE


def test_what_is_not_in_form_says_nothing() -> None:
    """A claim stays as it was found where the answer broke off, does not speak of it, or is no verdict."""
    (group,) = groups(finding())
    shown = Shown(DIFF)
    assert read_verdicts(reply(said("refuted"), stop=StopReason.MAX_TOKENS), group, shown) == {}
    assert read_verdicts(reply(said("refuted", id="c9")), group, shown) == {}
    assert read_verdicts(reply(said("perhaps")), group, shown) == {}
    assert read_verdicts(reply(said("refuted", confidence=7)), group, shown) == {}
    assert (
        read_verdicts(Reply((ToolUse("t", REPORT, "no"),), StopReason.TOOL_USE, Usage(1, 1), "m"), group, shown) == {}
    )


def test_words_are_made_harmless() -> None:
    """A reason is shown to people: no secret, nothing invisible, not endless."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
    made = judged(said("unsure", reason=f"Uses\u202e {token[:40]} " + "x" * 900))
    assert made is not None
    assert token[:40] not in made.reason
    assert "\u202e" not in made.reason
    assert len(made.reason) <= 400


@pytest.mark.parametrize(
    ("ruling", "first", "second", "then"),
    [
        (Ruling.CONFIRMED, 0.4, 0.9, 0.9),
        (Ruling.CONFIRMED, 0.8, 0.5, 0.8),
        (Ruling.UNSURE, 0.6, 0.2, 0.4),
        (Ruling.UNSURE, 0.3, 0.9, 0.3),
        (Ruling.REFUTED, 0.9, 0.1, 0.0),
    ],
)
def test_what_a_finding_is_worth_then(ruling: Ruling, first: float, second: float, then: float) -> None:
    """A confirmation raises it, a doubt never does, and what is refuted is worth nothing."""
    made = weighed(finding(confidence=first), Judgement(ruling, "Why.", (), introduced=False, confidence=second))
    assert (made.confidence, made.verdict, made.reason, made.introduced) == (then, ruling.value, "Why.", False)
