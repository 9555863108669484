"""Scaling: what is sent is small enough, holds the pixels alone, and nothing hostile is unpacked."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.clients.scaling import Scaled, Unfit, scaled
from bot.core.images import Bounds, sniffed
from bot.core.ledger import Reason
from tests.pictures import image

BOUNDS = Bounds(1_568, 1_568)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_large_image_is_scaled_and_says_how_large_it_was(kind: str) -> None:
    """What is sent has the size and the type that is said of it."""
    made = scaled(image(1_920, 1_080, kind), BOUNDS)
    assert isinstance(made, Scaled)
    assert (made.width, made.height, made.original) == (1_456, 819, (1_920, 1_080))
    header = sniffed(made.data)
    assert header is not None
    assert (header.format.value, header.width, header.height) == (made.media_type, 1_456, 819)


def test_nothing_but_pixels_is_sent() -> None:
    """Comments and hidden data of an image stay here."""
    notes = PngInfo()
    notes.add_text("Comment", "ghp_made_up_secret")
    content = image(pnginfo=notes) + b"ghp_made_up_secret"
    made = scaled(content, BOUNDS)
    assert isinstance(made, Scaled)
    assert b"ghp_made_up_secret" in content
    assert b"ghp_made_up_secret" not in made.data


def test_the_same_image_is_sent_as_the_same_bytes() -> None:
    """A review that is run again finds its answer under the same request."""
    assert scaled(image(2_000, 50), BOUNDS) == scaled(image(2_000, 50), BOUNDS)


def test_an_animation_is_its_first_frame() -> None:
    """One picture is sent of it."""
    out = BytesIO()
    Image.new("RGB", (9, 9), "red").save(out, "GIF", save_all=True, append_images=[Image.new("RGB", (9, 9), "blue")])
    made = scaled(out.getvalue(), BOUNDS)
    assert isinstance(made, Scaled)
    with Image.open(BytesIO(made.data)) as opened:
        assert opened.convert("RGB").getpixel((4, 4)) == (255, 0, 0)


def test_noise_that_does_not_pack_is_sent_as_jpeg() -> None:
    """Gateways take 5 MB of base64 at most."""
    out = BytesIO()
    noise = random.Random(1).randbytes(1_100 * 1_100 * 3)
    Image.frombytes("RGB", (1_100, 1_100), noise).save(out, "PNG")
    made = scaled(out.getvalue(), BOUNDS)
    assert isinstance(made, Scaled)
    assert made.media_type == "image/jpeg"
    assert len(made.data) < 3_700_000


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_truncated_image_is_refused(kind: str) -> None:
    """Half an image is not sent as if it were one."""
    out = BytesIO()
    Image.effect_noise((300, 300), 100).convert("RGB").save(out, kind)
    content = out.getvalue()
    assert scaled(content[: len(content) // 2], BOUNDS) == Unfit(Reason.BINARY, "a damaged image")


def test_a_bomb_is_not_unpacked() -> None:
    """A few bytes that claim billions of pixels are refused by their header."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + head
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert scaled(bomb, BOUNDS) == Unfit(Reason.TOO_LARGE, "50,000 x 50,000 pixels")


def test_a_drawing_is_no_image() -> None:
    """SVG is a program, whatever the name of its file."""
    assert scaled(b"<svg/>", BOUNDS) == Unfit(Reason.BINARY, "no image that a model can see")
