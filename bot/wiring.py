"""The only place that builds: settings become clients, clients go into stories."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from bot import reviewer
from bot.clients.analyzers import EmbeddedAnalyzers, version_of
from bot.clients.source import LocalRange, PatchText, Repository
from bot.core.cost import PRICES
from bot.core.policy import Policy
from bot.core.rendering.setup import Program
from bot.core.review import Review
from bot.core.selection import Filters
from bot.errors import Misuse
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks to be reviewed. Exactly one of `base`, `staged`, `diff` is given."""

    base: str = ""
    head: str = "HEAD"
    staged: bool = False
    diff: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


async def review(request: Request, settings: Settings) -> Review:
    """Build what a review needs and run it."""
    policy = Policy(
        model=settings.model,
        filters=Filters(request.include, request.exclude),
        chunk_tokens=settings.chunk_tokens,
        max_cost=settings.max_cost_usd,
        price=PRICES[settings.prices],
    )
    return await reviewer.review(_source(request), EmbeddedAnalyzers(), policy)


def _source(request: Request) -> reviewer.Source:
    if request.diff:
        name = "standard input" if request.diff == "-" else request.diff
        return PatchText(_read(request.diff), name, _helpful_repository())
    repository = Repository.find(Path.cwd())
    if repository is None:
        raise Misuse("This folder is in no git repository; change into one, or give a patch with --diff FILE.")
    return LocalRange(repository, request.base, request.head, request.staged)


def _helpful_repository() -> Repository | None:
    """The checkout around a patch. It only helps out: a patch is reviewed without it, and without git, as well."""
    try:
        return Repository.find(Path.cwd())
    except Misuse:
        return None


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Misuse(f"The patch {name!r} cannot be read: {error.strerror or error}.") from error


def programs() -> tuple[Program, ...]:
    """The programs that a review runs, as they are found here."""
    return (
        Program("git", version_of("git"), "review --base and --staged"),
        Program("ruff", version_of("ruff"), "findings in Python"),
        Program("zizmor", version_of("zizmor"), "findings in workflows"),
    )
