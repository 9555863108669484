"""How much harm a hunk could do: decides what is read first when the budget does not reach for all.

The definition, in points that add up for each hunk:

    path       what the file is about: +30 for auth, secrets, payment; +20 for migrations, workflows, deployment;
               +15 for configuration; -40 for documentation; -15 for tests
    content    each kind of signal once: +25 removed checks, validation, locks, error handling; +20 for auth, money,
               SQL, shell, deserialisation, cryptography, concurrency in changed lines; +15 a changed public signature;
               +15 removed tests or assertions
    churn      +1 for every 10 changed lines, at most +10
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core import path_rules
from bot.core.diff import FileDiff, Hunk, LineKind

_CHURN_LINES = 10
_CHURN_MOST = 10


@dataclass(frozen=True, slots=True)
class _Signal:
    points: int
    pattern: re.Pattern[str]
    kinds: frozenset[LineKind] = frozenset({LineKind.ADDED, LineKind.REMOVED})


def _path_signal(points: int, words: str) -> _Signal:
    return _Signal(points, re.compile(rf"(?:^|[/_.\-])(?:{words})", re.IGNORECASE))


def _content_signal(points: int, pattern: str, *kinds: LineKind) -> _Signal:
    chosen = frozenset(kinds or (LineKind.ADDED, LineKind.REMOVED))
    return _Signal(points, re.compile(pattern, re.IGNORECASE), chosen)


_PATH_SIGNALS = (
    _path_signal(
        30, r"auth|login|session|permission|acl|rbac|oauth|token|secret|crypt|password|payment|billing|invoice"
    ),
    _path_signal(20, r"migrations?/|schema|\.github/workflows|dockerfile|deploy|terraform|helm|k8s|infra"),
    _path_signal(15, r"config|settings|\.env"),
)
_CONTENT_SIGNALS = (
    _content_signal(
        25,
        r"\b(?:if|assert|require|guard|check|valid\w*|verify|permission\w*|allowed|lock|mutex|try|except|catch|raise|throw)\b",
        LineKind.REMOVED,
    ),
    _content_signal(20, r"\b(?:password|passwd|token|secret|credential|authoriz|authenticat|is_?admin|role)\w*"),
    _content_signal(20, r"\b(?:amount|price|currency|balance|charge|refund|total|discount|decimal)\w*"),
    _content_signal(
        20, r"\b(?:select\b.{1,80}\bfrom|insert into|update\b.{1,40}\bset|delete from|alter table|drop table)"
    ),
    _content_signal(20, r"\b(?:subprocess|os\.system|exec|eval|shell|popen|spawn|innerHTML|dangerouslySet)\b"),
    _content_signal(20, r"\b(?:pickle|yaml\.load|unserialize|deserializ\w*|ObjectInputStream|marshal)\b"),
    _content_signal(20, r"\b(?:hmac|sha1|md5|aes|rsa|cipher|random|nonce|salt|signature)\b"),
    _content_signal(
        20, r"\b(?:lock|mutex|thread|atomic|goroutine|go func|synchronized|await|async|volatile|semaphore)\b"
    ),
    _content_signal(15, r"^\s*(?:export |public |pub |def [a-z]|func [A-Z]|class |interface )"),
    _content_signal(15, r"\b(?:assert\w*|expect|should|it\(|test\w*\()", LineKind.REMOVED),
)


def path_risk(path: str) -> int:
    """The points that a file has by its name alone."""
    if path_rules.is_documentation(path):
        return -40
    points = max((signal.points for signal in _PATH_SIGNALS if signal.pattern.search(path)), default=0)
    return points - 15 if path_rules.is_test(path) else points


def hunk_risk(file: FileDiff, hunk: Hunk) -> int:
    """The points of a hunk: the higher, the sooner it is read."""
    texts = {
        kind: "\n".join(line.text[:300] for line in hunk.lines if line.kind is kind)
        for kind in (LineKind.ADDED, LineKind.REMOVED)
    }
    content = sum(
        signal.points for signal in _CONTENT_SIGNALS if any(signal.pattern.search(texts[kind]) for kind in signal.kinds)
    )
    if path_rules.is_documentation(file.path):
        content = 0
    return path_risk(file.path) + content + min(hunk.changed // _CHURN_LINES, _CHURN_MOST)
