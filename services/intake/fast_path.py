"""A fast path for the most used POST routes. The requests pass the usual middleware and guard, but skip FastAPI."""

from collections.abc import Awaitable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from services.intake.counts import REFUSED, Counts


class FastPath:
    def __init__(self, app: ASGIApp, hot: Mapping[str, ASGIApp]) -> None:
        self.app, self.hot = app, hot

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        app = self.app
        if scope["type"] == "http" and scope["method"] == "POST":
            app = self.hot.get(scope["path"].removeprefix(scope["root_path"]), app)
        return app(scope, receive, send)


class PathParameters:
    """Counts a request as refused if the guard has not accepted its credential."""

    def __init__(self, guard: ASGIApp, counts: Counts) -> None:
        self.guard, self.counts = guard, counts

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        served = self.guard(scope, receive, send)
        if "principal" not in scope:
            self.counts.add("unknown", REFUSED)
        return served
