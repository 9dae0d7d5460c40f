"""A receiver's SMS address is `sms:` with a mobile number, for example `sms:+996700123456`."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from shared.country import COUNTRY

PREFIX = "sms:"
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
LONGEST = 40


def number_of(address: str) -> str:
    """Returns the number in E.164, such as `+996700123456`.

    A number without a country code belongs to this country.

    Raises ValueError if the text is not `sms:` with a mobile number.
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
    """A text without a valid number is stored as typed."""
    try:
        return f"{PREFIX}{number_of(address)}"
    except ValueError:
        return address
