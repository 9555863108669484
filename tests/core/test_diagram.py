"""Diagrams: the flow is drawn, and no label is anything but words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.overview import Diagram, Edge
from bot.core.rendering.diagram import mermaid
from tests.core.test_sanitize import HOSTILE, TEXTS

LINE = re.compile(r'  n\d+\["[^"]+"\]|  n\d+ -->(?:\|"[^"]+"\|)? n\d+')
LABEL = re.compile(r'"([^"]*)"')
ENTITY = re.compile(r"#(\d+);")
MERMAID = [
    'a"] --> b["c',
    'a]\n  click n0 href "https://evil.example"',
    "%%{init: {'securityLevel': 'loose'}}%%",
    "style n0 fill:#f00;",
    "classDef x fill:#f00;",
    "end",
    "`**bold**`",
    "1. list",
    "- list",
    "<img src=x onerror=alert(1)>",
    "#quot;#60;b#62;",
    "fa:fa-ban",
    "$$x$$",
    "```\n@everyone",
    "a; b --- c",
    "||",
    "__init__",
]


def read(lines: list[str]) -> list[str]:
    """The labels as Mermaid shows them: entity codes are what they stand for."""
    labels = LABEL.findall("\n".join(lines))
    return [ENTITY.sub(lambda match: chr(int(match[1])), label) for label in labels]


def test_a_flow_is_drawn() -> None:
    """A node for each part, an arrow for each edge, with words where it has some."""
    drawn = mermaid(Diagram(("Visitor", "resolve()", "cache"), (Edge(0, 1, "GET /s"), Edge(1, 2))))
    assert drawn == [
        "```mermaid",
        "flowchart LR",
        '  n0["Visitor"]',
        '  n1["resolve#40;#41;"]',
        '  n2["cache"]',
        '  n0 -->|"GET #47;s"| n1',
        "  n1 --> n2",
        "```",
    ]


def test_arrows_to_nowhere_are_left_out() -> None:
    """A diagram whose arrows are all off its nodes is none; one without words in a node has a sign in it."""
    assert mermaid(Diagram(("a", "b"), (Edge(0, 2), Edge(-1, 0)))) == []
    assert mermaid(Diagram((), ())) == []
    assert read(mermaid(Diagram(("a", " \n"), (Edge(0, 1), Edge(7, 8))))) == ["a", "…"]


def check_drawn(nodes: tuple[str, ...], edges: tuple[Edge, ...]) -> None:
    first, head, *rest, last = mermaid(Diagram(nodes, edges))
    assert (first, head, last) == ("```mermaid", "flowchart LR", "```")
    assert len(rest) == len(nodes) + len(edges)
    for line in rest:
        assert LINE.fullmatch(line), line
    for label in LABEL.findall("\n".join(rest)):
        assert re.fullmatch(r"(?:[^\W_]| |#\d+;)+", label), label
        assert not label.startswith(" ")


@pytest.mark.parametrize("text", [*HOSTILE, *MERMAID])
def test_a_hostile_label_stays_a_label(text: str) -> None:
    """Quotes, brackets, line breaks, backticks, directives, HTML and Markdown are shown as they are written."""
    check_drawn((text, "b"), (Edge(0, 1, text),))
    shown = read(mermaid(Diagram((text, "b"), (Edge(0, 1),))))[0]
    assert shown.endswith("…") or len(shown) >= len(" ".join(text.split()))


@given(st.lists(TEXTS | st.sampled_from(MERMAID), min_size=2, max_size=5), st.data())
def test_no_label_breaks_out_of_its_node(labels: list[str], data: st.DataObject) -> None:
    """Whatever is put together, each line is a node or an arrow of ours, and a label letters, spaces and codes."""
    node = st.integers(0, len(labels) - 1)
    edges = data.draw(st.lists(st.builds(Edge, node, node, TEXTS), min_size=1, max_size=4))
    check_drawn(tuple(labels), tuple(edges))


def test_a_secret_in_a_label_is_masked() -> None:
    """What looks like a secret is not drawn, in a node as little as on an arrow."""
    secret = "vT7qmK2x" + "Lw9RbZe4"
    label = f"postgres://app:{secret}@db/papers"
    drawn = mermaid(Diagram((label, "b"), (Edge(0, 1, label),)))
    assert secret not in "\n".join(drawn)
    assert "postgres" in read(drawn)[0]


def test_a_diagram_is_bounded() -> None:
    """A label is cut, and of very many nodes and arrows some are left out."""
    drawn = mermaid(Diagram(("x" * 500,) * 100, tuple(Edge(0, 1) for _ in range(1_000))))
    assert len(drawn) < 80
    assert max(map(len, drawn)) < 100
