"""Images made fit to be sent: unpacked with Pillow, scaled, packed anew. Nothing but the pixels goes along."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from bot.core.images import Bounds, Format, Header, fitted_size, size_fault, sniffed
from bot.core.ledger import Reason

if TYPE_CHECKING:
    from PIL import Image

# Gateways in front of other clouds take 5 MB of base64: https://platform.claude.com/docs/en/build-with-claude/vision
_LARGEST_PACKED = 3_700_000
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Scaled:
    """An image as it is sent, and how large it was; sizes in pixels."""

    media_type: str
    data: bytes
    width: int
    height: int
    original: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why bytes are not sent as an image."""

    reason: Reason
    detail: str


def scaled(content: bytes, bounds: Bounds) -> Scaled | Unfit:
    """Scale an image. Its size is read off its header before anything is unpacked; what is cut off is refused.

    Packed anew it holds no comments, places or previews, and of an animation the first frame.
    """
    header = sniffed(content)
    if header is None:
        return Unfit(Reason.BINARY, "no image that a model can see")
    fault = size_fault(header)
    if fault:
        return Unfit(Reason.TOO_LARGE, fault)
    # Loaded where there is an image only: no other review waits for it.
    from PIL import Image  # noqa: PLC0415

    try:
        return _packed(content, header, bounds)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, MemoryError, struct.error):
        return Unfit(Reason.BINARY, "a damaged image")
    except Image.DecompressionBombError:
        return Unfit(Reason.TOO_LARGE, "more pixels than it says")


def _packed(content: bytes, header: Header, bounds: Bounds) -> Scaled | Unfit:
    from PIL import Image, ImageOps  # noqa: PLC0415

    with Image.open(BytesIO(content), formats=[header.format.name]) as opened:
        if opened.size != (header.width, header.height):
            return Unfit(Reason.BINARY, "a damaged image")
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    width, height = fitted_size(*upright.size, bounds)
    small = upright if upright.size == (width, height) else upright.resize((width, height), Image.Resampling.LANCZOS)
    media_type, data = _bytes(small, header.format)
    return Scaled(media_type, data, width, height, upright.size)


def _bytes(image: Image.Image, was: Format) -> tuple[str, bytes]:
    """A photograph as JPEG, anything else without loss, unless that is too large."""
    if was is not Format.JPEG:
        data = _saved(image, "PNG")
        if len(data) <= _LARGEST_PACKED:
            return Format.PNG.value, data
    from PIL import Image  # noqa: PLC0415

    ground = Image.new("RGBA", image.size, "white")
    return Format.JPEG.value, _saved(Image.alpha_composite(ground, image).convert("RGB"), "JPEG", quality=_QUALITY)


def _saved(image: Image.Image, name: str, **options: int) -> bytes:
    out = BytesIO()
    image.save(out, name, **options)
    return out.getvalue()
