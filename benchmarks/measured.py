"""Runs a command and tells what it used, as JSON on standard error; its output goes through.

A process of its own, and a small one: the peak of memory that the kernel tells of a child begins with its parent's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main(command: list[str]) -> int:
    """Run the command to its end."""
    start = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    figures = {
        "start": start,
        "wall": time.perf_counter() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    sys.stderr.write("\n" + json.dumps(figures) + "\n")
    return child.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
