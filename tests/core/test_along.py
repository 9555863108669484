"""What goes along with a part: the findings that stand there, the instructions for its paths, the overview so far."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.along import ALONE, MOST_STANDING, Along, Extras, Whole, matching, with_part
from bot.core.chunking import Budget, Chunk, pack
from bot.core.diff import Diff
from bot.core.known import Known
from bot.core.model_rules import RULES
from bot.core.overview import Diagram, Edge, Overview, Risk
from bot.core.policy import PathInstruction
from bot.errors import Misuse
from tests.core.changes import added
from tests.core.findings import known

Json = dict[str, Any]
OVERVIEW = Overview("Links expire.", Risk.HIGH, 20, Diagram(("a", "b"), (Edge(0, 1, "a link"),)))
DIFF = Diff((added("web/a.ts", "x"), added("papers/b.py", "y"), added("papers/c.py", "z")))


def part(along: Along) -> Json:
    """What is added to an empty part."""
    made: Json = json.loads(json.dumps(with_part(along, {})))
    return made


def test_nothing_goes_along_of_itself() -> None:
    """A part with nothing beside it is left as it is."""
    assert part(ALONE) == {}
    assert not ALONE.asks_overview


def test_a_standing_finding_is_shown_where_it_is_now() -> None:
    """Its name, its place in the present change, its line and its words; no line number where it has none."""
    standing = (known("aaaaaaaaaa", body="`x` is stale."), known("bbbbbbbbbb", placed=False))
    first, second = part(Along(standing))["standing"]
    assert first == {
        "id": "aaaaaaaaaa",
        "path": "app.py",
        "side": "RIGHT",
        "line": 4,
        "quote": "x = compute()",
        "title": "The wrong value is returned",
        "body": "`x` is stale.",
    }
    assert second == {name: value for name, value in first.items() if name != "body"} | {
        "id": "bbbbbbbbbb",
        "line": None,
    }


def test_endless_words_are_cut() -> None:
    """No text of an earlier review, and none of the policy, can crowd out the lines that the part is about."""
    standing = (known(title="t" * 9_000, body="b" * 9_000, quote="q" * 9_000),)
    instructions = (PathInstruction("p" * 9_000, "i" * 9_000),)
    assert len(json.dumps(part(Along(standing, instructions, so_far=Overview("o" * 9_000, Risk.LOW, 1))))) < 8_000


def test_an_overview_goes_back_in_the_form_in_which_it_came() -> None:
    """The model reads the overview so far in the words of the schema that it fills in."""
    assert part(Along(so_far=OVERVIEW))["overview_so_far"] == {
        "text": "Links expire.",
        "diagram": {"nodes": ["a", "b"], "edges": [{"from": 0, "to": 1, "label": "a link"}]},
        "risk": "high",
        "minutes": 20,
    }


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("*.py", ["papers/b.py", "papers/c.py"]),
        ("papers/", ["papers/b.py", "papers/c.py"]),
        ("/b.py", []),
        ("b.py", ["papers/b.py"]),
        ("**/a.*", ["web/a.ts"]),
        ("*", ["web/a.ts", "papers/b.py", "papers/c.py"]),
        ("!web/", []),
        ("# a comment", []),
    ],
)
def test_patterns_are_those_of_gitignore(pattern: str, paths: list[str]) -> None:
    """An instruction holds for the files that git would ignore by its pattern."""
    instruction = PathInstruction(pattern, "Mind the gap.")
    held = [file.path for file in DIFF.files if matching([instruction], [file.path])]
    assert held == paths
    assert matching([instruction], [file.path for file in DIFF.files]) == ((instruction,) if paths else ())


def test_an_unreadable_pattern_is_told_in_one_sentence() -> None:
    """A pattern that git would not take stops the review with a sentence that says where to mend it."""
    with pytest.raises(
        Misuse, match=r"^The path pattern of an instruction cannot be read: .*; correct the policy file\.$"
    ):
        matching([PathInstruction("a/***//!", "x"), PathInstruction("!", "x")], ["a"])


def test_a_text_for_several_patterns_is_told_once() -> None:
    """Instructions of one text are one row with all their patterns, in the order of the policy."""
    instructions = (
        PathInstruction("*.py", "Types."),
        PathInstruction("*.js", "Semicolons."),
        PathInstruction("*.pyi", "Types."),
    )
    assert part(Along(instructions=instructions))["instructions"] == [
        {"paths": ["*.py", "*.pyi"], "text": "Types."},
        {"paths": ["*.js"], "text": "Semicolons."},
    ]


def chunks(tokens: int = 12_000) -> tuple[Chunk, ...]:
    return pack(DIFF, range(len(DIFF.files)), Budget(RULES.of("claude-opus-4-6"), tokens, 1_000)).chunks


def test_a_chunk_gets_what_belongs_to_its_files() -> None:
    """Only instructions for files of the chunk, and the findings that the caller names for it, at most so many."""

    def standing(chunk: Chunk) -> list[Known]:
        return [known(f"{number:010x}") for number in range(100)] if chunk.pieces[0].file == 0 else []

    web, python = PathInstruction("web/", "Semicolons."), PathInstruction("*.py", "Types.")
    extras = Extras(standing, (python, web))
    told = {chunk.pieces[0].file: extras.along(chunk, DIFF, alone=False) for chunk in chunks(60)}
    assert {file: along.instructions for file, along in told.items()} == {0: (web,), 1: (python,), 2: (python,)}
    assert [len(told[file].standing) for file in range(3)] == [MOST_STANDING, 0, 0]
    (chunk,) = chunks()
    assert extras.along(chunk, DIFF, alone=True).instructions == (python, web)


@given(st.booleans(), st.none() | st.just(OVERVIEW), st.booleans())
def test_an_overview_is_asked_for_where_one_part_tells_enough(
    everything: bool, so_far: Overview | None, alone: bool
) -> None:
    """Only of a part that stands alone, and only if it is all of the change or there is an overview to go on from."""
    extras = Extras(lambda _: (), (), Whole(everything=everything, so_far=so_far))
    along = extras.along(chunks()[0], DIFF, alone=alone)
    assert along.whole is (alone and everything)
    assert along.so_far is (so_far if alone and not everything else None)
    assert along.asks_overview is (alone and (everything or so_far is not None))
    assert not Extras(lambda _: ()).along(chunks()[0], DIFF, alone=alone).asks_overview
