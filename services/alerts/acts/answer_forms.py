"""The form of the page that a mail's link opens."""

import re
from contextlib import suppress
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts.behalf_notes import BehalfNote
from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.replies import Replies
from services.alerts.acts.reply_results import SENTENCES, Reply, ReplyResult
from services.alerts.acts.typed_texts import comment_of, note_of
from services.alerts.views import VERDICTS, Resolution
from shared.pages.terms import N_
from shared.pages.typed_forms import TypedForm

Value = TypeVar("Value")

NO_PERSON = N_("Not done: choose the person to whom you assign the alert.")
NO_TEXT = N_("Not done: write a comment of at most 1,000 characters.")
NO_NAME = SENTENCES[ReplyResult.NAME_TOO_LONG]
NO_REASON = N_("Not done: choose a reason, or write one of at most 1,000 characters.")
NO_OUTCOME = N_("Not done: choose the outcome with which you close the alert.")
LONG_NOTE = N_("Not done: write the note in at most 150 characters.")
SEQUENCE = re.compile(r"[0-9]{1,9}")


class FieldNotAccepted(Exception):
    """A field of the form is empty, or too long. `expected` says what must be in the field `name`."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(name)
        self.name, self.expected = name, expected


class AnswerForm(TypedForm):
    @property
    def act(self) -> str:
        return self.value("act")

    @property
    def sequence(self) -> int | None:
        """Forms of earlier releases of Dayar have no sequence."""
        typed = self.value("sequence")
        return int(typed) if SEQUENCE.fullmatch(typed) else None

    def comment(self) -> str:
        return checked("text", comment_of(self.value("text")), NO_TEXT)

    def reason(self) -> str:
        """A reason that the person wrote replaces the reason from the list."""
        return checked("own_reason", comment_of(self.value("own_reason") or self.value("reason")), NO_REASON)

    def on_behalf_of(self) -> BehalfNote:
        return checked("name", note_of(self.value("name"), by="e-mail"), NO_NAME)

    def assignee(self) -> UUID:
        account = None
        with suppress(ValueError):
            account = UUID(self.value("account_id"))
        return checked("account_id", account, NO_PERSON)

    def resolution(self) -> Resolution:
        chosen = next((verdict for verdict in VERDICTS if verdict == self.value("verdict")), None)
        verdict = checked("verdict", chosen, NO_OUTCOME)
        try:
            return Resolution(verdict=verdict, note=self.value("note") or None)
        except ValidationError:
            raise FieldNotAccepted("note", LONG_NOTE) from None


def checked(name: str, value: Value | None, expected: str) -> Value:
    """Raises FieldNotAccepted if the field has no value."""
    if value is None:
        raise FieldNotAccepted(name, expected)
    return value


async def act(
    replies: Replies, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, form: AnswerForm, now: datetime
) -> Reply:
    """Raises FieldNotAccepted."""
    match form.act:
        case "acknowledge":
            return await replies.acknowledge(session, alert_id, person, now)
        case "on-behalf":
            return await acknowledge_on_behalf(replies, session, alert_id, person, form.on_behalf_of(), now)
        case "start":
            return await replies.start(session, alert_id, person, now)
        case "take-over":
            return await replies.take_over(session, alert_id, person, now)
        case "assign":
            return await replies.assign(session, alert_id, person, now, form.assignee())
        case "snooze":
            return await replies.snooze(session, alert_id, person, now, form.reason())
        case "close":
            resolution = form.resolution()
            return await replies.close(session, alert_id, person, now, resolution.verdict, resolution.note)
    return await replies.comment(session, alert_id, person, now, form.comment())


async def acknowledge_on_behalf(
    replies: Replies, session: AsyncSession, alert_id: UUID, person: BoundPerson | None, note: BehalfNote, now: datetime
) -> Reply:
    """If somebody has already acknowledged the alert, nothing is stored."""
    hindrance = await replies.hindrance(session, alert_id, person, now, ReplyResult.ACKNOWLEDGED)
    return hindrance or await replies.acknowledge(session, alert_id, person, now, on_behalf_of=note)
