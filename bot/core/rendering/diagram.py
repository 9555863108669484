"""A diagram as Mermaid, which GitHub draws.

The labels are the model's words. Whatever is no letter, digit or space in them stands as an entity code, so that no
quote, bracket, directive, HTML or markup of theirs is ever read: https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.overview import Diagram, Edge
from bot.core.sanitize import cleared, fenced

_LONGEST_LABEL = 60
_MOST_NODES = 24
_MOST_EDGES = 48
_EMPTY = "…"
# The underscore too: Mermaid reads labels as Markdown.
_ACTIVE = re.compile(r"[^\w ]|_")


def mermaid(diagram: Diagram) -> list[str]:
    """The diagram as the lines of a fenced block; empty for one without an arrow. Arrows to nowhere are left out."""
    nodes = diagram.nodes[:_MOST_NODES]
    edges = [edge for edge in diagram.edges if 0 <= edge.start < len(nodes) and 0 <= edge.end < len(nodes)]
    return fenced(list(_lines(nodes, edges[:_MOST_EDGES])), "mermaid") if edges else []


def _lines(nodes: tuple[str, ...], edges: list[Edge]) -> Iterator[str]:
    yield "flowchart LR"
    for number, label in enumerate(nodes):
        yield f'  n{number}["{_label(label)}"]'
    for edge in edges:
        words = f'|"{_label(edge.label)}"|' if edge.label.strip() else ""
        yield f"  n{edge.start} -->{words} n{edge.end}"


def _label(text: str) -> str:
    """The words in one line, as Mermaid shows them and obeys none of them."""
    line = " ".join(cleared(text).split()) or _EMPTY
    shown = line if len(line) <= _LONGEST_LABEL else line[: _LONGEST_LABEL - 1].rstrip() + "…"
    return _ACTIVE.sub(lambda match: f"#{ord(match[0])};", shown)
