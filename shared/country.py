"""The codes and the time zone of the country that Dayar serves. No other Python module repeats these values."""

from zoneinfo import ZoneInfo

COUNTRY = "KG"  # ISO 3166-1 alpha-2; the beginning of every P-code
CALLING_CODE = "996"  # ITU-T E.164
UNKNOWN_COUNTRY = "ZZ"  # CLDR's code for an unknown region
# people abroad in an unknown country; ISO 3166-1 leaves XX to its users
ABROAD = "XX"
TIME_ZONE = ZoneInfo("Asia/Bishkek")


def soate(pcode: str | None) -> str | None:
    """The national 14-digit SOATE code: 417 and the digits of the P-code after `KG`."""
    return f"417{pcode.removeprefix(COUNTRY)}".ljust(14, "0") if pcode else None
