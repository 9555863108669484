"""Webhook events: genuine or not, and what they ask for."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import Command, Verb
from bot.core.events import (
    Cancelled,
    Commanded,
    InstallationChanged,
    Nothing,
    Place,
    Pull,
    ReviewDue,
    Why,
    is_signed,
    read_event,
    signature_of,
)
from bot.errors import BadEvent

Json = dict[str, Any]
SAMPLES = sorted((Path(__file__).parents[2].parent / "shared" / "data" / "webhooks").glob("*.*.*.json"))
SLUG = "plumbline-acme"
HEAD = "a" * 40
PULL = Pull("acme/papers", 7, 12, 99)
REPOSITORY: Json = {"id": 7, "full_name": "acme/papers", "private": True}
ANN: Json = {"login": "ann", "type": "User"}
OURS: Json = {"login": f"{SLUG}[bot]", "type": "Bot"}


def event(action: str, **more: Any) -> bytes:  # noqa: ANN401 - parts of a payload
    about = {"repository": REPOSITORY, "installation": {"id": 99}, "sender": ANN}
    return json.dumps({"action": action, **about, **more}).encode()


def pull_request(action: str, **more: Any) -> bytes:  # noqa: ANN401 - parts of a payload
    pull = {"number": 12, "state": "open", "user": ANN, "head": {"sha": HEAD}, "title": "x"}
    return event(action, pull_request=pull, **more)


def comment(body: str, user: Json = ANN, action: str = "created", **more: Any) -> bytes:  # noqa: ANN401 - the same
    issue = {"number": 12, "state": "open", "user": ANN, "pull_request": {"url": "x"}}
    return event(action, comment={"id": 5, "body": body, "user": user}, issue=issue, **more)


@pytest.mark.parametrize(
    ("body", "intent"),
    [
        (pull_request("opened"), ReviewDue(PULL, Why.OPENED, HEAD)),
        (pull_request("reopened"), ReviewDue(PULL, Why.REOPENED, HEAD)),
        (pull_request("ready_for_review"), ReviewDue(PULL, Why.READY, HEAD)),
        (pull_request("synchronize"), ReviewDue(PULL, Why.PUSHED, HEAD)),
        (pull_request("edited", changes={"base": {"ref": {"from": "x"}}}), ReviewDue(PULL, Why.RETARGETED, HEAD)),
        (pull_request("edited", changes={"title": {"from": "x"}}), Nothing("nothing follows from pull_request edited")),
        (pull_request("labeled", label={"name": "Plumbline"}), ReviewDue(PULL, Why.LABELED, HEAD, by_hand=True)),
        (pull_request("labeled", label={"name": "bug"}), Nothing("nothing follows from pull_request labeled")),
        (pull_request("closed"), Cancelled(PULL)),
        (pull_request("assigned"), Nothing("nothing follows from pull_request assigned")),
        (pull_request("edited", sender=OURS, changes={"base": {}}), Nothing("it is our own doing")),
    ],
)
def test_pull_requests(body: bytes, intent: object) -> None:
    """What makes a review due, what ends one, and what nothing follows from."""
    assert read_event("pull_request", body, SLUG) == intent


def test_comments() -> None:
    """A command of a person, in the conversation or in a thread; nothing of bots, of issues, of talk, of edits."""
    said = read_event("issue_comment", comment("/pause"), SLUG)
    assert said == Commanded(
        PULL, Command(Verb.PAUSE), "ann", is_author_of_pull=True, place=Place.CONVERSATION, comment=5, opening=5
    )
    other = read_event("issue_comment", comment("/review", {"login": "bob", "type": "User"}), SLUG)
    assert isinstance(other, Commanded)
    assert not other.is_author_of_pull
    pull = {"number": 12, "user": ANN, "head": {"sha": HEAD}}
    thread = event(
        "created", pull_request=pull, comment={"id": 6, "body": "/dismiss no", "user": ANN, "in_reply_to_id": 4}
    )
    assert read_event("pull_request_review_comment", thread, SLUG) == Commanded(
        PULL,
        Command(Verb.DISMISS, reason="no"),
        "ann",
        is_author_of_pull=True,
        place=Place.THREAD,
        comment=6,
        opening=4,
    )
    for body in (
        comment("/review", OURS),
        comment("/review", {"login": "dependabot[bot]", "type": "Bot"}),
        comment("Thanks"),
        comment("/review", action="edited"),
        event("created", comment={"id": 5, "body": "/review", "user": ANN}, issue={"number": 12, "user": ANN}),
        event("created", comment={"id": 5, "body": None, "user": None}, issue={"number": 12, "pull_request": {}}),
    ):
        assert isinstance(read_event("issue_comment", body, SLUG), Nothing)


def test_threads_and_check_runs() -> None:
    """A thread that somebody else resolved; a check run of ours that is to run again."""
    pull = {"number": 12, "head": {"sha": HEAD}}
    assert read_event("pull_request_review_thread", event("resolved", pull_request=pull), SLUG) == ReviewDue(
        PULL, Why.SIGN
    )
    ours = event("resolved", pull_request=pull, sender=OURS)
    assert isinstance(read_event("pull_request_review_thread", ours, SLUG), Nothing)
    run = {"name": "Plumbline", "head_sha": HEAD, "app": {"slug": SLUG}, "pull_requests": [{"number": 12}]}
    again = read_event("check_run", event("rerequested", check_run=run), SLUG)
    assert again == ReviewDue(PULL, Why.RERUN, HEAD, by_hand=True, full=True)
    fork = {**run, "pull_requests": [], "external_id": "plumbline:0123456789abcdef:12"}
    button = event("requested_action", check_run=fork, requested_action={"identifier": "review"})
    assert read_event("check_run", button, SLUG) == ReviewDue(PULL, Why.RERUN, HEAD, by_hand=True)
    others: list[Json] = [{"app": {"slug": "other"}}, {"name": "build"}, {"pull_requests": []}, {"app": None}]
    for changed in others:
        body = event("rerequested", check_run={**run, **changed})
        assert isinstance(read_event("check_run", body, SLUG), Nothing)


def test_installations() -> None:
    """They come and go, with the repositories that they bring."""
    came = event("created", repositories=[{"full_name": "acme/papers"}])
    assert read_event("installation", came, SLUG) == InstallationChanged(99, gone=False, repositories=("acme/papers",))
    assert read_event("installation", event("deleted"), SLUG) == InstallationChanged(99, gone=True)
    added = event("added", repositories_added=[{"full_name": "acme/more"}], repositories_removed=[])
    assert read_event("installation_repositories", added, SLUG) == InstallationChanged(
        99, gone=False, repositories=("acme/more",)
    )
    assert isinstance(read_event("installation_repositories", event("removed"), SLUG), Nothing)
    assert isinstance(read_event("ping", b"{}", SLUG), Nothing)
    assert isinstance(read_event("star", b"nonsense", SLUG), Nothing)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "the body"),
        (b"nonsense", "the body"),
        (b"[]", "the body"),
        (b"{}", "action"),
        (pull_request("opened", repository={"id": "7", "full_name": "acme/papers"}), "repository.id"),
        (pull_request("opened", repository={"id": 7, "full_name": "../x/y"}), "repository.full_name"),
        (pull_request("opened").replace(HEAD.encode(), b"HEAD"), "pull_request.head.sha"),
        (pull_request("opened", installation={"id": None}), "installation.id"),
    ],
)
def test_what_is_no_event_is_told_in_a_sentence(body: bytes, place: str) -> None:
    """With the place that is wrong, and nothing of what stood there."""
    with pytest.raises(BadEvent) as caught:
        read_event("pull_request", body, SLUG)
    assert str(caught.value).startswith(f"The delivery has not the shape of its event: {place}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not SAMPLES, reason="the shared samples are not at hand")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_githubs_own_samples_are_read(sample: Path) -> None:
    """Each has the shape that we think it has."""
    name, action, _ = sample.stem.split(".")
    intent = read_event(name, sample.read_bytes(), SLUG)
    if name == "pull_request" and action in {"opened", "reopened", "synchronize", "ready_for_review"}:
        assert isinstance(intent, ReviewDue)
        assert intent.head
    if name == "pull_request" and action == "closed":
        assert isinstance(intent, Cancelled)


def test_signatures() -> None:
    """Only who knows the secret signs; without a secret nobody does. The example is GitHub's own."""
    body, secret = b"Hello, World!", b"It's a Secret to Everybody"
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature_of(body, secret) == signature
    assert is_signed(body, secret, signature)
    for wrong in (
        "",
        "sha256=",
        signature.upper(),
        signature[:-1] + "8",
        signature.removeprefix("sha256="),
        "sha256=é",
    ):
        assert not is_signed(body, secret, wrong)
    assert not is_signed(body + b" ", secret, signature)
    assert not is_signed(body, b"", signature_of(body, b""))


@given(st.sampled_from(["pull_request", "issue_comment", "check_run", "installation"]), st.binary(max_size=300))
def test_any_bytes_are_an_event_or_a_sentence(name: str, body: bytes) -> None:
    """Nothing else ever comes of them."""
    with contextlib.suppress(BadEvent):
        read_event(name, body, SLUG)
