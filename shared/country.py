"""The codes and the time zone of the country that Dayar serves. No other Python module repeats these values."""

from zoneinfo import ZoneInfo

COUNTRY = "KG"  # ISO 3166-1 alpha-2; the beginning of every P-code
CALLING_CODE = "996"  # ITU-T E.164
UNKNOWN_COUNTRY = "ZZ"  # CLDR's code for an unknown region
# people are abroad, in an unknown country; ISO 3166-1 reserves XX for its users
ABROAD = "XX"
TIME_ZONE = ZoneInfo("Asia/Bishkek")


def soate(pcode: str | None) -> str | None:
    """Return the national SOATE code of 14 digits: 417, the digits of the P-code, and zeros."""
    return f"417{pcode.removeprefix(COUNTRY)}".ljust(14, "0") if pcode else None
