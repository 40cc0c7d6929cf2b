"""Figures about the web edge for Prometheus. Names of operations, never ids: the number of series stays small."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)


class WebMetrics:
    """What is counted here, in the registry everybody else counts in too."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the series."""
        self._registry = registry
        self._requests = Counter(
            "caruso_web_requests_total", "Requests answered", ["method", "path", "status"], registry=registry
        )
        self._seconds = Histogram(
            "caruso_web_request_seconds", "Time to the answer", ["path"], buckets=_BUCKETS, registry=registry
        )
        self.sockets = Gauge("caruso_web_sockets", "Open WebSockets", ["kind"], registry=registry)
        self.views_skipped = Counter(
            "caruso_web_views_skipped_total", "Views a slow browser never saw", ["kind"], registry=registry
        )

    def answered(self, request: web.Request, status: int, seconds: float) -> None:
        """Count an answered request."""
        resource = request.match_info.route.resource
        path = resource.canonical if resource is not None else "-"
        self._requests.labels(request.method if request.method in _METHODS else "-", path, str(status)).inc()
        if status != _SWITCHING:
            self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return everything in the registry as Prometheus reads it."""
        return generate_latest(self._registry)


_SWITCHING = 101
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
