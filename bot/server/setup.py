"""Sets the App up: a page that registers it at GitHub, and takes its credentials in.

Guarded by a token that is printed at the start: whoever may read the service's output may set it up, and nobody else.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse

from bot.clients.credentials import Credentials, convert
from bot.clients.github.address import checked_url
from bot.clients.github.connection import Access, GitHub
from bot.core.app_manifest import NAME, Wanted, checked, web_of
from bot.core.rendering import setup_page
from bot.errors import Misuse, OutsideError, Rejected
from bot.threads import aside

_CODE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_STRANGER = "The token does not fit; open the address that the service printed when it was started."
_EXPIRED = (
    "GitHub does not know this code any more; delete the App there, go back to the address that the service printed, "
    "and register anew."
)


@dataclass(slots=True)
class Guard:
    """Who may set the App up: whoever has the token, and comes back from GitHub with the state. Both work once.

    `made` are the credentials that came, until they are kept: GitHub gives them once. One at a time takes its `turn`.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    used: bool = False
    made: Credentials | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def lets_in(self, token: str) -> bool:
        """Whether that is the token."""
        return not self.used and hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def knows(self, state: str) -> bool:
        """Whether that is the state."""
        return not self.used and hmac.compare_digest(state.encode("utf-8", "replace"), self.state.encode())


def setup_service(access: Access, guard: Guard, done: Callable[[Credentials], None]) -> FastAPI:
    """The application of a service that has no App yet. `done` gets the credentials; it raises Misuse.

    Raises Misuse where GitHub's address cannot be one.
    """
    app = FastAPI(title="Plumbline", docs_url=None, redoc_url=None, openapi_url=None)
    pages = _Pages(replace(access, api_url=checked_url(access.api_url)), guard, done)

    @app.get("/")
    async def waiting() -> HTMLResponse:
        return pages.page(HTTPStatus.OK, setup_page.waiting())

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"message": "Alive."})

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        return JSONResponse({"message": "There is no App yet; set it up."}, HTTPStatus.SERVICE_UNAVAILABLE)

    @app.get("/setup")
    async def offer(
        request: Request, token: str = "", url: str = "", name: str = NAME, organization: str = ""
    ) -> HTMLResponse:
        return pages.offer(token, Wanted(url or str(request.base_url), name, organization))

    @app.get("/setup/created")
    async def created(code: str = "", state: str = "") -> HTMLResponse:
        return await pages.created(code, state)

    return app


@dataclass(frozen=True, slots=True)
class _Pages:
    access: Access
    guard: Guard
    done: Callable[[Credentials], None]

    @property
    def web(self) -> str:
        """GitHub's address for people."""
        return web_of(self.access.api_url)

    def offer(self, token: str, asked: Wanted) -> HTMLResponse:
        """The page that registers the App."""
        if not self.guard.lets_in(token):
            return self.page(HTTPStatus.FORBIDDEN, setup_page.refused(_STRANGER))
        try:
            wanted = checked(asked)
        except Misuse as error:
            return self.page(HTTPStatus.UNPROCESSABLE_ENTITY, setup_page.refused(str(error)))
        return self.page(HTTPStatus.OK, setup_page.offer(self.web, wanted, self.guard.state, token))

    async def created(self, code: str, state: str) -> HTMLResponse:
        """The page that GitHub leads back to."""
        async with self.guard.turn:
            if not self.guard.knows(state) or not _CODE.fullmatch(code):
                return self.page(HTTPStatus.FORBIDDEN, setup_page.refused(_STRANGER))
            try:
                # What could not be written the first time is there yet when the page is loaded again.
                made = self.guard.made
                if made is None:
                    made = self.guard.made = await aside(_converted, self.access, code)
                self.done(made)
            except Rejected as refused:
                return self.page(HTTPStatus.BAD_GATEWAY, setup_page.refused(_no(refused)))
            except (Misuse, OutsideError) as error:
                return self.page(HTTPStatus.BAD_GATEWAY, setup_page.refused(str(error)))
            self.guard.used, self.guard.made = True, None
        return self.page(HTTPStatus.OK, setup_page.created(made.install))

    def page(self, status: HTTPStatus, content: str) -> HTMLResponse:
        """A page that may do nothing but send its forms."""
        headers = {
            "content-security-policy": setup_page.policy_of(self.web),
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-frame-options": "DENY",
            "x-content-type-options": "nosniff",
        }
        return HTMLResponse(content, status, headers)


def _no(refused: Rejected) -> str:
    """Why there are no credentials: the connection's own words are about pull requests and tokens."""
    if refused.status == HTTPStatus.NOT_FOUND:
        return _EXPIRED
    if not refused.status:
        return str(refused)
    return f"GitHub does not give the credentials (status {refused.status}); delete the App there, and register anew."


def _converted(access: Access, code: str) -> Credentials:
    with GitHub(Access(access.api_url, ca_bundle=access.ca_bundle)) as github:
        return convert(github, code)
