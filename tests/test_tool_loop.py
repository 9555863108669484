"""The tool loop over a real socket: what it sends back, in which order, and where it ends."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clients.asking import connected
from bot.clients.chat import ChatEndpoint, ChatWire
from bot.clients.messages import Endpoint, MessagesWire
from bot.core.messages import UNHEARD, Listener, Reply
from bot.core.tool_turns import End
from bot.errors import Misuse, OutsideError
from bot.tool_loop import Bounds, Conversation, Tool, ToolLoop
from tests.fakes import chat
from tests.fakes.chat import FakeChat
from tests.fakes.messages import (
    USAGE,
    Answer,
    FakeMessages,
    MessageAnswer,
    Script,
    http_error,
    in_turn,
    refusal,
    text,
    truncated,
)

Json = dict[str, Any]
ENOUGH = "Answer now with what you have."
SCHEMA: Json = {
    "type": "object",
    "properties": {"path": {"type": "string"}},
    "required": ["path"],
    "additionalProperties": False,
}


def call(id_: str, path: object = "a.py", name: str = "read") -> Json:
    """A call of a tool."""
    return {"type": "tool_use", "id": id_, "name": name, "input": {"path": path}}


def calls(*blocks: Json, stop: str = "tool_use") -> MessageAnswer:
    """An answer that holds these blocks."""
    return MessageAnswer(blocks, stop)


@dataclass
class Talk:
    """What came of a conversation: its end or its error, what was sent, and which calls ran."""

    made: Conversation | None = None
    error: BaseException | None = None
    sent: list[Json] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    @property
    def whole(self) -> Conversation:
        """The conversation, which there has to be."""
        assert self.made is not None, self.error
        return self.made

    def results(self, request: int) -> list[Json]:
        """The last turn of a request."""
        content: list[Json] = self.sent[request]["messages"][-1]["content"]
        return content


def _read_of(talk: Talk, run: Callable[[Json], Awaitable[str]] | None) -> Tool:
    async def read(input_: Json) -> str:
        talk.ran.append(str(input_["path"]))
        return await run(input_) if run else f"text of {input_['path']}"

    return Tool("read", "Reads a file.", SCHEMA, read)


def body_of(tool: Tool) -> Json:
    return {
        "model": "claude-opus-4-6",
        "max_tokens": 1_000,
        "tools": [tool.declared],
        "messages": [{"role": "user", "content": "What does it do?"}],
    }


def talk(
    *answers: Answer,
    run: Callable[[Json], Awaitable[str]] | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008 - a frozen value
    clock: Iterator[float] | None = None,
    listener: Listener = UNHEARD,
    script: Script | None = None,
) -> Talk:
    """Talk with a model that gives these answers in turn."""
    done = Talk()
    tool = _read_of(done, run)

    async def story(url: str) -> None:
        wire = MessagesWire(Endpoint(url, SecretStr("made-up-key"), bearer=False))
        async with connected(wire, concurrency=2, ca_bundle=None) as asker:
            times = {"clock": lambda: next(clock)} if clock else {}
            loop = ToolLoop(asker, [tool], ENOUGH, bounds, **times)
            done.made = await loop.run(body_of(tool), listener)

    with FakeMessages(script or in_turn(*answers)) as fake:
        try:
            asyncio.run(story(fake.url))
        except OutsideError as error:
            done.error = error
        assert fake.problems == []
        done.sent = [received.body for received in fake.requests]
    return done


def test_an_answer_without_calls_is_the_end() -> None:
    """One request, and nothing is added to what was asked."""
    done = talk(text("It adds."))
    assert (done.whole.end, done.whole.answer.text, len(done.sent)) == (End.ANSWERED, "It adds.", 1)
    assert "tool_choice" not in done.sent[0]


def test_results_come_first_complete_and_in_order() -> None:
    """Both calls are answered in one turn, in their order, whichever ends first; the model's turn goes back whole."""

    async def run(input_: Json) -> str:
        await asyncio.sleep(0.05 if input_["path"] == "a.py" else 0)
        return str(input_["path"]).upper()

    said = {"type": "text", "text": "I look."}
    done = talk(calls(said, call("toolu_1", "a.py"), call("toolu_2", "b.py")), text("Fine."), run=run)
    assert done.sent[1]["messages"][:2] == [
        done.sent[0]["messages"][0],
        {"role": "assistant", "content": [said, call("toolu_1", "a.py"), call("toolu_2", "b.py")]},
    ]
    assert done.results(1) == [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "A.PY"},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": "B.PY"},
    ]
    assert done.whole.usage.total_input == 2 * USAGE["input_tokens"]


def test_calls_run_at_the_same_time() -> None:
    """Each waits for the other: one after the other they would never end."""
    started: list[asyncio.Event] = []

    async def run(_: Json) -> str:
        started.append(asyncio.Event())
        if len(started) > 1:
            started[0].set()
        await started[0].wait()
        return "both"

    done = talk(calls(call("toolu_1"), call("toolu_2")), text("Fine."), run=run, bounds=Bounds(seconds=5))
    assert [each["content"] for each in done.results(1)] == ["both", "both"]


async def _misuse(_: Json) -> str:
    raise Misuse("There is no file a.py; name one of the change.")


async def _broken(_: Json) -> str:
    raise KeyError("secret words of a library")


async def _empty(_: Json) -> str:
    return ""


@pytest.mark.parametrize(
    ("asked", "run", "content"),
    [
        (call("t", name="delete"), None, "There is no tool 'delete'; there is read."),
        (call("t", 7), None, "The call does not fit the tool: path is not of type string; call it again with"),
        (call("t"), _misuse, "There is no file a.py; name one of the change."),
        (call("t"), _broken, "The tool failed (KeyError); go on without it."),
    ],
)
def test_what_goes_wrong_goes_back_as_an_error(
    asked: Json, run: Callable[[Json], Awaitable[str]] | None, content: str
) -> None:
    """In a sentence; of an unknown fault only its kind is told."""
    done = talk(calls(asked), text("Fine."), run=run)
    (result,) = done.results(1)
    assert result["is_error"] is True
    assert result["content"].startswith(content)
    assert done.whole.end is End.ANSWERED
    assert run or done.ran == []


def test_a_result_is_never_empty() -> None:
    """The API takes no empty result for an answer."""
    assert talk(calls(call("t")), text("Fine."), run=_empty).results(1)[0]["content"] == "(nothing)"


def test_input_that_cannot_be_parsed_is_never_run() -> None:
    """A call whose input was cut goes back without it, and its result tells so."""
    broken = {"type": "tool_use", "id": "t", "name": "read", "input": {}}

    def script(body: Json) -> Answer:
        return calls(broken) if len(body["messages"]) == 1 else text("Fine.")

    done = talk(script=script)
    assert done.ran == []
    assert done.results(1)[0]["content"].startswith("The call does not fit the tool: the input lacks path")


def test_ids_that_are_empty_or_doubled_are_told_apart() -> None:
    """Every result has the id of its call, and no id stands twice."""
    done = talk(calls(call(""), call("x"), call("x"), call("odd id!")), calls(call("x")), text("Fine."))
    turns = [turn for turn in done.sent[2]["messages"] if turn["role"] == "assistant"]
    ids = [block["id"] for turn in turns for block in turn["content"]]
    assert len({*ids}) == 5
    assert [each["tool_use_id"] for each in done.results(1)] == ids[:4]
    assert [each["tool_use_id"] for each in done.results(2)] == ids[4:]


THINKING: Json = {"type": "thinking", "thinking": "Let me look at it …", "signature": "c2lnbmVk"}
HIDDEN: Json = {"type": "redacted_thinking", "data": "aGlkZGVu"}


def test_thinking_goes_back_as_it_came() -> None:
    """To the byte, in its place: the API refuses anything else."""
    done = talk(calls(THINKING, HIDDEN, call("t")), text("Fine."))
    assert done.sent[1]["messages"][1]["content"] == [THINKING, HIDDEN, call("t")]


@pytest.mark.parametrize(
    ("bounds", "end", "requests"),
    [
        (Bounds(turns=2), End.TURNS, 3),
        (Bounds(tokens=2 * (USAGE["input_tokens"] + USAGE["output_tokens"])), End.TOKENS, 2),
        (Bounds(results=12), End.RESULTS, 2),
    ],
)
def test_a_bound_asks_for_the_answer(bounds: Bounds, end: End, requests: int) -> None:
    """The last request admits no call, and says so behind the results; a call all the same is not run."""
    done = talk(calls(call("t")), bounds=bounds)
    assert (done.whole.end, len(done.sent)) == (end, requests)
    assert done.sent[-1]["tool_choice"] == {"type": "none"}
    assert done.results(-1)[-1] == {"type": "text", "text": ENOUGH}
    assert all("tool_choice" not in body for body in done.sent[:-1])
    assert len(done.ran) == requests - 1


def test_time_is_bounded() -> None:
    """A tool that takes too long is stopped and told of; what is asked for then is the answer."""
    stopped: list[str] = []

    async def run(_: Json) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.append("stopped")
            raise
        return "late"

    done = talk(calls(call("t")), text("Fine."), run=run, bounds=Bounds(seconds=0.1))
    assert stopped == ["stopped"]
    assert done.results(1)[0]["content"] == "This took too long and was stopped."
    assert done.whole.end is End.SECONDS


def test_long_results_are_cut_and_say_so() -> None:
    """One result, and all together; what has no room is told of."""

    async def run(_: Json) -> str:
        return "x" * 100

    done = talk(calls(call("1"), call("2"), call("3")), text("Fine."), run=run, bounds=Bounds(result=60, results=80))
    contents = [each["content"] for each in done.results(1) if each["type"] == "tool_result"]
    assert contents[0] == "x" * 60 + "\n[cut here: 60 of 100 characters are shown]"
    assert contents[1] == "x" * 20 + "\n[cut here: 20 of 100 characters are shown]"
    assert contents[2] == "There is no room for this result; answer with what you have."


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (truncated("read", {"path": "a.py"}), End.CUT_OFF),
        (calls({"type": "text", "text": "Half"}, stop="pause_turn"), End.CUT_OFF),
        (refusal(), End.REFUSED),
    ],
)
def test_what_breaks_off_is_the_end(answer: MessageAnswer, end: End) -> None:
    """Its calls are not run: the last of them may be half."""
    done = talk(calls(call("t")), answer)
    assert (done.whole.end, len(done.sent)) == (end, 2)
    assert done.ran == ["a.py"]


def test_a_failure_is_raised() -> None:
    """What came before it was told as it came."""
    done = talk(calls(call("t")), http_error(400, "invalid_request_error", "odd"))
    assert isinstance(done.error, OutsideError)
    assert done.ran == ["a.py"]


def test_the_listener_hears_words_alone() -> None:
    """The input of tools is nothing that a person wants to read."""
    heard: list[str] = []
    done = talk(
        calls({"type": "text", "text": "I look."}, call("t")), text("It adds."), listener=Listener(wrote=heard.append)
    )
    assert "".join(heard) == "I look.It adds."
    assert done.whole.end is End.ANSWERED


def test_who_stops_waiting_stops_the_tools() -> None:
    """Nothing goes on behind the back of a caller that went away."""
    stopped: list[str] = []

    async def run(_: Json) -> str:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append("stopped")
        return ""

    tool = Tool("read", "Reads.", SCHEMA, run)

    async def story(url: str) -> None:
        wire = MessagesWire(Endpoint(url, SecretStr("made-up-key"), bearer=False))
        async with connected(wire, concurrency=2, ca_bundle=None) as asker:
            task = asyncio.create_task(ToolLoop(asker, [tool], ENOUGH).run(body_of(tool)))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with FakeMessages(in_turn(calls(call("t")))) as fake:
        asyncio.run(story(fake.url))
    assert stopped == ["stopped"]


@pytest.mark.parametrize("stream", [True, False])
def test_the_same_through_chat_completions(stream: bool) -> None:
    """Calls become results under their ids there, too."""
    ran = Talk()
    tool = _read_of(ran, None)
    script = chat.in_turn(chat.call("read", {"path": "a.py"}), chat.words("It adds."))
    replies: list[Reply] = []

    async def story(url: str) -> Conversation:
        wire = ChatWire(ChatEndpoint(url, stream=stream))
        async with connected(wire, concurrency=2, ca_bundle=None) as asker:
            return await ToolLoop(asker, [tool], ENOUGH).run(body_of(tool), heard=replies.append)

    with FakeChat(script) as fake:
        made = asyncio.run(story(fake.url))
        assert fake.problems == []
        messages = fake.requests[1].body["messages"]
    assert made.answer.text == "It adds."
    assert made.replies == tuple(replies)
    assert [each["role"] for each in messages] == ["user", "assistant", "tool"]
    assert messages[2]["content"] == "text of a.py"
    assert messages[2]["tool_call_id"] == messages[1]["tool_calls"][0]["id"]


def test_an_endpoint_that_counts_nothing_is_bounded_all_the_same() -> None:
    """What nobody counted is estimated by its size."""
    ran = Talk()

    async def run(_: Json) -> str:
        return "word " * 2_000

    tool = _read_of(ran, run)
    script = chat.in_turn(chat.ChatAnswer(None, (("read", json.dumps({"path": "a.py"})),), finish="tool_calls"))

    async def story(url: str) -> Conversation:
        async with connected(ChatWire(ChatEndpoint(url)), concurrency=2, ca_bundle=None) as asker:
            return await ToolLoop(asker, [tool], ENOUGH, Bounds(tokens=20_000)).run(body_of(tool))

    with FakeChat(script) as fake:
        made = asyncio.run(story(fake.url))
    assert made.end is End.TOKENS
    assert 2 <= len(ran.ran) <= 4


def test_a_clock_that_has_run_out_leaves_no_room_for_calls() -> None:
    """The model's time counts as well: what it calls then is answered, not run."""
    clock: Sequence[float] = (0.0, 400.0)
    done = talk(
        calls(call("t")), text("Fine."), clock=iter(itertools.chain(clock, itertools.repeat(400.0))), bounds=Bounds()
    )
    assert done.ran == []
    assert done.results(1)[0]["is_error"] is True
    assert done.whole.end is End.SECONDS
