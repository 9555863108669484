"""Plays the real history of a git repository as pull requests that grow commit by commit.

    python -m benchmarks.history PATH [--pulls 100] [--pushes 5] [--seed 1] [--exact]

A model by script finds defects in given lines and reports them with noise: the line off by up to 15, another line
quoted (up to 3 off), white space, wording, category and range changed; at every push anew, half of the time without
regard to what was said before. With `--exact` only the words and the category vary. Where each line of a commit stands
in the next is known from git, so every comment can be held against the line that it was meant for.

Everything but the model is the product: the story, the posting, the door to GitHub, over HTTP to the fake.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from bot import publisher, reviewer
from bot.clients.github.connection import Access, GitHub
from bot.clients.github.publish import PullRequestPage
from bot.core.anchors import Miss
from bot.core.change import Change
from bot.core.cost import PRICES
from bot.core.messages import UNHEARD, Listener, Reply, Request, StopReason, ToolUse
from bot.core.policy import Policy
from bot.core.pull_request import Branch, Commit, PullRequest, PullRequestState
from bot.core.review import Review
from bot.progress import Progress
from tests.claims import GivenChange, NoAnalyzers
from tests.fakes.github import FakeGitHub
from tests.fakes.github_posts import IssueComment, ReviewComment
from tests.fakes.github_pull import FakePullRequest
from tests.scripted_reviewer import OVERVIEW, Json, Row, part_of, rows_of

_CATEGORIES = (
    ("security",),
    ("correctness", "data", "concurrency"),
    ("performance",),
    ("compatibility", "tests", "maintenance"),
)
_SEVERITIES = ("critical", "high", "medium", "low")
_WORDS = (
    *("a", "the", "value", "is", "lost", "when", "list", "empty", "cache", "stale"),
    *("lock", "held", "twice", "page", "skipped", "user", "wrong", "read", "old", "total"),
    *("missing", "token", "never", "expires", "loop", "ends", "early", "index", "shifts", "path"),
    *("escapes", "quote", "breaks", "row", "double", "counted", "error", "swallowed"),
)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NAME = re.compile(r"^(--- |\+\+\+ |rename from |rename to )(.+?)\t?$", re.MULTILINE)
_NONE = "/dev/null"
_TAG = re.compile(r"\bzq(\d+)\b")
_MOST_LINES = 3_000
_HALF, _QUARTER = 0.5, 0.25
_FARTHEST, _BESIDE = 15, 3
_ROWS = (
    *("pulls", "pushes", "defects", "reports", "inline", "on files", "said before"),
    *(f"refused: {miss.name}" for miss in Miss),
    *("in the summary", "of the checks", "wrong line", "taken for one beside", "repeats", "lost"),
)


@dataclass(slots=True)
class Defect:
    """A defect in a line: where it stands now, None once the line is gone."""

    tag: int
    path: str
    line: int
    category: str
    severity: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Meant:
    """The line that a report was meant for: the one whose text it quotes."""

    path: str
    line: int


@dataclass(slots=True)
class Life:
    """One pull request being played: its defects, and what each report of this push was meant for."""

    defects: list[Defect] = field(default_factory=list)
    meant: dict[int, Meant] = field(default_factory=dict)

    def are_beside(self, one: int, other: int) -> bool:
        """Whether reports of two defects of one kind may name the same line."""
        first, second = (next(each for each in self.defects if each.tag == tag) for tag in (one, other))
        near = first.path == second.path and abs(first.line - second.line) <= 4 * _BESIDE
        return near and any({first.category, second.category} <= {*group} for group in _CATEGORIES)


class Git:
    """The repository whose history is played."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def output(self, *arguments: str) -> bytes:
        """What git says."""
        return subprocess.run(("git", "-C", str(self._path), *arguments), capture_output=True, check=True).stdout  # noqa: S607 - the git of the machine

    def commits(self) -> list[str]:
        """The main line, the oldest first: each of its commits is what one merge brought."""
        return self.output("rev-list", "--first-parent", "--reverse", "HEAD").decode().split()

    def patch(self, base: str, head: str) -> bytes:
        """The change as a pull request shows it."""
        return self.output("diff", "--no-ext-diff", "--no-color", "--find-renames", "--unified=3", base, head)

    def steps(self, old: str, new: str) -> Steps:
        """What became of the lines from one commit to another."""
        text = self.output("diff", "--no-ext-diff", "--no-color", "--find-renames", "--unified=0", old, new)
        return Steps(text.decode("utf-8", "replace"))


@dataclass(slots=True)
class Replaced:
    """Lines of a file that a step replaced by others: where they stood, where those stand, and the texts of both."""

    start: int
    begin: int
    gone: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)

    def kept(self) -> dict[int, int]:
        """The lines that stand there again, by their place among those that went: as they were, in their order."""
        blocks = difflib.SequenceMatcher(None, self.gone, self.came, autojunk=False).get_matching_blocks()
        return {block.a + at: block.b + at for block in blocks for at in range(block.size)}


class Steps:
    """How lines of one commit stand in the next, and which are new there, from a diff without context."""

    def __init__(self, text: str) -> None:
        self._moves: dict[str, tuple[str, list[Replaced]]] = {}
        self.added: list[Meant] = []
        for section in re.split(r"^(?=diff --git )", text, flags=re.MULTILINE)[1:]:
            head, *hunks = re.split(r"^(?=@@ -)", section, flags=re.MULTILINE)
            old, new = _names(head)
            replaced = [_replaced(hunk) for hunk in hunks]
            self._moves[old or new] = (new, replaced)
            for each in replaced if new else ():
                again = set(each.kept().values())
                # What stood there before is not new, and a blank line has no text that could be quoted.
                fresh = [at for at, line in enumerate(each.came) if at not in again and line.strip()]
                self.added += [Meant(new, each.begin + at) for at in fresh]

    def now(self, path: str, line: int) -> Meant | None:
        """Where a line stands after the step."""
        new, hunks = self._moves.get(path, (path, []))
        shift = 0
        for each in hunks:
            if each.start <= line < each.start + len(each.gone):
                kept = each.kept().get(line - each.start)
                return None if kept is None or not new else Meant(new, each.begin + kept)
            if line >= each.start + max(len(each.gone), 1):
                shift += len(each.came) - len(each.gone)
        return Meant(new, line + shift) if new else None


def _names(head: str) -> tuple[str, str]:
    """The names of a file before and after, '' where there is none."""
    found = dict(_NAME.findall(head))
    renamed = found.get("rename from "), found.get("rename to ")
    if renamed[0] and renamed[1]:
        return renamed[0], renamed[1]
    old, new = found.get("--- ", ""), found.get("+++ ", "")
    return old.removeprefix("a/") if old != _NONE else "", new.removeprefix("b/") if new != _NONE else ""


def _replaced(hunk: str) -> Replaced:
    head, *lines = hunk.split("\n")
    match = _HUNK.match(head)
    if match is None:
        raise SystemExit(f"git made a hunk that cannot be read: {head!r}")
    return Replaced(
        int(match[1]),
        int(match[3]),
        [line[1:] for line in lines if line.startswith("-")],
        [line[1:] for line in lines if line.startswith("+")],
    )


class NoisyModel:
    """Reports what is wrong in the lines that it is shown, with noise."""

    def __init__(self, life: Life, dice: random.Random, counts: Counter[str], *, exact: bool = False) -> None:
        self._life = life
        self._dice = dice
        self._counts = counts
        self._exact = exact

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request."""
        listener.begun()
        name = request.body["tool_choice"]["name"]  # type: ignore[index]
        said = self._report(part_of(dict(request.body))) if name == "report_review" else OVERVIEW
        return Reply((ToolUse("toolu_1", name, said, ""),), StopReason.TOOL_USE)

    def _report(self, part: Json) -> Json:
        verdicts, silent = self._verdicts(part)
        findings = []
        for file in part["files"]:
            rows = [row for row in rows_of(file) if row.new is not None]
            shown = {row.new: row for row in rows}
            here = [each for each in self._life.defects if each.path == file["path"] and each.line in shown]
            findings += [self._claim(defect, rows, shown) for defect in here if defect.tag not in silent]
        return {
            "files": [{"path": file["path"], "summary": "changes it"} for file in part["files"]],
            "findings": findings,
            "standing": verdicts,
            "overview": None,
        }

    def _verdicts(self, part: Json) -> tuple[list[Json], set[int]]:
        """Half of the time the model speaks of what stands, and then not again; half of the time it disregards it."""
        by_tag = {defect.tag: defect for defect in self._life.defects}
        verdicts, silent = [], set()
        for row in part.get("standing", ()):
            tag = _tag_of(row["title"])
            if tag is None or self._dice.random() < _HALF:
                continue
            silent.add(tag)
            defect = by_tag.get(tag)
            state = "still" if defect else "fixed"
            verdicts.append({"id": row["id"], "state": state, "quote": row["quote"] if defect else ""})
        return verdicts, silent

    def _claim(self, defect: Defect, rows: Sequence[Row], shown: Mapping[int | None, Row]) -> Json:
        dice = self._dice
        quoted = shown[defect.line] if self._exact else self._near(defect, rows, shown)
        number = quoted.new or 0
        self._life.meant[defect.tag] = Meant(defect.path, number)
        start, line, text = (number, number, quoted.text) if self._exact else self._with_noise(number, quoted.text)
        group = next(group for group in _CATEGORIES if defect.category in group)
        words = " ".join(dice.sample(_WORDS, 6))
        self._counts["reports"] += 1
        return {
            "path": defect.path,
            "side": "RIGHT",
            "start_line": start,
            "line": line,
            "quote": text,
            "scenario": f"{' '.join(dice.sample(_WORDS, 5))}",
            "body": f"{' '.join(dice.sample(_WORDS, 8))}.",
            "title": f"{words.capitalize()} zq{defect.tag}",
            "category": dice.choice(group),
            "severity": defect.severity,
            "confidence": 0.9,
            "suggestion": None,
        }

    def _near(self, defect: Defect, rows: Sequence[Row], shown: Mapping[int | None, Row]) -> Row:
        """The line that is quoted: now and then another one, up to three lines off."""
        if self._dice.random() >= _QUARTER:
            return shown[defect.line]
        near = [row for row in rows if row.new and abs(row.new - defect.line) <= _BESIDE and row.text.strip()]
        return self._dice.choice(near)

    def _with_noise(self, number: int, text: str) -> tuple[int, int, str]:
        """The range and the text as they are stated."""
        dice = self._dice
        line = number + (dice.randint(-_FARTHEST, _FARTHEST) if dice.random() < _HALF else 0)
        if dice.random() < _QUARTER:
            text = dice.choice([text.strip(), " ".join(text.split()), text.replace("    ", "\t"), text + "  "])
        return max(line - dice.choice([0, 0, 0, 1, 3]), 1), max(line, 1), text


class Play:
    """Plays pull requests and counts."""

    def __init__(self, git: Git, dice: random.Random, *, exact: bool = False) -> None:
        self._git = git
        self._exact = exact
        self._dice = dice
        self.problems: list[str] = []
        self.counts: Counter[str] = Counter()
        self._tags = 0

    async def pull(self, number: int, base: str, heads: Sequence[str]) -> None:
        """One pull request, from its first commit to its last push, on a GitHub of its own: its limits are hourly."""
        with FakeGitHub() as github:
            await self._play(github, number, base, heads)
            self.problems += github.problems

    async def _play(self, github: FakeGitHub, number: int, base: str, heads: Sequence[str]) -> None:
        life, page_pull, before = Life(), None, base
        with GitHub(Access(github.api_url, SecretStr(github.token))) as door:
            page = PullRequestPage(door, "acme", "history", number)
            for head in heads:
                patch = self._git.patch(base, head)
                if not 0 < patch.count(b"\n") < _MOST_LINES:
                    continue
                self._step(life, self._git.steps(before, head))
                before = head
                if page_pull is None:
                    page_pull = github.pull_request("acme/history", number, patch=patch, base_sha=base, head_sha=head)
                else:
                    page_pull.push(head, patch)
                await self._review(life, page_pull, page, _change(page_pull, patch, base, head))
                self.counts["pushes"] += 1
        if page_pull is not None:
            self.counts["pulls"] += 1
            self.counts["defects"] = self._tags

    def _step(self, life: Life, steps: Steps) -> None:
        """Let the defects move with their lines, and put new ones in new lines."""
        for defect in list(life.defects):
            now = steps.now(defect.path, defect.line)
            if now is None:
                life.defects.remove(defect)
            else:
                defect.path, defect.line = now.path, now.line
        for meant in self._dice.sample(steps.added, min(len(steps.added), 4)):
            group = self._dice.choice(_CATEGORIES)
            self._tags += 1
            life.defects.append(
                Defect(self._tags, meant.path, meant.line, self._dice.choice(group), self._dice.choice(_SEVERITIES))
            )

    async def _review(self, life: Life, pull: FakePullRequest, page: PullRequestPage, change: Change) -> None:
        life.meant.clear()
        known = len(pull.review_comments)
        model = NoisyModel(life, self._dice, self.counts, exact=self._exact)
        watch = Progress(None, PRICES["provider"])
        ports = reviewer.Ports(GivenChange(change), NoAnalyzers(), model, watch, page=page)
        policy = Policy("claude-opus-4-6", max_comments=50, post=True)
        review = await reviewer.review(ports, reviewer.Wish(policy))
        posted = await publisher.publish(review, page)
        if posted.obstacle or posted.problems:
            raise SystemExit(f"not posted: {posted}")
        self._compare(life, pull, known)
        self._account(life, review, pull, known)

    def _compare(self, life: Life, pull: FakePullRequest, known: int) -> None:
        """Hold the new comments against the lines that they were meant for."""
        for comment in pull.review_comments[known:]:
            tag = _tag_of(comment.body)
            if tag is None:
                self.counts["of the checks"] += 1
                continue
            meant = life.meant.get(tag)
            if comment.line is None:
                self.counts["on files"] += 1
                continue
            self.counts["inline"] += 1
            if meant is None or (comment.path, comment.side, comment.line) != (meant.path, "RIGHT", meant.line):
                self.counts["wrong line"] += 1

    def _account(self, life: Life, review: Review, pull: FakePullRequest, known: int) -> None:
        """Tell for each report of this push what became of it, and look for what was not said, or said twice.

        Of two defects of one kind beside each other one may be taken for the other: then one comment is there for each.
        """
        before, now = _tags(pull.review_comments[:known]), _tags(pull.review_comments[known:])
        refused = {_tag_of(each.finding.title): each.why for each in review.unplaced}
        summary = _tags(pull.issue_comments)
        for tag in life.meant:
            if tag in refused and tag not in before:
                self.counts[f"refused: {refused[tag].name}"] += 1
            elif tag in before and tag not in now:
                self.counts["said before"] += 1
            elif tag not in now and tag in summary:
                self.counts["in the summary"] += 1
        unsaid = life.meant.keys() - before - now - summary - refused.keys()
        for tag in sorted(before & now):
            taken = next((other for other in sorted(unsaid) if life.are_beside(tag, other)), None)
            self.counts["repeats" if taken is None else "taken for one beside"] += 1
            unsaid -= {taken}
        self.counts["lost"] += len(unsaid)


def _tags(comments: Iterable[IssueComment | ReviewComment]) -> set[int]:
    return {int(tag) for comment in comments for tag in _TAG.findall(comment.body)}


def _tag_of(text: str) -> int | None:
    found = _TAG.search(text)
    return int(found[1]) if found else None


def _change(pull: FakePullRequest, patch: bytes, base: str, head: str) -> Change:
    name = pull.repository.full_name
    request = PullRequest(
        repository=name,
        repository_id=pull.repository.id,
        number=pull.number,
        url=f"https://github.com/{name}/pull/{pull.number}",
        title=pull.title,
        body=pull.body or "",
        author=pull.author,
        association=pull.association,
        state=PullRequestState.OPEN,
        draft=False,
        labels=(),
        base=Branch(base, "main", name),
        head=Branch(head, "feature", name),
        fork=False,
        merge_base=base,
        commits=tuple(Commit(commit.sha, commit.message) for commit in pull.commits),
    )
    return Change(patch, request.name, base, head, request)


def main() -> None:
    """Play, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("path", type=Path, help="a git repository with a long history")
    parser.add_argument("--pulls", type=int, default=100, help="how many pull requests to play")
    parser.add_argument("--pushes", type=int, default=5, help="how many commits each grows by")
    parser.add_argument("--seed", type=int, default=1, help="for the noise")
    parser.add_argument("--exact", action="store_true", help="without noise in numbers, quotes and ranges")
    asked = parser.parse_args()
    git, dice = Git(asked.path), random.Random(asked.seed)  # noqa: S311 - the same noise each time
    commits = git.commits()
    starts = range(1, len(commits) - asked.pushes, max((len(commits) - asked.pushes) // asked.pulls, 1))
    began = time.perf_counter()
    play = Play(git, dice, exact=asked.exact)
    for number, start in enumerate(starts[: asked.pulls], 1):
        asyncio.run(play.pull(number, commits[start - 1], commits[start : start + asked.pushes]))
    counts = play.counts
    print(f"{asked.path.name}: {len(commits):,} commits on the main line; {time.perf_counter() - began:.0f} s")
    for name in _ROWS:
        print(f"{name:>24} {counts[name]:8,}")
    print(f"{'wrong lines':>24} {100 * counts['wrong line'] / max(counts['inline'], 1):8.3f} % of the inline comments")
    if play.problems:
        raise SystemExit(f"GitHub would object: {play.problems[0]}")


if __name__ == "__main__":
    main()
