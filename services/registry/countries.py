"""Countries as partners read them: ISO 3166-1 alpha-3, from CLDR."""

from babel.core import get_global

WITHDRAWN = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"})  # CLDR knows them beside their successors
ALPHA_3: dict[str, str] = {
    now[0]: code
    for code, now in get_global("territory_aliases").items()
    if len(code) == len("KGZ") and code.isalpha() and len(now) == 1 and code not in WITHDRAWN
}


def alpha_3(code: str) -> str:
    """`ZZ`, not known, is `ZZZ`; a code that nobody knows stands for itself."""
    return ALPHA_3.get(code, code)
