"""A review as Markdown: the summary that stands on a pull request, and the same for a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from bot.core.known import Fate, Known
from bot.core.marker import Seal, write_state
from bot.core.models import Finding
from bot.core.outcome import Ending
from bot.core.placement import Unplaced
from bot.core.rendering import history
from bot.core.rendering.comments import MOST_CHARACTERS, cut, finding_lines
from bot.core.rendering.diagram import mermaid
from bot.core.rendering.files import read
from bot.core.rendering.frames import frame
from bot.core.rendering.rows import Form, beyond, item, severity, where
from bot.core.rendering.said import known_of, state_of
from bot.core.rendering.words import (
    blindness,
    count,
    effort,
    headline,
    no_model,
    plan_sentence,
    short,
    spent,
    spent_in_all,
)
from bot.core.review import Review
from bot.core.sanitize import code, fenced, phrase, plain, prose

_MOST_FAILURES = 5
_MARKED_HEAD = ("| | Finding | Where | |", "|---|---|---|---|")
_WHOLE = Form()
_FORMS = (_WHOLE, Form(75), Form(75, 75, full=False), Form(25, 25, full=False, asides=False))


def markdown(review: Review) -> str:
    """The whole review in one text, every finding in full."""
    return "\n".join(_lines(review, _WHOLE, told=())) + "\n"


def summary(review: Review, said: Collection[str], seal: Seal | None = None) -> str:
    """The summary as one comment on the pull request, the hidden state in its first line.

    It is about the whole pull request: all that is open, said now or earlier. Findings that have a comment of their own
    (`said` are their ids, beside those that had one before) stand in the table only; all others in full, unless that is
    more than GitHub takes. With a `seal` the state is signed.
    """
    state = write_state(state_of(review, said), seal)
    told = {finding for finding, known in known_of(review).items() if known.said or known.id in said}
    body = ""
    for form in _FORMS:
        body = _body(chain([state], _lines(review, form, told=told)))
        if len(body) <= MOST_CHARACTERS:
            break
    return cut(body, MOST_CHARACTERS)


def _body(lines: Iterable[str]) -> str:
    """The lines as one text; of endless ones no more than it takes to be too long."""
    taken: list[str] = []
    size = 0
    for line in lines:
        taken.append(line)
        size += len(line) + 1
        if size > MOST_CHARACTERS:
            break
    return "\n".join(taken) + "\n"


def _lines(review: Review, form: Form, *, told: Collection[Finding]) -> Iterator[str]:
    """All lines of the summary; `told` are the findings whose words stand in a comment."""
    yield from _head(review)
    yield from _table(review, form)
    yield from _details(review, form, told)
    yield from _unplaced(review, form, told)
    yield from history.notices(review)
    if form.asides:
        yield from history.also_noticed(review, form)
        yield from history.gone(review)
    else:
        yield from history.counted(review)
    yield from read(review, form)
    yield from _drawn(review) if form.asides else ()
    if review.overview:
        yield from (f"Risk **{review.overview.risk}** · {effort(review.overview)}", "")
    yield f"<sub>{' · '.join(filter(None, _footer(review)))}</sub>"


def _head(review: Review) -> Iterator[str]:
    """What a reader sees first: how it ended, what the change does, what is new, what went wrong on the way."""
    yield from (f"### Plumbline: {phrase(headline(review))}", "")
    if review.overview and review.overview.text.strip():
        yield from (prose(review.overview.text, review.home), "")
    if no_model(review):
        yield from (no_model(review), "")
    if blindness(review):
        yield from (phrase(blindness(review)), "")
    for sentence in review.failures[:_MOST_FAILURES] if review.outcome.ending is Ending.PARTIAL else ():
        yield from (f"Not everything was answered: {plain(sentence)}", "")
    yield from history.since(review)


def _table(review: Review, form: Form) -> Iterator[str]:
    """The findings that have a line, worst first; a column tells new ones from old ones where there are both."""
    if not review.findings:
        return
    known = known_of(review)
    marks = {finding: _mark(finding, known) for finding in review.findings}
    marked = len(set(marks.values())) > 1
    yield from (
        ("| | Finding | Where | |", "|---|---|---|---|") if marked else ("| | Finding | Where |", "|---|---|---|")
    )
    for finding in review.findings[: form.findings]:
        placed = finding not in known or known[finding].placed
        cells = [severity(finding), phrase(finding.title, cell=True), where(review, finding, cell=True, placed=placed)]
        yield f"| {' | '.join([*cells, marks[finding]] if marked else cells)} |"
    yield from (*beyond(len(review.findings), form), "")


def _mark(finding: Finding, known: Mapping[Finding, Known]) -> str:
    """`new`, or `moved` for one whose code stands elsewhere than it was reported."""
    if finding not in known or known[finding].news:
        return "new"
    return "moved" if known[finding].fate is Fate.MOVED else ""


def _details(review: Review, form: Form, told: Collection[Finding]) -> Iterator[str]:
    findings = [finding for finding in review.findings if finding not in told]
    if not findings:
        return
    if not form.full:
        yield from (f"{count(len(findings), 'finding')} too many to be told in full here.", "")
        return
    yield from (f"<details><summary>In full: {count(len(findings), 'finding')}</summary>", "")
    for finding in findings:
        yield from _in_full(review, finding)
    yield from ("</details>", "")


def _in_full(review: Review, finding: Finding) -> Iterator[str]:
    head, *rest = _finding_lines(review, finding)
    yield from (head, "", code(f"{finding.location.path}:{finding.location.line}"))
    lines = frame(review.shown, finding.location)
    if lines:
        yield ""
        yield from fenced([f"{'>' if line.marked else ' '} {line.number} | {line.text}" for line in lines])
    yield from rest


def _finding_lines(review: Review, finding: Finding) -> Iterator[str]:
    return finding_lines(finding, on_its_line=False, home=review.home, language=review.policy.language)


def _unplaced(review: Review, form: Form, told: Collection[Finding]) -> Iterator[str]:
    """The findings without a line: those that have a comment on their file are named, the others told in full."""
    if not review.unplaced:
        return
    yield from (f"**Not on a changed line: {count(len(review.unplaced), 'finding')}**", "")
    in_full = [each for each in review.unplaced if form.full and each.finding not in told]
    named = [each for each in review.unplaced if not form.full or each.finding in told]
    yield from _named(named, form)
    for each in in_full:
        head, *rest = _finding_lines(review, each.finding)
        yield from (head, "", f"{code(each.finding.location.path)}: {each.why}")
        yield from rest


def _named(unplaced: Sequence[Unplaced], form: Form) -> Iterator[str]:
    if unplaced:
        places = ((f"{severity(each.finding)} · {code(each.finding.location.path)}", each) for each in unplaced)
        yield from (item(place, each.finding) for place, each in islice(places, form.findings))
        yield from (*beyond(len(unplaced), form), "")


def _drawn(review: Review) -> Iterator[str]:
    """The flow that the change is about, where it was found worth drawing."""
    drawn = mermaid(review.overview.diagram) if review.overview and review.overview.diagram else []
    if drawn:
        yield from ("<details><summary>How it flows</summary>", "", *drawn, "", "</details>", "")


def _footer(review: Review) -> tuple[str, ...]:
    """What was asked and what it took, for this review and, where there were others, for all of them."""
    head = f"head {code(short(review.change.head))}" if short(review.change.head) else ""
    help_ = "`/help`" if review.policy.serves_commands else ""
    if review.requests:
        model = plain(f"{review.model} · {spent(review)}")
    else:
        model = "" if review.life.since else plain(plan_sentence(review))
    return (head, model, spent_in_all(review), f"prompts {code(review.prompts)}", f"Plumbline {review.version}", help_)
