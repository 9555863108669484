"""Settings: frozen, from one place, secrets hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings, load
from tests.command import plumbline

KEY = "made-up-key-that-nobody-has"


def test_a_secret_is_in_no_repr() -> None:
    """Neither repr nor str nor the dump of the settings shows a key."""
    settings = Settings.model_validate({"ANTHROPIC_API_KEY": KEY, "GITHUB_TOKEN": KEY})
    assert KEY not in repr(settings) + str(settings) + str(settings.model_dump())


def test_settings_cannot_be_changed() -> None:
    """They are built once and passed down."""
    with pytest.raises(ValidationError):
        load().model = "another"  # type: ignore[misc]


def test_an_error_does_not_repeat_the_value(tmp_path: Path) -> None:
    """A secret pasted into the wrong variable is not printed back."""
    done = plumbline("doctor", "--offline", folder=tmp_path, variables={"PLUMBLINE_CHUNK_TOKENS": KEY})
    assert done.code == 2
    assert KEY not in done.out + done.err


@pytest.mark.parametrize("written", [b"\xff\xfe\x00", b"=====\n'''", b"PLUMBLINE_MODEL"])
def test_a_broken_env_file_is_no_traceback(tmp_path: Path, written: bytes) -> None:
    """Whatever .env holds, the answer is settings or one sentence."""
    (tmp_path / ".env").write_bytes(written)
    done = plumbline("doctor", "--offline", folder=tmp_path)
    assert "Traceback" not in done.err
    assert done.code in {0, 2}
    assert (done.code == 0) or done.err.startswith("plumbline: The file .env is not UTF-8 text")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """What is exported counts more than what lies in the folder."""
    (tmp_path / ".env").write_text("PLUMBLINE_MODEL=from-file\n")
    assert "from-file" in plumbline("doctor", "--offline", folder=tmp_path).out
    done = plumbline("doctor", "--offline", folder=tmp_path, variables={"PLUMBLINE_MODEL": "exported"})
    assert "exported" in done.out
    assert "from-file" not in done.out


def test_the_file_pulls_no_secret_out_of_the_environment(tmp_path: Path) -> None:
    """`${NAME}` in .env is text: a checked-out file cannot print or send what is exported."""
    (tmp_path / ".env").write_text("OPENAI_BASE_URL=https://x.invalid/${GITHUB_TOKEN}\n")
    done = plumbline("doctor", "--offline", folder=tmp_path, variables={"GITHUB_TOKEN": KEY})
    assert KEY not in done.out
