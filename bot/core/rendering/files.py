"""What was read, file by file, folded by directory where there are many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from bot.core.diff import FileDiff, FileStatus
from bot.core.ledger import State
from bot.core.rendering.rows import Form
from bot.core.rendering.words import analyzers_sentence, count, fate, ledger_sentence, what_changed
from bot.core.review import Review
from bot.core.sanitize import code, phrase, plain

_FEW = 15
"""So many files are read at a glance; more have a row for each directory above them."""


def read(review: Review, form: Form) -> Iterator[str]:
    """The table of files, the ledger's sum, and which analyzers ran, folded."""
    files = review.diff.files
    yield f"<details><summary>What was read: {count(len(files), 'file')}</summary>"
    yield from ("", "| File | Changed | Reviewed | What changed |", "|---|---:|---:|---|")
    yield from _rows(review, form.files)
    if len(files) > form.files:
        yield from ("", f"{count(len(files) - form.files, 'more file')} not listed here; the sum below counts them.")
    yield from ("", f"Ledger: {plain(ledger_sentence(review.ledger))}.", "")
    yield from (f"Analyzers: {plain(analyzers_sentence(review.analyzers))}.", "", "</details>", "")


def _rows(review: Review, most: int) -> Iterator[str]:
    """A row for each file, at most so many; above those of a directory its sums."""
    left, files = most, review.diff.files
    groups = by_directory([file.path for file in files]) if len(files) > _FEW else {"": range(len(files))}
    for directory, indices in groups.items():
        if left <= 0:
            return
        if directory and len(indices) > 1:
            yield _directory_row(review, directory, indices)
        yield from (_file_row(review, index) for index in indices[:left])
        left -= len(indices)


def by_directory(paths: Sequence[str]) -> Mapping[str, Sequence[int]]:
    """The positions of paths by the first directory in which they differ; those in none come last, under ''."""
    folders = [path.split("/")[:-1] for path in paths]
    shared = len(list(takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))))
    groups: dict[str, list[int]] = {}
    for position, parts in enumerate(folders):
        name = "/".join(parts[: shared + 1]) + "/" if len(parts) > shared else ""
        groups.setdefault(name, []).append(position)
    loose = groups.pop("", [])
    return {**groups, "": loose} if loose else groups


def _directory_row(review: Review, directory: str, indices: Sequence[int]) -> str:
    changed = sum(len(review.diff.files[index].changed_lines) for index in indices)
    reviewed = sum(_reviewed(review, index) for index in indices)
    name = code(directory, cell=True)
    return f"| **{name}** | **{changed:,}** | **{reviewed:,}** | {count(len(indices), 'file')} |"


def _file_row(review: Review, index: int) -> str:
    file, entries = review.diff.files[index], review.ledger.by_file[index]
    others = dict.fromkeys(map(fate, entries))
    words = [_what(file, review.summaries.get(index, "")), plain(", ".join(filter(None, others)))]
    cells = (f"{len(file.changed_lines):,}", f"{_reviewed(review, index):,}", "; ".join(filter(None, words)))
    return f"| {code(file.path, cell=True)} | {' | '.join(cells)} |"


def _reviewed(review: Review, index: int) -> int:
    return sum(entry.lines for entry in review.ledger.by_file[index] if entry.reason.state is State.REVIEWED)


def _what(file: FileDiff, summary: str) -> str:
    """What the change does in a file: in the model's words, where it has them and they say more than `modified`."""
    if not summary:
        return plain(what_changed(file))
    kind = "" if file.status is FileStatus.MODIFIED else f"{plain(what_changed(file))}: "
    return kind + phrase(summary, cell=True)
