"""A second look at a pull request: whether it moved while it was read, and the files that decide about its review.

With a token that is one GraphQL request. GraphQL is closed to others, who get the same over REST, file by file.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from bot.clients.github.answers import Answered, BlobAnswer, LookAnswer, LookRepository, PullAnswer, read
from bot.clients.github.connection import GitHub
from bot.clients.source import policy_text, touches
from bot.core.change import Change
from bot.core.policy import PolicyTexts
from bot.errors import Rejected

_RAW_TYPE = "application/vnd.github.raw+json"
_ATTRIBUTES = ".gitattributes"
_LARGEST_FILE = 1_000_000
# Where an owner keeps what holds for all repositories, as for GitHub's own templates:
# https://docs.github.com/en/communities/setting-up-your-project-for-healthy-contributions/creating-a-default-community-health-file
_OWNERS = ".github"
_ORGANISATION = "organisation"
# A repository that was given away is not followed: its policy would be another owner's.
_LOOK = """
query($owner: String!, $repo: String!, $number: Int!, $owners: String!, $attributes: String!, $base: String!,
      $default: String!, $proposed: String!, $proposes: Boolean!) {
  repository(owner: $owner, name: $repo) {
    object(expression: $attributes) { ... on Blob { text } }
    base: object(expression: $base) { ... on Blob { text } }
    proposed: object(expression: $proposed) @include(if: $proposes) { ... on Blob { text } }
    pullRequest(number: $number) { headRefOid baseRefName }
  }
  organisation: repository(owner: $owner, name: $owners, followRenames: false) {
    object(expression: $default) { ... on Blob { text } }
  }
}
"""


class _PolicyRepository(LookRepository):
    base: BlobAnswer | None
    proposed: BlobAnswer | None = None


class _Organisation(Answered):
    object: BlobAnswer | None


class _Look(LookAnswer):
    repository: _PolicyRepository
    organisation: _Organisation | None


@dataclass(frozen=True, slots=True)
class Look:
    """What the second look saw: the head, the name of the base branch, the root's attributes, the policy files."""

    head: str
    base: str
    attributes: dict[str, str]
    texts: PolicyTexts


def look(github: GitHub, pull: PullAnswer, change: Change) -> Look:
    """Look again. The attributes are those of the merge base, the policy that of the tip of the base branch."""
    # Its parser comes with it, which the first request does not wait for.
    from bot.core.policy_file import POLICY_PATH  # noqa: PLC0415

    proposes = touches(change.patch, POLICY_PATH)
    reader = _over_graphql if github.known else _over_rest
    return reader(github, pull, change.base, POLICY_PATH, proposes=proposes)


def _over_graphql(github: GitHub, pull: PullAnswer, merge_base: str, path: str, *, proposes: bool) -> Look:
    owner, _, repo = pull.base.repo.full_name.partition("/")
    said = github.query(
        _LOOK,
        pull.about,
        may_lack={_ORGANISATION},
        owner=owner,
        repo=repo,
        number=pull.number,
        owners=_OWNERS,
        attributes=f"{merge_base}:{_ATTRIBUTES}",
        base=f"{_branch(pull)}:{path}",
        default=f"HEAD:{path}",
        proposed=f"{pull.head.sha}:{path}",
        proposes=proposes,
    )
    seen = read(_Look, said, pull.about)
    found, organisation = seen.repository, seen.organisation
    attributes = {_ATTRIBUTES: found.object.text} if found.object and found.object.text else {}
    texts = PolicyTexts(
        organisation=_text(organisation.object) if organisation else None,
        base=_text(found.base),
        proposed=_text(found.proposed),
    )
    return Look(found.pull.head, found.pull.base, attributes, texts)


def _over_rest(github: GitHub, pull: PullAnswer, merge_base: str, path: str, *, proposes: bool) -> Look:
    name, owner = pull.base.repo.full_name, pull.base.repo.full_name.partition("/")[0]
    attributes = _attributes(github, pull, f"{name}/contents/{_ATTRIBUTES}?ref={merge_base}")
    texts = PolicyTexts(
        organisation=_policy(github, pull, f"{owner}/{_OWNERS}/contents/{path}", any_refusal=True),
        base=_policy(github, pull, f"{name}/contents/{path}?ref={quote(_branch(pull), safe='')}"),
        proposed=_policy(github, pull, f"{name}/contents/{path}?ref={pull.head.sha}") if proposes else None,
    )
    again = read(PullAnswer, github.get(f"/repos/{name}/pulls/{pull.number}", pull.about), pull.about)
    return Look(again.head.sha, again.base.ref, {_ATTRIBUTES: attributes} if attributes else {}, texts)


def _branch(pull: PullAnswer) -> str:
    """The base branch by its whole name: git takes a short one for a tag, where there is one of that name.

    Source: https://git-scm.com/docs/gitrevisions#Documentation/gitrevisions.txt-refname
    """
    return f"refs/heads/{pull.base.ref}"


def _attributes(github: GitHub, pull: PullAnswer, path: str) -> str:
    return (_file(github, pull, path, any_refusal=True) or b"").decode("utf-8", "replace")


def _policy(github: GitHub, pull: PullAnswer, path: str, *, any_refusal: bool = False) -> str | None:
    content = _file(github, pull, path, any_refusal=any_refusal)
    return None if content is None else policy_text(content.decode("utf-8", "replace"))


def _file(github: GitHub, pull: PullAnswer, path: str, *, any_refusal: bool) -> bytes | None:
    """A file, None where there is none: or, with `any_refusal`, where GitHub does not give it."""
    try:
        content = github.get_bytes(f"/repos/{path}", pull.about, _RAW_TYPE, _LARGEST_FILE)
    except Rejected as refused:
        if not any_refusal and refused.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    # Blanks say nothing as attributes, and are too many for any policy.
    return b" " * _LARGEST_FILE if content is None else content


def _text(blob: BlobAnswer | None) -> str | None:
    """The text of a policy file; a binary one holds what none can hold, so that it is refused and not passed over."""
    if blob is None:
        return None
    return "\0" if blob.text is None else policy_text(blob.text)
