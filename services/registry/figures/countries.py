"""Converts country codes to ISO 3166-1 alpha-3, which partners use. The table is from CLDR."""

from babel.core import get_global

from shared.country import ABROAD

WITHDRAWN = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"})  # CLDR still lists these withdrawn codes
ALPHA_3: dict[str, str] = {
    # this code means all places abroad; users of ISO 3166-1 may define XAA to XZZ themselves
    ABROAD: "XXX",
} | {
    now[0]: code
    for code, now in get_global("territory_aliases").items()
    if len(code) == len("KGZ") and code.isalpha() and len(now) == 1 and code not in WITHDRAWN
}


def alpha_3(code: str) -> str:
    """`ZZ` (unknown) becomes `ZZZ`; other unknown codes are unchanged."""
    return ALPHA_3.get(code, code)
