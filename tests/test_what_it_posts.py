"""docs/what-it-posts.md is what was posted on the fake GitHub, not what somebody wrote down.

`python -m tests.test_what_it_posts` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import papers
from tests.fakes.github_state import FakePullRequest, ReviewComment
from tests.fakes.messages import Answer, http_error
from tests.repository import CHECKOUT
from tests.scripted_reviewer import Json, ScriptedReviewer, part_of
from tests.stage import Stage

PAGE = CHECKOUT / "docs" / "what-it-posts.md"
INTRODUCTION = """\
# What Plumbline posts

Everything below was posted by `plumbline review acme/papers#214 --post` on a pull request that holds the
[example](../examples/README.md), with answers of a model by script; a test keeps this page and the product the same.
What stands in `<!-- -->` is not shown on GitHub.
"""


def page(folder: Path) -> str:
    """The whole page, from reviews that are run for it."""
    parts = [INTRODUCTION]
    with Stage(ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES), folder / "complete") as stage:
        pull = _reviewed(stage)
        parts += ["\n## The summary: one comment, edited in place\n", _box(pull.issue_comments[0].body, stage)]
        (review,) = pull.reviews
        parts += ["\n## The review that carries the inline comments\n", _box(review.body, stage)]
        for title, comment in _chosen(review.comments):
            parts += [f"\n## {title}\n", _place(comment), _box(comment.body, stage)]
    with Stage(ScriptedReviewer(papers.FINDINGS, papers.SUMMARIES, _without_links), folder / "partial") as stage:
        pull = _reviewed(stage, PLUMBLINE_CHUNK_TOKENS="2500")
        head = pull.issue_comments[0].body.split("\n| |")[0]
        parts += ["\n## The beginning of a summary when a request failed\n", _box(head, stage)]
    with Stage(lambda _: http_error(401, "authentication_error", "invalid x-api-key"), folder / "failed") as stage:
        head = _reviewed(stage).issue_comments[0].body.split("\n| |")[0]
        parts += ["\n## The beginning of a summary when nothing was answered\n", _box(head, stage)]
    return "\n".join(parts)


def _reviewed(stage: Stage, **variables: str) -> FakePullRequest:
    pull = papers.opened(stage.github)
    done = stage.plumbline("review", "acme/papers#214", "--post", **variables)
    assert done.code in {0, 3}, done.err
    return pull


def _without_links(body: Json) -> Answer | None:
    paths = {file["path"] for file in part_of(body)["files"]}
    return http_error(400, "invalid_request_error", "as scripted") if "papers/links.py" in paths else None


def _chosen(comments: list[ReviewComment]) -> list[tuple[str, ReviewComment]]:
    """One comment of each kind."""
    suggested = next(comment for comment in comments if "```suggestion" in comment.body)
    removed = next(comment for comment in comments if comment.side == "LEFT")
    analyzed = next(comment for comment in comments if "<sub>" in comment.body)
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
    text = re.sub(r"<!-- plumbline:(\d+) [^ ]+ -->", r"<!-- plumbline:\1 ... -->", text).rstrip("\n")
    text = re.sub(r"prompts `[0-9a-f]{8}` · Plumbline [0-9.]+", "prompts `3f9a1c2e` · Plumbline 0.1.0", text)
    text = re.sub(r"[0-9,]+ tokens in, [0-9,]+ out · \$[0-9.]+", "14,203 tokens in, 1,911 out · $0.12", text)
    fence = "`" * max(4, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{text}\n\n<details><summary>as text</summary>\n\n{fence}markdown\n{text}\n{fence}\n\n</details>\n\n---\n"


def test_the_page_shows_what_is_posted(tmp_path: Path) -> None:
    """The page in docs/ is what the product posts now; run this module to write it anew."""
    for name in ("complete", "partial", "failed"):
        (tmp_path / name).mkdir()
    assert PAGE.read_text(encoding="utf-8") == page(tmp_path)


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        for each in ("complete", "partial", "failed"):
            (Path(made) / each).mkdir()
        PAGE.write_text(page(Path(made)), encoding="utf-8")
