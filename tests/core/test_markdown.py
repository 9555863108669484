"""A review on GitHub: what was said acts on nothing, and no body is longer than GitHub takes, however much there is."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.anchors import Miss
from bot.core.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from bot.core.known import Fate, Known, Life
from bot.core.ledger import Entry, Reason, balance
from bot.core.links import Home, linkable
from bot.core.marker import State, read_state
from bot.core.models import Finding, Location, Severity, Side
from bot.core.outcome import conclude
from bot.core.overview import Diagram, Edge, Overview, Risk
from bot.core.placement import Unplaced
from bot.core.rendering.comments import cut, file_comment, inline_comment
from bot.core.rendering.markdown import markdown, summary
from bot.core.review import Review
from tests.core.github_markdown import effects, words
from tests.core.known_findings import known
from tests.core.test_rendering import ANSWERED, COST, FINDING, review
from tests.core.test_requests import PULL
from tests.core.test_sanitize import HOSTILE, TEXTS

GITHUB_TAKES = 65_536
HOME = Home("github.com", PULL.repository)
OURS = re.compile(
    r"</?(?:details|summary|sub)>|^<!-- plumbline:\d [A-Za-z0-9+/=]{30,}(?: [^ ]+)? -->\n?\Z"
    r"|^<!-- plumbline-finding:1 0000000001 [^ ]+ -->\n?\Z"
)


def said(text: str, path: str = "app.py", side: Side = Side.RIGHT) -> Finding:
    """A finding that says the same in every field that takes words."""
    return replace(
        FINDING, location=Location(path, side, 3), title=text, body=text, scenario=text, quote=text, suggestion=text
    )


def pulled(text: str) -> Review:
    """A review of a pull request in which everything that others wrote is this text."""
    made = review(ANSWERED, COST, findings=(said(text), replace(said(text), suggestion=None)))
    file = replace(made.diff.files[0], status=FileStatus.RENAMED, old_path=text or "x")
    return replace(
        made,
        diff=Diff((file, *made.diff.files[1:])),
        change=replace(made.change, title=text, pull_request=PULL),
        unplaced=tuple(Unplaced(said(text, text, Side.LEFT), miss) for miss in Miss),
        doubtful=(said(text, text),),
        summaries={0: text, 1: text},
        failures=(text,),
        requests=2,
        below=(said(text), said(text, text)),
        notices=(text,),
        overview=Overview(text, Risk.LOW, 1, Diagram((text, text), (Edge(0, 1, text), Edge(1, 0)))),
        life=Life(lived(text), since=text or "x", full_because=text or "x", dollars=9.0),
    )


def lived(text: str) -> tuple[Known, ...]:
    """A finding of each fate, in which every word is this text."""
    return tuple(
        known(said(text, text, Side.LEFT), number, fate=fate, note=text) for number, fate in enumerate(Fate, start=2)
    )


def check_harmless(text: str) -> None:
    for body in (summary(pulled(text), ()), inline_comment(known(said(text))), file_comment(known(said(text)))):
        assert_only_ours_acts(body)


def assert_only_ours_acts(body: str) -> None:
    for kind, what in effects(body):
        if kind == "link_open":
            # The model's own links lead to the repository and to documentation, see tests/core/test_sanitize.py.
            assert what.startswith(f"{PULL.url}/files#diff-") or linkable(what, HOME)
        elif kind in {"html_block", "html_inline"}:
            assert OURS.sub("", what).count("<") == 0
        elif kind == "command":
            assert f"\n{what}\n" in in_fences(body)
        else:
            assert kind not in {"linked", "image", "code_block", "blockquote_open", "ordered_list_open", "hr"}
            assert kind != "heading_open" or body.startswith(("### ", "<!-- "))
    kinds = [effect.kind for effect in effects(body)]
    assert kinds.count("heading_open") == body.count("### Plumbline: ")


def in_fences(body: str) -> str:
    """The content of the code blocks: there a line of code may begin with whatever it does."""
    return "\n" + "\n".join(effect.what for effect in effects(body) if effect.kind == "fence") + "\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_others_wrote_acts(text: str) -> None:
    """Links lead to the diff, HTML is our own, and no heading, list, mention or command is added."""
    check_harmless(text)


@given(TEXTS)
def test_no_words_act_in_a_review(text: str) -> None:
    """The same for whatever can be put together, in every place of the summary and of a comment."""
    check_harmless(text)


@given(TEXTS)
@example("\n\n7")
def test_tables_and_details_stay_whole(text: str) -> None:
    """No words add a row, a cell, a fold or a block: a review has those that it has with plain words."""
    shape = [kind for kind, _ in effects(summary(pulled("plain"), ())) if kind not in {"html_inline", "paragraph_open"}]
    made = [kind for kind, _ in effects(summary(pulled(text or "x"), ()))]
    for kind in ("table_open", "tr_open", "td_open", "fence", "bullet_list_open", "list_item_open", "heading_open"):
        assert made.count(kind) == shape.count(kind) or (kind == "fence" and not text.strip())
    assert made.count("html_block") == shape.count("html_block")


@given(st.lists(TEXTS, max_size=6), st.integers(150, 400))
def test_a_body_is_cut_between_lines(texts: list[str], longest: int) -> None:
    """What is kept is the beginning, in whole lines, and leaves no fence or fold open; a note tells of the rest."""
    findings = [inline_comment(known(said(text))).rpartition("\n\n")[0] for text in texts]
    body = "\n\n".join(f"<details><summary>x</summary>\n\n{each}\n\n</details>" for each in findings)
    made = cut(body, longest)
    assert len(made) <= longest
    if len(body) <= longest:
        assert made == body
        return
    kept = made.removesuffix("\n\n_The rest of this comment was too long for GitHub._").removesuffix("\n\n</details>")
    assert len(kept) < len(made)
    assert (body + "\n").startswith(kept + "\n") or kept == ""
    assert_only_ours_acts(made)
    tags = "".join(what for kind, what in effects(made) if kind == "html_block")
    assert tags.count("<details>") == tags.count("</details>")
    assert words(made).endswith("The rest of this comment was too long for GitHub.")
    assert made.count("\n\n</details>") >= made.count("<details>")


def test_a_code_block_is_kept_whole_or_not_at_all() -> None:
    """Wherever the limit falls, blank lines, rows and fences inside of code are no places to cut at."""
    code = "a\n\n| b |\n\n- c\n\n```\n\nd"
    folded = (
        f"<details><summary>x</summary>\n\n{inline_comment(known(replace(FINDING, suggestion=code)))}\n</details>\n\n"
    )
    body = folded * 4 + "end " * 60
    cuts = {cut(body, longest) for longest in range(150, len(body))}
    assert len(cuts) > 20
    for made in cuts:
        assert [what for kind, what in effects(made) if kind == "fence"] == [f"{code}\n"] * made.count("````\na")
        assert made.count("<details>") == made.count("</details>")
        assert words(made).endswith("The rest of this comment was too long for GitHub.")


def monster(findings: int, files: int, size: int, *, path: str = "src/{}.py") -> Review:
    """A review of very many files with very many findings, each of very many words."""
    lines = tuple(Line(LineKind.ADDED, None, number, "x" * 300) for number in range(1, 6))
    hunks = (Hunk(0, 0, 1, 5, "", lines),)
    diff = Diff(tuple(FileDiff(None, path.format(n), FileStatus.ADDED, hunks=hunks) for n in range(files)))
    ledger = balance(diff, [Entry(n, Reason.ANSWERED, 0, 5) for n in range(files)])
    body = "\n\n".join(["`code` and @words | with _markup_ " * 8] * (size // 270 + 1))
    made = [
        replace(FINDING, location=Location(path.format(n % files), Side.RIGHT, 3), title=f"{n} {'t' * 100}", body=body)
        for n in range(findings)
    ]
    return replace(
        review(ANSWERED, ANSWERED),
        diff=diff,
        ledger=ledger,
        outcome=conclude(ledger),
        change=replace(review(ANSWERED, ANSWERED).change, pull_request=PULL),
        findings=tuple(made),
        unplaced=tuple(Unplaced(finding, Miss.AMBIGUOUS) for finding in made),
        doubtful=tuple(made),
        summaries=dict.fromkeys(range(files), "s" * 100),
    )


@pytest.mark.parametrize(
    "made",
    [
        monster(500, 3_000, 500),
        monster(500, 3_000, 100_000),
        monster(1, 1, 100_000),
        monster(500, 1, 50),
        monster(0, 3_000, 0),
        monster(20, 3_000, 100, path="d/" * 1_000 + "{}.py"),
        monster(30, 40, 4_000, path="``|{}"),
    ],
    ids=["many", "endless", "one endless", "short ones", "files only", "deep paths", "odd paths"],
)
def test_no_review_is_too_long_for_github(made: Review) -> None:
    """500 findings, 3,000 files, words without end: the headline and the state stand, the rest is cut in good order."""
    for body in (summary(made, {"0000000001"}), summary(aged(made), ())):
        assert len(body) <= GITHUB_TAKES
        state = read_state(body)
        assert isinstance(state, State)
        assert (state.head, state.base, state.ending) == ("c" * 40, "b" * 40, "complete")
        assert body.split("\n")[1].startswith("### Plumbline: ")
        assert_only_ours_acts(body)
        tags = "".join(what for kind, what in effects(body) if kind == "html_block")
        assert tags.count("<details>") == tags.count("</details>")
    for finding in made.findings[:2]:
        assert len(inline_comment(known(finding))) <= GITHUB_TAKES


def aged(made: Review) -> Review:
    """The same after a long life: a large state before the words, and hundreds of findings of each fate."""
    fates = [fate for fate in Fate if fate is not Fate.OPEN]
    title = "".join(map(chr, range(0x4E00, 0x4E78)))
    lived = tuple(
        known(replace(FINDING, title=f"{number}{title}"), number, fate=fates[number % len(fates)])
        for number in range(1, 401)
    )
    hunks = tuple(sha256(str(number).encode()).digest() for number in range(3_000))
    return replace(made, life=Life(lived, since="d" * 40, hunks=hunks, dollars=9.0))


def test_a_long_review_names_the_worst_and_counts_the_rest() -> None:
    """With 500 findings the table has the first ones, says how many it leaves out, and what was read still stands."""
    body = summary(monster(500, 3_000, 500), ())
    assert "1,000 findings" in body.split("\n")[1]
    assert all(f"| 🟧 high | {number} ttt" in body for number in range(75))
    assert "425 more findings not listed here." in body
    assert "2,925 more files not listed here" in body
    assert body.rstrip().endswith("</sub>")


def test_a_long_life_leaves_room_for_words() -> None:
    """Behind a state of half the comment the worst are still named, and everything else is counted."""
    body = summary(aged(monster(500, 3_000, 500)), ())
    state, headline, *_ = body.split("\n")
    assert len(state) > 30_000
    assert headline == "### Plumbline: 1,000 findings · all 15,000 changed lines reviewed"
    assert all(f"| 🟧 high | {number} ttt" in body for number in range(25))
    assert "475 more findings not listed here." in body
    assert "Also noticed, not listed here: 500 less sure. " in body
    assert "Earlier findings: 100 fixed, 100 dismissed, 100 no longer in the diff.\n" in body
    assert body.rstrip().endswith("</sub>")


def test_a_review_that_fits_is_told_in_full() -> None:
    """Nothing is left out before it must be: all findings are told in full, and a file on disk has every one."""
    body = summary(monster(12, 120, 100), ())
    assert "not listed" not in body
    assert body.count("**When** somebody counts") == 24
    assert markdown(monster(400, 10, 100)).count("**When** somebody counts") == 800


def test_the_severity_is_the_only_ornament() -> None:
    """Each severity has its mark, in the table and in the comment alike."""
    for severity, mark in zip(Severity, "🟥🟧🟨⬜", strict=True):
        finding = replace(FINDING, severity=severity)
        assert inline_comment(known(finding)).startswith(f"{mark} **{severity} · ")
        assert f"| {mark} {severity} |" in summary(review(ANSWERED, ANSWERED, findings=(finding,)), ())
