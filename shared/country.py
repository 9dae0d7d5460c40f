"""The codes and the time zone of the country that Dayar serves. No other Python module repeats these values."""

from zoneinfo import ZoneInfo

COUNTRY = "KG"  # the ISO 3166-1 alpha-2 code, with which every P-code begins
CALLING_CODE = "996"  # the country code of telephone numbers (ITU-T E.164)
UNKNOWN_COUNTRY = "ZZ"  # CLDR's code for an unknown region
ABROAD = "XX"  # our own code for a country abroad that is not known; ISO 3166-1 leaves XX to its users
TIME_ZONE = ZoneInfo("Asia/Bishkek")  # days and months begin and end in this time zone


def soate(pcode: str | None) -> str | None:
    """The national 14-digit SOATE code: 417 and the digits of the P-code after `KG`."""
    return f"417{pcode.removeprefix(COUNTRY)}".ljust(14, "0") if pcode else None
