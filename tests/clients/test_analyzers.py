"""The embedded analyzers, run for real."""

from __future__ import annotations

import asyncio

from bot.clients.analyzers import EmbeddedAnalyzers, _read_sarif
from bot.core.analysis import AnalyzerReport, Run, SourceFile
from bot.core.rules import RUFF_RULES

WORKFLOW = b"""on: pull_request_target
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ github.event.pull_request.title }}"
"""


def run(*files: SourceFile, unknown: tuple[str, ...] = ()) -> AnalyzerReport:
    return asyncio.run(EmbeddedAnalyzers().run(files, unknown))


def rules(report: AnalyzerReport, index: int) -> set[str]:
    return {hit.rule for hit in report.head.get(index, ())}


def test_ruff_reads_both_versions() -> None:
    """Hits of head and base are kept apart, by file."""
    report = run(SourceFile(4, "a.py", b"print(undefined)\n", b"import os\n\nos.mktemp()\nprint(other)\n"))
    assert rules(report, 4) == {"F821"}
    assert [hit.line for hit in report.base[4]] == [4]
    assert report.notes[0].run is Run.RAN


def test_a_file_that_does_not_parse_is_said() -> None:
    """A syntax error is a hit as any other."""
    assert "invalid-syntax" in rules(run(SourceFile(0, "a.py", b"def f(:\n", None)), 0)


def test_every_rule_asked_for_is_known_to_ruff() -> None:
    """An unknown rule would make ruff fail: the table and the pinned version agree."""
    assert run(SourceFile(0, "a.py", b"x = 1\n", None)).notes[0].run is Run.RAN
    assert len(set(RUFF_RULES)) == len(RUFF_RULES)


def test_zizmor_reads_workflows_only() -> None:
    """YAML elsewhere is not its business."""
    report = run(SourceFile(0, ".github/workflows/ci.yml", WORKFLOW, None), SourceFile(1, "config.yml", WORKFLOW, None))
    assert {"template-injection", "dangerous-triggers"} <= rules(report, 0)
    assert rules(report, 1) == set()


def test_hostile_names_stay_in_the_folder() -> None:
    """A path that climbs, or looks like an option, is written under a name of ours and still analyzed."""
    files = [
        SourceFile(index, path, b"print(undefined)\n", None)
        for index, path in enumerate(["../../../../tmp/x.py", "--config=y.py", "/etc/z.py", "a\nb.py", "-.py"])
    ]
    report = run(*files)
    assert [rules(report, index) for index in range(5)] == [{"F821"}] * 5


def test_the_repositorys_own_configuration_is_not_read() -> None:
    """A pull request cannot switch a rule off by a configuration file that it brings."""
    config = SourceFile(0, "pyproject.toml", b'[tool.ruff.lint]\nignore = ["F821"]\n', None)
    assert rules(run(config, SourceFile(1, "a.py", b"print(undefined)\n", None)), 1) == {"F821"}


def test_what_is_not_known_is_counted() -> None:
    """Files whose text is not at hand are named by number, for the analyzer that would have read them."""
    report = run(unknown=("a.py", "b.pyi", "c.txt", ".github/workflows/ci.yml"))
    assert [(note.name, note.run, note.missing) for note in report.notes] == [
        ("ruff", Run.NOT_RUN, 2),
        ("zizmor", Run.NOT_RUN, 1),
        ("rules", Run.NOTHING_TO_DO, 0),
    ]


def test_sarif_that_is_none_is_an_error() -> None:
    """An answer of another shape is refused with a sentence, not half read."""
    for output in (b"{}", b'{"runs":[{"results":[{}]}]}', b"[]", b"not json"):
        try:
            _read_sarif("ruff", output)
        except ValueError:
            continue
        raise AssertionError(output)
