"""A summary that stands, and the note in it that newer commits were not reviewed, and why."""

from __future__ import annotations

from bot.core.sanitize import code, phrase

_NOTE = " <!-- plumbline-note -->"
_LONGEST = 400


def noted(body: str, head: str, reason: str) -> str:
    """The summary with the note under its heading, in place of an earlier one. `head` is the commit that was read."""
    lines = [line for line in body.replace("\r\n", "\n").split("\n") if not line.endswith(_NOTE)]
    at = next((index for index, line in enumerate(lines) if line.startswith("### ")), 0) + 1
    since = f" since {code(head[:7])}" if head else ""
    note = f"> **Commits{since} are not reviewed:** {_short(reason)}.{_NOTE}"
    while at < len(lines) and not lines[at].strip():
        lines.pop(at)
    return "\n".join([*lines[:at], "", note, "", *lines[at:]])


def is_noted(body: str) -> bool:
    """Whether a summary carries such a note."""
    return any(line.endswith(_NOTE) for line in body.split("\n"))


def _short(reason: str) -> str:
    """The reason made harmless, and short then: what is cut afterwards could end inside of a code span."""
    said = phrase(reason)
    while len(said) > _LONGEST:
        reason = reason[: len(reason) * 3 // 4]
        said = f"{phrase(reason)} …"
    return said.rstrip(".")
