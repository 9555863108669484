"""A review as SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

from __future__ import annotations

import json
from urllib.parse import quote

from bot.core.models import Finding, Severity, Side
from bot.core.rendering.words import headline, when
from bot.core.review import Review
from bot.core.visible import printable, printable_text

Json = dict[str, object]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
# GitHub's code scanning sorts by this figure:
# https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}


def sarif(review: Review) -> str:
    """The findings as a SARIF log of one run; how the review ended stands in the run's properties."""
    worst: dict[str, Finding] = {}
    for finding in review.said:
        worst.setdefault(_rule_id(finding), finding)
    rules = list(worst)
    run: Json = {
        "tool": {
            "driver": {
                "name": "Plumbline",
                "version": review.version,
                "rules": [_rule(name, finding) for name, finding in worst.items()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            *(_result(review, finding, rules, _place(finding)) for finding in review.findings),
            *(_result(review, each.finding, rules, _file(each.finding)) for each in review.unplaced),
        ],
        "properties": {
            "outcome": review.outcome.ending.value,
            "headline": headline(review),
            "ledger": {state.value: lines for state, lines in review.ledger.by_state.items()},
        },
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule_id(finding: Finding) -> str:
    return f"{finding.source}/{finding.rule}"


def _rule(name: str, finding: Finding) -> Json:
    return {
        "id": name,
        "shortDescription": {"text": printable(finding.title)},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {"tags": [finding.category.value], "security-severity": _SCORES[finding.severity]},
    }


def _result(review: Review, finding: Finding, rules: list[str], place: Json) -> Json:
    scenario = f" {when(finding, review.policy.language)}{finding.scenario}." if finding.scenario else ""
    return {
        "ruleId": _rule_id(finding),
        "ruleIndex": rules.index(_rule_id(finding)),
        "level": _LEVELS[finding.severity],
        "message": {"text": printable_text(f"{finding.title}. {finding.body}{scenario}")},
        "locations": [{"physicalLocation": place}],
        "properties": {"severity": finding.severity.value, "confidence": finding.confidence},
    }


def _place(finding: Finding) -> Json:
    """SARIF speaks of the head version only: a finding on a removed line names the file alone."""
    place = _file(finding)
    if finding.location.side is Side.RIGHT:
        first = finding.location.start_line or finding.location.line
        place["region"] = {"startLine": first, "endLine": finding.location.line}
    return place


def _file(finding: Finding) -> Json:
    """The file alone: all that is known of a finding without a line."""
    uri = quote(finding.location.path.encode("utf-8", "surrogateescape"))
    return {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}
