"""What is answered to commands in comments."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.policy import Commanders
from bot.core.rendering.policy import reported, settled_rows
from bot.core.response import Says
from bot.core.sanitize import code, phrase, plain
from bot.core.settle import Settled

_LONGEST_WORD = 40
_COMMANDS = (
    ("`/review`", "Review what is new since the last review."),
    ("`/review full`", "Read the whole change again."),
    ("`/pause`, `/resume`", "Stop reviewing this pull request of my own accord, and go on."),
    ("`/dismiss reason`", "As an answer to a comment of mine: it does not come back."),
    ("`/config`", "Show the policy that holds here, and where each value comes from."),
    ("`/help`", "Show this."),
)
_MAY = {
    Commanders.AUTHOR: "Whoever may write to this repository is heard, and the author of the pull request.",
    Commanders.WRITERS: "Whoever may write to this repository is heard.",
}


def answer_mark(comment: int) -> str:
    """The hidden first line of an answer, by which it is found again. `comment` is the one that is answered."""
    return f"<!-- plumbline-answer:1 {comment} -->"


def answer(says: Says, slug: str, unknown: str, settled: Settled, basis: str) -> str:
    """The words for a command.

    `slug` is the App's name, `unknown` the word that was not understood, `basis` a sentence on the policy files read.
    """
    if says is Says.CONFIG:
        return "\n".join(_config(settled, basis))
    if says is Says.WHERE:
        return "`/dismiss` is about one finding; write it as an answer to the comment that tells of that."
    return "\n".join(_help(slug, unknown, settled.policy.commanders))


def _help(slug: str, unknown: str, commanders: Commanders) -> Iterator[str]:
    if unknown:
        yield f"{code(unknown[:_LONGEST_WORD])} is no command of mine. These are:"
    else:
        yield "This is what I do when somebody writes it as the first line of a comment:"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield from (f"| {command} | {means} |" for command, means in _COMMANDS)
    yield ""
    mention = f" {code(f'@{slug} review')} is the same as `/review`, and so on." if slug else ""
    yield f"{_MAY[commanders]}{mention}"


def _config(settled: Settled, basis: str) -> Iterator[str]:
    yield plain(basis)
    yield ""
    yield "| key | value | from |"
    yield "|---|---|---|"
    yield from (
        f"| {code(key)} | {code(value, cell=True)} | {plain(source)} |" for key, value, source in settled_rows(settled)
    )
    problems = list(reported(settled))
    if problems:
        yield ""
        yield from (f"- {phrase(problem)}" for problem in problems)
