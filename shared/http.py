"""How every service speaks HTTP: problems, the guard in front of each route, and the headers a browser needs."""

import copy
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import access, log
from shared.auth import Authenticator, Unauthenticated, cookie_name
from shared.config import Settings
from shared.faults import PartAtFault
from shared.metrics import HttpMetrics, metrics

logger = log.get()

Readiness = Callable[[], Awaitable[dict[str, bool]]]
Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]

MOUNTS = {"intake": "/intake", "registry": "/registry", "alerts": "/alerts", "console": ""}
MAX_BODY = 1024 * 1024  # a route that takes more reads its body itself, within its own limit
CSP = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


class Problem(Exception):
    """Answered as `application/problem+json` (RFC 9457); `kind` is the stable end of its type."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        *,
        detail: str | None = None,
        errors: Sequence[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(kind)
        self.status, self.headers = status, headers
        content = {"type": f"urn:dayar:problem:{kind}", "title": title, "status": status, "detail": detail, **more}
        self.content = {name: value for name, value in content.items() if value is not None}
        if errors:
            self.content["errors"] = list(errors)

    def response(self) -> Response:
        return JSONResponse(self.content, self.status, headers=self.headers, media_type="application/problem+json")


def create_app(
    service: str,
    settings: Settings,
    *,
    lifespan: Lifespan,
    authenticator: Authenticator,
    ready: Readiness,
    routers: Iterable[APIRouter] = (),
    routes: Iterable[BaseRoute] = (),
) -> FastAPI:
    """An app whose every route stands behind the rule of `shared.access`; one without a rule raises here, at start."""
    app = FastAPI(
        title=f"Dayar {service}", lifespan=lifespan, docs_url=None, redoc_url=None, max_body_size=MAX_BODY,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )  # fmt: skip
    app.state.settings, app.state.metrics = settings, CollectorRegistry()
    plumbing = [Route("/live", live), Route("/ready", readiness(ready)), Route("/metrics", metrics)]
    own = [copy.copy(route) for router in routers for route in router.routes]
    app.router.routes.extend([*plumbing, *map(copy.copy, routes), *own])
    for route in app.router.routes:
        _guard(route, MOUNTS[service], authenticator, settings.public_url)
    for error, handler in HANDLERS.items():
        app.add_exception_handler(error, handler)
    app.state.edge = partial(
        Edge, hosts=settings.hosts, metrics=HttpMetrics(app.state.metrics), is_https=is_https(settings)
    )
    app.add_middleware(app.state.edge)
    return app


class Guard:
    """Lets in whom the route's rule names: deny, then allow."""

    def __init__(
        self, app: ASGIApp, path: str, rules: dict[str, access.Rule], authenticator: Authenticator, public_url: str
    ) -> None:
        self.app, self.path, self.rules = app, path, rules
        self.authenticator, self.public_url = authenticator, public_url
        self.cookie = cookie_name(public_url)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["dayar.route"] = self.path
        return self.chosen(scope)(scope, receive, send)

    def chosen(self, scope: Scope) -> ASGIApp:
        """The route's own app, or what turns the caller away."""
        rule = self.rules.get(scope["method"])
        if rule is None or rule.is_public:  # without a rule the route itself answers 405
            return self.app
        try:
            self.admit(HTTPConnection(scope), rule)
        except Unauthenticated:
            return turned_away(scope, rule)
        except Problem as problem:
            return problem.response()
        return self.app

    def admit(self, connection: HTTPConnection, rule: access.Rule) -> None:
        principal = self.authenticator.authenticate(connection, cookie=self.cookie, takes_expired=rule.takes_expired)
        if principal.is_cookie and connection.scope["method"] not in ("GET", "HEAD"):
            self.same_origin(connection)
        if principal.roles.isdisjoint(rule.roles):
            raise Problem(403, "forbidden", "This account's roles do not allow this.")
        connection.scope["principal"] = principal

    def same_origin(self, connection: HTTPConnection) -> None:
        """A cookie travels by itself: what changes something must come from our own pages."""
        if connection.headers.get("sec-fetch-site") == "same-origin":
            return
        if connection.headers.get("origin") == self.public_url:
            return
        raise Problem(
            403, "cross-origin", "A request with a session cookie is taken only from this installation's own pages."
        )


class Edge:
    """The outermost layer: trusted hosts, headers, metrics, and the last word on an error nobody expected."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], metrics: HttpMetrics, is_https: bool) -> None:
        self.app, self.hosts, self.metrics = app, frozenset(hosts), metrics
        self.headers = security_headers(is_https=is_https)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        if host_of(scope) not in self.hosts:
            return UNKNOWN_HOST.response()(scope, receive, send)
        return self.serve(scope, receive, send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in self.headers if each[0] not in present)]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            logger.error("request failed", route=route_of(scope), **log.described(error))
            if not status:
                await FAULT.response()(scope, receive, answer)
        finally:
            self.metrics.observe(route_of(scope), status, time.perf_counter() - began)


UNKNOWN_HOST = Problem(421, "unknown-host", "This address does not serve that host name.")
FAULT = Problem(500, "fault", "Something failed on our side; nothing you sent was accepted. Send it again.")


def security_headers(*, is_https: bool) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-security-policy", CSP.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    ]
    return [*headers, (b"strict-transport-security", b"max-age=31536000")] if is_https else headers


def turned_away(scope: Scope, rule: access.Rule) -> Response:
    if rule.is_page:
        return RedirectResponse(f"/sign-in?next={quote(scope['path'])}", HTTPStatus.SEE_OTHER)
    return unauthenticated().response()


def unauthenticated() -> Problem:
    return Problem(
        401, "unauthenticated", "A valid token is expected: sign in again.", headers={"www-authenticate": "Bearer"}
    )


# What pydantic itself would say names a field that nobody knows, or quotes a character of the value.
EXPECTED = {"extra_forbidden": "no such field", "uuid_parsing": "a UUID"}


def field_errors(errors: Iterable[ErrorDetails], known: Iterable[str]) -> list[dict[str, str]]:
    """One entry per wrong field: where, and what was expected; an unknown field's name shows as `?`, a value never."""
    names = frozenset(known)
    return [
        {
            "pointer": "".join(f"/{part if isinstance(part, int) or part in names else '?'}" for part in error["loc"]),
            "expected": EXPECTED.get(error["type"]) or error["msg"].removeprefix("Value error, "),
        }
        for error in errors
    ]


def names_of(model: type[BaseModel]) -> frozenset[str]:
    """All field names within a model: the only names that an answer may quote."""
    schema = model.model_json_schema()
    definitions = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for definition in definitions for name in definition.get("properties", {}))


async def live(_: Request) -> Response:
    return JSONResponse({"status": "live"})


def readiness(ready: Readiness) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        parts = await ready()
        return JSONResponse(
            {"status": "ready" if all(parts.values()) else "not ready", "parts": parts},
            200 if all(parts.values()) else 503,
        )

    return answer


def is_https(settings: Settings) -> bool:
    return settings.public_url.startswith("https:")


def host_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            host: str = value.decode("latin-1")
            return host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return ""


def route_of(scope: Scope) -> str:
    path: str = scope.get("dayar.route", "?")
    return path


def _guard(route: BaseRoute, mount: str, authenticator: Authenticator, public_url: str) -> None:
    if not isinstance(route, Route | Mount):
        raise TypeError(f"a {type(route).__name__} cannot be guarded")
    methods = (getattr(route, "methods", None) or {"GET"}) - {"HEAD"}
    rules = {method: access.ROUTES[f"{method} {mount}{route.path}"] for method in methods}
    if "GET" in rules:
        rules["HEAD"] = rules["GET"]
    route.app = Guard(route.app, mount + route.path, rules, authenticator, public_url)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | ValidationError)
    return Problem(
        422, "invalid", "Some fields are not as expected.", errors=[_entry(each) for each in error.errors()]
    ).response()


def _entry(error: Any) -> dict[str, str]:
    """`pointer` is one into the body: empty where there is no body at all."""
    path = list(error["loc"][1:] if error["loc"][:1] == ("body",) else error["loc"])
    is_unknown = error["type"] == "extra_forbidden"
    if is_unknown:
        path[-1] = "?"
    return {
        "pointer": "".join(f"/{part}" for part in path),
        "expected": "no such field" if is_unknown else error["msg"],
    }


async def _part_away(_: Request, error: Exception) -> Response:
    logger.error("a request needs a part that is away", **log.described(error))
    return Problem(
        503, "part-away", "A part or key that this needs is not here. Nothing is lost; try again later.",
        headers={"retry-after": "5"},
    ).response()  # fmt: skip


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    kind = title.lower().replace(" ", "-")
    return Problem(error.status_code, kind, title, headers=dict(error.headers or {})).response()


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    Problem: _problem,
    PartAtFault: _part_away,
    RequestValidationError: _invalid,
    HTTPException: _http,
}
