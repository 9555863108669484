"""The language-neutral checks: what fires, and what looks like it but must not."""

from __future__ import annotations

import pytest

from bot.core.analysis import Hit
from bot.core.checks import check_file
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
]


@pytest.mark.parametrize(("path", "line"), QUIET)
def test_it_stays_quiet_on_what_only_looks_like_it(path: str, line: str) -> None:
    """Comments, strings, other files and longer names are not statements."""
    assert hits_on(path, line) == []


def test_a_conflict_is_one_finding_at_its_first_marker() -> None:
    """Two blocks of conflict markers are two findings, each at its `<<<<<<<` line."""
    block = ["<<<<<<< HEAD", "ours", "=======", "theirs", ">>>>>>> branch"]
    hits = hits_on("src/a.c", "x", *block, "y", *block)
    assert [(hit.rule, hit.line, hit.end_line) for hit in hits] == [
        ("conflict-marker", 2, 6),
        ("conflict-marker", 8, 12),
    ]
