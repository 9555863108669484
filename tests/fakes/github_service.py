"""The service behind the fake's address: who asks, what they may do, and what goes back."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from starlette.requests import Request

from tests.fakes.github_answers import Answers
from tests.fakes.github_app import FakeApp
from tests.fakes.github_apps import AS_APP, OF_INSTALLATION, AppOperations, repositories_of
from tests.fakes.github_archives import DOWNLOADS, download
from tests.fakes.github_calls import MOST_PER_PAGE, Answer, Call, Refused, not_found
from tests.fakes.github_description import Operation, github_description
from tests.fakes.github_graphql import GraphQL
from tests.fakes.github_operations import Operations
from tests.fakes.github_repository import Repository
from tests.fakes.github_state import GitHubState
from tests.fakes.github_traffic import HOURLY, Limits, Received, Token

_WRITES = {"POST", "PATCH", "PUT", "DELETE"}
_MOVED = re.compile(r"/repositories/(\d+)(/.*)?")
_REPOSITORY = re.compile(r"/repos/([^/]+/[^/]+)(/.*)?")
# What may be done without the right to write on pull requests, and by which right instead.
_OTHER_RIGHTS = {
    "checks/create": "checks",
    "checks/update": "checks",
    "repos/create-commit-status": "statuses",
}
_OF_NO_REPOSITORY = {"rate-limit/get", "apps/create-from-manifest", OF_INSTALLATION, *AS_APP}
_LIMITS_PAGE = "/overview/rate-limits-for-the-rest-api"


def _rate_limits(limits: Limits) -> dict[str, object]:
    """What is left of the hour: https://docs.github.com/en/rest/rate-limit/rate-limit."""
    left = HOURLY if limits.remaining is None else limits.remaining
    rate = {"limit": HOURLY, "used": HOURLY - left, "remaining": left, "reset": int(time.time()) + 3_600}
    return {"resources": {"core": rate, "search": {**rate, "limit": 30, "used": 0, "remaining": 30}}, "rate": rate}


class Service:
    """Answers requests; `rest` is the path that REST stands under. What is wrong with one goes into `problems`."""

    def __init__(
        self,
        state: GitHubState,
        tokens: Mapping[str, Token],
        limits: Limits,
        problems: list[str],
        *,
        enterprise: bool,
    ) -> None:
        # https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api/getting-started-with-the-rest-api
        self.rest, self._graphql = ("/api/v3", "/api/graphql") if enterprise else ("", "/graphql")
        self._state = state
        self._tokens = tokens
        self._limits = limits
        self._problems = problems
        self._operations = Operations(state, problems)
        self.app: FakeApp | None = None
        self.codes: set[str] = set()

    def answer(self, request: Request, received: Received) -> Answer:
        try:
            # The App itself is no account: it has a token of another kind.
            path = received.path.removeprefix(self.rest)
            if path.startswith(DOWNLOADS):
                return self._download(request, path)
            as_app = path.startswith(("/app", "/app-manifests")) or path.endswith("/installation")
            viewer = None if as_app else self._viewer(request)
            self._check_limits(viewer)
            if received.path == self._graphql:
                return self._graphql_answer(request, received, viewer)
            return self._rest_answer(request, received, viewer)
        except Refused as refused:
            return refused.answer

    def _download(self, request: Request, path: str) -> Answer:
        token = request.query_params.get("token", "")
        authorized = "authorization" in request.headers
        return download(self._state, path, token, authorized=authorized, problems=self._problems)

    def _viewer(self, request: Request) -> Token | None:
        # https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
        if not request.headers.get("user-agent"):
            raise Refused(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            )
        header = request.headers.get("authorization")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        viewer = self._tokens.get(token) if scheme.lower() in {"token", "bearer"} else None
        if viewer is None:
            raise Refused(401, "Bad credentials")
        return viewer

    def _check_limits(self, viewer: Token | None) -> None:
        # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
        if self._limits.exhausted_until is not None:
            who = "installation ID 4711" if viewer else "127.0.0.1"
            raise Refused(403, f"API rate limit exceeded for {who}.", page=_LIMITS_PAGE)
        if self._limits.retry_after is not None:
            raise Refused(
                403,
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
                page=f"{_LIMITS_PAGE}#about-secondary-rate-limits",
                headers={"retry-after": str(self._limits.retry_after)},
            )

    def _answers(self, request: Request) -> Answers:
        web = f"{request.url.scheme}://{request.url.netloc}"
        return Answers(web + self.rest, web)

    def _graphql_answer(self, request: Request, received: Received, viewer: Token | None) -> Answer:
        if viewer is None:
            raise Refused(401, "This endpoint requires you to be authenticated.", page="/graphql/guides/forming-calls")
        body = received.body
        if received.method != "POST" or not isinstance(body, dict) or not isinstance(body.get("query"), str):
            self._problems.append("GraphQL takes a POST of JSON with a query")
            raise Refused(400, "A query attribute must be specified and must be a string.")
        graphql = GraphQL(self._state, viewer, self._answers(request), self._problems)
        return Answer(body=graphql.answer(body["query"], body.get("variables") or {}))

    def _rest_answer(self, request: Request, received: Received, viewer: Token | None) -> Answer:
        path = self._followed(received.path.removeprefix(self.rest))
        operation = github_description().find(received.method, path)
        if operation is None or not received.path.startswith(self.rest):
            self._problems.append(f"no such operation: {received.method} {received.path}")
            raise not_found()
        if operation.name in _OF_NO_REPOSITORY:
            answer = self._of_no_repository(request, received, operation, viewer)
            problems = github_description().answer_problems(operation, answer.status, answer.body)
            self._problems += [f"answer to {received.path}: {problem}" for problem in problems]
            return answer
        place = f"{received.method} {received.path}"
        repository = self._permitted(request, operation, viewer, received.method)
        problems = github_description().request_problems(operation, received.query, received.body)
        self._problems += [f"{place}: {problem}" for problem in problems]
        per_page = received.query.get("per_page", "")
        if per_page.isdecimal() and int(per_page) > MOST_PER_PAGE:
            self._problems.append(f"{place}: GitHub cuts per_page to {MOST_PER_PAGE} and does not say so")
        answers = self._answers(request)
        address = f"{answers.web}{received.path}"
        call = Call(
            operation.name,
            operation.arguments,
            received.query,
            received.accept,
            received.body,
            viewer,
            repository,
            address,
            answers,
        )
        answer = self._carried_out(call, problems)
        if not isinstance(answer.body, bytes):
            problems = github_description().answer_problems(operation, answer.status, answer.body)
            self._problems += [f"answer to {place}: {problem}" for problem in problems]
        return answer

    def _of_no_repository(
        self, request: Request, received: Received, operation: Operation, viewer: Token | None
    ) -> Answer:
        if operation.name == "rate-limit/get":
            return Answer(body=_rate_limits(self._limits))
        if operation.name == "apps/create-from-manifest":
            return self._created(operation, request)
        if operation.name == OF_INSTALLATION:
            return repositories_of(self._state, viewer, self._answers(request))
        app = self.app
        if app is None or not app.signed(request.headers.get("authorization", "")):
            # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
            return Refused(401, "A JSON web token could not be decoded").answer
        return AppOperations(self._state, app).carry_out(operation, received, self._answers(request))

    def _created(self, operation: Operation, request: Request) -> Answer:
        """The App of a manifest, for a code that works once."""
        if operation.arguments["code"] not in self.codes or self.app is None:
            return not_found().answer
        self.codes.remove(operation.arguments["code"])
        return Answer(201, self.app.registered(self._answers(request).web))

    def _carried_out(self, call: Call, problems: list[str]) -> Answer:
        """GitHub passes over unknown names; what breaks its schema it refuses."""
        breaches = [problem for problem in problems if not problem.startswith("unknown ")]
        if breaches:
            return Refused(422, f"Invalid request.\n\n{breaches[0]}").answer
        try:
            return self._operations.carry_out(call)
        except Refused as refused:
            return refused.answer

    def _followed(self, path: str) -> str:
        """The address of a repository by its number, which a move leads to, as one by its name."""
        if match := _MOVED.fullmatch(path):
            for repository in self._state.repositories.values():
                if repository.id == int(match[1]):
                    return f"/repos/{repository.full_name}{match[2] or ''}"
        return path

    def _permitted(self, request: Request, operation: Operation, viewer: Token | None, method: str) -> Repository:
        full_name = "{owner}/{repo}".format(**operation.arguments)
        repository = self._state.repository(full_name)
        if repository is None and (moved := self._state.renamed.get(full_name.casefold())):
            raise self._moved(request, moved, method)
        if repository is None or (repository.private and not (viewer and viewer.sees(repository.full_name))):
            raise not_found()
        if method in _WRITES and viewer is None:
            raise Refused(401, "Requires authentication")
        if method in _WRITES and viewer:
            _check_right(viewer, _OTHER_RIGHTS.get(operation.name, "write"))
        return repository

    def _moved(self, request: Request, repository: Repository, method: str) -> Refused:
        # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
        match = _REPOSITORY.fullmatch(request.scope["path"].removeprefix(self.rest))
        rest = match[2] if match and match[2] else ""
        url = f"{self._answers(request).api}/repositories/{repository.id}{rest}"
        refused = Refused(301 if method == "GET" else 307, "Moved Permanently", headers={"location": url})
        refused.answer.body["url"] = url
        return refused


def _check_right(viewer: Token, right: str) -> None:
    """Words for check runs: https://github.com/EnricoMi/publish-unit-test-result-action/issues/53 ."""
    if right == "checks" and not viewer.app:
        raise Refused(403, "You must authenticate via a GitHub App.", page="/checks/runs")
    if not getattr(viewer, right):
        raise Refused(403, f"Resource not accessible by {viewer.kind}")
