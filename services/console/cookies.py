"""The session's cookie: the token itself, out of reach of scripts and other sites."""

from starlette.responses import Response

from shared.auth import Principal
from shared.config import Settings
from shared.http import is_https


def put(response: Response, token: str, principal: Principal, settings: Settings) -> None:
    response.set_cookie(
        name(settings), token, max_age=principal.expires_at - principal.issued_at,
        path="/", secure=is_https(settings), httponly=True, samesite="strict",
    )  # fmt: skip


def drop(response: Response, settings: Settings) -> None:
    response.delete_cookie(name(settings), path="/", secure=is_https(settings), httponly=True, samesite="strict")


def name(settings: Settings) -> str:
    """`__Host-` needs Secure, which plain http on the loopback has not."""
    return "__Host-session" if is_https(settings) else "session"
