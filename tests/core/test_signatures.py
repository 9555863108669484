"""Signatures: the heads of functions, types and tables are known in many languages, other lines are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diff import Diff
from bot.core.signatures import changed_signatures, is_head
from bot.core.visible import Shown
from tests.core.changes import added, edited, hunk
from tests.core.strategies import diffs

HEADS = [
    "def total(items):",
    "    async def fetch(self, url: str) -> bytes:",
    "class Cart(Base):",
    "func (s *Server) Start(ctx context.Context) error {",
    "func main() {",
    "type Config struct {",
    "type ID = string",
    "pub(crate) async fn run<T: Send>(value: T) -> Result<()> {",
    "    fn next(&mut self) -> Option<u8> {",
    "impl Iterator for Lines {",
    "pub trait Shape {",
    "export default function App() {",
    "function* walk(node) {",
    "export const load = async (id) => {",
    "const double = x => x * 2;",
    "export interface Props {",
    "export enum Colour {",
    "public static void main(String[] args) {",
    "    private final Map<String, List<Integer>> build(int size) {",
    "public record Point(int x, int y) {}",
    "    suspend fun fetch(id: Int): User {",
    "data class User(val name: String)",
    "case class User(name: String)",
    "object Registry {",
    "int main(int argc, char **argv)",
    "static const char *name_of(struct node *node) {",
    "std::vector<int> sorted(std::vector<int> values) {",
    "namespace acme {",
    "template_type make_thing(int a, int b) {",
    "struct node {",
    "def self.call(params)",
    "module Billing",
    "public function share(Request $request): Response",
    "protocol Drawable {",
    "message ShareLink {",
    "  rpc Resolve(Token) returns (Document);",
    "CREATE TABLE share_links (",
    "create unique index links_token on share_links (token);",
    "ALTER TABLE users ADD COLUMN email text;",
    "drop table sessions;",
    "CREATE OR REPLACE FUNCTION total() RETURNS int AS $$",
]

OTHERS = [
    "",
    "    ",
    "}",
    "x = 1",
    "total(items)",
    "    return compute(value)",
    "return make(thing)",
    "if (ready) {",
    "    for (int i = 0; i < n; i++) {",
    "while (true) {",
    "switch (kind) {",
    "    case Kind.A: foo()",
    "throw new Error(message)",
    "raise ValueError(text)",
    "await fetch(url)",
    "new Thing(1)",
    "else if (other) {",
    "defined = 1",
    "classes = load()",
    "# def in a comment",
    "// function in a comment",
    "const limit = 5;",
    "let value = compute(a);",
    "value = await call(other);",
    "self.session.delete(link)",
    "import os",
    "- a point of a list",
]


@pytest.mark.parametrize("text", HEADS)
def test_heads_are_known(text: str) -> None:
    """The head of a function, type or table is told by its first words, in each language."""
    assert is_head(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_lines_are_not_heads(text: str) -> None:
    """Statements, calls, comments and plain values are no part of the map."""
    assert not is_head(text)


def test_changed_heads_are_listed_once_with_their_mark() -> None:
    """Added and removed heads stand in the patch's order; unchanged ones and repetitions do not."""
    file = edited(
        "a.py",
        hunk(1, 1, " def kept():", "-def old(a):", "+def old(a, b):", "+    x = 1"),
        hunk(50, 51, "+function run() {", "+function run() {", "+class Cart:"),
    )
    shown = Shown(Diff((file,)))
    assert changed_signatures(file, [shown.lines(0, 0), shown.lines(0, 1)]) == (
        "- def old(a):",
        "+ def old(a, b):",
        "+ function run()",
        "+ class Cart:",
    )


def test_heads_are_taken_from_what_may_be_shown() -> None:
    """A secret in a default value is masked in the map as in the part, and a long head is cut."""
    secret = "AKIA" + "QWERTYUIOPASDFGH"
    file = added("a.py", f"def connect(key='{secret}'):", "def " + "x" * 500 + "():")
    first, second = changed_signatures(file, [Shown(Diff((file,))).lines(0, 0)])
    assert first == f"+ def connect(key='{'*' * 20}'):"
    assert second == "+ def " + "x" * 156


@pytest.mark.parametrize(
    "text",
    [
        "public " * 20_000,
        "public " * 60 + "class Cart:",
        "a " * 50_000 + "(",
        "a*" * 50_000,
        "static " + "x<" * 50_000,
        "const x = (" + "a" * 100_000,
        "create " + " " * 100_000 + "table",
        "int f(" + ")" * 100_000,
    ],
)
def test_hostile_lines_are_looked_at_briefly(text: str) -> None:
    """Only the beginning of a line is looked at, so that no line takes longer than another."""
    assert is_head(text) is is_head(text[:320])


@given(diffs, st.data())
def test_any_change_has_a_map(diff: Diff, data: st.DataObject) -> None:
    """Whatever the shape of a change, its map holds the heads among its changed lines, each once for each mark."""
    shown = Shown(diff)
    for index, file in enumerate(diff.files):
        texts = [list(shown.lines(index, at)) for at in range(len(file.hunks))]
        chosen = data.draw(st.sampled_from(HEADS))
        for part, lines in zip(file.hunks, texts, strict=True):
            for at, line in enumerate(part.lines):
                lines[at] = chosen if line.changed else "def kept():"
        found = changed_signatures(file, texts)
        assert [row[0] for row in found] == list(dict.fromkeys(line.kind.value for line in file.changed_lines))
        assert {row[2:] for row in found} <= {chosen.strip().rstrip("{").rstrip()}
