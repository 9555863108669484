"""What `plumbline doctor` says: what is set, where it came from, and what is missing for which use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.checkup import Finding
from bot.core.visible import printable


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


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking the model and GitHub; None where they were not asked."""

    model: Finding | None = None
    github: Finding | None = None

    @property
    def well(self) -> bool:
        """Whether all that was asked works."""
        return all(each is None or each.works for each in (self.model, self.github))


NOT_ASKED = Asked()


def doctor(version: str, settings: tuple[Shown, ...], programs: tuple[Program, ...], asked: Asked = NOT_ASKED) -> str:
    """The whole report as text."""
    known = {row.name: row for row in settings}
    lines = [f"Plumbline {version}", "", "Settings", *_settings(settings), "", "Programs", *_programs(programs)]
    return "\n".join([*lines, "", "Uses", *_uses(known, programs, asked)]) + "\n"


def _settings(settings: tuple[Shown, ...]) -> Iterator[str]:
    width = max(len(row.name) for row in settings)
    for row in settings:
        yield f"  {row.name:<{width}}  {printable(row.value) or '-':<28}  {row.origin}"


def _programs(programs: tuple[Program, ...]) -> Iterator[str]:
    for program in programs:
        yield f"  {program.name:<8}  {program.version or 'not found':<28}  {program.needed_for}"


def _uses(settings: Mapping[str, Shown], programs: tuple[Program, ...], asked: Asked) -> Iterator[str]:
    missing = [program.name for program in programs if not program.version]
    ready = f"missing: {', '.join(missing)}" if missing else "ready"
    yield f"  review a branch or a patch with the analyzers: {ready}"
    yield f"  review with a model: {_told(asked.model) or _key(settings)}"
    yield from _more(asked.model)
    yield f"  review a pull request on GitHub: {_of_github(settings, asked.github)}"
    yield from _more(asked.github)


def _told(finding: Finding | None) -> str:
    if finding is None:
        return ""
    return printable(f"ready, {finding.told}" if finding.works else f"FAILS: {finding.told}")


def _more(finding: Finding | None) -> Iterator[str]:
    """The details of a check, below it."""
    for detail in finding.more if finding else ():
        yield f"    {printable(detail)}"


def _of_github(settings: Mapping[str, Shown], finding: Finding | None) -> str:
    if finding is None or finding.works:
        return _token(settings) + (f"; {finding.told}" if finding else "")
    return _told(finding)


def _key(settings: Mapping[str, Shown]) -> str:
    if settings["PLUMBLINE_API"].value == "chat":
        return _chat(settings)
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
    found = [name for name in names if _is_set(settings, name)]
    if len(found) == len(names):
        return f"{' and '.join(found)} are both set: unset one of them"
    if not found:
        return f"set {names[0]}, or {names[1]} for an endpoint that takes a bearer token"
    return f"ready, {settings['PLUMBLINE_MODEL'].value} at {settings['ANTHROPIC_BASE_URL'].value} with {found[0]}"


def _chat(settings: Mapping[str, Shown]) -> str:
    found = [name for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY") if _is_set(settings, name)]
    if not found:
        return "set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server"
    return f"ready, {settings['PLUMBLINE_MODEL'].value} through Chat Completions with {' and '.join(found)}"


def _token(settings: Mapping[str, Shown]) -> str:
    host = settings["GITHUB_API_URL"].value
    if _is_set(settings, "GITHUB_TOKEN"):
        return f"ready, at {host} with GITHUB_TOKEN"
    return f"public ones only, at {host}; set GITHUB_TOKEN for others, and to post"


def _is_set(settings: Mapping[str, Shown], name: str) -> bool:
    return name in settings and settings[name].origin != "not set"
