"""What the server counts, for Prometheus.

In: what happened. Out: the text that `/metrics` gives. Every server has a registry of its own.
Never: a label that a client can choose (paths are the known routes only).
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from underdog.inference.server.batcher import Pass

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "underdog_requests",
            "Requests by route and HTTP status (499: the client hung up)",
            ("route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "underdog_request_seconds",
            "Seconds from the first byte of a request to the last one of its reply",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter(
            "underdog_tokens", "Tokens read and made", ("kind",), registry=self._registry
        )
        self._passes = Histogram(
            "underdog_pass_jobs",
            "Requests that shared a pass of the model",
            ("kind",),
            buckets=SIZES,
            registry=self._registry,
        )
        self.in_flight = Gauge(
            "underdog_in_flight", "Requests waiting or in work", registry=self._registry
        )
        self.waiting = Gauge(
            "underdog_waiting", "Jobs that no pass has taken yet", registry=self._registry
        )

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request is over."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def tokens(self, prompt: int, made: int) -> None:
        """A reply is over."""
        self._tokens.labels("prompt").inc(prompt)
        self._tokens.labels("completion").inc(made)

    def observe(self, done: Pass) -> None:
        """The model is used."""
        self._passes.labels(done.kind).observe(done.jobs)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
