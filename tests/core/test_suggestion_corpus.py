"""Suggestions good and broken, made by mutation in eleven languages: the gate lets the good ones through, no others.

Each mutation tells by the way it is made whether applying it keeps the file whole and changes what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bot.core.diff import Diff
from bot.core.models import Location, Side
from bot.core.suggestions import fault_of
from bot.core.visible import Shown
from bot.core.well_formed import breaks, well_formed
from tests.core.changes import added

# A line that a mutation may touch ends in the mark, which is taken away: one whole statement or entry, with a number.
MARK = " #!"
FILES = {
    "cart.py": """\
import prices

def total(items, rate):
    value = prices.base(7) #!
    for item in items:
        value += item.price * 2 #!
        if item.taxed:
            value += tax(item, 19) #!
    log(value, 3) #!
    return round(value, 2) #!


def spare(items):
    return total(items, 0)
""",
    "cart.js": """\
import { base } from "./prices.js";

export function total(items, rate) {
  let value = base(7); #!
  for (const item of items) {
    value += item.price * 2; #!
    if (item.taxed) {
      value += tax(item, 19); #!
    }
  }
  log(value, 3); #!
  return round(value, 2); #!
}
""",
    "cart.ts": """\
export function total(items: Item[], rate: number): number {
  let value: number = base(7); #!
  for (const item of items) {
    value += item.price * 2; #!
    send({ value, digits: 19 }); #!
  }
  return round(value, 2); #!
}
""",
    "cart.go": """\
package cart

func total(items []Item, rate int) int {
\tvalue := base(7) #!
\tfor _, item := range items {
\t\tvalue += item.Price * 2 #!
\t\tlog.Print(value, 19) #!
\t}
\treturn round(value, 2) #!
}
""",
    "Cart.java": """\
class Cart {
    int total(List<Item> items, int rate) {
        int value = base(7); #!
        for (Item item : items) {
            value += item.price() * 2; #!
            log.info("value", value, 19); #!
        }
        return round(value, 2); #!
    }
}
""",
    "cart.rs": """\
fn total(items: &[Item], rate: u32) -> u32 {
    let mut value = base(7); #!
    for item in items {
        value += item.price * 2; #!
        log(value, 19); #!
    }
    report(value, 3); #!
    value
}
""",
    "cart.c": """\
int total(struct item *items, int count) {
    int value = base(7); #!
    for (int i = 0; i < count; i++) {
        value += items[i].price * 2; #!
        log_value(value, 19); #!
    }
    return round_to(value, 2); #!
}
""",
    "cart.php": """\
<?php
function total(array $items, int $rate): int {
    $value = base(7); #!
    foreach ($items as $item) {
        $value += $item->price * 2; #!
        log_value($value, 19); #!
    }
    return round($value, 2); #!
}
""",
    "cart.rb": """\
def total(items, rate)
  value = base(7) #!
  items.each do |item|
    value += item.price * 2 #!
    log(value, 19) #!
  end
  round(value, 2) #!
end
""",
    "cart.yaml": """\
service:
  name: cart
  limits:
    rate: 7 #!
    burst: 12 #!
  timeouts: {read: 30, write: 5} #!
  ports: [80, 443] #!
  owner: shop
""",
    "cart.json": """\
{
  "rate": 7, #!
  "limits": { "burst": 12, "size": 4 }, #!
  "ports": [80, 443], #!
  "name": "cart"
}
""",
}
DATA = {"cart.yaml", "cart.json"}
_NUMBER = re.compile(r"\b\d+\b")


@dataclass(frozen=True, slots=True)
class Case:
    """A suggestion for a line (from 1) of a file, and whether it is to be offered."""

    path: str
    line: int
    text: str
    good: bool
    kind: str


def lines_of(path: str) -> tuple[list[str], list[int]]:
    """The lines of a file without marks, and the numbers of those that had one."""
    raw = FILES[path].split("\n")[:-1]
    return [line.removesuffix(MARK) for line in raw], [n for n, line in enumerate(raw, 1) if line.endswith(MARK)]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _good(path: str, lines: list[str], line: int) -> Iterator[tuple[str, str]]:
    text = lines[line - 1]
    yield "another number", _NUMBER.sub("8", text, count=1)
    yield "a bigger number", _NUMBER.sub(lambda found: found[0] + "00", text)
    twice = _NUMBER.sub("41", text, count=1)
    if path == "cart.yaml":
        key = text.strip().split(":")[0]
        yield "another entry", f"{text}\n{text.replace(key, f'{key}_more', 1)}"
    elif path == "cart.json":
        yield "another entry", f'{text}\n  "more": [1, 2],'
    elif "return" not in text:
        yield "another statement", f"{text}\n{twice}" if ":=" not in text and "let " not in text else twice
    if path not in DATA:
        yield "a longer expression", _NUMBER.sub("(4 + 5)", text, count=1)


def _broken(path: str, lines: list[str], line: int) -> Iterator[tuple[str, str]]:
    text = lines[line - 1]
    indent = _indent(text)
    yield "nothing", ""
    yield "no change", text
    yield "indented deeper", f"  {text}" if indent.startswith(" ") else f"\t{text}"
    yield "not indented", text.lstrip()
    yield "words", f"{indent}Use the rate of the cart instead"
    yield "an ellipsis and words", f"{indent}... rest of the code as it is ..."
    if lines[line].strip():
        yield "the line below comes along", f"{_NUMBER.sub('8', text, count=1)}\n{lines[line]}"
    yield "the line above comes along", f"{lines[line - 2]}\n{_NUMBER.sub('8', text, count=1)}"
    if any(bracket in text for bracket in ")]}"):
        closing = max(text.rfind(")"), text.rfind("]"), text.rfind("}"))
        yield "a bracket is missing", text[:closing] + text[closing + 1 :]
    if path != "cart.yaml":  # there a quote within a plain scalar is a character like any other
        yield "an open string", f'{text} "left open'
    if path not in DATA:
        yield "half a statement", text[: text.index("=") + 1] if " = " in text else f"{indent}if ("
        yield "a bracket too many", f"{text})"
        yield "marks of a diff", f"{indent}+ {text.strip()} +"


def corpus() -> list[Case]:
    """All cases: none twice, and none where the mutation came to nothing."""
    cases = []
    for path in FILES:
        lines, marked = lines_of(path)
        for line in marked:
            for good, made in ((True, _good), (False, _broken)):
                for kind, text in made(path, lines, line):
                    if not good or text != lines[line - 1]:
                        cases.append(Case(path, line, text, good, kind))
    return cases


CASES = corpus()


def offered(case: Case) -> bool:
    """Whether the gate lets a suggestion through."""
    lines, _ = lines_of(case.path)
    shown = Shown(Diff((added(case.path, *lines),)))
    head = "\n".join(lines) + "\n"
    return fault_of(shown, 0, Location(case.path, Side.RIGHT, case.line), case.text, head) is None


def test_the_corpus_is_large_and_its_files_parse() -> None:
    """Two hundred suggestions at least, of both kinds in each language."""
    assert len(CASES) >= 200
    for path in FILES:
        assert well_formed(path, "\n".join(lines_of(path)[0]) + "\n") is True, path
        assert {case.good for case in CASES if case.path == path} == {True, False}


@pytest.mark.parametrize("path", FILES)
def test_the_gate_lets_good_suggestions_through(path: str) -> None:
    """A block that would have helped is not held back."""
    held = [(case.kind, case.text) for case in CASES if case.path == path and case.good and not offered(case)]
    assert held == []


@pytest.mark.parametrize("path", FILES)
def test_the_gate_holds_broken_suggestions_back(path: str) -> None:
    """No click breaks a file, repeats a line or changes nothing."""
    through = [(case.kind, case.text) for case in CASES if case.path == path and not case.good and offered(case)]
    assert through == []


def figures(gate: Callable[[Case], bool] = offered) -> tuple[int, int, int, int]:
    """Good ones through and held back, broken ones through and held back."""
    good = [gate(case) for case in CASES if case.good]
    broken = [gate(case) for case in CASES if not case.good]
    return sum(good), len(good) - sum(good), sum(broken), len(broken) - sum(broken)


def test_what_did_not_parse_before_is_not_judged() -> None:
    """Half of a file, or one in a dialect that no grammar here knows, keeps no suggestion back."""
    assert not breaks("a.js", "function f( {\n  g(1);\n", 2, 2, ["  g(2;"])
    assert not breaks("a.unknown", "x\n", 1, 1, ["((("])
    assert breaks("a.js", "function f() {\n  g(1);\n}\n", 2, 2, ["  g(2;"])
    assert breaks("a.py", "x = 1\n", 1, 1, ["x ="])


if __name__ == "__main__":
    through, held, passed, kept = figures()
    precision, recall = through / (through + passed), through / (through + held)
    print(  # noqa: T201 - it is run to be read
        f"{len(CASES)} suggestions: precision {precision:.3f}, recall {recall:.3f}"
        f" ({held} good ones held back, {passed} of {passed + kept} broken ones let through)"
    )
