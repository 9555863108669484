"""Where functions, types, values and imports stand, in each language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.syntax import language_of, outline_of, parses

FILES = {
    "a.py": "import os\nX = 3\nclass A:\n    y: int = 3\n    def f(self, a):\n        z = 1\n        return z\n",
    "a.js": "import a from 'b';\nconst f = (x) => {\n  return x;\n};\nclass A { m(x) {} }\n",
    "a.ts": "import {a} from 'b';\nexport const f = async (x: number) => x;\ninterface T { a: string }\n",
    "a.tsx": "import a from 'b';\nexport function F() { return <p/>; }\n",
    "a.go": 'package a\nimport "fmt"\ntype T struct { A int }\nconst C = 1\nfunc (t *T) M(a int) int {\n return a\n}\n',
    "a.java": "import x.Y;\nclass A { private int q = 1;\n A() {}\n int m(String a) { return 1; } }\n",
    "a.kt": "import a.b\nclass A(val x: Int) {\n fun m(a: Int): Int = a\n}\nobject O { }\n",
    "a.rs": "use a::b;\nstruct S { a: i32 }\nimpl S {\n fn m(&self) -> i32 { 1 }\n}\nconst C: i32 = 1;\n",
    "a.c": "#include <a.h>\n#define N 3\nstruct s { int a; };\nstatic int *f(int a, char *b) {\n return 0;\n}\n",
    "a.cpp": "#include <a>\nclass A { public: int m(int) const; };\nint A::m(int a) const {\n return 1;\n}\n",
    "a.cs": "using System;\nclass A { public int P { get; set; }\n public int M(string a) { return 1; } }\n",
    "a.php": "<?php\nuse A\\B;\nclass A { const X = 1; public function m($a) { return 1; } }\nfunction f() {}\n",
    "a.rb": "class A\n  X = 1\n  def m(a)\n    1\n  end\n  def self.s; end\nend\n",
    "a.swift": "import A\nclass A { var x = 1\n func m(a: Int) -> Int { 1 } }\nprotocol P { func q() }\n",
    "a.scala": "import a.b\nobject O { val x = 1\n def m(a: Int): Int = a }\ncase class C(a: Int)\n",
    "a.sh": "f() {\n echo\n}\nX=1\n",
    "a.lua": "local function f(a)\n return 1\nend\n",
}
EXPECTED = {
    "a.py": "X= A: y= f",
    "a.js": "f A: m",
    "a.ts": "f T:",
    "a.tsx": "F",
    "a.go": "T: C= M",
    "a.java": "A: q= A m",
    "a.kt": "A: m O:",
    "a.rs": "S: S: m C=",
    "a.c": "N= s: f",
    "a.cpp": "A: m",
    "a.cs": "A: P= M",
    "a.php": "A: X= m f",
    "a.rb": "A: X= m s",
    "a.swift": "A: x= m P: q",
    "a.scala": "O: x= m C:",
    "a.sh": "f X=",
    "a.lua": "f",
}
# Of the rest an import is a call like any other.
WITH_IMPORTS = set(FILES) - {"a.rb", "a.sh", "a.lua"}


@pytest.mark.parametrize("path", FILES)
def test_definitions_are_found(path: str) -> None:
    """Functions, types (with a colon) and values (with an equals sign), in the order of their lines."""
    outline = outline_of(path, FILES[path])
    mark = {(True, False): ":", (False, True): "=", (False, False): ""}
    assert " ".join(each.name + mark[each.type_, each.value] for each in outline.definitions) == EXPECTED[path]
    assert all(1 <= each.first <= each.last <= FILES[path].count("\n") for each in outline.definitions)
    assert bool(outline.imports) is (path in WITH_IMPORTS)
    assert parses(path, FILES[path]) is True


def test_a_line_is_in_what_holds_it() -> None:
    """The outermost first; a value holds nothing."""
    outline = outline_of("a.py", FILES["a.py"])
    assert [each.name for each in outline.around(6)] == ["A", "f"]
    assert [each.name for each in outline.around(4)] == ["A"]
    assert outline.around(1) == ()


def test_what_no_grammar_knows_is_read_by_its_heads() -> None:
    """Each reaches to the next one that is indented no deeper."""
    outline = outline_of("a.sql", "create table foo (\n a int\n);\ncreate view bar as\nselect 1;\n")
    assert [(each.name, each.first, each.last) for each in outline.definitions] == [("foo", 1, 3), ("bar", 4, 6)]
    assert language_of("a.sql") is None
    assert parses("a.sql", "create") is None


@pytest.mark.parametrize("path", ["a.py", "a.go", "a.ts", "a.java", "a.rs"])
def test_a_syntax_error_is_seen(path: str) -> None:
    """A bracket that nobody closes is one in any language."""
    assert parses(path, FILES[path] + "\nfoo((\n") is False


@given(st.sampled_from(sorted(FILES)), st.text(max_size=200))
def test_any_text_has_an_outline(path: str, text: str) -> None:
    """Whatever stands in a file: nothing is raised, and no definition lies outside of it."""
    lines = text.count("\n") + 1
    assert all(1 <= each.first <= lines for each in outline_of(path, text).definitions)
    assert parses(path, text) in {True, False}
