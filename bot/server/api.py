"""The manual trigger over HTTP: ask for a review, look at reviews, end one, have one made again.

Off without a token of its own. It is described by OpenAPI at /openapi.json.
"""

from __future__ import annotations

import hmac
from collections.abc import Coroutine
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from bot.core.precedence import State
from bot.errors import Misuse, OutsideError, Unavailable
from bot.jobs.board import Job

_T = TypeVar("_T")
_BEARER = HTTPBearer(auto_error=False, description="The value of PLUMBLINE_API_TOKEN.")
_ID = r"^review-[0-9]{1,20}-[0-9]{1,12}-[A-Za-z0-9-]{1,150}$"
_Id = Annotated[str, Path(description="The review's id.", pattern=_ID, max_length=200)]


class Desk(Protocol):
    """What the API hands on to. All of it raises OutsideError and Unavailable."""

    async def ask(self, pull_request: str, *, full: bool) -> Job:
        """Have a pull request reviewed. Raises Misuse where it is none, or none of the App's."""
        ...

    async def jobs(self) -> list[Job]:
        """The latest reviews."""
        ...

    async def job(self, name: str) -> Job | None:
        """One of them."""
        ...

    async def cancel(self, name: str) -> bool:
        """End one; False where it has ended."""
        ...

    async def again(self, job: Job) -> Job:
        """Have it made again."""
        ...


class Asked(BaseModel):
    """A pull request to review: its name or its address; `full` has all of it read again."""

    model_config = ConfigDict(extra="forbid")

    pull_request: str = Field(min_length=1, max_length=500, examples=["owner/repo#12"])
    full: bool = False


class Shown(BaseModel):
    """A review. `head` is the commit that it was asked for, if one was named; `told` says what became of it."""

    id: str
    pull_request: str
    state: State
    why: str
    head: str
    attempt: int
    asked_at: datetime
    changed_at: datetime
    told: str


class Message(BaseModel):
    """What is wrong, in one sentence."""

    message: str


def add_api(app: FastAPI, desk: Desk, token: str) -> None:
    """Add the API to the application. Without a token it answers 404, and says how to switch it on."""

    def permitted(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> None:
        if not token:
            raise HTTPException(HTTPStatus.NOT_FOUND, "The API is off; set PLUMBLINE_API_TOKEN to switch it on.")
        said = given.credentials if given else ""
        if not hmac.compare_digest(said.encode("utf-8", "replace"), token.encode()):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED,
                "The token does not fit; send PLUMBLINE_API_TOKEN as a bearer token.",
                {"www-authenticate": "Bearer"},
            )

    router = APIRouter(prefix="/api/reviews", tags=["reviews"], dependencies=[Depends(permitted)], responses=_COMMON)
    _add_routes(router, desk)
    app.include_router(router)
    app.add_exception_handler(RequestValidationError, _misshapen)


_COMMON: dict[int | str, dict[str, Any]] = {
    400: {"model": Message, "description": "The body is no text"},
    401: {"model": Message, "description": "The token does not fit"},
    404: {"model": Message, "description": "There is no such review, or the API is off"},
    422: {"model": Message, "description": "The request has not its shape"},
    503: {"model": Message, "description": "The database or GitHub does not answer"},
}
_ENDED: dict[int | str, dict[str, Any]] = {409: {"model": Message, "description": "The review has ended"}}


def _add_routes(router: APIRouter, desk: Desk) -> None:
    @router.post("", status_code=HTTPStatus.ACCEPTED, summary="Have a pull request reviewed")
    async def ask(asked: Asked) -> Shown:
        return _shown(await _told(desk.ask(asked.pull_request, full=asked.full)))

    @router.get("", summary="The latest reviews")
    async def listed(most: Annotated[int, Query(ge=1, le=100)] = 50) -> list[Shown]:
        return [_shown(job) for job in (await _told(desk.jobs()))[:most]]

    @router.get("/{id}", summary="One review")
    async def one(id: _Id) -> Shown:  # noqa: A002 - the name in the address
        return _shown(await _found(desk, id))

    @router.post("/{id}/cancel", summary="End a review", responses=_ENDED)
    async def cancel(id: _Id) -> Shown:  # noqa: A002
        job = await _found(desk, id)
        if not await _told(desk.cancel(job.id)):
            raise HTTPException(HTTPStatus.CONFLICT, "The review has ended; there is nothing to cancel.")
        return _shown(await _found(desk, id))

    @router.post("/{id}/retry", status_code=HTTPStatus.ACCEPTED, summary="Have a review made again", responses=_ENDED)
    async def retry(id: _Id) -> Shown:  # noqa: A002
        job = await _found(desk, id)
        if job.state in {State.WAITING, State.RUNNING}:
            raise HTTPException(HTTPStatus.CONFLICT, "The review has not ended; wait for it, or cancel it first.")
        return _shown(await _told(desk.again(job)))


async def _found(desk: Desk, name: str) -> Job:
    job = await _told(desk.job(name))
    if job is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such review; GET /api/reviews lists the latest.")
    return job


async def _told(answer: Coroutine[Any, Any, _T]) -> _T:
    try:
        return await answer
    except Misuse as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    except (OutsideError, Unavailable) as error:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from None


def _shown(job: Job) -> Shown:
    order = job.order
    asked, changed = (datetime.fromtimestamp(moment, UTC) for moment in (job.asked, job.changed))
    return Shown(
        id=job.id,
        pull_request=order.pull.name,
        state=job.state,
        why=order.why.value,
        head=order.head,
        attempt=order.attempt + 1,
        asked_at=asked,
        changed_at=changed,
        told=job.told,
    )


async def _misshapen(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    return JSONResponse({"message": f"{place}: {first['msg']}."}, HTTPStatus.UNPROCESSABLE_ENTITY)
