"""What is said beside an answer to a question."""

from __future__ import annotations

from bot.core.messages import Usage
from bot.core.rendering.words import tokens
from bot.core.tool_turns import End

_PROBLEMS = {
    End.CUT_OFF: "The answer is longer than PLUMBLINE_MAX_TOKENS allows, and was cut off; raise it, or ask for less.",
    End.REFUSED: "The model refused to answer; ask in other words.",
}
_STOPPED = {
    End.TURNS: "it had looked things up as often as it may",
    End.TOKENS: "it had read as much as it may",
    End.SECONDS: "it had read for as long as it may",
    End.RESULTS: "it had read as much as it may",
}


def took(requests: int, usage: Usage, dollars: float, end: End) -> str:
    """`2 requests, 4,123 tokens in, 210 out, $0.03`, and what kept the model from reading on."""
    times = f"{requests} requests, " if requests > 1 else ""
    stopped = f"; answered when {_STOPPED[end]}" if end in _STOPPED else ""
    return f"{times}{tokens(usage)}, ${dollars:.2f}{stopped}"


def problem(end: End) -> str:
    """Why the answer is none, or not whole; '' where it is."""
    return _PROBLEMS.get(end, "")
