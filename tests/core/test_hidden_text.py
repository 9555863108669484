"""Characters that nobody sees: found, left out or shown, and kept where a script or an emoji needs them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.hidden_text import NOTHING_HIDDEN, Hidden, hidden_in, named, revealed, spoken
from bot.core.visible import printable

MEANT = [
    "\U0001f469\u200d\U0001f4bb",
    "\u26a0\ufe0f",
    "1\ufe0f\u20e3",
    "\U0001f44d\U0001f3fd",
    "\u2764\ufe0f\u200d\U0001f525",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u0915\u094d\u200d\u0937",
    "\u0e01\u200b\u0e02",
    "\u845b\U000e0100",
]
CARRIERS = [
    "x\ufe0f",
    "\U0001f600\ufe01",
    "\u26a0\ufe0f\ufe0f",
    "1\ufe0f",
    "\U0001f3f4\U000e0078\U000e0079\U000e007f",
    "\U0001f469\u200d",
    "a\u200cb",
    "\u0645\u200c\u200c\u062e",
    "\u845b\U000e0100\U000e0101",
    "\u3164",
]
ALL = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"]
# Prepended signs of Arabic, Syriac, Kaithi and Egyptian have a picture of their own.
SEEN = {
    *map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)),
    *map(chr, range(0x13430, 0x13440)),
}


@pytest.mark.parametrize("text", MEANT)
def test_what_is_meant_stays(text: str) -> None:
    """Emoji that are joined, flags, words with joiners, and variants of ideographs are said as they are."""
    assert spoken(f"a {text} b") == revealed(f"a {text} b") == f"a {text} b"
    assert hidden_in(f"a {text} b") == NOTHING_HIDDEN


@pytest.mark.parametrize("text", CARRIERS)
def test_what_only_looks_meant_goes(text: str) -> None:
    """The same characters in other company carry data: they are found, not said, and shown as escapes."""
    assert hidden_in(text).others
    assert hidden_in(spoken(text)) == hidden_in(revealed(text)) == NOTHING_HIDDEN
    assert "\\" in revealed(text)
    assert "\\" not in spoken(text)


@pytest.mark.parametrize("character", ALL)
def test_every_format_character_is_known(character: str) -> None:
    """Unicode's category Cf goes from what is said, but for signs that have a picture."""
    assert (spoken(f"a{character}b") == "ab") != (character in SEEN)


def test_marks_of_direction_are_meant_in_right_to_left_text() -> None:
    """Beside Latin letters they hide; overrides are found beside any."""
    assert hidden_in("\u05e9\u05dc\u05d5\u05dd\u200f!") == NOTHING_HIDDEN
    assert hidden_in("shalom\u200f!") == Hidden("", "\u200f")
    assert hidden_in("\u05e9\u202e\u05dc") == Hidden("\u202e", "")


def test_hidden_characters_are_named() -> None:
    """By their Unicode name, by kind where there are many, and counted."""
    assert named("\u202e") == "U+202E RIGHT-TO-LEFT OVERRIDE"
    assert (
        named("\u200b\u200b\U000e0061\U000e0062\U000e0063")
        == "tag characters (3 times), U+200B ZERO WIDTH SPACE (2 times)"
    )
    assert named("\u200b\u200c\u200d\u2060\u2061").endswith(" and 2 others")


@given(st.text())
def test_plain_text_is_only_made_printable(text: str) -> None:
    """Of ASCII both say what is printable; whatever is given, it is one line, and nothing that reorders it is left."""
    for treat in (spoken, revealed):
        made = treat(text)
        assert not hidden_in(made).reordering
        assert "\n" not in made
        if text.isascii():
            assert made == printable(text)
