"""Opens GitHub for the App: each pull request with a token of its own installation, and of no other."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.clients.github.app import App
from bot.clients.github.connection import Access, GitHub
from bot.core.events import Pull
from bot.core.references import PullRequestReference
from bot.errors import Rejected
from bot.threads import Patience, aside


@dataclass(frozen=True, slots=True)
class Opened:
    """GitHub as the installation sees it, what its client waits with, and the pull request by its parts."""

    github: GitHub
    patience: Patience
    reference: PullRequestReference


@dataclass(frozen=True, slots=True)
class Installations:
    """All installations of an App. `access` tells where GitHub is."""

    app: App
    access: Access

    async def open(self, pull: Pull, stack: AsyncExitStack, held: Callable[[], bool]) -> Opened:
        """Open GitHub for a pull request, until the stack closes. Writes are refused once `held` is False.

        Raises OutsideError.
        """
        patience = Patience(time.sleep)
        owner, _, repo = pull.repository.partition("/")
        # Events of a webhook that is not the App's own name no installation.
        installation: int | None = pull.installation
        if not installation:
            installation = await aside(self.app.installation_of, owner, repo)
        if installation is None:
            raise Rejected(f"The App is not installed in {pull.repository}; install it there.", status=404)
        access = await self._access_of(installation)
        github = stack.enter_context(GitHub(access, sleep=patience, held=held))
        return Opened(github, patience, PullRequestReference(owner, repo, pull.number))

    async def open_all(self, installation: int, stack: AsyncExitStack) -> GitHub:
        """Open GitHub for all that an installation may see, to be read."""
        return stack.enter_context(GitHub(await self._access_of(installation), held=lambda: False))

    async def _access_of(self, installation: int) -> Access:
        token = await aside(self.app.token, installation)
        return Access(self.access.api_url, token, self.access.ca_bundle)
