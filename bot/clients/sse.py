"""Server-sent events from bytes, by https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream.

Lines end at CR, LF or CRLF and nowhere else: httpx's `iter_lines` also splits at U+2028 and its like, which stand raw
inside JSON (https://github.com/florimondmanca/httpx-sse/issues/34).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: the name that its `event:` line gave, '' without one, and its data lines joined by newlines."""

    name: str
    data: str


class SseReader:
    """A push parser: bytes in, cut anywhere, whole events out. Linear in what it is fed."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self._after_cr = False
        self._at_start = True
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that the chunk completes."""
        if not chunk:
            return []
        if self._after_cr and chunk.startswith(b"\n"):
            # The second half of a CRLF whose CR has ended the line already.
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        *lines, rest = _LINE_END.split(chunk)
        events = []
        for line in lines:
            event = self._line(bytes(self._partial + line))
            self._partial.clear()
            if event:
                events.append(event)
        self._partial += rest
        return events

    def end(self) -> list[Event]:
        """Return the event that the stream's end leaves without its empty line, if there is one.

        The specification drops it. Servers do forget the last empty line, and JSON shows by itself whether it is whole.
        """
        return self.feed(b"\n\n")

    def _line(self, line: bytes) -> Event | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        # Always UTF-8, whatever charset the Content-Type claims.
        field, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        return None

    def _dispatch(self) -> Event | None:
        event = Event(self._name, "\n".join(self._data)) if self._data else None
        self._name, self._data = "", []
        return event
