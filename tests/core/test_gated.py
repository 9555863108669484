"""The note in a summary that newer commits are not reviewed: one note, harmless, and the state stays as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.marker import State, read_state, write_state
from bot.core.rendering.comments import MOST_CHARACTERS
from bot.core.rendering.gated import noted

HEAD = "c" * 40
STATE = State(HEAD, "b" * 40, "0" * 8, "complete", rules="r", dollars=0.5)
BODY = f"{write_state(STATE)}\n### Plumbline: nothing found\n\nIt adds links.\n\n<sub>head</sub>\n"


def test_the_note_stands_under_the_heading() -> None:
    """The summary stays, and says first that it is not of the newest commits, and why."""
    head, rest = noted(BODY, HEAD, "it is a draft").split("\n\n", 1)
    assert head == f"{write_state(STATE)}\n### Plumbline: nothing found"
    note, rest = rest.split("\n\n", 1)
    assert note == "> **Commits since `ccccccc` are not reviewed:** it is a draft. <!-- plumbline-note -->"
    assert rest == "It adds links.\n\n<sub>head</sub>\n"


def test_of_a_commit_that_is_unknown_nothing_is_said() -> None:
    """The state cannot be read: then the note does not tell since when."""
    assert "**Commits are not reviewed:** it is a draft." in noted(BODY, "", "it is a draft")


def test_there_is_one_note() -> None:
    """Another reason takes the place of the former; the same one changes nothing, also in a text with CRLF."""
    first = noted(BODY, HEAD, "it is a draft")
    second = noted(first, HEAD, "it is labelled `wip`")
    assert second == noted(BODY, HEAD, "it is labelled `wip`")
    assert noted(first, HEAD, "it is a draft") == first
    assert noted(first.replace("\n", "\r\n"), HEAD, "it is a draft") == first


reasons = st.text(max_size=600) | st.text("`<&@#*_[]()|$:\n", max_size=600) | st.just("@" * 5_000)


@given(reasons, st.integers(0, 3))
def test_the_state_is_kept_whatever_the_reason(reason: str, times: int) -> None:
    """Over any reason, also again and again: one line of note, a state that reads the same, words all there."""
    body = BODY
    for _ in range(times):
        body = noted(body, HEAD, reason)
    assert read_state(body) == read_state(BODY)
    assert body.count("<!-- plumbline-note -->") == min(times, 1)
    without = re.sub(r"\n> .* <!-- plumbline-note -->\n", "", body)
    assert without == BODY


@pytest.mark.parametrize("reason", ["@" * 5_000, "`" + "x" * 399 + "` and more of it", "<b>" * 300, "`a` " * 200])
def test_an_endless_reason_is_cut_whole(reason: str) -> None:
    """The longest summary with a note is one that GitHub takes, and no code span is left open by the cut."""
    longest = BODY + "x" * (MOST_CHARACTERS - len(BODY))
    note = next(line for line in noted(longest, HEAD, reason).split("\n") if line.startswith("> "))
    assert len(noted(longest, HEAD, reason)) <= 65_536
    assert note.replace("\\`", "").count("`") % 2 == 0
    assert not re.search(r"&\w*…", note)


def test_a_reason_ends_in_one_full_stop() -> None:
    """Whether it comes with its own or not."""
    assert "it is a draft. <!--" in noted(BODY, HEAD, "it is a draft.")


def test_a_summary_without_a_heading_keeps_its_state_first() -> None:
    """Whatever became of its words, the mark stays in the first line, where it is looked for."""
    body = f"{write_state(STATE)}\nwords"
    assert read_state(noted(body, HEAD, "it is a draft")) == read_state(body)
