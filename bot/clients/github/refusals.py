"""What GitHub's refusals, and the failures on the way to it, mean: one sentence each, with what to do.

Sources: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api and
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from bot.core.secrets import mask
from bot.errors import BadReply, OutsideError, Rejected, Transient

# What GitHub asks for where it names no time: "wait for at least one minute".
_UNNAMED_WAIT = 60
_LATEST_RESET = 253_402_300_799
_MOST_WORDS = 200
_DIGITS = 12
LONGEST_WAIT = 60
"""Seconds that anything waits for GitHub; what takes longer is postponed."""
PRIMARY, SECONDARY = "rate_limit", "secondary_rate_limit"
"""The kinds of an error that a limit caused: of an hour's requests, or of too much at a time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request was about, for the sentence: `about` is `owner/repo#12`, `known` whether a token went with it."""

    about: str
    host: str
    known: bool
    writing: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests a resource (`core`, `graphql`) has left until `reset`, a second of the Unix clock."""

    resource: str
    remaining: int
    reset: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the headers by name in lower case, the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The body where it is a JSON object, else nothing."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    @property
    def errors(self) -> list[dict[str, Any]]:
        """GitHub's list of errors; those that are bare words are brought to the common form."""
        listed = self.said.get("errors")
        errors = listed if isinstance(listed, list) else []
        return [error if isinstance(error, dict) else {"message": str(error)} for error in errors]

    @property
    def words(self) -> str:
        """GitHub's own message with the details of its errors: one line, secrets masked, cut."""
        details = [str(error.get("message") or error.get("code") or "") for error in self.errors]
        parts = [str(self.said.get("message") or ""), *details]
        return one_line(": ".join(dict.fromkeys(part for part in parts if part)))

    @property
    def kind(self) -> str:
        """GitHub's name for the first error: `too_large`, `NOT_FOUND`, ..."""
        return next((str(error.get("type") or error.get("code") or "") for error in self.errors), "")

    def number(self, header: str) -> int | None:
        """A header that holds a count or a time in seconds; None where it does not."""
        value = self.headers.get(header, "").strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) <= _DIGITS else None

    @property
    def limited(self) -> bool:
        """Whether a rate limit speaks: 403 or 429, told apart from a lack of permission."""
        if self.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
            return False
        spent = self.number("x-ratelimit-remaining") == 0 or "retry-after" in self.headers
        return spent or self.status == HTTPStatus.TOO_MANY_REQUESTS or "rate limit" in self.words.lower()

    @property
    def quota(self) -> Quota | None:
        """What the answer says of the hourly limit; None where it says nothing, as servers without limits do."""
        remaining, reset = self.number("x-ratelimit-remaining"), self.number("x-ratelimit-reset")
        if remaining is None or reset is None:
            return None
        return Quota(self.headers.get("x-ratelimit-resource", "core"), remaining, reset)


def one_line(text: str) -> str:
    """Other people's words as part of a sentence."""
    shown = "".join(letter if letter.isprintable() else " " for letter in mask(text))
    words = " ".join(shown.split()).rstrip(".")
    return words if len(words) <= _MOST_WORDS else words[: _MOST_WORDS - 1] + "…"


def refusal(answer: Answer, asked: Asked, now: float) -> OutsideError:
    """The error of an answer that is no success. `now` is the time in seconds since 1970, for rate limits."""
    error = _error(answer, asked, now)
    error.status = answer.status
    error.kind = error.kind or answer.kind
    error.request_id = answer.headers.get("x-github-request-id", "")
    return error


def _error(answer: Answer, asked: Asked, now: float) -> OutsideError:
    if answer.limited:
        return _limit(answer, asked, now)
    said = f" ({answer.words})" if answer.words else ""
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.REQUEST_TIMEOUT:
        return Transient(
            f"GitHub failed with status {answer.status} on {asked.about}{said}; try again in a few minutes."
        )
    stops_all = answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    return Rejected(_no(answer, asked, said), stops_all=stops_all)


def _limit(answer: Answer, asked: Asked, now: float) -> Transient:
    """Which limit it is: where GitHub names a time to wait, that holds, whatever remains of the hour."""
    wait, reset = answer.number("retry-after"), answer.number("x-ratelimit-reset")
    if wait is None and answer.number("x-ratelimit-remaining") == 0 and reset is not None:
        more = "try again then" if asked.known else "try again then, or set GITHUB_TOKEN for a higher limit"
        sentence = f"GitHub's rate limit for this token or address is used up until {_clock(reset)}; {more}."
        return Transient(sentence, kind=PRIMARY, retry_after=_until(reset, now))
    wait = _UNNAMED_WAIT if wait is None else wait
    put_off = f", so posting on {asked.about} is postponed" if asked.writing and wait > LONGEST_WAIT else ""
    sentence = f"GitHub asks to slow down (its secondary rate limit){put_off}; try again in {max(wait, 1)} seconds."
    return Transient(sentence, kind=SECONDARY, retry_after=wait)


def scarce(quota: Quota, about: str, now: float) -> Transient:
    """The error of asking for more than what is left until the reset."""
    left = f"only {quota.remaining:,} more request{'' if quota.remaining == 1 else 's'}"
    allowed = left if quota.remaining else "no more requests"
    sentence = (
        f"GitHub allows {allowed} until {_clock(quota.reset)}; the review of {about} is postponed, try again then."
    )
    return Transient(sentence, kind=PRIMARY, retry_after=_until(quota.reset, now))


def _clock(second: int) -> str:
    """`13:05 UTC`."""
    return f"{datetime.fromtimestamp(min(second, _LATEST_RESET), UTC):%H:%M} UTC"


def _until(reset: int, now: float) -> float:
    """The seconds to wait: one more than it seems, for GitHub's clock is another."""
    return max(reset - now, 0) + 1


def _no(answer: Answer, asked: Asked, said: str) -> str:
    """The sentence of a refusal that no retry can change."""
    match answer.status:
        case HTTPStatus.UNAUTHORIZED:
            return _unknown(asked, said)
        case HTTPStatus.FORBIDDEN:
            return _forbidden(answer, asked, said)
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return _missing(asked)
        case HTTPStatus.UNPROCESSABLE_ENTITY if asked.writing:
            return f"GitHub refuses what was to be posted on {asked.about}{said}."
        case status if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return f"{asked.about} has moved{said}; use the repository's new name, and check GITHUB_API_URL."
    return (
        f"GitHub refuses the request about {asked.about} with status {answer.status}{said}; check what was asked for."
    )


def _unknown(asked: Asked, said: str) -> str:
    if asked.known:
        return f"GitHub does not accept the token{said}; check GITHUB_TOKEN, it may be expired or revoked."
    return f"GitHub wants to know who asks for {asked.about}{said}; set GITHUB_TOKEN."


def _missing(asked: Asked) -> str:
    """The sentence for what is not there, or not for this token: GitHub does not tell which."""
    what = f"There is no pull request {asked.about}"
    if asked.known:
        return (
            f"{what} that this token can see; check the name (it may be an issue), and that GITHUB_TOKEN may read "
            f"the repository."
        )
    return (
        f"{what} that is public; check the name (it may be an issue), and set GITHUB_TOKEN if the repository is "
        f"private."
    )


def _forbidden(answer: Answer, asked: Asked, said: str) -> str:
    if "saml" in answer.words.lower():
        return f"The organization wants single sign-on{said}; authorize GITHUB_TOKEN for it in GitHub's token settings."
    if not asked.writing:
        return (
            f"GITHUB_TOKEN may not read {asked.about}{said}; it needs the permissions contents: read and "
            f"pull requests: read."
        )
    return (
        f"GITHUB_TOKEN may not post on {asked.about}{said}; it needs the permissions pull requests: write and issues: "
        f"write, which a workflow that a fork's pull request starts never has."
    )


_CHECK = "check GITHUB_API_URL, the proxy (HTTPS_PROXY) and the network"
# From the surest sign on: a proxy's failure is a refused connection or a timeout as well.
_FAILURES: tuple[tuple[str, type[BaseException] | str, str], ...] = (
    ("tls", ssl.SSLError, f"{{host}} does not speak TLS as it should; {_CHECK}."),
    ("proxy", "Proxy", "The proxy does not lead to {host}; check HTTPS_PROXY and NO_PROXY."),
    ("dns", socket.gaierror, f"The name {{host}} cannot be resolved; {_CHECK}."),
    ("refused", ConnectionRefusedError, f"{{host}} refuses the connection; {_CHECK}."),
    ("timeout", "Timeout", f"{{host}} did not answer in time; try again, or {_CHECK}."),
    ("connection", BaseException, "The connection to {host} was lost before an answer came; try again."),
)


def unreachable(error: Exception, asked: Asked) -> OutsideError:
    """The error of a request that got no answer. Libraries wrap the cause, and their own words may hold addresses."""
    chain = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        sentence = (
            f"The certificate of {asked.host} is not trusted; behind a proxy with its own authority, name its bundle "
            f"in SSL_CERT_FILE and REQUESTS_CA_BUNDLE."
        )
        return Rejected(sentence, kind="tls", stops_all=True)
    kind, sentence = next((kind, says) for kind, sign, says in _FAILURES if any(_shows(each, sign) for each in chain))
    return Transient(sentence.format(host=asked.host), kind=kind)


def _shows(cause: BaseException, sign: type[BaseException] | str) -> bool:
    """Whether the error is of that type, or of a library's type with that word in its name."""
    return sign in type(cause).__name__ if isinstance(sign, str) else isinstance(cause, sign)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and the errors that requests and urllib3 hide in attributes and arguments."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        cause = todo.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            todo += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def not_github(asked: Asked, detail: str = "") -> BadReply:
    """The error of an answer that is not in GitHub's format."""
    why = f" ({detail})" if detail else ""
    return BadReply(
        f"{asked.host} did not answer as GitHub does{why}; check GITHUB_API_URL, which ends in /api/v3 for GitHub "
        f"Enterprise Server."
    )
