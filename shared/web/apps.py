"""Creates the HTTP app of a service. A guard protects each route."""

import copy
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI
from fastapi.params import Form
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import audit
from shared.audit import Action, Result
from shared.auth import access, access_rules
from shared.auth.tokens import Authenticator, Principal, RevocationsUnknown, Revoked, Unauthenticated, cookie_name
from shared.config import Settings
from shared.web import audit_routes
from shared.web.body_limits import FewValues
from shared.web.concurrency import ConcurrentRequests, too_many
from shared.web.metrics import HttpMetrics, metrics
from shared.web.middleware import OutermostMiddleware
from shared.web.problems import HANDLERS, Problem, answered, unauthenticated
from shared.web.refusals import Refusals

Readiness = Callable[[], Awaitable[dict[str, bool]]]
Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]

MOUNTS = {"intake": "/intake", "registry": "/registry", "alerts": "/alerts", "console": ""}
MAX_BODY = 64 * 1024  # a route for larger bodies reads its body itself


def create_app(
    service: str,
    settings: Settings,
    *,
    lifespan: Lifespan,
    revocations: Revoked,
    ready: Readiness,
    routers: Iterable[APIRouter] = (),
    routes: Iterable[BaseRoute] = (),
) -> FastAPI:
    """Creates the app. The guard of a route applies the route's rule from `shared.auth.access`.

    Raises KeyError for a route without a rule.
    """
    app = FastAPI(
        title=f"Dayar {service}",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    authenticator = Authenticator(settings.token_public_keys, revocations)
    app.state.settings, app.state.metrics, app.state.measured = settings, CollectorRegistry(), None
    app.state.refusals = Refusals(settings, authenticator)
    plumbing = [Route("/live", live), Route("/ready", readiness(ready)), Route("/metrics", metrics)]
    own = [copy.copy(route) for router in (*routers, audit_routes.routes(service)) for route in router.routes]
    app.router.routes.extend([*plumbing, *map(copy.copy, routes), *own])
    concurrent_requests = ConcurrentRequests()
    for route in app.router.routes:
        _guard(route, MOUNTS[service], authenticator, concurrent_requests, settings.public_url)
    for error, handler in HANDLERS.items():
        app.add_exception_handler(error, handler)
    app.state.edge = partial(
        OutermostMiddleware,
        hosts=settings.hosts,
        metrics=HttpMetrics(app.state.metrics),
        concurrent_requests=concurrent_requests,
        is_https=is_https(settings),
    )
    app.add_middleware(app.state.edge)
    return app


class Guard:
    """Stands before a route. The route gets only requests that the rule allows."""

    def __init__(
        self,
        app: ASGIApp,
        path: str,
        rules: dict[str, access_rules.AccessRule],
        authenticator: Authenticator,
        concurrent_requests: ConcurrentRequests,
        public_url: str,
    ) -> None:
        self.app, self.path, self.rules = app, path, rules
        self.authenticator, self.concurrent_requests, self.public_url = authenticator, concurrent_requests, public_url
        self.cookie = cookie_name(public_url)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["dayar.route"] = self.path
        return self.chosen(scope)(scope, receive, send)

    def chosen(self, scope: Scope) -> ASGIApp:
        """Returns the route's app, or an app that refuses the request."""
        rule = self.rules.get(scope["method"])
        if rule is None or rule.is_public:  # the route answers 405 to an unknown method
            return self.app
        connection = HTTPConnection(scope)
        try:
            self.admit(connection, rule)
        except Unauthenticated:
            return turned_away(scope, rule)
        except RevocationsUnknown:
            return answered(connection, revocations_unknown())
        except Problem as problem:
            return refused(connection, problem)
        return self.app

    def admit(self, connection: HTTPConnection, rule: access_rules.AccessRule) -> None:
        principal = self.authenticator.authenticate(
            connection,
            cookie=self.cookie,
            takes_expired=rule.takes_expired,
            takes_readmitted=rule.takes_readmitted,
            takes_unchecked=rule.takes_unchecked,
        )
        if principal.is_cookie:
            self.same_account(connection, principal)
            if connection.scope["method"] not in ("GET", "HEAD"):
                self.same_origin(connection)
        if not self.concurrent_requests.enter_account(connection.scope, principal.account):
            raise too_many()
        connection.scope["principal"] = principal
        connection.scope["dayar.revocations_since"] = self.authenticator.revocations_since
        if principal.roles.isdisjoint(rule.roles):
            raise Problem(403, "forbidden", "This account's roles do not allow this.")

    def same_account(self, connection: HTTPConnection, principal: Principal) -> None:
        """Refuses a page of another account: since the page was loaded, somebody may have signed in on this browser."""
        own = str(principal.account)
        if connection.headers.get("dayar-account", own) != own:
            raise Unauthenticated

    def same_origin(self, connection: HTTPConnection) -> None:
        """Refuses a request that does not come from a page of this installation (CSRF)."""
        if connection.headers.get("sec-fetch-site") == "same-origin":
            return
        if connection.headers.get("origin") == self.public_url:
            return
        raise Problem(
            403, "cross-origin", "A request with a session cookie is taken only from this installation's own pages."
        )


def refused(connection: HTTPConnection, problem: Problem) -> ASGIApp:
    """Returns an app that answers with the problem, and adds an audit entry about the refused request."""
    entry = audit.entry_of(connection, Action.REQUESTED, result=Result.REFUSED, reason=problem.kind)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await audit.write(getattr(connection.app.state, "sessions", None), entry)
        await answered(connection, problem)(scope, receive, send)

    return answer


def turned_away(scope: Scope, rule: access_rules.AccessRule) -> Response:
    if rule.is_page:
        query = scope["query_string"].decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/sign-in?next={quote(target)}", HTTPStatus.SEE_OTHER)
    return unauthenticated().response()


def revocations_unknown() -> Problem:
    title = "It is not known yet which accounts were signed out or disabled. Reports are taken; try again later."
    return Problem(503, "access-unknown", title, headers={"retry-after": "5"})


async def live(_: Request) -> Response:
    return JSONResponse({"status": "live"})


def readiness(ready: Readiness) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        dependencies = await ready()
        return JSONResponse(
            {"status": "ready" if all(dependencies.values()) else "not ready", "dependencies": dependencies},
            200 if all(dependencies.values()) else 503,
        )

    return answer


def is_https(settings: Settings) -> bool:
    return settings.public_url.startswith("https:")


def _guard(
    route: BaseRoute, mount: str, authenticator: Authenticator, concurrent_requests: ConcurrentRequests, public_url: str
) -> None:
    if not isinstance(route, Route | Mount):
        raise TypeError(f"a {type(route).__name__} cannot be guarded")
    methods = (getattr(route, "methods", None) or {"GET"}) - {"HEAD"}
    rules = {method: access.ROUTES[f"{method} {mount}{route.path}"] for method in methods}
    if "GET" in rules:
        rules["HEAD"] = rules["GET"]
    app = FewValues(route.app) if reads_json(route) else route.app
    route.app = Guard(app, mount + route.path, rules, authenticator, concurrent_requests, public_url)


def reads_json(route: BaseRoute) -> bool:
    body = route.body_field if isinstance(route, APIRoute) else None
    return body is not None and not isinstance(body.field_info, Form)
