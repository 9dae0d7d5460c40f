"""The cookies of the session and of the browser.

The session's cookie contains the session's token. The browser's cookie lasts a year and shows that the account has used
the browser before. Both cookies are HttpOnly and SameSite=Strict.
"""

import secrets

from starlette.requests import HTTPConnection
from starlette.responses import Response

from shared.auth.tokens import Principal, cookie_name
from shared.config import Settings
from shared.web.apps import is_https

BROWSER, PLAIN_BROWSER = "__Host-browser", "browser"
YEAR_S = 365 * 86_400
LONGEST_MARK = 100


def put(response: Response, token: str, principal: Principal, settings: Settings) -> None:
    response.set_cookie(
        cookie_name(settings.public_url),
        token,
        max_age=principal.expires_at - principal.issued_at,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="strict",
    )


def drop(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        cookie_name(settings.public_url), path="/", secure=is_https(settings), httponly=True, samesite="strict"
    )


def browser_of(connection: HTTPConnection, settings: Settings) -> str | None:
    """Returns the browser's mark, or None if nobody has signed in on the browser."""
    mark = connection.cookies.get(_browser_cookie(settings))
    return mark if mark and len(mark) <= LONGEST_MARK else None


def put_browser(response: Response, mark: str, settings: Settings) -> None:
    response.set_cookie(
        _browser_cookie(settings),
        mark,
        max_age=YEAR_S,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="strict",
    )


def draw_browser() -> str:
    return secrets.token_urlsafe()


def _browser_cookie(settings: Settings) -> str:
    return BROWSER if is_https(settings) else PLAIN_BROWSER
