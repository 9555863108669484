"""What the fake of GitHub remembers: all repositories and pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.fakes.github_posts import ReviewComment
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import Counter, Repository, blob_id, made_up_sha

__all__ = ["FakePullRequest", "GitHubState", "ReviewComment", "blob_id", "made_up_sha"]


class GitHubState:
    """All repositories and pull requests. Names are found in any case, as GitHub finds them."""

    def __init__(self) -> None:
        self.counter = Counter()
        self.repositories: dict[str, Repository] = {}
        self.pulls: list[FakePullRequest] = []
        self.renamed: dict[str, Repository] = {}

    def repository(self, full_name: str) -> Repository | None:
        return self.repositories.get(full_name.casefold())

    def add(self, repository: Repository) -> Repository:
        self.repositories[repository.full_name.casefold()] = repository
        return repository

    def rename(self, old: str, new: str) -> None:
        repository = self.repositories.pop(old.casefold())
        for pull in self.pulls:
            pull.head_repository = new if pull.head_repository == repository.full_name else pull.head_repository
        repository.full_name = new
        self.renamed[old.casefold()] = self.add(repository)

    def pulls_of(self, repository: Repository) -> list[FakePullRequest]:
        return [pull for pull in self.pulls if pull.repository is repository]

    def pull(self, repository: Repository, number: int) -> FakePullRequest | None:
        return next((pull for pull in self.pulls_of(repository) if pull.number == number), None)

    def commit(self, repository: Repository, ref: str) -> str:
        """The id of a commit, by itself or a branch (`main`, `refs/heads/main`, `HEAD`); '' where it is not there."""
        ref = ref.removeprefix("refs/heads/")
        if ref in {"HEAD", repository.default_branch} and repository.files:
            return made_up_sha(f"{repository.full_name} {repository.default_branch}")
        ref = repository.default_branch if ref == "HEAD" else ref
        for pull in self._pulls_with(repository):
            sha = {pull.base_ref: pull.base_sha, pull.head_ref: pull.head_sha}.get(ref, ref)
            if sha in pull.files or any(commit.sha == sha for commit in pull.commits):
                return sha
        return ""

    def commit_files(self, repository: Repository, ref: str) -> Mapping[str, bytes] | None:
        """The files of a commit, by its id or a branch; a fork shares its commits with the repository it left."""
        sha = self.commit(repository, ref)
        if sha and sha == self.commit(repository, "HEAD") and repository.files:
            return repository.files
        for pull in self._pulls_with(repository):
            if sha in pull.files:
                return pull.files[sha]
        return None

    def _pulls_with(self, repository: Repository) -> Iterator[FakePullRequest]:
        for pull in self.pulls:
            if repository is pull.repository or repository.full_name == pull.head_repository:
                yield pull
