"""The keys of the policy file as one table: reader, schema, reference and `config show` are made from it.

The reader itself stands apart, as its parser is loaded only where there is a file to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.models import Severity
from bot.core.policy import Commanders, Effort, OnIncomplete, PathInstruction, Policy

POLICY_PATH = ".github/plumbline.yml"
MOST_ITEMS = 200
LONGEST_ITEM = 200
LONGEST_INSTRUCTION = 4_000
MOST_INSTRUCTIONS = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a policy file that is not used: the file in words, the line from 1, and one whole sentence.

    The sentence quotes the file only in short pieces in backticks, printable and without secrets.
    """

    where: str
    line: int
    sentence: str


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """The values by the names of their keys (`ignore.labels`), fit for the fields of the policy; and what is wrong."""

    values: Mapping[str, object]
    problems: tuple[Problem, ...] = ()


EMPTY_FILE = PolicyFile({})


@dataclass(frozen=True, slots=True)
class Flag:
    """On or off."""

    expected: str = "true or false"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words. Pairs of the word and what it stands for in the policy; `unset` shows a value of none."""

    words: tuple[tuple[str, object], ...]
    unset: str = ""

    @property
    def expected(self) -> str:
        """The words, to choose from."""
        return listed([word for word, _ in self.words], "or")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, both ends included."""

    lowest: int
    highest: int

    @property
    def expected(self) -> str:
        """The range in words."""
        return f"a whole number from {self.lowest:,} to {self.highest:,}"


@dataclass(frozen=True, slots=True)
class Dollars:
    """An amount of US dollars."""

    highest: float = 100_000
    expected: str = "an amount in US dollars, such as 5 or 0.50"


@dataclass(frozen=True, slots=True)
class Word:
    """One line of text. `pattern` is a regular expression that Python and ECMAScript read alike."""

    pattern: str
    longest: int
    expected: str


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts, or one alone. With `paths` they are gitignore patterns."""

    paths: bool = False

    @property
    def expected(self) -> str:
        """What an item is."""
        return "a gitignore pattern, or a list of them" if self.paths else "a text, or a list of texts"


@dataclass(frozen=True, slots=True)
class Instructions:
    """A list of `paths` (a gitignore pattern or a list of them) and `text`."""

    expected: str = "a list of entries with `paths` and `text`"


Kind = Flag | Choice | Whole | Dollars | Word | Texts | Instructions


@dataclass(frozen=True, slots=True)
class Key:
    """A key by its path in the file, the field of the policy that it sets, and what users are told of it.

    `field` is a path into Policy: `threshold`, `gates.drafts`. `example` is the value as one writes it in YAML.
    """

    name: str
    field: str
    kind: Kind
    means: str
    example: str


_SEVERITIES = tuple((severity.value, severity) for severity in Severity)
_GLOB = "`*` stands for any characters, `?` for one"

KEYS = (
    Key("enabled", "gates.enabled", Flag(), "Whether pull requests are reviewed of their own accord.", "false"),
    Key("drafts", "gates.drafts", Flag(), "Whether drafts are reviewed.", "true"),
    Key(
        "ignore.authors",
        "gates.ignored_authors",
        Texts(),
        f"Pull requests of these authors are not reviewed; {_GLOB}.",
        '["renovate[bot]", "dependabot[bot]"]',
    ),
    Key("ignore.labels", "gates.ignored_labels", Texts(), "Nor those with one of these labels.", "[wip]"),
    Key("ignore.titles", "gates.ignored_titles", Texts(), "Nor those with such a title.", '["wip*", "[skip review]*"]'),
    Key("only.authors", "gates.only_authors", Texts(), "Only pull requests of these authors are reviewed.", "[mona]"),
    Key("only.labels", "gates.only_labels", Texts(), "Only those with one of these labels.", "[review]"),
    Key("only.branches", "gates.only_branches", Texts(), "Only those into these branches.", '[main, "release/*"]'),
    Key("forks", "gates.forks", Flag(), "Whether pull requests from forks are reviewed.", "false"),
    Key("newcomers", "gates.newcomers", Flag(), "Whether those of first-time contributors are reviewed.", "false"),
    Key(
        "paths.include",
        "filters.include",
        Texts(paths=True),
        "Only files that match are read (gitignore patterns).",
        '["src/", "*.sql"]',
    ),
    Key(
        "paths.exclude",
        "filters.exclude",
        Texts(paths=True),
        "Files that match are not read; `!` takes one back.",
        '["docs/", "!docs/api.md"]',
    ),
    Key(
        "instructions",
        "instructions",
        Instructions(),
        "What the reviewer is to know of the files that match `paths`.",
        '[{paths: "migrations/", text: "Old and new code run side by side while these run."}]',
    ),
    Key(
        "context",
        "context_tokens",
        Whole(0, 200_000),
        "How many tokens of other code of the repository go along with a request; 0 for none.",
        "6000",
    ),
    Key("severity", "threshold", Choice(_SEVERITIES), "Findings below it are folded away.", "medium"),
    Key("max_comments", "max_comments", Whole(0, 50), "The most inline comments of one review.", "5"),
    Key(
        "language",
        "language",
        Word(r"^[^\s\x00-\x1f<>{}`\"\\][^\x00-\x1f<>{}`\"\\]*$", 40, "a language, such as German or pt-BR"),
        "The language that the model writes in.",
        "German",
    ),
    Key(
        "fail_on",
        "fail_on",
        Choice((*_SEVERITIES, ("never", None)), unset="never"),
        "The check fails at findings of this severity or above.",
        "high",
    ),
    Key(
        "on_incomplete",
        "on_incomplete",
        Choice(tuple((each.value, each) for each in OnIncomplete)),
        "What the check says of a review that did not read everything.",
        "failure",
    ),
    Key(
        "model",
        "model",
        Word(r"^[A-Za-z0-9_.:/@-]+$", 100, "the name of a model, such as claude-opus-4-6"),
        "The model, where the operator has set none.",
        "claude-opus-4-7",
    ),
    Key(
        "effort",
        "effort",
        Choice(tuple((each.value, each) for each in Effort), unset="the model's own"),
        "How hard the model thinks.",
        "high",
    ),
    Key("budget.review", "max_cost", Dollars(), "US dollars for one review.", "2"),
    Key("budget.pull_request", "max_cost_pull_request", Dollars(), "For all reviews of one pull request.", "20"),
    Key("budget.day", "max_cost_day", Dollars(), "For all reviews of one day.", "50"),
    Key(
        "pause_after",
        "gates.pause_after",
        Whole(0, 1_000),
        "Reviews pause after so many in a row without a sign of a person; 0 for no pause.",
        "5",
    ),
    Key(
        "commands",
        "commanders",
        Choice(tuple((each.value, each) for each in Commanders)),
        "Who may give commands: `writers` to the repository, or its `author` on a pull request as well.",
        "writers",
    ),
    Key("describe", "describe", Flag(), "Whether an empty description of a pull request is filled in.", "true"),
    Key("diagram", "diagram", Flag(), "Whether the summary may hold a diagram.", "false"),
)
BY_NAME = {key.name: key for key in KEYS}
SECTIONS = tuple(dict.fromkeys(key.name.partition(".")[0] for key in KEYS if "." in key.name))


def keys_below(section: str) -> tuple[str, ...]:
    """The keys at one level: those of a section by their last part, or with '' the top-level keys, sections too."""
    if section:
        return tuple(key.name.partition(".")[2] for key in KEYS if key.name.startswith(f"{section}."))
    return tuple(dict.fromkeys(key.name.partition(".")[0] for key in KEYS))


def field_of(policy: Policy, field: str) -> Any:  # noqa: ANN401 - the value of any field
    """The value at a path into the policy."""
    head, _, tail = field.partition(".")
    value = getattr(policy, head)
    return getattr(value, tail) if tail else value


def with_field(policy: Policy, field: str, value: object) -> Policy:
    """The policy with another value at that path."""
    head, _, tail = field.partition(".")
    changed: Any = replace(getattr(policy, head), **{tail: value}) if tail else value
    return replace(policy, **{head: changed})


def listed(words: list[str], last: str) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def written(kind: Kind, value: object) -> object:
    """A policy's value as the file and JSON have it: words, numbers, bools, lists; None for no limit."""
    if isinstance(kind, Choice):
        return next((word for word, meant in kind.words if meant == value), None)
    if isinstance(value, tuple):
        return [{"paths": x.pattern, "text": x.text} if isinstance(x, PathInstruction) else x for x in value]
    return value
