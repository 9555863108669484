"""Known findings for tests, without the trouble of a trace."""

from __future__ import annotations

from bot.core.known import Fate, Known, Trace
from bot.core.models import Finding


def known(  # noqa: PLR0913 - a value with defaults for what most tests do not speak of
    finding: Finding,
    number: int = 1,
    *,
    fate: Fate = Fate.OPEN,
    note: str = "",
    placed: bool = True,
    said: bool = False,
    news: bool = False,
    binding: bool = True,
) -> Known:
    """The finding under the id that the number gives it."""
    place = finding.location
    trace = Trace(place.path, place.side, f"{number:08d}", category=finding.category)
    return Known(f"{number:010x}", finding, trace, fate, placed, said, note, binding, news)
