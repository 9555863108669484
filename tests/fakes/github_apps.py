"""What an App asks GitHub for itself, and with the tokens of its installations: the REST operations of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.fakes.github_answers import Answers
from tests.fakes.github_app import SLUG, FakeApp, FakeDelivery
from tests.fakes.github_calls import Answer, Refused, not_found
from tests.fakes.github_description import Operation
from tests.fakes.github_state import GitHubState
from tests.fakes.github_traffic import Received, Token

_PER_PAGE = 30
AS_APP = {
    "apps/get-authenticated",
    "apps/create-installation-access-token",
    "apps/list-installations",
    "apps/get-repo-installation",
    "apps/list-webhook-deliveries",
    "apps/redeliver-webhook-delivery",
}
OF_INSTALLATION = "apps/list-repos-accessible-to-installation"


class AppOperations:
    """Carries them out for an App that has proved who it is."""

    def __init__(self, state: GitHubState, app: FakeApp) -> None:
        self._state = state
        self._app = app
        self._handlers: Mapping[str, Callable[[Operation, Received, Answers], Answer]] = {
            "apps/get-authenticated": lambda _o, _r, answers: Answer(body=app.described(answers.web)),
            "apps/create-installation-access-token": self._token,
            "apps/list-installations": self._installations,
            "apps/get-repo-installation": self._installation_of,
            "apps/list-webhook-deliveries": self._deliveries,
            "apps/redeliver-webhook-delivery": self._deliver_again,
        }

    def carry_out(self, operation: Operation, received: Received, answers: Answers) -> Answer:
        try:
            return self._handlers[operation.name](operation, received, answers)
        except Refused as refused:
            return refused.answer

    def _token(self, operation: Operation, _received: Received, _answers: Answers) -> Answer:
        token = self._app.token_for(int(operation.arguments["installation_id"]))
        return Answer(status=201, body=token) if token else not_found().answer

    def _installations(self, _operation: Operation, received: Received, answers: Answers) -> Answer:
        size, page = (int(received.query.get(name, given)) for name, given in (("per_page", _PER_PAGE), ("page", 1)))
        numbers = sorted(self._app.installations)[(page - 1) * size : page * size]
        return Answer(body=[self._installation(number, answers) for number in numbers])

    def _installation_of(self, operation: Operation, _received: Received, answers: Answers) -> Answer:
        name = "{owner}/{repo}".format(**operation.arguments).casefold()
        for number, repositories in self._app.installations.items():
            if name in {each.casefold() for each in repositories}:
                return Answer(body=self._installation(number, answers))
        raise not_found()

    def _installation(self, number: int, answers: Answers) -> dict[str, object]:
        repositories = self._app.installations[number]
        owner = repositories[0].partition("/")[0] if repositories else "acme"
        api = f"{answers.api}/app/installations/{number}"
        return {
            "id": number,
            # The description of the list wants a user who is an enterprise as well; null fits all of it.
            "account": None,
            "access_tokens_url": f"{api}/access_tokens",
            "repositories_url": f"{answers.api}/installation/repositories",
            "html_url": f"{answers.web}/organizations/{owner}/settings/installations/{number}",
            "app_id": 4711,
            "app_slug": SLUG,
            "target_id": answers.user(owner)["id"],
            "target_type": "Organization",
            "permissions": {"checks": "write", "contents": "read", "metadata": "read"},
            "events": ["pull_request"],
            "created_at": self._app.installed_at,
            "updated_at": self._app.installed_at,
            "single_file_name": None,
            "repository_selection": "selected",
            "suspended_by": None,
            "suspended_at": None,
        }

    def _deliveries(self, _operation: Operation, received: Received, answers: Answers) -> Answer:
        """The newest first, by a cursor: https://docs.github.com/en/rest/apps/webhooks ."""
        size = int(received.query.get("per_page", _PER_PAGE))
        first = int(received.query.get("cursor", "v1_0").removeprefix("v1_"))
        newest = list(reversed(self._app.deliveries))
        following = f"{answers.api}{received.path}?per_page={size}&cursor=v1_{first + size}"
        links = {"link": f'<{following}>; rel="next"'} if first + size < len(newest) else {}
        return Answer(body=[_row(each) for each in newest[first : first + size]], headers=links)

    def _deliver_again(self, operation: Operation, _received: Received, _answers: Answers) -> Answer:
        number = int(operation.arguments["delivery_id"])
        if number not in {each.id for each in self._app.deliveries}:
            raise not_found()
        self._app.deliver_again(number)
        return Answer(202, {})


def repositories_of(state: GitHubState, viewer: Token | None, answers: Answers) -> Answer:
    """What the token of an installation may see."""
    if viewer is None or viewer.repositories is None:
        raise Refused(403, "You must authenticate with an installation access token in order to list repositories.")
    seen = [each for each in state.repositories.values() if viewer.sees(each.full_name)]
    body = {
        "total_count": len(seen),
        "repository_selection": "selected",
        "repositories": [answers.repository(each) for each in seen],
    }
    return Answer(body=body)


def _row(delivery: FakeDelivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": delivery.delivered_at,
        "redelivery": delivery.again,
        "duration": 0.1,
        "status": "OK" if delivery.status < 400 else "failed",
        "status_code": delivery.status,
        "event": delivery.event,
        "action": None,
        "installation_id": None,
        "repository_id": None,
        "throttled_at": None,
    }
