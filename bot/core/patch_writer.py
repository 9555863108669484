"""Writes a change as git writes a patch: the inverse of `bot.core.patch.parse`."""

from __future__ import annotations

from bot.core.diff import Diff, FileDiff, FileKind, FileStatus, Hunk, Line
from bot.core.git_header import DEV_NULL, quote


def render(diff: Diff) -> bytes:
    """Write the change as a git patch, such that `parse(render(diff)) == diff`."""
    text = "".join(_rendered_header(file) + "".join(map(_rendered_hunk, file.hunks)) for file in diff.files)
    return text.encode("utf-8", "surrogateescape")


def _rendered_header(file: FileDiff) -> str:
    old, new = file.old_path or file.path, file.new_path or file.path
    lines = [f"diff --git {quote('a/' + old)} {quote('b/' + new)}", *_rendered_modes(file)]
    if file.similarity is not None:
        lines.append(f"similarity index {file.similarity}%")
    verb = {FileStatus.RENAMED: "rename", FileStatus.COPIED: "copy"}.get(file.status)
    if verb:
        lines += [f"{verb} from {quote(old)}", f"{verb} to {quote(new)}"]
    if file.old_blob is not None:
        same_mode = file.old_mode if file.old_mode == file.new_mode and file.old_mode else ""
        lines.append(f"index {file.old_blob}..{file.new_blob} {same_mode}".rstrip())
    names = (_side_name("a/", file.old_path), _side_name("b/", file.new_path))
    if file.kind is FileKind.BINARY:
        lines.append(f"Binary files {names[0]} and {names[1]} differ")
    elif file.hunks:
        lines += [f"--- {names[0]}", f"+++ {names[1]}"]
    return "".join(line + "\n" for line in lines)


def _side_name(prefix: str, path: str | None) -> str:
    """A name as git writes it on `---` and `+++` lines: a tab ends a name that holds a space."""
    if path is None:
        return DEV_NULL
    name = quote(prefix + path)
    return name + "\t" if " " in name else name


def _rendered_modes(file: FileDiff) -> list[str]:
    if file.old_path is None:
        return [f"new file mode {file.new_mode}"] if file.new_mode else []
    if file.new_path is None:
        return [f"deleted file mode {file.old_mode}"] if file.old_mode else []
    if file.old_mode != file.new_mode:
        return [f"old mode {file.old_mode}", f"new mode {file.new_mode}"]
    return []


def _rendered_hunk(hunk: Hunk) -> str:
    section = f" {hunk.section}" if hunk.section else ""
    old, new = _extent(hunk.old_start, hunk.old_count), _extent(hunk.new_start, hunk.new_count)
    return f"@@ -{old} +{new} @@{section}\n" + "".join(map(_rendered_line, hunk.lines))


def _extent(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


def _rendered_line(line: Line) -> str:
    mark = f"{line.kind.value}{line.text}\n"
    return mark if line.ends else mark + "\\ No newline at end of file\n"
