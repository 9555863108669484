"""Which addresses may be linked: those of the repository and of known documentation, and none that carries data out."""

from __future__ import annotations

import pytest

from bot.core.links import Home, linkable

HOME = Home("github.com", "acme/papers")
SHA = "0123456789abcdef0123456789abcdef01234567"

KEPT = [
    "https://github.com/acme/papers/blob/main/papers/links.py#L10-L20",
    f"https://github.com/Acme/Papers/tree/{SHA}/docs",
    f"https://github.com/acme/papers/commit/{SHA}",
    "https://github.com/acme/papers/pull/214",
    f"https://github.com/acme/papers/pull/214/files#diff-{SHA}{SHA[:24]}R10",
    "https://github.com/acme/papers/issues/9#issuecomment-123456789",
    "https://github.com/acme/papers/blob/main/docs/%E2%9C%93.md?plain=1",
    "https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request",
    "https://docs.python.org/3/library/asyncio-task.html#asyncio.TaskGroup",
    "https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Array/reduce",
    "https://go.dev/ref/mem#introduction",
    "https://docs.rs/tokio/latest/tokio/sync/struct.Mutex.html#method.lock",
    "https://cwe.mitre.org/data/definitions/89.html",
    "https://learn.microsoft.com/en-us/dotnet/api/system.threading.tasks.taskcompletionsource-1?view=net-8.0",
    "https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3",
    "https://www.postgresql.org/docs/16/sql-select.html#SQL-FOR-UPDATE-SHARE",
]


@pytest.mark.parametrize("address", KEPT)
def test_useful_addresses_are_kept(address: str) -> None:
    """Pages of the repository and of documentation stay links, to the character."""
    assert linkable(address, HOME) == address


REFUSED = [
    "https://evil.example/x",
    "http://github.com/acme/papers/pull/214",
    "https://github.com:443/acme/papers/pull/214",
    "https://user@github.com/acme/papers/pull/214",
    "https://github.com.evil.example/acme/papers/pull/214",
    "https://github.com/acme/papers-evil/pull/214",
    "https://github.com/acme/paper/pull/214",
    "https://github.com/evil/papers/pull/214",
    "https://github.com/acme/papers",
    "https://github.com/acme/papers/settings",
    "https://github.com/acme/papers/issues/new?title=x",
    "https://github.com/acme/papers/pull/214x",
    "https://github.com/acme/papers/blob/../../../evil/x",
    "https://github.com/acme/papers/blob/./x",
    "https://github.com/acme/papers/blob/%2e%2e/%2E%2E/%2e%2e/evil",
    "https://github.com/acme/papers/blob/%2fevil",
    "https://github.com/acme/papers/blob/..\\..\\evil",
    "https://github.com/acme/papers/blob/%5c..%5cevil",
    "https://github.com/acme/papers/blob/%252e%252e/x",
    "https://github.com/acme/papers/blob/%0ax",
    "https://github.com/acme/papers/blob/%zz",
    'https://github.com/acme/papers/blob/"x',
    "https://github.com/acme/papers/blob/a b",
    "https://github.com/acme/papers/blob/a|b",
    "https://github.com/acme/papers/blob/" + "a/" * 200,
    "https://docs.python.org@evil.example/3/",
    "https://docs.python.org\\@evil.example/3/",
    "https://docs.python.org.evil.example/3/",
    "https://docs.python.org:8443/3/",
    "https://docs.python.org./3/",
    "http://docs.python.org/3/",
    "//docs.python.org/3/",
    "https://\u0434ocs.python.org/3/",
    "https://docs.python.org/3/?q=eyJ0b2tlbiI6Ing3S2Q5MkxtUTR2VDgxIn0",
    "https://docs.python.org/3/?a=1&b=2&c=3&d=4",
    "https://docs.python.org/3/?next=https://evil.example",
    "https://docs.python.org/3/#x7Kd92LmQ4vT81ZpRs65WnBj3HcY",
    "https://docs.python.org/x7Kd92LmQ4vT81ZpRs65WnBj3HcY/",
    "https://docs.python.org/" + "word/" * 40,
    "https://go.dev/play/p/abc",
    "https://learn.microsoft.com/login?x=1",
    "javascript:alert(1)",
    "mailto:ceo@evil.example",
    "../../settings",
    "",
]


@pytest.mark.parametrize("address", REFUSED)
def test_other_addresses_are_not(address: str) -> None:
    """Other hosts and schemes, other repositories, ways out of the repository's path, and long opaque values."""
    assert linkable(address, HOME) is None


def test_what_would_end_a_link_stands_as_its_code() -> None:
    """Brackets and at signs of a path are written as escapes, which lead to the same page."""
    address = "https://github.com/acme/papers/blob/main/app/(auth)/@modal/page.tsx"
    assert linkable(address, HOME) == "https://github.com/acme/papers/blob/main/app/%28auth%29/%40modal/page.tsx"


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("https://github.com/acme/papers/pull/214", HOME),
        ("https://ghe.example:8443/acme/papers/pull/1/files", Home("ghe.example:8443", "acme/papers")),
        ("http://ghe.example/acme/papers/pull/1", None),
        ("https://github.com/acme/papers", None),
        ("", None),
    ],
)
def test_the_home_of_a_pull_request_is_in_its_address(url: str, home: Home | None) -> None:
    """Host, with its port, and repository; without https there is none, and so there are no links."""
    assert Home.of(url) == home


def test_an_enterprise_server_is_a_home() -> None:
    """There github.com is a foreign host, and the server's port is part of its name."""
    home = Home("ghe.example:8443", "acme/papers")
    assert linkable("https://ghe.example:8443/acme/papers/pull/1", home)
    assert linkable("https://ghe.example/acme/papers/pull/1", home) is None
    assert linkable("https://github.com/acme/papers/pull/1", home) is None
