"""What goes along with a part besides its lines: standing findings, the repository's instructions, the overview."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pathspec import GitIgnoreSpec

from bot.core.chunking import Chunk
from bot.core.context import Excerpt
from bot.core.diff import Diff
from bot.core.known import Known
from bot.core.material import words
from bot.core.messages import Json
from bot.core.overview import Diagram, Overview
from bot.core.policy import PathInstruction
from bot.core.visible import shown_path
from bot.errors import Misuse

MOST_STANDING = 60
"""How many standing findings go along with one part: with more it would be about those, not about its lines."""

_LONGEST_TITLE = 200
_LONGEST_TEXT = 600
_LONGEST_PATTERN = 300
_LONGEST_INSTRUCTION = 4_000
_LONGEST_OVERVIEW = 1_000


@dataclass(frozen=True, slots=True)
class Along:
    """What goes along with a part.

    `standing` are findings of earlier reviews that its answer is to speak of, `instructions` those that match its
    files, `around` pieces of code that is not part of the change. `whole` tells that the part is all that is read of
    the change, and `so_far` is the overview as an earlier review left it: with either the answer holds an overview.
    """

    standing: tuple[Known, ...] = ()
    instructions: tuple[PathInstruction, ...] = ()
    whole: bool = False
    so_far: Overview | None = None
    around: tuple[Excerpt, ...] = ()

    @property
    def asks_overview(self) -> bool:
        """Whether the answer is to hold an overview."""
        return self.whole or self.so_far is not None

    @property
    def ids(self) -> frozenset[str]:
        """The names of the standing findings."""
        return frozenset(known.id for known in self.standing)


ALONE = Along()


@dataclass(frozen=True, slots=True)
class Whole:
    """What an overview of the whole change is made of besides the parts that are asked about.

    `everything` tells that these are all that is read of the change. Where an earlier review read the rest,
    `summaries` say what the change does in the files that are not read this time, by path, and `so_far` is the overview
    at that time, if there was one.
    """

    everything: bool = True
    summaries: tuple[tuple[str, str], ...] = ()
    so_far: Overview | None = None

    @property
    def earlier(self) -> Overview | None:
        """The overview to go on from: none where everything is read anew."""
        return None if self.everything else self.so_far


def nothing_around(_: Chunk) -> tuple[Excerpt, ...]:
    """No other code goes along."""
    return ()


@dataclass(frozen=True, slots=True)
class Extras:
    """What is asked besides the lines of a change, and what is told.

    `standing` gives the findings of earlier reviews that belong to a chunk, the most important first. `whole` is None
    where no overview is wanted. `around` gives the other code that goes along with a chunk.
    """

    standing: Callable[[Chunk], Sequence[Known]]
    instructions: tuple[PathInstruction, ...] = ()
    whole: Whole | None = None
    around: Callable[[Chunk], tuple[Excerpt, ...]] = nothing_around

    def along(self, chunk: Chunk, diff: Diff, *, alone: bool) -> Along:
        """What goes along with a chunk; `alone` tells that it is all that is asked about."""
        files = dict.fromkeys(piece.file for piece in chunk.pieces)
        whole = self.whole if alone else None
        return Along(
            standing=tuple(self.standing(chunk))[:MOST_STANDING],
            instructions=matching(self.instructions, [diff.files[index].path for index in files]),
            whole=whole is not None and whole.everything,
            so_far=whole.earlier if whole else None,
            around=self.around(chunk),
        )


def with_part(along: Along, part: Json) -> Json:
    """The part with what goes along: guidance ahead of its lines, what is asked about them behind."""
    instructions = _instructions(along.instructions)
    return {
        **({"instructions": instructions} if instructions else {}),
        **part,
        **({"around": [excerpt.row for excerpt in along.around]} if along.around else {}),
        **({"standing": [_standing(known) for known in along.standing]} if along.standing else {}),
        **({"overview_so_far": overview_rows(along.so_far)} if along.so_far else {}),
        **({"whole": True} if along.whole else {}),
    }


def matching(instructions: Iterable[PathInstruction], paths: Sequence[str]) -> tuple[PathInstruction, ...]:
    """The instructions that hold for any of the paths. Raises Misuse for a pattern that cannot be read."""
    return tuple(each for each in instructions if any(map(_spec(each.pattern).match_file, paths)))


@cache
def _spec(pattern: str) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise Misuse(f"The path pattern of an instruction cannot be read: {error}; correct the policy file.") from error


def _instructions(instructions: Iterable[PathInstruction]) -> list[Json]:
    """A row for each text, with all its patterns."""
    patterns: dict[str, list[str]] = {}
    for each in instructions:
        patterns.setdefault(each.text, []).append(words(each.pattern, _LONGEST_PATTERN))
    return [{"paths": paths, "text": words(text, _LONGEST_INSTRUCTION)} for text, paths in patterns.items()]


def _standing(known: Known) -> Json:
    finding, place = known.finding, known.finding.location
    row: Json = {
        "id": known.id,
        "path": shown_path(place.path),
        "side": place.side.value,
        "line": place.line if known.placed else None,
        "quote": words(finding.quote, _LONGEST_TEXT),
        "title": words(finding.title, _LONGEST_TITLE),
    }
    return row | ({"body": words(finding.body, _LONGEST_TEXT)} if finding.body else {})


def overview_rows(overview: Overview) -> Json:
    """An overview in the form in which the model gives it."""
    return {
        "text": words(overview.text, _LONGEST_OVERVIEW),
        "diagram": _diagram(overview.diagram) if overview.diagram else None,
        "risk": overview.risk.value,
        "minutes": overview.minutes,
    }


def _diagram(diagram: Diagram) -> Mapping[str, object]:
    return {
        "nodes": [words(node, _LONGEST_TITLE) for node in diagram.nodes],
        "edges": [
            {"from": edge.start, "to": edge.end, "label": words(edge.label, _LONGEST_TITLE)} for edge in diagram.edges
        ],
    }
