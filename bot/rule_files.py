"""Loads the rules in `rules/`, a file for each language, when a file of that language is looked at."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bot.core.rule_pack import PackRule, read_rules

_PACKAGE = Path(__file__).parent
# A wheel carries the rules inside the package; a checkout, editable or bare, has them beside it.
_FOLDERS = (_PACKAGE / "_rules", _PACKAGE.parent / "rules")


def folder() -> Path:
    """Where the rules lie."""
    return next(folder for folder in _FOLDERS if folder.is_dir())


@cache
def load(language: str) -> tuple[PackRule, ...]:
    """The rules for a language of ast-grep, from all files that name it."""
    return tuple(rule for each in _all() for rule in each if language in rule.languages)


@cache
def _all() -> tuple[tuple[PackRule, ...], ...]:
    return tuple(_read(path) for path in sorted(folder().glob("*.yml")))


def _read(path: Path) -> tuple[PackRule, ...]:
    import yaml  # noqa: PLC0415 - what no change needs is not loaded

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return read_rules(path.stem, yaml.load(path.read_bytes(), Loader=loader))  # noqa: S506 - one of the safe ones
