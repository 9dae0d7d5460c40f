"""Renders a service's templates in the language and the theme of the reader."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Context
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

from shared.auth.tokens import Principal, Role
from shared.config import Settings
from shared.events.vocabulary import SubmissionChannel
from shared.pages import catalogs, formats
from shared.pages.compiled_templates import CompiledTemplates, at_rendering
from shared.pages.files import PageFiles
from shared.pages.help import help_link
from shared.pages.languages import LANGUAGES, language_of, remember
from shared.pages.navigation import destinations, menu, notices
from shared.pages.reasons import sentence
from shared.pages.terms import TERMS, term

HERE = Path(__file__).parent
THEMES = ("dark", "light")
HEARS_ALERTS = frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.VIEWER})
EXTENSIONS = ("jinja2.ext.i18n", "jinja2.ext.do")
COMPILED = CompiledTemplates()


class Pages:
    def __init__(self, service: str, templates: Path, locales: Path, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        loader = ChoiceLoader([FileSystemLoader(templates), FileSystemLoader(HERE / "templates")])
        self._environments = {language: _environment(loader, language, locales) for language in LANGUAGES}

    def render(
        self,
        request: HTTPConnection,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        language = language_of(request)
        response = HTMLResponse(
            self.text(language, template, **self._around(request, language), **context), status, headers
        )
        response.headers["Content-Language"] = language
        response.headers["Vary"] = "Accept-Language, Cookie"
        response.headers.setdefault("Cache-Control", "no-store")
        if request.query_params.get("lang") == language:
            remember(response, language, secure=request.url.scheme == "https")
        return response

    def text(self, language: str, template: str, **context: Any) -> str:
        return self._environments[language].get_template(template).render(context)

    def gettext(self, language: str, message: str, **values: Any) -> str:
        """Translates a text outside of templates. `values` are inserted without HTML escaping."""
        translated: str = self._environments[language].globals["_plain"](message)  # type: ignore[operator]
        return translated % values if values else translated

    def _around(self, request: HTTPConnection, language: str) -> dict[str, Any]:
        principal = request.scope.get("principal")
        theme = request.cookies.get("theme")
        return {
            "request": request,
            "principal": principal,
            "theme": theme if theme in THEMES else "",
            "here": request.scope["path"],
            "institution": getattr(self.settings, f"institution_{language}"),
            "exercise": self.settings.exercise,
            "revocations_since": request.scope.get("dayar.revocations_since"),
            "destinations": destinations(principal),
            "menu": menu(principal),
            "help": help_link(request.scope["path"]),
            "notices": notices(principal),
            **_session(principal, self.settings),
        }


def _session(principal: Principal | None, settings: Settings) -> dict[str, Any]:
    """Returns facts for scripts: the seconds until the sign-in expires, and two facts about the account.

    The facts say whether the page reports presence, and whether the page plays the sound of alerts.
    """
    if principal is None or principal.channel is not SubmissionChannel.CONSOLE:
        return {"lasts": 0, "counts_as_present": False, "hears_alerts": False}
    return {
        "lasts": max(0, principal.expires_at - int(time.time())),
        "counts_as_present": not principal.roles.isdisjoint(settings.presence_roles),
        "hears_alerts": not principal.roles.isdisjoint(HEARS_ALERTS),
    }


class PageContext(Context):
    """Calls functions and macros of templates directly, without Jinja's test of each function.

    Jinja tests whether a function needs the context. No function of our templates needs the context, and the test takes
    longer than most of our functions. Jinja calls filters in another way.
    """

    def call(self, function: Callable[..., Any], /, *values: Any, **named: Any) -> Any:
        named.pop("_block_vars", None)
        named.pop("_loop_vars", None)
        return function(*values, **named)


def _environment(loader: ChoiceLoader, language: str, locales: Path) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=EXTENSIONS,
        bytecode_cache=COMPILED,
    )
    environment.context_class = PageContext
    texts = catalogs.translations(language, locales)
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= at_rendering(formats.filters(language))
    environment.globals |= {
        **catalogs.template_functions(texts),
        "language": language,
        "languages": LANGUAGES,
        "term": lambda kind, code: term(kind, code, texts.ugettext),
        "terms": lambda kind: {code: texts.ugettext(text) for code, text in TERMS[kind].items()},
        "sentence": lambda reason, figures, places, **more: sentence(reason, figures, language, texts, places, **more),
        "days": lambda: formats.coming_days(language),
        "_plain": texts.ugettext,
    }
    return environment


def static(*folders: Path) -> PageFiles:
    """Serves the shared folder and the service's own folders. A file in the shared folder comes first."""
    files = PageFiles(directory=HERE / "static")
    files.all_directories = [*files.all_directories, *folders]
    return files
