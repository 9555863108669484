"""A question about a change: the request that asks it, and what the reading tools show.

As in a review, other people's text is the result of a tool: the host has called the first one itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.core.chunking import Budget, Chunk, pack
from bot.core.material import rows
from bot.core.messages import Json
from bot.core.model_rules import ModelRules
from bot.core.requests import part_of
from bot.core.secrets import mask
from bot.core.visible import Shown, printable_text, shown_path
from bot.errors import Misuse

MOST_LINES = 400
"""So many lines of a file are shown at a time."""

_MOST_NAMES = 500
_MOST_DIFF_TOKENS = 40_000
_WHOLE_FILE_TOKENS = 10_000_000
_NO_CAP = 1e12
_READ_ID = "toolu_read_change"
READ_CHANGE = "read_change"


@dataclass(frozen=True, slots=True)
class Words:
    """The prompts: system, task, question with $question, and the words that ask for an answer without more reading."""

    system: str
    task: str
    question: str
    enough: str
    tools: tuple[Json, ...]


def material_of(shown: Shown, kept: Sequence[int], context: str, rules: ModelRules) -> str:
    """What the model is told of a change as JSON: the context, the diff that fits, and whose diff does not."""
    chunks = pack(shown.diff, kept, Budget(rules, _MOST_DIFF_TOKENS, _NO_CAP)).chunks
    first = chunks[0] if chunks else Chunk(())
    whole = {piece.file for piece in first.pieces} - {piece.file for chunk in chunks[1:] for piece in chunk.pieces}
    missing = [shown.path(index) for index in kept if index not in whole]
    told = f'{{\n"change": {context},\n"diff": {part_of(shown, first)}'
    return told + (f',\n"diff_not_whole": {rows(missing)}\n}}' if missing else "\n}")


def asked(  # noqa: PLR0913 - what is asked, and how
    words: Words, material: str, question: str, *, tools: Collection[str], model: str, most_tokens: int
) -> Json:
    """The body of the first request. `tools` are the names of those that can be called."""
    return {
        "model": model,
        "max_tokens": most_tokens,
        "system": [{"type": "text", "text": words.system}],
        "tools": [tool for tool in words.tools if tool["name"] in {READ_CHANGE, *tools}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": words.task.strip()}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": _READ_ID, "name": READ_CHANGE, "input": {}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": _READ_ID, "content": material},
                    {"type": "text", "text": words.question.replace("$question", question.strip()).strip()},
                ],
            },
        ],
    }


def diff_of(shown: Shown, path: str, rules: ModelRules) -> str:
    """The whole diff of one file as JSON. Raises Misuse where the change has no such file, or no lines of it."""
    found = next((index for index in range(len(shown.diff.files)) if shown.path(index) == path), None)
    if found is None:
        raise Misuse(f"The change has no file {path!r}; name one of its list.")
    chunks = pack(shown.diff, [found], Budget(rules, _WHOLE_FILE_TOKENS, _NO_CAP)).chunks
    if not chunks:
        raise Misuse(f"The change of {path!r} has no lines to show.")
    return part_of(shown, chunks[0])


def lines_of_file(path: str, content: bytes, first: int, last: int) -> str:
    """Numbered lines of a file, secrets masked, MOST_LINES at most. Raises Misuse where it is no text."""
    if b"\0" in content[:8_000]:
        raise Misuse(f"{path!r} is no text.")
    # Masked as a whole: a secret of several lines is one.
    lines = printable_text(mask(content.decode("utf-8", "replace"))).splitlines()
    first = max(1, first)
    last = min(len(lines), last if last >= first else first + MOST_LINES - 1, first + MOST_LINES - 1)
    numbered = [f"{at:>5} |{lines[at - 1]}" for at in range(first, last + 1)]
    return rows({"path": shown_path(path), "lines_in_all": len(lines), "lines": numbered})


def names_in(folder: str, names: Collection[str]) -> str:
    """What lies in a folder, as JSON. Raises Misuse where nothing does."""
    prefix = f"{folder.strip('/')}/" if folder.strip("/.") else ""
    below = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    if not below:
        raise Misuse(f"There is no folder {folder!r}.")
    found = sorted({f"{name.partition('/')[0]}/" if "/" in name else name for name in below})
    listed: Mapping[str, object] = {
        "folder": shown_path(prefix),
        "names": [shown_path(name) for name in found[:_MOST_NAMES]],
    }
    more = len(found) - _MOST_NAMES
    return rows({**listed, "not_listed": more} if more > 0 else dict(listed))
