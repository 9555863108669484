"""What is told of a pull request's life: what is new, what was mended, what nobody wants to hear of, what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.known import Fate, Known
from bot.core.models import Finding
from bot.core.policy_keys import POLICY_PATH
from bot.core.rendering.rows import Form, beyond, item, severity, where
from bot.core.rendering.said import new_of
from bot.core.rendering.words import count, fates, short, when
from bot.core.review import Review
from bot.core.sanitize import code, phrase, plain

_MOST_NOTICES = 10
_MOST_ASIDE = 100
_LOGIN = re.compile(r"[\w-]+(?:\[bot\])?", re.ASCII)
_BELOW, _UNSURE, _OLDER = "below the threshold", "less sure", "there before this change"
_HEADS = {Fate.FIXED: "Fixed", Fate.DISMISSED: "Dismissed", Fate.OUTDATED: "No longer in the diff"}


def since(review: Review) -> Iterator[str]:
    """What changed since the review that this one builds upon, or why it builds upon none."""
    life = review.life
    if life.since and life.since != review.change.head:
        new, _ = new_of(review)
        fixed = sum(known.note == review.change.head for known in review.of_fate[Fate.FIXED])
        then = code(short(life.since)) if short(life.since) else "the review before"
        yield from (f"New in this review: {new:,}, fixed since {then}: {fixed:,}.", "")
    if life.full_because:
        yield from (f"Everything was read again: {phrase(life.full_because.rstrip('.'))}.", "")


def notices(review: Review) -> Iterator[str]:
    """What is to be said of the policy file; folded where the change leaves it alone, as its author cannot help it."""
    if not review.notices:
        return
    changed = any(POLICY_PATH in {file.old_path, file.new_path} for file in review.diff.files)
    head = "About the policy file"
    sized = f"{head}: {count(len(review.notices), 'notice')}"
    yield from (f"**{head}**" if changed else f"<details><summary>{sized}</summary>", "")
    yield from (f"- {phrase(notice)}" for notice in review.notices[:_MOST_NOTICES])
    if len(review.notices) > _MOST_NOTICES:
        more = len(review.notices) - _MOST_NOTICES
        yield f"- {more} more: `plumbline config check` lists them all"
    yield from ("",) if changed else ("", "</details>", "")


def also_noticed(review: Review, form: Form) -> Iterator[str]:
    """What is less than worth saying, folded: below the policy's threshold, or too unsure."""
    below = [_below(review, finding) for finding in review.below]
    unsure = [_doubtful(review, finding, form) for finding in review.doubtful]
    older = [_below(review, finding) for finding in review.preexisting]
    groups = {words: items for words, items in ((_BELOW, below), (_UNSURE, unsure), (_OLDER, older)) if items}
    if not groups:
        return
    sizes = ", ".join(f"{len(items):,} {words}" for words, items in groups.items())
    yield from (f"<details><summary>Also noticed: {sizes}</summary>", "")
    for words, items in groups.items():
        yield from (f"**{words.capitalize()}**", "") if len(groups) > 1 else ()
        yield from (*items[: form.findings], *beyond(len(items), form), "")
    yield from ("</details>", "")


def _below(review: Review, finding: Finding) -> str:
    placed = review.diff.carries(finding.location)
    return item(f"{severity(finding)} · {where(review, finding, placed=placed)}", finding)


def _doubtful(review: Review, finding: Finding, form: Form) -> str:
    before = when(finding, review.policy.language).lower()
    scenario = f"{before}{phrase(finding.scenario)}" if finding.scenario and form.full else ""
    return item(code(finding.location.path), finding, scenario)


def gone(review: Review) -> Iterator[str]:
    """What does not have to be dealt with any more, folded, by what became of it."""
    for fate, head in _HEADS.items():
        known = review.of_fate[fate]
        if not known:
            continue
        yield from (f"<details><summary>{head}: {len(known):,}</summary>", "")
        yield from (item(code(each.finding.location.path), each.finding, _note(each)) for each in known[:_MOST_ASIDE])
        if len(known) > _MOST_ASIDE:
            yield from ("", f"{len(known) - _MOST_ASIDE:,} more not listed here.")
        yield from ("", "</details>", "")


def counted(review: Review) -> Iterator[str]:
    """All of that in numbers, where there is no room for lists."""
    beside = ((len(review.below), _BELOW), (len(review.doubtful), _UNSURE), (len(review.preexisting), _OLDER))
    noticed = ", ".join(f"{size:,} {words}" for size, words in beside if size)
    became = fates(review)
    sentences = (
        f"Also noticed, not listed here: {noticed}." if noticed else "",
        f"Earlier findings: {became}." if became else "",
    )
    if noticed or became:
        yield from (" ".join(filter(None, sentences)), "")


def _note(known: Known) -> str:
    """`in abc1234`, which GitHub links, or `by mallory`, which pings nobody."""
    if known.fate is Fate.FIXED:
        return f"in {short(known.note)}" if short(known.note) else ""
    by = f"by {plain(known.note)}" if _LOGIN.fullmatch(known.note.removeprefix("@")) else plain(known.note)
    unbound = "" if known.binding else "who may not write here: it still counts"
    return ", ".join(filter(None, (by, unbound)))
