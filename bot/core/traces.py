"""By what a finding is known again, and what it is called: its code and the lines beside it, never its words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.core.known import Trace
from bot.core.models import Finding
from bot.core.places import NEAR, SHORT, beside_of, code_of, places_of, whole_code
from bot.core.visible import Shown

MOST_ALSO = 8
"""How many lines are remembered that stood beside a problem, or that a report of it named."""

MOST_ABOVE = 12
"""How many lines above its last one are remembered of a finding on a run of lines, to tell that one of them changed."""

_MODEL = "model"
_SECRETS = "secrets"


def trace_of(shown: Shown, finding: Finding) -> Trace:
    """By what the finding is known again. One without a line in the change leaves its quote, and no neighbours.

    Of a run of lines all are remembered, up to MOST_ABOVE; only the nearest of them tell where it stands. A secret is
    known by its line as it is, since any two are shown alike.
    """
    place, kind = finding.location, finding.category
    spot = places_of(shown).at(place)
    if spot is None:
        return Trace(place.path, place.side, quoted_code(finding), category=kind)
    rows = shown.rows(spot.file, spot.hunk, place.side)
    reach = min(max(NEAR, place.line - (place.start_line or place.line)), MOST_ABOVE)
    above, below = rows[max(0, spot.row - reach) : spot.row][::-1], rows[spot.row + 1 : spot.row + 1 + NEAR]
    before, after = (tuple(code_of(text)[:SHORT] for _, text in lines) for lines in (above, below))
    line, text = rows[spot.row]
    code = whole_code(line, text) if finding.source == _SECRETS else code_of(text)
    return Trace(place.path, place.side, code, before, after, kind)


def remembering(trace: Trace, then: Trace, *reported: Trace) -> Trace:
    """The trace of a finding whose trace was another then, or that was reported on other lines, with those it left."""
    lines = (each.code[:SHORT] for each in (*reported, then))
    also = dict.fromkeys((*lines, *beside_of(then), *then.also))
    own = {"", code_of("")[:SHORT], trace.code[:SHORT], *beside_of(trace)}
    return replace(trace, also=tuple(code for code in also if code not in own)[:MOST_ALSO])


def came_beside(then: Trace, now: Trace) -> frozenset[str]:
    """The digests of the lines that stand beside the code, or above it in its run, and did not before."""
    return frozenset((*now.above, *now.below)) - {*then.above, *then.below}


def is_among(text: str, digests: Collection[str]) -> bool:
    """Whether one of the lines of a text is among neighbours."""
    return any(code_of(line)[:SHORT] in digests for line in text.split("\n") if line.strip())


def only_lost(then: Trace, now: Trace) -> bool:
    """Whether lines beside the code went, and none came between: what stands farther off has only come nearer.

    That the farthest one is another now does not show whether it went.
    """
    sides = ((then.above, now.above), (then.below, now.below))
    went = any(code not in after for before, after in sides for code in before[:-1])
    kept = ((tuple(code for code in before if code in after), after) for before, after in sides)
    return went and all(after[: len(left)] == left for left, after in kept)


def quoted_code(finding: Finding) -> str:
    """The digest of the line that the quote ends on, '' without a quote."""
    lines = [line for line in finding.quote.split("\n") if line.strip()]
    return code_of(lines[-1]) if lines else ""


def name_of(finding: Finding, trace: Trace) -> str:
    """A name of 10 hexadecimal digits for the problem: of its code and its kind, whatever its words and its number."""
    kind = finding.category if finding.source == _MODEL else finding.rule
    said = [trace.path, trace.side, trace.code, trace.above[:NEAR], trace.below, finding.source, kind]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:10]


def names(findings: Sequence[Finding], traces: Sequence[Trace], taken: Collection[str] = ()) -> tuple[str, ...]:
    """A name for each finding, none twice and none that is taken: equals are counted in their order."""
    used = set(taken)
    made = []
    for finding, trace in zip(findings, traces, strict=True):
        first = name = name_of(finding, trace)
        count = 1
        while name in used:
            count += 1
            name = hashlib.sha256(f"{first}#{count}".encode()).hexdigest()[:10]
        used.add(name)
        made.append(name)
    return tuple(made)
