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
    for chosen in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return negotiate_locale(_accepted(request), list(LANGUAGES), sep="-") or DEFAULT


def _accepted(request: HTTPConnection) -> list[str]:
    ranges = [part.partition(";") for part in request.headers.get("accept-language", "").split(",")[:20]]
    ranked = sorted(((_quality(options), name.strip()) for name, _, options in ranges), key=lambda pair: -pair[0])
    return [name for quality, name in ranked if quality > 0]


def _quality(options: str) -> float:
    value = options.strip().removeprefix("q=")
    return float(value) if value.replace(".", "", 1).isdigit() and value.isascii() else 1.0
