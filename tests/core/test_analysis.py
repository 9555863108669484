"""From hits to findings: changed lines only, and only news."""

from __future__ import annotations

import pytest

from bot.core.analysis import Hit, findings_of, secret_hits
from bot.core.checks import check_file
from bot.core.diff import FileDiff
from bot.core.models import Severity, Side
from bot.core.patch import parse

PATCH = b"""diff --git a/app.py b/app.py
index 1111111..2222222 100644
--- a/app.py
+++ b/app.py
@@ -10,5 +10,6 @@ def run():
 first
-old = run(cmd, shell=True)
+new = run(
+    cmd, shell=True)
 third
 fourth
 fifth
"""


def only_file(patch: bytes) -> FileDiff:
    (file,) = parse(patch).files
    return file


def hit(line: int, end: int | None = None, rule: str = "S602", source: str = "ruff") -> Hit:
    return Hit(source, rule, line, end or line, "said")


def test_a_hit_on_an_added_line_is_a_finding_there() -> None:
    """A hit on an added line becomes a finding on the RIGHT side of that line."""
    (finding,) = findings_of(only_file(PATCH), [hit(11)], [])
    assert (finding.location.side, finding.location.line) == (Side.RIGHT, 11)
    assert finding.quote == "new = run("


@pytest.mark.parametrize("line", [3, 10, 13, 400])
def test_hits_elsewhere_are_not_said(line: int) -> None:
    """Hits on context lines, and outside every hunk, are not findings."""
    assert findings_of(only_file(PATCH), [hit(line)], []) == []


def test_the_anchor_is_the_first_added_line_of_what_the_hit_covers() -> None:
    """A statement that begins on an unchanged line is commented on its first added line."""
    (finding,) = findings_of(only_file(PATCH), [hit(10, 13)], [])
    assert finding.location.line == 11


def test_an_edited_line_that_had_the_problem_before_is_no_news() -> None:
    """A hit of the same rule on the lines that the hunk replaces cancels one hit."""
    assert findings_of(only_file(PATCH), [hit(11)], [hit(11)]) == []


def test_one_old_problem_cancels_only_one_new_one() -> None:
    """Two hits on added lines against one on removed lines leave one finding."""
    assert len(findings_of(only_file(PATCH), [hit(11), hit(12)], [hit(11)])) == 1


def test_another_rule_before_cancels_nothing() -> None:
    """Only the same rule is the same problem."""
    assert len(findings_of(only_file(PATCH), [hit(11)], [hit(11, rule="S605")])) == 1


def test_an_old_problem_in_the_context_cancels_nothing() -> None:
    """The same rule on an unchanged line of the hunk is another problem."""
    assert len(findings_of(only_file(PATCH), [hit(11)], [hit(12)])) == 1


def test_a_statement_that_begins_on_an_unchanged_line_and_had_the_problem_is_no_news() -> None:
    """The same statement is found through the old number of its unchanged first line."""
    assert findings_of(only_file(PATCH), [hit(10, 13)], [hit(10, 12)]) == []


def test_moved_code_is_no_news() -> None:
    """A line that is removed in one hunk and added in another with other indentation is not new."""
    patch = b"""diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,2 +1,1 @@
-    breakpoint()
 x
@@ -20,1 +19,2 @@
 y
+breakpoint()
"""
    assert findings_of(only_file(patch), *check_file(only_file(patch))) == []


def test_unknown_rules_are_not_said() -> None:
    """A rule without words is not worth a reader's time."""
    assert findings_of(only_file(PATCH), [hit(11, rule="E501")], []) == []


PASSWORD = "vT7q" + "mK2xLw9" + "RbZe4"


def test_an_added_secret_is_a_critical_finding_that_does_not_show_it() -> None:
    """A secret on an added line is said, and masked in the quote."""
    line = f"url: postgres://papers:{PASSWORD}@db.papers-prod.net:5432/papers"
    patch = f"diff --git a/c.yaml b/c.yaml\n--- a/c.yaml\n+++ b/c.yaml\n@@ -1,1 +1,2 @@\n a: 1\n+{line}\n"
    file = only_file(patch.encode())
    (finding,) = findings_of(file, secret_hits(file), ())
    assert (finding.severity, finding.location.line) == (Severity.CRITICAL, 2)
    assert PASSWORD not in repr(finding)


def test_a_secret_that_merely_moved_is_no_news() -> None:
    """The same line removed and added again says nothing new."""
    line = f"url: postgres://papers:{PASSWORD}@db.papers-prod.net:5432/papers"
    body = f"@@ -1,2 +1,2 @@\n-{line}\n b: 1\n+{line}\n"
    file = only_file(f"diff --git a/c.yaml b/c.yaml\n--- a/c.yaml\n+++ b/c.yaml\n{body}".encode())
    assert findings_of(file, secret_hits(file), ()) == []


def patched(*lines: str, header: str) -> FileDiff:
    body = "".join(f"{line}\n" for line in lines)
    return only_file(f"diff --git a/c b/c\n--- a/c\n+++ b/c\n{header}\n{body}".encode())


def test_a_new_value_under_the_same_name_is_news() -> None:
    """A rotated credential is a new secret, though the line had one before."""
    line = "url: postgres://papers:{}@db.papers-prod.net:5432/papers"
    file = patched("-" + line.format("Kq8v" + "W2zLr9XbYe3"), "+" + line.format(PASSWORD), header="@@ -1 +1 @@")
    (finding,) = findings_of(file, secret_hits(file), ())
    assert finding.source == "secrets"


KEY = ["MIIEvQIBADANBgkqhkiG9w0BAQEF" + "AASCBKcwggSjAgEAAoIBAQ" + letter * 14 for letter in "qZk"]
FRAME = ("-----BEGIN RSA " + "PRIVATE KEY-----", "-----END RSA " + "PRIVATE KEY-----")


def test_a_key_put_between_unchanged_frame_lines_is_found_and_masked() -> None:
    """The first and last line of a private key may be context; its lines are masked in the quote all the same."""
    rows = [f" {FRAME[0]}", "-REPLACE_ME", *(f"+{row}" for row in KEY), f" {FRAME[1]}"]
    file = patched(*rows, header="@@ -1,3 +1,5 @@")
    (finding,) = findings_of(file, secret_hits(file), ())
    assert finding.location.line == 2
    assert KEY[0] not in repr(finding)
