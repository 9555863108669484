"""A process that has loaded what a run needs, and forks one for each: the same code, without loading it every time.

`python -m tests.warm SOCKET` listens there. A run is one connection: what it gets as JSON and three open files, what it
answers is the exit code. Runs that set how Python itself starts are none for it, see `fits`.
"""

from __future__ import annotations

import array
import contextlib
import importlib
import json
import os
import pkgutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import bot
from tests.repository import CHECKOUT

_FILES = struct.calcsize("i") * 3
_SIZE = struct.Struct("!I")
# What is started as a service, or needs its extra, loads too much of its own.
_NOT_LOADED = ("bot.app", "bot.server", "bot.jobs", "bot.metrics", "bot.logs", "bot.__main__")
_OF_PYTHON = ("PYTHON", "LC_", "LANG", "MALLOC", "SSL_", "COLUMNS")


def fits(variables: Mapping[str, str]) -> bool:
    """Whether a run with these variables, beside the inherited ones, is the same when forked."""
    own = {name for name in variables if name.startswith(_OF_PYTHON)} - {"PYTHONPATH"}
    return not own and variables.get("PYTHONPATH", str(CHECKOUT)) == str(CHECKOUT)


def run(
    module: str, arguments: Sequence[str], *, folder: Path, text: bytes, variables: Mapping[str, str]
) -> tuple[int, bytes, bytes]:
    """Run `python -m module` with exactly these variables; give its exit code and what it wrote."""
    with contextlib.ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(text)
        given.seek(0)
        line = stack.enter_context(socket.socket(socket.AF_UNIX))
        line.connect(_listening())
        asked = {"module": module, "arguments": list(arguments), "folder": str(folder), "variables": dict(variables)}
        content = json.dumps(asked).encode()
        files = array.array("i", [each.fileno() for each in (given, out, err)])
        line.sendmsg([_SIZE.pack(len(content))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
        line.sendall(content)
        answer = _received(line, 4)
        return struct.unpack("!i", answer)[0], _written(out), _written(err)


# It goes with the tests.
_FOLDER = tempfile.TemporaryDirectory(prefix="plumbline-warm-")


@cache
def _listening() -> str:
    """The address of the warm process of these tests; it ends with them."""
    place = f"{_FOLDER.name}/socket"
    process = subprocess.Popen(
        (sys.executable, "-m", "tests.warm", place),
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "PLUMBLINE_"))},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"listening\n"
    _KEPT.append(process)
    return place


_KEPT: list[subprocess.Popen[bytes]] = []


def _written(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _received(line: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size and (more := line.recv(size - len(content))):
        content += more
    assert len(content) == size, "the warm process is gone"
    return content


def _load() -> None:
    for found in pkgutil.walk_packages(bot.__path__, "bot."):
        if not found.name.startswith(_NOT_LOADED):
            importlib.import_module(found.name)


def _serve(place: str) -> dict[str, Any]:
    """Listen until the parent is gone; in a process that was forked for a run, give what it is to do."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = socket.socket(socket.AF_UNIX)
    server.bind(place)
    server.listen(16)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    if os.fork() == 0:
        # The parent's end of this pipe closes with it, however it ends.
        os.read(0, 1)
        os.kill(os.getppid(), signal.SIGTERM)
        os._exit(0)
    while True:
        line, _ = server.accept()
        if os.fork() == 0:
            server.close()
            return _supervised(line)
        line.close()


def _supervised(line: socket.socket) -> dict[str, Any]:
    """Fork the run itself, and tell how it ended."""
    head, ancillary, *_ = line.recvmsg(_SIZE.size, socket.CMSG_SPACE(_FILES))
    files = array.array("i", ancillary[0][2])
    asked: dict[str, Any] = json.loads(_received(line, _SIZE.unpack(head)[0]))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        line.sendall(struct.pack("!i", code))
        os._exit(0)
    line.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    return asked


def main(place: str) -> None:
    """Serve; where this is a run, be it."""
    _load()
    asked = _serve(place)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["variables"])
    sys.argv = [asked["module"], *asked["arguments"]]
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - as at a start
    importlib.import_module(asked["module"]).main()


if __name__ == "__main__":
    main(sys.argv[1])
