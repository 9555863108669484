"""The webhook's door over real HTTP: what GitHub signed gets in once, anything else gets a sentence."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.events import ReviewDue, Why, signature_of
from bot.core.rendering.status_page import Status
from bot.errors import Unavailable
from bot.metrics import Metrics
from bot.server.app import add_door, service
from bot.server.door import MOST_BYTES, Delivery, Door, Taken
from tests.core.test_events import HEAD, PULL, SLUG, comment, pull_request
from tests.fakes.serving import Serving

SECRET = b"made-up secret of a webhook"
SAMPLES = sorted((Path(__file__).parents[2].parent / "shared" / "data" / "webhooks").glob("*.*.*.json"))


@dataclass
class Box:
    """An inbox in memory. While it is `down` nothing can be written."""

    taken: dict[str, Delivery] = field(default_factory=dict)
    down: bool = False

    async def take(self, delivery: Delivery) -> Taken:
        """Keep a delivery."""
        if self.down:
            raise Unavailable("The database cannot be written to; look at its disk.")
        if delivery.id in self.taken:
            return Taken.BEFORE
        self.taken[delivery.id] = delivery
        return Taken.NOW

    async def is_writable(self) -> bool:
        """Whether something could be kept."""
        return not self.down

    async def status(self) -> Status:
        """How it is."""
        return Status(
            "1.2", "all", SLUG, not self.down, {"waiting": 2, "running": 1}, 75.0, {"GitHub": 61, "The model": None}
        )


@contextmanager
def serving(box: Box, secret: bytes | None = SECRET) -> Iterator[httpx.Client]:
    """The service, and a client of it."""
    metrics = Metrics()
    app = service(box, metrics)
    add_door(app, Door(box, secret, SLUG), metrics)
    with Serving(app) as running, httpx.Client(base_url=running.url, trust_env=False) as client:
        yield client


def headers(body: bytes, event: str = "pull_request", id_: str = "one", **other: str) -> dict[str, str]:
    """What GitHub sends along."""
    known = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": id_,
        "x-hub-signature-256": signature_of(body, SECRET),
    }
    return known | {name.replace("_", "-"): value for name, value in other.items()}


def test_a_delivery_is_taken_once() -> None:
    """Accepted when it is written down; delivered again it is known."""
    box, body = Box(), pull_request("opened")
    with serving(box) as client:
        first = client.post("/webhook", content=body, headers=headers(body))
        again = client.post("/webhook", content=body, headers=headers(body))
        other = client.post("/webhook", content=body, headers=headers(body, id_="two"))
    assert (first.status_code, first.json()) == (202, {"message": "Accepted."})
    assert (again.status_code, again.json()) == (200, {"message": "Already accepted."})
    assert other.status_code == 202
    assert box.taken["one"] == Delivery("one", "pull_request", ReviewDue(PULL, Why.OPENED, HEAD))


def test_what_asks_for_nothing_is_not_kept() -> None:
    """It is said why."""
    box, body = Box(), comment("Looks good to me.")
    with serving(box) as client:
        said = client.post("/webhook", content=body, headers=headers(body, "issue_comment"))
    assert (said.status_code, said.json()["message"]) == (200, "Nothing to do: the comment is no command.")
    assert box.taken == {}


BODY = pull_request("opened")


@pytest.mark.parametrize(
    ("body", "sent", "status", "sentence"),
    [
        (BODY, {"x_hub_signature_256": "sha256=" + "0" * 64}, 401, "The signature does not fit; set the same secret"),
        (BODY, {"x_hub_signature_256": ""}, 401, "The signature does not fit; set the same secret"),
        (BODY + b" ", {"x_hub_signature_256": signature_of(BODY, SECRET)}, 401, "The signature does not fit"),
        (b"{", {"x_hub_signature_256": "none"}, 401, "The signature does not fit"),
        (BODY, {"content_type": "application/x-www-form-urlencoded"}, 415, "The body is not JSON; set the webhook's"),
        (BODY, {"x_github_delivery": "../x"}, 400, "X-GitHub-Delivery or X-GitHub-Event is missing or odd."),
        (BODY, {"x_github_event": ""}, 400, "X-GitHub-Delivery or X-GitHub-Event is missing or odd."),
        (b"nonsense", {}, 400, "The delivery has not the shape of its event: the body: Invalid JSON"),
        (b"{}", {}, 400, "The delivery has not the shape of its event: action: Field required."),
    ],
)
def test_anything_else_is_refused_in_a_sentence(body: bytes, sent: dict[str, str], status: int, sentence: str) -> None:
    """The signature comes first: who has none learns nothing of the rest. Nothing is kept."""
    box = Box()
    with serving(box) as client:
        said = client.post("/webhook", content=body, headers=headers(body, **sent))
    assert said.status_code == status
    assert said.json()["message"].startswith(sentence)
    assert box.taken == {}


def test_no_more_is_read_than_github_sends() -> None:
    """By the length that is told, and by what comes."""
    box = Box()
    with serving(box) as client:
        told = client.post("/webhook", content=b"x" * (MOST_BYTES + 1), headers=headers(b""))

        def endless() -> Iterator[bytes]:
            yield from (b"x" * 1_000_000 for _ in range(30))

        came = client.post("/webhook", content=endless(), headers=headers(b""))
    assert told.status_code == came.status_code == 413
    assert box.taken == {}


def test_a_body_that_does_not_come_whole_is_no_delivery() -> None:
    """The connection ends before the body does: nothing is kept, and the service goes on."""
    box = Box()
    with serving(box) as client:
        place = urlsplit(str(client.base_url))
        with socket.create_connection((place.hostname, place.port)) as half:
            half.sendall(b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
        assert client.get("/healthz").status_code == 200
    assert box.taken == {}


def test_a_database_that_is_down_is_told() -> None:
    """The delivery is refused, so that GitHub notes it; the service is alive, and not ready."""
    box = Box(down=True)
    with serving(box) as client:
        said = client.post("/webhook", content=BODY, headers=headers(BODY))
        assert (said.status_code, said.json()["message"]) == (
            503,
            "The database cannot be written to; look at its disk.",
        )
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        box.down = False
        assert client.get("/readyz").status_code == 200
        assert client.post("/webhook", content=BODY, headers=headers(BODY)).status_code == 202


def test_without_a_secret_nothing_is_checked() -> None:
    """For trying it out on one's own machine only: who builds the door sees to that."""
    box = Box()
    with serving(box, secret=None) as client:
        assert client.post("/webhook", content=BODY, headers=headers(BODY, x_hub_signature_256="")).status_code == 202


@pytest.mark.skipif(not SAMPLES, reason="the shared samples are not at hand")
def test_githubs_own_samples_get_in() -> None:
    """None of them is refused."""
    box = Box()
    with serving(box) as client:
        for sample in SAMPLES:
            body, event = sample.read_bytes(), sample.name.partition(".")[0]
            said = client.post(
                "/webhook", content=body, headers=headers(body, event, sample.stem.replace(".", "-").replace("_", "-"))
            )
            assert said.status_code in {200, 202}, (sample.name, said.text)
    assert box.taken


# Twenty webhooks each; with HYPOTHESIS_PROFILE=proof (`make proof`) 20,000 in all.
_EXAMPLES = 1_000 if os.environ.get("HYPOTHESIS_PROFILE") == "proof" else 15
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=_EXAMPLES)
@given(data=st.data())
def test_nothing_hostile_breaks_it(data: st.DataObject) -> None:
    """Any signed body, any headers: a 2xx or a 4xx with a sentence, and no job of what is no event."""
    known: dict[str, Any] = json.loads(BODY)
    box = Box()
    with serving(box) as client:
        for number in range(20):
            key = data.draw(st.sampled_from(sorted(known)))
            body = json.dumps(known | {key: data.draw(JSON)}, allow_nan=True).encode("utf-8", "surrogatepass")
            name = data.draw(st.sampled_from(["pull_request", "issue_comment", "check_run", "x"]))
            sent = headers(body, name, f"d{number}")
            odd = data.draw(
                st.dictionaries(st.sampled_from(sorted(sent)), st.text("abc:/;=-é\x7f", max_size=30), max_size=2)
            )
            raw = [(name.encode(), value.encode("utf-8")) for name, value in {**sent, **odd}.items()]
            said = client.post("/webhook", content=body, headers=raw)
            assert said.status_code < 500, (body, odd, said.text)
            if said.status_code >= 400:
                assert f"d{number}" not in box.taken
            assert said.json()["message"].endswith((".", "?"))
