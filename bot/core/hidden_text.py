"""Characters that nobody sees: which there are, where they are meant so, and a text without them.

They hide words from people that a model reads, carry data out of sight, or show code in another order than it runs:
https://trojansource.codes, https://www.unicode.org/reports/tr36/#Non_Visual_Security_Issues
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from bot.core.visible import printable

# Embeddings, overrides and isolates: they show text in another order than it has.
_REORDERING = "\u202a-\u202e\u2066-\u2069"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
# All of Default_Ignorable_Code_Point in https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt, and
# the marks of annotations.
_HIDDEN = (
    f"{_REORDERING}{_SELECTORS}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065"
    "\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    "\U000e01f0-\U000e0fff"
)
# What has a picture of its own, and pictures joined to one: https://www.unicode.org/reports/tr51/#Emoji_Sequences
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff][\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
)
# England, Scotland, Wales; tags behind other flags are no flags, but carry whatever one likes.
_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
# Arabic, the scripts of India and of Southeast Asia join and part letters by them; ideographs have variants.
# https://www.unicode.org/reports/tr31/#Layout_and_Format_Control_Characters
_LETTER = "[\u0600-\u109f\u1780-\u17b3\u17b6-\u17ff\ua800-\uaaff\U00011000-\U00011fff]"
_IDEOGRAPH = "[\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_RIGHT_TO_LEFT = "[\u0590-\u0604\u0606-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]"
_DIRECTION = frozenset("\u061c\u200e\u200f")
# In the hyphenation of words on pages; no language takes it into a name.
_HARMLESS = frozenset("\u00ad")


@cache
def _meant() -> re.Pattern[str]:
    """Compiled at the first use: few texts hold anything that nobody sees."""
    return re.compile(
        f"[0-9#*]\ufe0f\u20e3|{_FLAGS}|{_PICTURE}(?:\u200d{_PICTURE})*|(?<={_LETTER})[\u200b-\u200d](?={_LETTER})"
        f"|(?<={_IDEOGRAPH})[{_SELECTORS}](?![{_SELECTORS}])"
        "|(?<=[\u1100-\u115e])\u1160|\u115f(?=[\u1161-\u11a7])|(?<=[\u1820-\u18aa])[\u180b-\u180f]"
    )


_hidden = re.compile(f"[{_HIDDEN}]")
_selectors = re.compile(f"[{_SELECTORS}]")
_reordering = re.compile(f"[{_REORDERING}]")
_right_to_left = re.compile(_RIGHT_TO_LEFT)


class Hidden(NamedTuple):
    """The characters of a line that nobody sees: those that change its order, and the others, as they stand."""

    reordering: str
    others: str


NOTHING_HIDDEN = Hidden("", "")


def spoken(text: str) -> str:
    """A text as one line without what nobody sees; in emoji and in words of scripts that need it, it stays.

    What is left and would act on a terminal or a log is made visible as an escape.
    """
    return _outside_of_meant(text, lambda piece: printable(_hidden.sub("", piece)))


def revealed(text: str) -> str:
    """A text as one line in which all that nobody sees is an escape, where it is not meant so."""
    return _outside_of_meant(text, lambda piece: printable(_selectors.sub(_escape, piece)))


def _outside_of_meant(text: str, treat: Callable[[str], str]) -> str:
    if not _hidden.search(text):
        return printable(text)
    text = text.removesuffix("\r")
    pieces: list[str] = []
    done = 0
    for meant in _meant().finditer(text):
        pieces += treat(text[done : meant.start()]), meant[0]
        done = meant.end()
    return "".join(pieces) + treat(text[done:])


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}" if match[0] <= "\uffff" else f"\\U{ord(match[0]):08x}"


def hidden_in(line: str) -> Hidden:
    """What nobody sees in a line of a file. Marks of direction are meant where text runs from right to left."""
    if line.isascii() or not _hidden.search(line):
        return NOTHING_HIDDEN
    found = "".join(_hidden.findall(_meant().sub("", line)))
    harmless = _HARMLESS | _DIRECTION if _right_to_left.search(line) else _HARMLESS
    others = (character for character in _reordering.sub("", found) if character not in harmless)
    return Hidden("".join(_reordering.findall(found)), "".join(others))


def named(characters: str) -> str:
    """`U+202E RIGHT-TO-LEFT OVERRIDE, U+200B ZERO WIDTH SPACE (3 times)`: at most three of them, then how many more."""
    counts = Counter(map(_family, characters))
    shown = [f"{name} ({times} times)" if times > 1 else name for name, times in counts.most_common(_MOST_NAMED)]
    beyond = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {beyond} others" if beyond else "")


_MOST_NAMED = 3
_FAMILIES = (
    ("\ufe00", "\ufe0f", "variation selectors"),
    ("\U000e0000", "\U000e00ff", "tag characters"),
    ("\U000e0100", "\U000e01ef", "variation selectors"),
)


def _family(character: str) -> str:
    for first, last, family in _FAMILIES:
        if first <= character <= last:
            return family
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
