"""Checks the credentials of spooled reports before the publication.

A credential is unchecked if intake did not know the current revocations when the report came.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from shared.auth.revocations import Revocations, credentials
from shared.auth.tokens import Principal
from shared.events import HazardReported, Message
from shared.events.access import CredentialKind
from shared.events.envelope import REVOKED_HEADER

HEADER = "unchecked"  # only records in the spool have this header


def credential(principal: Principal) -> bytes | None:
    """Return the sender's credential for a later check, or None if the check was already made."""
    if not principal.is_unchecked:
        return None
    names = [(kind, str(name)) for kind, name in credentials(principal)]
    return json.dumps([principal.signed_in_at or principal.issued_at, names]).encode()


def marked(message: Message, credential: bytes | None) -> Message:
    return message if credential is None else message._replace(headers=(*message.headers, (HEADER, credential)))


def is_marked(message: Message) -> bool:
    return any(name == HEADER for name, _ in message.headers)


async def checked(messages: Sequence[Message], revocations: Revocations) -> tuple[list[Message], list[Message]]:
    """Returns the records to publish, and the records to set aside.

    Waits for the revocations if a check needs them. With a revoked credential, a displacement is published, and the
    registry holds it for a person. A hazard with a revoked credential is set aside, because a hazard could raise an
    alert.
    """
    if not any(map(is_marked, messages)):
        return list(messages), []
    await revocations.until_complete()
    records = [_checked(message, revocations) for message in messages]
    withheld = [message for message in records if message.topic in HazardReported.topics() and is_revoked(message)]
    return [message for message in records if message not in withheld], withheld


def _checked(message: Message, revocations: Revocations) -> Message:
    headers = dict(message.headers)
    mark = headers.pop(HEADER, None)
    if mark is None:
        return message
    began_at, names = json.loads(mark)
    if revocations.ends([(CredentialKind(kind), UUID(name)) for kind, name in names], began_at):
        headers[REVOKED_HEADER] = b"1"
    return message._replace(headers=tuple(headers.items()))


def is_revoked(message: Message) -> bool:
    return any(name == REVOKED_HEADER for name, _ in message.headers)
