"""Whether a file's text can be read by whoever reads files of its kind: by their own parsers, else by a grammar."""

from __future__ import annotations

import ast
import json
import posixpath
import tomllib
import warnings
from collections.abc import Callable, Mapping

from bot.core.syntax import MOST_PARSED, filled_in, parses


def well_formed(path: str, text: str) -> bool | None:
    """Whether the text parses; None where nobody here can tell.

    Python that is newer than this interpreter is read by the grammar, as is everything without a parser of its own.
    """
    if len(text) > MOST_PARSED:
        return None
    reader = _reader_of(path)
    if reader is None:
        return parses(path, text)
    if _is_read(reader, text):
        return True
    return parses(path, text) if reader is _python else False


def breaks(path: str, text: str, first: int, last: int, offered: list[str]) -> bool:
    """Whether a file that parses would not any more with the lines `first` to `last` (from 1) replaced.

    A parser that makes up a token to go on finds no error: there must not be more of those than before.
    """
    if well_formed(path, text) is not True:
        return False
    lines = text.split("\n")
    changed = "\n".join([*lines[: first - 1], *offered, *lines[last:]])
    reader = _reader_of(path)
    if reader is not None and _is_read(reader, text):
        return not _is_read(reader, changed)
    return parses(path, changed) is False or filled_in(path, changed) > filled_in(path, text)


def _reader_of(path: str) -> Callable[[str], object] | None:
    return _READERS.get(posixpath.splitext(path)[1].lower())


def _is_read(reader: Callable[[str], object], text: str) -> bool:
    try:
        with warnings.catch_warnings():
            # An odd escape in a string is no error of syntax yet.
            warnings.simplefilter("ignore")
            reader(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _python(text: str) -> object:
    return ast.parse(text)


def _yaml(text: str) -> object:
    """Events alone: nothing is built, so nothing can grow. Raises ValueError."""
    # Most changes touch none: they do not wait for it.
    import yaml  # noqa: PLC0415

    try:
        return sum(1 for _ in yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


_READERS: Mapping[str, Callable[[str], object]] = {
    ".py": _python,
    ".pyi": _python,
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": _yaml,
    ".yml": _yaml,
}
