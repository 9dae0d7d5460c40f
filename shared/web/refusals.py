"""How a service says no to a person: a page in the reader's language, with the way on."""

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

    def page(self, asked: HTTPConnection, problem: Problem) -> Response:
        """An address that no route has was asked of nobody in particular: its page has the reader's navigation all the same."""
        if "principal" not in asked.scope:
            with suppress(Unauthenticated, RevocationsUnknown):
                asked.scope["principal"] = self._authenticator.authenticate(asked, cookie=self._cookie)
        return self.pages.render(
            asked,
            "refused.html",
            status=problem.status,
            headers=problem.headers,
            kind=problem.kind,
            title=problem.content["title"],
        )
