"""Kept reviews: answers are written before they are used, taken again, and replayed as they were."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.clients.record import Record, Remembered, Replayed, sweep
from bot.core.analysis import AnalyzerNote, AnalyzerReport, Hit, Run
from bot.core.change import Change, Contents
from bot.core.messages import UNHEARD, Listener, Reply, Request, StopReason, TextBlock, ToolUse, Usage
from bot.core.policy import Policy
from bot.core.pull_request import Branch, Commit, PullRequest, PullRequestState
from bot.core.review import Inputs
from bot.core.selection import Filters
from bot.errors import Misuse, OutsideError, Rejected, Transient

REQUEST = Request({"model": "m", "messages": [{"role": "user", "content": "ünï \u2028"}]})
REPLY = Reply(
    (TextBlock("so"), ToolUse("t", "n", {"a": [1, None]})), StopReason.TOOL_USE, Usage(1, 2, 3, 4, 5), "m", "id"
)
PULL = PullRequest(
    repository="acme/papers",
    repository_id=7,
    number=214,
    url="https://github.com/acme/papers/pull/214",
    title="T",
    body="B",
    author="alice",
    association="NONE",
    state=PullRequestState.OPEN,
    draft=False,
    labels=("x",),
    base=Branch("b" * 40, "main", "acme/papers"),
    head=Branch("a" * 40, "work", ""),
    fork=True,
    merge_base="c" * 40,
    commits=(Commit("a" * 40, "Do it"),),
)
INPUTS = Inputs(
    policy=Policy("m", Filters(("*.py",), ("docs/",)), chunk_tokens=5_000, post=True),
    change=Change(b"\xff\x00patch", "acme/papers#214", "c" * 40, "a" * 40, PULL, frozenset({"big"}), frozenset(), 3),
    contents={0: Contents(b"\x80", None), 4: Contents(None, b"")},
    attributes={".gitattributes": "* text"},
    report=AnalyzerReport({0: [Hit("ruff", "F821", 1, 2, "m")]}, {}, (AnalyzerNote("ruff", Run.RAN, 1),)),
    asked=True,
)


@dataclass
class Model:
    """Answers in turn, and counts."""

    answers: list[Reply | OutsideError]
    asked: list[Request] = field(default_factory=list)

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request."""
        self.asked.append(request)
        listener.begun()
        answer = self.answers.pop(0)
        if isinstance(answer, OutsideError):
            raise answer
        return answer


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """A folder of our own."""
    made = Record(tmp_path / "kept", version="1", prompts="p")
    made.prepare()
    return made


def ask(model: Remembered | Replayed, request: Request = REQUEST) -> Reply:
    return asyncio.run(model.ask(request))


def test_an_answer_is_kept_and_taken_again(record: Record) -> None:
    """The second time nobody is asked, and the reply is equal."""
    model = Model([REPLY])
    remembered = Remembered(model, record, worth=lambda *_: True)
    assert ask(remembered) == REPLY
    again = Remembered(model, record, worth=lambda *_: True)
    begun: list[bool] = []
    assert asyncio.run(again.ask(REQUEST, Listener(begun=lambda: begun.append(True)))) == REPLY
    assert (len(model.asked), again.taken, begun) == (1, 1, [True])


def test_fresh_and_worthless_answers_are_asked_for_again(record: Record) -> None:
    """What was of no use, and what is to be fresh, is not taken from before."""
    model = Model([REPLY, REPLY, REPLY])
    for remembered in (
        Remembered(model, record, worth=lambda *_: True),
        Remembered(model, record, worth=lambda *_: True, fresh=True),
        Remembered(model, record, worth=lambda *_: False),
    ):
        ask(remembered)
        assert remembered.taken == 0
    assert len(model.asked) == 3


ERRORS = [
    Rejected("No.", status=401, kind="authentication_error", request_id="r", attempts=1, stops_all=True),
    Transient("Later.", status=529, kind="overloaded_error", attempts=4),
]


@pytest.mark.parametrize("error", ERRORS)
def test_a_failure_is_replayed_and_not_taken(record: Record, error: OutsideError) -> None:
    """A replay fails as the review did; a review that goes on asks again."""
    model = Model([error, REPLY])
    with pytest.raises(type(error)):
        ask(Remembered(model, record, worth=lambda *_: True))
    with pytest.raises(type(error)) as caught:
        ask(Replayed(record))
    assert str(caught.value) == str(error)
    assert (caught.value.status, caught.value.kind, caught.value.attempts) == (error.status, error.kind, error.attempts)
    assert ask(Remembered(model, record, worth=lambda *_: True)) == REPLY


def test_a_replay_invents_nothing(record: Record) -> None:
    """A request that was never asked has no answer."""
    with pytest.raises(Misuse, match="holds no answer to one of the requests"):
        ask(Replayed(record))


def test_a_half_written_answer_is_none(record: Record) -> None:
    """What is no whole answer is asked for again."""
    model = Model([REPLY, REPLY])
    ask(Remembered(model, record, worth=lambda *_: True))
    (kept,) = (record.folder / "replies").iterdir()
    kept.write_bytes(kept.read_bytes()[:40])
    assert ask(Remembered(model, record, worth=lambda *_: True)) == REPLY
    assert len(model.asked) == 2


def test_inputs_come_back_equal(record: Record) -> None:
    """Bytes that are no text, commits, files, reports: all of it."""
    record.keep(INPUTS)
    assert record.inputs() == INPUTS


def test_inputs_of_other_prompts_are_refused(record: Record) -> None:
    """Another version would ask other things: the sentence names both."""
    record.keep(INPUTS)
    with pytest.raises(Misuse, match="was made by version 1 with prompts p; replay it with those, this is version 2"):
        Record(record.folder, version="2", prompts="q").inputs()


def test_a_folder_without_a_review_is_said(tmp_path: Path, record: Record) -> None:
    """Nothing there, an unfinished one, and a broken one have a sentence each."""
    with pytest.raises(Misuse, match="holds no finished review"):
        Record(tmp_path / "nowhere", version="1", prompts="p").inputs()
    with pytest.raises(Misuse, match="holds no finished review"):
        record.inputs()
    (record.folder / "inputs.json").write_text("{}")
    with pytest.raises(Misuse, match="cannot be read; it was kept by another version"):
        record.inputs()


def test_the_folder_is_the_owners_only(record: Record) -> None:
    """What is kept is the change as it is: nobody else may read it."""
    assert stat.S_IMODE(record.folder.stat().st_mode) == 0o700


def test_only_our_own_old_folders_are_swept(tmp_path: Path) -> None:
    """A folder without our mark stays, however old; so does a young one."""
    for name in ("old", "young"):
        Record(tmp_path / name, version="1", prompts="p").prepare()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("x")
    for path in (tmp_path / "old" / "plumbline-record", tmp_path / "thesis" / "chapter", tmp_path / "thesis"):
        os.utime(path, (1, 1))
    sweep(tmp_path, 1_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis", "young"]
    sweep(tmp_path / "nowhere", 1_000)
