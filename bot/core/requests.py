"""From a part of a change to the request that asks the model about it.

The requests of one review are byte-identical up to the part that they ask about: that prefix is what a prompt cache
keeps. All text of the pull request stands JSON-encoded in two tool results, never among our own words:
https://platform.claude.com/docs/en/test-and-evaluate/strengthen-guardrails/mitigate-jailbreaks
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.along import ALONE, Along, with_part
from bot.core.chunking import Chunk, Piece, lines_of
from bot.core.cost import tokens_of
from bot.core.diff import FileDiff, FileStatus, Line
from bot.core.guidelines import Guideline
from bot.core.material import rows, words
from bot.core.messages import Json, Reply, Request, TextBlock, ToolUse
from bot.core.model_rules import RULES, ModelRules, Rulebook
from bot.core.policy import Effort, PathInstruction
from bot.core.pull_request import Issue, PullRequest
from bot.core.secrets import mask
from bot.core.selection import Selection
from bot.core.signatures import changed_signatures
from bot.core.visible import Shown, printable_text, shown_path

REPORT = "report_review"
"""The tool through which the model answers about a part."""

REPORT_OVERVIEW = "report_overview"
"""The tool through which it answers about all of them."""

_READ_CONTEXT, _READ_PART, _READ_REVIEWS = "read_pull_request", "read_diff_part", "read_part_reviews"
_CONTEXT_ID, _PART_ID, _REVIEWS_ID = "toolu_context", "toolu_part", "toolu_reviews"

_MARK: Json = {"cache_control": {"type": "ephemeral"}}
_CHARACTERS_A_TOKEN = 4
WORTH_A_LEADER = 3
"""From so many requests on one goes ahead, and the others read from the cache what it left there."""
_LONGEST_TITLE = 300
_LONGEST_DESCRIPTION = 6_000
_LONGEST_ISSUE = 4_000
_MOST_COMMITS = 50
_LONGEST_COMMIT = 400
_MOST_FILES = 400
_MOST_SIGNATURES = 12
_MOST_SIGNATURES_IN_ALL = 200
_LONGEST_LANGUAGE = 40
_NOT_IN_A_LANGUAGE = re.compile(r"[^\w (),-]+")


@dataclass(frozen=True)
class Prompts:
    """The words of prompts/ that requests are made of. `tools` is the parsed schema/tools.json."""

    system: str
    task: str
    question: str
    repair: str
    overview: str
    language: str
    pictures: str
    tools: tuple[Json, ...]


@dataclass(frozen=True)
class OtherWords:
    """What a request is made of that is not about a part: `read` is the tool whose result is its material.

    `report` is the one through which it is answered.
    """

    system: str
    task: str
    question: str
    tools: tuple[Json, ...]
    read: str
    report: str


@dataclass(frozen=True, slots=True)
class Asking:
    """How the model is asked: its name, and the most tokens that it may answer with.

    `language` is that of its words, '' for English; `effort` None leaves it to the model's default; `thinks` lets it
    think before it answers. `instructions` are those of the repository; each part gets the ones that match its files.
    """

    model: str
    max_tokens: int
    language: str = ""
    effort: Effort | None = None
    thinks: bool = False
    instructions: tuple[PathInstruction, ...] = ()
    book: Rulebook = RULES

    @property
    def rules(self) -> ModelRules:
        """What the model accepts."""
        return self.book.of(self.model)


@dataclass(frozen=True)
class Prefix:
    """What all requests of one review share. `marked` tells whether it is to be kept in the provider's cache."""

    prompts: Prompts
    asking: Asking
    context: str
    marked: bool = False

    @property
    def tokens(self) -> int:
        """An estimate of its size, on the safe side: any part may get all instructions."""
        instructions = sum(tokens_of(each.text, self.asking.rules) for each in self.asking.instructions)
        return tokens_of(self._text, self.asking.rules) + instructions

    def marked_for(self, requests: int) -> Prefix:
        """The same, marked where that many requests will share it and it surely reaches the model's minimum.

        Two go at the same time: each would pay for writing, and none could read. Below the minimum a mark does nothing,
        and waiting for it only takes time: here the safe side is the other one, four characters a token, as in plain
        English. Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
        """
        return replace(self, marked=requests >= WORTH_A_LEADER and self._is_kept(self._text))

    @property
    def rules_marked(self) -> bool:
        """Whether tools and system prompt get a mark of their own, which serves the next review too."""
        return self.marked and self._is_kept(self._rules)

    def _is_kept(self, text: str) -> bool:
        return len(text) / _CHARACTERS_A_TOKEN >= self.asking.rules.cache_minimum

    @property
    def task(self) -> str:
        """The first words of the user: the task, and the language if it is not English.

        The language is text out of a file, among our own words: no more than a name gets here.
        """
        task = self.prompts.task.strip()
        language = " ".join(_NOT_IN_A_LANGUAGE.sub(" ", self.asking.language).split())[:_LONGEST_LANGUAGE].strip()
        return f"{task} {self.prompts.language.replace('$language', language).strip()}" if language else task

    @property
    def _rules(self) -> str:
        return self.prompts.system + json.dumps(self.prompts.tools)

    @property
    def _text(self) -> str:
        return self._rules + self.context


def context_of(
    shown: Shown,
    selection: Selection,
    change_title: str,
    pull: PullRequest | None,
    guidelines: Sequence[Guideline] = (),
) -> str:
    """What is known of the change as a whole, as JSON text: title, description, commits, a map of all its files.

    `guidelines` are those of the team for these files.
    """
    about: Json = {"title": words(pull.title if pull else change_title, _LONGEST_TITLE)}
    if pull is not None:
        about |= {
            "description": words(pull.body, _LONGEST_DESCRIPTION) or "(none)",
            "into": words(pull.base.ref, _LONGEST_TITLE),
            "commits": [words(commit.message, _LONGEST_COMMIT) for commit in pull.commits[:_MOST_COMMITS]],
        }
        issues = [_issue(issue) for issue in pull.issues]
        about |= {"issues": issues} if issues else {}
    if guidelines:
        about["guidelines"] = [each.row for each in guidelines]
    about["files"] = list(_file_map(shown, selection))
    beyond = len(shown.diff.files) - _MOST_FILES
    if beyond > 0:
        about["files_not_listed"] = beyond
    return rows(about)


def _issue(issue: Issue) -> Json:
    title, body = words(issue.title, _LONGEST_TITLE), words(issue.body, _LONGEST_ISSUE)
    return {"number": issue.number, "title": title, "body": body}


def _file_map(shown: Shown, selection: Selection) -> Iterable[Json]:
    reasons = {entry.file: entry.reason for entry in selection.left_out}
    room = _MOST_SIGNATURES_IN_ALL
    for index, file in enumerate(shown.diff.files[:_MOST_FILES]):
        row = _file_head(shown, index, file) | {"added": file.added, "removed": file.removed}
        if index in reasons:
            yield row | {"not_shown": reasons[index].value}
            continue
        texts = [shown.lines(index, hunk) for hunk in range(len(file.hunks))]
        signatures = changed_signatures(file, texts)[: min(_MOST_SIGNATURES, room)]
        room -= len(signatures)
        yield row | ({"signatures": list(signatures)} if signatures else {})


def _file_head(shown: Shown, index: int, file: FileDiff) -> Json:
    head: Json = {"path": shown.path(index), "status": file.status.value}
    if file.status in {FileStatus.RENAMED, FileStatus.COPIED}:
        head["old_path"] = shown_path(file.old_path or "")
    return head


def part_of(shown: Shown, chunk: Chunk, along: Along = ALONE) -> str:
    """The part of the diff that a chunk stands for, as JSON text: each line a string with its numbers and its mark.

    `other_hunks` tells of a file how many of its hunks are not in the part: the model must not miss their lines.
    """
    return rows(with_part(along, part_rows(shown, chunk)))


def part_rows(shown: Shown, chunk: Chunk) -> Json:
    """The lines of a chunk under `files`, by file and hunk."""
    files: dict[int, list[Json]] = {}
    for piece in chunk.pieces:
        files.setdefault(piece.file, []).append(_hunk(shown, piece))
    return {"files": [_file(shown, chunk, file, hunks) for file, hunks in files.items()]}


def _file(shown: Shown, chunk: Chunk, index: int, hunks: list[Json]) -> Json:
    file = shown.diff.files[index]
    others = len(file.hunks) - len({piece.hunk for piece in chunk.pieces if piece.file == index})
    return _file_head(shown, index, file) | ({"other_hunks": others} if others else {}) | {"hunks": hunks}


def _hunk(shown: Shown, piece: Piece) -> Json:
    hunk, lines = lines_of(piece, shown.diff)
    texts = shown.lines(piece.file, piece.hunk)[slice(*piece.shown)]
    numbered = [_numbered(line, text) for line, text in zip(lines, texts, strict=True)]
    return {"within": printable_text(mask(hunk.section)), "lines": numbered}


def _numbered(line: Line, text: str) -> str:
    return f"{line.old or '':>5} {line.new or '':>5} {line.kind.value}|{text}"


def ask_about(shared: Prefix, part: str) -> Request:
    """The request about one part. What is shared stands first in the body, the part and our question last."""
    return _request(shared, _material(shared, part))


def ask_again(shared: Prefix, part: str, reply: Reply, problem: str) -> Request:
    """The one request to repair an answer that cannot be used; the model sees what it answered and what is wrong."""
    objection = {"type": "text", "text": shared.prompts.repair.replace("$problem", problem).strip()}
    material = _material(shared, part)
    said = list(_said(shared, reply))
    if not said:
        material[-1]["content"] = [*_blocks(material[-1]), objection]
        return _request(shared, material, repairs=True)
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "is_error": True, "content": problem}
        for block in said
        if block["type"] == "tool_use"
    ]
    answer: Json = {"role": "assistant", "content": said}
    return _request(shared, [*material, answer, {"role": "user", "content": [*results, objection]}], repairs=True)


def ask_overall(shared: Prefix, reviews: str) -> Request:
    """The request for the overview, after all parts; `reviews` is what was said of them (`core.closing`).

    Its context gets no mark: what is kept of messages holds for one choice of tool only.
    Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    """
    result: Json = {"type": "tool_result", "tool_use_id": _REVIEWS_ID, "content": reviews}
    messages = _conversation(replace(shared, marked=False), _READ_REVIEWS, result, shared.prompts.overview)
    return _request(shared, messages, tool=REPORT_OVERVIEW)


def ask_otherwise(shared: Prefix, words: OtherWords, material: str) -> Request:
    """A request of the same review in other words, with other tools: nothing of it is shared, so nothing is marked."""
    prompts = replace(shared.prompts, system=words.system, task=words.task, tools=words.tools)
    other = replace(shared, prompts=prompts, marked=False)
    result: Json = {"type": "tool_result", "tool_use_id": f"toolu_{words.read}", "content": material}
    return _request(other, _conversation(other, words.read, result, words.question), tool=words.report)


def _request(shared: Prefix, messages: Sequence[Json], *, tool: str = REPORT, repairs: bool = False) -> Request:
    mark = _MARK if shared.rules_marked else {}
    effort = shared.asking.effort
    return Request(
        {
            "model": shared.asking.model,
            "max_tokens": shared.asking.max_tokens,
            # https://platform.claude.com/docs/en/build-with-claude/effort: without it a model takes its own default.
            **({"output_config": {"effort": effort.value}} if effort else {}),
            **({"thinking": {"type": "adaptive"}} if shared.asking.thinks else {}),
            "system": [{"type": "text", "text": shared.prompts.system, **mark}],
            "tools": list(shared.prompts.tools),
            "tool_choice": {"type": "tool", "name": tool, "disable_parallel_tool_use": True},
            "messages": list(messages),
        },
        repairs,
    )


def _material(shared: Prefix, part: str) -> list[Json]:
    """The conversation about a part, up to our question."""
    result: Json = {"type": "tool_result", "tool_use_id": _PART_ID, "content": part}
    return _conversation(shared, _READ_PART, result, shared.prompts.question)


def _conversation(shared: Prefix, tool: str, result: Json, question: str) -> list[Json]:
    """The conversation up to a question: the host has called two reading tools, their results are the material."""
    mark = _MARK if shared.marked else {}
    calls = [
        {"type": "tool_use", "id": _CONTEXT_ID, "name": _READ_CONTEXT, "input": {}},
        {"type": "tool_use", "id": result["tool_use_id"], "name": tool, "input": {}},
    ]
    answers = [
        {"type": "tool_result", "tool_use_id": _CONTEXT_ID, "content": shared.context, **mark},
        result,
        {"type": "text", "text": question.strip()},
    ]
    return [
        {"role": "user", "content": [{"type": "text", "text": shared.task}]},
        {"role": "assistant", "content": calls},
        {"role": "user", "content": answers},
    ]


def _blocks(message: Json) -> list[object]:
    content = message["content"]
    assert isinstance(content, list)  # noqa: S101 - made by _conversation
    return content


def _said(shared: Prefix, reply: Reply) -> Iterator[Json]:
    """What the model answered, as far as it can be sent back: no blank text, no call of a tool that there is not.

    Calls are numbered anew, as gateways give ids that are empty or stand twice.
    """
    declared = {tool["name"] for tool in shared.prompts.tools}
    for number, block in enumerate(reply.content):
        if isinstance(block, TextBlock):
            if block.text.strip():
                yield {"type": "text", "text": block.text}
        elif isinstance(block, ToolUse) and block.name in declared:
            # What could not be parsed cannot be sent back as the object that the wire demands.
            known = block.input if isinstance(block.input, dict) else {}
            yield {"type": "tool_use", "id": f"toolu_answer_{number}", "name": block.name, "input": known}
