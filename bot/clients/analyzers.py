"""Runs the embedded analyzers as subprocesses and reads their SARIF. They need no network and get no environment.

Files are written under names of our own, so that a path out of a patch can neither leave the folder nor look like an
option. The repository's own configuration of the analyzers is not read: a pull request could switch them off with it.
"""

from __future__ import annotations

import asyncio
import json
import os
import posixpath
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core import rule_pack
from bot.core.analysis import AnalyzerNote, AnalyzerReport, Hit, Run, SourceFile
from bot.core.rule_pack import PackRule
from bot.core.rules import RUFF_RULES, Rule
from bot.core.syntax import language_of
from bot.threads import aside

_SECONDS = 60
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}\Z")
_WRITTEN = re.compile(r"(?:^|/)(head|base)/(\d+)/[^/]+\Z")
_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml\Z|(?:^|/)action\.ya?ml\Z")


@dataclass(frozen=True, slots=True)
class _Tool:
    """How to run one analyzer: which files it reads, and its arguments ahead of them."""

    name: str
    reads: Callable[[str], bool]
    arguments: tuple[str, ...]
    fallback_name: str


_RUFF = _Tool(
    "ruff",
    lambda path: path.endswith((".py", ".pyi")),
    (
        "check",
        "--isolated",
        "--no-cache",
        "--exit-zero",
        "--quiet",
        "--output-format=sarif",
        f"--select={','.join(RUFF_RULES)}",
    ),
    "module.py",
)
_ZIZMOR = _Tool(
    "zizmor",
    lambda path: _WORKFLOW.search(path) is not None,
    ("--offline", "--no-config", "--no-exit-codes", "--no-progress", "--quiet", "--format=sarif"),
    "workflow.yml",
)


Pack = Callable[[str], Sequence[PackRule]]
"""Gives the rules of our own for a language of ast-grep."""


def _no_rules(_: str) -> Sequence[PackRule]:
    return ()


class EmbeddedAnalyzers:
    """Ruff on Python, zizmor on workflows and actions, rules of our own; each on the head and on the base version."""

    def __init__(self, pack: Pack = _no_rules) -> None:
        self._pack = pack

    async def run(self, files: Sequence[SourceFile], unknown: Sequence[str]) -> AnalyzerReport:
        """Run all analyzers side by side. What goes wrong with one is a note, never an error: the others count.

        `unknown` are the paths of files that would be read if their whole text were known.
        """
        head: dict[int, list[Hit]] = {}
        base: dict[int, list[Hit]] = {}
        *results, own = await asyncio.gather(
            *(_run_tool(tool, files, unknown) for tool in (_RUFF, _ZIZMOR)),
            aside(_run_pack, self._pack, files, unknown),
        )
        for _, hits in (*results, own):
            for side, index, hit in hits:
                (head if side == "head" else base).setdefault(index, []).append(hit)
        notes = tuple(note for note, _ in (*results, own))
        return AnalyzerReport(head, base, notes, self._words(files, {hit.rule for side, _, hit in own[1]}))

    def _words(self, files: Sequence[SourceFile], found: Collection[str]) -> dict[str, Rule]:
        """The words of the rules of our own that found something in these files."""
        languages = {language.name for file in files if (language := language_of(file.path))}
        return {rule.id: rule.words for name in sorted(languages) for rule in self._pack(name) if rule.id in found}


_Found = tuple[str, int, Hit]


async def _run_tool(
    tool: _Tool, files: Sequence[SourceFile], unknown: Sequence[str]
) -> tuple[AnalyzerNote, list[_Found]]:
    chosen = [file for file in files if tool.reads(file.path)]
    missing = sum(map(tool.reads, unknown))
    if not chosen:
        return AnalyzerNote(tool.name, Run.NOT_RUN if missing else Run.NOTHING_TO_DO, missing=missing), []
    program = _program(tool.name)
    if program is None:
        return AnalyzerNote(tool.name, Run.FAILED, detail="it is not installed beside Plumbline"), []
    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
        written = _write(tool, chosen, Path(folder))
        try:
            output = await _output([program, *tool.arguments, *written], folder)
            hits = _read_sarif(tool.name, output)
        except (OSError, ValueError, TimeoutError) as error:
            return AnalyzerNote(tool.name, Run.FAILED, detail=_reason(error)), []
    return AnalyzerNote(tool.name, Run.RAN, len(chosen), missing), hits


def _run_pack(pack: Pack, files: Sequence[SourceFile], unknown: Sequence[str]) -> tuple[AnalyzerNote, list[_Found]]:
    """Our own rules: they are parsed and matched here, nothing is run."""
    chosen = [(file, language) for file in files if (language := language_of(file.path)) and pack(language.name)]
    missing = sum((language := language_of(path)) is not None and bool(pack(language.name)) for path in unknown)
    if not chosen:
        run = Run.NOT_RUN if missing else Run.NOTHING_TO_DO
        return AnalyzerNote(rule_pack.SOURCE, run, missing=missing), []
    found = [
        (side, file.index, hit)
        for file, language in chosen
        for side, content in (("head", file.head), ("base", file.base))
        if content is not None
        for hit in rule_pack.hits_of(file.path, content.decode("utf-8", "surrogateescape"), pack(language.name))
    ]
    return AnalyzerNote(rule_pack.SOURCE, Run.RAN, len(chosen), missing), found


def version_of(name: str) -> str:
    """The version that a program reports, or '' where it is not to be found."""
    program = _program(name)
    if program is None:
        return ""
    answer = subprocess.run([program, "--version"], capture_output=True, check=False)  # noqa: S603
    words = answer.stdout.decode("utf-8", "replace").split()
    return next((word for word in words if word[:1].isdigit()), "")


def _program(name: str) -> str | None:
    """The program as pip installed it beside this interpreter, else on the path."""
    beside = Path(sysconfig.get_path("scripts")) / name
    return str(beside) if beside.is_file() else shutil.which(name)


def _write(tool: _Tool, files: Sequence[SourceFile], folder: Path) -> list[str]:
    """Write both versions as head/INDEX/NAME and base/INDEX/NAME; give the names relative to the folder."""
    names = []
    for file in files:
        name = posixpath.basename(file.path)
        name = name if _SAFE_NAME.match(name) else tool.fallback_name
        for side, content in (("head", file.head), ("base", file.base)):
            if content is not None:
                path = Path(side, str(file.index), name)
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
                names.append(path.as_posix())
    return names


async def _output(command: list[str], folder: str) -> bytes:
    """Run a command without environment; raise ValueError with its last words where it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={"PATH": os.defpath, "NO_COLOR": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), _SECONDS)
    except BaseException:
        # Time ran out, or the review was cancelled: no analyzer outlives it.
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise ValueError(" ".join(errors.decode("utf-8", "replace").split())[:200] or f"exit code {process.returncode}")
    return output


def _reason(error: Exception) -> str:
    return f"no answer within {_SECONDS} s" if isinstance(error, TimeoutError) else str(error)[:200]


def _read_sarif(source: str, output: bytes) -> list[_Found]:
    """Read the results of a SARIF log: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""
    found = []
    try:
        for result in (result for run in json.loads(output)["runs"] for result in run["results"]):
            place = result["locations"][0]["physicalLocation"]
            match = _WRITTEN.search(place["artifactLocation"]["uri"])
            if match:
                first = int(place["region"]["startLine"])
                last = int(place["region"].get("endLine", first))
                rule = result["ruleId"].rsplit("/", 1)[-1]
                hit = Hit(source, rule, first, last, result["message"]["text"].rstrip("."))
                found.append((match[1], int(match[2]), hit))
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"its report is not SARIF 2.1.0: {error!r}") from error
    return found
