"""`plumbline ask`: the answer as it is written, from what was read, and nothing but reading."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.command import Done, plumbline
from tests.fakes import chat
from tests.fakes.chat import FakeChat
from tests.fakes.github import FakeGitHub
from tests.fakes.messages import (
    Answer,
    FakeMessages,
    MessageAnswer,
    events_of,
    frame,
    http_error,
    in_turn,
    raw,
    refusal,
    stream_bytes,
    text,
    truncated,
)
from tests.repository import CHECKOUT, TestRepository

Json = dict[str, Any]
# In two parts, so that no scanner takes this file for a leak.
TOKEN = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
QUESTION = "Who calls total()?"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A branch that changes a file, in a repository with another one and a secret."""
    made = TestRepository(tmp_path / "repository")
    caller = "from app import total\n\nprint(total([1]))\n"
    made.commit(
        {"app.py": "def total(items):\n    return sum(items)\n", "lib/caller.py": caller, "lib/deep/x.py": "x\n"}
    )
    made.branch("work")
    made.commit({"app.py": f"def total(items):\n    return items[0]\n\n\nTOKEN = '{TOKEN}'\n"})
    return made.root


def call(name: str, **input_: object) -> Json:
    return {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": input_}


def calls(*blocks: Json) -> MessageAnswer:
    return MessageAnswer(blocks, "tool_use")


def variables_of(url: str, **more: str) -> dict[str, str]:
    return {"ANTHROPIC_API_KEY": "made-up-key", "ANTHROPIC_BASE_URL": url, **more}


def ask(
    checkout: Path, *answers: Answer, options: tuple[str, ...] = ("--base", "main", QUESTION), **variables: str
) -> tuple[Done, list[Json]]:
    """Ask about the branch, of a model that gives these answers in turn."""
    with FakeMessages(in_turn(*answers)) as fake:
        done = plumbline("ask", *options, folder=checkout, variables=variables_of(fake.url, **variables))
        assert fake.problems == []
        assert "Traceback" not in done.err
        return done, [received.body for received in fake.requests]


def results(body: Json) -> list[Json]:
    return [json.loads(block["content"]) for block in body["messages"][-1]["content"] if block["type"] == "tool_result"]


def test_the_answer_is_all_that_stands_on_standard_output(checkout: Path) -> None:
    """What it took stands beside it."""
    done, (body,) = ask(checkout, text("Nobody but `lib/caller.py:3`."))
    assert (done.code, done.out) == (0, "Nobody but `lib/caller.py:3`.\n")
    assert done.err == "  100 tokens in, 20 out, $0.00\n"
    assert body["messages"][2]["content"][1]["text"].endswith(f"The question:\n\n{QUESTION}")
    assert [tool["name"] for tool in body["tools"]] == ["read_change", "read_diff", "read_file", "list_files"]
    quiet, _ = ask(checkout, text("Nobody."), options=("--base", "main", "-q", QUESTION))
    assert (quiet.out, quiet.err) == ("Nobody.\n", "")


def test_what_is_read_is_the_change_and_the_repository_with_it(checkout: Path) -> None:
    """The diff comes along, files are looked up at its head; secrets are masked in both."""
    looks = calls(
        call("read_file", path="lib/caller.py"),
        call("list_files", folder=""),
        call("list_files", folder="lib/"),
        call("read_file", path="app.py", first=4, last=4),
        call("read_diff", path="app.py"),
    )
    done, (first, second) = ask(checkout, looks, text("`lib/caller.py:3`."))
    (change,) = results(first)
    assert change["change"]["files"][0]["path"] == "app.py"
    assert any("return items[0]" in line for line in change["diff"]["files"][0]["hunks"][0]["lines"])
    caller, root, lib, line, diff = results(second)
    assert caller["lines"] == ["    1 |from app import total", "    2 |", "    3 |print(total([1]))"]
    assert root["names"] == ["app.py", "lib/"]
    assert lib["names"] == ["caller.py", "deep/"]
    assert (line["lines"], line["lines_in_all"]) == (["    4 |"], 5)
    assert diff["files"][0]["path"] == "app.py"
    assert "  reads lib/caller.py, line 1 and on\n  reads the folder /\n" in done.err
    assert TOKEN not in json.dumps([first, second])
    assert "TOKEN = " in json.dumps(first)


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/passwd", "lib/../../secret.txt", "C:/x", "no.py", "", "-x"])
def test_nothing_outside_is_read(checkout: Path, path: str) -> None:
    """A path that leaves the repository is one that there is not."""
    (checkout.parent / "secret.txt").write_text("outside")
    _, (_, second) = ask(checkout, calls(call("read_file", path=path)), text("So."))
    (result,) = (block for block in second["messages"][-1]["content"] if block["type"] == "tool_result")
    assert result["is_error"] is True
    assert result["content"].startswith(f"There is no file {path!r} with the change")


def test_what_the_work_tree_holds_besides_is_not_read(checkout: Path) -> None:
    """Only the commit counts: a file that was never committed is nobody's business."""
    (checkout / ".env").write_text("KEY=1")
    _, (_, second) = ask(checkout, calls(call("read_file", path=".env"), call("list_files", folder=".")), text("So."))
    assert ".env" not in json.dumps(second["messages"][-1]["content"][1])
    assert second["messages"][-1]["content"][0]["is_error"] is True


def test_staged_changes_are_read_from_the_index(checkout: Path) -> None:
    """There is no commit of them yet."""
    made = TestRepository.__new__(TestRepository)
    made.root = checkout
    (checkout / "new.py").write_text("y = 2\n")
    made.git("add", "new.py")
    looks = calls(call("read_file", path="new.py"), call("list_files", folder=""))
    _, (_, second) = ask(checkout, looks, text("So."), options=("--staged", "What is new?"))
    file, folder = results(second)
    assert file["lines"] == ["    1 |y = 2"]
    assert folder["names"] == ["app.py", "lib/", "new.py"]


def test_a_patch_alone_has_no_files(checkout: Path) -> None:
    """It does not say which commit it leads to: its own diff can be read, and no more."""
    (checkout / "x.patch").write_bytes(
        subprocess.run(("git", "diff", "main"), cwd=checkout, capture_output=True, check=True).stdout
    )
    _, (body,) = ask(checkout, text("So."), options=("--diff", "x.patch", QUESTION))
    assert [tool["name"] for tool in body["tools"]] == ["read_change", "read_diff"]


def test_the_money_bounds_the_reading(checkout: Path) -> None:
    """With hardly any of it the model is asked for its answer after the first look."""
    looks = calls(call("read_file", path="lib/caller.py"))
    done, bodies = ask(checkout, looks, text("So far."), PLUMBLINE_MAX_COST_USD="0.0005")
    assert (done.code, done.out) == (0, "So far.\n")
    assert bodies[1]["tool_choice"] == {"type": "none"}
    assert "answered when it had read as much as it may" in done.err


def test_it_is_said_as_it_is_written(checkout: Path) -> None:
    """The first words are out long before the last ones are there."""
    events = [frame(event) for event in events_of(text("one two three four five six seven eight"))]
    with FakeMessages(lambda _: stream_bytes(events, pause=0.4)) as fake:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), **variables_of(fake.url)}
        command = (sys.executable, "-m", "bot", "ask", "--base", "main", QUESTION)
        with subprocess.Popen(
            command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            assert running.stdout is not None
            came: list[float] = []
            while piece := os.read(running.stdout.fileno(), 1):
                came.append(time.monotonic())
                assert piece
    assert came[-1] - came[0] > 0.4


def test_nothing_active_reaches_the_terminal(checkout: Path) -> None:
    """Escapes and reversed text are shown as what they are; lines stay lines."""
    done, _ = ask(checkout, text("a\x1b[31mb\u202ec\r\n\td"))
    assert done.out == "a\\x1b[31mb\\u202ec\n\td\n"


def test_an_answer_that_begins_anew_says_so(checkout: Path) -> None:
    """A connection that breaks off in the middle voids what was said."""
    events = b"".join(frame(event) for event in events_of(text("Half of it, and the rest.")))
    half = raw(200, "text/event-stream", events[: len(events) // 2])
    done, bodies = ask(checkout, half, text("All of it."))
    assert done.out.endswith("[the connection broke off; the answer begins anew]\nAll of it.\n")
    assert len(bodies) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (truncated("read_file", {"path": "a"}), "plumbline: The answer is longer than PLUMBLINE_MAX_TOKENS allows"),
        (refusal(), "plumbline: The model refused to answer; ask in other words."),
        (http_error(401, "authentication_error", "invalid x-api-key"), "plumbline: 127.0.0.1"),
    ],
)
def test_what_is_no_answer_is_an_error(checkout: Path, answer: Answer, said: str) -> None:
    """One sentence, and an exit code that scripts can rely on."""
    done, _ = ask(checkout, answer)
    assert done.code in {2, 3}
    assert done.err.splitlines()[-1].startswith(said)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Say what to ask about: plumbline ask owner/repo#12"),
        (("acme/papers#1",), "Say what to ask about: plumbline ask owner/repo#12"),
        (("--base", "main", "Who", "calls", "it?"), "Got unexpected extra argument"),
        (("acme/papers#1", "Who", "calls?"), "Got unexpected extra argument"),
        (("acme/papers#1", "--base", "main", "x"), "PR and --base exclude each other; give one of them."),
        (("--base", "main", "  "), "A question has between 1 and 20,000 characters; write it anew."),
        (("--base", "main", "--staged", "x"), "--base and --staged exclude each other; give one of them."),
        (("nonsense", "Why?"), "'nonsense' is no pull request"),
    ],
)
def test_misuse_is_told_in_a_sentence(checkout: Path, options: tuple[str, ...], sentence: str) -> None:
    """Before anything is asked."""
    done, bodies = ask(checkout, text("x"), options=options)
    assert (done.code, bodies, done.out) == (2, [], "")
    assert sentence in " ".join(done.err.split())


def test_without_a_model_there_is_no_answer(checkout: Path) -> None:
    """It says which key to set."""
    done = plumbline("ask", "--base", "main", QUESTION, folder=checkout)
    assert done.code == 2
    assert done.err.startswith("plumbline: A question needs a model; set ANTHROPIC_API_KEY")


def test_without_streaming_it_is_said_at_the_end(checkout: Path) -> None:
    """Each word once."""
    done, (body,) = ask(checkout, text("Nobody."), PLUMBLINE_STREAM="false")
    assert done.out == "Nobody.\n"
    assert "stream" not in body


def test_a_pull_request_is_read_from_github(tmp_path: Path) -> None:
    """Its files one by one, at its head; no token is needed for a public one."""
    patch = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    files = {"a.py": b"x = 2\n", "b.py": b"import a\n"}
    with (
        FakeGitHub() as github,
        FakeMessages(
            in_turn(calls(call("read_file", path="b.py"), call("read_file", path="c.py")), text("`b.py:1`."))
        ) as model,
    ):
        github.pull_request(
            "acme/papers", 7, patch=patch, title="Change x", head_files=files, base_files={"a.py": b"x = 1\n"}
        )
        variables = variables_of(model.url, GITHUB_API_URL=github.api_url)
        done = plumbline("ask", "acme/papers#7", "Who uses a?", folder=tmp_path, variables=variables)
        assert github.problems == model.problems == []
        first, second = (received.body for received in model.requests)
    assert (done.code, done.out) == (0, "`b.py:1`.\n")
    assert results(first)[0]["change"]["title"] == "Change x"
    found, missing = second["messages"][-1]["content"]
    assert json.loads(found["content"])["lines"] == ["    1 |import a"]
    assert missing["is_error"] is True
    assert [tool["name"] for tool in first["tools"]] == ["read_change", "read_diff", "read_file"]


def test_the_same_through_chat_completions(checkout: Path) -> None:
    """A local server answers as well."""
    script = chat.in_turn(chat.call("read_file", {"path": "lib/caller.py"}), chat.words("`lib/caller.py:3`."))
    with FakeChat(script) as fake:
        variables = {"PLUMBLINE_API": "chat", "OPENAI_BASE_URL": fake.url, "PLUMBLINE_MODEL": "some-model"}
        done = plumbline("ask", "--base", "main", QUESTION, folder=checkout, variables=variables)
        assert fake.problems == []
    assert (done.code, done.out) == (0, "`lib/caller.py:3`.\n")
