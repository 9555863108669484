"""`make bench`: one table of what the product costs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.patches import made_up_patch
from benchmarks.processes import run

_ROOT = Path(__file__).resolve().parents[1]
_SIZES = (1_000, 5_000, 20_000, 100_000)
_RUNS = 5


def main() -> None:
    """Measure everything and print the table."""
    print("parse + select + chunk (best of 3, a process of its own each)")
    print(
        f"{'changed lines':>14} {'seconds':>9} {'us a line':>10} {'peak MB':>9} {'chunks':>7} {'secrets+checks s':>17}"
    )
    for size in _SIZES:
        row = _one_size(size)
        per_line = row["seconds"] / row["changed"] * 1e6
        figures = f"{row['seconds']:9.3f} {per_line:10.2f} {row['peak_mb']:9.0f} {row['chunks']:7.0f}"
        print(f"{row['changed']:14,.0f} {figures} {row['own_checks']:17.3f}")
    print("\nwhole commands (median of 5)")
    print(f"{'command':<44} {'seconds':>9} {'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments, where in _commands(Path(folder)):
            seconds, peak = _command(arguments, where)
            print(f"{name:<44} {seconds:9.3f} {peak:9.0f}")
    # Imported last: the fakes and their descriptions would count as memory of what is measured before.
    from benchmarks import cache, indexing, reviews, wire

    reviews.print_all()
    wire.print_all()
    cache.print_all()
    indexing.print_all()


def _one_size(changed: int) -> dict[str, float]:
    command = (sys.executable, "-m", "benchmarks.one_size", str(changed))
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _commands(folder: Path) -> list[tuple[str, tuple[str, ...], Path]]:
    example, patch = folder / "example", folder / "20k.patch"
    maker = (sys.executable, str(_ROOT / "examples/make_repository.py"), str(example))
    subprocess.run(maker, check=True, capture_output=True)
    patch.write_bytes(made_up_patch(20_000))
    return [
        ("python -c pass", ("-c", "pass"), folder),
        ("plumbline --help", ("-m", "bot", "--help"), folder),
        ("plumbline review --base main (the example)", ("-m", "bot", "review", "--base", "main"), example),
        ("plumbline review --diff (20,000 lines)", ("-m", "bot", "review", "--diff", str(patch)), folder),
    ]


def _command(arguments: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """The median of the wall time, and the largest peak of memory, children included."""
    runs = [run(arguments, str(folder)) for _ in range(_RUNS)]
    return statistics.median(each.wall for each in runs), max(each.peak_mb for each in runs)


if __name__ == "__main__":
    main()
