"""Comments on findings: what they say, what becomes of them when it is fixed, and the mark that nothing takes away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.known import Fate, Known
from bot.core.marker import finding_mark
from bot.core.models import Finding, Location, Severity, Side
from bot.core.overview import Overview, Risk
from bot.core.rendering.comments import (
    MOST_CHARACTERS,
    answer_fixed,
    description,
    file_comment,
    fixed_comment,
    inline_comment,
    is_fixed,
    review_body,
)
from tests.core.github_markdown import effects, words
from tests.core.known_findings import known
from tests.core.test_rendering import FINDING
from tests.core.test_sanitize import HOSTILE, TEXTS

HEAD = "abc1234" + "0" * 33


def fixed(finding: Finding) -> Known:
    """The finding, fixed in the head."""
    return known(finding, fate=Fate.FIXED, note=HEAD, said=True)


def test_a_comment_says_what_when_and_how_to_mend_it() -> None:
    """Severity and title in bold, the mechanism, the case, and a block that can be applied only where it applies."""
    each = known(replace(FINDING, suggestion="three\n", applies=True))
    assert inline_comment(each) == (
        "🟧 **high · The number is wrong**\n\nIt is 3.\n\n"
        "**When** somebody counts, they come to another number.\n\n```suggestion\nthree\n```\n\n"
        f"<sub>Not useful? 👎 of somebody who may write here, and it will not come back.</sub>\n\n{finding_mark(each)}"
    )
    assert "```suggestion" not in inline_comment(known(replace(FINDING, suggestion="three")))
    assert "A possible fix:\n\n```\nthree\n```" in inline_comment(known(replace(FINDING, suggestion="three")))
    assert "fix" not in inline_comment(known(replace(FINDING, suggestion=" \n")))
    assert "```suggestion\n```\n" in inline_comment(known(replace(FINDING, suggestion="", applies=True)))
    assert review_body(1, "c" * 40, "0a1b") == (
        "1 comment on `ccccccc`; what was read stands in the summary.\n<!-- plumbline-run:0a1b -->"
    )


def test_a_command_is_offered_only_where_it_is_heard() -> None:
    """A thumbs-down is heard everywhere, `/dismiss` only where something listens to commands."""
    for comment in (inline_comment, file_comment):
        assert "/dismiss" not in comment(known(FINDING))
        heard = "Not useful? 👎 or `/dismiss reason` of somebody who may write here, and it will not come back."
        assert heard in comment(known(FINDING), commands=True)


def test_the_case_has_no_english_word_before_it_in_another_language() -> None:
    """`When` stands before English only; what an analyzer says is English in every language."""
    german = known(replace(FINDING, scenario="ein Kunde zahlt zweimal"))
    for comment in (inline_comment, file_comment):
        assert "\n\nein Kunde zahlt zweimal.\n\n" in comment(german, language="German")
        assert "**When** " in comment(german, language="English")
        assert "**When** " in comment(known(replace(FINDING, source="ruff")), language="German")


@pytest.mark.parametrize(
    "last",
    [
        "👎 and it will not come back.",
        "👎 or `/dismiss reason`: it will not come back.",
        "👎 of somebody, and it is gone.",
    ],
)
def test_the_last_line_is_not_kept_in_whatever_words(last: str) -> None:
    """A comment that an earlier version wrote loses its last line, too, when it says that it is fixed."""
    body = fixed_comment(
        fixed(FINDING), f"🟧 **high · The number is wrong**\n\nIt is 3.\n\n<sub>Not useful? {last}</sub>"
    )
    assert "It is 3." in body
    assert "Not useful?" not in body


@pytest.mark.parametrize("code", ["```\n@everyone", "````\n```suggestion\nx\n```\n````", "~~~", "</details>"])
def test_a_suggestion_stays_in_its_block(code: str) -> None:
    """Code that holds fences of its own gets a longer one around it, also when the finding is fixed."""
    for applies in (True, False):
        each = fixed(replace(FINDING, suggestion=code, applies=applies))
        comment = inline_comment(each)
        for body in (comment, fixed_comment(each, comment)):
            (block,) = [what for kind, what in effects(body) if kind == "fence"]
            assert block == f"{code}\n"


@pytest.mark.parametrize(
    ("quote", "place"),
    [
        ("\n  three = 3\nfour", "About `three = 3`, which could not be put on one line of the diff."),
        ("x" * 200, f"About `{'x' * 119}…`, which could not be put on one line of the diff."),
        (" ", "It could not be put on a line of the diff."),
    ],
)
def test_a_comment_on_a_file_tells_its_place_in_words(quote: str, place: str) -> None:
    """It says by the quoted code what it is about, and offers nothing to apply: there is no line to apply it to."""
    each = known(replace(FINDING, quote=quote, suggestion="x", applies=True), placed=False)
    lines = file_comment(each).split("\n")
    assert lines[:4] == ["🟧 **high · The number is wrong**", "", place, ""]
    assert lines[-1] == finding_mark(each)
    assert "```suggestion" not in lines


def test_a_fixed_comment_says_so_and_keeps_its_words() -> None:
    """The commit stands first, the title is struck through, the old words are folded, and nothing is there to apply."""
    each = fixed(replace(FINDING, suggestion="three\n", applies=True))
    comment = inline_comment(each)
    assert not is_fixed(comment)
    body = fixed_comment(each, comment)
    assert is_fixed(body)
    assert body == (
        "**Fixed in abc1234** · ~~🟧 high · The number is wrong~~\n\n"
        "<details><summary>What it said</summary>\n\nIt is 3.\n\n"
        "**When** somebody counts, they come to another number.\n\n```\nthree\n```\n\n</details>\n\n"
        f"{finding_mark(each)}"
    )
    assert fixed_comment(each, comment.replace("\n", "\r\n")) == body


def test_the_words_of_a_fixed_comment_are_those_that_stood_there() -> None:
    """What the state of a summary has no room for is taken from the comment itself."""
    comment = inline_comment(known(FINDING), commands=True)
    body = fixed_comment(fixed(replace(FINDING, body="", scenario="")), comment)
    assert "It is 3." in body
    assert "Not useful?" not in body
    assert body.count("plumbline-finding") == 1


def test_an_answer_is_hidden_words_and_one_line() -> None:
    """The first line is a mark of that finding and that commit; what is read is one short sentence."""
    answer = answer_fixed(fixed(FINDING))
    assert answer == "<!-- plumbline-fixed:1 0000000001 abc1234 -->\nFixed in abc1234."
    assert words(answer) == "Fixed in abc1234."
    assert answer.split("\n")[0] != answer_fixed(replace(fixed(FINDING), note="d" * 40)).split("\n")[0]


def test_a_description_says_who_wrote_it() -> None:
    """The words are made harmless; a last line tells that no person wrote them, a hidden one which they were."""
    text = description(Overview("Adds links. @everyone <b>look</b>", Risk.LOW, 5))
    words, _, mark = text.rpartition("\n\n")
    assert words.endswith("\n\n<sub>Written by Plumbline, as there was no description.</sub>")
    assert mark.startswith("<!-- plumbline-description:1 ")
    assert {kind for kind, _ in effects(words)} == {"html_inline"}


def comments_of(text: str) -> list[tuple[Known, str]]:
    """Every comment that can be made of a finding in which all words are this text."""
    finding = replace(
        FINDING,
        location=Location(text or "x", Side.LEFT, 3),
        severity=Severity.LOW,
        title=text,
        body=text,
        scenario=text,
        quote=text,
        suggestion=text,
        applies=True,
    )
    each = fixed(finding)
    made = [inline_comment(each), file_comment(each)]
    return [(each, body) for body in (*made, *(fixed_comment(each, body) for body in made))]


@given(TEXTS | st.sampled_from(HOSTILE))
def test_the_mark_is_the_last_line_whatever_is_said(text: str) -> None:
    """No words come behind it, no words stand for another one outside of code, and no fold is left open."""
    for each, body in comments_of(text):
        assert body.split("\n")[-1] == finding_mark(each)
        html = [what for kind, what in effects(body) if kind.startswith("html")]
        assert sum("plumbline-finding" in what for what in html) == 1
        assert sum("<details>" in what for what in html) == sum("</details>" in what for what in html)


def worded(size: int) -> Known:
    """A fixed finding whose suggestion has so many characters."""
    lines = ["x" * 99] * (size // 100) + ["y" * (size % 100)]
    return fixed(replace(FINDING, suggestion="\n".join(lines)))


@pytest.mark.parametrize("size", [*range(MOST_CHARACTERS - 700, MOST_CHARACTERS, 20), 200_000])
def test_a_comment_that_is_too_long_is_cut_before_its_mark(size: int) -> None:
    """Code is kept whole or not at all, then with a note; the mark is whole, also when it is said to be fixed."""
    each = worded(size)
    comment = inline_comment(each)
    for body in (comment, file_comment(each), fixed_comment(each, comment)):
        assert len(body) <= MOST_CHARACTERS
        assert body.split("\n")[-1] == finding_mark(each)
        assert body.count("<details>") == body.count("</details>")
        assert body.count("x" * 99) in {0, size // 100}
        assert "_The rest of this comment was too long for GitHub._" in body or "xxxx" in body


def test_words_without_end_are_cut() -> None:
    """What GitHub would not take is not posted: the comment says that something is missing."""
    assert "_The rest of this comment was too long for GitHub._\n\n<!-- " in inline_comment(worded(200_000))
    assert "too long" not in inline_comment(worded(60_000))
