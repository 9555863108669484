"""`.gitattributes`: what a repository itself says is generated or vendored.

The attributes are read from the base version only: a pull request must not be able to hide its own lines.
Source: https://git-scm.com/docs/gitattributes and
https://github.com/github-linguist/linguist/blob/main/docs/overrides.md
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

GENERATED = "linguist-generated"
VENDORED = "linguist-vendored"
_READ = (GENERATED, VENDORED)
_FALSE = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True, slots=True)
class _Rule:
    folder: str
    pattern: str
    spec: GitIgnoreSpec
    values: tuple[tuple[str, bool | None], ...]

    def matches(self, path: str) -> bool:
        """Match as attributes do: unlike an ignore pattern, a folder's own name says nothing of what lies in it."""
        if not path.startswith(self.folder):
            return False
        inside = path[len(self.folder) :]
        if not self.spec.match_file(inside):
            return False
        return self.pattern.endswith("/**") or not self.spec.match_file(posixpath.dirname(inside) or "/")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The rules of all `.gitattributes` files, weakest first: the root's, then those of deeper folders."""

    rules: tuple[_Rule, ...] = ()

    def value(self, path: str, name: str) -> bool | None:
        """True where the attribute is set for the path, False where it is unset, None where nothing is said."""
        said: bool | None = None
        for rule in self.rules:
            values = dict(rule.values)
            if name in values and rule.matches(path):
                said = values[name]
        return said


NO_ATTRIBUTES = Attributes()


def read_attributes(files: Mapping[str, str]) -> Attributes:
    """Read `.gitattributes` files, given as path -> text. Lines that git would ignore are ignored here too."""
    by_depth = sorted(files, key=lambda path: (path.count("/"), path))
    return Attributes(tuple(rule for path in by_depth for rule in _rules(posixpath.dirname(path), files[path])))


def _rules(folder: str, text: str) -> list[_Rule]:
    rules = []
    for line in text.splitlines():
        pattern, *words = line.split()[:50] or [""]
        values = tuple(item for item in map(_value, words) if item is not None)
        # git forbids negative patterns here, and one that ends in a slash matches no file; quoted ones are for names
        # with spaces, which split() cannot see.
        if values and pattern and not pattern.startswith(("#", "!", '"', "[attr]")) and not pattern.endswith("/"):
            spec = GitIgnoreSpec.from_lines([pattern])
            rules.append(_Rule(f"{folder}/" if folder else "", pattern, spec, values))
    return rules


def _value(word: str) -> tuple[str, bool | None] | None:
    name, _, value = word.lstrip("-!").partition("=")
    if name not in _READ:
        return None
    if word.startswith("!"):
        return name, None
    return name, not word.startswith("-") and value.lower() not in _FALSE
