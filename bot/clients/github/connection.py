"""One connection to GitHub: requests go out over PyGithub's requester, exact bytes over httpx with the same token.

Reads are tried again with patience, writes are sent once: who posts must look first whether the first try arrived. A
secondary limit is a clear no, so both wait for that; nobody waits for the primary one, which can take an hour. Waits
hold no lock: whoever else uses the connection goes on meanwhile.
PyGithub's own retry is off. It repeats POST by default, sleeps for any `Retry-After` without a limit, and knows nothing
of what goes over httpx.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

import httpx
from github import Auth, Github
from pydantic import SecretStr

from bot import __version__
from bot.clients.github.address import checked_token, checked_url
from bot.clients.github.mutations import FieldFailure, field_failures, without_fields
from bot.clients.github.refusals import (
    LONGEST_WAIT,
    PRIMARY,
    SECONDARY,
    Answer,
    Asked,
    Quota,
    not_github,
    refusal,
    scarce,
    unreachable,
)
from bot.clients.http import client, refuse_missing
from bot.errors import Misuse, OutsideError, Transient

_SECONDS = 30
_WAITS = (0.5, 1.0, 2.0)
_API_VERSION = "2022-11-28"
_GRAPHQL = {
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "INSUFFICIENT_SCOPES": HTTPStatus.FORBIDDEN,
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
}
# REST and GraphQL are counted apart: https://docs.github.com/en/rest/rate-limit/rate-limit
_RESOURCES = ("core", "graphql")
_ELSEWHERE = {HTTPStatus.FOUND, HTTPStatus.TEMPORARY_REDIRECT}

_NEXT = re.compile(r'<[^>]*[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"')
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AppKey:
    """Who an App is to GitHub: its id (or client id), and its private key in PEM form."""

    id: str
    private_key: SecretStr


@dataclass(frozen=True, slots=True)
class Access:
    """Where GitHub is and who asks: with a token, as an App itself, or as nobody.

    `ca_bundle` is a PEM file; None means what the libraries find themselves.
    """

    api_url: str = "https://api.github.com"
    token: SecretStr | None = None
    ca_bundle: str | None = None
    app: AppKey | None = None


def _auth(token: str, app: AppKey | None) -> Auth.Auth | None:
    if app is None:
        return Auth.Token(token) if token else None
    auth = Auth.AppAuth(app.id, app.private_key.get_secret_value())
    try:
        auth.create_jwt()
    except Exception:  # noqa: BLE001 - whatever the library for keys says of it may hold the key
        raise Misuse(
            "The App's private key cannot be used; give the RSA key that GitHub made for the App, in PEM form."
        ) from None
    return auth


class GitHub:
    """A connection, to be closed. Threads may share it.

    All methods raise Rejected, Transient or BadReply with one sentence for people; the constructor raises Misuse.
    `about` names the pull request that the sentence is about. `held` tells whether this process may still write.
    """

    def __init__(
        self,
        access: Access,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        held: Callable[[], bool] = lambda: True,
    ) -> None:
        self._held = held
        self._url = checked_url(access.api_url)
        self.host = urlsplit(self._url).netloc
        self._token = checked_token(access.token)
        self.known = bool(self._token or access.app)
        self.sleep = sleep
        self.now = now
        self._quotas: dict[str, Quota] = {}
        refuse_missing(access.ca_bundle)
        self._ca_bundle = access.ca_bundle
        self._github = Github(
            auth=_auth(self._token, access.app),
            base_url=self._url,
            timeout=_SECONDS,
            user_agent=f"plumbline/{__version__}",
            verify=access.ca_bundle or True,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
            api_version=_API_VERSION,
        )

    def __repr__(self) -> str:
        return f"GitHub({self._url!r}, {'with' if self.known else 'without'} a token)"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._github.close()
        if "_http" in self.__dict__:
            self._http.close()

    @cached_property
    def _http(self) -> httpx.Client:
        """For exact bytes. Made when it is needed: the first request of a review is not one for bytes."""
        return client(ca_bundle=self._ca_bundle, timeout=httpx.Timeout(_SECONDS), limit=4)

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """What GitHub's last answers left of each resource."""
        return tuple(self._quotas.values())

    @property
    def _graphql_url(self) -> str:
        return str(self._github.requester.graphql_url)

    def get(self, path: str, about: str, **parameters: int | str) -> object:
        """Read JSON. `path` begins with a slash, below the API's address."""
        asked = self._asked(about)
        return self._patiently(lambda: _json(self._send("GET", path, asked, parameters=parameters), asked))

    def get_page(self, path: str, about: str, **parameters: int | str) -> tuple[object, str]:
        """Read a page of what GitHub lists by a cursor; give that of the next page as well, '' for none.

        Source: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        """
        asked = self._asked(about)

        def read() -> tuple[object, str]:
            answer = self._send("GET", path, asked, parameters=parameters)
            following = _NEXT.search(answer.headers.get("link", ""))
            return _json(answer, asked), unquote(following[1]) if following else ""

        return self._patiently(read)

    def get_bytes(self, path: str, about: str, accept: str, most: int) -> bytes | None:
        """Read a body as it is, None where it has more than `most` bytes.

        PyGithub would decode it by the charset that the answer claims, which garbles files in any other encoding.
        """
        asked = self._asked(about)
        return self._patiently(lambda: self._fetch(path, asked, accept, most))

    def get_archive(self, path: str, about: str, most: int) -> bytes | None:
        """Read what GitHub sends on to an address of its own, None where it has more than `most` bytes.

        That address holds the right to read; the token stays here.
        Source: https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar
        """
        asked = self._asked(about)
        return self._patiently(lambda: self._fetch(path, asked, "application/vnd.github+json", most, follows=True))

    def query(self, query: str, about: str, *, may_lack: Collection[str] = (), **variables: object) -> dict[str, Any]:
        """Read over GraphQL: the `data` of the answer. It takes a token.

        `may_lack` are fields of the root, by their aliases, that may be null because the token does not see them.
        """
        asked = self._asked(about)
        body = {"query": query, "variables": variables}
        return self._patiently(
            lambda: self._data(self._send("POST", self._graphql_url, asked, body=body), asked, may_lack)
        )

    def write(self, verb: str, path: str, about: str, body: Mapping[str, object] | None = None) -> object:
        """Send a write once and give its JSON, None where there is none.

        Transient with status 0 or 5xx, or BadReply: it may have arrived. Where another process has taken this one's
        work over, nothing is sent.
        """
        asked = self._writing(about)
        return self._unhurried(lambda: _json_if_any(self._send(verb, path, asked, body=body), asked))

    def mutate(self, mutation: str, about: str, **variables: object) -> tuple[FieldFailure, ...]:
        """Write over GraphQL, once; give the fields that failed beside others that were carried out.

        What fails as a whole is raised; what `write` says of that holds here too.
        """
        asked = self._writing(about)
        body = {"query": mutation, "variables": variables}
        return self._unhurried(lambda: self._mutated(self._send("POST", self._graphql_url, asked, body=body), asked))

    def spare(self, about: str, needed: int) -> None:
        """Raise Transient where GitHub's last answers leave fewer than `needed` requests, of REST or of GraphQL.

        It asks nothing: before the first answer, and after a reset, there is nothing to say.
        """
        now = self.now()
        running = [each for name, each in list(self._quotas.items()) if name in _RESOURCES and each.reset > now]
        least = min(running, key=lambda quota: quota.remaining, default=None)
        if least is not None and least.remaining < needed:
            raise scarce(least, about, now)

    def _writing(self, about: str) -> Asked:
        if not self._held():
            raise Transient(f"{about} is another process's work by now; nothing was written.", stops_all=True)
        return self._asked(about, writing=True)

    def _asked(self, about: str, *, writing: bool = False) -> Asked:
        return Asked(about, self.host, self.known, writing)

    def _send(
        self,
        verb: str,
        path: str,
        asked: Asked,
        *,
        parameters: Mapping[str, int | str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        """One request over PyGithub. Its exceptions end here: it asserts, and raises RuntimeError on odd redirects."""
        try:
            status, headers, text = self._github.requester.requestJson(
                verb, path, parameters=dict(parameters or {}), input=body
            )
        except OSError as error:  # all errors of requests are
            raise unreachable(error, asked) from None
        except (AssertionError, RuntimeError, ValueError):
            raise not_github(asked, "it redirects elsewhere or sends odd headers") from None
        return self._accepted(Answer(status, headers, text.encode("utf-8", "surrogatepass")), asked)

    def _fetch(self, path: str, asked: Asked, accept: str, most: int, *, follows: bool = False) -> bytes | None:
        headers = {"Accept": accept, "X-GitHub-Api-Version": _API_VERSION}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        answer, content = self._streamed(self._url + path, headers, asked, most)
        target = urljoin(self._url + path, answer.headers.get("location", ""))
        if follows and answer.status in _ELSEWHERE and urlsplit(target).scheme in {"https", urlsplit(self._url).scheme}:
            answer, content = self._streamed(target, {}, asked, most)
        self._accepted(answer, asked)
        return content

    def _streamed(self, url: str, headers: Mapping[str, str], asked: Asked, most: int) -> tuple[Answer, bytes | None]:
        try:
            with self._http.stream("GET", url, headers=headers) as response:
                content = _capped(response, most)
                lowered = {name.lower(): value for name, value in response.headers.items()}
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(error, asked) from None
        return Answer(response.status_code, lowered, content or b""), content

    def _accepted(self, answer: Answer, asked: Asked) -> Answer:
        if (quota := answer.quota) is not None:
            self._quotas[quota.resource] = quota
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        raise self._refusal(answer, asked)

    def _refusal(self, answer: Answer, asked: Asked) -> OutsideError:
        """The error of an answer. The token is hidden, whatever its shape: a proxy's page may repeat the request."""
        shown = answer.body.replace(self._token.encode(), b"***") if self._token else answer.body
        return refusal(replace(answer, body=shown), asked, self.now())

    def _data(self, answer: Answer, asked: Asked, may_lack: Collection[str] = ()) -> dict[str, Any]:
        """The data of a GraphQL answer, which reports errors with status 200."""
        said = _json(answer, asked)
        if not isinstance(said, dict):
            raise not_github(asked)
        if not all(_is_lacking(error, may_lack) for error in answer.errors):
            raise self._refusal(_as_rest(answer), asked)
        data = said.get("data")
        if not isinstance(data, dict):
            raise not_github(asked)
        return data

    def _mutated(self, answer: Answer, asked: Asked) -> tuple[FieldFailure, ...]:
        failures = field_failures(answer)
        if not failures:
            self._data(without_fields(answer), asked)
        return failures

    def _patiently(self, once: Callable[[], _T]) -> _T:
        """Try a read again after failures that pass, unless that takes more than a minute, or the hour is spent."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return once()
            except Transient as error:
                error.attempts = attempt
                pause = max(error.retry_after or 0, _WAITS[min(attempt, len(_WAITS)) - 1])
                if error.kind == PRIMARY or attempt > len(_WAITS) or pause > LONGEST_WAIT:
                    raise
            self.sleep(pause)

    def _unhurried(self, once: Callable[[], _T]) -> _T:
        """Send a write again that a secondary limit turned away, for nothing of it was done; a minute's wait in all."""
        waited, attempt = 0.0, 0
        while True:
            attempt += 1
            try:
                return once()
            except Transient as error:
                error.attempts = attempt
                pause = max(error.retry_after or 0, 1)
                waited += pause
                if error.kind != SECONDARY or attempt > len(_WAITS) or waited > LONGEST_WAIT:
                    raise
            self.sleep(pause)


def _as_rest(answer: Answer) -> Answer:
    """GraphQL's errors are REST's in other clothes; what it could not finish in time is an error with a message alone.

    Source: https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    """
    known = [_GRAPHQL[error["type"]] for error in answer.errors if error.get("type") in _GRAPHQL]
    unnamed = all(set(error) <= {"message"} for error in answer.errors)
    return replace(
        answer, status=min(known) if known else HTTPStatus.BAD_GATEWAY if unnamed else HTTPStatus.BAD_REQUEST
    )


def _is_lacking(error: Mapping[str, Any], may_lack: Collection[str]) -> bool:
    """Whether the error only says that such a field is not there, or not for this token."""
    path = error.get("path")
    field = path[0] if isinstance(path, list) and path else None
    return field in may_lack and _GRAPHQL.get(error.get("type", "")) in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}


def _json_if_any(answer: Answer, asked: Asked) -> object:
    """What GitHub says of a write; nothing, where it deleted something."""
    return None if answer.status == HTTPStatus.NO_CONTENT else _json(answer, asked)


def _json(answer: Answer, asked: Asked) -> object:
    try:
        said: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise not_github(asked, "its answer is no JSON") from None
    return said


def _capped(response: httpx.Response, most: int) -> bytes | None:
    """The body; None as soon as it turns out to be too large."""
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)
