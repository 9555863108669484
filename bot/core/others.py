"""What another run says in a comment where we would say it in ours: then the summary tells it as it was said there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.core.identity import match
from bot.core.known import Known
from bot.core.marker import read_finding
from bot.core.models import Finding
from bot.core.review import Review
from bot.core.standing import Standing


def in_others_words(review: Review, standing: Standing, gone: Collection[str] = ()) -> Review:
    """The review with comments of another run in the place of what it found itself and has no comment on.

    Else one defect would stand twice in the summary, and in all later ones: under its name here, and under that of the
    comment. `gone` are findings whose comments stand in `standing` and were taken back since.
    """
    read = (read_finding(thread.comment.body) for thread in standing.threads)
    said = {known.id: known for known in read if known is not None}
    names = {known.id for known in review.life.known}
    others = [known for name, known in said.items() if name not in names]
    own = [known for known in review.news if known.id not in said or known.id in gone]
    if not others or not own:
        return review
    pairs = match([known.finding for known in own], others, review.shown).pairs
    return _with(review, {pair.finding: pair.known for pair in pairs}) if pairs else review


def _with(review: Review, others: dict[Finding, Known]) -> Review:
    """The review with these findings in place of its own, where those stand."""

    def told(finding: Finding) -> Finding:
        return others[finding].finding if finding in others else finding

    known = [
        replace(others[each.finding], news=True, placed=each.placed) if each.finding in others else each
        for each in review.life.known
    ]
    return replace(
        review,
        life=replace(review.life, known=tuple(dict.fromkeys(known))),
        findings=tuple(sorted(dict.fromkeys(map(told, review.findings)), key=lambda finding: finding.order)),
        unplaced=tuple(replace(each, finding=told(each.finding)) for each in review.unplaced),
    )
