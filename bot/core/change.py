"""What is reviewed: a change as it was handed in, and what is known of the files around it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.pull_request import PullRequest


@dataclass(frozen=True, slots=True)
class Change:
    """What is reviewed: the patch's exact bytes, a name for people, and the commits where they are known.

    `pull_request` is there for one on GitHub. GitHub withholds patches above its limits: `rebuilt` are the paths whose
    part of the patch was made here instead, `withheld` those that have none at all, and `unlisted` counts the files
    that GitHub did not even name.
    """

    patch: bytes
    title: str
    base: str = ""
    head: str = ""
    pull_request: PullRequest | None = None
    rebuilt: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    unlisted: int = 0


@dataclass(frozen=True, slots=True)
class Contents:
    """The bytes of a file before and after the change; None where they are unknown or the side has no file."""

    base: bytes | None = None
    head: bytes | None = None
