"""Writes down every request to a model and what came of it, without anything secret, for whoever looks for a fault."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bot.core.messages import UNHEARD, Listener, Reply, Request, reply_as_json
from bot.core.secrets import mask
from bot.errors import Misuse, OutsideError

_OURS = re.compile(r"(\d{4,9})\.(?:request|answer)\.json")


class _Model(Protocol):
    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply: ...

    async def count(self, request: Request) -> int | None: ...


class Transcribed:
    """A model whose requests and answers are written down: `0001.request.json`, then `0001.answer.json`.

    Requests stand there in the shape of the Messages API, whichever API carries them. Nobody else may read the files.
    `hide` strikes the key out of a text.
    A folder that cannot be written raises Misuse; a disk that gets full later is no reason to lose a review.
    """

    def __init__(self, model: _Model, folder: Path, hide: Callable[[str], str]) -> None:
        self._model = model
        self._folder = folder
        self._hide = hide
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._number = max(
                (int(found[1]) for path in folder.iterdir() if (found := _OURS.match(path.name))), default=0
            )
            probe = folder / ".probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise Misuse(
                f"The folder that PLUMBLINE_TRANSCRIPT_DIR names cannot be written ({error.strerror or error}); "
                "name another one or unset it."
            ) from None

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Ask, and write down both sides, with the attempts that failed before."""
        number, failed = self._begin(request), list[str]()

        def heard(sentence: str) -> None:
            failed.append(sentence)
            listener.failed(sentence)

        try:
            reply = await self._model.ask(request, replace(listener, failed=heard))
        except OutsideError as error:
            told = {"error": str(error), "status": error.status, "attempts": error.attempts, "lost": error.lost}
            self._write("answer", told | {"failed_attempts": failed}, number)
            raise
        self._write("answer", reply_as_json(reply) | {"failed_attempts": failed}, number)
        return reply

    async def count(self, request: Request) -> int | None:
        """Let the tokens of a request be counted, and write down both sides."""
        number = self._begin(request)
        tokens = await self._model.count(request)
        self._write("answer", {"input_tokens": tokens}, number)
        return tokens

    def _begin(self, request: Request) -> int:
        """Write a request down; give its number."""
        self._number += 1
        while not self._write("request", request.body):
            self._number += 1
        return self._number

    def _write(self, side: str, value: Mapping[str, object], number: int = 0) -> bool:
        """Write a new file. False where there is one of the name: another process writes here, too."""
        path = self._folder / f"{number or self._number:04}.{side}.json"
        try:
            text = json.dumps(self._redacted(value), ensure_ascii=True, indent=1)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
                opened.write(text + "\n")
        except FileExistsError:
            return False
        except (OSError, RecursionError):
            # A model may nest its answer deeper than we can follow.
            pass
        return True

    def _redacted(self, value: object) -> object:
        """The value without secrets, and without pictures, which tell a reader nothing."""
        if isinstance(value, str):
            return mask(self._hide(value))
        if isinstance(value, Mapping):
            if value.get("type") == "base64":
                return {**value, "data": _described(str(value.get("data", "")))}
            return {mask(self._hide(str(name))): self._redacted(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._redacted(each) for each in value]
        return value


def _described(data: str) -> str:
    return f"({len(data):,} characters, SHA-256 {hashlib.sha256(data.encode()).hexdigest()[:16]})"
