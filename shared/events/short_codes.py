"""The short code by which other teams name a household: 8 random characters and a check symbol.

The characters are those of Crockford's Base32 (https://www.crockford.com/base32.html), without I, L, O and U. The check
symbol is the remainder modulo 37. Remainders above 31 would need the symbols *, ~, $, = and U, so codes with such a
remainder are not used.
"""

import secrets
from typing import Annotated

from pydantic import StringConstraints

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MODULUS = 37
RANDOM_CHARACTERS = 8
ShortCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{9}$")]
# People type O for 0, and I or L for 1. Spaces and hyphens in a typed code are dropped.
_TYPED = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})


def drawn_code() -> str:
    """Draw a random code, by the same rule as the phone form."""
    while True:
        start = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
        if (symbol := remainder(start)) < len(ALPHABET):
            return start + ALPHABET[symbol]


def check_code(code: str | None) -> None:
    """Raises ValueError if the code is not valid."""
    if code is not None and not is_valid(code):
        raise ValueError("a short code with the right last character is expected; a character is probably mistyped")


def is_valid(code: str) -> bool:
    """True if the text has the form of a short code and the right check symbol."""
    if len(code) != RANDOM_CHARACTERS + 1 or not set(code) <= set(ALPHABET):
        return False
    return remainder(code[:RANDOM_CHARACTERS]) == ALPHABET.index(code[RANDOM_CHARACTERS])


def remainder(start: str) -> int:
    """Modulo 37."""
    value = 0
    for character in start:
        value = value * len(ALPHABET) + ALPHABET.index(character)
    return value % MODULUS


def folded_code(typed: str) -> str:
    return typed.upper().translate(_TYPED)
