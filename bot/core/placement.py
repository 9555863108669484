"""From the model's claims to findings: each on the line that its quote proves, or named without a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.anchors import Anchor, Anchors, Miss, Pointer, Trust
from bot.core.diff import Diff
from bot.core.hidden_text import spoken
from bot.core.hints import trust_of
from bot.core.models import Finding, Location, Side
from bot.core.replies import Claim
from bot.core.sanitize import cleared
from bot.core.secrets import mask
from bot.core.suggestions import fault_of
from bot.core.visible import Shown, printable_text, shown_path

_LONGEST_TITLE = 120
_LONGEST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A finding that no line could be proven for. Its location is the model's own word, not to be relied upon."""

    finding: Finding
    why: Miss


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of the claims of one answer."""

    findings: tuple[Finding, ...]
    unplaced: tuple[Unplaced, ...]


def place_all(
    answers: Sequence[Sequence[Claim]], anchors: Anchors, diff: Diff, heads: Mapping[int, bytes] | None = None
) -> list[Placed]:
    """Give each claim of a review its line. None is lost: what has no line is named with the reason.

    All answers are looked at together: one reader gave them, so the numbers that can be proven vouch for the others.
    `heads` are the new versions of files as far as they are known: suggestions are tried on them.
    """
    trust = trust_of((_pointer(claim) for claims in answers for claim in claims), anchors)
    return [_placed(claims, anchors, trust, _Trial(diff, heads or {})) for claims in answers]


@dataclass(frozen=True, slots=True)
class _Trial:
    """What suggestions are tried on."""

    diff: Diff
    heads: Mapping[int, bytes]

    def applies(self, suggestion: str | None, anchor: Anchor, shown: Shown) -> bool:
        """Whether a suggestion may be offered as a block: only for the very lines that the model spoke of."""
        if suggestion is None or not anchor.whole:
            return False
        head = self.heads.get(anchor.file)
        text = None if head is None else head.decode("utf-8", "surrogateescape")
        return fault_of(shown, anchor.file, anchor.location, suggestion, text) is None


def unplaced_of(placed: Iterable[Placed]) -> frozenset[Finding]:
    """The findings without a line, the doubtful ones too."""
    return frozenset(each.finding for part in placed for each in part.unplaced)


def _placed(claims: Iterable[Claim], anchors: Anchors, trust: Trust, trial: _Trial) -> Placed:
    findings: list[Finding] = []
    unplaced: list[Unplaced] = []
    for claim in claims:
        anchor = anchors.anchor(_pointer(claim), trust)
        if isinstance(anchor, Miss):
            known = anchors.file(claim.path)
            path = shown_path(claim.path) if known is None else trial.diff.files[known].path
            unplaced.append(Unplaced(_finding(claim, Location(path, claim.side, claim.line), applies=False), anchor))
            continue
        findings.append(
            _finding(claim, anchor.location, applies=trial.applies(claim.suggestion, anchor, anchors.shown))
        )
    return Placed(tuple(findings), tuple(unplaced))


def place_on_files(claims: Iterable[Claim], anchors: Anchors, diff: Diff) -> Placed:
    """Give each claim about images its file: an image has no lines, and what was said of them is not relied upon."""
    unplaced = []
    for claim in claims:
        known = anchors.file(claim.path)
        path = shown_path(claim.path) if known is None else diff.files[known].path
        bare = replace(claim, quote="", suggestion=None)
        unplaced.append(Unplaced(_finding(bare, Location(path, Side.RIGHT, 1), applies=False), Miss.IMAGE))
    return Placed((), tuple(unplaced))


def _pointer(claim: Claim) -> Pointer:
    return Pointer(claim.path, claim.side, claim.start_line, claim.line, claim.quote)


def _finding(claim: Claim, location: Location, *, applies: bool) -> Finding:
    return Finding(
        location=location,
        severity=claim.severity,
        category=claim.category,
        title=_line(claim.title).rstrip("."),
        body=_text(claim.body),
        scenario=_scenario(claim.scenario),
        source="model",
        rule=claim.category.value,
        quote=printable_text(mask(claim.quote)),
        suggestion=claim.suggestion if applies or claim.suggestion is None else _code(claim.suggestion),
        applies=applies,
        confidence=claim.confidence,
    )


def _line(text: str) -> str:
    line = cleared(" ".join(text.split()))
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1].rstrip() + "…"


def _text(text: str) -> str:
    whole = mask("\n".join(map(spoken, text.replace("\r\n", "\n").strip("\n").split("\n"))))
    return _bounded(whole)


def _code(text: str) -> str:
    """Code that is shown and not applied: what is hidden in it is made visible."""
    return _bounded(printable_text(mask(text.replace("\r\n", "\n").strip("\n"))))


def _bounded(whole: str) -> str:
    return whole if len(whole) <= _LONGEST_TEXT else whole[:_LONGEST_TEXT].rstrip() + " …"


def _scenario(text: str) -> str:
    """The case as it follows "When": the model may have written the word itself."""
    plain = _text(" ".join(text.split()))
    first, _, rest = plain.partition(" ")
    return (rest if first.lower() == "when" else plain).rstrip(".")


def summaries_by_file(summaries: Iterable[Mapping[str, str]], anchors: Anchors) -> dict[int, str]:
    """What the change does in each file, by the file's position; the first that speaks of a file counts."""
    found: dict[int, str] = {}
    for path, summary in (item for each in summaries for item in each.items()):
        file = anchors.file(path)
        if file is not None and summary.strip():
            found.setdefault(file, _line(summary))
    return found
