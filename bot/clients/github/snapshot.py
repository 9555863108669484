"""A pull request as values: what GitHub says of it, and its patch as the exact bytes that GitHub serves.

Four requests read an ordinary one: the pull request, the diff, the comparison (merge base and commits), and a second
look at the head together with the base's attributes and the policy files. The diff is of whatever the head is at that
moment, so the second look decides whether all four speak of the same commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from bot.clients.github.answers import CompareAnswer, EndAnswer, IssueAnswer, PullAnswer, read
from bot.clients.github.connection import GitHub
from bot.clients.github.look import Look, look
from bot.clients.github.withheld import Composed, compose
from bot.clients.source import PatchText, Repository
from bot.core.change import Change, Contents
from bot.core.diff import Diff
from bot.core.linked_issues import linked_issues
from bot.core.patch import parse
from bot.core.policy import PolicyTexts
from bot.core.pull_request import Branch, Commit, Issue, PullRequest, PullRequestState
from bot.errors import BadPatch, BadReply, Misuse, OutsideError, Rejected, Transient
from bot.threads import begin

_DIFF_TYPE = "application/vnd.github.diff"
# Far above GitHub's own limit of 1 MB; a server of one's own may have another.
_LARGEST_DIFF = 64_000_000


class PullRequestSource:
    """A pull request on GitHub as a source of changes. A local checkout helps out with whole files, if there is one.

    All methods block. They raise Rejected, Transient and BadReply.
    """

    def __init__(
        self, github: GitHub, owner: str, repo: str, number: int, repository: Repository | None = None
    ) -> None:
        self._github = github
        self._path = f"/repos/{quote(owner)}/{quote(repo)}/pulls/{number}"
        self._about = f"{owner}/{repo}#{number}"
        self._repository = repository
        self._look: Look | None = None
        self._begun: Future[Change] | None = None

    def begin(self) -> None:
        """Start reading in a thread of its own, while the caller is busy with something else; `change` waits for it."""
        self._begun = begin(self._read_whole)

    def change(self) -> Change:
        """The pull request at one commit; Transient where it does not stand still for that."""
        begun, self._begun = self._begun, None
        return begun.result() if begun else self._read_whole()

    def _read_whole(self) -> Change:
        for _ in range(2):
            pull = self._pull()
            change = self._read(pull)
            if self._unmoved(pull, change):
                return change
        raise Transient(f"{self._about} is being pushed to right now; try again in a minute.")

    def contents(self, diff: Diff) -> dict[int, Contents]:
        """Both versions of the files, as far as the checkout has them under the ids of the patch; no requests."""
        return PatchText(b"", self._about, self._repository).contents(diff)

    def attributes(self, change: Change) -> Mapping[str, str]:
        """The attributes of the merge base: all of them from the checkout, else the root's as `change` read them."""
        if self._repository:
            try:
                return self._repository.attributes(self._repository.commit(change.base))
            except Misuse:  # a shallow clone, or one of another repository
                pass
        return self._look.attributes if self._look else {}

    def policy_texts(self, _change: Change) -> PolicyTexts:
        """The policy file of the tip of the base branch, the owner's, and the one that the change brings in.

        They were read together with the change; no requests.
        """
        return self._look.texts if self._look else PolicyTexts()

    def _pull(self) -> PullAnswer:
        return read(PullAnswer, self._github.get(self._path, self._about), self._about)

    def _read(self, pull: PullAnswer) -> Change:
        # From here on by its present name: PyGithub loses the query where a renamed repository redirects.
        path = f"/repos/{pull.base.repo.full_name}"
        compared = self._compared(f"{path}/compare/{pull.base.sha}...{pull.head.sha}", pull.about)
        merge_base = compared.merge_base_commit.sha
        composed = self._given(f"{path}/pulls/{pull.number}", pull.about) or compose(self._github, pull, merge_base)
        request = _pull_request(pull, compared)
        request = replace(request, issues=tuple(self._issues(request)))
        return Change(
            patch=composed.patch,
            title=request.name,
            base=merge_base,
            head=pull.head.sha,
            pull_request=request,
            rebuilt=composed.rebuilt,
            withheld=composed.withheld,
            unlisted=max(pull.changed_files - composed.files, 0),
        )

    def _issues(self, request: PullRequest) -> Iterator[Issue]:
        """The issues that the pull request closes; what cannot be read is passed over.

        Source: https://docs.github.com/en/rest/issues/issues#get-an-issue
        """
        messages = (commit.message for commit in request.commits)
        for number in linked_issues(request.repository, request.body, *messages):
            try:
                said = self._github.get(f"/repos/{request.repository}/issues/{number}", request.name)
                issue = read(IssueAnswer, said, request.name)
            except OutsideError:
                continue
            yield Issue(number, issue.title, issue.body or "")

    def _compared(self, path: str, about: str) -> CompareAnswer:
        """Merge base and commits. Without paging parameters these are the latest 250, more than a page could hold.

        Source: https://docs.github.com/en/rest/commits/commits#compare-two-commits
        """
        try:
            said = self._github.get(path, about)
        except Rejected as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            raise Rejected(
                f"GitHub finds no merge base of {about}; rebase it on its target branch, then try again.",
                status=refused.status,
                request_id=refused.request_id,
            ) from refused
        return read(CompareAnswer, said, about)

    def _given(self, path: str, about: str) -> Composed | None:
        """The diff as GitHub serves it, None where it is above GitHub's limits.

        That is 406, and 422 `not_available` for what takes too long to generate:
        https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits#pull-requests
        """
        try:
            patch = self._github.get_bytes(path, about, _DIFF_TYPE, _LARGEST_DIFF)
        except Rejected as refused:
            if refused.status == HTTPStatus.NOT_ACCEPTABLE or refused.kind == "not_available":
                return None
            raise
        return None if patch is None else Composed(patch, len(_parsed(patch, about).files))

    def _unmoved(self, pull: PullAnswer, change: Change) -> bool:
        """Whether head and base branch are still those of the first look; takes attributes and policy along.

        The base is compared by its name: a push to it leaves the merge base where it is, a new target does not.
        """
        self._look = look(self._github, pull, change)
        return (self._look.head, self._look.base) == (pull.head.sha, pull.base.ref)


def _parsed(patch: bytes, about: str) -> Diff:
    try:
        return parse(patch)
    except BadPatch as error:
        raise BadReply(
            f"GitHub's diff of {about} cannot be read ({error}); try again, and report it if it stays so."
        ) from error


def _pull_request(pull: PullAnswer, compared: CompareAnswer) -> PullRequest:
    state = PullRequestState.MERGED if pull.merged else PullRequestState(pull.state)
    return PullRequest(
        repository=pull.base.repo.full_name,
        repository_id=pull.base.repo.id,
        number=pull.number,
        url=pull.html_url,
        title=pull.title,
        body=pull.body or "",
        author=pull.user.login if pull.user else "ghost",
        association=pull.author_association,
        state=state,
        draft=pull.draft,
        labels=tuple(label.name for label in pull.labels),
        base=_branch(pull.base),
        head=_branch(pull.head),
        fork=pull.head.repo is None or pull.head.repo.id != pull.base.repo.id,
        merge_base=compared.merge_base_commit.sha,
        commits=tuple(Commit(commit.sha, commit.commit.message) for commit in compared.commits),
    )


def _branch(end: EndAnswer) -> Branch:
    return Branch(end.sha, end.ref, end.repo.full_name if end.repo else "")
