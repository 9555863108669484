"""Rules of our own on the syntax of a file, as `rules/` holds them: ast-grep's, with the words that a reader gets.

Source of the rule objects: https://ast-grep.github.io/reference/rule.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.core.analysis import Hit
from bot.core.messages import Json
from bot.core.models import Category, Severity
from bot.core.rules import Rule
from bot.core.syntax import MOST_PARSED, language_of, matches

SOURCE = "rules"


@dataclass(frozen=True, slots=True)
class PackRule:
    """A rule: its name, the languages of ast-grep that it is for, what it means, and what it looks for.

    `bad` are texts in which it finds something, `good` such in which it does not.
    """

    id: str
    languages: tuple[str, ...]
    words: Rule
    config: Json
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)+$")]
    severity: Severity
    category: Category
    title: Annotated[str, Field(max_length=70)]
    body: str
    scenario: str
    rule: Json
    constraints: Json | None = None
    utils: Json | None = None
    languages: list[str] | None = None
    bad: list[str] = []
    good: list[str] = []


def read_rules(language: str, written: object) -> tuple[PackRule, ...]:
    """The rules of a language out of their parsed file. Raises ValueError where it is not in form."""
    rules = TypeAdapter(list[_Written]).validate_python(written)
    return tuple(_rule(language, each) for each in rules)


def _rule(language: str, written: _Written) -> PackRule:
    config: Json = {"rule": written.rule}
    config |= {"constraints": written.constraints} if written.constraints else {}
    config |= {"utils": written.utils} if written.utils else {}
    return PackRule(
        written.id,
        tuple(written.languages or [language]),
        Rule(
            written.severity,
            written.category,
            _plain(written.title),
            _plain(written.body),
            written.scenario,
        ),
        config,
        tuple(written.bad),
        tuple(written.good),
    )


def _plain(words: str) -> str:
    """Words of other rules hold a place for a message; these do not, whatever brackets stand in them."""
    return words.replace("{", "{{").replace("}", "}}")


def hits_of(path: str, text: str, rules: Iterable[PackRule]) -> list[Hit]:
    """What the rules for its language find in a file; nothing in one that is too large to be parsed."""
    language = language_of(path)
    if language is None or len(text) > MOST_PARSED:
        return []
    chosen: Sequence[PackRule] = [rule for rule in rules if language.name in rule.languages]
    found = matches(path, text, [rule.config for rule in chosen])
    hits = {Hit(SOURCE, chosen[index].id, first, last, "") for index, first, last in found}
    return sorted(hits, key=lambda hit: (hit.line, hit.rule, hit.end_line))
