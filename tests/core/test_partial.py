"""Findings out of an answer that still comes in: each once, in order, as soon as it closes; garbage gives none."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.core.partial import Glimpse, GlimpseReader

Json = dict[str, Any]

_texts = st.text(max_size=12)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts | st.just("findings"), inner, max_size=3),
    max_leaves=8,
)
_findings = st.fixed_dictionaries(
    {
        "path": _texts,
        "line": st.integers(1, 999),
        "title": _texts | st.just('a "} ] \\ {'),
        "severity": st.sampled_from(["high", "Low"]),
        "quote": _texts,
        "suggestion": st.none() | _texts,
        "more": _json,
    }
)
_answers = st.fixed_dictionaries(
    {
        "files": st.lists(st.dictionaries(_texts, _json, max_size=2), max_size=2),
        "findings": st.lists(_findings, max_size=4),
        "standing": st.lists(st.fixed_dictionaries({"findings": st.lists(_findings, max_size=1)}), max_size=1),
        "overview": _json,
    }
)


def glimpse(finding: Json) -> Glimpse:
    return Glimpse(finding["severity"].lower(), finding["path"], finding["line"], finding["title"])


def fed(text: str, cuts: list[int]) -> list[list[Glimpse]]:
    reader = GlimpseReader()
    ends = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    return [reader.feed(text[a:b]) for a, b in pairwise(ends)]


@given(
    _answers,
    st.lists(st.integers(1, 800), max_size=30),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from(["", 'Here [it] "is": ', "```json\n"]),
)
def test_each_finding_is_seen_once_wherever_the_text_is_cut(
    answer: Json, cuts: list[int], indent: int, ascii_: bool, ahead: str
) -> None:
    """In order, whatever else the answer holds, its findings and nothing but these."""
    text = ahead + json.dumps(answer, indent=indent or None, ensure_ascii=ascii_)
    seen = [each for part in fed(text, cuts) for each in part]
    assert seen == [glimpse(finding) for finding in answer["findings"]]


@given(_answers)
def test_a_finding_is_seen_with_the_character_that_closes_it(answer: Json) -> None:
    """No later, and none before it is whole."""
    text, reader = json.dumps(answer), GlimpseReader()
    ends = [at + 1 for at, character in enumerate(text) if reader.feed(character)]
    assert len(ends) == len(answer["findings"])
    for end, finding in zip(ends, answer["findings"], strict=True):
        assert text[:end].endswith(json.dumps(finding))


@given(st.text(alphabet='{}[]":,\\ findgsx1', max_size=200), st.lists(st.integers(1, 200), max_size=10))
def test_garbage_is_no_finding(text: str, cuts: list[int]) -> None:
    """Nothing raises, and where it is cut makes no difference."""
    parts = [each for part in fed(text, cuts) for each in part]
    assert parts == GlimpseReader().feed(text)


def test_a_finding_without_an_end_is_given_up() -> None:
    """It is not remembered for ever; findings of the next answer are seen."""
    reader = GlimpseReader()
    assert reader.feed('{"findings": [{"title": "' + "x" * 300_000) == []
    assert reader.feed('"}]} {"findings": [{"severity": "low", "path": "a", "line": 1, "title": "b"}') == [
        Glimpse("low", "a", 1, "b")
    ]
