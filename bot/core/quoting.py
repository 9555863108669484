"""Pieces of what others wrote, as they stand in a sentence of ours."""

from __future__ import annotations

from bot.core.secrets import mask
from bot.core.visible import printable

_SHOWN = 40


def quoted(text: str, longest: int = _SHOWN) -> str:
    """A short piece in backticks: secrets masked, nothing invisible, one line, no backtick."""
    # Masked as a whole: the half of a secret that a cut would leave is not recognised.
    shown = printable(mask(text)).replace("`", "'")
    return f"`{shown[:longest]}...`" if len(shown) > longest else f"`{shown}`"
