"""From a model's reply to claims, or to the reason why it cannot be used. Strict: nothing broken is guessed at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from bot.core.ledger import Reason
from bot.core.messages import Reply, StopReason, ToolUse
from bot.core.models import Category, Severity, Side
from bot.core.requests import REPORT

_Choice = TypeVar("_Choice", bound=StrEnum)
_NAME = re.compile(r"\w{1,40}", re.ASCII)


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


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer: what is claimed, and what the change does in each file, by path."""

    claims: tuple[Claim, ...]
    summaries: dict[str, str]


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


class _Report(_Strict):
    files: list[_ReportedFile]
    findings: list[_ReportedFinding]


_WITHOUT_ANSWER = {
    StopReason.REFUSAL: Unusable(Reason.REFUSED, "the model refused to answer"),
    StopReason.MAX_TOKENS: Unusable(Reason.TRUNCATED, "the answer was longer than a request may be answered with"),
    StopReason.CONTEXT_WINDOW: Unusable(Reason.TRUNCATED, "the answer did not fit in the model's context window"),
    StopReason.PAUSE_TURN: Unusable(Reason.INVALID_ANSWER, "the model paused instead of answering"),
}


def read_reply(reply: Reply) -> Answer | Unusable:
    """Read the review out of a reply. What was cut off is never parsed, whatever it looks like."""
    if reply.stop_reason in _WITHOUT_ANSWER:
        return _WITHOUT_ANSWER[reply.stop_reason]
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
    for report in reports:
        claims += (Claim(**dict(finding)) for finding in report.findings)
        for file in report.files:
            summaries.setdefault(file.path, file.summary)
    return Answer(tuple(dict.fromkeys(claims)), summaries)
