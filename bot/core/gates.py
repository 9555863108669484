"""Whether a pull request is reviewed of its own accord, and what may be spent on it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from bot.core.chunking import HunkKey
from bot.core.diff import Diff
from bot.core.images import is_image
from bot.core.policy import Commanders, Gates, Policy, Skip
from bot.core.policy_keys import listed
from bot.core.pull_request import PullRequest
from bot.core.quoting import quoted
from bot.core.standing import Halt

# GitHub's words for somebody of whom nothing was ever merged in the repository:
# https://docs.github.com/graphql/reference/enums#commentauthorassociation
_NEWCOMERS = frozenset({"FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "NONE"})


def gate(policy: Policy, pull: PullRequest, *, quiet: int, spent_pull_request: float, spent_today: float) -> str:
    """Why the pull request is not reviewed, as words after "not reviewed: "; '' where it is.

    `quiet` counts the reviews in a row without a sign of a person. Money is in US dollars, spent before this review.
    Budgets hold always, the other gates only for what nobody asked for by hand.
    """
    found = skip(policy, pull, quiet=quiet, spent_pull_request=spent_pull_request, spent_today=spent_today)
    return found.reason if found else ""


def skip(  # noqa: PLR0913 - the facts that gates are about
    policy: Policy,
    pull: PullRequest,
    *,
    quiet: int,
    spent_pull_request: float,
    spent_today: float,
    asks: bool = True,
    halts: Sequence[Halt] = (),
) -> Skip | None:
    """The same as a value, None where it is reviewed. What a count or an amount decided is told: nobody can see it.

    `asks` tells whether the review would ask a model anything: what costs nothing no budget keeps from going on.
    `halts` are as in `Standing`: what a person wrote there everybody sees.
    """
    visible = (_gated(policy.gates, pull) or _halted(policy, halts)) if policy.automatic else ""
    if visible:
        return Skip(visible)
    counted = _paused(policy.gates, quiet) if policy.automatic else ""
    reason = counted or (_spent(policy, spent_pull_request, spent_today) if asks else "")
    return Skip(reason, told=True) if reason else None


def unanswered(diff: Diff, answered: Collection[HunkKey], *, images: bool = False) -> bool:
    """Whether the change has a hunk that no earlier review answered for: after a plain rebase it has none.

    With `images`, those count as well.
    """
    return any(
        (index, number) not in answered
        for index, file in enumerate(diff.files)
        for number in range(len(file.hunks) or (images and is_image(file)))
    )


def allowance(policy: Policy, spent_pull_request: float, spent_today: float) -> float:
    """What this review may cost: its own cap, or less, where less is left for the pull request or the day."""
    left = [policy.max_cost]
    if policy.max_cost_pull_request is not None:
        left.append(policy.max_cost_pull_request - spent_pull_request)
    if policy.max_cost_day is not None:
        left.append(policy.max_cost_day - spent_today)
    return max(0.0, min(left))


def _gated(gates: Gates, pull: PullRequest) -> str:
    """The first gate that does not let the pull request through, of those that look at nothing else."""
    if not gates.enabled:
        return "switched off by the policy (`enabled: false`)"
    if pull.draft and not gates.drafts:
        return "draft"
    return _ignored(gates, pull) or _not_among(gates, pull) or _of_strangers(gates, pull)


def _halted(policy: Policy, halts: Sequence[Halt]) -> str:
    """The newest word of somebody who is heard decides."""
    heard = (each for each in halts if each.writes or policy.commanders is Commanders.AUTHOR)
    newest = next(heard, None)
    return f"paused by {quoted(newest.by)}; `/resume` goes on" if newest and newest.holds else ""


def _of_strangers(gates: Gates, pull: PullRequest) -> str:
    if pull.fork and not gates.forks:
        return "from a fork, which the policy leaves out"
    if pull.association in _NEWCOMERS and not gates.newcomers:
        return "by a first-time contributor, whom the policy leaves out"
    return ""


def _paused(gates: Gates, quiet: int) -> str:
    if 0 < gates.pause_after <= quiet:
        pushes = "1 push" if quiet == 1 else f"{quiet} pushes"
        return f"paused after {pushes} without a sign of a person; comment, or run `plumbline review` by hand, to go on"
    return ""


def _ignored(gates: Gates, pull: PullRequest) -> str:
    if _match(gates.ignored_authors, pull.author):
        return f"author {quoted(pull.author)} is ignored"
    label = next((label for label in pull.labels if _match(gates.ignored_labels, label)), None)
    if label is not None:
        return f"label {quoted(label)}"
    title = _match(gates.ignored_titles, pull.title)
    return f"the title matches {quoted(title)}" if title else ""


def _not_among(gates: Gates, pull: PullRequest) -> str:
    if gates.only_authors and not _match(gates.only_authors, pull.author):
        return f"author {quoted(pull.author)} is not among {_named(gates.only_authors)}"
    if gates.only_labels and not any(_match(gates.only_labels, label) for label in pull.labels):
        return f"it has no label out of {_named(gates.only_labels)}"
    if gates.only_branches and not _match(gates.only_branches, pull.base.ref):
        return f"base branch {quoted(pull.base.ref)} is not among {_named(gates.only_branches)}"
    return ""


def _spent(policy: Policy, pull_request: float, today: float) -> str:
    if policy.max_cost_pull_request is not None and pull_request >= policy.max_cost_pull_request:
        return f"the budget of ${policy.max_cost_pull_request:.2f} for this pull request is spent (${pull_request:.2f})"
    if policy.max_cost_day is not None and today >= policy.max_cost_day:
        return f"today's budget of ${policy.max_cost_day:.2f} is spent (${today:.2f})"
    return ""


_MOST_NAMED = 5


def _named(globs: tuple[str, ...]) -> str:
    shown = [quoted(glob) for glob in globs[:_MOST_NAMED]]
    more = len(globs) - len(shown)
    return listed([*shown, f"{more} more"] if more else shown, "and")


def _match(globs: Iterable[str], text: str) -> str:
    """The first glob that the whole text matches, without regard to case; '' for none."""
    return next((glob for glob in globs if _compiled(glob.casefold()).fullmatch(text.casefold())), "")


@lru_cache(maxsize=512)
def _compiled(glob: str) -> re.Pattern[str]:
    """Only `*` and `?` are special: in `renovate[bot]` and `[WIP]*` people mean the brackets.

    Each run up to a star is matched once and for good, so a title cannot make many stars try all their splits: what
    follows a star is found at its first place, as good as any other.
    """
    first, *rest = (_literal(part) for part in re.sub(r"\*+", "*", glob).split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    inner = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{inner}.*{last}", re.DOTALL)


def _literal(part: str) -> str:
    return "".join("." if character == "?" else re.escape(character) for character in part)
