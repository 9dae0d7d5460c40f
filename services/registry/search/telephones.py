"""Folds telephone numbers: different spellings of a number give equal results."""

import re

from shared.country import CALLING_CODE

NATIONAL_DIGITS = 9
MOST_DIGITS = 15  # of E.164
RUSSIAN_DIGITS = 11  # the number of digits of a number with the trunk prefix 8
BEFORE_PLUS, NO_DIGIT = re.compile(r"(?=\+)"), re.compile(r"\D")


def telephones(text: str | None) -> frozenset[str]:
    """Returns the telephone numbers in a text, in E.164 format without `+`. A text may contain two numbers."""
    return frozenset(number for written in BEFORE_PLUS.split(text or "") for number in _numbers(written)) - {""}


def _numbers(written: str) -> list[str]:
    digits, has_plus = NO_DIGIT.sub("", written), written.lstrip().startswith("+")
    if len(digits) <= MOST_DIGITS:
        return [_number(digits, has_plus=has_plus)]
    for cut in range(NATIONAL_DIGITS, len(digits) - NATIONAL_DIGITS + 1):
        numbers = [_number(digits[:cut], has_plus=has_plus), _number(digits[cut:], has_plus=False)]
        if all(len(number) == len(CALLING_CODE) + NATIONAL_DIGITS for number in numbers):
            return numbers
    return [digits]


def _number(digits: str, *, has_plus: bool) -> str:
    """A number without a country code gets CALLING_CODE.

    The trunk prefix (0, or 8 in Russia) is removed.
    """
    if digits.startswith("00"):
        digits, has_plus = digits[2:], True
    national = digits.removeprefix(CALLING_CODE) if has_plus or len(digits) > NATIONAL_DIGITS + 1 else digits
    national = national.removeprefix("0")
    if len(national) == NATIONAL_DIGITS and (not has_plus or digits.startswith((CALLING_CODE, "0"))):
        return CALLING_CODE + national
    if not has_plus and len(digits) == RUSSIAN_DIGITS and digits.startswith("8"):
        return "7" + digits[1:]
    return digits
