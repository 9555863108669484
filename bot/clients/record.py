"""A review kept in a folder: what went in, and every answer of the model. It resumes a review, and replays one.

    DIR/plumbline-record   marks the folder as ours
    DIR/inputs.json        the policy, the change, the files around it, the analyzers' report, and what it was made with
    DIR/replies/           one file a request, named by the SHA-256 of its bytes: the request, and the answer or failure

Requests are masked before they leave; the change itself stands here as it is. The folder is for its owner's eyes only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticSerializationError

from bot.core.analysis import AnalyzerReport, SourceFile
from bot.core.change import Change, Contents
from bot.core.diff import Diff
from bot.core.messages import UNHEARD, Listener, Reply, Request, reply_as_json, reply_from_json
from bot.core.policy import PolicyTexts
from bot.core.review import Inputs
from bot.errors import Misuse, OutsideError, Rejected, Transient

_TAG = "plumbline-record"
_TAG_TEXT = "A review kept by Plumbline. It may be deleted.\n"


Worth = Callable[[Request, Reply], bool]
"""Tells whether a reply that was kept is good enough to be taken instead of asking."""


class Model(Protocol):
    """Whatever answers requests."""

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer one request."""
        ...


class _Kept(BaseModel):
    # Built when it is first used: a review that begins does not wait for it.
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", defer_build=True)

    version: str
    prompts: str
    inputs: Inputs


class Record:
    """One such folder."""

    def __init__(self, folder: Path, *, version: str, prompts: str) -> None:
        self.folder = folder
        self._version = version
        self._prompts = prompts

    def prepare(self) -> None:
        """Make the folder, or take it up again. Raises Misuse where something else is in it."""
        try:
            if self.folder.is_dir() and any(self.folder.iterdir()) and not (self.folder / _TAG).is_file():
                raise Misuse(f"{str(self.folder)!r} holds other things than a review; name an empty or new folder.")
            # The tag comes first: another run that prepares the folder at the same time must know it for ours.
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / _TAG).write_text(_TAG_TEXT, encoding="utf-8")
            self.folder.chmod(0o700)
            (self.folder / "replies").mkdir(exist_ok=True)
        except OSError as error:
            raise Misuse(
                f"The folder {str(self.folder)!r} cannot be used: {error.strerror or error}; name another with --keep."
            ) from error

    def keep(self, inputs: Inputs) -> None:
        """Write down what went into the review. Names that are not UTF-8 cannot be: such a review is not replayed."""
        kept = _Kept(version=self._version, prompts=self._prompts, inputs=inputs)
        try:
            text = kept.model_dump_json()
        except PydanticSerializationError:
            (self.folder / "inputs.json").unlink(missing_ok=True)
            return
        _write(self.folder / "inputs.json", text.encode())

    def inputs(self) -> Inputs:
        """What went into the review. Raises Misuse where there is none, or it was made with other prompts."""
        name = str(self.folder)
        try:
            kept = _Kept.model_validate_json((self.folder / "inputs.json").read_bytes())
        except OSError as error:
            raise Misuse(
                f"{name!r} holds no finished review ({error.strerror or error}); name a folder that --keep filled."
            ) from error
        except ValidationError as error:
            raise Misuse(f"The review in {name!r} cannot be read; it was kept by another version.") from error
        if (kept.version, kept.prompts) != (self._version, self._prompts):
            raise Misuse(
                f"The review in {name!r} was made by version {kept.version} with prompts {kept.prompts}; "
                f"replay it with those, this is version {self._version} with prompts {self._prompts}."
            )
        return kept.inputs

    def answer(self, request: Request) -> Reply | OutsideError | None:
        """What came of a request: its reply, the error that it ended in, or None where it was not asked."""
        try:
            return came_from_json(self._place(request).read_bytes())
        except OSError:
            return None

    def end(self) -> OutsideError | None:
        """The failure that ended the review for all its requests, if there was one."""
        for path in sorted((self.folder / "replies").glob("*.json")):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                kept = json.loads(path.read_bytes())
                if kept.get("failure", {}).get("stops_all"):
                    return _error(kept["failure"])
        return None

    def keep_answer(self, request: Request, answer: Reply | OutsideError) -> None:
        """Write down what came of a request, whole or not at all."""
        kept = {"request": request.body, **came_as_json(answer)}
        _write(self._place(request), json.dumps(kept, indent=1).encode())

    def _place(self, request: Request) -> Path:
        return self.folder / "replies" / f"{request.digest}.json"


class Memory(Protocol):
    """Where answers are kept."""

    def answer(self, request: Request) -> Reply | OutsideError | None:
        """What came of a request: its reply, the error that it ended in, or None where it was not asked."""
        ...

    def keep_answer(self, request: Request, answer: Reply | OutsideError) -> None:
        """Keep what came of a request, whole or not at all."""
        ...


class Remembered:
    """A model whose answers are kept. What was answered before is not asked again, unless it was of no use.

    `taken` counts the answers that were taken from the folder.
    """

    def __init__(self, model: Model, record: Memory, *, worth: Worth, fresh: bool = False) -> None:
        self._model = model
        self._record = record
        self._worth = worth
        self._fresh = fresh
        self.taken = 0

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer from the folder, or ask and keep the answer before anything else is done with it."""
        known = None if self._fresh else self._record.answer(request)
        if isinstance(known, Reply) and self._worth(request, known):
            self.taken += 1
            listener.begun()
            return known
        try:
            reply = await self._model.ask(request, listener)
        except OutsideError as error:
            self._record.keep_answer(request, error)
            raise
        self._record.keep_answer(request, reply)
        return reply


class Replayed:
    """A model that only says again what was said, failures included.

    A failure that ended the review does not end its replay: what had been answered until then is answered again, and
    what was given up, and so is not in the folder, fails with its sentence.
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    async def ask(self, request: Request, listener: Listener = UNHEARD) -> Reply:
        """Answer from the folder. Raises what was raised then, or Misuse where nothing is kept of the request."""
        known = self._record.answer(request)
        if isinstance(known, Reply):
            listener.begun()
            return known
        if known is not None:
            raise _alone(known) if isinstance(known, Rejected) else known
        end = self._record.end()
        if end is None:
            raise Misuse(
                f"{str(self._record.folder)!r} holds no answer to one of the requests; review anew with --keep."
            )
        raise _alone(end, attempts=0)


def _alone(error: OutsideError, attempts: int | None = None) -> Rejected:
    """The error without its power to end other requests; with no attempts it was never sent."""
    return Rejected(
        str(error),
        status=error.status,
        kind=error.kind,
        request_id=error.request_id,
        attempts=error.attempts if attempts is None else attempts,
        lost=error.lost if attempts is None else 0,
    )


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """The source of a recorded review."""

    inputs: Inputs

    def change(self) -> Change:
        """The change as it was read."""
        return self.inputs.change

    def contents(self, _diff: Diff) -> Mapping[int, Contents]:
        """The files as they were known."""
        return self.inputs.contents

    def attributes(self, _change: Change) -> Mapping[str, str]:
        """The attributes as they were known."""
        return self.inputs.attributes

    def policy_texts(self, _change: Change) -> PolicyTexts:
        """No policy file: what it said is part of the kept policy."""
        return PolicyTexts()


@dataclass(frozen=True, slots=True)
class RecordedAnalyzers:
    """The analyzers of a recorded review: their report as it was."""

    inputs: Inputs

    async def run(self, _files: Sequence[SourceFile], _unknown: Sequence[str]) -> AnalyzerReport:
        """The report."""
        return self.inputs.report


def sweep(folder: Path, older_than: float) -> None:
    """Remove the kept reviews below a folder that were not touched since a time (seconds since 1970), nothing else."""
    with contextlib.suppress(OSError):
        for each in folder.iterdir():
            if (each / _TAG).is_file() and (each / _TAG).stat().st_mtime < older_than:
                shutil.rmtree(each, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: a review that is stopped leaves no half answers."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError as error:
        raise Misuse(
            f"{str(path.parent)!r} cannot be written to: {error.strerror or error}; name another folder."
        ) from error


def came_as_json(answer: Reply | OutsideError) -> dict[str, object]:
    """What came of a request, as JSON from which `came_from_json` makes it again."""
    return {"reply": reply_as_json(answer)} if isinstance(answer, Reply) else {"failure": _failure(answer)}


def came_from_json(text: bytes | str) -> Reply | OutsideError | None:
    """What came of a request, None where the text does not say so."""
    try:
        kept = json.loads(text)
        return _error(kept["failure"]) if "failure" in kept else reply_from_json(kept["reply"])
    except (ValueError, KeyError, TypeError):
        return None


def _failure(error: OutsideError) -> dict[str, object]:
    return {
        "sentence": str(error),
        "status": error.status,
        "kind": error.kind,
        "request_id": error.request_id,
        "attempts": error.attempts,
        "lost": error.lost,
        "stops_all": isinstance(error, Rejected) and error.stops_all,
        "transient": isinstance(error, Transient),
    }


def _error(kept: Mapping[str, object]) -> OutsideError:
    sentence, kind, request_id = (str(kept[name]) for name in ("sentence", "kind", "request_id"))
    status, attempts, lost = (int(str(kept.get(name, 0))) for name in ("status", "attempts", "lost"))
    if kept["transient"]:
        return Transient(sentence, status=status, kind=kind, request_id=request_id, attempts=attempts, lost=lost)
    stops_all = bool(kept["stops_all"])
    return Rejected(
        sentence,
        status=status,
        kind=kind,
        request_id=request_id,
        attempts=attempts,
        lost=lost,
        stops_all=stops_all,
    )
