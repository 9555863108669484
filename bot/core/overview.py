"""What a change does as a whole, in the model's words, for the head of the summary."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Risk(StrEnum):
    """How much harm the change could do, be it right or wrong."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two nodes of a diagram, by their positions; `label` may be ''."""

    start: int
    end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """A flow worth drawing: the labels of its nodes, and the arrows between them."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What changes and why, where the risk lies, and how long a person needs for the review.

    All words are the model's: untrusted, to be made harmless where they are shown.
    """

    text: str
    risk: Risk
    minutes: int
    diagram: Diagram | None = None
