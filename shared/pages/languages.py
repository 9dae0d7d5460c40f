"""Which of the three languages a person reads, and the time zone their clock shows."""

from zoneinfo import ZoneInfo

from babel import negotiate_locale
from starlette.requests import HTTPConnection

LANGUAGES = {"ky": "Кыргызча", "ru": "Русский", "en": "English"}
DEFAULT = "ky"
COOKIE = "lang"
TIMEZONE = ZoneInfo("Asia/Bishkek")


def language_of(request: HTTPConnection) -> str:
    """`?lang=`, then the cookie it left, then what the browser asks for, then Kyrgyz."""
    return chosen(request) or negotiate_locale(_accepted(request), list(LANGUAGES), sep="-") or DEFAULT


def chosen(request: HTTPConnection) -> str | None:
    """What the reader chose on a page, now or before; a program has chosen nothing."""
    asked = (request.query_params.get("lang"), request.cookies.get(COOKIE))
    return next((language for language in asked if language in LANGUAGES), None)


def _accepted(request: HTTPConnection) -> list[str]:
    ranges = [part.partition(";") for part in request.headers.get("accept-language", "").split(",")[:20]]
    ranked = sorted(((_quality(options), name.strip()) for name, _, options in ranges), key=lambda pair: -pair[0])
    return [name for quality, name in ranked if quality > 0]


def _quality(options: str) -> float:
    value = options.strip().removeprefix("q=")
    return float(value) if value.replace(".", "", 1).isdigit() and value.isascii() else 1.0
