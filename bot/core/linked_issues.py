"""Which issues a pull request sets out to close, by the words that GitHub itself goes by.

Source: https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
"""

from __future__ import annotations

import re

MOST_ISSUES = 3
"""How many are read: who closes more with one change names none in particular."""

_CLOSES = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"
    r"(?:(?P<name>[\w.-]+/[\w.-]+)?#|https?://[\w.:-]+/(?P<page>[\w.-]+/[\w.-]+)/issues/)(?P<number>\d{1,9})\b",
    re.IGNORECASE,
)


def linked_issues(repository: str, *texts: str) -> tuple[int, ...]:
    """The numbers of the issues of this repository (`owner/name`) that the texts close, each once, in their order.

    Issues of other repositories are not read: who writes the description may not be who may read them.
    """
    found = (match for text in texts for match in _CLOSES.finditer(text[:100_000]))
    own = (
        int(match["number"])
        for match in found
        if (match["name"] or match["page"] or repository).casefold() == repository.casefold()
    )
    return tuple(dict.fromkeys(own))[:MOST_ISSUES]
