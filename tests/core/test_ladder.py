"""The ladder: a comment on lines that GitHub shows, else on the file, else nothing but the summary."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diff import Diff, FileDiff, FileStatus, Origin
from bot.core.known import Known
from bot.core.ladder import MOST_ON_FILES, part_of_run, rungs
from bot.core.models import Location, Severity, Side
from tests.core.changes import added, deleted, edited, hunk
from tests.core.known_findings import known
from tests.core.strategies import diffs
from tests.core.test_rendering import FINDING

CRITICAL, HIGH, MEDIUM, LOW = Severity
DIFF = Diff((edited("app.py", hunk(1, 1, " one", "-two", "+zwei", " three"), hunk(20, 20, " x", "+y")),))


def on(  # noqa: PLR0913 - a place has these parts
    line: int,
    side: Side = Side.RIGHT,
    *,
    path: str = "app.py",
    start: int | None = None,
    severity: Severity = HIGH,
    placed: bool = True,
    number: int = 1,
) -> Known:
    """A finding at a place."""
    finding = replace(FINDING, location=Location(path, side, line, start), severity=severity)
    return known(finding, number, placed=placed)


@pytest.mark.parametrize(
    "each",
    [
        on(2),
        on(2, Side.LEFT),
        on(1),
        on(3, start=1),
        on(21, start=20),
    ],
)
def test_what_has_a_line_gets_a_comment_there(each: Known) -> None:
    """Added lines and context on the right, removed ones on the left, a run of lines inside one hunk."""
    made = rungs([each], DIFF, most=10)
    assert (made.inline, made.on_files) == ((each,), ())


@pytest.mark.parametrize(
    "each",
    [
        on(4),
        on(1, Side.LEFT),
        on(3, Side.LEFT),
        on(20, start=3),
        on(2, start=3),
        on(2, placed=False),
        on(0),
    ],
)
def test_what_has_no_line_gets_none(each: Known) -> None:
    """Beside the hunks, context on the left, a run over two hunks or backwards, a line that nobody proved."""
    for severity in (HIGH, CRITICAL):
        grave = replace(each, finding=replace(each.finding, severity=severity))
        assert rungs([grave], DIFF, most=10).on_files == (grave,)
    for severity in (MEDIUM, LOW):
        mild = replace(each, finding=replace(each.finding, severity=severity))
        made = rungs([mild], DIFF, most=10)
        assert (made.inline, made.on_files) == ((), ()), "it stands in the summary"


def test_a_comment_on_a_file_needs_a_file_of_the_diff() -> None:
    """A path that the change does not have, or that no request can name, would be refused."""
    withheld = FileDiff("big.py", "big.py", FileStatus.MODIFIED, origin=Origin.WITHHELD)
    diff = Diff(
        (*DIFF.files, added("bad\udcff.py", "x"), withheld, deleted("gone.py", "y"), edited("n.py", old_path="o"))
    )
    for path, listed in (
        ("app.py", True),
        ("big.py", True),
        ("gone.py", True),
        ("n.py", True),
        ("o", False),
        ("other.py", False),
        ("bad\udcff.py", False),
    ):
        assert bool(rungs([on(99, path=path)], diff, most=10).on_files) is listed, path


def test_the_worst_come_first() -> None:
    """Of more than there may be, the worst and surest get comments."""
    severities = (LOW, CRITICAL, MEDIUM, HIGH)
    made = rungs([on(2, severity=each, number=at) for at, each in enumerate(severities)], DIFF, most=2)
    assert [each.finding.severity for each in made.inline] == [CRITICAL, HIGH]


def test_no_more_comments_than_allowed() -> None:
    """Comments on files count, too; of these there are never more than three."""
    lost = [on(99, number=number) for number in range(5)]
    placed = [on(2, number=number, severity=MEDIUM) for number in range(5, 10)]
    for most, inline, files in ((10, 5, 3), (4, 1, 3), (2, 0, 2), (0, 0, 0), (-1, 0, 0)):
        made = rungs([*placed, *lost], DIFF, most=most)
        assert (len(made.inline), len(made.on_files)) == (inline, files)


places = st.tuples(
    st.sampled_from(Side),
    st.integers(0, 14),
    st.none() | st.integers(0, 14),
    st.sampled_from(Severity),
    st.booleans(),
)


@given(diffs, st.lists(places, max_size=12), st.integers(-1, 8))
def test_every_comment_stands_where_github_takes_it(
    diff: Diff, chosen: list[tuple[Side, int, int | None, Severity, bool]], most: int
) -> None:
    """Over any change: on lines of one hunk of the file on their side; on files for grave ones only; none twice."""
    path = diff.files[0].path if diff.files else "a.py"
    all_known = [
        on(line, side, path=path, start=start, severity=severity, placed=placed, number=number)
        for number, (side, line, start, severity, placed) in enumerate(chosen)
    ]
    made = rungs(all_known, diff, most=most)
    assert len({each.id for each in (*made.inline, *made.on_files)}) == len(made.inline) + len(made.on_files)
    assert len(made.inline) + len(made.on_files) <= max(most, 0)
    assert len(made.on_files) <= MOST_ON_FILES
    assert all(each.finding.severity in {CRITICAL, HIGH} for each in made.on_files)
    for each in made.inline:
        place = each.finding.location
        first = place.start_line or place.line
        assert each.placed
        assert place.start_line is None or first < place.line
        (file,) = [file for file in diff.files if file.path == path]
        shown = [{line.number for line in one.lines if line.side is place.side} for one in file.hunks]
        assert any({first, place.line} <= numbers for numbers in shown)
    if len(all_known) <= most:
        carried = {each.id for each in all_known if each.placed and diff.carries(each.finding.location)}
        assert carried == {each.id for each in made.inline}, "none that could stand on its line is left out"


def test_a_part_of_a_run_is_named_by_its_findings() -> None:
    """Whoever posts these findings of this run gives the review the same name; other findings, another one."""
    name = part_of_run("run", ["a", "b"])
    assert name == part_of_run("run", ("a", "b"))
    assert len({name, part_of_run("run", ["a"]), part_of_run("other", ["a", "b"]), part_of_run("run", ["ab"])}) == 4
