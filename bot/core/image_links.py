"""Which images a pull request's text shows, and from where we fetch them. Never from anywhere that the text likes."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_MOST_TEXT = 100_000
_LONGEST_ADDRESS = 2_000
# What a reader does not see, or sees as code, shows no image.
_NOT_SHOWN = re.compile(r"<!--.*?(?:-->|\Z)|^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_MARKDOWN = r"!\[[^\[\]\n]{0,500}\]\([ \t]*<?(?P<markdown>[^\s<>()]+)>?[^()\n]{0,500}\)"
_HTML = r"<img\b[^<>]{0,2000}?\bsrc\s*=\s*[\"']?(?P<html>[^\s\"'<>]+)"
_IMAGE = re.compile(f"{_MARKDOWN}|{_HTML}", re.IGNORECASE)
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
# Where github.com/user-attachments leads to: https://github.com/endoflife-date/endoflife.date/pull/5087
_UPLOADS = frozenset(
    {
        "user-images.githubusercontent.com",
        "private-user-images.githubusercontent.com",
        "github-production-user-asset-6210df.s3.amazonaws.com",
    }
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """From where images are fetched: GitHub's uploads, the repository's own files, and what the operator adds.

    `repository` is `owner/name`, `web` the host where its pages are; `more` holds hosts, with their port if it is none
    of the usual ones.
    """

    repository: str
    web: str = "github.com"
    more: Collection[str] = ()

    def allow(self, address: str) -> bool:
        """Whether an address may be asked. Plain HTTP is for a server on this very machine."""
        if len(address) > _LONGEST_ADDRESS:
            return False
        try:
            parts = urlsplit(address)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return False
        if "@" in parts.netloc or "\\" in address:
            return False
        place = f"{host}:{port}" if port else host
        if place in {each.lower() for each in self.more}:
            return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
        return parts.scheme == "https" and port in {None, 443} and self._known(host, parts.path)

    def _known(self, host: str, path: str) -> bool:
        """Steps up in a path would lead out of the repository that it begins with."""
        if ".." in unquote(path).split("/"):
            return False
        if host in _UPLOADS:
            return True
        if host == self.web:
            return path.startswith("/user-attachments/assets/")
        own = {"raw.githubusercontent.com": "/", "media.githubusercontent.com": "/media/"}
        return host in own and path.lower().startswith(f"{own[host]}{self.repository}/".lower())


def image_links(text: str) -> tuple[str, ...]:
    """The addresses of the images that a description shows, in Markdown or HTML, each once."""
    shown = _NOT_SHOWN.sub(" ", text[:_MOST_TEXT])
    found = (match["markdown"] or match["html"] for match in _IMAGE.finditer(shown))
    return tuple(dict.fromkeys(html.unescape(address) for address in found))
