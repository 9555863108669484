"""The story of a question: read the change, ask, let the model look things up, say the answer as it comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.core import questions
from bot.core.change import Change
from bot.core.cost import dollars_of, presumed
from bot.core.messages import NO_USAGE, Json, Listener, Usage
from bot.core.patch import parse_change
from bot.core.policy import Policy
from bot.core.questions import Words
from bot.core.requests import context_of
from bot.core.selection import select
from bot.core.tool_turns import End
from bot.core.visible import Shown
from bot.errors import Misuse
from bot.threads import aside
from bot.tool_loop import BOUNDS, Bounds, Conversation, Model, Tool, ToolLoop

_LONGEST_QUESTION = 20_000


class Source(Protocol):
    """Where the change comes from. It blocks; the story calls it in a thread."""

    def change(self) -> Change:
        """The change. Raises OutsideError or Misuse."""
        ...


class Files(Protocol):
    """The files of the repository with the change applied. It blocks, and raises OutsideError."""

    def read(self, change: Change, path: str) -> bytes | None:
        """A file's content; None where there is none of that name, or it is too large."""
        ...

    def names(self, change: Change) -> Sequence[str] | None:
        """The paths of all files; None where nobody lists them."""
        ...


class Voice(Protocol):
    """Who says the answer as it comes."""

    def said(self, piece: str) -> None:
        """A piece of the answer."""
        ...

    def looked(self, what: str) -> None:
        """The model looks something up."""
        ...

    def again(self) -> None:
        """What was said of the present answer is void: it is asked for anew."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All that a question needs of the world. Without files the model sees the change alone."""

    source: Source
    model: Model
    voice: Voice
    files: Files | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it: the text, whole or not, why it ended, and what it took in tokens and US dollars."""

    text: str
    end: End
    requests: int
    usage: Usage
    dollars: float


async def answer(ports: Ports, question: str, policy: Policy, words: Words) -> Answered:
    """Answer a question about a change, for as much money as a review may take.

    Raises Misuse for a question that cannot be used, BadPatch and OutsideError.
    """
    if not question.strip() or len(question) > _LONGEST_QUESTION:
        raise Misuse(f"A question has between 1 and {_LONGEST_QUESTION:,} characters; write it anew.")
    change = await aside(ports.source.change)
    shown = Shown(parse_change(change))
    selection = select(shown.diff, filters=policy.filters)
    context = context_of(shown, selection, change.title, change.pull_request)
    material = questions.material_of(shown, selection.kept, context, policy.rules)
    names = await aside(ports.files.names, change) if ports.files else None
    reading = _Reading(ports, change, shown, policy, names or ())
    tools = _tools(reading, words, files=ports.files is not None, names=names is not None)
    body = questions.asked(
        words,
        material,
        question,
        tools=[tool.name for tool in tools],
        model=policy.model,
        most_tokens=policy.max_tokens,
    )
    loop = ToolLoop(ports.model, tools, words.enough.strip(), _bounds(policy))
    listener = Listener(wrote=ports.voice.said, again=ports.voice.again)
    return _answered(await loop.run(body, listener), policy)


def _bounds(policy: Policy) -> Bounds:
    """The usual bounds, or fewer tokens where the money does not reach for them."""
    if not policy.price.input:
        return BOUNDS
    return replace(BOUNDS, tokens=min(BOUNDS.tokens, int(policy.max_cost / policy.price.input * 1_000_000)))


def _tools(reading: _Reading, words: Words, *, files: bool, names: bool) -> tuple[Tool, ...]:
    """The tools that can be called: all of them only read."""
    runs: dict[str, Callable[[Json], Awaitable[str]]] = {"read_diff": reading.diff}
    if files:
        runs["read_file"] = reading.file
    if names:
        runs["list_files"] = reading.list
    return tuple(Tool.of(declared, runs[str(declared["name"])]) for declared in words.tools if declared["name"] in runs)


class _Reading:
    """What the reading tools do."""

    def __init__(self, ports: Ports, change: Change, shown: Shown, policy: Policy, names: Sequence[str]) -> None:
        self._ports = ports
        self._change = change
        self._shown = shown
        self._policy = policy
        self._names = names

    async def diff(self, input_: Json) -> str:
        """The diff of a file."""
        path = str(input_["path"])
        self._ports.voice.looked(f"the diff of {path}")
        return questions.diff_of(self._shown, path, self._policy.rules)

    async def file(self, input_: Json) -> str:
        """Lines of a file. Who names anything but a path below the root gets nothing."""
        path, first = str(input_["path"]), max(1, _number(input_, "first", 1))
        last = _number(input_, "last", first + questions.MOST_LINES - 1)
        self._ports.voice.looked(f"{path}, line {first} and on")
        assert self._ports.files is not None  # noqa: S101 - else there is no such tool
        content = await aside(self._ports.files.read, self._change, path) if _is_inside(path) else None
        if content is None:
            raise Misuse(f"There is no file {path!r} with the change; name one that you have seen named.")
        return questions.lines_of_file(path, content, first, last)

    async def list(self, input_: Json) -> str:
        """What lies in a folder."""
        folder = str(input_["folder"])
        self._ports.voice.looked(f"the folder {folder or '/'}")
        return questions.names_in(folder, self._names)


def _number(input_: Json, name: str, otherwise: int) -> int:
    value = input_.get(name)
    return int(value) if isinstance(value, int | float) else otherwise


def _is_inside(path: str) -> bool:
    return bool(path) and not path.startswith(("/", "-")) and ".." not in path.split("/") and ":" not in path[:2]


def _answered(talk: Conversation, policy: Policy) -> Answered:
    uncounted = (presumed(reply.usage.total_input, reply.lost, reply, policy.rules) for reply in talk.replies)
    lost = sum(uncounted, start=NO_USAGE)
    return Answered(
        text=talk.answer.text,
        end=talk.end,
        requests=len(talk.replies),
        usage=talk.usage,
        dollars=dollars_of(talk.usage + lost, policy.price),
    )
