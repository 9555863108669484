"""Commands in comments, and that talk is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import Command, Verb, read_command

SLUG = "plumbline-acme"


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("/review", Command(Verb.REVIEW)),
        ("  /Review full.  ", Command(Verb.REVIEW, full=True)),
        ("\n\n/review\nthanks!", Command(Verb.REVIEW)),
        ("/review fully", Command(Verb.REVIEW)),
        ("> /pause\n\n/resume", Command(Verb.RESUME)),
        ("```\n/pause\n```\n/resume", Command(Verb.RESUME)),
        ("~~~\n```\n/pause\n~~~\n/help", Command(Verb.HELP)),
        ("/dismiss  this is\tmeant", Command(Verb.DISMISS, reason="this is meant")),
        ("/config", Command(Verb.CONFIG)),
        (f"@{SLUG} review", Command(Verb.REVIEW)),
        (f"@{SLUG.upper()}[bot], review full", Command(Verb.REVIEW, full=True)),
        (f"@{SLUG}: /pause", Command(Verb.PAUSE)),
        (f"@{SLUG}", Command(Verb.HELP)),
        (f"@{SLUG} what is this?", Command(Verb.HELP, unknown="what")),
        ("review PR", Command(Verb.REVIEW)),
        ("Review this pull request!", Command(Verb.REVIEW)),
        ("/reveiw", Command(Verb.HELP, unknown="reveiw")),
    ],
)
def test_commands(body: str, command: Command) -> None:
    """A slash, a mention or the plain words, on the first line that is the person's own."""
    assert read_command(body, SLUG) == command


@pytest.mark.parametrize(
    "body",
    [
        *("", "   \n", "Looks good to me.", "Please /review this", "I will review PR 12 tomorrow", "review PR please?"),
        *("/lgtm", "/retest all", "/approve", "/", "/ review", "//review", "/review-app", "/usr/bin"),
        *("> /review", "    /review", "\t/review", "```\n/review\n```", "```\n/review", f"hello @{SLUG} review"),
        *(f"@{SLUG}-two review", "@somebody review", f"{SLUG} review"),
    ],
)
def test_talk(body: str) -> None:
    """Nothing is said to people who did not speak to us, nor to other bots' commands."""
    assert read_command(body, SLUG) is None


def test_without_a_name_nobody_mentions_us() -> None:
    """A slug that is not known matches no mention."""
    assert read_command("@ review", "") is None
    assert read_command("/review", "") == Command(Verb.REVIEW)


@given(st.text(max_size=200), st.text(max_size=10))
def test_any_text_is_read(body: str, slug: str) -> None:
    """Whatever people write, it is a command or talk."""
    command = read_command(body, slug)
    assert command is None or command.verb in Verb


def test_long_talk_is_read_in_no_time() -> None:
    """Repetition that would send a search back and forth ends."""
    for part in ("/review ", "@plumbline-acme ", "> ", "```\n", "review  "):
        read_command(part * 100_000, SLUG)
