"""How a service says no to a person: a page in the reader's language, with the way on."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from shared.config import Settings
from shared.pages import catalogs
from shared.pages.pages import HERE, Pages
from shared.problems import Problem


class Refusals:
    def __init__(self, settings: Settings) -> None:
        self.pages = Pages("shared", HERE / "templates", catalogs.SHARED, settings)

    def page(self, asked: HTTPConnection, problem: Problem) -> Response:
        return self.pages.render(
            asked, "refused.html", status=problem.status, headers=problem.headers, kind=problem.kind, title=problem.content["title"],
        )  # fmt: skip
