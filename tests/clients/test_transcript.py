"""Transcripts: both sides of every request, in order, for the eyes of one person, without anything secret."""

from __future__ import annotations

import asyncio
import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.clients.door import Door
from bot.clients.transcript import Transcribed
from bot.core.messages import UNHEARD, Listener, Reply, Request, StopReason, TextBlock, reply_from_json
from bot.errors import Misuse, OutsideError, Transient

# In two parts, so that no scanner takes this file for a leak.
TOKEN = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
KEY = "made-up key of a gateway"
DOOR = Door("host", "ANTHROPIC_API_KEY", KEY)
PICTURE = base64.b64encode(b"picture" * 99).decode()
BODY: dict[str, Any] = {
    "model": "m",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": f"token = '{TOKEN}' {KEY} \udcff ä"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
            ],
        }
    ],
}
REPLY = Reply((TextBlock("fine"),), StopReason.END_TURN)


class Model:
    """Answers, or fails."""

    def __init__(self, error: OutsideError | None = None) -> None:
        self.error = error

    async def count(self, _request: Request) -> int | None:
        return 42

    async def ask(self, _request: Request, listener: Listener = UNHEARD) -> Reply:
        listener.failed("host is overloaded; try again later.")
        listener.begun()
        if self.error:
            raise self.error
        return REPLY


def ask(model: Transcribed, *bodies: dict[str, Any]) -> None:
    for body in bodies or (BODY,):
        asyncio.run(model.ask(Request(body)))


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_both_sides_are_written(tmp_path: Path) -> None:
    """Numbered on from what stands there; an answer reads back as the reply that it was."""
    folder = tmp_path / "deep" / "er"
    ask(Transcribed(Model(), folder, DOOR.without_key))
    ask(Transcribed(Model(), folder, DOOR.without_key), {"model": "other"})
    names = ["0001.answer.json", "0001.request.json", "0002.answer.json", "0002.request.json"]
    assert written(folder) == names
    assert reply_from_json(json.loads((folder / names[0]).read_text())) == REPLY
    assert json.loads((folder / names[3]).read_text()) == {"model": "other"}


def test_nothing_secret_is_written(tmp_path: Path) -> None:
    """Secrets are masked, pictures are told by size and digest, and nobody else may read it."""
    ask(Transcribed(Model(), tmp_path / "kept", DOOR.without_key))
    request = tmp_path / "kept" / "0001.request.json"
    text = request.read_text()
    assert TOKEN not in text
    assert KEY not in text
    assert PICTURE not in text
    assert "token = " in text
    assert "924 characters, SHA-256" in text
    assert stat.S_IMODE(request.stat().st_mode) == 0o600
    assert stat.S_IMODE(request.parent.stat().st_mode) == 0o700


def test_an_error_is_written_as_its_sentence(tmp_path: Path) -> None:
    """And raised all the same."""
    model = Transcribed(
        Model(Transient("host is overloaded; try again later.", status=529, attempts=4)), tmp_path, DOOR.without_key
    )
    with pytest.raises(Transient):
        ask(model)
    assert json.loads((tmp_path / "0001.answer.json").read_text()) == {
        "error": "host is overloaded; try again later.",
        "status": 529,
        "attempts": 4,
        "lost": 0,
        "failed_attempts": ["host is overloaded; try again later."],
    }


def test_what_failed_before_and_what_was_counted_is_written(tmp_path: Path) -> None:
    """Each attempt that another one followed, in its sentence; a count is a request, too."""
    model = Transcribed(Model(), tmp_path, DOOR.without_key)
    ask(model)
    answer = json.loads((tmp_path / "0001.answer.json").read_text())
    assert answer["failed_attempts"] == ["host is overloaded; try again later."]
    assert asyncio.run(model.count(Request(BODY))) == 42
    assert json.loads((tmp_path / "0002.answer.json").read_text()) == {"input_tokens": 42}
    assert KEY not in (tmp_path / "0002.request.json").read_text()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """It is told before anything is asked."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(Misuse) as caught:
        Transcribed(Model(), tmp_path / "file" / "folder", DOOR.without_key)
    assert str(caught.value).startswith("The folder that PLUMBLINE_TRANSCRIPT_DIR names cannot be written (Not a dir")


def test_a_folder_that_goes_away_costs_no_review(tmp_path: Path) -> None:
    """What cannot be written down is not; the answer comes."""
    folder = tmp_path / "kept"
    model = Transcribed(Model(), folder, DOOR.without_key)
    folder.rmdir()
    ask(model)
    assert not folder.exists()
