"""What the first of two workflows hands to the second: which pull request it ran for, and the change as it saw it.

Whoever opens a pull request from a fork can write both, so nothing of it is believed that GitHub does not confirm.
Source: https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.core.diff import Diff
from bot.errors import Misuse

NAMES = ("change.json", "change.diff")
"""The files of the folder, and the only ones."""
MOST_BYTES = {"change.json": 10_000, "change.diff": 20_000_000}


@dataclass(frozen=True, slots=True)
class Handover:
    """The number of a pull request, its head, and the patch."""

    number: int
    head: str
    patch: bytes


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    number: int = Field(ge=1, le=10**10)
    head: str = Field(pattern=r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")


def read_handover(described: bytes, patch: bytes, head: str) -> Handover:
    """Read it. `head` is the commit that the first workflow ran for, by GitHub's own word. Raises Misuse."""
    try:
        change = _Change.model_validate_json(described)
    except ValidationError:
        raise Misuse('change.json is not of the form {"number": 12, "head": "..."}; see the example.') from None
    if change.head != head:
        raise Misuse("change.json names another commit than the one that its workflow ran for; it is not used.")
    return Handover(change.number, change.head, patch)


def is_same_change(handed: Diff, known: Diff) -> bool:
    """Whether what was handed over changes the same files as GitHub says, and in those that it shows the same lines."""
    counts = {file.path: (file.added, file.removed) for file in handed.files}
    shown = {file.path: (file.added, file.removed) for file in known.files if file.hunks}
    paths = {file.path for file in known.files}
    return counts.keys() == paths and all(counts[path] == count for path, count in shown.items())
