"""docs/plumbline.schema.json and the table in docs/policy.md are made from the same keys as the reader.

`python -m tests.core.test_policy_schema` writes them anew.
"""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.policy import Policy
from bot.core.policy_file import read
from bot.core.policy_keys import (
    BY_NAME,
    KEYS,
    Choice,
    Dollars,
    Flag,
    Instructions,
    Kind,
    Texts,
    Whole,
    Word,
    field_of,
)
from bot.core.policy_schema import schema
from bot.core.rendering.policy import reference
from bot.settings import Settings
from tests.repository import CHECKOUT

SCHEMA = CHECKOUT / "docs" / "plumbline.schema.json"
PAGE = CHECKOUT / "docs" / "policy.md"
_TABLE = re.compile(r"(?<=<!-- written by tests/core/test_policy_schema.py -->\n\n).*?(?=\n<!-- end -->)", re.DOTALL)
Json = dict[str, Any]


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def page(text: str) -> str:
    """The page with the table as the keys have it now."""
    defaults = Policy(model=Settings.model_fields["model"].default)
    made, count = _TABLE.subn(lambda _: reference(defaults), text)
    assert count == 1
    return made


def nested(name: str, value: object) -> Json:
    section, _, last = name.rpartition(".")
    return {section: {last: value}} if section else {last: value}


def valid(document: object) -> bool:
    return jsonschema.Draft7Validator(schema()).is_valid(document)


def test_the_published_schema_is_that_of_the_reader() -> None:
    """The file in docs/ is what the keys give now; run this module to write it anew."""
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft7Validator.check_schema(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_reference_is_that_of_the_reader() -> None:
    """The table in docs/policy.md is what the keys give now; run this module to write it anew."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text


def test_examples_of_the_page_are_good_files() -> None:
    """Each YAML block of the page is read without a problem, and editors find none in it."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        assert read(block, "page").problems == ()
        assert valid(yaml.safe_load(block))


def test_defaults_of_settings_and_policy_agree() -> None:
    """What the table gives as a default is what a review has without any setting."""
    defaults = Policy(model="m")
    for setting, field in (("max_comments", "max_comments"), ("max_cost_usd", "max_cost")):
        assert Settings.model_fields[setting].default == field_of(defaults, field)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_example_of_each_key_is_good(name: str) -> None:
    """Reader and schema take it."""
    section, _, last = name.rpartition(".")
    text = f"{section}: {{{last}: {BY_NAME[name].example}}}" if section else f"{last}: {BY_NAME[name].example}"
    assert read(text, "example").problems == ()
    assert valid(yaml.safe_load(text))


PATTERNS = st.from_regex(r"!?[a-z]{1,8}(/[a-z*]{1,6})?/?", fullmatch=True)
WORDS = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() != "")


def good(kind: Kind) -> st.SearchStrategy[Any]:
    """Values that a key of this kind takes."""
    if isinstance(kind, Flag):
        return st.booleans()
    match kind:
        case Choice(words):
            return st.sampled_from([word for word, _ in words])
        case Whole(lowest, highest):
            return st.integers(lowest, highest)
        case Dollars():
            return st.one_of(st.integers(0, 100_000), st.integers(0, 9_999).map(lambda cents: cents / 100))
        case Word():
            return st.from_regex(r"[A-Za-z][A-Za-z0-9.-]{0,30}", fullmatch=True)
        case Texts() | Instructions():
            return good_list(kind)


def good_list(kind: Texts | Instructions) -> st.SearchStrategy[Any]:
    if isinstance(kind, Texts):
        item = PATTERNS if kind.paths else WORDS
        return st.one_of(item, st.lists(item, max_size=4))
    patterns = st.one_of(PATTERNS, st.lists(PATTERNS, min_size=1, max_size=3))
    return st.lists(st.fixed_dictionaries({"paths": patterns, "text": WORDS}), max_size=3)


@given(st.data())
def test_reader_and_schema_take_the_same(data: st.DataObject) -> None:
    """A value that is good for a key is so for both, and its place in the file as well."""
    key = data.draw(st.sampled_from(KEYS))
    document = nested(key.name, data.draw(good(key.kind)))
    assert valid(document)
    file = read(json.dumps(document), "made")
    assert file.problems == ()
    assert set(file.values) == {key.name}


BAD: dict[type, list[Any]] = {
    Flag: ["maybe", 3, [], {"a": 1}],
    Choice: ["hihg", 3, [], {"a": 1}],
    Whole: [-1, 500_000, 1.5, "many", [], {"a": 1}],
    Dollars: [-1, 1_000_000, "$5", [], {"a": 1}],
    Word: ["a`b", "", "x" * 200, [], {"a": 1}],
    Texts: ["", [""], [["a"]], {"a": 1}, ["x" * 201], ["a"] * 201],
    Instructions: ["x", {"a": 1}, ["x"], [{"paths": "a"}], [{"paths": [], "text": "b"}], [{"text": "b"}]],
}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_reader_and_schema_refuse_the_same(key: Any) -> None:  # noqa: ANN401
    """A value that is bad for a key is so for both; and so is a key that there is not."""
    for value in BAD[type(key.kind)]:
        document = nested(key.name, value)
        assert not valid(document), document
        assert read(json.dumps(document), "made").problems, document
    unknown = nested(f"{key.name}x", key.example)
    assert not valid(unknown)
    assert read(json.dumps(unknown), "made").problems


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
