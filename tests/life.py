"""A stage for whole lives of pull requests: pushes by real git, a reader by script, what people do, reviews in between.

    with Life("fix", tmp_path) as life:
        life.push({"shop/cart.py": CART}, "Redeem coupons")
        life.finds(COUPON)
        life.review()
        life.page()

Everything but the reader and GitHub is the product, in this process, over HTTP to the fakes. What was posted is written
down as text; what it was worth is counted from data: how many comments, how many repeats, how many suppressed falsely.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Self

from bot import settings, wiring
from bot.core.cost import PRICES
from bot.progress import Progress
from tests.chronicle import Sight, changes, is_of_archive, is_of_check, is_write, look, told, traffic, visible
from tests.fakes.github import LOGIN
from tests.fakes.github_posts import IssueComment, ReviewComment
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import FakeCommit
from tests.fakes.github_traffic import Received
from tests.fakes.messages import USAGE, Answer, http_error, tool
from tests.repository import TestRepository
from tests.scripted_reviewer import Json, Says, ScriptedReviewer, Word, asks_overview, part_of
from tests.shop import BASE
from tests.stage import Stage

REPOSITORY, NUMBER = "acme/shop", 7
PULL = f"{REPOSITORY}#{NUMBER}"
AUTHOR, WRITER, STRANGER = "alice", "wendy", "mallory"
FILES_ASKED_FOR = (".github/plumbline.yml", ".gitattributes", "logo.png")
_SETTINGS = ("ANTHROPIC_", "OPENAI_", "PLUMBLINE_", "GITHUB_")
_FIXED = "**Fixed"


class History(TestRepository):
    """A repository whose commits are made at set times: so they have the same names in every run."""

    _minutes = 0

    def git(self, *arguments: str) -> str:
        """Run git here and give its output."""
        return self.output(*arguments).decode("utf-8", "surrogateescape").strip()

    def output(self, *arguments: str) -> bytes:
        """The same, to the byte."""
        self._minutes += 1
        when = f"2026-11-02T{9 + self._minutes // 60:02}:{self._minutes % 60:02}:00Z"
        who = {f"GIT_{role}_{what}": name for role in ("AUTHOR", "COMMITTER") for what, name in _WHO.items()}
        fixed = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull}
        environment = {**os.environ, **who, **fixed, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ("git", *arguments)
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, env=environment).stdout


_WHO = {"NAME": AUTHOR, "EMAIL": "alice@example.invalid"}


class Life(Stage):
    """One pull request. `finds` and `words` tell what the reader reports, and what it says of what stands.

    With `repeats` it reports what stands again, too; about parts with the file `failing` it cannot be asked. `unwanted`
    are findings that somebody who may say so does not want to hear of. `asked` are the parts of the diff that the
    reader was shown in the latest review, `requests` what GitHub was asked in it. `meanwhile` happens when the reader
    is asked next, `paused` at the next wait for GitHub; `waits` are the seconds of all waits, none of which is waited.
    """

    def __init__(self, name: str, folder: Path, base: Mapping[str, str] = BASE) -> None:
        super().__init__(self._read, folder)
        self.name = name
        self.words: dict[str, Word] = {}
        self.repeats = False
        self.failing = ""
        self.unwanted: set[str] = set()
        self.waits: list[float] = []
        self.asked: list[Json] = []
        self.requests: list[Received] = []
        self.meanwhile: list[Callable[[], object]] = []
        self.paused: list[Callable[[], object]] = []
        self.usage: Mapping[str, int] = USAGE
        self.options: dict[str, bool] = {"post": True, "fresh": True}
        self._findings: list[Says] = []
        self._ever: dict[str, Says] = {}
        self._base = dict(base)
        self._meant: dict[str, str] = {}
        self._claimed: set[str] = set()
        self._posted: dict[int, str] = {}
        self._in_all = 0
        self._suppressed: list[str] = []
        self._lines: list[str] = []
        self._pull: FakePullRequest | None = None
        self.git = History(folder / "repository")

    def __enter__(self) -> Self:
        super().__enter__()
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        # What git's clone around, the environment and this machine's cache say is no part of a life.
        self._open.enter_context(contextlib.chdir(elsewhere))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
        self._open.enter_context(_environment({**kept, **self.variables}))
        self.git.commit(self._base, "Open the shop")
        self.git.branch("feature")
        self.github.repository(REPOSITORY).permissions[WRITER] = "write"
        return self

    @property
    def pull(self) -> FakePullRequest:
        """The pull request, once something was pushed."""
        assert self._pull is not None
        return self._pull

    # What happens to the branch

    def push(self, files: Mapping[str, str | bytes | None], message: str) -> str:
        """A further commit on the branch; gives its name."""
        self.git.commit(files, message)
        return self.pushed(f"pushes `{message}`")

    def amend(self, files: Mapping[str, str | bytes | None]) -> str:
        """The latest commit made anew."""
        self.git.write(files)
        self.git.git("add", "--all")
        self.git.git("commit", "--quiet", "--amend", "--no-edit")
        return self.pushed("amends the latest commit")

    def base_moves(self, files: Mapping[str, str | bytes | None], message: str) -> None:
        """A commit on the base branch, with the branch left where it is."""
        self.git.git("checkout", "--quiet", "main")
        self.git.commit(files, message)
        self.git.git("checkout", "--quiet", "feature")
        self.pushed(f"sees `{message}` on the base branch")

    def pushed(self, did: str) -> str:
        """Show GitHub what git has now; gives the head."""
        head, base = self.git.git("rev-parse", "feature"), self.git.git("rev-parse", "main")
        fork = self.git.git("merge-base", "main", "feature")
        patch = self.git.output("diff", "--no-ext-diff", "--no-color", "--find-renames", "--unified=3", fork, head)
        if self._pull is None:
            self._pull = self.github.pull_request(
                REPOSITORY, NUMBER, title="Coupons, countries and letters", author=AUTHOR, base_sha=base, head_sha=head
            )
        pull = self._pull
        log = self.git.git("log", "--reverse", "--format=%H %s", f"{fork}..{head}")
        commits = (line.partition(" ") for line in log.split("\n") if line)
        pull.commits = [FakeCommit(sha, message, AUTHOR) for sha, _, message in commits]
        pull.versions[head] = patch
        pull.files |= {commit: self._files(commit) for commit in (base, fork, head)}
        pull.head_sha, pull.base_sha, pull.merge_base = head, base, fork
        self.say(f"{AUTHOR} {did}: `{head[:7]}`")
        return head

    def _files(self, commit: str) -> dict[str, bytes]:
        """The files whose texts GitHub is asked for."""
        there = self.git.git("ls-tree", "-r", "--name-only", commit, *FILES_ASKED_FOR).split()
        return {path: self.git.output("show", f"{commit}:{path}") for path in there}

    def policy(self, text: str) -> None:
        """The policy file of the base branch."""
        path = FILES_ASKED_FOR[0]
        if self._pull is not None:
            self.base_moves({path: text}, "Change the policy")
            return
        self.git.git("checkout", "--quiet", "main")
        self.git.commit({path: text}, "Set a policy")
        self.git.git("checkout", "--quiet", "-B", "feature")

    def set(self, **variables: str) -> None:
        """Settings of this installation, from now on."""
        os.environ.update(variables)

    # What the reader finds

    def finds(self, *findings: Says) -> None:
        """From now on, on lines that it is shown."""
        self._findings = list(findings)
        self._ever |= {each.title: each for each in findings}

    def same(self, finding: Says, *others: Says) -> None:
        """The same defects in other words."""
        self._meant |= {other.title: finding.title for other in others}

    def _read(self, body: Json) -> Answer:
        while self.meanwhile:
            self.meanwhile.pop(0)()
        reader = ScriptedReviewer(self._findings, standing=dict(self.words), repeats=self.repeats)
        if asks_overview(body):
            return reader(body)
        part = part_of(body)
        if "images" in part:
            self.asked.append(part)
            return tool("report_review", reader.report(part), self.usage)
        if self.failing and self.failing in {file["path"] for file in part["files"]}:
            return http_error(400, "invalid_request_error", "as scripted")
        said = reader.report(part)
        self.asked.append(part)
        titles = {row["id"]: row["title"] for row in part.get("standing", ())}
        self._claimed |= {claim["title"] for claim in said["findings"]}
        self._claimed |= {titles[each["id"]] for each in said["standing"] if each["state"] == "still"}
        return tool("report_review", said, self.usage)

    # What people do, and how it is told

    def say(self, sentence: str) -> None:
        """Write down what happened."""
        self._lines.append(f"- {sentence}\n")

    def comment_on(self, finding: Says) -> ReviewComment:
        """Our comment on a finding."""
        meant = self._meaning(finding.title)
        return next(each for each in self.pull.review_comments if self._posted.get(each.id) == meant)

    @property
    def summary(self) -> IssueComment:
        """Our summary; there is exactly one."""
        (found,) = [each for each in self.pull.issue_comments if each.author == LOGIN]
        return found

    def shown(self) -> list[tuple[str, int]]:
        """The paths that the reader was shown in the latest review, with the number of hunks of each."""
        return [(file["path"], len(file["hunks"])) for part in self.asked for file in part["files"]]

    # Reviews

    def review(self, **options: bool) -> wiring.Done:
        """Review the pull request, and write down what became other."""
        return self.during("Review", lambda: self.reviewed(**options), worth_saying=True)

    def reviewed(self, **options: bool) -> wiring.Done:
        """The same without writing it down: for one of several at the same time."""
        request = wiring.Request(pull_request=PULL, **{**self.options, **options})  # type: ignore[arg-type]
        watch = Progress(None, PRICES["provider"])
        return asyncio.run(wiring.review(request, settings.load(), watch, sleep=self._sleep))

    def cleaned(self) -> None:
        """Remove what we posted, and write that down."""
        before, asked = look(self.pull), len(self.github.requests)
        asyncio.run(wiring.clean(PULL, settings.load()))
        self._written(before, "Clean", asked, len(self.model.requests))

    def during(self, what: str, act: Callable[[], wiring.Done], *, worth_saying: bool = False) -> wiring.Done:
        """Do something, write down what became other, and hold it against what was found."""
        before, asked, models = look(self.pull), len(self.github.requests), len(self.model.requests)
        self.asked, self._claimed = [], set()
        try:
            done = act()
        except Exception as error:
            self._written(before, f"{what}: {visible(str(error))}", asked, models)
            raise
        self._written(before, f"{what}: {_outcome(done)}", asked, models, counted=worth_saying)
        posted = done.posted
        if posted and posted.obstacle is None and posted.summary_url:
            self._hold()
        return done

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.paused:
            self.paused.pop(0)()

    def _written(self, before: Sight, title: str, asked: int, models: int, *, counted: bool = True) -> None:
        after = look(self.pull)
        self.requests = self.github.requests[asked:]
        self._lines.append(f"\n### {title}\n")
        if counted:
            self._lines.append(f"{traffic(self.requests, len(self.model.requests) - models)}\n")
        self._lines += list(changes(before, after)) or ["Nothing else on the page.\n"]
        for number in sorted(after.comments.keys() - before.comments.keys()):
            comment = after.comments[number]
            if comment.author == LOGIN and comment.thread == comment.id:
                self._posted[number] = self._finding_in(comment)
                self._in_all += 1
        for number in before.comments.keys() - after.comments.keys():
            self._posted.pop(number, None)

    def _finding_in(self, comment: ReviewComment) -> str:
        """Which finding a comment of ours is on: by its title. Its line reads as it was quoted."""
        said = next(each for title, each in self._ever.items() if title in comment.body)
        if comment.line is not None:
            assert comment.text == said.quote, f"the comment on {said.quote!r} stands on {comment.text!r}"
        return self._meaning(said.title)

    def _meaning(self, title: str) -> str:
        return self._meant.get(title, title)

    def _hold(self) -> None:
        """What was found in this review and is wanted stands in an open comment, or in the summary."""
        ours = [each.body for each in self.pull.review_comments if each.author == LOGIN]
        summaries = [told(each.body) for each in self.pull.issue_comments if each.author == LOGIN]
        texts = [body for body in ours if not body.startswith(_FIXED)] + summaries
        for title in sorted(self._claimed):
            meaning = self._meaning(title)
            names = {meaning, title, *(other for other, meant in self._meant.items() if meant == meaning)}
            if meaning not in self.unwanted and not any(name in text for name in names for text in texts):
                self._suppressed.append(title)

    # What it was worth

    def reads_and_writes(self) -> tuple[int, int, int]:
        """Of the latest review, without its check run and the archive: requests up to the first write, writes, all."""
        asked = [each for each in self.requests if not is_of_check(each) and not is_of_archive(each)]
        writes = [at for at, each in enumerate(asked) if is_write(each)]
        return (writes[0] if writes else len(asked)), len(writes), len(asked)

    def page(self, rule: str) -> str:
        """The whole life as text. Nothing was said twice, and nothing suppressed that was wanted."""
        said = Counter(self._posted.values())
        repeated = sorted(title for title, times in said.items() if times > 1)
        assert (repeated, self._suppressed) == ([], [])
        assert not any(review.state == "PENDING" for review in self.pull.reviews)
        figures = (
            f"{self._in_all} comments posted",
            f"{len(repeated)} repeated",
            f"{len(self._suppressed)} falsely suppressed",
        )
        counts = f"Over this life: {', '.join(figures)}.\n"
        return "\n".join(
            [f"# {self.name.replace('_', ' ').capitalize()}\n", f"{rule}\n", *self._lines, "---\n", counts]
        )


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables and no others, as a process of its own would have them."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _outcome(done: wiring.Done) -> str:
    """How the review ended, and what became of it, as it is told in the terminal."""
    from bot.core.rendering import fate  # noqa: PLC0415

    told_of = fate.told(done.review, done.posted, done.taken)
    return visible(f"{done.review.outcome.ending}; {told_of}")
