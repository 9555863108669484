"""The language-neutral checks: what fires, and what looks like it but must not."""

from __future__ import annotations

import pytest

from bot.core.analysis import Hit, findings_of
from bot.core.checks import check_file
from bot.core.models import Category, Severity
from bot.core.patch import parse


def hits_on(path: str, *lines: str) -> list[Hit]:
    body = "".join(f"+{line}\n" for line in lines)
    patch = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n{body}"
    (file,) = parse(patch.replace(f"--- a/{path}", "new file mode 100644\n--- /dev/null").encode()).files
    return check_file(file)[0]


FIRES = [
    ("debugger", "src/a.ts", "  debugger;"),
    ("debugger", "src/a.py", "    breakpoint()"),
    ("debugger", "src/a.py", "import pdb; pdb.set_trace()"),
    ("debugger", "src/a.rb", "  binding.pry"),
    ("debugger", "src/a.rs", "    dbg!(&value);"),
    ("debugger", "src/a.php", "var_dump($x);"),
    ("focused-test", "src/a.test.ts", "  it.only('works', () => {"),
    ("focused-test", "spec/a_spec.rb", "  fit 'works' do"),
    ("focused-test", "pkg/a_test.go", '\tFIt("works", func() {'),
    ("skipped-test", "src/a.spec.js", "  xit('works', () => {"),
    ("skipped-test", "tests/test_a.py", "@pytest.mark.skip"),
    ("skipped-test", "src/test/java/ATest.java", "  @Disabled"),
    ("skipped-test", "pkg/a_test.go", "\tt.Skip()"),
    ("skipped-test", "src/lib.rs", "#[ignore]"),
    ("merge-leftover", "src/a.py.orig", "x = 1"),
    ("bidi-control", "src/a.c", "/*\u202e } \u2066if (admin)\u2069 \u2066 begin */"),
    ("bidi-control", "docs/a.md", "a \u202ec\u200bb"),
    ("hidden-text", "src/a.js", "const { timeout,\u3164} = req.query;"),
    ("hidden-text", "src/a.py", "user\u200b = 1"),
    ("hidden-text", "src/a.py", "na\ufe01me = 1"),
    ("hidden-text", "src/a.py", "x = 1\ufeff"),
    ("hidden-text", "README.md", "Fine.\U000e0069\U000e0067\U000e006e"),
    ("hidden-text", "README.md", "\U0001f600\ufe01\ufe02\ufe03"),
    ("hidden-text", "README.md", "\U0001f3f4\U000e0061\U000e0062\U000e007f"),
    ("hidden-text", "i18n/en.json", '"a": "left\u200eto\u200fright"'),
]


@pytest.mark.parametrize(("rule", "path", "line"), FIRES)
def test_it_fires_on_the_statement(rule: str, path: str, line: str) -> None:
    """Each check finds its statement, once, on its line."""
    assert [(hit.rule, hit.line) for hit in hits_on(path, line)] == [(rule, 1)]


QUIET = [
    ("src/a.ts", "// debugger;"),
    ("src/a.ts", 'const text = "debugger;";'),
    ("src/a.py", "# breakpoint()"),
    ("src/a.py", "debugger = Debugger()"),
    ("src/a.py", "'breakpoint()'"),
    ("docs/a.md", "debugger;"),
    ("src/a.ts", "it.only('not a test file', () => {"),
    ("src/a.test.ts", "fitness(3)"),
    ("src/a.test.ts", "// it.only('x')"),
    ("tests/test_a.py", "@pytest.mark.skipif(sys.platform == 'win32', reason='x')"),
    ("docs/a.rst", "======="),
    ("docs/a.md", ">>>>>>> quoted seven times"),
    ("src/original.py", "x = 1"),
    ("src/a.cs", "\ufeffusing System;"),
    ("README.md", "\U0001f469\u200d\U0001f4bb writes, \u26a0\ufe0f 1\ufe0f\u20e3"),
    ("README.md", "\U0001f44d\U0001f3fd \u2764\ufe0f\u200d\U0001f525"),
    ("README.md", "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"),
    ("i18n/fa.json", '"x": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"'),
    ("i18n/hi.json", '"x": "\u0915\u094d\u200d\u0937"'),
    ("i18n/he.json", '"x": "\u05e9\u05dc\u05d5\u05dd\u200f!"'),
    ("i18n/th.json", '"x": "\u0e01\u0e02\u200b\u0e04\u0e07"'),
    ("i18n/ja.json", '"x": "\u845b\U000e0100\u57ce"'),
    ("docs/a.html", "Donau\u00addampf"),
]


@pytest.mark.parametrize(("path", "line"), QUIET)
def test_it_stays_quiet_on_what_only_looks_like_it(path: str, line: str) -> None:
    """Comments, strings, other files and longer names are not statements; emoji and scripts need what is hidden."""
    assert hits_on(path, line) == []


def test_a_conflict_is_one_finding_at_its_first_marker() -> None:
    """Two blocks of conflict markers are two findings, each at its `<<<<<<<` line."""
    block = ["<<<<<<< HEAD", "ours", "=======", "theirs", ">>>>>>> branch"]
    hits = hits_on("src/a.c", "x", *block, "y", *block)
    assert [(hit.rule, hit.line, hit.end_line) for hit in hits] == [
        ("conflict-marker", 2, 6),
        ("conflict-marker", 8, 12),
    ]


def test_lines_that_hide_something_are_one_finding() -> None:
    """Neighbours of one kind are told together, by what is in them; a line between them parts them."""
    hits = hits_on("src/a.c", "a\u200b", "b\u200b\U000e0061", "c", "d\u200b", "e\u202e")
    assert [(hit.rule, hit.line, hit.end_line, hit.message) for hit in hits] == [
        ("hidden-text", 1, 2, "U+200B ZERO WIDTH SPACE (2 times), tag characters"),
        ("hidden-text", 4, 4, "U+200B ZERO WIDTH SPACE"),
        ("bidi-control", 5, 5, "U+202E RIGHT-TO-LEFT OVERRIDE"),
    ]


def test_what_was_hidden_before_is_no_news() -> None:
    """A removed line tells what stood there; a hit on it is handed on to be compared."""
    patch = b"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\xe2\x80\xae\n+b\n"
    (file,) = parse(patch).files
    added, removed = check_file(file)
    assert (added, [hit.rule for hit in removed]) == ([], ["bidi-control"])


def test_the_finding_says_what_is_hidden() -> None:
    """Its words name the characters; none of them stands in them."""
    patch = b"diff --git a/a.c b/a.c\nnew file mode 100644\n--- /dev/null\n+++ b/a.c\n@@ -0,0 +1 @@\n+a\xe2\x80\xae\n"
    (file,) = parse(patch).files
    (finding,) = findings_of(file, *check_file(file))
    assert (finding.severity, finding.category) == (Severity.HIGH, Category.SECURITY)
    assert finding.body.startswith("U+202E RIGHT-TO-LEFT OVERRIDE: ")
    assert (finding.title + finding.body + finding.scenario).isascii()
