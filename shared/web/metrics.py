"""The Prometheus metrics of a service. Each app has a separate registry of metrics.

The metrics contain no personal data.
"""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from shared.messaging.metrics import REGISTRY


class HttpMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter("http_requests_total", "Requests answered.", ["route", "status"], registry=registry)
        self.seconds = Histogram("http_request_seconds", "Time to the answer.", ["route"], registry=registry)
        self._requests: dict[tuple[str, int], Counter] = {}
        self._seconds: dict[str, Histogram] = {}

    def observe(self, route: str, status: int, seconds: float) -> None:
        counter = self._requests.get((route, status))
        if counter is None:
            counter = self._requests[route, status] = self.requests.labels(route, str(status))
        counter.inc()
        histogram = self._seconds.get(route)
        if histogram is None:
            histogram = self._seconds[route] = self.seconds.labels(route)
        histogram.observe(seconds)


async def metrics(request: Request) -> Response:
    if (measured := request.app.state.measured) is not None:
        await measured.refresh()
    worker = generate_latest(REGISTRY)  # the metrics of a worker in this process
    return Response(generate_latest(request.app.state.metrics) + worker, media_type=CONTENT_TYPE_LATEST)
