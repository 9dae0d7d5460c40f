"""The receivers as a table in a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Contact, Receiver
from shared.country import COUNTRY
from shared.pages import LANGUAGES


async def everything(session: AsyncSession) -> tuple[list[Receiver], dict[str, list[Contact]]]:
    return await receiver_queries.receivers(session), await contact_queries.further(session)


def table(receivers: Iterable[Receiver], further: Mapping[str, Sequence[Contact]]) -> Table:
    titles = (
        "Step",
        "Label",
        "Kind",
        "By",
        "Address",
        "Language",
        "Alerts",
        "Areas",
        "Hazards",
        "Hours",
        "Roster",
        "Duty head",
        "From",
        "Texts",
    )
    rows = Table(*(Column(title, overflow="fold") for title in titles))
    for receiver in receivers:
        contacts = [receiver.first_contact, *further.get(receiver.label, ())]
        rows.add_row(
            str(receiver.step),
            escape(receiver.label),
            escape(", ".join(filter(None, (receiver.kind, receiver.post, receiver.organisation)))),
            "\n".join(contact.channel for contact in contacts),
            escape("\n".join(map(described, contacts))),
            LANGUAGES[receiver.language],
            ", ".join(sorted(receiver.statuses)),
            ", ".join(receiver.areas) or COUNTRY,
            ", ".join(receiver.hazards) or "all",
            ", ".join(receiver.hours) or "always",
            escape(receiver.roster or ""),
            "yes" if receiver.is_duty_head else "",
            receiver.floor,
            "all" if receiver.is_internal else "Public",
        )
    return rows


def described(contact: Contact) -> str:
    wait = contact.wait_seconds
    return contact.address if wait is None else f"{contact.address}, then after {wait // 60} min"
