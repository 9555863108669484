"""What is shown: nothing invisible, nothing secret, line for line what there is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diff import Diff
from bot.core.models import Side
from bot.core.secrets import find_secrets
from bot.core.visible import Shown, masked_lines, printable, printable_text, shown_lines, shown_path, stand_ins
from tests.core.changes import added, edited, hunk
from tests.core.strategies import diffs

SECRET = "AKIA" + "QWERTYUIOPASDFGH"
MASK = "*" * len(SECRET)

ESCAPED = [
    ("a\tb", "a\tb"),
    ("end\r", "end"),
    ("two\r\r", "two\\x0d"),
    ("mid\rdle", "mid\\x0ddle"),
    ("new\nline", "new\\x0aline"),
    ("\x00\x1b[31m\x7f", "\\x00\\x1b[31m\\x7f"),
    ("\x85", "\\x85"),
    ("left\u202eright\u2066", "left\\u202eright\\u2066"),
    ("zero\u200bwidth\u200d\ufeff", "zero\\u200bwidth\\u200d\\ufeff"),
    ("soft\u00adhyphen", "soft\\xadhyphen"),
    ("\u3164 = 1", "\\u3164 = 1"),
    ("tag\U000e0041\U000e007f", "tag\\U000e0041\\U000e007f"),
    ("byte\udcff", "byte\\xff"),
    ("half\ud800", "half\\ud800"),
    ("line\u2028separator", "line\\u2028separator"),
    ("日本語 é ⚠️ \u00a0", "日本語 é ⚠️ \u00a0"),
    (r"\u202e as text", r"\u202e as text"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "shown"), ESCAPED)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    """Control, bidirectional and zero-width characters, and bytes that are no text, are shown as escapes."""
    assert printable(text) == shown


def test_no_format_or_control_character_passes() -> None:
    """Of all characters that Unicode calls control, format, surrogate or separator of lines, only the tab stays.

    Marks that show themselves (Arabic signs of number, of verse, and the like) are characters like others.
    """
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    visible = {"\t", *map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD))}
    # Signs that join hieroglyphs and strokes of shorthand: they shape what is seen.
    visible |= {chr(code) for code in (*range(0x13430, 0x13440), *range(0x1BCA0, 0x1BCA4))}
    every = [character for character in map(chr, range(0x110000)) if unicodedata.category(character) in hidden]
    assert {character for character in every if printable(f"x{character}y") == f"x{character}y"} <= visible


@given(st.text())
def test_showing_twice_changes_nothing(text: str) -> None:
    """What is shown is fit to be shown: on one line, valid text, the same when it is shown again."""
    shown = printable(text)
    assert printable(shown) == shown
    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown


@given(st.text())
def test_a_text_keeps_its_lines(text: str) -> None:
    """Line breaks of a text stay, all else is shown line by line."""
    assert printable_text(text).split("\n") == [printable(line) for line in text.split("\n")]


@given(diffs)
def test_a_change_is_shown_line_for_line(diff: Diff) -> None:
    """Every line of a hunk has one shown line, as one walk over the hunk gives it, and its sides are parts of it."""
    shown = Shown(diff)
    for index, file in enumerate(diff.files):
        assert shown.path(index) == shown_path(file.path)
        for at, part in enumerate(file.hunks):
            assert shown.lines(index, at) == shown_lines(part)
            pairs = list(zip(part.lines, shown_lines(part), strict=True))
            for side, first in ((Side.LEFT, part.old_start), (Side.RIGHT, part.new_start)):
                rows = shown.rows(index, at, side)
                assert list(rows) == [pair for pair in pairs if pair[0].on(side) is not None]
                assert [line.on(side) for line, _ in rows] == list(range(first, first + len(rows)))


def test_a_hunk_is_masked_as_one_text() -> None:
    """The lines of a private key are hidden though each of them looks harmless, and no line is lost or added."""
    body = ["MIIEpAIBAAKCAQEAv3Zx8Qm4Lr7Tn2Wy9Kd5Hs1Pf6Jg0Bc", "Xa3Ve8Ru2Yo7Ti4Ep9Wq1Zl6Mn5Kb0Jh3Gf8Ds2Ac7Xv4Ub9"]
    rows = ["-----BEGIN RSA " + "PRIVATE KEY-----", *body, "-----END RSA " + "PRIVATE KEY-----", f"key = {SECRET}"]
    part = hunk(1, 1, *(f"+{row}" for row in rows))
    assert masked_lines(part) == (rows[0], *("*" * len(row) for row in body), rows[3], f"key = {MASK}")
    assert not find_secrets("\n".join(shown_lines(part)))


def test_a_name_is_shown_on_one_line_without_a_secret() -> None:
    """A path can hold anything that a line can."""
    assert shown_path(f"a\nb/{SECRET}\u202e.py") == f"a\\x0ab/{MASK}\\u202e.py"


def test_stand_ins_are_those_of_lines_that_were_changed_for_showing() -> None:
    """Asterisks and escapes of the source itself stand for themselves."""
    plain = added("plain.c", "/***** banner *****/", r"x = '\u200b'")
    hidden = edited(
        "hidden.py", hunk(1, 1, f"-a = '{SECRET}'", " b = '\u202e'", "+c = '\x1b'"), hunk(9, 9, "+d\U000e0041")
    )
    shown = Shown(Diff((plain, hidden)))
    assert shown.stand_ins(0) == frozenset()
    assert shown.stand_ins(1) == {"*", "\\u202e", "\\x1b", "\\U000e0041"}
    assert stand_ins("*** \\x1 \\xab") == {"*", "\\xab"}
    assert stand_ins("call(*args, **options)") == frozenset()
