"""Loads prompts/, fills placeholders, and knows the digest that names their version."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from string import Template

from bot.core.policy import Policy
from bot.core.questions import Words
from bot.core.requests import OtherWords, Prompts
from bot.core.verification import READ, REPORT

_PACKAGE = Path(__file__).parent
# A wheel carries the prompts inside the package; a checkout, editable or bare, has them beside it.
_FOLDERS = (_PACKAGE / "_prompts", _PACKAGE.parent / "prompts")
_ASSISTANT = ("system", "task", "question", "enough")
_REVIEW = ("system", "task", "question", "repair", "overview", "language", "pictures")


@cache
def _texts() -> dict[str, str]:
    folder = next(folder for folder in _FOLDERS if folder.is_dir())
    names = sorted(path for path in folder.rglob("*") if path.suffix in {".md", ".json"} and path.name != "README.md")
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in names}


def review_prompts() -> Prompts:
    """What the requests of a review are made of."""
    words = {name: load(f"review/{name}.md") for name in _REVIEW}
    return Prompts(**words, tools=tuple(json.loads(load("schema/tools.json"))))


def assistant_words() -> Words:
    """What the requests of a question are made of."""
    words = {name: load(f"assistant/{name}.md") for name in _ASSISTANT}
    return Words(**words, tools=tuple(json.loads(load("assistant/tools.json"))))


def verify_words() -> OtherWords:
    """What the requests for a second look are made of."""
    words = {name: load(f"verify/{name}.md") for name in ("system", "task", "question")}
    return OtherWords(**words, tools=tuple(json.loads(load("verify/tools.json"))), read=READ, report=REPORT)


def load(name: str, **values: str) -> str:
    """The text of a prompt, e.g. `review/system.md`, its $placeholders filled. A missing one raises KeyError."""
    text = _texts()[name]
    return Template(text).substitute(values) if values else text


@cache
def digest() -> str:
    """Eight characters that change whenever a prompt does."""
    whole = hashlib.sha256()
    for name, text in _texts().items():
        whole.update(f"{name}\0{len(text)}\0{text}".encode())
    return whole.hexdigest()[:8]


def rules_digest(prompts_digest: str, policy: Policy) -> str:
    """Eight characters that change with what shapes the answers: prompts, instructions, language, effort, thinking.

    What was answered under others is not built upon. The model is not among them: another one may go on from what it
    reads.
    """
    instructions = [[each.pattern, each.text] for each in policy.instructions]
    rules = json.dumps([prompts_digest, instructions, policy.language, policy.effort, policy.thinking])
    return hashlib.sha256(rules.encode()).hexdigest()[:8]
