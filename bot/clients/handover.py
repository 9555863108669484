"""Reads the folder that the first of two workflows left: two plain files of bounded size, and nothing else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bot.core.handover import MOST_BYTES, NAMES
from bot.core.visible import printable
from bot.errors import Misuse


def read_folder(folder: Path) -> tuple[bytes, ...] | None:
    """The contents of its files, in the order of `NAMES`; None without the folder. Raises Misuse for anything else."""
    if not folder.exists():
        return None
    try:
        found = sorted(each.name for each in folder.iterdir())
        contents = tuple(_read(folder / name, MOST_BYTES[name]) for name in NAMES)
    except OSError as error:
        raise Misuse(f"The folder {str(folder)!r} cannot be read ({error.strerror}); see the input change.") from None
    strange = [name for name in found if name not in NAMES]
    if strange:
        raise Misuse(f"The folder {str(folder)!r} holds {printable(strange[0])[:60]!r} as well; it is not used.")
    return contents


def _read(file: Path, most: int) -> bytes:
    # A link could lead to a file of the runner, and what is no plain file could keep us reading.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Misuse(f"{file.name} is no plain file; it is not used.")
        content = opened.read(most + 1)
    if len(content) > most:
        raise Misuse(f"{file.name} has more than {most:,} bytes; it is not used.")
    return content
