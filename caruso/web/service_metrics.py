"""Figures about services for Prometheus, read from those the manager counts: nothing is counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from caruso.service_manager.figures import BUCKETS
from caruso.web.services_port import Services

_UPPER_ENDS = (*map(str, BUCKETS), "+Inf")


class ServiceMetrics(Collector):
    """Asked each time somebody looks at ``/metrics``."""

    def __init__(self, services: Services, registry: CollectorRegistry) -> None:
        """Show `services` in `registry`."""
        self._services = services
        registry.register(self)

    def describe(self) -> Iterator[Metric]:
        """Name the series without asking anybody."""
        yield from (_calls(), _seconds(), _under_way(), _well())

    def collect(self) -> Iterator[Metric]:
        """Return the figures of this moment."""
        calls, seconds, under_way, well = _calls(), _seconds(), _under_way(), _well()
        for service, operations in self._services.figures().items():
            for operation, figures in operations.items():
                for outcome, count in figures.outcomes.items():
                    calls.add_metric([service, operation, outcome], count)
                so_far = accumulate(figures.histogram)
                seconds.add_metric(
                    [service, operation], list(zip(_UPPER_ENDS, so_far, strict=True)), figures.seconds
                )
        for status in self._services.statuses():
            under_way.add_metric([status.description.name], status.under_way)
            well.add_metric([status.description.name], not status.ailment)
        yield from (calls, seconds, under_way, well)


def _calls() -> CounterMetricFamily:
    labels = ["service", "operation", "outcome"]
    return CounterMetricFamily("caruso_service_calls", "Operations that ended, and how", labels=labels)


def _seconds() -> HistogramMetricFamily:
    labels = ["service", "operation"]
    return HistogramMetricFamily("caruso_service_seconds", "Time an operation took", labels=labels)


def _under_way() -> GaugeMetricFamily:
    return GaugeMetricFamily("caruso_service_under_way", "Operations under way", labels=["service"])


def _well() -> GaugeMetricFamily:
    return GaugeMetricFamily("caruso_service_well", "1 when the service says that it is well", labels=["service"])
