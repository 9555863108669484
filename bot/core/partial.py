"""Findings out of an answer that still comes in: each as soon as its object closes, long before the answer is whole.

Good for a look only. Nothing here is held against the schema, proven or weighed: that is done with the whole answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.messages import Json
from bot.core.strict_json import loads

_FINDINGS = "findings"
_MOST_CHARACTERS = 100_000
_LONGEST_NAME = 40
# How deep in the text: inside an answer, a list of its, an object of that.
_ANSWER, _LIST, _OBJECT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a finding says of itself at first sight."""

    severity: str
    path: str
    line: int
    title: str


class GlimpseReader:
    """Reads pieces of JSON text, cut anywhere, whatever else stands around them. Linear in what it is fed.

    An object at the top is an answer; what stands in the list under its `findings` are findings. Garbage gives nothing.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = self._escaped = False
        self._name: list[str] = []
        self._key = ""
        self._in_findings = False
        self._object: list[str] | None = None
        self._size = 0

    def feed(self, piece: str) -> list[Glimpse]:
        """The findings that the piece completes."""
        found = []
        for character in piece:
            text = self._take(character)
            glimpse = _glimpse(text) if text else None
            if glimpse:
                found.append(glimpse)
        return found

    def _take(self, character: str) -> str:
        """Take one character; gives the text of a finding that ends with it, '' else."""
        self._keep(character)
        if self._in_string:
            self._in_a_string(character)
        elif character == '"':
            # Words around the answer may hold one, too.
            self._in_string = self._depth > 0
            self._name = []
        elif character == ":" and self._depth == _ANSWER:
            self._key = "".join(self._name)
        elif character in "{[":
            self._open(character)
        elif character in "}]":
            return self._close(character)
        return ""

    def _in_a_string(self, character: str) -> None:
        if self._escaped:
            self._escaped = False
        elif character == "\\":
            self._escaped = True
        elif character == '"':
            self._in_string = False
        elif self._depth == _ANSWER and len(self._name) < _LONGEST_NAME:
            self._name.append(character)

    def _open(self, character: str) -> None:
        if self._depth == 0 and character == "[":
            return
        self._depth += 1
        if self._depth == _LIST and character == "[":
            self._in_findings = self._key == _FINDINGS
        if self._depth == _OBJECT and character == "{" and self._in_findings:
            self._object, self._size = ["{"], 1

    def _close(self, character: str) -> str:
        text = ""
        if self._depth == _OBJECT and character == "}" and self._object is not None:
            text, self._object = "".join(self._object), None
        self._depth = max(self._depth - 1, 0)
        self._in_findings = self._in_findings and self._depth > _ANSWER
        return text

    def _keep(self, character: str) -> None:
        """Remember what a finding is made of. One without an end is given up."""
        if self._object is not None:
            self._object.append(character)
            self._size += 1
            if self._size > _MOST_CHARACTERS:
                self._object = None


def _glimpse(text: str) -> Glimpse | None:
    said = loads(text)
    fields: Json = said if isinstance(said, dict) else {}
    severity, path, line, title = (fields.get(name) for name in ("severity", "path", "line", "title"))
    if isinstance(severity, str) and isinstance(path, str) and isinstance(line, int) and isinstance(title, str):
        return Glimpse(severity.lower(), path, line, title)
    return None
