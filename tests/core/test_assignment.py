"""What a run of the Action is to do: every event has an answer, and no input or payload brings it down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.assignment import INPUTS, Inputs, Mode, Skip, Sweep, Target, assign, read_inputs
from bot.core.commands import Verb
from bot.core.events import Commanded
from bot.core.models import Severity
from bot.errors import Misuse
from tests.repository import CHECKOUT

SHARED = CHECKOUT.parent / "shared" / "data" / "webhooks"
# workflow_dispatch says nothing without an input; the index is none of them.
PAYLOADS = sorted(path for path in SHARED.glob("*.*.json") if not path.stem.startswith("workflow_dispatch"))
EVENTS = (
    "pull_request",
    "pull_request_target",
    "issue_comment",
    "pull_request_review_comment",
    "workflow_dispatch",
    "workflow_run",
    "schedule",
    "push",
    "merge_group",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["action", "pull_request", "number", "head", "workflow_run", "event"]), inner)
    ),
    max_leaves=12,
)


@given(st.sampled_from(EVENTS), JSON.map(json.dumps) | st.text(max_size=30))
def test_whatever_the_file_says(event: str, payload: str) -> None:
    """There is something to do, or a reason why not, or a sentence about what is wrong with it."""
    try:
        assigned: object = assign(event, payload.encode("utf-8", "replace"), Inputs(), "acme/papers")
    except Misuse as error:
        assigned = Skip(str(error))
        assert assigned.why.endswith(".")
    assert isinstance(assigned, Target | Commanded | Sweep | Skip)


@given(st.dictionaries(st.sampled_from(INPUTS) | st.text(max_size=12), st.text(max_size=20), max_size=6))
def test_whatever_the_inputs_say(given_: dict[str, str]) -> None:
    """They are read, or refused in one sentence that names the input."""
    try:
        read_inputs(given_)
    except Misuse as error:
        sentence = str(error)
        ends = (sentence.endswith("."), "input" in sentence, "\n" in sentence)
        assert ends == (True, True, False)


@pytest.mark.skipif(not SHARED.exists(), reason="GitHub's own payloads are not here")
@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_real_payloads(path: Path) -> None:
    """Those of GitHub are understood, by the event that their file names."""
    event, action, _ = path.stem.split(".") if path.stem.count(".") == 2 else (path.stem, "", "")
    assigned = assign(event, path.read_bytes(), Inputs(), "octocat/hello")
    reviewed = {"opened", "reopened", "synchronize", "ready_for_review"}
    if event == "pull_request" and action in reviewed:
        assert isinstance(assigned, Target)
        assert not assigned.by_hand
    elif event in {"pull_request", "issue_comment", "pull_request_review_comment"}:
        assert isinstance(assigned, Skip | Target | Commanded)
    else:
        assert isinstance(assigned, Skip)


def pull(head: str | None, *, sender: str = "ann", action: str = "opened") -> bytes:
    repo = {"full_name": head} if head else None
    ends = {"head": {"sha": "a" * 40, "repo": repo}, "base": {"sha": "b" * 40, "repo": {"full_name": "Acme/Papers"}}}
    return json.dumps(
        {
            "action": action,
            "pull_request": {"number": 12, **ends},
            "repository": {"id": 7, "full_name": "Acme/Papers"},
            "sender": {"login": sender},
            "label": {"name": "plumbline"},
        }
    ).encode()


@pytest.mark.parametrize(
    ("head", "sender", "foreign"),
    [
        ("acme/papers", "ann", False),
        ("mallory/papers", "mallory", True),
        (None, "ghost", True),
        ("acme/papers", "dependabot[bot]", True),
    ],
)
def test_who_gets_no_secrets(head: str | None, sender: str, foreign: bool) -> None:
    """Forks, also one that is gone, and Dependabot."""
    assert assign("pull_request", pull(head, sender=sender), Inputs(), "acme/papers") == Target(12, foreign=foreign)


def test_the_label_is_a_wish() -> None:
    """No gate holds then; and what was closed needs nothing."""
    labeled = assign("pull_request", pull("acme/papers", action="labeled"), Inputs(), "acme/papers")
    assert labeled == Target(12, by_hand=True)
    closed = assign("pull_request", pull("acme/papers", action="closed"), Inputs(), "acme/papers")
    assert closed == Skip("the pull request was closed")


@pytest.mark.parametrize("odd", ["a fork", 5, {"full_name": 7}])
def test_an_odd_fork_is_told_in_a_sentence(odd: object) -> None:
    """What GitHub never writes is no defect of ours either."""
    event = json.loads(pull("acme/papers"))
    event["pull_request"]["head"]["repo"] = odd
    with pytest.raises(Misuse, match="has not the shape of its event"):
        assign("pull_request", json.dumps(event).encode(), Inputs(), "acme/papers")


def test_a_named_pull_request() -> None:
    """By its number it is the workflow's repository's; any event may name one."""
    for event in ("workflow_dispatch", "push", "schedule", "repository_dispatch"):
        named = assign(event, b"{}", Inputs(pull_request="#12"), "acme/papers")
        assert named == Target(12, by_hand=True, repository="acme/papers")
    elsewhere = assign("push", b"{}", Inputs(pull_request="bob/shop#3"), "acme/papers")
    assert elsewhere == Target(3, by_hand=True, repository="bob/shop")


def test_what_is_given_is_what_is_read() -> None:
    """Each input that says what to do."""
    read = read_inputs(
        {
            "mode": " Describe ",
            "pull-request": " 12 ",
            "post": "FALSE",
            "commands": "true",
            "fail-on": "high",
            "fail-on-incomplete": "true",
            "config": "severity: high",
            "change": "change",
        }
    )
    assert read == Inputs(
        Mode.DESCRIBE,
        "12",
        post=False,
        commands=True,
        fail_on="high",
        fail_on_incomplete=True,
        config={"threshold": Severity.HIGH},
        change="change",
    )
    assert read_inputs({}) == Inputs()


def test_a_command_is_one_by_the_name_of_the_action() -> None:
    """People mention it by its name, for it has no account."""
    event = {
        "action": "created",
        "issue": {"number": 12, "pull_request": {}, "user": {"login": "ann"}},
        "comment": {"id": 5, "body": "@plumbline review full", "user": {"login": "ann", "type": "User"}},
        "repository": {"id": 7, "full_name": "acme/papers"},
    }
    commanded = assign("issue_comment", json.dumps(event).encode(), Inputs(), "acme/papers")
    assert isinstance(commanded, Commanded)
    assert (commanded.command.verb, commanded.command.full, commanded.is_author_of_pull) == (Verb.REVIEW, True, True)
