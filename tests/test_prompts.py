"""The words of prompts/: complete, known to their README, and within what the API takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from bot import prompts
from bot.core.models import Category, Severity, Side
from bot.core.overview import Risk
from bot.core.policy import Effort, PathInstruction, Policy
from bot.core.replies import VerdictState
from bot.core.requests import Prompts
from tests.repository import CHECKOUT

Json = dict[str, Any]
FOLDER = CHECKOUT / "prompts"
POLICY = Policy("claude-opus-4-6")


def test_every_prompt_is_loaded_and_none_is_empty() -> None:
    """What stands in prompts/ is what requests are made of, file for file."""
    made = prompts.review_prompts()
    words = {each.name: getattr(made, each.name) for each in fields(Prompts)}
    assert all(words.values())
    assert {path.stem for path in (FOLDER / "review").glob("*.md")} == set(words) - {"tools"}
    for name, text in words.items():
        if name != "tools":
            assert text == (FOLDER / "review" / f"{name}.md").read_text(encoding="utf-8")


def test_placeholders_are_those_of_the_readme() -> None:
    """The README names each file once, with exactly the placeholders that stand in it."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z./]+)` \| (.+?) \|", readme, re.MULTILINE))
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()} - {"README.md"}
    assert set(rows) == files
    for name, filled in rows.items():
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert set(re.findall(r"\$\w+", text)) == set(re.findall(r"`(\$\w+)`", filled))


def _schemas(value: object) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _schemas(part)


def test_the_tools_keep_to_the_limits_of_strict_decoding() -> None:
    """At most 20 strict tools, 16 unions and no optional field in all of them: beyond that every request is refused.

    Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
    """
    tools = prompts.review_prompts().tools
    strict = [tool for tool in tools if tool.get("strict")]
    schemas = [schema for tool in strict for schema in _schemas(tool["input_schema"])]
    assert len(strict) <= 20
    assert sum("anyOf" in each or isinstance(each.get("type"), list) for each in schemas) <= 16
    objects = [each for each in schemas if each.get("type") == "object"]
    assert objects
    assert all(list(each["properties"]) == each["required"] for each in objects), "required fields come in this order"


def test_facts_are_asked_for_before_judgements() -> None:
    """A model fills a form in from top to bottom: what it reads off comes ahead of what it makes of it."""
    tools = {tool["name"]: json.loads(json.dumps(tool["input_schema"])) for tool in prompts.review_prompts().tools}
    review = tools["report_review"]["properties"]
    assert list(review) == ["files", "standing", "findings", "overview"]
    assert list(review["standing"]["items"]["properties"]) == ["id", "quote", "state"]
    assert list(tools["report_overview"]["properties"]) == ["text", "diagram", "risk", "minutes"]
    finding = list(review["findings"]["items"]["properties"])
    assert finding.index("scenario") < finding.index("severity") < finding.index("confidence")


def test_choices_are_those_of_the_values() -> None:
    """Each choice of the schema is a word that the code knows, and none is missing."""
    choices = {
        name: part["enum"]
        for tool in prompts.review_prompts().tools
        for schema in _schemas(tool["input_schema"])
        for name, part in schema.items()
        if isinstance(part, dict) and "enum" in part
    }
    known = {"side": Side, "severity": Severity, "category": Category, "state": VerdictState, "risk": Risk}
    assert {name: set(words) for name, words in choices.items()} == {name: set(words) for name, words in known.items()}


def test_the_digest_of_the_rules_follows_what_shapes_an_answer() -> None:
    """Prompts, instructions, language and effort change it; the model, and what is done with the answers, do not."""
    digest = prompts.rules_digest("3f9a1c2e", POLICY)
    assert re.fullmatch("[0-9a-f]{8}", digest)
    shaping = [
        ("3f9a1c2f", POLICY),
        ("3f9a1c2e", replace(POLICY, instructions=(PathInstruction("*", "Types."),))),
        ("3f9a1c2e", replace(POLICY, instructions=(PathInstruction("*", "Types"), PathInstruction(".", "")))),
        ("3f9a1c2e", replace(POLICY, language="German")),
        ("3f9a1c2e", replace(POLICY, effort=Effort.LOW)),
        ("3f9a1c2e", replace(POLICY, effort=Effort.MAX)),
    ]
    assert len({digest, *(prompts.rules_digest(*each) for each in shaping)}) == len(shaping) + 1
    others = [replace(POLICY, model="claude-opus-4-7"), replace(POLICY, max_comments=1, threshold=Severity.HIGH)]
    assert {prompts.rules_digest("3f9a1c2e", each) for each in others} == {digest}
