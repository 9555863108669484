"""The pull request that the tests of the page post on, and what Plumbline says there."""

from __future__ import annotations

from bot.core.models import Side
from bot.core.posting import InlineComment, ReviewDraft

NAME = "acme/papers"
HEAD = "a" * 40
PATCH = b"""diff --git a/a.py b/a.py
index 1111111..2222222 100644
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@
 import os
-x = 1
+x = 2
 y = 1
"""
RUN = "0a1b2c3d4e5f"
SUMMARY = "<!-- plumbline:1 abc -->\n## Two findings\n"
REVIEWS = r"/pulls/214/reviews$"
COMMENTS = r"/issues/214/comments$"
GRAPHQL = r"/graphql$"
ID = "0123456789"
ONE = InlineComment("a.py", Side.RIGHT, 2, None, "Why 2?")


def finding(name: str = ID, words: str = "Why 2?") -> str:
    """The body of a comment of ours on a finding."""
    return f"{words}\n<!-- plumbline-finding:1 {name} abcd -->\n"


def draft(*comments: InlineComment, commit: str = HEAD) -> ReviewDraft:
    """A review of ours."""
    return ReviewDraft(commit, RUN, f"One comment.\n<!-- plumbline-run:{RUN} -->", comments)
