"""The files of a commit as a whole, and issues: what a review looks at around a change."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping

from tests.fakes.github_calls import JSON, Answer, Call, Refused, not_found
from tests.fakes.github_repository import CREATED, blob_id, made_up_sha
from tests.fakes.github_state import GitHubState

DOWNLOADS = "/_codeload/"
"""Where archives are: on github.com that is another host, which takes the right to read out of the address."""

_RIGHT = "right-to-read"


class ArchiveOperations:
    """Serves archives, listings and issues."""

    def __init__(self, state: GitHubState) -> None:
        self._state = state
        self.handlers: Mapping[str, Callable[[Call], Answer]] = {
            "repos/download-tarball-archive": self._archive,
            "git/get-tree": self._listing,
            "issues/get": self._issue,
        }

    def _archive(self, call: Call) -> Answer:
        """Any ref is sent on; that it is not there is found out behind the address.

        Source: https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar
        """
        place = f"{call.answers.web}{DOWNLOADS}{call.repository.full_name}/{call.arguments['ref']}?token={_RIGHT}"
        return Answer(302, headers={"location": place})

    def _listing(self, call: Call) -> Answer:
        files = self._state.commit_files(call.repository, call.arguments["tree_sha"])
        if files is None:
            raise not_found()
        rows = [
            {
                "path": path,
                "mode": "100644",
                "type": "blob",
                "sha": blob_id(content),
                "size": len(content),
                "url": f"{call.answers.api}/repos/{call.repository.full_name}/git/blobs/{blob_id(content)}",
            }
            for path, content in sorted(files.items())
        ]
        return Answer(body={"sha": made_up_sha(call.address), "url": call.address, "tree": rows, "truncated": False})

    def _issue(self, call: Call) -> Answer:
        number = call.number("issue_number")
        if number not in call.repository.issues:
            raise not_found()
        title, body = call.repository.issues[number]
        return Answer(body=_issue_row(call, number, title, body))


def download(state: GitHubState, path: str, token: str, *, authorized: bool, problems: list[str]) -> Answer:
    """What stands behind the address of an archive: a tar with one folder around all files."""
    if authorized:
        problems.append("the token went along to where GitHub redirects")
    full_name, _, ref = path.removeprefix(DOWNLOADS).rpartition("/")
    repository = state.repository(full_name)
    files = state.commit_files(repository, ref) if repository else None
    if files is None or token != _RIGHT:
        return Refused(404, "Not Found").answer
    around = f"{full_name.replace('/', '-')}-{ref[:7]}"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{around}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return Answer(body=packed.getvalue(), media="application/x-gzip")


def _issue_row(call: Call, number: int, title: str, body: str) -> JSON:
    api = f"{call.answers.api}/repos/{call.repository.full_name}"
    url = f"{api}/issues/{number}"
    return {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{call.answers.web}/{call.repository.full_name}/issues/{number}",
        "id": 3_000_000_000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": title,
        "body": body,
        "user": call.answers.user(call.repository.owner),
        "labels": [],
        "state": "open",
        "locked": False,
        "assignee": None,
        "milestone": None,
        "comments": 0,
        "created_at": CREATED,
        "updated_at": CREATED,
        "closed_at": None,
    }
