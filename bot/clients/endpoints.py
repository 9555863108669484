"""Where a model is asked and with which key, as people write these: checked before anything is sent."""

from __future__ import annotations

import re

import httpx
from pydantic import SecretStr

from bot.errors import Misuse

_KEY = re.compile(r"[!-~]+")


def address_of(base_url: str, variable: str) -> httpx.URL:
    """The address that a variable holds. Raises Misuse for what is no address."""
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise Misuse(f"{variable} is no web address; write it as https://HOST or https://HOST/PATH.")
    if url.userinfo:
        # httpx would send it as a second Authorization beside the key, which the API refuses.
        raise Misuse(f"{variable} holds a user name or password; remove it and give the key by itself.")
    return url.copy_with(fragment=None)


def key_of(secret: SecretStr, variable: str) -> str:
    """The key itself. Raises Misuse for one that no header can carry."""
    key = secret.get_secret_value().strip()
    if not _KEY.fullmatch(key):
        raise Misuse(f"{variable} holds blanks or characters that no key has; copy the key again.")
    return key


def accepted(*, stream: bool) -> dict[str, str]:
    """The headers that say what is sent and what is understood."""
    understood = "text/event-stream, application/json" if stream else "application/json"
    return {"content-type": "application/json", "accept": understood}
