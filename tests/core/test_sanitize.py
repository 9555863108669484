"""Untrusted text on GitHub: it says what it says, and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.sanitize import JOINER, code, fenced, phrase, plain, prose
from bot.core.visible import printable, printable_text
from tests.core.github_markdown import Effect, effects, words

HOSTILE = [
    "@everyone look, cc @acme/security",
    "fixes #123, acme/papers#4, GH-5 and gh-6",
    "see https://evil.example/x, ftp://evil.example, www.evil.example",
    "_www.evil.example and *www.evil.example and (www.evil.example",
    "write to ceo@evil.example or mailto:ceo@evil.example",
    "![tracker](https://evil.example/pixel.png)",
    "[click](javascript:alert(1)) and [click][1]\n\n[1]: https://evil.example",
    "<https://evil.example> <img src=x onerror=alert(1)> <b>bold</b>",
    "<!-- plumbline:1 eJyr --> a hidden <!-- comment",
    "</details></td></table><details open>",
    "/approve\n/lgtm cancel\n  /review",
    "::error file=a::x\n  ::stop-commands::token",
    "```suggestion\nos.system('x')\n```",
    "~~~\ncode\n~~~",
    "a heading\n===\nanother\n---",
    "# heading\n## heading\n***\n___",
    "> quoted\n> [!CAUTION]\n> text",
    "- item\n+ item\n* item\n1. item\n2) item\n- [x] task",
    "| a | b |\n|---|---|\n| c | d |",
    "**bold** _italic_ ~~gone~~ ***both***",
    "note[^1]\n\n[^1]: https://evil.example",
    "    indented\n\tcode",
    "&lt;b&gt; &#64;everyone &#35;1",
    "\\@everyone \\[x\\](y) \\`a\\`",
    "$x$ and $`\\href{https://evil.example}{y}`$ and $$z$$",
    "\x1b[31mred \u202egnp \u2028 \x00 \udcff \u2060@a",
    "`` `@everyone` `` and ```` ` ```` and `unclosed @everyone",
    "`a`@everyone`b`#1`c`",
]
PIECES = st.sampled_from(
    [
        *("`", "``", "```", "~~~", "\\", "*", "_", "[", "]", "(", ")", "!", "|", "~", "#", "@", "<", ">", "&", "$"),
        *("/", "::", "-", "=", "+", "1.", "2)", ":", "//", ".", "\n", "\n\n", " ", "    ", "\t", "a", "7", "é", "\r"),
        *("http", "www", "GH-", "<!--", "-->", "<b", "</details>", "[a]: x", "|---|", "---", "===", "&#64;", "\u2028"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=40))


def folded(text: str) -> str:
    """The text without the joiners that we put in, and with single spaces."""
    return " ".join(text.replace(JOINER, "").split())


def unmarked(text: str) -> str:
    """The text without backticks and spaces: a span of code may lose some of both."""
    return re.sub(r"[`\s]", "", text.replace(JOINER, ""))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_said_acts(text: str) -> None:
    """No form lets a mention, a reference, an address, markup, HTML or a command through."""
    assert effects(text), "the sample would act as it stands"
    for shown in (plain(text), phrase(text), prose(text)):
        assert effects(shown) == []


@given(TEXTS)
def test_no_text_acts(text: str) -> None:
    """The same for whatever can be put together."""
    for shown in (plain(text), phrase(text), prose(text)):
        assert effects(shown) == []


@given(TEXTS)
def test_what_is_said_stays_readable(text: str) -> None:
    """Plain text reads as it was written, what is invisible as escapes; prose too, but for its backticks."""
    assert folded(words(plain(text))) == folded(printable(text.replace("\n", " ")))
    assume("\r" not in text)
    assert unmarked(words(prose(text))) == unmarked(printable_text(text))


@given(TEXTS, TEXTS)
def test_a_cell_stays_one_cell(first: str, second: str) -> None:
    """In a table whatever is said fills its own cell, and acts no more than elsewhere."""
    row = f"| {phrase(first, cell=True)} | {code(second, cell=True)} | {plain(first)} |"
    assert "\n" not in row
    head = "| a | b | c |\n|---|---|---|\n"
    assert effects(f"{head}{row}\n") == effects(f"{head}| x | y | z |\n")


@given(TEXTS)
def test_code_shows_exactly_its_text(text: str) -> None:
    """A code span holds any text, backticks and bars included, in a table and outside; nothing in it acts."""
    shown = printable(text.replace("\n", " "))
    assert effects(f"x {code(text)} y") == []
    if shown.strip(" "):
        assert words(f"x {code(text)} y") == f"x {shown} y"
        assert words(f"| a |\n|---|\n| x {code(text, cell=True)} y |\n") == f"a x {shown} y"


def test_code_spans_stay_code() -> None:
    """What the model puts between single backticks is shown as code, whatever stands in it."""
    assert prose("use `a | b`, `@x` and `<b>`") == "use `a | b`, `@x` and `<b>`"
    assert phrase("`a | b`", cell=True) == "`a \\| b`"
    assert [token for token in effects(prose("`[x](y)` @me")) if token.kind == "code_inline"] == []
    assert words(prose("a `/approve` b")) == "a /approve b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("it costs $5, not $6", "it costs $5, not $6"),
        ("`$HOME` or $HOME", "`$HOME` or <span>$</span>HOME"),
        ("a -b, c = d, 1.5 and 3. no", "a -b, c = d, 1.5 and 3. no"),
        ("std::vector and a/b", "std::vector and a/b"),
        ("user@host", f"user@{JOINER}host"),
        ("- x", "\\- x"),
        ("a head\n:---", "a head\n\\:---"),
        ("12. x", "12\\. x"),
        ("/x ::y", f"{JOINER}/x ::y"),
    ],
)
def test_no_more_is_changed_than_must_be(text: str, shown: str) -> None:
    """Prices, numbers, operators and paths in a sentence stay as they are; what would act is changed a little."""
    assert prose(text) == shown


_fences = st.sampled_from(["```", "````", "``` ", "  `````", "~~~", ""])


@given(st.lists(_fences | TEXTS.map(printable), max_size=6), st.sampled_from(["", "suggestion"]))
def test_no_line_ends_its_block(lines: list[str], kind: str) -> None:
    """A block holds its lines exactly, and what follows it is outside."""
    block = fenced(lines, kind)
    content = "".join(f"{line}\n" for line in lines)
    assert effects("\n".join([*block, "after"]))[0] == Effect("fence", content)
    assert len([effect for effect in effects("\n".join([*block, "after"])) if effect.kind != "command"]) == 1
    assert words("\n".join([*block, "after"])) == "after"


@given(TEXTS)
def test_prose_keeps_its_lines(text: str) -> None:
    """Each line stays a line: paragraphs stay apart, and no invisible break adds one."""
    assert prose(text).count("\n") == printable_text(text).count("\n") == text.count("\n")
