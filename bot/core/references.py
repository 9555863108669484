"""How people name a pull request: `owner/repo#12`, a URL, or just `12` inside a clone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import Misuse

_SHORT = re.compile(
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<repo>[A-Za-z0-9._-]{1,100})#(?P<number>[1-9]\d{0,9})"
)
_URL = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.:-]+)/(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<repo>[A-Za-z0-9._-]{1,100})"
    r"/pull/(?P<number>[1-9]\d{0,9})(?:[/?#].*)?"
)
_NUMBER = re.compile(r"#?(?P<number>[1-9]\d{0,9})")


@dataclass(frozen=True, slots=True)
class PullRequestReference:
    """A pull request by name. Owner and repository are '' where the clone has to tell them."""

    owner: str
    repo: str
    number: int
    host: str = ""


def parse_reference(text: str) -> PullRequestReference:
    """Read a reference as people write it. Raises Misuse with the forms that are understood."""
    for form in (_SHORT, _URL, _NUMBER):
        match = form.fullmatch(text.strip())
        if match:
            parts = match.groupdict(default="")
            return PullRequestReference(
                parts.get("owner", ""), parts.get("repo", ""), int(parts["number"]), parts.get("host", "")
            )
    raise Misuse(f"{text!r} is no pull request; write owner/repo#12, its URL, or 12 inside a clone.")
