"""Loads the rules in `rules/`, those of a language when a file of that language is looked at."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bot.core.rule_pack import PackRule, read_rules

_PACKAGE = Path(__file__).parent
# A wheel carries the rules inside the package; a checkout, editable or bare, has them beside it.
_FOLDERS = (_PACKAGE / "_rules", _PACKAGE.parent / "rules")
# Whose rules may hold for a language besides its own.
_ELDERS = {"typescript": "javascript", "tsx": "javascript", "cpp": "c"}


def folder() -> Path:
    """Where the rules lie."""
    return next(folder for folder in _FOLDERS if folder.is_dir())


@cache
def load(language: str) -> tuple[PackRule, ...]:
    """The rules for a language of ast-grep: its own, and those of an elder language that name it."""
    files = (folder() / f"{name}.yml" for name in (_ELDERS.get(language), language) if name)
    return tuple(rule for path in files for rule in _read(path) if language in rule.languages)


@cache
def _read(path: Path) -> tuple[PackRule, ...]:
    """The rules of a file; none where there is no such file."""
    if not path.is_file():
        return ()
    import yaml  # noqa: PLC0415 - what no change needs is not loaded

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return read_rules(path.stem, yaml.load(path.read_bytes(), Loader=loader))  # noqa: S506 - one of the safe ones
