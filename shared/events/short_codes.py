"""Other teams name a household by its short code: 8 random characters and a check symbol.

The characters belong to Crockford's Base32 (https://www.crockford.com/base32.html), so I, L, O and U do not occur.
The check symbol is Crockford's, too: the remainder modulo 37. No code with a check symbol above 31 is drawn, because
Crockford writes these remainders as *, ~, $, = and U.
"""

import secrets
from typing import Annotated

from pydantic import StringConstraints

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MODULUS = 37
RANDOM_CHARACTERS = 8
ShortCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{9}$")]
# People may type O for 0, and I or L for 1. Spaces and hyphens are dropped, because people use them to make a code
# easier to read.
_TYPED = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})


def drawn_code() -> str:
    """A new code, drawn as the phone form draws it."""
    while True:
        start = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
        if (symbol := remainder(start)) < len(ALPHABET):
            return start + ALPHABET[symbol]


def check_code(code: str | None) -> None:
    """Raises ValueError if the check symbol does not fit the other characters."""
    if code is not None and not is_valid(code):
        raise ValueError("a short code with the right last character is expected; a character is probably mistyped")


def is_valid(code: str) -> bool:
    """Whether the text has the form of a short code, with the right check symbol."""
    if len(code) != RANDOM_CHARACTERS + 1 or not set(code) <= set(ALPHABET):
        return False
    return remainder(code[:RANDOM_CHARACTERS]) == ALPHABET.index(code[RANDOM_CHARACTERS])


def remainder(start: str) -> int:
    """The value of the characters, modulo 37."""
    value = 0
    for character in start:
        value = value * len(ALPHABET) + ALPHABET.index(character)
    return value % MODULUS


def folded_code(typed: str) -> str:
    """The code as it is stored, from a code that a person typed."""
    return typed.upper().translate(_TYPED)
