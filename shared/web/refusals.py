"""The page of a refused request: the reason in the person's language, and links to go on."""

from contextlib import suppress

from starlette.requests import HTTPConnection
from starlette.responses import Response

from shared.auth.tokens import Authenticator, RevocationsUnknown, Unauthenticated, cookie_name
from shared.config import Settings
from shared.pages import catalogs
from shared.pages.pages import HERE, Pages
from shared.web.problems import Problem


class Refusals:
    def __init__(self, settings: Settings, authenticator: Authenticator) -> None:
        self._authenticator, self._cookie = authenticator, cookie_name(settings.public_url)
        self.pages = Pages("shared", HERE / "templates", catalogs.SHARED, settings)

    def page(self, request: HTTPConnection, problem: Problem) -> Response:
        """Renders the page. For an unknown path, no guard has authenticated the reader, so this function does."""
        if "principal" not in request.scope:
            with suppress(Unauthenticated, RevocationsUnknown):
                request.scope["principal"] = self._authenticator.authenticate(request, cookie=self._cookie)
        return self.pages.render(
            request,
            "refused.html",
            status=problem.status,
            headers=problem.headers,
            kind=problem.kind,
            title=problem.content["title"],
        )
