"""The last line in a terminal: what became of a review on GitHub."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.posting import Obstacle, Posted
from bot.core.rendering.fate import cleaned, told
from tests.core.test_rendering import ANSWERED, review
from tests.core.test_requests import PULL

URL = "https://x/1"


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        (Posted(summary_url=URL, comments=2, mended=1), "posted: https://x/1, 2 comments, 1 fixed"),
        (Posted(summary_url=URL, mended=3), "posted: https://x/1, 3 fixed"),
        (Posted(summary_url=URL), "posted: https://x/1"),
        (
            Posted(obstacle=Obstacle.GATED),
            "not posted: nothing was reviewed, and there is nothing new to say of that",
        ),
    ],
)
def test_what_was_mended_is_told(posted: Posted, words: str) -> None:
    """New comments and those that now say "fixed" are counted; a gated review says why nothing was posted."""
    made = review(ANSWERED, ANSWERED)
    assert told(replace(made, change=replace(made.change, pull_request=PULL)), posted, 0) == words


@pytest.mark.parametrize(
    ("removed", "words"),
    [
        ((0, 0, 0, 0), "Plumbline posted nothing there."),
        ((1, 2, 0, 0), "Removed: 1 summary, 2 comments."),
        ((0, 1, 0, 2), "Removed: 1 comment. 2 answers of others stayed."),
        (
            (1, 1, 1, 0),
            (
                "Removed: 1 summary, 1 comment. 1 review stays, as GitHub deletes none, with the words "
                '"What stood here was removed."'
            ),
        ),
        ((0, 0, 2, 0), '2 reviews stay, as GitHub deletes none, with the words "What stood here was removed."'),
    ],
)
def test_what_clean_left_is_not_called_removed(removed: tuple[int, int, int, int], words: str) -> None:
    """A submitted review stays on GitHub, without its words, and answers of others stay as they are."""
    assert cleaned(*removed) == words


@pytest.mark.parametrize("obstacle", Obstacle)
def test_every_obstacle_has_its_words(obstacle: Obstacle) -> None:
    """Nothing that keeps a review from being posted goes without a reason."""
    made = review(ANSWERED, ANSWERED)
    line = told(replace(made, change=replace(made.change, pull_request=PULL)), Posted("d" * 40, obstacle), 0)
    assert line.startswith("not posted: ")
    assert len(line) > len("not posted: ")
