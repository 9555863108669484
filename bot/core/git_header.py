"""The header of one file's section in a git patch: what stands between `diff --git` and the first `@@`.

The grammar is git's own: https://git-scm.com/docs/diff-format#generate_patch_text_with_p
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.errors import BadPatch

DEV_NULL = "/dev/null"
SUBMODULE_MODE = "160000"
SYMLINK_MODE = "120000"

_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_ESCAPED_BY = {code: letter for letter, code in _ESCAPES.items()}
_PRINTABLE = range(0x20, 0x7F)
_OCTAL_DIGITS = 3
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_PREFIX = re.compile(r"[a-z0-9]/")
_MODE = re.compile(r"[0-7]{6}")
_INDEX = re.compile(r"([0-9a-f]+)\.\.([0-9a-f]+)(?: ([0-7]+))?")
_PERCENT = re.compile(r"(\d{1,3})%")

_SIGNATURE = re.compile(r"-- ?$")
_CHANGES = ("+", "-", " ", "@@")


@dataclass(frozen=True, slots=True)
class Header:
    """What a section's header says of its file. Paths are without prefix; None means that this side has no file.

    `source_at` and `target_at` are the lines of the patch where `---` and `+++` stand, 0 if they do not: a hunk must
    follow both, and no hunk stands without them.
    """

    old_path: str | None
    new_path: str | None
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: str | None = None
    new_blob: str | None = None
    similarity: int | None = None
    renamed: bool = False
    copied: bool = False
    binary: bool = False
    source_at: int = 0
    target_at: int = 0


def unquote(name: str) -> str:
    """Undo git's C-style quoting; bytes that are not UTF-8 come back as surrogate escapes.

    Source: https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
    """
    match = _QUOTED.fullmatch(name)
    if match is None:
        return name

    def byte(escape: re.Match[str]) -> str:
        code = escape[1]
        number = int(code, 8) & 0xFF if len(code) == _OCTAL_DIGITS else _ESCAPES.get(code, ord(code) & 0xFF)
        return chr(number)

    # Escapes stand for bytes, the rest for characters: bring both to bytes (latin-1 keeps each byte one character).
    raw = match[1].encode("utf-8", "surrogateescape").decode("latin-1")
    return _ESCAPE.sub(byte, raw).encode("latin-1").decode("utf-8", "surrogateescape")


def quote(name: str) -> str:
    """Quote a path as git does by default: control characters, quotes, backslashes and bytes above 127."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(byte in _PRINTABLE and byte not in b'"\\' for byte in raw):
        return name
    return '"' + "".join(_quoted_byte(byte) for byte in raw) + '"'


def _quoted_byte(byte: int) -> str:
    if byte in _ESCAPED_BY:
        return "\\" + _ESCAPED_BY[byte]
    return chr(byte) if byte in _PRINTABLE else f"\\{byte:03o}"


def ends_the_change(lines: Sequence[str], index: int) -> bool:
    """Whether a mail's signature begins at this line, as `git format-patch` writes it: two hyphens, then git's version.

    A removed line may look like the first line of it, so nothing that follows may look like a change.
    """
    if _SIGNATURE.match(lines[index]) is None:
        return False
    rest = lines[index + 1 :]
    return any(line.strip() for line in rest) and not any(line.startswith(_CHANGES) for line in rest)


def parse_header(lines: list[str], first: int) -> Header:
    """Read the header lines of one section (no newlines at their ends).

    `lines[0]` is the `diff --git` line and stands at line `first` of the patch. Raises BadPatch.
    """
    old, new = _names_of_git_line(lines[0], first)
    header = Header(old, new)
    for index, line in enumerate(lines[1:], 1):
        if not line:
            continue
        if ends_the_change(lines, index):
            break
        header = _extended(header, line, first + index)
        if line == "GIT binary patch":
            _refuse_changes(lines[index + 1 :], first + index + 1)
            break
    if not (header.old_path or header.new_path) or "" in {header.old_path, header.new_path}:
        raise BadPatch(first, "the file header names no file on either side")
    if header.old_path and header.new_path and (header.old_mode is None) != (header.new_mode is None):
        raise BadPatch(first, "the file header names one mode of two; is the patch cut or edited?")
    return header


def _refuse_changes(lines: list[str], first: int) -> None:
    """Refuse what looks like a change amid binary data, the lines of which begin with a letter or a digit."""
    for index, line in enumerate(lines):
        if ends_the_change(lines, index):
            return
        if line.startswith(_CHANGES):
            raise BadPatch(first + index, "this line is no binary data; was the patch edited by hand?")


def _extended(header: Header, line: str, number: int) -> Header:
    """Take one extended header line into account."""
    for start, take in _READERS.items():
        if line.startswith(start):
            return take(header, line[len(start) :], number)
    raise BadPatch(number, f"{line[:60]!r} is no header line of a git patch; is the patch cut or edited?")


def _mode(rest: str, number: int) -> str:
    if _MODE.fullmatch(rest) is None:
        raise BadPatch(number, f"{rest[:20]!r} is no file mode; is the patch cut or edited?")
    return rest


def _old_mode(header: Header, rest: str, number: int) -> Header:
    return replace(header, old_mode=_mode(rest, number))


def _new_mode(header: Header, rest: str, number: int) -> Header:
    return replace(header, new_mode=_mode(rest, number))


def _added(header: Header, rest: str, number: int) -> Header:
    return replace(header, old_path=None, new_mode=_mode(rest, number))


def _deleted(header: Header, rest: str, number: int) -> Header:
    return replace(header, new_path=None, old_mode=_mode(rest, number))


def _moved_from(header: Header, rest: str, _number: int) -> Header:
    return replace(header, old_path=unquote(rest), renamed=True)


def _copied_from(header: Header, rest: str, _number: int) -> Header:
    return replace(header, old_path=unquote(rest), copied=True)


def _moved_to(header: Header, rest: str, _number: int) -> Header:
    return replace(header, new_path=unquote(rest))


def _similarity(header: Header, rest: str, number: int) -> Header:
    match = _PERCENT.fullmatch(rest)
    if match is None:
        raise BadPatch(number, f"{rest[:20]!r} is no percentage")
    return replace(header, similarity=int(match[1]))


def _index(header: Header, rest: str, number: int) -> Header:
    match = _INDEX.fullmatch(rest)
    if match is None:
        raise BadPatch(number, "the index line does not name two blobs")
    old, new, mode = match.groups()
    header = replace(header, old_blob=old, new_blob=new)
    # A mode on the index line holds for both sides; where a side has lines of its own for it, git writes none here.
    return replace(header, old_mode=header.old_mode or mode, new_mode=header.new_mode or mode) if mode else header


def _source(header: Header, rest: str, number: int) -> Header:
    """`--- a/path`: tells what the `diff --git` line may leave open (names with spaces, no prefix)."""
    name = _file_name(rest, number)
    if header.source_at:
        raise BadPatch(number, "a file header names one side twice; is the patch edited?")
    header = replace(header, source_at=number)
    if name is None:
        return replace(header, old_path=None)
    return header if header.renamed or header.copied else replace(header, old_path=_strip(name, header.old_path))


def _target(header: Header, rest: str, number: int) -> Header:
    name = _file_name(rest, number)
    if not header.source_at or header.source_at != number - 1:
        raise BadPatch(number, "a +++ line stands without its --- line")
    header = replace(header, target_at=number)
    if name is None:
        return replace(header, new_path=None)
    return header if header.renamed or header.copied else replace(header, new_path=_strip(name, header.new_path))


def _binary(header: Header, _rest: str, _number: int) -> Header:
    return replace(header, binary=True)


def _ignored(header: Header, _rest: str, _number: int) -> Header:
    return header


_READERS = {
    "old mode ": _old_mode,
    "new mode ": _new_mode,
    "new file mode ": _added,
    "deleted file mode ": _deleted,
    "rename from ": _moved_from,
    "rename to ": _moved_to,
    "copy from ": _copied_from,
    "copy to ": _moved_to,
    "similarity index ": _similarity,
    "dissimilarity index ": _ignored,
    "index ": _index,
    "--- ": _source,
    "+++ ": _target,
    "Binary files ": _binary,
    "GIT binary patch": _binary,
    "base-commit: ": _ignored,
    "prerequisite-patch-id: ": _ignored,
}


def _file_name(rest: str, number: int) -> str | None:
    """The name on a `---` or `+++` line: git puts a tab after names with spaces, other tools a time as well."""
    quoted = _QUOTED.match(rest)
    name = unquote(quoted[0]) if quoted else rest.split("\t", 1)[0]
    if not _PREFIX.sub("", name, count=1):
        raise BadPatch(number, "the line names no file; is the patch cut or edited?")
    return None if name == DEV_NULL else name


def _strip(name: str, known: str | None) -> str:
    """Take the one-letter prefix off, unless the `diff --git` line showed that names have none."""
    return name if name == known else _PREFIX.sub("", name, count=1)


def strip_prefixes(old: str, new: str) -> tuple[str, str]:
    """Take off `a/` and `b/` (or `i/ w/ c/ o/ 1/ 2/`), which differ; equal names were written without prefixes."""
    if old != new and _PREFIX.match(old) and _PREFIX.match(new):
        return old[2:], new[2:]
    return old, new


def _names_of_git_line(line: str, number: int) -> tuple[str, str]:
    """Split `diff --git a/x b/x`; names with spaces are told apart because both halves are the same path."""
    rest = line.removeprefix("diff --git ")
    if rest.startswith('"'):
        match = _QUOTED.match(rest)
        if match is None or not rest[match.end() :].startswith(" "):
            raise BadPatch(number, "the quoted path in the file header is not closed")
        return strip_prefixes(unquote(match[0]), unquote(rest[match.end() + 1 :]))
    if rest.endswith('"') and ' "' in rest:
        old, _, new = rest.partition(' "')
        return strip_prefixes(old, unquote('"' + new))
    half = len(rest) // 2
    if len(rest) % 2 and rest[half] == " ":
        old, new = strip_prefixes(rest[:half], rest[half + 1 :])
        if old == new:
            return old, new
    # A rename or copy: its own lines, which follow, name both paths without doubt.
    old, space, new = rest.partition(" ")
    if not space:
        raise BadPatch(number, "the file header does not name two paths")
    return strip_prefixes(old, new)
