"""Check runs and commit statuses of the fake, over REST.

https://docs.github.com/en/rest/checks/runs and https://docs.github.com/en/rest/commits/statuses ; what the description
demands of a request (at most 50 annotations, 3 actions) is refused before it comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.fakes.github_calls import Answer, Call, Refused, not_found
from tests.fakes.github_objects import number_of
from tests.fakes.github_posts import CheckRun, Status
from tests.fakes.github_repository import CREATED
from tests.fakes.github_state import GitHubState

JSON: TypeAlias = dict[str, Any]

_MOST_TITLE = 255
_MOST_BYTES = 65_535
_MOST_DESCRIPTION = 140
_RUNS_PAGE = "/checks/runs#create-a-check-run"


class CheckOperations:
    """`handlers` are the operations by their names in GitHub's description."""

    def __init__(self, state: GitHubState) -> None:
        self._state = state
        self.handlers: Mapping[str, Callable[[Call], Answer]] = {
            "checks/create": self._create,
            "checks/get": lambda call: Answer(body=_check_run(call, _find(call))),
            "checks/update": self._update,
            "checks/list-for-ref": self._list,
            "repos/create-commit-status": self._create_status,
            "repos/get-combined-status-for-ref": self._combined,
        }

    def _create(self, call: Call) -> Answer:
        sha = self._commit(call, call.body["head_sha"])
        _check_output(call.body)
        now = self._state.counter.time()
        run = CheckRun(self._state.counter.id(), call.author, call.body["name"], sha, started_at=now)
        self._apply(run, call.body)
        call.repository.check_runs.append(run)
        body = _check_run(call, run)
        return Answer(201, body, {"location": body["url"]})

    def _update(self, call: Call) -> Answer:
        run = _find(call)
        if run.app != call.author:
            # https://github.com/int128/argocd-commenter/pull/631
            says = "check run can only be modified by the GitHub App that created it."
            raise Refused(403, f"Invalid app_id `{number_of(run.app)}` - {says}", page="/checks/runs")
        _check_output(call.body or {})
        self._apply(run, call.body or {})
        return Answer(body=_check_run(call, run))

    def _apply(self, run: CheckRun, asked: JSON) -> None:
        """What was given takes the place of what was there; annotations are added to those that were there."""
        output = asked.get("output", {})
        for name in ("name", "details_url", "external_id", "started_at", "status"):
            setattr(run, name, asked.get(name, getattr(run, name)))
        for name in ("title", "summary", "text"):
            setattr(run, name, output.get(name, getattr(run, name)))
        run.annotations += output.get("annotations", [])
        if "conclusion" in asked:
            run.status, run.conclusion = "completed", asked["conclusion"]
            run.completed_at = asked.get("completed_at", self._state.counter.time())
        elif "status" in asked:
            run.conclusion = run.completed_at = ""

    def _list(self, call: Call) -> Answer:
        """`latest`, the default, shows of each App and name the newest run only."""
        sha = self._commit(call, call.arguments["ref"])
        runs = [run for run in call.repository.check_runs if run.head_sha == sha]
        if call.query.get("filter", "latest") == "latest":
            runs = list({(run.app, run.name): run for run in runs}.values())
        runs = [
            run
            for run in reversed(runs)
            if call.query.get("check_name", run.name) == run.name
            and call.query.get("status", run.status) == run.status
            and call.query.get("app_id", str(number_of(run.app))) == str(number_of(run.app))
        ]
        shown, links = call.page(runs)
        body = {"total_count": len(runs), "check_runs": [_check_run(call, run) for run in shown]}
        return Answer(body=body, headers=links)

    def _create_status(self, call: Call) -> Answer:
        sha = self._commit(call, call.arguments["sha"])
        asked = call.body
        description = asked.get("description") or ""
        if len(description) > _MOST_DESCRIPTION:
            # https://github.com/zalando/zappr/issues/378
            says = f"description is too long (maximum is {_MOST_DESCRIPTION} characters)"
            error = {"resource": "Status", "code": "custom", "field": "description", "message": says}
            page = "/commits/statuses#create-a-commit-status"
            raise Refused(422, "Validation Failed", page=page, errors=[error])
        status = Status(
            id=self._state.counter.id(),
            author=call.author,
            sha=sha,
            state=asked["state"],
            context=asked.get("context", "default"),
            description=description,
            target_url=asked.get("target_url") or "",
            created_at=self._state.counter.time(),
        )
        call.repository.statuses.append(status)
        body = {**_status(call, status), "creator": call.answers.user(status.author)}
        return Answer(201, body, {"location": body["url"]})

    def _combined(self, call: Call) -> Answer:
        """Of each context the newest; one that failed fails all."""
        sha = self._commit(call, call.arguments["ref"])
        latest = {status.context: status for status in call.repository.statuses if status.sha == sha}
        states = {status.state for status in latest.values()}
        failed = "failure" if states & {"error", "failure"} else ""
        pending = "pending" if "pending" in states or not states else ""
        shown, links = call.page(list(latest.values()))
        api = f"{call.answers.api}/repos/{call.repository.full_name}/commits/{sha}"
        body = {
            "state": failed or pending or "success",
            "sha": sha,
            "total_count": len(latest),
            "statuses": [_status(call, status) for status in shown],
            "repository": call.answers.repository(call.repository),
            "commit_url": api,
            "url": f"{api}/status",
        }
        return Answer(body=body, headers=links)

    def _commit(self, call: Call, ref: str) -> str:
        sha = self._state.commit(call.repository, ref)
        if not sha:
            raise Refused(422, f"No commit found for SHA: {ref}", page="/commits/commits#get-a-commit")
        return sha


def _find(call: Call) -> CheckRun:
    number = call.number("check_run_id")
    for run in call.repository.check_runs:
        if run.id == number:
            return run
    raise not_found()


def _check_output(asked: JSON) -> None:
    """Limits of the texts are in bytes: https://github.com/github/docs/issues/35252 ."""
    if asked.get("status") == "completed" and "conclusion" not in asked:
        raise _invalid("conclusion is required where status is completed")
    output = asked.get("output", {})
    if len(output.get("title") or "") > _MOST_TITLE:
        raise _invalid(f"title is too long (maximum is {_MOST_TITLE} characters)")
    for name in ("summary", "text"):
        if len((output.get(name) or "").encode()) > _MOST_BYTES:
            raise _invalid(f"{name} exceeds a maximum bytesize of {_MOST_BYTES}")
    for annotation in output.get("annotations", []):
        _check_annotation(annotation)


def _check_annotation(annotation: JSON) -> None:
    """Columns belong to a single line; lines count from 1."""
    start, end = annotation["start_line"], annotation["end_line"]
    if not 1 <= start <= end:
        raise _invalid("start_line must be 1 or more, and end_line not before it")
    if start != end and {"start_column", "end_column"} & annotation.keys():
        raise _invalid("start_column and end_column are for annotations of a single line")
    if len(annotation.get("title", "")) > _MOST_TITLE or len(annotation["message"].encode()) > _MOST_BYTES:
        raise _invalid("an annotation's title has 255 characters, its message 64 KB at most")


def _invalid(says: str) -> Refused:
    return Refused(422, f"Invalid request.\n\n{says}", page=_RUNS_PAGE)


def _check_run(call: Call, run: CheckRun) -> JSON:
    api = f"{call.answers.api}/repos/{call.repository.full_name}/check-runs/{run.id}"
    page = call.answers.check_run_page(call.repository, run)
    return {
        "id": run.id,
        "node_id": f"CR_{run.id}",
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": api,
        "html_url": page,
        "details_url": run.details_url or page,
        "status": run.status,
        "conclusion": run.conclusion or None,
        "started_at": run.started_at,
        "completed_at": run.completed_at or None,
        "output": {
            "title": run.title or None,
            "summary": run.summary or None,
            "text": run.text or None,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{api}/annotations",
        },
        "name": run.name,
        "check_suite": {"id": number_of(f"{run.app} {run.head_sha}")},
        "app": _app(call, run.app),
        "pull_requests": [],
    }


def _app(call: Call, login: str) -> JSON:
    slug = login.removesuffix("[bot]")
    page = f"{call.answers.web}/apps/{slug}"
    return {
        "id": number_of(login),
        "slug": slug,
        "node_id": f"A_{slug}",
        "owner": call.answers.user(call.repository.owner),
        "name": slug,
        "description": "",
        "external_url": page,
        "html_url": page,
        "created_at": CREATED,
        "updated_at": CREATED,
        "permissions": {"checks": "write", "metadata": "read"},
        "events": [],
    }


def _status(call: Call, status: Status) -> JSON:
    return {
        "url": f"{call.answers.api}/repos/{call.repository.full_name}/statuses/{status.sha}",
        "avatar_url": f"{call.answers.web}/avatars/{number_of(status.author)}",
        "id": number_of(str(status.id)),
        "node_id": f"SC_{status.id}",
        "state": status.state,
        "description": status.description or None,
        "target_url": status.target_url or None,
        "context": status.context,
        "created_at": status.created_at,
        "updated_at": status.created_at,
    }
