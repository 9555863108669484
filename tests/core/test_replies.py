"""What comes back: taken as it is meant, or refused with one short line. Nothing broken is guessed at."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.ledger import Reason
from bot.core.messages import Block, Reply, StopReason, TextBlock, ToolUse
from bot.core.models import Category, Severity, Side
from bot.core.overview import Diagram, Edge, Overview, Risk
from bot.core.replies import Answer, Claim, Unusable, Verdict, VerdictState, one_each, read_overview, read_reply
from bot.core.requests import REPORT, REPORT_OVERVIEW
from bot.core.sanitize import cleared
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
OVERVIEW: Json = {
    "text": "Links expire. The risk is in old ones.",
    "diagram": {"nodes": ["a", "b"], "edges": [{"from": 0, "to": 1, "label": "a link"}]},
    "risk": "high",
    "minutes": 20,
}
READ_OVERVIEW = Overview(OVERVIEW["text"], Risk.HIGH, 20, Diagram(("a", "b"), (Edge(0, 1, "a link"),)))
VERDICT: Json = {"id": "0123456789", "quote": "    return y", "state": "fixed"}
SCHEMAS: dict[str, Json] = {str(tool["name"]): tool["input_schema"] for tool in review_prompts().tools}  # type: ignore[misc]
SCHEMA = SCHEMAS[REPORT]
REQUESTED, REQUESTED_OVERVIEW = (
    jsonschema_rs.Draft202012Validator(SCHEMAS[name]) for name in (REPORT, REPORT_OVERVIEW)
)


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


def test_what_is_said_besides_is_read() -> None:
    """Verdicts on standing findings and the overview arrive as they were said."""
    answer = read(report(standing=[VERDICT], overview=OVERVIEW))
    verdicts = (Verdict("0123456789", VerdictState.FIXED, "    return y"),)
    assert answer == Answer((), {"app.py": "returns x"}, verdicts, READ_OVERVIEW)


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


_verdicts = st.fixed_dictionaries(
    {"id": _words, "quote": _words, "state": st.sampled_from(["still", "fixed", "unclear"])}
)
_edges = st.fixed_dictionaries({"from": st.integers(-2, 20), "to": st.integers(-2, 20), "label": st.text(max_size=60)})
_overviews = st.fixed_dictionaries(
    {
        "text": st.text(max_size=60) | st.lists(_words, max_size=90).map(". ".join) | st.just("word " * 200),
        "diagram": st.none()
        | st.fixed_dictionaries(
            {"nodes": st.lists(st.text(max_size=60), max_size=16), "edges": st.lists(_edges, max_size=40)}
        ),
        "risk": st.sampled_from(["low", "medium", "high"]),
        "minutes": st.integers(),
    }
)


@given(
    st.lists(_findings, max_size=3),
    st.dictionaries(_words, _words, max_size=3),
    st.lists(_verdicts, max_size=4),
    st.none() | _overviews,
)
def test_what_the_schema_allows_is_taken_as_it_is(
    findings: list[Json], files: dict[str, str], standing: list[Json], overview: Json | None
) -> None:
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
    besides = {"standing": standing, "overview": overview}
    assert REQUESTED.is_valid({"files": rows, "findings": lowered} | besides)
    answer = read(ToolUse("x", REPORT, {"files": rows, "findings": findings} | besides))
    assert isinstance(answer, Answer)
    assert {verdict.id for verdict in answer.verdicts} == {verdict["id"] for verdict in standing}
    assert bool(answer.overview) is bool(overview and overview["text"].split())
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
    item = SCHEMA["properties"]["findings"]["items"]
    assert set(item["properties"]) == set(item["required"]) == set(FINDING)
    for name in FINDING:
        without = {key: value for key, value in FINDING.items() if key != name}
        assert problem(report(without)) == f"findings.0.{name}: field required"
        assert not REQUESTED.is_valid({"files": [], "standing": [], "findings": [without], "overview": None})
    assert problem(report({**FINDING, "url": "x"})) == "findings.0.url: extra inputs are not permitted"
    item = SCHEMA["properties"]["standing"]["items"]
    assert set(item["properties"]) == set(item["required"]) == set(VERDICT)
    for name in VERDICT:
        without = {key: value for key, value in VERDICT.items() if key != name}
        assert problem(report(standing=[without])) == f"standing.0.{name}: field required"
    assert set(SCHEMA["required"]) == {"files", "standing", "findings", "overview"}


def test_the_overview_has_one_form() -> None:
    """Both tools ask for the same fields, each of them is read, and without any of them there is no overview."""
    item, nothing = SCHEMA["properties"]["overview"]["anyOf"]
    assert nothing == {"type": "null"}
    assert item == SCHEMAS[REPORT_OVERVIEW]
    assert set(item["properties"]) == set(item["required"]) == set(OVERVIEW)
    for name in OVERVIEW:
        without = {key: value for key, value in OVERVIEW.items() if key != name}
        assert not REQUESTED_OVERVIEW.is_valid(without)
        assert overview(without) is None
    assert overview(OVERVIEW | {"url": "x"}) is None


def overview(said: object) -> Overview | None:
    """What is read out of a reply to the request for the overview."""
    return read_overview(Reply((ToolUse("x", REPORT_OVERVIEW, said),), StopReason.TOOL_USE))


def test_what_was_not_said_of_a_finding_costs_no_line() -> None:
    """An answer without verdicts or an overview, as an endpoint without strict tools may give it, is an answer."""
    assert read(report(FINDING)) == Answer((CLAIM,), {"app.py": "returns x"})


@pytest.mark.parametrize("bad", ["fine", [], 7, {}, OVERVIEW | {"minutes": "20"}, OVERVIEW | {"risk": "none"}])
def test_a_bad_overview_costs_the_overview_alone(bad: object) -> None:
    """Findings and lines of an answer count, whatever its overview looks like."""
    assert read(report(FINDING, overview=bad)) == Answer((CLAIM,), {"app.py": "returns x"})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "standing: input should be a valid list"),
        (["0123456789"], "standing.0: input should be an object"),
        ([VERDICT | {"state": "gone"}], "standing.0.state: input should be one of still, unclear, fixed"),
        ([VERDICT | {"quote": None}], "standing.0.quote: input should be a valid string"),
        ([VERDICT | {"why": "x"}], "standing.0.why: extra inputs are not permitted"),
    ],
)
def test_a_bad_verdict_is_named(value: object, words: str) -> None:
    """What is said of standing findings keeps to the form, or is asked for again."""
    assert problem(report(standing=value)) == words


STATES = list(VerdictState)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(STATES)), min_size=1))
def test_of_two_verdicts_the_careful_one_holds(said: list[tuple[str, VerdictState]]) -> None:
    """Still is believed before unclear, unclear before fixed, in whatever order they come and in whatever case."""
    verdicts = [Verdict(id_, state, f"{number}") for number, (id_, state) in enumerate(said)]
    for id_, chosen in one_each(verdicts).items():
        states = {state for other, state in said if other == id_}
        assert chosen.state is next(state for state in (STATES[0], STATES[1], STATES[2]) if state in states)
        assert chosen == next(each for each in verdicts if (each.id, each.state) == (id_, chosen.state))
    rows = [{"id": id_, "quote": "", "state": state.value.upper()} for id_, state in said]
    answer = read(report(standing=rows))
    assert isinstance(answer, Answer)
    assert {each.id: each.state for each in answer.verdicts} == {
        id_: each.state for id_, each in one_each(verdicts).items()
    }


def test_still_holds_over_unclear_over_fixed() -> None:
    """A finding is fixed only where nothing else is said of it."""
    assert STATES == [VerdictState.STILL, VerdictState.UNCLEAR, VerdictState.FIXED]


@example(OVERVIEW | {"text": "\x0c"})
@example(OVERVIEW | {"text": "\u200b \u2028"})
@given(_overviews)
def test_an_overview_keeps_within_its_bounds(said: Json) -> None:
    """Whatever the schema lets through: short text on one line, a sane time, a drawing with arrows between nodes."""
    assert REQUESTED_OVERVIEW.is_valid(said)
    made = overview(said)
    if made is None:
        # A form feed parts words, as any white space does; alone it would be shown escaped.
        assert not any(cleared(word).split() for word in said["text"].split())
        return
    assert 1 <= len(made.text) <= 700
    assert made.text.split() == made.text.split(" ")
    assert 1 <= made.minutes <= 480
    assert 1 <= said["minutes"] <= 480 or made.minutes in {1, 480}
    if made.diagram:
        nodes = made.diagram.nodes
        assert 2 <= len(nodes) <= 12
        assert all(1 <= len(node) <= 40 for node in nodes)
        assert 1 <= len(made.diagram.edges) <= 24
        for edge in made.diagram.edges:
            assert 0 <= edge.start < len(nodes)
            assert 0 <= edge.end < len(nodes)
            assert len(edge.label) <= 40


def test_a_long_text_is_cut_at_a_sentence() -> None:
    """What is left are whole sentences, in any script; only a sentence that is too long by itself is cut inside."""
    sentence = "This is a sentence of forty characters. "
    assert len(sentence) == 40
    assert cut_text(sentence * 20) == (sentence * 17).strip()
    assert cut_text((sentence * 18)[:700].strip() + " More.") == (sentence * 17).strip()
    assert cut_text("x" * 699 + ". More.") == "x" * 699 + "."
    assert cut_text("これは文です。" * 101) == "これは文です。" * 100
    assert cut_text("これ。" + "x" * 697 + "。More.") == "これ。"
    assert cut_text("x" * 701) == "x" * 699 + "…"
    assert cut_text("Two\n\nlines.  ") == "Two lines."


def cut_text(text: str) -> str:
    made = overview(OVERVIEW | {"text": text})
    assert made is not None
    return made.text


def diagram(nodes: list[str], *edges: tuple[int, int, str]) -> Diagram | None:
    """What is drawn of nodes and edges."""
    rows = [{"from": start, "to": end, "label": label} for start, end, label in edges]
    made = overview(OVERVIEW | {"diagram": {"nodes": nodes, "edges": rows}})
    assert made is not None
    return made.diagram


def test_a_diagram_is_drawn_as_far_as_it_makes_sense() -> None:
    """Nodes beyond the twelfth, blank ones and arrows to nowhere are left out; the others keep their ends."""
    many = [f"n{number}" for number in range(20)]
    assert diagram(many, (0, 11, ""), (0, 12, ""), (-1, 0, "")) == Diagram(tuple(many[:12]), (Edge(0, 11),))
    assert diagram(["a", " ", "b"], (0, 2, "x"), (1, 2, ""), (0, 2, "x")) == Diagram(("a", "b"), (Edge(0, 1, "x"),))
    assert diagram(["a" * 50, "b\nc"], (0, 1, "l" * 50)) == Diagram(
        ("a" * 39 + "…", "b c"), (Edge(0, 1, "l" * 39 + "…"),)
    )
    drawn = diagram(["a", "b"], *((0, 1, f"{number}") for number in range(30)))
    assert drawn is not None
    assert [edge.label for edge in drawn.edges] == [f"{number}" for number in range(24)]
    assert diagram(["a", "b"]) is None
    assert diagram(["a"], (0, 0, "")) is None


@pytest.mark.parametrize("stop_reason", [StopReason.MAX_TOKENS, StopReason.REFUSAL])
def test_an_overview_that_was_ended_is_none(stop_reason: StopReason) -> None:
    """What was cut off or refused is not read, even where what there is of it looks valid."""
    call = ToolUse("x", REPORT_OVERVIEW, OVERVIEW)
    assert read_overview(Reply((call,), StopReason.TOOL_USE)) == READ_OVERVIEW
    assert read_overview(Reply((call,), stop_reason)) is None
    assert read_overview(Reply((TextBlock("Fine."), report(overview=OVERVIEW)), StopReason.TOOL_USE)) is None


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
            st.sampled_from([*FINDING, *VERDICT, "files", "findings", "the model's own\nname " * 9, "x" * 99]), inner
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["files", "standing", "findings", "overview", "the model's own\nname"]), _values)
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
