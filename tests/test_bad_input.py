"""What is wrong is said in one sentence: references, tokens, keys, endpoints, answers, options."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.core.ledger import Reason
from bot.core.messages import Reply, StopReason, TextBlock, ToolUse
from bot.core.references import of_remote, parse_reference, refuse_other_host
from bot.core.replies import Unusable, read_reply
from bot.errors import Misuse
from tests import papers
from tests.command import plumbline
from tests.fakes.messages import Answer, cut, http_error, raw, refusal, text, tool, truncated
from tests.repository import TestRepository
from tests.scripted_reviewer import ScriptedReviewer
from tests.stage import Stage

# --- References -------------------------------------------------------------------------------------------------------

NO_REFERENCE = [
    *("", "papers", "acme/papers", "acme/papers#", "acme/papers#0", "acme/papers#x", "acme/papers#-1", "#", "0", "12a"),
    *(
        "acme papers#1",
        "acme/pa pers#1",
        "-acme/papers#1",
        "acme//papers#1",
        "acme/papers/1",
        "acme/papers#12345678901",
    ),
    *(
        "https://github.com/acme/papers",
        "https://github.com/acme/papers/pull/",
        "https://github.com/acme/papers/issues/1",
    ),
    *("ftp://github.com/acme/papers/pull/1", "git@github.com:acme/papers.git", "acme/papers#1\nacme/papers#2"),
]


@pytest.mark.parametrize("reference", NO_REFERENCE)
def test_what_is_no_reference_is_said(reference: str) -> None:
    """A reference that names no pull request is refused, with the three forms that do."""
    with pytest.raises(Misuse) as caught:
        parse_reference(reference)
    assert str(caught.value) == (
        f"{reference!r} is no pull request; write owner/repo#12, its URL, or 12 inside a clone."
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://github.com/acme/papers.git", "github.com"),
        ("https://github.com/acme/papers/", "github.com"),
        ("https://x-access-token:secret@github.com/acme/papers", "github.com"),
        ("git@github.com:acme/papers.git", "github.com"),
        ("ssh://git@git.example.com:2222/acme/papers.git", "git.example.com"),
        ("http://127.0.0.1:3000/acme/papers", "127.0.0.1"),
        ("ssh://git@ssh.github.com:443/acme/papers.git", "github.com"),
        ("git@work:acme/papers.git", ""),
    ],
)
def test_a_remote_names_its_repository(url: str, host: str) -> None:
    """The usual forms of a remote are read."""
    found = of_remote(7, url)
    assert (found.owner, found.repo, found.number, found.host) == ("acme", "papers", 7, host)


@pytest.mark.parametrize(
    "url", ["", "/srv/git/papers.git", "../papers", "https://example.com/papers", "git@host:papers"]
)
def test_a_remote_that_names_no_repository_is_said(url: str) -> None:
    """A clone of something else asks for the full name."""
    with pytest.raises(Misuse) as caught:
        of_remote(7, url)
    assert str(caught.value) == "The remote of this clone names no repository on GitHub; write owner/repo#7 instead."


@pytest.mark.parametrize(
    ("reference", "api", "advice"),
    [
        ("https://git.example.com/a/b/pull/1", "https://api.github.com", "https://git.example.com/api/v3"),
        ("https://github.com/a/b/pull/1", "https://git.example.com/api/v3", "https://api.github.com"),
        (
            "https://github.com.evil.example/a/b/pull/1",
            "https://api.github.com",
            "https://github.com.evil.example/api/v3",
        ),
    ],
)
def test_the_token_is_not_sent_for_another_host(reference: str, api: str, advice: str) -> None:
    """A URL of one host is never asked of the API of another."""
    with pytest.raises(Misuse) as caught:
        refuse_other_host(parse_reference(reference), api)
    assert str(caught.value).endswith(f"set GITHUB_API_URL={advice}.")


@pytest.mark.parametrize(
    ("reference", "api"),
    [
        ("https://github.com/a/b/pull/1", "https://api.github.com"),
        ("https://www.github.com/a/b/pull/1/files#diff-1", "https://api.github.com/"),
        ("https://git.example.com/a/b/pull/1", "https://git.example.com/api/v3"),
        ("http://127.0.0.1:3000/a/b/pull/1", "http://127.0.0.1:3000"),
        ("a/b#1", "https://anywhere.example/api/v3"),
    ],
)
def test_the_right_host_is_taken(reference: str, api: str) -> None:
    """What belongs together is not refused."""
    refuse_other_host(parse_reference(reference), api)


# --- Answers ----------------------------------------------------------------------------------------------------------

FINDING: dict[str, Any] = {
    "path": "a.py",
    "side": "RIGHT",
    "start_line": 1,
    "line": 1,
    "quote": "x",
    "severity": "high",
    "category": "correctness",
    "title": "T",
    "body": "B",
    "scenario": "s",
    "suggestion": None,
    "confidence": 0.5,
}
FILES = [{"path": "a.py", "summary": "does it"}]


def without(name: str) -> dict[str, Any]:
    return {field: value for field, value in FINDING.items() if field != name}


BAD_REPORTS = [
    ({"files": FILES}, "findings: field required"),
    ({"findings": []}, "files: field required"),
    ([], "the input of report_review is no JSON object"),
    ({"files": FILES, "findings": {}}, "findings: input should be a valid list"),
    ({"files": FILES, "findings": [], "verdict": "approve"}, "verdict: extra inputs are not permitted"),
    ({"files": [{"path": "a.py"}], "findings": []}, "files.0.summary: field required"),
    *(
        ({"files": FILES, "findings": [without(name)]}, f"findings.0.{name}: field required")
        for name in ("path", "side", "line", "quote", "title", "scenario", "suggestion", "confidence")
    ),
    *(
        ({"files": FILES, "findings": [FINDING | {name: value}]}, f"findings.0.{name}: ")
        for name, value in (
            *(("line", "3"), ("line", 3.5), ("line", None), ("side", "BOTH"), ("severity", "blocker")),
            *(("category", "style"), ("confidence", 1.5), ("confidence", "high"), ("confidence", -0.1)),
            *(("title", ["T"]), ("suggestion", 3), ("quote", None), ("reviewer", "me")),
        )
    ),
]


@pytest.mark.parametrize(("report", "problem"), BAD_REPORTS)
def test_a_bad_report_names_its_field(report: object, problem: str) -> None:
    """An answer that breaks the schema is not used, and what is wrong with it is one short line."""
    answer = read_reply(Reply((ToolUse("t", "report_review", report),), StopReason.TOOL_USE))
    assert isinstance(answer, Unusable)
    assert answer.reason is Reason.INVALID_ANSWER
    assert answer.problem.startswith(problem)
    assert len(answer.problem) < 200


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply((), StopReason.END_TURN), Reason.INVALID_ANSWER),
        (Reply((TextBlock("Fine."),), StopReason.END_TURN), Reason.INVALID_ANSWER),
        (Reply((ToolUse("t", "read_diff_part", {}),), StopReason.TOOL_USE), Reason.INVALID_ANSWER),
        (Reply((ToolUse("t", "report_review", None, '{"fil'),), StopReason.TOOL_USE), Reason.INVALID_ANSWER),
        (Reply((), StopReason.PAUSE_TURN), Reason.INVALID_ANSWER),
        (Reply((TextBlock("I can"),), StopReason.REFUSAL), Reason.REFUSED),
        (Reply((), StopReason.MAX_TOKENS), Reason.TRUNCATED),
        (Reply((), StopReason.CONTEXT_WINDOW), Reason.TRUNCATED),
    ],
)
def test_a_reply_without_a_review_has_its_reason(reply: Reply, reason: Reason) -> None:
    """Whatever a model says instead of reporting, its part is never taken for read."""
    answer = read_reply(reply)
    assert isinstance(answer, Unusable)
    assert answer.reason is reason


# --- Tokens, keys, endpoints, options ---------------------------------------------------------------------------------


class Case(NamedTuple):
    """A call that cannot go well: settings and options, what was prepared, and how it ends."""

    words: str
    variables: Mapping[str, str] = {}
    options: tuple[str, ...] = ()
    prepare: Callable[[Stage], None] = lambda _: None
    code: int = 2


def _private(stage: Stage) -> None:
    stage.github.repository("acme/papers", private=True)


def _exhausted(stage: Stage) -> None:
    stage.github.exhaust(2_000_000_000)


def _occupied(stage: Stage) -> None:
    (stage.folder / "occupied").mkdir()
    (stage.folder / "occupied" / "thesis.txt").write_text("x")


CASES = [
    Case("GITHUB_TOKEN", {"GITHUB_TOKEN": "wrong"}),
    Case("GITHUB_TOKEN", {"GITHUB_TOKEN": "with blank"}),
    Case("Posting needs a token; set GITHUB_TOKEN", {"GITHUB_TOKEN": ""}, ("--post",)),
    Case("set GITHUB_TOKEN if the repository is private", {"GITHUB_TOKEN": ""}, prepare=_private),
    Case("GITHUB_API_URL is no", {"GITHUB_API_URL": "github.example"}),
    Case("127.0.0.1:9", {"GITHUB_API_URL": "http://127.0.0.1:9"}, code=3),
    Case("rate limit", prepare=_exhausted, code=3),
    Case("are both set; unset the one that is not meant.", {"ANTHROPIC_AUTH_TOKEN": "another"}),
    Case("ANTHROPIC_API_KEY holds blanks", {"ANTHROPIC_API_KEY": "two words"}),
    Case("ANTHROPIC_BASE_URL is no web address", {"ANTHROPIC_BASE_URL": "api.example"}),
    Case("ANTHROPIC_BASE_URL is no web address", {"ANTHROPIC_BASE_URL": "ftp://api.example"}),
    Case("holds a user name or password", {"ANTHROPIC_BASE_URL": "https://me:pw@api.example"}),
    Case("PLUMBLINE_MODEL_RULES cannot be used: 'x' is no rule", {"PLUMBLINE_MODEL_RULES": '{"m": {"x": 1}}'}),
    Case("PLUMBLINE_CONCURRENCY cannot be used", {"PLUMBLINE_CONCURRENCY": "0"}),
    Case("PLUMBLINE_STATE_KEY cannot be used: it has fewer than 16 characters;", {"PLUMBLINE_STATE_KEY": "abc"}),
    Case("PLUMBLINE_MAX_COMMENTS cannot be used", {"PLUMBLINE_MAX_COMMENTS": "-1"}),
    Case("PLUMBLINE_MAX_TOKENS cannot be used", {"PLUMBLINE_MAX_TOKENS": "many"}),
    Case("PLUMBLINE_STREAM cannot be used", {"PLUMBLINE_STREAM": "perhaps"}),
    Case("PLUMBLINE_ANTHROPIC_VERSION cannot be used", {"PLUMBLINE_ANTHROPIC_VERSION": "latest"}),
    Case("The CA bundle 'nowhere.pem' cannot be read", {"SSL_CERT_FILE": "nowhere.pem"}),
    Case("holds other things than a review", options=("--keep", "occupied"), prepare=_occupied),
    Case("PR and --base exclude each other; give one of them.", options=("--base", "main")),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_a_bad_setting_ends_in_one_sentence(tmp_path: Path, case: Case) -> None:
    """Before anything is asked, one line says what is wrong and what to do; no key, no traceback."""
    with Stage(ScriptedReviewer(), tmp_path) as stage:
        papers.opened(stage.github)
        case.prepare(stage)
        done = stage.plumbline("review", "acme/papers#214", *case.options, **case.variables)
        assert (done.code, done.out) == (case.code, "")
        assert done.err.startswith("plumbline: ")
        assert done.err.count("\n") == 1
        assert case.words in done.err
        assert not [secret for secret in (stage.github.token, "made-up-key", "me:pw") if secret in done.err]
        assert stage.model.requests == []


ENDPOINTS: list[tuple[Answer, str]] = [
    (http_error(401, "authentication_error", "invalid x-api-key"), "ANTHROPIC_API_KEY"),
    (http_error(402, "billing_error", "no credit"), "no credit"),
    (http_error(403, "permission_error", "not for you"), "not for you"),
    (http_error(404, "not_found_error", "model: claude-opus-4-6"), "PLUMBLINE_MODEL"),
    (http_error(400, "invalid_request_error", "You have reached your specified API usage limits."), "usage limits"),
    (http_error(400, "invalid_request_error", "tools: no"), "tools: no"),
    (raw(200, "text/html", b"<html>Sign in</html>"), "127.0.0.1"),
    (raw(200, "application/json", b'{"error": {"message": "quota"}}'), "quota"),
    (raw(301, "text/plain", b"", {"location": "https://elsewhere.invalid/"}), "127.0.0.1"),
    (refusal(), "the model refused to answer"),
    (truncated("report_review"), "longer than a request may be answered with"),
    (text("No."), "it holds no call of report_review"),
    (tool("report_review", {"files": [], "findings": "none"}), "findings: input should be a valid list"),
]


@pytest.mark.parametrize(("answer", "words"), ENDPOINTS)
def test_a_bad_endpoint_leaves_no_line_read(tmp_path: Path, answer: Answer, words: str) -> None:
    """Where no part is answered the review fails, says why in its last line, and claims nothing."""
    with Stage(lambda _: answer, tmp_path) as stage:
        papers.opened(stage.github)
        done = stage.plumbline("review", "acme/papers#214", "--include", "papers/qr.py", "--format", "json")
        review = json.loads(done.out)
        assert done.code == 3
        assert review["outcome"]["ending"] == "failed"
        assert review["ledger"]["states"]["reviewed"] == 0
        assert words in review["outcome"]["headline"]
        assert "made-up-key" not in done.out + done.err


def test_a_stream_that_breaks_off_is_no_answer(tmp_path: Path) -> None:
    """A connection that is lost in the middle, again and again, leaves the lines failed and nothing half-read."""
    with Stage(lambda _: cut(400), tmp_path) as stage:
        papers.opened(stage.github)
        done = stage.plumbline("review", "acme/papers#214", "--include", "papers/qr.py", "--format", "json")
        assert json.loads(done.out)["ledger"]["reasons"]["request failed"] == 14
        assert len(stage.model.requests) == 4


def test_a_number_needs_a_clone(tmp_path: Path) -> None:
    """12 alone means the repository around; outside of one the full form is asked for."""
    done = plumbline("review", "12", folder=tmp_path)
    assert (done.code, done.err) == (
        2,
        "plumbline: This folder is in no clone, so the repository is not known; write owner/repo#12.\n",
    )


def test_a_number_means_the_repository_of_the_clone(tmp_path: Path) -> None:
    """Inside a clone a number is enough."""
    with Stage(ScriptedReviewer(papers.FINDINGS), tmp_path) as stage:
        papers.opened(stage.github)
        repository = TestRepository(tmp_path / "clone")
        repository.git("remote", "add", "origin", f"{stage.github.url}/acme/papers.git")
        stage.folder = repository.root
        assert stage.plumbline("review", "214").code == 0
