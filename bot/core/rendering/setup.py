"""What `plumbline doctor` says: what is set, where it came from, and what is missing for which use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.rendering.words import printable


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting fit to be shown: its name, its value (never a secret's), and where it came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Program:
    """A program that Plumbline runs, and its version; '' where it was not found."""

    name: str
    version: str
    needed_for: str


def doctor(version: str, settings: tuple[Shown, ...], programs: tuple[Program, ...]) -> str:
    """The whole report as text."""
    known = {row.name: row for row in settings}
    lines = [f"Plumbline {version}", "", "Settings", *_settings(settings), "", "Programs", *_programs(programs)]
    return "\n".join([*lines, "", "Uses", *_uses(known, programs)]) + "\n"


def _settings(settings: tuple[Shown, ...]) -> Iterator[str]:
    width = max(len(row.name) for row in settings)
    for row in settings:
        yield f"  {row.name:<{width}}  {printable(row.value) or '-':<28}  {row.origin}"


def _programs(programs: tuple[Program, ...]) -> Iterator[str]:
    for program in programs:
        yield f"  {program.name:<8}  {program.version or 'not found':<28}  {program.needed_for}"


def _uses(settings: Mapping[str, Shown], programs: tuple[Program, ...]) -> Iterator[str]:
    missing = [program.name for program in programs if not program.version]
    ready = f"missing: {', '.join(missing)}" if missing else "ready"
    yield f"  review a branch or a patch with the analyzers: {ready}"
    yield f"  review with a model: not in this version ({_key(settings)})"
    token = "set" if _is_set(settings, "GITHUB_TOKEN") else "not set"
    yield f"  review a pull request on GitHub: not in this version (GITHUB_TOKEN is {token})"


def _key(settings: Mapping[str, Shown]) -> str:
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
    found = [name for name in names if _is_set(settings, name)]
    if len(found) == len(names):
        return f"{' and '.join(found)} are both set: unset one of them"
    return f"{found[0]} is set" if found else f"neither {' nor '.join(names)} is set"


def _is_set(settings: Mapping[str, Shown], name: str) -> bool:
    return name in settings and settings[name].origin != "not set"
