"""What the overview of several parts is made of."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.core.along import Whole
from bot.core.closing import reviews_of
from bot.core.models import Severity
from bot.core.overview import Overview, Risk
from bot.core.replies import Answer
from tests.core.findings import known
from tests.core.test_replies import CLAIM

Json = dict[str, Any]
SO_FAR = Overview("Links expire.", Risk.LOW, 5)


def said(*answers: Answer, whole: Whole | None = None) -> Json:
    """The material, read back."""
    still = [known(title="Stands", severity=Severity.CRITICAL)]
    made: Json = json.loads(reviews_of(answers, still if answers[0].claims else (), whole or Whole()))
    return made


def test_all_parts_are_told_of() -> None:
    """Each file once with the first words about it, those of this review ahead of those from before it."""
    whole = Whole(everything=False, summaries=(("a.py", "old"), ("z.py", "from before")))
    material = said(
        Answer((), {"b.py": "second", "a.py": "new"}), Answer((), {"c.py": "x", "a.py": "later"}), whole=whole
    )
    assert [(file["path"], file["summary"]) for file in material["files"]] == [
        ("b.py", "second"),
        ("a.py", "new"),
        ("c.py", "x"),
        ("z.py", "from before"),
    ]


def test_problems_are_told_worst_first() -> None:
    """New ones and those that stand, by severity, with no more than title and path."""
    material = said(Answer((replace(CLAIM, severity=Severity.LOW, title="Minor"), CLAIM), {}))
    assert material["findings"] == [
        {"path": "app.py", "severity": "critical", "title": "Stands"},
        {"path": "app.py", "severity": "high", "title": "The wrong value is returned"},
        {"path": "app.py", "severity": "low", "title": "Minor"},
    ]


def test_an_overview_is_gone_on_from_only_where_something_was_read_before() -> None:
    """Where everything is read anew, what an earlier review thought of it does not count."""
    assert (
        said(Answer((), {}), whole=Whole(everything=False, so_far=SO_FAR))["overview_so_far"]["text"] == "Links expire."
    )
    assert "overview_so_far" not in said(Answer((), {}), whole=Whole(everything=True, so_far=SO_FAR))
    assert "overview_so_far" not in said(Answer((), {}), whole=Whole(everything=False))


def test_the_material_is_bounded() -> None:
    """3,000 files and 500 problems of endless words make a request that still fits."""
    summaries = {f"{'d/' * 500}{number}.py": "s" * 5_000 for number in range(3_000)}
    claims = tuple(replace(CLAIM, title="t" * 5_000, line=number, path="p" * 5_000) for number in range(1, 501))
    assert len(reviews_of([Answer(claims, summaries)], (), Whole())) < 300_000


def test_others_words_are_shown_harmlessly() -> None:
    """What a model wrote is shown as code is: nothing invisible in it, every text inside its JSON string."""
    hostile = 'a\u202eb"}], "files": [\x1b[2J'
    answer = Answer((replace(CLAIM, title=hostile, path=hostile),), {hostile: hostile})
    material = json.loads(reviews_of([answer], (), Whole()))
    shown = 'a\\u202eb"}], "files": [\\x1b[2J'
    assert material == {
        "files": [{"path": shown, "summary": shown}],
        "findings": [{"path": shown, "severity": "high", "title": shown}],
    }
