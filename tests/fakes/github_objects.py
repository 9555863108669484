"""The objects that stand inside GitHub's answers, and the addresses that they bear."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

from tests.fakes.github_posts import CheckRun, IssueComment, Review, ReviewComment
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import CREATED, Repository

JSON: TypeAlias = dict[str, Any]

_REPOSITORY_PATHS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}


@dataclass(frozen=True, slots=True)
class Objects:
    """Builds objects; addresses begin with `api` (REST) or `web` (pages for people), without a slash at the end."""

    api: str
    web: str

    def user(self, login: str) -> JSON:
        number = number_of(login)
        api, page = f"{self.api}/users/{quote(login)}", f"{self.web}/{login.removesuffix('[bot]')}"
        lists = ("followers", "organizations", "repos", "received_events", "subscriptions")
        return {
            "login": login,
            "id": number,
            "node_id": f"U_{number}",
            "avatar_url": f"{self.web}/avatars/{number}",
            "gravatar_id": "",
            "url": api,
            "html_url": page,
            **{f"{name}_url": f"{api}/{name}" for name in lists},
            "following_url": f"{api}/following{{/other_user}}",
            "gists_url": f"{api}/gists{{/gist_id}}",
            "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
            "events_url": f"{api}/events{{/privacy}}",
            "type": "Bot" if login.endswith("[bot]") else "User",
            "user_view_type": "public",
            "site_admin": False,
        }

    def repository(self, repository: Repository, *, full: bool = False) -> JSON:
        """The object that stands in others, or with `full` the one of `GET /repos/OWNER/NAME`."""
        api = f"{self.api}/repos/{repository.full_name}"
        page = f"{self.web}/{repository.full_name}"
        counts = ("forks", "forks_count", "open_issues", "open_issues_count", "stargazers_count", "watchers")
        whole = {"network_count": 0, "subscribers_count": 0, "has_discussions": False}
        return {
            "id": repository.id,
            "node_id": f"R_{repository.id}",
            "name": repository.name,
            "full_name": repository.full_name,
            "owner": self.user(repository.owner),
            "private": repository.private,
            "visibility": "private" if repository.private else "public",
            "html_url": page,
            "description": None,
            "fork": repository.fork,
            "url": api,
            **{f"{name}_url": api + path for name, path in _REPOSITORY_PATHS.items()},
            "clone_url": f"{page}.git",
            "git_url": f"git:{page.partition(':')[2]}.git",
            "ssh_url": f"git@github.com:{repository.full_name}.git",
            "svn_url": page,
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "license": None,
            "default_branch": repository.default_branch,
            "size": 108,
            "topics": [],
            **dict.fromkeys(counts, 0),
            "watchers_count": 0,
            **{f"has_{name}": True for name in ("issues", "projects", "wiki", "downloads")},
            "has_pages": False,
            "archived": False,
            "disabled": False,
            "created_at": CREATED,
            "updated_at": CREATED,
            "pushed_at": CREATED,
            **(whole if full else {}),
        }

    def issue_comment_page(self, pull: FakePullRequest, comment: IssueComment) -> str:
        return f"{self.pull_addresses(pull)[1]}#issuecomment-{comment.id}"

    def review_page(self, pull: FakePullRequest, review: Review) -> str:
        return f"{self.pull_addresses(pull)[1]}#pullrequestreview-{review.id}"

    def review_comment_page(self, pull: FakePullRequest, comment: ReviewComment) -> str:
        return f"{self.pull_addresses(pull)[1]}#discussion_r{comment.id}"

    def check_run_page(self, repository: Repository, run: CheckRun) -> str:
        return f"{self.web}/{repository.full_name}/runs/{run.id}"

    def pull_node(self, pull: FakePullRequest) -> str:
        return f"PR_{pull.repository.id}_{pull.number}"

    def pull_page(self, pull: FakePullRequest) -> str:
        return self.pull_addresses(pull)[1]

    def pull_addresses(self, pull: FakePullRequest) -> tuple[str, str]:
        full_name = pull.repository.full_name
        return f"{self.api}/repos/{full_name}/pulls/{pull.number}", f"{self.web}/{full_name}/pull/{pull.number}"


def number_of(name: str) -> int:
    """An id that is the same in every run and fits 31 bits."""
    return zlib.crc32(name.encode()) & 0x7FFF_FFFF
