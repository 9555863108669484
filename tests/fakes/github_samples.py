"""A small pull request for the tests of the fake, and a client that talks to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakePullRequest

PATCH = b"""\
diff --git a/app.py b/app.py
index 1111111..2222222 100644
--- a/app.py
+++ b/app.py
@@ -1,3 +1,4 @@
 one
-two
+TWO
+two and a half
 three
@@ -10,2 +11,2 @@
 ten
-eleven
+ELEVEN \xff
diff --git a/logo.png b/logo.png
new file mode 100644
index 0000000..3333333
Binary files /dev/null and b/logo.png differ
diff --git a/old.md b/new.md
similarity index 100%
rename from old.md
rename to new.md
"""
REPOSITORY = "/repos/acme/papers"
PULL = f"{REPOSITORY}/pulls/214"
DIFF = {"accept": "application/vnd.github.diff"}


def many_files(count: int, lines: int = 1) -> bytes:
    """A patch that adds so many files of so many lines."""
    return b"".join(
        b"diff --git a/f%d b/f%d\nnew file mode 100644\nindex 0000000..1111111\n" % (index, index)
        + b"--- /dev/null\n+++ b/f%d\n@@ -0,0 +1,%d @@\n" % (index, lines)
        + b"+line\n" * lines
        for index in range(count)
    )


@contextmanager
def opened(
    *,
    enterprise: bool = False,
    patch: bytes = PATCH,
    **more: Any,  # noqa: ANN401 - whatever a pull request takes
) -> Iterator[tuple[FakeGitHub, FakePullRequest, httpx.Client]]:
    """A fake with acme/papers#214, and a client with its token."""
    with FakeGitHub(enterprise=enterprise) as github:
        pull = github.pull_request("acme/papers", 214, patch=patch, **more)
        with httpx.Client(base_url=github.api_url, headers={"authorization": f"Bearer {github.token}"}) as client:
            yield github, pull, client
