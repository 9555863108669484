"""Which policy holds, and where each value comes from."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.models import Severity
from bot.core.policy import Gates, Policy, PolicyTexts
from bot.core.policy_keys import KEYS, field_of
from bot.core.selection import Filters
from bot.core.settle import DEFAULT, ORGANISATION, Settled, settle
from tests.repository import CHECKOUT

ASKED = Policy(model="claude-opus-4-6")
BASE = ".github/plumbline.yml of main"


def settled(asked: Policy = ASKED, explicit: dict[str, str] | None = None, **texts: str) -> Settled:
    return settle(asked, explicit or {}, PolicyTexts(**texts), branch="main")


def test_without_a_file_what_was_asked_for_holds() -> None:
    """No file changes nothing, and every field that a file can set has the source `default`."""
    nothing = settled()
    assert nothing.policy == ASKED
    assert nothing.sources == {key.field: DEFAULT for key in KEYS}
    assert settled(base="", organisation="# nothing\n").policy == ASKED


def test_the_nearer_file_counts() -> None:
    """The base branch's value stands over the organisation's, key by key; lists replace each other."""
    both = settled(
        organisation="severity: high\ndrafts: yes\nignore: {labels: [a, b]}\n",
        base="severity: low\nignore: {labels: c}",
    )
    assert both.policy == replace(ASKED, threshold=Severity.LOW, gates=Gates(drafts=True, ignored_labels=("c",)))
    assert both.sources["threshold"] == both.sources["gates.ignored_labels"] == BASE
    assert both.sources["gates.drafts"] == ORGANISATION
    assert both.sources["gates.forks"] == DEFAULT
    assert both.overruled == {"threshold": (ORGANISATION,), "gates.ignored_labels": (ORGANISATION,)}


def test_what_was_set_explicitly_counts_most() -> None:
    """An operator's model and an option's threshold stand, whatever the files say; the defaults do not."""
    asked = replace(ASKED, model="mine", fail_on=Severity.HIGH)
    explicit = {"model": "PLUMBLINE_MODEL", "fail_on": "--fail-on"}
    found = settled(asked, explicit, base="model: theirs\nfail_on: low\nmax_comments: 3\n")
    assert found.policy == replace(asked, max_comments=3)
    assert found.sources["model"] == "PLUMBLINE_MODEL"
    assert found.sources["fail_on"] == "--fail-on"
    assert found.overruled == {"model": (BASE,), "fail_on": (BASE,)}
    assert settled(base="model: theirs").policy.model == "theirs"


@pytest.mark.parametrize("name", ["filters", "filters.exclude"])
def test_filters_that_were_asked_for_are_added(name: str) -> None:
    """Path filters of the command line stand behind those of the file, so they have the last word."""
    asked = replace(ASKED, filters=Filters(exclude=("docs/",)))
    found = settled(
        asked, {name: "--exclude"}, organisation="paths: {exclude: a}", base="paths: {include: src/, exclude: b}"
    )
    assert found.policy.filters == Filters(("src/",), ("b", "docs/"))
    assert found.sources["filters.exclude"] == f"{BASE}, --exclude"
    assert found.sources["filters.include"] == BASE
    alone = settled(asked, {name: "--exclude"})
    assert (alone.sources["filters.exclude"], alone.sources["filters.include"]) == ("--exclude", DEFAULT)


MONEY = st.one_of(st.none(), st.integers(0, 100))


@given(asked=MONEY, organisation=MONEY, base=MONEY, explicit=st.booleans())
def test_the_lowest_budget_counts(
    asked: int | None, organisation: int | None, base: int | None, explicit: bool
) -> None:
    """A file can lower what the operator allows, never raise it, whether that was set or is the default."""
    texts = {
        name: f"budget: {{day: {limit}}}"
        for name, limit in (("organisation", organisation), ("base", base))
        if limit is not None
    }
    asked_day = None if asked is None else float(asked)
    found = settled(replace(ASKED, max_cost_day=asked_day), {"max_cost_day": "OPTION"} if explicit else {}, **texts)
    limits = [limit for limit in (asked, organisation, base) if limit is not None]
    assert found.policy.max_cost_day == (min(limits) if limits else None)
    sources = {"OPTION" if explicit else DEFAULT: asked, ORGANISATION: organisation, BASE: base}
    assert sources[found.sources["max_cost_day"]] == found.policy.max_cost_day


def test_the_cap_of_a_review_cannot_be_raised() -> None:
    """The built-in cap is an upper bound as well, and whoever asked for more is named."""
    found = settled(base="budget: {review: 50}")
    assert found.policy.max_cost == ASKED.max_cost
    assert found.sources["max_cost"] == DEFAULT
    assert found.overruled == {"max_cost": (BASE,)}


def test_a_proposed_file_is_checked_and_not_applied() -> None:
    """What the pull request would bring in changes nothing, but its problems and the keys it would change are told."""
    found = settled(
        base="drafts: yes\nseverity: low\n", proposed="drafts: no\nseverity: low\nforkz: no\nenabled: false\n"
    )
    assert found.policy == settled(base="drafts: yes\nseverity: low\n").policy
    assert (found.proposed, found.proposes) == (True, ("enabled", "drafts"))
    (problem,) = found.proposed_problems
    assert (problem.where, problem.line) == (".github/plumbline.yml of this pull request", 3)
    assert found.problems == ()
    assert not settled(base="drafts: yes").proposed


def test_problems_name_their_file() -> None:
    """Mistakes of both files that count are told, each with its place."""
    found = settled(organisation="foo: 1", base="\nbar: 1")
    assert [(problem.where, problem.line) for problem in found.problems] == [(ORGANISATION, 1), (BASE, 2)]


@given(st.sampled_from(KEYS))
def test_each_key_reaches_its_field(key: object) -> None:
    """The example of each key changes the field that the table names, and no other field that a file can set."""
    chosen = next(each for each in KEYS if each is key)
    section, _, name = chosen.name.rpartition(".")
    text = f"{section}: {{{name}: {chosen.example}}}" if section else f"{name}: {chosen.example}"
    found = settled(replace(ASKED, max_cost=1_000.0), base=text)
    assert found.problems == ()
    changed = [each.name for each in KEYS if found.sources[each.field] != DEFAULT]
    assert changed == [chosen.name]
    assert field_of(found.policy, chosen.field) != field_of(ASKED, chosen.field)


def test_without_a_file_no_parser_is_loaded() -> None:
    """A repository without a policy file does not wait for YAML."""
    script = (
        "import sys; from bot.core import gates; from bot.core.policy import Policy, PolicyTexts; "
        "from bot.core.rendering import policy; from bot.core.settle import settle; "
        "settle(Policy('m'), {}, PolicyTexts()); print('yaml' in sys.modules)"
    )
    done = subprocess.run((sys.executable, "-c", script), cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
