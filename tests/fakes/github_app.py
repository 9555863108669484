"""A GitHub App as GitHub knows it: its key, its installations, the tokens that it is given for them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.github_repository import CREATED
from tests.fakes.github_traffic import Token

APP_ID = "4711"
SLUG = "plumbline-acme"
_LASTS = timedelta(hours=1)
_MOST_SECONDS = 600


@dataclass(frozen=True, slots=True)
class FakeDelivery:
    """An attempt to deliver an event: `guid` is what the receiver knows it by, `status` what that answered."""

    id: int
    guid: str
    delivered_at: str
    status: int
    event: str = "pull_request"
    again: bool = False


class FakeApp:
    """An App. `installations` are the repositories of each; tokens that it is given go to `tokens`, as GitHub's own.

    `given` counts them. `deliveries` are those that were tried, the oldest first; `delivered_again` are the ids of
    those that were asked for once more, and `on_delivery` is what happens then.
    """

    def __init__(self, tokens: dict[str, Token], installations: Mapping[int, tuple[str, ...]]) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self._tokens = tokens
        self.installations = dict(installations)
        self.given = 0
        self.installed_at = CREATED
        self.deliveries: list[FakeDelivery] = []
        self.delivered_again: list[int] = []
        self.on_delivery: Callable[[FakeDelivery], None] = lambda _delivery: None

    def deliver_again(self, number: int) -> None:
        """Deliver once more what that attempt was to deliver."""
        self.delivered_again.append(number)
        self.on_delivery(next(each for each in self.deliveries if each.id == number))

    @property
    def private_key(self) -> str:
        """The key as GitHub lets one download it."""
        form, none = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        return self._key.private_bytes(serialization.Encoding.PEM, form, none).decode()

    def signed(self, authorization: str) -> bool:
        """Whether the App itself asks: a fresh JSON web token of its own, ten minutes long at most."""
        scheme, _, token = authorization.partition(" ")
        try:
            claims = jwt.decode(
                token, self._key.public_key(), algorithms=["RS256"], options={"require": ["iat", "exp"]}
            )
        except jwt.PyJWTError:
            return False
        lasts = claims["exp"] - time.time()
        return scheme == "Bearer" and claims["iss"] == APP_ID and lasts <= _MOST_SECONDS

    def described(self, web: str) -> dict[str, object]:
        """The App as it is told."""
        owner = {
            "login": "acme",
            "id": 1,
            "node_id": "O_1",
            "type": "Organization",
            "site_admin": False,
            **dict.fromkeys(_URLS, f"{web}/acme"),
            "gravatar_id": "",
        }
        return {
            "id": int(APP_ID),
            "slug": SLUG,
            "node_id": "A_1",
            "name": "Plumbline for Acme",
            "owner": owner,
            "description": "",
            "external_url": web,
            "html_url": f"{web}/apps/{SLUG}",
            "created_at": "2026-11-01T00:00:00Z",
            "updated_at": "2026-11-01T00:00:00Z",
            "permissions": {"issues": "write", "checks": "write"},
            "events": ["pull_request"],
        }

    def registered(self, web: str) -> dict[str, object]:
        """What its maker gets at the end of the registration, once."""
        secret = "made-up secret of a webhook"
        return {
            **self.described(web),
            "client_id": "Iv1.made-up",
            "client_secret": "made-up secret of a client",
            "webhook_secret": secret,
            "pem": self.private_key,
        }

    def token_for(self, installation: int) -> dict[str, object] | None:
        """A new token of an installation, None where there is none. Its long form is as new as this year."""
        repositories = self.installations.get(installation)
        if repositories is None:
            return None
        self.given += 1
        token = f"ghs_{APP_ID}_{secrets.token_urlsafe(90)}.{secrets.token_urlsafe(200)}.{secrets.token_urlsafe(60)}"
        rights = {"write": True, "contents": False, "checks": True, "statuses": True}
        self._tokens[token] = Token(f"{SLUG}[bot]", **rights, repositories=frozenset(repositories))
        expires = (datetime.now(UTC) + _LASTS).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"token": token, "expires_at": expires, "permissions": {}, "repository_selection": "selected"}


_URLS = (
    *("url", "html_url", "avatar_url", "followers_url", "following_url", "gists_url", "starred_url"),
    *("subscriptions_url", "organizations_url", "repos_url", "events_url", "received_events_url"),
)
