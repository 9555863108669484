"""Chunking: nothing dropped, nothing twice, within budget, related files together; and the ledger that follows."""

from __future__ import annotations

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import model_rules
from bot.core.chunking import OVERLAP_LINES, Budget, Plan, chunk_risk, lines_of, pack
from bot.core.cost import Price
from bot.core.diff import Diff, FileDiff, FileStatus, Hunk, Line, LineKind
from bot.core.ledger import Entry, Reason, State, balance
from bot.core.outcome import Ending, conclude
from bot.core.risk import hunk_risk
from bot.core.selection import Filters, select
from tests.core.strategies import diffs

RULES = model_rules.RULES.of("claude-opus-4-6")


def source(path: str, size: int, text: str = "value = compute(other)", start: int = 10) -> FileDiff:
    lines = tuple(Line(LineKind.ADDED, None, start + number, f"{text}  # {number}") for number in range(size))
    return FileDiff(path, path, FileStatus.MODIFIED, hunks=(Hunk(start - 1, 0, start, size, "", lines),))


def planned(*files: FileDiff, budget: Budget = Budget(RULES)) -> Plan:  # noqa: B008
    return pack(Diff(files), range(len(files)), budget)


def paths_of(plan: Plan, *files: FileDiff) -> list[list[str]]:
    return [list(dict.fromkeys(files[piece.file].path for piece in chunk.pieces)) for chunk in plan.chunks]


def covered(plan: Plan) -> list[Entry]:
    asked = [Entry(piece.file, Reason.ANSWERED, *piece.ordinals) for chunk in plan.chunks for piece in chunk.pieces]
    return [*asked, *plan.left_out]


SEVERAL = [Reason.ANSWERED, Reason.NO_MODEL, Reason.REQUEST_FAILED, Reason.REFUSED, Reason.ANSWERED_EARLIER]


@given(
    diffs,
    st.integers(60, 400),
    st.sampled_from([0.0, 0.04, 0.2, 5.0]),
    st.sampled_from([Filters(), Filters(exclude=("*a*",)), Filters(include=("*b*",))]),
    st.lists(st.sampled_from(SEVERAL), min_size=1, max_size=7),
)
@settings(max_examples=300)
def test_every_changed_line_is_accounted_for_once(
    diff: Diff, tokens: int, dollars: float, filters: Filters, fates: list[Reason]
) -> None:
    """Over any change, budget, filter and fate of the requests the states sum to the changed lines."""
    selection = select(diff, filters=filters)
    plan = pack(diff, selection.kept, Budget(RULES, tokens, dollars))
    pieces = [piece for chunk in plan.chunks for piece in chunk.pieces]
    answers = [Entry(piece.file, fates[turn % len(fates)], *piece.ordinals) for turn, piece in enumerate(pieces)]
    ledger = balance(diff, [*selection.left_out, *plan.left_out, *answers])
    assert sum(ledger.by_state.values()) == sum(ledger.by_reason.values()) == diff.changed
    if conclude(ledger).ending is Ending.COMPLETE:
        assert ledger.lines(State.FAILED, State.LEFT_OUT) == 0
    assert plan.estimate.dollars <= dollars


@given(diffs, st.integers(60, 400))
def test_pieces_own_what_they_show_and_chunks_keep_their_budget(diff: Diff, tokens: int) -> None:
    """What is answered for is within what is shown, and no chunk is larger than the budget."""
    plan = pack(diff, select(diff).kept, Budget(RULES, tokens, 1_000))
    for chunk in plan.chunks:
        assert chunk.tokens <= tokens
        for piece in chunk.pieces:
            lines = diff.files[piece.file].hunks[piece.hunk].lines
            assert 0 <= piece.shown[0] <= piece.owned[0] < piece.owned[1] <= piece.shown[1] <= len(lines)
            assert sum(line.changed for line in lines[slice(*piece.owned)]) == piece.ordinals[1] - piece.ordinals[0]


def test_twenty_thousand_lines_become_more_chunks() -> None:
    """A big change is split, in files and inside one huge hunk, and nothing is dropped."""
    files = (source("a.py", 15_000), *(source(f"p/{number}.py", 50) for number in range(100)))
    plan = planned(*files, budget=Budget(RULES, dollars=1_000))
    assert balance(Diff(files), covered(plan)).by_reason == {Reason.ANSWERED: 20_000}
    assert all(chunk.tokens <= 12_000 for chunk in plan.chunks)
    assert plan == planned(*files, budget=Budget(RULES, dollars=1_000))


def test_a_cut_shows_some_lines_of_both_parts() -> None:
    """Parts of one hunk overlap in what they show, never in what they answer for."""
    first, second = (chunk.pieces[0] for chunk in planned(source("a.py", 100), budget=Budget(RULES, 1_200)).chunks[:2])
    assert first.shown[1] > first.owned[1] == second.owned[0] > second.shown[0]


def test_a_source_and_its_test_are_read_together() -> None:
    """The test goes with the file that it tests, across folders, where both fit in one request."""
    files = (
        source("app/a.py", 30),
        source("app/links.py", 30),
        source("tests/test_links.py", 30),
        source("web/share.test.ts", 30),
        source("web/share.ts", 30),
    )
    plan = planned(*files, budget=Budget(RULES, 1_400))
    together = paths_of(plan, *files)
    assert ["app/links.py", "tests/test_links.py"] in together
    assert ["web/share.ts", "web/share.test.ts"] in together


def test_files_of_one_folder_stand_together() -> None:
    """Whatever the patch's order, a folder's files are neighbours."""
    files = tuple(source(f"{folder}/{name}.py", 5) for name in "abc" for folder in ("x", "y"))
    (paths,) = paths_of(planned(*files), *files)
    assert [path[0] for path in paths] == ["x", "x", "x", "y", "y", "y"]


def test_a_line_that_fits_in_no_request_is_too_large() -> None:
    """It is left out by name, and its neighbours are read."""
    rows = [Line(LineKind.ADDED, None, number, text) for number, text in enumerate(["a", "x " * 50_000, "b"], 1)]
    file = FileDiff(None, "a.txt", FileStatus.ADDED, hunks=(Hunk(0, 0, 1, 3, "", tuple(rows)),))
    ledger = balance(Diff((file,)), covered(planned(file)))
    assert ledger.by_reason == {Reason.ANSWERED: 2, Reason.TOO_LARGE: 1}


def test_where_money_is_short_the_riskiest_is_read_first() -> None:
    """Authentication goes before documentation; what is left out is named."""
    files = (
        source("docs/guide.md", 300, "words about tokens and passwords"),
        source("app/auth/login.py", 300, "if not check_password(user, password): raise"),
        source("app/colours.py", 300, "shade = lighter(shade)"),
    )
    dear = planned(*files, budget=Budget(RULES, 9_000, 1_000)).estimate.dollars
    plan = planned(*files, budget=Budget(RULES, 9_000, dear * 0.7))
    assert [path for paths in paths_of(plan, *files) for path in paths] == ["app/auth/login.py", "app/colours.py"]
    assert {files[entry.file].path for entry in plan.left_out} == {"docs/guide.md"}
    assert {entry.reason for entry in plan.left_out} == {Reason.COST}


@given(diffs, st.integers(60, 400), st.sampled_from([0.02, 0.1, 1_000.0]), st.data())
def test_the_plan_does_not_depend_on_the_order_of_what_is_kept(
    diff: Diff, tokens: int, dollars: float, data: st.DataObject
) -> None:
    """The same files in any order make the same plan."""
    kept = select(diff).kept
    budget = Budget(RULES, tokens, dollars)
    assert pack(diff, data.draw(st.permutations(kept)), budget) == pack(diff, kept, budget)


@given(st.lists(st.integers(1, 200), min_size=2, max_size=12), st.floats(0, 1), st.floats(0.1, 30), st.integers(0, 900))
def test_the_estimate_never_exceeds_the_cap(sizes: list[int], share: float, price: float, overhead: int) -> None:
    """Whatever the cap, the plan's own estimate stays within it, and a cap that reaches for all leaves nothing out."""
    files = tuple(source(f"{number}.py", size) for number, size in enumerate(sizes))
    whole = planned(*files, budget=Budget(RULES, 600, math.inf, Price(price, 5 * price), overhead))
    cap = whole.estimate.dollars * share
    plan = planned(*files, budget=Budget(RULES, 600, cap, Price(price, 5 * price), overhead))
    assert plan.estimate.dollars <= cap
    again = planned(*files, budget=Budget(RULES, 600, whole.estimate.dollars, Price(price, 5 * price), overhead))
    assert again == whole
    assert balance(Diff(files), covered(plan)).changed == sum(sizes)


@given(st.permutations(["src/auth.py", "src/plain.py", "src/tests/test_x.py", "docs/a.md", "src/pay/payment.py"]))
def test_what_is_left_out_is_never_riskier_than_what_is_read(paths: list[str]) -> None:
    """Money buys the riskiest chunks first."""
    files = tuple(source(path, 40) for path in paths)
    diff = Diff(files)
    plan = pack(diff, range(len(files)), Budget(RULES, 700, 0.1))
    assert plan.chunks
    assert plan.left_out
    read = min(chunk_risk(diff, chunk) for chunk in plan.chunks)
    assert all(hunk_risk(files[entry.file], files[entry.file].hunks[0]) <= read for entry in plan.left_out)


def test_overlap_is_shown_and_owned_once() -> None:
    """Over all pieces of a hunk what is owned follows without gap, and what is shown reaches a little beyond."""
    file = source("a.py", 400)
    pieces = [piece for chunk in planned(file, budget=Budget(RULES, 600)).chunks for piece in chunk.pieces]
    assert len(pieces) > 5
    assert pieces[0].owned[0] == 0
    assert pieces[-1].owned[1] == 400
    assert all(one.owned[1] == other.owned[0] for one, other in itertools.pairwise(pieces))
    assert all(1 <= one.shown[1] - one.owned[1] <= OVERLAP_LINES for one in pieces[:-1])
    assert all(1 <= one.owned[0] - one.shown[0] <= OVERLAP_LINES for one in pieces[1:])
    hunk, shown = lines_of(pieces[1], Diff((file,)))
    assert shown == hunk.lines[slice(*pieces[1].shown)]


def test_a_test_that_does_not_fit_beside_its_source_is_read_all_the_same() -> None:
    """Where both do not fit in one request, each goes into its own, and nothing is dropped."""
    files = (source("app/links.py", 60), source("tests/test_links.py", 60))
    plan = planned(*files, budget=Budget(RULES, 1_000))
    assert len(plan.chunks) > 1
    assert balance(Diff(files), covered(plan)).by_reason == {Reason.ANSWERED: 120}


def test_no_budget_reads_nothing_and_says_so() -> None:
    """With no dollars, or with no room for a line, every line is entered with its reason."""
    file = source("a.py", 10)
    for budget, reason in (
        (Budget(RULES, dollars=0), Reason.COST),
        (Budget(RULES, 0), Reason.TOO_LARGE),
    ):
        plan = planned(file, budget=budget)
        assert plan.chunks == ()
        assert balance(Diff((file,)), plan.left_out).by_reason == {reason: 10}
