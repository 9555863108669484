"""A repository's files out of the archive that GitHub makes of a commit, and a folder that keeps archives for a while.

An archive is read in memory: nothing in it becomes a path on this machine, links lead nowhere, and what it unpacks to
is bounded. Source: https://docs.python.org/3/library/tarfile.html#tarfile-extraction-filter
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import tarfile
import tempfile
import time
import zlib
from pathlib import Path

from bot.core.tree import Planting, Tree
from bot.errors import BadReply

MOST_PACKED = 80_000_000
"""An archive of more bytes is not read: then the files near the change are, one by one."""

_MOST_UNPACKED = 1_500_000_000
_MOST_MEMBERS = 200_000
_KEPT_SECONDS = 86_400
_KEPT_BYTES = 1_000_000_000
_SUFFIX = ".tar.gz"


class _Bounded(io.BytesIO):
    """What an archive unpacks to, up to a bound: beyond it the stream ends, as if it were cut."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        super().__init__()
        self._stream = stream
        self._left = _MOST_UNPACKED

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on, never beyond the bound."""
        content = self._stream.read(self._left if size is None or size < 0 else min(size, self._left))
        self._left -= len(content)
        return content


def tree_of(packed: bytes) -> Tree:
    """The text files of a tar.gz archive, without the folder that GitHub puts around them.

    Raises BadReply where it is none. What lies behind a bound is left out.
    """
    planting = Planting()
    try:
        with gzip.open(io.BytesIO(packed)) as stream, tarfile.open(fileobj=_Bounded(stream), mode="r|") as archive:
            for count, member in enumerate(archive):
                if count >= _MOST_MEMBERS:
                    break
                path = member.name.partition("/")[2]
                if member.isreg() and path and planting.wants(path, member.size):
                    content = archive.extractfile(member)
                    planting.add(path, content.read() if content else b"")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise BadReply(f"GitHub's archive of the repository cannot be read ({type(error).__name__}).") from None
    return planting.tree()


class Archives:
    """A folder of archives by their commit. They are kept for a day at most, and are nobody else's to read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, repository: str, commit: str) -> bytes | None:
        """The archive of a commit, if it is here."""
        try:
            return self._place(repository, commit).read_bytes()
        except OSError:
            return None

    def keep(self, repository: str, commit: str, packed: bytes) -> None:
        """Keep an archive, and let go of old ones. A folder that cannot be written to keeps nothing."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._sweep(len(packed))
            handle, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(packed)
            Path(name).replace(self._place(repository, commit))

    def _place(self, repository: str, commit: str) -> Path:
        name = hashlib.sha256(f"{repository}\n{commit}".encode()).hexdigest()
        return self._folder / f"{name}{_SUFFIX}"

    def _sweep(self, coming: int) -> None:
        kept = sorted(((path.stat().st_mtime, path) for path in self._folder.iterdir()), reverse=True)
        room, oldest = _KEPT_BYTES - coming, time.time() - _KEPT_SECONDS
        for made, path in kept:
            room -= path.stat().st_size
            if made < oldest or room < 0:
                path.unlink(missing_ok=True)
