"""Gates and budgets: which pull requests are not reviewed, in words behind "not reviewed:"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.gates import allowance, gate, skip, unanswered
from bot.core.patch import parse
from bot.core.policy import Gates, Policy
from bot.core.pull_request import Branch, PullRequest, PullRequestState

PULL = PullRequest(
    repository="acme/papers",
    repository_id=1,
    number=214,
    url="https://github.com/acme/papers/pull/214",
    title="Share links",
    body="",
    author="mona",
    association="MEMBER",
    state=PullRequestState.OPEN,
    draft=False,
    labels=("feature", "Do Not Review"),
    base=Branch("b" * 40, "release/1.2", "acme/papers"),
    head=Branch("a" * 40, "share", "acme/papers"),
    fork=False,
    merge_base="b" * 40,
    commits=(),
)
POLICY = Policy(model="m", automatic=True)


def why(gates: Gates, *, quiet: int = 0, **facts: Any) -> str:  # noqa: ANN401
    policy = replace(POLICY, gates=gates)
    return gate(policy, replace(PULL, **facts), quiet=quiet, spent_pull_request=0.0, spent_today=0.0)


@pytest.mark.parametrize(
    ("gates", "facts", "reason"),
    [
        (Gates(enabled=False), {}, "switched off by the policy (`enabled: false`)"),
        (Gates(), {"draft": True}, "draft"),
        (Gates(ignored_authors=("Renovate[bot]",)), {"author": "renovate[bot]"}, "author `renovate[bot]` is ignored"),
        (Gates(ignored_labels=("do not *",)), {}, "label `Do Not Review`"),
        (Gates(ignored_titles=("wip*",)), {"title": "WIP: x"}, "the title matches `wip*`"),
        (Gates(ignored_titles=("[WIP]*",)), {"title": "[wip] x"}, "the title matches `[WIP]*`"),
        (Gates(only_authors=("hubot", "octo*")), {}, "author `mona` is not among `hubot` and `octo*`"),
        (Gates(only_labels=("review",)), {}, "it has no label out of `review`"),
        (Gates(only_branches=("main",)), {}, "base branch `release/1.2` is not among `main`"),
        (Gates(forks=False), {"fork": True}, "from a fork, which the policy leaves out"),
        (
            Gates(newcomers=False),
            {"association": "FIRST_TIME_CONTRIBUTOR"},
            "by a first-time contributor, whom the policy leaves out",
        ),
        (
            Gates(pause_after=5),
            {"quiet": 5},
            "paused after 5 pushes without a sign of a person; comment, or run `plumbline review` by hand, to go on",
        ),
    ],
)
def test_each_gate_says_why(gates: Gates, facts: dict[str, Any], reason: str) -> None:
    """A gate that holds is named in words; what a person asks for by hand passes it."""
    assert why(gates, **facts) == reason
    by_hand = replace(POLICY, automatic=False, gates=gates)
    pull = replace(PULL, **{name: fact for name, fact in facts.items() if name != "quiet"})
    assert gate(by_hand, pull, quiet=99, spent_pull_request=0.0, spent_today=0.0) == ""


@pytest.mark.parametrize(
    ("gates", "facts"),
    [
        (Gates(), {}),
        (Gates(drafts=True), {"draft": True}),
        (Gates(), {"fork": True, "association": "NONE", "author": "renovate[bot]"}),
        (Gates(ignored_authors=("renovate[bot]",)), {"author": "renovateb"}),
        (Gates(ignored_titles=("wip",)), {"title": "wip: x"}),
        (Gates(only_authors=("MONA",), only_labels=("x", "feature"), only_branches=("release/*",)), {}),
        (Gates(newcomers=False), {"association": "CONTRIBUTOR"}),
        (Gates(pause_after=5), {"quiet": 4}),
        (Gates(pause_after=0), {"quiet": 99}),
    ],
)
def test_what_no_gate_speaks_of_passes(gates: Gates, facts: dict[str, Any]) -> None:
    """Bots are nobody special, brackets are brackets, and a glob is about the whole text."""
    assert why(gates, **facts) == ""


def test_long_lists_are_not_said_in_full() -> None:
    """The reason stays one line, however many names the policy has."""
    assert why(Gates(only_branches=tuple("abcdefg"))).endswith("is not among `a`, `b`, `c`, `d`, `e` and 2 more")


def test_a_title_cannot_write_into_the_reason() -> None:
    """What others wrote stands in it in short, printable pieces that no backtick ends."""
    reason = why(Gates(ignored_authors=("*",)), author="x`\n@all\u202e" + "y" * 99)
    assert reason == "author `x'\\x0a@all\\u202e" + "y" * 24 + "...` is ignored"


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (replace(POLICY, max_cost_pull_request=20.0), "the budget of $20.00 for this pull request is spent ($20.13)"),
        (replace(POLICY, max_cost_day=50.0), "today's budget of $50.00 is spent ($50.00)"),
        (replace(POLICY, max_cost_pull_request=20.14, max_cost_day=50.01), ""),
        (POLICY, ""),
    ],
)
def test_budgets_hold_always(policy: Policy, reason: str) -> None:
    """A budget that is spent ends reviews by hand, too."""
    for automatic in (True, False):
        asked = replace(policy, automatic=automatic)
        assert gate(asked, PULL, quiet=0, spent_pull_request=20.13, spent_today=50.0) == reason


def test_a_budget_stops_only_what_costs() -> None:
    """Without a model, and where nothing is left to ask, a budget that is spent stops nothing; the other gates do."""
    policy = replace(POLICY, max_cost_pull_request=20.0, max_cost_day=50.0)
    spent: dict[str, Any] = {"quiet": 3, "spent_pull_request": 20.13, "spent_today": 50.0}
    assert skip(policy, PULL, **spent, asks=False) is None
    assert skip(policy, PULL, **spent, asks=True) is not None
    paused = skip(replace(policy, gates=Gates(pause_after=3)), PULL, **spent, asks=False)
    assert paused is not None
    assert paused.reason.startswith("paused after 3 pushes")


def test_a_rebase_leaves_nothing_to_ask() -> None:
    """A change has something to ask about as long as one of its hunks was not answered for."""
    file = b"diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-a\n+b\n"
    diff = parse(b"".join(file % ((name,) * 4) for name in (b"x", b"y")))
    every = frozenset((index, number) for index in range(2) for number in range(2))
    assert not unanswered(diff, every)
    assert all(unanswered(diff, every - {key}) for key in every)
    assert not unanswered(parse(b""), frozenset())


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (replace(POLICY, gates=Gates(ignored_labels=("feature",))), False),
        (replace(POLICY, gates=Gates(pause_after=1)), True),
        (replace(POLICY, max_cost_day=1.0), True),
    ],
)
def test_what_nobody_can_see_is_told(policy: Policy, told: bool) -> None:
    """A label or a draft is there to be seen; a pause and a budget that is spent are said on the pull request."""
    found = skip(policy, PULL, quiet=1, spent_pull_request=0.0, spent_today=1.0)
    assert found is not None
    assert found.told is told


AMOUNT = st.floats(0, 1_000)
LIMIT = st.one_of(st.none(), AMOUNT)


@given(cap=AMOUNT, pull_request=LIMIT, day=LIMIT, spent=AMOUNT, today=AMOUNT)
def test_no_review_may_cost_more_than_is_left(
    cap: float, pull_request: float | None, day: float | None, spent: float, today: float
) -> None:
    """The allowance is the least of what is left, never below nothing; nothing is left just where the gate says so."""
    policy = replace(POLICY, max_cost=cap, max_cost_pull_request=pull_request, max_cost_day=day)
    allowed = allowance(policy, spent_pull_request=spent, spent_today=today)
    left = [limit - gone for limit, gone in ((pull_request, spent), (day, today)) if limit is not None]
    assert allowed == max(0.0, min([cap, *left]))
    shut = gate(policy, PULL, quiet=0, spent_pull_request=spent, spent_today=today)
    assert bool(shut) == (min([1.0, *left]) <= 0)


@given(st.text("ab?*[]", max_size=8), st.text("ab[]\n", max_size=8))
def test_globs_know_star_and_question_mark(glob: str, text: str) -> None:
    """`*` is any text, `?` any character, and everything else is itself."""
    assert (why(Gates(ignored_titles=(glob,)), title=text) != "") == (glob != "" and matches(glob, text))


def matches(glob: str, text: str) -> bool:
    if not glob:
        return not text
    if glob[0] == "*":
        return matches(glob[1:], text) or (text != "" and matches(glob, text[1:]))
    return text != "" and glob[0] in {"?", text[0]} and matches(glob[1:], text[1:])
