"""The hidden marks: what we wrote is read back, and nothing else is believed."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.marker import State, is_summary, read_state, run_id, run_mark, write_state
from tests.core.github_markdown import words

STATE = State("c" * 40, "b" * 40, "0a1b2c3d")
_texts = st.text(st.characters(exclude_categories=()), max_size=60)


def marked(text: bytes, version: object = 1) -> str:
    """A mark around any text."""
    return f"<!-- plumbline:{version} {base64.b64encode(zlib.compress(text)).decode()} -->"


@given(
    st.builds(State, _texts, _texts, _texts), st.sampled_from(["", "\n### Plumbline: nothing found", "\n<!-- x -->"])
)
def test_a_state_is_read_back(state: State, body: str) -> None:
    """Any state comes back equal from the head of a comment, and the mark is one line that nobody sees."""
    mark = write_state(state)
    assert read_state(mark + body) == read_state(f"\n{mark}{body}") == state
    assert is_summary(mark + body)
    assert "\n" not in mark
    assert "--" not in mark.removeprefix("<!--").removesuffix("-->")
    assert words(mark) == ""


def test_the_same_state_has_the_same_mark() -> None:
    """Nothing of the clock or of chance is in it, so that an unchanged summary stays unchanged."""
    assert write_state(STATE) == write_state(State(STATE.head, STATE.base, STATE.prompts))


WHOLE = b'{"head": "a", "base": "b", "prompts": "c"}'
BROKEN = {
    "nothing": "",
    "no mark": "### Plumbline: nothing found",
    "another tool's": "<!-- coderabbit:1 abc -->",
    "a run": run_mark("0a1b2c3d4e5f"),
    "not base64": "<!-- plumbline:1 a=b= -->",
    "not packed": f"<!-- plumbline:1 {base64.b64encode(b'{}').decode()} -->",
    "not JSON": marked(b"{"),
    "not UTF-8": marked(b"\xff\xfe\xfa"),
    "a list": marked(b"[]"),
    "a string": marked(b'"head base prompts"'),
    "a field missing": marked(b'{"head": "a", "base": "b"}'),
    "a field of another type": marked(b'{"head": ["a"], "base": "b", "prompts": "c"}'),
    "a number too long for Python": marked(b"1" * 10_000),
    "lists without end": marked(b"[" * 200_000),
    "larger than any state": marked(json.dumps({"head": "a", "base": "b", "prompts": "c" * 2_000_000}).encode()),
    "cut off": f"<!-- plumbline:1 {base64.b64encode(zlib.compress(WHOLE)[:-4]).decode()} -->",
    "longer than a comment": f"<!-- plumbline:1 {'A' * 60_001} -->",
    "a later version": marked(WHOLE, 2),
    "no version": marked(WHOLE, "x"),
    "behind other words": f"as they said: {write_state(STATE)}",
    "in a code span": f"`{write_state(STATE)}`",
    "in a second line": f"hello\n{write_state(STATE)}",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_mark_of_ours_says_nothing(kind: str) -> None:
    """Foreign, broken, quoted or oversized marks give no state, and no error."""
    assert read_state(BROKEN[kind]) is None


@given(st.binary(max_size=60), st.integers(0, 999))
def test_no_bytes_break_the_reading(content: bytes, version: int) -> None:
    """Whatever is packed in a mark, it is a state or none."""
    for body in (marked(content, version), f"<!-- plumbline:1 {base64.b64encode(content).decode()} -->"):
        state = read_state(body)
        assert state is None or isinstance(state.head, str)


def test_a_bomb_is_not_unpacked() -> None:
    """A mark that would unpack to a gigabyte is given up early."""
    packer = zlib.compressobj(9)
    bomb = b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(40)), packer.flush()])
    assert len(bomb) < 45_000
    assert read_state(f"<!-- plumbline:1 {base64.b64encode(bomb).decode()} -->") is None


def test_a_summary_is_known_in_any_version() -> None:
    """A later version's summary is ours to replace, though we cannot read its state; a quoted mark makes no summary."""
    assert is_summary(marked(b"{}", 7))
    assert not is_summary(BROKEN["behind other words"])
    assert not is_summary(BROKEN["in a code span"])
    assert not is_summary(run_mark("0a1b2c3d4e5f"))


def test_a_run_is_named_for_its_head() -> None:
    """The same repository, pull request and head give the same name whoever asks; any other gives another."""
    name = run_id(1, 2, "c" * 40)
    assert name == run_id(1, 2, "c" * 40)
    others = {run_id(2, 2, "c" * 40), run_id(1, 3, "c" * 40), run_id(1, 2, "d" * 40), run_id(12, 2, "c" * 40)}
    assert len({name, *others}) == 5
    assert run_mark(name) == f"<!-- plumbline-run:{name} -->"
    assert len(name) == 12
