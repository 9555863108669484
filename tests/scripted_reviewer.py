"""A model by script: it reads the part of the diff that a request shows, and reports what it was told to find there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.messages import Answer, tool

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Says:
    """A finding: on the line of a file that reads `quote`, or on a run of lines that begins with `first`."""

    path: str
    quote: str
    title: str
    side: str = "RIGHT"
    first: str = ""
    severity: str = "high"
    category: str = "correctness"
    body: str = ""
    scenario: str = ""
    suggestion: str | None = None
    confidence: float = 0.8
    changes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A line as a request shows it."""

    old: int | None
    new: int | None
    mark: str
    text: str

    def number(self, side: str) -> int | None:
        """The line's number on a side."""
        return self.old if side == "LEFT" else self.new


def part_of(body: Json) -> Json:
    """The part of the diff in a request: the result of the second tool."""
    results = [block for block in body["messages"][2]["content"] if block["type"] == "tool_result"]
    part: Json = json.loads(results[1]["content"])
    return part


def context_of(body: Json) -> Json:
    """What a request tells of the pull request: the result of the first tool."""
    results = [block for block in body["messages"][2]["content"] if block["type"] == "tool_result"]
    context: Json = json.loads(results[0]["content"])
    return context


def rows_of(file: Json) -> list[Row]:
    """The lines of a file in a part."""
    return [_row(line) for hunk in file["hunks"] for line in hunk["lines"]]


def _row(line: str) -> Row:
    head, _, text = line.partition("|")
    old, new, mark = head[:5].strip(), head[5:11].strip(), head[-1]
    return Row(int(old) if old else None, int(new) if new else None, mark, text)


class ScriptedReviewer:
    """The script for `FakeMessages`. `first` may answer a request instead, by what it holds."""

    def __init__(
        self,
        findings: Sequence[Says] = (),
        summaries: Mapping[str, str] | None = None,
        first: Callable[[Json], Answer | None] = lambda _: None,
        delay: float = 0.0,
    ) -> None:
        self._findings = findings
        self._summaries = summaries or {}
        self._first = first
        self._delay = delay

    def __call__(self, body: Json) -> Answer:
        """Answer one request."""
        return self._first(body) or tool("report_review", self.report(part_of(body)), delay=self._delay)

    def report(self, part: Json) -> Json:
        """The review of a part: a line about each file, and the findings that are in it."""
        files = part["files"]
        return {
            "files": [{"path": file["path"], "summary": self._summary(file["path"])} for file in files],
            "findings": [
                claim
                for file in files
                for says in self._findings
                if says.path == file["path"]
                for claim in _claims(says, rows_of(file))
            ],
        }

    def _summary(self, path: str) -> str:
        return self._summaries.get(path, f"changes {path.rsplit('/', 1)[-1]}")


def _claims(says: Says, rows: Sequence[Row]) -> list[Json]:
    line = _number(rows, says.quote, says.side)
    if line is None:
        return []
    claim: Json = {
        "path": says.path,
        "side": says.side,
        "start_line": _number(rows, says.first, says.side) if says.first else line,
        "line": line,
        "quote": says.quote,
        "scenario": says.scenario,
        "body": says.body,
        "title": says.title,
        "category": says.category,
        "severity": says.severity,
        "confidence": says.confidence,
        "suggestion": says.suggestion,
    }
    return [claim | dict(says.changes)]


def _number(rows: Sequence[Row], text: str, side: str) -> int | None:
    return next((row.number(side) for row in rows if row.text == text and row.number(side)), None)
