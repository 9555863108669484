"""Commands in comments, from the webhook to what stands on the pull request then."""

from __future__ import annotations

from pathlib import Path

from tests import papers
from tests.core.test_events import event
from tests.fakes.github_app import SLUG
from tests.fakes.github_posts import IssueComment, Reaction
from tests.fakes.github_pull import FakePullRequest
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import about, happened, needs_sqlite, serving, until

pytestmark = needs_sqlite
PATCH = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = %d\n"


def signs(reactions: list[Reaction]) -> list[str]:
    return [each.content for each in reactions if each.login == f"{SLUG}[bot]"]


def said_by_app(pull: FakePullRequest) -> list[str]:
    return [each.body for each in pull.issue_comments if each.author == f"{SLUG}[bot]"]


def of(pull: FakePullRequest, number: int) -> IssueComment:
    return next(each for each in pull.issue_comments if each.id == number)


def test_people_give_commands(tmp_path: Path) -> None:
    """Who may is heard, seen to be heard, and gets what was asked for; others get a sign, and talk gets nothing."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        pull = papers.opened(made.stage.github)
        pull.repository.permissions["wendy"] = "write"
        made.start()
        pull.comment("wendy", "I will look at it on Monday.")
        stranger = made.command(pull, "mallory", "/review", "1")
        until(lambda: signs(of(pull, stranger).reactions))
        assert signs(of(pull, stranger).reactions) == ["CONFUSED"]
        assert said_by_app(pull) == []

        asked = made.command(pull, "wendy", f"@{SLUG} review", "2")
        until(lambda: pull.reviews)
        assert signs(of(pull, asked).reactions) == ["EYES"]
        until(lambda: said_by_app(pull))
        assert "`/help`" in said_by_app(pull)[0]
        assert "`/dismiss reason`" in pull.review_comments[0].body
        asked_of_model = len(made.stage.model.requests)

        paused = made.command(pull, "wendy", "/pause", "3")
        until(lambda: "THUMBS_UP" in signs(of(pull, paused).reactions))
        pull.push("b" * 40, PATCH % 2)
        made.deliver(happened(pull, "synchronize"), "pull_request", "4")
        until(lambda: [run for run in pull.check_runs if run.head_sha == "b" * 40 and run.conclusion])
        assert "paused by `wendy`; `/resume` goes on" in pull.check_runs[-1].title + pull.check_runs[-1].summary
        assert len(made.stage.model.requests) == asked_of_model

        made.command(pull, "wendy", "/resume", "5")
        until(lambda: len(made.stage.model.requests) > asked_of_model)

        for number, words in (("6", "/help"), ("7", "/config"), ("8", "/reviw"), ("8b", "/dismiss"), ("9", "Thanks!")):
            made.command(pull, "wendy", words, number)
        until(lambda: len(said_by_app(pull)) == 5)
        helped, shown, unknown, where = sorted(said_by_app(pull)[1:], key=lambda body: body.partition("\n")[0])
        assert "| `/review full` | Read the whole change again. |" in helped
        assert "| `commands` | `author` | default |" in shown
        assert "| `model` | `claude-opus-4-6` | default |" in shown
        assert "`reviw` is no command of mine. These are:" in unknown
        assert "`/dismiss` is about one finding" in where
        # Delivered again, nothing is said again.
        assert made.deliver(b"{}", "ping", "6") in {200, 400}
        made.stop()


def test_a_dismissed_finding_leaves_the_summary(tmp_path: Path) -> None:
    """`/dismiss` below a comment, or a thread that is resolved: the summary follows without a word to the model."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        pull = papers.opened(made.stage.github)
        pull.repository.permissions["wendy"] = "write"
        made.start()
        made.deliver(happened(pull), "pull_request", "1")
        until(lambda: said_by_app(pull))
        before, requests = said_by_app(pull)[0], len(made.stage.model.requests)
        first, second = pull.review_comments[:2]

        answer = pull.reply(first, "wendy", "/dismiss it is meant so")
        told = {"number": pull.number, "user": {"login": pull.author}, "head": {"sha": pull.head_sha}}
        said = {
            "id": answer.id,
            "body": answer.body,
            "user": {"login": "wendy", "type": "User"},
            "in_reply_to_id": first.id,
        }
        body = event("created", **about(pull.repository), pull_request=told, comment=said)
        made.deliver(body, "pull_request_review_comment", "2")
        until(lambda: said_by_app(pull)[0] != before)
        assert signs(answer.reactions) == ["EYES", "THUMBS_UP"]
        assert "Dismissed: 1" in said_by_app(pull)[0]

        pull.resolve(second, "wendy")
        made.deliver(event("resolved", **about(pull.repository), pull_request=told), "pull_request_review_thread", "3")
        until(lambda: "Dismissed: 2" in said_by_app(pull)[0])
        assert len(made.stage.model.requests) == requests
        assert len(pull.reviews) == 2
        made.stop()


def test_the_policy_tells_whether_an_author_is_heard(tmp_path: Path) -> None:
    """By default the author of a pull request is, though a fork's may not write; then the gates hold for them."""
    with serving(tmp_path, ScriptedReviewer(papers.FINDINGS)) as made:
        pull = papers.opened(made.stage.github)
        policy = pull.files[pull.base_sha]
        policy[".github/plumbline.yml"] = b"drafts: false\n"
        pull.draft, pull.author = True, "alice"
        made.start()
        made.command(pull, "alice", "/review", "1")
        until(lambda: [run for run in pull.check_runs if run.conclusion])
        assert pull.check_runs[-1].conclusion == "skipped"
        assert made.stage.model.requests == []

        policy[".github/plumbline.yml"] = b"commands: writers\n"
        number = made.command(pull, "alice", "/review", "2")
        until(lambda: signs(of(pull, number).reactions))
        assert signs(of(pull, number).reactions) == ["CONFUSED"]
        made.stop()
