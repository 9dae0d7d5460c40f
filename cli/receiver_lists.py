"""The receivers as lines for a terminal."""

from collections.abc import Iterator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Contact, Receiver
from shared.country import COUNTRY
from shared.pages import LANGUAGES


async def everything(session: AsyncSession) -> tuple[list[Receiver], dict[str, list[Contact]]]:
    return await receiver_queries.receivers(session), await contact_queries.further(session)


def lines(receiver: Receiver, further: Sequence[Contact]) -> Iterator[str]:
    """The receiver as separate lines, because a table would not fit into 80 columns."""
    who = ", ".join(filter(None, (receiver.kind, receiver.post, receiver.organisation)))
    yield f"{receiver.label}: {who}, step {receiver.step}" + (", duty head" if receiver.is_duty_head else "")
    for contact in (receiver.first_contact, *further):
        yield f"  {contact.channel}: {described(contact)}"
    yield f"  alerts: {', '.join(sorted(receiver.statuses))}, from {receiver.floor}"
    yield f"  texts: {'all' if receiver.is_internal else 'Public'}, {LANGUAGES[receiver.language]}"
    yield f"  areas: {', '.join(receiver.areas) or COUNTRY}"
    for name, values in (("hazards", receiver.hazards), ("hours", receiver.hours)):
        if values:
            yield f"  {name}: {', '.join(values)}"
    if receiver.roster:
        yield f"  roster: {receiver.roster}"


def described(contact: Contact) -> str:
    wait = contact.wait_seconds
    return contact.address if wait is None else f"{contact.address}, then after {wait // 60} min"
