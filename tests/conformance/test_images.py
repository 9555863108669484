"""Case 64: images, judged by their bytes and held to the API's limits before anything is sent."""

from __future__ import annotations

import base64

import pytest

from bot import prompts
from bot.clients.scaling import Scaled, Unfit, scaled
from bot.core.images import MOST_IMAGES, Bounds, Picture, When, fitted_size, sniffed, tokens_of_image
from bot.core.picture_requests import ask_pictures
from bot.core.requests import Asking, Prefix
from tests.conformance.wire import ask
from tests.fakes.messages import text
from tests.pictures import image

BOUNDS, LATER = Bounds(1_568, 1_568), Bounds(2_576, 4_784)
SHARED = Prefix(prompts.review_prompts(), Asking("claude-opus-4-6", 4_000), "{}")


def picture(content: bytes) -> Picture:
    """An image as it is sent, whatever it was called."""
    made = scaled(content, BOUNDS)
    assert isinstance(made, Scaled)
    return Picture(
        "logo.gif", When.AFTER, 0, made.media_type, made.data, made.width, made.height, original=made.original
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_64_the_type_is_that_of_the_bytes(kind: str) -> None:
    """A name that says otherwise changes nothing; the API takes what is sent."""
    heard = ask(text("x"), body=dict(ask_pictures(SHARED, [picture(image(kind=kind))] * MOST_IMAGES).body))
    assert heard.problems == []
    images = [block for block in heard.body["messages"][-1]["content"] if block["type"] == "image"]
    assert len(images) == MOST_IMAGES == 20
    for block in images:
        header = sniffed(base64.b64decode(block["source"]["data"]))
        assert header is not None
        assert block["source"]["media_type"] == header.format.value


def test_64_what_is_too_large_is_not_sent() -> None:
    """Above 8,000 pixels it is refused by its header; what is no image is none, whatever it is called."""
    assert isinstance(scaled(image(8_001, 1), BOUNDS), Unfit)
    assert isinstance(scaled(b"<svg/>", BOUNDS), Unfit)
    assert isinstance(scaled(image()[:60], BOUNDS), Unfit)


def test_64_an_image_stays_below_its_limit() -> None:
    """The largest that is taken has less than 10 MB as base64, and no side above 2,000 pixels."""
    made = picture(image(8_000, 5_000, "JPEG"))
    assert made.encoded_size < 10_000_000
    assert max(made.width, made.height) <= 2_000


@pytest.mark.parametrize(
    ("size", "bounds", "fitted", "tokens"),
    [
        ((1_920, 1_080), BOUNDS, (1_456, 819), 1_560),
        ((1_920, 1_080), LATER, (1_920, 1_080), 2_691),
        ((1_000, 1_000), BOUNDS, (1_000, 1_000), 1_296),
        ((1_075, 1_520), BOUNDS, (924, 1_307), 1_551),
        ((3_840, 2_160), LATER, (2_576, 1_449), 4_784),
    ],
)
def test_64_tokens(size: tuple[int, int], bounds: Bounds, fitted: tuple[int, int], tokens: int) -> None:
    """A token for each patch of 28 by 28 pixels, after scaling: the documentation's own examples."""
    assert fitted_size(*size, bounds) == fitted
    assert tokens_of_image(*fitted) == tokens
