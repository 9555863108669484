"""What is said of the policy: sentences for the summary, a table for `config show`, lines for `config check`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.core.policy import PathInstruction, Policy, PolicyTexts
from bot.core.policy_keys import (
    KEYS,
    POLICY_PATH,
    Choice,
    Dollars,
    Flag,
    Key,
    Kind,
    PolicyFile,
    Problem,
    field_of,
    listed,
    written,
)
from bot.core.rendering.words import count
from bot.core.sanitize import code
from bot.core.settle import Settled
from bot.core.visible import printable


def notices(settled: Settled) -> tuple[str, ...]:
    """What is wrong in the files and what a change brings, for the summary. Code spans are their only markup."""
    sentences = [_notice(problem) for problem in settled.problems]
    if settled.proposed:
        sentences.append(_proposal(settled))
    return (*sentences, *map(_notice, settled.proposed_problems))


def _notice(problem: Problem) -> str:
    return f"{code(problem.where)}, line {problem.line}: {problem.sentence}"


def _proposal(settled: Settled) -> str:
    """A change to the file in the pull request itself does not hold for it, or anybody could switch reviews off."""
    keys = listed([code(key) for key in settled.proposes], "and")
    takes_effect = f"that takes effect once it is merged ({keys})" if keys else "no setting becomes another by that"
    changed = "This change edits" if settled.local else "This pull request changes"
    return f"{changed} {code(POLICY_PATH)}; {takes_effect}."


def checked(name: str, file: PolicyFile) -> str:
    """What `config check` says of a file: a line for each problem, or that it is fine."""
    shown = printable(name)
    if not file.problems:
        return f"{shown} is fine: {count(len(file.values), 'setting')}\n"
    return "".join(f"{shown}:{problem.line}: {problem.sentence}\n" for problem in file.problems)


def checked_document(name: str, file: PolicyFile) -> str:
    """The same as JSON."""
    problems = [{"line": problem.line, "sentence": problem.sentence} for problem in file.problems]
    return _json({"file": printable(name), "settings": len(file.values), "problems": problems})


def table(settled: Settled, basis: str) -> str:
    """Every value that holds with its source; `basis` is a sentence on which files were read."""
    rows = settled_rows(settled)
    widths = [max(len(row[at]) for row in rows if len(row[at]) <= _WIDEST) for at in (0, 1)]
    lines = [f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}".rstrip() for name, value, source in rows]
    problems = reported(settled)
    told = ["", *problems] if problems else []
    proposal = ["", _proposal(settled)] if settled.proposed else []
    return "\n".join([basis, "", *lines, *told, *proposal]) + "\n"


def settled_rows(settled: Settled) -> list[tuple[str, str, str]]:
    """Every key with its value and the source of that."""
    return [(key.name, shown(key.kind, field_of(settled.policy, key.field)), _source(settled, key)) for key in KEYS]


def reported(settled: Settled) -> list[str]:
    """A line for each problem of the files."""
    return [f"{problem.where}:{problem.line}: {problem.sentence}" for problem in _problems(settled)]


def table_document(settled: Settled, basis: str) -> str:
    """The same as JSON; values as the file has them."""
    settings = [
        {
            "key": key.name,
            "value": written(key.kind, field_of(settled.policy, key.field)),
            "source": settled.sources[key.field],
            "overruled": list((settled.overruled or {}).get(key.field, ())),
        }
        for key in KEYS
    ]
    problems = [
        {"where": problem.where, "line": problem.line, "sentence": problem.sentence} for problem in _problems(settled)
    ]
    return _json({"read": basis, "settings": settings, "problems": problems, "proposes": list(settled.proposes)})


_WIDEST = 40


def shown(kind: Kind, value: object) -> str:
    """A value of the policy for people, on one line."""
    if isinstance(kind, Flag):
        return "true" if value else "false"
    if isinstance(kind, Choice):
        return str(written(kind, value) or kind.unset)
    if isinstance(kind, Dollars):
        return f"{value:.2f}" if isinstance(value, int | float) else "no limit"
    if isinstance(value, tuple):
        return printable(", ".join(_items(value))) or "-"
    return printable(str(value)) or "English"


def _items(values: tuple[object, ...]) -> Iterator[str]:
    for value in values:
        yield f"{value.pattern} ({len(value.text)} characters)" if isinstance(value, PathInstruction) else str(value)


def _source(settled: Settled, key: Key) -> str:
    vain = (settled.overruled or {}).get(key.field, ())
    over = f" (not that of {listed(list(vain), 'or')})" if vain else ""
    return f"{settled.sources[key.field]}{over}"


def _problems(settled: Settled) -> tuple[Problem, ...]:
    return (*settled.problems, *settled.proposed_problems)


def reference(defaults: Policy) -> str:
    """The table of all keys for docs/policy.md, in Markdown."""
    rows = [_row(key, defaults) for key in KEYS]
    return "\n".join(["| key | value | default | example | |", "|---|---|---|---|---|", *rows]) + "\n"


def _row(key: Key, defaults: Policy) -> str:
    value = shown(key.kind, field_of(defaults, key.field))
    default = {"-": "none"}.get(value, value)
    example = code(f"{key.name.rpartition('.')[2]}: {key.example}", cell=True)
    return f"| `{key.name}` | {key.kind.expected} | {default} | {example} | {key.means} |"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def basis_of_folder(branch: str, *, found: bool, misspelt: str = "") -> str:
    """Which file was read for `config show` in a checkout; without a branch that of the work tree.

    `misspelt` is a hint to a file of nearly that name, to stand behind what there is not.
    """
    place = f"branch {printable(branch)}" if branch else "the work tree, which is not what a review on GitHub goes by"
    file = f"Read: {POLICY_PATH} of {place}" if found else f"There is no {POLICY_PATH} in {place}{misspelt}"
    return f"{file}; the organisation's file was not asked for."


def basis_of_pull_request(name: str, branch: str, texts: PolicyTexts) -> str:
    """Which files were read for `config show` of a pull request."""
    places = {f"of {printable(branch)}": texts.base, "of the organisation": texts.organisation}
    there = [place for place, text in places.items() if text is not None]
    missing = [place for place, text in places.items() if text is None]
    if not there:
        return f"{printable(name)}: there is no {POLICY_PATH}, neither {' nor '.join(missing)}."
    none = f"; there is none {missing[0]}" if missing else ""
    return f"{printable(name)}: read {POLICY_PATH} {' and '.join(there)}{none}."
