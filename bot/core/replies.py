"""From a model's reply to claims, or to the reason why it cannot be used. Strict: nothing broken is guessed at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from bot.core.ledger import Reason
from bot.core.messages import Reply, StopReason, ToolUse
from bot.core.models import Category, Severity, Side
from bot.core.overview import Diagram, Edge, Overview, Risk
from bot.core.requests import REPORT, REPORT_OVERVIEW
from bot.core.sanitize import cleared

_Choice = TypeVar("_Choice", bound=StrEnum)
_NAME = re.compile(r"\w{1,40}", re.ASCII)
_LONGEST_OVERVIEW = 700
_SENTENCE = re.compile(r".{0,699}(?:[.!?](?=\s)|[\u3002\uff01\uff1f])")
_MOST_NODES = 12
_MOST_EDGES = 24
_LONGEST_LABEL = 40
_MOST_MINUTES = 480


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding as the model states it; where it stands has yet to be proven by its quote.

    `suggestion` replaces the lines `start_line` to `line`, None where there is none.
    """

    path: str
    side: Side
    start_line: int
    line: int
    quote: str
    severity: Severity
    category: Category
    title: str
    body: str
    scenario: str
    suggestion: str | None
    confidence: float


class VerdictState(StrEnum):
    """What became of a finding of an earlier review, the one to rely on first: where two are said, it holds."""

    STILL = "still"
    UNCLEAR = "unclear"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of a finding that it was given.

    `quote` is the line of the present change on which it stands, or which mends it; '' where lines were only removed,
    and where it is unclear. It is not proven yet.
    """

    id: str
    state: VerdictState
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer: what is claimed, and what the change does in each file, by path.

    `verdicts` holds at most one for each id; nobody has checked yet that it was asked for.
    """

    claims: tuple[Claim, ...]
    summaries: dict[str, str]
    verdicts: tuple[Verdict, ...] = ()
    overview: Overview | None = None


@dataclass(frozen=True, slots=True)
class Unusable:
    """An answer that cannot be used, by the reason that its lines get in the ledger, and what is wrong with it."""

    reason: Reason
    problem: str


def _any_case(choices: type[_Choice]) -> BeforeValidator:
    """Take a name whatever its case: constrained decoding does not promise it (facts of the API's schema subset).

    Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
    """
    names = {choice.value.lower(): choice for choice in choices}
    allowed = ", ".join(choice.value for choice in choices)

    def named(said: object) -> _Choice:
        choice = names.get(said.lower()) if isinstance(said, str) else None
        if choice is None:
            raise PydanticCustomError("choice", "input should be one of {allowed}", {"allowed": allowed})
        return choice

    return BeforeValidator(named)


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


_LineNumber = Annotated[int, Field(ge=1)]


class _ReportedFile(_Strict):
    path: str
    summary: str


class _ReportedFinding(_Strict):
    path: str
    side: Annotated[Side, _any_case(Side)]
    start_line: _LineNumber
    line: _LineNumber
    quote: str
    severity: Annotated[Severity, _any_case(Severity)]
    category: Annotated[Category, _any_case(Category)]
    title: str
    body: str
    scenario: str
    suggestion: str | None
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _ReportedVerdict(_Strict):
    id: str
    quote: str
    state: Annotated[VerdictState, _any_case(VerdictState)]


class _Report(_Strict):
    files: list[_ReportedFile]
    # What is not said of a finding leaves it unclear: no reason to ask again, nor to lose what was found.
    standing: list[_ReportedVerdict] = []
    findings: list[_ReportedFinding]
    # Read by itself: a bad drawing must not cost the lines that were read.
    overview: object = None


class _ReportedEdge(_Strict):
    start: int = Field(alias="from")
    end: int = Field(alias="to")
    label: str


class _ReportedDiagram(_Strict):
    nodes: list[str]
    edges: list[_ReportedEdge]


class _ReportedOverview(_Strict):
    text: str
    diagram: _ReportedDiagram | None
    risk: Annotated[Risk, _any_case(Risk)]
    minutes: int


# What follows from why the model stopped; None: what it said is read, and has to be a whole call of the tool. What was
# cut off is asked for again in smaller parts, what is invalid once more; a refusal is final.
# Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
_CONSEQUENCES: dict[StopReason, Unusable | None] = {
    StopReason.END_TURN: None,
    StopReason.TOOL_USE: None,
    StopReason.STOP_SEQUENCE: None,
    StopReason.UNKNOWN: None,
    StopReason.MAX_TOKENS: Unusable(Reason.TRUNCATED, "the answer was longer than a request may be answered with"),
    StopReason.CONTEXT_WINDOW: Unusable(Reason.TRUNCATED, "the answer did not fit in the model's context window"),
    StopReason.REFUSAL: Unusable(Reason.REFUSED, "the model refused to answer"),
    StopReason.PAUSE_TURN: Unusable(Reason.INVALID_ANSWER, "the model paused instead of answering"),
}


def read_reply(reply: Reply) -> Answer | Unusable:
    """Read the review out of a reply. What was cut off is never parsed, whatever it looks like."""
    ended = _CONSEQUENCES[reply.stop_reason]
    if ended:
        return ended
    calls = [call for call in reply.tool_uses if call.name == REPORT]
    if not calls:
        return Unusable(Reason.INVALID_ANSWER, f"it holds no call of {REPORT}")
    reports = []
    for call in calls:
        report = _report(call)
        if isinstance(report, Unusable):
            return report
        reports.append(report)
    return _answer(reports)


def _report(call: ToolUse) -> _Report | Unusable:
    if not isinstance(call.input, dict):
        return Unusable(Reason.INVALID_ANSWER, f"the input of {REPORT} is no JSON object")
    try:
        return _Report.model_validate(call.input)
    except ValidationError as error:
        return Unusable(Reason.INVALID_ANSWER, _problem(error))


def _problem(error: ValidationError) -> str:
    """The first fault in one short line. It becomes part of our own words to the model, so it holds none of its."""
    first, *others = error.errors(include_input=False, include_url=False)
    place = ".".join(map(_step, first["loc"]))
    words = "input should be an object" if first["type"] == "model_type" else first["msg"]
    more = f", and {len(others)} more like it" if others else ""
    return f"{place}: {words[:1].lower()}{words[1:]}{more}"


def _step(part: int | str) -> str:
    """A step of the path to a fault. The name of a field that is none is the model's own text."""
    named = isinstance(part, int) or _NAME.fullmatch(part)
    return str(part) if named else "(a field without a proper name)"


def _answer(reports: Iterable[_Report]) -> Answer:
    """One answer of all reports: a model that calls the tool twice has said both, and the same twice only once."""
    claims: list[Claim] = []
    summaries: dict[str, str] = {}
    verdicts: list[Verdict] = []
    overviews: list[Overview] = []
    for report in reports:
        claims += (Claim(**dict(finding)) for finding in report.findings)
        verdicts += (Verdict(**dict(verdict)) for verdict in report.standing)
        overview = _overview(report.overview)
        overviews += [overview] if overview else []
        for file in report.files:
            summaries.setdefault(file.path, file.summary)
    overview = overviews[0] if overviews else None
    return Answer(tuple(dict.fromkeys(claims)), summaries, tuple(one_each(verdicts).values()), overview)


def one_each(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """One verdict for each finding, by id: a finding is fixed only where nobody says anything else of it."""
    order = list(VerdictState)
    chosen: dict[str, Verdict] = {}
    for verdict in verdicts:
        other = chosen.setdefault(verdict.id, verdict)
        if order.index(verdict.state) < order.index(other.state):
            chosen[verdict.id] = verdict
    return chosen


def read_overview(reply: Reply) -> Overview | None:
    """Read the overview out of the reply to the request for it; None where it cannot be used."""
    if _CONSEQUENCES[reply.stop_reason]:
        return None
    overviews = (_overview(call.input) for call in reply.tool_uses if call.name == REPORT_OVERVIEW)
    return next((overview for overview in overviews if overview), None)


def _overview(said: object) -> Overview | None:
    """An overview within its bounds. The schema cannot ask for them: the API's subset knows neither lengths nor ranges.

    Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
    """
    try:
        overview = _ReportedOverview.model_validate(said)
    except ValidationError:
        return None
    text = _whole_sentences(_one_line(overview.text))
    minutes = min(max(overview.minutes, 1), _MOST_MINUTES)
    return Overview(text, overview.risk, minutes, _diagram(overview.diagram)) if text else None


def _whole_sentences(text: str) -> str:
    """The text, or as many of its sentences as there is room for; of a single long one its beginning."""
    if len(text) <= _LONGEST_OVERVIEW:
        return text
    sentences = _SENTENCE.match(text[: _LONGEST_OVERVIEW + 1])
    return sentences[0] if sentences else _cut(text, _LONGEST_OVERVIEW)


def _one_line(text: str) -> str:
    """The words without what nobody sees and without secrets, single spaces between them."""
    return " ".join(cleared(" ".join(text.split())).split())


def _cut(text: str, longest: int) -> str:
    line = _one_line(text)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _diagram(said: _ReportedDiagram | None) -> Diagram | None:
    """The first nodes that have a label, and the arrows between those. Without an arrow there is no flow to draw."""
    if said is None:
        return None
    labels = [_cut(label, _LONGEST_LABEL) for label in said.nodes]
    kept = [index for index, label in enumerate(labels) if label][:_MOST_NODES]
    edges = _edges(said.edges, {index: position for position, index in enumerate(kept)})
    return Diagram(tuple(labels[index] for index in kept), edges) if edges and len(kept) > 1 else None


def _edges(said: Sequence[_ReportedEdge], position: dict[int, int]) -> tuple[Edge, ...]:
    known = (edge for edge in said if edge.start in position and edge.end in position)
    drawn = (Edge(position[edge.start], position[edge.end], _cut(edge.label, _LONGEST_LABEL)) for edge in known)
    return tuple(dict.fromkeys(drawn))[:_MOST_EDGES]
