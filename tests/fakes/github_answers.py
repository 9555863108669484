"""GitHub's JSON, built from what the fake remembers."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote

from tests.fakes.github_objects import JSON, Objects, number_of
from tests.fakes.github_patch import PatchFile
from tests.fakes.github_posts import IssueComment, Reaction, Review, ReviewComment
from tests.fakes.github_pull import MOST_PATCH_LINES, FakePullRequest
from tests.fakes.github_repository import CREATED, FakeCommit, Repository, blob_id, made_up_sha

_NOT_LISTED = frozenset(
    {
        "merged", "mergeable", "rebaseable", "mergeable_state", "maintainer_can_modify", "comments", "review_comments",
        "commits", "additions", "deletions", "changed_files", "merged_by",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answers(Objects):
    """Builds whole answers."""

    def pull_request(self, pull: FakePullRequest, head_repository: Repository | None) -> JSON:
        return {
            **self._pull_links(pull),
            **_pull_state(pull),
            "id": number_of(self.pull_page(pull)),
            "node_id": self.pull_node(pull),
            "number": pull.number,
            "title": pull.title,
            "user": self.user(pull.author),
            "body": pull.body,
            "labels": [self._label(pull, name) for name in pull.labels],
            "milestone": None,
            "merged_by": self.user(pull.repository.owner) if pull.state == "merged" else None,
            "merge_commit_sha": made_up_sha(f"{pull.base_sha} {pull.head_sha}"),
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": self._branch(pull.head_ref, pull.head_sha, pull.head_repository.partition("/")[0], head_repository),
            "base": self._branch(pull.base_ref, pull.base_sha, pull.repository.owner, pull.repository),
            "author_association": pull.association,
        }

    def diff_entries(self, pull: FakePullRequest, files: tuple[PatchFile, ...]) -> list[JSON]:
        """The rows of one page. What comes after 20,000 lines of patches in a page is listed empty, and not marked so.

        Reported in https://github.com/orgs/community/discussions/213491.
        """
        entries: list[JSON] = []
        lines = 0
        for file in files:
            lines += file.rows
            cut = bool(entries) and file.rows > 0 and lines > MOST_PATCH_LINES
            entries.append(self._diff_entry(pull, file, counted=not cut, shown=not cut and pull.shows(file)))
        return entries

    def commit(self, pull: FakePullRequest, commit: FakeCommit, parent: str) -> JSON:
        full_name = pull.repository.full_name
        api, page = f"{self.api}/repos/{full_name}/commits", f"{self.web}/{full_name}/commit"
        git = f"{self.api}/repos/{full_name}/git"
        tree = made_up_sha(f"tree {commit.sha}")
        person = {"name": commit.author, "email": f"{commit.author}@example.invalid", "date": commit.date}
        return {
            "url": f"{api}/{commit.sha}",
            "sha": commit.sha,
            "node_id": f"C_{commit.sha[:12]}",
            "html_url": f"{page}/{commit.sha}",
            "comments_url": f"{api}/{commit.sha}/comments",
            "commit": {
                "url": f"{git}/commits/{commit.sha}",
                "author": person,
                "committer": person,
                "message": commit.message,
                "comment_count": 0,
                "tree": {"sha": tree, "url": f"{git}/trees/{tree}"},
                "verification": {
                    "verified": False,
                    "reason": "unsigned",
                    "payload": None,
                    "signature": None,
                    "verified_at": None,
                },
            },
            "author": self.user(commit.author),
            "committer": self.user(commit.author),
            "parents": [{"sha": parent, "url": f"{api}/{parent}", "html_url": f"{page}/{parent}"}],
        }

    def git_commit(self, pull: FakePullRequest, commit: FakeCommit, parent: str) -> JSON:
        """The commit as git knows it, without the people of GitHub."""
        whole = self.commit(pull, commit, parent)
        inner = {key: value for key, value in whole["commit"].items() if key != "comment_count"}
        return {**inner, "sha": commit.sha, **{key: whole[key] for key in ("node_id", "html_url", "parents")}}

    def simple_pull(self, pull: FakePullRequest, head_repository: Repository | None) -> JSON:
        """The row of a list of pull requests."""
        whole = self.pull_request(pull, head_repository)
        return {key: value for key, value in whole.items() if key not in _NOT_LISTED}

    def content(self, repository: Repository, path: str, ref: str, content: bytes) -> JSON:
        api = f"{self.api}/repos/{repository.full_name}"
        sha = blob_id(content)
        url = f"{api}/contents/{quote(path)}?ref={quote(ref)}"
        git = f"{api}/git/blobs/{sha}"
        page = f"{self.web}/{repository.full_name}/blob/{quote(ref)}/{quote(path)}"
        return {
            "type": "file",
            "encoding": "base64",
            "size": len(content),
            "name": path.rpartition("/")[2],
            "path": path,
            "content": base64.encodebytes(content).decode(),
            "sha": sha,
            "url": url,
            "git_url": git,
            "html_url": page,
            "download_url": f"{page}?raw=true",
            "_links": {"self": url, "git": git, "html": page},
        }

    def issue_comment(self, pull: FakePullRequest, comment: IssueComment) -> JSON:
        issues = f"{self.api}/repos/{pull.repository.full_name}/issues"
        url = f"{issues}/comments/{comment.id}"
        return {
            "url": url,
            "html_url": self.issue_comment_page(pull, comment),
            "issue_url": f"{issues}/{pull.number}",
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "user": self.user(comment.author),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "body": comment.body,
            "author_association": self.association(pull, comment.author),
            "reactions": _reactions(url, comment.reactions),
            "performed_via_github_app": None,
        }

    def review(self, pull: FakePullRequest, review: Review) -> JSON:
        api, _ = self.pull_addresses(pull)
        page = self.review_page(pull, review)
        submitted = {} if review.state == "PENDING" else {"submitted_at": review.created_at}
        return {
            "id": review.id,
            "node_id": f"PRR_{review.id}",
            "user": self.user(review.author),
            "body": review.body,
            "state": review.state,
            "html_url": page,
            "pull_request_url": api,
            "author_association": self.association(pull, review.author),
            "_links": {"html": {"href": page}, "pull_request": {"href": api}},
            **submitted,
            "commit_id": review.commit,
        }

    def review_comment(self, pull: FakePullRequest, review: Review, comment: ReviewComment) -> JSON:
        api, _ = self.pull_addresses(pull)
        url = f"{self.api}/repos/{pull.repository.full_name}/pulls/comments/{comment.id}"
        page = self.review_comment_page(pull, comment)
        outdated = comment.commit != pull.head_sha
        links = {"self": url, "html": page, "pull_request": api}
        return {
            "url": url,
            "pull_request_review_id": review.id,
            "id": comment.id,
            "node_id": f"PRRC_{comment.id}",
            "diff_hunk": comment.diff_hunk,
            "path": comment.path,
            "commit_id": pull.head_sha if not outdated else comment.commit,
            "original_commit_id": comment.commit,
            "user": self.user(comment.author),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "html_url": page,
            "pull_request_url": api,
            "author_association": self.association(pull, comment.author),
            "_links": {name: {"href": address} for name, address in links.items()},
            "reactions": _reactions(url, comment.reactions),
            "subject_type": "file" if comment.line is None else "line",
            **_place(comment, outdated=outdated),
            **_parent(pull, comment),
        }

    def _pull_links(self, pull: FakePullRequest) -> JSON:
        api, page = self.pull_addresses(pull)
        repository = f"{self.api}/repos/{pull.repository.full_name}"
        issue = f"{repository}/issues/{pull.number}"
        addresses = {
            "comments": f"{issue}/comments",
            "commits": f"{api}/commits",
            "issue": issue,
            "review_comment": f"{repository}/pulls/comments{{/number}}",
            "review_comments": f"{api}/comments",
            "statuses": f"{repository}/statuses/{pull.head_sha}",
        }
        links = {name: {"href": address} for name, address in {**addresses, "html": page, "self": api}.items()}
        return {
            "url": api,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            **{f"{name}_url": address for name, address in addresses.items()},
            "_links": links,
        }

    def _branch(self, ref: str, sha: str, owner: str, repository: Repository | None) -> JSON:
        return {
            "label": f"{owner}:{ref}" if repository else ref,
            "ref": ref,
            "sha": sha,
            "user": self.user(owner) if repository else None,
            "repo": self.repository(repository) if repository else None,
        }

    def _label(self, pull: FakePullRequest, name: str) -> JSON:
        return {
            "id": number_of(name),
            "node_id": f"LA_{number_of(name)}",
            "url": f"{self.api}/repos/{pull.repository.full_name}/labels/{quote(name)}",
            "name": name,
            "description": None,
            "color": "ededed",
            "default": False,
        }

    def _diff_entry(self, pull: FakePullRequest, file: PatchFile, *, counted: bool, shown: bool) -> JSON:
        full_name, path = pull.repository.full_name, quote(file.path)
        additions, deletions = (file.additions, file.deletions) if counted else (0, 0)
        renamed = {"previous_filename": file.previous} if file.previous else {}
        content = pull.files[pull.head_sha].get(file.path)
        guess = file.blob + made_up_sha(file.path)[len(file.blob) :]
        return {
            "sha": guess if content is None else blob_id(content),
            "filename": file.path,
            "status": file.status,
            "additions": additions,
            "deletions": deletions,
            "changes": additions + deletions,
            "blob_url": f"{self.web}/{full_name}/blob/{pull.head_sha}/{path}",
            "raw_url": f"{self.web}/{full_name}/raw/{pull.head_sha}/{path}",
            "contents_url": f"{self.api}/repos/{full_name}/contents/{path}?ref={pull.head_sha}",
            **({"patch": file.hunks.decode(errors="replace")} if shown else {}),
            **renamed,
        }

    def association(self, pull: FakePullRequest, login: str) -> str:
        if login == pull.author:
            return pull.association
        if login == pull.repository.owner:
            return "OWNER"
        return "COLLABORATOR" if login in pull.repository.permissions else "NONE"


def _pull_state(pull: FakePullRequest) -> JSON:
    ended = None if pull.state == "open" else CREATED
    files = pull.changed_files
    return {
        "state": "open" if pull.state == "open" else "closed",
        "locked": False,
        "active_lock_reason": None,
        "draft": pull.draft,
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": ended,
        "merged_at": ended if pull.state == "merged" else None,
        "merged": pull.state == "merged",
        "mergeable": True,
        "rebaseable": True,
        "mergeable_state": "clean",
        "auto_merge": None,
        "maintainer_can_modify": False,
        "comments": len(pull.issue_comments),
        "review_comments": len(pull.review_comments),
        "commits": len(pull.commits),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def _reactions(url: str, reactions: list[Reaction]) -> JSON:
    """How many there are of each kind: REST has other names for some than GraphQL."""
    counts = {name.lower(): 0 for name in ("LAUGH", "HOORAY", "CONFUSED", "HEART", "ROCKET", "EYES")}
    counts |= {"+1": 0, "-1": 0}
    for reaction in reactions:
        counts[{"THUMBS_UP": "+1", "THUMBS_DOWN": "-1"}.get(reaction.content, reaction.content.lower())] += 1
    return {"url": f"{url}/reactions", "total_count": len(reactions), **counts}


def _parent(pull: FakePullRequest, comment: ReviewComment) -> JSON:
    """A reply names the comment that begins its thread."""
    threads = {thread.number: thread for thread in pull.threads_for(comment.author)}
    first = threads[comment.thread].comments[0] if comment.thread in threads else comment
    return {} if first is comment else {"in_reply_to_id": first.id}


def _place(comment: ReviewComment, *, outdated: bool) -> JSON:
    if comment.line is None:
        return {"line": None, "original_line": 1, "side": comment.side, "position": 1, "original_position": 1}
    return {
        "line": None if outdated else comment.line,
        "original_line": comment.line,
        "side": comment.side,
        "start_line": None if outdated else comment.start_line,
        "original_start_line": comment.start_line,
        "start_side": comment.start_side,
        "position": None if outdated else comment.position,
        "original_position": comment.position,
    }
