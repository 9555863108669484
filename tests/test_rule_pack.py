"""The rules of our own: each finds what it is for and leaves the rest alone, in each language that it names."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot import rule_files
from bot.clients.analyzers import EmbeddedAnalyzers
from bot.core.analysis import Hit, Run, SourceFile, findings_of
from bot.core.rule_pack import SOURCE, PackRule, hits_of, read_rules
from bot.core.syntax import LANGUAGES, language_of, parses
from tests.core.changes import added, edited, hunk

FILES = {
    "python": "a.py",
    "javascript": "a.js",
    "typescript": "a.ts",
    "tsx": "a.tsx",
    "go": "a.go",
    "java": "a.java",
    "kotlin": "a.kt",
    "rust": "a.rs",
    "c": "a.c",
    "cpp": "a.cpp",
    "csharp": "a.cs",
    "php": "a.php",
    "ruby": "a.rb",
    "swift": "a.swift",
    "scala": "a.scala",
}
RULES = [(rule, language) for language in FILES for rule in rule_files.load(language)]
BY_NAME = {rule.id: rule for rule, _ in RULES}


def found(rule: PackRule, language: str, text: str) -> list[Hit]:
    """What the rule finds in a text of that language."""
    return hits_of(FILES[language], text, [rule])


def test_the_pack_is_what_it_says() -> None:
    """Each file is for a language that the parser knows, and no name stands twice for one."""
    assert {language.name for path in FILES.values() if (language := language_of(path))} == set(FILES)
    assert set(FILES) <= set(LANGUAGES)
    assert {path.stem for path in rule_files.folder().glob("*.yml")} <= set(FILES)
    assert len(BY_NAME) >= 60
    assert max(Counter((rule.id, language) for rule, language in RULES).values()) == 1


@pytest.mark.parametrize(("rule", "language"), RULES, ids=lambda value: getattr(value, "id", value))
def test_a_rule_finds_what_it_is_for(rule: PackRule, language: str) -> None:
    """Every bad example, and none of the good ones; all of them are code."""
    assert len(rule.bad) >= 3
    assert len(rule.good) >= 3
    for text in rule.bad:
        assert found(rule, language, text), text
    for text in rule.good:
        assert found(rule, language, text) == [], text
    for text in (*rule.bad, *rule.good):
        assert parses(FILES[language], text), text


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_rule_says_what_goes_wrong(name: str) -> None:
    """A title for a heading, a mechanism, and a case that follows "When"."""
    words = BY_NAME[name].words
    assert 10 <= len(words.title) <= 70
    assert not words.title.endswith(".")
    assert words.body.endswith(".")
    assert not words.scenario.endswith(".")
    assert not words.scenario.lower().startswith("when")
    assert words.title.format(message="")
    assert words.body.format(message="")


def test_only_what_is_new_is_reported() -> None:
    """As of any analyzer: on a changed line, and not where the base has it, too."""
    rule = next(rule for rule, language in RULES if language == "javascript")
    before, bad = "const a = 1;\n", rule.bad[0]
    new = SourceFile(0, "web/a.js", bad.encode(), None)
    kept = SourceFile(1, "web/b.js", f"{bad}{before}".encode(), bad.encode())
    report = asyncio.run(EmbeddedAnalyzers(rule_files.load).run([new, kept], ["web/c.js", "notes.txt"]))
    (note,) = (note for note in report.notes if note.name == SOURCE)
    assert (note.run, note.files, note.missing) == (Run.RAN, 2, 1)
    assert report.rules[rule.id] == rule.words
    change = added("web/a.js", *bad.rstrip("\n").split("\n"))
    first = findings_of(change, report.head[0], report.base.get(0, ()), report.rules)
    assert rule.words.title.format(message="") in {finding.title for finding in first}
    lines = bad.count("\n")
    grown = edited("web/b.js", hunk(lines, lines, f" {bad.rstrip().split(chr(10))[-1]}", "+const a = 1;"))
    assert findings_of(grown, report.head[1], report.base[1], report.rules) == []


def test_a_file_that_is_not_in_form_is_refused() -> None:
    """A slip in a rule is found when the rules are loaded, not when nobody gets what it should find."""
    with pytest.raises(ValueError, match="severity"):
        read_rules("go", [{"id": "go-x", "severity": "awful", "category": "data", "title": "t", "body": "b"}])
