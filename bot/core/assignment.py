"""What a run of the Action is to do: of its inputs, and of the event that started the workflow.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.core.events import Cancelled, Commanded, Intent, Nothing, ReviewDue, Why, read_event
from bot.core.models import Severity
from bot.core.references import parse_reference
from bot.core.visible import printable
from bot.errors import BadEvent, Misuse

SLUG = "plumbline"
"""By this name people mention the Action in comments; it has no account of its own."""

INPUTS = (
    "anthropic-api-key",
    "auth-token",
    "base-url",
    "model",
    "api",
    "github-token",
    "mode",
    "pull-request",
    "question",
    "post",
    "commands",
    "fail-on",
    "fail-on-incomplete",
    "max-cost-usd",
    "config",
    "change",
)
"""All inputs, as `action.yml` names them."""

_PULLS = {"pull_request", "pull_request_target"}
_COMMENTS = {"issue_comment", "pull_request_review_comment"}
_NEVER = "never"
_T = TypeVar("_T", bound=BaseModel)


class Mode(StrEnum):
    """What is made of a pull request: a review, one that fills in an empty description as well, an answer."""

    REVIEW = "review"
    DESCRIBE = "describe"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs that say what is to be done. `change` is the folder that the first of two stages filled.

    `fail_on` is '' where the policy file decides; `config` are fields of the policy that hold whatever it says.
    """

    mode: Mode = Mode.REVIEW
    pull_request: str = ""
    question: str = ""
    post: bool = True
    commands: bool = False
    fail_on: str = ""
    fail_on_incomplete: bool = False
    config: Mapping[str, object] = field(default_factory=dict)
    change: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A pull request to be read. `by_hand` tells that a person asked for it: then no gate of the policy holds.

    `foreign` tells that GitHub gives the run of its event no secrets: it comes from a fork, or from Dependabot. `head`
    is the commit that it has to have, '' for any.
    """

    number: int
    by_hand: bool = False
    full: bool = False
    foreign: bool = False
    head: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """All that is open is looked at, and reviewed where it was not."""


@dataclass(frozen=True, slots=True)
class Skip:
    """There is nothing to do, and why: a clause without a full stop."""

    why: str


Assignment = Target | Commanded | Sweep | Skip


class _Repo(BaseModel):
    full_name: str = ""


class _End(BaseModel):
    repo: _Repo | None = None


class _Pull(BaseModel):
    head: _End = _End()
    base: _End = _End()


class _User(BaseModel):
    login: str = ""


class _Event(BaseModel):
    pull_request: _Pull | None = None
    sender: _User | None = None


class _Run(BaseModel):
    event: str
    conclusion: str | None
    head_sha: str


class _WorkflowRun(BaseModel):
    action: str
    workflow_run: _Run


def read_inputs(given: Mapping[str, str]) -> Inputs:
    """Read what was given, names in lower case. Raises Misuse for what is not known or contradicts something else."""
    for name in given:
        if name not in INPUTS:
            near = get_close_matches(name, INPUTS, 1)
            hint = f"it is called {near[0]}" if near else f"there are {', '.join(INPUTS)}"
            raise Misuse(f"There is no input {printable(name)[:60]!r}; {hint}.")
    if given.get("anthropic-api-key") and given.get("auth-token"):
        raise Misuse("The inputs anthropic-api-key and auth-token exclude each other; give one of them.")
    inputs = Inputs(
        mode=Mode(_one_of("mode", given, tuple(Mode), Mode.REVIEW)),
        pull_request=given.get("pull-request", "").strip(),
        question=given.get("question", "").strip(),
        post=_flag("post", given, default=True),
        commands=_flag("commands", given, default=False),
        fail_on=_one_of("fail-on", given, (_NEVER, *(each.value for each in Severity)), ""),
        fail_on_incomplete=_flag("fail-on-incomplete", given, default=False),
        config=_config(given.get("config", "")),
        change=given.get("change", "").strip(),
    )
    if (inputs.mode is Mode.ASK) != bool(inputs.question):
        raise Misuse("The inputs mode and question belong together; give mode: ask and a question, or neither.")
    return inputs


def assign(event: str, payload: bytes, inputs: Inputs, repository: str) -> Assignment:
    """Tell what is to be done. `repository` is the workflow's own. Raises Misuse where that cannot be told."""
    if event in _PULLS:
        return _of_pull_request(payload, inputs)
    if event in _COMMENTS:
        return _of_comment(event, payload)
    if event == "workflow_run":
        return _of_workflow_run(payload)
    if inputs.pull_request:
        return _named(inputs, repository, by_hand=True)
    if event == "schedule":
        return Sweep()
    if event == "workflow_dispatch":
        raise Misuse("No pull request is named; give the input pull-request its number.")
    return Skip(f"nothing follows from the event {printable(event)[:60]!r} without the input pull-request")


def _of_pull_request(payload: bytes, inputs: Inputs) -> Assignment:
    intent = _intent("pull_request", payload)
    if isinstance(intent, Cancelled):
        return Skip("the pull request was closed")
    if not isinstance(intent, ReviewDue):
        return _skip(intent)
    number = intent.pull.number
    if inputs.pull_request and _named(inputs, intent.pull.repository).number != number:
        raise Misuse(f"The event is about #{number}, the input pull-request names another; leave the input out.")
    event = _read(_Event, payload)
    return Target(number, by_hand=intent.why is Why.LABELED, foreign=_is_foreign(event))


def _of_comment(event: str, payload: bytes) -> Assignment:
    intent = _intent(event, payload)
    return intent if isinstance(intent, Commanded) else _skip(intent)


def _skip(intent: Intent) -> Skip:
    return Skip(intent.why if isinstance(intent, Nothing) else "nothing follows from this event")


def _of_workflow_run(payload: bytes) -> Assignment:
    run = _read(_WorkflowRun, payload).workflow_run
    if run.event != "pull_request":
        return Skip(f"the workflow before ran for {printable(run.event)[:60]!r}, not for a pull request")
    if run.conclusion != "success":
        return Skip(f"the workflow before ended as {printable(run.conclusion or 'unfinished')[:60]}")
    return Target(0, head=run.head_sha)


def _read(kind: type[_T], payload: bytes) -> _T:
    try:
        return kind.model_validate_json(payload)
    except ValidationError:
        raise Misuse("The event file has not the shape of its event; see GITHUB_EVENT_PATH.") from None


def _intent(event: str, payload: bytes) -> Intent:
    try:
        return read_event(event, payload, SLUG)
    except BadEvent as error:
        raise Misuse(f"The event file cannot be read: {error}") from None


def _is_foreign(event: _Event) -> bool:
    pull = event.pull_request or _Pull()
    head, base = pull.head.repo, pull.base.repo
    is_fork = head is None or base is None or head.full_name.lower() != base.full_name.lower()
    return is_fork or (event.sender is not None and event.sender.login == "dependabot[bot]")


def _named(inputs: Inputs, repository: str, *, by_hand: bool = False) -> Target:
    """The pull request that an input names: its number, or as everywhere else."""
    reference = parse_reference(inputs.pull_request)
    named = f"{reference.owner}/{reference.repo}" if reference.owner else repository
    return Target(reference.number, by_hand=by_hand, repository=named)


def _config(text: str) -> Mapping[str, object]:
    """The fields of the policy that lines of a policy file set."""
    if not text.strip():
        return {}
    # Most workflows have none: they do not pay for the parser.
    from bot.core.policy_file import read  # noqa: PLC0415
    from bot.core.policy_keys import KEYS  # noqa: PLC0415

    file = read(text, "the input config")
    if file.problems:
        raise Misuse(f"The input config, line {file.problems[0].line}: {file.problems[0].sentence}")
    return {key.field: file.values[key.name] for key in KEYS if key.name in file.values}


def _one_of(name: str, given: Mapping[str, str], known: tuple[str, ...], default: str) -> str:
    value = given.get(name, "").strip().lower()
    if value and value not in known:
        raise Misuse(f"The input {name} is {printable(value)[:60]!r}; it can be {', '.join(known)}.")
    return value or default


def _flag(name: str, given: Mapping[str, str], *, default: bool) -> bool:
    value = _one_of(name, given, ("true", "false"), "true" if default else "false")
    return value == "true"
