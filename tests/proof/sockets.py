"""Which process a connection belongs to, by what Linux tells.

Source: https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.server.running import Process


def process_at(port: int, processes: Sequence[Process]) -> Process | None:
    """The process that connects from this port of 127.0.0.1, None where it is none of these."""
    inode = _inode(port)
    for process in processes:
        with suppress(OSError):
            for entry in Path(f"/proc/{process.running.pid}/fd").iterdir():
                with suppress(OSError):
                    if inode and str(entry.readlink()) == f"socket:[{inode}]":
                        return process
    return None


def _inode(port: int) -> str:
    wanted = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == wanted:
            return fields[9]
    return ""
