"""Asks the fake over GraphQL, for the tests of the fake."""

from __future__ import annotations

from typing import Any, TypeAlias

import httpx

from tests.fakes.github import FakeGitHub

JSON: TypeAlias = dict[str, Any]


def asked(github: FakeGitHub, document: str, *, token: str | None = None, **variables: object) -> JSON:
    """The whole answer to a document: `data`, and `errors` where there are any."""
    path = "/api/graphql" if github.api_url.endswith("/api/v3") else "/graphql"
    headers = {"authorization": f"bearer {token or github.token}"}
    with httpx.Client(headers=headers) as client:
        answer = client.post(github.url + path, json={"query": document, "variables": variables})
    said: JSON = answer.json()
    return said


def of_pull(github: FakeGitHub, fields: str, *, token: str | None = None) -> JSON:
    """Fields of acme/papers#214."""
    query = f'{{ repository(owner: "acme", name: "papers") {{ pullRequest(number: 214) {{ {fields} }} }} }}'
    pull: JSON = asked(github, query, token=token)["data"]["repository"]["pullRequest"]
    return pull
