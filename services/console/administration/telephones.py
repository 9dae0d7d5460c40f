"""Encrypts the telephones of accounts in the database, because telephones are personal data."""

from pydantic import TypeAdapter, ValidationError

from services.console.models import Account
from services.console.sign_in.sealed_texts import SealedTexts
from shared.events.fields import Phone

PHONE = TypeAdapter[str](Phone)


class Telephones(SealedTexts):
    purpose = b"dayar/telephone/v1\0"

    def of(self, account: Account) -> str | None:
        """Returns None if the account has no telephone, or if the telephone's key was retired."""
        return self.open(account.telephone, account.account_id) if account.telephone else None


def is_telephone(typed: str) -> bool:
    try:
        PHONE.validate_python(typed)
    except ValidationError:
        return False
    return any(letter.isdigit() for letter in typed)
