"""A second look at what a model found: which claims go in which request, what it is shown, and what follows from it.

The second reader gets the claims without their confidence, and code around them that was chosen for their words. Lines
that it gives as evidence are looked up in what it was shown; what is not there is no evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.core.chunking import Chunk, Piece
from bot.core.context import Excerpt, Surroundings, size_of
from bot.core.cost import tokens_of
from bot.core.diff import Diff
from bot.core.material import rows, words
from bot.core.messages import Json, Reply, Request, StopReason
from bot.core.models import Evidence, Finding
from bot.core.requests import OtherWords, Prefix, ask_otherwise, part_rows
from bot.core.sanitize import cleared
from bot.core.visible import Shown, shown_path

READ, REPORT = "read_claims", "report_verdicts"
"""The tool whose result is what the second reader is shown, and the one through which it answers."""

MOST_CLAIMS = 8
"""How many go in one request: with more, each gets little thought."""

_SHARE = 0.8
_LEAST_AROUND, _MOST_AROUND = 1_500, 8_000
_MOST_EVIDENCE = 4
_LONGEST_REASON = 400
_LONGEST_QUOTE = 200
_LONGEST_WORDS = 2_000
_LONGEST_LIST = 30
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")


class Ruling(StrEnum):
    """What the second reader thinks of a claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a claim: the ruling, why, the lines that decide it, and what it is worth now.

    `introduced` is False where the old code had the same problem. `confidence` runs from 0 to 1.
    """

    ruling: Ruling
    reason: str
    evidence: tuple[Evidence, ...] = ()
    introduced: bool = True
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """Claims that are checked together, by their names in the request; the hunks that they are about."""

    claims: tuple[tuple[str, Finding], ...]
    chunk: Chunk
    around: tuple[Excerpt, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """What the second look is made of: the change, what was found around it, and what all requests share.

    It may take less than the first look did, which was `tokens` of input.
    """

    diff: Diff
    found: Surroundings
    shared: Prefix
    tokens: int

    def around(self, requests: int) -> int:
        """The tokens of other code in each request."""
        if not requests:
            return 0
        fixed = tokens_of(self.shared.context, self.shared.asking.rules)
        return max(_LEAST_AROUND, min(_MOST_AROUND, int(self.tokens * _SHARE / requests) - fixed))


def grouped(findings: Sequence[Finding], read: Sequence[Piece], material: Material) -> tuple[Group, ...]:
    """The groups of findings with a place in the diff, worst first, those of one file together.

    `read` are the parts of hunks that were asked about.
    """
    places = ((finding, _piece_of(finding, read, material.diff)) for finding in findings)
    pieces = {finding: piece for finding, piece in places if piece is not None}
    by_file: dict[int, list[Finding]] = {}
    for finding in sorted(pieces, key=lambda finding: finding.order):
        by_file.setdefault(pieces[finding].file, []).append(finding)
    batches = [
        batch[first : first + MOST_CLAIMS]
        for batch in _merged(by_file.values())
        for first in range(0, len(batch), MOST_CLAIMS)
    ]
    most = material.around(len(batches))
    groups = []
    for batch in batches:
        shown = {pieces[finding] for finding in batch}
        chunk = Chunk(tuple(sorted(shown, key=lambda piece: (piece.file, piece.hunk, piece.owned))))
        claims = tuple((f"c{number}", finding) for number, finding in enumerate(batch, start=1))
        groups.append(Group(claims, chunk, tuple(_around(material, chunk, batch, most))))
    return tuple(groups)


def _piece_of(finding: Finding, read: Sequence[Piece], diff: Diff) -> Piece | None:
    """The part of a hunk that holds the finding's line, if it was asked about."""
    place = finding.location
    file = diff.file_at(place)
    if file is None:
        return None
    hunk = diff.files[file].hunk_at[place.side, place.line]
    lines = diff.files[file].hunks[hunk].lines
    at = next(index for index, line in enumerate(lines) if line.on(place.side) == place.line)
    return next((each for each in read if (each.file, each.hunk) == (file, hunk) and at in range(*each.owned)), None)


def _merged(batches: Iterable[list[Finding]]) -> list[list[Finding]]:
    """Small batches of neighbouring files go together."""
    merged: list[list[Finding]] = []
    for batch in sorted(batches, key=lambda batch: batch[0].location.path):
        if merged and len(merged[-1]) + len(batch) <= MOST_CLAIMS:
            merged[-1] = [*merged[-1], *batch]
        else:
            merged.append(batch)
    return merged


def _around(material: Material, chunk: Chunk, batch: Sequence[Finding], most: int) -> Iterator[Excerpt]:
    """Other code for the claims: of what their hunks want, first what shares names with their words."""
    rules = material.shared.asking.rules
    said = {name for each in batch for name in _NAME.findall(f"{each.body} {each.scenario} {each.title} {each.quote}")}
    wanted = material.found.of(chunk, material.diff, 4 * most, rules)
    shared = {each: sum(any(name in text for text in each.texts) for name in said) for each in wanted}
    for excerpt in sorted(wanted, key=lambda excerpt: -min(shared[excerpt], 5)):
        size = size_of(excerpt, rules)
        if size <= most:
            most -= size
            yield excerpt


def ask_verdicts(words: OtherWords, shared: Prefix, shown: Shown, group: Group) -> Request:
    """The request about a group of claims."""
    told: Json = {
        "claims": [_claim(name, finding) for name, finding in group.claims],
        **part_rows(shown, group.chunk),
        **({"around": [excerpt.row for excerpt in group.around]} if group.around else {}),
    }
    return ask_otherwise(shared, words, rows(told))


def _claim(name: str, finding: Finding) -> Json:
    place = finding.location
    return {
        "id": name,
        "path": shown_path(place.path),
        "side": place.side.value,
        "line": place.line,
        "quote": words(finding.quote, _LONGEST_QUOTE),
        "severity": finding.severity.value,
        "title": words(finding.title, _LONGEST_QUOTE),
        "body": words(finding.body, _LONGEST_WORDS),
        "scenario": words(finding.scenario, _LONGEST_WORDS),
    }


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True)


class _SaidEvidence(_Strict):
    path: str
    line: int
    quote: str


class _SaidVerdict(_Strict):
    id: str
    evidence: list[_SaidEvidence] = []
    reason: str
    introduced: bool = True
    verdict: str
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Said(_Strict):
    verdicts: list[_SaidVerdict]


def read_verdicts(reply: Reply, group: Group, shown: Shown) -> dict[Finding, Judgement]:
    """What the reply says of each claim of the group. A claim that it does not speak of, or not in form, is missing."""
    if reply.stop_reason in {StopReason.MAX_TOKENS, StopReason.CONTEXT_WINDOW, StopReason.REFUSAL}:
        return {}
    claims = dict(group.claims)
    known = _lines_of(group, shown)
    judged: dict[Finding, Judgement] = {}
    for call in reply.tool_uses:
        for said in _verdicts(call.input) if call.name == REPORT else ():
            ruling = _ruling(said.verdict)
            if ruling is not None and said.id in claims:
                judged.setdefault(claims[said.id], _judgement(said, ruling, known))
    return judged


def _verdicts(said: object) -> list[_SaidVerdict]:
    try:
        return _Said.model_validate(said).verdicts
    except ValidationError:
        return []


def _ruling(said: str) -> Ruling | None:
    return next((ruling for ruling in Ruling if ruling.value == said.strip().lower()), None)


_Lines = Mapping[tuple[str, int], list[Evidence]]


def _lines_of(group: Group, shown: Shown) -> _Lines:
    """All lines that the request shows, by path and number: there may be an old and a new one of a number."""
    found: dict[tuple[str, int], list[Evidence]] = {}
    for piece in group.chunk.pieces:
        path, lines = shown.path(piece.file), shown.diff.files[piece.file].hunks[piece.hunk].lines
        texts, part = shown.lines(piece.file, piece.hunk), slice(*piece.shown)
        for line, text in zip(lines[part], texts[part], strict=True):
            found.setdefault((path, line.number), []).append(Evidence(path, line.number, text, line.side))
    for excerpt in group.around:
        for number, text in zip(excerpt.numbers, excerpt.texts, strict=True):
            path = shown_path(excerpt.path)
            found.setdefault((path, number), []).append(Evidence(path, number, text))
    return found


def _judgement(said: _SaidVerdict, ruling: Ruling, known: _Lines) -> Judgement:
    evidence = tuple(dict.fromkeys(filter(None, (_evidence(each, known) for each in said.evidence[:_LONGEST_LIST]))))
    if ruling is not Ruling.UNSURE and not evidence and said.evidence:
        # It points to lines that are not there: so much for its certainty.
        ruling = Ruling.UNSURE
    reason = cleared(" ".join(said.reason.split()))[:_LONGEST_REASON]
    return Judgement(ruling, reason, evidence[:_MOST_EVIDENCE], said.introduced, said.confidence)


def _evidence(said: _SaidEvidence, known: _Lines) -> Evidence | None:
    """The line, if it was shown with that text."""
    quote = said.quote.strip()
    line = next((line for line in known.get((said.path, said.line), ()) if quote and line.text.strip() == quote), None)
    return None if line is None else replace(line, text=quote[:_LONGEST_QUOTE])


def weighed(finding: Finding, judgement: Judgement) -> Finding:
    """The finding as it is worth now, with what speaks for it. What is refuted is worth nothing."""
    confidence = {
        Ruling.CONFIRMED: max(judgement.confidence, min(finding.confidence, 0.9)),
        Ruling.UNSURE: min(finding.confidence, (finding.confidence + judgement.confidence) / 2),
        Ruling.REFUTED: 0.0,
    }[judgement.ruling]
    return replace(
        finding,
        confidence=round(confidence, 3),
        evidence=judgement.evidence,
        reason=judgement.reason,
        verdict=judgement.ruling.value,
        introduced=judgement.introduced,
    )
