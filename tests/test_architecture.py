"""The layers of ARCHITECTURE.md, read off the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository import CHECKOUT

LAYERS = (
    ("__main__",),
    ("cli", "action"),
    ("server",),
    ("config_commands",),
    ("app",),
    ("commanding",),
    ("wiring",),
    ("progress", "speech", "logs", "metrics"),
    ("jobs",),
    ("rounds",),
    ("reviewer", "publisher", "assistant", "checkup", "remedy"),
    ("summing",),
    ("interview", "looking", "planning", "tool_loop", "verifying"),
    ("clients", "prompts", "rule_files", "settings"),
    ("threads",),
    ("core",),
    ("errors", ""),
)
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
# Rooms whose modules may import each other; elsewhere a layer's modules do not know of one another.
HOUSES = {"core", "clients", "server", "app", "jobs"}
DOORS = {
    "ast_grep_py": ("bot.core.syntax",),
    "unidiff": ("bot.core.patch",),
    "httpx": ("bot.clients",),
    "github": ("bot.clients.github",),
    "dbos": ("bot.jobs",),
    "sqlalchemy": ("bot.jobs",),
    "fastapi": ("bot.server",),
    "pydantic_settings": ("bot.settings",),
    "prometheus_client": ("bot.metrics",),
}
IMPURE = {
    *("os", "io", "pathlib", "subprocess", "socket", "time", "datetime", "random", "logging", "asyncio", "tempfile"),
    *("shutil", "sys", "threading", "rich", "typer", "httpx", "pydantic_settings", "urllib.request"),
    "importlib",
}


def modules(package: Path) -> dict[str, ast.Module]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imports(tree: ast.Module, known: set[str]) -> Iterator[str]:
    """What a module imports anywhere, inside functions too; `from a import b` is a.b where that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in known else node.module


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def root(module: str) -> str:
    return module.partition(".")[0]


def faults(package: Path) -> list[str]:
    """Each breach of the rules as one line."""
    trees = modules(package)
    graph = {name: set(imports(tree, set(trees))) for name, tree in trees.items()}
    lines = []
    for name, targets in graph.items():
        lines += [f"{name} imports {target}" for target in sorted(targets) if _forbidden(name, target)]
        if name != "bot.settings" and _reads_environment(trees[name]):
            lines.append(f"{name} reads the environment")
        if room(name) == "core" and _opens_files(trees[name]):
            lines.append(f"{name} opens files")
    return [*lines, *(f"cycle through {name}" for name in sorted(graph) if name in _reachable(name, graph))]


def _forbidden(name: str, target: str) -> bool:
    if root(target) == "bot":
        above, below = RANK[room(name)], RANK[room(target)]
        return (
            above > below
            or (above == below and room(name) != room(target))
            or (room(name) == room(target) and room(name) not in HOUSES and name != target)
        )
    if room(name) == "core" and (target in IMPURE or root(target) in IMPURE):
        return True
    doors = DOORS.get(root(target))
    return doors is not None and not any(name == door or name.startswith(f"{door}.") for door in doors)


def _reads_environment(tree: ast.Module) -> bool:
    names = {"environ", "environb", "getenv", "getenvb"}
    return any(
        (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and names & {alias.name for alias in node.names})
        for node in ast.walk(tree)
    )


def _opens_files(tree: ast.Module) -> bool:
    names = {"open", "print", "input", "__import__"}
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Name) and called.id in names for called in calls)


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(graph[start])
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += graph.get(name, set())
    return seen


def test_the_layers_hold() -> None:
    """No upward import, no second door, no I/O in core, no environment outside settings, no cycle."""
    assert faults(CHECKOUT / "bot") == []


BREACHES = [
    ("core/a.py", "from bot.clients import source", "bot.core.a imports bot.clients"),
    ("core/a.py", "def f():\n    import subprocess", "bot.core.a imports subprocess"),
    ("core/a.py", "import unidiff", "bot.core.a imports unidiff"),
    ("reviewer.py", "import bot.wiring", "bot.reviewer imports bot.wiring"),
    ("reviewer.py", "import bot.assistant", "bot.reviewer imports bot.assistant"),
    ("reviewer.py", "import httpx", "bot.reviewer imports httpx"),
    ("clients/a.py", "from dbos import DBOS", "bot.clients.a imports dbos"),
    ("clients/a.py", "import os\nx = os.environ['A']", "bot.clients.a reads the environment"),
    ("prompts.py", "from bot import settings", "bot.prompts imports bot.settings"),
    ("errors.py", "from bot.core import diff", "bot.errors imports bot.core"),
    ("wiring.py", "def f():\n    from bot.cli import main", "bot.wiring imports bot.cli"),
    ("cli.py", "import bot.action", "bot.cli imports bot.action"),
    ("jobs/a.py", "from bot.wiring import build", "bot.jobs.a imports bot.wiring"),
    ("reviewer.py", "import bot.jobs.a", "bot.reviewer imports bot.jobs.a"),
    (
        "core/a.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bot import settings",
        "bot.core.a imports bot.settings",
    ),
    ("core/a.py", "import os.path", "bot.core.a imports os.path"),
    ("core/a.py", "import rich.console", "bot.core.a imports rich.console"),
    ("core/a.py", "from datetime import datetime", "bot.core.a imports datetime"),
    ("core/a.py", "import importlib", "bot.core.a imports importlib"),
    ("core/a.py", "open('f')", "bot.core.a opens files"),
    ("clients/http.py", "from github import Github", "bot.clients.http imports github"),
    ("clients/a.py", "import fastapi", "bot.clients.a imports fastapi"),
    ("clients/a.py", "from sqlalchemy.orm import Session", "bot.clients.a imports sqlalchemy.orm"),
    ("clients/a.py", "import unidiff.patch", "bot.clients.a imports unidiff.patch"),
    ("clients/a.py", "from os import getenv", "bot.clients.a reads the environment"),
    ("cli.py", "import os\nos.getenv('A')", "bot.cli reads the environment"),
]


@pytest.mark.parametrize(("path", "text", "fault"), BREACHES)
def test_a_breach_is_found(tmp_path: Path, path: str, text: str, fault: str) -> None:
    """Each rule fails on a package that breaks it."""
    package = tmp_path / "bot"
    for name in ("__init__.py", "settings.py", "clients/__init__.py", path):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text if name == path else "")
    assert fault in faults(package)


def test_a_cycle_is_found(tmp_path: Path) -> None:
    """Two modules that import each other are a fault, lazily or not."""
    core = tmp_path / "bot" / "core"
    core.mkdir(parents=True)
    (core / "a.py").write_text("import bot.core.b")
    (core / "b.py").write_text("def f():\n    import bot.core.a")
    assert "cycle through bot.core.a" in faults(tmp_path / "bot")
