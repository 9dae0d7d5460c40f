"""The trace context of a request: the caller's `traceparent`, or a new span."""

from starlette.types import Scope

from shared import tracing
from shared.tracing import Attributes, Continued, Phase, Span

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The last segments of paths without traces: health checks are too frequent, and a stream lasts for hours.
UNTRACED = frozenset({"live", "ready", "metrics", "stream"})


class TracedRequest:
    """Sets the trace context of a request until `end`, which must be called in the same task."""

    def __init__(self, scope: Scope) -> None:
        parent = tracing.parent_in(scope["headers"])
        self._method = method_of(scope)
        self._span = self._begun(scope, parent) if tracing.is_on() else None
        self._continued = Continued(parent if self._span is None else self._span.traceparent)
        self._continued.__enter__()

    def _begun(self, scope: Scope, parent: str | None) -> Span | None:
        if scope["path"].rpartition("/")[2] in UNTRACED:
            return None
        return tracing.begin(Phase.REQUEST, self._method, parent, {"http.request.method": self._method})

    def end(self, route: str, status: int, error: BaseException | None) -> None:
        """Ends the span, and names the span after the route's template, because the path may contain ids."""
        self._continued.__exit__(None, None, None)
        if self._span is not None:
            attributes: Attributes = {"http.route": route, "http.response.status_code": status}
            self._span.end(error, name=f"{self._method} {route}", attributes=attributes)


def method_of(scope: Scope) -> str:
    """Returns the method, or `_OTHER` for a method that HTTP does not define.

    A client can send any text as a method.
    """
    method: str = scope["method"]
    return method if method in METHODS else "_OTHER"
