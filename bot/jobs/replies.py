"""The model's answers in the database: a review that starts again takes what it finds, and pays for the rest."""

from __future__ import annotations

import json

from bot.clients.record import came_as_json, came_from_json
from bot.core.messages import Reply, Request
from bot.errors import OutsideError
from bot.jobs.database import Database


class StoredReplies:
    """The answers of one review. They are kept before anything is done with them."""

    def __init__(self, database: Database, review: str) -> None:
        self._database = database
        self._review = review

    def answer(self, request: Request) -> Reply | OutsideError | None:
        """What came of a request: its reply, the error that it ended in, or None where it was not asked."""
        kept = self._database.answer(self._review, request.digest)
        return None if kept is None else came_from_json(kept)

    def keep_answer(self, request: Request, answer: Reply | OutsideError) -> None:
        """Keep a reply. Failures are not kept: a review that starts again asks again."""
        if isinstance(answer, Reply):
            self._database.keep(self._review, request.digest, json.dumps(came_as_json(answer)))
