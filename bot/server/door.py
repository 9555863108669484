"""The webhook's door: only what GitHub signed gets in, whole and once.

The signature is checked over the bytes as they came, before anything is read of them.
Source: https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Protocol

from bot.core.events import Intent, Nothing, is_signed, read_event
from bot.errors import BadEvent

MOST_BYTES = 25 * 1024 * 1024
"""GitHub sends no more: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""

_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,64}")
_EVENT = re.compile(r"[a-z_]{1,64}")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A genuine event, by GitHub's own id for it, and what it asks for."""

    id: str
    event: str
    intent: Intent


class Taken(Enum):
    """What became of a delivery: written down now, known from before, or nothing that a job comes of."""

    NOW = auto()
    BEFORE = auto()
    NOT = auto()


_SAID = {
    Taken.NOW: (HTTPStatus.ACCEPTED, "Accepted."),
    Taken.BEFORE: (HTTPStatus.OK, "Already accepted."),
    Taken.NOT: (HTTPStatus.OK, "Nothing to do: this version does not act upon it."),
}


class Inbox(Protocol):
    """Where deliveries are written down, so that nothing that was accepted is lost."""

    async def take(self, delivery: Delivery) -> Taken:
        """Write a delivery down. When this returns, it is kept whatever happens. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to the sender: a status and a sentence."""

    status: HTTPStatus
    sentence: str


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        self.answer = Answer(status, sentence)
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Door:
    """The door of one app. `secret` is the webhook's; without one nothing is checked. `slug` is the app's name."""

    inbox: Inbox
    secret: bytes | None
    slug: str

    async def receive(self, headers: Mapping[str, str], chunks: AsyncIterable[bytes]) -> Answer:
        """Take a delivery in. `headers` have lower-case names."""
        try:
            body = await _whole(headers, chunks)
            self._check_signature(headers, body)
            delivery = self._delivery(headers, body)
        except _Refused as refused:
            return refused.answer
        except BadEvent as error:
            return Answer(HTTPStatus.BAD_REQUEST, str(error))
        if isinstance(delivery.intent, Nothing):
            return Answer(HTTPStatus.OK, f"Nothing to do: {delivery.intent.why}.")
        return Answer(*_SAID[await self.inbox.take(delivery)])

    def _check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        if self.secret is None:
            return
        if not is_signed(body, self.secret, headers.get("x-hub-signature-256", "")):
            raise _Refused(
                HTTPStatus.UNAUTHORIZED,
                "The signature does not fit; set the same secret here and in the app's settings.",
            )

    def _delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise _Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "The body is not JSON; set the webhook's content type to application/json.",
            )
        id_, event = headers.get("x-github-delivery", ""), headers.get("x-github-event", "")
        if not _DELIVERY.fullmatch(id_) or not _EVENT.fullmatch(event):
            raise _Refused(HTTPStatus.BAD_REQUEST, "X-GitHub-Delivery or X-GitHub-Event is missing or odd.")
        return Delivery(id_, event, read_event(event, body, self.slug))


async def _whole(headers: Mapping[str, str], chunks: AsyncIterable[bytes]) -> bytes:
    """The body, as long as it is no longer than GitHub's."""
    length = headers.get("content-length", "")
    too_long = _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {MOST_BYTES:,} bytes.")
    if length.isascii() and length.isdecimal() and int(length[:20]) > MOST_BYTES:
        raise too_long
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MOST_BYTES:
            raise too_long
    return bytes(body)
