"""What the service counts, for Prometheus. Each process counts what it did itself; sums are made where they are read.

Source: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.core.messages import Usage

CONTENT_TYPE = CONTENT_TYPE_LATEST
_FEEDBACK_SECONDS = (1, 2, 5, 10, 20, 30, 60, 120, 300)
_POST_SECONDS = (10, 20, 30, 60, 90, 120, 180, 300, 600, 1_800)
# What GitHub sends that is read here; anybody may send a name.
_EVENTS = frozenset(
    {
        "pull_request",
        "issue_comment",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "check_run",
        "installation",
        "installation_repositories",
        "ping",
    }
)


class Metrics:
    """The counters of one process. Threads may share it."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._webhooks = Counter(
            "plumbline_webhooks", "Deliveries, by event and the status they were answered with.", ("event", "status"),
            registry=registry,
        )  # fmt: skip
        self._depth = Gauge(
            "plumbline_queue_jobs", "Jobs that are not done, by their state.", ("state",), registry=registry
        )
        self._age = Gauge(
            "plumbline_queue_age_seconds", "How long the oldest job that is due has been waiting.", registry=registry
        )
        self._reviews = Counter(
            "plumbline_reviews", "Reviews, by how they ended and why.", ("outcome", "reason"), registry=registry
        )
        self._feedback = Histogram(
            "plumbline_first_feedback_seconds", "From the delivery to the check run that says that it is read.",
            buckets=_FEEDBACK_SECONDS, registry=registry,
        )  # fmt: skip
        self._posted = Histogram(
            "plumbline_post_seconds", "From the delivery to the posted review.",
            buckets=_POST_SECONDS, registry=registry,
        )  # fmt: skip
        self._requests = Counter(
            "plumbline_model_requests", "Requests to the model, by how they ended.", ("model", "ending"),
            registry=registry,
        )  # fmt: skip
        self._tokens = Counter(
            "plumbline_model_tokens", "Tokens, by kind: input, cached, output.", ("model", "kind"), registry=registry
        )
        self._dollars = Counter(
            "plumbline_model_dollars", "What they cost, in US dollars.", ("model",), registry=registry
        )
        self._retries = Counter(
            "plumbline_retries", "What was tried again: requests to the model, whole reviews.", ("what",),
            registry=registry,
        )  # fmt: skip
        self._fallbacks = Counter(
            "plumbline_posting_fallbacks", "What GitHub would not take as it was, and was posted otherwise.",
            registry=registry,
        )  # fmt: skip
        self._left = Gauge(
            "plumbline_github_requests_left", "What GitHub allows until its limit is reset.",
            ("installation", "resource"), registry=registry,
        )  # fmt: skip
        self._seen = Gauge(
            "plumbline_last_success_timestamp_seconds", "When GitHub and the model last answered.", ("system",),
            registry=registry,
        )  # fmt: skip

    def webhook(self, event: str, status: int) -> None:
        """A delivery was answered."""
        self._webhooks.labels(event if event in _EVENTS else "other", str(status)).inc()

    def queue(self, states: Mapping[str, int], age: float) -> None:
        """How many jobs are in each state, and for how many seconds the oldest that is due has waited."""
        for state, jobs in states.items():
            self._depth.labels(state).set(jobs)
        self._age.set(age)

    def review(self, outcome: str, reason: str) -> None:
        """A review ended."""
        self._reviews.labels(outcome, reason).inc()

    def feedback(self, seconds: float) -> None:
        """The pull request shows that it is read."""
        self._feedback.observe(max(0.0, seconds))

    def posted(self, seconds: float) -> None:
        """The review stands there."""
        self._posted.observe(max(0.0, seconds))

    def answered(self, model: str, usage: Usage, dollars: float) -> None:
        """A request to the model was answered."""
        self._requests.labels(model, "answered").inc()
        self._tokens.labels(model, "input").inc(usage.total_input - usage.cache_read)
        self._tokens.labels(model, "cached").inc(usage.cache_read)
        self._tokens.labels(model, "output").inc(usage.output_tokens)
        self._dollars.labels(model).inc(dollars)

    def failed(self, model: str) -> None:
        """A request to the model came to nothing."""
        self._requests.labels(model, "failed").inc()

    def retried(self, what: str) -> None:
        """A `request` or a `review` is tried again."""
        self._retries.labels(what).inc()

    def fallback(self, times: int) -> None:
        """So much was posted otherwise than it was meant to be."""
        self._fallbacks.inc(times)

    def left(self, installation: int, resource: str, requests: int) -> None:
        """So many requests to GitHub are left."""
        self._left.labels(str(installation), resource).set(requests)

    def seen(self, system: str, at: float) -> None:
        """`github` or the `model` answered, at so many seconds since 1970."""
        self._seen.labels(system).set(at)

    def last_seen(self, system: str) -> float:
        """When it last answered, 0 where it has not yet."""
        return self._registry.get_sample_value("plumbline_last_success_timestamp_seconds", {"system": system}) or 0.0

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
