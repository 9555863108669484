"""What people ask of us in comments: `/review`, `@plumbline pause`, `review PR`. Ordinary talk is no command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Verb(StrEnum):
    """What can be asked for."""

    REVIEW = "review"
    PAUSE = "pause"
    RESUME = "resume"
    DISMISS = "dismiss"
    CONFIG = "config"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Command:
    """A command. `full` has all read again, `reason` is what stands behind `/dismiss`.

    `unknown` is the word that was not understood, '' where all was: then the verb is HELP.
    """

    verb: Verb
    full: bool = False
    reason: str = ""
    unknown: str = ""


_FENCE = re.compile(r" {0,3}(```|~~~)")
_SLASH = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.IGNORECASE)
_PLAIN = re.compile(r"review\s+(?:this\s+)?(?:pr|pull request)[.!]?", re.IGNORECASE)
_LONGEST = 65_536
# Many bots share the slash: of their commands nothing is said, of a slip in ours it is.
_ALIKE = 0.75


def read_command(body: str, slug: str) -> Command | None:
    """The command in a comment: its first line that is neither blank, nor a quotation, nor code. None for talk.

    `slug` is the app's name, as people mention it.
    """
    line = _first_line(body[:_LONGEST])
    if not line:
        return None
    mention = re.compile(rf"@{re.escape(slug)}(?:\[bot\])?[\s,:]+(.*)", re.IGNORECASE).fullmatch(line) if slug else None
    if mention:
        verb, _, rest = mention[1].strip().lstrip("/").partition(" ")
        return _command(verb, rest) or Command(Verb.HELP, unknown=verb)
    if slug and line.lower() in {f"@{slug}".lower(), f"@{slug}[bot]".lower()}:
        return Command(Verb.HELP)
    if _PLAIN.fullmatch(line):
        return Command(Verb.REVIEW)
    slash = _SLASH.fullmatch(line)
    return _slashed(slash[1], slash[2] or "") if slash else None


def _first_line(body: str) -> str:
    fence = ""
    for line in body.splitlines():
        opened = _FENCE.match(line)
        if fence or opened:
            fence = _after(fence, opened[1] if opened else "")
            continue
        # Four spaces make code, as > makes a quotation.
        if line.strip() and not line.startswith(("    ", "\t")) and not line.lstrip().startswith(">"):
            return line.strip()
    return ""


def _after(fence: str, mark: str) -> str:
    """The fence that is open behind a line which has this mark of one, if any."""
    if not fence:
        return mark
    return "" if mark == fence else fence


def _slashed(word: str, rest: str) -> Command | None:
    known = _command(word, rest)
    if known is None and get_close_matches(word.lower(), list(Verb), n=1, cutoff=_ALIKE):
        return Command(Verb.HELP, unknown=word)
    return known


def _command(word: str, rest: str) -> Command | None:
    verb = word.lower().rstrip(".!,:")
    if verb not in {*Verb}:
        return None
    said = " ".join(rest.split())
    if verb == Verb.DISMISS:
        return Command(Verb.DISMISS, reason=said)
    if verb == Verb.REVIEW:
        return Command(Verb.REVIEW, full=said.lower().rstrip(".!") == "full")
    return Command(Verb(verb))
