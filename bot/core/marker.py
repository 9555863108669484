"""The hidden marks in what is posted: by them our own comments are found again, and say what they were made for.

    <!-- plumbline:1 eJyr... -->        at the head of the summary: a versioned state, JSON, zlib, base64
    <!-- plumbline-run:0a1b2c3d4e5f --> in a review: the run that posted it

Comments of HTML are not shown: https://github.github.com/gfm/#html-comment
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from dataclasses import asdict, dataclass

from bot.core.models import Finding

_VERSION = 1
_STATE = re.compile(r"\s*<!-- plumbline:(\d{1,3}) ([A-Za-z0-9+/=]{1,60000}) -->")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class State:
    """What a summary was made for: the commits that were compared, the prompts that were used, how it ended.

    `commented` are the fingerprints of the findings that have a comment of their own.
    """

    head: str
    base: str
    prompts: str
    ending: str = ""
    commented: tuple[str, ...] = ()


def write_state(state: State) -> str:
    """The state as a hidden mark."""
    text = json.dumps(asdict(state), separators=(",", ":"), sort_keys=True).encode()
    return f"<!-- plumbline:{_VERSION} {base64.b64encode(zlib.compress(text, 9)).decode()} -->"


def read_state(body: str) -> State | None:
    """The state in a comment; None where there is none that this version can read."""
    match = _STATE.match(body)
    if match is None or int(match[1]) != _VERSION:
        return None
    try:
        said = json.loads(_unpacked(base64.b64decode(match[2], validate=True)))
        state = State(said["head"], said["base"], said["prompts"], said["ending"], tuple(said["commented"]))
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError, RecursionError):
        return None
    parts = (state.head, state.base, state.prompts, state.ending, *state.commented)
    return state if all(isinstance(part, str) for part in parts) else None


def _unpacked(packed: bytes) -> bytes:
    """The text that was packed; none of it where it is cut off or larger than any state."""
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(packed, _LARGEST)
    return text if unpacking.eof else b""


def is_summary(body: str) -> bool:
    """Whether a comment of our own is a summary, of whatever version."""
    return _STATE.match(body) is not None


def fingerprint(finding: Finding) -> str:
    """A short name for a finding at its place, to know it again in another run on the same head."""
    place = finding.location
    text = f"{place.path}\0{place.side}\0{place.line}\0{finding.title}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:10]


def run_id(repository_id: int, number: int, head: str) -> str:
    """The name of the one review of a head: the same whoever posts it, so that nobody posts it twice."""
    return hashlib.sha256(f"{repository_id}#{number}@{head}".encode()).hexdigest()[:12]


def run_mark(run: str) -> str:
    """The run as a hidden mark."""
    return f"<!-- plumbline-run:{run} -->"
