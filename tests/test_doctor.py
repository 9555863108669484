"""`plumbline doctor`: what is set is asked, as a review would ask it, and what fails is told in a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.command import Done, plumbline
from tests.fakes import chat
from tests.fakes.chat import ChatAnswer, FakeChat, refused
from tests.fakes.github import FakeGitHub
from tests.fakes.messages import FakeMessages, MessageAnswer, Script, http_error, refusal, text, tool

Json = dict[str, Any]
KEY = "made-up-key-that-nobody-has"


def ready(_: Json) -> MessageAnswer:
    return tool("report_ready", {"ready": True})


def line(done: Done, use: str = "review with a model") -> str:
    """What is said of a use."""
    (found,) = (row for row in done.out.splitlines() if row.startswith(f"  {use}: "))
    return found.partition(": ")[2]


def more(done: Done, use: str = "review with a model") -> list[str]:
    """The details below a use; times are told as `N ms`."""
    rows = iter(done.out.splitlines())
    _ = next(row for row in rows if row.startswith(f"  {use}: "))
    details: list[str] = []
    for row in rows:
        if not row.startswith("    "):
            break
        details.append(re.sub(r"[0-9,]+ ms$", "N ms", row.strip()))
    return details


class Listing(FakeMessages):
    """An endpoint that also says which models it has."""

    listed: tuple[str, ...] = ()

    async def _answer(self, request: Request) -> Response:
        if (request.method, request.url.path) == ("GET", "/v1/models"):
            return JSONResponse({"object": "list", "data": [{"id": name} for name in self.listed]})
        return await super()._answer(request)


class ChatListing(Listing, FakeChat):
    """The same over Chat Completions."""


def doctor(folder: Path, *options: str, **variables: str) -> Done:
    done = plumbline("doctor", *options, folder=folder, variables=variables)
    assert "Traceback" not in done.err
    assert KEY not in done.out + done.err
    return done


def of_messages(folder: Path, script: Script, **variables: str) -> tuple[Done, list[Json], str]:
    with FakeMessages(script) as fake:
        done = doctor(folder, ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=fake.url, **variables)
        assert fake.problems == []
        return done, [received.body for received in fake.requests], fake.url.removeprefix("http://")


def of_chat(folder: Path, script: Callable[[Json], chat.Answer], **variables: str) -> tuple[Done, list[Json], str]:
    known = {"PLUMBLINE_API": "chat", "PLUMBLINE_MODEL": "some-model"}
    with FakeChat(script) as fake:
        done = doctor(folder, OPENAI_BASE_URL=fake.url, **known, **variables)
        assert fake.problems == []
        return done, [received.body for received in fake.requests], fake.url.removeprefix("http://")


def test_a_model_over_messages(tmp_path: Path) -> None:
    """One tiny request, streamed and in the form of a review's; what it cost is told."""
    done, (body,), host = of_messages(tmp_path, ready)
    assert done.code == 0
    assert line(done) == (
        f"ready, claude-opus-4-6 at {host} calls the tool that it is made to call (100 tokens in, 20 out, $0.0010)"
    )
    assert more(done) == ["asked through Messages for a stream, which began after N ms"]
    assert body["stream"] is True
    assert body["tool_choice"]["name"] == body["tools"][0]["name"] == "report_ready"
    assert body["tools"][0]["strict"] is True


def test_a_model_over_chat_completions(tmp_path: Path) -> None:
    """A local server without a key, which counts nothing."""
    answer = ChatAnswer(None, (("report_ready", json.dumps({"ready": True})),), finish="tool_calls")
    done, (body,), host = of_chat(tmp_path, lambda _: answer, PLUMBLINE_STREAM="false")
    assert done.code == 0
    assert line(done) == (
        f"ready, some-model at {host} calls the tool that it is made to call "
        "(it counts no tokens, so costs are estimates)"
    )
    assert more(done) == ["asked through Chat Completions for an answer in one piece, which came after N ms"]
    assert not body.get("stream")


def test_what_an_endpoint_does_not_take_is_told(tmp_path: Path) -> None:
    """The ladder is gone down as in a review; the rung is named, and the refusals that led there, without the key."""

    def no_strict(body: Json) -> Any:  # noqa: ANN401 - either kind of answer
        if body["tools"][0].get("strict"):
            said = f"tools.0.strict: Extra inputs are not permitted (key {KEY})"
            return http_error(400, "invalid_request_error", said)
        return ready(body)

    done, bodies, host = of_messages(tmp_path, no_strict)
    assert len(bodies) == 2
    assert f"at {host} calls the tool that it is made to call, without strict (" in line(done)
    assert more(done)[1:] == [
        "it refused before: tools.0.strict: Extra inputs are not permitted (key ***) (status 400)"
    ]

    def no_tools(body: Json) -> chat.Answer:
        if "tools" in body:
            return refused(400, "tools are not supported by this model")
        return chat.words(json.dumps({"ready": True}))

    done, bodies, host = of_chat(tmp_path, no_tools)
    assert f"some-model at {host} takes no tools, and answers in JSON held to a schema" in line(done)
    assert more(done)[0] == "asked through Chat Completions for a stream, which began after N ms"
    assert set(more(done)[1:]) == {"it refused before: tools are not supported by this model (status 400)"}
    assert len(bodies) == len(more(done))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (lambda _: http_error(401, "authentication_error", f"invalid x-api-key {KEY}"), "check ANTHROPIC_API_KEY"),
        (
            lambda _: http_error(404, "not_found_error", "model: x"),
            "If it speaks Chat Completions, set PLUMBLINE_API=chat",
        ),
        (lambda _: http_error(529, "overloaded_error", "Overloaded"), "overloaded"),
        (lambda _: text("I am ready."), "answers, but not in the form that reviews need"),
        (lambda _: refusal(), "refuses to answer"),
    ],
)
def test_what_fails_is_told_in_a_sentence(tmp_path: Path, script: Script, said: str) -> None:
    """Asked once: a doctor does not wait and try again. The exit code tells scripts."""
    done, bodies, _ = of_messages(tmp_path, script)
    assert done.code == 3
    assert line(done).startswith("FAILS: ")
    assert said in line(done)
    assert len(bodies) == 1


def test_the_other_api(tmp_path: Path) -> None:
    """A server that speaks Messages alone does not know the address of Chat Completions."""
    with FakeMessages(ready) as fake:
        known = {"PLUMBLINE_API": "chat", "PLUMBLINE_MODEL": "m"}
        done = doctor(tmp_path, OPENAI_BASE_URL=fake.url, **known)
    assert done.code == 3
    assert "If it speaks Messages, leave out PLUMBLINE_API and set ANTHROPIC_BASE_URL." in line(done)
    with FakeChat(lambda _: chat.words("{}")) as fake:
        done = doctor(tmp_path, ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=fake.url)
    assert done.code == 3
    assert "If it speaks Chat Completions, set PLUMBLINE_API=chat and OPENAI_BASE_URL." in line(done)


def test_a_key_that_chat_completions_do_not_take(tmp_path: Path) -> None:
    """The variable is named that holds it, and what the endpoint repeats of it is struck out."""
    said = f"Incorrect API key provided: {KEY}."
    done, bodies, _ = of_chat(tmp_path, lambda _: refused(401, said, "invalid_api_key"), OPENAI_API_KEY=KEY)
    assert done.code == 3
    assert line(done).startswith("FAILS: ")
    assert line(done).endswith("check OPENAI_API_KEY.")
    assert len(bodies) == 1


@pytest.mark.parametrize("over", ["messages", "chat"])
def test_a_model_that_is_not_there(tmp_path: Path, over: str) -> None:
    """The endpoint is asked which it has; those that look like it are named, and no other API is spoken of."""
    known = {"ANTHROPIC_API_KEY": KEY} if over == "messages" else {"PLUMBLINE_API": "chat", "OPENAI_API_KEY": KEY}
    address = "ANTHROPIC_BASE_URL" if over == "messages" else "OPENAI_BASE_URL"
    unknown: dict[str, Any] = {
        "messages": http_error(404, "not_found_error", "model: some-modle"),
        "chat": refused(503, "No available channel", "model_not_found"),
    }
    kind: type[Listing] = Listing if over == "messages" else ChatListing
    with kind(lambda _: unknown[over]) as fake:
        fake.listed = ("other", "no name\n::error::", KEY, "some-model", "a", "b", "c", "d")
        done = doctor(tmp_path, **known, **{address: fake.url}, PLUMBLINE_MODEL="some-modle")
        assert fake.problems == []
    assert done.code == 3
    assert re.search(r"\. It lists some-model, (?:\w, |other, ){3}(?:\w|other) and 1 more\.$", line(done)), line(done)
    assert "If it speaks" not in line(done)


def test_settings_that_cannot_be_used_are_a_finding(tmp_path: Path) -> None:
    """The rest of the report is shown all the same, and the rest is asked."""
    with FakeGitHub() as github:
        known = {"GITHUB_API_URL": github.api_url, "GITHUB_TOKEN": github.token}
        done = doctor(tmp_path, ANTHROPIC_API_KEY=KEY, ANTHROPIC_AUTH_TOKEN=KEY, **known)
    assert done.code == 3
    assert line(done).startswith("FAILS: ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN are both set")
    assert line(done, "review a pull request on GitHub").startswith("ready, ")


def test_nobody_there(tmp_path: Path) -> None:
    """The address is named, and what to look at."""
    done = doctor(tmp_path, ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL="http://127.0.0.1:9")
    assert done.code == 3
    assert "127.0.0.1:9 cannot be reached" in line(done)


def test_github_tells_what_is_left(tmp_path: Path) -> None:
    """The token is tried; a bad one is told of; without one nobody is asked."""
    with FakeGitHub() as github:
        known = {"GITHUB_API_URL": github.api_url}
        done = doctor(tmp_path, GITHUB_TOKEN=github.token, **known)
        assert done.code == 0
        use = "review a pull request on GitHub"
        assert line(done, use) == (
            f"ready, at {github.api_url} with GITHUB_TOKEN; 5,000 of 5,000 requests are left of this hour"
        )
        assert more(done, use) == ["GitHub knows the token as plumbline[bot]"]
        bad = doctor(tmp_path, GITHUB_TOKEN="ghp_nobody", **known)
        assert bad.code == 3
        assert line(bad, use).startswith("FAILS: ")
        asked = len(github.requests)
        assert doctor(tmp_path, **known).code == 0
        assert len(github.requests) == asked
        assert github.problems == []


def test_github_without_limits(tmp_path: Path) -> None:
    """GitHub Enterprise Server limits nothing by default, and says so with 404: nothing is wrong with that.

    Source: https://github.com/vermiculus/magithub/issues/104
    """
    with FakeGitHub(enterprise=True) as github:
        github.fail_next("GET", "/rate_limit$", status=404, body={"message": "Rate limiting is not enabled."})
        done = doctor(tmp_path, GITHUB_API_URL=github.api_url, GITHUB_TOKEN=github.token)
        assert github.problems == []
    assert done.code == 0
    use = "review a pull request on GitHub"
    assert line(done, use) == f"ready, at {github.api_url} with GITHUB_TOKEN; requests are not limited"


def test_offline_asks_nobody(tmp_path: Path) -> None:
    """It shows what is set, and no more."""
    with FakeMessages(ready) as fake:
        done = doctor(tmp_path, "--offline", ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=fake.url)
        assert fake.requests == []
    assert done.code == 0
    assert line(done) == f"ready, claude-opus-4-6 at {fake.url} with ANTHROPIC_API_KEY"


def test_nothing_set(tmp_path: Path) -> None:
    """What is missing is no failure: the analyzers work without it."""
    done = doctor(tmp_path)
    assert done.code == 0
    assert line(done).startswith("set ANTHROPIC_API_KEY")
    assert line(done, "review a pull request on GitHub").startswith("public ones only")
