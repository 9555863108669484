"""How people name a pull request: `owner/repo#12`, a URL, or just `12` inside a clone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import Misuse

_SHORT = re.compile(
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<repo>[A-Za-z0-9._-]{1,100})#(?P<number>[1-9]\d{0,9})"
)
_URL = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.:-]+)/(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<repo>[A-Za-z0-9._-]{1,100})"
    r"/pull/(?P<number>[1-9]\d{0,9})(?:[/?#].*)?"
)
_NUMBER = re.compile(r"#?(?P<number>[1-9]\d{0,9})")


_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/]+@)?(?P<host>[A-Za-z0-9.-]+)(?::\d+)?/|(?:[^@/]+@)(?P<scp>[A-Za-z0-9.-]+):/?)"
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<repo>[A-Za-z0-9._-]{1,100}?)(?:\.git)?/?"
)


@dataclass(frozen=True, slots=True)
class PullRequestReference:
    """A pull request by name. Owner and repository are '' where the clone has to tell them."""

    owner: str
    repo: str
    number: int
    host: str = ""


def parse_reference(text: str) -> PullRequestReference:
    """Read a reference as people write it. Raises Misuse with the forms that are understood."""
    for form in (_SHORT, _URL, _NUMBER):
        match = form.fullmatch(text.strip())
        if match:
            parts = match.groupdict(default="")
            return PullRequestReference(
                parts.get("owner", ""), parts.get("repo", ""), int(parts["number"]), parts.get("host", "")
            )
    raise Misuse(f"{text!r} is no pull request; write owner/repo#12, its URL, or 12 inside a clone.")


def of_remote(number: int, url: str) -> PullRequestReference:
    """The pull request of that number in the repository that a clone's remote names. Raises Misuse where none is."""
    match = _REMOTE.fullmatch(url.strip())
    if match is None:
        raise Misuse(f"The remote of this clone names no repository on GitHub; write owner/repo#{number} instead.")
    host = match["host"] or match["scp"]
    # A name without a dot is an alias of ssh's configuration, see ssh_config(5); port 443 has a host of its own:
    # https://docs.github.com/authentication/troubleshooting-ssh/using-ssh-over-the-https-port
    known = "" if "." not in host else host.removeprefix("ssh.") if host == "ssh.github.com" else host
    return PullRequestReference(match["owner"], match["repo"], number, known)


def refuse_other_host(reference: PullRequestReference, api_url: str) -> None:
    """Raise Misuse where a reference is on another host than the API: the token must not answer for another place."""
    api = urlsplit(api_url).hostname or ""
    host = reference.host.partition(":")[0].lower().removeprefix("www.")
    if not host or host in {api, api.removeprefix("api.")}:
        return
    right = "https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"
    raise Misuse(f"The pull request is on {host}, and GITHUB_API_URL on {api}; set GITHUB_API_URL={right}.")
