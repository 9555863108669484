"""A model by script: it reads the part of the diff that a request shows, and reports what it was told to find there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.messages import Answer, tool

Json = dict[str, Any]
Word = tuple[str, str]
"""What is said of a standing finding: its state, and the line that proves it."""

OVERVIEW: Json = {
    "text": "Changes what the files of this pull request do. The risk lies in what they are used for.",
    "diagram": None,
    "risk": "medium",
    "minutes": 15,
}


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


def asks_overview(body: Json) -> bool:
    """Whether a request asks for the overview alone, after all parts: then it shows what was said of them."""
    return bool(body["tool_choice"]["name"] == "report_overview")


def asks_verdicts(body: Json) -> bool:
    """Whether a request asks for a second look at what was found."""
    return bool(body["tool_choice"]["name"] == "report_verdicts")


def part_of(body: Json) -> Json:
    """The part of the diff in a request, or what was said of all parts: the result of the second tool."""
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
    """The script for `FakeMessages`. `first` may answer a request instead, by what it holds.

    `standing` answers for findings of earlier reviews: by their id or title, or as a function of their row in the part.
    Of any other it says `still` where it has a finding on that line itself, else `unclear`. What it says `still` of it
    does not report again, unless it `repeats`. `verdicts` are those of a second look, by the title of the claim, as far
    as they differ from a confirmation. `overview` is given where one is asked for; None where it cannot do one.
    """

    def __init__(  # noqa: PLR0913 - a script is written in one place
        self,
        findings: Sequence[Says] = (),
        summaries: Mapping[str, str] | None = None,
        first: Callable[[Json], Answer | None] = lambda _: None,
        delay: float = 0.0,
        *,
        standing: Mapping[str, Word] | Callable[[Json], Word | None] | None = None,
        overview: Json | None = OVERVIEW,
        repeats: bool = False,
        verdicts: Mapping[str, Json] | None = None,
    ) -> None:
        self._findings = findings
        self._summaries = summaries or {}
        self._first = first
        self._delay = delay
        self._standing = standing or {}
        self._overview = overview
        self._repeats = repeats
        self._verdicts = verdicts or {}

    def __call__(self, body: Json) -> Answer:
        """Answer one request."""
        scripted = self._first(body)
        if scripted:
            return scripted
        if asks_verdicts(body):
            return tool("report_verdicts", {"verdicts": [*map(self._second, part_of(body)["claims"])]})
        if asks_overview(body):
            return tool("report_overview", self._overview or {}, delay=self._delay)
        return tool("report_review", self.report(part_of(body)), delay=self._delay)

    def report(self, part: Json) -> Json:
        """The review of a part: a line about each file, a word on what stands, what is in it, and the overview."""
        if "images" in part:
            return self._looked(part["images"])
        files = part["files"]
        claims = [
            claim
            for file in files
            for says in self._findings
            if says.path == file["path"]
            for claim in _claims(says, rows_of(file))
        ]
        verdicts = [self._verdict(row, claims) for row in part.get("standing", ())]
        still = [row for row, said in zip(part.get("standing", ()), verdicts, strict=True) if said["state"] == "still"]
        asked = part.get("whole") or "overview_so_far" in part
        return {
            "files": [{"path": file["path"], "summary": self._summary(file["path"])} for file in files],
            "standing": verdicts,
            "findings": [claim for claim in claims if self._repeats or not any(_same(row, claim) for row in still)],
            "overview": self._overview if asked else None,
        }

    def _second(self, claim: Json) -> Json:
        """What a second look says of a claim: that it holds, as its own line shows, unless the script knows better."""
        said = self._verdicts.get(claim["title"], {})
        own = {"path": claim["path"], "line": claim["line"], "quote": claim["quote"]}
        return {
            "id": claim["id"],
            "evidence": [own],
            "reason": "The line says so.",
            "introduced": True,
            "verdict": "confirmed",
            "confidence": 0.9,
        } | said

    def _looked(self, images: Sequence[Json]) -> Json:
        """The review of images: what is found in their files without a quote."""
        paths = dict.fromkeys(image["path"] for image in images if "path" in image)
        found = [says for says in self._findings if says.path in paths and not says.quote]
        return {
            "files": [{"path": path, "summary": self._summary(path)} for path in paths],
            "standing": [],
            "findings": [_claim(says, 1, 1) for says in found],
            "overview": None,
        }

    def _verdict(self, row: Json, claims: Sequence[Json]) -> Json:
        state, quote = self._word(row) or _found(row, claims)
        return {"id": row["id"], "quote": quote, "state": state}

    def _word(self, row: Json) -> Word | None:
        if callable(self._standing):
            return self._standing(row)
        return self._standing.get(row["id"]) or self._standing.get(row["title"])

    def _summary(self, path: str) -> str:
        return self._summaries.get(path, f"changes {path.rsplit('/', 1)[-1]}")


def _found(row: Json, claims: Sequence[Json]) -> Word:
    own = next((claim for claim in claims if _same(row, claim)), None)
    return ("still", own["quote"]) if own else ("unclear", "")


def _same(row: Json, claim: Json) -> bool:
    """Whether a claim is a standing finding: on the same line, or in the same words as they are shown."""
    if (row["path"], row["side"]) != (claim["path"], claim["side"]):
        return False
    return bool(row["quote"].split() == claim["quote"].split() or row["title"] == claim["title"].rstrip("."))


def _claims(says: Says, rows: Sequence[Row]) -> list[Json]:
    line = _number(rows, says.quote, says.side)
    if line is None:
        return []
    start = _number(rows, says.first, says.side) if says.first else line
    return [_claim(says, start, line)]


def _claim(says: Says, start: int | None, line: int) -> Json:
    claim: Json = {
        "path": says.path,
        "side": says.side,
        "start_line": start,
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
    return claim | dict(says.changes)


def _number(rows: Sequence[Row], text: str, side: str) -> int | None:
    return next((row.number(side) for row in rows if row.text == text and row.number(side)), None)
