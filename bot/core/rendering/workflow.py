"""What a run of the Action leaves: the summary of its step, its outputs, the words that end it.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from secrets import token_hex

from bot.core.outcome import Ending
from bot.core.posting import Obstacle, Posted
from bot.core.rendering.comments import cut
from bot.core.rendering.markdown import markdown
from bot.core.rendering.words import headline
from bot.core.review import Review
from bot.core.visible import printable, printable_text

# GitHub drops a summary of more than 1 MiB, in bytes; a character has four at most.
_MOST_BYTES = 1024 * 1024
_MOST_CHARACTERS = _MOST_BYTES // 4
_WORST_FIRST = (Ending.FAILED, Ending.PARTIAL, Ending.COMPLETE, Ending.SKIPPED)
_SARIF, _JSON = "plumbline-review.sarif", "plumbline-review.json"
FILES = {"sarif-file": _SARIF, "json-file": _JSON}
"""The files of a review, by the outputs that name them; they lie in the workspace."""


def step_summary(review: Review) -> str:
    """The review as the summary of its step."""
    text = markdown(review)
    return text if len(text.encode()) < _MOST_BYTES else cut(text, _MOST_CHARACTERS)


def step_notice(sentence: str) -> str:
    """The summary of a step without a review."""
    return f"### Plumbline\n\n{printable(sentence)}\n"


def step_answer(question: str, answer: str) -> str:
    """The summary of a step that answered a question."""
    quoted = "\n".join(f"> {line}" for line in printable_text(question).split("\n"))
    return cut(f"### Plumbline\n\n{quoted}\n\n{printable_text(answer)}\n", _MOST_CHARACTERS)


def swept(rows: Sequence[tuple[str, str]]) -> str:
    """The summary of a sweep: pull requests by name, and what became of each."""
    if not rows:
        return step_notice("No open pull request was touched in the last seven days.")
    lines = (f"- {name}: {printable(what)}" for name, what in rows)
    return "\n".join(("### Plumbline", "", *lines, ""))


def outputs_of(review: Review, posted: Posted | None) -> dict[str, str]:
    """The outputs of a review, all of them."""
    url = posted.summary_url if posted else ""
    return {**outputs_of_all([review]), "review-url": url, **FILES}


def outputs_of_all(reviews: Sequence[Review]) -> dict[str, str]:
    """The outputs of several reviews: of their endings the worst, and sums. None of them has an address or a file."""
    endings = {review.outcome.ending for review in reviews}
    ending = next((each for each in _WORST_FIRST if each in endings), Ending.SKIPPED)
    read = [review for review in reviews if review.outcome.ending is not Ending.SKIPPED]
    found = sorted((finding for review in read for finding in review.said), key=lambda each: each.order)
    return {
        **outputs_without(ending),
        "findings": str(len(found)),
        "highest-severity": found[0].severity.value if found else "",
        "cost-usd": f"{sum(review.dollars for review in reviews):.4f}",
    }


def outputs_without(ending: Ending) -> dict[str, str]:
    """The outputs where there is no review: it was skipped, or failed."""
    names = ("highest-severity", "review-url", *FILES)
    return {"outcome": ending.value, "findings": "0", "cost-usd": "0.0000", **dict.fromkeys(names, "")}


def output_file(values: Mapping[str, str]) -> str:
    """The outputs as the runner reads them. No value can end its own and begin another."""
    end = token_hex(16)
    return "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in values.items())


def is_shown_elsewhere(posted: Posted | None) -> bool:
    """Whether the review stands on the pull request, or has no place there: then the log need not show it."""
    return posted is not None and (bool(posted.summary_url) or posted.obstacle is not None)


def said(review: Review, posted: Posted | None) -> tuple[str, str]:
    """What a run says at its end: `notice` or `warning`, and a sentence."""
    if posted and posted.obstacle is Obstacle.SUPERSEDED:
        return "notice", f"There is a newer commit, {posted.head[:7]}: nothing was posted of this one."
    level = "warning" if review.outcome.ending in {Ending.PARTIAL, Ending.FAILED} else "notice"
    problems = printable(" ".join(posted.problems)) if posted and not posted.summary_url else ""
    unposted = f" It stands in the summary of this run, as it could not be posted: {problems}" if problems else ""
    return level, f"{headline(review)}{unposted}"
