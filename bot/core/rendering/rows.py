"""Findings as rows and items of Markdown: where one stands, and how many are listed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.models import Finding, Side
from bot.core.rendering.words import MARKS, count
from bot.core.review import Review
from bot.core.sanitize import code, phrase


@dataclass(frozen=True, slots=True)
class Form:
    """How much is said: rows of tables and items of lists (`findings` None for all), findings in full or named only.

    `asides` tells whether what stands beside the findings is told: the diagram, and lists of what is not open.
    """

    files: int = 300
    findings: int | None = None
    full: bool = True
    asides: bool = True


def beyond(findings: int, form: Form) -> Iterator[str]:
    """How many findings a list does not hold, as lines."""
    if form.findings is not None and findings > form.findings:
        yield from ("", f"{count(findings - form.findings, 'more finding')} not listed here.")


def where(review: Review, finding: Finding, *, cell: bool = False, placed: bool = True) -> str:
    """The place as a link into the pull request's diff, which knows files by the SHA-256 of their path."""
    place, pull = finding.location, review.change.pull_request
    if not placed:
        return code(place.path, cell=cell)
    shown = code(f"{place.path}:{place.line}", cell=cell)
    if pull is None:
        return shown
    digest = hashlib.sha256(place.path.encode("utf-8", "surrogateescape")).hexdigest()
    side = "L" if place.side is Side.LEFT else "R"
    return f"[{shown}]({pull.url}/files#diff-{digest}{side}{place.line})"


def severity(finding: Finding) -> str:
    """`🟥 critical`."""
    return f"{MARKS[finding.severity]} {finding.severity}"


def item(place: str, finding: Finding, note: str = "") -> str:
    """A finding in a list: its place, as it is shown, and its title."""
    return f"- {place}: {phrase(finding.title)}{f' ({note})' if note else ''}"
