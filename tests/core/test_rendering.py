"""What is said: first lines by outcome, hostile text made harmless, code frames."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.core.analysis import AnalyzerNote, Run
from bot.core.anchors import Miss
from bot.core.change import Change
from bot.core.chunking import Budget, pack
from bot.core.diff import Diff, FileDiff, FileStatus
from bot.core.ledger import Entry, Ledger, Reason, balance
from bot.core.messages import Usage
from bot.core.model_rules import RULES
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.outcome import conclude
from bot.core.patch import parse
from bot.core.placement import Unplaced
from bot.core.policy import Policy
from bot.core.rendering.annotations import workflow_commands
from bot.core.rendering.check_run import check_output
from bot.core.rendering.document import document
from bot.core.rendering.frames import frame
from bot.core.rendering.markdown import markdown, summary
from bot.core.rendering.sarif import sarif
from bot.core.rendering.terminal import as_text, terminal
from bot.core.rendering.words import analyzers_sentence, count, dollars, headline, ledger_sentence
from bot.core.review import Review
from bot.core.sanitize import code
from bot.core.visible import Shown, printable

PATCH = b"""diff --git a/app.py b/app.py
index 1111111..2222222 100644
--- a/app.py
+++ b/app.py
@@ -1,5 +1,5 @@
 one
 two
-three
+3
 four
 five
diff --git a/uv.lock b/uv.lock
index 1111111..2222222 100644
--- a/uv.lock
+++ b/uv.lock
@@ -1 +1 @@
-a
+b
"""
FINDING = Finding(
    Location("app.py", Side.RIGHT, 3),
    Severity.HIGH,
    Category.CORRECTNESS,
    "The number is wrong",
    "It is 3.",
    "somebody counts, they come to another number",
    "model",
    "wrong-number",
)


def review(*reasons: Reason, findings: tuple[Finding, ...] = (), asked: bool = True, patch: bytes = PATCH) -> Review:
    """A review of the patch above, the two lines of app.py ended as given, uv.lock excluded."""
    diff = parse(patch)
    lines = [Entry(0, reason, place, place + 1) for place, reason in enumerate(reasons)]
    ledger = balance(diff, [*lines, Entry(1, Reason.LOCKFILE, 0, 2)]) if reasons else balance(Diff(()), [])
    return Review(
        change=Change(patch, "main...work", "b" * 40, "c" * 40),
        diff=diff if reasons else Diff(()),
        plan=pack(diff, [0], Budget(RULES.of("claude-opus-4-6"))),
        findings=findings,
        analyzers=(AnalyzerNote("ruff", Run.RAN, 1),),
        ledger=ledger,
        outcome=conclude(ledger),
        asked=asked,
        model="claude-opus-4-6",
        prompts="0" * 8,
        version="1.2.3",
    )


ANSWERED, FAILED, COST = Reason.ANSWERED, Reason.REQUEST_FAILED, Reason.COST


def gated(rule: str) -> Review:
    """A review that a rule kept from starting."""
    made = review(ANSWERED, ANSWERED)
    return replace(made, outcome=conclude(made.ledger, gate=rule))


def failed(*sentences: str) -> Review:
    """A review all of whose requests failed."""
    return replace(review(FAILED, FAILED), failures=sentences)


def everything(reason: Reason, *, unlisted: int = 0, withheld: bool = False) -> Review:
    """A review of app.py alone, its lines ended as given, with files that GitHub did not show beside it."""
    app = parse(PATCH).files[0]
    more = (FileDiff("big.py", "big.py", FileStatus.MODIFIED),) if withheld else ()
    diff = Diff((app, *more))
    ledger = balance(diff, [Entry(0, reason, 0, 2), *(Entry(1, Reason.WITHHELD, 0, 0) for _ in more)])
    made = review(ANSWERED, ANSWERED)
    change = replace(made.change, unlisted=unlisted)
    return replace(made, diff=diff, ledger=ledger, change=change, outcome=conclude(ledger, unlisted=unlisted))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (review(ANSWERED, ANSWERED), "nothing found · 2 of 4 changed lines reviewed"),
        (review(ANSWERED, ANSWERED, findings=(FINDING,)), "1 finding · 2 of 4 changed lines reviewed"),
        (review(ANSWERED, COST), "no findings · 1 of 4 changed lines reviewed, 1 not (1 line over the cost cap)"),
        (
            review(ANSWERED, FAILED, findings=(FINDING, FINDING)),
            "2 findings · 1 of 4 changed lines reviewed, 1 not (1 line in requests that failed)",
        ),
        (review(FAILED, FAILED), "not reviewed: 2 lines in requests that failed"),
        (
            review(Reason.NO_MODEL, Reason.NO_MODEL, asked=False),
            "no findings by the analyzers · no model took part: 0 of 4 changed lines reviewed",
        ),
        (
            review(Reason.PATH_FILTER, Reason.PATH_FILTER, asked=False),
            "not reviewed: nothing to read, 2 lines in lockfiles, 2 lines left out by path filters",
        ),
        (review(), "not reviewed: no changes"),
        (gated("draft"), "not reviewed: draft"),
        (
            failed("the endpoint answered 529 for 5 minutes; \x1b[2Jask again later"),
            "not reviewed: the endpoint answered 529 for 5 minutes; \\x1b[2Jask again later",
        ),
        (everything(ANSWERED), "nothing found · all 2 changed lines reviewed"),
        (
            everything(ANSWERED, withheld=True),
            "no findings · 2 of 2 changed lines reviewed, GitHub withheld the patch of 1 file",
        ),
        (
            everything(ANSWERED, unlisted=30),
            "no findings · 2 of 2 changed lines reviewed, GitHub did not list 30 files",
        ),
        (
            everything(COST, unlisted=1),
            (
                "no findings · 0 of 2 changed lines reviewed, 2 not (2 lines over the cost cap), "
                "GitHub did not list 1 file"
            ),
        ),
        (
            replace(review(ANSWERED, ANSWERED), unplaced=(Unplaced(FINDING, Miss.NO_QUOTE),)),
            "1 finding · 2 of 4 changed lines reviewed",
        ),
    ],
)
def test_the_first_line_tells_how_it_ended(made: Review, words: str) -> None:
    """One sentence for each outcome; "nothing found" only where every line that is read was answered for."""
    assert headline(made) == words
    assert ("nothing found" in headline(made)) == (made.outcome.ending == "complete" and not made.said)
    for form in (summary(made, ()), document(made)):
        assert ("nothing found" in form) == ("nothing found" in headline(made))


def test_the_frame_shows_the_line_among_its_neighbours() -> None:
    """Two lines before, one after, on the same side, the commented ones marked."""
    diff = parse(PATCH)
    right = [(line.number, line.text, line.marked) for line in frame(Shown(diff), FINDING.location)]
    assert right == [(1, "one", False), (2, "two", False), (3, "3", True), (4, "four", False)]
    left = frame(Shown(diff), Location("app.py", Side.LEFT, 3))
    assert [line.text for line in left if line.marked] == ["three"]
    assert frame(Shown(diff), Location("app.py", Side.RIGHT, 99)) == ()


HOSTILE = (
    "\x1b[31mred\x07 \u202egnp.exe </details> | `x` @everyone ::error::x\n::set-output name=a::b <img src=x> \udcff"
)
FINDINGS = (replace(FINDING, title=HOSTILE, body=HOSTILE, scenario=HOSTILE, quote=HOSTILE),)
NASTY = replace(
    review(ANSWERED, ANSWERED, findings=FINDINGS),
    unplaced=tuple(Unplaced(replace(FINDINGS[0], location=Location(HOSTILE, Side.LEFT, 10**9)), miss) for miss in Miss),
    doubtful=(replace(FINDINGS[0], suggestion=HOSTILE, confidence=0.1),),
    summaries={0: HOSTILE},
    failures=(HOSTILE,),
    requests=3,
    usage=Usage(100, 20, 0, 300, 50),
    dollars=0.0123,
)


def test_nothing_active_reaches_a_terminal() -> None:
    """Escape sequences, bells and bidirectional marks are shown, not sent."""
    text = as_text(terminal(NASTY))
    assert not set("\x1b\x07\u202e\udcff") & set(text)
    assert "\\x1b[31mred\\x07 \\u202egnp.exe" in text


def test_markdown_cannot_be_broken_out_of() -> None:
    """No HTML, no mention, no table cell, no code span is opened or closed by a finding's words."""
    text = markdown(review(ANSWERED, ANSWERED, findings=FINDINGS))
    assert "<img" not in text
    assert text.count("</details>") == text.count("<details>")
    assert "@everyone" not in text
    assert not set("\x1b\x07\u202e\udcff") & set(text)
    row = next(line for line in text.splitlines() if line.startswith("| 🟧"))
    assert row.replace("\\|", "").count("|") == 4


@pytest.mark.parametrize("text", ["a", "`", "a`b", "``", "a``b`c", "`start", "end`"])
def test_code_spans_hold_any_backticks(text: str) -> None:
    """The fence is longer than any run of backticks inside."""
    span = code(text)
    fence = span[: len(span) - len(span.lstrip("`"))] if not text.startswith("`") else span.split(" ")[0]
    assert span.startswith(fence)
    assert span.endswith(fence)
    assert fence not in text


def test_no_text_starts_a_workflow_command() -> None:
    """Each line of the github form is a command that Plumbline wrote."""
    lines = workflow_commands(review(ANSWERED, ANSWERED, findings=FINDINGS)).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("::error file=app.py,line=3,endLine=3,title=")
    assert "::set-output" not in lines[0].split("%0A")[0]


def test_json_and_sarif_are_valid_whatever_is_said() -> None:
    """Both forms encode as UTF-8 and parse."""
    for text in (document(NASTY), sarif(NASTY)):
        json.loads(text.encode())


def test_left_findings_have_no_region_in_sarif() -> None:
    """SARIF speaks of the head: a finding on a removed line names the file alone."""
    left = replace(FINDING, location=Location("app.py", Side.LEFT, 3))
    log = json.loads(sarif(review(ANSWERED, ANSWERED, findings=(left,))))
    assert "region" not in log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]


def test_small_words() -> None:
    """Counts have their plural; bytes that are not UTF-8 and controls are escapes; a final CR is not shown."""
    assert [count(1, "line"), count(2, "line"), count(1_204, "line")] == ["1 line", "2 lines", "1,204 lines"]
    assert printable("a\tb\udcff\x00\r") == "a\tb\\xff\\x00"


def test_what_was_not_counted_is_told_apart() -> None:
    """Dollars that rest on an estimate are never told as if they were counted."""
    counted = replace(review(Reason.ANSWERED, Reason.ANSWERED), requests=1, dollars=0.31)
    assert dollars(counted) == "$0.31"
    lost = replace(counted, presumed=0.05)
    assert dollars(lost) == "$0.31 (about $0.05 of it not counted by the endpoint)"


def test_analyzers_that_did_not_run_are_named() -> None:
    """What failed and what lacked the text is said; what had nothing to do is not."""
    notes = (
        AnalyzerNote("secrets", Run.RAN, 2),
        AnalyzerNote("ruff", Run.NOT_RUN, missing=3),
        AnalyzerNote("zizmor", Run.FAILED, detail="no answer within 60 s"),
        AnalyzerNote("checks", Run.NOTHING_TO_DO),
    )
    ruff = "ruff on 0 of 3 files (it needs whole files)"
    assert analyzers_sentence(notes) == f"secrets on 2 files; {ruff}; zizmor failed: no answer within 60 s"
    some = AnalyzerNote("ruff", Run.RAN, 1_200, missing=1)
    assert analyzers_sentence((some,)) == "ruff on 1,200 of 1,201 files (it needs whole files)"


EARLIER, NOBODY = Reason.ANSWERED_EARLIER, Reason.NO_MODEL


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (review(NOBODY, NOBODY, asked=False), "the analyzers ran on the changed lines, and nobody read them."),
        (review(EARLIER, EARLIER, asked=False), "in this review; the lines were read by an earlier one."),
        (
            review(EARLIER, NOBODY, asked=False),
            "in this review; an earlier one read some of the lines, and nobody read the others.",
        ),
    ],
)
def test_nobody_read_is_said_of_no_line_that_was_read(made: Review, sentence: str) -> None:
    """Without a model every form says whether an earlier review read the lines; with one, none speaks of it."""
    forms = (summary(made, ()), as_text(terminal(made)), check_output(made, made.policy).summary)
    assert all("No model took part" in form and sentence in form for form in forms)
    made = replace(made, asked=True)
    forms = (summary(made, ()), as_text(terminal(made)), check_output(made, made.policy).summary)
    assert not any("No model took part" in form for form in forms)


def test_no_english_word_stands_before_another_language() -> None:
    """`When` stands before a case in English only, in a terminal and in the summary."""
    for language, there in (("German", False), ("en", True), ("", True)):
        policy = Policy("claude-opus-4-6", language=language)
        unsure = replace(FINDING, title="An unsure one")
        made = replace(review(ANSWERED, ANSWERED, findings=(FINDING,)), policy=policy, doubtful=(unsure,))
        assert ("When somebody" in as_text(terminal(made))) is there
        assert ("**When** somebody" in summary(made, ())) is there
        assert ("(when somebody" in summary(made, ())) is there


def test_every_reason_has_its_words() -> None:
    """Whatever a line's fate, the ledger can be told in a sentence."""
    for reason in Reason:
        ledger = Ledger((Entry(0, reason, 0, 2),), 2)
        assert ledger_sentence(ledger).startswith("2 changed lines: 2 lines ")
