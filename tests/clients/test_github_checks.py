"""A check run tells how the review of a commit ends, once, whatever GitHub answers and the token may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clients.github.checks import Checks
from bot.clients.github.connection import Access, GitHub
from bot.core.events import CHECK_NAME as NAME
from bot.core.rendering.check_run import READING, left_behind
from bot.core.verdict import Annotation, CheckOutput, Conclusion, Level
from bot.errors import OutsideError, Rejected, Transient
from tests.clients.github_door import NOW, asked, opened
from tests.fakes.github import LOGIN, TOKEN, FakeGitHub
from tests.fakes.github_posts import CheckRun
from tests.fakes.github_state import FakePullRequest

HEAD, OLDER = "a" * 40, "c" * 40
CLOCK = "2026-11-25T10:00:00Z"
PATCH = b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"
CREATE, UPDATE, STATUS = r"/check-runs$", r"/check-runs/\d+$", r"/statuses/"
OUTPUT = CheckOutput("2 findings · all 3 changed lines reviewed", "In a table.", "In full.")
ORDINARY = [
    "POST /repos/acme/papers/check-runs",
    "PATCH /repos/acme/papers/check-runs/N",
    "PATCH /repos/acme/papers/check-runs/N",
]


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        yield fake
    assert fake.problems == []


@pytest.fixture
def pull(github: FakeGitHub) -> FakePullRequest:
    made = github.pull_request("acme/papers", 214, patch=PATCH, head_sha=OLDER)
    made.push(HEAD, PATCH)
    return made


@pytest.fixture
def door(github: FakeGitHub) -> Iterator[GitHub]:
    with opened(github) as made:
        yield made


@pytest.fixture
def checks(door: GitHub, pull: FakePullRequest) -> Checks:
    return Checks(door, *pull.repository.full_name.split("/"))


def requests(github: FakeGitHub) -> list[str]:
    """What was asked, without the numbers of check runs."""
    return ["/".join("N" if part.isdigit() else part for part in each.split("/")) for each in asked(github)]


def bodies(github: FakeGitHub) -> list[dict[str, Any]]:
    return [each.body for each in github.requests if isinstance(each.body, dict)]


def only(pull: FakePullRequest) -> CheckRun:
    (run,) = pull.check_runs
    return run


def annotated(number: int) -> CheckOutput:
    notes = tuple(
        Annotation("a", line, line, Level.WARNING, f"medium: {line}", f"Line {line}.") for line in range(1, number + 1)
    )
    return CheckOutput("Many findings", "In a table.", annotations=notes)


def test_a_check_run_goes_from_queued_to_its_conclusion(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks
) -> None:
    """Three requests: queued on the head, in progress since when, completed with what there is to say."""
    checks.begin(HEAD)
    assert (only(pull).status, only(pull).started_at, only(pull).title) == (
        "in_progress", CLOCK, READING,
    )  # fmt: skip
    checks.finish(Conclusion.FAILURE, OUTPUT)
    run = only(pull)
    assert (run.name, run.head_sha, run.app, run.status, run.conclusion) == (NAME, HEAD, LOGIN, "completed", "failure")
    assert (run.title, run.summary, run.text) == (OUTPUT.title, "In a table.", "In full.")
    assert (run.started_at, run.completed_at) == (CLOCK, CLOCK)
    assert requests(github) == ORDINARY
    assert [body.get("status") for body in bodies(github)] == ["queued", "in_progress", "completed"]


@pytest.mark.parametrize("conclusion", Conclusion)
def test_every_conclusion_is_one_of_githubs(pull: FakePullRequest, checks: Checks, conclusion: Conclusion) -> None:
    """What core decides reaches the commit as it is."""
    checks.begin(HEAD)
    checks.finish(conclusion, CheckOutput("t", "s"))
    assert only(pull).conclusion == conclusion


def test_progress_is_shown_but_not_too_often(github: FakeGitHub, pull: FakePullRequest) -> None:
    """The first word is shown at once, the next ones 15 seconds later at the earliest."""
    clock = [float(NOW)]
    with GitHub(Access(github.api_url, SecretStr(TOKEN)), sleep=lambda _: None, now=lambda: clock[0]) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        shown = []
        for seconds, text in ((0, "one"), (14, "two"), (1, "three"), (14, "four")):
            clock[0] += seconds
            checks.progress(text)
            shown.append(only(pull).title)
    assert shown == ["one", "one", "three", "three"]
    assert (only(pull).status, only(pull).summary) == ("in_progress", "three")


def test_no_word_comes_behind_the_conclusion(github: FakeGitHub, pull: FakePullRequest, checks: Checks) -> None:
    """Progress that is told too late, or before there is a check run, is dropped."""
    checks.progress("too early")
    assert github.requests == []
    checks.begin(HEAD)
    checks.finish(Conclusion.SUCCESS, OUTPUT)
    checks.progress("too late")
    assert (only(pull).title, len(github.requests)) == (OUTPUT.title, 3)


@pytest.mark.parametrize(("number", "patches"), [(50, 1), (51, 2), (120, 3)])
def test_annotations_go_in_batches_of_fifty(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks, number: int, patches: int
) -> None:
    """The conclusion comes with the first fifty, the others behind it, each once and in order."""
    checks.begin(HEAD)
    begun = len(github.requests)
    checks.finish(Conclusion.NEUTRAL, annotated(number))
    assert requests(github)[begun:] == [ORDINARY[-1]] * patches
    assert (only(pull).status, only(pull).conclusion) == ("completed", "neutral")
    assert [each["start_line"] for each in only(pull).annotations] == list(range(1, number + 1))
    assert only(pull).annotations[0] == {
        "path": "a", "start_line": 1, "end_line": 1, "annotation_level": "warning", "title": "medium: 1",
        "message": "Line 1.",
    }  # fmt: skip


UNCLEAR = [
    {"status": 502, "after": True},
    {"status": 0, "after": True},
    {"status": 200, "after": True, "body": "<html>"},
]


@pytest.mark.parametrize("fault", UNCLEAR, ids=["502", "no answer", "no JSON"])
def test_a_check_run_is_made_once(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks, fault: dict[str, Any]
) -> None:
    """After an answer that was lost it is looked for by its external id, and not made a second time."""
    github.fail_next("POST", CREATE, **fault)
    checks.begin(HEAD)
    checks.finish(Conclusion.SUCCESS, OUTPUT)
    assert only(pull).conclusion == "success"
    assert requests(github) == [ORDINARY[0], f"GET /repos/acme/papers/commits/{HEAD}/check-runs", *ORDINARY[1:]]


def test_one_that_did_not_arrive_is_made_again(github: FakeGitHub, pull: FakePullRequest, checks: Checks) -> None:
    """Where the look finds nothing, the write is repeated; another run's check run of that name is not taken for it."""
    github.repository("acme/papers").check_runs.append(
        CheckRun(1, LOGIN, NAME, HEAD, CLOCK, external_id="plumbline:else")
    )
    github.fail_next("POST", CREATE, status=502)
    checks.begin(HEAD)
    checks.finish(Conclusion.SUCCESS, OUTPUT)
    assert [(run.external_id == "plumbline:else", run.conclusion) for run in pull.check_runs] == [
        (True, ""), (False, "success"),
    ]  # fmt: skip


@pytest.mark.parametrize("stored", [True, False])
def test_what_could_not_begin_is_made_up_for(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks, stored: bool
) -> None:
    """A GitHub that fails at the beginning hurts nothing: the conclusion finds the check run, or makes one."""
    github.fail_next("POST", CREATE, times=2)
    github.fail_next("POST", CREATE, after=stored)
    checks.begin(HEAD)
    checks.finish(Conclusion.SUCCESS, OUTPUT)
    assert (only(pull).conclusion, only(pull).title) == ("success", OUTPUT.title)
    assert requests(github).count(ORDINARY[0]) == (3 if stored else 4)


@pytest.mark.parametrize("fault", UNCLEAR, ids=["502", "no answer", "no JSON"])
def test_annotations_are_never_shown_twice(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks, fault: dict[str, Any]
) -> None:
    """GitHub adds annotations to those that are there, so a lost answer is looked into before anything is repeated."""
    checks.begin(HEAD)
    github.fail_next("PATCH", UPDATE, **fault)
    github.fail_next("PATCH", UPDATE, status=502)
    checks.finish(Conclusion.FAILURE, annotated(70))
    assert [each["start_line"] for each in only(pull).annotations] == list(range(1, 71))
    assert only(pull).conclusion == "failure"


def test_a_line_that_github_does_not_take_costs_no_conclusion(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks
) -> None:
    """Refused annotations are left out: the texts tell all findings."""
    checks.begin(HEAD)
    github.fail_next("PATCH", UPDATE, status=422, body={"message": "Invalid request."})
    checks.finish(Conclusion.FAILURE, annotated(70))
    assert (only(pull).conclusion, only(pull).summary, only(pull).annotations) == ("failure", "In a table.", [])


def test_the_conclusion_stands_whatever_becomes_of_further_annotations(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks
) -> None:
    """What fails behind it is kept quiet."""
    checks.begin(HEAD)
    github.after_next("PATCH", UPDATE, lambda: github.fail_next("PATCH", UPDATE, times=9))
    checks.finish(Conclusion.FAILURE, annotated(70))
    assert (only(pull).conclusion, len(only(pull).annotations)) == ("failure", 50)


FAULTS: list[tuple[dict[str, Any], type[OutsideError]]] = [
    ({"status": 502}, Transient),
    ({"status": 0}, Transient),
    ({"status": 401, "body": {"message": "Bad credentials"}}, Rejected),
    ({"status": 422, "body": {"message": "Invalid request."}}, Rejected),
    ({"status": 403, "headers": {"retry-after": "600"}, "body": {"message": "Slow down."}}, Transient),
]


@pytest.mark.parametrize(("fault", "kind"), FAULTS)
@pytest.mark.parametrize("way", [("POST", CREATE), ("PATCH", UPDATE)], ids=["create", "update"])
def test_only_a_missing_conclusion_is_told(  # noqa: PLR0913, PLR0917 - fixtures and cases
    github: FakeGitHub,
    pull: FakePullRequest,
    checks: Checks,
    way: tuple[str, str],
    fault: dict[str, Any],
    kind: type[OutsideError],
) -> None:
    """Beginning and progress never raise; a commit that shows no conclusion is an error with its sentence."""
    github.fail_next(*way, times=20, **fault)
    checks.begin(HEAD)
    checks.progress("still going on")
    with pytest.raises(kind, match=r"\.$"):
        checks.finish(Conclusion.SUCCESS, OUTPUT)
    assert [run.conclusion for run in pull.check_runs] == ([] if way[0] == "POST" else [""])


def test_what_has_ended_does_not_begin(github: FakeGitHub, pull: FakePullRequest, checks: Checks) -> None:
    """A review that was stopped in its first moment: its thread comes too late, and leaves nothing open."""
    checks.finish(Conclusion.CANCELLED, OUTPUT)
    checks.begin(pull.head_sha)
    assert (github.requests, pull.check_runs) == ([], [])


def test_a_check_run_needs_its_beginning(github: FakeGitHub, checks: Checks) -> None:
    """Without a head there is nothing to conclude, and nothing is asked."""
    checks.finish(Conclusion.SUCCESS, OUTPUT)
    assert github.requests == []


def without(github: FakeGitHub, *, statuses: bool, login: str = LOGIN) -> str:
    """A token that may not write checks."""
    return github.add_token("ghs_" + "other" * 8, login=login, checks=False, statuses=statuses)


STATES = [
    (Conclusion.SUCCESS, "success"),
    (Conclusion.FAILURE, "failure"),
    (Conclusion.NEUTRAL, "error"),
    (Conclusion.SKIPPED, "success"),
    (Conclusion.CANCELLED, "error"),
]


@pytest.mark.parametrize("login", [LOGIN, "alice"])
@pytest.mark.parametrize(("conclusion", "state"), STATES)
def test_without_the_permission_a_status_stands_in(
    github: FakeGitHub, pull: FakePullRequest, conclusion: Conclusion, state: str, login: str
) -> None:
    """An App without it, and any person, leave a status: pending, then green for success and skipped alone."""
    with opened(github, token=without(github, statuses=True, login=login)) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        checks.progress("half of it")
        checks.close_left_behind([OLDER], HEAD)
        checks.finish(conclusion, OUTPUT)
    assert pull.check_runs == []
    assert [(each.state, each.context, each.description) for each in pull.statuses] == [
        ("pending", NAME, READING),
        (state, NAME, OUTPUT.title),
    ]
    assert {each.sha for each in pull.statuses} == {HEAD}
    assert requests(github) == [ORDINARY[0], *[f"POST /repos/acme/papers/statuses/{HEAD}"] * 2]


def test_every_conclusion_has_a_state() -> None:
    """None is forgotten when one is added."""
    assert {conclusion for conclusion, _ in STATES} == set(Conclusion)


def test_a_status_is_cut_to_its_length(github: FakeGitHub, pull: FakePullRequest) -> None:
    """GitHub takes 140 characters."""
    with opened(github, token=without(github, statuses=True)) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        checks.finish(Conclusion.FAILURE, CheckOutput("ü" * 200, "s"))
    assert pull.statuses[-1].description == "ü" * 139 + "…"


def test_without_any_permission_nothing_is_left(github: FakeGitHub, pull: FakePullRequest) -> None:
    """Who may write neither learns of it from nobody: the review goes on as if it had not been tried."""
    with opened(github, token=without(github, statuses=False)) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        checks.progress("half of it")
        checks.finish(Conclusion.FAILURE, OUTPUT)
    assert (pull.check_runs, pull.statuses) == ([], [])
    assert len(github.requests) == 2


def test_where_github_hides_what_is_forbidden_it_is_the_same(github: FakeGitHub, pull: FakePullRequest) -> None:
    """A 404 says no more than a 403."""
    github.fail_next("POST", CREATE, status=404, body={"message": "Not Found"})
    with opened(github) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        checks.finish(Conclusion.FAILURE, OUTPUT)
    assert [each.state for each in pull.statuses] == ["pending", "failure"]


def test_a_status_that_could_not_begin_is_made_up_for(github: FakeGitHub, pull: FakePullRequest) -> None:
    """A pending status that failed does not keep the last one away."""
    github.fail_next("POST", STATUS, times=3)
    with opened(github, token=without(github, statuses=True)) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        checks.finish(Conclusion.FAILURE, OUTPUT)
    assert [each.state for each in pull.statuses] == ["pending", "failure"]


def test_a_status_that_is_not_taken_is_told(github: FakeGitHub, pull: FakePullRequest) -> None:
    """Green or red, a conclusion that does not stand on the commit is an error."""
    with opened(github, token=without(github, statuses=True)) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        github.fail_next("POST", STATUS, times=9)
        with pytest.raises(Transient):
            checks.finish(Conclusion.FAILURE, OUTPUT)
    assert [each.state for each in pull.statuses] == ["pending"]


def test_strangers_leave_nothing(github: FakeGitHub, pull: FakePullRequest) -> None:
    """Without a token nothing is asked at all."""
    with opened(github, token=None) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        checks.finish(Conclusion.SUCCESS, OUTPUT)
    assert (github.requests, pull.check_runs) == ([], [])


def test_a_permission_that_is_taken_away_meanwhile_is_no_error(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks
) -> None:
    """What may not be written any more cannot be made up for, and nobody can do anything about it."""
    checks.begin(HEAD)
    github.add_token(TOKEN, checks=False)
    checks.finish(Conclusion.SUCCESS, OUTPUT)
    assert only(pull).conclusion == ""


def left(pull: FakePullRequest, head: str, number: int, **more: Any) -> CheckRun:  # noqa: ANN401 - a run's fields
    """A check run that a killed review left behind."""
    facts = {"app": LOGIN, "name": NAME, "external_id": "plumbline:0123", "status": "in_progress", **more}
    run = CheckRun(id=number, head_sha=head, started_at="2026-11-25T09:00:00Z", **facts)
    pull.repository.check_runs.append(run)
    return run


def test_what_a_killed_review_left_is_closed(github: FakeGitHub, pull: FakePullRequest, checks: Checks) -> None:
    """Check runs of our own that nobody will conclude are cancelled with a sentence; one look for each head."""
    runs = [left(pull, OLDER, 1), left(pull, OLDER, 2, status="queued"), left(pull, HEAD, 3)]
    checks.begin(HEAD)
    begun = len(github.requests)
    checks.close_left_behind([OLDER, HEAD, OLDER], HEAD)
    assert [(run.status, run.conclusion, run.title) for run in runs] == [
        ("completed", "cancelled", left_behind().title)
    ] * 3
    assert pull.check_runs[-1].status == "in_progress"
    looks = [f"GET /repos/acme/papers/commits/{head}/check-runs" for head in (OLDER, HEAD)]
    assert [each for each in requests(github)[begun:] if each.startswith("GET")] == looks
    assert len(github.requests) == begun + 5


Foreign = Callable[[FakePullRequest], CheckRun]
FOREIGN: dict[str, Foreign] = {
    "another App's": lambda pull: left(pull, OLDER, 1, app="other[bot]"),
    "a job of GitHub Actions": lambda pull: left(pull, OLDER, 1, app=LOGIN, external_id="8d3f-41"),
    "another name": lambda pull: left(pull, OLDER, 1, name="Lint"),
    "concluded": lambda pull: left(pull, OLDER, 1, status="completed", conclusion="success", completed_at=CLOCK),
    "begun after ours": lambda pull: left(pull, HEAD, 9_000_000_000),
    "on a head that was not named": lambda pull: left(pull, "b" * 40, 1),
}  # fmt: skip


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_left_behind_is_left_alone(
    github: FakeGitHub, pull: FakePullRequest, checks: Checks, foreign: Foreign
) -> None:
    """Others' check runs, concluded ones and newer ones stay as they are, and nothing is tried on them."""
    run = foreign(pull)
    before = (run.status, run.conclusion)
    checks.begin(HEAD)
    checks.close_left_behind([OLDER, HEAD], HEAD)
    assert (run.status, run.conclusion) == before
    assert requests(github)[2:] == [f"GET /repos/acme/papers/commits/{head}/check-runs" for head in (OLDER, HEAD)]


def test_closing_is_never_an_error(github: FakeGitHub, pull: FakePullRequest, checks: Checks) -> None:
    """A head that fails does not keep the next one from being looked at; without a check run nothing is asked."""
    run = left(pull, OLDER, 1)
    checks.close_left_behind([OLDER], HEAD)
    assert github.requests == []
    checks.begin(HEAD)
    checks.close_left_behind(["f" * 40, OLDER], HEAD)
    assert run.conclusion == "cancelled"


def test_a_lost_name_is_said(github: FakeGitHub, pull: FakePullRequest) -> None:
    """A repository's old name takes no writes, and the sentence says that it has moved."""
    github.rename("acme/papers", "acme/letters")
    with opened(github) as door:
        checks = Checks(door, "acme", "papers")
        checks.begin(HEAD)
        with pytest.raises(Rejected, match="has moved"):
            checks.finish(Conclusion.SUCCESS, OUTPUT)
    assert pull.check_runs == []
