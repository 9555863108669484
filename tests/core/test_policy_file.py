"""The policy file: what people mean by what they write, and one sentence for each thing that cannot be used."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.models import Severity
from bot.core.policy import Effort, OnIncomplete, PathInstruction
from bot.core.policy_file import MOST_PROBLEMS, Problem, read
from bot.core.policy_keys import KEYS
from bot.core.visible import printable
from tests.core.test_plain_yaml import PIECES

WHERE = ".github/plumbline.yml of main"
ALL = """\
enabled: true
drafts: yes
ignore:
  authors: ["renovate[bot]", dependabot*]
  labels: wip
  titles: ["[WIP]*"]
only: {branches: [main, release/*]}
forks: off
newcomers: False
paths:
  include: [src/]
  exclude: ["*.md", "!README.md"]
instructions:
  - paths: [migrations/, "*.sql"]
    text: |
      Old and new code run side by side.
  - {paths: api/, text: Public.}
severity: Medium
max_comments: 4
language: no
fail_on: never
on_incomplete: failure
model: claude-opus-4-7
effort: high
budget: {review: 2, pull_request: 20.5, day: .5}
pause_after: 5
describe: on
diagram: No
"""


STAR = "a text that begins with `*` has to be in quotes, such as '*x'; aliases are not followed."


def sentences(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.sentence) for problem in read(text, WHERE).problems]


def test_every_key_is_read() -> None:
    """Each key gives the value of the policy's own type, however people write yes and no."""
    file = read(ALL, WHERE)
    assert file.problems == ()
    assert file.values == {
        "enabled": True,
        "drafts": True,
        "ignore.authors": ("renovate[bot]", "dependabot*"),
        "ignore.labels": ("wip",),
        "ignore.titles": ("[WIP]*",),
        "only.branches": ("main", "release/*"),
        "forks": False,
        "newcomers": False,
        "paths.include": ("src/",),
        "paths.exclude": ("*.md", "!README.md"),
        "instructions": (
            PathInstruction("migrations/", "Old and new code run side by side."),
            PathInstruction("*.sql", "Old and new code run side by side."),
            PathInstruction("api/", "Public."),
        ),
        "severity": Severity.MEDIUM,
        "max_comments": 4,
        "language": "no",
        "fail_on": None,
        "on_incomplete": OnIncomplete.FAILURE,
        "model": "claude-opus-4-7",
        "effort": Effort.HIGH,
        "budget.review": 2.0,
        "budget.pull_request": 20.5,
        "budget.day": 0.5,
        "pause_after": 5,
        "describe": True,
        "diagram": False,
    }


def test_labels_are_texts() -> None:
    """Where a text is wanted, nothing is a bool, a number, a date or nothing."""
    file = read("ignore:\n  labels: [no, on, 1.10, 012, 2020-01-01, 12:30, null, 1_000]\n", WHERE)
    assert file.values["ignore.labels"] == ("no", "on", "1.10", "012", "2020-01-01", "12:30", "null", "1_000")


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "ignore:\n  # labels: [wip]\n", "severity:\nlanguage: ~\n", "---\n"]
)
def test_what_is_commented_out_is_not_set(text: str) -> None:
    """A key without a value is as if it were not there, and no problem."""
    assert read(text, WHERE).values == {}
    assert read(text, WHERE).problems == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("draft: true", "`draft` is no key of the policy file; did you mean `drafts`?"),
        ("Max-Comments: 3", "`Max-Comments` is no key of the policy file; did you mean `max_comments`?"),
        ("exclude: x", "`exclude` is no key of the policy file; did you mean `paths.exclude`?"),
        ("labels: x", "`labels` is no key of the policy file; did you mean `ignore.labels` or `only.labels`?"),
        ("path_filters: [x]", "`path_filters` is no key of the policy file; did you mean `paths`?"),
        ("path_instructions: x", "`path_instructions` is no key of the policy file; did you mean `instructions`?"),
        ("ignore.labels: [a]", "`ignore.labels` is no key of the policy file; write `labels` below `ignore`."),
        ("ignore.lables: [a]", "`ignore.lables` is no key of the policy file; did you mean `ignore`?"),
        ("ignore: {label: x}", "`label` is no key of `ignore`; did you mean `labels`?"),
        ("only: {zzz: x}", "`zzz` is no key of `only`; the keys are authors, labels and branches."),
        ("severity: hihg", "`severity` must be critical, high, medium or low, not `hihg`; did you mean `high`?"),
        ("severity: 3", "`severity` must be critical, high, medium or low, not `3`."),
        ("severity: [low]", "`severity` must be critical, high, medium or low, not a list."),
        ("drafts: maybe", "`drafts` must be true or false, not `maybe`."),
        ("drafts: {}", "`drafts` must be true or false, not keys with values."),
        ("max_comments: 1_0", "`max_comments` must be a whole number from 0 to 50, not `1_0`."),
        ("max_comments: 010", "`max_comments` must be a whole number from 0 to 50, not `010`."),
        ("max_comments: 0x10", "`max_comments` must be a whole number from 0 to 50, not `0x10`."),
        ("max_comments: 51", "`max_comments` must be a whole number from 0 to 50, not `51`."),
        ("max_comments: -1", "`max_comments` must be a whole number from 0 to 50, not `-1`."),
        ("pause_after: 12:30", "`pause_after` must be a whole number from 0 to 1,000, not `12:30`."),
        ("budget: {day: $5}", "`budget.day` must be an amount in US dollars, such as 5 or 0.50, not `$5`."),
        ("budget: {day: .inf}", "`budget.day` must be an amount in US dollars, such as 5 or 0.50, not `.inf`."),
        ("budget: {day: -1}", "`budget.day` must be an amount in US dollars, such as 5 or 0.50, not `-1`."),
        ("budget: {day: 100001}", "`budget.day` must be at most 100,000 US dollars, not `100001`."),
        ("budget: 5", "`budget` must hold keys below it, out of `review`, `pull_request` and `day`, not `5`."),
        ("model: a b", "`model` must be the name of a model, such as claude-opus-4-6, not `a b`."),
        ('language: "a\\nb"', "`language` must be a language, such as German or pt-BR, not `a\\x0ab`."),
        ("ignore: {labels: {a: b}}", "`ignore.labels` must be a text or a list of texts, not keys with values."),
        (
            "ignore: {labels: [a, [b]]}",
            "An item of `ignore.labels` must be a text, not a list; put it in quotes if it is one.",
        ),
        (
            "ignore:\n  labels: [a, '']",
            "An item of `ignore.labels` is empty; remove it, or put it in quotes if it begins with `#`.",
        ),
        ("drafts: true\ndrafts: false", "`drafts` is set twice, and line 1 counts; remove one of them."),
        ("forks: *x", f"`forks` is not understood: {STAR}"),
        ("? [a]\n: b", "A key must be a word, such as `drafts`; put the text in quotes if it is meant."),
        ("- drafts: true", "The file must hold keys, such as `drafts: true`, not a list."),
        ("drafts", "The file must hold keys, such as `drafts: true`, not `drafts`."),
        ("instructions: x", "`instructions` must be a list of entries with `paths` and `text`, not `x`."),
        (
            "instructions: [{paths: a}]",
            "An entry of `instructions` needs `paths` (a pattern or a list of them) and `text`.",
        ),
        (
            "instructions: [{paths: a, text: b, text: c}]",
            "`text` is set twice in an entry of `instructions`; remove one of them.",
        ),
        (
            "instructions: [{paths: a, text: b, txt: c}]",
            "`txt` is no key of an entry of `instructions`; did you mean `text`?",
        ),
    ],
)
def test_what_cannot_be_used_is_told(text: str, sentence: str) -> None:
    """Each mistake is one sentence that says what to write instead."""
    assert [words for _, words in sentences(text)] == [sentence]


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("*.{ts,js}", "braces are not expanded in gitignore patterns; write one pattern for each"),
        ("./src", "paths begin at the top of the repository; leave out what stands before the first name"),
        ("a/../b", "no path holds a `.` or `..` alone; write it as git names it, from the top of the repository"),
        ("[z-a]", "it cannot be read as a gitignore pattern; write one such as 'docs/' or '*.md'"),
        ("a\\", "it cannot be read as a gitignore pattern; write one such as 'docs/' or '*.md'"),
        ("[[:alpha:]]", "brackets hold single characters and ranges such as [a-z] only; write it without"),
        ("[a--b]", "brackets hold single characters and ranges such as [a-z] only; write it without"),
        ("[a", "it matches nothing; correct it"),
        ("/", "it matches nothing; correct it"),
        ("#x", "it is no path pattern; write one such as 'docs/' or '*.md'"),
        ("!", "it is no path pattern; write one such as 'docs/' or '*.md'"),
    ],
)
def test_a_pattern_that_cannot_match_is_left_out(pattern: str, fault: str) -> None:
    """Of path patterns the good ones apply, and the others are told with the reason."""
    file = read(f"paths:\n  exclude:\n    - docs/\n    - '{pattern}'\n", WHERE)
    assert file.values == {"paths.exclude": ("docs/",)}
    assert file.problems == (Problem(WHERE, 4, f"`{pattern}` in `paths.exclude` is left out: {fault}."),)


def test_a_list_of_mistakes_is_not_an_empty_list() -> None:
    """Where no item can be used the key counts as not set: an empty list would undo that of another file."""
    assert read("paths: {exclude: ['[z-a]', './x']}", WHERE).values == {}
    assert len(read("paths: {exclude: ['[z-a]', './x']}", WHERE).problems) == 2
    assert read("instructions: [{paths: a}, {paths: '[z-a]', text: b}]", WHERE).values == {}
    assert read("paths: {exclude: []}", WHERE).values == {"paths.exclude": ()}


def test_a_key_with_a_dot_sets_nothing() -> None:
    """One way to write a key: a second one would let two values of it pass unseen."""
    assert read("ignore.labels: [a]\nignore: {labels: [b]}\n", WHERE).values == {"ignore.labels": ("b",)}
    assert read("ignore: {labels: [b]}\nignore.labels: [a]\n", WHERE).values == {"ignore.labels": ("b",)}
    assert read("ignore.labels: [a]\n", WHERE).values == {}


def test_the_rest_applies() -> None:
    """A mistake takes nothing away from the other keys, and lines are told right."""
    text = "drafts: yes\nsevrity: low\nignore:\n  lables: [a]\n  titles: [b]\nmax_comments: many\nforks: no\n"
    assert read(text, WHERE).values == {"drafts": True, "ignore.titles": ("b",), "forks": False}
    assert [line for line, _ in sentences(text)] == [2, 4, 6]


def test_hidden_text_in_an_instruction_becomes_visible() -> None:
    """What nobody sees in the file does not reach the model unseen."""
    file = read('instructions: [{paths: a, text: "be \\u202e kind\\U000e0041"}]', WHERE)
    assert file.values == {"instructions": (PathInstruction("a", "be \\u202e kind\\U000e0041"),)}


def test_a_secret_is_not_repeated() -> None:
    """A token that stands in the file, in whatever place, is in no sentence."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    for text in (
        f"{token}: 1",
        f"drafts: {token}",
        f"{token}",
        f"paths: {{exclude: './{token}'}}",
        f"a:\n  - *{token}\n",
    ):
        assert read(text, WHERE).problems
        assert token[:20] not in str(read(text, WHERE).problems)


def test_the_number_of_problems_is_bounded() -> None:
    """Of a file full of mistakes the first are told, then how many there are."""
    found = sentences("\n".join(f"k{number}: 1" for number in range(1_000)))
    assert len(found) == MOST_PROBLEMS + 1
    assert found[-1] == (31, "From here on there are 970 more problems; correct those above first.")


def test_long_lists_and_texts_are_bounded() -> None:
    """What is over a limit is left out, said so, and what is below it stays."""
    many = read("ignore: {labels: [" + "a," * 201 + "]}", WHERE)
    assert many.values == {"ignore.labels": ("a",) * 200}
    assert "more than 200 items" in many.problems[0].sentence
    assert "over 200 characters" in sentences(f"ignore: {{labels: [{'a' * 201}]}}")[0][1]
    assert "over 4,000 characters" in sentences(f"instructions: [{{paths: a, text: {'a' * 4001}}}]")[0][1]
    entries = read("instructions: [" + "{paths: a, text: b}," * 51 + "]", WHERE)
    assert entries.values == {"instructions": (PathInstruction("a", "b"),) * 50}


KEY_WORDS = st.sampled_from([part for key in KEYS for part in key.name.split(".")])


@given(st.lists(st.one_of(PIECES, KEY_WORDS, st.text(max_size=5)), max_size=40).map("".join))
def test_no_file_is_too_strange(text: str) -> None:
    """Whatever stands in the file, each problem is one short printable sentence about one of its lines."""
    for problem in read(text, WHERE).problems:
        assert 1 <= problem.line <= len(re.split("\r\n|\r|\n", text))
        assert problem.sentence == printable(problem.sentence)
        assert problem.sentence.endswith((".", "?"))
        assert len(problem.sentence) < 400
        assert problem.sentence.count("`") % 2 == 0
