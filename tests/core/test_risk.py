"""Risk: what could do most harm is read first."""

from __future__ import annotations

import pytest

from bot.core.chunking import Chunk, Piece, chunk_risk
from bot.core.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from bot.core.risk import hunk_risk, path_risk

PLAIN = (LineKind.ADDED, "shade = lighter(shade)")
GUARD = "if not allowed(user): return"


def changed(path: str, *lines: tuple[LineKind, str]) -> FileDiff:
    rows = tuple(Line(kind, 1, 1, text) for kind, text in lines)
    return FileDiff(path, path, FileStatus.MODIFIED, hunks=(Hunk(1, 1, 1, 1, "", rows),))


def risk(path: str, *lines: tuple[LineKind, str]) -> int:
    file = changed(path, *lines)
    return hunk_risk(file, file.hunks[0])


ORDERINGS = [
    [
        "src/auth/login.py",
        "db/migrations/0007_users.sql",
        "app/settings.py",
        "src/colours.py",
        "tests/test_colours.py",
        "README.md",
    ],
    [
        "billing/invoice.go",
        ".github/workflows/ci.yml",
        "config/app.yaml",
        "lib/text.go",
        "lib/text_test.go",
        "doc/a.rst",
    ],
    ["src/permissions.ts", "src/permissions.test.ts", "src/colours.test.ts", "docs/auth/tokens.md"],
]


@pytest.mark.parametrize("paths", ORDERINGS)
def test_paths_stand_in_the_order_of_harm(paths: list[str]) -> None:
    """The same line weighs most in authentication, less in plain code, less in tests, least in prose."""
    risks = [risk(path, PLAIN) for path in paths]
    assert risks == sorted(risks, reverse=True)
    assert len(set(risks)) == len(risks)


@pytest.mark.parametrize("path", ["author.md", "docs/authentication.md", "docs/payment.txt"])
def test_prose_about_danger_is_no_danger(path: str) -> None:
    """Documentation is last whatever it speaks of."""
    assert (
        risk(path, (LineKind.REMOVED, GUARD), (LineKind.ADDED, "the password token is secret"))
        == path_risk(path)
        == -40
    )


@pytest.mark.parametrize(
    "text",
    [
        GUARD,
        "assert owner == user",
        "raise Forbidden",
        "with lock:",
        "try:",
        "validate(form)",
        "except ValueError:",
        "verify(signed)",
    ],
)
def test_a_check_weighs_most_where_it_is_removed(text: str) -> None:
    """Removed, a check raises the risk above that of the same line added, and that of context is none."""
    removed, added, context = (
        risk("src/a.py", (kind, text)) for kind in (LineKind.REMOVED, LineKind.ADDED, LineKind.CONTEXT)
    )
    assert removed > added >= context == risk("src/a.py", (LineKind.CONTEXT, "x"))


@pytest.mark.parametrize(
    "text",
    [
        "cursor.execute('SELECT a FROM b')",
        "if user.is_admin:",
        "total = price * amount",
        "subprocess.run(command)",
        "pickle.loads(body)",
        "digest = md5(text)",
        "await lock.acquire()",
        "def run(self):",
        "element.innerHTML = name",
    ],
)
def test_dangerous_words_raise_the_risk(text: str) -> None:
    """SQL, rights, money, shells, deserialisation, cryptography, concurrency and public signatures count when added."""
    assert risk("src/a.py", (LineKind.ADDED, text)) > risk("src/a.py", PLAIN)


def test_a_signal_counts_once() -> None:
    """Ten lines of one kind of danger are that danger once; only churn adds, and it ends."""
    query = (LineKind.ADDED, "cursor.execute('SELECT a FROM b')")
    assert risk("src/a.py", *[query] * 9) == risk("src/a.py", query)
    assert risk("src/a.py", *[PLAIN] * 10) == risk("src/a.py", PLAIN) + 1
    assert risk("src/a.py", *[PLAIN] * 100) == risk("src/a.py", *[PLAIN] * 5_000) == risk("src/a.py", PLAIN) + 10


def test_the_points_are_those_of_the_definition() -> None:
    """Worked by hand: 30 for the path, 25 for the removed check, 20 for the secret, nothing for its test."""
    lines = ((LineKind.REMOVED, "if allowed(user):"), (LineKind.ADDED, "password = form.password"))
    assert risk("auth/login.py", *lines) == 30 + 25 + 20
    assert risk("auth/test_login.py", *lines) == 30 + 25 + 20 - 15


def test_a_chunk_is_as_risky_as_its_riskiest_hunk() -> None:
    """A harmless neighbour does not dilute the danger."""
    diff = Diff((changed("src/a.py", PLAIN), changed("auth/a.py", PLAIN)))
    pieces = tuple(Piece(file, 0, (0, 1), (0, 1), (0, 1), 10) for file in (0, 1))
    assert chunk_risk(diff, Chunk(pieces)) == risk("auth/a.py", PLAIN)
    assert chunk_risk(diff, Chunk(pieces[:1])) == risk("src/a.py", PLAIN)
