"""Images: known by their bytes, scaled by the API's rules, counted by its patches."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diff import FileDiff, FileKind, FileStatus
from bot.core.images import Bounds, Format, Header, fitted_size, is_image, size_fault, sniffed, tokens_of_image
from tests.pictures import image

OPUS_4_6, OPUS_4_7 = Bounds(1_568, 1_568), Bounds(2_576, 4_784)
KINDS = [
    ("PNG", {}),
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("GIF", {}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
]


@pytest.mark.parametrize(
    ("size", "bounds", "fitted", "tokens"),
    [
        ((1_920, 1_080), OPUS_4_6, (1_456, 819), 1_560),
        ((1_920, 1_080), OPUS_4_7, (1_920, 1_080), 2_691),
        ((1_000, 1_000), OPUS_4_6, (1_000, 1_000), 1_296),
        ((3_840, 2_160), OPUS_4_7, (2_576, 1_449), 4_784),
        ((1_075, 1_520), OPUS_4_6, (924, 1_307), 1_551),
    ],
)
def test_sizes_and_tokens_are_those_of_the_documentation(
    size: tuple[int, int], bounds: Bounds, fitted: tuple[int, int], tokens: int
) -> None:
    """Conformance 64: each example of the API's vision page comes out as it stands there."""
    assert fitted_size(*size, bounds) == fitted
    assert tokens_of_image(*fitted) == tokens


@given(st.integers(1, 8_000), st.integers(1, 8_000), st.sampled_from([OPUS_4_6, OPUS_4_7]))
def test_what_is_sent_is_within_the_bounds(width: int, height: int, bounds: Bounds) -> None:
    """Whatever the shape, edge and tokens are kept to, nothing grows, and what fits stays as it is."""
    made = fitted_size(width, height, bounds)
    assert max(made) <= bounds.edge
    assert tokens_of_image(*made) <= bounds.tokens
    assert made[0] <= width
    assert made[1] <= height
    if max(width, height) <= bounds.edge and tokens_of_image(width, height) <= bounds.tokens:
        assert made == (width, height)


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_an_image_is_known_by_its_bytes(kind: str, options: dict[str, object]) -> None:
    """Format and size are read off the header of each kind, as its own writer wrote it."""
    assert sniffed(image(123, 45, kind, **options)) == Header(Format[kind], 123, 45)


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"BM" + b"\0" * 60, b"%PDF-1.7", b"\xff\xd8\xff\xff"]
)
def test_other_things_are_no_images(content: bytes) -> None:
    """Drawings that are programs, and formats that the API does not take, are not sent under any name."""
    assert sniffed(content) is None


@given(st.sampled_from(KINDS), st.integers(0, 400), st.binary(max_size=40))
def test_no_bytes_break_the_reader(kind: tuple[str, dict[str, object]], length: int, tail: bytes) -> None:
    """A header that is cut off or goes on with anything gives a size or none, never an error."""
    header = sniffed(image(9, 9, kind[0], **kind[1])[:length] + tail)
    assert header is None or header.width * header.height > 0


def test_what_would_not_fit_in_memory_is_told_by_its_header() -> None:
    """More than 8,000 pixels a side, or too many in all, is refused before anything is unpacked."""
    claims = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 60_000, 60_000)
    header = sniffed(claims)
    assert header is not None
    assert size_fault(header) == "60,000 x 60,000 pixels"
    assert size_fault(Header(Format.PNG, 8_001, 1))
    assert size_fault(Header(Format.PNG, 8_000, 8_000))
    assert not size_fault(Header(Format.PNG, 8_000, 5_000))


def test_names_only_tell_what_is_worth_reading() -> None:
    """Drawings in SVG are text; any spelling of the others counts, where the file is no text."""
    names = ("a.PNG", "b/c.jpeg", "d.svg", "png", "e.webp.txt")
    files = [FileDiff(None, name, FileStatus.ADDED, FileKind.BINARY) for name in names]
    assert [file.path for file in files if is_image(file)] == ["a.PNG", "b/c.jpeg"]
    assert not is_image(FileDiff(None, "a.png", FileStatus.ADDED, FileKind.TEXT))
