"""The story of a review: a pull request is read, asked about, commented on the right lines, and never twice."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import papers
from tests.fakes.messages import Answer, MessageAnswer, http_error, refusal, text, tool, truncated
from tests.scripted_reviewer import Json, Says, ScriptedReviewer, asks_overview, asks_verdicts, context_of, part_of
from tests.stage import READS_BEFORE_POSTING, Stage

GOOD_READER = ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES)
WRITES = re.compile(r"(POST|PATCH|PUT|DELETE) /repos/")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """acme/papers#214 is open, and the model reads well."""
    with Stage(GOOD_READER, tmp_path) as made:
        papers.opened(made.github)
        yield made


def test_a_pull_request_is_reviewed_and_the_review_posted_once(stage: Stage) -> None:
    """Every finding stands on the line that it is about, the summary counts them, and a second run adds nothing."""
    pull = stage.github.state.pulls[0]

    done = stage.plumbline("review", "acme/papers#214", "--post", PLUMBLINE_MAX_COMMENTS="20")
    assert (done.code, done.err) == (0, "")
    assert "posted: " in done.out.splitlines()[-1]

    (review,) = pull.reviews
    assert (review.state, review.commit) == ("COMMENTED", pull.head_sha)
    said = {comment.text.strip(): comment for comment in review.comments}
    for finding in papers.FINDINGS:
        if finding.confidence > 0.5:
            comment = said[finding.quote.strip()]
            assert finding.title in comment.body
            assert (comment.path, comment.side) == (finding.path, finding.side)
    revoked = said[papers.FINDINGS[0].quote.strip()]
    assert revoked.line is not None
    assert revoked.start_line == revoked.line - 1
    assert "```suggestion\n" in revoked.body

    (summary,) = pull.issue_comments
    assert "417 of 470 changed lines reviewed" in summary.body
    assert all(finding.title in summary.body for finding in papers.FINDINGS)

    calls = stage.calls()
    first_write = next(at for at, call in enumerate(calls) if WRITES.match(call))
    assert first_write <= READS_BEFORE_POSTING
    assert [call for call in calls if WRITES.match(call)] == [
        "POST /repos/acme/papers/pulls/214/reviews",
        "POST /repos/acme/papers/issues/214/comments",
    ]

    again = stage.plumbline("review", "acme/papers#214", "--post")
    assert again.code == 0
    assert len(pull.reviews) == len(pull.issue_comments) == 1
    assert len(stage.model.requests) == 1, "the second run takes the answer from the first"


def test_without_post_nothing_is_written(stage: Stage) -> None:
    """The default prints, and says how to post."""
    done = stage.plumbline("review", "acme/papers#214")
    assert done.out.splitlines()[-1].endswith("not posted (add --post)")
    assert not [call for call in stage.calls() if WRITES.match(call)]


def test_the_model_sees_the_whole_change_and_no_secret(stage: Stage) -> None:
    """Each line that is read is in a request, what is excluded is not, and the password is masked."""
    stage.plumbline("review", "acme/papers#214", PLUMBLINE_CHUNK_TOKENS="2000")
    asked = [part_of(request.body) for request in stage.model.requests]
    assert len(asked) > 3
    shown = [file["path"] for part in asked for file in part["files"]]
    assert "papers/links.py" in shown
    assert not {"web/package-lock.json", "web/src/client.gen.ts"} & set(shown)
    assert b"papers_app:*" in b"".join(request.raw for request in stage.model.requests)
    password = re.search(rb"papers_app:([^@*]+)@", papers.patch())
    assert password is not None
    assert password[1] not in b"".join(request.raw for request in stage.model.requests)


def test_requests_share_all_but_their_part(stage: Stage) -> None:
    """The bytes of a review's requests are the same up to the part that they ask about."""
    stage.plumbline("review", "acme/papers#214", PLUMBLINE_CHUNK_TOKENS="2000")
    first, *others = (request.raw for request in stage.model.requests if not asks_overview(request.body))
    start = first.index(b'"tool_use_id":"toolu_part","content":"')
    assert all(other[:start] == first[:start] for other in others)


def test_a_moved_head_is_left_alone(tmp_path: Path) -> None:
    """What was pushed while the model was reading is not reviewed, so nothing is posted on it."""

    def push_meanwhile(_: Json) -> Answer | None:
        made.github.state.pulls[0].push("f" * 40, papers.patch())
        return None

    with Stage(ScriptedReviewer(papers.FINDINGS, first=push_meanwhile), tmp_path) as made:
        pull = papers.opened(made.github)
        done = made.plumbline("review", "acme/papers#214", "--post")
        assert done.code == 3
        assert done.out.splitlines()[-1].endswith("not posted: fffffff was pushed meanwhile, review it again")
        assert (pull.reviews, pull.issue_comments) == ([], [])


def test_an_answer_lost_after_the_review_was_stored_doubles_nothing(stage: Stage) -> None:
    """502 on both writes, though GitHub stored them: each is found again by its mark."""
    pull = stage.github.state.pulls[0]
    stage.github.fail_next("POST", r".*/pulls/214/reviews", status=502, after=True)
    stage.github.fail_next("POST", r".*/issues/214/comments", status=502, after=True)
    done = stage.plumbline("review", "acme/papers#214", "--post")
    assert done.code == 0
    assert (len(pull.reviews), len(pull.issue_comments)) == (1, 1)


def test_the_next_review_edits_the_summary_in_place(stage: Stage) -> None:
    """One summary for a pull request, however often it is reviewed; other people's comments stay."""
    pull = stage.github.state.pulls[0]
    pull.comment("mallory", "<!-- plumbline:1 eJwrSS0uAQAEXQHB -->\nnot ours")
    stage.plumbline("review", "acme/papers#214", "--post")
    pull.push("e" * 40, papers.patch())
    stage.plumbline("review", "acme/papers#214", "--post")
    theirs, ours = pull.issue_comments
    assert theirs.body.endswith("not ours")
    assert "head `eeeeeee`" in ours.body
    assert len(pull.reviews) == 1, "the same lines are not commented again"


def test_an_interrupted_review_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Ctrl-C stops at once and says what is kept; the same command pays for the rest only."""
    second = threading.Event()
    answered: list[str] = []

    def hold_the_second(body: Json) -> Answer | None:
        if asks_overview(body):
            return None
        answered.append(part_of(body)["files"][0]["path"])
        if len(answered) == 2:
            second.set()
            return text("never read", delay=30)
        return None

    with Stage(ScriptedReviewer(papers.FINDINGS, first=hold_the_second), tmp_path) as made:
        papers.opened(made.github)
        limits = {"PLUMBLINE_CONCURRENCY": "1", "PLUMBLINE_CHUNK_TOKENS": "4000"}
        done = made.interrupted(lambda: second.wait(30), "review", "acme/papers#214", **limits)
        assert done.code == 130
        assert re.fullmatch(
            r"plumbline: Stopped with 1 of \d requests answered; the same command goes on from there.\n", done.err
        )
        again = made.plumbline("review", "acme/papers#214", **limits)
        assert again.code == 0
        assert "1 answer from an earlier run" in again.out
        assert answered.count(answered[0]) == 1, "what was answered is not asked again"


def test_a_kept_review_is_replayed_to_the_byte(stage: Stage) -> None:
    """`replay` needs neither key nor network, and gives the same review in every form."""
    kept = str(stage.folder / "kept")
    first = stage.plumbline("review", "acme/papers#214", "--keep", kept, "--format", "json")
    asked, called = len(stage.model.requests), len(stage.github.requests)
    nowhere = {"GITHUB_API_URL": "http://127.0.0.1:9", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    for _ in range(2):
        again = stage.plumbline("replay", kept, "--format", "json", **nowhere)
        assert (again.code, again.out) == (0, first.out)
    assert (len(stage.model.requests), len(stage.github.requests)) == (asked, called)


def _by_file(path: str, answer: Answer) -> ScriptedReviewer:
    """The model fails on the part that holds a file, and reads all others."""

    def first(body: Json) -> Answer | None:
        paths = {file["path"] for file in part_of(body)["files"]}
        return answer if path in paths else None

    return ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES, first)


FAILURES = [
    (refusal(), "refused", "refused by the model", "the model refused to answer"),
    (tool("report_review", {"files": []}), "invalid answer", "in answers that were invalid", "findings"),
    (text("Looks good to me!"), "invalid answer", "in answers that were invalid", "report_review"),
    (http_error(400, "invalid_request_error", "no"), "request failed", "in requests that failed", "no"),
    (truncated("report_review"), "truncated", "in answers that were cut off", "longer than"),
]


@pytest.mark.parametrize(("answer", "reason", "words", "why"), FAILURES, ids=[each[1] for each in FAILURES])
def test_what_was_not_answered_is_never_called_read(
    tmp_path: Path, answer: MessageAnswer, reason: str, words: str, why: str
) -> None:
    """A part without a usable answer is in the ledger with its reason, the rest counts, nothing is called complete."""
    with Stage(_by_file("papers/links.py", answer), tmp_path) as made:
        papers.opened(made.github)
        options = ("review", "acme/papers#214", "--post", "--format", "json")
        done = made.plumbline(*options, PLUMBLINE_CHUNK_TOKENS="2500")
        review = json.loads(done.out)
        assert done.code == 3
        assert review["outcome"]["ending"] == "partial"
        assert 84 <= review["ledger"]["reasons"][reason] < 417
        assert sum(review["ledger"]["states"].values()) == review["ledger"]["changed_lines"] == 470
        assert any(why in sentence for sentence in review["failures"])
        (summary,) = made.github.state.pulls[0].issue_comments
        assert words in summary.body.splitlines()[1]
        assert "nothing found" not in summary.body


def test_a_key_that_is_refused_ends_the_review_at_once(tmp_path: Path) -> None:
    """The first 401 stops all other requests; the review says so and is not called a review."""
    refused = http_error(401, "authentication_error", "invalid x-api-key")
    with Stage(lambda _: refused, tmp_path) as made:
        papers.opened(made.github)
        limits = {"PLUMBLINE_CHUNK_TOKENS": "1000", "PLUMBLINE_CONCURRENCY": "1"}
        done = made.plumbline("review", "acme/papers#214", **limits)
        assert done.code == 3
        assert "failed: not reviewed: " in done.out.splitlines()[-1]
        assert "ANTHROPIC_API_KEY" in done.out.splitlines()[-1]
        assert len(made.model.requests) == 1


def test_a_repaired_answer_counts(tmp_path: Path) -> None:
    """An answer that breaks the schema is asked for once more, with what is wrong with it."""
    asked: list[Json] = []

    def first(body: Json) -> Answer | None:
        asked.append(body)
        return text("I would rather talk.") if len(asked) == 1 else None

    with Stage(ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES, first), tmp_path) as made:
        papers.opened(made.github)
        done = made.plumbline("review", "acme/papers#214")
        assert done.code == 0
        assert len(asked) == 2
        assert "it holds no call of report_review" in json.dumps(asked[1]["messages"][-1])


def test_an_answer_that_is_cut_off_is_asked_for_in_halves(tmp_path: Path) -> None:
    """max_tokens splits the part; no line is lost, and no finding is said twice."""
    asked: list[int] = []

    def first(body: Json) -> Answer | None:
        if asks_overview(body):
            return None
        lines = sum(len(hunk["lines"]) for file in part_of(body)["files"] for hunk in file["hunks"])
        asked.append(lines)
        return truncated("report_review") if lines > 300 else None

    with Stage(ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES, first), tmp_path) as made:
        papers.opened(made.github)
        done = made.plumbline("review", "acme/papers#214", "--format", "json")
        review = json.loads(done.out)
        assert review["outcome"]["ending"] == "complete"
        assert len(asked) > 2
        titles = [finding["title"] for finding in review["findings"]]
        assert len(titles) == len(set(titles))


def test_findings_without_a_line_are_said_and_not_guessed(tmp_path: Path) -> None:
    """A quote that is nowhere gets no comment; the summary carries the finding with the reason."""
    lost = Says(
        "papers/links.py",
        "PAGE_SIZE = 20",
        "Nothing limits the page size",
        severity="medium",
        changes={"quote": "PAGE_SIZE = 50", "line": 999, "start_line": 999},
    )
    with Stage(ScriptedReviewer([lost]), tmp_path) as made:
        pull = papers.opened(made.github)
        done = made.plumbline("review", "acme/papers#214", "--post")
        assert done.code == 0
        assert not any("page size" in comment.body for review in pull.reviews for comment in review.comments)
        body = pull.issue_comments[0].body
        assert "**Not on a changed line: 1 finding**" in body
        assert "the quoted line is not part of the change" in body


@pytest.mark.parametrize("form", ["sarif", "github", "markdown", "text"])
def test_a_finding_without_a_line_is_in_every_form(tmp_path: Path, form: str) -> None:
    """None of the ways of showing a review forgets what could not be placed."""
    lost = Says("papers/qr.py", "import subprocess", "The code is too small to be read", changes={"quote": "nowhere"})
    with Stage(ScriptedReviewer([lost]), tmp_path) as made:
        papers.opened(made.github)
        done = made.plumbline("review", "acme/papers#214", "--include", "papers/qr.py", "--format", form)
        assert lost.title in done.out


def test_an_enterprise_server_is_reviewed_like_any_other(tmp_path: Path) -> None:
    """GITHUB_API_URL=https://HOST/api/v3 is all it takes."""
    with Stage(GOOD_READER, tmp_path, enterprise=True) as made:
        pull = papers.opened(made.github)
        assert made.github.api_url.endswith("/api/v3")
        assert made.plumbline("review", "acme/papers#214", "--post").code == 0
        assert (len(pull.reviews), len(pull.issue_comments)) == (1, 1)


def test_only_the_worst_get_a_comment(stage: Stage) -> None:
    """PLUMBLINE_MAX_COMMENTS caps the inline comments; the others stand in the summary in full."""
    pull = stage.github.state.pulls[0]
    stage.plumbline("review", "acme/papers#214", "--post", PLUMBLINE_MAX_COMMENTS="2")
    (review,) = pull.reviews
    assert len(review.comments) == 2
    assert all("critical" in comment.body for comment in review.comments)
    assert "<details><summary>In full: " in pull.issue_comments[0].body


def test_a_closed_pull_request_is_not_paid_for(stage: Stage) -> None:
    """--post on what is closed ends before the model is asked; without it, it is reviewed all the same."""
    stage.github.state.pulls[0].close()
    done = stage.plumbline("review", "acme/papers#214", "--post")
    assert (done.code, done.err) == (
        2,
        "plumbline: acme/papers#214 is closed, and reviews are posted on open ones; review it without posting.\n",
    )
    assert stage.model.requests == []
    assert stage.plumbline("review", "acme/papers#214").code == 0


def test_comments_that_github_refuses_are_not_lost(stage: Stage) -> None:
    """Should GitHub refuse all comments after all, the summary carries every finding, and the exit code tells."""
    pull = stage.github.state.pulls[0]
    stage.github.fail_next("POST", r".*/pulls/214/reviews", status=422, times=50)
    done = stage.plumbline("review", "acme/papers#214", "--post")
    assert done.code == 3
    assert pull.reviews == []
    assert all(finding.title in pull.issue_comments[0].body for finding in papers.FINDINGS)
    assert "the summary holds what would have been comments" in done.out


def test_a_token_that_may_not_write_costs_no_review(stage: Stage) -> None:
    """What GitHub does not take is shown here all the same, in any form, with the reason and exit code 3."""
    token = stage.github.add_token("ghs_" + "readonly" * 5, write=False)
    done = stage.plumbline("review", "acme/papers#214", "--post", "--format", "json", GITHUB_TOKEN=token)
    assert done.code == 3
    assert json.loads(done.out)["outcome"]["ending"] == "complete"
    assert re.fullmatch(r"plumbline: not posted: .*pull requests: write.*\n", done.err)


def test_a_second_run_on_the_same_head_says_nothing_more(stage: Stage) -> None:
    """It asks the model nothing, and posts no comment; the summary tells of the same findings."""
    pull = stage.github.state.pulls[0]
    stage.plumbline("review", "acme/papers#214", "--post")
    first, asked = pull.issue_comments[0].body, len(stage.model.requests)
    stage.plumbline("review", "acme/papers#214", "--post")
    assert len(stage.model.requests) == asked
    assert len(pull.reviews) == 1
    assert _table(pull.issue_comments[0].body) == _table(first)


def _table(summary: str) -> list[str]:
    return [line for line in summary.split("\n") if line.startswith(("### ", "| "))]


def test_a_failed_run_does_not_take_the_place_of_a_review(tmp_path: Path) -> None:
    """When the model cannot be reached later, what was said of this commit stays."""
    down: list[bool] = []
    refused = http_error(401, "authentication_error", "invalid x-api-key")
    with Stage(ScriptedReviewer(papers.FINDINGS, first=lambda _: refused if down else None), tmp_path) as made:
        pull = papers.opened(made.github)
        made.plumbline("review", "acme/papers#214", "--post")
        first = pull.issue_comments[0].body
        down.append(True)
        done = made.plumbline("review", "acme/papers#214", "--post", "--full", "--fresh")
        assert (done.code, pull.issue_comments[0].body) == (3, first)
        assert "an earlier review of this commit stands there" in done.out


def test_a_review_that_was_ended_is_replayed_as_it_ended(tmp_path: Path) -> None:
    """What had been answered until a spent credit is answered again; what was given up fails with the same sentence."""
    asked: list[Json] = []

    def first(body: Json) -> Answer | None:
        asked.append(body)
        return http_error(402, "billing_error", "no credit left") if len(asked) == 3 else None

    with Stage(ScriptedReviewer(papers.FINDINGS, first=first), tmp_path) as made:
        papers.opened(made.github)
        limits = {"PLUMBLINE_CONCURRENCY": "1", "PLUMBLINE_CHUNK_TOKENS": "2000"}
        options = ("--format", "json")
        done = made.plumbline("review", "acme/papers#214", "--keep", str(tmp_path / "kept"), *options, **limits)
        assert json.loads(done.out)["outcome"]["ending"] == "partial"
        assert len(asked) == 3
        again = made.plumbline("replay", str(tmp_path / "kept"), *options)
        assert (again.code, again.out) == (3, done.out)


def test_a_repaired_answer_is_not_paid_for_again(tmp_path: Path) -> None:
    """The second run takes the bad answer and its repair from the first."""
    asked: list[Json] = []

    def first(body: Json) -> Answer | None:
        asked.append(body)
        return text("I would rather talk.") if len(asked) == 1 else None

    with Stage(ScriptedReviewer(papers.FINDINGS, first=first), tmp_path) as made:
        papers.opened(made.github)
        outputs = [made.plumbline("review", "acme/papers#214", "--format", "json").out for _ in range(2)]
        assert outputs[0] == outputs[1]
        assert len(asked) == 2


def test_ctrl_c_does_not_wait_for_github(stage: Stage) -> None:
    """A server that does not answer keeps nobody from leaving."""
    stage.github.slow_down(25)

    def asked() -> None:
        while not stage.github.requests:
            time.sleep(0.05)

    done = stage.interrupted(asked, "review", "acme/papers#214")
    assert (done.code, done.err) == (130, "plumbline: Stopped.\n")


def test_a_place_that_cannot_be_written_is_said_before_anything_is_paid_for(stage: Stage) -> None:
    """--output names a folder that is not there: nothing is asked."""
    done = stage.plumbline("review", "acme/papers#214", "--output", "no/where.md")
    assert done.code == 2
    assert stage.model.requests == []
    assert stage.github.requests == []


def test_odd_names_and_titles_do_not_stop_a_review(tmp_path: Path) -> None:
    """Half a surrogate pair in a title, as JSON can carry one, is no defect of ours."""
    with Stage(ScriptedReviewer(papers.FINDINGS), tmp_path) as made:
        pull = papers.opened(made.github)
        pull.title = "Broken \ud800 title"
        assert made.plumbline("review", "acme/papers#214").code == 0


def test_the_model_sees_the_repository_around_the_change(tmp_path: Path) -> None:
    """Who calls what changes, what the team wrote for reviewers, and the issue that is closed; once for a commit."""
    patch = (
        b"diff --git a/links.py b/links.py\nindex 1..2 100644\n--- a/links.py\n+++ b/links.py\n@@ -1,2 +1,2 @@\n"
        b"-def resolve_link(token):\n+def resolve_link(token, visitor):\n     return table.find(token)\n"
    )
    head = {
        "links.py": b"def resolve_link(token, visitor):\n    return table.find(token)\n",
        "web/views.py": b"def open_page(request):\n    return resolve_link(request.token)\n",
        "AGENTS.md": b"Every visitor is logged.\n",
    }
    with Stage(ScriptedReviewer(), tmp_path) as made:
        made.github.pull_request("acme/papers", 7, patch=patch, body="Fixes #3", head_files=head)
        made.github.repository("acme/papers").issues[3] = ("Log visitors", "Of every link.")
        assert made.plumbline("review", "acme/papers#7").code == 0
        assert made.plumbline("review", "acme/papers#7").code == 0
        (request,) = made.model.requests
        assert sum("/tarball/" in call for call in made.calls()) == 1
    (caller,) = (each for each in part_of(request.body)["around"] if each["path"] == "web/views.py")
    assert caller["lines"] == ["    1|def open_page(request):", "    2|    return resolve_link(request.token)"]
    context = context_of(request.body)
    assert context["guidelines"] == [{"path": "AGENTS.md", "text": "Every visitor is logged."}]
    assert context["issues"] == [{"number": 3, "title": "Log visitors", "body": "Of every link."}]


def test_a_repository_that_cannot_be_read_keeps_no_review(stage: Stage) -> None:
    """The model sees the change alone, and the review says so."""
    stage.github.fail_next("GET", "/tarball/", status=404, body={"message": "Not Found"})
    done = stage.plumbline("review", "acme/papers#214")
    assert done.code == 0
    assert "The repository around the change could not be read" in done.out


def test_what_a_second_look_refutes_is_not_said(tmp_path: Path) -> None:
    """What it confirms is said with its reasons, what was wrong before is folded; a second run asks nothing again."""
    titles = [finding.title for finding in papers.FINDINGS]
    proof = {"path": "papers/links.py", "line": 9_999, "quote": "no such line"}
    verdicts: dict[str, Json] = {
        titles[1]: {"verdict": "refuted", "reason": "The query is joined with the workspace."},
        titles[2]: {"introduced": False},
        titles[3]: {"evidence": [proof]},
    }
    with Stage(ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES, verdicts=verdicts), tmp_path) as stage:
        papers.opened(stage.github)
        done = stage.plumbline(
            "review",
            "acme/papers#214",
            "--post",
            "--format",
            "json",
            PLUMBLINE_MAX_COMMENTS="20",
            PLUMBLINE_VERIFY="on",
        )
        assert done.code == 0, done.err
        told = json.loads(done.out)
        assert [each["title"] for each in told["refuted"]] == [titles[1]]
        assert told["refuted"][0]["reason"] == "The query is joined with the workspace."
        assert [each["title"] for each in told["preexisting"]] == [titles[2]]
        assert {each["title"]: each["verdict"] for each in told["findings"]}[titles[3]] == "unsure"
        pull = stage.github.state.pulls[0]
        (revoked,) = (each for each in pull.reviews[0].comments if titles[0] in each.body)
        assert "<details><summary>Why I think so</summary>" in revoked.body
        assert f"`papers/links.py:{revoked.line}`" in revoked.body
        posted = pull.issue_comments[0].body + "".join(comment.body for comment in pull.reviews[0].comments)
        assert titles[1] not in posted
        assert "there before this change" in posted
        asked = len(stage.model.requests)
        assert stage.plumbline("review", "acme/papers#214", PLUMBLINE_VERIFY="on").code == 0
        assert len(stage.model.requests) == asked


def test_a_second_look_that_fails_takes_nothing_back(tmp_path: Path) -> None:
    """What was found stays as it was found, and everything counts as read."""
    reader = ScriptedReviewer(
        papers.FINDINGS, first=lambda body: http_error(400, "no") if asks_verdicts(body) else None
    )
    with Stage(reader, tmp_path) as stage:
        papers.opened(stage.github)
        done = stage.plumbline("review", "acme/papers#214", "--format", "json", PLUMBLINE_VERIFY="on")
    told = json.loads(done.out)
    assert (done.code, told["outcome"]["ending"]) == (0, "complete")
    assert told["not_verified"]
    assert len(told["findings"]) > 3


def test_a_second_look_is_replayed(tmp_path: Path) -> None:
    """A kept review holds what was found around the change and all verdicts: it is made again without asking."""
    with Stage(GOOD_READER, tmp_path) as stage:
        papers.opened(stage.github)
        kept = str(tmp_path / "kept")
        first = stage.plumbline("review", "acme/papers#214", "--keep", kept, "--format", "json", PLUMBLINE_VERIFY="on")
        asked = len(stage.model.requests)
        again = stage.plumbline("replay", kept, "--format", "json")
        assert len(stage.model.requests) == asked > 1
    assert (again.code, again.out) == (0, first.out), again.err


def test_no_other_code_leaves_where_the_policy_says_so(tmp_path: Path) -> None:
    """With `context: 0` neither look is shown a line of another file."""
    head = {"papers/views.py": b"def page(db, link):\n    return revoke(db, link)\n"}
    policy = {".github/plumbline.yml": b"context: 0\n"}
    for files, told in ((None, True), (policy, False)):
        folder = tmp_path / str(told)
        folder.mkdir()
        with Stage(GOOD_READER, folder) as stage:
            pull = papers.opened(stage.github)
            pull.files[pull.head_sha] = head
            pull.files[pull.base_sha] = files or {}
            assert stage.plumbline("review", "acme/papers#214", PLUMBLINE_VERIFY="on").code == 0
            shown = [part_of(request.body) for request in stage.model.requests]
        assert len(shown) > 1
        assert any("papers/views.py" in json.dumps(part.get("around", "")) for part in shown) is told
