"""Chat Completions over real HTTP: what is sent, what counts as an answer, and that the vendor's client agrees."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.clients.answers import Answer, Incomplete, Reported, Result, Unusable
from bot.clients.asking import Asker, Limits
from bot.clients.budget import RetryBudget
from bot.clients.chat import ChatEndpoint, ChatWire
from bot.clients.chat_assembly import ChatFormat
from bot.clients.pressure import Pressure
from bot.clients.retry import Retry
from bot.core.messages import NO_USAGE, UNHEARD, Listener, Reply, Request, StopReason, TextBlock, ToolUse, Usage
from bot.errors import Misuse, OutsideError, Rejected, Transient
from tests.fakes.chat import (
    USAGE,
    ChatAnswer,
    FakeChat,
    call,
    chunks_of,
    completion_of,
    frame,
    in_turn,
    refused,
    stream_of,
    words,
)

Json = dict[str, Any]
KEY = "made-up-key-that-nobody-has"
REPORT: Json = {"name": "report", "input_schema": {"type": "object"}, "strict": True}
REQUEST = Request(
    {
        "model": "some-model",
        "max_tokens": 100,
        "system": "Be strict.",
        "tools": [REPORT],
        "tool_choice": {"type": "tool", "name": "report", "disable_parallel_tool_use": True},
        "messages": [{"role": "user", "content": "Look at this: ä\u2028😀"}],
    }
)
FINDINGS = {"findings": [{"title": 'a "quoted"\u2028 😀 one', "line": 3}]}


async def _noop(_: float) -> None:
    """Waits for nothing."""


async def opened(at: ChatEndpoint, request: Request, listener: Listener = UNHEARD) -> Reply:
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as http:
        limits = Limits(5, 5, Retry(sleep=_noop))
        return await Asker(http, ChatWire(at), Pressure(2), RetryBudget(9), limits).ask(request, listener)


def ask(url: str, *, stream: bool = True, key: str = KEY, request: Request = REQUEST) -> Reply:
    return asyncio.run(opened(ChatEndpoint(url, SecretStr(key) if key else None, stream), request))


def failure(url: str) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        ask(url)
    assert KEY not in str(caught.value)
    return caught.value


def result_of(media_type: str, *chunks: bytes) -> Result:
    answer = Answer(media_type, ChatFormat())
    for chunk in chunks:
        answer.feed(chunk)
    return answer.result()


def streamed(*chunks: Json, end: bytes = b"data: [DONE]\n\n") -> Result:
    return result_of("text/event-stream", b"".join(map(frame, chunks)) + end)


def delta(finish: str | None = None, **fields: object) -> Json:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


# --- The request ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("http://host", "/v1/chat/completions"),
        ("http://host/", "/v1/chat/completions"),
        ("http://host/v1", "/v1/chat/completions"),
        ("http://host/v1/", "/v1/chat/completions"),
        ("http://host/v1/chat/completions", "/v1/chat/completions"),
        ("http://host/openai", "/openai/v1/chat/completions"),
        ("http://host/v1beta/openai", "/v1beta/openai/chat/completions"),
        ("http://host/api/v3", "/api/v3/chat/completions"),
    ],
)
def test_the_address(base: str, path: str) -> None:
    """One version and one path, however the address was written; a path that names its version keeps it."""
    assert ChatEndpoint(base).url.path == path


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("key", [KEY, ""])
def test_what_is_sent(stream: bool, key: str) -> None:
    """A bearer token where there is a key, none for a local server; a request that the vendor's types admit."""
    with FakeChat(in_turn(call("report", FINDINGS))) as fake:
        ask(fake.url, stream=stream, key=key)
        received = fake.requests[0]
    assert fake.problems == []
    assert received.headers.get("authorization", "") == (f"Bearer {KEY}" if key else "")
    assert received.body.get("stream", False) is stream
    assert received.body["messages"][0] == {"role": "system", "content": "Be strict."}


def test_openai_itself_has_another_word_for_the_limit() -> None:
    """Its newer models refuse the old one; all others know only that."""
    for base, name in (("https://api.openai.com/v1", "max_completion_tokens"), ("http://host", "max_tokens")):
        assert json.loads(ChatWire(ChatEndpoint(base)).content(REQUEST))[name] == 100


@pytest.mark.parametrize(
    ("base", "key", "sentence"),
    [
        ("host:80", KEY, "OPENAI_BASE_URL is no web address; write it as https://HOST or https://HOST/PATH."),
        (
            "http://x:y@host",
            KEY,
            "OPENAI_BASE_URL holds a user name or password; remove it and give the key by itself.",
        ),
        ("http://host", "a b", "OPENAI_API_KEY holds blanks or characters that no key has; copy the key again."),
    ],
)
def test_an_unusable_endpoint(base: str, key: str, sentence: str) -> None:
    """Nothing is sent; the sentence names the variable."""
    with pytest.raises(Misuse) as caught:
        ChatWire(ChatEndpoint(base, SecretStr(key)))
    assert str(caught.value) == sentence


# --- The answer -----------------------------------------------------------------------------------------------------

COUNTED = Usage(input_tokens=70, cache_read=30, output_tokens=20)
ANSWERS = {
    "words": (words("fine ä\u2028\x85"), Reply((TextBlock("fine ä\u2028\x85"),), StopReason.END_TURN, COUNTED)),
    "call": (
        call("report", FINDINGS),
        Reply((ToolUse("call_0", "report", FINDINGS),), StopReason.TOOL_USE, COUNTED),
    ),
    "call that stops": (
        ChatAnswer(None, (("report", '{"a": 1}'),), "stop", USAGE),
        Reply((ToolUse("call_0", "report", {"a": 1}),), StopReason.TOOL_USE, COUNTED),
    ),
    "words and two calls": (
        ChatAnswer("Both.", (("report", '{"a": "\\u002f"}'), ("report", "{}")), "tool_calls", USAGE),
        Reply(
            (TextBlock("Both."), ToolUse("call_0", "report", {"a": "/"}), ToolUse("call_1", "report", {})),
            StopReason.TOOL_USE,
            COUNTED,
        ),
    ),
    "too long": (ChatAnswer("cut o", finish="length"), Reply((TextBlock("cut o"),), StopReason.MAX_TOKENS)),
    "filtered": (ChatAnswer("", finish="content_filter"), Reply((), StopReason.REFUSAL)),
    "refused": (ChatAnswer(None, refusal="I will not."), Reply((), StopReason.REFUSAL)),
    "not whole arguments": (
        ChatAnswer(None, (("report", '{"a": [1, 2'),), "length"),
        Reply((ToolUse("call_0", "report", None, '{"a": [1, 2'),), StopReason.MAX_TOKENS),
    ),
    "without an end": (words("fine", done=False), Reply((TextBlock("fine"),), StopReason.END_TURN, COUNTED)),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_the_same_streamed_or_whole(name: str, stream: bool) -> None:
    """Words, calls, why it stopped, and tokens without counting those twice that a cache had; uncounted is told so."""
    answer, reply = ANSWERS[name]
    with FakeChat(in_turn(answer)) as fake:
        got = ask(fake.url, stream=stream)
        assert fake.problems == []
    assert (got.content, got.stop_reason, got.usage) == (reply.content, reply.stop_reason, reply.usage)
    assert got.measured is (answer.usage is not None)
    assert (got.model, got.id) == ("some-model", "chatcmpl-1")


@pytest.mark.parametrize("name", ANSWERS)
@given(data=st.data())
def test_a_stream_may_be_cut_anywhere(name: str, data: st.DataObject) -> None:
    """Each byte by itself, or any pieces: the same reply, and its words and arguments are heard once, in order."""
    answer, _ = ANSWERS[name]
    raw = stream_of(answer)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=40)))
    parser = Answer("text/event-stream", ChatFormat())
    ends = [0, *cuts, len(raw)]
    heard = "".join(parser.feed(raw[a:b]) for a, b in pairwise(ends))
    assert parser.result() == result_of("text/event-stream", raw)
    assert heard == (answer.content or "") + "".join(arguments for _, arguments in answer.calls)


def test_what_local_servers_do_otherwise() -> None:
    """No id, no index, arguments that are no text, content in parts, fields of their own, usage in each chunk."""
    first: Json = {"function": {"name": "report", "arguments": {"a": 1}}}
    chunk = delta("tool_calls", content=[{"type": "text", "text": "Hm."}], tool_calls=[first], reasoning_content="...")
    reply = streamed(chunk | {"usage": {"prompt_tokens": 5, "completion_tokens": None}})
    assert reply == Reply(
        (TextBlock("Hm."), ToolUse("call_0", "report", {"a": 1})),
        StopReason.TOOL_USE,
        Usage(input_tokens=5),
        "m",
        "c",
    )
    whole = completion_of(words("x")) | {"usage": None, "timings": {}}
    whole["choices"][0]["message"] = {"content": [{"type": "text", "text": "a"}, {"text": "b"}, {"x": 1}]}
    reply = result_of("application/json", json.dumps(whole).encode())
    assert isinstance(reply, Reply)
    assert (reply.text, reply.usage, reply.measured) == ("ab", NO_USAGE, False)


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (streamed(delta(content="half")), Incomplete),
        (streamed(delta(content="half"), end=b""), Incomplete),
        (streamed(end=b"data: [DONE]\n\n"), Incomplete),
        (streamed(delta(content="x"), {"error": {"message": "no"}}), Reported),
        (streamed(delta(content="x"), end=b"data: {broken\n\n"), Incomplete),
        (result_of("application/json", b'{"error": {"message": "no"}}'), Reported),
        (result_of("application/json", b'{"choices": []}'), Unusable),
        (result_of("application/json", b'{"object": "list"}'), Unusable),
        (result_of("application/json", b""), Incomplete),
        (result_of("text/html", b"<html>"), Unusable),
    ],
)
def test_what_is_no_answer(result: Result, kind: type) -> None:
    """Without a reason to stop nothing counts; an error in the stream is one; other JSON is no completion."""
    assert isinstance(result, kind)


def test_what_comes_after_the_end_counts_no_more() -> None:
    """Also usage comes ahead of it."""
    counted = delta() | {"choices": [], "usage": USAGE}
    reply = streamed(delta("stop", content="x"), counted, end=b"data: [DONE]\n\ndata: {broken\n\n")
    assert isinstance(reply, Reply)
    assert (reply.text, reply.usage) == ("x", COUNTED)


def test_pieces_are_heard() -> None:
    """Words and arguments as they come; an index tells pieces of two calls apart."""
    pieces = [
        delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "one", "arguments": '{"x"'}}]),
        delta(tool_calls=[{"index": 1, "id": "b", "function": {"name": "two", "arguments": "{"}}]),
        delta(
            tool_calls=[{"index": 0, "function": {"arguments": ": 1}"}}, {"index": 1, "function": {"arguments": "}"}}]
        ),
        delta("tool_calls"),
    ]
    parser = Answer("text/event-stream", ChatFormat())
    assert [parser.feed(frame(piece)) for piece in pieces] == ['{"x"', "{", ": 1}}", ""]
    reply = parser.result()
    assert isinstance(reply, Reply)
    assert reply.tool_uses == (ToolUse("a", "one", {"x": 1}), ToolUse("b", "two", {}))


# --- Errors ---------------------------------------------------------------------------------------------------------


def test_errors_name_the_variables_of_this_api() -> None:
    """One sentence with the endpoint's words; the advice fits this API."""
    with FakeChat(in_turn(refused(401, "Incorrect API key provided", "invalid_api_key"))) as fake:
        error = failure(fake.url)
    assert isinstance(error, Rejected)
    assert error.stops_all
    assert str(error).endswith("(401 invalid_api_key: Incorrect API key provided); check OPENAI_API_KEY.")
    with FakeChat(in_turn(refused(404, "The model does not exist", "model_not_found"))) as fake:
        assert str(failure(fake.url)).endswith("; check PLUMBLINE_MODEL and OPENAI_BASE_URL.")


def test_a_crowded_endpoint_is_asked_again() -> None:
    """As with the other API: the errors have other envelopes, the same meaning."""
    with FakeChat(in_turn(refused(429, "slow down", "rate_limit_exceeded"), words("x"))) as fake:
        assert ask(fake.url).text == "x"
    with FakeChat(in_turn(refused(429, "You exceeded your current quota", "insufficient_quota"))) as fake:
        assert isinstance(failure(fake.url), Rejected)
        assert len(fake.requests) == 1
    with FakeChat(in_turn(refused(503, "Loading model"))) as fake:
        assert isinstance(failure(fake.url), Transient)


# --- The vendor's client --------------------------------------------------------------------------------------------


@dataclass
class Theirs:
    """What the vendor's client makes of an answer."""

    text: str = ""
    calls: dict[int, list[str]] = field(default_factory=dict)
    finish: str | None = None
    tokens: tuple[int, int] = (0, 0)


def _whole_by_vendor(client: openai.OpenAI, asked: Json) -> Theirs:
    made: Any = client.chat.completions.create(**asked)
    message, usage = made.choices[0].message, made.usage
    calls = {at: [each.function.name, each.function.arguments] for at, each in enumerate(message.tool_calls or ())}
    tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
    return Theirs(message.content or "", calls, made.choices[0].finish_reason, tokens)


def _streamed_by_vendor(client: openai.OpenAI, asked: Json) -> Theirs:
    made = Theirs()
    chunks: Any = client.chat.completions.create(**asked)
    for chunk in chunks:
        if chunk.usage:
            made.tokens = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices:
            made.text += choice.delta.content or ""
            made.finish = choice.finish_reason or made.finish
            for each in choice.delta.tool_calls or ():
                call = made.calls.setdefault(each.index, ["", ""])
                call[0] += each.function.name or ""
                call[1] += each.function.arguments or ""
    return made


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", [name for name in ANSWERS if name != "not whole arguments"])
def test_the_vendors_client_agrees(name: str, stream: bool) -> None:
    """On every whole answer: the same words, calls, reason to stop and tokens."""
    with FakeChat(in_turn(ANSWERS[name][0])) as fake:
        ours = ask(fake.url, stream=stream)
        asked = json.loads(ChatWire(ChatEndpoint(fake.url, SecretStr(KEY), stream)).content(REQUEST))
        with openai.OpenAI(api_key=KEY, base_url=f"{fake.url}/v1") as client:
            theirs = (_streamed_by_vendor if stream else _whole_by_vendor)(client, asked)
    assert ours.text == theirs.text
    assert [(use.name, use.input) for use in ours.tool_uses] == [
        (tool, json.loads(said)) for tool, said in theirs.calls.values()
    ]
    assert (ours.usage.total_input, ours.usage.output_tokens) == theirs.tokens
    reasons = {"length": StopReason.MAX_TOKENS, "content_filter": StopReason.REFUSAL, "tool_calls": StopReason.TOOL_USE}
    if name not in {"call that stops", "refused"}:
        assert ours.stop_reason is reasons.get(str(theirs.finish), StopReason.END_TURN)


def test_chunks_are_those_of_the_stream() -> None:
    """What the fake says in pieces is what it says as a whole."""
    answer = call("report", FINDINGS)
    assert streamed(*chunks_of(answer)) == result_of("application/json", json.dumps(completion_of(answer)).encode())
