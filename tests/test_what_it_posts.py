"""docs/what-it-posts.md is what was posted on the fake GitHub, not what somebody wrote down.

`python -m tests.test_what_it_posts` writes it anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import papers
from tests.fakes.github_state import FakePullRequest, ReviewComment
from tests.fakes.messages import Answer, http_error
from tests.repository import CHECKOUT
from tests.scripted_reviewer import Json, Says, ScriptedReviewer, asks_overview, part_of
from tests.stage import Stage

PAGE = CHECKOUT / "docs" / "what-it-posts.md"
LOST = Says(
    "papers/public.py",
    "def read(token):",
    "A passcode can be guessed without limit",
    severity="high",
    category="security",
    body="Nothing counts wrong passcodes of a link.",
    scenario="somebody who has a link tries all passcodes, they are let in after ten thousand requests at most",
    changes={"quote": "this line is nowhere in the change"},
)
OVERVIEW = {
    "text": "Members can share a document by a secret link, listed, limited and revoked in `papers/links.py` and served"
    " without a login by `papers/public.py`; guests are gone. The risk lies in `resolve()`, which now"
    " decides alone who reads a document.",
    "diagram": {
        "nodes": ["visitor", "papers/public.py", "links.resolve()", "cache", "share_links"],
        "edges": [
            {"from": 0, "to": 1, "label": "GET /token"},
            {"from": 1, "to": 2, "label": ""},
            {"from": 2, "to": 3, "label": "first"},
            {"from": 2, "to": 4, "label": "else"},
        ],
    },
    "risk": "high",
    "minutes": 40,
}
INTRODUCTION = """\
# What Plumbline posts

Everything below was posted by `plumbline review acme/papers#214 --post` on a pull request that holds the
[example](../examples/README.md), with answers of a model by script; a test keeps this page and the product the same.
What stands in `<!-- -->` is not shown on GitHub.
"""


def page(folder: Path) -> str:
    """The whole page, from reviews that are run for it."""
    parts = [INTRODUCTION]
    for shown in (_a_life, _a_return, _a_policy, _gated, _partial, _failed):
        own = folder / shown.__name__
        own.mkdir()
        parts += shown(own)
    return "\n".join(parts)


def _a_life(folder: Path) -> Iterator[str]:
    """A review, what people do about it, a push, a second review; then it is a draft again."""
    reader = ScriptedReviewer([*papers.FINDINGS, LOST], papers.SUMMARIES, standing=_verdict, overview=OVERVIEW)
    with Stage(reader, folder) as stage:
        pull = _reviewed(stage, "--check")
        yield from ("\n## The summary: one comment, edited in place\n", _box(pull.issue_comments[0].body, stage))
        review, *_ = pull.reviews
        yield from ("\n## The review that carries the inline comments\n", _box(review.body, stage))
        for title, comment in _chosen(review.comments):
            yield from (f"\n## {title}\n", _place(comment), _box(comment.body, stage))
        on_file = next(comment for comment in pull.review_comments if comment.line is None)
        yield "\n## A comment on a file: what is high or critical and has no line\n"
        yield from (f"On `{on_file.path}`\n", _box(on_file.body, stage))
        yield from ("\n## The check run\n", _check(pull, stage))
        _people_act(stage, pull)
        pull.push("e" * 40, papers.patch().replace(b"link['id']}\")", b"link['token']}\")"), message="Forget by token")
        assert stage.plumbline("review", "acme/papers#214", "--post").code == 0
        fixed = next(comment for comment in pull.review_comments if comment.body.startswith("**Fixed"))
        yield "\n## After a push: the comment of a finding that was fixed\n"
        yield "Its thread is resolved where the token may do that, and no person had the last word in it.\n"
        yield _box(fixed.body, stage)
        yield "\n## The answer in its thread, only where a person had spoken there\n"
        yield _box(pull.review_comments[-1].body, stage)
        yield from ("\n## After a push: the summary\n", _box(pull.issue_comments[0].body, stage))
        pull.draft = True
        pull.push("d" * 40, papers.patch())
        done = stage.plumbline("review", "acme/papers#214", "--post", "--automatic")
        assert done.code == 0, done.err + done.out
        yield "\n## The beginning of a summary whose newer commits are not reviewed\n"
        yield _box(_beginning(pull), stage)


def _a_return(folder: Path) -> Iterator[str]:
    """A finding that was fixed and is back, a review that reads everything again, and the end of it all."""
    with Stage(ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES, standing=_verdict), folder) as stage:
        stage.github.add_token(stage.github.token, contents=True, checks=False)
        pull = _reviewed(stage, "--check")
        status = pull.statuses[-1]
        yield "\n## The commit status: what `--check` leaves where the token may not make check runs\n"
        yield f"`Plumbline`, {status.state}: {status.description}\n\n---\n"
        for head, patch in (
            ("e", papers.patch().replace(b"link['id']}\")", b"link['token']}\")")),
            ("d", papers.patch()),
        ):
            pull.push(head * 40, patch)
            assert stage.plumbline("review", "acme/papers#214", "--post").code == 0
        back = next(each for each in pull.review_comments if papers.FINDINGS[0].title in each.body)
        yield "\n## The comment of a finding that came back\n"
        yield "It is the one that had said it was fixed; its thread is open again, and nothing is there to apply.\n"
        yield _box(back.body, stage)
        assert stage.plumbline("review", "acme/papers#214", "--post", "--full").code == 0
        yield "\n## The beginning of a summary when everything was read again\n"
        yield _box(_beginning(pull), stage)
        assert stage.plumbline("clean", "acme/papers#214", "--yes").code == 0
        (left,) = {review.body for review in pull.reviews}
        yield "\n## What `plumbline clean` leaves: a review that was submitted, without its comments\n"
        yield _box(left, stage)


def _a_policy(folder: Path) -> Iterator[str]:
    with Stage(ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES), folder) as stage:
        pull = papers.opened(stage.github)
        pull.body = ""
        pull.files[pull.base_sha][".github/plumbline.yml"] = (
            b"describe: true\nseverity: high\npaths: docs\nfail_on: hihg\n"
        )
        assert stage.plumbline("review", "acme/papers#214", "--post").code == 0
        yield "\n## In a summary: the policy file has faults\n"
        yield "Folded below the findings; open where the pull request changes that file.\n"
        yield _box(_fold(pull, "About the policy file"), stage)
        yield "\n## In a summary: findings below the threshold (`severity: high`)\n"
        yield _box(_fold(pull, "Also noticed"), stage)
        yield "\n## The description of a pull request that had none (`describe: true`)\n"
        yield _box(pull.body, stage)


def _gated(folder: Path) -> Iterator[str]:
    with Stage(ScriptedReviewer(papers.FINDINGS), folder) as stage:
        pull = papers.opened(stage.github)
        pull.files[pull.base_sha][".github/plumbline.yml"] = b"budget:\n  day: 0\n"
        assert stage.plumbline("review", "acme/papers#214", "--post").code == 0
        yield "\n## The beginning of a first summary where a budget is spent, or reviews are paused\n"
        yield "Other gates (drafts, labels, ...) say nothing on a pull request where nothing of ours stands.\n"
        yield _box(pull.issue_comments[0].body.split("\n<details>")[0], stage)


def _partial(folder: Path) -> Iterator[str]:
    with Stage(ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES, _without_links), folder) as stage:
        pull = _reviewed(stage, PLUMBLINE_CHUNK_TOKENS="2500")
        yield "\n## The beginning of a summary when a request failed\n"
        yield _box(_beginning(pull), stage)


def _failed(folder: Path) -> Iterator[str]:
    with Stage(lambda _: http_error(401, "authentication_error", "invalid x-api-key"), folder) as stage:
        pull = _reviewed(stage)
        yield "\n## The beginning of a summary when nothing was answered\n"
        yield _box(_beginning(pull), stage)


def _beginning(pull: FakePullRequest) -> str:
    return pull.issue_comments[0].body.split("\n| |")[0]


def _fold(pull: FakePullRequest, head: str) -> str:
    body = pull.issue_comments[0].body
    start = body.index(f"<details><summary>{head}")
    end = "</details>"
    return body[start : body.index(end, start) + len(end)]


def _verdict(row: Json) -> tuple[str, str]:
    """What the model says of what stands: the finding that the push mends is mended."""
    if row["title"] == papers.FINDINGS[0].title:
        return "fixed", "    cache.forget(f\"link:{link['token']}\")"
    return "still", row["quote"]


def _people_act(stage: Stage, pull: FakePullRequest) -> None:
    """One asks, one who may write does not want to hear of another."""
    pull.repository.permissions["bob"] = "write"
    stage.github.add_token(stage.github.token, contents=True)
    asked = next(each for each in pull.review_comments if papers.FINDINGS[0].title in each.body)
    pull.reply(asked, "alice", "Right, that is the wrong key.")
    unwanted = next(each for each in pull.review_comments if papers.FINDINGS[1].title in each.body)
    pull.react(unwanted, "bob", "THUMBS_DOWN")


def _check(pull: FakePullRequest, stage: Stage) -> str:
    run = pull.check_runs[0]
    return _box(f"**{run.title}**\n\n{run.summary}", stage)


def _reviewed(stage: Stage, *options: str, **variables: str) -> FakePullRequest:
    pull = papers.opened(stage.github)
    done = stage.plumbline("review", "acme/papers#214", "--post", *options, **variables)
    assert done.code in {0, 3}, done.err
    return pull


def _without_links(body: Json) -> Answer | None:
    if asks_overview(body):
        return None
    paths = {file["path"] for file in part_of(body)["files"]}
    return http_error(400, "invalid_request_error", "as scripted") if "papers/links.py" in paths else None


def _chosen(comments: list[ReviewComment]) -> list[tuple[str, ReviewComment]]:
    """One comment of each kind."""
    suggested = next(comment for comment in comments if "```suggestion" in comment.body)
    removed = next(comment for comment in comments if comment.side == "LEFT")
    analyzed = next(comment for comment in comments if "<sub>secrets:" in comment.body)
    return [
        ("A comment on two lines, with a suggestion", suggested),
        ("A comment on a removed line", removed),
        ("A comment of an analyzer", analyzed),
    ]


def _place(comment: ReviewComment) -> str:
    lines = f"{comment.start_line} to {comment.line}" if comment.start_line else f"{comment.line}"
    return f"On `{comment.path}`, line {lines} on the {comment.side.lower()}: `{comment.text.strip()}`\n"


def _box(body: str, stage: Stage) -> str:
    """Markdown as text and as GitHub shows it; what differs from run to run is made the same."""
    text = body.replace(stage.github.url, "https://github.com").replace(stage.model.url, "https://api.anthropic.com")
    text = re.sub(r"127\.0\.0\.1:\d+", "api.anthropic.com", text)
    text = re.sub(r"<!-- plumbline(-finding|):(\d+) [^>]+ -->", r"<!-- plumbline\1:\2 ... -->", text).rstrip("\n")
    text = re.sub(r"prompts `[0-9a-f]{8}` · Plumbline [0-9.]+", "prompts `3f9a1c2e` · Plumbline 0.1.0", text)
    text = re.sub(r"[0-9,]+ tokens in, [0-9,]+ out · \$[0-9.]+", "14,203 tokens in, 1,911 out · $0.12", text)
    fence = "`" * max(4, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{text}\n\n<details><summary>as text</summary>\n\n{fence}markdown\n{text}\n{fence}\n\n</details>\n\n---\n"


def test_the_page_shows_what_is_posted(tmp_path: Path) -> None:
    """The page in docs/ is what the product posts now; run this module to write it anew."""
    assert PAGE.read_text(encoding="utf-8") == page(tmp_path)


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        PAGE.write_text(page(Path(made)), encoding="utf-8")
