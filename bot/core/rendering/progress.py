"""What is said while a review is going on: what is read, how far the requests are, what came in unchecked."""

from __future__ import annotations

from bot.core.change import Change
from bot.core.cost import Price, dollars_of
from bot.core.diff import Diff
from bot.core.messages import Usage
from bot.core.partial import Glimpse
from bot.core.rendering.words import count
from bot.core.secrets import mask
from bot.core.visible import printable

_LONGEST_TITLE = 90


def reading(change: Change, diff: Diff, requests: int) -> str:
    """`reading acme/papers#214: 12 files, 431 changed lines, 3 requests ...`."""
    size = f"{count(len(diff.files), 'file')}, {count(diff.changed, 'changed line')}"
    asked = f", {count(requests, 'request')}" if requests else ""
    return f"  reading {printable(change.title)}: {size}{asked} ..."


def state(requests: int, running: int, answered: int, usage: Usage, price: Price) -> str:
    """`[2/3 answered, 1 running] 9,870 tokens, $0.04`."""
    tokens = usage.total_input + usage.output_tokens
    return f"  [{answered}/{requests} answered, {running} running] {tokens:,} tokens, ${dollars_of(usage, price):.2f}"


def glimpse(seen: Glimpse) -> str:
    """A line for a finding as the model states it, before its place is proven and its worth weighed."""
    return f"  not yet checked: {_short(seen.severity)} {_short(seen.path)}:{seen.line}  {_short(seen.title)}"


def stopped(requests: int, answered: int) -> str:
    """What is left when a review is interrupted."""
    if not answered:
        return "Stopped."
    return f"Stopped with {answered} of {count(requests, 'request')} answered; the same command goes on from there."


def _short(text: str) -> str:
    shown = printable(mask(" ".join(text.split())))
    return shown if len(shown) <= _LONGEST_TITLE else shown[: _LONGEST_TITLE - 1] + "…"
