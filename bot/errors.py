"""What can go wrong, as a small tree.

    BotError                  a sentence fit to print, raised anywhere, caught once at each entrance
      Misuse                  the command line, a setting or the checkout does not allow what was asked
      BadPatch                the patch cannot be read; knows the line

Each message is one sentence that says what is wrong and what to do; data stands in attributes beside it.
"""

from __future__ import annotations


class BotError(Exception):
    """Something went wrong that a person can be told about in one sentence."""


class Misuse(BotError):
    """What was asked for cannot be done as asked: an option, a setting, a reference, a missing tool."""


class BadPatch(BotError):
    """The text is not a patch that Plumbline can account for.

    `line` is the number of the offending line in the patch, from 1.
    """

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(f"line {line} of the patch: {problem}")
