"""What comes back: taken as it is meant, or refused with one short line. Nothing broken is guessed at."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ledger import Reason
from bot.core.messages import Block, Reply, StopReason, TextBlock, ToolUse
from bot.core.models import Category, Severity, Side
from bot.core.replies import Answer, Claim, Unusable, read_reply
from bot.core.requests import REPORT
from bot.prompts import review_prompts

Json = dict[str, Any]
FINDING: Json = {
    "path": "app.py",
    "side": "RIGHT",
    "start_line": 3,
    "line": 4,
    "quote": "    return x",
    "severity": "high",
    "category": "correctness",
    "title": "The wrong value is returned",
    "body": "`x` is stale.",
    "scenario": "it is called twice, the first value comes back",
    "suggestion": None,
    "confidence": 0.8,
}
CLAIM = Claim(
    path="app.py",
    side=Side.RIGHT,
    start_line=3,
    line=4,
    quote="    return x",
    severity=Severity.HIGH,
    category=Category.CORRECTNESS,
    title="The wrong value is returned",
    body="`x` is stale.",
    scenario="it is called twice, the first value comes back",
    suggestion=None,
    confidence=0.8,
)
FILE: Json = {"path": "app.py", "summary": "returns x"}
(SCHEMA,) = (tool["input_schema"] for tool in review_prompts().tools if tool["name"] == REPORT)
REQUESTED = jsonschema_rs.Draft202012Validator(SCHEMA)  # type: ignore[arg-type]


def report(*findings: Json, files: object = (FILE,), **more: object) -> ToolUse:
    return ToolUse(
        "toolu_1", REPORT, {"files": [*files] if isinstance(files, tuple) else files} | {"findings": [*findings]} | more
    )


def read(*content: Block, stop_reason: StopReason = StopReason.TOOL_USE) -> Answer | Unusable:
    return read_reply(Reply(content, stop_reason))


def problem(*content: Block) -> str:
    """What is said of an answer that must be refused."""
    read_as = read(*content)
    assert isinstance(read_as, Unusable)
    assert read_as.reason is Reason.INVALID_ANSWER
    return read_as.problem


def test_an_answer_is_read() -> None:
    """Every field arrives as it was said, words around the call and thoughts in between do no harm."""
    answer = read(TextBlock("Here it is."), report(FINDING), TextBlock(""))
    assert answer == Answer((CLAIM,), {"app.py": "returns x"})
    assert read(report(files=())) == Answer((), {})


_words = st.text(max_size=20)
_findings = st.fixed_dictionaries(
    {
        **dict.fromkeys(("path", "quote", "title", "body", "scenario"), _words),
        "side": st.sampled_from(["LEFT", "RIGHT", "left", "Right"]),
        "severity": st.sampled_from(["critical", "High", "MEDIUM", "low"]),
        "category": st.sampled_from([each.value for each in Category] + ["Security", "DATA"]),
        "start_line": st.integers(1, 10**9),
        "line": st.integers(1, 10**9),
        "suggestion": st.none() | _words,
        "confidence": st.floats(0, 1) | st.sampled_from([0, 1]),
    }
)


@given(st.lists(_findings, max_size=3), st.dictionaries(_words, _words, max_size=3))
def test_what_the_schema_allows_is_taken_as_it_is(findings: list[Json], files: dict[str, str]) -> None:
    """Any answer within the tool's schema is usable, names in any case; nothing is trimmed, rounded or lost."""
    rows = [{"path": path, "summary": summary} for path, summary in files.items()]
    lowered = [
        {
            **each,
            "side": each["side"].upper(),
            "severity": each["severity"].lower(),
            "category": each["category"].lower(),
        }
        for each in findings
    ]
    assert REQUESTED.is_valid({"files": rows, "findings": lowered})
    answer = read(ToolUse("x", REPORT, {"files": rows, "findings": findings}))
    assert isinstance(answer, Answer)
    assert answer.summaries == files
    assert answer.claims == tuple(dict.fromkeys(Claim(**(each | as_values(each))) for each in lowered))


def as_values(said: Json) -> Json:
    return {
        "side": Side(said["side"]),
        "severity": Severity(said["severity"]),
        "category": Category(said["category"]),
        "confidence": float(said["confidence"]),
    }


def test_the_schema_and_the_reader_know_the_same_fields() -> None:
    """A field that is asked for is read, one that is not is refused, and none may be left out."""
    item = SCHEMA["properties"]["findings"]["items"]  # type: ignore[index]
    assert set(item["properties"]) == set(item["required"]) == set(FINDING)
    for name in FINDING:
        without = {key: value for key, value in FINDING.items() if key != name}
        assert problem(report(without)) == f"findings.0.{name}: field required"
        assert not REQUESTED.is_valid({"files": [], "findings": [without]})
    assert problem(report({**FINDING, "url": "x"})) == "findings.0.url: extra inputs are not permitted"


WRONG = [
    ("line", "4", "input should be a valid integer"),
    ("line", 4.0, "input should be a valid integer"),
    ("line", 1.5, "input should be a valid integer"),
    ("line", True, "input should be a valid integer"),
    ("line", None, "input should be a valid integer"),
    ("line", 0, "input should be greater than or equal to 1"),
    ("start_line", -1, "input should be greater than or equal to 1"),
    ("side", "MIDDLE", "input should be one of LEFT, RIGHT"),
    ("side", "RIGHT ", "input should be one of LEFT, RIGHT"),
    ("side", 1, "input should be one of LEFT, RIGHT"),
    ("severity", "blocker", "input should be one of critical, high, medium, low"),
    ("category", None, "input should be one of security, correctness, concurrency, data, "),
    ("confidence", "0.8", "input should be a valid number"),
    ("confidence", True, "input should be a valid number"),
    ("confidence", 1.01, "input should be less than or equal to 1"),
    ("confidence", -0.01, "input should be greater than or equal to 0"),
    ("confidence", float("nan"), "input should be a finite number"),
    ("confidence", float("inf"), "input should be "),
    ("title", 7, "input should be a valid string"),
    ("suggestion", ["x"], "input should be a valid string"),
    ("quote", None, "input should be a valid string"),
]


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_a_wrong_value_is_named_not_mended(name: str, value: object, words: str) -> None:
    """No string becomes a number, no fraction a line, no other word a severity: what it takes is named."""
    assert problem(report(FINDING, {**FINDING, name: value})).startswith(f"findings.1.{name}: {words}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ((), "it holds no call of report_review"),
        ((TextBlock(""),), "it holds no call of report_review"),
        ((TextBlock(json.dumps({"files": [], "findings": []})),), "it holds no call of report_review"),
        ((ToolUse("x", "other", {"files": [], "findings": []}),), "it holds no call of report_review"),
        ((ToolUse("x", REPORT, None, '{"files": [], "findings": ['),), "the input of report_review is no JSON object"),
        ((ToolUse("x", REPORT, [FINDING]),), "the input of report_review is no JSON object"),
        ((ToolUse("x", REPORT, json.dumps({"files": []})),), "the input of report_review is no JSON object"),
        ((ToolUse("x", REPORT, {}),), "files: field required, and 1 more like it"),
        ((report(files={}),), "files: input should be a valid list"),
        ((report(files=("app.py",)),), "files.0: input should be an object"),
        ((report(verdict="approve"),), "verdict: extra inputs are not permitted"),
        ((report(FINDING), report({**FINDING, "line": "4"})), "findings.0.line: input should be a valid integer"),
    ],
)
def test_what_is_no_report_is_refused(content: tuple[Block, ...], words: str) -> None:
    """Text that looks like a report, another tool, broken JSON, a half: none is taken, and one bad call spoils all."""
    assert problem(*content) == words


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just("the model's own words " * 20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*FINDING, "files", "findings", "summary", "the model's own\nname " * 9, "x" * 99]), inner
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["files", "findings", "the model's own\nname"]), _values)
    | st.builds(
        lambda name, value: {"files": [], "findings": [{**FINDING, name: value}]},
        st.sampled_from([*FINDING, "the model's own\nname " * 9]),
        _values,
    )
)
def test_a_problem_is_one_short_line_of_our_own(said: Json) -> None:
    """Whatever was answered, the line that tells what is wrong with it is short and quotes nothing of it."""
    read_as = read(ToolUse("x", REPORT, said))
    if isinstance(read_as, Unusable):
        assert len(read_as.problem) < 200
        assert read_as.problem.isprintable()
        assert "own" not in read_as.problem
        assert "xxx" not in read_as.problem


@pytest.mark.parametrize(
    ("stop_reason", "reason", "words"),
    [
        (StopReason.MAX_TOKENS, Reason.TRUNCATED, "longer than"),
        (StopReason.CONTEXT_WINDOW, Reason.TRUNCATED, "context window"),
        (StopReason.REFUSAL, Reason.REFUSED, "refused"),
        (StopReason.PAUSE_TURN, Reason.INVALID_ANSWER, "paused"),
    ],
)
@pytest.mark.parametrize("content", [(), (report(FINDING),), (TextBlock("x"), report())])
def test_an_answer_that_was_ended_is_none(
    stop_reason: StopReason, reason: Reason, words: str, content: tuple[Block, ...]
) -> None:
    """What was cut off, refused or paused is not read, even where what there is of it looks valid."""
    read_as = read(*content, stop_reason=stop_reason)
    assert isinstance(read_as, Unusable)
    assert read_as.reason is reason
    assert words in read_as.problem


@pytest.mark.parametrize(
    "stop_reason", [StopReason.TOOL_USE, StopReason.END_TURN, StopReason.STOP_SEQUENCE, StopReason.UNKNOWN]
)
def test_a_whole_answer_counts_whatever_it_is_called(stop_reason: StopReason) -> None:
    """Gateways name the end of an answer differently: a valid call is a valid call."""
    assert read(report(FINDING), stop_reason=stop_reason) == Answer((CLAIM,), {"app.py": "returns x"})


def test_two_calls_are_one_answer() -> None:
    """What both say is said, the same finding once; of two lines about a file the first stands."""
    other = {**FINDING, "line": 9, "start_line": 9}
    answer = read(
        report(FINDING), report(FINDING, other, files=({**FILE, "summary": "later"}, {**FILE, "path": "b.py"}))
    )
    assert isinstance(answer, Answer)
    assert [claim.line for claim in answer.claims] == [4, 9]
    assert answer.summaries == {"app.py": "returns x", "b.py": "returns x"}
