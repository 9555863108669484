"""Commits and check runs in GitHub's GraphQL: a suite holds the runs of one App on one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.fakes.github_answers import Answers
from tests.fakes.github_connections import Connections
from tests.fakes.github_posts import CheckRun
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import Repository

JSON: TypeAlias = dict[str, Any]


class Suites:
    """Makes commits with their suites. `small` gives a number that fits an Int, or remembers that it does not."""

    def __init__(self, answers: Answers, connections: Connections, small: Callable[[int], int | None]) -> None:
        self._answers = answers
        self._connections = connections
        self._small = small

    def commits(self, pull: FakePullRequest) -> list[JSON]:
        page = self._answers.pull_page(pull)
        return [
            {
                "id": f"PURC_{commit.sha}",
                "url": f"{page}/commits/{commit.sha}",
                "commit": {**self.commit(pull.repository, commit.sha), "message": commit.message},
            }
            for commit in pull.commits
        ]

    def commit(self, repository: Repository, sha: str) -> JSON:
        def suites(info: object, filterBy: Mapping[str, str] | None = None, **window: Any) -> JSON:  # noqa: ANN401, N803
            runs = [run for run in repository.check_runs if run.head_sha == sha]
            name = (filterBy or {}).get("checkName")
            apps = dict.fromkeys(run.app for run in runs if name in {None, run.name})
            found = [self._suite(repository, sha, app, [run for run in runs if run.app == app]) for app in apps]
            return self._connections.of("checkSuites", lambda: found)(info, **window)

        return {"__typename": "Commit", "id": f"C_{sha}", "oid": sha, "message": "", "checkSuites": suites}

    def _suite(self, repository: Repository, sha: str, app: str, runs: list[CheckRun]) -> JSON:
        def check_runs(info: object, filterBy: Mapping[str, Any] | None = None, **window: Any) -> JSON:  # noqa: ANN401, N803
            asked = filterBy or {}
            states = {*asked.get("statuses", ()), *([asked["status"]] if asked.get("status") else [])}
            shown = runs if asked.get("checkType") == "ALL" else list({run.name: run for run in runs}.values())
            found = [
                self._check_run(repository, run)
                for run in shown
                if asked.get("checkName") in {None, run.name} and (not states or run.status.upper() in states)
            ]
            return self._connections.of("checkRuns", lambda: found)(info, **window)

        slug = app.removesuffix("[bot]")
        return {
            "id": f"CS_{sha}_{slug}",
            "app": {"id": f"A_{slug}", "name": slug, "slug": slug},
            "checkRuns": check_runs,
        }

    def _check_run(self, repository: Repository, run: CheckRun) -> JSON:
        page = self._answers.check_run_page(repository, run)
        return {
            "id": f"CR_{run.id}",
            "databaseId": lambda _info: self._small(run.id),
            "name": run.name,
            "status": run.status.upper(),
            "conclusion": run.conclusion.upper() or None,
            "startedAt": run.started_at,
            "completedAt": run.completed_at or None,
            "detailsUrl": run.details_url or None,
            "externalId": run.external_id or None,
            "title": run.title or None,
            "summary": run.summary or None,
            "text": run.text or None,
            "permalink": page,
            "url": page,
        }
