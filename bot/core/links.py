"""Which addresses may be linked: the repository itself, and the pages of well-known documentation.

An address that somebody follows, or that a page fetches, carries out whatever stands in it; so what may vary in it is
bounded: https://owasp.org/www-project-top-10-for-large-language-model-applications/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from bot.core.secret_shapes import looks_random

_DOCUMENTATION = frozenset(
    {
        "cheatsheetseries.owasp.org",
        "cwe.mitre.org",
        "developer.mozilla.org",
        "doc.rust-lang.org",
        "docs.github.com",
        "docs.python.org",
        "docs.rs",
        "go.dev",
        "kubernetes.io",
        "learn.microsoft.com",
        "nodejs.org",
        "owasp.org",
        "pkg.go.dev",
        "postgresql.org",
        "react.dev",
        "rfc-editor.org",
        "typescriptlang.org",
        "www.owasp.org",
        "www.postgresql.org",
        "www.rfc-editor.org",
        "www.typescriptlang.org",
        "www.w3.org",
    }
)
# There everybody can keep what they like, or is sent on to wherever they like.
_NO_DOCUMENTATION = re.compile(r"/(?:play|playground|sandbox|redirect|goto|login)(?:/|\Z)", re.IGNORECASE)
_LONGEST = 300
_LONGEST_PATH = 160  # of documentation; paths in the repository may be longer

# Nothing that a Markdown link, a table, or a browser would read otherwise than we do: no quotes, brackets, backslashes.
_ADDRESS = re.compile(
    r"https://(?P<host>[a-z0-9.-]{1,100}(?::\d{1,5})?)(?P<path>(?:/[\w.~%+:,=@()-]*)*)"
    r"(?:\?(?P<query>[\w.%&,=-]{1,64}))?(?:#(?P<fragment>[\w.:~,%()-]{1,100}))?",
    re.ASCII | re.IGNORECASE,
)
# Dots, slashes, backslashes, percent signs and control characters must not come in by their codes.
_ESCAPE = re.compile(r"%(?![3-9a-f][0-9a-f]|2[0-46-9a-d])|%(?:5c|7f)", re.IGNORECASE)
_DOTS = re.compile(r"/\.{1,2}(?:/|\Z)")
_FIELD = re.compile(r"[\w.-]{1,24}(?:=[\w.,-]{0,24})?", re.ASCII)
_MOST_FIELDS = 3
_PIECE = re.compile(r"[A-Za-z0-9_-]+")
_PLACE = re.compile(r"/(?:(?:blob|tree)/.+|(?:pull|issues)/\d{1,9}(?:/.*)?|commits?/[0-9a-f]{7,64})", re.IGNORECASE)
_DIFF_PLACE = re.compile(r"diff-[0-9a-f]{64}(?:[LR]\d{1,7}){0,2}")


@dataclass(frozen=True, slots=True)
class Home:
    """The repository that links may lead to: the host of its pages (`github.com`), and `owner/name`.

    `commit` is the one that links to lines lead to, '' for none.
    """

    host: str
    repository: str
    commit: str = ""

    @classmethod
    def of(cls, url: str, commit: str = "") -> Home | None:
        """The home of a pull request by its web address; None where that is none of https."""
        match = re.match(r"https://([^/\s@]+)/([^/\s]+/[^/\s]+)/pull/\d", url)
        return cls(match[1], match[2], commit) if match else None

    def line(self, path: str, line: int) -> str | None:
        """The address of a line of a file at the commit; None without one, or where it may not be a link."""
        address = f"https://{self.host}/{self.repository}/blob/{self.commit}/{quote(path)}#L{line}"
        return linkable(address, self) if self.commit else None


def linkable(address: str, home: Home) -> str | None:
    """The address as it may stand in Markdown as a link's target, None where it may not be one."""
    match = _ADDRESS.fullmatch(address)
    if match is None or len(address) > _LONGEST or _ESCAPE.search(address) or _DOTS.search(match["path"]):
        return None
    host, path = match["host"].lower(), match["path"]
    at_home = host == home.host.lower() and _is_at_home(path, home)
    known = at_home or (host in _DOCUMENTATION and _is_documentation(path))
    if not known or not _is_query(match["query"] or "") or not _is_fragment(match["fragment"] or ""):
        return None
    # In the text of a bare link they would name somebody, and end the link.
    return address.replace("@", "%40").replace("(", "%28").replace(")", "%29")


def _is_at_home(path: str, home: Home) -> bool:
    root = f"/{home.repository}"
    return path[: len(root)].lower() == root.lower() and _PLACE.fullmatch(path[len(root) :]) is not None


def _is_documentation(path: str) -> bool:
    return len(path) <= _LONGEST_PATH and not _NO_DOCUMENTATION.search(path) and not _is_opaque(path)


def _is_query(query: str) -> bool:
    fields = query.split("&") if query else []
    return len(fields) <= _MOST_FIELDS and all(_FIELD.fullmatch(field) for field in fields) and not _is_opaque(query)


def _is_fragment(fragment: str) -> bool:
    return _DIFF_PLACE.fullmatch(fragment) is not None or not _is_opaque(fragment)


def _is_opaque(text: str) -> bool:
    """Whether a piece of it looks as if a machine had written it: data, not the name of a page."""
    return any(looks_random(piece) for piece in _PIECE.findall(text))
