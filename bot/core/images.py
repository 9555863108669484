"""Images as values: what bytes are one, how large it is sent, and what a model takes for looking at it.

Source: https://platform.claude.com/docs/en/build-with-claude/vision
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.core.diff import FileDiff, FileKind
from bot.core.ledger import Reason
from bot.core.model_rules import ModelRules

MOST_IMAGES = 20
"""So many images go into a review. Above that the API takes smaller ones only."""

LARGEST_FILE = 5_000_000
"""The most bytes of an image that are read."""

_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_LONGEST_EDGE = 8_000
# 160 MB once it is unpacked: a small file can claim far more.
_MOST_PIXELS = 40_000_000
_PATCH = 28
_PNG = b"\x89PNG\r\n\x1a\n"
# Start of frame, in all its kinds: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


class Format(StrEnum):
    """The kinds of images that the API takes, by their media types."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"


class When(StrEnum):
    """Which image of a change it is."""

    BEFORE = "before"
    AFTER = "after"
    TOLD = "in the description"


@dataclass(frozen=True, slots=True)
class Header:
    """What an image's first bytes say of it; sizes in pixels."""

    format: Format
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large an image a model sees: pixels of its long edge, and tokens. What is larger is scaled down to both."""

    edge: int
    tokens: int


def bounds_of(rules: ModelRules) -> Bounds | None:
    """How large a model sees images; None for one that sees none, or is not known to: it would refuse the request."""
    return Bounds(rules.image_edge, rules.image_tokens) if rules.images else None


@dataclass(frozen=True)
class Picture:
    """An image as it is sent. `file` is the position in `Diff.files`, None for one that the description links to.

    `name` is its path or address. `width` and `height` are those of `data`, the original had `original`.
    """

    name: str
    when: When
    file: int | None
    media_type: str
    data: bytes
    width: int
    height: int
    original: tuple[int, int]

    @property
    def tokens(self) -> int:
        """What the model takes for looking at it."""
        return tokens_of_image(self.width, self.height)

    @property
    def encoded_size(self) -> int:
        """The bytes that it takes in a request, as base64."""
        return -(-len(self.data) // 3) * 4


@dataclass(frozen=True, slots=True)
class Unseen:
    """An image that is not sent, and why, in the words of the ledger."""

    name: str
    file: int | None
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The images of a change: changed files first, before and after, then those of the description."""

    pictures: tuple[Picture, ...] = ()
    unseen: tuple[Unseen, ...] = ()


NO_PICTURES = Gathered()


def is_image(file: FileDiff) -> bool:
    """Whether a changed file is worth reading as an image, by its name. What it is, only its bytes tell."""
    return file.kind is FileKind.BINARY and file.path.lower().endswith(_SUFFIXES)


def tokens_of_image(width: int, height: int) -> int:
    """A token for each patch of 28 by 28 pixels, begun ones included."""
    return math.ceil(width / _PATCH) * math.ceil(height / _PATCH)


def fitted_size(width: int, height: int, bounds: Bounds) -> tuple[int, int]:
    """The largest size of that shape within the bounds; never larger than it is."""
    low, high = 1, min(max(width, height), bounds.edge)
    while low < high:
        middle = (low + high + 1) // 2
        if tokens_of_image(*_scaled(width, height, middle)) <= bounds.tokens:
            low = middle
        else:
            high = middle - 1
    return _scaled(width, height, low)


def _scaled(width: int, height: int, edge: int) -> tuple[int, int]:
    longest = max(width, height)
    return max(1, round(width * edge / longest)), max(1, round(height * edge / longest))


def size_fault(header: Header) -> str:
    """Why an image of that size is not unpacked, '' where it may be."""
    if max(header.width, header.height) > _LONGEST_EDGE or header.width * header.height > _MOST_PIXELS:
        return f"{header.width:,} x {header.height:,} pixels"
    return ""


def sniffed(content: bytes) -> Header | None:
    """What the bytes are, whatever their name or sender says; None for what is no image that a model can see."""
    try:
        header = next((found for read in (_png, _gif, _webp, _jpeg) if (found := read(content))), None)
    except (struct.error, IndexError):
        return None
    return header if header and header.width and header.height else None


def _png(content: bytes) -> Header | None:
    if not content.startswith(_PNG) or content[12:16] != b"IHDR":
        return None
    return Header(Format.PNG, *struct.unpack_from(">II", content, 16))


def _gif(content: bytes) -> Header | None:
    return Header(Format.GIF, *struct.unpack_from("<HH", content, 6)) if content[:6] in {b"GIF87a", b"GIF89a"} else None


def _webp(content: bytes) -> Header | None:
    """Read one of the three kinds: https://developers.google.com/speed/webp/docs/riff_container."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    kind = content[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        return Header(Format.WEBP, width, height)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return Header(Format.WEBP, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return Header(Format.WEBP, width & 0x3FFF, height & 0x3FFF)
    return None


def _jpeg(content: bytes) -> Header | None:
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    for marker, at in _segments(content):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return Header(Format.JPEG, width, height)
    return None


def _segments(content: bytes) -> Iterator[tuple[int, int]]:
    """The markers of a JPEG and where their lengths stand, up to the first that is none."""
    at = 2
    while content[at] == 0xFF:  # noqa: PLR2004 - what each marker begins with
        marker = content[at + 1]
        yield marker, at
        if marker == 0xFF:  # noqa: PLR2004 - a byte to fill
            at += 1
        elif marker in _BARE:
            at += 2
        else:
            at += 2 + int(struct.unpack_from(">H", content, at + 2)[0])
