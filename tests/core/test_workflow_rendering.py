"""What a run of the Action leaves for its runner: within GitHub's bounds, and nothing in it is taken for more."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.ledger import Reason
from bot.core.outcome import Ending
from bot.core.posting import Obstacle, Posted
from bot.core.rendering.workflow import (
    is_shown_elsewhere,
    output_file,
    outputs_of_all,
    outputs_without,
    said,
    step_answer,
    step_notice,
    step_summary,
    swept,
)
from tests.core.test_rendering import FINDING, everything, failed, gated, review

MOST = 1024 * 1024
_VALUE = re.compile(r"([a-z-]+)<<(\w+)\n(.*?)\n\2\n", re.DOTALL)


def test_a_summary_of_any_size_fits() -> None:
    """GitHub shows none that has more than 1 MiB: what is too long is cut, and says so."""
    long = replace(FINDING, body="Ünicode 🟥 " * 2_000)
    made = review(
        Reason.ANSWERED, Reason.ANSWERED, findings=tuple(replace(long, title=f"{number}") for number in range(100))
    )
    text = step_summary(made)
    assert MOST // 8 < len(text.encode()) < MOST
    assert "too long for GitHub" in text
    assert "too long" not in step_summary(review(Reason.ANSWERED, Reason.ANSWERED, findings=(FINDING,)))
    assert len(step_answer("?" * 5_000, "🟥" * 2_000_000).encode()) < MOST


@given(st.dictionaries(st.sampled_from(["outcome", "findings", "review-url"]), st.text(max_size=60)))
def test_outputs_are_read_back(values: dict[str, str]) -> None:
    """Whatever stands in them, no value ends early and begins another."""
    written = {name: value.replace("\r", "") for name, value in values.items()}
    assert {name: value for name, _, value in _VALUE.findall(output_file(written))} == written


def test_the_worst_ending_counts_of_several() -> None:
    """And their findings and dollars together."""
    good = replace(review(Reason.ANSWERED, Reason.ANSWERED, findings=(FINDING,)), dollars=0.25)
    told = outputs_of_all([good, gated("draft"), good])
    assert (told["outcome"], told["findings"], told["cost-usd"]) == ("complete", "2", "0.5000")
    assert told["highest-severity"] == FINDING.severity.value
    assert outputs_of_all([good, failed("The model is down.")])["outcome"] == "failed"
    assert outputs_of_all([gated("draft")]) == outputs_without(Ending.SKIPPED)


def test_what_is_said_at_the_end() -> None:
    """A warning where something was not read; where nothing could be posted, why, and where it stands."""
    assert said(everything(Reason.ANSWERED), None)[0] == "notice"
    assert said(failed("The model is down."), None) == ("warning", "not reviewed: The model is down.")
    refused = Posted("a" * 40, problems=("GitHub does not allow it.",))
    level, words = said(everything(Reason.ANSWERED), refused)
    assert level == "notice"
    assert words.endswith(" It stands in the summary of this run, as it could not be posted: GitHub does not allow it.")
    moved = Posted("b" * 40, Obstacle.SUPERSEDED)
    assert (
        said(everything(Reason.ANSWERED), moved)[1]
        == "There is a newer commit, bbbbbbb: nothing was posted of this one."
    )


def test_where_a_review_is_shown() -> None:
    """In the log only where it stands nowhere else, and should."""
    assert is_shown_elsewhere(Posted("a" * 40, summary_url="u"))
    assert is_shown_elsewhere(Posted("a" * 40, Obstacle.SUPERSEDED))
    assert not is_shown_elsewhere(Posted("a" * 40, problems=("no",)))
    assert not is_shown_elsewhere(None)


def test_short_summaries() -> None:
    """A reason, and a list of pull requests; control characters are shown as such."""
    assert step_notice("Skipped: \x1b[2J.") == "### Plumbline\n\nSkipped: \\x1b[2J.\n"
    assert swept([("acme/papers#7", "nothing found")]) == "### Plumbline\n\n- acme/papers#7: nothing found\n"
    assert "No open pull request" in swept([])
