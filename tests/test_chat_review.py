"""A whole review through Chat Completions, as a user starts it: with a key, or with a local server that needs none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import plumbline
from tests.fakes.chat import ChatAnswer, FakeChat, call, refused, words
from tests.fakes.messages import RawAnswer

Json = dict[str, Any]
PATCH = b"""diff --git a/app.py b/app.py
index 1111111..2222222 100644
--- a/app.py
+++ b/app.py
@@ -1,2 +1,3 @@
 def total(items):
-    return sum(items)
+    value = items[0]
+    return value
"""
FINDING: Json = {
    "path": "app.py",
    "side": "RIGHT",
    "start_line": 2,
    "line": 2,
    "quote": "    value = items[0]",
    "scenario": "an empty list comes in, the first item is asked for",
    "body": "`items` may be empty.",
    "title": "An empty list raises",
    "severity": "high",
    "category": "correctness",
    "confidence": 0.9,
    "suggestion": None,
}


def reviewer(body: Json) -> ChatAnswer:
    """Reports one finding on the part that the request holds as the result of a tool."""
    parts = [json.loads(each["content"]) for each in body["messages"] if each["role"] == "tool"]
    assert parts[-1]["files"][0]["path"] == "app.py"
    answer = {
        "files": [{"path": "app.py", "summary": "takes the first"}],
        "findings": [FINDING],
        "standing": [],
        "overview": None,
    }
    return call("report_review", answer)


def review(folder: Path, url: str, **variables: str) -> str:
    known = {"PLUMBLINE_API": "chat", "OPENAI_BASE_URL": url, "PLUMBLINE_MODEL": "some-model"}
    done = plumbline("review", "--diff", "-", "--fresh", folder=folder, text=PATCH, variables=known | variables)
    assert "Traceback" not in done.err
    return done.out + done.err


@pytest.mark.parametrize("key", ["", "made-up-key-that-nobody-has"])
@pytest.mark.parametrize("stream", ["true", "false"])
def test_a_review(tmp_path: Path, key: str, stream: str) -> None:
    """The finding stands on its line; without a key none is sent."""
    with FakeChat(reviewer) as fake:
        said = review(tmp_path, fake.url, OPENAI_API_KEY=key, PLUMBLINE_STREAM=stream)
        assert fake.problems == []
        assert ("authorization" in fake.requests[0].headers) is bool(key)
    assert "An empty list raises" in said
    assert "app.py:2" in said


def test_a_server_without_tools(tmp_path: Path) -> None:
    """An answer that is no report is asked for once more; then its lines have failed, and the review says so."""
    with FakeChat(lambda _: words("Looks good to me!")) as fake:
        said = review(tmp_path, fake.url)
        assert len(fake.requests) == 2
    assert "nothing to report" not in said.lower()
    assert "failed" in said


def test_a_key_that_lies_around_is_not_used(tmp_path: Path) -> None:
    """Code goes to an endpoint of this API only where PLUMBLINE_API says so."""
    with FakeChat(reviewer) as fake:
        review(tmp_path, fake.url, OPENAI_API_KEY="made-up-key-that-nobody-has", PLUMBLINE_API="messages")
        assert fake.requests == []


def test_nowhere_to_ask(tmp_path: Path) -> None:
    """Asked for this API without a key and an address, the command says what to set."""
    known = {"PLUMBLINE_API": "chat"}
    done = plumbline("review", "--diff", "-", folder=tmp_path, text=PATCH, variables=known)
    assert done.code == 2
    assert done.err.strip().endswith("set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server.")


def test_an_unknown_model(tmp_path: Path) -> None:
    """What the endpoint says of it stands in the review, with the variables of this API."""
    with FakeChat(lambda _: refused(404, "model 'x' not found", "not_found_error")) as fake:
        assert "check PLUMBLINE_MODEL and OPENAI_BASE_URL" in review(tmp_path, fake.url)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server"),
        ({"OPENAI_BASE_URL": "http://localhost:8080"}, "ready, m through Chat Completions with OPENAI_BASE_URL"),
        ({"OPENAI_API_KEY": "x"}, "ready, m through Chat Completions with OPENAI_API_KEY"),
    ],
)
def test_what_the_doctor_says(tmp_path: Path, variables: dict[str, str], line: str) -> None:
    """Whether a review with a model could begin, and how it would speak."""
    known = {"PLUMBLINE_API": "chat", "PLUMBLINE_MODEL": "m"}
    assert (
        f"review with a model: {line}\n"
        in plumbline("doctor", "--offline", folder=tmp_path, variables=known | variables).out
    )


def test_a_local_server_without_tools_is_asked_for_json(tmp_path: Path) -> None:
    """It says that it takes none; the material goes as words, and the answer comes as text."""

    def small(body: Json) -> RawAnswer | ChatAnswer:
        if "tools" in body:
            return refused(500, "tools param requires --jinja flag")
        if "response_format" in body:
            return refused(400, "response_format: json_schema is not supported")
        report = {"files": [{"path": "app.py", "summary": "takes the first"}], "findings": [FINDING]}
        return words(f"Here it is:\n```json\n{json.dumps(report | {'standing': [], 'overview': None})}\n```")

    with FakeChat(small) as fake:
        said = review(tmp_path, fake.url, PLUMBLINE_STREAM="false")
        assert fake.problems == []
        assert [message["role"] for message in fake.requests[-1].body["messages"]] == ["system", "user"]
    assert "An empty list raises" in said


def test_a_transcript_of_a_review(tmp_path: Path) -> None:
    """Each request as it was asked, in the form that the endpoint took, and its answer; no key."""
    folder = tmp_path / "transcript"
    with FakeChat(reviewer) as fake:
        review(tmp_path, fake.url, OPENAI_API_KEY="made-up-key-1234567890", PLUMBLINE_TRANSCRIPT_DIR=str(folder))
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    assert {*texts} == {"0001.request.json", "0001.answer.json"}
    assert "An empty list raises" in texts["0001.answer.json"]
    assert "made-up-key" not in "".join(texts.values())
