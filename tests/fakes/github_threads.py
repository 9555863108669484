"""The REST operations on what already stands: comments on lines and their replies, reviews, the pull request itself.

Where no source is named for words of a refusal they are guessed; that GitHub refuses is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.fakes.github_calls import MOST_CHARACTERS, Answer, Call, Refused, not_found
from tests.fakes.github_posts import Reaction, Review, ReviewComment
from tests.fakes.github_pull import FakePullRequest
from tests.fakes.github_state import GitHubState

_MOST_TITLE = 256
_BASE_ROLES = {"maintain": "write", "triage": "read"}


class ThreadOperations:
    """`handlers` are the operations by their names in GitHub's description."""

    def __init__(self, state: GitHubState, problems: list[str]) -> None:
        self._state = state
        self._problems = problems
        self.handlers: Mapping[str, Callable[[Call], Answer]] = {
            "pulls/update": self._update_pull_request,
            "pulls/get-review-comment": self._review_comment,
            "pulls/update-review-comment": self._update_review_comment,
            "pulls/delete-review-comment": self._delete_review_comment,
            "pulls/create-reply-for-review-comment": self._reply,
            "reactions/create-for-issue-comment": self._react_to_issue_comment,
            "reactions/create-for-pull-request-review-comment": self._react_to_review_comment,
            "pulls/update-review": self._update_review,
            "pulls/delete-pending-review": self._delete_pending_review,
            "repos/get-collaborator-permission-level": self._permission,
        }

    def _pull(self, call: Call) -> FakePullRequest:
        pull = self._state.pull(call.repository, call.number("pull_number"))
        if pull is None:
            raise not_found()
        return pull

    def _update_pull_request(self, call: Call) -> Answer:
        pull, asked = self._pull(call), call.body or {}
        if "base" in asked:
            self._problems.append("the fake does not change the base of a pull request")
        title, body = asked.get("title", pull.title), asked.get("body", pull.body)
        if not title.strip() or len(title) > _MOST_TITLE or len(body or "") > MOST_CHARACTERS:
            raise Refused(422, "Validation Failed", page="/pulls/pulls#update-a-pull-request")
        pull.title, pull.body, pull.state = title, body, asked.get("state", pull.state)
        head = self._state.repository(pull.head_repository)
        return Answer(body=call.answers.pull_request(pull, head))

    def _react_to_issue_comment(self, call: Call) -> Answer:
        number = call.number("comment_id")
        for pull in self._state.pulls_of(call.repository):
            for comment in pull.issue_comments:
                if comment.id == number:
                    return self._reacted(call, comment.reactions)
        raise not_found()

    def _react_to_review_comment(self, call: Call) -> Answer:
        return self._reacted(call, self._find_comment(call)[2].reactions)

    def _reacted(self, call: Call, reactions: list[Reaction]) -> Answer:
        """The same one twice is one: https://docs.github.com/en/rest/reactions/reactions ."""
        content = call.body["content"]
        name = {"+1": "THUMBS_UP", "-1": "THUMBS_DOWN"}.get(content, content.upper())
        known = next((each for each in reactions if (each.login, each.content) == (call.author, name)), None)
        made = known or Reaction(self._state.counter.id(), call.author, name, self._state.counter.time())
        if known is None:
            reactions.append(made)
        body = {
            "id": made.id,
            "node_id": f"REA_{made.id}",
            "user": call.answers.user(made.login),
            "content": content,
            "created_at": made.created_at,
        }
        return Answer(200 if known else 201, body)

    def _find_comment(self, call: Call) -> tuple[FakePullRequest, Review, ReviewComment]:
        number = call.number("comment_id")
        for pull in self._state.pulls_of(call.repository):
            for review in pull.reviews:
                for comment in review.comments:
                    if comment.id == number:
                        return pull, review, comment
        raise not_found()

    def _review_comment(self, call: Call) -> Answer:
        return Answer(body=call.answers.review_comment(*self._find_comment(call)))

    def _update_review_comment(self, call: Call) -> Answer:
        pull, review, comment = self._find_comment(call)
        self._check_own(call, comment.author)
        _check_body(call.body["body"])
        comment.body, comment.updated_at = call.body["body"], self._state.counter.time()
        return Answer(body=call.answers.review_comment(pull, review, comment))

    def _delete_review_comment(self, call: Call) -> Answer:
        pull, _, comment = self._find_comment(call)
        self._check_own(call, comment.author)
        pull.delete(comment)
        return Answer(204)

    def _reply(self, call: Call) -> Answer:
        """Replies to replies are not supported.

        https://docs.github.com/en/rest/pulls/comments#create-a-reply-for-a-review-comment
        """
        pull, number = self._pull(call), call.number("comment_id")
        first = next((thread.comments[0] for thread in pull.threads if thread.comments[0].id == number), None)
        if first is None:
            raise not_found()
        _check_body(call.body["body"])
        comment = pull.reply(first, call.author, call.body["body"])
        body = call.answers.review_comment(pull, pull.reviews[-1], comment)
        return Answer(201, body, {"location": body["url"]})

    def _find_review(self, call: Call) -> tuple[FakePullRequest, Review]:
        """A pending review is seen by its author only."""
        pull, number = self._pull(call), call.number("review_id")
        for review in pull.reviews:
            if review.id == number and (review.state != "PENDING" or review.author == call.author):
                return pull, review
        raise not_found()

    def _update_review(self, call: Call) -> Answer:
        pull, review = self._find_review(call)
        self._check_own(call, review.author)
        _check_body(call.body["body"])
        review.body = call.body["body"]
        return Answer(body=call.answers.review(pull, review))

    def _delete_pending_review(self, call: Call) -> Answer:
        # https://docs.github.com/en/rest/pulls/reviews#delete-a-pending-review-for-a-pull-request
        pull, review = self._find_review(call)
        if review.state != "PENDING":
            says = "Can not delete a non-pending pull request review"
            raise Refused(422, says, page="/pulls/reviews#delete-a-pending-review-for-a-pull-request")
        pull.reviews.remove(review)
        return Answer(body=call.answers.review(pull, review))

    def _permission(self, call: Call) -> Answer:
        """Who has not the right to push may not ask (https://github.com/yegor256/rultor/issues/1407), but an App may.

        Apps are no users (https://github.com/chdsbd/kodiak/pull/231); a role that GitHub had not at first counts as the
        one below it: https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        login, page = call.arguments["username"], "/collaborators/collaborators"
        if call.viewer is None:
            raise Refused(401, "Requires authentication", page=page)
        if not call.viewer.app and not call.viewer.contents:
            raise Refused(403, "Must have push access to view collaborator permission.", page=page)
        if login.endswith("[bot]"):
            raise Refused(404, f"{login} is not a user", page=page)
        role = call.repository.permission(login)
        ranks = ("pull", "triage", "push", "maintain", "admin")
        reached = ("read", "triage", "write", "maintain", "admin")
        rank = reached.index(role) if role in reached else -1
        user = {
            **call.answers.user(login),
            "permissions": {name: index <= rank for index, name in enumerate(ranks)},
            "role_name": role,
        }
        return Answer(body={"permission": _BASE_ROLES.get(role, role), "role_name": role, "user": user})

    def _check_own(self, call: Call, author: str) -> None:
        """GitHub lets who may write change anybody's words; a review bot must not try."""
        if author != call.author:
            self._problems.append(f"{call.author} tried to change a comment that {author} wrote")
            raise Refused(403, f"Resource not accessible by {call.viewer.kind if call.viewer else 'nobody'}")


def _check_body(body: str) -> None:
    if not body.strip():
        raise Refused(422, "Validation Failed: body can't be blank")
    if len(body) > MOST_CHARACTERS:
        raise Refused(422, f"Validation Failed: body is too long (maximum is {MOST_CHARACTERS} characters)")
