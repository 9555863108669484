"""Sets the App up: a page that registers it at GitHub, and takes its credentials in.

Guarded by a token that is printed at the start: whoever may read the service's output may set it up, and nobody else.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from bot.clients.credentials import Credentials, convert
from bot.clients.github.connection import Access, GitHub
from bot.core.app_manifest import NAME, Wanted, checked, web_of
from bot.core.rendering import setup_page
from bot.errors import Misuse, OutsideError, Rejected
from bot.threads import aside

_CODE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_STRANGER = "The token does not fit; open the address that the service printed when it was started."
_Short = Annotated[str, Query(max_length=200)]
_Long = Annotated[str, Query(max_length=500)]
_EXPIRED = (
    "GitHub does not know this code any more; go back to the address that the service printed, and register anew."
)


@dataclass(slots=True)
class Guard:
    """Who may set the App up: whoever has the token, and comes back from GitHub with the state. Both work once."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    used: bool = False

    def lets_in(self, token: str) -> bool:
        """Whether that is the token."""
        return not self.used and hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def knows(self, state: str) -> bool:
        """Whether that is the state."""
        return not self.used and hmac.compare_digest(state.encode("utf-8", "replace"), self.state.encode())


def setup_service(access: Access, guard: Guard, done: Callable[[Credentials], None]) -> FastAPI:
    """The application of a service that has no App yet. `done` gets the credentials; it raises Misuse."""
    app = FastAPI(title="Plumbline", docs_url=None, redoc_url=None, openapi_url=None)
    pages = _Pages(access, guard, done)

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
        request: Request, token: _Short = "", url: _Long = "", name: _Short = NAME, organization: _Short = ""
    ) -> HTMLResponse:
        return pages.offer(token, Wanted(url or str(request.base_url), name, organization))

    @app.get("/setup/created")
    async def created(code: _Short = "", state: _Short = "") -> HTMLResponse:
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
        if not self.guard.knows(state) or not _CODE.fullmatch(code):
            return self.page(HTTPStatus.FORBIDDEN, setup_page.refused(_STRANGER))
        try:
            credentials = await aside(_converted, self.access, code)
            self.done(credentials)
        except Rejected as refused:
            gone = refused.status == HTTPStatus.NOT_FOUND
            return self.page(HTTPStatus.BAD_GATEWAY, setup_page.refused(_EXPIRED if gone else str(refused)))
        except (Misuse, OutsideError) as error:
            return self.page(HTTPStatus.BAD_GATEWAY, setup_page.refused(str(error)))
        self.guard.used = True
        return self.page(HTTPStatus.OK, setup_page.created(credentials.install))

    def page(self, status: HTTPStatus, content: str) -> HTMLResponse:
        """A page that may do nothing but send its forms."""
        headers = {
            "content-security-policy": setup_page.policy_of(self.web),
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }
        return HTMLResponse(content, status, headers)


def _converted(access: Access, code: str) -> Credentials:
    with GitHub(Access(access.api_url, ca_bundle=access.ca_bundle)) as github:
        return convert(github, code)
