"""Exit codes of what is done on pull requests, and the sentences that come with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import papers
from tests.command import Done, plumbline
from tests.scripted_reviewer import ScriptedReviewer
from tests.stage import Stage

PULL = "acme/papers#214"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A GitHub with the example as a pull request, and a reader who finds something critical in it."""
    with Stage(ScriptedReviewer(papers.FINDINGS), tmp_path) as stage:
        papers.opened(stage.github)
        yield stage


def test_a_review_that_was_skipped_fails_nothing(stage: Stage) -> None:
    """Findings of before do not decide about a commit that was not reviewed: 0, where the review before gave 1."""
    pull = stage.github.state.pulls[0]
    pull.files[pull.base_sha][".github/plumbline.yml"] = b"fail_on: high\n"
    assert stage.plumbline("review", PULL, "--post").code == 1
    pull.draft = True
    done = stage.plumbline("review", PULL, "--post", "--automatic")
    assert (done.code, "skipped: not reviewed: draft" in done.out) == (0, True), done.out + done.err


def test_a_check_without_a_token_is_refused(stage: Stage) -> None:
    """What would be shown nowhere is said before anything is read."""
    done = stage.plumbline("review", PULL, "--check", GITHUB_TOKEN="")
    sentence = "--check needs a token; set GITHUB_TOKEN to one that may write checks or commit statuses."
    assert (done.code, done.out, done.err) == (2, "", f"plumbline: {sentence}\n")
    assert stage.calls() == []


@pytest.mark.parametrize(
    ("name", "token", "sentence"),
    [
        ("nonsense", "x", "'nonsense' is no pull request; write owner/repo#12, its URL, or 12 inside a clone."),
        (PULL, "", "Removing needs the token that posted; set GITHUB_TOKEN to it."),
    ],
)
def test_clean_does_not_ask_about_what_it_could_not_do(stage: Stage, name: str, token: str, sentence: str) -> None:
    """Name and token are looked at before the question."""
    done = stage.plumbline("clean", name, GITHUB_TOKEN=token)
    assert (done.code, done.out, done.err) == (2, "", f"plumbline: {sentence}\n")


def _answered(stage: Stage, text: bytes) -> Done:
    return plumbline("clean", PULL, folder=stage.folder, variables=stage.variables, text=text)


@pytest.mark.parametrize("text", [b"", b"n\n"])
def test_clean_removes_nothing_without_a_yes(stage: Stage, text: bytes) -> None:
    """A no and the end of input are the same: one sentence, 2, and GitHub is not asked."""
    done = _answered(stage, text)
    assert done.code == 2
    assert f"Remove everything that Plumbline posted on {PULL}? [y/N]:" in done.out
    assert done.err.strip() == "plumbline: Nothing was removed; give --yes to remove it without being asked."
    assert stage.calls() == []


def test_clean_says_what_stays(stage: Stage) -> None:
    """The review without its words is counted as what stays, not as removed."""
    assert stage.plumbline("review", PULL, "--post").code == 0
    done = _answered(stage, b"y\n")
    assert done.code == 0, done.err
    assert "Removed: 1 summary, 10 comments. 1 review stays" in done.out
