"""What the App asks GitHub for, and how that gets into the form."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bot.core.app_manifest import EVENTS, PERMISSIONS, Wanted, manifest, registration
from bot.core.rendering import setup_page

WEB = "https://github.com"
# https://docs.github.com/en/webhooks/webhook-events-and-payloads names for each the permission that it takes.
NEEDED = {
    "check_run": "checks",
    "issue_comment": "issues",
    "pull_request": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "pull_request_review_thread": "pull_requests",
}


class Read(HTMLParser):
    """The forms of a page as a browser reads them: where each goes, and its fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what counts."""
        said = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "form":
            self.forms.append((said["action"], {}))
        if tag == "input":
            self.forms[-1][1][said["name"]] = said["value"]


def test_every_event_has_its_permission() -> None:
    """GitHub refuses a manifest otherwise: https://github.com/superplanehq/superplane/issues/5235 ."""
    assert set(NEEDED) == set(EVENTS)
    assert set(NEEDED.values()) <= {each.name for each in PERMISSIONS}


def test_nothing_is_asked_for_that_comes_by_itself() -> None:
    """GitHub refuses such a manifest: https://github.com/tuist/tuist/pull/10709 ."""
    assert not {"installation", "installation_repositories", "ping"} & set(EVENTS)


def test_everybody_reads_why() -> None:
    """On the page and in the steps by hand."""
    wanted = Wanted("https://plumb.example.org")
    for shown in (setup_page.offer(WEB, wanted, "s", "t"), setup_page.steps(WEB, wanted)):
        for each in PERMISSIONS:
            assert each.name in shown
            assert each.why in shown
        for event in EVENTS:
            assert event in shown


_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
PLAIN = Read(setup_page.offer(WEB, Wanted("https://x.org"), "s", "t")).tags


@given(rest=_WORDS, name=_WORDS, state=_WORDS, token=_WORDS)
def test_a_browser_sends_the_manifest_as_it_is(rest: str, name: str, state: str, token: str) -> None:
    """Whatever the words are, they come out of the form again, and add nothing to the page."""
    wanted = Wanted(f"https://x.org/{rest}", name)
    page = Read(setup_page.offer(WEB, wanted, state, token))
    (action, sent), (_, changed) = page.forms
    assert action == registration(WEB, wanted, state)
    assert json.loads(sent["manifest"]) == manifest(wanted)
    assert changed == {"url": wanted.url, "name": name, "organization": "", "token": token}
    assert page.tags == PLAIN
