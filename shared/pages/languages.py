"""The reader's language (one of three), and the time zone of all pages."""

from collections.abc import Iterable
from uuid import UUID

from babel import negotiate_locale
from starlette.requests import HTTPConnection
from starlette.responses import Response

LANGUAGES = {"ky": "Кыргызча", "ru": "Русский", "en": "English"}
DEFAULT = "ky"
COOKIE = "lang"  # the reader's choice
ACCOUNT_COOKIE = "account-lang"
LAST_ACCOUNT_COOKIE = "last-account"  # id of the account with the latest sign-in
YEAR_S = 365 * 86_400


def language_of(request: HTTPConnection) -> str:
    """Returns the chosen language, or else a language of Accept-Language, or else Kyrgyz."""
    return chosen(request) or negotiate_locale(_accepted(request), list(LANGUAGES), sep="-") or DEFAULT


def chosen(request: HTTPConnection) -> str | None:
    """Returns the language from `?lang=`, the choice on this browser, or the account's language, in this order."""
    requested = (request.query_params.get("lang"), request.cookies.get(COOKIE), request.cookies.get(ACCOUNT_COOKIE))
    return next((language for language in requested if language in LANGUAGES), None)


def remember(response: Response, language: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, language, max_age=YEAR_S, samesite="lax", secure=secure)


def forget(response: Response, *, secure: bool) -> None:
    """Forgets the choice on this browser, because another person may sign in next."""
    response.delete_cookie(COOKIE, samesite="lax", secure=secure)


def keep_for_next(response: Response, *, secure: bool) -> None:
    """Keeps the language from the sign-in page for the person who signs in next."""
    response.delete_cookie(LAST_ACCOUNT_COOKIE, samesite="lax", secure=secure, httponly=True)


def without_choice(path: str) -> str:
    """Removes `?lang=` from the path, because the person who signs in next may not have chosen this language."""
    before, mark, query = path.partition("?")
    kept = [part for part in query.split("&") if part.partition("=")[0] != COOKIE]
    return before + mark * any(kept) + "&".join(kept)


def remember_account(
    request: HTTPConnection, response: Response, account_id: UUID, language: str | None, *, secure: bool
) -> None:
    """Stores the account's language and the account's id in cookies. `language` is None if the account has no language.

    The language chosen on this browser is deleted in two cases, because another person may have chosen it: the account
    has a language, or the last sign-in was by another account. `keep_for_next` deletes the id of the last account.
    """
    last = request.cookies.get(LAST_ACCOUNT_COOKIE)
    if language or (last and last != str(account_id)):
        forget(response, secure=secure)
    response.set_cookie(
        ACCOUNT_COOKIE, language or "", max_age=YEAR_S if language else 0, samesite="lax", secure=secure
    )
    response.set_cookie(
        LAST_ACCOUNT_COOKIE, str(account_id), max_age=YEAR_S, samesite="lax", secure=secure, httponly=True
    )


def _accepted(request: HTTPConnection) -> list[str]:
    ranges = [part.partition(";") for part in request.headers.get("accept-language", "").split(",")[:20]]
    ranked = sorted(((_quality(options), name.strip()) for name, _, options in ranges), key=lambda pair: -pair[0])
    return [name for quality, name in ranked if quality > 0]


def _quality(options: str) -> float:
    value = options.strip().removeprefix("q=")
    return float(value) if value.replace(".", "", 1).isdigit() and value.isascii() else 1.0


def name_in(language: str, names: Iterable[str | None]) -> str:
    """Returns the name in the language, or else in another language. `names` has the order of LANGUAGES."""
    by_language = dict(zip(LANGUAGES, names, strict=True))
    return by_language[language] or next(filter(None, by_language.values()))
