"""The request about the images of a change: what goes into it, what it would cost, what its answer accounts for.

It stands apart from those about lines: an image among these would void what the provider keeps of their beginning.
Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.core.cost import Estimate, Price, estimate, request_overhead
from bot.core.images import Gathered, Picture, Unseen
from bot.core.ledger import Entry, Reason
from bot.core.material import rows, words
from bot.core.messages import Json, Reply, Request
from bot.core.requests import Prefix, ask_about, ask_again
from bot.core.visible import shown_path

# A request takes 32 MB, and others' words are in it, too.
_MOST_ENCODED = 24_000_000
_IMAGE_TOKENS = 60
_LONGEST_NAME = 300
# The two results of reading tools come first, then what is shown, then our question.
_RESULTS = 2


@dataclass(frozen=True, slots=True)
class Album:
    """The images that are asked about, those that are not, and what asking would take."""

    pictures: tuple[Picture, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    estimate: Estimate = Estimate()  # noqa: RUF009 - a frozen value


NO_ALBUM = Album()


def album_of(gathered: Gathered, shared: Prefix, price: Price, dollars: float) -> Album:
    """As many images as the rest of the money, and a request, allow; versions of one file go together or not at all."""
    kept: list[Picture] = []
    unseen = list(gathered.unseen)
    for _, group in groupby(gathered.pictures, lambda each: (each.file, each.name if each.file is None else "")):
        more = [*kept, *group]
        reason = _too_much(more, shared, price, dollars)
        if reason is None:
            kept = more
        else:
            first = more[len(kept)]
            unseen.append(Unseen(first.name, first.file, reason))
    return Album(tuple(kept), tuple(unseen), _estimate(kept, shared, price))


def _too_much(pictures: Sequence[Picture], shared: Prefix, price: Price, dollars: float) -> Reason | None:
    if sum(picture.encoded_size for picture in pictures) > _MOST_ENCODED:
        return Reason.TOO_LARGE
    return Reason.COST if _estimate(pictures, shared, price).dollars > dollars else None


def _estimate(pictures: Sequence[Picture], shared: Prefix, price: Price) -> Estimate:
    if not pictures:
        return Estimate()
    tokens = sum(picture.tokens + _IMAGE_TOKENS for picture in pictures)
    return estimate([tokens], request_overhead(shared.tokens, shared.asking.rules), price)


def summed(one: Estimate, other: Estimate) -> Estimate:
    """What both would take."""
    return Estimate(
        one.requests + other.requests,
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.dollars + other.dollars,
        one.ratio,
    )


def ask_pictures(shared: Prefix, pictures: Sequence[Picture]) -> Request:
    """The request about these images."""
    return _with_images(ask_about(_asking(shared), _list(pictures)), pictures)


def ask_pictures_again(shared: Prefix, pictures: Sequence[Picture], reply: Reply, problem: str) -> Request:
    """The one request to repair an answer about images that cannot be used."""
    return _with_images(ask_again(_asking(shared), _list(pictures), reply, problem), pictures)


def _asking(shared: Prefix) -> Prefix:
    return replace(shared, prompts=replace(shared.prompts, question=shared.prompts.pictures), marked=False)


def _list(pictures: Sequence[Picture]) -> str:
    """What the images are, as JSON text: names are other people's words."""
    return rows({"images": [_row(number, picture) for number, picture in enumerate(pictures, 1)]})


def _row(number: int, picture: Picture) -> Json:
    return {
        "image": number,
        ("address" if picture.file is None else "path"): _name(picture),
        "version": picture.when.value,
        "width": picture.original[0],
        "height": picture.original[1],
        "shown_as": f"{picture.width} x {picture.height}",
    }


def _name(picture: Picture) -> str:
    """A path as everywhere. An address without its query, which may hold a key to it."""
    return (
        shown_path(picture.name) if picture.file is not None else words(picture.name.partition("?")[0], _LONGEST_NAME)
    )


def _with_images(request: Request, pictures: Sequence[Picture]) -> Request:
    """Put the images behind the material and ahead of the question."""
    messages = request.body["messages"]
    assert isinstance(messages, list)  # noqa: S101 - made by requests
    asked = messages[_RESULTS]
    content = [*asked["content"][:_RESULTS], *_blocks(pictures), *asked["content"][_RESULTS:]]
    changed = [*messages[:_RESULTS], {**asked, "content": content}, *messages[_RESULTS + 1 :]]
    return replace(request, body={**request.body, "messages": changed})


def _blocks(pictures: Iterable[Picture]) -> Iterator[Json]:
    """Each image behind its number; what it is called stands in the list alone, never among our own words."""
    for number, picture in enumerate(pictures, 1):
        yield {"type": "text", "text": f"Image {number}: {picture.when}"}
        data = base64.b64encode(picture.data).decode()
        yield {"type": "image", "source": {"type": "base64", "media_type": picture.media_type, "data": data}}


def accounted(entries: Iterable[Entry], earlier: Collection[int], album: Album, reason: Reason) -> tuple[Entry, ...]:
    """The entries of files that are not read as text, with what became of those that are images.

    `earlier` are the positions of those that an earlier review looked at, `reason` is what became of the request. A
    version that was not sent is named beside the one that was.
    """
    states = {picture.file: reason for picture in album.pictures} | dict.fromkeys(earlier, Reason.ANSWERED_EARLIER)
    unseen: Mapping[int | None, Unseen] = {each.file: each for each in reversed(album.unseen)}
    return tuple(_entry(entry, states.get(entry.file), unseen.get(entry.file)) for entry in entries)


def _entry(entry: Entry, reason: Reason | None, unseen: Unseen | None) -> Entry:
    if reason is not None:
        return replace(entry, reason=reason, detail=f"not all of it: {_why(unseen)}" if unseen else "")
    return replace(entry, reason=unseen.reason, detail=unseen.detail) if unseen else entry


def _why(unseen: Unseen) -> str:
    return unseen.detail or unseen.reason.value
