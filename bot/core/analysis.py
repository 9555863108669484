"""From an analyzer's hits to findings: only what stands on changed lines, and only what is news."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from bot.core.diff import FileDiff, Hunk, Line, LineKind
from bot.core.models import Finding, Location, Side
from bot.core.rules import Rule, rule_of
from bot.core.secrets import Secret, find_secrets, mask
from bot.core.visible import masked_lines

_LONGEST_HIT = 50
_LONGEST_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """What an analyzer says of one version of a file. Lines count from 1, both ends included."""

    source: str
    rule: str
    line: int
    end_line: int
    message: str


class Run(StrEnum):
    """Whether an analyzer did its work."""

    RAN = "ran"
    NOTHING_TO_DO = "nothing to do"
    NOT_RUN = "not run"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AnalyzerNote:
    """What became of one analyzer: the files it read, those it could not for want of their text, and what failed."""

    name: str
    run: Run
    files: int = 0
    missing: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file for analyzers that need it whole. `index` is its place in `Diff.files`; `base` is None for a new file."""

    index: int
    path: str
    head: bytes
    base: bytes | None


@dataclass(frozen=True, slots=True)
class AnalyzerReport:
    """Hits on the head and on the base version by file (position in `Diff.files`), and what became of each analyzer.

    `rules` are the words of rules that no table holds, by their names.
    """

    head: dict[int, list[Hit]]
    base: dict[int, list[Hit]]
    notes: tuple[AnalyzerNote, ...]
    rules: dict[str, Rule] = field(default_factory=dict)


def secret_hits(file: FileDiff) -> list[Hit]:
    """Secrets that the change adds: those on an added line whose value did not stand in the lines before.

    Each hunk's side is read as one text, context included: a private key is known by its first line. A hit's message is
    the kind of secret.
    """
    known = {value for hunk in file.hunks for _, value, _ in _secrets(hunk, without=LineKind.ADDED)}
    hits = []
    for hunk in file.hunks:
        for secret, value, lines in _secrets(hunk, without=LineKind.REMOVED):
            added = [line.number for line in lines if line.kind is LineKind.ADDED]
            if added and value not in known:
                hits.append(Hit("secrets", secret.rule, added[0], added[0], secret.title))
    return hits


def _secrets(hunk: Hunk, *, without: LineKind) -> Iterator[tuple[Secret, str, list[Line]]]:
    """The secrets on one side of a hunk: each with its value and the lines that it spans."""
    lines = [line for line in hunk.lines if line.kind is not without]
    text = "\n".join(line.text for line in lines)
    for secret in find_secrets(text):
        first = text.count("\n", 0, secret.start)
        last = text.count("\n", 0, secret.end)
        yield secret, text[secret.start : secret.end], lines[first : last + 1]


def findings_of(
    file: FileDiff, head: Iterable[Hit], base: Iterable[Hit], rules: Mapping[str, Rule] | None = None
) -> list[Finding]:
    """The findings of one file: hits that cover an added line, less what the base version had already.

    `rules` are the words of rules that no table holds, by their names.
    """
    lines = {line.new: (line, index) for index, hunk in enumerate(file.hunks) for line in hunk.lines if line.new}
    earlier = _Earlier(file, base)
    texts = cache(lambda hunk: _masked_by_number(file.hunks[hunk]))
    findings = []
    for hit in sorted(head, key=lambda item: (item.line, item.rule)):
        anchor = _anchor(hit, lines)
        rule = (rules or {}).get(hit.rule) or rule_of(hit.source, hit.rule)
        if anchor is not None and rule is not None and not earlier.had(hit, *anchor):
            line, hunk = anchor
            findings.append(_finding(file.path, hit, rule, line.number, texts(hunk)[line.number]))
    return findings


def _masked_by_number(hunk: Hunk) -> dict[int, str]:
    """The lines of a hunk's head side by their numbers, secrets masked."""
    pairs = zip(hunk.lines, masked_lines(hunk), strict=True)
    return {line.new: text for line, text in pairs if line.new is not None}


class _Earlier:
    """The base version's hits. Each of them cancels one hit of the head that is the same problem."""

    def __init__(self, file: FileDiff, hits: Iterable[Hit]) -> None:
        self._hunks = file.hunks
        self._starts: set[tuple[str, int]] = set()
        self._replaced: list[tuple[str, str, int]] = []
        old = {line.old: (line, index) for index, hunk in enumerate(file.hunks) for line in hunk.lines if line.old}
        for hit in hits:
            self._starts.add((hit.rule, hit.line))
            covered = [old[number] for number in _numbers(hit) if number in old]
            removed = [found for found in covered if found[0].kind is LineKind.REMOVED]
            if removed:
                line, index = removed[0]
                self._replaced.append((hit.rule, line.text.strip(), index))

    def had(self, hit: Hit, line: Line, hunk: int) -> bool:
        """Tell whether the problem stood there before: in the same statement, moved, or in the lines replaced here."""
        if hit.line != line.number and (hit.rule, self._old_number(hit.line)) in self._starts:
            return True
        same_text = (entry for entry in self._replaced if entry[:2] == (hit.rule, line.text.strip()))
        same_hunk = (entry for entry in self._replaced if (entry[0], entry[2]) == (hit.rule, hunk))
        match = next(same_text, None) or next(same_hunk, None)
        if match is not None:
            self._replaced.remove(match)
        return match is not None

    def _old_number(self, new: int) -> int:
        """The number in the base of a line that the change leaves as it is."""
        shift = 0
        for hunk in self._hunks:
            for line in hunk.lines:
                if line.new == new and line.old is not None:
                    return line.old
            if hunk.new_start > new:
                break
            # With a count of 0 the start is the line before.
            old_end = hunk.old_start + hunk.old_count + (hunk.old_count == 0)
            shift = old_end - hunk.new_start - hunk.new_count - (hunk.new_count == 0)
        return new + shift


def _numbers(hit: Hit) -> range:
    """The lines that a hit covers, as far as they are worth walking."""
    return range(hit.line, min(hit.end_line, hit.line + _LONGEST_HIT) + 1)


def _anchor(hit: Hit, lines: dict[int, tuple[Line, int]]) -> tuple[Line, int] | None:
    """The first added line among those that the hit covers: what makes it news may stand below its first line."""
    for number in _numbers(hit):
        found = lines.get(number)
        if found is not None and found[0].kind is LineKind.ADDED:
            return found
    return None


def _finding(path: str, hit: Hit, rule: Rule, number: int, quote: str) -> Finding:
    message = mask(hit.message)[:_LONGEST_MESSAGE]
    return Finding(
        location=Location(path, Side.RIGHT, number),
        severity=rule.severity,
        category=rule.category,
        title=rule.title.format(message=message),
        body=rule.body.format(message=message),
        scenario=rule.scenario,
        source=hit.source,
        rule=hit.rule,
        quote=quote,
    )
