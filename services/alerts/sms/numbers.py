"""A receiver's address for SMS is `sms:` and a mobile number, stored as `sms:+996700123456`."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from shared.country import COUNTRY

PREFIX = "sms:"
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
LONGEST = 40


def number_of(address: str) -> str:
    """The number in the format E.164, `+996700123456`. A number without a country code is a number of this country.

    Raises ValueError if the text is not the address of a mobile number.
    """
    typed = address.removeprefix(PREFIX)
    if typed == address or len(typed) > LONGEST:
        raise ValueError("sms:<mobile number> is expected")
    try:
        number = phonenumbers.parse(typed, COUNTRY)
    except NumberParseException as error:
        raise ValueError("a telephone number is expected") from error
    is_mobile = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in MOBILE
    if not is_mobile or number.extension:
        raise ValueError("a mobile number is expected")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def stored(address: str) -> str:
    """A text without a valid number stays as it was typed."""
    try:
        return f"{PREFIX}{number_of(address)}"
    except ValueError:
        return address
