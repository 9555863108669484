"""Writes down every request to a model and what came of it, without anything secret, for whoever looks for a fault."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from bot.core.messages import UNHEARD, Listener, Reply, Request, reply_as_json
from bot.core.secrets import mask
from bot.errors import Misuse, OutsideError


class _Model(Protocol):
    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply: ...


class Transcribed:
    """A model whose requests and answers are written down: `0001.request.json`, then `0001.answer.json`.

    Requests stand there in the shape of the Messages API, whichever API carries them. Nobody else may read the files.
    A folder that cannot be written raises Misuse; a disk that gets full later is no reason to lose a review.
    """

    def __init__(self, model: _Model, folder: Path) -> None:
        self._model = model
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._number = max((int(path.name[:4]) for path in folder.glob("[0-9]" * 4 + ".*.json")), default=0)
            probe = folder / ".probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise Misuse(
                f"The folder that PLUMBLINE_TRANSCRIPT_DIR names cannot be written ({error.strerror or error}); "
                "name another one or unset it."
            ) from None

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Ask, and write down both sides."""
        self._number += 1
        name = f"{self._number:04}"
        self._write(f"{name}.request.json", dict(request.body))
        try:
            reply = await self._model.ask(request, listener)
        except OutsideError as error:
            self._write(
                f"{name}.answer.json", {"error": str(error), "status": error.status, "attempts": error.attempts}
            )
            raise
        self._write(f"{name}.answer.json", reply_as_json(reply))
        return reply

    def _write(self, name: str, value: Mapping[str, object]) -> None:
        text = json.dumps(_redacted(value), ensure_ascii=True, indent=1)
        with suppress(OSError):
            file = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(file, "w", encoding="ascii") as opened:
                opened.write(text + "\n")


def _redacted(value: object) -> object:
    """The value without secrets, and without pictures, which tell a reader nothing."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        if value.get("type") == "base64":
            return {**value, "data": _described(str(value.get("data", "")))}
        return {str(name): _redacted(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(each) for each in value]
    return value


def _described(data: str) -> str:
    return f"({len(data):,} characters, SHA-256 {hashlib.sha256(data.encode()).hexdigest()[:16]})"
