"""What the GitHub App asks for when it is registered: the least that it needs, and why each.

Source: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from bot.core.messages import Json
from bot.errors import Misuse

NAME = "Plumbline"
_LONGEST_NAME = 34
_GITHUB_API = "api.github.com"
# An enterprise of GitHub's own cloud: https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency
_RESIDENT = re.compile(r"api\.([a-z0-9-]+\.ghe\.com)")
_HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}  # noqa: S104 - only recognized
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Permission:
    """A right of the App, in GitHub's words, and what it is needed for."""

    name: str
    access: str
    why: str


PERMISSIONS = (
    Permission("checks", "write", "to show on each commit how far its review is, and how it ended"),
    Permission("contents", "read", "to read the policy file, and the files around a change"),
    Permission(
        "issues", "write", "to write the summary and answers to commands, which are comments of an issue to GitHub"
    ),
    Permission("metadata", "read", "to see who may write to the repository; GitHub asks for it with every App"),
    Permission("pull_requests", "write", "to read the change, and to post the review with its comments"),
)
EVENTS = (
    "check_run",
    "issue_comment",
    "pull_request",
    "pull_request_review_comment",
    "pull_request_review_thread",
)
"""What is listened to; of installations GitHub tells every App."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The App to be registered: the service's public address, its name, and who owns it ('' is the person)."""

    url: str
    name: str = NAME
    organization: str = ""


def checked(wanted: Wanted) -> Wanted:
    """The same, with its address as GitHub wants it. Raises Misuse for what GitHub would refuse."""
    if not _is_address(wanted.url):
        raise Misuse(
            f"{wanted.url!r} is no address; write https://plumbline.example.org, as GitHub reaches the service."
        )
    name = wanted.name.strip()
    if not 0 < len(name) <= _LONGEST_NAME:
        raise Misuse(f"A name of an App has between 1 and {_LONGEST_NAME} characters; choose another.")
    if not all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in wanted.organization):
        raise Misuse(f"{wanted.organization!r} is no organization of GitHub's; write its name as in its address.")
    return Wanted(wanted.url.rstrip("/"), name, wanted.organization)


def is_here(url: str) -> bool:
    """Whether an address names the machine that reads it, where GitHub can send no webhook.

    Source: https://github.com/github-community-projects/private-mirrors/issues/387
    """
    return urlsplit(url).hostname in _HERE


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket that is open, a port that is none
        return False
    return (
        usable
        and "@" not in parts.netloc
        and not parts.query
        and not parts.fragment
        and bool(_PRINTABLE.fullmatch(url))
    )


def manifest(wanted: Wanted) -> Json:
    """The App's manifest."""
    return {
        "name": wanted.name,
        "url": wanted.url,
        "hook_attributes": {"url": f"{wanted.url}/webhook", "active": True},
        "redirect_url": f"{wanted.url}/setup/created",
        "public": False,
        "default_permissions": {each.name: each.access for each in PERMISSIONS},
        "default_events": list(EVENTS),
    }


def web_of(api_url: str) -> str:
    """Where people see the GitHub whose API this is, at an address that was checked."""
    url = urlsplit(api_url)
    resident = _RESIDENT.fullmatch(url.hostname or "")
    if resident:
        return f"https://{resident[1]}"
    return "https://github.com" if url.hostname == _GITHUB_API else f"{url.scheme}://{url.netloc}"


def registration(web: str, wanted: Wanted, state: str) -> str:
    """Where the manifest is sent to, as the form field `manifest`."""
    owner = f"/organizations/{quote(wanted.organization)}" if wanted.organization else ""
    return f"{web}{owner}/settings/apps/new" + (f"?state={quote(state)}" if state else "")
