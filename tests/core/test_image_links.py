"""Links to images: those that a reader sees, from hosts that are on the list."""

from __future__ import annotations

import pytest

from bot.core.image_links import Hosts, image_links

HOSTS = Hosts("acme/papers", more=("img.example.org", "127.0.0.1:8080"))
UPLOAD = "https://github.com/user-attachments/assets/5b8a"


@pytest.mark.parametrize(
    "address",
    [
        UPLOAD,
        "https://user-images.githubusercontent.com/1/a.png",
        "https://private-user-images.githubusercontent.com/1/a.png?jwt=x",
        "https://github-production-user-asset-6210df.s3.amazonaws.com/1/2.png?X-Amz-Date=x",
        "https://raw.githubusercontent.com/Acme/Papers/main/a.png",
        "https://media.githubusercontent.com/media/acme/papers/main/a.png",
        "https://IMG.example.org/a.png",
        "http://127.0.0.1:8080/a.png",
    ],
)
def test_listed_places_are_asked(address: str) -> None:
    """GitHub's uploads, files of the same repository, and what the operator lists."""
    assert HOSTS.allow(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://user-images.githubusercontent.com/1/a.png",
        "https://user-images.githubusercontent.com.evil.example/a.png",
        "https://user-images.githubusercontent.com@evil.example/a.png",
        "https://user:word@img.example.org/a.png",
        "https://evil.example\\@user-images.githubusercontent.com/a.png",
        "https://user-images.githubusercontent.com:8443/a.png",
        "https://raw.githubusercontent.com/acme/secrets/main/a.png",
        "https://raw.githubusercontent.com/acme/papers/../secrets/main/a.png",
        "https://raw.githubusercontent.com/acme/papers/%2e%2e/secrets/main/a.png",
        "https://github.com/acme/papers/raw/main/a.png",
        "http://img.example.org/a.png",
        "http://127.0.0.1:9090/a.png",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "https://[::1/a.png",
        "https://img.example.org:99999/a.png",
        "img.png",
        "https://img.example.org/" + "a" * 3_000,
    ],
)
def test_other_places_are_not(address: str) -> None:
    """Another host, repository, port or scheme is refused, however the address is dressed up."""
    assert not HOSTS.allow(address)


def test_markdown_and_html_show_images() -> None:
    """Each address once, in order, with its entities read."""
    text = f'![before]({UPLOAD}) and ![x](<https://a/b.png> "title")\n<img width="3" src="https://a/c?d&amp;e">![again]({UPLOAD})'
    assert image_links(text) == (UPLOAD, "https://a/b.png", "https://a/c?d&e")


@pytest.mark.parametrize(
    "text", ["<!-- ![x](u) -->", "<!-- ![x](u)", "```\n![x](u)\n```", "`![x](u)`", "[x](u)", "![x]"]
)
def test_what_a_reader_does_not_see_is_not_fetched(text: str) -> None:
    """Comments, code and plain links show no image."""
    assert image_links(text) == ()
