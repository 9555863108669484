"""Which policy holds: what is built in, what the policy files say, what the operator or the command line sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.policy import Policy, PolicyTexts
from bot.core.policy_keys import EMPTY_FILE, KEYS, POLICY_PATH, Dollars, PolicyFile, Problem, field_of, with_field
from bot.core.visible import printable

DEFAULT = "default"
ORGANISATION = f"the organisation's {POLICY_PATH}"
PROPOSED = f"{POLICY_PATH} of this pull request"
PROPOSED_LOCALLY = f"{POLICY_PATH} of this change"

_Layers = tuple[tuple[str, PolicyFile], ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """The policy that holds. `sources` tells for each field that the file can set where its value comes from.

    Fields are paths into the policy: `threshold`, `gates.drafts`. `overruled` holds for a field the files that set it
    in vain. `problems` are those of the files that count, `proposed_problems` those of the one that the pull request
    would bring in; `proposes` names the keys that it would change. `local` tells that there is no pull request: the
    change lies in a checkout.
    """

    policy: Policy
    sources: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    overruled: Mapping[str, tuple[str, ...]] | None = None
    proposed: bool = False
    proposed_problems: tuple[Problem, ...] = ()
    proposes: tuple[str, ...] = ()
    local: bool = False


def file_of(branch: str) -> str:
    """The policy file of a branch in words; '' is the file that lies in the folder."""
    return f"{POLICY_PATH} of {printable(branch)}" if branch else POLICY_PATH


def settle(asked: Policy, explicit: Mapping[str, str], texts: PolicyTexts, *, branch: str = "") -> Settled:
    """Put the policy together. The later counts: default, organisation, base branch, what was set explicitly.

    `asked` is the policy of settings and options, defaults included; `explicit` names for each of its fields that
    somebody set what did it (`model`: `PLUMBLINE_MODEL`, `filters`: `--exclude`). Lists replace each other; path
    filters that were asked for are added to those of the file. Of budgets the lowest counts, wherever it stands: a
    repository can lower what its operator allows, never raise it. `branch` names the base branch of a
    pull request, '' where there is none.
    """
    organisation = _layer(texts.organisation, ORGANISATION)
    base = _layer(texts.base, file_of(branch))
    layers = organisation + base
    policy, sources, overruled = _applied(asked, explicit, layers)
    proposed = _layer(texts.proposed, PROPOSED if branch else PROPOSED_LOCALLY)
    later = _applied(asked, explicit, organisation + proposed)[0] if proposed else policy
    return Settled(
        policy,
        sources,
        tuple(problem for _, file in layers for problem in file.problems),
        overruled,
        proposed=bool(proposed),
        proposed_problems=tuple(problem for _, file in proposed for problem in file.problems),
        proposes=tuple(key.name for key in KEYS if field_of(policy, key.field) != field_of(later, key.field)),
        local=not branch,
    )


def _layer(text: str | None, where: str) -> _Layers:
    """What a file says, if there is one."""
    if text is None:
        return ()
    if not text:
        return ((where, EMPTY_FILE),)
    # Most repositories have none: they do not pay for the parser.
    from bot.core.policy_file import read  # noqa: PLC0415

    return ((where, read(text, where)),)


def _applied(
    asked: Policy, explicit: Mapping[str, str], layers: _Layers
) -> tuple[Policy, dict[str, str], dict[str, tuple[str, ...]]]:
    """The policy with what the files say, the lowest layer first; the source of each field, and who set it in vain."""
    policy, sources, overruled = asked, {}, {}
    for key in KEYS:
        set_by = explicit.get(key.field) or explicit.get(key.field.partition(".")[0])
        value = field_of(asked, key.field)
        # An option for one of the two lists of filters sets nothing in the other.
        own = _Claim(DEFAULT if value == () else set_by or DEFAULT, value)
        claims = [_Claim(where, file.values[key.name]) for where, file in layers if key.name in file.values]
        if isinstance(key.kind, Dollars):
            winner = _lowest(claims, own)
        elif not claims or (set_by and not key.field.startswith(_FILTERS)):
            winner = own
        else:
            winner = claims[-1]
        vain = tuple(claim.source for claim in claims if claim.value != winner.value)
        if vain:
            overruled[key.field] = vain
        if winner is not own and key.field.startswith(_FILTERS):
            winner = _added(winner, own)
        policy = with_field(policy, key.field, winner.value)
        sources[key.field] = winner.source
    return policy, sources, overruled


_FILTERS = "filters."


@dataclass(frozen=True, slots=True)
class _Claim:
    """What somebody wants a field to be."""

    source: str
    value: Any


def _added(file: _Claim, asked: _Claim) -> _Claim:
    """The patterns of the file, and after them those that were asked for, which so have the last word."""
    return _Claim(f"{file.source}, {asked.source}", file.value + asked.value) if asked.value else file


def _lowest(claims: list[_Claim], own: _Claim) -> _Claim:
    """The lowest of the limits that there are; what was asked for, where nobody is below it."""
    lowest = own
    for claim in claims:
        if lowest.value is None or claim.value < lowest.value:
            lowest = claim
    return lowest
