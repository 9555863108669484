"""A review as JSON. Its schema is docs/schema/review-1.json; a change that breaks readers raises the number."""

from __future__ import annotations

import json

from bot.core.diff import FileDiff
from bot.core.known import Known
from bot.core.ledger import Entry
from bot.core.models import Finding
from bot.core.overview import Overview
from bot.core.rendering.words import headline
from bot.core.review import Review
from bot.core.visible import printable, printable_text

SCHEMA = "plumbline.review/1"

Json = dict[str, object]


def document(review: Review) -> str:
    """The review as a JSON text, UTF-8 safe: bytes that are not stand as escapes."""
    return json.dumps(as_json(review), indent=2, ensure_ascii=False) + "\n"


def as_json(review: Review) -> Json:
    """The review as plain values."""
    estimate = review.plan.estimate
    return {
        "schema": SCHEMA,
        "tool": {"name": "plumbline", "version": review.version, "prompts": review.prompts},
        "change": {
            "title": printable(review.change.title),
            "base": review.change.base or None,
            "head": review.change.head or None,
            "pull_request": review.change.pull_request.url if review.change.pull_request else None,
        },
        "outcome": {
            "ending": review.outcome.ending.value,
            "reason": review.outcome.reason or None,
            "headline": headline(review),
        },
        "findings": [_finding(finding) for finding in review.findings],
        "unplaced": [_finding(each.finding) | {"why": each.why.value} for each in review.unplaced],
        "doubtful": [_finding(finding) for finding in review.doubtful],
        "below": [_finding(finding) for finding in review.below],
        "refuted": [_finding(finding) for finding in review.refuted],
        "preexisting": [_finding(finding) for finding in review.preexisting],
        "not_verified": printable(review.unverified) or None,
        "known": [_known(known) for known in review.life.known],
        "life": {
            "since": review.life.since or None,
            "full_because": printable(review.life.full_because) or None,
            "dollars": round(review.life.dollars, 6),
        },
        "overview": _overview(review.overview) if review.overview else None,
        "notices": [printable(notice) for notice in review.notices],
        "repository_not_read": printable(review.blind) or None,
        "ledger": {
            "changed_lines": review.ledger.changed,
            "states": {state.value: lines for state, lines in review.ledger.by_state.items()},
            "reasons": {reason.value: lines for reason, lines in review.ledger.by_reason.items()},
            "files": [
                _file(file, review.ledger.by_file[index], review.summaries.get(index, ""))
                for index, file in enumerate(review.diff.files)
            ],
        },
        "analyzers": [
            {
                "name": note.name,
                "run": note.run.value,
                "files": note.files,
                "files_not_known": note.missing,
                "detail": printable(note.detail) or None,
            }
            for note in review.analyzers
        ],
        "failures": [printable(sentence) for sentence in review.failures],
        "spent": {
            "requests": review.requests,
            "input_tokens": review.usage.total_input,
            "cached_input_tokens": review.usage.cache_read,
            "output_tokens": review.usage.output_tokens,
            "dollars": round(review.dollars, 6),
            "estimated_dollars": round(review.presumed, 6),
        },
        "plan": {
            "model": printable(review.model),
            "requests": estimate.requests,
            "input_tokens": estimate.input_tokens,
            "output_tokens": estimate.output_tokens,
            "dollars": round(estimate.dollars, 6),
        },
    }


def _finding(finding: Finding) -> Json:
    return {
        "path": printable(finding.location.path),
        "side": finding.location.side.value,
        "line": finding.location.line,
        "start_line": finding.location.start_line,
        "severity": finding.severity.value,
        "category": finding.category.value,
        "title": printable(finding.title),
        "body": printable_text(finding.body),
        "scenario": printable_text(finding.scenario),
        "quote": printable_text(finding.quote),
        "suggestion": None if finding.suggestion is None else printable_text(finding.suggestion),
        "applies": finding.applies,
        "confidence": finding.confidence,
        "source": finding.source,
        "rule": finding.rule,
        "verdict": finding.verdict or None,
        "reason": printable_text(finding.reason) or None,
        "evidence": [
            {"path": printable(each.path), "line": each.line, "text": printable(each.text)} for each in finding.evidence
        ],
        "introduced": finding.introduced,
    }


def _known(known: Known) -> Json:
    place = known.finding.location
    return {
        "id": known.id,
        "fate": known.fate.value,
        "note": printable(known.note) or None,
        "title": printable(known.finding.title),
        "path": printable(place.path),
        "line": place.line if known.placed else None,
    }


def _overview(overview: Overview) -> Json:
    diagram = overview.diagram
    return {
        "text": printable_text(overview.text),
        "risk": overview.risk.value,
        "minutes": overview.minutes,
        "diagram": diagram
        and {
            "nodes": [printable(label) for label in diagram.nodes],
            "edges": [{"from": edge.start, "to": edge.end, "label": printable(edge.label)} for edge in diagram.edges],
        },
    }


def _file(file: FileDiff, entries: tuple[Entry, ...], summary: str) -> Json:
    return {
        "path": printable(file.path),
        "old_path": None if file.old_path in (None, file.path) else printable(file.old_path),
        "status": file.status.value,
        "kind": file.kind.value,
        "added": file.added,
        "removed": file.removed,
        "summary": printable(summary) or None,
        "entries": [
            {
                "state": entry.reason.state.value,
                "reason": entry.reason.value,
                "lines": entry.lines,
                "detail": printable(entry.detail) or None,
            }
            for entry in entries
        ],
    }
