"""Made-up changes for properties: any status, hard names, hard text, with numbers that agree."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from bot.core.diff import Diff, FileDiff, FileKind, FileStatus, Hunk, Line, LineKind

# Names and text as git gives them: bytes, decoded with surrogate escapes.
_raw = st.binary(min_size=1, max_size=12)
_nasty = st.sampled_from(
    ["a/b", "b/a", 'q"uote', "back\\slash", "with space", "tab\tname", "new\nline", "ünï", "日本語", "-- x", "dev/null"]
)
paths = st.one_of(
    _nasty,
    _raw.filter(lambda raw: b"\0" not in raw and raw.strip(b"/")).map(
        lambda raw: raw.decode("utf-8", "surrogateescape")
    ),
).filter(lambda path: not path.startswith("/") and path != "dev/null")
_texts = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "\r",
            "x\r",
            "-- a",
            "++ b",
            "- ",
            "-- a/x",
            "++ b/x",
            "diff --git a/x b/x",
            "@@ -1 +1 @@",
            "\\ No newline",
            "\x0c",
            "a\x0bb",
            "\x85",
            "\u2028",
        ]
    ),
    st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"").decode("utf-8", "surrogateescape")),
)
_kinds = st.sampled_from([LineKind.CONTEXT, LineKind.ADDED, LineKind.REMOVED])


@st.composite
def hunks(draw: st.DrawFn, *, only: LineKind | None = None) -> tuple[Hunk, ...]:
    """Some hunks of one file, in order, with consistent numbers; of one kind of line for added and deleted files."""
    made: list[Hunk] = []
    old = new = 1
    for _ in range(1 if only else draw(st.integers(1, 3))):
        rows = draw(st.lists(st.tuples(st.just(only) if only else _kinds, _texts), min_size=1, max_size=6))
        gap = 0 if only else draw(st.integers(1, 5))
        old, new = old + gap, new + gap
        lines = []
        start_old, start_new = old, new
        for kind, text in rows:
            in_old, in_new = kind is not LineKind.ADDED, kind is not LineKind.REMOVED
            lines.append(Line(kind, old if in_old else None, new if in_new else None, text))
            old, new = old + in_old, new + in_new
        count_old, count_new = old - start_old, new - start_new
        section = draw(st.sampled_from(["", "def run():", "ünï\r"]))
        first_old = start_old if count_old else start_old - 1
        first_new = start_new if count_new else start_new - 1
        made.append(Hunk(first_old, count_old, first_new, count_new, section, tuple(lines)))
    if draw(st.booleans()):
        made[-1] = replace(made[-1], lines=_without_last_newline(made[-1].lines))
    return tuple(made)


def _without_last_newline(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The same lines where each side's last one has no newline, unless a line that is on both sides is not last."""
    last_old = max((at for at, line in enumerate(lines) if line.old is not None), default=None)
    last_new = max((at for at, line in enumerate(lines) if line.new is not None), default=None)
    last = {at for at in (last_old, last_new) if at is not None}
    torn = any(lines[at].kind is LineKind.CONTEXT for at in last) and len(last) > 1
    return lines if torn else tuple(replace(line, ends=at not in last) for at, line in enumerate(lines))


@st.composite
def type_changes(draw: st.DrawFn) -> list[FileDiff]:
    """A submodule that becomes a file: git writes a deletion and an addition."""
    path, status = draw(paths), FileStatus.TYPE_CHANGED
    old = hunks(only=LineKind.REMOVED)
    new = hunks(only=LineKind.ADDED)
    return [
        FileDiff(path, None, status, FileKind.SUBMODULE, old_mode="160000", hunks=draw(old)),
        FileDiff(None, path, status, FileKind.TEXT, new_mode="100644", hunks=draw(new)),
    ]


@st.composite
def files(draw: st.DrawFn) -> FileDiff:
    """One file's change, of any status and kind."""
    status = draw(st.sampled_from([status for status in FileStatus if status is not FileStatus.TYPE_CHANGED]))
    path = draw(paths)
    if status is FileStatus.MODE_CHANGED:
        return FileDiff(path, path, status, old_mode="100644", new_mode="100755")
    return replace(draw(_with_content(status, path)), old_blob="1" * 7, new_blob="2" * 7)


@st.composite
def _with_content(draw: st.DrawFn, status: FileStatus, path: str) -> FileDiff:
    if status is FileStatus.ADDED:
        body = draw(st.one_of(st.just(()), hunks(only=LineKind.ADDED)))
        return FileDiff(None, path, status, new_mode="100644", hunks=body)
    if status is FileStatus.DELETED:
        body = draw(st.one_of(st.just(()), hunks(only=LineKind.REMOVED)))
        return FileDiff(path, None, status, old_mode="100755", hunks=body)
    if status in {FileStatus.RENAMED, FileStatus.COPIED}:
        other = draw(paths.filter(lambda name: name != path))
        share = draw(st.integers(0, 100))
        return FileDiff(other, path, status, FileKind.TEXT, "100644", "100644", similarity=share, hunks=draw(hunks()))
    if draw(st.booleans()):
        return FileDiff(path, path, status, FileKind.BINARY, "100644", "100644")
    modes = {"100644": FileKind.TEXT, "160000": FileKind.SUBMODULE, "120000": FileKind.SYMLINK}
    mode = draw(st.sampled_from(sorted(modes)))
    return FileDiff(path, path, status, modes[mode], mode, mode, hunks=draw(hunks()))


_sections = st.one_of(files().map(lambda file: [file]), type_changes())
diffs = st.lists(_sections, max_size=5, unique_by=lambda made: made[0].path).map(
    lambda made: Diff(tuple(file for section in made for file in section))
)
