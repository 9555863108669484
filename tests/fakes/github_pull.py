"""A pull request of the fake: what a test sets up, and what was posted on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from tests.fakes.github_patch import PatchFile, read_patch
from tests.fakes.github_posts import CheckRun, IssueComment, Reaction, Review, ReviewComment, Status, Thread
from tests.fakes.github_repository import CREATED, Counter, FakeCommit, Repository

MOST_PATCH_LINES = 20_000

read_once = lru_cache(maxsize=64)(read_patch)


@dataclass(slots=True)
class FakePullRequest:
    """A pull request. A test sets what it likes, and reads back what was posted.

    `versions` holds the patch of each head that was pushed; `files` the texts of a commit by path. `head_repository` is
    '' where the fork is gone. The list of files leaves out the patch of the paths in `withheld`, as GitHub does for
    large ones. `state` is open, closed or merged.
    """

    repository: Repository
    number: int
    title: str
    body: str | None
    author: str
    association: str
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repository: str
    merge_base: str
    commits: list[FakeCommit]
    counter: Counter
    draft: bool = False
    state: str = "open"
    created_at: str = CREATED
    updated_at: str = CREATED
    labels: list[str] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)
    versions: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    issue_comments: list[IssueComment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    resolutions: dict[int, str] = field(default_factory=dict)

    @property
    def patch(self) -> bytes:
        return self.versions[self.head_sha]

    @property
    def open(self) -> bool:
        return self.state == "open"

    @property
    def changed_files(self) -> tuple[PatchFile, ...]:
        return read_once(self.patch)

    @property
    def review_comments(self) -> list[ReviewComment]:
        """All of them, the oldest first, without those of pending reviews."""
        return [comment for review in self.reviews if review.state != "PENDING" for comment in review.comments]

    @property
    def threads(self) -> list[Thread]:
        """Those in which a comment stands, in the order in which they were opened."""
        return self.threads_for("")

    @property
    def check_runs(self) -> list[CheckRun]:
        """Those of any of its commits, the oldest first."""
        shas = {commit.sha for commit in self.commits}
        return [run for run in self.repository.check_runs if run.head_sha in shas]

    @property
    def statuses(self) -> list[Status]:
        """Those of any of its commits, the oldest first."""
        shas = {commit.sha for commit in self.commits}
        return [status for status in self.repository.statuses if status.sha in shas]

    def thread(self, number: int) -> Thread:
        """The thread of that number, with a comment that was posted; raises KeyError where none is left."""
        for thread in self.threads:
            if thread.number == number:
                return thread
        raise KeyError(number)

    def threads_for(self, login: str) -> list[Thread]:
        """Those that somebody sees, in the order in which they were opened: pending comments are their author's."""
        threads: dict[int, list[ReviewComment]] = {}
        for review in self.reviews:
            if review.state != "PENDING" or review.author == login:
                for comment in review.comments:
                    threads.setdefault(comment.thread, []).append(comment)
        return [
            Thread(number, tuple(comments), self.resolutions.get(number, ""))
            for number, comments in sorted(threads.items())
        ]

    def shows(self, file: PatchFile) -> bool:
        """Whether GitHub shows the file's patch: comments on its lines hang on that."""
        return bool(file.hunks) and file.path not in self.withheld and file.rows <= MOST_PATCH_LINES

    def push(
        self, sha: str, patch: bytes, message: str = "Amend", files: Mapping[str, bytes] | None = None, date: str = ""
    ) -> None:
        """Move the head to a further commit; `patch` is the whole change from the merge base on."""
        self.commits.append(FakeCommit(sha, message, self.author, date or CREATED))
        self.updated_at = date or self.updated_at
        self.versions[sha] = patch
        self.files[sha] = dict(self.files[self.head_sha] if files is None else files)
        self.head_sha = sha

    def move_base(self, sha: str) -> None:
        """Let the base branch go on; the merge base stays."""
        self.files[sha] = self.files[self.base_sha]
        self.base_sha = sha

    def close(self) -> None:
        self.state = "closed"

    def merge(self) -> None:
        self.state = "merged"

    def comment(self, author: str, body: str) -> IssueComment:
        """What somebody wrote under the pull request."""
        now = self.counter.time()
        comment = IssueComment(self.counter.id(), author, body, now, now)
        self.issue_comments.append(comment)
        return comment

    def review(
        self,
        author: str,
        body: str,
        *,
        commit: str = "",
        state: str = "COMMENTED",
        comments: tuple[ReviewComment, ...] = (),
    ) -> Review:
        """What somebody said in a review; of the head where no commit is given."""
        review = Review(
            self.counter.id(), author, commit or self.head_sha, state, body, list(comments), self.counter.time()
        )
        self.reviews.append(review)
        return review

    def remark(  # noqa: PLR0913 - a comment is made of many things, each with a default
        self,
        author: str,
        path: str,
        line: int | None,
        body: str,
        *,
        side: str = "RIGHT",
        start_line: int | None = None,
    ) -> ReviewComment:
        """What somebody wrote on a line of the head's diff, or with `line` None on a file: a thread of its own."""
        comment = self.new_comment(
            author, body, commit=self.head_sha, path=path, side=side, line=line, start_line=start_line
        )
        self.review(author, "", comments=(comment,))
        return comment

    def new_comment(  # noqa: PLR0913 - a comment is made of many things, each with a default
        self,
        author: str,
        body: str,
        *,
        commit: str,
        path: str,
        side: str,
        line: int | None,
        start_line: int | None = None,
        start_side: str | None = None,
    ) -> ReviewComment:
        """A comment that opens a thread, not posted yet."""
        file = self.file(commit, path)
        found = file.line(side, line) if file and line is not None else None
        number, now = self.counter.id(), self.counter.time()
        return ReviewComment(
            id=number,
            author=author,
            commit=commit,
            path=path,
            side=side,
            line=line if found else None,
            start_line=start_line,
            start_side=(start_side or side) if start_line is not None else None,
            body=body,
            text=found.text if found else "",
            diff_hunk=file.hunk_before(found) if file and found else "",
            position=found.position if found else None,
            created_at=now,
            updated_at=now,
            thread=number,
        )

    def file(self, commit: str, path: str) -> PatchFile | None:
        """The file in the diff of that commit; of a commit that was never the head the fake knows no diff."""
        files = read_once(self.versions.get(commit, b""))
        return next((file for file in files if file.path == path), None)

    def reply(self, to: ReviewComment, author: str, body: str) -> ReviewComment:
        """What somebody answered in the thread of a comment. It comes in a review of its own."""
        first, now = self.thread(to.thread).comments[0], self.counter.time()
        comment = replace(
            first, id=self.counter.id(), author=author, body=body, created_at=now, updated_at=now, reactions=[]
        )
        self.review(author, "", commit=first.commit, comments=(comment,))
        return comment

    def react(self, to: ReviewComment | IssueComment, login: str, content: str) -> Reaction:
        """What somebody thinks of a comment: THUMBS_DOWN, HEART ... Twice the same is once."""
        for reaction in to.reactions:
            if (reaction.login, reaction.content) == (login, content):
                return reaction
        reaction = Reaction(self.counter.id(), login, content, self.counter.time())
        to.reactions.append(reaction)
        return reaction

    def resolve(self, comment: ReviewComment, login: str) -> None:
        """Let somebody resolve the thread in which a comment stands."""
        self.resolutions[self.thread(comment.thread).number] = login

    def unresolve(self, comment: ReviewComment) -> None:
        """Open it again."""
        self.resolutions.pop(comment.thread, None)

    def delete(self, comment: ReviewComment | IssueComment) -> None:
        """Take a comment away; with its last comment a thread goes, and a review without a body."""
        if isinstance(comment, IssueComment):
            self.issue_comments = [kept for kept in self.issue_comments if kept is not comment]
            return
        for review in list(self.reviews):
            kept = [other for other in review.comments if other is not comment]
            if len(kept) < len(review.comments):
                review.comments[:] = kept
                if not kept and not review.body:
                    self.reviews.remove(review)
