"""The REST operations of the fake, by their names in GitHub's description."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.fakes.github_archives import ArchiveOperations
from tests.fakes.github_calls import MOST_CHARACTERS, Answer, Call, Refused, not_found
from tests.fakes.github_checks import CheckOperations
from tests.fakes.github_posts import IssueComment, Review
from tests.fakes.github_pull import FakePullRequest, read_once
from tests.fakes.github_repository import FakeCommit
from tests.fakes.github_reviews import create_comment, create_review
from tests.fakes.github_state import GitHubState
from tests.fakes.github_threads import ThreadOperations

_DIFF_MEDIA = "application/vnd.github.diff"
_RAW_MEDIA = "application/vnd.github.raw"
_MOST_DIFF_FILES, _MOST_DIFF_LINES, _MOST_DIFF_BYTES = 300, 20_000, 1024 * 1024
_MOST_LISTED = 3_000
_MOST_COMMITS = 250
_MOST_COMPARED_FILES = 300
_MOST_INLINE_BYTES = 1024 * 1024


class Operations:
    """Carries out calls on the state. What GitHub refuses is raised as Refused."""

    def __init__(self, state: GitHubState, problems: list[str]) -> None:
        self._state = state
        self._problems = problems
        self._handlers: Mapping[str, Callable[[Call], Answer]] = {
            "repos/get": lambda call: Answer(body=call.answers.repository(call.repository, full=True)),
            "repos/get-content": self._content,
            "repos/compare-commits-with-basehead": self._compare,
            "pulls/get": self._pull_request,
            "pulls/list": self._pull_requests,
            "git/get-commit": self._git_commit,
            "pulls/list-files": self._files,
            "pulls/list-commits": self._commits,
            "issues/list-comments": self._issue_comments,
            "issues/create-comment": self._create_issue_comment,
            "issues/get-comment": self._issue_comment,
            "issues/update-comment": self._update_issue_comment,
            "issues/delete-comment": self._delete_issue_comment,
            "pulls/list-reviews": self._reviews,
            "pulls/create-review": self._create_review,
            "pulls/list-comments-for-review": self._comments_of_review,
            "pulls/list-review-comments": self._review_comments,
            "pulls/create-review-comment": self._create_review_comment,
            **ThreadOperations(state, problems).handlers,
            **CheckOperations(state).handlers,
            **ArchiveOperations(state).handlers,
        }

    def carry_out(self, call: Call) -> Answer:
        return self._handlers[call.name](call)

    def _pull(self, call: Call, name: str = "pull_number") -> FakePullRequest:
        pull = self._state.pull(call.repository, call.number(name))
        if pull is None:
            raise not_found()
        return pull

    def _pull_request(self, call: Call) -> Answer:
        pull = self._pull(call)
        if "diff" in call.accept:
            return _diff(pull)
        head = self._state.repository(pull.head_repository)
        return Answer(body=call.answers.pull_request(pull, head))

    def _pull_requests(self, call: Call) -> Answer:
        wanted = call.query.get("state", "open")
        found = [
            pull
            for pull in self._state.pulls_of(call.repository)
            if wanted in {"all", "open" if pull.open else "closed"}
        ]
        by = "updated_at" if call.query.get("sort") == "updated" else "created_at"
        found.sort(key=lambda pull: str(getattr(pull, by)), reverse=call.query.get("direction", "desc") == "desc")
        shown, links = call.page(found)
        heads = [self._state.repository(pull.head_repository) for pull in shown]
        return Answer(body=[call.answers.simple_pull(*each) for each in zip(shown, heads, strict=True)], headers=links)

    def _git_commit(self, call: Call) -> Answer:
        for pull in self._state.pulls_of(call.repository):
            for commit in pull.commits:
                if commit.sha == call.arguments["commit_sha"]:
                    return Answer(body=call.answers.git_commit(pull, commit, pull.merge_base))
        raise not_found()

    def _files(self, call: Call) -> Answer:
        pull = self._pull(call)
        files, links = call.page(pull.changed_files, _MOST_LISTED)
        return Answer(body=call.answers.diff_entries(pull, tuple(files)), headers=links)

    def _commits(self, call: Call) -> Answer:
        pull = self._pull(call)
        commits, links = call.page(pull.commits, _MOST_COMMITS)
        return Answer(body=_commit_rows(call, pull, list(commits)), headers=links)

    def _compare(self, call: Call) -> Answer:
        base, dots, head = call.arguments["basehead"].partition("...")
        for pull in self._state.pulls_of(call.repository):
            owner = pull.head_repository.partition("/")[0]
            heads = {commit.sha for commit in pull.commits} | {pull.head_ref, f"{owner}:{pull.head_ref}"}
            if dots and head in heads and base in {*pull.files, pull.base_ref, pull.merge_base} - {pull.head_sha}:
                return _comparison(call, pull, head)
        raise Refused(404, "Not Found", page="/commits/commits#compare-two-commits")

    def _content(self, call: Call) -> Answer:
        path, ref = call.arguments["path"], call.query.get("ref", call.repository.default_branch)
        files = self._state.commit_files(call.repository, ref)
        if files is None:
            raise Refused(404, f"No commit found for the ref {ref}", page="/repos/contents#get-repository-content")
        if path not in files:
            raise Refused(404, "Not Found", page="/repos/contents#get-repository-content")
        if _RAW_MEDIA in call.accept or ".raw" in call.accept:
            return Answer(body=files[path], media=f"{_RAW_MEDIA}+json; charset=utf-8")
        body = call.answers.content(call.repository, path, ref, files[path])
        # From 1 MB on JSON comes without the content: https://docs.github.com/en/rest/repos/contents
        large = {"content": "", "encoding": "none"} if len(files[path]) > _MOST_INLINE_BYTES else {}
        return Answer(body={**body, **large})

    def _issue_comments(self, call: Call) -> Answer:
        pull = self._pull(call, "issue_number")
        comments, links = call.page(pull.issue_comments)
        return Answer(body=[call.answers.issue_comment(pull, comment) for comment in comments], headers=links)

    def _create_issue_comment(self, call: Call) -> Answer:
        pull = self._pull(call, "issue_number")
        _check_body(call.body["body"], "create-an-issue-comment")
        comment = pull.comment(call.author, call.body["body"])
        body = call.answers.issue_comment(pull, comment)
        return Answer(201, body, {"location": body["url"]})

    def _find_issue_comment(self, call: Call) -> tuple[FakePullRequest, IssueComment]:
        number = call.number("comment_id")
        for pull in self._state.pulls_of(call.repository):
            for comment in pull.issue_comments:
                if comment.id == number:
                    return pull, comment
        raise not_found()

    def _issue_comment(self, call: Call) -> Answer:
        pull, comment = self._find_issue_comment(call)
        return Answer(body=call.answers.issue_comment(pull, comment))

    def _update_issue_comment(self, call: Call) -> Answer:
        pull, comment = self._find_issue_comment(call)
        self._own(call, comment)
        _check_body(call.body["body"], "update-an-issue-comment")
        comment.body, comment.updated_at = call.body["body"], self._state.counter.time()
        return Answer(body=call.answers.issue_comment(pull, comment))

    def _delete_issue_comment(self, call: Call) -> Answer:
        pull, comment = self._find_issue_comment(call)
        self._own(call, comment)
        pull.issue_comments.remove(comment)
        return Answer(204)

    def _own(self, call: Call, comment: IssueComment) -> None:
        """GitHub lets a writer change anybody's words; a review bot must not."""
        if comment.author != call.author:
            self._problems.append(f"{call.author} changed a comment that {comment.author} wrote")

    def _reviews(self, call: Call) -> Answer:
        pull = self._pull(call)
        reviews, links = call.page(_visible(pull, call))
        return Answer(body=[call.answers.review(pull, review) for review in reviews], headers=links)

    def _create_review(self, call: Call) -> Answer:
        pull = self._pull(call)
        return Answer(body=call.answers.review(pull, create_review(pull, call)))

    def _comments_of_review(self, call: Call) -> Answer:
        pull, number = self._pull(call), call.number("review_id")
        review = next((review for review in _visible(pull, call) if review.id == number), None)
        if review is None:
            raise not_found()
        comments, links = call.page(review.comments)
        body = [call.answers.review_comment(pull, review, comment) for comment in comments]
        return Answer(body=body, headers=links)

    def _review_comments(self, call: Call) -> Answer:
        pull = self._pull(call)
        pairs = [(review, comment) for review in _visible(pull, call) for comment in review.comments]
        shown, links = call.page([pair for pair in pairs if pair[0].state != "PENDING"])
        return Answer(body=[call.answers.review_comment(pull, *pair) for pair in shown], headers=links)

    def _create_review_comment(self, call: Call) -> Answer:
        pull = self._pull(call)
        body = call.answers.review_comment(pull, *create_comment(pull, call))
        return Answer(201, body, {"location": body["url"]})


def _visible(pull: FakePullRequest, call: Call) -> list[Review]:
    """A pending review is seen by its author only."""
    login = call.viewer.login if call.viewer else ""
    return [review for review in pull.reviews if review.state != "PENDING" or review.author == login]


def _diff(pull: FakePullRequest) -> Answer:
    """The exact bytes, or GitHub's refusal above its limits.

    The words about files and lines are reported (https://github.com/reviewdog/reviewdog/issues/2150,
    https://github.com/pascalgn/size-label-action/issues/53), those about bytes are not.
    """
    sizes = (
        ("files", len(pull.changed_files), _MOST_DIFF_FILES),
        ("lines", pull.patch.count(b"\n"), _MOST_DIFF_LINES),
        ("bytes", len(pull.patch), _MOST_DIFF_BYTES),
    )
    for what, size, most in sizes:
        if size > most:
            advice = "Consider using 'List pull requests files' API or locally cloning the repository instead."
            raise Refused(
                406,
                f"Sorry, the diff exceeded the maximum number of {what} ({most}). {advice}",
                page="/pulls/pulls#list-pull-requests-files",
                errors=[{"resource": "PullRequest", "field": "diff", "code": "too_large"}],
            )
    return Answer(body=pull.patch, media=f"{_DIFF_MEDIA}; charset=utf-8")


def _comparison(call: Call, pull: FakePullRequest, head: str) -> Answer:
    """Three dots: from the merge base to the head. Files stand on the first page only."""
    shas = [commit.sha for commit in pull.commits]
    commits = pull.commits[: shas.index(head) + 1] if head in shas else pull.commits
    paged = {"page", "per_page"} & call.query.keys()
    shown, links = call.page(commits) if paged else (commits[:_MOST_COMMITS], {})
    patch = pull.versions.get(commits[-1].sha, b"")
    files = read_once(patch)[:_MOST_COMPARED_FILES] if call.query.get("page", "1") == "1" else ()
    behind = int(pull.merge_base != pull.base_sha)
    page = f"{call.answers.web}/{pull.repository.full_name}/compare/{call.arguments['basehead']}"
    base, merge_base = (
        call.answers.commit(pull, FakeCommit(sha, "Earlier work", pull.repository.owner), pull.merge_base)
        for sha in (pull.base_sha, pull.merge_base)
    )
    body = {
        "url": call.address,
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": base,
        "merge_base_commit": merge_base,
        "status": "diverged" if behind else "ahead",
        "ahead_by": len(commits),
        "behind_by": behind,
        "total_commits": len(commits),
        "commits": _commit_rows(call, pull, list(shown)),
        "files": call.answers.diff_entries(pull, tuple(files)),
    }
    return Answer(body=body, headers=links)


def _commit_rows(call: Call, pull: FakePullRequest, commits: list[FakeCommit]) -> list[dict[str, object]]:
    parents = [pull.merge_base, *(commit.sha for commit in pull.commits)]
    by_sha = {commit.sha: parent for commit, parent in zip(pull.commits, parents, strict=False)}
    return [call.answers.commit(pull, commit, by_sha[commit.sha]) for commit in commits]


def _check_body(body: str, page: str) -> None:
    """https://github.com/vebr/jest-lcov-reporter/issues/14 has the words."""
    says = "Body cannot be blank" if not body.strip() else "Body is too long (maximum is 65536 characters)"
    if not body.strip() or len(body) > MOST_CHARACTERS:
        error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": says}
        raise Refused(422, "Validation Failed", page=f"/issues/comments#{page}", errors=[error])
