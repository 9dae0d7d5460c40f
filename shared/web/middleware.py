"""The outermost middleware of each service: trusted hosts, security headers, metrics and unhandled errors."""

import time
from collections.abc import Awaitable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import log
from shared.failures import is_dependency_unavailable
from shared.web.concurrency import ConcurrentRequests, too_many
from shared.web.metrics import HttpMetrics
from shared.web.problems import Problem, answered, dependency_unavailable
from shared.web.traces import TracedRequest

logger = log.get()

CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
UNKNOWN_HOST = Problem(421, "unknown-host", "This address does not serve that host name.")
FAULT = Problem(500, "fault", "Something failed on our side; nothing you sent was accepted. Send it again.")


class OutermostMiddleware:
    def __init__(
        self,
        app: ASGIApp,
        hosts: tuple[str, ...],
        metrics: HttpMetrics,
        concurrent_requests: ConcurrentRequests,
        *,
        is_https: bool,
    ) -> None:
        self.app, self.hosts, self.metrics, self.concurrent_requests = (
            app,
            frozenset(hosts),
            metrics,
            concurrent_requests,
        )
        self.headers = security_headers(is_https=is_https)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        if host_of(scope) not in self.hosts:
            return UNKNOWN_HOST.response()(scope, receive, send)
        return self.serve(scope, receive, send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status, failure = time.perf_counter(), 0, None
        traced = TracedRequest(scope)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in self.headers if header[0] not in present),
                ]
            await send(message)

        try:
            app = self.app if self.concurrent_requests.enter_address(scope) else too_many().response()
            await app(scope, receive, answer)
        except Exception as error:
            failure = error
            logger.error("request failed", route=route_of(scope), **log.described(error))
            if not status:  # an unavailable dependency gives 503, so that the caller tries again
                problem = dependency_unavailable() if is_dependency_unavailable(error) else FAULT
                await answered(HTTPConnection(scope), problem)(scope, receive, answer)
        finally:
            self.concurrent_requests.leave(scope)
            self.metrics.observe(route_of(scope), status, time.perf_counter() - began)
            traced.end(route_of(scope), status, failure)


def security_headers(*, is_https: bool) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-security-policy", CSP.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    ]
    return [*headers, (b"strict-transport-security", b"max-age=31536000")] if is_https else headers


def host_of(scope: Scope) -> str:
    for header, value in scope["headers"]:
        if header == b"host":
            host: str = value.decode("latin-1")
            name, _, port = host.rpartition(":")
            return name if port.isdecimal() else host
    return ""


def route_of(scope: Scope) -> str:
    path: str = scope.get("dayar.route", "?")
    return path
