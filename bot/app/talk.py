"""Commands that reach the App: answered with a token of the installation alone that the pull request belongs to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from bot import commanding
from bot.app.access import Installations
from bot.core.events import Commanded, ReviewDue
from bot.core.response import REFUSED
from bot.settings import Settings

_log = structlog.get_logger()


async def obey(
    installations: Installations, known: Settings, slug: str, commanded: Commanded, held: Callable[[], bool]
) -> ReviewDue | None:
    """Answer a command; give the review that follows from it, if one does. Raises OutsideError."""
    async with AsyncExitStack() as stack:
        opened = await installations.open(commanded.pull, stack, held)
        response = await commanding.obey(opened.github, opened.reference, known, slug, commanded)
    heard = response is not REFUSED
    _log.info("command answered", verb=commanded.command.verb.value, heard=heard, pull=commanded.pull.name)
    return response.due
