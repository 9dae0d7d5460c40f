"""Format numbers, dates and times for each language, in Bishkek time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal

from shared.country import ABROAD, COUNTRY, TIME_ZONE

OWN_NAME = "Кыргызстан"
ABROAD_NAMES = {
    "ky": "Чет өлкө, кайсы экени белгисиз",
    "ru": "За границей, страна неизвестна",
    "en": "Abroad, country not known",
}
# the formats that people use in the country; CLDR has others
DAY_AND_MONTH = {"ky": "dd.MM", "ru": "dd.MM", "en": "d MMM"}
LETTERS = str.maketrans({"å": "a", "ё": "е\uffff", "ң": "н\uffff", "ө": "о\uffff", "ү": "у\uffff"})
DAY = {"ky": "dd.MM.y", "ru": "dd.MM.y", "en": "d MMM y"}


@lru_cache(10_000)
def decimal(value: float, pattern: str | None, language: str) -> str:
    """Formats a number. The results are cached: formatting is slow, and a page has thousands of numbers."""
    return format_decimal(value, format=pattern, locale=language)


@lru_cache(10_000)
def day_in(value: date, pattern: str, language: str) -> str:
    """Formats a day. The results are cached, because the days on a page repeat."""
    return format_date(value, pattern, locale=language)


@cache
def filters(language: str) -> dict[str, Callable[..., Any]]:
    locale = Locale.parse(language)  # Babel would parse a language's code for each value

    def number(value: float, digits: int | None = None) -> str:
        pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
        return decimal(value, pattern, language)

    def clock(moment: datetime) -> str:
        return f"{moment.astimezone(TIME_ZONE):%H:%M}"

    def day(value: date) -> str:
        local = value.astimezone(TIME_ZONE).date() if isinstance(value, datetime) else value
        return day_in(local, DAY[language], language)

    def moment(value: datetime) -> str:
        return f"{day(value)}, {clock(value)}"

    def short_moment(value: datetime) -> str:
        """Writes only the time for today, also the date for another day, and also the year for another year."""
        local, today = value.astimezone(TIME_ZONE).date(), datetime.now(TIME_ZONE).date()
        if local == today:
            return clock(value)
        pattern = DAY_AND_MONTH if local.year == today.year else DAY
        return f"{day_in(local, pattern[language], language)}, {clock(value)}"

    def brief_moment(value: datetime) -> str:
        local = value.astimezone(TIME_ZONE).date()
        return f"{day_in(local, DAY_AND_MONTH[language], language)}, {clock(value)}"

    def weekday(value: datetime) -> str:
        pattern = f"EEE {DAY_AND_MONTH[language]}"
        return day_in(value.astimezone(TIME_ZONE).date(), pattern, language)

    def span(value: timedelta) -> str:
        return format_timedelta(value, locale=locale, threshold=1, format="short")

    return {
        "number": number,
        "clock": clock,
        "day": day,
        "moment": moment,
        "short_moment": short_moment,
        "brief_moment": brief_moment,
        "weekday": weekday,
        "span": span,
        "country": lambda code: country(code, language),
        "iso": iso,
    }


def country(code: str, language: str) -> str:
    """Returns the country's name, or the code itself if the code is unknown.

    The Russian name of Kyrgyzstan is the country's own form, which differs from CLDR's form.
    """
    if code == ABROAD:
        return ABROAD_NAMES[language]
    return OWN_NAME if (language, code) == ("ru", COUNTRY) else str(Locale(language).territories.get(code, code))


@lru_cache(len(DAY))
def all_countries(language: str) -> list[tuple[str, str]]:
    """Returns all countries (ISO 3166-1 alpha-2) in the alphabetical order of the language."""
    codes = [code for code in get_global("territory_zones") if code in Locale("en").territories]
    return sorted(((code, country(code, language)) for code in codes), key=lambda pair: alphabetical(pair[1]))


def country_options(language: str) -> list[dict[str, Any]]:
    """Returns all countries except Kyrgyzstan.

    A search also finds a country by its names in the other two languages.
    """
    return [
        {"value": code, "name": name, "terms": [country(code, other) for other in DAY if other != language]}
        for code, name in all_countries(language)
        if code != COUNTRY
    ]


def alphabetical(name: str) -> str:
    """Returns a sort key that treats å as a, and puts ё, ң, ө and ү directly after their base letters."""
    return name.lower().translate(LETTERS)


def iso(value: datetime) -> str:
    """Writes an instant for the attribute `datetime` of an HTML element `<time>`."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def coming_days(language: str) -> dict[str, str]:
    """Returns the words for today and the next three days, by ISO date. Browsers cannot write dates in Kyrgyz.

    The next days are included, because a page may stay open past midnight.
    """
    today = datetime.now(TIME_ZONE).date()
    pattern = {"ky": "d-MMMM, EEEE", "ru": "EEEE, d MMMM", "en": "EEEE d MMMM"}[language]
    coming = [today + timedelta(days=n) for n in range(4)]
    return {day.isoformat(): format_date(day, pattern, locale=language) for day in coming}
