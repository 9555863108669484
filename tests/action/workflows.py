"""Reads workflows as far as the tests need it: their jobs, their steps, and what the Action is given there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.repository import CHECKOUT

Json = dict[str, Any]
FOLDER = CHECKOUT / "examples" / "workflows"
OURS = "plumbline-bot/plumbline@"
_EXPRESSION = re.compile(r"\$\{\{ *([a-zA-Z0-9_.-]+) *\}\}")


def load(text: str) -> Json:
    """A workflow. YAML takes its key `on` for a truth value."""
    read: dict[str | bool, Any] = yaml.safe_load(text)
    return {("on" if isinstance(key, bool) else key): value for key, value in read.items()}


def example(name: str) -> Json:
    """One of the examples."""
    return load((FOLDER / name).read_text())


def steps(workflow: Json) -> list[Json]:
    """All steps of all jobs."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def ours(workflow: Json) -> Json:
    """The step that runs the Action; there is one."""
    (step,) = (step for step in steps(workflow) if step.get("uses", "").startswith(OURS))
    return step


def inputs(workflow: Json, context: Json) -> dict[str, str]:
    """What the Action is given there, expressions replaced."""
    return {name: filled(str(value), context) for name, value in ours(workflow)["with"].items()}


def filled(text: str, context: Json) -> str:
    """The text with its expressions replaced; each has to be a plain path into the context."""

    def value(match: re.Match[str]) -> str:
        found: Any = context
        for part in match[1].split("."):
            found = found[part]
        return str(found)

    return _EXPRESSION.sub(value, text)


def readme_workflow() -> str:
    """The workflow that the README tells to copy: its block of YAML under `Use as an Action`."""
    section = Path(CHECKOUT / "README.md").read_text().partition("\n## Use as an Action\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    return str(block)
