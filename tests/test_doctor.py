"""`plumbline doctor`: what is set is asked, as a review would ask it, and what fails is told in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
    assert body["stream"] is True
    assert body["tool_choice"]["name"] == body["tools"][0]["name"] == "report_ready"
    assert body["tools"][0]["strict"] is True


def test_a_model_over_chat_completions(tmp_path: Path) -> None:
    """A local server without a key, which counts nothing."""
    answer = ChatAnswer(None, (("report_ready", json.dumps({"ready": True})),), finish="tool_calls")
    done, (body,), host = of_chat(tmp_path, lambda _: answer)
    assert done.code == 0
    assert line(done) == (
        f"ready, some-model at {host} calls the tool that it is made to call "
        "(it counts no tokens, so costs are estimates)"
    )
    assert body["stream"] is True


def test_what_an_endpoint_does_not_take_is_told(tmp_path: Path) -> None:
    """The ladder is gone down as in a review, and the rung is named."""

    def no_strict(body: Json) -> Any:  # noqa: ANN401 - either kind of answer
        if body["tools"][0].get("strict"):
            return http_error(400, "invalid_request_error", "tools.0.strict: Extra inputs are not permitted")
        return ready(body)

    done, bodies, host = of_messages(tmp_path, no_strict)
    assert len(bodies) == 2
    assert f"at {host} calls the tool that it is made to call, without strict (" in line(done)

    def no_tools(body: Json) -> chat.Answer:
        if "tools" in body:
            return refused(400, "tools are not supported by this model")
        return chat.words(json.dumps({"ready": True}))

    done, _, host = of_chat(tmp_path, no_tools)
    assert f"some-model at {host} takes no tools, and answers in JSON held to a schema" in line(done)


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
    assert "If it speaks Messages, leave out PLUMBLINE_API." in line(done)


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
        bad = doctor(tmp_path, GITHUB_TOKEN="ghp_nobody", **known)
        assert bad.code == 3
        assert line(bad, use).startswith("FAILS: ")
        asked = len(github.requests)
        assert doctor(tmp_path, **known).code == 0
        assert len(github.requests) == asked
        assert github.problems == []


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
