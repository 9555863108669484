"""What it means when an attempt gives no reply: whether to try again, and the one sentence for a person.

Statuses and types of errors: https://platform.claude.com/docs/en/api/errors. Gateways answer in OpenAI's envelope, in
plain text or in HTML instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TypedDict
from urllib.parse import urlsplit

from bot.clients.answers import Incomplete, Unusable
from bot.clients.door import Door
from bot.clients.message_json import string, table
from bot.clients.retry import is_passing, wait_asked, worth_retrying
from bot.core.messages import Json
from bot.core.strict_json import loads
from bot.errors import BadReply, OutsideError, Rejected, Transient


class Verdict(Enum):
    """How a failure is raised in the end. STOPS_ALL is a refusal that any other request would meet too."""

    REJECTED = auto()
    STOPS_ALL = auto()
    TRANSIENT = auto()
    BAD_REPLY = auto()


class _Facts(TypedDict):
    """What every error tells beside its sentence."""

    status: int
    kind: str
    request_id: str
    attempts: int
    said: str
    lost: int


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that failed. `did` follows the host in the sentence, `said` are the endpoint's own words.

    `kind` is the endpoint's name of the error, '' where it gave none; `status` the HTTP status, 0 where no answer
    came; `retry_after` the wait that it asked for, in seconds. `crowded` tells that it has too many requests, `lost`
    that it may have worked on an answer that did not arrive, and charge for it.
    """

    verdict: Verdict
    did: str
    advice: str
    kind: str = ""
    said: str = ""
    status: int = 0
    request_id: str = ""
    retry: bool = True
    retry_after: float | None = None
    crowded: bool = False
    lost: bool = False

    def error(self, door: Door, attempts: int, lost: int, *, stops_all: bool = False) -> OutsideError:
        """Return what to raise when this was the last attempt, and `lost` of all were lost.

        `stops_all` tells that no other request is worth it, either.
        """
        known: _Facts = {
            "status": self.status,
            "kind": door.without_key(self.kind),
            "request_id": door.without_key(self.request_id),
            "attempts": attempts,
            "said": door.without_secrets(self.said),
            "lost": lost,
        }
        sentence = self._sentence(door, attempts)
        if self.verdict is Verdict.TRANSIENT:
            return Transient(sentence, **known, stops_all=stops_all, retry_after=self.retry_after)
        if self.verdict is Verdict.BAD_REPLY:
            return BadReply(sentence, **known)
        return Rejected(sentence, **known, stops_all=self.verdict is Verdict.STOPS_ALL)

    def _sentence(self, door: Door, attempts: int) -> str:
        status = str(self.status) if self.status >= _REDIRECTS else ""
        name = " ".join(filter(None, (status, door.without_key(self.kind))))
        details = ": ".join(filter(None, (name, door.quote(self.said))))
        tried = f" after {attempts} attempts" if attempts > 1 else ""
        advice = self.advice.format(credential=door.credential, address=door.address)
        return f"{door.host} {self.did}{f' ({details})' if details else ''}{tried}; {advice}."


# --- The endpoint said no -------------------------------------------------------------------------------------------

_REDIRECTS, _CLIENT_ERRORS, _SERVER_ERRORS = 300, 400, 500
_LATER = "try again later"
_FITS = "check that PLUMBLINE_MODEL fits this endpoint"
# status -> what the endpoint did, and what to do.
_JUDGEMENTS = {
    400: ("refused the request", _FITS),
    401: ("did not accept the key", "check {credential}"),
    402: ("wants to be paid first", "check the balance of the account that {credential} belongs to"),
    403: ("denied access", "check what {credential} is allowed to use"),
    404: ("does not know the model or the address", "check PLUMBLINE_MODEL and {address}"),
    408: ("gave up waiting for the request", _LATER),
    409: ("was busy with a conflicting request", _LATER),
    413: ("found the request too large", "lower PLUMBLINE_CHUNK_TOKENS"),
    422: ("could not process the request", _FITS),
    429: ("is limiting requests", _LATER),
    504: ("took too long", _LATER),
    529: ("is overloaded", _LATER),
}
_SPENT = (
    "has reached a spending limit",
    "raise the limit of the account that {credential} belongs to, or wait until it is reset",
)
_STATUS_OF_KIND = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_KIND_OF_STATUS = {status: kind for kind, status in _STATUS_OF_KIND.items()}
# As OpenAI and the gateways that speak its envelope name them.
_OTHER_NAMES = {
    "context_length_exceeded": 400,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
}
_STOPPING = {401, 402, 403, 404}
_CROWDED = {429, 529}
# From a proxy that waits no longer, while the model goes on: https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/
_GAVE_UP = {504, 524}
_SPENT_CODES = {"enforced_spend_limit_reached", "insufficient_quota", "insufficient_user_quota"}
_SPENT_WORDS = re.compile(r"You have reached your specified API usage limits|credit balance is too low", re.IGNORECASE)
_NAME = re.compile(r"[\w.:/-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Told:
    """What an error's body tells, whichever envelope it has."""

    kinds: tuple[str, ...]
    message: str
    request_id: str

    @property
    def spent(self) -> bool:
        return bool(_SPENT_CODES & {*self.kinds}) or _SPENT_WORDS.search(self.message) is not None


def http_error(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Failure:
    """Judge an answer whose status is no success. The names of headers are looked up in lower case."""
    text = body.decode("utf-8", "replace")
    payload = loads(text)
    told = _told(payload) if isinstance(payload, dict) else _Told((), "" if text.lstrip()[:1] == "<" else text, "")
    if status < _CLIENT_ERRORS:
        return _redirect(status, headers)
    kind = next(iter(told.kinds), "") or _KIND_OF_STATUS.get(status) or _KIND_OF_STATUS.get(status // 100 * 100, "")
    return _judged(
        status,
        told,
        kind=kind,
        status=status,
        request_id=_request_id(headers) or told.request_id,
        retry=worth_retrying(status, headers),
        retry_after=wait_asked(headers, now),
        lost=status in _GAVE_UP,
    )


def reported(payload: Json, status: int, headers: Mapping[str, str], *, begun: bool) -> Failure:
    """Judge an error that came after a good status, by its name. One without a known name may well pass.

    `begun` tells that something of a message had come before it.
    """
    told = _told(payload)
    names = {**_OTHER_NAMES, **_STATUS_OF_KIND}
    judged = next((names[kind] for kind in told.kinds if kind in names), _SERVER_ERRORS)
    return _judged(
        judged,
        told,
        kind=next(iter(told.kinds), ""),
        status=status,
        request_id=_request_id(headers) or told.request_id,
        retry=is_passing(judged),
        retry_after=None,
        lost=begun,
    )


def _judged(  # noqa: PLR0913 - the fields of a failure, each from another place
    judged: int,
    told: _Told,
    *,
    kind: str,
    status: int,
    request_id: str,
    retry: bool,
    retry_after: float | None,
    lost: bool,
) -> Failure:
    if told.spent and judged < _SERVER_ERRORS:
        verdict, (did, advice), retry = Verdict.STOPS_ALL, _SPENT, False
    else:
        fallback = ("failed", _LATER) if judged >= _SERVER_ERRORS else ("refused the request", "check {address}")
        verdict, (did, advice) = _verdict(judged), _JUDGEMENTS.get(judged, fallback)
    if retry_after is not None and verdict is Verdict.TRANSIENT:
        advice = _after(retry_after)
    crowded = judged in _CROWDED
    return Failure(verdict, did, advice, kind, told.message, status, request_id, retry, retry_after, crowded, lost)


def _verdict(judged: int) -> Verdict:
    if is_passing(judged):
        return Verdict.TRANSIENT
    return Verdict.STOPS_ALL if judged in _STOPPING else Verdict.REJECTED


def _after(seconds: float) -> str:
    return f"try again in {seconds:,.0f} seconds" if seconds <= _DAY else _LATER


_DAY = 86_400


def _redirect(status: int, headers: Mapping[str, str]) -> Failure:
    """Nothing is followed: a redirect would take the key to another address."""
    try:
        target = urlsplit(headers.get("location", ""))
        where = target.hostname or ""
    except ValueError:
        where = ""
    return Failure(
        Verdict.STOPS_ALL,
        "sends requests on to another address",
        "set {address} to the address that answers itself",
        said=where,
        status=status,
        request_id=_request_id(headers),
        retry=False,
    )


def _told(payload: Json) -> _Told:
    error = payload.get("error")
    inner = table(error)
    details = table(inner.get("details"))
    kinds = (inner.get("type"), inner.get("code"), details.get("error_code"))
    message = next(
        (said for said in (inner.get("message"), error, payload.get("message"), payload.get("detail")) if said), ""
    )
    if not isinstance(message, str):
        # FastAPI's `detail` is a list of objects.
        message = json.dumps(message, default=str)
    return _Told(tuple(filter(None, map(_name, kinds))), message, _name(payload.get("request_id")))


def _name(value: object) -> str:
    """A name as it may stand in a sentence or a log."""
    said = string(value)
    return said if _NAME.fullmatch(said) else ""


def _request_id(headers: Mapping[str, str]) -> str:
    return _name(headers.get("request-id")) or _name(headers.get("x-request-id"))


# --- There was no usable answer -------------------------------------------------------------------------------------


def no_message(result: Incomplete | Unusable, status: int, headers: Mapping[str, str]) -> Failure:
    """Judge an answer with a good status that holds no whole message."""
    request_id = _request_id(headers)
    if isinstance(result, Unusable):
        did, advice = f"answered with {result.why}", "check {address} and PLUMBLINE_MODEL"
        return Failure(Verdict.BAD_REPLY, did, advice, status=status, request_id=request_id, retry=False)
    verdict = Verdict.BAD_REPLY if result.empty else Verdict.TRANSIENT
    did = "gave no whole answer"
    return Failure(verdict, did, _LATER, said=result.why, status=status, request_id=request_id, lost=True)


def too_long(status: int, headers: Mapping[str, str], most: int) -> Failure:
    """Judge an answer that does not end."""
    did = f"sent more than {most:,} bytes"
    return Failure(
        Verdict.BAD_REPLY,
        did,
        "check {address}",
        status=status,
        request_id=_request_id(headers),
        retry=False,
        lost=True,
    )


def unreachable(why: str) -> Failure:
    """Judge a connection that did not come about: name, port, TLS or proxy."""
    advice = "check {address}, the proxy variables (HTTPS_PROXY, NO_PROXY) and SSL_CERT_FILE"
    return Failure(Verdict.TRANSIENT, "cannot be reached", advice, said=why)


def broken_off(why: str, *, sent: bool) -> Failure:
    """Judge a connection that ended before the answer did. `sent` tells that the request was on its way as a whole."""
    return Failure(Verdict.TRANSIENT, "broke off the connection", _LATER, said=why, lost=sent)


def silent(seconds: float) -> Failure:
    """Judge an answer of which nothing came for so long."""
    return Failure(Verdict.TRANSIENT, f"sent nothing for {seconds:g} seconds", _LATER, lost=True)


def unfinished(seconds: float) -> Failure:
    """Judge an answer that was not whole after so long."""
    return Failure(Verdict.TRANSIENT, f"did not finish within {seconds:g} seconds", _LATER, lost=True)
