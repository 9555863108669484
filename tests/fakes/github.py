"""A GitHub on 127.0.0.1: stateful, and stricter with its clients than the real one.

    with FakeGitHub() as github:
        pull = github.pull_request("acme/papers", 214, patch=PATCH)
        ...  # a client talks to github.api_url with github.token
        assert pull.reviews[0].comments[0].text == "the line"
    assert github.problems == []

Each request and each answer is held against GitHub's own description; what breaks it is a line in `problems`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.fakes.github_app import FakeApp
from tests.fakes.github_calls import Answer
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_repository import FakeCommit, Repository, made_up_sha
from tests.fakes.github_service import Service
from tests.fakes.github_state import GitHubState
from tests.fakes.github_traffic import HOURLY, Fault, Limits, Received, Token
from tests.fakes.serving import Moment, Serving, Spy, drop_connection, nobody

JSON: TypeAlias = Any

TOKEN = "ghs_" + "fake" * 9
LOGIN = "plumbline[bot]"


class FakeGitHub:
    """See the module. With `enterprise` it serves under `/api/v3` and `/api/graphql`, as GitHub Enterprise Server does.

    `token` may write everywhere. `requests` are those received, in order; `problems` what GitHub would not describe, or
    would pass over in silence. `spy` is called when a request came, and when it is carried out and not answered
    yet. While it is `down` all is answered with 502.
    """

    def __init__(self, *, enterprise: bool = False) -> None:
        self.url = ""
        self.token = TOKEN
        self.state = GitHubState()
        self.requests: list[Received] = []
        self.problems: list[str] = []
        self.spy: Spy = nobody
        self.down = False
        self._limits = Limits()
        self._tokens: dict[str, Token] = {}
        self.add_token(TOKEN)
        self._service = Service(self.state, self._tokens, self._limits, self.problems, enterprise=enterprise)
        self._faults: list[Fault] = []
        self._serving = Serving(self)

    def __enter__(self) -> Self:
        self._serving.__enter__()
        self.url = self._serving.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.__exit__(kind, error, trace)

    @property
    def api_url(self) -> str:
        """What GITHUB_API_URL would be."""
        return self.url + self._service.rest

    def repository(self, full_name: str, *, private: bool | None = None, fork: bool = False) -> Repository:
        """The repository of that name; made, and public, where it is not there yet."""
        known = self.state.repository(full_name)
        made_up = int(made_up_sha(full_name)[:7], 16)
        repository = known or self.state.add(Repository(full_name, made_up, fork=fork))
        repository.private = repository.private if private is None else private
        return repository

    def pull_request(  # noqa: PLR0913 - a pull request is made of many things, each with a default
        self,
        repository: str,
        number: int,
        *,
        patch: bytes = b"",
        title: str = "Change a few things",
        body: str | None = "What it does and why.",
        author: str = "alice",
        association: str = "CONTRIBUTOR",
        draft: bool = False,
        state: str = "open",
        labels: Sequence[str] = (),
        private: bool | None = None,
        base_ref: str = "main",
        base_sha: str = "",
        head_ref: str = "feature",
        head_sha: str = "",
        head_repository: str | None = None,
        merge_base: str = "",
        messages: Sequence[str] = ("Change a few things",),
        base_files: Mapping[str, bytes] | None = None,
        head_files: Mapping[str, bytes] | None = None,
        withheld: Sequence[str] = (),
    ) -> FakePullRequest:
        """Open a pull request. `patch` is what git says of the change from the merge base to the head.

        `head_repository` None is the same repository, '' a fork that is gone. `messages` are those of its commits, the
        oldest first. `base_files` and `head_files` are the texts of whole files by path.
        """
        place = f"{repository}#{number}"
        base_sha = base_sha or made_up_sha(f"{place} base")
        head_sha = head_sha or made_up_sha(f"{place} head")
        merge_base = merge_base or base_sha
        older = [made_up_sha(f"{place} {index}") for index in range(len(messages) - 1)]
        shas = zip([*older, head_sha], messages, strict=True)
        if head_repository:
            self.repository(head_repository, fork=True)
        pull = FakePullRequest(
            repository=self.repository(repository, private=private),
            number=number,
            title=title,
            body=body,
            author=author,
            association=association,
            base_ref=base_ref,
            base_sha=base_sha,
            head_ref=head_ref,
            head_sha=head_sha,
            head_repository=repository if head_repository is None else head_repository,
            merge_base=merge_base,
            commits=[FakeCommit(sha, message, author) for sha, message in shas],
            counter=self.state.counter,
            draft=draft,
            state=state,
            labels=list(labels),
            withheld=set(withheld),
            versions={head_sha: patch},
            files={sha: dict(base_files or {}) for sha in (base_sha, merge_base)} | {head_sha: dict(head_files or {})},
        )
        self.state.pulls.append(pull)
        return pull

    def install(self, installations: Mapping[int, tuple[str, ...]]) -> FakeApp:
        """Register an App, with the repositories of each of its installations."""
        self._service.app = app = FakeApp(self._tokens, installations)
        return app

    def promise(self, code: str) -> None:
        """Let somebody come back from the registration of the App with this code."""
        self._service.codes.add(code)

    def add_token(  # noqa: PLR0913 - a token is made of many rights, each with a default
        self,
        token: str,
        *,
        login: str = LOGIN,
        write: bool = True,
        contents: bool | None = None,
        checks: bool | None = None,
        statuses: bool | None = None,
        repositories: Sequence[str] | None = None,
    ) -> str:
        """A further token, or other rights for one; `repositories` are the private ones that it sees, None all of them.

        By default an App that may write makes check runs and statuses, and cannot push; a person can, and makes no
        check runs.
        """
        app = login.endswith("[bot]")
        self._tokens[token] = Token(
            login,
            write,
            write and not app if contents is None else contents,
            write and app if checks is None else checks,
            write if statuses is None else statuses,
            None if repositories is None else frozenset(repositories),
        )
        return token

    @property
    def remaining(self) -> int | None:
        """What answers say is left of the hourly limit; None counts down from 5,000."""
        return self._limits.remaining

    @remaining.setter
    def remaining(self, left: int | None) -> None:
        self._limits.remaining = left

    def rename(self, old: str, new: str) -> None:
        """Give a repository another name; GitHub then sends the old one's callers on."""
        self.state.rename(old, new)

    def exhaust(self, until: int) -> None:
        """Let the hourly limit be used up until that second of the Unix clock."""
        self._limits.exhausted_until = until

    def slow_down(self, retry_after: int) -> None:
        """Let the secondary limit be hit: each request is told to wait so many seconds."""
        self._limits.retry_after = retry_after

    def fail_next(  # noqa: PLR0913 - a fault is data, each part with a default
        self,
        method: str,
        path: str,
        *,
        status: int = 502,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | Mapping[str, object] = "<html>Unicorn!</html>",
        after: bool = False,
        accept: str = "",
        times: int = 1,
    ) -> None:
        """Let the next requests fail whose method, path (a regular expression) and Accept header (a part) fit.

        `status` 0 closes the connection without an answer. With `after` the request is carried out, its answer lost.
        """
        self._faults += [Fault(method, path, accept, status, headers or {}, body, after)] * times

    def after_next(self, method: str, path: str, act: Callable[[], None], *, accept: str = "") -> None:
        """Let something happen right after the next such request was carried out: a push between two requests."""
        self._faults.append(Fault(method, path, accept, act=act))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The server, as an ASGI app."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        raw = await request.body()
        received = Received(
            request.method,
            scope["path"],
            dict(parse_qsl(request.url.query, keep_blank_values=True)),
            request.headers.get("accept", ""),
            self._decoded(raw),
        )
        self.requests.append(received)
        port = scope["client"][1] if scope.get("client") else 0
        self.spy(Moment.CAME, port)
        fault = (
            Fault(received.method, "", status=502, body="<html>Unicorn!</html>") if self.down else self._fault(received)
        )
        if fault and fault.status is not None and not fault.after:
            answer: Answer | None = _failed(fault)
        else:
            answer = self._service.answer(request, received)
            if fault:
                answer = self._afterwards(fault, answer)
        self.spy(Moment.DONE, port)
        if answer is None:
            await drop_connection(scope)
        else:
            await self._response(answer)(scope, receive, send)

    def _decoded(self, raw: bytes) -> JSON:
        if not raw:
            return None
        try:
            return json.loads(raw)
        except ValueError:
            self.problems.append("the body of a request is not JSON")
            return None

    def _fault(self, received: Received) -> Fault | None:
        for fault in self._faults:
            fits = fault.method == received.method and fault.accept in received.accept
            if fits and re.search(fault.path, received.path):
                self._faults.remove(fault)
                return fault
        return None

    def _afterwards(self, fault: Fault, answer: Answer) -> Answer | None:
        if fault.act:
            fault.act()
        return answer if fault.status is None else _failed(fault)

    def _response(self, answer: Answer) -> Response:
        body = answer.body
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        now = int(time.time())
        exhausted, left = self._limits.exhausted_until, self._limits.remaining
        left = HOURLY - len(self.requests) if left is None else left
        left = left if exhausted is None else 0
        headers = {
            "x-ratelimit-limit": str(HOURLY),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-used": str(HOURLY - left),
            "x-ratelimit-reset": str(exhausted or now + 3600),
            "x-ratelimit-resource": "core",
            "x-github-request-id": f"FA6E:{len(self.requests):04X}",
            "x-github-media-type": "github.v3; format=json",
            **({"content-type": answer.media} if body is not None else {}),
            **answer.headers,
        }
        return Response(content, answer.status, headers)


def _failed(fault: Fault) -> Answer | None:
    """The answer of a fault, None where the connection closes without one."""
    if not fault.status:
        return None
    if isinstance(fault.body, Mapping):
        return Answer(fault.status, dict(fault.body), fault.headers)
    content = fault.body if isinstance(fault.body, bytes) else fault.body.encode()
    return Answer(fault.status, content, fault.headers, media="text/html; charset=utf-8")
