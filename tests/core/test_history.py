"""The summary over a pull request's life: all that is open, what is new, what became of the rest, what it took."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.anchors import Miss
from bot.core.diff import Diff
from bot.core.known import Fate, Known, Life
from bot.core.ledger import Entry, Reason, balance
from bot.core.marker import State, read_state
from bot.core.models import Finding, Location, Severity, Side
from bot.core.outcome import conclude
from bot.core.overview import Diagram, Edge, Overview, Risk
from bot.core.placement import Unplaced
from bot.core.rendering.files import by_directory
from bot.core.rendering.markdown import markdown, summary
from bot.core.rendering.said import state_of
from bot.core.rendering.terminal import as_text, terminal
from bot.core.rendering.words import headline
from bot.core.review import Review
from tests.core.changes import added
from tests.core.github_markdown import words
from tests.core.known_findings import known
from tests.core.test_rendering import ANSWERED, FINDING, gated, review
from tests.core.test_requests import PULL

HEAD = "c" * 40
SINCE = "abc1234" + "0" * 33
OLD = replace(FINDING, location=Location("app.py", Side.LEFT, 3), title="The old number was right", body="It was.")
LOST = replace(FINDING, location=Location("app.py", Side.RIGHT, 90), title="The limit is gone", body="Since when?")
NEW, WORN = known(FINDING, 1, news=True), known(OLD, 2, said=True)


def lived(*each: Known, unplaced: tuple[Finding, ...] = (), since: str = SINCE) -> Review:
    """A review of the pull request that found these, or knew of them."""
    findings = tuple(one.finding for one in each if one.stands and one.finding not in unplaced)
    made = review(ANSWERED, ANSWERED, findings=findings)
    return replace(
        made,
        change=replace(made.change, pull_request=PULL),
        unplaced=tuple(Unplaced(finding, Miss.AMBIGUOUS) for finding in unplaced),
        life=Life(each, since=since),
    )


def rows(body: str) -> list[str]:
    """The rows of the table of findings, its head first."""
    lines = body.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("| | Finding"))
    return [line for line in lines[first : lines.index("", first)] if not line.startswith("|---")]


def test_new_findings_are_told_from_old_ones() -> None:
    """Where there are both, the headline counts the new ones, and a column marks them, and those that moved."""
    made = lived(NEW, WORN, known(replace(OLD, title="It stands elsewhere now"), 3, fate=Fate.MOVED, said=True))
    assert headline(made) == "3 findings, 1 new · 2 of 4 changed lines reviewed"
    head, *cells = (row.split(" | ")[-1] for row in rows(summary(made, ())))
    assert (head, cells) == ("|", ["new |", " |", "moved |"])


@pytest.mark.parametrize(
    ("each", "found"),
    [
        ((NEW,), "1 finding"),
        ((WORN,), "1 finding, none new"),
        ((known(OLD, 2),), "1 finding, none new"),
        ((NEW, known(OLD, 2, news=True)), "2 findings"),
        ((known(OLD, 2, fate=Fate.FIXED, note=HEAD),), "nothing found"),
    ],
)
def test_one_kind_of_findings_needs_no_column(each: tuple[Known, ...], found: str) -> None:
    """All new or all old: the headline says it where it is not plain, and the table has three columns."""
    made = lived(*each)
    assert headline(made).split(" · ")[0] == found
    assert "| | Finding | Where | |" not in summary(made, ())


def test_what_changed_since_the_review_before_is_one_line() -> None:
    """It counts what is new and what this head fixed; what an earlier one fixed was told then."""
    fixed = known(replace(OLD, title="A"), 3, fate=Fate.FIXED, note=HEAD)
    before = known(replace(OLD, title="B"), 4, fate=Fate.FIXED, note="d" * 40)
    body = summary(lived(NEW, WORN, fixed, before), ())
    assert "\nNew in this review: 1, fixed since `abc1234`: 1.\n" in body
    assert "New in this review" not in summary(lived(NEW, since=""), ())


def test_a_review_that_builds_upon_nothing_says_why() -> None:
    """Where an earlier review stands and all was read again, the reason is one sentence."""
    made = replace(lived(NEW), life=Life((NEW,), full_because="the summary of the review before is gone"))
    assert "\nEverything was read again: the summary of the review before is gone.\n" in summary(made, ())
    assert "Everything was read again" in as_text(terminal(made))
    assert "Everything was read again" not in summary(lived(NEW), ())


def test_a_finding_is_told_in_full_where_nothing_else_tells_it() -> None:
    """Whether new or old, it is one without a comment: neither from before nor from this run."""
    unsaid = known(replace(OLD, body="Unsaid so far."), 3)
    made = lived(NEW, WORN, unsaid)
    body = summary(made, {NEW.id})
    assert "<details><summary>In full: 1 finding</summary>" in body
    assert "Unsaid so far." in body
    assert "It was." not in body
    assert "It is 3." not in body
    assert "It is 3." in summary(made, ())
    assert all(text in markdown(made) for text in ("Unsaid so far.", "It was.", "It is 3."))


def test_what_was_fixed_does_not_hide_what_is_open() -> None:
    """A finding that is word for word one of before, whose comment says that it is fixed, is told on its own."""
    fixed = known(FINDING, 9, fate=Fate.FIXED, note=HEAD, said=True)
    made = lived(fixed, NEW)
    made = replace(made, findings=(FINDING,))
    assert "It is 3." in summary(made, ())
    assert headline(made).startswith("1 finding ·")


def test_what_has_a_comment_on_its_file_is_only_named() -> None:
    """Findings without a line are told with the reason, unless their words stand in a comment."""
    each = known(LOST, 3, placed=False, news=True)
    body = summary(lived(NEW, each, unplaced=(LOST,)), ())
    assert "Since when?" in body
    assert f"`app.py`: {Miss.AMBIGUOUS}" in body
    body = summary(lived(NEW, each, unplaced=(LOST,)), {each.id})
    assert "**Not on a changed line: 1 finding**\n\n- 🟧 high · `app.py`: The limit is gone\n" in body
    assert "Since when?" not in body


def test_no_link_leads_to_a_line_that_is_not_there() -> None:
    """An old finding whose line left the diff is named by its file."""
    (_, row) = rows(summary(lived(known(LOST, 3, placed=False, said=True)), ()))
    assert row == "| 🟧 high | The limit is gone | `app.py` |"


def test_what_is_not_open_any_more_is_folded() -> None:
    """Fixed by which commit, dismissed by whom, no longer in the diff: counted, listed, and nobody is pinged."""
    each = (
        known(replace(OLD, title="A"), 3, fate=Fate.FIXED, note=HEAD),
        known(replace(OLD, title="B"), 4, fate=Fate.DISMISSED, note="@mallory"),
        known(replace(OLD, title="C"), 5, fate=Fate.DISMISSED, note="eve", binding=False),
        known(replace(OLD, title="D"), 6, fate=Fate.DISMISSED, note="its comment was deleted"),
        known(replace(OLD, title="E"), 7, fate=Fate.OUTDATED),
    )
    body = summary(lived(*each), ())
    assert "<details><summary>Fixed: 1</summary>\n\n- `app.py`: A (in ccccccc)\n" in body
    assert "<details><summary>Dismissed: 3</summary>\n\n- `app.py`: B (by @\u2060mallory)\n" in body
    assert "- `app.py`: C (by eve, who may not write here: it still counts)\n" in body
    assert "- `app.py`: D (its comment was deleted)\n" in body
    assert "<details><summary>No longer in the diff: 1</summary>\n\n- `app.py`: E\n" in body
    assert "Earlier findings: 1 fixed, 3 dismissed, 1 no longer in the diff." in as_text(terminal(lived(*each)))


def test_what_is_not_worth_saying_is_noticed_beside() -> None:
    """Below the threshold and less sure share one fold; with both, each list has its head."""
    below = replace(FINDING, severity=Severity.LOW, title="A low one")
    unsure = replace(FINDING, title="An unsure one", confidence=0.1)
    both = summary(replace(lived(), below=(below,) * 3, doubtful=(unsure,)), ())
    assert "<details><summary>Also noticed: 3 below the threshold, 1 less sure</summary>" in both
    assert both.index("**Below the threshold**") < both.index("A low one") < both.index("**Less sure**")
    one = summary(replace(lived(), doubtful=(unsure,)), ())
    assert "<details><summary>Also noticed: 1 less sure</summary>\n\n- `app.py`: An unsure one (when " in one
    assert "Also noticed, below the threshold: 3" in as_text(terminal(replace(lived(), below=(below,) * 3)))


def test_the_policy_file_is_spoken_of_in_a_short_list() -> None:
    """Each problem is one item; of very many the rest is counted, and it is said where they all are."""
    body = summary(replace(lived(NEW), notices=("line 4: there is no key `draft`",)), ())
    fold = "<details><summary>About the policy file: 1 notice</summary>"
    assert f"{fold}\n\n- line 4: there is no key `draft`\n\n</details>\n" in body
    assert body.index("| | Finding") < body.index("It is 3.") < body.index(fold)
    many = summary(replace(lived(NEW), notices=tuple(f"line {number}" for number in range(50))), ())
    assert "- line 9\n- 40 more: `plumbline config check` lists them all\n" in many


@pytest.mark.parametrize(
    ("former", "path"),
    [(".github/plumbline.yml", "policy.yml"), (None, ".github/plumbline.yml"), (".github/plumbline.yml", None)],
)
def test_the_policy_file_is_not_folded_for_who_changes_it(former: str | None, path: str | None) -> None:
    """Where the change writes, renames or deletes the file its author can help it: all is read at once."""
    made = lived(NEW)
    policy = replace(made.diff.files[0], new_path=path, old_path=former)
    made = replace(made, diff=Diff((policy, *made.diff.files[1:])), notices=("line 4: there is no key `draft`",))
    assert "\n**About the policy file**\n\n- line 4: there is no key `draft`\n\n<details>" in summary(made, ())


OVERVIEW = Overview("Adds links. The riskiest part is `resolve()`.", Risk.MEDIUM, 20)
FLOW = Diagram(("Visitor", "resolve()"), (Edge(0, 1),))


def test_the_overview_frames_the_summary() -> None:
    """What the change does stands under the headline, risk and effort above the footer, a flow where there is one."""
    lines = summary(replace(lived(NEW), overview=OVERVIEW), ()).split("\n")
    assert lines[3] == OVERVIEW.text
    assert lines[-4:-2] == ["Risk **medium** · about 20 minutes to review", ""]
    assert not any("How it flows" in line for line in lines)
    drawn = summary(replace(lived(NEW), overview=replace(OVERVIEW, diagram=FLOW)), ())
    assert "<details><summary>How it flows</summary>\n\n```mermaid\nflowchart LR\n" in drawn
    assert "Risk medium, about 1 minute to review." in as_text(
        terminal(replace(lived(NEW), overview=replace(OVERVIEW, minutes=1)))
    )


def test_what_the_pull_request_took_so_far_is_said_once_it_is_more() -> None:
    """The sum of all reviews stands behind what this one took, where they differ."""
    made = replace(lived(NEW), requests=1, dollars=0.05)
    assert "· $0.05 · $0.31 on this pull request ·" in summary(replace(made, life=Life(dollars=0.31)), ())
    assert "on this pull request" not in summary(replace(made, life=Life(dollars=0.05)), ())
    assert "on this pull request" not in summary(made, ())


def test_a_gate_is_told_as_it_is_named() -> None:
    """The reason of a skip is shown as it was given, its code as code."""
    assert summary(gated("label `wip`"), ()).split("\n")[1] == "### Plumbline: not reviewed: label `wip`"


def test_the_state_tells_what_the_next_review_builds_upon() -> None:
    """It names the commits, keeps what life hands on, and which findings have a comment, old ones and new ones."""
    life = Life(
        (NEW, WORN), SINCE, "", (b"h" * 32,), "0a1b2c3d", (("app.py", "counts"),), 0.31, 2, "2026-01-01T00:00:00Z"
    )
    made = replace(lived(NEW, WORN), life=life, overview=OVERVIEW)
    state = state_of(made, {NEW.id})
    assert (state.head, state.base, state.ending) == (HEAD, "b" * 40, "complete")
    assert [(each.id, each.said) for each in state.known] == [(NEW.id, True), (WORN.id, True)]
    assert [each.said for each in state_of(made, ()).known] == [False, True]
    assert (state.hunks, state.rules, state.summaries) == (life.hunks, life.rules, life.summaries)
    assert (state.overview, state.dollars, state.quiet, state.heard) == (OVERVIEW, 0.31, 2, life.heard)
    read = read_state(summary(made, {NEW.id}))
    assert isinstance(read, State)
    assert read.head == HEAD


@pytest.mark.parametrize(
    ("paths", "groups"),
    [
        (["a/b", "a/c/d", "e/f", "g"], {"a/": [0, 1], "e/": [2], "": [3]}),
        (["src/a/b", "src/c/d", "src/e"], {"src/a/": [0], "src/c/": [1], "src/": []}),
        (["src/a", "src/b"], {"": [0, 1]}),
        (["a", "b"], {"": [0, 1]}),
        (["a/b/c"], {"": [0]}),
        ([], {}),
    ],
)
def test_paths_are_grouped_where_they_first_differ(paths: list[str], groups: dict[str, list[int]]) -> None:
    """What all share tells nothing: the next directory below is the group; loose files come last."""
    expected = {name: indices for name, indices in groups.items() if indices}
    if "src/e" in paths:
        expected[""] = [2]
    assert by_directory(paths) == expected
    assert sorted(index for indices in by_directory(paths).values() for index in indices) == list(range(len(paths)))


def many(*paths: str) -> Review:
    """A review of new files of two lines each, the second of which was over the cost cap."""
    diff = Diff(tuple(added(path, "one", "two") for path in paths))
    entries = [Entry(index, reason, at, at + 1) for index in range(len(paths)) for at, reason in enumerate(REASONS)]
    ledger = balance(diff, entries)
    return replace(lived(), diff=diff, ledger=ledger, outcome=conclude(ledger))


REASONS = (ANSWERED, Reason.COST)


def test_many_files_are_folded_by_directory() -> None:
    """Above 15 files each directory has a row with its sums, but not one with a single file; few files have none."""
    paths = [*(f"docs/{number:02}.md" for number in range(12)), "lib/one.py", "setup.py", "web/a.ts", "web/b.ts"]
    lines = summary(many(*paths), ()).split("\n")
    assert "| **`docs/`** | **24** | **12** | 12 files |" in lines
    assert lines.index("| **`web/`** | **4** | **2** | 2 files |") + 1 == lines.index(
        "| `web/a.ts` | 2 | 1 | added; over the cost cap |"
    )
    assert not any("`lib/`" in line for line in lines)
    assert "**`docs/`**" not in summary(many(*paths[:15]), ())
    assert all(f"`{path}`" in summary(many(*paths), ()) for path in paths)


def test_a_table_of_files_that_is_cut_counts_the_rest() -> None:
    """Of 400 files in 40 directories 300 are listed; what is left out is counted, and is in the sum below."""
    body = summary(many(*(f"d{number // 10:02}/{number}.py" for number in range(400))), ())
    assert body.count("| added; over the cost cap |") == 300
    assert "100 more files not listed here; the sum below counts them." in body
    assert "Ledger: 800 changed lines: 400 lines reviewed" in words(body)
