"""Says an answer as it comes, fit for a terminal, and beside it what is looked up."""

from __future__ import annotations

from typing import TextIO

from bot.core.visible import printable, printable_text


class Speech:
    """Writes the answer to `out`, and to `beside`, if anywhere, what the model looks up."""

    def __init__(self, out: TextIO, beside: TextIO | None) -> None:
        self._out = out
        self._beside = beside
        self._open = False
        self.heard = False

    def said(self, piece: str) -> None:
        """A piece of the answer. It is out before the next one is there."""
        self._out.write(printable_text(piece))
        self._out.flush()
        self.heard = True
        self._open = not piece.endswith("\n")

    def looked(self, what: str) -> None:
        """The model looks something up. What it says after that begins a line of its own."""
        self.close()
        if self._beside is not None:
            self._beside.write(f"  reads {printable(what)}\n")
            self._beside.flush()

    def again(self) -> None:
        """What was said of the present answer is void."""
        self.close()
        self._out.write("[the connection broke off; the answer begins anew]\n")
        self._out.flush()

    def close(self) -> None:
        """End the line that is open."""
        if self._open:
            self.said("\n")
