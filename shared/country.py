"""The codes and the time zone of the country that Dayar serves. No other Python module repeats these values."""

from zoneinfo import ZoneInfo

COUNTRY = "KG"  # this ISO 3166-1 alpha-2 code begins every P-code
CALLING_CODE = "996"  # telephone numbers of the country begin with this code (ITU-T E.164)
UNKNOWN_COUNTRY = "ZZ"  # CLDR uses this code for an unknown region
# people with this code are abroad, but the country is not known; ISO 3166-1 gives XX no meaning, so users may define
# one
ABROAD = "XX"
TIME_ZONE = ZoneInfo("Asia/Bishkek")  # days and months begin and end in this time zone


def soate(pcode: str | None) -> str | None:
    """The national 14-digit SOATE code: 417 and the digits of the P-code after `KG`."""
    return f"417{pcode.removeprefix(COUNTRY)}".ljust(14, "0") if pcode else None
