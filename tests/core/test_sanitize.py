"""Untrusted text on GitHub: it says what it says, and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.hidden_text import hidden_in, revealed, spoken
from bot.core.links import Home
from bot.core.sanitize import JOINER, LONGEST, cleared, code, fenced, phrase, plain, prose
from bot.core.secrets import find_secrets
from bot.core.visible import printable
from tests.core.github_markdown import effects, unseen, words

HOME = Home("github.com", "acme/papers")
ADDRESS = "https://github.com/acme/papers/blob/main/a.py#L3"

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
    "> /review\n- /dismiss\n1. /approve\n- [x] /ask",
    "##[error]no",
    "fixes [it](https://github.com/acme/papers/issues/3)",
    '[a `b`](https://evil.example "title") [/approve](x) ![](y)',
    "closes GH-[12](x), fixes #[7](x) and acme/papers[#8](x)",
    "www[.evil.example](x), w[ww.evil.example](x), http:[//evil.example](x)",
    ":[:error::x](y)\n1[. item](y)\n[a](x)[@b](y)",
]
PIECES = st.sampled_from(
    [
        *("`", "``", "```", "~~~", "\\", "*", "_", "[", "]", "(", ")", "!", "|", "~", "#", "@", "<", ">", "&", "$"),
        *("/", "::", "-", "=", "+", "1.", "2)", ":", "//", ".", "\n", "\n\n", " ", "    ", "\t", "a", "7", "é", "\r"),
        *(
            "](",
            "[a](",
            "](x)",
            "[12](x)",
            "[.evil.example](x)",
            "http://x",
            "<http:",
            "https://docs.rs/x",
            "fixes ",
            "##[error]",
            "\u200b",
            "\ufe0f",
            "👍",
            '"',
        ),
        *("http", "www", "GH-", "<!--", "-->", "<b", "</details>", "[a]: x", "|---|", "---", "===", "&#64;", "\u2028"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=40))


LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^()<>\s]*)>?[^()]*\)")


def folded(text: str) -> str:
    """The text without the joiners that we put in, and with single spaces."""
    return " ".join(text.replace(JOINER, "").split())


def unmarked(text: str) -> str:
    """The text without backticks and spaces: a span of code may lose some of both. Nor with what makes a link one."""
    return re.sub(r"[`\s\[\]()<>!]", "", text.replace(JOINER, ""))


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
    assert folded(words(plain(text))) == folded(spoken(text.replace("\n", " ")))
    assume("\r" not in text and '"' not in text)
    assert unmarked(words(prose(text))) == unmarked("\n".join(map(spoken, text.split("\n"))))


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
    shown = revealed(text.replace("\n", " "))
    assert effects(f"x {code(text)} y") == []
    if shown.strip(" "):
        assert words(f"x {code(text)} y").replace(JOINER, "") == f"x {shown} y"
        cell = f"| a |\n|---|\n| x {code(text, cell=True)} y |\n"
        assert words(cell).replace(JOINER, "") == f"a x {shown} y"


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
        ("> /x", f"&gt; {JOINER}/x"),
        ("- [x] /x", f"\\- \\[x\\] {JOINER}/x"),
        ("1. > ::error::x", f"1\\. &gt; {JOINER}::error::x"),
        ("`a`http://x`b`", f"`a`{JOINER}`http://x`{JOINER}`b`"),
    ],
)
def test_no_more_is_changed_than_must_be(text: str, shown: str) -> None:
    """Prices, numbers, operators and paths in a sentence stay as they are; what would act is changed a little."""
    assert prose(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("closes GH-[12](x)", "closes GH-\\[12\\] (`x`)"),
        ("www[.evil.example](x)", "www\\[.evil.example\\] (`x`)"),
        ("[a](x)[b](y)", "a (`x`)\\[b\\] (`y`)"),
        ('see ("[a](x)") and [b](y)', 'see ("a (`x`)") and b (`y`)'),
        (f"x[a]({ADDRESS})", f"x[a]({ADDRESS})"),
    ],
)
def test_words_of_a_link_do_not_join_what_stands_before(text: str, shown: str) -> None:
    """Right behind other text they keep their brackets, or the two together would be a reference or an address."""
    assert prose(text, HOME) == shown


_fences = st.sampled_from(["```", "````", "``` ", "  `````", "~~~", ""])


@given(st.lists(_fences | TEXTS.map(printable), max_size=6), st.sampled_from(["", "suggestion"]))
def test_no_line_ends_its_block(lines: list[str], kind: str) -> None:
    """A block holds its lines exactly but for what nobody sees, and what follows it is outside."""
    block = fenced(lines, kind)
    content = "".join(f"{revealed(line) if any(hidden_in(line)) else line}\n" for line in lines)
    kind, what = effects("\n".join([*block, "after"]))[0]
    assert (kind, what.replace(JOINER, "")) == ("fence", content)
    assert len([effect for effect in effects("\n".join([*block, "after"])) if effect.kind != "command"]) == 1
    assert words("\n".join([*block, "after"])) == "after"


@given(TEXTS)
def test_prose_keeps_its_lines(text: str) -> None:
    """Each line stays a line: paragraphs stay apart, and no invisible break adds one."""
    assert prose(text).count("\n") == text.count("\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_home_lets_nothing_but_links_through(text: str) -> None:
    """Naming the repository allows its own addresses, and changes nothing about all else."""
    for effect in effects(prose(text, HOME)):
        assert effect.kind in {"link_open", "link_close"}, effect
        assert effect.kind == "link_close" or effect.what.startswith("https://github.com/acme/papers/")


@given(TEXTS)
def test_no_text_acts_at_home(text: str) -> None:
    """With a home a text still links to nothing else, and does nothing else."""
    for shown in (prose(text, HOME), phrase(text, home=HOME)):
        assert [effect for effect in effects(shown) if effect.kind not in {"link_open", "link_close"}] == []
        links = [effect.what for effect in effects(shown) if effect.kind == "link_open"]
        assert all(link.startswith("https://docs.rs/x") for link in links)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"see [the cap]({ADDRESS}) there", f"see [the cap]({ADDRESS}) there"),
        (f"[`cap()` *x*]({ADDRESS})", f"[`cap()` \\*x\\*]({ADDRESS})"),
        (f"see {ADDRESS}, then go", f"see <{ADDRESS}>, then go"),
        (f"(<{ADDRESS}>)", f"(<{ADDRESS}>)"),
        (f'[x]({ADDRESS} "a title")', f"[x]({ADDRESS})"),
        ("(see https://docs.python.org/3/library/re.html)", "(see <https://docs.python.org/3/library/re.html>)"),
        ("[x](https://evil.example/?q=1)", "x (`https://evil.example/?q=1`)"),
        ("![x](https://evil.example/p.png)", "x (`https://evil.example/p.png`)"),
        (f"![x]({ADDRESS})", f"x (`{ADDRESS}`)"),
        ("[](https://evil.example)", "`https://evil.example`"),
        ("[x](javascript:alert(1))", "x (`javascript:alert(1)`)"),
        ("[x](../../settings)", "x (`../../settings`)"),
        ("see https://evil.example/a_b, or", "see `https://evil.example/a_b`, or"),
        ("fixes https://github.com/acme/papers/issues/3", "fixes `https://github.com/acme/papers/issues/3`"),
        ("**Closes:** [it](https://github.com/acme/papers/pull/3)", None),
        ("[fixes](https://github.com/acme/papers/pull/3)", "fixes (`https://github.com/acme/papers/pull/3`)"),
        ("a prefix https://github.com/acme/papers/pull/3", "a prefix <https://github.com/acme/papers/pull/3>"),
    ],
)
def test_a_link_stays_or_loses_its_target(text: str, shown: str | None) -> None:
    """What may be linked is; any other link keeps its words, with the address as code; nothing closes an issue."""
    made = prose(text, HOME)
    assert made == shown if shown is not None else "](" not in made and "<http" not in made
    assert "](" not in prose(text), "without a home there are no links"


def test_a_kept_link_stays_whole_in_a_table() -> None:
    """Bars in the words of a link do not end the cell."""
    cell = phrase(f"[a | `b|c`]({ADDRESS})", cell=True, home=HOME)
    row = effects(f"| x | y |\n|---|---|\n| {cell} | z |\n")
    assert [effect.what for effect in row if effect.kind == "link_open"] == [ADDRESS]
    assert [effect.kind for effect in row].count("td_open") == 2


MARKS = ["<!-- plumbline:2 eJwr -->", "<!-- plumbline-finding:1 0a1b2c3d4e -->", "<!--PLUMBLINE-run:0a1b -->"]


@pytest.mark.parametrize("mark", MARKS)
def test_no_words_are_taken_for_our_own_marks(mark: str) -> None:
    """In prose, in code spans and blocks of code the beginning of a mark is broken; other comments of HTML stay."""
    for shown in (plain(mark), prose(mark), prose(f"`{mark}`"), code(mark), *fenced([mark]), *fenced([f"  {mark}"])):
        assert re.search(r"<!--\s*plumbline", shown, re.IGNORECASE) is None
    assert fenced([mark], "suggestion")[0] == "```"
    assert fenced(["<!-- a page -->"], "suggestion") == ["```suggestion", "<!-- a page -->", "```"]


ORDERS = ["/approve", "  /lgtm cancel", "::error file=a::x", "x ##[error]y", "::stop-commands::x"]
CODE = ["/usr/bin/env", "/** a comment */", "::std::move(x)", "/[a-z]+/.test(x)", "// no", "## [x]", "a::error::b"]


@pytest.mark.parametrize("line", ORDERS)
def test_code_that_would_be_obeyed_is_not_offered(line: str) -> None:
    """A line that a bot or a workflow would take for a command is shown broken, and not as a suggestion."""
    block = fenced([line], "suggestion")
    assert block[0] == "```"
    assert block[1] != line
    assert block[1].replace(JOINER, "") == line


@pytest.mark.parametrize("line", CODE)
def test_code_that_only_looks_like_it_is_offered(line: str) -> None:
    """Paths, comments, patterns and qualified names are code."""
    assert fenced([line], "suggestion") == ["```suggestion", line, "```"]


TOKEN = "ghp_" + "x7Kd92LmQ4vT81ZpRs65WnBj3HcYf0GaUe4D"


def test_secrets_are_masked_wherever_they_stand() -> None:
    """A token is asterisks in every form, also one that was split by what nobody sees, and in code."""
    assert find_secrets(TOKEN)
    split = f"{TOKEN[:9]}\u200b{TOKEN[9:]}"
    escaped = f"{TOKEN[:9]}\\u200b{TOKEN[9:]}"
    for text in (TOKEN, split, escaped, f"`{TOKEN}`", f"[x](https://evil.example/{TOKEN})"):
        for shown in (plain(text), phrase(text), prose(f"a\n{text}")):
            assert TOKEN[-12:] not in shown
    assert prose("the escape \\u200b stays") == "the escape \\\\u200b stays"
    for line in (TOKEN, split, escaped):
        assert TOKEN[-12:] not in code(line) + "".join(fenced([line]))
    assert fenced([f"key = {TOKEN}"], "suggestion") == ["```", f"key = {'*' * len(TOKEN)}", "```"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb\u2066c", "abc"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tags\U000e0061\U000e0062", "tags"),
        ("s\ufe01\ufe02\U000e0100", "s"),
        ("hangul\u3164\uffa0\u115f", "hangul"),
        ("soft\u00adhyphen", "softhyphen"),
        ("👩\u200d💻 ⚠️ 1️⃣", "👩\u200d💻 ⚠️ 1️⃣"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("a\x1bb", "a\\\\x1bb"),
    ],
)
def test_what_nobody_sees_is_not_said(text: str, shown: str) -> None:
    """Hidden characters go; emoji, and words that are written with joiners, stay; what would act is an escape."""
    assert prose(text) == phrase(text) == plain(text) == shown


def test_cleared_text_can_be_cut() -> None:
    """For a form with rules of its own: what nobody sees and secrets are gone, the rest stands as it was."""
    assert cleared("*a*\n<b> @x\u200b") == "*a* <b> @x"
    assert TOKEN[10:20] not in cleared(f"{TOKEN} and more")[:30]


def test_a_name_shows_what_is_hidden_in_it() -> None:
    """Code spans show what stands in the repository: there nothing is left out, but made visible."""
    assert code("a\u202eb\ufe01\ufe02") == "`a\\u202eb\\ufe01\\ufe02`"
    assert unseen("\n".join(fenced(["x\ufe01\ufe02y\u202e"]))) == []


def test_endless_words_are_cut() -> None:
    """A text takes no more room than it is worth, whatever it is made of."""
    for character in ("a", "[", "`[", "<", "@", "fix ", "](", "http://", "(", "*"):
        assert len(prose(character * 40_000)) < 5 * LONGEST
        assert len(phrase(character * 40_000)) < 5 * LONGEST


ACTS = [
    ("linked", "@acme/security"),
    ("linked", "&#64;everyone"),
    ("linked", "\\@everyone"),
    ("linked", "see #1"),
    ("linked", "acme/papers#1"),
    ("linked", "gh-7"),
    ("linked", "acme/papers@0123abc"),
    ("linked", "ceo@evil.example"),
    ("linked", "mailto:ceo@evil.example"),
    ("linked", "https://evil.example"),
    ("linked", "www.evil.example"),
    ("linked", "$x$"),
    ("linked", "$`x`$"),
    ("closes", "Fixes #1"),
    ("closes", "closes: acme/papers#2"),
    ("closes", "resolved GH-3"),
    ("closes", "fixed https://github.com/acme/papers/issues/3"),
    ("closes", "fixes [it](https://github.com/acme/papers/issues/3)"),
    ("closes", "fixes <https://github.com/acme/papers/issues/3>"),
    ("closes", "closes **#4**"),
    ("link_open", "[x](https://evil.example)"),
    ("link_open", "[x][1]\n\n[1]: https://evil.example"),
    ("link_open", "<https://evil.example>"),
    ("image", "![x](https://evil.example/p.png)"),
    ("image", "![x][1]\n\n[1]: https://evil.example"),
    ("html_inline", "a <img src=x> b"),
    ("html_inline", "a <!-- b --> c"),
    ("html_block", "<details>"),
    ("html_block", "<!-- plumbline:2 x -->"),
    ("html_inline", "a</details>b"),
    ("command", "/approve"),
    ("command", "  /lgtm cancel"),
    ("command", "> /review"),
    ("command", "- /dismiss"),
    ("command", "1. /dismiss"),
    ("command", "- [x] /dismiss"),
    ("command", "```\n/approve\n```"),
    ("command", "::error::x"),
    ("command", "text ##[error]x"),
    ("footnote", "a[^1]\n\n[^1]: b"),
    ("drawing", "```mermaid\ngraph LR\n```"),
    ("drawing", "```math\nx\n```"),
    ("fence", "```suggestion\nx\n```"),
    ("fence", "~~~\nx"),
    ("code_block", "    x"),
    ("heading_open", "# x"),
    ("heading_open", "x\n==="),
    ("hr", "***"),
    ("table_open", "| a |\n|---|"),
    ("blockquote_open", "> [!CAUTION]"),
    ("list_item_open", "- [ ] x"),
    ("strong_open", "**x**"),
    ("s_open", "~~x~~"),
]


@pytest.mark.parametrize(("kind", "text"), ACTS)
def test_what_acts_on_github_is_recognised(kind: str, text: str) -> None:
    """The judge of all these tests sees each effect where nothing was done about it, and none once it was."""
    assert kind in {effect.kind for effect in effects(text)}
    assert effects(prose(text)) == effects(plain(text)) == []


SILENT = ["`@everyone`", "`#1`", "a/b", "3 > 2 # x", "std::x", "prefix # 1", "`[^a-z]`", "$5", "a @ b"]


@pytest.mark.parametrize("text", SILENT)
def test_what_does_nothing_is_not_taken_for_an_effect(text: str) -> None:
    """Nor does it see what is not there."""
    assert effects(text) == []


HIDDEN = ["\u202e", "\u200b", "\U000e0061", "\ufe0f", "\U000e0100", "\u3164", "\u115f", "\u00ad", "\ufeff", "\x1b"]


@pytest.mark.parametrize("character", HIDDEN)
def test_what_nobody_sees_is_recognised(character: str) -> None:
    """The judge sees each kind of hidden character, and our joiner only where we would not have put it."""
    assert unseen(f"a{character}b") == [character]
    assert unseen(f"a{JOINER}b") == [JOINER]
    assert unseen(plain("@a #1 GH-2 www.x https://x /y")) == []
