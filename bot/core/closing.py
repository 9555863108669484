"""The overview of a change that is read in several parts: what its request is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.core.along import Whole, overview_rows
from bot.core.known import Known
from bot.core.material import rows, words
from bot.core.messages import Json
from bot.core.models import Severity
from bot.core.replies import Answer
from bot.core.visible import shown_path

_MOST_FILES = 400
_MOST_FINDINGS = 100
_LONGEST_PATH = 300
_LONGEST_SUMMARY = 200


def reviews_of(answers: Sequence[Answer], still: Iterable[Known], whole: Whole) -> str:
    """What was said of all parts, as JSON text: files with their summaries, the problems by title, worst first.

    `still` are findings of earlier reviews that stand. Files that were read this time come first.
    """
    summaries = dict(item for answer in reversed(answers) for item in answer.summaries.items())
    ordered = {path: summaries[path] for answer in answers for path in answer.summaries}
    for path, summary in whole.summaries:
        ordered.setdefault(path, summary)
    problems = [(claim.severity, claim.path, claim.title) for answer in answers for claim in answer.claims]
    problems += [(each.finding.severity, each.finding.location.path, each.finding.title) for each in still]
    problems.sort(key=lambda problem: problem[0].rank)
    said: Json = {
        "files": [_file(*item) for item in list(ordered.items())[:_MOST_FILES]],
        "findings": [_problem(*problem) for problem in problems[:_MOST_FINDINGS]],
    }
    return rows(said | ({"overview_so_far": overview_rows(whole.earlier)} if whole.earlier else {}))


def _file(path: str, summary: str) -> Json:
    return {"path": words(shown_path(path), _LONGEST_PATH), "summary": words(summary, _LONGEST_SUMMARY)}


def _problem(severity: Severity, path: str, title: str) -> Json:
    return {
        "path": words(shown_path(path), _LONGEST_PATH),
        "severity": severity.value,
        "title": words(title, _LONGEST_SUMMARY),
    }
