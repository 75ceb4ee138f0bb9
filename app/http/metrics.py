"""Metrics for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one service."""

    def __init__(self, *, depth: Callable[[], float], held: Callable[[], float]) -> None:
        """Count with `depth`, the number of waiting recordings, and `held`, the bytes of uploads in memory."""
        self._registry = registry = CollectorRegistry()
        labels = ("method", "route")
        self._requests = Counter("ser_requests", "Requests by status", (*labels, "status"), registry=registry)
        self._seconds = Histogram(
            "ser_request_seconds",
            "Seconds from the head of a request to its answer",
            labels,
            registry=registry,
            buckets=SECONDS,
        )
        self._audio = Counter("ser_audio_seconds", "Duration of the predicted recordings", registry=registry)
        self._predictions = Counter("ser_predictions", "Predictions by emotion", ("emotion",), registry=registry)
        self.sessions = Gauge("ser_live_sessions", "Live sessions that are open", registry=registry)
        """Live sessions that are open."""
        self.live_seconds = Histogram(
            "ser_live_answer_seconds", "Seconds from live sound to its answer", registry=registry, buckets=SECONDS
        )
        """Seconds from live sound to its answer."""
        Gauge("ser_queue_depth", "Recordings that wait for a process", registry=registry).set_function(depth)
        Gauge("ser_upload_bytes", "Bytes of uploads in memory", registry=registry).set_function(held)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; a method that is not in `METHODS` counts as other, since a client can send any word.

        Examples
        --------
        >>> metrics = Metrics(depth=lambda: 0, held=lambda: 0)
        >>> metrics.observe("GET", "/healthz", 200, 0.01)
        >>> b'ser_requests_total{method="GET",route="/healthz",status="200"} 1.0' in metrics.text()
        True
        """
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def predicted(self, emotion: str, duration: float) -> None:
        """Count a prediction, of a recording of `duration` seconds.

        Examples
        --------
        >>> metrics = Metrics(depth=lambda: 0, held=lambda: 0)
        >>> metrics.predicted("sad", 2.0)
        >>> b'ser_predictions_total{emotion="sad"} 1.0' in metrics.text()
        True
        """
        self._predictions.labels(emotion).inc()
        self._audio.inc(duration)

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus.

        Examples
        --------
        >>> Metrics(depth=lambda: 3, held=lambda: 0).text().splitlines()[-5:-3]
        [b'# TYPE ser_queue_depth gauge', b'ser_queue_depth 3.0']
        """
        return generate_latest(self._registry)
