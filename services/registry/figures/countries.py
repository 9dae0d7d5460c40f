"""Converts country codes to ISO 3166-1 alpha-3, which partners use. The table is from CLDR."""

from babel.core import get_global

from shared.country import ABROAD

WITHDRAWN = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"})  # withdrawn codes that CLDR still lists
ALPHA_3: dict[str, str] = {
    # people abroad in an unknown country; ISO 3166-1 leaves XAA to XZZ to its users
    ABROAD: "XXX",
} | {
    now[0]: code
    for code, now in get_global("territory_aliases").items()
    if len(code) == len("KGZ") and code.isalpha() and len(now) == 1 and code not in WITHDRAWN
}


def alpha_3(code: str) -> str:
    """`ZZ` (unknown country) becomes `ZZZ`. Other unknown codes stay unchanged."""
    return ALPHA_3.get(code, code)
