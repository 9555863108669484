"""Lets schemathesis ask the API whatever its description allows, and more: `python -m tests.proof.api SCHEMATHESIS`.

Schemathesis has a virtual environment of its own, as its dependencies do not go with those of the tests.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests import papers
from tests.scripted_reviewer import ScriptedReviewer
from tests.server.running import API_TOKEN, serving

_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main(schemathesis: str) -> int:
    """Run it against a service; give its exit code."""
    schemathesis = str(Path(schemathesis).resolve(strict=True))
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), ScriptedReviewer(papers.FINDINGS)) as made:
        papers.opened(made.stage.github)
        process = made.start()
        process.api("POST", pull_request="acme/papers#214")
        command = (
            *(schemathesis, "run", f"{process.url}/openapi.json", "--checks", _CHECKS, "--max-examples", "300"),
            *("--header", f"Authorization: Bearer {API_TOKEN}", "--no-color", "--seed", "1"),
        )
        done = subprocess.run(command, check=False, cwd=folder)
        process.stop()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
