"""What leads to GitHub, checked before anything is sent there: the API's address, and the token."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from bot.errors import Misuse

_TOKEN = re.compile(r"[\x21-\x7e]+")
_ENTERPRISE_PATH = "/api/v3"
_GITHUB_COM = {"github.com", "www.github.com"}


def checked_token(token: SecretStr | None) -> str:
    """The token as it is sent, '' for none. Raises Misuse for what cannot be one."""
    secret = token.get_secret_value().strip() if token else ""
    if secret and not _TOKEN.fullmatch(secret):
        raise Misuse("GITHUB_TOKEN holds a blank or a character that no token has; copy it again.")
    return secret


def checked_url(url: str) -> str:
    """The API's address without a slash at its end. Raises Misuse for what cannot be one."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise Misuse("GITHUB_API_URL is no address; write it as https://HOST/api/v3 or unset it.") from None
    if not usable or parts.query or parts.fragment:
        raise Misuse("GITHUB_API_URL is no http(s) address; write it as https://HOST/api/v3 or unset it.")
    if parts.username is not None or parts.password is not None:
        raise Misuse("GITHUB_API_URL holds a user name or password; take it out and set GITHUB_TOKEN instead.")
    return parts._replace(path=_checked_path(parts)).geturl()


def _checked_path(parts: SplitResult) -> str:
    path = parts.path.rstrip("/")
    if parts.hostname in _GITHUB_COM:
        raise Misuse("GITHUB_API_URL names GitHub's site, not its API; use https://api.github.com or unset it.")
    if path and (path != _ENTERPRISE_PATH or parts.hostname == "api.github.com"):
        wanted = "no path" if parts.hostname == "api.github.com" else f"{_ENTERPRISE_PATH} or no path"
        raise Misuse(f"GITHUB_API_URL ends in {path!r}; the API of {parts.hostname} has {wanted} there.")
    return path
