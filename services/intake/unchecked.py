"""Reports that come while nobody knows what was revoked: spooled with their credential, checked before they are published."""

import json
from collections.abc import Sequence
from uuid import UUID

from shared.auth.revocations import Revocations, credentials
from shared.auth.tokens import Principal
from shared.events import HazardReported, Message
from shared.events.access import CredentialKind
from shared.events.envelope import REVOKED_HEADER

HEADER = "unchecked"  # in the spool alone


def credential(principal: Principal) -> bytes | None:
    """What will be asked once it can be: ids, and the second the sign-in began. None where it was checked already."""
    if not principal.is_unchecked:
        return None
    names = [(kind, str(name)) for kind, name in credentials(principal)]
    return json.dumps([principal.signed_in_at or principal.issued_at, names]).encode()


def marked(message: Message, credential: bytes | None) -> Message:
    return message if credential is None else message._replace(headers=(*message.headers, (HEADER, credential)))


def is_marked(message: Message) -> bool:
    return any(name == HEADER for name, _ in message.headers)


async def checked(messages: Sequence[Message], revocations: Revocations) -> tuple[list[Message], list[Message]]:
    """What may be published and what may not, in order; waits until all that was revoked is known, if it must.

    A displacement of a revoked credential is held by who reads it. A hazard could alert: it stays for a person.
    """
    if not any(map(is_marked, messages)):
        return list(messages), []
    await revocations.until_complete()
    found = [_checked(message, revocations) for message in messages]
    withheld = [each for each in found if each.topic == HazardReported.topic and is_revoked(each)]
    return [each for each in found if each not in withheld], withheld


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
