"""A review as JSON: all that is written is described, all that is described is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from bot.core.anchors import Miss
from bot.core.diff import FileKind, FileStatus
from bot.core.known import Fate, Life
from bot.core.ledger import State
from bot.core.models import Category, Severity
from bot.core.overview import Diagram, Edge, Overview, Risk
from bot.core.rendering.document import document
from bot.core.review import Review
from bot.core.visible import printable
from tests.core.known_findings import known
from tests.core.test_rendering import ANSWERED, FINDING, HOSTILE, NASTY, everything, failed, gated, review
from tests.core.test_requests import PULL
from tests.repository import CHECKOUT


def closed(schema: Any) -> Any:  # noqa: ANN401
    """The published schema without its leave to add fields: whatever is written must be described."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(part) if name != "allOf" else part for name, part in schema.items()}
    # A finding is closed where it is used, as an unplaced one has a field more.
    if ("properties" in schema and "side" not in schema["properties"]) or schema.get("$ref") == "#/$defs/finding":
        made["unevaluatedProperties"] = False
    return made


SCHEMA = json.loads((CHECKOUT / "docs/schema/review-1.json").read_text(encoding="utf-8"))
LIVED = replace(
    NASTY,
    below=(FINDING,),
    notices=(HOSTILE,),
    overview=Overview(HOSTILE, Risk.HIGH, 30, Diagram((HOSTILE, "b"), (Edge(0, 1, HOSTILE),))),
    life=Life(
        tuple(known(FINDING, number, fate=fate, note=HOSTILE) for number, fate in enumerate(Fate)),
        since="a" * 40,
        full_because=HOSTILE,
        dollars=0.5,
    ),
)
PULLED = replace(NASTY, change=replace(NASTY.change, pull_request=PULL), findings=(replace(FINDING, suggestion="x"),))


@pytest.mark.parametrize(
    "made",
    [NASTY, LIVED, PULLED, review(), gated("draft"), failed("x"), everything(ANSWERED, unlisted=3, withheld=True)],
    ids=["hostile", "lived", "pull request", "nothing", "gated", "failed", "withheld"],
)
def test_json_holds_what_its_schema_describes_and_no_more(made: Review) -> None:
    """Every field that is written is described and every described one is written, whatever the review holds."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    written = json.loads(document(made))
    jsonschema.Draft202012Validator(SCHEMA).validate(written)
    jsonschema.Draft202012Validator(closed(SCHEMA)).validate(written)
    for name in written:
        assert name in SCHEMA["required"]


def objects(schema: Any, where: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Each object of the schema with its place."""
    if isinstance(schema, dict):
        if "properties" in schema and "allOf" not in schema:
            yield where, schema
        for name, part in schema.items():
            yield from objects(part, f"{where}/{name}")


@pytest.mark.parametrize(("where", "table"), list(objects(SCHEMA)))
def test_the_schema_promises_every_field(where: str, table: dict[str, Any]) -> None:
    """Readers may rely on each field of each object: none is optional."""
    assert sorted(table["required"]) == sorted(table["properties"]), where


def test_the_schema_knows_all_names() -> None:
    """The names that code defines are the names that the schema lists."""
    kinds = SCHEMA["$defs"]
    assert kinds["unplaced"]["properties"]["why"]["enum"] == list(Miss)
    assert kinds["finding"]["properties"]["severity"]["enum"] == list(Severity)
    assert kinds["finding"]["properties"]["category"]["enum"] == list(Category)
    assert kinds["file"]["properties"]["status"]["enum"] == list(FileStatus)
    assert kinds["file"]["properties"]["kind"]["enum"] == list(FileKind)
    assert kinds["state"]["enum"] == list(State)
    assert kinds["known"]["properties"]["fate"]["enum"] == list(Fate)
    assert kinds["overview"]["properties"]["risk"]["enum"] == list(Risk)


def test_json_tells_what_became_of_every_finding() -> None:
    """All that were ever said are listed with their fate; one without a line has none."""
    each = (known(FINDING, 1, fate=Fate.FIXED, note="c" * 40), known(FINDING, 2, placed=False))
    written = json.loads(document(replace(NASTY, life=Life(each, since="a" * 40))))
    assert written["known"] == [
        {
            "id": "0000000001",
            "fate": "fixed",
            "note": "c" * 40,
            "title": "The number is wrong",
            "path": "app.py",
            "line": 3,
        },
        {
            "id": "0000000002",
            "fate": "open",
            "note": None,
            "title": "The number is wrong",
            "path": "app.py",
            "line": None,
        },
    ]
    assert written["life"] == {"since": "a" * 40, "full_because": None, "dollars": 0.0}
    assert written["overview"] is None


def test_json_tells_what_was_spent_and_where_the_rest_is() -> None:
    """The figures are those of the review: tokens with and without a cache, dollars, failures, summaries."""
    written = json.loads(document(PULLED))
    assert written["spent"] == {
        "requests": 3,
        "input_tokens": 420,
        "cached_input_tokens": 300,
        "output_tokens": 50,
        "dollars": 0.0123,
        "estimated_dollars": 0.0,
    }
    assert written["change"]["pull_request"] == PULL.url
    assert [each["why"] for each in written["unplaced"]] == list(Miss)
    assert written["ledger"]["files"][0]["summary"] == written["failures"][0] == printable(HOSTILE)
    assert written["ledger"]["files"][1]["summary"] is None
    assert (written["findings"][0]["suggestion"], written["findings"][0]["applies"]) == ("x", False)
