"""The App's credentials: GitHub gives them once, and they are kept in a file that nobody else may read."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.clients.github.answers import read
from bot.clients.github.connection import GitHub
from bot.errors import Misuse

_FILE = "app.json"
_ABOUT = "the new App"


class Credentials(BaseModel):
    """Who the App is. `page` is its address at GitHub."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    app_id: str = Field(min_length=1)
    slug: str = Field(min_length=1)
    private_key: SecretStr = Field(min_length=1)
    webhook_secret: SecretStr = Field(min_length=1)
    page: str

    @property
    def install(self) -> str:
        """Where it is installed."""
        return f"{self.page}/installations/new"


class _Conversion(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: int
    slug: str
    html_url: str
    pem: SecretStr
    webhook_secret: SecretStr


def convert(github: GitHub, code: str) -> Credentials:
    """Get the credentials for the code that GitHub gave at the end of the registration. It works once, for an hour.

    Raises Rejected, Transient and BadReply.
    Source: https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest
    """
    said = read(_Conversion, github.write("POST", f"/app-manifests/{code}/conversions", _ABOUT), _ABOUT)
    return Credentials(
        app_id=str(said.id),
        slug=said.slug,
        private_key=said.pem,
        webhook_secret=said.webhook_secret,
        page=said.html_url,
    )


def kept(data: Path) -> Credentials | None:
    """The credentials in the data folder, None where there are none. Raises Misuse where they cannot be read."""
    file = data / _FILE
    try:
        return Credentials.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        raise Misuse(f"{file} cannot be read; restore it, or remove it and set the App up anew.") from None


def keep(data: Path, credentials: Credentials) -> None:
    """Write them to the data folder, for this user alone; after a crash the file is there whole or not at all."""
    file, draft = data / _FILE, data / f"{_FILE}.{secrets.token_hex(4)}"
    fields = credentials.model_dump()
    shown = {name: each.get_secret_value() if isinstance(each, SecretStr) else each for name, each in fields.items()}
    content = json.dumps(shown, indent=2).encode()
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
        _settle(data)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise Misuse(f"{file} cannot be written: {error.strerror}; make room, or set PLUMBLINE_DATA.") from None


def _settle(folder: Path) -> None:
    """Have the folder's entries outlast a crash as well: GitHub gives the credentials once."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
