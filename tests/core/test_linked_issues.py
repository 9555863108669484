"""Which issues a description says that it closes."""

from __future__ import annotations

import pytest

from bot.core.linked_issues import linked_issues


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Fixes #12", (12,)),
        ("closes: #12, resolves #7", (12, 7)),
        ("This fixed acme/papers#12.", (12,)),
        ("Resolves https://github.com/acme/papers/issues/12", (12,)),
        ("fixes other/thing#12", ()),
        ("fixes https://github.com/other/thing/issues/12", ()),
        ("see #12; prefixes #3; suffix #4", ()),
        ("fix #1 fix #2 fix #3 fix #4", (1, 2, 3)),
        ("fix #1, fixes #1", (1,)),
        ("", ()),
    ],
)
def test_the_words_of_github_close(text: str, numbers: tuple[int, ...]) -> None:
    """With a number, a name or an address; only of the same repository, each once, not endlessly many."""
    assert linked_issues("Acme/papers", text) == numbers


def test_commits_close_as_well() -> None:
    """After what the description says."""
    assert linked_issues("acme/papers", "fixes #3", "Mend it\n\nCloses #4") == (3, 4)
