"""What the doctor makes of answers."""

from __future__ import annotations

import pytest

from bot.core import checkup
from bot.errors import Rejected


def rejected(status: int, said: str, kind: str = "") -> Rejected:
    return Rejected("It said no.", status=status, said=said, kind=kind)


@pytest.mark.parametrize(
    ("error", "about"),
    [
        (rejected(404, "model: my-model"), True),
        (rejected(404, 'model "my-model" not found, try pulling it first'), True),
        (rejected(503, "No available channel", "model_not_found"), True),
        (rejected(404, "Not Found", "not_found_error"), False),
        (rejected(429, "Rate limit reached for my-model"), False),
        (rejected(401, "my-model needs a key"), False),
    ],
)
def test_an_error_is_about_the_model_where_the_endpoint_says_so(error: Rejected, about: bool) -> None:
    """Only then is it worth asking for the list."""
    assert checkup.is_about_model(error, "my-model") is about


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ((), "It said no."),
        (("my-model", "other"), "It said no."),
        (("other", "my-modal"), "It said no. It lists my-modal, other."),
        (tuple(f"model-{n}" for n in range(1_007)), "It said no. It lists model-0, model-1, model-2, model-3, model-4"),
    ],
)
def test_the_list_helps_where_the_model_is_not_on_it(listed: tuple[str, ...], told: str) -> None:
    """A model that is listed failed for another reason. The most alike come first, and few of many."""
    said = checkup.failed(rejected(404, "no my-model"), "my-model", listed, chat=False)
    assert said == told + (" and 1,002 more." if len(listed) > 5 else "")


@pytest.mark.parametrize("status", [404, 405])
def test_an_unknown_address_may_be_the_other_api(status: int) -> None:
    """Which variables to set is said for either direction; an error of another kind is left as it is."""
    from_messages = checkup.failed(rejected(status, "Not Found"), "m", (), chat=False)
    assert from_messages.endswith("set PLUMBLINE_API=chat and OPENAI_BASE_URL.")
    from_chat = checkup.failed(rejected(status, "Not Found"), "m", (), chat=True)
    assert from_chat.endswith("leave out PLUMBLINE_API and set ANTHROPIC_BASE_URL.")
    assert checkup.failed(rejected(500, "oops"), "m", (), chat=True) == "It said no."


def test_a_long_refusal_is_cut() -> None:
    """Servers repeat whole requests."""
    (told,) = checkup.refused(["word " * 100])
    assert len(told) < 230
    assert told.endswith(" ...")


@pytest.mark.parametrize(
    ("limits", "works"),
    [
        (None, True),
        ({"rate": {"remaining": 1, "limit": 5_000}}, True),
        ({"rate": {"remaining": 0, "limit": 5_000}}, False),
        ({"rate": {"remaining": "many", "limit": 5_000}}, False),
        ([], False),
    ],
)
def test_a_review_needs_requests(limits: object, works: bool) -> None:
    """None left means that no review would work now; a server without limits has always enough."""
    assert checkup.known_as("alice", limits).works is works


@pytest.mark.parametrize("viewer", [{}, {"viewer": None}, {"viewer": {}}, {"viewer": {"login": 7}}])
def test_who_names_nobody_is_not_github(viewer: dict[str, object]) -> None:
    """Something else answers at GITHUB_API_URL."""
    assert checkup.known_as(checkup.login_of(viewer), None) == checkup.Finding(works=False, told=checkup.NOT_GITHUB)
