"""What is said of the policy: in the summary, by `config show` and by `config check`."""

from __future__ import annotations

import json

import pytest

from bot.core.policy import Policy, PolicyTexts
from bot.core.policy_file import read
from bot.core.policy_keys import KEYS
from bot.core.rendering.policy import (
    basis_of_folder,
    basis_of_pull_request,
    checked,
    checked_document,
    notices,
    table,
    table_document,
)
from bot.core.sanitize import phrase
from bot.core.settle import settle
from tests.core.github_markdown import effects

ASKED = Policy(model="claude-opus-4-6")
TEXTS = PolicyTexts(
    organisation="budget: {review: 2}\n",
    base="drafts: yes\nsevrity: low\nbudget: {review: 3}\ninstructions: [{paths: [a, b], text: Hello}]\n",
    proposed="drafts: no\ndraft: 1\n",
)
DRAFT = "`draft` is no key of the policy file; did you mean `drafts`?"
LATER = "that takes effect once it is merged (`drafts` and `instructions`)."
SETTLED = settle(ASKED, {"model": "PLUMBLINE_MODEL"}, TEXTS, branch="main")


def test_the_summary_is_told_of_every_mistake() -> None:
    """Each problem names file and line; a change of the file is said not to hold yet."""
    assert notices(SETTLED) == (
        "`.github/plumbline.yml of main`, line 2: `sevrity` is no key of the policy file; did you mean `severity`?",
        f"This pull request changes `.github/plumbline.yml`; {LATER}",
        f"`.github/plumbline.yml of this pull request`, line 2: {DRAFT}",
    )


def test_nothing_is_said_of_a_good_file() -> None:
    """A file without mistakes takes no room in the summary; a change without effect says so."""
    assert notices(settle(ASKED, {}, PolicyTexts(base="drafts: yes"), branch="main")) == ()
    same = settle(ASKED, {}, PolicyTexts(base="drafts: yes", proposed="drafts: on # now"), branch="main")
    assert notices(same) == ("This pull request changes `.github/plumbline.yml`; no setting becomes another by that.",)


def test_a_change_in_a_checkout_is_no_pull_request() -> None:
    """Where there is none, no sentence speaks of a pull request."""
    found = notices(settle(ASKED, {}, PolicyTexts(base="", proposed="draft: 1\nforks: no")))
    assert found == (
        "This change edits `.github/plumbline.yml`; that takes effect once it is merged (`forks`).",
        f"`.github/plumbline.yml of this change`, line 1: {DRAFT}",
    )


def test_notices_do_nothing_on_github() -> None:
    """Mentions, links, HTML and formulas of the file stay text in the summary."""
    hostile = "@acme/all: 1\n'<img src=x>': 1\n'[x](https://evil.example)': 1\nseverity: 'fixes #1 $x$'\n"
    found = notices(settle(ASKED, {}, PolicyTexts(base=hostile), branch="x` @acme/all"))
    assert len(found) == 4
    assert [effects(f"- {phrase(notice)}") for notice in found] == [effects("- `x`")] * 4


def test_the_table_shows_each_value_with_its_source() -> None:
    """One row for each key: name, value, where it comes from, and whose value does not count."""
    lines = table(SETTLED, "Read: both.").splitlines()
    assert lines[0] == "Read: both."
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[2 : 2 + len(KEYS)]}
    assert list(rows) == [key.name for key in KEYS]
    assert rows["drafts"].split(maxsplit=1) == ["true", ".github/plumbline.yml of main"]
    assert rows["model"].split() == ["claude-opus-4-6", "PLUMBLINE_MODEL"]
    assert rows["budget.review"].split(maxsplit=1) == [
        "2.00",
        "the organisation's .github/plumbline.yml (not that of .github/plumbline.yml of main)",
    ]
    assert rows["instructions"].startswith("a (5 characters), b (5 characters)")
    assert rows["language"].split() == ["English", "default"]
    assert lines[-1].startswith("This pull request changes")


def test_the_json_holds_the_same() -> None:
    """Every key with its value as the file would have it, its source, and the problems."""
    written = json.loads(table_document(SETTLED, "Read: both."))
    rows = {row["key"]: row for row in written["settings"]}
    assert list(rows) == [key.name for key in KEYS]
    assert rows["drafts"]["value"] is True
    assert rows["severity"]["value"] == "low"
    assert rows["fail_on"]["value"] == "never"
    assert rows["budget.day"]["value"] is None
    assert rows["instructions"]["value"] == [{"paths": "a", "text": "Hello"}, {"paths": "b", "text": "Hello"}]
    assert rows["budget.review"]["overruled"] == [".github/plumbline.yml of main"]
    assert [problem["line"] for problem in written["problems"]] == [2, 2]
    assert written["proposes"] == ["drafts", "instructions"]


def test_check_says_that_a_file_is_fine() -> None:
    """A file without problems is fine, with the number of its settings."""
    assert checked("a.yml", read("drafts: yes\nignore: {labels: [a, b]}", "a.yml")) == "a.yml is fine: 2 settings\n"
    assert checked("a.yml", read("", "a.yml")) == "a.yml is fine: 0 settings\n"
    assert json.loads(checked_document("a.yml", read("x: 1", "a.yml")))["settings"] == 0


def test_what_was_read_is_said() -> None:
    """The sentence above the table names what was read and what there is not."""
    assert "the work tree" in basis_of_folder("", found=True)
    assert basis_of_folder("main", found=False).startswith("There is no .github/plumbline.yml in branch main;")
    near = basis_of_folder("", found=False, misspelt=", only x.yaml")
    assert "by, only x.yaml; the organisation's" in near


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (PolicyTexts(base="", organisation=""), "read .github/plumbline.yml of main and of the organisation."),
        (PolicyTexts(base=""), "read .github/plumbline.yml of main; there is none of the organisation."),
        (PolicyTexts(organisation=""), "read .github/plumbline.yml of the organisation; there is none of main."),
        (PolicyTexts(), "there is no .github/plumbline.yml, neither of main nor of the organisation."),
    ],
)
def test_the_files_of_a_pull_request_are_named(texts: PolicyTexts, said: str) -> None:
    """What was read, and what there is not, in one sentence."""
    assert basis_of_pull_request("acme/papers#214", "main", texts) == f"acme/papers#214: {said}"
