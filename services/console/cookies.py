"""The session's cookie: the token itself, out of reach of scripts and other sites."""

from starlette.responses import Response

from shared.auth import Principal, cookie_name
from shared.config import Settings
from shared.http import is_https


def put(response: Response, token: str, principal: Principal, settings: Settings) -> None:
    response.set_cookie(
        cookie_name(settings.public_url), token, max_age=principal.expires_at - principal.issued_at,
        path="/", secure=is_https(settings), httponly=True, samesite="strict",
    )  # fmt: skip


def drop(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        cookie_name(settings.public_url), path="/", secure=is_https(settings), httponly=True, samesite="strict"
    )
