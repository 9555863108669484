"""Who is who on a pull request: ourselves, accounts that are believed beside us, people, and who of them may write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from bot.clients.github.answers import read
from bot.clients.github.connection import GitHub
from bot.clients.github.page_answers import ActorNode, PermissionAnswer, Written
from bot.errors import Rejected

# A mark begins a line: in a quotation or in the middle of a sentence it is somebody's words about it.
_MARK = re.compile(r"^<!-- plumbline", re.MULTILINE)
_APP = "[bot]"
_WRITERS = {"admin", "maintain", "write"}
# Anybody may put a thumbs-down on a public pull request; GitHub is not asked about a crowd.
_MOST_LOGINS = 50


def marked(body: str) -> bool:
    """Whether a body carries a mark of ours."""
    return bool(_MARK.search(body))


@dataclass(frozen=True, slots=True)
class People:
    """Tells apart who wrote what. `viewer` is the login of our own token, `trusted` are those believed beside it.

    The token may be a person's own. Then what we do is done in their name: words with a mark are ours, and so is that a
    thread is resolved which says that its finding is fixed. All else that they do is theirs.
    """

    viewer: str
    trusted: frozenset[str]

    @property
    def slug(self) -> str:
        """The name by which people mention us: that of the App, '' for a person's token."""
        return self.viewer.removesuffix(_APP) if self.viewer.endswith(_APP) else ""

    def believes(self, written: Written) -> bool:
        """Whether we wrote it, or somebody whom we trust."""
        return written.ours or (written.author is not None and self._is_among(written.author, self.trusted))

    def is_person(self, actor: ActorNode | None) -> bool:
        """Whether it is no App and nobody trusted. Who is gone counts as a person: nobody can tell any more."""
        if actor is None:
            return True
        apps = {self.viewer} if self.viewer.endswith(_APP) else set()
        ours = self._is_among(actor, {*self.trusted, *apps})
        return not (ours or actor.kind == "Bot" or actor.login.endswith(_APP))

    def is_viewer(self, actor: ActorNode) -> bool:
        """Whether it is the account of our token."""
        return self._is_among(actor, (self.viewer,))

    def is_spoken(self, written: Written) -> bool:
        """Whether they are a person's words. GitHub makes a review without words of each answer, also of ours."""
        ours = written.ours and (marked(written.body) or not written.body.strip())
        return self.is_person(written.author) and not ours

    @staticmethod
    def _is_among(actor: ActorNode, logins: Iterable[str]) -> bool:
        """Whether one of the logins is the actor's. That of an App ends in `[bot]`, which GraphQL leaves out.

        A user may have the name that an App has without it, so a user is not taken for that App where the kind is told.
        """
        login = actor.login.casefold()
        names = {login} if actor.kind not in {"", "Bot"} else {login, login + _APP}
        return any(each.casefold() in names for each in logins)


class Permissions:
    """Who may write to the repository: asked once for each login. `path` gives the repository's present one."""

    def __init__(self, github: GitHub, about: str, path: Callable[[], str]) -> None:
        self._github = github
        self._about = about
        self._path = path
        self._known: dict[str, bool] = {}

    def writes(self, login: str) -> bool:
        """Whether they may; False where GitHub does not tell. Raises OutsideError where it does not answer at all."""
        name = login.casefold()
        if name not in self._known:
            self._known[name] = len(self._known) < _MOST_LOGINS and self._ask(login)
        return self._known[name]

    def _ask(self, login: str) -> bool:
        # https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        path = f"{self._path()}/collaborators/{quote(login, safe='')}/permission"
        try:
            said = self._github.get(path, self._about)
        except Rejected as refused:
            if refused.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
                return False
            raise
        return read(PermissionAnswer, said, self._about).permission in _WRITERS
