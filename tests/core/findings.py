"""Made-up findings of earlier reviews."""

from __future__ import annotations

from bot.core.known import Known, Trace
from bot.core.models import Category, Finding, Location, Severity, Side


def known(  # noqa: PLR0913 - a finding has these parts
    id_: str = "0123456789",
    *,
    path: str = "app.py",
    quote: str = "x = compute()",
    title: str = "The wrong value is returned",
    body: str = "",
    line: int = 4,
    placed: bool = True,
    severity: Severity = Severity.HIGH,
) -> Known:
    """A finding that was said."""
    finding = Finding(
        location=Location(path, Side.RIGHT, line),
        severity=severity,
        category=Category.CORRECTNESS,
        title=title,
        body=body,
        scenario="it is called twice, the first value comes back",
        source="model",
        rule="correctness",
        quote=quote,
    )
    return Known(id_, finding, Trace(path, Side.RIGHT, "AAAAAAAA"), placed=placed)
