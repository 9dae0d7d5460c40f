"""Sends mail through the centre's own server, with STARTTLS unless the server is on this machine."""

import email.errors
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

import aiosmtplib
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.acts.answer_links import AnswerLinks, with_own_link
from services.alerts.channels import OUTBOX_PAGE, Job, Undelivered, sending
from services.alerts.config import AlertsSettings
from services.alerts.delivery.notices import Content, is_open
from services.alerts.delivery.state_lines import newest_state, state_line
from services.alerts.delivery.texts import Text, Texts
from services.alerts.delivery.threads import place_thread_of, thread_of
from services.alerts.receivers.receivers import Receiver
from shared import events
from shared.events import AlertRaised
from shared.mail.folding import POLICY
from shared.mail.server import MailServer
from shared.outbound import Outbound

MOST_THREADS = 10  # The References header must stay short.
# For an invalid address, the library `email` raises one of these errors.
NO_ADDRESS = (ValueError, IndexError, email.errors.MessageError)
# A code below 500 is temporary, for example for a full mailbox.
REFUSED_FOR_GOOD = 500
# A refusal with one of these codes is not final, because somebody can repair our password, sender or relay. If a
# refusal for such a fault were final, every mail would be lost until the repair. Many servers report a fault of ours
# only after the command RCPT, by these codes (RFC 4954), or by 5.7.x, 5.1.7 or 5.1.8 (RFC 3463). Exim sends no enhanced
# code, so the pattern also finds the word "relay".
OF_OURSELVES = frozenset({530, 534, 535, 538})
OF_OUR_RIGHTS = re.compile(r"5\.(7\.\d+|1\.[78])\b|.*\brelay", re.IGNORECASE | re.DOTALL)


class EmailChannel:
    def __init__(
        self,
        settings: AlertsSettings,
        outbound: Outbound,
        texts: Texts,
        links: AnswerLinks | None = None,
        sessions: async_sessionmaker[AsyncSession] | None = None,
    ) -> None:
        """With `links`, each mail to a person has a link for actions without signing in.

        With `sessions`, mails about acknowledgements and closures name the person who acted.
        """
        self._settings, self._outbound, self._texts, self._links = settings, outbound, texts, links
        self._sessions = sessions

    @sending
    async def send(self, job: Job, receiver: Receiver) -> str:
        host = self._settings.alerts_smtp_host
        if host is None and self._settings.exercise:
            return OUTBOX_PAGE
        if host is None:
            raise Undelivered("no_mail_server")
        try:
            await MailServer(host, self._settings, self._outbound).hand_over(await self.message(job, receiver))
            return "smtp_250"
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise refusal(error.recipients[0]) from error  # Each mail has exactly one recipient.
        except aiosmtplib.SMTPDataError as error:
            raise refusal(error) from error
        except aiosmtplib.SMTPResponseException as error:
            raise Undelivered(f"smtp_{error.code}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Undelivered("unreachable") from error
        except NO_ADDRESS as error:
            raise Undelivered("not_mailable") from error

    async def message(self, job: Job, receiver: Receiver) -> EmailMessage:
        """Every attempt uses one Message-ID, so that a mail server can recognise a second copy."""
        contents = [(sent, Content.model_validate_json(sent.content)) for sent in (job, *job.companions)]
        text = await self._text(contents, receiver)
        message = EmailMessage(policy=POLICY)
        message["From"] = Address(self._texts.institution(receiver.language), addr_spec=self._settings.alerts_mail_from)
        message["To"] = receiver.address
        message["Subject"] = text.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = self._id(id_of(job))
        message["References"] = " ".join(self._threads([content.data for _, content in contents], job.recipient))
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.body)
        return message

    async def _text(self, contents: Sequence[tuple[Job, Content]], receiver: Receiver) -> Text:
        texts = [await self._text_of(job, content, receiver) for job, content in contents]
        return texts[0] if len(texts) == 1 else self._texts.digest(texts, receiver.language)

    async def _text_of(self, job: Job, content: Content, receiver: Receiver) -> Text:
        state = await newest_state(self._sessions, content.data, job.alert_id, job.cause)
        deeds = state_line(state, receiver.language)
        text = self._texts.of(content.data, job.cause, receiver.language, content.hazard, deeds=deeds)
        link = self._links.link(job.delivery_id, receiver) if self._links and is_open(content.data) else None
        return text if link is None else with_own_link(text, link, receiver.language)

    def _threads(self, alerts: Sequence[AlertRaised], recipient: str) -> list[str]:
        """A digest belongs to no thread of a place, because mail programs would join the threads of all its places."""
        outer = [place_thread_of(alert, recipient) for alert in alerts] if len(alerts) == 1 else []
        threads = [*filter(None, outer), *(thread_of(alert, recipient) for alert in alerts)]
        return list(dict.fromkeys(map(self._id, threads)))[:MOST_THREADS]

    def _id(self, id: UUID) -> str:
        return f"<{id}@{self._settings.alerts_mail_from.partition('@')[2]}>"


def id_of(job: Job) -> UUID:
    """The id of a digest comes from the ids of all its deliveries."""
    if not job.companions:
        return job.delivery_id
    return events.derived_id("digest", *sorted(str(delivery.delivery_id) for delivery in (job, *job.companions)))


def refusal(answer: aiosmtplib.SMTPResponseException) -> Undelivered:
    """If the server refuses the receiver or the mail, the refusal is final.

    If the server refuses our login, our sender or relaying, the refusal is not final.
    """
    is_of_us = answer.code in OF_OURSELVES or OF_OUR_RIGHTS.match(answer.message)
    return Undelivered(f"smtp_{answer.code}", is_final=answer.code >= REFUSED_FOR_GOOD and not is_of_us)
