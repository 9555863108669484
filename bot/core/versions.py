"""Both versions of the changed files, made from the new one where that is known."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.change import Contents
from bot.core.diff import Diff, FileDiff, FileKind, Origin
from bot.core.patch import take_back
from bot.core.tree import Tree


def completed(diff: Diff, known: Mapping[int, Contents], tree: Tree) -> dict[int, Contents]:
    """What is known of the files, and where the new version of one is not, what the tree holds of it.

    The old version is the new one with the patch taken back. Where they do not fit, the file stays as unknown as it is.
    """
    return dict(known) | {
        index: found
        for index, file in enumerate(diff.files)
        if known.get(index, Contents()).head is None and (found := _both(file, tree)) is not None
    }


def _both(file: FileDiff, tree: Tree) -> Contents | None:
    head = tree.files.get(file.new_path or "")
    if head is None or file.kind is not FileKind.TEXT or file.origin is Origin.WITHHELD:
        return None
    try:
        base = take_back(file, head)
    except ValueError:
        return None
    return Contents(None if file.old_path is None else base, head)
