"""The place that is asked, as errors speak of it, and its key, so that it can be struck out wherever it turns up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from bot.core.secrets import mask
from bot.core.visible import printable

_LONGEST_QUOTE = 200
# A shorter one stands in for a key where a local server wants any: it is a word that may be in every text.
_SHORTEST_KEY = 6


@dataclass(frozen=True, slots=True)
class Door:
    """What is known of the endpoint: its host, the variables that hold the key and the address, and the key.

    The key is only there to be struck out where an endpoint repeats it.
    """

    host: str
    credential: str
    key: str = field(repr=False)
    address: str = "ANTHROPIC_BASE_URL"

    def quote(self, words: str) -> str:
        """Return words of others as one line of at most 200 characters, without anything secret or invisible."""
        line = self.without_secrets(words).rstrip(".;:, ")
        return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 4]} ..."

    def without_secrets(self, words: str) -> str:
        """Return words of others as one line, without the key and whatever else is secret or invisible."""
        return printable(" ".join(mask(self.without_key(words)).split()))

    def without_key(self, words: str) -> str:
        """Return words of others without the key, as it is or as it stands in an address."""
        if len(self.key) < _SHORTEST_KEY:
            return words
        return re.sub(f"{re.escape(self.key)}|{re.escape(quote(self.key, safe=''))}", "***", words, flags=re.IGNORECASE)
