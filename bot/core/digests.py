"""What a hunk says, as a digest: the same digest means that a model would be shown the same lines."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

from bot.core.diff import FileDiff, FileKind, Hunk


def hunk_digests(file: FileDiff, key: bytes = b"") -> tuple[bytes, ...]:
    """Digest each hunk of a file, see `hunk_digest`.

    Of equals each has another, of its place among them and of their number: nobody can tell which of them was there
    before one more came, so all are read again then. A binary file counts as one hunk, of its two versions.
    """
    if file.kind is FileKind.BINARY:
        return _versions_digest(file, key)
    digests = [hunk_digest(file, hunk, key) for hunk in file.hunks]
    number = Counter(digests)
    seen: Counter[bytes] = Counter()
    made = []
    for digest in digests:
        seen[digest] += 1
        made.append(
            digest if number[digest] == 1 else _digest(b"%b %d/%d" % (digest, seen[digest], number[digest]), key)
        )
    return tuple(made)


def _versions_digest(file: FileDiff, key: bytes) -> tuple[bytes, ...]:
    blobs = (file.old_blob, file.new_blob)
    if not any(blobs):
        return ()
    named = (file.old_path, file.new_path, *blobs)
    return (_digest(b"versions" + b"".join(map(_name, named)), key),)


def hunk_digest(file: FileDiff, hunk: Hunk, key: bytes = b"") -> bytes:
    """Digest a hunk to 32 bytes: SHA-256, or HMAC-SHA-256 under a key.

    It covers both names of the file, and of every line, context included, its kind, its text and whether it ends in a
    newline. Line numbers and the heading behind `@@` are no part of it: a rebase that only moves the hunk keeps it.
    Under a key nobody without it can look for two hunks of one digest.
    """
    said = b"".join(
        [_name(file.old_path), _name(file.new_path), *(_line(line.kind, line.text, line.ends) for line in hunk.lines)]
    )
    return _digest(said, key)


def _digest(said: bytes, key: bytes) -> bytes:
    return hmac.digest(key, said, "sha256") if key else hashlib.sha256(said).digest()


def _name(path: str | None) -> bytes:
    """A name with its length in front: it may hold line breaks. No name differs from any."""
    if path is None:
        return b"-"
    name = path.encode("utf-8", "surrogateescape")
    return b"%d:%s" % (len(name), name)


def _line(kind: str, text: str, ends: bool) -> bytes:
    return f"\n{kind}{'' if ends else '~'}\t{text}".encode("utf-8", "surrogateescape")
