"""Images for tests, made by Pillow."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

from bot.core.images import Picture, When


def image(width: int = 40, height: int = 30, kind: str = "PNG", **options: object) -> bytes:
    """An image of one colour in a format of Pillow's."""
    out = BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind, **options)
    return out.getvalue()


def plain_png(width: int, height: int) -> bytes:
    """A grey PNG that has the same bytes whatever packs it: nothing in it is compressed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def picture(name: str, file: int | None = 0, when: When = When.AFTER, width: int = 28, height: int = 28) -> Picture:
    """An image as it would be sent."""
    return Picture(name, when, file, "image/png", image(width, height), width, height, (width, height))
