"""The repository's files at a commit: a git checkout, or a patch with or without one.

git is run as a subprocess. What the user names is checked with `rev-parse --end-of-options` first, so that no reference
can be read as an option; external diff drivers, text conversions and colours of the user's configuration are off.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.change import Change, Contents
from bot.core.diff import Diff, FileDiff, FileKind
from bot.core.patch import apply, parse
from bot.core.patch_writer import render
from bot.core.policy import PolicyTexts
from bot.core.tree import NO_TREE, Planting, Tree, planted
from bot.errors import Misuse

_DIFF = (
    *("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index", "--find-renames", "--submodule=short"),
    "--ignore-submodules=none",
    *("--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=default", "--inter-hunk-context=0", "--unified=3"),
)
_LARGEST_BLOB = 2_000_000
# More than 64 kB, counted in bytes or in characters, is no policy file (`core.plain_yaml`).
_LONGEST_POLICY = 65_536
_SHA1_LENGTH = 40
_BLOBS_AT_ONCE = 2_000


class Repository:
    """A git checkout. Construct it with `find`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def find(cls, folder: Path) -> Repository | None:
        """The checkout that the folder lies in, or None. Raises Misuse where git is missing or will not say."""
        try:
            answer = _run(folder, "rev-parse", "--show-toplevel")
        except FileNotFoundError as error:
            raise Misuse("git was not found; install it, or put it on the PATH.") from error
        if b"dubious ownership" in answer.stderr:
            # https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
            raise Misuse(f"git does not trust {folder}, which another user owns; see safe.directory in git-config(1).")
        return cls(Path(os.fsdecode(answer.stdout.removesuffix(b"\n")))) if answer.returncode == 0 else None

    def git(self, *arguments: str, text: bytes = b"") -> bytes:
        """Run git and give its output. Raises Misuse with git's own last line."""
        answer = _run(self.root, *arguments, text=text)
        if answer.returncode:
            said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
            raise Misuse(f"git {arguments[0]} failed: {said[-1] if said else answer.returncode}.")
        return answer.stdout

    def diff(self, *ends: str) -> bytes:
        """The patch between two ends. Text is shown as text whatever the attributes of the head say of it.

        git takes attributes from the work tree: with `* -diff` a change could pass its own lines off as binary.
        """
        patch = self.git(*_DIFF, *ends)
        files = parse(patch).files
        binary = [file for file in files if file.kind is FileKind.BINARY]
        blobs = self.blobs(blob for file in binary for blob in (file.old_blob, file.new_blob) if blob)
        hidden = [file for file in binary if _is_text(file, blobs)]
        if not hidden:
            return patch
        paths = sorted({path for file in hidden for path in (file.old_path, file.new_path) if path})
        names = [path.encode("utf-8", "surrogateescape") for path in paths]
        shown = self.git("--literal-pathspecs", *_DIFF, "--text", *ends, "--", *map(os.fsdecode, names))
        return render(Diff(tuple(file for file in files if file not in hidden))) + shown

    def commit(self, name: str) -> str:
        """The id of the commit that a name stands for."""
        spec = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        answer = _run(self.root, *spec)
        if answer.returncode:
            raise Misuse(
                f"There is no commit {name!r} in this repository; name a branch, tag or commit that git knows."
            )
        return answer.stdout.decode().strip()

    def remote(self) -> str:
        """The address of the remote that pull requests go to: `upstream` where there is one, else `origin`; or ''."""
        for name in ("upstream", "origin"):
            answer = _run(self.root, "remote", "get-url", name)
            if answer.returncode == 0:
                return answer.stdout.decode("utf-8", "replace").strip()
        return ""

    def refuse_conflicts(self) -> None:
        """Raise Misuse where the index holds an unfinished merge: it has no one version of those files."""
        rows = self.git("ls-files", "--unmerged", "-z").decode("utf-8", "surrogateescape").split("\0")
        paths = sorted({row.partition("\t")[2] for row in rows if row})
        if paths:
            raise Misuse(f"{paths[0]!r} is in conflict; finish the merge and stage it, then review what is staged.")

    def last_commit(self) -> str:
        """The id of HEAD, or '' before the first commit."""
        return _run(self.root, "rev-parse", "--verify", "--quiet", "HEAD").stdout.decode().strip()

    def merge_base(self, base: str, head: str) -> str:
        """The commit that a pull request from head into base would be compared with."""
        answer = _run(self.root, "merge-base", base, head)
        if answer.returncode:
            raise Misuse("The two commits have no common ancestor; is the clone shallow? Try `git fetch --unshallow`.")
        return answer.stdout.decode().split()[0]

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The contents of the blobs that are here, by the (possibly abbreviated) ids asked for; huge ones left out."""
        found = {name: blob for name, (blob, size) in self._sizes(ids).items() if size <= _LARGEST_BLOB}
        output = self.git("cat-file", "--batch", text=_lines(found.values())) if found else b""
        return dict(zip(found, _batch(output), strict=True))

    def _sizes(self, ids: Iterable[str]) -> dict[str, tuple[str, int]]:
        """Of the blobs that are here, by the ids asked for, the whole id and the size in bytes."""
        wanted = sorted({name for name in ids if name.strip("0")})
        if not wanted:
            return {}
        listed = self.git("cat-file", "--batch-check", text=_lines(wanted)).decode("utf-8", "replace").splitlines()
        return {
            name: (fields[0], int(fields[2]))
            for name, fields in zip(wanted, map(str.split, listed), strict=True)
            if len(fields) == 3 and fields[1] == "blob"  # noqa: PLR2004
        }

    def file(self, commit: str, path: str) -> bytes | None:
        """A file of a commit, or of what is staged where `commit` is ''; None where it is not there."""
        answer = _run(self.root, "cat-file", "blob", f"{commit}:{path}")
        return None if answer.returncode else answer.stdout

    def small_file(self, commit: str, path: str) -> bytes | None:
        """The same, but None where it is huge, too."""
        answer = _run(self.root, "cat-file", "-s", f"{commit}:{path}")
        fits = answer.returncode == 0 and int(answer.stdout) <= _LARGEST_BLOB
        return self.file(commit, path) if fits else None

    def names(self, commit: str) -> tuple[str, ...]:
        """The paths of all files of a commit, or of what is staged where `commit` is ''."""
        listed = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit) if commit else ("ls-files", "-z")
        return tuple(filter(None, self.git(*listed).decode("utf-8", "surrogateescape").split("\0")))

    def tree(self, commit: str) -> Tree:
        """The text files of a commit, or of what is staged where `commit` is '', within bounds."""
        listed = ("ls-tree", "-r", "-z", "--full-tree", commit) if commit else ("ls-files", "--stage", "-z")
        rows = self.git(*listed).decode("utf-8", "surrogateescape").split("\0")
        blobs = {path: blob for path, blob in map(_blob_row, filter(None, rows)) if blob}
        sizes = self._sizes(blobs.values())
        planting = Planting()
        here = {path: blob for path, blob in sorted(blobs.items()) if blob in sizes}
        chosen = {path: blob for path, blob in here.items() if planting.wants(path, sizes[blob][1])}
        names = list(chosen)
        for first in range(0, len(names), _BLOBS_AT_ONCE):
            some = names[first : first + _BLOBS_AT_ONCE]
            contents = self.blobs(chosen[path] for path in some)
            for path in some:
                planting.add(path, contents[chosen[path]])
        return planting.tree()

    def attributes(self, commit: str) -> dict[str, str]:
        """The text of every `.gitattributes` file of a commit, by path."""
        listed = self.git("ls-tree", "-r", "-z", "--full-tree", commit).decode("utf-8", "surrogateescape")
        files = {}
        for row in filter(None, listed.split("\0")):
            facts, _, path = row.partition("\t")
            if path.rsplit("/", 1)[-1] == ".gitattributes":
                files[path] = facts.split()[2]
        contents = self.blobs(files.values())
        return {path: contents[blob].decode("utf-8", "replace") for path, blob in files.items() if blob in contents}


@dataclass(frozen=True, slots=True)
class CommitFiles:
    """The files of the commit that a change leads to, or of what is staged where it leads to none."""

    repository: Repository

    def read(self, change: Change, path: str) -> bytes | None:
        """A file's content; None where there is none of that name, or it is huge."""
        return self.repository.small_file(change.head, path)

    def names(self, change: Change) -> tuple[str, ...]:
        """The paths of all files."""
        return self.repository.names(change.head)


@dataclass(frozen=True, slots=True)
class LocalRange:
    """What a branch changes since it left its base, like a pull request; or what is staged."""

    repository: Repository
    base: str
    head: str = "HEAD"
    staged: bool = False

    def change(self) -> Change:
        """Make the patch. Raises Misuse where a reference is unknown."""
        if self.staged:
            # Without a commit to name, git compares with the last one; before the first, with nothing.
            self.repository.refuse_conflicts()
            return Change(self.repository.diff("--cached"), "staged changes")
        head = self.repository.commit(self.head)
        merge_base = self.repository.merge_base(self.repository.commit(self.base), head)
        patch = self.repository.diff(merge_base, head)
        return Change(patch, f"{self.base}...{self.head}", merge_base, head)

    def contents(self, diff: Diff) -> dict[int, Contents]:
        """Both versions of each text file, from the object store."""
        return _from_blobs(self.repository, diff)

    def attributes(self, change: Change) -> Mapping[str, str]:
        """The repository's attributes as of the base: the last commit, for what is staged."""
        base = change.base or self.repository.last_commit()
        return self.repository.attributes(base) if base else {}

    def policy_texts(self, change: Change) -> PolicyTexts:
        """The policy file of the base, as it stands now; and the one that the change brings in."""
        # Its parser comes with it, which no start-up waits for.
        from bot.core.policy_file import POLICY_PATH  # noqa: PLC0415

        base = self.repository.last_commit() if self.staged else self.repository.commit(self.base)
        return PolicyTexts(
            base=self._policy(base, POLICY_PATH) if base else None,
            proposed=self._policy(change.head, POLICY_PATH) if touches(change.patch, POLICY_PATH) else None,
        )

    def _policy(self, commit: str, path: str) -> str | None:
        content = self.repository.file(commit, path)
        return None if content is None else policy_text(content.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class PatchText:
    """A patch as such. A checkout around it, if any, helps out with whole files where the blob ids agree."""

    patch: bytes
    name: str
    repository: Repository | None = None

    def change(self) -> Change:
        """The patch as it was given."""
        return Change(self.patch, self.name)

    def contents(self, diff: Diff) -> dict[int, Contents]:
        """What can be known of each file: from the object store, from the checkout, or by applying the patch."""
        stored = _from_blobs(self.repository, diff) if self.repository else {}
        return {
            index: self._completed(file, stored.get(index, Contents()))
            for index, file in enumerate(diff.files)
            if _has_text(file)
        }

    def attributes(self, _change: Change) -> Mapping[str, str]:
        """A bare patch does not say what its repository's attributes were."""
        return {}

    def policy_texts(self, _change: Change) -> PolicyTexts:
        """A bare patch comes from nowhere in particular: no policy file holds for it."""
        return PolicyTexts()

    def _completed(self, file: FileDiff, known: Contents) -> Contents:
        base = b"" if file.old_path is None else known.base or self._checked_out(file.old_path, file.old_blob)
        head = known.head
        if head is None and file.new_path is not None:
            head = self._checked_out(file.new_path, file.new_blob)
        if head is None and base is not None and file.new_path is not None:
            head = _applied(file, base)
        return Contents(None if file.old_path is None else base, head)

    def _checked_out(self, path: str, blob: str | None) -> bytes | None:
        """The file of the checkout, if it is the very version that the patch speaks of."""
        if self.repository is None or not blob or not blob.strip("0"):
            return None
        root = self.repository.root.resolve()
        try:
            target = (root / path).resolve()
            if not target.is_relative_to(root) or target.stat().st_size > _LARGEST_BLOB:
                return None
            content = target.read_bytes()
        except (OSError, ValueError):
            return None
        return content if _is_blob(content, blob) else None


@dataclass(frozen=True, slots=True)
class CommitTree:
    """The files of the commit that a change leads to, or of what is staged where it leads to none."""

    repository: Repository

    def tree(self, change: Change) -> Tree:
        """The text files, within bounds."""
        return self.repository.tree(change.head)


@dataclass(frozen=True, slots=True)
class PatchedTree:
    """The files of the last commit with a patch's new versions among them, where the patch belongs to the checkout."""

    repository: Repository
    source: PatchText

    def tree(self, change: Change) -> Tree:
        """The text files, within bounds; none where no changed file is known here."""
        diff = parse(change.patch)
        contents = self.source.contents(diff)
        known = {index: content.head for index, content in contents.items() if content.head is not None}
        grown = any(diff.files[index].old_path for index in known)
        last = self.repository.last_commit()
        if not grown or not last:
            return NO_TREE
        gone = {file.old_path for file in diff.files if file.old_path != file.new_path}
        files = {path: content for path, content in self.repository.tree(last).files.items() if path not in gone}
        return planted(files | {diff.files[index].path: content for index, content in known.items()})


def touches(patch: bytes, path: str) -> bool:
    """Whether the patch changes, adds, deletes or renames the file of that name."""
    # Few patches name it at all: only those are worth reading for it.
    if path.encode() not in patch:
        return False
    return any(path in {file.old_path, file.new_path} for file in parse(patch).files)


def policy_text(text: str) -> str:
    """The text of a policy file; of one that is too long for its reader just so much that he sees it is."""
    return text[: _LONGEST_POLICY + 1]


def _is_text(file: FileDiff, blobs: Mapping[str, bytes]) -> bool:
    """Whether git would take both versions for text without attributes: no NUL among the first 8,000 bytes.

    Source: buffer_is_binary in https://github.com/git/git/blob/master/xdiff-interface.c
    """
    wanted = [blob for blob in (file.old_blob, file.new_blob) if blob and blob.strip("0")]
    return all(blob in blobs and b"\0" not in blobs[blob][:8_000] for blob in wanted)


def _has_text(file: FileDiff) -> bool:
    return file.kind in {FileKind.TEXT, FileKind.SYMLINK}


def _from_blobs(repository: Repository, diff: Diff) -> dict[int, Contents]:
    files = {index: file for index, file in enumerate(diff.files) if _has_text(file)}
    blobs = repository.blobs(blob for file in files.values() for blob in (file.old_blob, file.new_blob) if blob)
    return {
        index: Contents(blobs.get(file.old_blob or ""), blobs.get(file.new_blob or "")) for index, file in files.items()
    }


def _applied(file: FileDiff, base: bytes) -> bytes | None:
    """The new version, if it is the one that the patch names; a patch without ids is believed for new files only."""
    try:
        head = apply(file, base)
    except ValueError:
        return None
    named = file.new_blob is not None and _is_blob(head, file.new_blob)
    return head if named or (file.new_blob is None and file.old_path is None) else None


def _blob_row(row: str) -> tuple[str, str]:
    """The path and the blob of a row of `ls-tree` or `ls-files --stage`; '' for what is no regular file."""
    facts, _, path = row.partition("\t")
    fields = facts.split()
    blob = fields[2] if fields[1] == "blob" else fields[1]
    return path, blob if fields[0].startswith("100") else ""


def _is_blob(content: bytes, blob: str) -> bool:
    """Whether git would store the content under this id: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    stored = b"blob %d\0" % len(content) + content
    digest = hashlib.sha256(stored) if len(blob) > _SHA1_LENGTH else hashlib.sha1(stored, usedforsecurity=False)
    return digest.hexdigest().startswith(blob)


def _run(folder: Path, *arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ("git", "-c", "core.quotePath=true", "-c", "core.fsmonitor=false", "--no-optional-locks", *arguments)
    return subprocess.run(command, cwd=folder, input=text, capture_output=True, check=False)  # noqa: S603


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")


def _batch(output: bytes) -> Iterable[bytes]:
    """Read the contents out of `cat-file --batch`: a line with the size, the content, a newline."""
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        size = int(output[position:end].split()[2])
        yield output[end + 1 : end + 1 + size]
        position = end + size + 2
