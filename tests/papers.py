"""The example as a pull request on the fake GitHub, and what a good reader finds in it."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakePullRequest
from tests.repository import CHECKOUT
from tests.scripted_reviewer import Says

TITLE = "Add share links to documents"
BODY = """Members can share a document by a secret link, with a passcode if they like. Guests go away: who was one
becomes a viewer.

Links expire after 90 days at the latest, and can be revoked at any time."""

FINDINGS = (
    Says(
        "papers/links.py",
        "    cache.forget(f\"link:{link['id']}\")",
        "A revoked link still opens the document",
        first='    db.run("UPDATE share_links SET revoked_at = now() WHERE id = %s", (link["id"],))',
        severity="critical",
        category="security",
        body="`revoke()` forgets the cache entry by `id`, but `resolve()` stores and reads it by `token`.",
        scenario="a link was opened once and is then revoked, visitors keep reading until the entry expires",
        confidence=0.95,
        suggestion='    db.run("UPDATE share_links SET revoked_at = now() WHERE id = %s", (link["id"],))\n'
        "    cache.forget(f\"link:{link['token']}\")",
    ),
    Says(
        "papers/links.py",
        '    where = ["l.revoked_at IS NULL"]',
        "An owner's list shows the links of every workspace",
        category="security",
        body="Nothing in the query compares `workspace_id`; only who is no owner is limited to the own links.",
        scenario="an owner of one workspace opens the list of links, titles and ids of all other workspaces are in it",
        confidence=0.9,
    ),
    Says(
        "papers/links.py",
        '        {"member": member["id"], "size": PAGE_SIZE, "skip": page * PAGE_SIZE},',
        "The first page leaves out the newest links",
        body="Pages count from 1 (`asked_page`), so `page * PAGE_SIZE` skips the first twenty rows.",
        scenario="a member asks for the first page, the twenty newest links are on no page at all",
        confidence=0.7,
        suggestion='        {"member": member["id"], "size": PAGE_SIZE, "skip": (page - 1) * PAGE_SIZE},',
    ),
    Says(
        "papers/permissions.py",
        '    if document["locked"] and wanted != "viewer" and member["role"] != "owner":',
        "Editors can change locked documents",
        side="LEFT",
        category="security",
        body="The check of `locked` was removed together with the guests, and nothing replaces it.",
        scenario="an owner has locked a document and an editor saves it, the change is written",
        confidence=0.9,
    ),
    Says(
        "counter/tally.go",
        "\tt.links[id]++",
        "Counting a link races with taking the counts",
        category="concurrency",
        severity="medium",
        body="`addLink` writes the map without the lock that `take` and `addDocument` hold.",
        scenario="a link is opened while the counts are taken, the process ends with a concurrent map write",
    ),
    Says(
        "web/src/share.ts",
        "  const wish: LinkWish = { expires: Math.floor((now + stays * DAY) / 1000) };",
        "A link for a week is open for ten minutes",
        body="`now` counts milliseconds, `stays * DAY` seconds.",
        scenario="a member asks for a link that lasts 7 days, it expires after 10 minutes",
        suggestion="  const wish: LinkWish = { expires: Math.floor(now / 1000) + stays * DAY };",
    ),
    Says(
        "docs/sharing.md",
        "# Share links",
        "The page does not say who may revoke a link",
        severity="low",
        category="maintenance",
        body="Editors can revoke links of others, which the page leaves open.",
        scenario="an editor looks for the rule, it is not there",
        confidence=0.2,
    ),
)

SUMMARIES = {
    "papers/links.py": "makes, lists, resolves and revokes share links",
    "papers/public.py": "serves a document to visitors with a link, asks for its passcode",
    "papers/api.py": "routes to make, list and revoke links and to fetch their QR code; guests are gone",
    "papers/permissions.py": "drops the rules for guests and for locked documents",
    "papers/notify.py": "mails the address of a new link",
    "papers/guests.py": "the accounts that could read single documents are gone",
    "migrations/0003_share_links.sql": "adds share_links, turns guests into viewers",
    "web/src/share.ts": "the form that asks for a link and shows it",
}


@cache
def patch() -> bytes:
    """What the example's branch changes, as git says it."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "papers"
        script = CHECKOUT / "examples" / "make_repository.py"
        subprocess.run((sys.executable, script, target), check=True, capture_output=True)
        command = ("git", "diff", "--find-renames", "--unified=3", "main...share-links")
        return subprocess.run(command, cwd=target, check=True, capture_output=True).stdout


def opened(github: FakeGitHub) -> FakePullRequest:
    """The pull request acme/papers#214."""
    return github.pull_request(
        "acme/papers",
        214,
        patch=patch(),
        title=TITLE,
        body=BODY,
        head_ref="share-links",
        messages=("Add share links", "Drop the guests", "Ask for a link in the browser"),
    )
