"""Whether the line numbers that a reader states are to be relied upon, told by the company that each claim is in.

One claim does not show whether its number is right. All claims of a review come from one reader, and where a text
stands once in its file, or nowhere at the stated number, the number is shown to be right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.anchors import REACH, Anchors, Evidence, Pointer, Trust

AGREEING = 2
"""How many proven numbers of a file have to be off alike to correct the others by."""


def trust_of(pointers: Iterable[Pointer], anchors: Anchors) -> Trust:
    """Judge the numbers of all claims of one reader by what can be proven of them.

    One that is wrong makes all of them doubtful, and what it is off by others may be off by, too. So does a quote that
    is not verbatim: who copies texts loosely may well copy numbers so. As long as nothing speaks against them, they are
    taken for right, be it that there is only one.
    """
    evidence = [shown for pointer in dict.fromkeys(pointers) if (shown := anchors.evidence(pointer)) is not None]
    exact = all(shown.fits and shown.verbatim for shown in evidence)
    farthest = max((abs(shown.off) for shown in evidence if shown.off and not shown.fits), default=0)
    return Trust(exact, max(REACH, farthest), _offsets(evidence))


def _offsets(evidence: Iterable[Evidence]) -> dict[int, int]:
    """What all proven numbers of a file are off by, where enough of them agree."""
    by_file: dict[int, list[int]] = {}
    for shown in evidence:
        if shown.off is not None:
            by_file.setdefault(shown.file, []).append(shown.off)
    return {file: offs[0] for file, offs in by_file.items() if len(offs) >= AGREEING and len(set(offs)) == 1}
