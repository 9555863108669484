"""Images in a review: asked about apart from the lines, accounted for truly, and only where they are to be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import reviewer
from bot.clients.analyzers import EmbeddedAnalyzers
from bot.clients.asking import connected
from bot.clients.messages import Endpoint, MessagesWire
from bot.clients.pictures import ChangedFiles, Pictures, RecordedPictures
from bot.clients.record import Record, RecordedAnalyzers, RecordedChange, Remembered, Replayed
from bot.clients.source import LocalRange, Repository
from bot.core.ledger import Reason
from bot.core.outcome import Ending
from bot.core.policy import Policy
from bot.core.rendering.document import document
from bot.core.rendering.markdown import markdown
from bot.core.rendering.words import headline
from bot.core.review import Review
from bot.core.selection import Filters
from bot.progress import Progress
from tests.fakes.messages import Answer, FakeMessages, Json, Script, refusal, text, tool
from tests.pictures import image
from tests.repository import TestRepository
from tests.scripted_reviewer import ScriptedReviewer

POLICY = Policy("claude-opus-4-6")
LOGO: Mapping[str, str | bytes | None] = {"logo.png": image(60, 40)}
MIXED: Mapping[str, str | bytes | None] = {**LOGO, "a.py": "x = 1\n"}
SEEN: Json = {
    "path": "logo.png",
    "side": "RIGHT",
    "start_line": 1,
    "line": 1,
    "quote": "",
    "scenario": "the page is opened, the visitor sees a grey box",
    "body": "The picture is a placeholder.",
    "title": "The logo is a placeholder",
    "category": "correctness",
    "severity": "high",
    "confidence": 0.9,
    "suggestion": None,
}
REPORT: Json = {
    "files": [{"path": "logo.png", "summary": "a new logo"}],
    "standing": [],
    "findings": [SEEN],
    "overview": None,
}
LINES = ScriptedReviewer()


def shows_images(body: Json) -> bool:
    return any(block["type"] == "image" for block in body["messages"][2]["content"])


def looking(answer: Answer) -> Script:
    """A model that answers about images with this, and well about lines."""
    return lambda body: answer if shows_images(body) else LINES(body)


GOOD = looking(tool("report_review", REPORT))


def source(tmp_path: Path, files: Mapping[str, str | bytes | None]) -> LocalRange:
    made = TestRepository(tmp_path / "repo")
    made.commit({"b.txt": "b\n"})
    made.branch("work")
    made.commit(files)
    found = Repository.find(made.root)
    assert found is not None
    return LocalRange(found, "main")


def reviewed(
    local: LocalRange, script: Script, policy: Policy = POLICY, *, on: bool = True, keep: Path | None = None
) -> tuple[Review, list[Json]]:
    """A review, and the requests that it took."""

    async def run(fake: FakeMessages) -> Review:
        wire = MessagesWire(Endpoint(fake.url, SecretStr("made-up-key"), bearer=False))
        async with connected(wire, concurrency=4, ca_bundle=None) as asker:
            record = Record(keep, version="1", prompts="2") if keep else None
            if record:
                record.prepare()
            model = Remembered(asker, record, worth=lambda *_: True) if record else asker
            pictures = Pictures(ChangedFiles(local.repository)) if on else None
            watch = Progress(None, policy.price)
            ports = reviewer.Ports(local, EmbeddedAnalyzers(), model, watch, record, pictures=pictures)
            return await reviewer.review(ports, reviewer.Wish(policy))

    with FakeMessages(script) as fake:
        review = asyncio.run(run(fake))
        assert fake.problems == []
        return review, [received.body for received in fake.requests]


def reasons(review: Review) -> dict[str, Reason]:
    return {review.diff.files[entry.file].path: entry.reason for entry in review.ledger.entries}


def test_a_changed_image_is_looked_at_and_its_finding_is_told(tmp_path: Path) -> None:
    """One request for the lines, one for the images; the ledger, the table and the sum say so."""
    review, requests = reviewed(source(tmp_path, MIXED), GOOD)
    assert sorted(map(shows_images, requests)) == [False, True]
    assert reasons(review) == {"a.py": Reason.ANSWERED, "logo.png": Reason.LOOKED_AT}
    assert review.outcome.ending is Ending.COMPLETE
    assert headline(review) == "1 finding · the changed line reviewed, 1 image looked at"
    (found,) = review.unplaced
    assert (found.finding.location.path, found.finding.title) == ("logo.png", "The logo is a placeholder")
    shown = markdown(review)
    assert "it was seen in an image" in shown
    assert "a new logo; looked at as an image" in shown
    assert (review.requests, review.plan.estimate.requests) == (2, 2)


def test_a_change_of_images_alone_is_reviewed(tmp_path: Path) -> None:
    """It has no changed lines, and it was looked at all the same."""
    review, requests = reviewed(source(tmp_path, LOGO), GOOD)
    assert len(requests) == 1
    assert review.outcome.ending is Ending.COMPLETE
    assert headline(review) == "1 finding · 1 image looked at"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(refusal(), Reason.REFUSED), (text("I see a logo."), Reason.INVALID_ANSWER)],
)
def test_an_image_that_was_not_answered_for_is_never_clean(tmp_path: Path, answer: Answer, reason: Reason) -> None:
    """The lines are complete, the review is not; without any line it failed."""
    review, _ = reviewed(source(tmp_path / "one", MIXED), looking(answer))
    assert reasons(review)["logo.png"] is reason
    assert review.outcome.ending is Ending.PARTIAL
    assert headline(review) == f"no findings · 1 of 1 changed line reviewed, 1 image not ({reason})"
    assert review.failures
    alone, _ = reviewed(source(tmp_path / "two", LOGO), looking(answer))
    assert alone.outcome.ending is Ending.FAILED


def test_what_the_money_does_not_reach_is_left_out(tmp_path: Path) -> None:
    """Lines come first; the image is left out over the cost cap, and nothing is asked about it."""
    local = source(tmp_path, MIXED)
    lines, _ = reviewed(local, GOOD, on=False)
    review, requests = reviewed(local, GOOD, replace(POLICY, max_cost=lines.plan.estimate.dollars + 0.001))
    assert reasons(review) == {"a.py": Reason.ANSWERED, "logo.png": Reason.COST}
    assert not any(map(shows_images, requests))
    assert review.outcome.ending is Ending.PARTIAL


@pytest.mark.parametrize(
    ("policy", "on"),
    [
        (POLICY, False),
        (replace(POLICY, model="llama-3"), True),
        (replace(POLICY, filters=Filters(exclude=("*.png",))), True),
    ],
)
def test_nothing_is_shown_where_it_is_not_to_be(tmp_path: Path, policy: Policy, on: bool) -> None:
    """Switched off, with a model that is not known to see, or filtered out: a binary file, as ever."""
    review, requests = reviewed(source(tmp_path, MIXED), GOOD, policy, on=on)
    assert not any(map(shows_images, requests))
    assert reasons(review)["logo.png"] is Reason.BINARY
    assert review.outcome.ending is Ending.COMPLETE


def test_a_review_with_images_is_made_again_to_the_byte(tmp_path: Path) -> None:
    """The images are kept as they were sent, so each request finds its answer."""
    review, _ = reviewed(source(tmp_path, MIXED), GOOD, keep=tmp_path / "kept")
    record = Record(tmp_path / "kept", version="1", prompts="2")
    inputs = record.inputs()
    ports = reviewer.Ports(
        RecordedChange(inputs),
        RecordedAnalyzers(inputs),
        Replayed(record),
        Progress(None, POLICY.price),
        pictures=RecordedPictures(inputs.pictures),
    )
    again = asyncio.run(reviewer.replay(ports, inputs))
    assert json.loads(document(again)) == json.loads(document(review))
