"""The country that Dayar serves: its codes and its time zone. The one place in Python where they are written."""

from zoneinfo import ZoneInfo

COUNTRY = "KG"  # ISO 3166-1 alpha-2; also the first letters of every P-code
UNKNOWN_COUNTRY = "ZZ"  # CLDR's code for an unknown region
TIME_ZONE = ZoneInfo("Asia/Bishkek")  # of all days and months


def soate(pcode: str | None) -> str | None:
    """The national 14-digit SOATE code: 417 and the digits of the P-code after `KG`."""
    return f"417{pcode.removeprefix(COUNTRY)}".ljust(14, "0") if pcode else None
