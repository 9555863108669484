"""The page that a browser gets at the service's address. It is open to everybody, so it names no repository."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 10vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.4rem; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.5rem; }
dt { opacity: .7; } dd { margin: 0; }
"""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Status:
    """How the service is.

    `jobs` counts reviews by state, None where the database does not tell; `age` is that of the oldest that is due, in
    seconds. `seen` tells for GitHub and the model how many seconds ago they answered, None for not since the start.
    """

    version: str
    role: str
    app: str
    ready: bool
    jobs: Mapping[str, int] | None
    age: float
    seen: Mapping[str, float | None]


def page(status: Status) -> str:
    """The page, as HTML."""
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>\n" for name, value in _rows(status))
    title = "Plumbline is at work" if status.ready else "Plumbline cannot reach its database"
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n<h1>{title}</h1>\n<dl>\n{rows}</dl>\n"
    )


def _rows(status: Status) -> Iterator[tuple[str, str]]:
    yield "App", status.app or "none yet"
    if status.jobs is not None:
        yield "Reviews", ", ".join(f"{count} {state}" for state, count in status.jobs.items())
        if status.age >= 1:
            yield "Waiting for", span(status.age)
    for system, ago in status.seen.items():
        yield system, "not asked since the start" if ago is None else f"answered {span(ago)} ago"
    yield "This process", f"Plumbline {status.version}, role {status.role}"


def span(seconds: float) -> str:
    """So many seconds in words: `12 seconds`, `3 minutes`, `2 hours`, `5 days`."""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= unit:
            return _many(int(seconds // unit), name)
    return _many(int(seconds), "second")


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
